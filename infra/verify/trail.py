"""The audit trail in Oracle Cloud: what is done there is written into US buckets that nobody can alter, or is missing.

Read from the resources alone and held against what the stack file declares: each region has a bucket for logs whose
retention rule is as long as declared and locked on the day declared; every bucket, edge and subnet is logged; every log
group, and the events of the whole tenancy, are carried into the bucket of their region by a connector that is on and
picks nothing out; what guards data is watched, and every declared address is told. No statement lets anybody change or
end any of it, or read it. What is not known is a leak, and so is a stack that declares no trail.

What it does not prove: that the services deliver; what the tenancy's default Administrators group does before the lock;
that whoever is told looks. The trails of the legacy sites are not looked at here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from infra.residency.regions import UsRegion
from infra.verify import health
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.models.object_storage import BUCKET
from infra.verify.models.trail import CONFIGURATION, CONNECTOR, RULE
from infra.verify.models.vaults import KEY
from infra.verify.statements import Statement, UnreadableError, compared, may_hold, parse
from infra.verify.values import record, records

BALANCER: Final = "oci:LoadBalancer/loadBalancer:LoadBalancer"
COMPARTMENT: Final = "oci:Identity/compartment:Compartment"
FIREWALL: Final = "oci:Waf/appFirewall:AppFirewall"
LOG: Final = "oci:Logging/log:Log"
LOG_GROUP: Final = "oci:Logging/logGroup:LogGroup"
POLICY: Final = "oci:Identity/policy:Policy"
SUBNET: Final = "oci:Core/subnet:Subnet"

_TENANCY: Final = "_Audit_Include_Subcompartment"
_AUDIT_DAYS: Final = 365
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

_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
"""A time as the program writes it, which sorts as text."""

_CREATES: Final = ("create", "get", "list")
"""How the calls begin that neither change nor end what is there."""

WATCHED: Final = (
    "AddUserToGroup", "CreatePolicy", "UpdatePolicy", "DeletePolicy", "UpdateGroup", "CreateRegionSubscription",
    "DisableKey", "ScheduleKeyDeletion", "ScheduleVaultDeletion", "DeactivateServiceConnector",
    "UpdateServiceConnector", "DeleteServiceConnector", "UpdateLog", "DeleteLog", "UpdateRule", "DeleteRule",
    "UpdateConfiguration", "UpdateRouteTable", "UpdateZoneRecords", "UpdateBucket", "DeleteRetentionRule",
    "UpdateCompartment", "DeleteSubscription", "DeleteTopic", "UpdateAlarm", "DeleteAlarm",
)  # fmt: skip
"""Calls that no trail may miss: those that would let somebody in, out, or out of sight."""


class Rule(StrEnum):
    """What can be wrong."""

    ALARM = "alarm"
    BUCKET = "bucket"
    CONNECTOR = "connector"
    DECLARED = "declared"
    EVENTS = "events"
    GRANT = "grant"
    KEY = "key"
    LOG = "log"
    RETENTION = "retention"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Leak:
    """One thing that could be done unseen, or whose record could be lost; or that cannot be shown not to be one."""

    urn: str
    rule: Rule
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the stack's own configuration says about the trail.

    Attributes:
        days: for how long what arrived cannot be altered; 0 where no trail is declared.
        lock_on: the day at whose end that is locked, as text.
        addresses: who is told.
        sealed: OCIDs of users whose every read is told.
        emergency: groups whose every read has to be told.
    """

    organization: str
    tenancy: str
    regions: frozenset[UsRegion]
    days: int
    lock_on: str
    addresses: frozenset[str]
    sealed: frozenset[str]
    emergency: frozenset[str] = frozenset()


def declared(deployment: Mapping[str, Any]) -> Declared:
    """What the deployment value of a stack's configuration says about the trail."""
    audit, groups = record(deployment.get("audit")), record(record(deployment.get("access")).get("groups"))
    return Declared(
        organization=str(deployment["organization"]),
        tenancy=str(deployment["oci"]["tenancyId"]),
        regions=frozenset(UsRegion(name) for name in deployment["oci"]["regions"]),
        days=int(audit.get("retentionDays", 0)),
        lock_on=str(audit.get("lockOn", "")),
        addresses=frozenset(map(str, record(audit.get("subscribers")).values())),
        sealed=frozenset(map(str, record(audit.get("sealedUsers")).values())),
        emergency=frozenset(name for name, group in groups.items() if group.get("duty") == "break-glass"),
    )


def leaks(found: Graph, declared: Declared) -> tuple[Leak, ...]:
    """Every leak, sorted."""
    if not declared.days:
        none = Leak(urn="", rule=Rule.DECLARED, what="the stack file declares no audit trail")
        return (*unwatched(declared), none)
    check = _Check(found, declared)
    parts = (
        *(check.events(), check.buckets(), check.logs(), check.connectors(), check.alarms(), check.grants()),
        *(check.health(), unwatched(declared)),
    )
    return tuple(sorted({leak for part in parts for leak in part}))


def unwatched(declared: Declared) -> tuple[Leak, ...]:
    """Groups that may read in an emergency while the trail watches no user who could be in them."""
    if declared.days and declared.sealed:
        return ()
    what = "may read in an emergency, and nobody is told who does"
    return tuple(Leak(urn="", rule=Rule.ALARM, what=f"{group} {what}") for group in sorted(declared.emergency))


@dataclass(frozen=True, slots=True)
class _Check:
    graph: Graph
    declared: Declared

    def events(self) -> Iterator[Leak]:
        """Audit keeps the tenancy's events for as long as it can."""
        kept = [node.inputs for node in self.graph.of(CONFIGURATION)]
        if [(it.get("compartmentId"), it.get("retentionPeriodDays")) for it in kept] != [
            (self.declared.tenancy, _AUDIT_DAYS)
        ]:
            yield Leak(urn="", rule=Rule.EVENTS, what=f"audit events are not kept for {_AUDIT_DAYS} days")

    def _bucket(self, region: UsRegion) -> Node | None:
        """The bucket for logs of a region: by name and by its provider's region."""
        name = f"{self.declared.organization}-audit-{region.facts.key}"
        there = self.graph.called(BUCKET, "name", name)
        return there[0] if len(there) == 1 and self.graph.region(there[0]) is region else None

    def _compartment(self) -> frozenset[str]:
        """URNs of the trail's compartment."""
        return frozenset(it.urn for it in self.graph.of(COMPARTMENT) if it.inputs.get("name") == "audit")

    def _inside(self, node: Node) -> bool:
        named = self.graph.named(node, "compartmentId", node.inputs.get("compartmentId"), COMPARTMENT)
        return len(named) == 1 and named[0].urn in self._compartment()

    def buckets(self) -> Iterator[Leak]:
        """Each region has one that nobody can alter, under a key of its own, protected and kept."""
        for region in sorted(self.declared.regions):
            node = self._bucket(region)
            if node is None:
                yield Leak(urn="", rule=Rule.BUCKET, what=f"{region} has no bucket for logs")
                continue
            for rule, what in (*self._retention(node), *self._guarded(node)):
                yield Leak(urn=node.urn, rule=rule, what=f"{node.name} {what}")

    def _retention(self, node: Node) -> Iterator[tuple[Rule, str]]:
        if node.inputs.get("versioning") not in {None, "Disabled"}:
            yield Rule.RETENTION, "keeps versions, which excludes a retention rule"
        longest = max((_days(rule) for rule in records(node.inputs.get("retentionRules"))), default=0)
        if longest < self.declared.days:
            yield Rule.RETENTION, f"retains for {longest} days, not {self.declared.days}"
        day = f"{self.declared.lock_on}T23:59:59Z"
        locks = [str(rule.get("timeRuleLocked") or "") for rule in records(node.inputs.get("retentionRules"))]
        if not any(_MOMENT.fullmatch(lock) and lock <= day for lock in locks):
            yield Rule.RETENTION, f"is not locked by the end of {self.declared.lock_on}"

    def _guarded(self, node: Node) -> Iterator[tuple[Rule, str]]:
        if node.inputs.get("accessType") not in {None, "NoPublicAccess"}:
            yield Rule.BUCKET, "can be read by anyone"
        if not self._inside(node):
            yield Rule.BUCKET, "is outside the compartment of the trail"
        if node.inputs.get("objectEventsEnabled") is not True:
            yield Rule.ALARM, "tells nobody what arrives"
        if not (node.protect and node.retain):
            yield Rule.BUCKET, "is not protected and kept"
        keys = self.graph.named(node, "kmsKeyId", node.inputs.get("kmsKeyId"), KEY)
        if len(keys) != 1 or not self._inside(keys[0]):
            yield Rule.KEY, "is under a key that those administer whose acts it records"

    def logs(self) -> Iterator[Leak]:
        """Every bucket, edge and subnet is logged, each log is on, and its group is carried away."""
        carried = self._carried()
        logged = {key for log in self.graph.of(LOG) for key in self._what(log, carried)}
        for node, service, categories in self._to_be_logged():
            for category in categories:
                if (service, category, node.urn) not in logged:
                    yield Leak(urn=node.urn, rule=Rule.LOG, what=f"{node.name} has no log of {service} {category}")

    def _to_be_logged(self) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
        trail = {it.urn for region in self.declared.regions if (it := self._bucket(region)) is not None}
        for node in self.graph.of(BUCKET):
            yield node, "objectstorage", ("read",) if node.urn in trail else ("read", "write")
        for type_, service, categories in (
            (BALANCER, "loadbalancer", ("access", "error")),
            (FIREWALL, "waf", ("all",)),
            (SUBNET, "flowlogs", ("all",)),
        ):
            for node in self.graph.of(type_):
                yield node, service, categories

    def _what(self, log: Node, carried: frozenset[str]) -> Iterator[tuple[str, str, str]]:
        """What a log records: service, category and URN; nothing where it is off, or its group goes nowhere."""
        source = record(record(log.inputs.get("configuration")).get("source"))
        service, category, resource = (source.get(key) for key in ("service", "category", "resource"))
        groups = self.graph.named(log, "logGroupId", log.inputs.get("logGroupId"), LOG_GROUP)
        if log.inputs.get("isEnabled") is not True or len(groups) != 1 or groups[0].urn not in carried:
            return
        if service == "objectstorage":
            named = self.graph.called(BUCKET, "name", resource) if isinstance(resource, str) else []
            targets = [it for it in named if self.graph.region(it) is self.graph.region(log)]
        else:
            targets = self.graph.named(log, "configuration", resource, BALANCER, FIREWALL, SUBNET)
        for target in targets if len(targets) == 1 else ():
            yield str(service), str(category), target.urn

    def _delivering(self) -> Iterator[tuple[Node, UsRegion, Mapping[str, Any], list[str]]]:
        """Connectors that are on and deliver into the bucket of their region; with their one source and conditions."""
        for node in self.graph.of(CONNECTOR):
            region, target = self.graph.region(node), record(node.inputs.get("target"))
            bucket = self._bucket(region) if region is not None else None
            sources = records(record(node.inputs.get("source")).get("logSources"))
            if (
                bucket is not None
                and region is not None
                and str(target.get("kind")).lower() == "objectstorage"
                and target.get("bucket") == bucket.inputs.get("name")
                and target.get("namespace") == bucket.inputs.get("namespace")
                and node.inputs.get("state") in {None, "ACTIVE"}
                and self._inside(node)
                and len(sources) == 1
            ):
                conditions = [str(task.get("condition")) for task in records(node.inputs.get("tasks"))]
                yield node, region, sources[0], conditions

    def _carried(self) -> frozenset[str]:
        """URNs of the log groups that are carried away whole, into the bucket of their own region."""
        groups: set[str] = set()
        for node, region, source, conditions in self._delivering():
            for group in self.graph.named(node, "source", source.get("logGroupId"), LOG_GROUP):
                if not conditions and self.graph.region(group) is region:
                    groups.add(group.urn)
        return frozenset(groups)

    def connectors(self) -> Iterator[Leak]:
        """The whole tenancy's events leave every region whole; changes of guards and sealed users are picked out."""
        whole: set[UsRegion] = set()
        picked: dict[UsRegion, str] = dict.fromkeys(self.declared.regions, "")
        for _, region, source, conditions in self._delivering():
            everything = source.get("compartmentId") == self.declared.tenancy and source.get("logGroupId") == _TENANCY
            if everything and not conditions:
                whole.add(region)
            picked[region] = " or ".join((picked.get(region, ""), *conditions))
        for region in sorted(self.declared.regions):
            if region not in whole:
                what = f"the events of the whole tenancy do not leave {region} whole"
                yield Leak(urn="", rule=Rule.CONNECTOR, what=what)
            alternatives = {part.strip() for part in picked[region].split(" or ")}
            for call in WATCHED:
                if f"data.eventName='{call}'" not in alternatives:
                    yield Leak(urn="", rule=Rule.ALARM, what=f"nobody is told of {call} in {region}")
            for user in sorted(self.declared.sealed):
                if f"data.principalId='{user}'" not in alternatives:
                    yield Leak(urn="", rule=Rule.ALARM, what=f"nobody is told what {user} reads in {region}")

    def alarms(self) -> Iterator[Leak]:
        """Each region has a rule that is on and tells of what arrives, and its topic tells every declared address."""
        for region in sorted(self.declared.regions):
            told = [self._told(rule) for rule in self.graph.of(RULE) if self.graph.region(rule) is region]
            arrivals = [addresses for types, addresses in told if "com.oraclecloud.objectstorage.createobject" in types]
            changes = [
                addresses for types, addresses in told if "com.oraclecloud.identitycontrolplane.updatepolicy" in types
            ]
            for what, heard in (("what arrives in the trail", arrivals), ("changes at once", changes)):
                missing = self.declared.addresses - frozenset().union(*heard)
                if missing or not self.declared.addresses:
                    told_not = ", ".join(sorted(missing)) or "anybody"
                    yield Leak(urn="", rule=Rule.ALARM, what=f"{region} does not tell {told_not} of {what}")

    def _told(self, rule: Node) -> tuple[list[str], frozenset[str]]:
        """The types of events of a rule that is on, and the addresses that its topics tell."""
        addresses: set[str] = set()
        for action in records(record(rule.inputs.get("actions")).get("action")):
            if rule.inputs.get("isEnabled") is True and action.get("isEnabled") is True:
                addresses.update(health.addresses(self.graph, rule, "actions", [action.get("topicId")]))
        return _event_types(rule), frozenset(addresses)

    def health(self) -> Iterator[Leak]:
        """Of each monitor every declared address is told."""
        for node, what in health.unheard(self.graph, self.declared.addresses):
            yield Leak(urn=node.urn, rule=Rule.ALARM, what=what)

    def grants(self) -> Iterator[Leak]:
        """No statement lets a group alter, end or read the trail."""
        for node in self.graph.of(POLICY):
            texts: Any = node.inputs.get("statements")
            for text in texts if isinstance(texts, list) else [UNKNOWN]:  # pyright: ignore[reportUnknownVariableType]
                try:
                    what = self._too_much(parse(str(text)))  # pyright: ignore[reportUnknownArgumentType]
                except UnreadableError as error:
                    yield Leak(urn=node.urn, rule=Rule.STATEMENT, what=f"a statement that cannot be read: {error}")
                    continue
                if what:
                    yield Leak(urn=node.urn, rule=Rule.GRANT, what=what)

    def _too_much(self, statement: Statement) -> str:
        reaches = statement.place in {(), (self.declared.organization,), (self.declared.organization, "audit")}
        if statement.denies or statement.kind in {"service", "any-user"} or not reaches or _only_creates(statement):
            return ""  # connectors and services are for the check of access
        who = ", ".join(statement.names) or statement.kind
        if statement.permissions & _READING or (
            statement.resource in {"objects", "object-family", "all-resources"} and statement.verb != "inspect"
        ):
            return f"{who} can read the trail"
        if statement.permissions & _ENDING or (statement.verb in {"use", "manage"} and statement.resource in _ENDS):
            return f"{who} can change or end the trail"
        return ""


def _only_creates(statement: Statement) -> bool:
    """Whether the statement holds for none but calls that create, get or list."""
    if may_hold(statement.condition, {_CALL: _ANY_CALL}):
        return False
    return all(it.value.lower().startswith(_CREATES) for it in compared(statement.condition, _CALL))


def _days(rule: Mapping[str, Any]) -> int:
    duration = record(rule.get("duration"))
    amount, unit = str(duration.get("timeAmount")), duration.get("timeUnit")
    if not amount.isdigit():
        return 0
    return int(amount) * {"DAYS": 1, "YEARS": 365}.get(str(unit), 0)


def _event_types(rule: Node) -> list[str]:
    try:
        condition: Any = json.loads(str(rule.inputs.get("condition")))
    except ValueError:
        return []
    types: Any = record(condition).get("eventType")
    return [str(each) for each in types] if isinstance(types, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
