"""Comparison: the proof that every version of the census exists in Oracle Cloud with the same content.

Both sides are read to the end and digested (SHA-256); entity tags and sizes only decide what is worth reading. A
version is covered by an object under its own key, or by one under the history prefix, where `drain` puts what may not
appear under its key. What was proved stays proved as long as Oracle Cloud lists the same object (key, size, entity
tag) and the site the same version: a rerun reads only what is new or has changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.residency.receipts import Step
from infra.retirement.census import OPEN
from infra.retirement.clients import explained
from infra.retirement.errors import RefusedError
from infra.retirement.oracle import covered_condition, history_key, list_oracle, look_up_oracle, oracle_object, route_of
from infra.retirement.parallel import in_parallel
from infra.retirement.reading import Reader, to_the_end
from infra.retirement.workfile import CENSUS, SHARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from infra.retirement.entry import Entry
    from infra.retirement.job import Covers, Job, Route
    from infra.retirement.workfile import Workfile

_CHUNK = 1 << 20
_COMMIT = 200
_EXAMPLES = 5


class Outcome(StrEnum):
    """What the comparison found for one version."""

    SAME = "same"
    MISSING = "missing"
    DIFFERENT = "different"
    UNROUTED = "unrouted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An object in Oracle Cloud as it was listed."""

    bucket: str
    key: str
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found for one version; `place` is where the same content is, `encryption` the legacy side's key."""

    outcome: Outcome
    digest: str = ""
    place: Place | None = None
    encryption: str = ""


def uncovered_condition(covers: Covers) -> str:
    """The SQL condition on an entry `e` that is still there and has to be covered, and is not as far as anyone knows.

    What was deleted already needs no copy any more: its user may have deleted it in Oracle Cloud since.
    """
    return f"{covered_condition(covers)} and not {_PROVED} and not {DELETED}"


DELETED = "exists (select 1 from deletion d where (d.bucket, d.leaf) = (e.bucket, e.leaf) and d.state = 'gone')"
"""The SQL condition on an entry `e` that this work file has deleted for certain."""

_PROVED = (
    "exists (select 1 from verdict v join entry o"
    " on (o.listing, o.bucket, o.key, o.checksum) = ('oracle', v.oracle_bucket, v.oracle_key, v.etag)"
    " where v.bucket = e.bucket and v.leaf = e.leaf and v.outcome = 'same')"
)


def count_uncovered(job: Job, work: Workfile) -> int:
    """How many versions of the census are not known to be covered by what `list_oracle` listed last."""
    return work.count(CENSUS, uncovered_condition(job.covers))


def compare(
    job: Job,
    work: Workfile,
    legacy: Any,
    oracle: Any,
    *,
    threads: int,
    clock: Callable[[], datetime],
    advance: Callable[[int], None],
) -> dict[str, int | str]:
    """Prove that everything which must be covered is, and note it as a finished step; returns what was found.

    Raises:
        RefusedError: something is missing or different in Oracle Cloud (`drain` copies it there), or could have been
            written since the census was begun.
        UnfinishedError: a service did not answer.
    """
    with work.transaction():
        work.note(f"step.{Step.COMPARISON}", None)
    if work.fact(SHARD):
        look_up_oracle(job, work, oracle, threads=threads)
    else:
        list_oracle(job, work, oracle)
    batch: list[tuple[object, ...]] = []
    judge = partial(_judge, job, Reader(legacy), Reader(oracle))
    for task, verdict in in_parallel(judge, _tasks(job, work), threads):
        place = verdict.place or Place(bucket="", key="", checksum="")
        batch.append(
            (
                *(task.bucket, task.entry.leaf, verdict.outcome, verdict.digest),
                *(place.bucket, place.key, place.checksum, verdict.encryption),
            )
        )
        if len(batch) >= _COMMIT:
            _note_verdicts(work, batch)
            advance(len(batch))
            batch = []
    _note_verdicts(work, batch)
    advance(len(batch))
    return _conclude(job, work, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One version to judge: the objects of its size that could cover it, and whether its key exists at all."""

    bucket: str
    entry: Entry
    route: Route | None
    places: tuple[Place, ...]
    present: bool


def _tasks(job: Job, work: Workfile) -> Iterator[_Task]:
    for bucket in job.buckets:
        for entry in work.each_entry(bucket, uncovered_condition(job.covers)):
            route = route_of(job, bucket, entry.key)
            places: list[Place] = []
            present = False
            if route:
                for key in (entry.key.removeprefix(route.prefix), history_key(job, entry)):
                    for size, checksum in oracle_object(work, route, key):
                        present = True
                        if size == entry.size:
                            places.append(Place(bucket=route.bucket, key=key, checksum=checksum))
            yield _Task(bucket=bucket, entry=entry, route=route, places=tuple(places), present=present)


def _judge(job: Job, legacy: Reader, oracle: Reader, task: _Task) -> Verdict:
    if task.route is None:
        return Verdict(outcome=Outcome.UNROUTED)
    if not task.places:
        return Verdict(outcome=Outcome.DIFFERENT if task.present else Outcome.MISSING)
    with explained(f"comparing {task.entry.key!r} of {task.bucket}"):
        digest, encryption = read_legacy(job, legacy, task.bucket, task.entry)
        for place in task.places:
            if _read_oracle(oracle, place, task.entry.size) == digest:
                return Verdict(outcome=Outcome.SAME, digest=digest, place=place, encryption=encryption)
    return Verdict(outcome=Outcome.DIFFERENT, digest=digest, encryption=encryption)


def read_legacy(job: Job, legacy: Reader, bucket: str, entry: Entry) -> tuple[str, str]:
    """The digest of a version's content and the key that encrypts it (`none` where there is no KMS key)."""

    def ask() -> Any:
        return legacy.get_object(
            Bucket=bucket, Key=entry.key, VersionId=entry.version, ExpectedBucketOwner=job.scope.account_id
        )

    digest, answer = _digest(ask, entry.size, f"{bucket}: {entry.key!r} version {entry.version}")
    return digest, str(answer.get("SSEKMSKeyId", "none"))


def _read_oracle(oracle: Reader, place: Place, size: int) -> str | None:
    """The digest of an object, or None if it is no longer the one that was listed."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients, not with `--help`

    def ask() -> Any:
        return oracle.get_object(Bucket=place.bucket, Key=place.key, IfMatch=f'"{place.checksum}"')

    try:
        return _digest(ask, size, f"{place.bucket}: {place.key!r}")[0]
    except ClientError as problem:
        answer: Any = problem.response
        if answer["Error"]["Code"] in ("PreconditionFailed", "412", "NoSuchKey", "404"):
            return None
        raise


def _digest(ask: Callable[[], Any], size: int, what: str) -> tuple[str, dict[str, Any]]:
    """The digest of a body, with its answer; memory stays at one chunk."""

    def take(body: Any) -> tuple[int, str]:
        digest, length = hashlib.sha256(), 0
        for chunk in body.iter_chunks(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
        return length, digest.hexdigest()

    return to_the_end(ask, take, size, what)


def _note_verdicts(work: Workfile, batch: list[tuple[object, ...]]) -> None:
    with work.transaction():
        work.run("insert or replace into verdict values (?, ?, ?, ?, ?, ?, ?, ?)", batch)


def _conclude(job: Job, work: Workfile, clock: Callable[[], datetime]) -> dict[str, int | str]:
    results = summary(job, work)
    if results["uncovered"]:
        examples = [
            f"{bucket}: {entry.key!r} version {entry.version}"
            for bucket in job.buckets
            for entry in work.entries(bucket, uncovered_condition(job.covers), None, _EXAMPLES)
        ][:_EXAMPLES]
        kinds = ", ".join(f"{results[kind]} {kind}" for kind in Outcome if kind is not Outcome.SAME and results[kind])
        raise RefusedError(
            f"{results['uncovered']} of {results['mustBeCovered']} versions are not in Oracle Cloud with the same "
            f"content ({kinds}); drain copies what is missing or different, an unrouted key needs a route in the job",
            *(f"  for example {example}" for example in examples),
        )
    if took_writes := work.fact(OPEN):
        raise RefusedError(
            f"everything is in Oracle Cloud ({results['same']} of {results['mustBeCovered']} versions), but "
            f"{', '.join(took_writes)} still took writes when the census was begun: something may have come since; "
            "move the site to phase drain, then run census and compare again (nothing is read twice)"
        )
    with work.transaction():
        work.note(f"step.{Step.COMPARISON}", {"time": clock().isoformat(), "results": results})
    return results


def summary(job: Job, work: Workfile) -> dict[str, int | str]:
    """What the comparison has found so far, as the receipt will say it."""
    covered = covered_condition(job.covers)
    judged = "exists (select 1 from verdict v where v.bucket = e.bucket and v.leaf = e.leaf and"
    outcomes = {
        outcome.value: work.count(CENSUS, f"{covered} and {judged} v.outcome = '{outcome.value}')")
        for outcome in Outcome
    }
    return {
        "covers": job.covers.value,
        "mustBeCovered": work.count(CENSUS, covered),
        "uncovered": count_uncovered(job, work),
        **outcomes,
        "underAnotherKey": count_under_another_key(job, work),
    }


def count_under_another_key(job: Job, work: Workfile) -> int:
    """How many versions of the census the comparison saw under no key or one that is not the site's."""
    combined = work.fact(f"step.{Step.COMPARISON}")
    if combined and "shards" in combined["results"]:
        return int(combined["results"]["underAnotherKey"])
    judged = (
        "exists (select 1 from verdict v where v.bucket = e.bucket and v.leaf = e.leaf and v.encryption not in ('', ?))"
    )
    return work.count(CENSUS, judged, job.key_arn)
