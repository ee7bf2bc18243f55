"""Connections to both clouds: the only place that makes a boto3 client, and that turns a service's errors into ours.

Oracle Cloud's S3-compatible API takes path-style addresses and version 4 signatures, and refuses bodies in signed
chunks and checksums in trailers (Oracle's page "Amazon S3 Compatibility API"); so checksums are sent only where the
API demands one. Every call to the legacy side names the account that must own the bucket (`ExpectedBucketOwner`), so
that a bucket of the same name in another account answers 403 instead of being listed or deleted.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from infra.retirement.errors import BadInputError, UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from infra.retirement.job import Job

ATTEMPTS = 8
"""Tries of one request, with growing pauses, before the step gives up; a rerun goes on where it stopped."""


def legacy_client(job: Job, service: str, *, threads: int = 1) -> Any:
    """A client of the legacy account for `s3`, `kms` or `sts`, in the site's region."""
    return _client(
        service,
        profile=job.profile,
        region=job.region.value,
        endpoint=job.endpoint,
        settings={"s3": {"addressing_style": "auto"}},
        threads=threads,
    )


def oracle_client(job: Job, *, threads: int = 1) -> Any:
    """A client of Oracle Cloud's S3-compatible endpoint."""
    settings = {
        "s3": {"addressing_style": "path", "payload_signing_enabled": True},
        "signature_version": "s3v4",
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    return _client(
        "s3",
        profile=job.oracle_profile,
        region=job.oracle_region.value,
        endpoint=job.oracle_endpoint,
        settings=settings,
        threads=threads,
    )


def _client(
    service: str, *, profile: str, region: str, endpoint: str | None, settings: dict[str, Any], threads: int
) -> Any:
    from botocore.config import Config  # noqa: PLC0415 - half a second that `--help` and signing need not spend

    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=max(threads, 10),
        connect_timeout=20,
        read_timeout=60,
        ignore_configured_endpoint_urls=True,
        parameter_validation=False,  # what is asked for comes from listings and a job file that was checked
        **settings,
    )
    return _session(profile).client(service, region_name=region, endpoint_url=endpoint, config=config)


@cache
def _session(profile: str) -> Any:
    """One session for each profile: it keeps what it has read of the services' descriptions."""
    import boto3  # noqa: PLC0415 - as above
    from botocore.exceptions import ProfileNotFound  # noqa: PLC0415 - as above
    from botocore.session import Session  # noqa: PLC0415 - as above

    core: Any = Session(profile=profile)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    library: Any = boto3
    try:
        return library.Session(botocore_session=core)
    except ProfileNotFound:
        raise BadInputError(
            f"profile {profile!r} does not exist; add it to ~/.aws/credentials or name another in the job file"
        ) from None


def _time(value: Any) -> datetime:
    """A time in an answer: the library's own reader takes any spelling, and longer than the rest of the answer."""
    from botocore import utils  # noqa: PLC0415 - as above

    library: Any = utils
    match value:
        case str() if value.endswith("Z"):  # in a listing
            return datetime.fromisoformat(value)
        case str() if value.endswith("GMT"):  # in a header
            return parsedate_to_datetime(value)
        case _:
            return library.parse_timestamp(value)


@contextmanager
def explained(doing: str) -> Generator[None]:
    """Turn what boto3 raises while `doing` into an error of ours.

    Raises:
        BadInputError: credentials or rights are missing, or the bucket or key does not exist.
        UnfinishedError: the service did not answer, or answered something else.
    """
    from botocore.exceptions import (  # noqa: PLC0415 - as above
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as problem:
        raise BadInputError(f"{doing}: {problem}; see the profiles named in the job file") from None
    except ClientError as problem:
        answer: Any = problem.response
        code = str(answer.get("Error", {}).get("Code", "?"))
        text = str(answer.get("Error", {}).get("Message", ""))
        if code in _OURS:
            raise BadInputError(f"{doing}: {code}: {text}; {_OURS[code]}") from None
        raise UnfinishedError(f"{doing}: {code}: {text}; run again to go on where it stopped") from None
    except (BotoCoreError, ResponseParserError) as problem:
        raise UnfinishedError(f"{doing}: {problem}; run again to go on where it stopped") from None


_OURS = {
    "AccessDenied": "the profile may not do this, or the bucket belongs to another account",
    "403": "the profile may not do this, or the bucket belongs to another account",
    "InvalidAccessKeyId": "the profile's key is unknown there",
    "SignatureDoesNotMatch": "the profile's secret is wrong",
    "ExpiredToken": "get new credentials",
    "NoSuchBucket": "compare the job file with the stack's buckets",
    "404": "compare the job file with the stack's buckets",
    "NotFoundException": "compare the job file with the site's key",
}


def check_place(job: Job, s3: Any) -> None:
    """Make sure that account and regions are the site's, before anything is read or written.

    Raises:
        BadInputError: the profile is of another account, or a bucket is elsewhere; all problems at once.
    """
    with explained(f"asking whose profile {job.profile!r} is"):
        account = legacy_client(job, "sts").get_caller_identity()["Account"]
    problems: list[str] = []
    if account != job.scope.account_id:
        problems.append(f"profile {job.profile!r} is of account {account}, the site's is {job.scope.account_id}")
    for bucket in job.buckets:
        with explained(f"looking at bucket {bucket}"):
            found = s3.get_bucket_location(Bucket=bucket, ExpectedBucketOwner=job.scope.account_id)
        region = found.get("LocationConstraint") or "us-east-1"  # empty means the oldest region (API reference)
        if region != job.region.value:
            problems.append(f"bucket {bucket} is in {region}, the site in {job.region.value}")
    if problems:
        raise BadInputError(*problems)
