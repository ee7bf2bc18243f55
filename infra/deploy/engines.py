"""The two engines behind one face: preview a stack into a folder, say its state, apply a plan.

`Embedded` runs the simulated stacks, in this process. `Ordinary` runs the `pulumi` on PATH: on a simulated stack with
the simulated clouds behind it, on a real one with the state that `residence` brought. Neither takes an option.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from infra.cli.files import replace_file
from infra.cli.refusal import Exit, Refused
from infra.deploy import backend
from infra.deploy.binding import PLAN, PREVIEW

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import date
    from pathlib import Path

    from infra.cli.workspace import Workspace


class Engine(Protocol):
    """One stack, and what can be done with it."""

    @property
    def name(self) -> str:
        """What a review calls it."""
        ...

    def export(self) -> Mapping[str, Any]:
        """The state as `pulumi stack export` prints it, secrets encrypted."""
        ...

    def preview(self, folder: Path) -> None:
        """Write the preview, unchanged resources included, and the plan into a folder."""
        ...

    def up(self, plan: Path) -> int:
        """Do what a plan says and nothing else; returns the exit code."""
        ...

    def drift(self) -> int:
        """Show what the clouds have that the state has not; returns 7 where there is something. Changes nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The embedded engine on a simulated stack."""

    workspace: Workspace
    as_of: date
    name: str = "embedded"

    def export(self) -> Mapping[str, Any]:
        """See `Engine`."""
        from infra.cli import stored  # noqa: PLC0415 (the engine is slow to import)
        from infra.engine.state import dump  # noqa: PLC0415 (the same)

        with stored.open_state(self.workspace, writable=False) as file:
            return dump(file.state, encrypt=_encrypted_already)

    def preview(self, folder: Path) -> None:
        """See `Engine`.

        Raises:
            Refused: The preview fails.
        """
        from infra.cli import plans, runs  # noqa: PLC0415 (the engine is slow to import)
        from infra.engine.digest import digest  # noqa: PLC0415 (the same)
        from infra.engine.options import Command, Options  # noqa: PLC0415 (the same)

        outcome = runs.carry_out(self._request(Command.PREVIEW, Options(generate_plan=True)))
        plan = outcome.result.plan
        if outcome.result.exit or plan is None:
            raise _failed("the preview", "; ".join(d.message.strip() for d in outcome.result.diagnostics))
        document = digest(outcome.events, show_sames=True)
        replace_file(folder / PREVIEW, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        plans.write(folder / PLAN, plan)

    def up(self, plan: Path) -> int:
        """See `Engine`."""
        from infra.cli import plans, report, runs  # noqa: PLC0415 (the engine is slow to import)
        from infra.engine.display import paper_for  # noqa: PLC0415 (the same)
        from infra.engine.options import Command, Options  # noqa: PLC0415 (the same)

        outcome = runs.carry_out(self._request(Command.UP, Options(plan=plans.read(plan))))
        print(report.render(outcome, paper_for(sys.stdout), diff=False, show_sames=False))
        return outcome.result.exit

    def drift(self) -> int:
        """See `Engine`."""
        from infra.cli import report, runs  # noqa: PLC0415 (the engine is slow to import)
        from infra.engine.display import paper_for  # noqa: PLC0415 (the same)
        from infra.engine.options import Command, Options  # noqa: PLC0415 (the same)

        options = Options(preview_only=True, expect_no_changes=True)
        outcome = runs.carry_out(self._request(Command.REFRESH, options))
        print(report.render(outcome, paper_for(sys.stdout), diff=True, show_sames=False))
        return outcome.result.exit

    def _request(self, command: Any, options: Any) -> Any:
        from infra.cli import runs  # noqa: PLC0415 (the engine is slow to import)

        return runs.Request(command=command, workspace=self.workspace, as_of=self.as_of, options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinary:
    """The `pulumi` on PATH.

    Attributes:
        root: the project's folder.
        environment: all that the command gets of an environment: backend, passphrase, credentials.
        saved: called from time to time while an update runs, and after it: what the backend has is to be kept.
    """

    root: Path
    stack: str
    environment: Mapping[str, str]
    saved: Callable[[], None] = lambda: None
    name: str = "pulumi"

    def begin(self) -> None:
        """Make the stack in a backend that has none yet."""
        self._read("stack", "init", "--no-select")

    def export(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return cast("Mapping[str, Any]", json.loads(self._read("stack", "export")))

    def preview(self, folder: Path) -> None:
        """See `Engine`.

        Raises:
            Refused: The preview fails.
        """
        plan = str((folder / PLAN).resolve())
        text = self._read("preview", "--json", "--show-sames", "--save-plan", plan)
        replace_file(folder / PREVIEW, text)
        replace_file(folder / PLAN, (folder / PLAN).read_text(encoding="utf-8"))  # for its owner only, as the rest

    def up(self, plan: Path) -> int:
        """See `Engine`."""
        pack = str(self.root / "infra" / "policy_pack" / "pack")  # judges what the review had to take as unknown
        command = self._command("up", "--yes", "--skip-preview", "--plan", str(plan.resolve()), "--policy-pack", pack)
        try:
            with subprocess.Popen(command, cwd=self.root, env=dict(self.environment)) as run:  # noqa: S603 (fixed words)
                while True:
                    try:
                        return run.wait(timeout=_BETWEEN)
                    except subprocess.TimeoutExpired:
                        self.saved()
        finally:
            self.saved()

    def drift(self) -> int:
        """See `Engine`."""
        words = ("refresh", "--preview-only", "--expect-no-changes", "--diff")
        return subprocess.call(self._command(*words), cwd=self.root, env=dict(self.environment))  # noqa: S603 (the same)

    def _read(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 (fixed words)
            self._command(*words),
            cwd=self.root,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _failed(f"pulumi {' '.join(words[:2])}", (done.stderr or done.stdout).strip())
        return done.stdout

    def _command(self, *words: str) -> list[str]:
        program = shutil.which("pulumi", path=self.environment.get("PATH"))
        if program is None:
            raise Refused(
                "the ordinary command line is not on PATH",
                allowed="pulumi 3.256.0 or newer",
                fix="https://www.pulumi.com/docs/install/",
            )
        return [program, "--non-interactive", "--color", "never", *words, "--stack", self.stack]


@contextmanager
def opened(workspace: Workspace, engine: str | None, as_of: date, *, writable: bool) -> Generator[Engine]:
    """The engine of a stack, with its state at hand until the block ends.

    Args:
        workspace: the stack.
        engine: which one, or None for the stack's own.
        as_of: the day of the plan; the ordinary engine takes today.
        writable: whether the state is to be written, which locks it.

    Raises:
        Refused: The stack cannot be run by that engine, a backend is named, or the state cannot be had.
    """
    backend.refuse_foreign(workspace.root, os.environ)
    if workspace.is_simulated and engine != "pulumi":
        yield Embedded(workspace=workspace, as_of=as_of)
    elif workspace.is_simulated:
        from infra.sandbox import ordinary_cli  # noqa: PLC0415 (only a run on the simulated clouds needs it)

        with ordinary_cli.surroundings(workspace.root) as environment:
            try:
                ordinary_cli.create_stack(workspace.root, workspace.stack, environment)
            except ordinary_cli.CannotRunError as error:
                raise Refused(str(error)) from error
            yield Ordinary(root=workspace.root, stack=workspace.stack, environment=environment)
    elif engine == "embedded":
        raise Refused(
            f"{workspace.stack} is not for the embedded engine", given="--engine embedded",
            allowed="pulumi", why="the clouds of this stack are real", fix="leave --engine away",
        )  # fmt: skip
    else:
        from infra.deploy import real  # noqa: PLC0415 (only a real stack needs it)

        with real.state_at_hand(workspace, as_of, writable=writable) as (environment, checkout):
            saved = checkout.save if writable else _nothing
            found = Ordinary(root=workspace.root, stack=workspace.stack, environment=environment, saved=saved)
            if checkout.stored is None:
                found.begin()
            yield found


def _nothing() -> None:
    """A preview changes no state."""


_BETWEEN = 5.0
"""Seconds between two looks at what the backend has while an update runs."""


def _failed(what: str, why: str) -> Refused:
    return Refused(f"{what} failed", why=why, fix="mend it and preview again; nothing was changed", code=Exit.FAILED)


def _encrypted_already(_text: str) -> str:
    raise Refused("the state holds a secret that was never encrypted", code=Exit.FAILED)
