"""What a group is let do beyond its duty: an auditor that reads objects, an operator that changes who is a member.

A statement about a declared group is one of a row of its duty's table, or it is a leak: at most so much, in no other
compartment, and where the row is about calls that only create, for no other calls. A group that reads what is backed up
has a duty of its own; one that an exception is exported to has none, and `access` is about it.

The table is written apart from what makes the statements; `stacks/README.md` has the duties in words.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.oracle.access import POLICY, Leak, Rule, only_calls
from infra.verify.oracle.statements import Statement, UnreadableError, parse
from infra.verify.values import items, record

VERBS: Final = ("inspect", "read", "use", "manage")
"""Each brings what those before it do."""

OF_VERBS: Final[Mapping[tuple[str, str], frozenset[str]]] = MappingProxyType(
    {
        ("inspect", "objects"): frozenset({"OBJECT_INSPECT"}),
        ("read", "objects"): frozenset({"OBJECT_INSPECT", "OBJECT_READ"}),
        ("inspect", "buckets"): frozenset({"BUCKET_INSPECT"}),
        ("read", "buckets"): frozenset({"BUCKET_INSPECT", "BUCKET_READ"}),
    }
)
"""Permissions that verbs bring, of those that rows list (page "Details for Object Storage and Archive Storage")."""


class Row(NamedTuple):
    """What a duty brings in some compartments.

    Attributes:
        places: names of compartments inside the organization's own; none where it is the whole tenancy.
        grants: permissions, and verbs each with a family.
        creates: whether it is for calls only that create and get.
    """

    places: frozenset[str]
    grants: frozenset[str]
    creates: bool


def _row(places: str, grants: str, *, verb: str = "", creates: bool = False) -> Row:
    """A row from words; families where there is a verb for all of them, else permissions."""
    return Row(frozenset(places.split()), frozenset(f"{verb} {it}".strip() for it in grants.split()), creates)


_DATA: Final = "protected excepted public"
_HANDLES: Final = "OBJECT_INSPECT OBJECT_READ OBJECT_OVERWRITE OBJECT_CREATE OBJECT_DELETE OBJECT_RESTORE"
_READS_BUCKETS: Final = "BUCKET_INSPECT BUCKET_READ"
_READS_KEYS: Final = "KEY_INSPECT KEY_READ VAULT_INSPECT VAULT_READ"
_IDENTITY: Final = "compartments groups network-sources policies tag-namespaces quotas"
_EDGE: Final = "load-balancers dns waf-family health-check-family"
_NETWORK: Final = "virtual-network-family"
_TRAIL: Final = "alarms serviceconnectors ons-topics ons-subscriptions"

TABLE: Final[Mapping[str, tuple[Row, ...]]] = MappingProxyType(
    {
        "storage": (_row(_DATA, f"{_READS_BUCKETS} {_HANDLES}"),),
        "network": (_row("network edge", _NETWORK, verb="manage"), _row("edge", _EDGE, verb="manage")),
        "security": (
            _row("keys", f"{_READS_KEYS} KEY_UPDATE KEY_ROTATE KEY_DELETE VAULT_UPDATE VAULT_DELETE"),
            _row("", "cloud-guard-family groups network-sources policies quotas", verb="manage"),
            _row("network", "log-groups", verb="manage"),
        ),
        "deployment": (
            _row("", _IDENTITY, verb="manage"),
            _row(_DATA, f"{_READS_BUCKETS} BUCKET_UPDATE BUCKET_CREATE BUCKET_DELETE"),
            _row(_DATA, _HANDLES, creates=True),
            _row("keys", f"{_READS_KEYS} KEY_CREATE KEY_UPDATE VAULT_CREATE_KEY VAULT_CREATE VAULT_UPDATE"),
            _row("keys audit", "key-delegate", verb="use"),
            _row("network edge", _NETWORK, verb="manage"),
            _row("edge", _EDGE, verb="manage"),
            _row("edge", "metrics", verb="read"),
            _row("network audit", "log-groups", verb="manage", creates=True),
            _row("audit", f"{_READS_KEYS} KEY_CREATE VAULT_CREATE_KEY VAULT_CREATE", creates=True),
            _row("audit", f"{_READS_BUCKETS} BUCKET_CREATE BUCKET_UPDATE RETENTION_RULE_MANAGE RETENTION_RULE_LOCK",
                 creates=True),
            _row("audit", _TRAIL, verb="manage", creates=True),
            _row("", "cloudevents-rules", verb="manage", creates=True),
        ),
        "audit": (
            _row("", f"{_IDENTITY} users audit-events cloud-guard-family cloudevents-rules", verb="read"),
            _row(f"{_DATA} audit", _READS_BUCKETS),
            _row("keys audit", _READS_KEYS),
            _row("network audit", "log-groups", verb="read"),
            _row("audit", _TRAIL, verb="read"),
            _row("network edge", _NETWORK, verb="read"),
            _row("edge", _EDGE, verb="read"),
            _row("network", "log-content", verb="read"),
        ),
        "break-glass": (_row(_DATA, "OBJECT_INSPECT OBJECT_READ"),),
        "transfer": (_row(_DATA, f"{_READS_BUCKETS} OBJECT_INSPECT OBJECT_READ"),),
    }
)  # fmt: skip
"""By duty."""


def duties(declared: Declared) -> Mapping[str, str]:
    """The duty of each declared group, by name."""
    asked = record(record(declared.deployment.get("access")).get("groups"))
    copying = {f"{declared.organization}-transfer-{it}": "transfer" for it in declared.sites}
    return {**copying, **{name: str(record(group).get("duty")) for name, group in asked.items()}}


def leaks(graph: Graph, declared: Declared) -> Iterator[Leak]:
    """Each statement that lets a group do something beside its duty."""
    known = duties(declared)
    for node in graph.of(POLICY):
        for text in items(node.inputs.get("statements")):
            try:
                statement = parse(str(text))
            except UnreadableError:
                continue  # `access` is about it
            for name in statement.names if statement.kind == "group" and not statement.denies else ():
                if name in known and not _is_part(statement, known[name], declared.organization):
                    what = f"{name} may do more than its duty, {known[name]}, brings: {text}"
                    yield Leak(urn=node.urn, rule=Rule.DUTY, what=what)


def _is_part(statement: Statement, duty: str, organization: str) -> bool:
    """Whether one row has all that a statement gives, where it gives it."""
    if statement.place and (statement.place[0] != organization or len(statement.place) > 2):  # noqa: PLR2004
        return False
    return any(
        (not row.places or (len(statement.place) == 2 and statement.place[1] in row.places))  # noqa: PLR2004
        and (not row.creates or only_calls(statement))
        and _gives(statement) <= _brought(row)
        for row in TABLE.get(duty, ())
    )


def _gives(statement: Statement) -> frozenset[str]:
    if not statement.resource:
        return statement.permissions
    told = f"{statement.verb} {statement.resource}"
    return OF_VERBS.get((statement.verb, statement.resource), frozenset({told}))


def _brought(row: Row) -> frozenset[str]:
    """What a row has, and what is less than that."""
    lesser = (f"{verb} {family}" for verb, _, family in (it.partition(" ") for it in row.grants) if family
              for verb in VERBS[: VERBS.index(verb)])  # fmt: skip
    return row.grants.union(lesser)
