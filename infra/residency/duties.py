"""Duties: what a group of people or machines may do in Oracle Cloud, and that no group may do too much.

A group has one duty, and a duty is a table of grants. Every statement that comes of it holds only from the group's
named network and in the regions of the plan; a call that carries neither is refused, since an allow whose condition
cannot be judged is none.

What it refuses: a group that can both touch PROTECTED or EXCEPTED data and change what guards it (policies, keys,
networks, logs), whatever duties, exports or edits of this table brought that about (`together`).

* STORAGE handles objects, from its network; it can delete none of the older versions that are the way back.
* NETWORK changes networks and edges, and reads no object.
* SECURITY administers keys, which it cannot use, policies and logs, and reads no object.
* DEPLOYMENT runs this program: it configures buckets and reads no object; keys it can create and not destroy; logs it
  can create and neither change nor switch off. Of the audit trail it can create every part and change none: there is
  no duty that could, so a trail grows, and what would take from it is for the sealed users alone.
* AUDIT reads configuration, the events of the whole tenancy and flow logs; never an object, nor the name of one, and so
  not the logs of buckets either.
* BREAK_GLASS reads nothing, until two signers approve that it reads named datasets for some hours (`break_glass`).

The tenancy's default Administrators group is bound by no policy (Oracle's page "Managing the Tenancy"): an assumption,
not a duty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from infra.residency.approvals import Approval
from infra.residency.compartment import Compartment, of_class
from infra.residency.dataset import DataClass
from infra.residency.oracle_policy import (
    After,
    Before,
    Group,
    OneOf,
    Permissions,
    Statement,
    Tagged,
    Variable,
    Verbs,
    one_of,
)
from infra.residency.oracle_powers import Power, powers
from infra.residency.oracle_vocabulary import Family, Operation, Permission, Verb
from infra.residency.regions import UsRegion


class Duty(StrEnum):
    """What a group is for."""

    STORAGE = "storage"
    NETWORK = "network"
    SECURITY = "security"
    DEPLOYMENT = "deployment"
    AUDIT = "audit"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """A row of a duty's table: what may be done, in which compartments (None: the tenancy), by which calls (or any)."""

    what: tuple[Verbs | Permissions, ...]
    where: tuple[Compartment | None, ...]
    calls: tuple[Operation, ...] = ()


def _verbs(verb: Verb, *families: Family) -> tuple[Verbs, ...]:
    return tuple(Verbs(verb=verb, family=family) for family in families)


_DATA = tuple(of_class(data_class) for data_class in DataClass)
_NETWORKS = (Compartment.NETWORK, Compartment.EDGE)
_EDGE_FAMILIES = (Family.LOAD_BALANCERS, Family.DNS, Family.WEB_FIREWALLS, Family.HEALTH_CHECKS)
_TRAIL_FAMILIES = (Family.ALARMS, Family.CONNECTORS, Family.TOPICS, Family.SUBSCRIPTIONS)
_IDENTITY = (
    Family.COMPARTMENTS,
    Family.GROUPS,
    Family.NETWORK_SOURCES,
    Family.POLICIES,
    Family.TAG_NAMESPACES,
)

_CREATE_LOGS = (
    Operation.CREATE_LOG_GROUP,
    Operation.GET_LOG_GROUP,
    Operation.LIST_LOG_GROUPS,
    Operation.CREATE_LOG,
    Operation.GET_LOG,
    Operation.LIST_LOGS,
)
_READ_BUCKETS = Permissions(of=(Permission.BUCKET_INSPECT, Permission.BUCKET_READ))
_CONFIGURE_BUCKETS = Permissions(
    of=(
        Permission.BUCKET_INSPECT,
        Permission.BUCKET_READ,
        Permission.BUCKET_UPDATE,
        Permission.BUCKET_CREATE,
        Permission.BUCKET_DELETE,
    )
)
_HANDLE_OBJECTS = Permissions(
    of=(
        Permission.OBJECT_INSPECT,
        Permission.OBJECT_READ,
        Permission.OBJECT_OVERWRITE,
        Permission.OBJECT_CREATE,
        Permission.OBJECT_DELETE,
        Permission.OBJECT_RESTORE,
    )
)
_READ_OBJECTS = Permissions(of=(Permission.OBJECT_INSPECT, Permission.OBJECT_READ))
_READ_KEYS = Permissions(
    of=(Permission.KEY_INSPECT, Permission.KEY_READ, Permission.VAULT_INSPECT, Permission.VAULT_READ)
)
_CREATE_KEYS = Permissions(
    of=(
        *_READ_KEYS.of,
        Permission.KEY_CREATE,
        Permission.KEY_UPDATE,
        Permission.VAULT_CREATE_KEY,
        Permission.VAULT_CREATE,
        Permission.VAULT_UPDATE,
    )
)
_ADMINISTER_KEYS = Permissions(
    of=(
        *_READ_KEYS.of,
        Permission.KEY_UPDATE,
        Permission.KEY_ROTATE,
        Permission.KEY_DELETE,
        Permission.VAULT_UPDATE,
        Permission.VAULT_DELETE,
    )
)

_CREATE_AUDIT_BUCKETS = Permissions(
    of=(
        Permission.BUCKET_INSPECT,
        Permission.BUCKET_READ,
        Permission.BUCKET_CREATE,
        Permission.BUCKET_UPDATE,
        Permission.RETENTION_RULE_MANAGE,
        Permission.RETENTION_RULE_LOCK,
    )
)
_CREATE_AUDIT_KEYS = Permissions(
    of=(*_READ_KEYS.of, Permission.KEY_CREATE, Permission.VAULT_CREATE_KEY, Permission.VAULT_CREATE)
)
_CREATE_TRAIL = (
    _Grant(
        what=(_CREATE_AUDIT_BUCKETS,),
        where=(Compartment.AUDIT,),
        calls=(
            Operation.CREATE_BUCKET,
            Operation.GET_BUCKET,
            Operation.CREATE_RETENTION_RULE,
            Operation.GET_RETENTION_RULE,
            Operation.LIST_RETENTION_RULES,
        ),
    ),
    _Grant(
        what=(_CREATE_AUDIT_KEYS,),
        where=(Compartment.AUDIT,),
        calls=(Operation.CREATE_VAULT, Operation.GET_VAULT, Operation.CREATE_KEY, Operation.GET_KEY),
    ),
    _Grant(what=_verbs(Verb.USE, Family.KEY_DELEGATE), where=(Compartment.AUDIT,)),
    _Grant(what=_verbs(Verb.MANAGE, Family.LOG_GROUPS), where=(Compartment.AUDIT,), calls=_CREATE_LOGS),
    _Grant(
        what=_verbs(Verb.MANAGE, Family.CONNECTORS),
        where=(Compartment.AUDIT,),
        calls=(Operation.CREATE_CONNECTOR, Operation.GET_CONNECTOR, Operation.LIST_CONNECTORS),
    ),
    _Grant(
        what=_verbs(Verb.MANAGE, Family.TOPICS, Family.SUBSCRIPTIONS),
        where=(Compartment.AUDIT,),
        calls=(
            Operation.CREATE_TOPIC,
            Operation.GET_TOPIC,
            Operation.CREATE_SUBSCRIPTION,
            Operation.GET_SUBSCRIPTION,
        ),
    ),
    _Grant(
        what=_verbs(Verb.MANAGE, Family.ALARMS),
        where=(Compartment.AUDIT,),
        calls=(Operation.CREATE_ALARM, Operation.GET_ALARM),
    ),
    _Grant(what=_verbs(Verb.READ, Family.METRICS), where=(Compartment.EDGE,)),
    _Grant(
        what=_verbs(Verb.MANAGE, Family.EVENT_RULES),
        where=(None,),
        calls=(Operation.CREATE_RULE, Operation.GET_RULE, Operation.LIST_RULES),
    ),
)
"""What creating the audit trail needs: no call among these changes or ends any of it."""

_GRANTS: Mapping[Duty, tuple[_Grant, ...]] = MappingProxyType(
    {
        Duty.STORAGE: (_Grant(what=(_READ_BUCKETS, _HANDLE_OBJECTS), where=_DATA),),
        Duty.NETWORK: (
            _Grant(what=_verbs(Verb.MANAGE, Family.NETWORKS), where=_NETWORKS),
            _Grant(what=_verbs(Verb.MANAGE, *_EDGE_FAMILIES), where=(Compartment.EDGE,)),
        ),
        Duty.SECURITY: (
            _Grant(what=(_ADMINISTER_KEYS,), where=(Compartment.KEYS,)),
            _Grant(
                what=_verbs(
                    Verb.MANAGE,
                    Family.CLOUD_GUARD,
                    Family.GROUPS,
                    Family.NETWORK_SOURCES,
                    Family.POLICIES,
                    Family.QUOTAS,
                ),
                where=(None,),
            ),
            _Grant(what=_verbs(Verb.MANAGE, Family.LOG_GROUPS), where=(Compartment.NETWORK,)),
        ),
        Duty.DEPLOYMENT: (
            _Grant(what=_verbs(Verb.MANAGE, *_IDENTITY, Family.QUOTAS), where=(None,)),
            _Grant(what=(_CONFIGURE_BUCKETS,), where=_DATA),
            _Grant(
                what=(_HANDLE_OBJECTS,),
                where=_DATA,
                calls=(Operation.CREATE_REPLICATION_POLICY, Operation.PUT_OBJECT_LIFECYCLE_POLICY),
            ),
            _Grant(what=(_CREATE_KEYS, *_verbs(Verb.USE, Family.KEY_DELEGATE)), where=(Compartment.KEYS,)),
            _Grant(what=_verbs(Verb.MANAGE, Family.NETWORKS), where=_NETWORKS),
            _Grant(what=_verbs(Verb.MANAGE, *_EDGE_FAMILIES), where=(Compartment.EDGE,)),
            _Grant(
                what=_verbs(Verb.MANAGE, Family.LOG_GROUPS),
                where=(Compartment.NETWORK,),
                calls=_CREATE_LOGS,
            ),
            *_CREATE_TRAIL,
        ),
        Duty.AUDIT: (
            _Grant(
                what=_verbs(
                    Verb.READ, *_IDENTITY, Family.AUDIT_EVENTS, Family.CLOUD_GUARD, Family.QUOTAS, Family.USERS
                ),
                where=(None,),
            ),
            _Grant(what=(_READ_BUCKETS,), where=(*_DATA, Compartment.AUDIT)),
            _Grant(what=(_READ_KEYS,), where=(Compartment.KEYS, Compartment.AUDIT)),
            _Grant(what=_verbs(Verb.READ, Family.LOG_GROUPS, *_TRAIL_FAMILIES), where=(Compartment.AUDIT,)),
            _Grant(what=_verbs(Verb.READ, Family.EVENT_RULES), where=(None,)),
            _Grant(what=_verbs(Verb.READ, Family.NETWORKS), where=_NETWORKS),
            _Grant(what=_verbs(Verb.READ, *_EDGE_FAMILIES), where=(Compartment.EDGE,)),
            _Grant(what=_verbs(Verb.READ, Family.LOG_GROUPS, Family.LOG_CONTENT), where=(Compartment.NETWORK,)),
        ),
        Duty.BREAK_GLASS: (),
    }
)
"""A configuration call that needs a permission on objects, such as creating a replication policy, is named as the only
call for which the permission is given."""


def statements(
    duty: Duty,
    *,
    group: str,
    organization: str,
    network_source: str,
    regions: Iterable[UsRegion],
    frozen: bool = False,
) -> tuple[Statement, ...]:
    """Everything that a group with a duty may do, in the order of the duty's table.

    Args:
        duty: what the group is for.
        group: its name in the tenancy's default identity domain.
        organization: part of the compartments' paths.
        network_source: name of the network source from which alone the group may act.
        regions: the regions of the plan, of which there is at least one.
        frozen: whether objects may only be read, because their default stores are moving.
    """
    everywhere = (
        one_of(Variable.NETWORK_SOURCE, (network_source,)),
        one_of(Variable.REGION, tuple(sorted(region.facts.key for region in regions))),
    )

    def only(calls: tuple[Operation, ...]) -> tuple[OneOf, ...]:
        return (one_of(Variable.OPERATION, calls),) if calls else ()

    return tuple(
        Statement(
            subject=Group(name=group),
            what=_READ_OBJECTS if frozen and what is _HANDLE_OBJECTS and not grant.calls else what,
            organization=organization,
            compartment=compartment,
            conditions=(*everywhere, *only(grant.calls)),
        )
        for grant in _GRANTS[duty]
        for compartment in grant.where
        for what in grant.what
    )


def break_glass(
    approval: Approval,
    *,
    organization: str,
    network_source: str,
    regions: Iterable[UsRegion],
    buckets: Mapping[DataClass, Iterable[str]],
) -> tuple[Statement, ...]:
    """What an approval lets its group do: list and read the named buckets of each class, between two moments.

    The buckets' tag must still say that they are of that class, so that a bucket which was put to another use is out
    of reach.

    Args:
        approval: believed.
        organization: part of the compartments' paths, and namespace of the tags.
        network_source: name of the network source from which alone the group may act.
        regions: the regions of the plan.
        buckets: those of the approved datasets, by class.
    """
    return tuple(
        Statement(
            subject=Group(name=approval.group),
            what=Permissions(of=(Permission.OBJECT_INSPECT, Permission.OBJECT_READ)),
            organization=organization,
            compartment=of_class(data_class),
            conditions=(
                one_of(Variable.NETWORK_SOURCE, (network_source,)),
                one_of(Variable.REGION, tuple(sorted(region.facts.key for region in regions))),
                Tagged(namespace=organization, name="data-class", value=data_class.value),
                one_of(Variable.BUCKET, tuple(sorted(names))),
                After(moment=approval.begins),
                Before(moment=approval.ends),
            ),
        )
        for data_class, names in sorted(buckets.items())
    )


_TOUCH = frozenset({Power.LIST_DATA, Power.READ_DATA, Power.WRITE_DATA, Power.DELETE_DATA})
_CHANGE = frozenset(
    {Power.CHANGE_KEYS, Power.CHANGE_LOGS, Power.CHANGE_NETWORKS, Power.CHANGE_POLICIES, Power.USE_KEYS}
)
_PRIVATE = frozenset({None, *(of_class(data_class) for data_class in DataClass if data_class is not DataClass.PUBLIC)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two things that one group may not do both, each with a statement that lets it."""

    touches: Statement
    changes: Statement


def together(granted: Iterable[Statement]) -> Overlap | None:
    """The first statement of one group that touches private data with the first that changes its guards, if any."""
    given = tuple(granted)
    touches = next((s for s in given if s.compartment in _PRIVATE and powers(s) & _TOUCH), None)
    changes = next((s for s in given if powers(s) & _CHANGE), None)
    return None if touches is None or changes is None else Overlap(touches=touches, changes=changes)
