"""The commands that delete and that prove that nothing is left: wipe and verify-empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infra.retirement.cli_common import JOB, JSON, THREADS, WORK, World, command, opened, say
from infra.retirement.errors import BadInputError, RefusedError, UnfinishedError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from infra.retirement.job import Job


@command(
    "wipe",
    *(JOB, WORK, THREADS, JSON),
    click.option("--census", "root", help="The census root, or its first 8 digits or more, that you mean to delete."),
    click.option("--delete", is_flag=True, help="Delete; without it only say what would be."),
)
def wipe(
    world: World, *, job_file: Path, work: Path, threads: int, as_json: bool, root: str | None, delete: bool
) -> None:
    """Delete what the census lists, if receipts permit it."""
    from infra.residency.receipts import Step, site_root  # noqa: PLC0415 - as above
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.decide import refusals  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above
    from infra.retirement.wipe import find_holds, look, wipe  # noqa: PLC0415 - as above

    with opened(job_file, work) as (job, file):
        census = noted_census(job, file)
        if "inventory" in file.fact("census"):
            raise BadInputError(
                "this census comes from inventory reports: at that size the bucket's own lifecycle rules delete, which "
                "phase wipe of the stack puts there; verify-empty proves when they are done"
            )
        legacy = legacy_client(job, "s3", threads=threads)
        check_place(job, legacy)
        problems, receipt_root = _permitted(job, world.clock(), Step.COMPARISON)
        facts = look(
            *(job, file, legacy, oracle_client(job, threads=threads)),
            receipt_problems=problems,
            receipt_root=receipt_root,
            census_root=site_root(census),
            given_root=root if root and len(root) >= 8 else "",  # noqa: PLR2004 - as in `confirmCensus`
        )
        found = refusals(facts)
        if found:
            raise RefusedError("nothing was deleted:", *(f"  {line}" for line in found))
        held = find_holds(job, file, legacy, threads=threads)
        total = sum(b.versions + b.markers + b.uploads for b in census)
        value: dict[str, Any] = {
            "censusRoot": site_root(census),
            "entries": total,
            "held": held.entries,
            "legalHolds": held.legal_holds,
            "earliest": held.earliest,
            "allLegalFrom": held.latest,
            "deleted": 0,
        }
        lines = [
            f"this deletes data: {total:,} entries, {sum(b.size for b in census):,} bytes, census {site_root(census)}"
        ]
        if held.entries:
            lines.append(_say_held(held.entries, held.earliest, held.latest, held.legal_holds))
        if delete:
            with progress(world.stderr, "wipe", total) as advance:
                try:
                    value["deleted"] = wipe(
                        job, file, legacy, threads=threads, clock=world.clock, pause=world.wait, advance=advance
                    )
                except UnfinishedError as problem:
                    raise UnfinishedError(*problem.lines, *lines[1:], "run wipe again to go on") from None
            lines = [f"deleted {value['deleted']:,} entries; run verify-empty to prove that nothing is left"]
        else:
            lines.append("nothing was deleted; give --delete to do it")
    say(value, lines, as_json=as_json)


def _say_held(entries: int, earliest: str | None, latest: str | None, legal: int) -> str:
    dates = f"retained until {earliest} at the earliest, all of them free on {latest}" if earliest else "without a date"
    return f"  {entries:,} versions are held: {dates}" + (
        f"; {legal:,} under legal hold, which a person lifts" * bool(legal)
    )


def _permitted(job: Job, now: datetime, step: Any) -> tuple[tuple[str, ...], str]:
    """Why the signed receipts do not permit what rests on `step`, and the census root of the receipt that does."""
    from infra.residency.receipt_rules import permission  # noqa: PLC0415 - as above
    from infra.retirement.attest import chain_of  # noqa: PLC0415 - as above

    answer = permission(chain_of(job, now), step, buckets=frozenset(job.buckets), confirmed=job.confirm_census, now=now)
    if isinstance(answer, tuple):
        return tuple(str(refusal) for refusal in answer), ""
    return (), answer.census_root


@command(
    "verify-empty",
    *(JOB, WORK, JSON),
    click.option(
        "--settle",
        type=click.FloatRange(1),
        default=900.0,
        show_default=True,
        help="Seconds between the two listings: longer than any request that was on its way.",
    ),
)
def verify_empty(world: World, *, job_file: Path, work: Path, as_json: bool, settle: float) -> None:
    """Prove that nothing is left; look at the key."""
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client  # noqa: PLC0415 - as above
    from infra.retirement.empty import prove_empty  # noqa: PLC0415 - as above

    with opened(job_file, work) as (job, file):
        noted_census(job, file)
        s3 = legacy_client(job, "s3")
        check_place(job, s3)
        click.echo(f"listing twice, {settle:g} seconds apart", err=True)
        found = prove_empty(
            *(job, file, s3, legacy_client(job, "kms")), settle=settle, wait=world.wait, clock=world.clock
        )
    lines = [
        f"empty: {', '.join(job.buckets)}",
        f"  key {found['keyState']}, destroyed on: {found['keyDestroyedOn']}",
    ]
    say(found, lines, as_json=as_json)
