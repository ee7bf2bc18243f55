"""A program that the embedded engine carries out on simulated clouds, and what those then have."""

from collections.abc import Callable
from pathlib import Path

from infra import sandbox
from infra.engine import deployment
from infra.engine.events import Event
from infra.engine.options import Command, Options, Result
from infra.engine.state import Deployment
from infra.sandbox.store import Record, Store
from tests.support.programs import ROOT


def carry_out(
    program: Callable[[], None],
    clouds: Path,
    state: Deployment,
    *,
    stack: str = "sandbox",
    command: Command = Command.UP,
    on_event: Callable[[Event], None] | None = None,
) -> Result:
    """What an update, or another command, of a stack comes to.

    Args:
        program: registers resources.
        clouds: file of the simulated clouds.
        state: what the stack has before.
        stack: its name.
        command: what to do.
        on_event: is told of each step.
    """
    with sandbox.serve(clouds) as served:
        return deployment.run(
            command=command,
            program=program,
            project="usdata",
            stack=stack,
            config={"pulumi:disable-default-providers": '["*"]'},
            state=state,
            providers=served.addresses,
            root_directory=ROOT,
            options=Options(),
            on_event=on_event,
        )


def records(clouds: Path) -> list[Record]:
    """What the simulated clouds have, deleted things included."""
    store = Store(clouds)
    try:
        with store.reading() as found:
            return found.all()
    finally:
        store.close()
