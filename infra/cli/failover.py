"""`python -m infra failover REGION`: make a region the home of the default stores, one planned state after another.

Each step is an edit of a few words of the stack file, previewed before it is made, and an update. What Pulumi cannot do
(making a destination of replication writable) is asked of Object Storage itself between two updates. The kernel says
which step is next (`infra.residency.failover`); where a run has got to stands in the stack file and in the state, so
that the same command goes on from wherever another one was killed.

What it refuses: to go on while an object has not arrived on the other side, while the plan of a step is not proved,
and while the stack has changes of another kind that are not applied.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.cli.app import EPILOG, as_of_option, refusals, stack_option, workspace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cli.failover_walk import Walk
    from infra.residency.failover import Roles


@click.command(epilog=EPILOG)
@click.argument("region")
@stack_option()
@click.option("--lost", is_flag=True, help="The other region cannot be reached. Call nothing there, and go on without.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Of a real stack: its state, exported after the last update.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@as_of_option
def failover(
    *, region: str, stack: str, lost: bool, state_file: Path | None, yes: bool, as_of: date | None
) -> None:  # fmt: skip
    """Make REGION the home of the default stores.

    The other region gets the replicas. Shows what it will do, and the preview of the next step. On a terminal it asks
    then; elsewhere it changes nothing without --yes. Killed or stopped at any point, the same command goes on. The way
    back is the same command towards the other region. A real stack is changed by `pulumi up` between two steps: the
    command says when.
    """
    with refusals(as_json=False):
        from infra.cli.failover_walk import Walk  # noqa: PLC0415 (the engine is slow to import: `--help` does without)

        day = as_of or datetime.now(UTC).date()
        walk = Walk(workspace_of(stack), region, day, lost=lost, state_file=state_file)
        click.echo(f"usdata · stack {stack} · failover to {walk.to}\n")
        for line in _overview(walk):
            click.echo(line)
        if not walk.left:
            return
        if not yes:
            for line in ("", *walk.shown()):
                click.echo(line, color=True)
            if not (sys.stdin.isatty() and click.confirm("\nDo it?")):
                click.echo("\nNothing was changed. To do it: the same command with --yes.")
                return
        for line in walk.go():
            click.echo(line, color=True)


def _overview(walk: Walk) -> Iterator[str]:
    yield f"  NOW   {walk.now.text()}"
    if walk.unfinished:
        yield f"        the stack file says {walk.asked.text()}, which is not applied yet"
    if not walk.left:
        yield f"  DONE  {walk.to} holds the default stores; nothing is left to do"
        return
    before = walk.now
    for number, after in enumerate(walk.left, 1):
        yield f"  {number:<5} {meaning(before, after)}"
        before = after
    if walk.lost:
        yield ""
        yield f"  MAY BE LOST  what was written in {walk.other} and not replicated before it was lost."
        yield "               Replication is not instant; how much it is nobody can say before that region is back."


def meaning(before: Roles, after: Roles) -> str:
    """What a step does, in words."""
    from infra.residency.failover import Halt  # noqa: PLC0415 (as above)

    one, other = after.primary, after.other
    if after.lost and not before.lost:
        return f"{one} is made writable and becomes the primary; {other} is planned as it was, and not called"
    if after.primary is not before.primary:
        return f"{one} becomes the primary, replicated to {other}; nobody writes"
    match after.halt:
        case None:
            return f"writing is allowed again, in {one}"
        case Halt.FROZEN if before.halt is Halt.STOPPED:
            return f"{one} is replicated to {other} again; nobody writes"
        case Halt.FROZEN:
            return f"nobody may write; what was written is still replicated to {other}"
        case Halt.STOPPED:
            where = "every object is in both regions" if before.lost else f"every object has arrived in {other}"
            return f"once {where}, replication ends and nothing expires; nobody writes"
