"""What Oracle Cloud holds now, and where a version of the site belongs there.

A whole site is compared with whole listings. A shard of one asks for each of its keys: the keys of a shard are spread
over all listings, so that listing would read what a hundred other shards read too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from infra.retirement.clients import explained
from infra.retirement.entry import Entry, Kind
from infra.retirement.job import Covers
from infra.retirement.listing import list_current
from infra.retirement.pages import Mark, Page
from infra.retirement.parallel import in_parallel
from infra.retirement.workfile import ORACLE

if TYPE_CHECKING:
    from infra.retirement.job import Job, Route
    from infra.retirement.workfile import Workfile

HISTORY = "legacy-history"
"""Prefix in Oracle Cloud under which versions are kept that are nobody's current object."""

_COMMIT = 200


def route_of(job: Job, bucket: str, key: str) -> Route | None:
    """The route with the longest prefix that the key begins with."""
    return next((route for route in job.buckets[bucket] if key.startswith(route.prefix)), None)


def history_key(job: Job, entry: Entry) -> str:
    """Where a version is kept that may not appear under its key; its own digest names it, so copying twice is once."""
    return f"{HISTORY}/{job.scope.site}/{entry.leaf}"


def covered_condition(covers: Covers) -> str:
    """The SQL condition on an entry `e` of the census that must be found in Oracle Cloud."""
    match covers:
        case Covers.EVERY_VERSION:
            return "e.kind = 'version'"
        case Covers.CURRENT_VERSION:
            return "e.kind = 'version' and e.latest"


def list_oracle(job: Job, work: Workfile, oracle: Any) -> None:
    """List what Oracle Cloud holds now, from the beginning.

    Raises:
        UnfinishedError: a listing cannot be trusted, or the service did not answer.
    """
    with work.transaction():
        work.forget_listing(ORACLE)
    for bucket in sorted({route.bucket for routes in job.buckets.values() for route in routes}):
        with explained(f"listing {bucket} in Oracle Cloud"):
            for page in list_current(oracle, bucket):
                work.add_page(ORACLE, bucket, Kind.VERSION, page)


def look_up_oracle(job: Job, work: Workfile, oracle: Any, *, threads: int) -> None:
    """Ask Oracle Cloud for the objects that could cover the entries of a shard, one by one: most keys are not its own.

    Raises:
        UnfinishedError: the service did not answer.
    """
    with work.transaction():
        work.forget_listing(ORACLE)
    for bucket in job.buckets:
        entries = work.each_entry(bucket, covered_condition(job.covers))
        batch: list[tuple[str, Entry]] = []
        for _, found in in_parallel(partial(_candidates, job, oracle, bucket), entries, threads):
            batch += found
            if len(batch) >= _COMMIT:
                _note_candidates(work, batch)
                batch = []
        _note_candidates(work, batch)


def _note_candidates(work: Workfile, batch: list[tuple[str, Entry]]) -> None:
    for place in {place for place, _ in batch}:
        entries = tuple(entry for found, entry in batch if found == place)
        work.add_page(ORACLE, place, Kind.VERSION, Page(entries=entries, after=Mark(key="", version="")))


def _candidates(job: Job, oracle: Any, bucket: str, entry: Entry) -> list[tuple[str, Entry]]:
    """What Oracle Cloud holds under the version's own key and under its history key, with the bucket's name."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    route = route_of(job, bucket, entry.key)
    found: list[tuple[str, Entry]] = []
    for key in (entry.key.removeprefix(route.prefix), history_key(job, entry)) if route else ():
        with explained(f"looking for {key!r} of {bucket} in Oracle Cloud"):
            try:
                answer = oracle.head_object(Bucket=route.bucket, Key=key) if route and key else None
            except ClientError as problem:
                response: Any = problem.response
                if response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004 - no such object
                    raise
                continue
        if route and answer:
            size, checksum = int(answer["ContentLength"]), str(answer["ETag"]).strip('"')
            there = Entry(kind=Kind.VERSION, key=key, version="current", size=size, checksum=checksum, latest=True)
            found.append((route.bucket, there))
    return found


def oracle_object(work: Workfile, route: Route, key: str) -> list[tuple[int, str]]:
    """Size and entity tag of an object in Oracle Cloud as it was listed last; empty if there is none."""
    sql = "select size, checksum from entry where (listing, bucket, key) = ('oracle', ?, ?)"
    return work.rows(sql, route.bucket, key)
