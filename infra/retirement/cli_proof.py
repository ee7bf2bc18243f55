"""The commands that count a site and prove its copy: census, compare and drain."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from infra.retirement.cli_common import JOB, JSON, THREADS, WORK, World, command, opened, say, work_path
from infra.retirement.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.residency.receipts import BucketCensus
    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile


def _shard_digits(_: Any, __: Any, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-f]{1,3}", value):
        raise click.BadParameter(f"given {value!r}; allowed: one to three hexadecimal digits, like 0 or a3")
    return value


_SHARD = click.option(
    "--shard", callback=_shard_digits, help="Only the entries whose digests begin with these 1 to 3 hexadecimal digits."
)


@command(
    "census",
    *(JOB, WORK, JSON),
    click.option("--threshold", type=click.IntRange(1), help="Most entries to list.  [default: 10,000,000]"),
    click.option(
        "--inventory",
        type=click.Choice(["duckdb", "spark"]),
        help="Read S3's inventory reports with this engine instead of listing: for a site above the threshold.",
    ),
    _SHARD,
)
def census(
    world: World,
    *,
    job_file: Path,
    work: Path,
    as_json: bool,
    threshold: int | None,
    inventory: str | None,
    shard: str | None,
) -> None:
    """Count every version, marker and upload; print the root."""
    if inventory:
        _inventory_census(world, job_file=job_file, work=work, as_json=as_json, engine_name=inventory, shard=shard)
        return
    if shard:
        raise BadInputError("--shard: a census is cut into shards only with --inventory")
    from infra.retirement.census import OPEN, THRESHOLD, take_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above

    with opened(job_file, work) as (job, file):
        s3 = legacy_client(job, "s3")
        check_place(job, s3)
        with progress(world.stderr, "census", None) as advance:
            found = take_census(job, file, s3, threshold=threshold or THRESHOLD, clock=world.clock, advance=advance)
        took_writes = file.fact(OPEN)
    _say_census(found, took_writes, as_json=as_json)


def _inventory_census(
    world: World, *, job_file: Path, work: Path, as_json: bool, engine_name: str, shard: str | None
) -> None:
    from infra.retirement.census import OPEN  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client  # noqa: PLC0415 - as above
    from infra.retirement.engines import EngineName, engine  # noqa: PLC0415 - as above
    from infra.retirement.inventory import take_inventory_census, take_shard  # noqa: PLC0415 - as above

    with opened(job_file, work, shard) as (job, file):
        if job.reports_bucket is None:
            raise BadInputError(f"{job_file}: reportsBucket: is missing; --inventory reads the reports from there")
        s3 = legacy_client(job, "s3")
        check_place(job, s3)
        folder = work_path(job, work, None).with_suffix(".reports")
        with engine(EngineName(engine_name)) as running:
            if shard:
                found = take_shard(
                    *(job, file, s3, running), reports=job.reports_bucket, folder=folder, shard=shard, clock=world.clock
                )
            else:
                found = take_inventory_census(
                    *(job, file, s3, running), reports=job.reports_bucket, folder=folder, clock=world.clock
                )
        took_writes = file.fact(OPEN)
    _say_census(found, took_writes, as_json=as_json)


def _say_census(found: tuple[BucketCensus, ...], took_writes: list[str], *, as_json: bool) -> None:
    from infra.residency.receipts import site_root  # noqa: PLC0415 - as above

    root = site_root(found)
    value = {
        "censusRoot": root,
        "openBuckets": took_writes,
        "buckets": {
            b.bucket: {
                "root": b.root,
                "versions": b.versions,
                "markers": b.markers,
                "uploads": b.uploads,
                "bytes": b.size,
            }
            for b in found
        },
    }
    lines = [f"census {root}"]
    lines += [
        f"  {b.bucket}: {b.versions:,} versions ({b.size:,} bytes), {b.markers:,} delete markers, {b.uploads:,} uploads"
        for b in found
    ]
    if took_writes:
        lines.append(f"  {', '.join(took_writes)} took writes meanwhile: good for a look, but it permits no wipe")
    say(value, lines, as_json=as_json)


@command(
    "compare",
    *(JOB, WORK, THREADS, JSON, _SHARD),
    click.option("--combine", is_flag=True, help="Accept the comparisons of all shards in the work folder as one."),
)
def compare(
    world: World, *, job_file: Path, work: Path, threads: int, as_json: bool, shard: str | None, combine: bool
) -> None:
    """Prove that Oracle Cloud has all of it, byte for byte."""
    if combine:
        _combine(world, job_file=job_file, work=work, as_json=as_json)
        return
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.compare import compare, summary  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above
    from infra.retirement.wipe import begun, settle  # noqa: PLC0415 - as above

    with opened(job_file, work, shard) as (job, file):
        noted_census(job, file)
        _listed_here(file, "compare")
        legacy = legacy_client(job, "s3", threads=threads)
        oracle = oracle_client(job, threads=threads)
        check_place(job, legacy)
        if begun(file):
            settle(job, file, legacy)
        total = int(summary(job, file)["uncovered"])
        with progress(world.stderr, "compare", total) as advance:
            found = compare(job, file, legacy, oracle, threads=threads, clock=world.clock, advance=advance)
    _say_comparison(job, found, as_json=as_json)


def _combine(world: World, *, job_file: Path, work: Path, as_json: bool) -> None:
    from infra.retirement.inventory import combine  # noqa: PLC0415 - as above
    from infra.retirement.workfile import open_workfile  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        job, file = stack.enter_context(opened(job_file, work))
        paths = sorted(work_path(job, work, None).parent.glob(f"{job.scope.site}.*.sqlite"))
        shards = [stack.enter_context(open_workfile(path)) for path in paths]
        found = combine(job, file, shards, clock=world.clock)
    _say_comparison(job, found, as_json=as_json)


def _listed_here(file: Workfile, step: str) -> None:
    """Refuse a step that needs the rows of the census where the file has only its root."""
    if "inventory" in (file.fact("census") or {}):
        raise BadInputError(
            f"this census comes from inventory reports: {step} works on its shards (--shard), made with census "
            "--inventory --shard; docs/retirement.md says how"
        )


def _say_comparison(job: Job, found: Mapping[str, int | str], *, as_json: bool) -> None:
    lines = [f"same content in Oracle Cloud: {found['same']:,} of {found['mustBeCovered']:,} versions ({job.covers})"]
    if found["underAnotherKey"]:
        lines.append(
            f"  {found['underAnotherKey']:,} are not encrypted under the site's key: only deletion removes them"
        )
    say(found, lines, as_json=as_json)


@command(
    "drain",
    JOB,
    WORK,
    THREADS,
    JSON,
    _SHARD,
    click.option("--copy", is_flag=True, help="Copy; without it only say what would be."),
)
def drain(
    world: World, *, job_file: Path, work: Path, threads: int, as_json: bool, shard: str | None, copy: bool
) -> None:
    """Copy what compare did not find; overwrites nothing."""
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.drain import drain, plan_copies  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above

    with opened(job_file, work, shard) as (job, file):
        noted_census(job, file)
        _listed_here(file, "drain")
        restore = archive = size = 0
        for planned in plan_copies(job, file):
            restore += planned.restore_as is not None
            archive += planned.restore_as is None
            size += planned.entry.size
        value: dict[str, int | str] = {"restore": restore, "archive": archive, "bytes": size, "copied": 0}
        lines = [f"to copy: {restore:,} under their own keys, {archive:,} under the history prefix, {size:,} bytes"]
        if copy:
            legacy = legacy_client(job, "s3", threads=threads)
            oracle = oracle_client(job, threads=threads)
            check_place(job, legacy)
            with progress(world.stderr, "drain", restore + archive) as advance:
                value["copied"] = drain(job, file, legacy, oracle, threads=threads, advance=advance)
            lines = [f"copied {value['copied']:,} versions ({size:,} bytes); run compare to prove it"]
        else:
            lines.append("nothing was copied; give --copy to do it")
    say(value, lines, as_json=as_json)
