"""A real stack's surroundings for one run: its session, its state on this machine, its passphrase, and nothing else."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.cli.refusal import Refused
from infra.deploy import oracle, passphrase, refusals, residence
from infra.deploy.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import date

    from infra.cli.workspace import Workspace
    from infra.deploy.oracle import Clients
    from infra.residency.placement import Plan
    from infra.residency.state_home import StateHome


_SALT = "encryptionsalt: "


def planned(workspace: Workspace, as_of: date) -> Plan:
    """The plan of a stack file, on its receipts alone.

    Raises:
        BadStackFile: It may not be.
    """
    from infra.cli import runs  # noqa: PLC0415 (the engine is slow to import)

    return runs.load(workspace, as_of).plan


def home_of(workspace: Workspace, plan: Plan) -> StateHome:
    """Where the state of a stack lies.

    Raises:
        Refused: The stack file does not say.
    """
    if plan.state is None:
        raise Refused(
            f"the stack file does not say where the state of {workspace.stack} is",
            given=workspace.shown_file,
            allowed="state: {region, compartmentId, passphraseId}",
            why="a state names every resource and holds secrets: it stays in the United States, too",
            fix="write `state` (stacks/README.md), then python -m infra.deploy bootstrap",
        )
    return plan.state


def bucket_of(home: StateHome, clients: Clients) -> Bucket:
    """The bucket of a home, which guards what it holds.

    Raises:
        Refused: It does not, or cannot be reached.
    """
    bucket = Bucket(client=clients.storage(), namespace=home.namespace, name=home.name)
    bucket.refuse_open(home)
    return bucket


def clients_of(plan: Plan, home: StateHome) -> Clients:
    """Clients of the state's region with the session of the stack file's profile.

    Raises:
        Refused: There is no session.
    """
    return oracle.clients(plan.tenancy.profile or "DEFAULT", home.region)


@contextmanager
def state_at_hand(
    workspace: Workspace, as_of: date, *, writable: bool
) -> Generator[tuple[dict[str, str], residence.Checkout]]:
    """The environment in which `pulumi` finds the state, and the state itself.

    Raises:
        BadStackFile: The stack file may not be.
        Refused: There is no session, no home, no passphrase, or another run has the state.
    """
    plan = planned(workspace, as_of)
    home = home_of(workspace, plan)
    clients = clients_of(plan, home)
    salt_of(workspace)
    word = passphrase.read(clients, home)
    bucket = bucket_of(home, clients)
    with (
        _private_folder() as folder,
        residence.checked_out(bucket, workspace.stack, folder, writable=writable) as checkout,
    ):
        yield environment_for(folder, word), checkout


def salt_of(workspace: Workspace) -> str:
    """The salt in a stack file.

    The ordinary command line writes one into a file that has none: what was reviewed would change.

    Raises:
        Refused: It has none.
    """
    for line in workspace.file.read_text(encoding="utf-8").splitlines():
        if line.startswith(_SALT):
            return line.removeprefix(_SALT).strip()
    raise Refused(
        "the stack file has no salt for the secrets in the state",
        given=workspace.shown_file,
        allowed="encryptionsalt: v1:…, as its last line",
        why="the ordinary command line would write one into the file that was reviewed",
        fix="python -m infra.deploy bootstrap prints the line",
    )


def environment_for(folder: Path, word: str) -> dict[str, Any]:
    """What `pulumi` gets: the short list, where the state is, and its passphrase."""
    return {
        **refusals.passed_on(os.environ),
        "PULUMI_BACKEND_URL": folder.resolve().as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": word,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@contextmanager
def _private_folder() -> Generator[Path]:
    """A folder for this user only; it stays where a state could not be brought back."""
    folder = Path(tempfile.mkdtemp(prefix="usdata-state-"))
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
