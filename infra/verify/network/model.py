"""A tenancy's networks as plain values: what can carry a packet, and nothing else.

Semantics (Oracle's pages "VCN Route Tables", "Security Rules", "Network Security Groups", "Dynamic Routing Gateways"):
the most specific route decides, and a VCN's own ranges are routes to itself; whoever is let through by one rule of a
subnet's lists or of a security group passes; an answer to a connection that was let in is let out; a router with its
default route tables hands a packet to the attached VCN that holds the address, or to a router that it is peered with,
which hands it to a VCN of its own and to nobody else.

Where it is wider than the cloud, and so never misses a path: any group of a VCN may be on any interface of it; an
answer is let out to whomever the rules let in, whether or not they can call; a rule about ICMP covers its protocol.
"""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

Range = IPv4Network | IPv6Network | str
"""Addresses, or the label of Oracle's services in one region."""

PROTOCOLS = 256
PORTS = 65536

TCP, UDP = 6, 17


class Role(StrEnum):
    """What a subnet is for. DATA may hold user data, APPLICATION has the back ends of an edge, PUBLIC is the rest."""

    DATA = "data"
    APPLICATION = "application"
    PUBLIC = "public"


class Exit(StrEnum):
    """What leads out of the networks."""

    SERVICES = "service gateway"
    INTERNET = "internet gateway"
    NAT = "NAT gateway"
    ELSEWHERE = "network that is not of this stack"


class Rule(NamedTuple):
    """One thing that may pass a subnet's border.

    Attributes:
        ends: the addresses of the other side.
        protocol: its number; None for all.
        ports: on the responding side; all of them where the protocol has none.
        stateful: whether the answers may pass too.
    """

    urn: str
    ingress: bool
    ends: tuple[Range, ...]
    protocol: int | None
    ports: range
    stateful: bool


class Route(NamedTuple):
    """Where a table sends a range; several targets where the one is not known yet.

    Attributes:
        table: its URN.
        at: the route's position in it.
    """

    destination: Range
    targets: tuple[str, ...]
    table: str = ""
    at: int = 0


class Subnet(NamedTuple):
    """A subnet, with the rules of its lists and of all groups of its VCN."""

    urn: str
    vcn: str
    role: Role
    ranges: tuple[IPv4Network | IPv6Network, ...]
    routes: tuple[Route, ...]
    rules: tuple[Rule, ...]


class Vcn(NamedTuple):
    """A VCN; `region` is empty where it is in no allowed home of US user data."""

    urn: str
    region: str
    ranges: tuple[IPv4Network | IPv6Network, ...]


class Gateway(NamedTuple):
    """A way out of the networks; `region` as a VCN's."""

    urn: str
    exit: Exit
    region: str = ""


class Router(NamedTuple):
    """A dynamic routing gateway: the VCNs and exits attached to it, and the routers that it is peered with."""

    urn: str
    vcns: tuple[str, ...]
    exits: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()


class Networks(NamedTuple):
    """Everything, by URN."""

    vcns: Mapping[str, Vcn]
    subnets: Mapping[str, Subnet]
    gateways: Mapping[str, Gateway]
    routers: Mapping[str, Router]


class Packet(NamedTuple):
    """A packet from a subnet that holds data.

    Attributes:
        destination: an address, or a label of services.
        answer: whether it belongs to a connection that the other side opened; `port` is the responding side's.
    """

    source: str
    destination: str
    protocol: int
    port: int
    answer: bool


class Escape(NamedTuple):
    """A way from a subnet that holds data to a place that it must not reach.

    Attributes:
        path: URNs from subnet to target.
    """

    source: str
    target: str
    packet: Packet
    path: tuple[str, ...]


def admitted(networks: Networks, source: Subnet, target: str) -> bool:
    """Whether a packet from a subnet that holds data may end there: the theorem's list."""
    home = networks.vcns[source.vcn].region
    if target in networks.gateways:
        gateway = networks.gateways[target]
        return gateway.exit is Exit.SERVICES and bool(home) and gateway.region == home
    subnet = networks.subnets[target]
    return subnet.role is not Role.PUBLIC and bool(networks.vcns[subnet.vcn].region)
