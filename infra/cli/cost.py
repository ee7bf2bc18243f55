"""`python -m infra cost`: what a stack costs a month at list prices, as a range."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from infra.cli.app import (
    EPILOG,
    as_of_option,
    json_option,
    offline_option,
    refusals,
    stack_option,
    what_if_option,
    workspace_of,
)
from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from infra.cost.estimate import Estimate
    from infra.cost.rules import Holding, Resource
    from infra.cost.sizes import Range, Size
    from infra.residency.placement import Plan

_OLD_DAYS: Final = 365
_ROUND: Final = 100


@click.command(epilog=EPILOG)
@stack_option(default="sandbox")
@as_of_option
@offline_option
@what_if_option
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="How much there is, as stored-gb=200:400, or stored-gb.profiles=250 of one dataset. Repeatable.",
)
@json_option
def cost(
    *,
    stack: str,
    as_of: date | None,
    state_file: Path | None,
    what_if: tuple[str, ...],
    sizes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Estimate what a stack costs a month.

    From what `preview` would leave, at list prices in US dollars, each with its page and day. Sizes that no stack file
    says are assumed as wide ranges; --size narrows them. What has no price here is named, never taken for free.
    """
    with refusals(as_json=as_json):
        from infra.cli import runs  # noqa: PLC0415 (the engine is slow to import: `--help` does without)
        from infra.cost.estimate import estimate  # noqa: PLC0415 (the same)
        from infra.cost.sizes import Sizes  # noqa: PLC0415 (the same)
        from infra.engine.options import Command  # noqa: PLC0415 (the same)
        from infra.facts.prices import prices, uncharged  # noqa: PLC0415 (the same)

        day, given = as_of or datetime.now(UTC).date(), _given(sizes)
        outcome = runs.carry_out(
            runs.Request(
                command=Command.PREVIEW,
                workspace=workspace_of(stack),
                as_of=day,
                state_file=state_file,
                edits=runs.edits(what_if),
            )
        )
        if outcome.recorder.failed:
            raise Refused("the preview failed: what there would be is not known", code=Exit.FAILED)
        plan = outcome.loaded.plan
        _refuse_strangers(given, plan)
        found = estimate(
            _resources(outcome), dict(_holdings(plan)), Sizes(given=given), prices=prices(), free=uncharged()
        )
    if as_json:
        click.echo(json.dumps({"stack": stack, "asOf": day.isoformat(), **found.document()}, indent=2))
        return
    _print(found, stack, day)


def _resources(outcome: Any) -> Iterator[Resource]:
    from infra.cli.resource_graph import after  # noqa: PLC0415 (the engine is slow to import)
    from infra.cost.rules import Resource  # noqa: PLC0415 (the same)

    nodes = after(outcome).nodes
    for node in nodes.values():
        provider = nodes.get(node.provider)
        region = node.inputs.get("region") or (provider.inputs.get("region") if provider is not None else "")
        yield Resource(
            urn=node.urn, type=node.type, name=node.name, region=str(region), inputs=node.inputs, sources=node.sources
        )


def _holdings(plan: Plan) -> Iterator[tuple[str, Holding]]:
    """What each bucket and each transfer task has to do with a dataset."""
    from infra.cost.rules import Holding  # noqa: PLC0415 (slow to import)
    from infra.residency.placement import PlacementRole  # noqa: PLC0415 (the same)

    for dataset in plan.datasets:
        name = dataset.dataset.name
        for it in dataset.placements:
            served = it.role is PlacementRole.PRIMARY
            yield it.bucket, Holding(dataset=name, shards=dataset.dataset.shards, served=served)
    for site in plan.sites:
        for backup in site.backups:
            # One bucket takes all shards, each under a prefix; a task fills one of these.
            name = backup.dataset.name
            yield backup.bucket, Holding(dataset=name, shards=1, served=False)
            for task in site.transfer.tasks if site.transfer is not None else ():
                if task.target == backup.bucket:
                    yield task.name, Holding(dataset=name, shards=backup.dataset.shards, served=False)


def _given(texts: Sequence[str]) -> dict[tuple[Size, str], Range]:
    """What `--size` says.

    Raises:
        Refused: It says nothing that can be used.
    """
    from infra.cost.sizes import Size, UnreadableError, size  # noqa: PLC0415 (slow to import)
    from infra.residency.findings import did_you_mean  # noqa: PLC0415 (the same)

    given: dict[tuple[Size, str], Range] = {}
    for text in texts:
        try:
            key, value = size(text)
        except UnreadableError as error:
            name = text.partition("=")[0].partition(".")[0]
            fix = did_you_mean(name, list(Size), "") if name not in set(Size) else ""
            raise Refused(str(error), given=text, allowed=error.allowed, fix=fix) from error
        given[key] = value
    return given


def _refuse_strangers(given: Mapping[tuple[Size, str], Range], plan: Plan) -> None:
    """Refuse the size of a dataset that is not there.

    Raises:
        Refused: One is.
    """
    from infra.residency.findings import did_you_mean  # noqa: PLC0415 (slow to import)

    datasets = [dataset.dataset.name for dataset in plan.datasets]
    for (size, dataset), value in given.items():
        if dataset and dataset not in datasets:
            raise Refused(
                f"there is no dataset {dataset!r}",
                given=f"{size}.{dataset} {value}",
                allowed=", ".join(datasets),
                fix=did_you_mean(dataset, datasets, "name one of these"),
            )


def _print(found: Estimate, stack: str, day: date) -> None:
    from rich.console import Console  # noqa: PLC0415 (a tenth of a second)
    from rich.table import Table  # noqa: PLC0415 (the same)

    total = found.total
    click.echo(f"usdata · stack {stack} · as of {day} · US dollars a month, list prices\n")
    click.echo(f"  COST       {_dollars(total.low)} to {_dollars(total.high)}")
    for it in found.unestimated:
        click.echo(f"  NOT IN IT  {it.resources} x {it.type}: {it.why}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("what")
    for title in ("units", "unit", "price", "from", "to"):
        table.add_column(title, justify="left" if title == "unit" else "right")
    for line in found.lines:
        price = str(line.price.low) if line.price.low == line.price.high else f"{line.price.low}-{line.price.high}"
        low, high = (_dollars(it) for it in (line.cost.low, line.cost.high))
        table.add_row(line.price.service, _units(line.quantity), line.price.unit, price, low, high)
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 240, highlight=False)
    with console.capture() as captured:
        console.print(table)
    click.echo()
    click.echo("\n".join(f"  {row}".rstrip() for row in captured.get().splitlines()), color=True)
    number = sum(found.uncharged.values())
    click.echo(f"\n  {number} other resources cost nothing themselves (--json names their types).")
    click.echo("\n  Assumed (--size NAME=LOW:HIGH says otherwise):")
    for text in found.assumed:
        click.echo(f"    {text}")
    click.echo("\n  Prices, by page and the day on which they are known to have stood:")
    for text in _pages(found):
        click.echo(f"    {text}")
    oldest = min((line.price.date for line in found.lines), default=day)
    if (day - oldest).days > _OLD_DAYS:
        click.echo(f"\n  The oldest price is of {oldest}: look it up anew (infra/facts/prices.json).")


def _pages(found: Estimate) -> Iterator[str]:
    pages: dict[str, list[date]] = {}
    for line in found.lines:
        pages.setdefault(line.price.page, []).append(line.price.date)
    for page, days in sorted(pages.items()):
        first, last = min(days), max(days)
        yield f"{page}  {first}" if first == last else f"{page}  {first} to {last}"


def _units(quantity: Range) -> str:
    low, high = (
        f"{it:,.0f}" if it >= _ROUND else f"{it:.3f}".rstrip("0").rstrip(".") for it in (quantity.low, quantity.high)
    )
    return low if low == high else f"{low} - {high}"


def _dollars(amount: Any) -> str:
    return f"${amount:,.2f}"
