"""The slow decider about who deploys: tokens made up one by one, and shown to each trust.

It shares nothing with `trust` but what is declared: it reads documents as they are, and makes up tokens from what
they name and from what nobody named; `requests` makes up the calls of whoever has one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from infra.verify.ci.ground import Ground
from infra.verify.ci.powers import MANAGED_POLICY, ROLE
from infra.verify.ci.requests import admitted, matched, unbounded
from infra.verify.ci.trust import (
    AUDIENCE,
    CLOUD,
    NEVER,
    PROVIDER,
    ROLE_POLICY,
    TRUST,
    Declared,
    assumed,
    deployers,
)
from infra.verify.graph import Graph, Node
from infra.verify.models.place import account_of
from infra.verify.search import Opinion, opinion
from infra.verify.values import has_unknown, items, listed, record, records
from infra.verify.verdict import Answer

_OTHERS: Final = (None, "", "other", "repo:other/other:environment:production", "repo:other/other:ref:refs/heads/main")
"""Claims that nobody declared; None is a token without the claim."""


def opinions(graph: Graph, known: Declared) -> Iterator[Opinion]:
    """Of each trust, shown every token; of each deployer's role, by what it may do; and of each other role's bounds."""
    for node in graph.of(PROVIDER, TRUST):
        if has_unknown(dict(node.inputs)):
            yield opinion(Answer.UNDECIDED, node.urn)
        elif _open(node, known):
            yield opinion(Answer.REFUTED, node.urn)
    for node in graph.of(CLOUD):
        if any(arn not in known.actors for arn in assumed(node)):
            yield opinion(Answer.REFUTED, node.urn)
    for node in deployers(graph, known):
        account = account_of(graph, node)
        if (account, node.inputs.get("name")) not in known.roles:
            yield opinion(Answer.REFUTED, node.urn)
            continue
        documents = _documents(graph, node, account)
        if documents is None:
            yield opinion(Answer.UNDECIDED, node.urn)
            continue
        own = known.grounds[account, str(node.inputs["name"])]
        if _lets_in(documents[0], account, known) or _may(documents[1:], own):
            yield opinion(Answer.REFUTED, node.urn)
    yield from _bounded(graph, known)


def _bounded(graph: Graph, known: Declared) -> Iterator[Opinion]:
    """Whether each role but the deployers' has the boundary of its account, and no boundary lets more than work."""
    grounds = {account: it for (account, _), it in known.grounds.items()}
    there = {(account_of(graph, node), node.inputs.get("name")): node for node in graph.of(MANAGED_POLICY)}
    for node in graph.of(ROLE):
        account = account_of(graph, node)
        if account in grounds and (account, node.inputs.get("name")) not in known.roles:
            name = grounds[account].boundary.rpartition("/")[2]
            bound = node.inputs.get("permissionsBoundary")
            if (account, name) not in there or bound != f"arn:aws:iam::{account}:policy/{name}":
                yield opinion(Answer.REFUTED, node.urn)
    for (account, name), node in there.items():
        if account not in grounds or name != grounds[account].boundary.rpartition("/")[2]:
            yield opinion(Answer.REFUTED, node.urn)
            continue
        try:
            statements = listed(json.loads(node.inputs["policy"])["Statement"])
        except (KeyError, TypeError, ValueError):
            yield opinion(Answer.UNDECIDED, node.urn)
            continue
        if any(unbounded(json.dumps(it), grounds[account]) for it in statements if it["Effect"] == "Allow"):
            yield opinion(Answer.REFUTED, node.urn)


def _open(node: Node, known: Declared) -> bool:
    """Whether an identity provider or a trust believes somebody who was not declared."""
    given = node.inputs
    if node.type == PROVIDER:
        meant = {str(it) for it in items(given.get("clientIdLists"))}
        return given.get("url") != (known.issuer or None) or bool(meant - {AUDIENCE} or given.get("thumbprintLists"))
    rest = {name: value for name, value in given.items() if not name.startswith("__")}
    users = records(rest.pop("impersonationServiceUsers", []))
    for name in ("active", "clockSkewSeconds", "description", "name", "schemas", "tags"):
        rest.pop(name, None)
    if rest != dict(known.trust or {}):
        return True
    return any(it.get("value") != known.user or _takes(str(it.get("rule")), known) for it in users)


def _takes(rule: str, known: Declared) -> bool:
    """Whether a rule holds for a token of somebody else, or nobody can tell for which it holds."""
    told = re.fullmatch(r'(\w+) (eq|co|sw|ew) "([^"]*)"', rule)
    if told is None or told[1] != "sub":
        return True
    asked, value = told[2], told[3]
    fits = {"eq": str.__eq__, "co": str.__contains__, "sw": str.startswith, "ew": str.endswith}[asked]
    subjects = {value, f"{value}x", f"x{value}", *(it for it in _OTHERS if it is not None)} - known.subjects
    return any(fits(subject, value) for subject in subjects)


def _documents(graph: Graph, node: Node, account: str) -> list[Any] | None:
    """Who may act as a role, and what it may do: the statements of each document; None where one cannot be read."""
    name = node.inputs.get("name")
    own = [it for it in graph.of(ROLE_POLICY) if it.inputs.get("role") == name and account_of(graph, it) == account]
    try:
        texts = [node.inputs["assumeRolePolicy"], *(it.inputs["policy"] for it in own)]
        if has_unknown(texts):
            return None
        return [listed(json.loads(text)["Statement"]) for text in texts]
    except (KeyError, TypeError, ValueError):
        return None


def _lets_in(statements: list[dict[str, Any]], account: str, known: Declared) -> bool:
    """Whether somebody without a declared token may act as a role."""
    ours = f"arn:aws:iam::{account}:oidc-provider/{known.host}"
    for statement in (it for it in statements if it["Effect"] == "Allow"):
        if statement.get("Principal") != {"Federated": ours} and statement.get("Principal") != {"Federated": [ours]}:
            return True
        if {str(it).lower() for it in listed(statement.get("Action"))} != {"sts:assumerolewithwebidentity"}:
            return True
        if any(_fits(statement, token) for token in _tokens(statement, known)):
            return True
    return False


def _tokens(statement: Mapping[str, Any], known: Declared) -> Iterator[dict[str, str | None]]:
    """Tokens of the issuer that were not declared, from what a statement names and from what it does not."""
    named = {
        re.sub(r"[*?]", "x", str(value))
        for keys in record(statement.get("Condition")).values()
        for values in record(keys).values()
        for value in listed(values)
    }
    claims = sorted({*named, *known.subjects, AUDIENCE}) + list(_OTHERS)
    for audience, subject in product(claims, claims):
        if audience != AUDIENCE or subject not in known.subjects:
            yield {f"{known.host}:aud": audience, f"{known.host}:sub": subject}


def _fits(statement: Mapping[str, Any], token: Mapping[str, str | None]) -> bool:
    """Whether a statement's conditions can hold for a token; what cannot be told of it may hold."""
    for operator, keys in record(statement.get("Condition")).items():
        for key, values in record(keys).items():
            claim = next((name for name in token if name.lower() == key.lower()), None)
            if claim is None or operator not in {"StringEquals", "StringLike"}:
                continue
            given = token[claim]
            wanted = [str(value) for value in listed(values)]
            if given is None or not (
                given in wanted if operator == "StringEquals" else any(matched(given, it) for it in wanted)
            ):
                return False
    return True


def _may(documents: list[list[dict[str, Any]]], known: Ground) -> bool:
    """Whether a deployer's own policies allow too much, or leave a call undenied that it may never make."""
    statements = [it for document in documents for it in document]
    if any(admitted(json.dumps(it), known) for it in statements if it["Effect"] != "Deny"):
        return True
    denied = [
        str(pattern).lower()
        for it in statements
        if it["Effect"] == "Deny" and not it.get("Condition") and "*" in listed(it.get("Resource"))
        for pattern in listed(it.get("Action"))
    ]
    return any(not any(matched(call.lower(), pattern) for pattern in denied) for call in NEVER)
