"""AWS's policy documents as plain values, or the reason why one is not modelled.

Modelled, or refused by name: `NotPrincipal`, `NotAction`, `NotResource`, `ForAllValues`, `ForAnyValue`, `IfExists` and
`Null` are modelled; policy variables, federated principals, canonical users and the comparisons that are missing from
`COMPARISONS` are refused.

Source: AWS's IAM reference, pages "Grammar of the IAM JSON policy language", "IAM JSON policy elements: Condition
operators" and "Multivalued context keys".
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from infra.verify.aws.globs import Pattern, arn, is_arn, like, literal
from infra.verify.graph import UNKNOWN
from infra.verify.values import as_texts, is_moment, is_range, record


class UnmodelledError(ValueError):
    """A document whose meaning cannot be told; the text says why."""


EVERYONE: Final = like("*")

COMPARISONS: Final = frozenset(
    {
        "StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool", "Null", "IpAddress",
        "DateEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
        "NumericEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
    }
)  # fmt: skip
"""Comparisons by their positive names; those of texts and addresses have a negative one too."""

_OLDER: Final = "2008-10-17"
"""The version of a document that names none; the two differ in policy variables only, which are refused."""

_NEGATIVE: Final = re.compile(r"(String|Arn|Date|Numeric)Not(Equals|Like)|(Not)IpAddress")
_OPERATOR: Final = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_KEYS: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)


class Test(NamedTuple):
    """One comparison of a condition key (in lower case) with values, of which one must fit, or, negated, none.

    Attributes:
        over: `ForAnyValue` or `ForAllValues` where the key has many values; empty where it has one.
        absent: what it says of a request without the key.
    """

    __test__ = False  # not for pytest

    key: str
    comparison: str
    values: tuple[str, ...]
    negated: bool
    over: str
    absent: bool


class Element(NamedTuple):
    """Who, what or where: what one of the patterns matches, or, inverted, what none does."""

    patterns: tuple[Pattern, ...]
    inverted: bool = False


class Statement(NamedTuple):
    """One statement; its parts must all hold."""

    sid: str
    allows: bool
    principal: Element
    action: Element
    resource: Element
    tests: tuple[Test, ...]


def parse(text: object) -> tuple[Statement, ...]:
    """The statements of a document; of one without resources they are about everything.

    Raises:
        UnmodelledError: it is not known, no document, or has something in it that is not modelled.
    """
    if not isinstance(text, str) or UNKNOWN in text:
        raise UnmodelledError("a policy that is not known")
    return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[Statement, ...]:
    try:
        whole = record(cast("object", json.loads(text)))
    except ValueError:
        raise UnmodelledError("a policy that is no JSON") from None
    if set(whole) - {"Version", "Id", "Statement"} or whole.get("Version", _OLDER) not in {_OLDER, "2012-10-17"}:
        raise UnmodelledError("another version of the language")
    statements = _list(whole.get("Statement"))
    if not statements or not all(isinstance(it, dict) for it in statements):
        raise UnmodelledError("a policy without statements")
    return tuple(_statement(it, at) for at, it in enumerate(statements))


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> list[str]:
    found = [] if value is None else as_texts(value)
    if any("${" in it for it in found):
        raise UnmodelledError("a policy variable")
    return found


def _statement(raw: Mapping[str, Any], at: int) -> Statement:
    if set(raw) - _KEYS or raw.get("Effect") not in {"Allow", "Deny"}:
        raise UnmodelledError(f"statement {at}: something else than the elements of a statement")
    return Statement(
        sid=str(raw.get("Sid", at)),
        allows=raw["Effect"] == "Allow",
        principal=_principal(raw),
        action=_element(raw, "Action", lower=True),
        resource=_element(raw, "Resource", lower=False),
        tests=tuple(_tests(raw.get("Condition", {}))),
    )


def _tests(conditions: Any) -> Iterator[Test]:
    if not isinstance(conditions, dict):
        raise UnmodelledError("conditions that are no object")
    for operator, keys in record(cast("object", conditions)).items():
        if not record(keys):
            raise UnmodelledError(f"{operator} of nothing")
        yield from (_test(operator, key, values) for key, values in record(keys).items())


def _element(raw: Mapping[str, Any], name: str, *, lower: bool) -> Element:
    inverted = f"Not{name}" in raw
    if not inverted and name not in raw and name == "Resource":
        return Element(patterns=(EVERYONE,))
    texts = _texts(raw.get(f"Not{name}" if inverted else name))
    if not texts:
        raise UnmodelledError(f"a statement without {name}")
    return Element(patterns=tuple(like(it.lower() if lower else it) for it in texts), inverted=inverted)


def _principal(raw: Mapping[str, Any]) -> Element:
    inverted = "NotPrincipal" in raw
    value = raw.get("NotPrincipal" if inverted else "Principal")
    if value == "*":
        return Element(patterns=(EVERYONE,), inverted=inverted)
    if not isinstance(value, dict) or not all(map(_list, cast("dict[str, Any]", value).values())) or not value:
        raise UnmodelledError("a principal that is none")
    pairs = [(kind, it) for kind, them in cast("dict[str, Any]", value).items() for it in _texts(them)]
    return Element(patterns=tuple(_who(kind, it) for kind, it in pairs), inverted=inverted)


def _who(kind: str, value: str) -> Pattern:
    """A principal as a pattern: ARNs of users and roles, `service:` with a name; an account is everybody in it."""
    if kind == "Service":
        return literal(f"service:{value}")
    if kind == "AWS" and value == "*":
        return EVERYONE
    account = re.fullmatch(r"(?:arn:aws:iam::)?(\d{12})(?::root)?", value) if kind == "AWS" else None
    if account is not None:
        return like(f"arn:aws:iam::{account[1]}:*")
    if kind == "AWS" and re.fullmatch(r"arn:aws:iam::\d{12}:(role|user)/[\w+=,.@/-]+", value):
        return literal(value)
    raise UnmodelledError(f"a principal of kind {kind}: {value}")


def _test(operator: str, key: str, values: Any) -> Test:
    match = _OPERATOR.fullmatch(operator)
    over, name, if_exists = match.groups() if match else ("", operator, "")
    negated = _NEGATIVE.fullmatch(name) is not None
    comparison = name.replace("Not", "", 1) if negated else name
    if comparison not in COMPARISONS or (comparison == "Null" and (over or if_exists)):
        raise UnmodelledError(f"{operator} is not modelled")
    texts = _texts(values)
    if not texts:
        raise UnmodelledError(f"{operator} of {key} with nothing")
    if comparison in {"Bool", "Null"}:
        texts = [it.lower() for it in texts]
        if not {*texts} <= {"true", "false"}:
            raise UnmodelledError(f"{operator} with something that is neither true nor false")
    if comparison.startswith("Arn") and not all(map(is_arn, texts)):
        raise UnmodelledError(f"{operator} with something that is no ARN")
    if comparison.startswith("Date") and not all(map(is_moment, texts)):
        raise UnmodelledError(f"{operator} with something that is no time in UTC")
    if comparison == "IpAddress" and not all(map(is_range, texts)):
        raise UnmodelledError(f"{operator} with a range of addresses that is none")
    return Test(
        key=key.lower(),
        comparison=comparison,
        values=tuple(texts),
        negated=negated,
        over=over or "",
        absent=bool(if_exists) or (over == "ForAllValues" if over else negated),
    )


def pattern(test: Test, value: str) -> Pattern:
    """A value of a comparison of texts as a pattern."""
    if test.comparison in {"ArnEquals", "ArnLike"}:
        return arn(value)
    return like(value) if test.comparison == "StringLike" else literal(value)
