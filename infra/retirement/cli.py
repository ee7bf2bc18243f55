"""Command line of the retirement tool: one command a step; nothing is deleted or copied unless the command says so."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from infra.retirement.errors import BadInputError, RefusedError, RetirementError, UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from infra.residency.receipts import BucketCensus
    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a command takes from outside: the time, a way to wait, and where progress is shown."""

    clock: Callable[[], datetime] = _now
    wait: Callable[[float], None] = time.sleep
    stderr: TextIO = sys.stderr


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
            click.echo(_printable(line), err=True)
        sys.exit(problem.exit_code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def _commands() -> None:
    """Retire a legacy site: count it, prove its copy, delete it, prove it empty.

    Order: census, compare (drain where something is missing), attest, wipe, verify-empty, attest. Every step can be
    interrupted and run again. What it needs to know about the site stands in the job file (docs/retirement.md).
    """


_JOB = click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job file of the site."
)
_WORK = click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path(".retirement"),
    show_default=True,
    help="Folder of the work files; it will hold object names, which are user data.",
)
_THREADS = click.option(
    "--threads", type=click.IntRange(1, 256), default=16, show_default=True, help="Requests at once."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")


def _command(name: str, *options: Callable[[Any], Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command with these options; its function is called with the world first."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(**values: Any) -> None:
            function(click.get_current_context().obj, **values)

        decorated: Callable[..., Any] = run
        for option in reversed(options):
            decorated = option(decorated)
        _commands.command(name)(decorated)
        return function

    return register


@contextmanager
def _opened(job_file: Path, work: Path) -> Generator[tuple[Job, Workfile]]:
    from infra.retirement.job import load_job  # noqa: PLC0415 - each command loads what it needs
    from infra.retirement.workfile import open_workfile  # noqa: PLC0415 - the same

    job = load_job(job_file)
    with open_workfile(work / job.scope.stack / f"{job.scope.site}.sqlite") as file:
        yield job, file


@_command(
    "census", _JOB, _WORK, _JSON, click.option("--threshold", type=click.IntRange(1), help="Most entries to list.")
)
def _census(world: World, *, job_file: Path, work: Path, as_json: bool, threshold: int | None) -> None:
    """List every version, delete marker and incomplete upload; print the census root."""
    from infra.retirement.census import OPEN, THRESHOLD, take_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
        s3 = legacy_client(job, "s3")
        check_place(job, s3)
        with progress(world.stderr, "census", None) as advance:
            found = take_census(job, file, s3, threshold=threshold or THRESHOLD, clock=world.clock, advance=advance)
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
    _say(value, lines, as_json=as_json)


@_command("compare", _JOB, _WORK, _THREADS, _JSON)
def _compare(world: World, *, job_file: Path, work: Path, threads: int, as_json: bool) -> None:
    """Prove that everything of the census is in Oracle Cloud with the same content."""
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.compare import compare, summary  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above
    from infra.retirement.wipe import begun, settle  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
        noted_census(job, file)
        legacy = legacy_client(job, "s3", threads=threads)
        oracle = oracle_client(job, threads=threads)
        check_place(job, legacy)
        if begun(file):
            settle(job, file, legacy)
        total = int(summary(job, file)["uncovered"])
        with progress(world.stderr, "compare", total) as advance:
            found = compare(job, file, legacy, oracle, threads=threads, clock=world.clock, advance=advance)
    lines = [f"same content in Oracle Cloud: {found['same']:,} of {found['mustBeCovered']:,} versions ({job.covers})"]
    if found["underAnotherKey"]:
        lines.append(
            f"  {found['underAnotherKey']:,} are not encrypted under the site's key: only deletion removes them"
        )
    _say(found, lines, as_json=as_json)


@_command(
    "drain",
    _JOB,
    _WORK,
    _THREADS,
    _JSON,
    click.option("--copy", is_flag=True, help="Copy; without it only say what would be."),
)
def _drain(world: World, *, job_file: Path, work: Path, threads: int, as_json: bool, copy: bool) -> None:
    """Copy to Oracle Cloud what compare did not find there; never overwrites an object."""
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.drain import drain, plan_copies  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
        noted_census(job, file)
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
    _say(value, lines, as_json=as_json)


@_command(
    "wipe",
    *(_JOB, _WORK, _THREADS, _JSON),
    click.option("--census", "root", help="The census root, or its first 8 digits or more, that you mean to delete."),
    click.option("--delete", is_flag=True, help="Delete; without it only say what would be."),
)
def _wipe(
    world: World, *, job_file: Path, work: Path, threads: int, as_json: bool, root: str | None, delete: bool
) -> None:
    """Delete what the census lists, if signed receipts and both clouds still agree with it."""
    from infra.residency.receipts import Step, site_root  # noqa: PLC0415 - as above
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client, oracle_client  # noqa: PLC0415 - as above
    from infra.retirement.decide import refusals  # noqa: PLC0415 - as above
    from infra.retirement.progress import progress  # noqa: PLC0415 - as above
    from infra.retirement.wipe import find_holds, look, wipe  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
        census = noted_census(job, file)
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
    _say(value, lines, as_json=as_json)


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


@_command(
    "verify-empty",
    *(_JOB, _WORK, _JSON),
    click.option(
        "--settle",
        type=click.FloatRange(1),
        default=900.0,
        show_default=True,
        help="Seconds between the two listings: longer than any request that was on its way.",
    ),
)
def _verify_empty(world: World, *, job_file: Path, work: Path, as_json: bool, settle: float) -> None:
    """Prove that nothing is left, with two listings, and look at the key."""
    from infra.retirement.census import noted_census  # noqa: PLC0415 - as above
    from infra.retirement.clients import check_place, legacy_client  # noqa: PLC0415 - as above
    from infra.retirement.empty import prove_empty  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
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
    _say(found, lines, as_json=as_json)


@_commands.group("attest")
def _attest() -> None:
    """Write, sign and check the receipts of finished steps."""


_RECEIPTS = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_KEY = click.option(
    "--key", required=True, type=click.Path(path_type=Path), help="Your ed25519 private key (PEM, PKCS#8)."
)


@_attest.command("write")
@_JOB
@_WORK
@_JSON
def _attest_write(*, job_file: Path, work: Path, as_json: bool) -> None:
    """Write an unsigned receipt for each finished step that has none."""
    from infra.retirement.attest import write_receipts  # noqa: PLC0415 - as above

    with _opened(job_file, work) as (job, file):
        written = [str(path) for path in write_receipts(job, file)]
    _say(
        {"written": written},
        [f"wrote {path}; have it signed" for path in written] or ["nothing to write"],
        as_json=as_json,
    )


@_attest.command("sign")
@_RECEIPTS
@_KEY
@_JSON
def _attest_sign(*, files: tuple[Path, ...], key: Path, as_json: bool) -> None:
    """Sign receipts after showing what they say; runs on a machine without a network."""
    from infra.retirement.attest import read_stored, sign_file  # noqa: PLC0415 - as above
    from infra.retirement.signing import load_private_key  # noqa: PLC0415 - as above

    for path in files:
        for line in _summary(read_stored(path).receipt):
            click.echo(_printable(line), err=True)
    private = load_private_key(key, _passphrase(key))
    signed = [str(sign_file(path, private).path) for path in files]
    _say({"signed": signed}, [f"signed {path}" for path in signed], as_json=as_json)


def _passphrase(key: Path) -> bytes | None:
    if not key.is_file():
        raise BadInputError(f"{key}: no such file")
    if b"ENCRYPTED" not in key.read_bytes():
        return None
    return str(click.prompt(f"passphrase of {key}", hide_input=True, err=True)).encode()


def _summary(receipt: Any) -> list[str]:
    scope = receipt.scope
    lines = [
        f"{receipt.step} of {scope.site} ({scope.region}, account {scope.account_id}), stack {scope.stack}",
        f"  census {receipt.census_root}, made {receipt.time.isoformat()}, stands until {receipt.expires.isoformat()}",
    ]
    lines += [
        f"  {b.bucket}: {b.versions:,} versions, {b.markers:,} markers, {b.uploads:,} uploads, {b.size:,} bytes"
        for b in receipt.buckets
    ]
    return [*lines, *(f"  {name}: {value}" for name, value in sorted(receipt.results.items()))]


@_attest.command("check")
@_JOB
@_JSON
@click.pass_obj
def _attest_check(world: World, *, job_file: Path, as_json: bool) -> None:
    """Check the site's receipts: signatures, chain, place and time."""
    from infra.retirement.attest import chain_of  # noqa: PLC0415 - as above
    from infra.retirement.job import load_job  # noqa: PLC0415 - as above

    chain = chain_of(load_job(job_file), world.clock())
    if chain.refusals:
        raise RefusedError(*(str(refusal) for refusal in chain.refusals))
    steps = [receipt.step.value for receipt in chain.receipts]
    root = chain.receipts[-1].census_root if chain.receipts else None
    lines = [f"{len(steps)} receipts, all believed: {', '.join(steps) or 'none'}", f"  last about census {root}"]
    _say({"receipts": steps, "censusRoot": root}, lines, as_json=as_json)


@_attest.command("public-key")
@_KEY
def _attest_public_key(*, key: Path) -> None:
    """Print the public half of a key as it stands under `signers` in the stack file."""
    from infra.retirement.signing import load_private_key, public_key_of, public_key_text  # noqa: PLC0415 - as above

    click.echo(public_key_text(public_key_of(load_private_key(key, _passphrase(key)))))


def _say(value: Mapping[str, object], lines: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(value, indent=2, sort_keys=True))
    else:
        for line in lines:
            click.echo(_printable(line))


def _printable(text: str) -> str:
    """The text without anything that could move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
