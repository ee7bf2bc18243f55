"""The fast decider, without a solver: the requests in question, less what is denied, class by class.

All that a request can have (who asks, what for, on what, each condition key) is cut into classes that no statement
tells apart, so a statement is a cube: a set of classes in each dimension. What may be admitted is a list of cubes; each
deny is subtracted from it. What is left is admitted, and any of its members is a counterexample.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import chain, combinations, pairwise
from typing import Final

from infra.verify.aws.document import Element, Statement, Test, UnmodelledError, pattern
from infra.verify.aws.globs import Pattern, TooManyError, classes, like, literal, matches
from infra.verify.aws.request import Question, Request, Value

_Cube = tuple[int, ...]

_PRINCIPAL, _ACTION, _RESOURCE = "principal", "action", "resource"
_WHO: Final = {"aws:principalarn", "aws:principalaccount"}
"""Keys that say again who asks."""

_PEOPLE: Final = (like("arn:aws:iam::*"), like("arn:aws:sts::*"), like("service:*"), literal("anonymous"))
"""Users and roles, whoever has a federated user's or role's session, services, and nobody in particular."""
_MOST_VALUES = 6

_TEXTS: Final = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"})


def admitted(statements: Sequence[Statement], question: Question) -> Request | None:
    """A request that is in question and would be admitted; None where there is none.

    Raises:
        UnmodelledError: conditions compare in a way that is not modelled, or too much is cut into classes.
    """
    try:
        space = _Space(statements, question)
    except TooManyError as error:
        raise UnmodelledError(str(error)) from None
    left = space.asked()
    if not question.open:
        allowed = [space.cube(it) for it in statements if it.allows]
        left = [both for it in left for one in allowed if (both := _common(it, one)) is not None]
    for denied in (space.cube(it) for it in statements if not it.allows):
        left = [rest for it in left for rest in _without(it, denied)]
    return space.request(left[0]) if left else None


def _common(one: _Cube, other: _Cube) -> _Cube | None:
    both = tuple(a & b for a, b in zip(one, other, strict=True))
    return both if all(both) else None


def _without(cube: _Cube, other: _Cube) -> Iterator[_Cube]:
    """What is in one cube and not in another, as cubes that do not overlap."""
    if _common(cube, other) is None:
        yield cube
        return
    for at, (own, taken) in enumerate(zip(cube, other, strict=True)):
        if own & ~taken:
            yield (*(a & b for a, b in zip(cube[:at], other[:at], strict=True)), own & ~taken, *cube[at + 1 :])


class _Space:
    """The classes of each dimension, for the statements of one document and a question."""

    def __init__(self, statements: Sequence[Statement], question: Question) -> None:
        self._question = question
        tests = [test for statement in statements for test in statement.tests]
        self._keys = sorted({test.key for test in tests} - _WHO)
        self._values: dict[str, tuple[Value, ...]] = {
            _PRINCIPAL: classes([*_named(statements, tests), *map(literal, question.but), *_PEOPLE]),
            _ACTION: question.actions,
            _RESOURCE: classes(
                [*(p for it in statements for p in it.resource.patterns), *map(like, question.resources)]
            ),
        }
        self._given = dict(question.given)
        for key in self._keys:
            about = tuple(dict.fromkeys(test for test in tests if test.key == key))
            self._values[key] = _values(about, self._given.get(key))

    def asked(self) -> list[_Cube]:
        """The requests in question."""
        asked = self._question
        places = _among(Element(patterns=tuple(map(like, asked.resources))), self._values[_RESOURCE])
        who = _strangers(self._values[_PRINCIPAL], asked.but)
        return [(who, self._all(_ACTION), places, *(self._carried(key) for key in self._keys))]

    def _carried(self, key: str) -> int:
        """The values of a key in the requests in question: the one that it is given, or all."""
        given, values = self._given.get(key), self._values[key]
        return self._all(key) if given is None else _set(it in (given, frozenset({given})) for it in values)

    def _all(self, key: str) -> int:
        return (1 << len(self._values[key])) - 1

    def cube(self, statement: Statement) -> _Cube:
        """The requests that a statement is about."""
        who = _among(statement.principal, self._values[_PRINCIPAL]) & self._said(statement)
        what = _among(statement.action, self._values[_ACTION])
        where = _among(statement.resource, self._values[_RESOURCE])
        return (who, what, where, *(self._tested(statement, key) for key in self._keys))

    def _said(self, statement: Statement) -> int:
        """Those about whom the conditions say that it is they who ask."""
        tests = tuple(test for test in statement.tests if test.key in _WHO)
        return _people(tests, self._values[_PRINCIPAL]) if tests else self._all(_PRINCIPAL)

    def _tested(self, statement: Statement, key: str) -> int:
        tests = tuple(test for test in statement.tests if test.key == key)
        return _passing(tests, self._values[key]) if tests else self._all(key)

    def request(self, cube: _Cube) -> Request:
        """One request of a cube."""
        first = [
            values[(bits & -bits).bit_length() - 1] for bits, values in zip(cube, self._values.values(), strict=True)
        ]
        found = {key: value for key, value in zip(self._keys, first[3:], strict=True) if value is not None}
        context: dict[str, str | frozenset[str]] = {**self._given, **found}
        return Request(principal=str(first[0]), action=str(first[1]), resource=str(first[2]), context=context)


def _named(statements: Sequence[Statement], tests: Sequence[Test]) -> Iterator[Pattern]:
    """The patterns that tell one who asks from another."""
    yield from (p for it in statements for p in it.principal.patterns)
    for test in tests:
        if test.key in _WHO and test.comparison not in {*_TEXTS, "Null"}:
            raise UnmodelledError(f"{test.comparison} of {test.key}")
        if test.key == "aws:principalarn" and test.comparison != "Null":
            yield from (pattern(test, value) for value in test.values)
        if test.key == "aws:principalaccount":
            yield from (like(f"arn:aws:iam::{value}:*") for value in test.values)


def _fits(element: Element, text: str) -> bool:
    return any(matches(it, text) for it in element.patterns) is not element.inverted


def _set(holding: Iterable[bool]) -> int:
    return sum(1 << at for at, holds_ in enumerate(holding) if holds_)


# Documents of one site are alike, so these are asked the same again and again.


@lru_cache(maxsize=8192)
def _among(element: Element, values: tuple[Value, ...]) -> int:
    return _set(_fits(element, str(value)) for value in values)


@lru_cache(maxsize=8192)
def _passing(tests: tuple[Test, ...], values: tuple[Value, ...]) -> int:
    return _set(all(holds(test, value) for test in tests) for value in values)


@lru_cache(maxsize=8192)
def _people(tests: tuple[Test, ...], values: tuple[Value, ...]) -> int:
    return _set(all(holds(test, _told(test.key, str(value))) for test in tests) for value in values)


def _told(key: str, principal: str) -> str | None:
    """What a key says of who asks: an ARN or an account, which services and strangers have not."""
    if not principal.startswith("arn:"):
        return None
    return principal if key == "aws:principalarn" else principal.split(":")[4] or None


@lru_cache(maxsize=1024)
def _strangers(values: tuple[Value, ...], but: tuple[str, ...]) -> int:
    """Everybody but some; texts that name nobody are nobody."""
    return _set(str(it) not in but and any(matches(who, str(it)) for who in _PEOPLE) for it in values)


@lru_cache(maxsize=1024)
def _values(tests: tuple[Test, ...], given: str | None) -> tuple[Value, ...]:
    """A value of each class that the tests of one key cut its values into, with its absence, and one that is given."""
    kinds = {_kind(test) for test in tests if test.comparison != "Null"}
    many = {bool(test.over) for test in tests if test.comparison != "Null"}
    if len(kinds) > 1 or len(many) > 1:
        raise UnmodelledError(f"{tests[0].key} is compared in ways that do not go together")
    kind = kinds.pop() if kinds else "text"
    own = [given] if given is not None else []
    values = [*own, *(value for test in tests if test.comparison != "Null" for value in test.values)]
    match kind:
        case "text":
            told = [pattern(test, it) for test in tests if test.comparison != "Null" for it in test.values]
            texts = classes([*told, *map(literal, own)])
        case "address":
            texts = _addresses(values)
        case _:
            texts = _moments(values) if kind == "Date" else _numbers(values)
    if True not in many:
        return (None, *texts)
    if len(texts) > _MOST_VALUES:
        raise UnmodelledError(f"{tests[0].key} has many values, compared with too many others")
    subsets = chain.from_iterable(combinations(texts, size) for size in range(1, len(texts) + 1))
    return (None, *map(frozenset, subsets))


def _kind(test: Test) -> str:
    if test.comparison in _TEXTS:
        return "text"
    return "address" if test.comparison == "IpAddress" else test.comparison[: 4 if test.comparison[0] == "D" else 7]


def _networks(values: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(value) for value in values]
    except ValueError:
        raise UnmodelledError("a range of addresses that is none") from None


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    found: set[IPv4Address | IPv6Address] = {IPv4Address(0), IPv6Address(0)}
    for network in _networks(values):
        found.add(network[0])
        if int(network[-1]) + 1 < 1 << network.max_prefixlen:
            found.add(network[-1] + 1)
    return tuple(str(it) for it in sorted(found, key=lambda it: (it.version, int(it))))


def _moment(text: str) -> float:
    """A time in seconds, or a number."""
    try:
        return datetime.fromisoformat(text).timestamp() if text.endswith(("Z", "+00:00")) else float(text)
    except ValueError:
        raise UnmodelledError(f"{text} is no time in UTC and no number") from None


def _between(values: Iterable[str]) -> list[float]:
    """Each value, one between each two and one beyond both ends."""
    points = sorted({_moment(value) for value in values})
    middle = [(low + high) / 2 for low, high in pairwise(points)]
    return sorted([points[0] - 1, *points, *middle, points[-1] + 1])


def _numbers(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(repr(it) for it in _between(values))


def _moments(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(datetime.fromtimestamp(it, UTC).isoformat() for it in _between(values))


def holds(test: Test, value: Value) -> bool:
    """Whether a test holds for the value of its key."""
    if test.comparison == "Null":
        return ("true" if value is None else "false") in test.values
    if value is None:
        return test.absent
    if not test.over:
        return _one(test, str(value))
    found = [_one(test, it) for it in sorted(value)]
    return any(found) if test.over == "ForAnyValue" else all(found)


def _one(test: Test, text: str) -> bool:
    if test.comparison in _TEXTS:
        fits = any(matches(pattern(test, it), text) for it in test.values)
    elif test.comparison == "IpAddress":
        address = ip_address(text)
        fits = any(address.version == it.version and address in it for it in _networks(test.values))
    else:
        fits = any(_ordered(test.comparison, _moment(text), _moment(it)) for it in test.values)
    return fits is not test.negated


def _ordered(comparison: str, value: float, other: float) -> bool:
    if "Less" in comparison:
        return value < other or (comparison.endswith("Equals") and value == other)
    if "Greater" in comparison:
        return value > other or (comparison.endswith("Equals") and value == other)
    return value == other
