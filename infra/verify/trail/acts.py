"""Single acts, followed into the audit trail one by one: the slow decider of what is seen in Oracle Cloud.

It shares no rule with the rest of this package. It makes something happen (an object is read, a packet passes a
subnet, a sealed user looks, somebody changes a policy), looks for the logs that say so, carries the record by whatever
connector takes it, asks the bucket that it lands in on its last day, and who hears of it. And it lets everybody whom a
statement names try to read, change or end the trail, under every value that its condition names and one of nobody's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import product
from string import ascii_letters, digits
from typing import Any, Final, cast

from infra.verify.graph import Graph, Node
from infra.verify.oracle.requests import condition_holds, read_statement
from infra.verify.oracle.statements import UnreadableError, parse
from infra.verify.search import Opinion, Search, opinion, seen
from infra.verify.trail.declared import WATCHED, Declared
from infra.verify.trail.leak import Rule
from infra.verify.values import items, listed, record, records
from infra.verify.verdict import Answer

_POLICY: Final = "oci:Identity/policy:Policy"
_NOBODYS: Final = "nobodys"
_TAMPERS: Final = ("UpdateBucket", "DeleteObject", "DeactivateServiceConnector", _NOBODYS)
_LISTENS: Final = (True, "SERVICE", "OCISERVICE")
"""A log that is on, and that a service writes."""
_PROBES: Final = {"HttpMonitor": "HTTP", "PingMonitor": "PING"}
_HALF: Final = 0.5
_SERVICES: Final = {
    "oci:LoadBalancer/loadBalancer:LoadBalancer": ("loadbalancer", ("access", "error")),
    "oci:Waf/appFirewall:AppFirewall": ("waf", ("all",)),
    "oci:Core/subnet:Subnet": ("flowlogs", ("all",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happens in a region.

    Attributes:
        service, category: of the log that should say so; `audit` for calls that Audit records.
        on: what is touched.
        call, user: what an event says of it.
        alarming: whether everybody must be told.
    """

    region: str
    service: str
    category: str = ""
    on: Node | None = None
    call: str = _NOBODYS
    user: str = _NOBODYS
    alarming: bool = False


_AUDIT: Final = "_Audit_Include_Subcompartment"
"""What a connector names for the events of the whole tenancy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a connector that is on carries a record from one of its sources.

    Attributes:
        region: of it, and of the bucket that it delivers into.
        source: the URN of the log group that it takes from, or Audit; empty where that is none of this stack's.
        picks: what each of its tasks lets through, one after another.
        kept: whether what it puts into the bucket stays there.
        told: who hears of each object that it puts there.
    """

    region: str
    source: str
    picks: tuple[str, ...]
    kept: bool
    told: set[str]


class World(Search):
    """A stack in which something can happen."""

    def __init__(self, graph: Graph, declared: Declared, as_of: date) -> None:
        super().__init__(graph, "oci")
        self.declared, self.as_of = declared, as_of
        self._ways = [way for it in self.of("Connector") for way in self._way(it)]
        self._said: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for log in self.of("Log"):
            said = record(record(log.inputs.get("configuration")).get("source"))
            if (log.inputs.get("isEnabled"), log.inputs.get("logType"), said.get("sourceType")) == _LISTENS:
                self._listen(log)

    def acts(self) -> Iterator[Act]:
        """Everything that must be seen."""
        regions = [region.value for region in sorted(self.declared.regions)]
        for region in regions:
            for call in (_NOBODYS, *WATCHED):
                yield Act(region=region, service="audit", call=call, alarming=call != _NOBODYS)
        for bucket in self.of("Bucket"):
            where = self.region(bucket)
            for category in ("read",) if self.is_store(bucket, where) else ("read", "write"):
                yield Act(region=where, service="objectstorage", category=category, on=bucket)
            for user in sorted(self.declared.sealed) if where in regions else ():
                yield Act(region=where, service="objectstorage", category="read", on=bucket, user=user, alarming=True)
        for type_, (service, categories) in _SERVICES.items():
            for node in (it for it in self.nodes if it.type == type_):
                for category in categories:
                    yield Act(region=self.region(node), service=service, category=category, on=node)

    def is_store(self, bucket: Node, region: str) -> bool:
        """Whether it is the one bucket of the trail in a region."""
        keys = {it.value: it.facts.key for it in self.declared.regions}
        name = f"{self.declared.organization}-audit-{keys.get(region)}"
        of_that_name = [it for it in self.of("Bucket") if it.inputs.get("name") == name]
        return of_that_name == [bucket] and self.region(bucket) == region

    def seen(self, act: Act) -> bool:
        """Whether a record of it stays for as long as is declared; and is told to everybody, where that is due."""
        kept, told = False, set[str]()
        of = (act.region, act.service, act.category)
        groups = [group for what, group in self._said.get(act.on.urn if act.on else "", ()) if what == of]
        for way in (it for it in self._ways if it.region == act.region):
            taken = way.source == _AUDIT if act.service == "audit" else way.source in groups
            if taken and all(_picks(it, act.call, act.user) for it in way.picks):
                kept = kept or way.kept
                told |= way.told if len(way.picks) == 1 else set()  # what comes with all else stands out to nobody
        return told >= self.declared.addresses if act.alarming else kept

    def on_the_way(self, act: Act) -> frozenset[str]:
        """The URNs of what an act is done to, and of all that its record could pass in its region."""
        there = (it.urn for kind in ("Bucket", "Connector") for it in self.of(kind) if self.region(it) == act.region)
        return frozenset([*([act.on.urn] if act.on else []), *there])

    def _way(self, connector: Node) -> Iterator[_Way]:
        """How a connector carries from each source: not at all where it has no bucket to deliver into."""
        bucket, reads = self._lands(connector), record(connector.inputs.get("source"))
        kinds = {str(task.get("kind")) for task in records(connector.inputs.get("tasks"))}
        if bucket is not None and reads.get("kind") == "logging" and kinds <= {"logRule"}:
            for said in records(reads.get("logSources")):
                yield self._way_from(connector, said, bucket)

    def _way_from(self, connector: Node, said: Mapping[str, Any], bucket: Node) -> _Way:
        region = self.region(bucket)
        groups = self.meant(connector, "source", said.get("logGroupId"), "LogGroup")
        groups = [it.urn for it in groups if self.region(it) == region]
        audit = said.get("compartmentId") == self.declared.tenancy and said.get("logGroupId") == _AUDIT
        prefix = record(connector.inputs.get("target")).get("objectNamePrefix") or ""
        return _Way(
            region=region,
            source=_AUDIT if audit else groups[0] if len(groups) == 1 else "",
            picks=tuple(str(task.get("condition")) for task in records(connector.inputs.get("tasks"))),
            kept=self._keeps(bucket),
            told=self._hear(region, str(bucket.inputs.get("name")), f"{prefix}/"),
        )

    def _lands(self, connector: Node) -> Node | None:
        """The bucket that a connector delivers into: the trail's in its own region, or none."""
        target, region = record(connector.inputs.get("target")), self.region(connector)
        if connector.inputs.get("state", "ACTIVE") not in {None, "ACTIVE"} or not self._apart(connector):
            return None
        for bucket in self.of("Bucket") if str(target.get("kind")).lower() == "objectstorage" else ():
            same = [bucket.inputs.get(it) == target.get(other) for it, other in
                    (("name", "bucket"), ("namespace", "namespace"))]  # fmt: skip
            if all(same) and self.is_store(bucket, region):
                return bucket
        return None

    def _apart(self, node: Node) -> bool:
        """Whether it is in the compartment named audit."""
        found = self.meant(node, "compartmentId", node.inputs.get("compartmentId"), "Compartment")
        return [it.inputs.get("name") for it in found] == ["audit"]

    def _about(self, log: Node) -> list[str]:
        """The URNs of what a log is about."""
        source = record(record(log.inputs.get("configuration")).get("source"))
        if source.get("service") == "objectstorage":
            alike = [it for it in self.of("Bucket") if it.inputs.get("name") == source.get("resource")]
            return [it.urn for it in alike if self.region(it) == self.region(log)]
        kinds = [type_.rpartition(":")[2] for type_ in _SERVICES]
        meant = [self.meant(log, "configuration", source.get("resource"), kind) for kind in kinds]
        return [it.urn for found in meant for it in found]

    def _listen(self, log: Node) -> None:
        """What a log that is on says, of the one thing that it is about, into its one group."""
        about, groups = self._about(log), self.meant(log, "logGroupId", log.inputs.get("logGroupId"), "LogGroup")
        source = record(record(log.inputs.get("configuration")).get("source"))
        if len(about) == len(groups) == 1:
            what = (self.region(log), str(source.get("service")), str(source.get("category")))
            self._said.setdefault(about[0], []).append((what, groups[0].urn))

    def _keeps(self, bucket: Node) -> bool:
        """Whether what arrives today is there and as it was on the last day, whoever tries."""
        last = self.as_of + timedelta(days=self.declared.days)
        given = bucket.inputs
        held = False
        for rule in records(given.get("retentionRules")):
            amount, unit = (str(record(rule.get("duration")).get(it)) for it in ("timeAmount", "timeUnit"))
            each = {"DAYS": timedelta(days=1), "YEARS": timedelta(days=365)}.get(unit, timedelta())
            until = self.as_of + int(amount) * each if re.fullmatch("[0-9]+", amount) else self.as_of
            moment = r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"
            locked = re.fullmatch(moment, str(rule.get("timeRuleLocked")))
            held = held or (until >= last and locked is not None and locked[1] <= self.declared.lock_on)
        keys = self.meant(bucket, "kmsKeyId", given.get("kmsKeyId"), "Key")
        return (
            held
            and given.get("versioning") in {None, "Disabled"}
            and given.get("accessType") in {None, "NoPublicAccess"}
            and self._apart(bucket)
            and bucket.protect
            and bucket.retain
            and len(keys) == 1
            and self._apart(keys[0])
        )

    def _hear(self, region: str, bucket: str, name: str) -> set[str]:
        """Who is told that an object arrived in a bucket."""
        stores = [it for it in self.of("Bucket") if it.inputs.get("name") == bucket]
        if not any(it.inputs.get("objectEventsEnabled") is True for it in stores):
            return set()
        event = {"eventType": "com.oraclecloud.objectstorage.createobject",
                 "data": {"resourceName": name, "additionalDetails": {"bucketName": bucket}}}  # fmt: skip
        return self._addresses(region, event)

    def changes(self, region: str) -> set[str]:
        """Who is told at once that a policy of the tenancy was changed in a region."""
        event: dict[str, Any] = {"eventType": "com.oraclecloud.identitycontrolplane.updatepolicy", "data": {}}
        return self._addresses(region, event, within=self.declared.tenancy)

    def unwell(self, monitor: Node) -> set[str]:
        """Who is told when half of those who look at a monitor's target find it unwell."""
        told = set[str]()
        for alarm in self.of("Alarm"):
            around = self.meant(alarm, "metricCompartmentId", alarm.inputs.get("metricCompartmentId"), "Compartment")
            on = alarm.inputs.get("isEnabled") is True and not alarm.inputs.get("suppression")
            metric = alarm.inputs.get("namespace") == "oci_healthchecks" and self.region(alarm) == self.region(monitor)
            if on and metric and [it.inputs.get("name") for it in around] == ["edge"] and _fires(alarm, monitor):
                for topic in items(alarm.inputs.get("destinations")):
                    told |= self._subscribed(self.meant(alarm, "destinations", topic, "NotificationTopic"))
        return told

    def _subscribed(self, topics: list[Node]) -> set[str]:
        """The addresses behind topics."""
        urns = {it.urn for it in topics}
        behind = [(it, self.meant(it, "topicId", it.inputs.get("topicId"), "NotificationTopic"))
                  for it in self.of("Subscription")]  # fmt: skip
        mailed = [it for it, its in behind if len(its) == 1 and its[0].urn in urns]
        return {str(it.inputs.get("endpoint")) for it in mailed if it.inputs.get("protocol") == "EMAIL"}

    def _addresses(self, region: str, event: dict[str, Any], *, within: str = "") -> set[str]:
        """Whom rules tell of an event; only those that are about a whole compartment, where one is named."""
        told = set[str]()
        for rule in self.of("Rule"):
            if rule.type != "oci:Events/rule:Rule" or self.region(rule) != region or not _meets(rule, event):
                continue
            if within and rule.inputs.get("compartmentId") != within:
                continue
            for action in records(record(rule.inputs.get("actions")).get("action")):
                told_by = (rule.inputs.get("isEnabled"), action.get("isEnabled"), action.get("actionType"))
                if told_by == (True, True, "ONS"):
                    topics = self.meant(rule, "actions", action.get("topicId"), "NotificationTopic")
                    told |= self._subscribed(topics)
        return told


@lru_cache(maxsize=4096)
def silenced(text: str, organization: str) -> bool:
    """Whether somebody whom a statement lets in can read, change or end the trail."""
    said = read_statement(text)
    if said is None or said["kind"].lower() in {"service", "any-user"}:
        return False
    place = said["place"].split()[-1] if said["place"].lower() != "tenancy" else ""
    if place not in {"", organization, f"{organization}:audit"}:
        return False
    condition = (said["condition"] or "").strip()
    return any(
        condition_holds(condition, {**names, "request.operation": call})
        for call in ("GetObject", *_TAMPERS, *re.findall(r"operation\s*!?=\s*'([^']*)'", condition))
        if _brings(said, call)
        for names in _values(condition)
    )


def _values(condition: str) -> Iterator[dict[str, str]]:
    """Every choice among the values that a condition names, and one of nobody's, or before and after."""
    named: dict[str, set[str]] = {}
    for variable, mark, value in re.findall(r"([\w.-]+)\s*(!=|=|before|after)\s*'?([^',}]*)'?", condition):
        if variable.lower() != "request.operation":
            others = {"0000", "9999"} if mark in {"before", "after"} else {_NOBODYS}
            named.setdefault(variable.lower(), set()).update({value} | others)
    for chosen in product(*(sorted(values) for values in named.values())):
        yield dict(zip(named, chosen, strict=True))


_READS: Final = {"object_read", "object_inspect"}
_CHANGES: Final = {
    "bucket_update", "bucket_delete", "retention_rule_manage", "retention_rule_lock", "object_delete",
    "object_overwrite", "object_create", "key_update", "key_delete", "key_rotate", "vault_update", "vault_delete",
}  # fmt: skip
_OF_THE_TRAIL: Final = {
    "alarms", "objects", "object-family", "all-resources", "buckets", "log-groups", "logging-family",
    "serviceconnectors", "cloudevents-rules", "ons-topics", "ons-subscriptions", "ons-family", "keys", "vaults",
    "key-family",
}  # fmt: skip


def _brings(said: re.Match[str], call: str) -> bool:
    """Whether what a statement gives is enough for a call on the trail."""
    permissions = {it.strip().lower() for it in (said["permissions"] or "").split(",")}
    verb, resource = (said["verb"] or "").lower(), (said["resource"] or "").lower()
    holds_objects = resource in {"objects", "object-family", "all-resources"}
    if permissions & _READS or (holds_objects and verb in {"read", "use", "manage"}):
        return True
    harmless = call.lower().startswith(("create", "get", "list"))
    return not harmless and bool(permissions & _CHANGES or (resource in _OF_THE_TRAIL and verb in {"use", "manage"}))


_FIELD: Final = frozenset(f"{ascii_letters}{digits}_.")


@lru_cache(maxsize=8192)
def _picks(condition: str, call: str, user: str) -> bool:
    """Whether a task lets the record of a call by a user through; one that cannot be read lets nothing."""
    event, picks = {"data.eventName": call, "data.principalId": user}, False
    for part in condition.split(" or "):
        field, _, value = (it.strip() for it in _unwrapped(part).partition("="))
        pieces = value.split("'")
        quoted = len(pieces) == len("''") + 1 and not pieces[0] + pieces[-1]
        if not quoted or not field.startswith("data.") or not set(field) <= _FIELD:
            return False
        picks = picks or event.get(field) == pieces[1]
    return picks


def _unwrapped(part: str) -> str:
    match = re.fullmatch(r"\s*\((.*)\)\s*", part, re.DOTALL)
    return match[1] if match else part


def _fires(alarm: Node, monitor: Node) -> bool:
    """Whether an alarm's query holds of a monitor whose metric, one when well and nought when not, is at a half."""
    metric, _, rest = str(alarm.inputs.get("query")).partition("[")
    window, _, rest = rest.partition("]")
    which, _, rest = rest.partition("}")
    how, _, limit = (it.strip() for it in rest.partition("<"))
    name, _, value = (it.strip() for it in which.lstrip("{").partition("="))
    return (
        metric == f"{_PROBES[monitor.type.rpartition(':')[2]]}.isHealthy"
        and window[:-1].isdigit() and window[-1:] == "m"
        and (name, value) == ("resourceDisplayName", f'"{monitor.inputs.get("displayName")}"')
        and how in {".groupBy(target).mean()", ".groupBy(target).min()"}
        and re.fullmatch(r"[0-9.]+", limit) is not None and _HALF <= float(limit) <= 1
    )  # fmt: skip


def _meets(rule: Node, event: dict[str, Any]) -> bool:
    """Whether an event has, for everything that a rule's condition names, one of the values named there."""
    wanted = _wanted(str(rule.inputs.get("condition")))
    return "eventType" in wanted and _within(wanted, event)


@lru_cache(maxsize=1024)
def _wanted(text: str) -> Mapping[str, Any]:
    """What a condition names; nothing where it is none."""
    try:
        return record(cast("object", json.loads(text)))
    except ValueError:
        return {}


def _within(wanted: object, event: object) -> bool:
    if isinstance(wanted, dict):
        there, here = record(cast("object", wanted)), record(event)
        return all(key in here and _within(it, here[key]) for key, it in there.items())
    return isinstance(event, str) and any(fnmatchcase(event, str(it)) for it in listed(wanted))


def unread(graph: Graph) -> bool:
    """Whether a statement is none that can be read: nobody knows whom it lets in."""
    listed = [items(node.inputs.get("statements")) for node in graph.nodes.values() if node.type == _POLICY]
    return not all(listed) or any(not _is_read(str(text)) for texts in listed for text in texts)


def _is_read(text: str) -> bool:
    try:
        parse(text)
    except UnreadableError:
        return False
    return True


def unseen(graph: Graph, declared: Declared, as_of: date) -> Iterator[Opinion]:
    """Everything that can be done unseen, or of which the record be lost."""
    world = World(graph, declared, as_of)
    if declared.emergency and not (declared.days and declared.sealed):
        yield seen("", Rule.ALARM)
    if not declared.days:
        return
    if not declared.addresses:
        yield seen("", Rule.ALARM)
    events = [(it.inputs.get("compartmentId"), it.inputs.get("retentionPeriodDays")) for it in world.nodes
              if it.type == "oci:Audit/configuration:Configuration"]  # fmt: skip
    if events != [(declared.tenancy, 365)]:
        yield seen("", Rule.EVENTS)
    unwell = (it for kind in _PROBES for it in world.of(kind) if not world.unwell(it) >= declared.addresses)
    yield from (seen(it.urn, Rule.ALARM) for it in unwell)
    heard = (it for it in world.of("Subscription") if it.inputs.get("endpoint") not in declared.addresses)
    yield from (seen(it.urn, Rule.ALARM) for it in heard)
    untold = (it.value for it in declared.regions if not world.changes(it.value) >= declared.addresses)
    yield from (seen("", Rule.ALARM, it) for it in untold)
    for act in (it for it in world.acts() if not world.seen(it)):
        yield opinion(Answer.REFUTED, *world.on_the_way(act))
        yield seen("", "", act.region)
    for policy in (it for it in world.nodes if it.type == _POLICY):
        texts = [str(it) for it in items(policy.inputs.get("statements")) if _is_read(str(it))]
        if any(silenced(text, declared.organization) for text in texts):
            yield seen(policy.urn, Rule.GRANT)
