"""Wipe: delete exactly what the census lists, version by version, and nothing that was written since.

Before the first request everything is checked that could have changed (`decide`). Data goes first and delete markers
last, so that no deleted key shows an older version meanwhile. Each batch is noted before it is sent and again when it
is answered; a batch that was sent and not answered is sent again, which changes nothing if it had arrived. What a
retention period or a legal hold protects is left alone, with the day on which it may go; no bypass of governance mode
is ever asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.residency.receipts import Step
from infra.retirement.census import list_again
from infra.retirement.clients import explained
from infra.retirement.compare import DELETED, count_uncovered
from infra.retirement.decide import DeletionFacts
from infra.retirement.entry import Entry, Kind
from infra.retirement.errors import UnfinishedError
from infra.retirement.oracle import list_oracle
from infra.retirement.parallel import in_parallel
from infra.retirement.workfile import CENSUS, FRESH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile

BATCH = 1000
_ROUNDS = 5
_NOT_IN_XML = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
"""Characters that the body of a batch request cannot carry, or that a parser would change; such keys go one by one."""

_GONE = ("NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Entries that may not be deleted yet, and from when on; None where a legal hold has to be lifted by a person."""

    entries: int
    earliest: str | None
    latest: str | None
    legal_holds: int


def look(
    job: Job,
    work: Workfile,
    legacy: Any,
    oracle: Any,
    *,
    receipt_problems: tuple[str, ...],
    receipt_root: str,
    census_root: str,
    given_root: str,
) -> DeletionFacts:
    """List both sides anew and say what has changed since census and comparison.

    Raises:
        UnfinishedError: a listing cannot be trusted, or a service did not answer.
    """
    settle(job, work, legacy)
    list_oracle(job, work, oracle)
    same = "(o.bucket, o.key, o.version, o.kind, o.leaf) = (e.bucket, e.key, e.version, e.kind, e.leaf)"
    known = f"exists (select 1 from entry o where o.listing = 'census' and {same})"  # noqa: S608 - own text
    listed = f"exists (select 1 from entry o where o.listing = 'fresh' and {same})"  # noqa: S608 - own text
    ours = "exists (select 1 from deletion d where (d.bucket, d.leaf) = (e.bucket, e.leaf))"
    return DeletionFacts(
        receipt_problems=receipt_problems,
        receipt_root=receipt_root,
        census_root=census_root,
        given_root=given_root,
        new_data=work.count(FRESH, f"e.kind <> 'marker' and not {known}"),
        new_markers=work.count(FRESH, f"e.kind = 'marker' and not {known}"),
        vanished=work.count(CENSUS, f"not {listed} and not {ours}"),
        expires=_everything_expires(job, legacy),
        uncovered=count_uncovered(job, work),
    )


def begun(work: Workfile) -> bool:
    """Whether this work file has sent anything of its census for deletion."""
    return bool(work.rows("select 1 from deletion limit 1"))


def settle(job: Job, work: Workfile, legacy: Any) -> None:
    """List the site anew, and note as deleted what was sent for deletion and is not listed any more.

    Raises:
        UnfinishedError: a listing cannot be trusted, or the service did not answer.
    """
    list_again(job, work, legacy)
    with work.transaction():
        work.run(
            "update deletion set state = 'gone' where state = 'sent'"
            " and (bucket, leaf) not in (select o.bucket, o.leaf from entry o where o.listing = 'fresh')"
        )


def _everything_expires(job: Job, legacy: Any) -> bool:
    """Whether each bucket has an enabled rule over all keys that expires current and non-current versions."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    for bucket in job.buckets:
        with explained(f"reading the lifecycle rules of {bucket}"):
            try:
                answer = legacy.get_bucket_lifecycle_configuration(
                    Bucket=bucket, ExpectedBucketOwner=job.scope.account_id
                )
            except ClientError as problem:
                response: Any = problem.response
                if response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
                    return False
                raise
        if not any(_expires_all(rule) for rule in answer["Rules"]):
            return False
    return True


def _expires_all(rule: dict[str, Any]) -> bool:
    filtered: dict[str, Any] = rule.get("Filter", {})
    everything = not rule.get("Prefix") and not any(filtered.values())
    both = "Days" in rule.get("Expiration", {}) and "NoncurrentVersionExpiration" in rule
    return rule["Status"] == "Enabled" and everything and both


def find_holds(job: Job, work: Workfile, legacy: Any, *, threads: int) -> Held:
    """Ask which versions a retention period or a legal hold protects, where the bucket has object lock at all.

    Raises:
        UnfinishedError: the service did not answer.
    """
    with work.transaction():
        work.run("delete from hold")
    for bucket in job.buckets:
        if not _locks_objects(job, legacy, bucket):
            continue
        ask = partial(_hold_of, job, legacy, bucket)
        for entry, (until, legal) in in_parallel(ask, work.each_entry(bucket, "e.kind = 'version'"), threads):
            if until or legal:
                with work.transaction():
                    work.run("insert into hold values (?, ?, ?, ?)", [(bucket, entry.leaf, until, legal)])
    held = " from hold h where not exists (select 1 from deletion d where (d.bucket, d.leaf) = (h.bucket, h.leaf))"
    ((entries, earliest, latest, legal),) = work.rows(
        "select count(*), min(nullif(until, '')), max(nullif(until, '')), coalesce(sum(legal), 0)" + held
    )
    return Held(entries=entries, earliest=earliest, latest=latest, legal_holds=legal)


def _locks_objects(job: Job, legacy: Any, bucket: str) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    with explained(f"asking whether {bucket} locks objects"):
        try:
            legacy.get_object_lock_configuration(Bucket=bucket, ExpectedBucketOwner=job.scope.account_id)
        except ClientError as problem:
            response: Any = problem.response
            if response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
                return False
            raise
    return True


def _hold_of(job: Job, legacy: Any, bucket: str, entry: Entry) -> tuple[str, int]:
    """Until when a version is retained (empty: not), and whether a legal hold is on it (1) or not (0)."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    with explained(f"asking for holds on {entry.key!r} of {bucket}"):
        try:
            answer = legacy.head_object(
                Bucket=bucket, Key=entry.key, VersionId=entry.version, ExpectedBucketOwner=job.scope.account_id
            )
        except ClientError as problem:
            response: Any = problem.response
            if response["Error"]["Code"] in _GONE:
                return "", 0
            raise
    until = answer.get("ObjectLockRetainUntilDate")
    return until.isoformat() if until else "", int(answer.get("ObjectLockLegalHoldStatus") == "ON")


def wipe(
    job: Job,
    work: Workfile,
    legacy: Any,
    *,
    threads: int,
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    advance: Callable[[int], None],
) -> int:
    """Delete what the census lists and nothing holds, going on where a run stopped; the caller has decided that it may.

    Returns:
        How many entries this run deleted.

    Raises:
        UnfinishedError: something was not deleted: held, refused by the service, or not answered.
    """
    now = clock()
    deleted = 0
    refused: dict[str, int] = {}
    for kind in (Kind.VERSION, Kind.UPLOAD, Kind.MARKER):
        for bucket in job.buckets:
            send = partial(_delete, job, legacy, bucket, pause)
            batches = _batches(work, bucket, kind, now.isoformat())
            for batch, errors in in_parallel(send, batches, threads, window=1):  # a batch is a thousand entries
                gone = [(bucket, entry.leaf) for entry in batch if entry.leaf not in errors]
                with work.transaction():
                    work.run("insert or replace into deletion values (?, ?, 'gone')", gone)
                deleted += len(gone)
                advance(len(gone))
                for code in errors.values():
                    refused[code] = refused.get(code, 0) + 1
    left = work.count(CENSUS, f"not {DELETED}")
    if left:
        codes = ", ".join(f"{count} {code}" for code, count in sorted(refused.items()))
        raise UnfinishedError(
            f"{deleted} entries deleted, {left} left" + (f"; refused by the service: {codes}" if codes else "")
        )
    with work.transaction():
        work.note(f"step.{Step.WIPE}", {"time": clock().isoformat(), "results": {"deleted": _deletions(work)}})
    return deleted


def _deletions(work: Workfile) -> int:
    return int(work.rows("select count(*) from deletion where state = 'gone'")[0][0])


def _batches(work: Workfile, bucket: str, kind: Kind, now: str) -> Iterator[list[Entry]]:
    """What is left of one kind, in batches that are noted as sent before they are given out."""
    free = (
        "not exists (select 1 from hold h where (h.bucket, h.leaf) = (e.bucket, e.leaf) and (h.legal or h.until > ?))"
    )
    last: Entry | None = None
    while batch := work.entries(bucket, f"e.kind = ? and not {DELETED} and {free}", last, BATCH, kind, now):
        with work.transaction():
            work.run("insert or ignore into deletion values (?, ?, 'sent')", [(bucket, entry.leaf) for entry in batch])
        yield batch
        last = batch[-1]


def _delete(job: Job, legacy: Any, bucket: str, pause: Callable[[float], None], batch: list[Entry]) -> dict[str, str]:
    """Delete a batch, again where the service asks for patience; the error code of each leaf that was not deleted."""
    waiting = {(entry.key, entry.version): entry for entry in batch}
    failed: dict[str, str] = {}
    errors: dict[Any, str] = {}
    with explained(f"deleting from {bucket}"):
        for attempt in range(_ROUNDS):
            if attempt:
                pause(float(2**attempt))
            together = [entry for entry in waiting.values() if _fits_a_batch(entry)]
            alone = [entry for entry in waiting.values() if not _fits_a_batch(entry)]
            errors = _delete_together(job, legacy, bucket, together) if together else {}
            for entry in alone:
                errors |= _delete_one(job, legacy, bucket, entry)
            errors = {waiting[place].leaf: code for place, code in errors.items() if code not in _GONE}
            failed |= {leaf: code for leaf, code in errors.items() if code not in _PATIENCE}
            waiting = {place: entry for place, entry in waiting.items() if errors.get(entry.leaf) in _PATIENCE}
            if not waiting:
                return failed
    return failed | {entry.leaf: errors[entry.leaf] for entry in waiting.values()}


_PATIENCE = ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "NoAnswer")


def _fits_a_batch(entry: Entry) -> bool:
    return entry.kind is not Kind.UPLOAD and not _NOT_IN_XML.search(entry.key)


def _delete_together(job: Job, legacy: Any, bucket: str, entries: list[Entry]) -> dict[tuple[str, str], str]:
    answer = legacy.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": entry.key, "VersionId": entry.version} for entry in entries], "Quiet": False},
        ExpectedBucketOwner=job.scope.account_id,
    )
    answered = {(item["Key"], item.get("VersionId", "null")) for item in answer.get("Deleted", ())}
    errors = {(item["Key"], item.get("VersionId", "null")): str(item["Code"]) for item in answer.get("Errors", ())}
    silent = {(entry.key, entry.version) for entry in entries} - answered - errors.keys()
    return errors | dict.fromkeys(silent, "NoAnswer")


def _delete_one(job: Job, legacy: Any, bucket: str, entry: Entry) -> dict[tuple[str, str], str]:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    try:
        if entry.kind is Kind.UPLOAD:
            legacy.abort_multipart_upload(
                Bucket=bucket, Key=entry.key, UploadId=entry.version, ExpectedBucketOwner=job.scope.account_id
            )
        else:
            legacy.delete_object(
                Bucket=bucket, Key=entry.key, VersionId=entry.version, ExpectedBucketOwner=job.scope.account_id
            )
    except ClientError as problem:
        response: Any = problem.response
        return {(entry.key, entry.version): str(response["Error"]["Code"])}
    return {}
