"""A copy of the project in a folder of its own, played by the real engine or by the embedded one.

Both run the same program on the same kind of simulated clouds, so what they do can be compared (`comparing`): steps
with their reasons and differences, errors, and the state afterwards.
"""

from __future__ import annotations

import json
import shutil
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from infra import program, sandbox
from infra.cli import lock, runs
from infra.cli.refusal import BadStackFile
from infra.cli.workspace import Workspace
from infra.engine import edits as engine_edits
from infra.engine.digest import digest
from infra.engine.options import Command, Options
from infra.engine.secrets import SecretsManager
from infra.engine.store import StateFile
from infra.residency.holders import Deployed
from infra.residency.holders_lock import Lock, text
from infra.sandbox import ordinary_cli
from infra.settings.evidence import lock_file, read_evidence, read_lock
from tests.engine.player import _event
from tests.integration.ordinary import OrdinaryStack, Played
from tests.support import custody
from tests.support.recorder import Recorded, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.residency.evidence import Evidence
    from infra.sandbox.faults import Faults

CHECKOUT = Path(__file__).resolve().parents[2]
AS_OF = date(2026, 11, 24)
"""The day of every run: expiries in the shipped stack files must not make tests of the engines fail one day."""

_MAIN = f"""\
from datetime import date

from infra.program import main

main(date.fromisoformat("{AS_OF}"))
"""


@dataclass(frozen=True, kw_only=True)
class _Workspace(Workspace):
    """Runs the checkout's code, in this process, on the copy's stack file and clouds."""

    copy: Path

    @property
    def file(self) -> Path:
        return self.copy / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def shown_file(self) -> str:
        return f"stacks/{self.file.name}"

    @property
    def folder(self) -> Path:
        return self.copy / ".sandbox"


@dataclass
class Project(OrdinaryStack):
    """This project in a folder of its own, with one stack."""

    stack: str = "sandbox"
    project: str = "usdata"
    stack_file: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.stack_file = yaml.safe_load((self.folder / "stacks" / f"Pulumi.{self.stack}.yaml").read_text())

    @classmethod
    def made(cls, folder: Path, stack: str = "sandbox") -> Project:
        """Copy what a deployment needs; `.venv` is the environment of this test run."""
        folder.mkdir(parents=True)
        for name in ("infra", "components", "stacks"):
            shutil.copytree(CHECKOUT / name, folder / name)
        for name in ("Pulumi.yaml", "requirements.txt"):
            shutil.copy(CHECKOUT / name, folder)
        (folder / "__main__.py").write_text(_MAIN)
        (folder / ".venv").symlink_to(sys.prefix)
        project = cls(folder=folder, stack=stack)
        project.stack_file.setdefault("encryptionsalt", ordinary_cli.ENCRYPTION_SALT)
        project.write(project.deployment)
        return project

    def copied(self, folder: Path) -> Project:
        """The same at this moment, clouds and states included, in another folder."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder=folder, stack=self.stack)

    @property
    def deployment(self) -> dict[str, Any]:
        """What the stack file says; a copy."""
        return deepcopy(self.stack_file["config"]["usdata:deployment"])

    def write(self, deployment: Mapping[str, Any]) -> None:
        """Let the stack file say this; where the keys are held outside Oracle, with their manager's secret."""
        config = self.stack_file["config"]
        config["usdata:deployment"] = dict(deployment)
        config.pop(custody.SECRET_KEY, None)
        if (deployment.get("keys") or {}).get("vault") == "external":
            config[custody.SECRET_KEY] = {"secure": custody.SANDBOX_CIPHERTEXT}
        self.write_file()

    def write_file(self) -> None:
        """Write the stack file as `stack_file` is."""
        path = self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"
        path.write_text(yaml.safe_dump(self.stack_file, sort_keys=False))

    def embedded(
        self, command: str, *, faults: Faults | None = None, state_file: Path | None = None, **options: Any
    ) -> Played:
        """Play a command with the embedded engine; with `state_file` offline, against that state."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(program, "_ROOT", self.folder)
            patch.setattr(sandbox, "serve", partial(sandbox.serve, faults=faults))
            patch.setattr(runs, "evidence_for", lambda *_: self._evidence)
            outcome = runs.carry_out(
                runs.Request(
                    command=Command(command),
                    workspace=self._workspace,
                    as_of=AS_OF,
                    state_file=state_file,
                    options=Options(**options),
                )
            )
        return Played(
            exit=int(outcome.result.exit),
            events=[event for event in map(_event, outcome.events) if event is not None],
            errors=[(d.urn or "", d.message) for d in outcome.result.diagnostics if d.severity == "error"],
            document=digest(outcome.events, show_sames=True) if command == "preview" else None,
        )

    def refusal(self) -> str:
        """What the program has against the stack file; empty if nothing."""
        try:
            runs.load(self._workspace, AS_OF, self._evidence)
        except BadStackFile as error:
            return error.text()
        return ""

    def registered(self) -> Recorded:
        """What the program registers for the stack file."""
        plan = runs.load(self._workspace, AS_OF, self._evidence).plan
        return record(lambda: program.provision(plan), preview=False, stack=self.stack)

    @property
    def _evidence(self) -> Evidence:
        """What the plan rests on under `pulumi`, the files; the command line asks a simulated stack's state too."""
        return read_evidence(self.folder, self.stack)

    def lock(self, state_file: Path | None = None) -> None:
        """`python -m infra lock`, with `--state` where a file is named."""
        lock._write(Workspace(root=self.folder, stack=self.stack), state_file, AS_OF)

    def begin_lock(self) -> None:
        """Lock a stack that was not: with nothing, before anything is deployed."""
        lock_file(self.folder, self.stack).write_text(text(Lock(stack=self.stack, deployed=Deployed())))

    def had(self) -> Deployed:
        """What the lock says has been deployed."""
        locked = read_lock(self.folder, self.stack)
        assert locked is not None
        assert locked.deployed is not None
        return locked.deployed

    @property
    def _workspace(self) -> _Workspace:
        return _Workspace(root=CHECKOUT, copy=self.folder, stack=self.stack)

    def embedded_state(self) -> dict[str, Any]:
        """The state that the embedded engine keeps."""
        return json.loads(self.embedded_file.read_text())["deployment"]

    @property
    def embedded_file(self) -> Path:
        """Where the embedded engine keeps its state, in the form of an export."""
        return self.folder / ".sandbox" / "state" / f"{self.stack}.json"

    def unprotect(self) -> None:
        """`python -m infra state unprotect --all`."""
        manager = SecretsManager(ordinary_cli.PASSPHRASE)
        with StateFile.open(self.embedded_file, manager) as file:
            file.rebase(engine_edits.apply(file.state, ["unprotect", "--all"]))

    def take_over(self) -> None:
        """Let the embedded engine go on from the real one's state."""
        self.embedded_file.parent.mkdir(exist_ok=True)
        self.embedded_file.write_text(json.dumps({"version": 3, "deployment": self.ordinary_state()}))
