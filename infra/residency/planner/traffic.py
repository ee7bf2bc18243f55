"""Plans traffic: which edges answer which hostname, in which order.

Refuses what would let a US user be answered by anything but an edge of this stack in an allowed US region, what would
leave US users without a second region, and what the services would not take.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from infra.residency import naming
from infra.residency.findings import Finding, Rule, did_you_mean, join, visible
from infra.residency.placement import Network, RegionRole
from infra.residency.planner import forms
from infra.residency.planner.networks import Regions, application_block, edge_block, edge_vcn
from infra.residency.planner.zone import check_health, check_hostname, check_zone, plan_records
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
from infra.residency.traffic_request import EdgeRequest, HostnameRequest, TrafficRequest

_PATH, _EDGES, _HOSTNAMES = "traffic", "traffic.edges", "traffic.hostnames"
_REGIONS = "oci.regions"
_SHORTEST_TTL, _LONGEST_TTL = 10, 300
"""Seconds. Above, a lost region is felt too long; below, resolvers ask for nearly every connection."""

_RESERVED_ADDRESSES = 2
"""Oracle keeps a subnet's first two addresses and its last (page "VCNs and Subnets")."""

_LAST_PORT = 65535
_WHOLE = 100
_ROLES = (RegionRole.LOST, RegionRole.PRIMARY, RegionRole.STANDBY, RegionRole.SPARE)
"""A lost region keeps its place: health leads users away from it, and no policy can be changed while it is home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answering:
    """The regions that may answer: those of this stack that have an edge, in the order of failover."""

    regions: Mapping[str, UsRegion]

    def refuse(self, path: str, given: str, findings: list[Finding]) -> None:
        """Reports a region that cannot answer."""
        findings.append(_no_edge(path, given, tuple(self.regions)))


def plan_traffic(
    request: TrafficRequest, organization: str, regions: Regions | None, findings: list[Finding]
) -> TrafficPlan | None:
    """The traffic of one stack, or None where something about it is not allowed.

    Args:
        request: what the stack file asks for.
        organization: prefix of physical names.
        regions: the regions of this stack; None where something about them is not allowed, which leaves only what can
            be judged without them.
        findings: where to put what is wrong.
    """
    before = len(findings)
    check_zone(request.zone, findings)
    interval = _check_times(request, findings)
    _check_limits(request, findings)
    by_failover = () if regions is None else sorted(regions.networks, key=_failover)
    if regions is not None:
        _check_edges(request, by_failover, findings)
    edges = [
        edge
        for network in by_failover
        if (asked := request.edges.get(network.region)) is not None
        and (edge := _edge(asked, network, organization, findings, ipv6=request.ipv6)) is not None
    ]
    answering = _Answering(
        regions={network.region.value: network.region for network in by_failover if network.region in request.edges}
    )
    hostnames: list[Hostname] = []
    for label, asked in sorted(request.hostnames.items()):
        check_hostname(label, request.zone, findings)
        check_health(label, asked.health, findings)
        if regions is not None:
            hostnames.append(_hostname(label, asked, request.zone, answering, findings))
    text_records = plan_records(request.records, request.zone, findings)
    if regions is None or interval is None or len(findings) > before:
        return None
    answers = [
        (naming.answer(hostname.label, kind), hostname, kind) for hostname in hostnames for kind in _types(request)
    ]
    return TrafficPlan(
        zone=request.zone,
        ttl=request.ttl,
        probe_interval=interval,
        edges=tuple(sorted(edges, key=lambda edge: edge.name)),
        hostnames=tuple(hostnames),
        policies=tuple(SteeringPolicyPlan(name=name, hostname=host, record_type=kind) for name, host, kind in answers),
        edge_records=tuple(EdgeRecord(name=name, hostname=host, record_type=kind) for name, host, kind in answers),
        text_records=text_records,
    )


def _failover(network: Network) -> tuple[int, str]:
    """Primary, standby, then spares by name; a lost region where it was, before the one that took its place."""
    return _ROLES.index(network.role), network.region


def _types(request: TrafficRequest) -> tuple[RecordType, ...]:
    return tuple(RecordType) if request.ipv6 else (RecordType.A,)


def _check_times(request: TrafficRequest, findings: list[Finding]) -> ProbeInterval | None:
    if not _SHORTEST_TTL <= request.ttl <= _LONGEST_TTL:
        findings.append(
            Finding(
                path=join(_PATH, "ttl"),
                rule=Rule.TTL,
                given=f"{request.ttl} seconds",
                allowed=f"{_SHORTEST_TTL} to {_LONGEST_TTL} seconds",
                why="until it has passed, resolvers send users to a region that is lost",
                fix=f"did you mean {min(max(request.ttl, _SHORTEST_TTL), _LONGEST_TTL)}?",
            )
        )
    if request.probe_interval in set(ProbeInterval):
        return ProbeInterval(request.probe_interval)
    closest = min(ProbeInterval, key=lambda interval: abs(interval - request.probe_interval))
    findings.append(
        Finding(
            path=join(_PATH, "probeInterval"),
            rule=Rule.TTL,
            given=f"{request.probe_interval} seconds",
            allowed=f"{', '.join(str(interval.value) for interval in ProbeInterval)} seconds",
            why="the health check service offers no other interval",
            fix=f"did you mean {closest.value}?",
        )
    )
    return None


def _check_limits(request: TrafficRequest, findings: list[Finding]) -> None:
    needed = len(request.hostnames) * len(_types(request))
    for key, most, what in (
        ("policies", request.limits.policies, "steering policies"),
        ("attachments", request.limits.attachments, "attachments"),
    ):
        if needed > most:
            each = "two each with IPv6" if request.ipv6 else "one each"
            findings.append(
                Finding(
                    path=_HOSTNAMES,
                    rule=Rule.LIMIT,
                    given=f"{needed} {what} for {len(request.hostnames)} hostnames, {each}",
                    allowed=f"at most {most} in this tenancy",
                    why=f"a hostname without {what} of its own would be answered by the zone alone",
                    fix=f"take hostnames out, or have Oracle raise the limit and write it into traffic.limits.{key}",
                )
            )


def _check_edges(
    request: TrafficRequest, networks: list[Network] | tuple[Network, ...], findings: list[Finding]
) -> None:
    names = {network.region.value: network for network in networks}
    findings.extend(
        _no_edge(join(_EDGES, name), name, tuple(names)) for name in sorted(request.edges) if name not in names
    )
    findings.extend(
        Finding(
            path=join(_EDGES, name),
            rule=Rule.EDGE,
            given=f"no edge in the {network.role} region",
            allowed="an edge in the primary and in the standby region",
            why="one region is one outage: traffic needs another US region to go to",
            fix=f"add traffic.edges.{name}",
            basis=(_EDGES, _REGIONS),
        )
        for name, network in names.items()
        if network.role is not RegionRole.SPARE and name not in request.edges
    )
    if not request.hostnames:
        findings.append(
            Finding(
                path=_HOSTNAMES,
                rule=Rule.EMPTY_MAP,
                given="no hostname",
                allowed="at least one",
                fix="add one, such as api: {health: /healthz}, or remove traffic",
            )
        )


def _no_edge(path: str, given: str, allowed: tuple[str, ...]) -> Finding:
    legacy = given in set(LegacyRegion)
    return Finding(
        path=path,
        rule=Rule.EDGE,
        given=f"{given}, a region of the legacy sites" if legacy else f"{given}, no region that may answer",
        allowed=", ".join(allowed),
        why="a legacy site keeps backups and never answers a user, in any phase"
        if legacy
        else "an answer is an edge of this stack in an allowed US region that the stack uses",
        fix=did_you_mean(given, allowed, "remove it"),
        basis=(_EDGES, _REGIONS),
    )


def _edge(
    asked: EdgeRequest, network: Network, organization: str, findings: list[Finding], *, ipv6: bool
) -> Edge | None:
    region, before = network.region, len(findings)
    path, subnet = join(_EDGES, region), application_block(network.cidr)
    _check_identifier(asked.certificate_id, join(path, "certificateId"), forms.CERTIFICATE, region, findings)
    _check_identifier(asked.authority_id, join(path, "authorityId"), forms.AUTHORITY, region, findings)
    if not 1 <= asked.backend_port <= _LAST_PORT:
        findings.append(
            Finding(
                path=join(path, "backendPort"),
                rule=Rule.BACKEND,
                given=str(asked.backend_port),
                allowed=f"1 to {_LAST_PORT}",
                fix="write the TLS port of the back ends",
            )
        )
    backends: list[Backend] = []
    for name, text in sorted(asked.backends.items()):
        here = join(path, "backends", name)
        findings.extend(filter(None, [forms.BACKEND.finding(name, here)]))
        address = _address(text, subnet)
        if address is None:
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.BACKEND,
                    given=text or "an empty text",
                    allowed=f"{subnet[_RESERVED_ADDRESSES]} to {subnet[-2]}, the application subnet of {region}",
                    why="an edge hands user data to servers in its own region's application subnet only",
                    fix="write the back end's private address in that subnet",
                    basis=(join(_REGIONS, region, "cidr"),),
                )
            )
            continue
        twin = next((other.name for other in backends if other.address == address), None)
        if twin is not None:
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.BACKEND,
                    given=f"{address}, which is {visible(twin)} too",
                    allowed="an address of its own for each back end",
                    fix="remove one of the two",
                )
            )
        backends.append(Backend(name=name, address=address))
    if not backends and len(findings) == before:
        findings.append(
            Finding(
                path=join(path, "backends"),
                rule=Rule.EMPTY_MAP,
                given="no back end",
                allowed="at least one",
                fix="add the private address of a back end",
            )
        )
    if len(findings) > before:
        return None
    return Edge(
        name=naming.edge(organization, region),
        region=region,
        vcn=edge_vcn(network.cidr),
        public_subnet=edge_block(network.cidr),
        application_subnet=subnet,
        certificate_id=asked.certificate_id,
        authority_id=asked.authority_id,
        backend_port=asked.backend_port,
        backends=tuple(backends),
        ipv6=ipv6,
    )


def _check_identifier(text: str, path: str, form: forms.Form, region: UsRegion, findings: list[Finding]) -> None:
    malformed = form.finding(text, path)
    if malformed is None and text.split(".")[3] in region.facts.ocid_spellings:
        return
    findings.append(
        malformed
        or Finding(
            path=path,
            rule=Rule.IDENTIFIER,
            given=text,
            allowed=f"an identifier of {region}, with .{region.facts.key}. in it",
            why="a load balancer takes certificates of its own region only",
            fix=f"take the OCID of one in {region}",
        )
    )


def _address(text: str, subnet: IPv4Network) -> IPv4Address | None:
    """The usable address of a subnet that a text writes; None where it writes none."""
    try:
        address = IPv4Address(text) if re.fullmatch(r"[0-9.]+", text) else None
    except AddressValueError:
        address = None
    if address is None or address not in subnet or address == subnet.broadcast_address:
        return None
    return address if int(address) - int(subnet.network_address) >= _RESERVED_ADDRESSES else None


def _hostname(
    label: str, asked: HostnameRequest, zone: str, answering: _Answering, findings: list[Finding]
) -> Hostname:
    """A hostname; only to be used where no finding was added."""
    path, order = join(_HOSTNAMES, label), tuple(answering.regions.values())
    weights = _weights(path, asked.weights, answering, findings)
    shifting = len(weights) > 1
    shares = tuple(Share(region=region, percent=percent) for region, percent in weights.items()) if shifting else ()
    pool = tuple(share.region for share in shares) or _led_by(next(iter(weights), None), order)
    elsewhere = pool
    if asked.others is not None:
        here = join(path, "others")
        if asked.others not in answering.regions:
            answering.refuse(here, asked.others, findings)
        elif shifting:
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.WEIGHT,
                    given=f"{asked.others} beside weights of {len(weights)} regions",
                    allowed="either others, or weights that shift traffic between regions",
                    why="for both at once Oracle's rules need more than the one case that cannot leak",
                    fix="finish the shift first (100 in one region), or remove others",
                )
            )
        else:
            elsewhere = _led_by(answering.regions[asked.others], pool)
    return Hostname(
        label=label, name=f"{label}.{zone}", health_path=asked.health, pool=pool, elsewhere=elsewhere, shares=shares
    )


def _led_by(first: UsRegion | None, order: tuple[UsRegion, ...]) -> tuple[UsRegion, ...]:
    return order if first is None else (first, *(region for region in order if region is not first))


def _weights(
    path: str, asked: Mapping[str, int], answering: _Answering, findings: list[Finding]
) -> dict[UsRegion, int]:
    """Per cent by region in the order of failover, without those that cannot answer."""
    for name, percent in sorted(asked.items()):
        here = join(path, "weights", name)
        if name not in answering.regions:
            answering.refuse(here, name, findings)
        if not 1 <= percent <= _WHOLE:
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.WEIGHT,
                    given=f"{percent} per cent",
                    allowed=f"1 to {_WHOLE} per cent",
                    why="an answer of weight 0 stays in the pool and is given when the others are down"
                    if percent == 0
                    else "",
                    fix="remove the region from weights" if percent <= 0 else "write its share of the whole",
                )
            )
    if asked and sum(asked.values()) != _WHOLE:
        findings.append(
            Finding(
                path=join(path, "weights"),
                rule=Rule.WEIGHT,
                given=f"{sum(asked.values())} per cent in all",
                allowed=f"{_WHOLE} per cent in all",
                fix="change the weights so that they add up",
                basis=tuple(join(path, "weights", name) for name in asked),
            )
        )
    return {region: asked[name] for name, region in answering.regions.items() if name in asked}
