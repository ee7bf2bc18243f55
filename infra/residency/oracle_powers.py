"""What statements of Oracle Cloud's policies amount to: permissions that they give, powers that duties keep apart.

Sources: Oracle's pages "Details for Object Storage and Archive Storage" and "Details for Vault, Key Management, and
Secret Management Service" (which permissions a verb stands for).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from infra.residency.oracle_policy import Comparison, Equals, OneOf, Permissions, Statement, Variable, Verbs
from infra.residency.oracle_vocabulary import Family, Permission, Verb

_OBJECTS: Mapping[Verb, tuple[Permission, ...]] = MappingProxyType(
    {
        Verb.INSPECT: (Permission.OBJECT_INSPECT,),
        Verb.READ: (Permission.OBJECT_READ,),
        Verb.USE: (Permission.OBJECT_OVERWRITE,),
        Verb.MANAGE: (Permission.OBJECT_CREATE, Permission.OBJECT_DELETE, Permission.OBJECT_RESTORE),
    }
)
_BUCKETS: Mapping[Verb, tuple[Permission, ...]] = MappingProxyType(
    {
        Verb.INSPECT: (Permission.BUCKET_INSPECT,),
        Verb.READ: (Permission.BUCKET_READ,),
        Verb.USE: (Permission.BUCKET_UPDATE,),
        Verb.MANAGE: (Permission.BUCKET_CREATE, Permission.BUCKET_DELETE),
    }
)
_KEYS: Mapping[Verb, tuple[Permission, ...]] = MappingProxyType(
    {
        Verb.INSPECT: (Permission.KEY_INSPECT,),
        Verb.READ: (Permission.KEY_READ,),
        Verb.USE: (Permission.KEY_ENCRYPT, Permission.KEY_DECRYPT),
        Verb.MANAGE: (Permission.KEY_CREATE, Permission.KEY_UPDATE, Permission.KEY_ROTATE, Permission.KEY_DELETE),
    }
)
_VAULTS: Mapping[Verb, tuple[Permission, ...]] = MappingProxyType(
    {
        Verb.INSPECT: (Permission.VAULT_INSPECT,),
        Verb.READ: (Permission.VAULT_READ,),
        Verb.USE: (Permission.VAULT_CREATE_KEY,),
        Verb.MANAGE: (Permission.VAULT_CREATE, Permission.VAULT_UPDATE, Permission.VAULT_DELETE),
    }
)
_OF_FAMILY: Mapping[Family, tuple[Mapping[Verb, tuple[Permission, ...]], ...]] = MappingProxyType(
    {
        Family.OBJECTS: (_OBJECTS,),
        Family.BUCKETS: (_BUCKETS,),
        Family.OBJECT_FAMILY: (_OBJECTS, _BUCKETS),
        Family.KEYS: (_KEYS,),
        Family.VAULTS: (_VAULTS,),
    }
)
"""What a verb adds to those before it, as far as the vocabulary has a word for it."""


class Power(StrEnum):
    """What a statement lets somebody do, as far as duties must be apart."""

    LIST_DATA = "list data"
    READ_DATA = "read data"
    WRITE_DATA = "write data"
    DELETE_DATA = "delete data"
    USE_KEYS = "use keys"
    CHANGE_KEYS = "change keys"
    CHANGE_POLICIES = "change policies"
    CHANGE_NETWORKS = "change networks"
    CHANGE_LOGS = "change logs"


_POWERS_OF_PERMISSIONS: Mapping[Permission, Power] = MappingProxyType(
    {
        Permission.RETENTION_RULE_MANAGE: Power.CHANGE_LOGS,
        Permission.RETENTION_RULE_LOCK: Power.CHANGE_LOGS,
        Permission.OBJECT_INSPECT: Power.LIST_DATA,
        Permission.OBJECT_READ: Power.READ_DATA,
        Permission.OBJECT_OVERWRITE: Power.WRITE_DATA,
        Permission.OBJECT_CREATE: Power.WRITE_DATA,
        Permission.OBJECT_RESTORE: Power.WRITE_DATA,
        Permission.OBJECT_DELETE: Power.DELETE_DATA,
        Permission.KEY_ENCRYPT: Power.USE_KEYS,
        Permission.KEY_DECRYPT: Power.USE_KEYS,
        Permission.KEY_CREATE: Power.CHANGE_KEYS,
        Permission.KEY_UPDATE: Power.CHANGE_KEYS,
        Permission.KEY_ROTATE: Power.CHANGE_KEYS,
        Permission.KEY_DELETE: Power.CHANGE_KEYS,
        Permission.VAULT_CREATE_KEY: Power.CHANGE_KEYS,
        Permission.VAULT_CREATE: Power.CHANGE_KEYS,
        Permission.VAULT_UPDATE: Power.CHANGE_KEYS,
        Permission.VAULT_DELETE: Power.CHANGE_KEYS,
    }
)
_POWERS_OF_FAMILIES: Mapping[Family, Power] = MappingProxyType(
    {
        Family.COMPARTMENTS: Power.CHANGE_POLICIES,
        Family.DYNAMIC_GROUPS: Power.CHANGE_POLICIES,
        Family.GROUPS: Power.CHANGE_POLICIES,
        Family.NETWORK_SOURCES: Power.CHANGE_NETWORKS,
        Family.POLICIES: Power.CHANGE_POLICIES,
        Family.USERS: Power.CHANGE_POLICIES,
        Family.DNS: Power.CHANGE_NETWORKS,
        Family.LOAD_BALANCERS: Power.CHANGE_NETWORKS,
        Family.NETWORKS: Power.CHANGE_NETWORKS,
        Family.WEB_FIREWALLS: Power.CHANGE_NETWORKS,
        Family.ALARMS: Power.CHANGE_LOGS,
        Family.AUDIT_EVENTS: Power.CHANGE_LOGS,
        Family.LOG_CONTENT: Power.CHANGE_LOGS,
        Family.LOG_GROUPS: Power.CHANGE_LOGS,
        Family.CONNECTORS: Power.CHANGE_LOGS,
        Family.EVENT_RULES: Power.CHANGE_LOGS,
        Family.SUBSCRIPTIONS: Power.CHANGE_LOGS,
        Family.TOPICS: Power.CHANGE_LOGS,
    }
)
"""What USE or MANAGE on a family amounts to; whoever moves members or compartments about decides who may do what."""


def granted(statement: Statement) -> frozenset[Permission]:
    """The permissions that a statement gives, of those that have a name here.

    A condition on `request.permission` narrows a verb to what it names; no other condition takes a permission away.
    """
    match statement.what:
        case Permissions(of=names):
            given = frozenset(names)
        case Verbs(verb=verb, family=family):
            reach = tuple(Verb)[: tuple(Verb).index(verb) + 1]
            tables = _OF_FAMILY.get(family, ())
            given = frozenset(name for table in tables for step in reach for name in table[step])
        case _:
            assert_never(statement.what)
    for condition in statement.conditions:
        named = _named(condition, Variable.PERMISSION)
        if named is not None:
            given &= named
    return given


def powers(statement: Statement) -> frozenset[Power]:
    """What a statement lets its subject do, as far as duties must be apart."""
    if any(_named(condition, Variable.OPERATION) for condition in statement.conditions):
        return frozenset()  # every `Operation` is harmless, and no other can be named
    found = {power for name in granted(statement) if (power := _POWERS_OF_PERMISSIONS.get(name)) is not None}
    match statement.what:
        case Verbs(verb=Verb.USE | Verb.MANAGE, family=family) if family in _POWERS_OF_FAMILIES:
            found.add(_POWERS_OF_FAMILIES[family])
        case _:
            pass
    return frozenset(found)


def _named(condition: Comparison | OneOf, variable: Variable) -> frozenset[str] | None:
    """The values that a condition leaves to a variable; None where it leaves any."""
    comparisons = condition.of if isinstance(condition, OneOf) else (condition,)
    values = [c.value for c in comparisons if isinstance(c, Equals) and c.variable is variable]
    return frozenset(values) if len(values) == len(comparisons) else None
