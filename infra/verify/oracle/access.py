"""Access in Oracle Cloud: nobody but who was declared can reach private data, from nowhere but where it was declared.

Every statement of every policy is read from its text and asked, not trusted: can it hold for a request from another
network, in another region, after its end, by a call that reads? The world is closed: a family, permission, subject or
place that is not modelled here is a leak, and so is a statement that is not known yet.

What it does not prove: who is a member of a group; what the tenancy's default Administrators group does, which no
policy binds; what a verb stands for beyond Oracle's documentation.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from infra.residency.dataset import DataClass
from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.oracle.granted import (
    CALLS,
    CHANGE,
    CHANGES_KEYS,
    CHANGES_LOGS,
    CONFIGURES,
    DATA,
    DELIVERS,
    FAMILIES,
    NEVER,
    OF_STORAGE,
    OF_VERBS,
    PERMISSIONS,
    READS,
    USES_KEYS,
)  # fmt: skip
from infra.verify.oracle.statements import MOMENT, TIME, Statement, UnreadableError, compared, may_hold, parse
from infra.verify.values import record

POLICY = "oci:Identity/policy:Policy"
GROUP = "oci:Identity/group:Group"
SOURCE = "oci:Identity/networkSource:NetworkSource"
COMPARTMENT = "oci:Identity/compartment:Compartment"

_TYPE = "request.principal.type"
_WIDEST = {4: 16, 6: 32}
ELSEWHERE = "\N{EM DASH}elsewhere"
"""A value that nothing is named: a request from another network, or in another region."""

FAR = "9999-12-31T00:00:00Z"
"""A time after every end."""
_LAST = "9999-12-31T23:59:59Z"
_LONG_AGO = "1970-01-01T00:00:00Z"


class Rule(StrEnum):
    """What can be wrong."""

    COMPARTMENT = "compartment"
    DUTY = "duty"
    ENDS = "ends"
    FAMILY = "family"
    KEYS = "keys"
    NETWORK = "network"
    PERMISSION = "permission"
    PUBLIC = "public"
    REGION = "region"
    SEPARATION = "separation"
    SERVICE = "service"
    STATEMENT = "statement"
    SUBJECT = "subject"
    TYPE = "type"
    UNKNOWN = "unknown"


class Leak(NamedTuple):
    """One grant too many, or one thing that cannot be shown to be none."""

    urn: str
    rule: Rule
    what: str


class Export(NamedTuple):
    """Who may read a bucket from outside, until when: from the stack's own configuration."""

    group: str
    buckets: frozenset[str]
    until: str


class Declared(NamedTuple):
    """What the stack's own configuration says about access.

    Attributes:
        organization: name of the compartment that encloses all others.
        groups: the network source of each group that has a duty, both by name in the tenancy.
        emergency: those of them whose duty is break-glass.
        exports: of EXCEPTED datasets.
        regions: the regions of the stack.
        audit_buckets: those of the audit trail; none where there is no trail.
    """

    organization: str
    groups: Mapping[str, str]
    exports: tuple[Export, ...]
    regions: frozenset[UsRegion]
    audit_buckets: frozenset[str] = frozenset()
    emergency: frozenset[str] = frozenset()


def declared(deployment: Mapping[str, Any]) -> Declared:
    """What the deployment value of a stack's configuration, which the planner has found right, says about access."""
    organization = str(deployment["organization"])
    regions: Mapping[str, Any] = deployment["oci"]["regions"]
    stores = [UsRegion(name) for name, region in sorted(regions.items()) if region["role"] in _STORES]
    access: Mapping[str, Any] = deployment.get("access") or {"groups": {}}
    return Declared(
        organization=organization,
        groups={
            **{name: f"{organization}-{group['network']}" for name, group in access["groups"].items()},
            **{it: it for it in _transfers(organization, deployment)},
        },
        exports=tuple(
            Export(
                group=dataset["export"]["group"],
                buckets=frozenset(
                    bucket for it in stores for bucket in _buckets(organization, name, dataset.get("shards", 1), it)
                ),
                until=dataset["expires"],
            )
            for name, dataset in sorted(deployment["datasets"].items())
            if "export" in dataset
        ),
        regions=frozenset(UsRegion(name) for name in regions),
        emergency=frozenset(name for name, group in access["groups"].items() if group["duty"] == "break-glass"),
        audit_buckets=frozenset(
            f"{organization}-audit-{UsRegion(name).facts.key}" for name in regions if "audit" in deployment
        ),
    )


def _transfers(organization: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    """The groups that read what is backed up, each from the network of its own name, while backups are made."""
    sites: Mapping[str, Any] = deployment.get("legacy", {}).get("sites", {})
    for name, site in sorted(sites.items()):
        if "transfer" in site and site["phase"] == "backup":
            yield f"{organization}-transfer-{name}"


_STORES = frozenset({"primary", "lost"})
"""Regions with default stores: what a lost one had is planned as it was until it is back."""


def _buckets(organization: str, dataset: str, shards: int, region: UsRegion) -> Iterator[str]:
    for number in range(shards):
        yield f"{organization}-{dataset}{f'-{number}' if number else ''}-{region.facts.key}"


def leaks(found: Graph, declared: Declared) -> tuple[Leak, ...]:
    """Every leak, sorted."""
    parts = (_Check.types, _Check.networks, _Check.policies, _Check.separation)
    return tuple(sorted({leak for part in parts for leak in found.ask(_part, part, declared)}))


def _part(found: Graph, part: "Callable[[_Check], Iterator[Leak]]", declared: Declared) -> Iterator[Leak]:
    return part(_Check(found, declared))


class _Check(NamedTuple):
    graph: Graph
    declared: Declared

    def types(self) -> Iterator[Leak]:
        """Nobody gets in past the groups."""
        for node in self.graph.of(*NEVER):
            yield Leak(urn=node.urn, rule=Rule.TYPE, what=f"{node.type} lets somebody in past the groups")

    def networks(self) -> Iterator[Leak]:
        """Network sources name public addresses, and not half the internet."""
        for node in self.graph.of(SOURCE):
            sources: Any = node.inputs.get("publicSourceLists")
            if node.inputs.get("virtualSourceLists") or node.inputs.get("services"):
                yield Leak(urn=node.urn, rule=Rule.NETWORK, what="a network that is not named by public addresses")
            for text in sources if isinstance(sources, list) else [UNKNOWN]:  # pyright: ignore[reportUnknownVariableType]
                if not _narrow(str(text)):  # pyright: ignore[reportUnknownArgumentType]
                    yield Leak(urn=node.urn, rule=Rule.NETWORK, what=f"{text} names nobody's own network")

    def policies(self) -> Iterator[Leak]:
        """Each statement of each policy, by itself."""
        for node, statement in self._statements():
            if isinstance(statement, str):
                yield Leak(urn=node.urn, rule=Rule.STATEMENT, what=statement)
            elif not statement.denies:
                for rule, what in self._too_much(statement):
                    yield Leak(urn=node.urn, rule=rule, what=what)

    def _statements(self) -> Iterator[tuple[Node, Statement | str]]:
        for node in self.graph.of(POLICY):
            texts: Any = node.inputs.get("statements")
            for text in texts if isinstance(texts, list) else [UNKNOWN]:  # pyright: ignore[reportUnknownVariableType]
                if text == UNKNOWN:
                    yield node, "a statement that is not known yet"
                    continue
                try:
                    yield node, parse(str(text))  # pyright: ignore[reportUnknownArgumentType]
                except UnreadableError as error:
                    yield node, f"{error}, in: {text}"

    def _too_much(self, statement: Statement) -> Iterator[tuple[Rule, str]]:
        yield from self._place(statement)
        yield from _what(statement)
        match statement.kind:
            case "service":
                yield from self._service(statement)
            case "group":
                for name in statement.names:
                    yield from self._group(statement, name)
            case "any-user" if any(compared(statement.condition, _TYPE)):
                yield from self._connectors(statement)
            case kind:
                yield Rule.SUBJECT, f"{kind} is nobody in particular"

    def _connectors(self, statement: Statement) -> Iterator[tuple[Rule, str]]:
        """The one any-user: connectors, of the one tagged compartment, that put logs into a bucket of the trail."""
        tag = f"{self.declared.organization}.sends"
        for variable, allowed, what in (
            (_TYPE, frozenset({"serviceconnector"}), "any-user of type"),
            ("target.bucket.name", self.declared.audit_buckets, "connectors into the bucket"),
            (
                f"request.principal.compartment.tag.{tag}".lower(),
                frozenset({"logs"}),
                "connectors of a compartment that sends",
            ),
        ):
            for other in _beyond(statement, variable, allowed):
                yield Rule.SUBJECT, f"{what} {_said(other)}"
        if statement.place != (self.declared.organization, "audit"):
            yield Rule.COMPARTMENT, "connectors outside the compartment of the audit trail"
        if statement.resource or not statement.permissions <= DELIVERS:
            yield Rule.PERMISSION, "connectors that do more than put logs"
        for node in self.graph.of(COMPARTMENT):
            tags = node.inputs.get("definedTags")
            sends = record(tags) != (tags or {}) or tag.lower() in map(str.lower, record(tags))
            if sends and node.inputs.get("name") != "audit":
                yield Rule.SUBJECT, f"connectors of the compartment {node.inputs.get('name')} too"

    def _place(self, statement: Statement) -> Iterator[tuple[Rule, str]]:
        own = self.declared.organization
        known = {str(node.inputs.get("name")) for node in self.graph.of(COMPARTMENT)}
        inside = {(own, name) for name in known - {own}} | {(own,) for name in known if name == own}
        if statement.place and statement.place not in inside:
            yield Rule.COMPARTMENT, f"{':'.join(statement.place)} is no compartment of this stack"
        if not statement.place and powers(statement) & (READS | USES_KEYS):
            yield Rule.COMPARTMENT, "data or keys of the whole tenancy, whatever is put there"

    def _service(self, statement: Statement) -> Iterator[tuple[Rule, str]]:
        allowed = {region.facts.storage_service_principal for region in self.declared.regions}
        for name in statement.names:
            if name not in allowed:
                yield Rule.SERVICE, f"{name} is not Object Storage of a region of this stack"
        encrypts = statement.resource == "keys" and statement.verb != "manage"
        listed = not statement.resource and all(it.startswith(OF_STORAGE) for it in statement.permissions)
        if not encrypts and not listed and statement.resource not in DATA | CONFIGURES:
            yield Rule.SERVICE, "more than data and the use of keys"
        if statement.resource in DATA | CONFIGURES:
            for name in _beyond(statement, "request.permission", PERMISSIONS):
                yield Rule.SERVICE, f"more permissions than replication needs: {_said(name)}"

    def _group(self, statement: Statement, name: str) -> Iterator[tuple[Rule, str]]:
        exports = [export for export in self.declared.exports if export.group.lower() == name.lower()]
        if name not in {str(node.inputs.get("name")) for node in self.graph.of(GROUP)}:
            yield Rule.SUBJECT, f"{name} is no group of this stack"
        if exports:
            yield from self._export(statement, exports)
        elif name not in self.declared.groups:
            yield Rule.SUBJECT, f"{name} is declared nowhere"
        else:
            source = self.declared.groups[name]
            for other in _beyond(statement, "request.networksource.name", frozenset({source})):
                yield Rule.NETWORK, f"{name} may act from {_said(other)}, not only from {source}"
        if name in self.declared.emergency:
            yield from _emergency(statement)
        yield from self._regions(statement, name)
        if powers(statement) & USES_KEYS:
            yield Rule.KEYS, f"{name} may use keys, and with them whatever they encrypt"

    def _regions(self, statement: Statement, name: str) -> Iterator[tuple[Rule, str]]:
        ours = frozenset(region.facts.key for region in self.declared.regions)
        for other in _beyond(statement, "request.region", ours):
            yield Rule.REGION, f"{name} may act in {_said(other)}"

    def _export(self, statement: Statement, exports: list[Export]) -> Iterator[tuple[Rule, str]]:
        reads = statement.resource == "objects" and statement.verb in {"inspect", "read"}
        if not reads and not (statement.permissions and statement.permissions <= OF_VERBS["read"]):
            does = f"{statement.verb} {statement.resource}".strip() or ", ".join(sorted(statement.permissions))
            yield Rule.FAMILY, f"an export reads objects, and does not {does}"
        for other in _beyond(
            statement, "target.bucket.name", frozenset(bucket for it in exports for bucket in it.buckets)
        ):
            yield Rule.COMPARTMENT, f"an export of {_said(other)}, which was not declared"
        if may_hold(statement.condition, {TIME: FAR}):
            yield Rule.ENDS, "an export without an end"
        elif any(
            may_hold(statement.condition, {"target.bucket.name": bucket, TIME: f"{it.until}T00:00:00Z"})
            for it in exports
            for bucket in it.buckets
        ):
            yield Rule.ENDS, "an export that outlives its exception"

    def separation(self) -> Iterator[Leak]:
        """No group both touches private data and changes what guards it."""
        touches: dict[str, str] = {}
        changes: dict[str, str] = {}
        private = {(self.declared.organization, it.value) for it in DataClass if it is not DataClass.PUBLIC}
        for node, statement in self._statements():
            if isinstance(statement, str) or statement.denies or statement.kind != "group":
                continue
            for name in statement.names:
                if powers(statement) & READS and any(
                    place[: len(statement.place)] == statement.place for place in private
                ):
                    touches.setdefault(name.lower(), node.urn)
                if _changes(statement):
                    changes.setdefault(name.lower(), node.urn)
        for name in sorted(touches.keys() & changes.keys()):
            what = f"{name} may touch private data and change what guards it"
            yield Leak(urn=changes[name], rule=Rule.SEPARATION, what=what)


def _emergency(statement: Statement) -> Iterator[tuple[Rule, str]]:
    """Break-glass reads named buckets between two moments that are a day apart at most."""
    for name in sorted({statement.verb, *statement.permissions} - {"", "OBJECT_INSPECT", "OBJECT_READ"}):
        yield Rule.PERMISSION, f"break-glass lists and reads objects, and does not {name}"
    if may_hold(statement.condition, {"target.bucket.name": ELSEWHERE}):
        yield Rule.COMPARTMENT, "break-glass for any bucket"
    begins = (it.value for it in compared(statement.condition, TIME) if it.operator == "after")
    opens = sorted(it for it in map(_after, begins) if may_hold(statement.condition, {TIME: it}))
    ends = [_after(it, days=1, seconds=0) for it in opens[:1]]
    moments = (_LONG_AGO, FAR, *ends, *(it for it in opens if [it] > ends))
    if any(may_hold(statement.condition, {TIME: moment}) for moment in moments):
        yield Rule.ENDS, "break-glass for longer than a day"


def _after(moment: str, *, days: int = 0, seconds: int = 1) -> str:
    """A moment so much later, or the last one that there is."""
    try:
        end = datetime.strptime(moment.upper(), MOMENT).replace(tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return _LAST
    return end.strftime(MOMENT)


def _narrow(text: str) -> bool:
    try:
        network = ip_network(text)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def _what(statement: Statement) -> Iterator[tuple[Rule, str]]:
    """The world is closed over families, permissions and calls."""
    for name in sorted(statement.permissions - PERMISSIONS):
        yield Rule.PERMISSION, f"{name} is not granted to anybody here"
    if statement.resource and statement.resource not in FAMILIES:
        yield Rule.FAMILY, f"{statement.resource} is not granted to anybody here"
    if statement.kind != "service" and statement.verb == "manage" and statement.resource in DATA | CONFIGURES:
        yield Rule.PERMISSION, "manage brings PAR_MANAGE, which passes every policy by"
    if statement.kind != "service" and statement.verb == "manage" and statement.resource in {"keys", "vaults"}:
        yield Rule.PERMISSION, "manage brings export and replication of keys"


def _beyond(statement: Statement, variable: str, allowed: frozenset[str]) -> list[str]:
    """The values outside the allowed ones for which a statement can hold: those that it names, or any other."""
    named = {it.value for it in compared(statement.condition, variable)}
    known = {value.lower() for value in allowed}
    others = [value for value in sorted(named) if value.lower() not in known]
    return [value for value in (ELSEWHERE, *others) if may_hold(statement.condition, {variable: value})]


def _said(value: str) -> str:
    return "anything else" if value == ELSEWHERE else value


@lru_cache(maxsize=4096)
def only_calls(statement: Statement) -> bool:
    """Whether the statement can hold for none but harmless calls."""
    return not _beyond(statement, "request.operation", CALLS)


@lru_cache(maxsize=4096)
def powers(statement: Statement) -> frozenset[str]:
    """The permissions on objects and keys that a statement gives, as far as its calls can use them."""
    if only_calls(statement):
        return frozenset()
    given = set(statement.permissions)
    if statement.resource in DATA:
        given |= OF_VERBS[statement.verb]
    if statement.resource in {"keys", "key-family"} and statement.verb in {"use", "manage"}:
        given |= USES_KEYS
    if statement.resource == "all-resources":
        given |= READS | USES_KEYS
    return frozenset(name for name in given if may_hold(statement.condition, {"request.permission": name}))


def _changes(statement: Statement) -> bool:
    if only_calls(statement):
        return False
    if statement.resource in {"keys", "vaults"}:
        return statement.verb == "manage"
    if statement.permissions & (CHANGES_KEYS | CHANGES_LOGS):
        return True
    return statement.verb in {"use", "manage"} and statement.resource in CHANGE | {"all-resources"}
