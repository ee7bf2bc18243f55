"""AWS policy documents, read from their text: who may do what with which resource, and when it holds.

An independent reading: it shares no code with what writes them. What it cannot read it refuses: an element, operator or
kind of principal that this project has no use for, `NotPrincipal`, `NotAction` and `NotResource` among them. Only a
denial may compare in a way that is not known here, or an ARN with what is none: whether it holds nobody can say then.

Source: AWS's pages "Grammar of the IAM JSON policy language" and "IAM JSON policy elements: Condition operators".
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import NamedTuple, cast

from infra.verify.aws.globs import arn, fits, is_arn, matches
from infra.verify.values import is_moment, is_range, listed


class UnreadableError(ValueError):
    """A document that cannot be read; the text says why."""


class Comparison(NamedTuple):
    """A key compared with values, of which one must fit; negated: none. Keys in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]


class Statement(NamedTuple):
    """One statement.

    Attributes:
        principals: (kind, name), kinds as AWS writes them; (`*`, `*`) for everyone; none in a role's own policy.
        actions: in lower case, since AWS does not tell case apart in them.
    """

    sid: str
    denies: bool
    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Comparison, ...]

    def touches(self, *calls: str) -> bool:
        """Whether it is about one of some calls."""
        return any(fits(call.lower(), pattern) for call in calls for pattern in self.actions)

    def is_about(self, call: str, resource: str) -> bool:
        """Whether it is about a call on a resource."""
        return self.touches(call) and any(fits(resource, pattern) for pattern in self.resources)


_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})
_KINDS = frozenset({"AWS", "Service", "Federated"})
_PRINCIPAL = re.compile(r"\d{12}|arn:aws:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)", re.ASCII)


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a document.

    Raises:
        UnreadableError: it is none, or none that this project has a use for.
    """
    try:
        raw = cast("object", json.loads(text))
    except ValueError as error:
        raise UnreadableError(f"no JSON ({error})") from None
    document = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    if document.keys() - {"Id"} != {"Version", "Statement"}:
        raise UnreadableError("no document of Version and Statement")
    if document["Version"] != "2012-10-17":
        raise UnreadableError("another version of the language")
    return tuple(map(_statement, listed(document["Statement"])))


def attached(text: str, *, named: bool) -> tuple[Statement, ...]:
    """The same of a document that is attached to what it is about: a bucket, a key, or who may act as a role.

    Args:
        text: the document.
        named: whether its statements have to say whom they are about; a role's own may not.

    Raises:
        UnreadableError: as `parse`, or a statement does otherwise.
    """
    found = parse(text)
    if not all(bool(it.principals) is named for it in found):
        raise UnreadableError(f"a statement {'without' if named else 'with'} a principal")
    return found


def _statement(raw: object) -> Statement:
    if not isinstance(raw, dict):
        raise UnreadableError("a statement that is no object")
    fields = cast("dict[str, object]", raw)
    unknown = sorted(fields.keys() - _ELEMENTS)
    if unknown:
        raise UnreadableError(f"{unknown[0]}: what it leaves out cannot be seen")
    if fields.get("Effect") not in {"Allow", "Deny"}:
        raise UnreadableError("neither Allow nor Deny")
    return Statement(
        sid=str(fields.get("Sid", "")),
        denies=fields["Effect"] == "Deny",
        principals=tuple(_principals(fields.get("Principal"))),
        actions=tuple(it.lower() for it in _some(fields.get("Action"), "Action")),
        resources=_some(fields["Resource"], "Resource") if "Resource" in fields else (),
        conditions=tuple(_comparisons(fields.get("Condition", {}), any_operator=fields["Effect"] == "Deny")),
    )


def _some(value: object, name: str) -> tuple[str, ...]:
    found = tuple(_texts(value))
    if not found:
        raise UnreadableError(f"a statement without {name}")
    return found


def _texts(value: object) -> Iterator[str]:
    for item in listed(value):
        if not isinstance(item, str):
            raise UnreadableError(f"{item!r} where a text belongs")
        yield item


def _principals(value: object) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            pass
        case "*":
            yield "*", "*"
        case dict() if value:
            for kind, names in cast("dict[str, object]", value).items():
                if kind not in _KINDS:
                    raise UnreadableError(f"a principal of kind {kind}")
                if not listed(names):
                    raise UnreadableError(f"a principal of kind {kind} that is nobody")
                yield from (_principal(kind, name) for name in _texts(names))
        case _:
            raise UnreadableError("a principal that is none")


def _principal(kind: str, name: str) -> tuple[str, str]:
    """One principal; a whole account has two spellings."""
    if name == "*":
        return "*", "*"
    if kind == "AWS" and not _PRINCIPAL.fullmatch(name):
        raise UnreadableError(f"{name} where an account, a role or a user belongs")
    return kind, f"arn:aws:iam::{name}:root" if kind == "AWS" and name.isdecimal() else name


def _comparisons(value: object, *, any_operator: bool) -> Iterator[Comparison]:
    if not isinstance(value, dict):
        raise UnreadableError("conditions that are no object")
    for operator, compared in cast("dict[str, object]", value).items():
        if not isinstance(compared, dict) or not compared or not (any_operator or operator in OPERATORS):
            raise UnreadableError(f"the condition operator {operator}")
        for key, values in cast("dict[str, object]", compared).items():
            texts = tuple(_texts([str(it).lower() if isinstance(it, bool) else it for it in listed(values)]))
            if operator.startswith(("Bool", "Null")):
                texts = tuple(it.lower() for it in texts)
                if not {*texts} <= {"true", "false"}:
                    raise UnreadableError(f"{operator} with something that is neither true nor false")
            if not texts:
                raise UnreadableError(f"{operator} of {key} with nothing")
            comparison = Comparison(operator=operator, key=key.lower(), values=texts)
            if not any_operator and (what := _mistaken(comparison)):
                raise UnreadableError(f"{operator} with something that is no {what}")
            yield comparison


def _mistaken(comparison: Comparison) -> str:
    """What a comparison is about while one of its values is none; empty where all are. What then, AWS says nowhere."""
    for kind, what, is_one in (("Arn", "ARN", is_arn), ("Date", "time", is_moment), ("Ip", "address", is_range)):
        if kind in comparison.operator and not all(map(is_one, comparison.values)):
            return what
    return ""


ABSENT = "\N{EM DASH}absent"
"""Stands for a key that a call does not carry."""


def _is_like(given: str, value: str) -> bool:
    return matches(arn(value), given)


def _inside(given: str, value: str) -> bool:
    return is_range(given) and ip_address(given) in ip_network(value)


_POSITIVE: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "Bool": str.__eq__,
        "StringEquals": str.__eq__,
        "StringLike": fits,
        "ArnEquals": _is_like,
        "ArnLike": _is_like,
        "ForAllValues:ArnEquals": _is_like,
        "ForAnyValue:ArnEquals": _is_like,
        "ForAnyValue:StringEquals": str.__eq__,
        "ForAnyValue:StringLike": fits,
        "IpAddress": _inside,
        "DateLessThan": str.__lt__,
        "DateLessThanEquals": str.__le__,
        "DateGreaterThan": str.__gt__,
        "DateGreaterThanEquals": str.__ge__,
    }
)
_NEGATED: Mapping[str, str] = MappingProxyType(
    {
        "StringNotEquals": "StringEquals",
        "StringNotLike": "StringLike",
        "ArnNotEquals": "ArnEquals",
        "ArnNotLike": "ArnLike",
        "NotIpAddress": "IpAddress",
    }
)
_IF_EXISTS = "IfExists"
OPERATORS = frozenset({*_POSITIVE, *_NEGATED, *(f"{it}{_IF_EXISTS}" for it in (*_POSITIVE, *_NEGATED)), "Null"})
"""Those that can be read."""


def holds(comparison: Comparison, call: Mapping[str, str]) -> bool | None:
    """Whether a comparison holds for a call, of which some keys are known; None where nobody can say.

    Args:
        comparison: of a statement.
        call: values by key in lower case, `ABSENT` for one that it does not carry.
    """
    given = call.get(comparison.key)
    if given is None or comparison.operator not in OPERATORS or _mistaken(comparison):
        return None
    if comparison.operator == "Null":
        return (given == ABSENT) == (comparison.values == ("true",))
    operator = comparison.operator.removesuffix(_IF_EXISTS)
    if given == ABSENT and (operator.startswith("ForAllValues:") or operator != comparison.operator):
        return True
    positive = _NEGATED.get(operator, operator)
    found = given != ABSENT and any(_POSITIVE[positive](given, value) for value in comparison.values)
    return found is not (operator in _NEGATED)


def may_speak(statement: Statement, call: Mapping[str, str]) -> bool:
    """Whether a statement's conditions can hold for a call: whatever is not known may be as it likes."""
    return all(holds(it, call) is not False for it in statement.conditions)


def must_speak(statement: Statement, call: Mapping[str, str]) -> bool:
    """Whether a statement's conditions hold for a call, whatever is not known about it."""
    return all(holds(it, call) is True for it in statement.conditions)
