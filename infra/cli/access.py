"""`python -m infra access`: who can do what to which dataset, from where, and by which statement."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from infra.cli.app import EPILOG, as_of_option, json_option, refusals, stack_option, workspace_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.residency.access_matrix import Reach
    from infra.settings import Loaded


@click.command(epilog=EPILOG)
@stack_option(default="sandbox")
@click.option("--who", default="", metavar="TEXT", help="Only those whose name contains this: a group, role, service.")
@click.option("--what", default="", metavar="DATASET", help="Only this dataset.")
@click.option(
    "--against",
    default="",
    metavar="FILE|REF",
    help="Say what changed since this stack file, or since this commit or branch.",
)
@as_of_option
@json_option
def access(*, stack: str, who: str, what: str, against: str, as_of: date | None, as_json: bool) -> None:
    """Say who can reach which data, from where and why.

    Who can list, read, write and delete which dataset, from where, until when, by which statement, and which line
    brings it about. Follows from the stack file and its approvals alone: no state, no cloud, no credentials.
    """
    with refusals(as_json=as_json):
        from infra.cli.runs import load  # noqa: PLC0415 (the engine is slow to import: `--help` does without)

        workspace = workspace_of(stack)
        day = as_of or datetime.now(UTC).date()
        loaded = load(workspace, day)
        _check_dataset(loaded, what)
        if against:
            from infra.cli import access_change  # noqa: PLC0415 (the same)

            access_change.show(workspace, loaded, against, as_of=day, who=who, what=what, as_json=as_json)
            return
        from infra.residency.access_matrix import ASSUMED, matrix  # noqa: PLC0415 (the same)

        rows = [row for row in matrix(loaded.plan) if what in {"", row.dataset} and who.lower() in row.who.lower()]
    file = workspace.shown_file
    if as_json:
        click.echo(json.dumps(document(loaded, file, rows), indent=2, ensure_ascii=False))
        return
    _print(rows, loaded, file, stack=stack, assumed=ASSUMED)


def document(loaded: Loaded, file: str, rows: Iterable[Reach] | None = None) -> dict[str, Any]:
    """The access matrix for machines: all of it, or some rows."""
    from infra.residency.access_matrix import ASSUMED, matrix  # noqa: PLC0415 (slow to import)

    chosen = matrix(loaded.plan) if rows is None else rows
    found = [_document(row, f"{file}:{loaded.lines.get(row.path, 1)}") for row in chosen]
    return {"reach": found, "assumed": list(ASSUMED)}


def _check_dataset(loaded: Loaded, what: str) -> None:
    from infra.cli.refusal import Refused  # noqa: PLC0415 (the same)
    from infra.residency.findings import did_you_mean  # noqa: PLC0415 (the same)

    known = [dataset.dataset.name for dataset in loaded.plan.datasets]
    if what and what not in known:
        raise Refused(
            f"there is no dataset {what!r}",
            given=what,
            allowed=", ".join(known),
            fix=did_you_mean(what, known, "name one of these"),
        )


def _document(row: Reach, source: str) -> dict[str, Any]:
    return {
        "dataset": row.dataset,
        "who": row.who,
        "powers": list(row.powers),
        "where": list(row.where),
        "network": row.network,
        "since": _moment(row.since),
        "until": _moment(row.until),
        "source": source,
        "by": row.by,
    }


def _moment(day: date | None) -> str | None:
    """A day, or a moment within one, as ISO 8601 has it; times are UTC."""
    return None if day is None else day.isoformat().replace("+00:00", "Z")


def _print(rows: Iterable[Reach], loaded: Loaded, file: str, *, stack: str, assumed: tuple[str, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 (a tenth of a second)
    from rich.table import Table  # noqa: PLC0415 (the same)
    from rich.text import Text  # noqa: PLC0415 (the same)

    classes = {dataset.dataset.name: dataset.dataset.data_class for dataset in loaded.plan.datasets}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("who", "may", "in", "from", "until", "by", "because of"):
        table.add_column(title, overflow="fold")
    shown: set[str] = set()
    statements: dict[str, int] = {}
    for row in rows:
        if row.dataset not in shown:
            if shown:
                table.add_row()
            table.add_row(Text(f"{row.dataset} ({classes[row.dataset]})", style="bold"))
            shown.add(row.dataset)
        may = ", ".join(power.removesuffix(" data") for power in row.powers)
        until = f"{row.since:%Y-%m-%dT%H:%MZ} to {row.until:%Y-%m-%dT%H:%MZ}" if row.since else _moment(row.until) or ""
        line = f"{file}:{loaded.lines.get(row.path, 1)}"
        by = f"[{statements.setdefault(row.by, len(statements) + 1)}]"
        table.add_row(*map(Text, (f"  {row.who}", may, ", ".join(row.where), row.network, until, by, line)))
    # What is no terminal has no width: lines stay whole there.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 240, highlight=False)
    with console.capture() as captured:
        console.print(table if shown else Text("Nobody: no row fits --who and --what."))
    click.echo(f"usdata · stack {stack} · who can reach which data\n")
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), color=True)
    if statements:
        click.echo("\nBy these statements and settings:")
    for text, number in statements.items():
        click.echo(f"  [{number}] {text}")
    click.echo("\nNot bound by any policy of this stack, and assumed:")
    for assumption in assumed:
        click.echo(f"  {assumption}")
