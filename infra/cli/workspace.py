"""A stack of this project: its file, its state, and whether its clouds are simulated."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from infra import settings
from infra.cli.refusal import Refused
from infra.residency.findings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A stack's configuration as an engine hands it to a program.

    Attributes:
        values: By key; structured values as JSON.
        secrets: The keys of those that are secret, which are never shown and never leave an engine in the clear.
    """

    values: Mapping[str, str]
    secrets: frozenset[str]


def configuration(workspace: Workspace, *, deployment: object | None = None) -> Configuration:
    """The stack's configuration as an engine hands it to a program.

    Read with another parser than the settings', on purpose: the program holds one view against the other. A secret of a
    simulated stack is opened with its passphrase; that of any other is a value that is not known, and stays closed.

    Args:
        workspace: The stack.
        deployment: What stands in place of the file's deployment value; only a what-if preview has such a thing.

    Raises:
        Refused: Pulumi.yaml is not readable as what it should be, or a secret cannot be opened.
    """
    import yaml  # noqa: PLC0415 (only a run needs it)

    def load(path: Path) -> dict[str, Any]:
        try:
            document = cast("object", yaml.safe_load(path.read_bytes()))
        except (OSError, yaml.YAMLError) as error:
            raise Refused(f"{path.name} cannot be read: {error}", fix="restore it from version control") from error
        if not isinstance(document, dict):
            raise Refused(f"{path.name} holds no map", fix="restore it from version control")
        return cast("dict[str, Any]", document)

    def values_in(document: dict[str, Any]) -> dict[str, Any]:
        values = document.get("config")
        return cast("dict[str, Any]", values) if isinstance(values, dict) else {}

    file = load(workspace.file)
    values = {**values_in(load(workspace.root / "Pulumi.yaml")), **values_in(file)}
    if deployment is not None:
        values["usdata:deployment"] = deployment
    closed = {key: str(value["secure"]) for key, value in values.items() if _is_closed(value)}
    opened = _opened(workspace, str(file.get("encryptionsalt") or ""), closed) if closed else {}
    plain = {key: value if isinstance(value, str) else _compact(value) for key, value in values.items()}
    return Configuration(values=dict(sorted((plain | opened).items())), secrets=frozenset(closed))


def _is_closed(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is one that `pulumi config set --secret` wrote."""
    return isinstance(value, dict) and set(cast("dict[str, object]", value)) == {"secure"}


def _opened(workspace: Workspace, salt: str, closed: Mapping[str, str]) -> dict[str, str]:
    """What secrets are; not known where the stack is a real one, whose passphrase is none of this engine's business."""
    from infra.engine.urns import UNKNOWN_ID  # noqa: PLC0415 (only a stack with a secret needs it)

    if not workspace.is_simulated:
        return dict.fromkeys(closed, UNKNOWN_ID)
    from infra.engine.secrets import SecretsError, SecretsManager  # noqa: PLC0415 (the same)

    manager = SecretsManager(workspace.passphrase())
    try:
        manager.adopt_salt(salt)
        return {key: manager.decrypt(text) for key, text in closed.items()}
    except SecretsError as error:
        raise Refused(
            f"a secret of {workspace.shown_file} cannot be opened",
            given=", ".join(closed),
            why=str(error),
            fix=f"pulumi config set --secret, with the stack's own passphrase: -s {workspace.stack}",
        ) from error


def _compact(value: object) -> str:
    """JSON as the ordinary engine writes it into a configuration: sorted, without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
