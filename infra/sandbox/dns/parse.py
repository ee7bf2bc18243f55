"""Reads a steering policy as the API gets it, and refuses what the API refuses.

Refused here: conditions outside the documented grammar, values outside 0 to 255, answers of a type that steering does
not cover or with data of another type, two answers of one name, and an order of rules other than the template's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from infra.sandbox.dns.conditions import Answer, ConditionError, answer_condition, case_condition
from infra.sandbox.dns.health import plain
from infra.sandbox.dns.steering import AnswerData, Case, Policy, Rule, RuleType
from infra.sandbox.values import Json

_DOMAIN = re.compile(r"(?=.{1,254}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9-]{1,63}\.?")
_DEFAULT_TTL = 30
_MAX_TTL = 604_800
_MAX_VALUE = 255
_KEEPS_ENABLED = AnswerData(condition=answer_condition("answer.isDisabled != true"), should_keep=True)
_SORTS: Mapping[str, RuleType] = {
    "FAILOVER": RuleType.PRIORITY,
    "LOAD_BALANCE": RuleType.WEIGHTED,
    "ROUTE_BY_GEO": RuleType.PRIORITY,
    "ROUTE_BY_ASN": RuleType.PRIORITY,
    "ROUTE_BY_IP": RuleType.PRIORITY,
}
"""The rule between HEALTH and LIMIT, by template. CUSTOM has no order of its own."""


class PolicyError(ValueError):
    """A steering policy that the API answers with 400; the text names every problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def policy(inputs: Json) -> Policy:
    """Read a policy.

    Args:
        inputs: properties of a `SteeringPolicy`, all known.

    Raises:
        PolicyError: the API refuses it.
    """
    problems: list[str] = []
    answers = tuple(_answer(raw, index, problems) for index, raw in enumerate(inputs.get("answers") or ()))
    rules = tuple(_rule(raw, index, problems) for index, raw in enumerate(inputs.get("rules") or ()))
    names = [answer.name for answer in answers]
    if not answers:
        problems.append("answers: at least one is needed")
    if len(set(names)) != len(names):
        problems.append("answers: names must be unique within the policy")
    ttl = inputs.get("ttl", _DEFAULT_TTL)
    if not 0 < ttl <= _MAX_TTL:
        problems.append(f"ttl: {ttl} is not between 1 and {_MAX_TTL}")
    read = Policy(
        template=inputs["template"],
        ttl=ttl,
        answers=answers,
        rules=rules,
        monitored=bool(inputs.get("healthCheckMonitorId")),
    )
    problems += [] if problems else _order_problems(read)
    if problems:
        raise PolicyError(problems)
    return read


def _answer(raw: Json, index: int, problems: list[str]) -> Answer:
    rtype, rdata = raw["rtype"].upper(), raw["rdata"]
    if problem := _rdata_problem(rtype, rdata):
        problems.append(f"answers[{index}]: {problem}")
    return Answer(
        name=raw["name"], rtype=rtype, rdata=plain(rdata), pool=raw.get("pool"), is_disabled=bool(raw.get("isDisabled"))
    )


def _rdata_problem(rtype: str, rdata: str) -> str | None:
    try:
        match rtype:
            case "A":
                IPv4Address(rdata)
            case "AAAA":
                IPv6Address(rdata)
            case "CNAME":
                return None if _DOMAIN.fullmatch(rdata) else f"rdata {rdata!r} is not a domain name"
            case _:
                return f"rtype {rtype} is none of A, AAAA, CNAME"
    except ValueError:
        return f"rdata {rdata!r} is not the data of an {rtype} record"
    return None


def _rule(raw: Json, index: int, problems: list[str]) -> Rule:
    where = f"rules[{index}]"
    cases = raw.get("cases")
    return Rule(
        kind=RuleType(raw["ruleType"].upper()),
        cases=None
        if cases is None
        else tuple(_case(case, f"{where}.cases[{n}]", problems) for n, case in enumerate(cases)),
        default_data=_data(raw.get("defaultAnswerDatas"), f"{where}.defaultAnswerDatas", problems),
        default_count=_count(raw.get("defaultCount"), f"{where}.defaultCount", problems),
    )


def _case(raw: Json, where: str, problems: list[str]) -> Case:
    condition = None
    try:
        condition = case_condition(raw["caseCondition"]) if raw.get("caseCondition") else None
    except ConditionError as error:
        problems.append(f"{where}.caseCondition: {error}")
    return Case(
        condition=condition,
        data=_data(raw.get("answerDatas"), f"{where}.answerDatas", problems),
        count=_count(raw.get("count"), f"{where}.count", problems),
    )


def _data(raw: Sequence[Json] | None, where: str, problems: list[str]) -> tuple[AnswerData, ...]:
    return tuple(_one(item, f"{where}[{index}]", problems) for index, item in enumerate(raw or ()))


def _one(raw: Json, where: str, problems: list[str]) -> AnswerData:
    condition, value = None, raw.get("value")
    try:
        condition = answer_condition(raw["answerCondition"]) if raw.get("answerCondition") else None
    except ConditionError as error:
        problems.append(f"{where}.answerCondition: {error}")
    if value is not None and not 0 <= value <= _MAX_VALUE:
        problems.append(f"{where}.value: {value} is not between 0 and {_MAX_VALUE}")
    return AnswerData(condition=condition, should_keep=raw.get("shouldKeep"), value=value)


def _count(value: Any, where: str, problems: list[str]) -> int | None:
    if value is not None and value < 1:
        problems.append(f"{where}: {value} is not at least 1")
    return value


def _order_problems(read: Policy) -> Iterator[str]:
    if read.template not in _SORTS:
        return
    wanted = [RuleType.FILTER, *([RuleType.HEALTH] if read.monitored else []), _SORTS[read.template], RuleType.LIMIT]
    kinds = [rule.kind for rule in read.rules]
    if kinds != wanted:
        yield (
            f"rules: template {read.template} {'with' if read.monitored else 'without'} a monitor takes exactly "
            f"{', '.join(wanted)}, not {', '.join(kinds) or 'none'}"
        )
    elif read.rules[0].cases is not None or read.rules[0].default_data != (_KEEPS_ENABLED,):
        yield (
            f"rules[0]: template {read.template} begins with a FILTER that keeps answer.isDisabled != true "
            "and has no cases"
        )
