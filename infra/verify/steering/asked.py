"""Traffic decided again, the slow way: each hostname is asked for as every client in every state of health.

It shares nothing with `traffic` and `closed`: answers come from `enumeration`, and whose address one is, is searched
anew for each.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.steering.enumeration import replies
from infra.verify.steering.model import UnmodelledError, policies
from infra.verify.values import has_unknown, items, record, records
from infra.verify.verdict import Answer

_OWNERS = {"A": ":PublicIp", "AAAA": ":Ipv6"}
_KNOWN = {
    "Zone": ("name", "zoneType", "scope", "dnssecState", "externalMasters", "externalDownstreams"),
    "Rrset": ("domain", "rtype"),
    "SteeringPolicy": ("template", "rules", "ttl"),
    "SteeringPolicyAttachment": ("domainName",),
}
"""What has to be known of each, by the last part of its type; there is no other type of DNS."""

_AWAY = ("oci:Dns/", "aws:route53", "aws:cloudfront/", "aws:globalaccelerator/")


def decide(graph: Graph, *, zone: str, hostnames: frozenset[str], regions: frozenset[UsRegion]) -> Answer:
    """The theorem's answer."""
    asked = _Asked(graph, zone, hostnames, regions)
    if any(asked.wrong()):
        return Answer.REFUTED
    return Answer.UNDECIDED if asked.unread else Answer.PROVED


class _Asked:
    def __init__(self, graph: Graph, zone: str, hostnames: frozenset[str], regions: frozenset[UsRegion]) -> None:
        self._all, self._zone, self._hostnames, self._regions = list(graph.nodes.values()), zone, hostnames, regions
        self._graph = graph
        self.unread = False
        for node in self._all:
            if node.type.startswith(_AWAY):
                wanted = _KNOWN.get(_short(node)) if node.type.startswith("oci:Dns/") else None
                self.unread |= wanted is None or any(has_unknown(node.inputs.get(name)) for name in wanted)

    def _of(self, short: str) -> list[Node]:
        return [node for node in self._all if _short(node) == short and not node.type.startswith("pulumi:")]

    def wrong(self) -> Iterator[bool]:
        """Everything that must not be."""
        if self._zone:
            yield len(self._of("Zone")) != 1
        for zone in self._of("Zone"):
            wanted = [self._zone, "PRIMARY", "GLOBAL", "ENABLED"]
            said = {"scope": "GLOBAL", **zone.inputs}
            found = [said.get(name) for name in ("name", "zoneType", "scope", "dnssecState")]
            yield not has_unknown(found) and found != wanted
            yield bool(zone.inputs.get("externalMasters") or zone.inputs.get("externalDownstreams"))
        attached = [(node, policy) for node in self._of("SteeringPolicyAttachment") for policy in self._policy(node)]
        for name in self._hostnames:
            kinds = [_kinds(policy) for node, policy in attached if _spelled(node.inputs.get("domainName")) == name]
            written = [
                node.inputs.get("rtype")
                for node in self._of("Rrset")
                if _spelled(node.inputs.get("domain")) == name and node.inputs.get("items")
            ]
            for kind in _OWNERS:
                times = sum(kind in them for them in kinds)
                yield times > 1 or (kind == "A" and times == 0) or (times > 0) != (kind in written)
        for node in self._of("SteeringPolicyAttachment"):
            yield self._elsewhere(node.inputs.get("domainName"), self._hostnames)
            yield not self._named(node, "zoneId", "Zone") or not self._policy(node)
        for node in self._of("SteeringPolicy"):
            yield from self._steered(node)
        for node in self._of("Rrset"):
            yield from self._recorded(node)
        yield from self._edges()

    def _elsewhere(self, value: object, allowed: frozenset[str]) -> bool:
        return not has_unknown(value) and _spelled(value) not in allowed

    def _named(self, node: Node, name: str, short: str) -> list[Node]:
        value, sources = node.inputs.get(name), node.sources.get(name, frozenset())
        return [it for it in self._of(short) if (it.urn in sources if value == UNKNOWN else it.id == value != "")]

    def _policy(self, attachment: Node) -> list[Node]:
        return self._named(attachment, "steeringPolicyId", "SteeringPolicy")

    def _is_edge(self, node: Node, name: str, kind: object, rdata: object) -> bool:
        """Whether an address can be no other than that of an edge."""
        if kind not in _OWNERS:
            return False
        sources = node.sources.get(name, frozenset())
        owners = [it for it in self._all if it.type.endswith(_OWNERS[str(kind)])]
        if rdata == UNKNOWN:
            owners = [it for it in owners if it.urn in sources]
            addresses = {it.urn for it in self._all if it.type.endswith(tuple(_OWNERS.values()))}
            if not sources <= addresses:
                return False
        else:
            owners = [it for it in owners if it.outputs.get("ipAddress") == rdata]
        return bool(owners) and all(self._balanced(owner) for owner in owners)

    def _balanced(self, address: Node) -> bool:
        provider = self._graph.nodes.get(address.provider)
        if provider is None or provider.inputs.get("region") not in {region.value for region in self._regions}:
            return False
        for balancer in self._of("LoadBalancer"):
            for reserved in records(balancer.inputs.get("reservedIps")):
                id_ = reserved.get("id")
                taken = address.urn in balancer.sources.get("reservedIps", ()) if id_ == UNKNOWN else address.id == id_
                if taken and id_ and balancer.provider == address.provider:
                    return True
        return False

    def _steered(self, node: Node) -> Iterator[bool]:
        answers, rules = records(node.inputs.get("answers")), records(node.inputs.get("rules"))
        edges = [self._is_edge(node, "answers", it.get("rtype"), it.get("rdata")) for it in answers]
        yield not answers
        yield _lasts(node.inputs.get("ttl", 30))
        monitors = self._named(node, "healthCheckMonitorId", "HttpMonitor")
        targets = {str(target) for it in monitors for target in items(it.inputs.get("targets"))}
        try:
            for policy in policies(node.inputs, targets).values():
                yield not all(edges[answer.at] for answer in replies(policy))
        except UnmodelledError:
            self.unread = True
        if node.inputs.get("template") == "CUSTOM" and not all(edges):
            return
        yield not all(edges)
        yield len(monitors) != 1 or monitors[0].inputs.get("isEnabled", True) is not True
        for answer in answers if len(monitors) == 1 else ():
            seen = monitors[0].sources.get("targets", frozenset())
            watched = (
                node.sources.get("answers", frozenset()) <= seen
                if answer.get("rdata") == UNKNOWN
                else answer.get("rdata") in targets
            )
            yield not watched
        yield "HEALTH" not in {rule.get("ruleType") for rule in rules} and not has_unknown(node.inputs.get("rules"))
        for rule in rules:
            cases = rule.get("cases")
            yield rule.get("ruleType") not in {"FILTER", "HEALTH", "PRIORITY", "WEIGHTED", "LIMIT"}
            yield cases is not None and all(case.get("caseCondition") for case in records(cases))
            data = records(rule.get("defaultAnswerDatas"))
            data += [it for case in records(cases) for it in records(case.get("answerDatas"))]
            yield rule.get("ruleType") == "WEIGHTED" and not all(it.get("value") for it in data)

    def _recorded(self, node: Node) -> Iterator[bool]:
        domain, kind = _spelled(node.inputs.get("domain")), node.inputs.get("rtype")
        written = records(node.inputs.get("items"))
        yield not self._named(node, "zoneNameOrId", "Zone")
        yield not has_unknown(domain) and f".{domain}".endswith(f".{self._zone}") is False
        yield "*" in str(domain)
        yield any([_spelled(it.get("domain")), it.get("rtype")] != [domain, kind] for it in written)
        if kind in {"CAA", "TXT"} or has_unknown([kind, domain]):
            return
        yield kind not in _OWNERS or domain not in self._hostnames
        for it in written:
            yield not self._is_edge(node, "items", kind, it.get("rdata"))
            yield _lasts(it.get("ttl"))

    def _edges(self) -> Iterator[bool]:
        home = {region.value for region in self._regions}
        for node in self._all:
            if not node.type.startswith("oci:LoadBalancer/") or _short(node) not in _TAKING:
                continue
            provider = self._graph.nodes.get(node.provider)
            yield provider is None or provider.inputs.get("region") not in home
            if _short(node) == "Listener":
                yield not record(node.inputs.get("sslConfiguration")).get("certificateIds")
            if _short(node) == "Backend":
                yield not any(self._holds(subnet, node) for subnet in self._of("Subnet"))

    def _holds(self, subnet: Node, backend: Node) -> bool:
        if subnet.provider != backend.provider or subnet.inputs.get("prohibitPublicIpOnVnic") is not True:
            return False
        try:
            return ip_address(str(backend.inputs.get("ipAddress"))) in ip_network(str(subnet.inputs.get("cidrBlock")))
        except ValueError:
            return False


_TAKING = frozenset({"LoadBalancer", "Listener", "Backend"})


def _short(node: Node) -> str:
    return node.type.rpartition(":")[2]


def _kinds(policy: Node) -> set[Any]:
    return {answer.get("rtype") for answer in records(policy.inputs.get("answers"))}


def _spelled(name: object) -> object:
    """A name without what DNS does not look at: case, and the root's dot."""
    return name.casefold().rstrip(".") if isinstance(name, str) else name


def _lasts(ttl: object) -> bool:
    """Whether an answer is kept for longer than a lost edge may be asked."""
    return not isinstance(ttl, int | float) or not 0 < ttl <= 300  # noqa: PLR2004 - five minutes
