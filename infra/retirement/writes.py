"""Does a bucket still take writes? What is written between census and wipe may exist nowhere else.

In phase `wipe` the bucket's own lifecycle rules delete whatever they find, without asking this tool. So a comparison
counts only if its census was begun when nothing could be written any more: when each bucket's policy denies
`s3:PutObject` to everyone, without a condition, as from phase `drain` on. Statements of other shapes may deny as
much; what is not understood here counts as open.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from infra.retirement.clients import explained

if TYPE_CHECKING:
    from infra.retirement.job import Job


def open_buckets(job: Job, s3: Any) -> list[str]:
    """The site's buckets that take writes, or may.

    Raises:
        BadInputError: the profile may not read a bucket's policy.
        UnfinishedError: the service did not answer.
    """
    return [bucket for bucket in job.buckets if not _denies_writes(_statements(job, s3, bucket), bucket)]


def _statements(job: Job, s3: Any, bucket: str) -> list[Any]:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    with explained(f"reading the policy of {bucket}"):
        try:
            answer = s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=job.scope.account_id)
        except ClientError as problem:
            response: Any = problem.response
            if response["Error"]["Code"] == "NoSuchBucketPolicy":
                return []
            raise
    return _many(json.loads(answer["Policy"])["Statement"])


def _denies_writes(statements: list[Any], bucket: str) -> bool:
    objects = f"arn:aws:s3:::{bucket}/*"
    return any(
        statement["Effect"] == "Deny"
        and "Condition" not in statement
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and any(fnmatchcase("s3:putobject", action.lower()) for action in _many(statement.get("Action", ())))
        and any(resource in ("*", objects) for resource in _many(statement.get("Resource", ())))
        for statement in statements
    )


def _many(value: Any) -> list[Any]:
    """A list, where the policy language lets a single value stand for a list of one."""
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else [value]
