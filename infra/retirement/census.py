"""Census: every version, delete marker and incomplete upload of a site, and one digest over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.residency.receipts import BucketCensus, Step, site_root
from infra.retirement.clients import explained
from infra.retirement.entry import Kind
from infra.retirement.errors import BadInputError
from infra.retirement.listing import list_uploads, list_versions
from infra.retirement.workfile import CENSUS, FRESH
from infra.retirement.writes import open_buckets

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile

THRESHOLD = 10_000_000
"""Entries beyond which one process should not list a site (hours, and 5 GB of work file): see `inventory`."""

OPEN = "open"
"""Under this name stand the buckets that took writes when the census was begun."""

_LISTINGS = ((Kind.VERSION, list_versions), (Kind.UPLOAD, list_uploads))


def take_census(
    job: Job,
    work: Workfile,
    s3: Any,
    *,
    threshold: int,
    clock: Callable[[], datetime],
    advance: Callable[[int], None],
) -> tuple[BucketCensus, ...]:
    """List the site, going on with a census that was interrupted and beginning anew after a finished one.

    What `compare` found out stays valid for entries that the new census finds unchanged.

    Raises:
        BadInputError: the site has more entries than `threshold`.
        UnfinishedError: a listing cannot be trusted, or the service did not answer.
    """
    if work.fact(CENSUS):
        with work.transaction():
            work.forget_listing(CENSUS)
            work.run("delete from deletion")
            for step in (CENSUS, OPEN, *(f"step.{name}" for name in Step)):
                work.note(step, None)
    if work.fact(OPEN) is None:
        found_open = open_buckets(job, s3)
        with work.transaction():
            work.note(OPEN, found_open)
    advance(work.count(CENSUS))
    list_site(job, work, s3, CENSUS, threshold=threshold, advance=advance)
    found = tuple(work.census(CENSUS, bucket) for bucket in job.buckets)
    with work.transaction():
        work.note(CENSUS, {"root": site_root(found), "buckets": [bucket.bucket for bucket in found]})
        work.note(f"step.{Step.CENSUS}", {"time": clock().isoformat(), "results": {}})
    return found


def list_site(
    job: Job,
    work: Workfile,
    s3: Any,
    listing: str,
    *,
    threshold: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """List all data buckets into the work file, going on where the same listing stopped.

    Raises:
        BadInputError: there are more entries than `threshold`.
        UnfinishedError: a listing cannot be trusted, or the service did not answer.
    """
    seen = work.count(listing)
    for bucket in job.buckets:
        for kind, pages in _LISTINGS:
            start, done = work.mark(listing, bucket, kind)
            if done:
                continue
            with explained(f"listing {kind}s of {bucket}"):
                for page in pages(s3, bucket, job.scope.account_id, start):
                    work.add_page(listing, bucket, kind, page)
                    advance(len(page.entries))
                    seen += len(page.entries)
                    if threshold is not None and seen > threshold:
                        raise BadInputError(
                            f"the site has more than {threshold:,} entries; read its inventory reports instead: "
                            "census --inventory (docs/retirement.md)"
                        )


def noted_census(job: Job, work: Workfile) -> tuple[BucketCensus, ...]:
    """The finished census in the work file, its roots computed anew from its rows.

    Raises:
        BadInputError: there is none, or it is of other buckets.
    """
    noted = work.fact(CENSUS)
    if not noted:
        raise BadInputError("there is no finished census in the work file; run census first")
    if noted["buckets"] != list(job.buckets):
        raise BadInputError(
            f"the census is of {', '.join(noted['buckets'])}, the job names {', '.join(job.buckets)}; run census again"
        )
    if "inventory" in noted:
        found = tuple(BucketCensus(**one) for one in noted["inventory"])
    else:
        found = tuple(work.census(CENSUS, bucket) for bucket in job.buckets)
    if site_root(found) != noted["root"]:
        raise BadInputError("the work file was changed since its census; run census again")
    return found


def list_again(job: Job, work: Workfile, s3: Any) -> None:
    """List the site once more beside the census, from the beginning, to see what has changed since.

    Raises:
        UnfinishedError: a listing cannot be trusted, or the service did not answer.
    """
    with work.transaction():
        work.forget_listing(FRESH)
    list_site(job, work, s3, FRESH)
