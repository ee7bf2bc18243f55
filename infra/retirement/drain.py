"""Drain: copy to Oracle Cloud what the comparison did not find there; nothing that exists there is ever overwritten.

A key that does not exist in Oracle Cloud is created only where the job says `restore`, and only by a conditional
write. Everything else goes under the history prefix, named by its own digest: versions that are not current, keys
whose object in Oracle Cloud differs (it is newer, users write there), keys that a user has deleted there. Large
objects go in parts; an interrupted upload goes on with the parts that arrived. What arrived right is for the next
comparison to say, which reads it back. Bodies are sent whole with their length, never in signed chunks with trailers.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from infra.residency.receipts import Step
from infra.retirement.clients import explained
from infra.retirement.compare import Outcome, uncovered_condition
from infra.retirement.errors import RefusedError
from infra.retirement.job import Missing
from infra.retirement.oracle import history_key, oracle_object, route_of
from infra.retirement.parallel import in_parallel
from infra.retirement.reading import to_the_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.retirement.entry import Entry
    from infra.retirement.job import Job, Route
    from infra.retirement.workfile import Workfile

PART = 16 << 20
"""Bytes in memory for each thread; objects up to this size go in one request."""

MOST_PARTS = 10_000
_HEADERS = ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One version to copy: where it may go first, and the history key it goes to otherwise."""

    bucket: str
    entry: Entry
    route: Route
    restore_as: str | None
    history: str
    upload: str | None


def plan_copies(job: Job, work: Workfile) -> Iterator[Copy]:
    """What `drain` would copy, in order, from the last comparison and the last listing of Oracle Cloud."""
    for bucket in job.buckets:
        for entry in work.each_entry(bucket, uncovered_condition(job.covers)):
            route = route_of(job, bucket, entry.key)
            if route is None:
                continue
            key = entry.key.removeprefix(route.prefix)
            free = entry.latest and route.missing is Missing.RESTORE and not oracle_object(work, route, key)
            begun = work.rows("select upload from copy where (bucket, leaf) = (?, ?)", bucket, entry.leaf)
            yield Copy(
                bucket=bucket,
                entry=entry,
                route=route,
                restore_as=key if free and key else None,
                history=history_key(job, entry),
                upload=begun[0][0] if begun else None,
            )


def drain(
    job: Job,
    work: Workfile,
    legacy: Any,
    oracle: Any,
    *,
    threads: int,
    part: int = PART,
    advance: Callable[[int], None],
) -> int:
    """Copy what is not covered; returns how many versions were copied. Run `compare` afterwards.

    Raises:
        RefusedError: a key has no route, so nobody knows where it belongs; the others were copied.
        UnfinishedError: a service did not answer.
    """
    copier = _Copier(job, legacy, oracle, part)
    copied = 0
    with work.transaction():
        work.note(f"step.{Step.COMPARISON}", None)
    for copies in _by_size(plan_copies(job, work), part):
        small = [copy for copy in copies if copy.entry.size <= part]
        for copy, (key, checksum) in in_parallel(copier.whole, small, threads):
            _note_copy(work, copy, key, checksum)
            copied += 1
            advance(1)
        for copy in copies:
            if copy.entry.size > part:
                _note_copy(work, copy, *_in_parts(work, copier, copy, threads))
                copied += 1
                advance(1)
    unrouted = work.rows("select count(*) from verdict where outcome = ?", Outcome.UNROUTED)[0][0]
    if unrouted:
        raise RefusedError(
            f"{unrouted} keys have no route; name their bucket in the job file (the empty prefix is all keys)"
        )
    return copied


def _by_size(copies: Iterator[Copy], part: int) -> Iterator[list[Copy]]:
    """Lists of up to a thousand small copies, and each large copy alone, in order."""
    batch: list[Copy] = []
    for copy in copies:
        if copy.entry.size > part:
            yield [copy]
            continue
        batch.append(copy)
        if len(batch) == 1000:  # noqa: PLR2004 - as many as one batch of the work file
            yield batch
            batch = []
    yield batch


def _note_copy(work: Workfile, copy: Copy, key: str, checksum: str) -> None:
    """The object now exists: note it as listed, so that an interrupted drain does not copy it again."""
    with work.transaction():
        work.run("delete from copy where (bucket, leaf) = (?, ?)", [(copy.bucket, copy.entry.leaf)])
        row = ("oracle", copy.route.bucket, key, "current", "version", copy.entry.size, checksum, "", 1, "")
        work.run("insert or replace into entry values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row])


class _Copier:
    """Moves bytes; knows nothing of the work file, so that threads can use it."""

    def __init__(self, job: Job, legacy: Any, oracle: Any, part: int) -> None:
        self.job = job
        self.legacy = legacy
        self.oracle = oracle
        self.part = part

    def whole(self, copy: Copy) -> tuple[str, str]:
        """Copy a version that fits in memory; returns the key it has now and its entity tag."""
        with explained(f"copying {copy.entry.key!r} of {copy.bucket}"):
            body, answer = self.read(copy, 0, copy.entry.size)
            headers = self.headers(copy, answer)
            if copy.restore_as is not None and not self.was_deleted(copy):
                written = self.create(copy, copy.restore_as, Body=body, **headers)
                if written is not None:
                    return copy.restore_as, written
            written = self.oracle.put_object(Bucket=copy.route.bucket, Key=copy.history, Body=body, **headers)
            return copy.history, str(written["ETag"]).strip('"')

    def create(self, copy: Copy, key: str, **arguments: Any) -> str | None:
        """Write a key that must not exist yet; its entity tag, or None if it does or if nobody can promise it."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

        try:
            answer = self.oracle.put_object(Bucket=copy.route.bucket, Key=key, IfNoneMatch="*", **arguments)
        except ClientError as problem:
            if not _exists_already(problem):
                raise
            return None
        return str(answer["ETag"]).strip('"')

    def was_deleted(self, copy: Copy) -> bool:
        """Whether Oracle Cloud says that the key existed and was deleted; then it must not come back by itself."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

        try:
            self.oracle.head_object(Bucket=copy.route.bucket, Key=copy.restore_as)
        except ClientError as problem:
            response: Any = problem.response
            return response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-delete-marker") == "true"
        return False

    def read(self, copy: Copy, start: int, length: int) -> tuple[bytes, dict[str, Any]]:
        """A stretch of a version's content, with the answer's headers."""
        span = {"Range": f"bytes={start}-{start + length - 1}"} if length and length != copy.entry.size else {}

        def ask() -> Any:
            return self.legacy.get_object(
                Bucket=copy.bucket,
                Key=copy.entry.key,
                VersionId=copy.entry.version,
                ExpectedBucketOwner=self.job.scope.account_id,
                **span,
            )

        def take(body: Any) -> tuple[int, bytes]:
            content = body.read()
            return len(content), content

        return to_the_end(ask, take, length, f"{copy.bucket}: {copy.entry.key!r} version {copy.entry.version}")

    def headers(self, copy: Copy, answer: dict[str, Any]) -> dict[str, Any]:
        """What of the answer's headers belongs to the object, with its origin beside it."""
        found = {name: answer[name] for name in _HEADERS if answer.get(name)}
        origin = {
            "legacy-site": self.job.scope.site,
            "legacy-version": copy.entry.version,
            "legacy-key": base64.urlsafe_b64encode(copy.entry.key.encode()).decode(),
        }
        return found | {"Metadata": found.get("Metadata", {}) | origin}


def _in_parts(work: Workfile, copier: _Copier, copy: Copy, threads: int) -> tuple[str, str]:
    """Copy a large version in parts, going on with an upload that was interrupted; returns its key and entity tag."""
    size = max(copier.part, -(-copy.entry.size // MOST_PARTS))
    with explained(f"copying {copy.entry.key!r} of {copy.bucket} in parts"):
        if copy.restore_as is not None and not copier.was_deleted(copy):
            written = _upload(work, copier, copy, key=copy.restore_as, size=size, threads=threads)
            if written is not None:
                return copy.restore_as, written
        written = _upload(work, copier, replace(copy, restore_as=None), key=copy.history, size=size, threads=threads)
    return copy.history, str(written)


def _upload(work: Workfile, copier: _Copier, copy: Copy, *, key: str, size: int, threads: int) -> str | None:
    """One multipart upload; its entity tag, or None (and nothing left) where the key must not exist and does."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    oracle, entry, bucket = copier.oracle, copy.entry, copy.route.bucket
    upload, done = _resumed(copier, copy, key, size)
    if upload is None:
        _, answer = copier.read(copy, 0, min(size, entry.size))
        begun = oracle.create_multipart_upload(Bucket=bucket, Key=key, **copier.headers(copy, answer))
        upload = str(begun["UploadId"])
        with work.transaction():
            row = (copy.bucket, entry.leaf, bucket, key, upload)
            work.run("insert or replace into copy values (?, ?, ?, ?, ?)", [row])

    def send(number: int) -> str:
        start = (number - 1) * size
        body, _ = copier.read(copy, start, min(size, entry.size - start))
        sent = oracle.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        return str(sent["ETag"])

    numbers = [number for number in range(1, -(-entry.size // size) + 1) if number not in done]
    done |= dict(in_parallel(send, numbers, threads))
    parts = [{"PartNumber": number, "ETag": done[number]} for number in sorted(done)]
    condition = {} if copy.restore_as is None else {"IfNoneMatch": "*"}
    try:
        ended = oracle.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
        )
    except ClientError as problem:
        if not _exists_already(problem):
            raise
        oracle.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        return None
    return str(ended["ETag"]).strip('"')


def _exists_already(problem: Any) -> bool:
    """Whether a conditional write was refused, or is not to be had."""
    refused = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NotImplemented")
    return problem.response["Error"]["Code"] in refused


def _resumed(copier: _Copier, copy: Copy, key: str, size: int) -> tuple[str | None, dict[int, str]]:
    """The upload that an earlier run began for this key, with the whole parts that arrived; None if it is gone."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded with the clients

    if copy.upload is None:
        return None, {}
    last = -(-copy.entry.size // size)
    right = dict.fromkeys(range(1, last), size) | {last: copy.entry.size - (last - 1) * size}
    try:
        pages = copier.oracle.get_paginator("list_parts").paginate(
            Bucket=copy.route.bucket, Key=key, UploadId=copy.upload
        )
        parts = [part for page in pages for part in page.get("Parts", ())]
    except ClientError as problem:
        response: Any = problem.response
        if response["Error"]["Code"] == "NoSuchUpload":
            return None, {}
        raise
    return copy.upload, {
        part["PartNumber"]: part["ETag"] for part in parts if right.get(part["PartNumber"]) == part["Size"]
    }
