"""`python -m infra access --against`: what a change of the stack file, or of its approvals, does to who can reach data.

What it is compared with is a stack file, or a commit: then the stack file, its receipts and its approvals are those of
the commit, so that an approval which a change brings shows, too.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from infra import settings
from infra.cli.refusal import BadStackFile, Refused
from infra.residency.access_change import changes
from infra.residency.findings import ResidencyError
from infra.settings.evidence import read_records

if TYPE_CHECKING:
    from datetime import date

    from infra.cli.workspace import Workspace
    from infra.residency.access_change import Change
    from infra.residency.evidence import Evidence
    from infra.residency.placement import Plan
    from infra.settings import Loaded

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/~^@{}-]{0,199}")


def show(
    workspace: Workspace, loaded: Loaded, against: str, *, as_of: date, who: str, what: str, as_json: bool
) -> None:
    """Print what is wider and what is narrower.

    Raises:
        BadStackFile: What it is compared with may not be.
        Refused: What it is compared with is not there.
    """
    before = _before(workspace, against, as_of)
    found = [
        change
        for change in changes(before, loaded.plan)
        if what in {"", change.reach.dataset} and who.lower() in change.reach.who.lower()
    ]
    file = workspace.shown_file
    if as_json:
        click.echo(json.dumps({"changes": [_document(it, file, loaded) for it in found]}, indent=2, ensure_ascii=False))
        return
    click.echo(f"usdata · stack {workspace.stack} · who can reach which data, against {against}\n")
    if not found:
        click.echo("  Nobody can reach more than before, and nobody less.")
    for wider, title in ((True, "More than before:"), (False, "Less than before:")):
        some = [it for it in found if it.wider is wider]
        if some:
            click.echo(f"  {title}")
        for change in some:
            line = f"  {file}:{loaded.lines.get(change.reach.path, 1)}" if wider else ""
            click.echo(f"    {'+' if wider else '-'} {change.text()}{line}")


def _document(change: Change, file: str, loaded: Loaded) -> dict[str, object]:
    reach = change.reach
    return {
        "wider": change.wider,
        "dataset": reach.dataset,
        "who": reach.who,
        "powers": list(change.powers),
        "where": list(change.where),
        "network": change.network,
        "until": reach.until.isoformat().replace("+00:00", "Z") if reach.until else None,
        "by": reach.by,
        "source": f"{file}:{loaded.lines.get(reach.path, 1)}" if change.wider else None,
        "says": change.text(),
    }


def _before(workspace: Workspace, against: str, as_of: date) -> Plan:
    path = Path(against)
    if path.is_file():
        return _plan(path, read_records(workspace.root, workspace.stack), as_of, against)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        _check_out(workspace, against, root)
        file = settings.stack_file(root, workspace.stack)
        return _plan(file, read_records(root, workspace.stack), as_of, f"{workspace.shown_file} of {against}")


def _plan(path: Path, evidence: Evidence, as_of: date, shown: str) -> Plan:
    """The plan of a stack file as it was: what has been deployed since is not held against it.

    Raises:
        BadStackFile: It may not be.
    """
    try:
        return settings.load(path, configured=None, as_of=as_of, evidence=replace(evidence, deployed=None)).plan
    except ResidencyError as error:
        raise BadStackFile(error.findings, shown) from error


def _check_out(workspace: Workspace, reference: str, root: Path) -> None:
    """Put the folder `stacks` of a commit into another one.

    Raises:
        Refused: There is neither such a file nor such a commit, or it has no such stack.
    """
    problem = "it is neither a file nor the name of a commit"
    if _REFERENCE.fullmatch(reference):
        archive = subprocess.run(  # noqa: S603 - a name of a commit, never an option: it begins with a letter or digit
            ["git", "-C", str(workspace.root), "archive", "--format=tar", reference, "stacks"],  # noqa: S607 - as found
            capture_output=True,
            check=False,
        )
        if archive.returncode == 0:
            with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
                files.extractall(root, filter="data")
            if settings.stack_file(root, workspace.stack).is_file():
                return
            problem = f"there is no {workspace.shown_file} in it"
    raise Refused(
        f"{reference!r} is nothing to compare with: {problem}",
        given=reference,
        allowed="a stack file, or a commit, tag or branch of this project that has this stack",
        fix="name one, such as: --against main",
    )
