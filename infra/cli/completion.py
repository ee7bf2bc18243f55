"""`python -m infra completion SHELL`: what a shell evaluates to complete commands, options and stacks of `usdata`."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

VARIABLE: Final = "_USDATA_COMPLETE"
"""How a shell tells the command line that it is asked for completions."""

_SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(*, shell: str) -> None:
    """Print what completes `usdata` in a shell.

    In bash or zsh: PATH="$PWD/bin:$PATH"; eval "$(usdata completion bash)". In fish: usdata completion fish | source.

    Exit codes: 0 done or proved; 1 refuted, or a deployment failed; 2 bad input.
    """
    click.echo(_SHELLS[shell](click.Group(), {}, "usdata", VARIABLE).source())
