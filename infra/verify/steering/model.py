"""A steering policy as plain values, or the reason why it is not modelled.

Semantics and grammar: Oracle's pages "Traffic Management Steering Policies API Guide" and the API's model of steering
rules. The first rule gets every answer in random order. In a rule with cases the first case whose condition holds
counts, and without one the rule is skipped, defaults and all; a rule without cases always works with its defaults. In a
case the first of its answer data that selects an answer counts, else the first of the defaults.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, cast

from infra.verify.graph import UNKNOWN


class UnmodelledError(ValueError):
    """A policy whose answers cannot be told; the text says why."""


class Kind(StrEnum):
    """What a rule does with the list of answers that it gets."""

    FILTER = "FILTER"
    HEALTH = "HEALTH"
    PRIORITY = "PRIORITY"
    WEIGHTED = "WEIGHTED"
    LIMIT = "LIMIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Somebody who asks: their address, network and the places they are in, as DNS sees them; None is unknown."""

    address: IPv4Address | IPv6Address
    places: frozenset[str] = frozenset()
    asn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A condition on who asks; one of the three says something, and holds if anything in it fits."""

    places: frozenset[str] = frozenset()
    subnets: tuple[IPv4Network | IPv6Network, ...] = ()
    asns: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of a policy; `at` is its position among all of them."""

    at: int
    name: str
    rdata: str
    pool: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What a rule does with answers whose `attribute` is, or is not, a value; with all where there is no attribute."""

    attribute: str = ""
    value: str | bool = ""
    equal: bool = True
    keep: bool = False
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a rule does for some clients: for all where there is no condition."""

    where: Where | None = None
    data: tuple[Data, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule with its cases, the defaults put into each; one without cases has a single one for all."""

    kind: Kind
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The answers of one record type. `watched` are the addresses that are checked; all others count as healthy."""

    answers: tuple[Answer, ...]
    rules: tuple[Rule, ...]
    watched: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer that can be given: which, to whom, and when what is down."""

    answer: Answer
    client: Client
    down: frozenset[str]


_TEXT = re.compile(r"answer\.(name|pool)\s*(==|!=)\s*'([^']*)'", re.IGNORECASE)
_FLAG = re.compile(r"answer\.isDisabled\s*(==|!=)\s*(true|false)", re.IGNORECASE)
_LIST = re.compile(r"query\.client\.(geoKey|address|asn)\s+in\s*\(([^()]*)\)", re.IGNORECASE)
_ASN = re.compile(r"query\.client\.asn\s*==\s*(\d+)", re.IGNORECASE)
_PLACE = re.compile(r"geoKey\s+'(\d+)'", re.IGNORECASE)
_SUBNET = re.compile(r"subnet\s+'([^']*)'", re.IGNORECASE)


def policies(inputs: Mapping[str, Any], watched: Iterable[str]) -> dict[str, Policy]:
    """A policy by record type: an attachment answers for each type with the answers of that type.

    An address that is not known is one of its own, and may be down: that puts nothing before others for sure.

    Args:
        inputs: of the steering policy.
        watched: the targets of its monitor.

    Raises:
        UnmodelledError: something in it is not known or has another form than the documented ones.
    """
    rules, answers = inputs.get("rules"), inputs.get("answers")
    if not isinstance(rules, list) or not isinstance(answers, list):
        raise UnmodelledError("rules or answers that are not known")
    read = tuple(map(_rule, cast("list[Mapping[str, Any]]", rules)))
    by_type: dict[str, list[Answer]] = {}
    unknown: set[str] = set()
    for at, item in enumerate(cast("list[Mapping[str, Any]]", answers)):
        answer = _answer(at, item)
        by_type.setdefault(str(item.get("rtype")), []).append(answer)
        if answer.rdata != item.get("rdata"):
            unknown.add(answer.rdata)
    return {
        type_: Policy(answers=tuple(of_type), rules=read, watched=frozenset(watched) | unknown)
        for type_, of_type in sorted(by_type.items())
    }


def _answer(at: int, item: Mapping[str, Any]) -> Answer:
    texts = [str(item.get(name) or "") for name in ("name", "rdata", "pool")]
    disabled = item.get("isDisabled") or False
    if not isinstance(disabled, bool) or UNKNOWN in (texts[0], texts[2]):
        raise UnmodelledError("an answer that is not known")
    rdata = f"address {at}" if texts[1] == UNKNOWN else texts[1]
    return Answer(at=at, name=texts[0], rdata=rdata, pool=texts[2], disabled=disabled)


def _rule(item: Mapping[str, Any]) -> Rule:
    if item.get("ruleType") not in set(Kind):
        raise UnmodelledError(f"{item.get('ruleType')} is no rule that is modelled")
    defaults = tuple(map(_data, item.get("defaultAnswerDatas") or ()))
    count, cases = item.get("defaultCount"), item.get("cases")
    if cases is None:
        return Rule(kind=Kind(item["ruleType"]), cases=(Case(data=defaults, count=_number(count)),))
    if not isinstance(cases, list):
        raise UnmodelledError("cases that are not known")
    listed = cast("list[Mapping[str, Any]]", cases)
    return Rule(kind=Kind(item["ruleType"]), cases=tuple(_case(case, defaults, count) for case in listed))


def _case(item: Mapping[str, Any], defaults: tuple[Data, ...], count: object) -> Case:
    text, own = item.get("caseCondition"), item.get("count")
    return Case(
        where=_where(str(text)) if text else None,
        data=(*map(_data, item.get("answerDatas") or ()), *defaults),
        count=_number(count if own is None else own),
    )


def _number(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnmodelledError("a number that is not known")
    return int(value)


def _data(item: Mapping[str, Any]) -> Data:
    keep, rank, text = item.get("shouldKeep") or False, _number(item.get("value")), item.get("answerCondition")
    if not isinstance(keep, bool):
        raise UnmodelledError("whether a filter keeps an answer is not known")
    if not text:
        return Data(keep=keep, rank=rank)
    if match := _TEXT.fullmatch(str(text).strip()):
        return Data(attribute=match[1].lower(), value=match[3], equal=match[2] == "==", keep=keep, rank=rank)
    if match := _FLAG.fullmatch(str(text).strip()):
        flag = match[2].lower() == "true"
        return Data(attribute="disabled", value=flag, equal=match[1] == "==", keep=keep, rank=rank)
    raise UnmodelledError(f"{text} is no condition on answers that is modelled")


def _where(text: str) -> Where:
    if match := _ASN.fullmatch(text.strip()):
        return Where(asns=frozenset({int(match[1])}))
    match = _LIST.fullmatch(text.strip())
    if match is None:
        raise UnmodelledError(f"{text} is no condition on clients that is modelled")
    kind, parts = match[1].lower(), [part.strip() for part in match[2].split(",")]
    try:
        if kind == "asn":
            return Where(asns=frozenset(map(int, parts)))
        pattern = _PLACE if kind == "geokey" else _SUBNET
        values = [found[1] for part in parts if (found := pattern.fullmatch(part))]
        subnets = tuple(map(ip_network, values)) if kind == "address" else ()
    except ValueError:
        values, subnets = [], ()
    if len(values) < len(parts):
        raise UnmodelledError(f"{text} is no condition on clients that is modelled")
    return Where(subnets=subnets) if kind == "address" else Where(places=frozenset(values))
