"""One thing in a bucket: a version, a delete marker or an incomplete upload."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from infra.retirement import merkle


class Kind(StrEnum):
    """VERSION holds data, MARKER says that a key is deleted, UPLOAD holds parts that nobody has put together yet."""

    VERSION = "version"
    MARKER = "marker"
    UPLOAD = "upload"


@dataclass(frozen=True, kw_only=True)  # without slots: the leaf is kept once it is known
class Entry:
    """What a listing says of one entry.

    Attributes:
        version: the version's id, `null` where the bucket had no versioning; an upload's id for an UPLOAD.
        size: bytes of a VERSION, 0 otherwise.
        checksum: the entity tag without quotes: all that both a listing and an inventory report carry. It is an MD5 of
            the content only sometimes, so it identifies a version and proves nothing about content (`compare` does).
        modified: ISO 8601, UTC; empty for an UPLOAD. Not part of the leaf.
        latest: whether it is what a plain read of the key sees.
    """

    kind: Kind
    key: str
    version: str
    size: int = 0
    checksum: str = ""
    modified: str = ""
    latest: bool = False

    @cached_property
    def leaf(self) -> str:
        """The entry's digest in the census."""
        return merkle.leaf(kind=self.kind, key=self.key, version=self.version, size=self.size, checksum=self.checksum)
