"""Single requests against raw documents: the slow decider, and what counterexamples are replayed on.

It shares no code with `document` and `cover`: documents are read as JSON, patterns become regular expressions. A
document is compiled once; after that a request costs a few look-ups, so that millions can be replayed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from infra.verify.aws.request import Request
from infra.verify.values import as_texts, listed

Decision = Callable[[Request], bool]


def compiled(text: str, *, open_: bool) -> Decision:
    """Whether a document admits a request.

    Args:
        text: the document.
        open_: whether whoever is not denied counts as allowed.
    """
    statements: list[dict[str, Any]] = listed(json.loads(text)["Statement"])
    denies = [_statement(it) for it in statements if it["Effect"] == "Deny"]
    allows = [_statement(it) for it in statements if it["Effect"] == "Allow"]

    def admits(request: Request) -> bool:
        for denied in denies:
            if denied(request):
                return False
        if open_:
            return True
        return any(allowed(request) for allowed in allows)

    return admits


def _statement(raw: Mapping[str, Any]) -> Decision:
    who = _principal(raw)
    what = _element(raw, "Action", lower=True)
    where = _element(raw, "Resource", lower=False)
    conditions: dict[str, dict[str, Any]] = raw.get("Condition") or {}
    tests = [
        _condition(operator, key.lower(), as_texts(values))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    ]

    def about(request: Request) -> bool:
        if not (what(request.action) and where(request.resource) and who(request.principal)):
            return False
        return all(test(request) for test in tests)

    return about


def _remembered(decide: Callable[[str], bool]) -> Callable[[str], bool]:
    return lru_cache(maxsize=1024)(decide)


def _globs(values: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of some patterns matches; brackets mean nothing special in them."""
    escaped = (re.sub(r"\[", "[[]", value) for value in values)
    expressions = [re.compile(translate(value)) for value in escaped]
    return lambda text: any(it.match(text) for it in expressions)


def _element(raw: Mapping[str, Any], name: str, *, lower: bool) -> Callable[[str], bool]:
    if name in raw:
        values, inverted = as_texts(raw[name]), False
    elif f"Not{name}" in raw:
        values, inverted = as_texts(raw[f"Not{name}"]), True
    else:
        return lambda _: True
    fits = _globs(it.lower() for it in values) if lower else _globs(values)
    return _remembered(lambda text: fits(text) != inverted)


def _principal(raw: Mapping[str, Any]) -> Callable[[str], bool]:
    inverted = "NotPrincipal" in raw
    value: Any = raw["NotPrincipal"] if inverted else raw.get("Principal", "*")
    given: dict[str, Any] = {"AWS": "*"} if value == "*" else value
    pairs = [(kind, it) for kind, them in given.items() for it in as_texts(them)]

    def named(principal: str) -> bool:
        own = _account(principal)
        for kind, it in pairs:
            if kind == "Service":
                if principal == f"service:{it}":
                    return True
            elif it in ("*", principal) or (own and own == _account(it) and _is_whole(it)):
                return True
        return False

    return _remembered(lambda principal: named(principal) != inverted)


def _account(text: str) -> str:
    if text.isdigit():
        return text
    parts = text.split(":")
    return parts[4] if text.startswith("arn:aws:iam::") and len(parts) > 5 else ""  # noqa: PLR2004 - parts of an ARN


def _is_whole(text: str) -> bool:
    """Whether a principal names an account and all in it."""
    return text.isdigit() or text.endswith(":root")


def _condition(operator: str, key: str, values: list[str]) -> Decision:
    over, _, name = operator.rpartition(":")
    lenient = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if name == "Null":
        asked = {value.lower() for value in values}
        return lambda request: ("false" if _value(request, key) else "true") in asked
    negated, base = "Not" in name, name.replace("Not", "")
    fits = _remembered(_comparison(base, values))

    def holds(request: Request) -> bool:
        found = _value(request, key)
        if not found:
            return lenient or over == "ForAllValues" or (negated and not over)
        each = (fits(it) != negated for it in found)
        return all(each) if over == "ForAllValues" else any(each)

    return holds


def _value(request: Request, key: str) -> Iterable[str]:
    """The values of a key; none where it is absent."""
    if key == "aws:principalarn":
        return (request.principal,) if request.principal.startswith("arn:") else ()
    if key == "aws:principalaccount":
        account = request.principal.split(":")[4] if request.principal.count(":") > 3 else ""  # noqa: PLR2004
        return (account,) if account else ()
    found = request.context.get(key)
    return () if found is None else (found,) if isinstance(found, str) else found


def _comparison(base: str, values: list[str]) -> Callable[[str], bool]:
    if base == "StringEquals":
        return lambda text: text in values
    if base == "Bool":
        return lambda text: text.lower() in [value.lower() for value in values]
    if base == "StringLike":
        return _globs(values)
    if base in ("ArnEquals", "ArnLike"):
        return lambda text: any(_arn_like(value, text) for value in values)
    if base == "IpAddress":
        networks = [ip_network(value) for value in values]
        return lambda text: any(ip_address(text) in it for it in networks)
    return lambda text: any(_compare(base, text, value) for value in values)


def _arn_like(value: str, text: str) -> bool:
    ours, theirs = value.split(":", 5), text.split(":", 5)
    return len(ours) == len(theirs) and all(_globs([a])(b) for a, b in zip(ours, theirs, strict=True))


def _compare(base: str, text: str, value: str) -> bool:
    if base.startswith("Date"):
        one, other = datetime.fromisoformat(text).timestamp(), datetime.fromisoformat(value).timestamp()
    else:
        one, other = float(text), float(value)
    if "Less" in base:
        return one < other or ("LessThanEquals" in base and one == other)
    if "Greater" in base:
        return one > other or ("GreaterThanEquals" in base and one == other)
    return one == other
