"""`python -m tests.crash.disk`: kill a process at every operation that writing a state asks of the disk.

One run of a stack is played on a state file: an operation begins, ends, a record changes, the whole state is written.
It is killed before each operation on a file, and within each write. What the file and its log say afterwards
must be what was true before or after the step that was under way, and never less than what an earlier step was promised
to have kept. This is about the process: what a disk does without power is not simulated.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from unittest.mock import patch

from infra.engine.resource import Operation, OperationKind, Resource
from infra.engine.secrets import SecretsManager
from infra.engine.state import Deployment
from infra.engine.store import StateFile, unlock
from infra.engine.values import Secret
from tests.crash.forks import forked, workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_OPERATIONS: Final = ("open", "write", "fsync", "replace", "unlink")
_URN: Final = "urn:pulumi:s::p::lab:index:Thing::"


def _thing(name: str, id_: str = "") -> Resource:
    """A resource with a secret and with letters of several bytes, which a cut can go through."""
    inputs: dict[str, Any] = {"name": f"{name} größer 🗄", "key": Secret(f"{name} geheim")}
    return Resource(urn=_URN + name, type="lab:index:Thing", custom=True, id=id_, inputs=inputs)


_OLD: Final = _thing("old", "1")
_NEW: Final = _thing("new", "2")
_OTHER: Final = _thing("other", "3")


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that a run tells its state file, and what is true afterwards.

    Attributes:
        records: Names and identifiers in the state.
        open: Operations under way.
        lazy: It need not be kept before the next one.
    """

    tell: Callable[[StateFile], None]
    records: tuple[str, ...]
    open: tuple[str, ...] = ()
    lazy: bool = False


def _begin(number: int, resource: Resource, kind: OperationKind) -> Callable[[StateFile], None]:
    return lambda file: file.begin(number, Operation(resource=resource, kind=kind))


def _change(
    ended: int | None, put: dict[int, Resource], dropped: tuple[int, ...] = (), *, lazy: bool = False
) -> Callable[[StateFile], None]:
    return lambda file: file.change(ended=ended, put=put, dropped=[*dropped], lazy=lazy)


_STEPS: Final = (
    Step(tell=lambda file: file.rebase(Deployment(resources=[_OLD])), records=("old 1",)),
    Step(tell=_begin(0, _thing("new"), OperationKind.CREATING), records=("old 1",), open=("creating new",)),
    Step(tell=_change(0, {1: _NEW}), records=("new 2", "old 1")),
    Step(tell=_change(None, {2: _OTHER}, lazy=True), records=("new 2", "other 3", "old 1"), lazy=True),
    Step(
        tell=_begin(1, _OLD, OperationKind.DELETING), records=("new 2", "other 3", "old 1"), open=("deleting old",)
    ),
    Step(tell=_change(1, {}, (0,)), records=("new 2", "other 3")),
    Step(tell=lambda file: file.rebase(Deployment(resources=[_NEW, _OTHER])), records=("new 2", "other 3")),
)  # fmt: skip

_Truth: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
_TRUTHS: Final[tuple[_Truth, ...]] = (((), ()), *((step.records, step.open) for step in _STEPS))
"""What is true before the first step, and after each."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When to end the process.

    Attributes:
        operation: Number of the operation on a file, counted from 0.
        written: How many bytes of it are still written, if it is a write.
    """

    operation: int
    written: int = 0


@dataclass(kw_only=True)
class Disk:
    """Counts the operations on files, and ends the process at one of them.

    Attributes:
        log: What was done: name of the operation, and of a write the numbers of bytes after which a cut is worst.
    """

    kill_at: Moment | None
    log: list[tuple[str, list[int]]]

    def __call__(self, name: str, real: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """In place of `os.<name>`."""
        data = bytes(arguments[1]) if name == "write" else b""
        if self.kill_at is not None and len(self.log) == self.kill_at.operation:
            if self.kill_at.written:
                real(arguments[0], data[: self.kill_at.written])
            os.kill(os.getpid(), signal.SIGKILL)
        self.log.append((name, _worst_cuts(data)))
        return real(*arguments, **options)


def _worst_cuts(data: bytes) -> list[int]:
    """In the middle, inside a letter of several bytes, and just before the end."""
    inside = next((index + 1 for index, byte in enumerate(data) if byte >= 0xC0), 0)
    return sorted({len(data) // 2, inside, len(data) - 1} - {0, -1})


def _run(path: Path, progress: int, disk: Disk) -> int:
    """Play the steps; after each, say so on `progress`."""
    tell = os.write
    watched = {name: partial(disk, name, getattr(os, name)) for name in _OPERATIONS}
    with patch.multiple(os, **watched), StateFile.open(path, _manager()) as file:
        for step in _STEPS:
            step.tell(file)
            tell(progress, b".")
    tell(progress, json.dumps(disk.log).encode())
    return 0


def failures(folder: Path) -> Iterator[str]:
    """Every moment at which a kill leaves something else than it may; played in a folder of one's own."""
    done, said = _killed(folder / "undisturbed", None)
    assert done == len(_STEPS)
    log: list[tuple[str, list[int]]] = json.loads(said)
    moments = [Moment(operation=n, written=cut) for n, (_, cuts) in enumerate(log) for cut in (0, *cuts)]
    for number, moment in enumerate(moments):
        done, _ = _killed(folder / str(number), moment)
        name, _ = log[moment.operation]
        where = f"at operation {moment.operation} ({name}), {moment.written} bytes written, in step {done + 1}"
        for problem in _problems(folder / str(number) / "state.json", done):
            yield f"killed {where}: {problem}"
    print(f"{len(moments)} moments in {len(_STEPS)} steps")


def _killed(folder: Path, kill_at: Moment | None) -> tuple[int, str]:
    """Play the steps with a kill: how many were finished, and what the run said if it came to its end."""
    folder.mkdir()
    reading, writing = os.pipe()
    code = forked(partial(_run, folder / "state.json", writing, Disk(kill_at=kill_at, log=[])), folder / "log")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    assert code == (0 if kill_at is None else -signal.SIGKILL), (folder / "log").read_text()
    return len(said) - len(said.lstrip(".")), said.lstrip(".")


def _problems(path: Path, done: int) -> Iterator[str]:
    if path.exists():
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            yield f"the state file is half-written: {error}"
            return
    kept = done
    while kept and _STEPS[kept - 1].lazy:
        kept -= 1
    allowed = _TRUTHS[kept : done + 2]
    unlock(path)
    for writable in (False, True, False):
        try:
            with StateFile.open(path, _manager(), writable=writable) as file:
                found = _truth(file.state)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a problem of this moment
            yield f"it cannot be opened (writable: {writable}): {error!r}"
            return
        if found not in allowed:
            yield f"it says {found}, which is none of {allowed} (writable: {writable})"


def _truth(state: Deployment) -> _Truth:
    for resource in state.resources:
        secret = resource.inputs["key"]
        assert isinstance(secret, Secret), secret
        assert secret.element == f"{resource.name} geheim", secret
    return (
        tuple(f"{r.name} {r.id}" for r in state.resources),
        tuple(f"{o.kind} {o.resource.name}" for o in state.pending_operations),
    )


def _manager() -> SecretsManager:
    return SecretsManager("passphrase", rounds=1)


def main() -> int:
    """Tell every failure: 0 if there is none."""
    folder = workplace()
    try:
        found = list(failures(folder))
    finally:
        shutil.rmtree(folder)
    print("\n".join(found) or "the state was whole at each of them")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
