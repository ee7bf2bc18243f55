"""Statements of Oracle Cloud's policies, as typed values: who may do what, where, and under which conditions.

No statement is ever put together from text. What this tree cannot say cannot be granted: there is no `any-user` but
for connectors that write logs into one bucket (`Connectors`, which brings its conditions along), no `endorse`, no
`admit`, no `all-resources`, no name that is a pattern, and no permission outside the list below. Missing from that list
on purpose: `PAR_MANAGE` (a pre-authenticated request passes every policy by), `KEY_EXPORT`, `VAULT_REPLICATE`, and
whatever else would take data or keys out of the places that this project plans.

Sources: Oracle's pages "Policy Syntax", "Advanced Policy Features" (permissions in place of a verb, conditions),
"Common Policies" (one `any` inside an `all`), "Details for Object Storage and Archive Storage" (tags of buckets) and
"Details for Vault, Key Management, and Secret Management Service" (which permissions a verb stands for), "Restricting
Access to Resources Based on Time Frame" (times in ISO 8601, evaluated as UTC), "Using Tags to Manage Access" (the tag
of a requesting resource's compartment) and "Connector Hub IAM Policies" (`any-user` with the type of the principal).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from infra.residency.compartment import Compartment

MOST_STATEMENTS = 50
"""In one policy (Oracle's page "Service Limits")."""


class Verb(StrEnum):
    """How much may be done with a family; each verb includes those before it."""

    INSPECT = "inspect"
    READ = "read"
    USE = "use"
    MANAGE = "manage"


class Family(StrEnum):
    """What may be done something with."""

    # data
    OBJECTS = "objects"
    OBJECT_FAMILY = "object-family"
    BUCKETS = "buckets"
    # keys
    KEYS = "keys"
    KEY_DELEGATE = "key-delegate"
    VAULTS = "vaults"
    # identity
    COMPARTMENTS = "compartments"
    DYNAMIC_GROUPS = "dynamic-groups"
    GROUPS = "groups"
    NETWORK_SOURCES = "network-sources"
    POLICIES = "policies"
    QUOTAS = "quotas"
    TAG_NAMESPACES = "tag-namespaces"
    USERS = "users"
    # network and edge
    DNS = "dns"
    HEALTH_CHECKS = "health-check-family"
    LOAD_BALANCERS = "load-balancers"
    NETWORKS = "virtual-network-family"
    WEB_FIREWALLS = "waf-family"
    # trail
    AUDIT_EVENTS = "audit-events"
    LOG_CONTENT = "log-content"
    LOG_GROUPS = "log-groups"
    CLOUD_GUARD = "cloud-guard-family"
    CONNECTORS = "serviceconnectors"
    EVENT_RULES = "cloudevents-rules"
    SUBSCRIPTIONS = "ons-subscriptions"
    TOPICS = "ons-topics"


class Permission(StrEnum):
    """The single permissions that may be granted in place of a verb, or that a condition names."""

    BUCKET_INSPECT = "BUCKET_INSPECT"
    BUCKET_READ = "BUCKET_READ"
    BUCKET_UPDATE = "BUCKET_UPDATE"
    BUCKET_CREATE = "BUCKET_CREATE"
    BUCKET_DELETE = "BUCKET_DELETE"
    RETENTION_RULE_MANAGE = "RETENTION_RULE_MANAGE"
    RETENTION_RULE_LOCK = "RETENTION_RULE_LOCK"
    OBJECT_INSPECT = "OBJECT_INSPECT"
    OBJECT_READ = "OBJECT_READ"
    OBJECT_OVERWRITE = "OBJECT_OVERWRITE"
    OBJECT_CREATE = "OBJECT_CREATE"
    OBJECT_DELETE = "OBJECT_DELETE"
    OBJECT_RESTORE = "OBJECT_RESTORE"
    KEY_INSPECT = "KEY_INSPECT"
    KEY_READ = "KEY_READ"
    KEY_ENCRYPT = "KEY_ENCRYPT"
    KEY_DECRYPT = "KEY_DECRYPT"
    KEY_CREATE = "KEY_CREATE"
    KEY_UPDATE = "KEY_UPDATE"
    KEY_ROTATE = "KEY_ROTATE"
    KEY_DELETE = "KEY_DELETE"
    VAULT_INSPECT = "VAULT_INSPECT"
    VAULT_READ = "VAULT_READ"
    VAULT_CREATE_KEY = "VAULT_CREATE_KEY"
    VAULT_CREATE = "VAULT_CREATE"
    VAULT_UPDATE = "VAULT_UPDATE"
    VAULT_DELETE = "VAULT_DELETE"


class Operation(StrEnum):
    """Calls by name, as `request.operation` carries them.

    None of these reads, writes or lists an object, and none changes a log, a connector, an alarm, a key or a retention
    rule that is there: a grant for these calls alone gives no power over any.
    """

    CREATE_REPLICATION_POLICY = "CreateReplicationPolicy"
    PUT_OBJECT_LIFECYCLE_POLICY = "PutObjectLifecyclePolicy"
    CREATE_LOG_GROUP = "CreateLogGroup"
    GET_LOG_GROUP = "GetLogGroup"
    LIST_LOG_GROUPS = "ListLogGroups"
    CREATE_LOG = "CreateLog"
    GET_LOG = "GetLog"
    LIST_LOGS = "ListLogs"
    CREATE_BUCKET = "CreateBucket"
    GET_BUCKET = "GetBucket"
    CREATE_RETENTION_RULE = "CreateRetentionRule"
    GET_RETENTION_RULE = "GetRetentionRule"
    LIST_RETENTION_RULES = "ListRetentionRules"
    CREATE_VAULT = "CreateVault"
    GET_VAULT = "GetVault"
    CREATE_KEY = "CreateKey"
    GET_KEY = "GetKey"
    CREATE_CONNECTOR = "CreateServiceConnector"
    GET_CONNECTOR = "GetServiceConnector"
    LIST_CONNECTORS = "ListServiceConnectors"
    CREATE_RULE = "CreateRule"
    GET_RULE = "GetRule"
    LIST_RULES = "ListRules"
    CREATE_TOPIC = "CreateTopic"
    GET_TOPIC = "GetTopic"
    CREATE_SUBSCRIPTION = "CreateSubscription"
    GET_SUBSCRIPTION = "GetSubscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The members of a group of the tenancy's default identity domain."""

    name: str

    def text(self) -> str:
        """As a statement names it."""
        return f"group {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of Oracle's services, by the principal that it has in one region."""

    principal: str

    def text(self) -> str:
        """As a statement names it."""
        return f"service {self.principal}"


SENDS = "sends"
"""The tag, in the organization's own namespace, of the one compartment whose connectors may write..."""

LOGS = "logs"
"""...and its one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectors:
    """Connectors on their way into one bucket: the one `any-user` that there is, since a connector is nobody by name.

    Never without its conditions: it is a connector, of the compartment that is tagged for it, and the bucket is the
    one. By the compartment's tag and not its OCID, which a first preview could not know.
    """

    organization: str
    bucket: str

    def text(self) -> str:
        """As a statement names it."""
        return "any-user"

    def conditions(self) -> "tuple[Comparison, ...]":
        """What every statement about it is narrowed to."""
        return (
            Equals(variable=Variable.PRINCIPAL_TYPE, value="serviceconnector"),
            Equals(variable=Variable.BUCKET, value=self.bucket),
            FromTagged(namespace=self.organization, tag=SENDS, value=LOGS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """A verb on a family."""

    verb: Verb
    family: Family

    def text(self) -> str:
        """As a statement says it."""
        return f"{self.verb} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Exactly these permissions, where the nearest verb would bring more."""

    of: tuple[Permission, ...]

    def text(self) -> str:
        """As a statement says it."""
        return f"{{{', '.join(self.of)}}}"


class Variable(StrEnum):
    """What a condition looks at. Where a call does not carry it, the condition is false: an allow fails closed."""

    BUCKET = "target.bucket.name"
    NETWORK_SOURCE = "request.networkSource.name"
    OPERATION = "request.operation"
    PERMISSION = "request.permission"
    PRINCIPAL_TYPE = "request.principal.type"
    REGION = "request.region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equals:
    """The variable has the value. `REGION` is compared with a region's key, such as `iad`."""

    variable: Variable
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"{self.variable}='{self.value}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """The bucket carries a defined tag; one whose tag was taken off is out of reach."""

    namespace: str
    name: str
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"target.bucket.tag.{self.namespace}.{self.name}='{self.value}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The request comes before a moment (UTC)."""

    moment: datetime

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.utc-timestamp before '{self.moment:%Y-%m-%dT%H:%M:%SZ}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The request comes after a moment (UTC)."""

    moment: datetime

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.utc-timestamp after '{self.moment:%Y-%m-%dT%H:%M:%SZ}'"


def before(day: date) -> Before:
    """The request comes before a day begins."""
    return Before(moment=datetime.combine(day, time(tzinfo=UTC)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTagged:
    """The request comes from a resource in a compartment that has this value of a tag."""

    namespace: str
    tag: str
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.principal.compartment.tag.{self.namespace}.{self.tag}='{self.value}'"


Comparison = Equals | Tagged | FromTagged | Before | After


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """At least one of several comparisons holds."""

    of: tuple[Comparison, ...]

    def text(self) -> str:
        """As a statement writes it inside an `all`; a single comparison stands for itself."""
        if len(self.of) == 1:
            return self.of[0].text()
        return f"any {{{', '.join(comparison.text() for comparison in self.of)}}}"


def one_of(variable: Variable, values: tuple[str, ...]) -> OneOf:
    """The variable has one of the values, of which there is at least one."""
    return OneOf(of=tuple(Equals(variable=variable, value=value) for value in values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One `Allow` of a policy at the root of the tenancy.

    Attributes:
        compartment: where it holds, whatever is inside included; None is the whole tenancy.
        conditions: all of them must hold, and those of the subject.
    """

    subject: Group | Service | Connectors
    what: Verbs | Permissions
    organization: str
    compartment: Compartment | None
    conditions: tuple[Comparison | OneOf, ...] = ()

    def text(self) -> str:
        """The statement in Oracle's words."""
        place = "tenancy" if self.compartment is None else f"compartment {self.compartment.path(self.organization)}"
        return f"Allow {self.subject.text()} to {self.what.text()} in {place}{self._where()}"

    def _where(self) -> str:
        own = self.subject.conditions() if isinstance(self.subject, Connectors) else ()
        match (*own, *self.conditions):
            case ():
                return ""
            case (OneOf(of=(_, _, *_)) as only,):
                return f" where {only.text()}"
            case conditions:
                return f" where all {{{', '.join(condition.text() for condition in conditions)}}}"


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
"""What a verb adds to those before it, as far as it is among the permissions above."""


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
