"""Traffic: every possible answer to a US hostname is an edge of this stack in an allowed US region.

So are the zone's own records, which answer while a policy is replaced.

Pool-only: what is in a policy's answers counts as answerable, whatever rules, weights, health and flags say, since each
of them can fall through. A policy of template CUSTOM, whose rules are its author's own, may hold more: there `steering`
tells what can be given to anybody in any state of health. The world is closed: a type of DNS resource, a record type or
a name that is not modelled here is a leak, and so is a value that is unknown and cannot be attributed.

What it does not prove: what resolvers do, that an address is passed on unchanged while it is unknown, and that a name
in another tenancy's zone does not answer instead.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.values import has_unknown, items, record, records

if TYPE_CHECKING:
    from infra.verify.steering.model import Client

ZONE = "oci:Dns/zone:Zone"
RRSET = "oci:Dns/rrset:Rrset"
POLICY = "oci:Dns/steeringPolicy:SteeringPolicy"
ATTACHMENT = "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"
MONITOR = "oci:HealthChecks/httpMonitor:HttpMonitor"
BALANCER = "oci:LoadBalancer/loadBalancer:LoadBalancer"
BACKEND = "oci:LoadBalancer/backend:Backend"
LISTENER = "oci:LoadBalancer/listener:Listener"
SUBNET = "oci:Core/subnet:Subnet"

ADDRESS_OF = {"A": "oci:Core/publicIp:PublicIp", "AAAA": "oci:Core/ipv6:Ipv6"}
"""The type whose address answers for each record type; no other record type answers users."""

_MODELLED = frozenset({ZONE, RRSET, POLICY, ATTACHMENT})
_ELSEWHERE = ("oci:Dns/", "aws:route53", "aws:cloudfront/", "aws:globalaccelerator/")
"""Beginnings of the types that can answer for a name or take users elsewhere."""

_CONTENT = {
    ZONE: ("name", "zoneType", "scope", "dnssecState", "externalMasters", "externalDownstreams"),
    RRSET: ("domain", "rtype"),
    POLICY: ("template", "rules", "ttl"),
    ATTACHMENT: ("domainName",),
    MONITOR: ("isEnabled",),
}
"""What has to be known before anything else can be said."""

_LISTS = {RRSET: "items", POLICY: "answers", MONITOR: "targets", BALANCER: "reservedIps"}
"""Lists of which only addresses and ids may be unknown."""

_HARMLESS = frozenset({"CAA", "TXT"})
_RULES = frozenset({"FILTER", "HEALTH", "PRIORITY", "WEIGHTED", "LIMIT"})
_CUSTOM = "CUSTOM"
_LONGEST_TTL = 300
_DEFAULTS = {"scope": "GLOBAL"}
"""What a zone is that does not say so."""


class Rule(StrEnum):
    """What can be wrong."""

    ANSWER = "answer"
    ATTACHMENT = "attachment"
    BACKEND = "backend"
    COVERAGE = "coverage"
    EDGE = "edge"
    MONITOR = "monitor"
    RECORD = "record"
    RULES = "rules"
    TTL = "ttl"
    TYPE = "type"
    UNREAD = "unread"
    ZONE = "zone"


class Leak(NamedTuple):
    """One way out, or one thing that cannot be shown to be none; `urn` is empty where something is missing.

    Attributes:
        unread: whether it is no way out that was found, but something that cannot be read.
    """

    urn: str
    rule: Rule
    what: str
    unread: bool = False


def leaks(found: Graph, *, zone: str, hostnames: frozenset[str], regions: frozenset[UsRegion]) -> tuple[Leak, ...]:
    """Every leak, sorted.

    Args:
        found: The resources.
        zone: The zone's name, from the stack's configuration.
        hostnames: Every name that US users ask for, in full, from there too.
        regions: The regions that may answer, from there too.
    """
    parts = [found.ask(_part, part, zone, hostnames, regions) for part in _PARTS]
    parts += [found.ask(_unread, type_) for type_ in {**_CONTENT, **_LISTS}]
    return tuple(sorted({leak for part in parts for leak in part}))


def _unread(found: Graph, type_: str) -> Iterator[Leak]:
    """What is not known of the resources of a type though it is content."""
    for node in found.of(type_):
        for name in _CONTENT.get(type_, ()):
            if has_unknown(node.inputs.get(name)):
                yield _leak(node, Rule.UNREAD, f"what {name} will be is not known", unread=True)
        listed = node.inputs.get(_LISTS.get(type_, ""))
        parts = [{k: v for k, v in it.items() if k not in {"rdata", "id"}} for it in records(listed)]
        if has_unknown(parts) or isinstance(listed, str):
            yield _leak(node, Rule.UNREAD, f"what {_LISTS[type_]} will be is not known", unread=True)


def _part(
    found: Graph,
    part: "Callable[[_Check], Iterator[Leak]]",
    zone: str,
    hostnames: frozenset[str],
    regions: frozenset[UsRegion],
) -> Iterator[Leak]:
    return part(_Check(found, zone, hostnames, regions, {}))


def _leak(node: Node | None, rule: Rule, what: str, *, unread: bool = False) -> Leak:
    said = what.replace(UNKNOWN, "something that is not known yet")
    return Leak(urn=node.urn if node else "", rule=rule, what=said, unread=unread or said != what)


class _Check(NamedTuple):
    graph: Graph
    zone: str
    hostnames: frozenset[str]
    regions: frozenset[UsRegion]
    judged: dict[str, str]

    def types(self) -> Iterator[Leak]:
        """Nothing else answers for names."""
        ways = [it for it in self.graph.types if it.startswith(_ELSEWHERE) and it not in _MODELLED]
        for node in self.graph.of(*ways):
            yield _leak(node, Rule.TYPE, f"{node.type} can answer for a name, and is not modelled", unread=True)

    def zones(self) -> Iterator[Leak]:
        """One zone, ours, written here only, public and signed."""
        zones = self.graph.of(ZONE)
        if len(zones) != 1:
            yield _leak(None, Rule.ZONE, f"{len(zones)} zones instead of {self.zone} alone")
        expected = {"name": self.zone, "zoneType": "PRIMARY", "scope": "GLOBAL", "dnssecState": "ENABLED"}
        for node in zones:
            for name, value in expected.items():
                if node.inputs.get(name, _DEFAULTS.get(name)) != value:
                    yield _leak(node, Rule.ZONE, f"{name} is {node.inputs.get(name)}, not {value}")
            for name in ("externalMasters", "externalDownstreams"):
                if node.inputs.get(name):
                    yield _leak(node, Rule.ZONE, f"{name}: the zone is also kept elsewhere")

    def policies(self) -> Iterator[Leak]:
        """Each policy's answers are edges, all of them watched; its rules cannot be skipped."""
        for node in self.graph.of(POLICY):
            answers: list[Mapping[str, Any]] = records(node.inputs.get("answers"))
            if not answers:
                yield _leak(node, Rule.ANSWER, "a policy without answers")
            problems = [
                self._not_an_edge(node, "answers", answer.get("rtype"), answer.get("rdata")) for answer in answers
            ]
            yield from self._ttl(node, node.inputs.get("ttl", 30))
            if any(problems) and node.inputs.get("template") == _CUSTOM:
                yield from self._given(node, problems)
                continue
            for answer, problem in zip(answers, problems, strict=True):
                if problem:
                    yield _leak(node, Rule.ANSWER, f"answer {answer.get('name')}: {problem}")
            yield from self._unwatched(node, answers)
            yield from _rules(node)

    def _given(self, node: Node, problems: list[str]) -> Iterator[Leak]:
        """The answers that are no edges and that the rules give to somebody all the same."""
        from infra.verify.steering import closed  # noqa: PLC0415 (few stacks have rules of their own)
        from infra.verify.steering.model import UnmodelledError, policies  # noqa: PLC0415

        monitors = self.graph.named(node, "healthCheckMonitorId", node.inputs.get("healthCheckMonitorId"), MONITOR)
        watched = {str(target) for monitor in monitors for target in items(monitor.inputs.get("targets"))}
        try:
            for policy in policies(node.inputs, watched).values():
                for reply in closed.replies(policy):
                    if problem := problems[reply.answer.at]:
                        who = f"given to {_who(reply.client)} when only it is up"
                        yield _leak(node, Rule.ANSWER, f"answer {reply.answer.name}, {who}: {problem}")
        except UnmodelledError as error:
            yield _leak(node, Rule.RULES, str(error), unread=True)

    def _not_an_edge(self, node: Node, property_: str, kind: object, rdata: object) -> str:
        """Why an address is not that of an edge; empty where it is."""
        if kind not in ADDRESS_OF:
            return f"a {kind} record leads to another name"
        type_ = ADDRESS_OF[str(kind)]
        if rdata == UNKNOWN:
            sources = self.graph.named(node, property_, UNKNOWN, *ADDRESS_OF.values())
            owners = [source for source in sources if source.type == type_]
            strangers = node.sources.get(property_, frozenset()) - {source.urn for source in sources}
            if strangers or not owners:
                return "an address that is not known, and that comes from something else than edges"
        else:
            owners = [owner for owner in self.graph.of(type_) if owner.outputs.get("ipAddress") == rdata]
            if not owners:
                return f"{rdata} is no address of this stack"
        return next((problem for owner in owners if (problem := self._not_answering(owner))), "")

    def _not_answering(self, owner: Node) -> str:
        """Why an address of this stack may answer nobody; empty where it may. Few addresses answer for all names."""
        if owner.urn not in self.judged:
            self.judged[owner.urn] = self._judge(owner)
        return self.judged[owner.urn]

    def _judge(self, owner: Node) -> str:
        if self.graph.region(owner) not in self.regions:
            return f"{owner.name} is in no region that may answer"
        if not any(self._takes(balancer, owner) for balancer in self.graph.of(BALANCER)):
            return f"{owner.name} is the address of no load balancer of this stack"
        return ""

    def _takes(self, balancer: Node, address: Node) -> bool:
        ids = [item.get("id") for item in records(balancer.inputs.get("reservedIps"))]
        return balancer.provider == address.provider and any(
            address in self.graph.named(balancer, "reservedIps", id_, address.type) for id_ in ids
        )

    def _unwatched(self, node: Node, answers: list[Mapping[str, Any]]) -> Iterator[Leak]:
        monitors = self.graph.named(node, "healthCheckMonitorId", node.inputs.get("healthCheckMonitorId"), MONITOR)
        if len(monitors) != 1:
            yield _leak(node, Rule.MONITOR, "no monitor of this stack watches the answers")
            return
        (monitor,) = monitors
        if monitor.inputs.get("isEnabled", True) is not True:
            yield _leak(monitor, Rule.MONITOR, "the monitor is switched off")
        targets = set(map(str, items(monitor.inputs.get("targets"))))
        for answer in answers:
            known = answer.get("rdata") != UNKNOWN
            sources, seen = (n.sources.get(p, frozenset()) for n, p in ((node, "answers"), (monitor, "targets")))
            watched = answer.get("rdata") in targets if known else sources <= seen
            if not watched:
                yield _leak(node, Rule.MONITOR, f"answer {answer.get('name')} is not watched, and counts as healthy")

    def attachments(self) -> Iterator[Leak]:
        """Each leads from a planned name in our zone to one policy of this stack."""
        taken: dict[tuple[str, str], str] = {}
        for node in self.graph.of(ATTACHMENT):
            domain = _hostname(node.inputs.get("domainName"))
            if domain not in self.hostnames:
                yield _leak(node, Rule.ATTACHMENT, f"{domain} is no planned hostname")
            if len(self.graph.named(node, "zoneId", node.inputs.get("zoneId"), ZONE)) != 1:
                yield _leak(node, Rule.ATTACHMENT, "attached to a zone that is not this stack's")
            policies = self.graph.named(node, "steeringPolicyId", node.inputs.get("steeringPolicyId"), POLICY)
            if len(policies) != 1:
                yield _leak(node, Rule.ATTACHMENT, "attached to a policy that is not this stack's")
            for kind in {kind for policy in policies for kind in _kinds(policy)}:
                if (domain, kind) in taken:
                    yield _leak(node, Rule.ATTACHMENT, f"{domain} {kind} has {taken[domain, kind]} already")
                taken[domain, kind] = node.name

    def records(self) -> Iterator[Leak]:
        """The zone's own records name edges at planned names, or lead nobody anywhere."""
        for node in self.graph.of(RRSET):
            domain, kind = _hostname(node.inputs.get("domain")), node.inputs.get("rtype")
            yield from self._misplaced(node, domain)
            if kind in _HARMLESS:
                continue
            if kind not in ADDRESS_OF:
                yield _leak(node, Rule.RECORD, f"a {kind} record leads past the policies")
            elif domain not in self.hostnames:
                yield _leak(node, Rule.RECORD, f"{domain} is no planned hostname")
            for item in records(node.inputs.get("items")):
                problem = self._not_an_edge(node, "items", kind, item.get("rdata"))
                if problem:
                    yield _leak(node, Rule.RECORD, problem)
                yield from self._ttl(node, item.get("ttl"))

    def _misplaced(self, node: Node, domain: str) -> Iterator[Leak]:
        if len(self.graph.named(node, "zoneNameOrId", node.inputs.get("zoneNameOrId"), ZONE)) != 1:
            yield _leak(node, Rule.RECORD, "a record in a zone that is not this stack's")
        if domain != self.zone and not domain.endswith(f".{self.zone}"):
            yield _leak(node, Rule.RECORD, f"{domain} is not in {self.zone}")
        if "*" in domain:
            yield _leak(node, Rule.RECORD, f"{domain} answers for names that nobody planned")
        for item in records(node.inputs.get("items")):
            if (_hostname(item.get("domain")), item.get("rtype")) != (domain, node.inputs.get("rtype")):
                yield _leak(node, Rule.RECORD, f"an item for {item.get('domain')} {item.get('rtype')}")

    def coverage(self) -> Iterator[Leak]:
        """Each hostname is answered for A by a policy and by records, and for AAAA by both or by neither."""
        steered = {
            (_hostname(node.inputs.get("domainName")), kind)
            for node in self.graph.of(ATTACHMENT)
            for policy in self.graph.named(node, "steeringPolicyId", node.inputs.get("steeringPolicyId"), POLICY)
            for kind in _kinds(policy)
        }
        written = {
            (_hostname(node.inputs.get("domain")), str(node.inputs.get("rtype")))
            for node in self.graph.of(RRSET)
            if node.inputs.get("items") and node.inputs.get("rtype") in ADDRESS_OF
        }
        wanted = {(name, "A") for name in self.hostnames} | {(name, kind) for name, kind in steered | written}
        for name, kind in sorted(wanted - steered):
            yield _leak(None, Rule.COVERAGE, f"no policy answers {name} {kind}")
        for name, kind in sorted(wanted - written):
            yield _leak(None, Rule.COVERAGE, f"nothing answers {name} {kind} while its policy is replaced")

    def edges(self) -> Iterator[Leak]:
        """Load balancers take TLS only, and hand on to private subnets of their own region."""
        for node in self.graph.of(LISTENER):
            tls = record(node.inputs.get("sslConfiguration"))
            if not tls.get("certificateIds"):
                yield _leak(node, Rule.EDGE, "a listener without a certificate")
        for node in self.graph.of(BALANCER, BACKEND, LISTENER):
            if self.graph.region(node) not in self.regions:
                yield _leak(node, Rule.EDGE, "a load balancer in no region that may answer")
        for node in self.graph.of(BACKEND):
            if not self._private(node):
                yield _leak(node, Rule.BACKEND, f"{node.inputs.get('ipAddress')} is in no private subnet of its region")

    def _private(self, node: Node) -> bool:
        try:
            address = IPv4Address(node.inputs.get("ipAddress"))
        except ValueError:
            return False
        return any(
            subnet.provider == node.provider
            and subnet.inputs.get("prohibitPublicIpOnVnic") is True
            and _holds(subnet.inputs.get("cidrBlock"), address)
            for subnet in self.graph.of(SUBNET)
        )

    def _ttl(self, node: Node, ttl: Any) -> Iterator[Leak]:
        if not isinstance(ttl, int | float) or not 0 < ttl <= _LONGEST_TTL:
            yield _leak(node, Rule.TTL, f"a lifetime of {ttl} seconds keeps users at a lost edge")


_PARTS = (
    _Check.types, _Check.zones, _Check.policies, _Check.attachments, _Check.records, _Check.coverage, _Check.edges,
)  # fmt: skip


def _hostname(text: object) -> str:
    """A name as DNS compares it: in lower case, without the dot at its end."""
    return str(text).lower().removesuffix(".")


def _holds(range_: object, address: IPv4Address) -> bool:
    try:
        return address in IPv4Network(str(range_))
    except ValueError:
        return False


def _who(client: "Client") -> str:
    """A client, for people."""
    places = f" in {' and '.join(sorted(client.places))}" if client.places else ""
    network = "" if client.asn is None else f" of network {client.asn}"
    return f"a client at {client.address}{network}{places}"


def _kinds(policy: Node) -> frozenset[str]:
    return frozenset(str(answer.get("rtype")) for answer in records(policy.inputs.get("answers")))


def _rules(node: Node) -> Iterator[Leak]:
    """Each rule is of a known type and always works; health counts; no answer is kept by weight 0."""
    if has_unknown(node.inputs.get("rules")):
        return
    rules = records(node.inputs.get("rules"))
    kinds = [rule.get("ruleType") for rule in rules]
    if "HEALTH" not in kinds:
        yield _leak(node, Rule.RULES, "no rule looks at health")
    for kind, rule in zip(kinds, rules, strict=True):
        if kind not in _RULES:
            yield _leak(node, Rule.RULES, f"{kind} is no rule that is modelled")
        cases = rule.get("cases")
        if cases is not None and all(case.get("caseCondition") for case in records(cases)):
            yield _leak(node, Rule.RULES, f"{kind} has no case that always holds, and is skipped for the others")
        data = records(rule.get("defaultAnswerDatas"))
        data += [item for case in records(cases) for item in records(case.get("answerDatas"))]
        if kind == "WEIGHTED" and any(not item.get("value") for item in data):
            yield _leak(node, Rule.RULES, "an answer of weight 0 stays in the pool")
