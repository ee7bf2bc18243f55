"""Runs the ordinary Pulumi command line against the simulated clouds, for one run and without changing anything else.

The environment of that run gets: where the providers listen, a file backend under `.sandbox/`, the passphrase of the
simulated stack, and no plugin downloads or update checks. No committed file changes: the stack file carries the
`encryptionsalt` that belongs to the passphrase (otherwise the command line would write one into it).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.sandbox.faults import Faults
from infra.sandbox.server import serve

PASSPHRASE: Final = "sandbox"  # noqa: S105 - public on purpose, see below
"""Passphrase of simulated stacks. They hold no secret of anyone, so neither is this one."""
ENCRYPTION_SALT: Final = "v1:3rBrD4Cl6tk=:v1:pYMdtwyk2IAS9KLQ:XuYOLM+Q3fGZtG9qgASDLyJA7Baxrw=="
"""The line `encryptionsalt` of a stack file that the ordinary command line uses with `PASSPHRASE`."""


class CannotRunError(Exception):
    """The command cannot be run as given; the text says why and what to do."""


def run(project: Path, command: Sequence[str]) -> int:
    """Run a command with the simulated clouds behind it.

    Args:
        project: folder of Pulumi.yaml; its `.sandbox` holds the clouds and the backend.
        command: program and arguments, such as `pulumi preview -s sandbox`.

    Returns:
        The command's exit code; 128 + n when signal n ended it.

    Raises:
        CannotRunError: nothing to run, the program is missing, or the stack file would be changed by running it.
    """
    if not command:
        raise CannotRunError(
            "nothing to run: write the command after --, as in\n"
            "  python -m infra.sandbox run -- pulumi preview -s sandbox"
        )
    program = shutil.which(command[0])
    if program is None:
        raise CannotRunError(
            f"{command[0]}: no such program on PATH. Without the ordinary command line, use the embedded engine:\n"
            "  python -m infra preview --stack sandbox"
        )
    stack = _stack(command)
    if stack is not None:
        _refuse_unsalted(project, stack)
    with surroundings(project) as environment:
        if stack is not None and Path(program).name == "pulumi":
            _create_stack(project, program, stack, environment)
        return _wait(project, [program, *command[1:]], environment)


@contextmanager
def surroundings(project: Path, *, faults: Faults | None = None) -> Generator[dict[str, str]]:
    """The simulated clouds, served until the block ends, and the environment in which `pulumi` finds them.

    Args:
        project: folder of Pulumi.yaml.
        faults: failures to inject; a test's own.
    """
    folder = project / ".sandbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    backend = folder / "backend"
    backend.mkdir(exist_ok=True)
    with serve(folder / "clouds.sqlite", faults=faults) as servers:
        environment = os.environ | {
            "PULUMI_DEBUG_PROVIDERS": servers.debug_providers,
            "PULUMI_BACKEND_URL": backend.resolve().as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)  # it would beat the passphrase
        yield environment


def _stack(command: Sequence[str]) -> str | None:
    """The stack that the arguments name."""
    for index, argument in enumerate(command):
        if argument in {"-s", "--stack"} and index + 1 < len(command):
            return command[index + 1]
        match = re.fullmatch(r"--stack=(.+)|-s(.+)", argument)
        if match is not None:
            return match[1] or match[2]
    return None


def _refuse_unsalted(project: Path, stack: str) -> None:
    """The command line writes a salt into a stack file that has none: refuse before it does."""
    name = stack.rpartition("/")[2]
    path = project / "stacks" / f"Pulumi.{name}.yaml"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not path.is_file():
        known = sorted(found.name[7:-5] for found in path.parent.glob("Pulumi.*.yaml"))
        raise CannotRunError(
            f"no stack {name!r}: there is no stacks/{path.name}; known are: {', '.join(known) or 'none'}"
        )
    text = path.read_text(encoding="utf-8")
    if not re.search(r"^(encryptionsalt|secretsprovider):", text, re.MULTILINE):
        raise CannotRunError(
            f"stacks/{path.name} has no `encryptionsalt`, and the command line would write one into it. "
            "To preview a real stack without credentials, use the embedded engine:\n"
            f"  python -m infra preview --stack {name}\n"
            f"If the stack is a simulated one, add this line at its end:\n  encryptionsalt: {ENCRYPTION_SALT}"
        )


def create_stack(project: Path, stack: str, environment: Mapping[str, str]) -> None:
    """Make the stack in a backend that has none of that name yet.

    Raises:
        CannotRunError: The stack file would be changed by that, the program is missing, or it fails.
    """
    program = shutil.which("pulumi", path=environment.get("PATH"))
    if program is None:
        raise CannotRunError("pulumi: no such program on PATH")
    _refuse_unsalted(project, stack)
    _create_stack(project, program, stack, environment)


def _create_stack(project: Path, program: str, stack: str, environment: Mapping[str, str]) -> None:
    """A fresh clone has no stack in its backend yet. The embedded engine may have one on the same clouds: say so."""
    name, folder = stack.rpartition("/")[2], project / ".sandbox"
    if any((folder / "backend" / ".pulumi" / "stacks").glob(f"*/{name}.json")):
        return
    made = subprocess.run(  # noqa: S603 - the program is the one that the user asked to run
        [program, "stack", "init", name, "--no-select"],
        cwd=project,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise CannotRunError(f"the stack {name!r} could not be made: {(made.stderr or made.stdout).strip()}")
    if (folder / "state" / f"{name}.json").is_file():
        print(
            f"infra.sandbox: {name} is new to the ordinary command line, but `python -m infra` has applied it to these "
            "clouds and keeps its state. To go on from there:\n"
            f"  python -m infra state export --stack {name} --file .sandbox/{name}.export.json\n"
            f"  python -m infra.sandbox run -- pulumi stack import -s {name} --file .sandbox/{name}.export.json",
            file=sys.stderr,
        )


def _wait(project: Path, command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Ctrl-C goes to the command alone: it finishes what is in flight, and needs the providers until then."""
    before = signal.signal(
        signal.SIGINT, lambda _number, _frame: None
    )  # unlike SIG_IGN, the command does not inherit it
    try:
        code = subprocess.call(command, cwd=project, env=dict(environment))  # noqa: S603 - the user asked for it
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
