"""States: that of a simulated stack in its file, and exported ones."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, cast

from infra.cli.refusal import Exit, Refused
from infra.cli.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from infra.cli.workspace import Workspace
    from infra.engine.state import Deployment
    from infra.engine.store import StateFile


@contextmanager
def open_state(workspace: Workspace, *, writable: bool) -> Generator[StateFile]:
    """The state file of a simulated stack, locked if it is to be written.

    Raises:
        Refused: Somebody else uses it, it cannot be read, or it is another stack's.
    """
    from infra.engine.secrets import SecretsError, SecretsManager  # noqa: PLC0415 (the engine is slow to import)
    from infra.engine.state import StateError  # noqa: PLC0415 (the same)
    from infra.engine.store import LockedError, StateFile, unlock_dead  # noqa: PLC0415 (the same)

    workspace.prepare()
    with ExitStack() as held:
        try:
            if writable and (owner := unlock_dead(workspace.state)):
                print(f"usdata: an earlier run was killed: {owner}. Its lock is removed.", file=sys.stderr)
            manager = SecretsManager(workspace.passphrase())
            file = held.enter_context(StateFile.open(workspace.state, manager, writable=writable))
            refuse_foreign(file.state, workspace)
        except LockedError as error:
            raise Refused(str(error), code=Exit.FAILED) from error
        except (StateError, SecretsError, OSError) as error:
            raise Refused(
                f"the state of {workspace.stack} cannot be read: {error}",
                given=str(workspace.state.relative_to(workspace.root)),
                fix="restore it from a copy, or remove it and run `python -m infra.sandbox reset` to begin anew",
            ) from error
        yield file


def read_export(path: Path) -> tuple[Deployment, str]:
    """A state from a file as `pulumi stack export` writes it, secrets left encrypted; and the file's SHA-256.

    Raises:
        Refused: It cannot be read or is no state.
    """
    from infra.engine import state  # noqa: PLC0415 (the engine is slow to import)

    shape = 'what `pulumi stack export --file FILE` writes: {"version": 3, "deployment": {...}}'
    try:
        data = path.read_bytes()
        document = cast("object", json.loads(data))
        return state.load(document), hashlib.sha256(data).hexdigest()
    except OSError as error:
        raise Refused(f"the state file cannot be read: {error.strerror}", given=str(path), allowed=shape) from error
    except (ValueError, RecursionError) as error:
        raise Refused(f"the state file is no JSON: {error}", given=str(path), allowed=shape) from error
    except state.StateError as error:
        raise Refused(f"the state file is no state: {error}", given=str(path), allowed=shape) from error


def refuse_foreign(state: Deployment, workspace: Workspace) -> None:
    """A state of another stack or project would show everything as new and all that it has as gone.

    Raises:
        Refused: It is one.
    """
    from infra.engine import urns  # noqa: PLC0415 (the engine is slow to import)

    wanted = (workspace.stack, PROJECT)
    found = sorted({(urns.stack_of(r.urn), urns.project_of(r.urn)) for r in state.resources})
    if found and found != [wanted]:
        raise Refused(
            "the state is not that of this stack",
            given=", ".join(f"stack {stack} of project {project}" for stack, project in found),
            allowed=f"stack {wanted[0]} of project {wanted[1]}",
            fix=f"export it with: pulumi stack export -s {wanted[0]} --file FILE",
        )
