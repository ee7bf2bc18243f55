"""Census from S3 Inventory reports, for sites that are too large to be listed by one process.

S3 writes a list of all versions and delete markers of a bucket as Parquet files with a manifest (user guide, "Amazon S3
Inventory"); incomplete uploads are in no report and are listed. DuckDB or Spark computes the same root from it as a
listing gives. A report is a snapshot that may lack what was written shortly before it, so it counts only if it was made
a day or more after this tool first saw that the buckets take no writes.

To be compared, such a site is cut into shards by the first digits of its entries' digests. A shard has a work file of
its own, so that many machines can compare and drain; `combine` accepts their results only if the shards' nodes together
give the root of the census: none is missing, none is there twice, none is of another census.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from infra.residency.receipts import BucketCensus, Step, site_root
from infra.retirement import merkle, sql
from infra.retirement.census import OPEN
from infra.retirement.clients import explained
from infra.retirement.entry import Entry, Kind
from infra.retirement.errors import BadInputError, RefusedError
from infra.retirement.listing import list_uploads
from infra.retirement.pages import Mark, Page
from infra.retirement.workfile import CENSUS, SHARD
from infra.retirement.writes import open_buckets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from infra.retirement.engines import Engine
    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile

SETTLED = timedelta(days=1)
"""How long after the last possible write a report must have been made to be believed complete."""

_CLOSED_SINCE = "closedSince"
_MANIFEST = re.compile(r".*/\d{4}-\d\d-\d\dT\d\d-\d\dZ/manifest\.json")
_COLUMNS = ("key", "version_id", "is_latest", "is_delete_marker", "size", "e_tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report: when S3 made it, and its files in the reports bucket with their MD5."""

    bucket: str
    made: datetime
    files: tuple[tuple[str, str], ...]


def latest_report(job: Job, s3: Any, reports: str, bucket: str) -> Report:
    """The newest report about a bucket in the bucket `reports`, under the bucket's name as the stack configures it.

    Raises:
        BadInputError: there is none, or the newest is not whole, of another bucket, or without a column we need.
        UnfinishedError: the service did not answer.
    """
    with explained(f"looking for inventory reports in {reports}"):
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=reports, Prefix=f"{bucket}/{bucket}/", ExpectedBucketOwner=job.scope.account_id
        )
        keys = [item["Key"] for page in pages for item in page.get("Contents", ()) if _MANIFEST.fullmatch(item["Key"])]
    if not keys:
        raise BadInputError(
            f"{reports}: no inventory report about {bucket} yet; S3 writes the first one within 48 hours"
        )
    path = max(keys, key=lambda key: str(key).rsplit("/", 2)[1])
    text = _read(job, s3, reports, path)
    checksum = _read(job, s3, reports, path.removesuffix("json") + "checksum").decode("ascii", "replace").strip()
    if hashlib.md5(text, usedforsecurity=False).hexdigest() != checksum:
        raise BadInputError(f"{reports}/{path}: its checksum file says {checksum}; it is not whole, wait for the next")
    manifest = json.loads(text)
    schema = str(manifest.get("fileSchema", ""))
    lacking = [column for column in _COLUMNS if not re.search(rf"\b{column}\b", schema)]
    if manifest.get("fileFormat") != "Parquet" or lacking:
        raise BadInputError(
            f"{reports}/{path}: format {manifest.get('fileFormat')}, without {', '.join(lacking) or 'nothing'}; "
            "a Parquet report of all versions with size and entity tag is needed, as the stack configures it"
        )
    if manifest.get("sourceBucket") != bucket:
        raise BadInputError(f"{reports}/{path}: it is about {manifest.get('sourceBucket')}, not {bucket}")
    return Report(
        bucket=bucket,
        made=datetime.fromtimestamp(int(manifest["creationTimestamp"]) / 1000, UTC),
        files=tuple((str(file["key"]), str(file["MD5checksum"])) for file in manifest["files"]),
    )


def _read(job: Job, s3: Any, bucket: str, key: str) -> bytes:
    with explained(f"reading {key!r} of {bucket}"):
        answer = s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=job.scope.account_id)
        body: bytes = answer["Body"].read()
    return body


def fetch(job: Job, s3: Any, reports: str, report: Report, folder: Path) -> list[str]:
    """The report's files on this machine, each checked against its MD5; what is there already is not fetched again.

    Raises:
        BadInputError: a file is not what the manifest says.
        UnfinishedError: the service did not answer.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths: list[str] = []
    for key, checksum in report.files:
        path = folder / f"{checksum}.parquet"
        if not path.is_file():
            draft = path.with_suffix(".new")
            with explained(f"reading {key!r} of {reports}"):
                s3.download_file(reports, key, str(draft), ExtraArgs={"ExpectedBucketOwner": job.scope.account_id})
            with draft.open("rb") as file:
                found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            if found != checksum:
                raise BadInputError(
                    f"{reports}/{key}: MD5 {found}, the manifest says {checksum}; wait for the next report"
                )
            draft.replace(path)
        paths.append(str(path))
    return paths


def take_inventory_census(
    job: Job, work: Workfile, s3: Any, engine: Engine, *, reports: str, folder: Path, clock: Callable[[], datetime]
) -> tuple[BucketCensus, ...]:
    """Compute the census from the newest reports, and note it as finished.

    Raises:
        BadInputError: a report is missing or not whole, or does not add up; all problems of one report at once.
        UnfinishedError: a service did not answer.
    """
    still_open = set(open_buckets(job, s3))
    since = clock() if still_open or not work.fact(_CLOSED_SINCE) else datetime.fromisoformat(work.fact(_CLOSED_SINCE))
    with work.transaction():
        work.forget_listing(CENSUS)
        work.run("delete from deletion")
        for step in (CENSUS, *(f"step.{name}" for name in Step)):
            work.note(step, None)
        work.note(_CLOSED_SINCE, None if still_open else since.isoformat())
    found: list[BucketCensus] = []
    too_early: set[str] = set()
    for bucket in job.buckets:
        report = _load(job, s3, engine, reports=reports, bucket=bucket, folder=folder)
        if report.made < since + SETTLED:
            too_early.add(bucket)
        found.append(_census(engine, bucket))
    with work.transaction():
        work.note(OPEN, sorted(still_open | too_early))
        noted = {"root": site_root(found), "buckets": list(job.buckets), "inventory": [asdict(one) for one in found]}
        work.note(CENSUS, noted)
        work.note(f"step.{Step.CENSUS}", {"time": clock().isoformat(), "results": {"source": "inventory"}})
    return tuple(found)


def _load(job: Job, s3: Any, engine: Engine, *, reports: str, bucket: str, folder: Path) -> Report:
    """Make a bucket's entries known to the engine."""
    report = latest_report(job, s3, reports, bucket)
    engine.parquet(sql.REPORT, fetch(job, s3, reports, report, folder / bucket))
    with explained(f"listing uploads of {bucket}"):
        pages = list_uploads(s3, bucket, job.scope.account_id)
        engine.table(sql.UPLOADS, [(entry.key, entry.version) for page in pages for entry in page.entries])
    engine.view("entries", sql.ENTRIES)
    return report


def _census(engine: Engine, bucket: str) -> BucketCensus:
    ((rows, leaves, incomplete, versions, markers, uploads, size),) = engine.rows(sql.COUNTS)
    problems = [f"{bucket}: {key!r} version {version!r} is listed twice" for key, version in engine.rows(sql.TWICE)]
    if incomplete:
        problems.append(f"{bucket}: {incomplete} rows of the report lack a size, an entity tag or another field")
    elif rows != leaves and not problems:
        problems.append(f"{bucket}: {rows - leaves} rows of the report are repetitions")
    if problems:
        raise BadInputError(*problems, "the report does not add up; wait for the next one")
    root = next((str(digest) for (digest,) in engine.rows(sql.root())), merkle.root(()))
    return BucketCensus(bucket=bucket, root=root, versions=versions, markers=markers, uploads=uploads, size=int(size))


def take_shard(
    job: Job,
    work: Workfile,
    s3: Any,
    engine: Engine,
    *,
    reports: str,
    folder: Path,
    shard: str,
    clock: Callable[[], datetime],
) -> tuple[BucketCensus, ...]:
    """Fill a shard's work file with the entries whose digests begin with the shard's digits.

    Raises:
        BadInputError: a report is missing or not whole.
        UnfinishedError: a service did not answer.
    """
    with work.transaction():
        work.forget_listing(CENSUS)
        for name in (CENSUS, *(f"step.{step}" for step in Step)):
            work.note(name, None)
        work.note(SHARD, shard)
        work.note(OPEN, [])
    for bucket in job.buckets:
        _load(job, s3, engine, reports=reports, bucket=bucket, folder=folder)
        for entries in _thousands(engine.rows(sql.shard(shard))):
            work.add_page(CENSUS, bucket, Kind.VERSION, Page(entries=entries, after=Mark(key="", version="")))
    found = tuple(work.census(CENSUS, bucket) for bucket in job.buckets)
    with work.transaction():
        work.note(CENSUS, {"root": site_root(found), "buckets": list(job.buckets)})
        work.note(f"step.{Step.CENSUS}", {"time": clock().isoformat(), "results": {}})
    return found


def _thousands(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Entry, ...]]:
    batch: list[Entry] = []
    for kind, key, version, size, checksum, latest in rows:
        batch.append(
            Entry(kind=Kind(kind), key=key, version=version, size=size, checksum=checksum, latest=bool(latest))
        )
        if len(batch) == 1000:  # noqa: PLR2004 - as many as a page of a listing
            yield tuple(batch)
            batch = []
    yield tuple(batch)


def combine(
    job: Job, work: Workfile, shards: Sequence[Workfile], *, clock: Callable[[], datetime]
) -> dict[str, int | str]:
    """Accept the comparisons of shards as the comparison of the whole census, and note it as finished.

    Raises:
        BadInputError: the census is not from inventory reports, or the shards are not exactly its entries.
        RefusedError: a shard's comparison is not finished, or writes went on when the reports were made.
    """
    noted = work.fact(CENSUS)
    if not noted or "inventory" not in noted:
        raise BadInputError("shards are combined for a census from inventory reports; run census --inventory first")
    for expected in (BucketCensus(**one) for one in noted["inventory"]):
        nodes = sorted(node for shard in shards for node in merkle.nodes(shard.leaves(CENSUS, expected.bucket)))
        if merkle.root_of(nodes) != expected.root:
            raise BadInputError(
                f"{expected.bucket}: the {len(shards)} shards here do not give census root {expected.root[:12]}; one "
                "is missing, there twice, or of another report: run census --inventory --shard for each again"
            )
    finished = [(shard.fact(SHARD), shard.fact(f"step.{Step.COMPARISON}")) for shard in shards]
    unfinished = [str(name) for name, step in finished if not step]
    if unfinished:
        raise RefusedError(f"the comparison of shards {', '.join(sorted(unfinished))} is not finished")
    if took_writes := work.fact(OPEN):
        raise RefusedError(
            f"everything is in Oracle Cloud, but the reports of {', '.join(took_writes)} were made before, or less "
            "than a day after, this tool first saw that nothing can be written; wait for newer reports and repeat all"
        )
    results: dict[str, int | str] = {"covers": job.covers.value, "shards": len(shards)}
    for _, step in finished:
        for name, value in step["results"].items():
            if isinstance(value, int):
                results[name] = int(results.get(name, 0)) + value
    with work.transaction():
        work.note(f"step.{Step.COMPARISON}", {"time": clock().isoformat(), "results": results})
    return results
