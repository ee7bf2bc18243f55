"""Plans the regions in use and their networks.

Refuses any region that is not an allowed home of US user data, more or fewer than one primary and one standby (or lost)
region, a failover that rests in no planned state, and networks that could not be joined: not private, too small or too
large, overlapping.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from itertools import combinations

from infra.residency.deployment import OciRegionRequest, OciRequest
from infra.residency.failover import Halt, Roles
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, join, said, visible
from infra.residency.placement import Network, RegionRole, Subnet, SubnetTier
from infra.residency.planner import forms
from infra.residency.regions import UsRegion, us_region

_PATH, _FAILOVER = "oci.regions", "oci.failover"
_LARGEST, _SMALLEST = 16, 24
"""Prefix lengths of a region's network. A tier's subnet is a sixteenth of it."""

_SUBNET_BITS = 4
_TIERS = (SubnetTier.DATA, SubnetTier.ENDPOINT)
"""The tiers in the order of their blocks; a tier keeps its block for ever."""

_APPLICATION_BLOCK, _EDGE_BLOCK = 2, 3
"""The blocks behind those of the tiers, of regions that answer users."""

_VCN_BITS = 3
"""A VCN has two blocks, an eighth of the region's range. What faces the internet is not in the private one."""
_PRIVATE_VCN, _EDGE_VCN = 0, 1

_KEYS_VCN, _KEYS_BLOCK = 2, 4
"""Of regions whose keys are held outside Oracle: the VCN from which their manager is asked, and its one block."""

PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""

_CIDR = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}")
_ROLES = {role.value: role for role in RegionRole}
_HALTS = {halt.value: halt for halt in Halt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """The regions in use."""

    networks: tuple[Network, ...]
    roles: Roles

    @property
    def all(self) -> tuple[UsRegion, ...]:
        """Every region, sorted."""
        return tuple(sorted(network.region for network in self.networks))


def plan_regions(oci: OciRequest, findings: list[Finding]) -> Regions | None:
    """The regions and their networks, or None where something about them is not allowed."""
    before = len(findings)
    requests = oci.regions
    roles = _roles(requests, findings)
    halt = _halt(oci.failover, roles.values(), findings)
    regions: dict[str, UsRegion] = {}
    cidrs: dict[str, IPv4Network] = {}
    for name, request in sorted(requests.items()):
        region = us_region(name)
        if isinstance(region, Refusal):
            findings.append(region.at(join(_PATH, name), Rule.REGION))
        else:
            regions[name] = region
        _check_service(name, request, findings)
        cidr = _cidr(request.cidr, join(_PATH, name, "cidr"), findings)
        if cidr is not None:
            cidrs[name] = cidr
    _check_overlaps(cidrs, findings)
    if len(findings) > before:
        return None
    networks = tuple(
        Network(
            region=region,
            role=roles[name],
            cidr=cidrs[name],
            vcn=_part(cidrs[name], _VCN_BITS, _PRIVATE_VCN),
            subnets=tuple(
                Subnet(tier=tier, cidr=block)
                for tier, block in zip(_TIERS, cidrs[name].subnets(prefixlen_diff=_SUBNET_BITS), strict=False)
            ),
            service_id=requests[name].service_id,
            peers=tuple(other for other in regions.values() if other is not region),
        )
        for name, region in regions.items()
    )
    in_role = {network.role: network.region for network in networks}
    lost = RegionRole.LOST in in_role
    other = in_role[RegionRole.LOST if lost else RegionRole.STANDBY]
    return Regions(
        networks=networks, roles=Roles(primary=in_role[RegionRole.PRIMARY], other=other, lost=lost, halt=halt)
    )


def edge_vcn(cidr: IPv4Network) -> IPv4Network:
    """The VCN of a region's public edge: the application block and the edge block."""
    return _part(cidr, _VCN_BITS, _EDGE_VCN)


def application_block(cidr: IPv4Network) -> IPv4Network:
    """The block of a region's range for the application tier, which an edge's back ends are in."""
    return _part(cidr, _SUBNET_BITS, _APPLICATION_BLOCK)


def edge_block(cidr: IPv4Network) -> IPv4Network:
    """The block of a region's range for the public edge."""
    return _part(cidr, _SUBNET_BITS, _EDGE_BLOCK)


def keys_vcn(cidr: IPv4Network) -> IPv4Network:
    """The VCN of a region from which the manager of its keys is asked."""
    return _part(cidr, _VCN_BITS, _KEYS_VCN)


def keys_block(cidr: IPv4Network) -> IPv4Network:
    """The block of a region's range for the private endpoint of its key manager."""
    return _part(cidr, _SUBNET_BITS, _KEYS_BLOCK)


def _part(cidr: IPv4Network, bits: int, number: int) -> IPv4Network:
    return list(cidr.subnets(prefixlen_diff=bits))[number]


def _roles(requests: Mapping[str, OciRegionRequest], findings: list[Finding]) -> dict[str, RegionRole]:
    roles: dict[str, RegionRole] = {}
    for name, request in sorted(requests.items()):
        if request.role in _ROLES:
            roles[name] = _ROLES[request.role]
            continue
        findings.append(
            Finding(
                path=join(_PATH, name, "role"),
                rule=Rule.REGION_ROLE,
                given=said(request.role),
                allowed=", ".join(_ROLES),
                fix=did_you_mean(request.role, _ROLES, "name one of these"),
            )
        )
    for role, instead in ((RegionRole.PRIMARY, None), (RegionRole.STANDBY, RegionRole.LOST)):
        holders = [name for name, given in roles.items() if given in {role, instead}]
        unreadable = len(roles) < len(requests)  # a role that nobody can read may be the missing one
        if len(holders) == 1 or (not holders and unreadable):
            continue
        findings.append(
            Finding(
                path=_PATH,
                rule=Rule.REGION_ROLE,
                given=f"{_named(role, instead)} twice: {', '.join(map(visible, holders))}"
                if holders
                else f"no {role} region",
                allowed=f"exactly one region with role {_named(role, instead)}",
                why="new data goes to one primary and its replica to one standby: no loss of a region loses data",
                fix=f"give the others the role {RegionRole.SPARE}" if holders else f"give one region the role {role}",
            )
        )
    return roles


def _named(role: RegionRole, instead: RegionRole | None) -> str:
    return f"{role} or {instead}" if instead else role.value


def _halt(text: str | None, roles: Iterable[RegionRole], findings: list[Finding]) -> Halt | None:
    """What a failover has brought to rest; None where there is none."""
    lost = RegionRole.LOST in set(roles)
    allowed = {name: halt for name, halt in _HALTS.items() if not (lost and halt is Halt.FROZEN)}
    if text is not None and text not in allowed:
        findings.append(
            Finding(
                path=_FAILOVER,
                rule=Rule.FAILOVER,
                given=said(text),
                allowed=f"{', '.join(allowed)}, or no such key",
                why="while a region is lost the other one is written to" if text in _HALTS else "",
                fix=did_you_mean(text, allowed, "remove the key; python -m infra failover writes it"),
            )
        )
    return allowed.get(text or "")


def _check_service(name: str, request: OciRegionRequest, findings: list[Finding]) -> None:
    path = join(_PATH, name, "serviceId")
    malformed = forms.SERVICE.finding(request.service_id, path)
    if malformed is not None:
        findings.append(malformed)
        return
    region = us_region(name)
    if isinstance(region, Refusal) or request.service_id.split(".")[3] in region.facts.ocid_spellings:
        return
    findings.append(
        Finding(
            path=path,
            rule=Rule.IDENTIFIER,
            given=request.service_id,
            allowed=f"an identifier of {name}: ocid1.service.oc1.{region.facts.key}.… or ocid1.service.oc1.{name}.…",
            why="a service gateway leads to the services of its own region only",
            fix=f"look up the id of all services in {name}",
        )
    )


def _cidr(text: str, path: str, findings: list[Finding]) -> IPv4Network | None:
    allowed = f"a private IPv4 network (RFC 1918) between /{_LARGEST} and /{_SMALLEST}"

    def refuse(given: str, why: str, fix: str) -> None:
        findings.append(Finding(path=path, rule=Rule.CIDR, given=given, allowed=allowed, why=why, fix=fix))

    try:
        network = IPv4Network(text, strict=False) if _CIDR.fullmatch(text) else None
    except (AddressValueError, NetmaskValueError):
        network = None
    if network is None:
        refuse(said(text), "", "write it like 10.16.0.0/16")
    elif str(network) != text:
        refuse(
            f"{text}, an address inside a network",
            "a network is written by its first address",
            f"did you mean {network}?",
        )
    elif not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        refuse(
            f"{text}, not private", "data is on networks that the internet cannot name", "write it like 10.16.0.0/16"
        )
    elif not _LARGEST <= network.prefixlen <= _SMALLEST:
        refuse(text, "Oracle takes no larger network, and the tiers need room", "write it like 10.16.0.0/16")
    else:
        return network
    return None


def _check_overlaps(cidrs: Mapping[str, IPv4Network], findings: list[Finding]) -> None:
    for first, second in combinations(sorted(cidrs), 2):
        if cidrs[first].overlaps(cidrs[second]):
            findings.append(
                Finding(
                    path=join(_PATH, second, "cidr"),
                    rule=Rule.CIDR_OVERLAP,
                    given=f"{cidrs[second]}, which overlaps {cidrs[first]} of {visible(first)}",
                    allowed="a network of its own for each region",
                    why="the regions' networks are joined, and an address must mean one place",
                    fix="choose networks that do not overlap, such as 10.16.0.0/16 and 10.17.0.0/16",
                )
            )
