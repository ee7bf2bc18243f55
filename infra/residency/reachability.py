"""Claims about reachability, for Oracle's Network Path Analyzer to check on the deployed network.

A claim says from where to where a connection can be made, or cannot: what the security groups, route tables and
gateways of this stack add up to. The name of a test says what its answer has to be; Oracle keeps tests and not
expectations. The proof decides the same from the plan alone; this asks the cloud itself.

Source: Oracle's page "Network Path Analyzer".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from infra.residency.passages import HTTPS, ORACLE_NET
from infra.residency.placement import Network, SubnetTier
from infra.residency.traffic import Edge

APPLICATION, PUBLIC = "application", "public"
"""Subnets of the public edge's network, beside the tiers of the private one."""

_OUTSIDE = IPv4Address("203.0.113.10")
"""Somewhere on the internet (RFC 5737: an address that belongs to nobody)."""

_FIRST_FREE = 2
"""Oracle keeps the first two addresses of a subnet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One end of a claim: an address, and the subnet that it is in; None on the internet."""

    address: IPv4Address
    subnet: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A TCP connection that can be made, or cannot; `name` is logical and physical but for the region."""

    name: str
    source: Spot
    target: Spot
    port: int


def claims(network: Network) -> Iterator[Claim]:
    """What holds in a region's private network, whoever answers users."""
    data, endpoint = (_in(subnet.cidr, subnet.tier.value) for subnet in network.subnets)
    outside = Spot(address=_OUTSIDE, subnet=None)
    https, oracle_net = HTTPS.start, ORACLE_NET.start
    yield Claim(name="data-reaches-endpoint", source=data, target=endpoint, port=https)
    yield Claim(name="data-never-reaches-internet", source=data, target=outside, port=https)
    yield Claim(name="internet-never-reaches-data", source=outside, target=data, port=oracle_net)
    yield Claim(name="internet-never-reaches-endpoint", source=outside, target=endpoint, port=https)


def edge_claims(edge: Edge, network: Network) -> Iterator[Claim]:
    """What holds between a region's public edge and its private network."""
    (data,) = (_in(subnet.cidr, subnet.tier.value) for subnet in network.subnets if subnet.tier is SubnetTier.DATA)
    application, public = _in(edge.application_subnet, APPLICATION), _in(edge.public_subnet, PUBLIC)
    yield Claim(name="application-reaches-data", source=application, target=data, port=ORACLE_NET.start)
    yield Claim(name="public-never-reaches-data", source=public, target=data, port=ORACLE_NET.start)


def _in(cidr: IPv4Network, subnet: str) -> Spot:
    return Spot(address=cidr[_FIRST_FREE], subnet=subnet)
