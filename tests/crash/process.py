"""Phases in processes of their own, forked from one that has everything imported, and killed where a test wants it.

Engine and providers share the process, as in `python -m infra up`: the kill ends both, together with every call that is
in flight at that moment. What survives is what is on disk: the state file with its log, and the simulated clouds, whose
every effect is one transaction. So a call in flight has happened or has not, as with a real cloud that lost its client.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import yaml

from infra import engine, program, sandbox, verify
from infra.cli import main, runs, workspace
from infra.engine.options import Options
from infra.facts import facts_of
from tests.crash.stack import AS_OF, NAME, Phase
from tests.support.recorder import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra.cli.workspace import Workspace
    from infra.engine.options import ProviderCall

_ROOMS: Final = (engine, sandbox, verify)
"""Whose modules a run imports when it first needs them; here before the forks."""


@dataclass(frozen=True, order=True, kw_only=True)
class Call:
    """A provider call, known by what it does: that is the same in every run, whatever order parallel calls come in.

    Attributes:
        op: Name of the method.
        urn: The resource concerned.
        number: Which of this method's calls for that resource it is in its run, counted from 1.
    """

    op: str
    urn: str
    number: int

    @property
    def changes(self) -> bool:
        """Whether the cloud is another one afterwards."""
        return self.op in {"create", "update", "delete"}

    def __str__(self) -> str:
        type_, name = self.urn.split("::")[2:]
        again = f", call {self.number}" if self.number > 1 else ""
        return f"{self.op} {type_.rpartition('$')[2]} {name}{again}"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Just before a call, or just after it returned, when the engine has not recorded it yet."""

    call: Call
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.call}"


class Watcher:
    """Sees every provider call of a run; at the moment given, the process ends."""

    def __init__(self, kill_at: Moment | None = None) -> None:
        self._kill_at = kill_at
        self._lock = threading.Lock()
        self._begun = Counter[tuple[str, str]]()
        self._ended = Counter[tuple[str, str]]()

    def __call__(self, seen: ProviderCall) -> None:
        counts = self._ended if seen.after else self._begun
        with self._lock:
            counts[seen.op, seen.urn] += 1
            call = Call(op=seen.op, urn=seen.urn, number=counts[seen.op, seen.urn])
        if Moment(call=call, after=seen.after) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    @property
    def calls(self) -> list[Call]:
        """Every call so far, sorted."""
        return sorted(
            Call(op=op, urn=urn, number=number + 1)
            for (op, urn), count in self._begun.items()
            for number in range(count)
        )


def warm_up(space: Workspace) -> None:
    """Have in memory what each phase needs: the SDKs, the program's imports, the facts about its types.

    Args:
        space: A project whose stack file is that of the first phase.
    """
    for room in _ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    enter(space.root)
    config = yaml.safe_load(space.file.read_text())["config"]
    tokens = {r.type for r in record(lambda: program.main(AS_OF), preview=False, stack=NAME, config=config).managed()}
    for token in tokens:
        facts_of(token)
    gc.set_threshold(50_000, 20, 100)  # as `python -m infra` does
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page


def carry_out(space: Workspace, phase: Phase, kill_at: Moment | None = None) -> int:
    """A phase, in this process: the commands that a person types, with a watcher at the provider calls.

    Returns:
        The exit code.
    """
    enter(space.root)
    if phase is Phase.DELETE:
        main(["state", "unprotect", "--all", "--stack", NAME], standalone_mode=False)
    watcher = Watcher(kill_at)
    outcome = runs.carry_out(
        runs.Request(command=phase.command, workspace=space, as_of=AS_OF, options=Options(on_call=watcher))
    )
    for diagnostic in outcome.result.diagnostics:
        print(diagnostic.severity, diagnostic.urn, diagnostic.message)
    _calls_file(space).write_text(json.dumps([asdict(call) for call in watcher.calls]))
    return outcome.result.exit


def calls_of(space: Workspace) -> Sequence[Call]:
    """The calls of the last phase that was carried out to its end there."""
    found: list[dict[str, Any]] = json.loads(_calls_file(space).read_text())
    return [Call(**call) for call in found]


def enter(root: Path) -> None:
    """Make a folder the project that this process works on."""
    workspace.ROOT = root
    program._ROOT = root


def _calls_file(space: Workspace) -> Path:
    return space.root / "calls.json"
