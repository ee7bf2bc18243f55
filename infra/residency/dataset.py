"""Data classes and datasets: what a dataset is decides where it may be and who may read it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DataClass(StrEnum):
    """How private a dataset is.

    PROTECTED never leaves the allowed US regions, except along the edges of a legacy phase. EXCEPTED is stored like
    PROTECTED and may have one named export flow until its expiry. PUBLIC may be read by anyone and is written only
    here.
    """

    PROTECTED = "protected"
    EXCEPTED = "excepted"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The named export flow of an EXCEPTED dataset: `group` may read it until (not on) `until`."""

    name: str
    group: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A named body of data, stored in `shards` buckets that differ only in their number."""

    name: str
    data_class: DataClass
    shards: int
    reason: str | None = None
    expires: date | None = None
    export: Export | None = None
