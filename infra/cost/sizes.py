"""How much of everything there is: what no stack file says, so that each size is a range that anyone may narrow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTING: Final = re.compile(
    r"([a-z-]+)(?:\.([a-z0-9-]+))?=([0-9]{1,15}(?:\.[0-9]{1,6})?)(?::([0-9]{1,15}(?:\.[0-9]{1,6})?))?"
)


@dataclass(frozen=True, slots=True)
class Range:
    """From so much to so much."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, low: int | str | Decimal, high: int | str | Decimal | None = None) -> Range:
        """A range; one number alone is known exactly."""
        return cls(Decimal(low), Decimal(low if high is None else high))

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Range) -> Range:
        return Range(self.low * other.low, self.high * other.high)

    def over(self, other: Range) -> Range:
        """Divided by a range: the least by the most, the most by the least."""
        return Range(self.low / other.high, self.high / other.low)

    def __str__(self) -> str:
        low, high = (f"{it.normalize():,f}" for it in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


class Size(StrEnum):
    """What may be said to be so large: `--size NAME=LOW:HIGH`, and for one dataset `--size NAME.DATASET=LOW:HIGH`."""

    STORED = "stored-gb"
    CHANGED = "changed-percent"
    OBJECT = "object-kb"
    REQUESTS = "requests-millions"
    OTHER = "other-gb"
    EDGE_REQUESTS = "edge-requests-millions"
    EDGE_OUT = "edge-gb"
    QUERIES = "queries-millions"
    LOGS = "log-gb"
    NOTICES = "notices"

    @property
    def by_dataset(self) -> bool:
        """Whether each dataset may have its own."""
        return self in {Size.STORED, Size.CHANGED, Size.OBJECT, Size.REQUESTS}


MEANINGS: Final[Mapping[Size, str]] = {
    Size.STORED: "GB of a dataset in its default store",
    Size.CHANGED: "percent of it that is written anew in a month",
    Size.OBJECT: "KB that an object has on average",
    Size.REQUESTS: "million requests to a dataset's default store in a month",
    Size.OTHER: "GB in a bucket that holds no dataset: logs, inventories, the state",
    Size.EDGE_REQUESTS: "million requests to a public edge in a month",
    Size.EDGE_OUT: "GB that a public edge sends in a month",
    Size.QUERIES: "million DNS queries in a month for each hostname and record type",
    Size.LOGS: "GB that one log takes in a month",
    Size.NOTICES: "notices to each subscriber in a month",
}
DEFAULTS: Final[Mapping[Size, Range]] = {
    Size.STORED: Range.of(100, 10_000),
    Size.CHANGED: Range.of(2, 20),
    Size.OBJECT: Range.of(100, 10_000),
    Size.REQUESTS: Range.of(1, 100),
    Size.OTHER: Range.of(1, 1_000),
    Size.EDGE_REQUESTS: Range.of(10, 1_000),
    Size.EDGE_OUT: Range.of(100, 10_000),
    Size.QUERIES: Range.of(1, 100),
    Size.LOGS: Range.of("0.1", 10),
    Size.NOTICES: Range.of(0, 1_000),
}
"""Wide on purpose: nothing is known of a stack's data until somebody says it."""


class UnreadableError(ValueError):
    """A size that is none.

    Attributes:
        allowed: what may stand there.
    """

    def __init__(self, reason: str, allowed: str) -> None:
        super().__init__(reason)
        self.allowed = allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The sizes that somebody gave; the defaults for all others.

    Attributes:
        given: by size and dataset; an empty dataset is every one that has none of its own.
    """

    given: Mapping[tuple[Size, str], Range] = field(default_factory=dict[tuple[Size, str], Range])

    def of(self, size: Size, dataset: str = "") -> Range:
        """The size, of a dataset if it has its own."""
        return self.given.get((size, dataset)) or self.given.get((size, "")) or DEFAULTS[size]


def size(text: str) -> tuple[tuple[Size, str], Range]:
    """What `stored-gb.profiles=200:400` says.

    Raises:
        UnreadableError: It says nothing of that kind.
    """
    found = _SETTING.fullmatch(text)
    if found is None:
        raise UnreadableError("a size is NAME=NUMBER or NAME=LOW:HIGH", "stored-gb=200, stored-gb.profiles=200:400")
    name, dataset, low, high = found.groups(default="")
    if name not in set(Size):
        raise UnreadableError(f"there is no size {name!r}", ", ".join(Size))
    known = Size(name)
    if dataset and not known.by_dataset:
        raise UnreadableError(f"{name} is no dataset's", ", ".join(it for it in Size if it.by_dataset))
    value = Range.of(low, high or None)
    if value.low > value.high:
        raise UnreadableError("the lower end is above the higher", f"{name}={value.high}:{value.low}")
    if known is Size.OBJECT and not value.low:
        raise UnreadableError("no object is empty on average", f"{name}=1 or more")
    return (known, dataset), value
