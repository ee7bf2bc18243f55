"""Proof of emptiness: two listings, a settled time apart, find nothing; and the key is the site's own, with its state.

Keys in AWS live in one region and are destroyed only after a waiting period of 7 to 30 days (AWS KMS, "Deleting
keys"); until then what was encrypted could be read again. So the proof says whether destruction is scheduled and when
it is final, and how many versions the comparison saw under another key or none: those are gone by deletion alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.residency.receipts import Step
from infra.retirement.clients import explained
from infra.retirement.compare import count_under_another_key
from infra.retirement.errors import RefusedError
from infra.retirement.listing import list_uploads, list_versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile

_EXAMPLES = 5


def prove_empty(
    job: Job,
    work: Workfile,
    s3: Any,
    kms: Any,
    *,
    settle: float,
    wait: Callable[[float], None],
    clock: Callable[[], datetime],
) -> dict[str, int | str]:
    """List everything twice, `settle` seconds apart, look at the key, and note the finished step.

    Raises:
        RefusedError: something is left, or the key is not what it must be; all findings at once.
        UnfinishedError: a listing cannot be trusted, or a service did not answer.
    """
    with work.transaction():
        work.note(f"step.{Step.EMPTY}", None)
    _list_nothing(job, s3)
    wait(settle)
    _list_nothing(job, s3)
    results: dict[str, int | str] = {"listings": 2, "secondsApart": int(settle), **_key_state(job, kms)}
    results["underAnotherKey"] = count_under_another_key(job, work)
    with work.transaction():
        work.note(f"step.{Step.EMPTY}", {"time": clock().isoformat(), "results": results})
    return results


def _list_nothing(job: Job, s3: Any) -> None:
    problems: list[str] = []
    for bucket in job.buckets:
        with explained(f"listing {bucket}"):
            for pages in (list_versions, list_uploads):
                for page in pages(s3, bucket, job.scope.account_id):
                    problems += [
                        f"{bucket}: {entry.kind} {entry.version} of {entry.key!r} is still there"
                        for entry in page.entries[: _EXAMPLES - len(problems)]
                    ]
                    if len(problems) >= _EXAMPLES:
                        break
    if problems:
        raise RefusedError(
            "the site is not empty:", *problems, "run wipe again; what was written since the census needs a new one"
        )


def _key_state(job: Job, kms: Any) -> dict[str, str]:
    with explained(f"looking at key {job.key_arn}"):
        key = kms.describe_key(KeyId=job.key_arn)["KeyMetadata"]
    if key["Arn"] != job.key_arn or key.get("MultiRegion"):
        raise RefusedError(
            f"the key is {key['Arn']}" + (", with copies in other regions" if key.get("MultiRegion") else ""),
            f"the job names {job.key_arn}; a key with copies elsewhere destroys nothing when it is deleted here",
        )
    deletion = key.get("DeletionDate")
    return {"keyState": key["KeyState"], "keyDestroyedOn": deletion.date().isoformat() if deletion else "not scheduled"}
