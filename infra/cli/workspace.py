"""A stack of this project: its file, its state, and whether its clouds are simulated."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from infra import settings
from infra.cli.refusal import Refused
from infra.residency.findings import did_you_mean

PROJECT: Final = "usdata"
"""The name in Pulumi.yaml; it is part of every URN."""

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder of Pulumi.yaml."""

SIMULATED: Final = frozenset({"sandbox"})
"""The stacks whose clouds are simulated: the only ones that the embedded engine ever changes anything for.

A name, here and nowhere else: no flag, file or environment variable can turn a real stack into one of these, or the
other way round. Should one of these names ever reach the ordinary command line with real credentials, the accounts in
its stack file, which exist nowhere, stop it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One stack.

    Attributes:
        root: The project's folder.
        stack: The stack's name.
    """

    root: Path
    stack: str

    @property
    def is_simulated(self) -> bool:
        """Whether the stack's clouds are simulated on this machine."""
        return self.stack in SIMULATED

    @property
    def file(self) -> Path:
        """The stack file."""
        return settings.stack_file(self.root, self.stack)

    @property
    def shown_file(self) -> str:
        """The stack file as a reader in the project's folder opens it."""
        return self.file.relative_to(self.root).as_posix()

    @property
    def folder(self) -> Path:
        """Where the simulated clouds and their states are kept."""
        return self.root / ".sandbox"

    @property
    def state(self) -> Path:
        """The state of a simulated stack."""
        return self.folder / "state" / f"{self.stack}.json"

    @property
    def clouds(self) -> Path:
        """The simulated clouds."""
        return self.folder / "clouds.sqlite"

    def prepare(self) -> None:
        """Make the folder for the simulated clouds, for its owner only.

        Raises:
            Refused: It cannot be made.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"the folder for the simulated clouds cannot be made: {error.strerror}",
                given=str(self.folder),
                fix="work in a checkout that you may write to",
            ) from error

    def passphrase(self) -> str:
        """What the secrets of a simulated stack's state are encrypted with.

        The same as for the ordinary command line on the simulated clouds, so that a state can go from one to the other.
        """
        from infra.sandbox.ordinary_cli import PASSPHRASE  # noqa: PLC0415 (only a run needs it)

        return os.environ.get("PULUMI_CONFIG_PASSPHRASE") or PASSPHRASE


def open_workspace(root: Path, stack: str) -> Workspace:
    """The stack of that name.

    Raises:
        Refused: There is no such stack; with the nearest name that there is.
    """
    known = settings.stacks(root)
    if stack in known:
        return Workspace(root=root, stack=stack)
    raise Refused(
        f"there is no stack {stack!r}" if stack else "no stack is named; write --stack NAME",
        given=stack,
        allowed=", ".join(known) or "none: there is no file stacks/Pulumi.<stack>.yaml",
        fix=did_you_mean(stack, known, "name one of these, or add its file to stacks/"),
    )


def configuration(workspace: Workspace, *, deployment: object | None = None) -> dict[str, str]:
    """The stack's configuration as an engine hands it to a program: structured values as JSON.

    Read with another parser than the settings', on purpose: the program holds one view against the other.

    Args:
        workspace: The stack.
        deployment: What stands in place of the file's deployment value; only a what-if preview has such a thing.

    Raises:
        Refused: Pulumi.yaml is not readable as what it should be.
    """
    import yaml  # noqa: PLC0415 (only a run needs it)

    def load(path: Path) -> dict[str, Any]:
        try:
            document = cast("object", yaml.safe_load(path.read_bytes()))
        except (OSError, yaml.YAMLError) as error:
            raise Refused(f"{path.name} cannot be read: {error}", fix="restore it from version control") from error
        if not isinstance(document, dict):
            raise Refused(f"{path.name} holds no map", fix="restore it from version control")
        values = cast("dict[str, Any]", document).get("config")
        return cast("dict[str, Any]", values) if isinstance(values, dict) else {}

    values = {**load(workspace.root / "Pulumi.yaml"), **load(workspace.file)}
    if deployment is not None:
        values["usdata:deployment"] = deployment
    return {key: value if isinstance(value, str) else _compact(value) for key, value in sorted(values.items())}


def _compact(value: object) -> str:
    """JSON as the ordinary engine writes it into a configuration: sorted, without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
