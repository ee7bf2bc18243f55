"""Who could silence the trail: no statement lets anybody change or end it, or read what it holds."""

from collections.abc import Iterator
from typing import Final

from infra.verify.graph import UNKNOWN, Graph
from infra.verify.oracle.statements import Statement, UnreadableError, compared, may_hold, parse
from infra.verify.trail.declared import Declared
from infra.verify.trail.leak import Leak, Rule
from infra.verify.values import items

POLICY: Final = "oci:Identity/policy:Policy"

_CALL: Final = "request.operation"
_ANY_CALL: Final = "\N{EM DASH}any other call"

_ENDS: Final = frozenset(
    {
        "alarms", "buckets", "object-family", "objects", "log-groups", "logging-family", "serviceconnectors",
        "cloudevents-rules", "ons-topics", "ons-subscriptions", "ons-family", "keys", "vaults", "key-family",
        "all-resources",
    }
)  # fmt: skip
"""Families of which more than reading could end the trail or alter it."""

_ENDING: Final = frozenset(
    {
        "BUCKET_UPDATE", "BUCKET_DELETE", "RETENTION_RULE_MANAGE", "RETENTION_RULE_LOCK", "OBJECT_DELETE",
        "OBJECT_OVERWRITE", "OBJECT_CREATE", "KEY_UPDATE", "KEY_DELETE", "KEY_ROTATE", "VAULT_UPDATE", "VAULT_DELETE",
    }
)  # fmt: skip
_READING: Final = frozenset({"OBJECT_READ", "OBJECT_INSPECT"})

_CREATES: Final = ("create", "get", "list")
"""How the calls begin that neither change nor end what is there."""


def grant_leaks(found: Graph, declared: Declared) -> Iterator[Leak]:
    """No statement lets a group alter, end or read the trail."""
    for node in found.of(POLICY):
        for text in items(node.inputs.get("statements")) or [UNKNOWN]:
            try:
                what = _too_much(declared.organization, parse(str(text)))
            except UnreadableError as error:
                yield Leak(urn=node.urn, rule=Rule.STATEMENT, what=f"a statement that cannot be read: {error}")
                continue
            if what:
                yield Leak(urn=node.urn, rule=Rule.GRANT, what=what)


def _too_much(organization: str, statement: Statement) -> str:
    reaches = statement.place in {(), (organization,), (organization, "audit")}
    if statement.denies or statement.kind in {"service", "any-user"} or not reaches:
        return ""  # connectors and services are for the check of access
    who = ", ".join(statement.names) or statement.kind
    if statement.permissions & _READING or (
        statement.resource in {"objects", "object-family", "all-resources"} and statement.verb != "inspect"
    ):
        return f"{who} can read the trail"
    if _only_creates(statement):
        return ""
    if statement.permissions & _ENDING or (statement.verb in {"use", "manage"} and statement.resource in _ENDS):
        return f"{who} can change or end the trail"
    return ""


def _only_creates(statement: Statement) -> bool:
    """Whether the statement holds for none but calls that create, get or list."""
    if may_hold(statement.condition, {_CALL: _ANY_CALL}):
        return False
    return all(it.value.lower().startswith(_CREATES) for it in compared(statement.condition, _CALL))
