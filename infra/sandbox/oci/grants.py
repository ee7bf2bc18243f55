"""What policies grant to Oracle's own services: Object Storage does nothing by itself without them."""

from dataclasses import dataclass
from typing import Final

from infra.sandbox.model import Call
from infra.sandbox.oci import statements
from infra.sandbox.oci.base import COMPARTMENT, compartments_around, parent, tenancy_records

POLICY: Final = "oci:Identity/policy:Policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a service needs, in the two ways a statement can say it."""

    verbs: frozenset[str]
    """Any of these verbs is enough."""
    resources: frozenset[str]
    """On any of these types."""
    permissions: frozenset[str]
    """All of these, where a statement lists permissions or has a condition on them."""


_OBJECTS: Final = frozenset(
    {"OBJECT_READ", "OBJECT_INSPECT", "OBJECT_CREATE", "OBJECT_OVERWRITE", "OBJECT_RESTORE", "OBJECT_DELETE"}
)
_FAMILY: Final = frozenset({"object-family", "all-resources"})
REPLICATION: Final = Grant(
    verbs=frozenset({"manage"}), resources=_FAMILY, permissions=_OBJECTS | {"BUCKET_READ", "BUCKET_UPDATE"}
)
LIFECYCLE: Final = Grant(
    verbs=frozenset({"manage"}), resources=_FAMILY, permissions=frozenset({"OBJECT_INSPECT", "OBJECT_DELETE"})
)
KEY_USE: Final = Grant(
    verbs=frozenset({"use", "manage"}),
    resources=frozenset({"keys", "key-family", "all-resources"}),
    permissions=frozenset({"KEY_ENCRYPT", "KEY_DECRYPT"}),
)


def granted(call: Call, service: str, grant: Grant, target: str) -> bool:
    """Whether a policy of the tenancy lets a service do something in a compartment.

    Args:
        call: the request whose tenancy counts.
        service: principal, such as `objectstorage-us-ashburn-1`.
        grant: what it needs.
        target: OCID of the compartment.
    """
    above = set(compartments_around(call, target))
    return any(
        _covers(statement, service, grant) and _location(call, statement, policy.inputs["compartmentId"]) in above
        for policy in tenancy_records(call, POLICY)
        for statement in map(statements.parse, policy.inputs["statements"])
    )


def group_may(call: Call, group: str, permission: str, target: str) -> bool:
    """Whether a policy lets a group do something with any object of a compartment, wherever its request comes from.

    A statement that holds for named operations only does not count.

    Args:
        call: the request whose tenancy counts.
        group: its name.
        permission: such as `OBJECT_CREATE`.
        target: OCID of the compartment.
    """
    above = set(compartments_around(call, target))
    return any(
        statement.effect == "allow"
        and group.lower() in {name.lower() for name in statement.groups}
        and permission in statement.permissions
        and not any(condition.variable == "request.operation" for condition in statement.conditions)
        and _location(call, statement, policy.inputs["compartmentId"]) in above
        for policy in tenancy_records(call, POLICY)
        for statement in map(statements.parse, policy.inputs["statements"])
    )


def resolve(call: Call, start: str, path: tuple[str, ...]) -> str:
    """The compartment that a path of names leads to, seen from where the policy is attached.

    Raises:
        StatementError: there is none.
    """
    all_of_them = tenancy_records(call, COMPARTMENT)
    here = next((c for c in all_of_them if c.id == start), None)
    first = path[0].lower()
    if here is not None and here.inputs["name"].lower() == first:
        current, rest = start, path[1:]
    else:
        current, rest = start, path
    for name in rest:
        below = (c for c in all_of_them if parent(c) == current and c.inputs["name"].lower() == name.lower())
        found = next(below, None)
        if found is None:
            raise statements.StatementError(
                f"Compartment {{{':'.join(path)}}} does not exist or is not part of the policy compartment subtree"
            )
        current = found.id
    return current


def _covers(statement: statements.Statement, service: str, grant: Grant) -> bool:
    if statement.effect != "allow" or service.lower() not in {name.lower() for name in statement.services}:
        return False
    if statement.permissions:
        return grant.permissions <= statement.permissions
    return (
        statement.verb in grant.verbs and statement.resource in grant.resources and statement.permits(grant.permissions)
    )


def _location(call: Call, statement: statements.Statement, attached: str) -> str | None:
    if statement.compartment_id is not None:
        return statement.compartment_id
    if statement.compartment is None:
        return call.place.account
    try:
        return resolve(call, attached, statement.compartment)
    except statements.StatementError:
        return None  # renamed or deleted since: the statement no longer grants anything
