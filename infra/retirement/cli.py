"""Command line of the retirement tool: one command a step; nothing is deleted or copied unless the command says so."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from infra.retirement.cli_common import World, printable
from infra.retirement.cli_deletion import verify_empty, wipe
from infra.retirement.cli_proof import census, compare, drain
from infra.retirement.cli_receipts import attest
from infra.retirement.errors import RetirementError, UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None, world: World | None = None) -> None:
    """Run a command and exit: 0 done, 1 refused, 2 bad input, 3 unfinished."""
    try:
        _commands(arguments, prog_name="python -m infra.retirement", obj=world or World(), standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run the same command again to go on", err=True)
        sys.exit(UnfinishedError.exit_code)
    except RetirementError as problem:
        for line in problem.lines:
            click.echo(printable(line), err=True)
        sys.exit(problem.exit_code)


class _InOrder(click.Group):
    """Lists its commands in the order in which they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx  # the order is the same everywhere
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def _commands() -> None:
    """Retire a legacy site: count it, prove its copy, delete it, prove it empty.

    Order: census, compare (drain where something is missing), attest, wipe, verify-empty, attest. Every step can be
    interrupted and run again. What it needs to know about the site stands in the job file (docs/retirement.md).

    Exit codes: 0 done, 1 refused (what was found speaks against it), 2 bad input, 3 unfinished: run it again.
    """


for _step in (census, compare, drain, wipe, verify_empty, attest):
    _commands.add_command(_step)
