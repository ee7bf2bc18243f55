"""`python -m infra doctor`: what is there and what is missing, before anything is run. Touches no cloud by itself.

Two options are the exception, and change nothing either. `--resolve` asks Oracle Cloud for the settings that only a
look-up can give (the Object Storage namespace, per region the OCID of its services, Cloud Guard's own recipes and the
realm's security policies) and says which of the stack file's differ. `--live` asks it whether the regions are
subscribed and whether its limits hold the plan.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from infra.cli.app import EPILOG, json_option, refusals, stack_option, workspace_of
from infra.cli.refusal import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cli.workspace import Workspace

_PYTHON: Final = (3, 11)
_PULUMI: Final = (3, 256)


class Verdict(StrEnum):
    """OK; MISSING: something does not work without it; OPTIONAL: it is not there, and only some commands want it."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at.

    Attributes:
        subject: What it is.
        found: What was found.
        needed_for: Which commands want it.
        fix: How to get it; empty if it is there.
    """

    subject: str
    verdict: Verdict
    found: str
    needed_for: str
    fix: str = ""


@click.command(epilog=EPILOG)
@stack_option(default="sandbox")
@click.option("--resolve", is_flag=True, help="Ask Oracle Cloud for the settings that only a look-up can give.")
@click.option(
    "--live", is_flag=True, help="Ask Oracle Cloud whether regions are subscribed and its limits hold the plan."
)
@json_option
def doctor(*, stack: str, resolve: bool, live: bool, as_json: bool) -> None:
    """Say what a stack needs and what is missing.

    Looks at Python, packages, the pulumi CLI, credentials, backend and settings.

    Exit 2 if something is missing that this stack needs, or if --resolve or --live cannot ask or find what differs.
    """
    with refusals(as_json=as_json):
        workspace = workspace_of(stack)
        examined = list(examine(workspace))
        if resolve:
            from infra.cli.lookups import resolve as look_up  # noqa: PLC0415 (only --resolve needs it)

            examined += look_up(workspace)
        if live:
            from infra.cli.live import examine_live  # noqa: PLC0415 (only --live needs it)

            examined += examine_live(workspace)
    if as_json:
        rows = [
            {**{k: getattr(e, k) for k in ("subject", "found", "needed_for", "fix")}, "verdict": e.verdict}
            for e in examined
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        click.echo(_text(examined, stack))
    missing = any(e.verdict is Verdict.MISSING for e in examined)
    sys.exit(Exit.BAD_INPUT if missing else Exit.DONE)


def examine(workspace: Workspace) -> Iterator[Examined]:
    """Everything that can be looked at without a cloud."""
    yield _python()
    yield from _packages()
    yield from _command_line(workspace)
    yield _stack_file(workspace)
    if workspace.is_simulated:
        yield _simulated_clouds(workspace)
    else:
        yield from _credentials(workspace)


def _python() -> Examined:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Examined(
        subject="Python",
        verdict=Verdict.OK if sys.version_info >= _PYTHON else Verdict.MISSING,
        found=found,
        needed_for="everything",
        fix="" if sys.version_info >= _PYTHON else "install Python 3.11 or newer; make PYTHON=python3.12",
    )


def _packages() -> Iterator[Examined]:
    """The packages of requirements.txt and of the extra `cli`, each against its pin."""
    for name, pinned in _pins().items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        right = found == pinned
        yield Examined(
            subject=f"package {name}",
            verdict=Verdict.OK if right else Verdict.MISSING,
            found=found or "not installed",
            needed_for="every command" if name != "cryptography" else "states with secrets",
            fix="" if right else f"make .venv/cli installs {name} {pinned}",
        )


def _pins() -> dict[str, str]:
    """What requirements.txt and the extra `cli` of pyproject.toml pin, by package."""
    import tomllib  # noqa: PLC0415 (only the doctor reads it)

    from infra.cli.workspace import ROOT  # noqa: PLC0415 (slow to import)

    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines += project["optional-dependencies"]["cli"]
    pairs = (line.partition("#")[0].strip().partition("==") for line in lines)
    return {name.partition("[")[0]: pinned for name, separator, pinned in pairs if separator}


def _command_line(workspace: Workspace) -> Iterator[Examined]:
    """The ordinary CLI; a real stack is deployed with it."""
    needed = Verdict.OPTIONAL if workspace.is_simulated else Verdict.MISSING
    use = "up, refresh and destroy of real stacks"
    path = shutil.which("pulumi")
    if path is None:
        yield Examined(
            subject="pulumi", verdict=needed, found="not on PATH", needed_for=use,
            fix="https://www.pulumi.com/docs/install/ (previews do without it)",
        )  # fmt: skip
        return
    found = _output(path, "version").removeprefix("v")
    recent = tuple(int(p) for p in found.split("-")[0].split(".")[:2] if p.isdigit()) >= _PULUMI
    yield Examined(
        subject="pulumi", verdict=Verdict.OK if recent else needed, found=found or "does not say its version",
        needed_for=use, fix="" if recent else f"install {'.'.join(map(str, _PULUMI))} or newer",
    )  # fmt: skip


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 (fixed words)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _stack_file(workspace: Workspace) -> Examined:
    from datetime import UTC, datetime  # noqa: PLC0415 (only here)

    from infra.cli.refusal import BadStackFile  # noqa: PLC0415 (the same)
    from infra.cli.runs import load  # noqa: PLC0415 (slow to import)
    from infra.engine.display import count  # noqa: PLC0415 (the same)

    use = "every command on this stack"
    try:
        load(workspace, datetime.now(UTC).date())
    except BadStackFile as error:
        return Examined(
            subject=workspace.shown_file, verdict=Verdict.MISSING, found=count(len(error.findings), "problem"),
            needed_for=use, fix=f"python -m infra preview --stack {workspace.stack} lists them",
        )  # fmt: skip
    return Examined(subject=workspace.shown_file, verdict=Verdict.OK, found="no problem", needed_for=use)


def _simulated_clouds(workspace: Workspace) -> Examined:
    exists = workspace.clouds.exists()
    return Examined(
        subject="simulated clouds",
        verdict=Verdict.OK,
        found=".sandbox/clouds.sqlite" if exists else "none yet: the first run makes them",
        needed_for="up, refresh and destroy of this stack",
    )


def _credentials(workspace: Workspace) -> Iterator[Examined]:
    """What the ordinary CLI will look for; whether it is valid only a cloud can say."""
    import os  # noqa: PLC0415 (only here)

    oracle = Path(os.environ.get("OCI_CLI_CONFIG_FILE", "~/.oci/config")).expanduser()
    yield Examined(
        subject="Oracle Cloud credentials",
        verdict=Verdict.OK if oracle.is_file() else Verdict.MISSING,
        found=str(oracle) if oracle.is_file() else f"no {oracle}",
        needed_for=f"pulumi preview and up of {workspace.stack}, doctor --resolve; not for offline previews",
        fix="" if oracle.is_file() else "oci setup config, or run where the stack file's auth method needs no file",
    )
    names = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
    amazon = next((name for name in names if os.environ.get(name)), "")
    shared = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    there = bool(amazon) or shared.is_file()
    yield Examined(
        subject="AWS credentials",
        verdict=Verdict.OK if there else Verdict.MISSING,
        found=amazon or (str(shared) if there else "none in the environment, no shared file"),
        needed_for=f"pulumi preview and up of {workspace.stack}; not for offline previews",
        fix="" if there else "aws sso login, or set AWS_PROFILE",
    )
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    home = Path(os.environ.get("PULUMI_HOME", "~/.pulumi")).expanduser() / "credentials.json"
    known = bool(backend) or home.is_file()
    yield Examined(
        subject="state backend",
        verdict=Verdict.OK if known else Verdict.MISSING,
        found=backend.partition("?")[0] or (str(home) if known else "not logged in"),
        needed_for=f"pulumi preview and up of {workspace.stack}; not for offline previews",
        fix="" if known else "pulumi login, to where this stack's state is",
    )


def _text(examined: list[Examined], stack: str) -> str:
    from infra.engine.display import Tone, columns, count, escape, paper_for  # noqa: PLC0415 (slow to import)

    paper = paper_for(sys.stdout)
    tones = {Verdict.OK: Tone.ADDED, Verdict.MISSING: Tone.BAD, Verdict.OPTIONAL: Tone.CHANGED}
    lacking = [e for e in examined if e.verdict is Verdict.MISSING]
    head = (
        f"usdata: {count(len(lacking), 'thing')} missing for stack {stack}."
        if lacking
        else f"usdata: stack {stack} has what it needs."
    )
    lines = [head, ""]
    rows = columns([(e.verdict.value, escape(e.subject), escape(e.found)) for e in examined], width=None)
    for row, item in zip(rows, examined, strict=True):
        lines.append(paper.paint(row, tones[item.verdict]))
        if item.fix:
            lines.append(f"            for {item.needed_for}: {item.fix}")
    return "\n".join(lines)
