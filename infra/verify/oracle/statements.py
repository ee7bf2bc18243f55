"""Statements of Oracle Cloud's policies, read from their text: who may do what, where, and when it holds.

An independent reading: it shares no code with what writes them. What it cannot read it refuses, and so it does with
what this project has no use for: `endorse`, `admit` and `define`, names that are patterns, comparisons that it does not
know, of a moment with anything but `before` and `after`, and of anything else with those.

Source: Oracle's pages "Policy Syntax" and "Advanced Policy Features".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import eq, gt, lt, ne
from types import MappingProxyType
from typing import NamedTuple


class UnreadableError(ValueError):
    """A statement that cannot be read; the text says where."""


class Comparison(NamedTuple):
    """A variable compared with a value by `=`, `!=`, `before` or `after`; variables in lower case."""

    variable: str
    operator: str
    value: str


class Several(NamedTuple):
    """Conditions that must all hold, or of which one must."""

    every: bool
    of: "tuple[Condition, ...]"


Condition = Comparison | Several


class Statement(NamedTuple):
    """One statement.

    Attributes:
        denies: whether it takes away instead of giving.
        kind: `group`, `dynamic-group`, `service`, `any-user` or `any-group`.
        names: of the subject, as written, those of the default identity domain without it; empty for `any-user`.
        verb: empty where permissions are listed.
        resource: a family or type in lower case; empty where permissions are listed.
        place: names of compartments from the root down; empty is the tenancy.
        condition: what must hold; all of nothing where the statement has no `where`.
    """

    denies: bool
    kind: str
    names: tuple[str, ...]
    verb: str
    resource: str
    permissions: frozenset[str]
    place: tuple[str, ...]
    condition: Condition


_WORD = re.compile(r"\s*('[^']*'|!=|[={},]|[^\s={},'!]+)")
_KINDS = frozenset({"group", "dynamic-group", "service", "any-user", "any-group"})
_VERBS = frozenset({"inspect", "read", "use", "manage"})
_OPERATORS = frozenset({"=", "!=", "before", "after"})
_NAME = re.compile(r"[\w.@/-]+")
_TYPE = re.compile(r"[\w-]+")
_TEXT = re.compile(r"'[ -~]+'|[\w:/-]+", re.ASCII)
"""A value: without quotes and with a dot it would be a variable, whose value cannot be seen."""

TIME = "request.utc-timestamp"
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@lru_cache(maxsize=4096)
def parse(text: str) -> Statement:
    """The statement that a text writes.

    Raises:
        UnreadableError: it is none, or none that this project has a use for.
    """
    words = _Words(text)
    effect = words.one_of({"allow", "deny"}, "allow or deny")
    kind = words.one_of(_KINDS, "a group, a service or any-user")
    names = () if kind.startswith("any-") else tuple(map(_local, words.names()))
    words.one_of({"to"}, "to")
    verb, resource, permissions = "", "", frozenset[str]()
    if words.next == "{":
        permissions = frozenset(words.braced())
    else:
        verb, resource = words.one_of(_VERBS, "a verb"), words.take("a resource type").lower()
        if not _TYPE.fullmatch(resource):
            raise UnreadableError(f"{resource} is no resource type")
    words.one_of({"in"}, "in")
    place: tuple[str, ...] = ()
    if words.one_of({"tenancy", "compartment"}, "tenancy or compartment") == "compartment":
        place = tuple(words.take("a compartment").split(":"))
        if "'" in place[0]:
            raise UnreadableError(f"{':'.join(place)} is no compartment's plain name")
        if place == ("id",):
            raise UnreadableError("a compartment by its id: what it is cannot be seen")
    condition: Condition = Several(every=True, of=())
    if words.next.lower() == "where":
        words.take("where")
        condition = _condition(words)
    if words.next:
        raise UnreadableError(f"unexpected {words.next!r}")
    return Statement(
        denies=effect == "deny",
        kind=kind,
        names=names,
        verb=verb,
        resource=resource,
        permissions=permissions,
        place=place,
        condition=condition,
    )


def _local(name: str) -> str:
    """A name without the default identity domain, which is meant where none is named."""
    domain, _, rest = name.partition("/")
    return rest if domain.lower() == "default" and rest else name


class _Words:
    def __init__(self, text: str) -> None:
        self._words: list[str] = []
        position, text = 0, text.strip()
        while position < len(text):
            found = _WORD.match(text, position)
            if found is None:
                raise UnreadableError(f"cannot be read at {text[position : position + 20]!r}")
            self._words.append(found[1])
            position = found.end()
        self._at = 0

    @property
    def next(self) -> str:
        """The next word; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self, what: str) -> str:
        """The next word, and go on."""
        word = self.next
        if not word or word in {"{", "}", ",", "=", "!="}:
            raise UnreadableError(f"expected {what}, found {word or 'the end'}")
        self._at += 1
        return word

    def punctuation(self, mark: str) -> None:
        """This mark, and go on."""
        if self.next != mark:
            raise UnreadableError(f"expected {mark}, found {self.next or 'the end'}")
        self._at += 1

    def one_of(self, allowed: "frozenset[str] | set[str]", what: str) -> str:
        """One of these words, in lower case."""
        word = self.take(what).lower()
        if word not in allowed:
            raise UnreadableError(f"expected {what}, found {word}")
        return word

    def names(self) -> Iterator[str]:
        """Names with commas between them."""
        while True:
            name = self.take("a name").strip("'")
            while name.endswith("/") or self.next.startswith("/"):
                name += self.take("a name").strip("'")
            if not _NAME.fullmatch(name) or name.lower() == "id":
                raise UnreadableError(f"{name} is no plain name")
            yield name
            if self.next != ",":
                return
            self.punctuation(",")

    def braced(self) -> Iterator[str]:
        """Permissions in braces."""
        self.punctuation("{")
        yield from self.names()
        self.punctuation("}")

    def operator(self) -> str:
        """How a condition compares."""
        word = self.next.lower()
        if word not in _OPERATORS:
            raise UnreadableError(f"expected =, !=, before or after, found {word or 'the end'}")
        self._at += 1
        return word


def _condition(words: _Words) -> Condition:
    first = words.take("a condition").lower()
    if first in {"all", "any"}:
        words.punctuation("{")
        of = [_condition(words)]
        while words.next == ",":
            words.punctuation(",")
            of.append(_condition(words))
        words.punctuation("}")
        return Several(every=first == "all", of=tuple(of))
    operator, value = words.operator(), words.take("a value")
    if "*" in value:
        raise UnreadableError(f"{value} is a pattern: whom it names cannot be seen")
    if not _TEXT.fullmatch(value):
        raise UnreadableError(f"{value} is no plain text: what it is cannot be seen")
    found = Comparison(variable=first, operator=operator, value=value.strip("'"))
    if (first == TIME) != (operator in {"before", "after"}) or (first == TIME and not _is_moment(found.value)):
        raise UnreadableError(f"{first} {operator} {value}: moments alone come before and after, and they do no more")
    return found


def _is_moment(text: str) -> bool:
    """Whether a text is a moment in UTC, written so that an earlier one sorts before a later one."""
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC).isoformat() == f"{text[:-1]}+00:00"
    except ValueError:
        return False


def may_hold(condition: Condition, request: Mapping[str, str]) -> bool:
    """Whether a condition can hold for a request of which some variables are known; others may be anything.

    Args:
        condition: of a statement.
        request: values by variable, in lower case; comparisons ignore case, as Oracle's do.
    """
    match condition:
        case Several(every=True, of=of):
            return all(may_hold(each, request) for each in of)
        case Several(of=of):
            return any(may_hold(each, request) for each in of)
        case Comparison(variable=variable, operator=operator, value=value):
            known = request.get(variable)
            return known is None or _HOLDS[operator](known.lower(), value.lower())


_HOLDS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"=": eq, "!=": ne, "before": lt, "after": gt}  # times are in ISO 8601, which sorts as text
)


def compared(condition: Condition, variable: str) -> Iterator[Comparison]:
    """Every comparison of a variable, wherever it stands."""
    match condition:
        case Several(of=of):
            for each in of:
                yield from compared(each, variable)
        case Comparison() if condition.variable == variable:
            yield condition
        case Comparison():
            pass
