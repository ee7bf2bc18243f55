"""Plans traffic: what the `traffic` part of a stack file means, or every reason why it may not be.

Refuses what would let a US user be answered by anything but an edge of this stack in an allowed US region, what would
leave US users without a second region, and what the service would not take.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from infra.residency.findings import Finding, Rule, nearest
from infra.residency.placement import Network, RegionRole
from infra.residency.regions import LegacyRegion, UsRegion
from infra.residency.traffic import (
    Backend,
    Edge,
    EdgeRecord,
    Hostname,
    ProbeInterval,
    RecordType,
    Share,
    SteeringPolicyPlan,
    TrafficPlan,
)
from infra.residency.traffic_names import health_problems, hostname_problems, plan_records, zone_problems
from infra.residency.traffic_request import EdgeRequest, HostnameRequest, TrafficRequest

MIN_TTL: Final = 10
MAX_TTL: Final = 300
"""Seconds. Above it a lost region is felt too long; below it resolvers ask for nearly every connection."""

MIN_EDGES: Final = 2
APPLICATION_BLOCK: Final = 2
PUBLIC_BLOCK: Final = 3
_BLOCK_BITS: Final = 4  # a network is cut into 16 blocks; its first two are the data and endpoint subnets
_RESERVED_ADDRESSES: Final = 2  # Oracle keeps a subnet's first two addresses and its last (page "VCNs and Subnets")
_MAX_PORT: Final = 65535
_WHOLE: Final = 100
_BACKEND_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
_ROLE_ORDER: Final = tuple(RegionRole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """What the planner knows about the regions that this stack uses, in the order of failover."""

    networks: Mapping[str, Network]
    findings: list[Finding] = field(default_factory=list[Finding])

    def problem(self, path: str, rule: Rule, *, given: str, allowed: str, fix: str, why: str = "") -> None:
        self.findings.append(Finding(path=f"traffic.{path}", rule=rule, given=given, allowed=allowed, why=why, fix=fix))


def plan_traffic(
    request: TrafficRequest, *, organization: str, networks: Iterable[Network]
) -> tuple[TrafficPlan | None, tuple[Finding, ...]]:
    """Plan the traffic of one stack.

    Args:
        request: what the stack file asks for.
        organization: prefix of physical names.
        networks: the regions of this stack that may have an edge.

    Returns:
        The plan and no finding, or None and everything that is wrong.
    """
    by_failover = sorted(networks, key=lambda network: (_ROLE_ORDER.index(network.role), network.region))
    site = _Site(networks={network.region.value: network for network in by_failover})
    site.findings.extend(zone_problems(request.zone))
    _check_numbers(site, request)
    _check_regions(site, request)
    edges = [
        edge
        for name, asked in sorted(request.edges.items())
        if name in site.networks and (edge := _edge(site, asked, site.networks[name], organization, ipv6=request.ipv6))
    ]
    order = tuple(network.region for network in by_failover if network.region.value in request.edges)
    hostnames = [
        _hostname(site, label, asked, request.zone, order) for label, asked in sorted(request.hostnames.items())
    ]
    text_records, findings = plan_records(request.records, request.zone)
    site.findings.extend(findings)
    types = tuple(RecordType) if request.ipv6 else (RecordType.A,)
    _check_limits(site, request, policies=len(request.hostnames) * len(types))
    if site.findings:
        return None, tuple(site.findings)
    answers = [(f"{hostname.label}-{kind.lower()}", hostname, kind) for hostname in hostnames for kind in types]
    return TrafficPlan(
        zone=request.zone,
        ttl=request.ttl,
        probe_interval=ProbeInterval(request.probe_interval),
        edges=tuple(edges),
        hostnames=tuple(hostnames),
        policies=tuple(
            SteeringPolicyPlan(name=name, hostname=hostname, record_type=kind) for name, hostname, kind in answers
        ),
        edge_records=tuple(
            EdgeRecord(name=name, hostname=hostname, record_type=kind) for name, hostname, kind in answers
        ),
        text_records=text_records,
    ), ()


def _check_numbers(site: _Site, request: TrafficRequest) -> None:
    if not MIN_TTL <= request.ttl <= MAX_TTL:
        site.problem(
            "ttl",
            Rule.TTL,
            given=f"{request.ttl} seconds",
            allowed=f"{MIN_TTL} to {MAX_TTL} seconds",
            fix=f"write {min(max(request.ttl, MIN_TTL), MAX_TTL)}",
            why="until it has passed, resolvers send users to a region that is lost",
        )
    if request.probe_interval not in set(ProbeInterval):
        closest = min(ProbeInterval, key=lambda interval: abs(interval - request.probe_interval))
        site.problem(
            "probeInterval",
            Rule.TTL,
            given=f"{request.probe_interval} seconds",
            allowed=", ".join(str(interval.value) for interval in ProbeInterval) + " seconds",
            fix=f"write {closest.value}",
            why="the health check service offers no other interval",
        )


def _check_regions(site: _Site, request: TrafficRequest) -> None:
    for name in sorted(request.edges):
        if name not in site.networks:
            _refuse_region(site, f"edges.{name}", name, tuple(site.networks), "region under oci.regions")
    for name, network in site.networks.items():
        if network.role is not RegionRole.SPARE and name not in request.edges:
            site.problem(
                f"edges.{name}",
                Rule.EDGE,
                given="no edge",
                allowed="an edge in the primary and in the standby region",
                fix=f"add traffic.edges.{name}",
                why="one region is one outage: traffic needs another US region to go to",
            )
    if not request.hostnames:
        site.problem(
            "hostnames", Rule.EMPTY_MAP, given="no hostname", allowed="at least one", fix="add one, or remove `traffic`"
        )


def _refuse_region(site: _Site, path: str, name: str, allowed: tuple[str, ...], what: str) -> None:
    why = "an answer is an edge of this stack in an allowed US region, or it is not an answer"
    if name in set(LegacyRegion):
        why = "a legacy site keeps backups and never answers a user, in any phase"
    meant = nearest(name, allowed)
    site.problem(
        path,
        Rule.EDGE,
        given=repr(name),
        allowed=f"a {what}: {', '.join(allowed)}" if allowed else f"a {what}",
        fix=f"did you mean {meant}?" if meant else "remove it",
        why=why,
    )


def _edge(site: _Site, asked: EdgeRequest, network: Network, organization: str, *, ipv6: bool) -> Edge | None:
    path, region = f"edges.{network.region.value}", network.region
    blocks = _blocks(network.cidr)
    before = len(site.findings)
    for key, value, kinds in (
        ("certificateId", asked.certificate_id, ("certificate",)),
        ("authorityId", asked.authority_id, ("cabundle", "certificateauthority")),
    ):
        if not any(re.fullmatch(rf"ocid1\.{kind}\.oc1\.{region.facts.key}\.[a-z0-9]+", value) for kind in kinds):
            site.problem(
                f"{path}.{key}",
                Rule.IDENTIFIER,
                given=repr(value),
                allowed=" or ".join(f"ocid1.{kind}.oc1.{region.facts.key}.…" for kind in kinds),
                fix=f"take the OCID of one in {region.value}",
                why="a load balancer uses certificates of its own region only",
            )
    if not 1 <= asked.backend_port <= _MAX_PORT:
        site.problem(
            f"{path}.backendPort",
            Rule.BACKEND,
            given=str(asked.backend_port),
            allowed=f"1 to {_MAX_PORT}",
            fix="write the TLS port of the back ends",
        )
    if not asked.backends:
        site.problem(
            f"{path}.backends",
            Rule.EMPTY_MAP,
            given="no back end",
            allowed="at least one",
            fix="add the private address of a back end",
        )
    backends = [
        Backend(name=name, address=address)
        for name, text in sorted(asked.backends.items())
        if (
            address := _backend(
                site, f"{path}.backends.{name}", name=name, text=text, subnet=blocks[APPLICATION_BLOCK], region=region
            )
        )
        is not None
    ]
    _check_distinct(site, f"{path}.backends", backends)
    if len(site.findings) > before:
        return None
    return Edge(
        name=f"{organization}-edge-{region.facts.key}",
        region=region,
        public_subnet=blocks[PUBLIC_BLOCK],
        application_subnet=blocks[APPLICATION_BLOCK],
        certificate_id=asked.certificate_id,
        authority_id=asked.authority_id,
        backend_port=asked.backend_port,
        backends=tuple(backends),
        ipv6=ipv6,
    )


def _blocks(cidr: IPv4Network) -> list[IPv4Network]:
    return list(cidr.subnets(prefixlen_diff=_BLOCK_BITS))


def _backend(
    site: _Site, path: str, *, name: str, text: str, subnet: IPv4Network, region: UsRegion
) -> IPv4Address | None:
    if not _BACKEND_NAME.fullmatch(name):
        site.problem(
            path,
            Rule.NAME,
            given=repr(name),
            allowed="2 to 32 lower-case letters, digits and inner hyphens, a letter first",
            fix="choose another name",
        )
    try:
        address = IPv4Address(text)
    except AddressValueError:
        address = None
    usable = address is not None and address in subnet
    if address is None or not usable or _is_reserved(address, subnet):
        site.problem(
            path,
            Rule.BACKEND,
            given=repr(text),
            allowed=f"{subnet[_RESERVED_ADDRESSES]} to {subnet[-2]}, the application subnet of {region.value}",
            fix="write the back end's private address in that subnet",
            why="an edge hands user data to servers in its own region's application subnet only",
        )
        return None
    return address


def _is_reserved(address: IPv4Address, subnet: IPv4Network) -> bool:
    offset = int(address) - int(subnet.network_address)
    return offset < _RESERVED_ADDRESSES or address == subnet.broadcast_address


def _check_distinct(site: _Site, path: str, backends: list[Backend]) -> None:
    first: dict[IPv4Address, str] = {}
    for backend in backends:
        if (other := first.setdefault(backend.address, backend.name)) != backend.name:
            site.problem(
                f"{path}.{backend.name}",
                Rule.BACKEND,
                given=f"{backend.address}, as {other}",
                allowed="an address of its own for every back end",
                fix="remove one of the two",
            )


def _hostname(site: _Site, label: str, asked: HostnameRequest, zone: str, order: tuple[UsRegion, ...]) -> Hostname:
    """The hostname as planned; only to be used where no finding was added."""
    path = f"hostnames.{label}"
    site.findings.extend(hostname_problems(label, zone))
    site.findings.extend(health_problems(label, asked.health))
    weights = _weights(site, path, asked.weights, order)
    first = next(iter(weights)) if len(weights) == 1 else None
    shares = tuple(Share(region=region, percent=percent) for region, percent in weights.items() if first is None)
    pool = tuple(share.region for share in shares) or _led_by(first, order)
    elsewhere = pool
    if asked.others is not None:
        names = tuple(region.value for region in order)
        if asked.others not in names:
            _refuse_region(site, f"{path}.others", asked.others, names, "region with an edge")
        elif shares:
            site.problem(
                f"{path}.others",
                Rule.WEIGHT,
                given=f"{asked.others} beside weights of {len(shares)} regions",
                allowed="either `others`, or weights that shift traffic between regions",
                fix="finish the shift first (100 per cent in one region), or remove `others`",
                why="Oracle's rules cannot do both for one hostname without a set of rules that it advises against",
            )
        else:
            elsewhere = _led_by(UsRegion(asked.others), pool)
    return Hostname(
        label=label, name=f"{label}.{zone}", health_path=asked.health, pool=pool, elsewhere=elsewhere, shares=shares
    )


def _led_by(first: UsRegion | None, order: tuple[UsRegion, ...]) -> tuple[UsRegion, ...]:
    return order if first is None else (first, *(region for region in order if region is not first))


def _weights(site: _Site, path: str, asked: Mapping[str, int], order: tuple[UsRegion, ...]) -> dict[UsRegion, int]:
    """Per cent by region in the order of failover; those that are wrong left out."""
    names = {region.value: region for region in order}
    for name, percent in sorted(asked.items()):
        if name not in names:
            _refuse_region(site, f"{path}.weights.{name}", name, tuple(names), "region with an edge")
        if not 1 <= percent <= _WHOLE:
            site.problem(
                f"{path}.weights.{name}",
                Rule.WEIGHT,
                given=f"{percent} per cent",
                allowed=f"1 to {_WHOLE} per cent",
                fix="remove the region from `weights`" if percent <= 0 else "write its share of the whole",
                why="an answer of weight 0 stays in the pool and may still be given when the others are down"
                if percent == 0
                else "",
            )
    if asked and sum(asked.values()) != _WHOLE:
        site.problem(
            f"{path}.weights",
            Rule.WEIGHT,
            given=f"{sum(asked.values())} per cent in all",
            allowed=f"{_WHOLE} per cent in all",
            fix="change the weights so that they add up",
        )
    return {region: asked[name] for name, region in names.items() if name in asked}


def _check_limits(site: _Site, request: TrafficRequest, *, policies: int) -> None:
    for key, allowed, what in (
        ("policies", request.limits.policies, "steering policies"),
        ("attachments", request.limits.attachments, "attachments"),
    ):
        if policies > allowed:
            per_name = "two each with IPv6" if request.ipv6 else "one each"
            site.problem(
                "hostnames",
                Rule.LIMIT,
                given=f"{policies} {what} for {len(request.hostnames)} hostnames ({per_name})",
                allowed=f"at most {allowed} in this tenancy",
                fix=f"take hostnames out, or have Oracle raise the limit and write it into traffic.limits.{key}",
                why=f"a hostname that has no {what[:-1]} of its own would be answered by the zone alone",
            )
