"""Listings of a bucket, page by page, over the S3 API; a page that does not add up is an error, never a shorter bucket.

A listing that ends early would make a census look complete. So a page that says it is cut off must name where to go
on, that place must lie beyond the last one, and a page must be about the bucket that was asked for. A server that
drops entries without a trace is caught later: the wipe lists anew and compares roots, the proof of emptiness lists
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.retirement.entry import Entry, Kind
from infra.retirement.errors import UnfinishedError
from infra.retirement.pages import Mark, Page, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = 1000


def list_versions(s3: Any, bucket: str, owner: str, start: Mark | None = None) -> Iterator[Page]:
    """Pages of versions and delete markers, from `start` on.

    Raises:
        UnfinishedError: a page does not add up.
    """

    def ask(mark: Mark | None) -> Page:
        after = {"KeyMarker": mark.key, "VersionIdMarker": mark.version} if mark else {}
        answer = s3.list_object_versions(Bucket=bucket, MaxKeys=PAGE, ExpectedBucketOwner=owner, **after)
        entries = [_version(item) for item in answer.get("Versions", ())]
        entries += [_marker(item) for item in answer.get("DeleteMarkers", ())]
        return Page(entries=tuple(entries), after=_next(bucket, answer, mark, "NextKeyMarker", "NextVersionIdMarker"))

    return pages(s3, ask, start, ("NextKeyMarker", "NextVersionIdMarker"))


def list_uploads(s3: Any, bucket: str, owner: str, start: Mark | None = None) -> Iterator[Page]:
    """Pages of incomplete uploads, from `start` on.

    Raises:
        UnfinishedError: a page does not add up.
    """

    def ask(mark: Mark | None) -> Page:
        after = {"KeyMarker": mark.key, "UploadIdMarker": mark.version} if mark else {}
        answer = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=PAGE, ExpectedBucketOwner=owner, **after)
        entries = tuple(
            Entry(kind=Kind.UPLOAD, key=item["Key"], version=item["UploadId"]) for item in answer.get("Uploads", ())
        )
        return Page(entries=entries, after=_next(bucket, answer, mark, "NextKeyMarker", "NextUploadIdMarker"))

    return pages(s3, ask, start, ("NextKeyMarker", "NextUploadIdMarker"))


def list_current(s3: Any, bucket: str, start: str = "") -> Iterator[Page]:
    """Pages of current objects, after the key `start`, by the older call that Oracle Cloud documents (ListObjects).

    Raises:
        UnfinishedError: a page does not add up.
    """

    def ask(mark: Mark | None) -> Page:
        after = {"Marker": mark.key} if mark else {}
        answer: dict[str, Any] = s3.list_objects(Bucket=bucket, MaxKeys=PAGE, **after)
        found: list[dict[str, Any]] = answer.get("Contents", [])
        entries = tuple(_version(item | {"VersionId": "current", "IsLatest": True}) for item in found)
        if entries:  # the next marker is only defined for listings with a delimiter (API reference)
            answer |= {"NextMarker": entries[-1].key}
        return Page(entries=entries, after=_next(bucket, answer, mark, "NextMarker", None))

    return pages(s3, ask, Mark(key=start, version="") if start else None, ("Key", None))


def _version(item: Mapping[str, Any]) -> Entry:
    return Entry(
        kind=Kind.VERSION,
        key=item["Key"],
        version=item["VersionId"],
        size=item["Size"],
        checksum=item["ETag"].strip('"'),
        modified=item["LastModified"].isoformat(),
        latest=item["IsLatest"],
    )


def _marker(item: Mapping[str, Any]) -> Entry:
    return Entry(
        kind=Kind.MARKER,
        key=item["Key"],
        version=item["VersionId"],
        modified=item["LastModified"].isoformat(),
        latest=item["IsLatest"],
    )


def _next(bucket: str, answer: Mapping[str, Any], last: Mark | None, key: str, version: str | None) -> Mark | None:
    if answer.get("Name", answer.get("Bucket")) not in (bucket, None):
        raise _broken(bucket, f"the page is about bucket {answer.get('Name', answer.get('Bucket'))!r}")
    truncated = answer.get("IsTruncated")
    if not isinstance(truncated, bool):
        raise _broken(bucket, "the page does not say whether it is the last one")
    if not truncated:
        return None
    if key not in answer or (version and version not in answer):
        raise _broken(bucket, "the page says that more follows and not where")
    mark = Mark(key=answer[key], version=answer[version] if version else "")
    if last is not None and (mark == last or mark.key.encode() < last.key.encode()):
        raise _broken(bucket, f"the listing went back from {last.key!r} to {mark.key!r}")
    return mark


def _broken(bucket: str, what: str) -> UnfinishedError:
    return UnfinishedError(f"{bucket}: a listing cannot be trusted: {what}; nothing was concluded from it, run again")
