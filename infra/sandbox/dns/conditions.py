"""Conditions of steering rules: the grammar that Oracle documents, and nothing else.

Answers: `answer.isDisabled`, `answer.name`, `answer.pool` with `==` and `!=`. Queries: `query.client.geoKey in
(geoKey '6252001', …)`, `query.client.address in (subnet '198.51.100.0/24', …)`, `query.client.asn` with `==` and
`in (…)`. Keywords in any case, as Oracle's own examples write them. A condition that does not parse is refused when the
policy is created, so that no policy with an unknown meaning can be served.

Source: Oracle's page "Traffic Management Steering Policies API Guide".
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

_STRING = r"'([^']*)'"
_ANSWER_TEXT = re.compile(rf"answer\.(name|pool)\s*(==|!=)\s*{_STRING}", re.IGNORECASE)
_ANSWER_FLAG = re.compile(r"answer\.isDisabled\s*(==|!=)\s*(true|false)", re.IGNORECASE)
_GEO = re.compile(r"query\.client\.geoKey\s+in\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_GEO_ITEM = re.compile(r"\s*geoKey\s+'(\d+)'\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"query\.client\.address\s+in\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_ADDRESS_ITEM = re.compile(rf"\s*subnet\s+{_STRING}\s*", re.IGNORECASE)
_ASN = re.compile(r"query\.client\.asn\s*==\s*(\d+)", re.IGNORECASE)
_ASN_LIST = re.compile(r"query\.client\.asn\s+in\s*\((.*)\)", re.IGNORECASE | re.DOTALL)


class ConditionError(ValueError):
    """A condition outside the documented grammar; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks, as far as DNS can tell: the client subnet that the resolver sends along, else the resolver itself.

    Attributes:
        address: where the query comes from, for DNS.
        geo_keys: Oracle's keys of every place that contains it: country, state, continent.
        asn: number of its network; None where it is not known.
    """

    address: IPv4Address | IPv6Address
    geo_keys: frozenset[str] = frozenset()
    asn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a policy: a record's data, and what conditions may ask about it."""

    name: str
    rtype: str
    rdata: str
    pool: str | None = None
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class AnswerCondition:
    """Selects answers: a property equals a value, or does not."""

    field: str
    value: str | bool
    equals: bool

    def matches(self, answer: Answer) -> bool:
        """Whether the answer is selected."""
        return (getattr(answer, self.field) == self.value) is self.equals


@dataclass(frozen=True, slots=True)
class CaseCondition:
    """Selects queries by where they come from; one of the three sets is not empty."""

    geo_keys: frozenset[str] = frozenset()
    subnets: tuple[IPv4Network | IPv6Network, ...] = ()
    asns: frozenset[int] = frozenset()

    def matches(self, client: Client) -> bool:
        """Whether the query is selected."""
        return (
            bool(self.geo_keys & client.geo_keys)
            or client.asn in self.asns
            or any(client.address in subnet for subnet in self.subnets)
        )


def answer_condition(text: str) -> AnswerCondition:
    """Read an `answerCondition`.

    Raises:
        ConditionError: it is outside the documented grammar.
    """
    stripped = text.strip()
    if match := _ANSWER_TEXT.fullmatch(stripped):
        return AnswerCondition(match[1].lower(), match[3], match[2] == "==")
    if match := _ANSWER_FLAG.fullmatch(stripped):
        return AnswerCondition("is_disabled", match[2].lower() == "true", match[1] == "==")
    raise ConditionError(f"{text!r} is not a condition on answers, such as answer.pool == 'name'")


def case_condition(text: str) -> CaseCondition:
    """Read a `caseCondition`.

    Raises:
        ConditionError: it is outside the documented grammar.
    """
    stripped = text.strip()
    if match := _GEO.fullmatch(stripped):
        return CaseCondition(geo_keys=frozenset(_items(_GEO_ITEM, match[1], text)))
    if match := _ADDRESS.fullmatch(stripped):
        return CaseCondition(subnets=tuple(_subnet(item, text) for item in _items(_ADDRESS_ITEM, match[1], text)))
    if match := _ASN.fullmatch(stripped):
        return CaseCondition(asns=frozenset({int(match[1])}))
    if match := _ASN_LIST.fullmatch(stripped):
        return CaseCondition(asns=frozenset(map(int, _items(re.compile(r"\s*(\d+)\s*"), match[1], text))))
    raise ConditionError(f"{text!r} is not a condition on queries, such as query.client.geoKey in (geoKey '6252001')")


def _items(pattern: re.Pattern[str], inside: str, whole: str) -> list[str]:
    matches = [pattern.fullmatch(item) for item in inside.split(",")]
    found = [match[1] for match in matches if match is not None]
    if len(found) != len(matches):
        raise ConditionError(f"{whole!r} has an item in its list that cannot be read")
    return found


def _subnet(text: str, whole: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConditionError(f"{whole!r}: {error}") from error
