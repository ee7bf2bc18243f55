"""Oracle's policy and quota statements: parsed far enough to refuse what the service refuses.

Grammar: Oracle's pages "Policy Syntax" and "Quota Policy Syntax". A word that is in no table here is refused, as
the service refuses a resource type, verb or family that it does not have.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.oci.vocabulary import FAMILIES, QUOTA_FAMILIES, RESOURCES, SERVICES

VERBS: Final = ("inspect", "read", "use", "manage")


class StatementError(ValueError):
    """A statement that the service does not accept; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a `where` clause."""

    variable: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A policy statement, taken apart."""

    effect: str
    groups: tuple[str, ...] = ()
    dynamic_groups: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    verb: str = ""
    resource: str = ""
    permissions: frozenset[str] = frozenset()
    """Permissions listed in the place of verb and resource."""
    compartment: tuple[str, ...] | None = None
    """Path of compartment names; None for the tenancy."""
    compartment_id: str | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions that conditions name, without patterns."""
        return tuple(c.value for c in self.conditions if c.variable == "request.region" and "*" not in c.value)

    @property
    def network_sources(self) -> tuple[str, ...]:
        """Network sources that conditions name."""
        return tuple(c.value for c in self.conditions if c.variable.lower() == "request.networksource.name")

    def permits(self, permissions: frozenset[str]) -> bool:
        """Whether a condition on permissions, if there is one, leaves none of these out."""
        named = {c.value for c in self.conditions if c.variable == "request.permission" and c.operator == "="}
        return not named or permissions <= named


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaStatement:
    """A quota statement, taken apart."""

    verb: str
    family: str
    compartment: tuple[str, ...] | None
    region: str | None


def parse(text: str) -> Statement:
    """A policy statement.

    Raises:
        StatementError: the service would answer that it is invalid.
    """
    tokens = _Tokens(text)
    effect = tokens.word("allow", "deny")
    subject = _subject(tokens)
    tokens.word("to")
    verb, resource, permissions = "", "", frozenset[str]()
    if tokens.peek() == "{":
        permissions = _braced(tokens)
    else:
        verb = tokens.word(*VERBS)
        resource = tokens.any_word("a resource type").lower()
        if resource not in RESOURCES and resource not in FAMILIES:
            raise StatementError(f"Invalid resource type {resource}")
    tokens.word("in")
    compartment, compartment_id = _location(tokens)
    conditions = tuple(_conditions(tokens))
    tokens.end()
    return Statement(
        effect=effect,
        verb=verb,
        resource=resource,
        permissions=permissions,
        compartment=compartment,
        compartment_id=compartment_id,
        conditions=conditions,
        **subject,
    )


def parse_quota(text: str) -> QuotaStatement:
    """A quota statement.

    Raises:
        StatementError: the service would answer that it is invalid.
    """
    tokens = _Tokens(text)
    verb = tokens.word("set", "unset", "zero")
    family = tokens.any_word("a quota family").lower()
    if family not in QUOTA_FAMILIES:
        raise StatementError(f"Invalid family {family}")
    tokens.word("quota", "quotas")
    if tokens.peek().lower() not in {"to", "in"}:
        tokens.any_word("a quota name")
    if verb == "set":
        tokens.word("to")
        if not tokens.any_word("a number").isdigit():
            raise StatementError("Invalid quota value: a number is expected")
    tokens.word("in")
    compartment, compartment_id = _location(tokens)
    if compartment_id is not None:
        raise StatementError("a compartment is named by its path here")
    conditions = list(_conditions(tokens))
    tokens.end()
    region = None
    for condition in conditions:
        if condition.variable not in {"request.region", "request.ad"} or condition.operator != "=":
            raise StatementError(f"Invalid condition {condition.variable} {condition.operator}")
        if condition.variable == "request.region" and condition.value not in COMMERCIAL:
            raise StatementError(f"no region {condition.value}")
        region = condition.value if condition.variable == "request.region" else region
    return QuotaStatement(verb=verb, family=family, compartment=compartment, region=region)


_TOKEN = re.compile(r"""\s*('[^']*'(?:/'[^']*')?|/[^/]*/|!=|[={},()]|[^\s={},()'!]+)""")


class _Tokens:
    """The words of a statement, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        text = text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise StatementError(f"No viable input at {text[position:][:20]!r}")
            self._tokens.append(match[1])
            position = match.end()
        self._next = 0

    def peek(self) -> str:
        """The next word; empty at the end."""
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self) -> str:
        """The next word, and go on."""
        token = self.peek()
        self._next += 1
        return token

    def word(self, *allowed: str) -> str:
        """One of these words, without regard to case."""
        given = self.take()
        if given.lower() not in allowed:
            raise StatementError(f"expected {' or '.join(allowed)}, found {given or 'the end'!r}")
        return given.lower()

    def any_word(self, what: str) -> str:
        """A word of free choice, quotes taken off."""
        given = self.take()
        if not given or given in {"{", "}", "=", ",", "(", ")", "!="}:
            raise StatementError(f"expected {what}, found {given or 'the end'!r}")
        return given.replace("'", "")

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise StatementError(f"unexpected {self.peek()!r}")


def _subject(tokens: _Tokens) -> dict[str, tuple[str, ...]]:
    kind = tokens.word("any-user", "any-group", "group", "dynamic-group", "service")
    if kind in {"any-user", "any-group"}:
        return {}
    if tokens.peek().lower() == "id" and kind != "service":
        tokens.take()
        _list(tokens, "an OCID")
        return {}
    names = _list(tokens, f"a {kind} name")
    if kind == "service":
        for name in names:
            _refuse_service(name)
        return {"services": names}
    return {"groups" if kind == "group" else "dynamic_groups": names}


def _refuse_service(name: str) -> None:
    prefix, _, region = name.partition("-")
    if prefix.lower() == "objectstorage" and region in COMMERCIAL:
        return
    if name.lower() not in SERVICES:
        raise StatementError(f"Service {name} does not exist")


def _list(tokens: _Tokens, what: str) -> tuple[str, ...]:
    names = [tokens.any_word(what)]
    while tokens.peek() == ",":
        tokens.take()
        names.append(tokens.any_word(what))
    return tuple(names)


def _braced(tokens: _Tokens) -> frozenset[str]:
    tokens.take()
    names = _list(tokens, "a permission")
    for name in names:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
            raise StatementError(f"Invalid permission {name}")
    tokens.word("}")
    return frozenset(names)


def _location(tokens: _Tokens) -> tuple[tuple[str, ...] | None, str | None]:
    if tokens.word("tenancy", "compartment") == "tenancy":
        return None, None
    if tokens.peek().lower() == "id":
        tokens.take()
        return None, tokens.any_word("a compartment OCID")
    return tuple(tokens.any_word("a compartment").split(":")), None


def _conditions(tokens: _Tokens) -> Iterator[Condition]:
    if tokens.peek().lower() == "where":
        tokens.take()
        yield from _condition(tokens)


def _condition(tokens: _Tokens) -> Iterator[Condition]:
    if tokens.peek().lower() in {"all", "any"}:
        tokens.take()
        tokens.word("{")
        yield from _condition(tokens)
        while tokens.peek() == ",":
            tokens.take()
            yield from _condition(tokens)
        tokens.word("}")
        return
    variable = tokens.any_word("a variable")
    if not re.fullmatch(r"(request|target|all)\.[A-Za-z][\w./-]*", variable):
        raise StatementError(f"Invalid variable {variable}")
    operator = tokens.word("=", "!=", "before", "after", "between")
    value = tokens.any_word("a value")
    if operator == "between":
        tokens.word("and")
        tokens.any_word("a value")
    yield Condition(variable=variable, operator=operator, value=value.strip("/"))
