"""The network of a region's public edge: a VCN of its own, in a compartment of its own, with the application tier.

It is the only kind of network here with a way to the internet, so it holds nothing that holds data: databases and
storage are in the region's private VCN, which the application tier reaches through the regions' routers.

What it refuses:

* *A way from the internet past the load balancer.* The application subnet admits neither public addresses nor traffic
  from outside, has no route to the internet gateway, and its group admits the load balancer's group and nobody else.
* *A way out for the application tier.* It reaches databases and storage endpoints of the regions' private networks and
  nothing else: neither the internet nor, past the private endpoints' list of compartments, Oracle's services.
* *A plain port.* Users come in over TLS only, and the load balancer goes on over TLS only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import assert_never

import pulumi
import pulumi_oci as oci

from components.tenancy import TenancyFoundation
from components.vcn import SecurityRule, Site, VcnComponent
from infra.residency.passages import HTTPS, ORACLE_NET
from infra.residency.placement import Compartment, Network, SubnetTier
from infra.residency.traffic import Edge

_EVERYONE_V4, _EVERYONE_V6 = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")


class EdgeTier(StrEnum):
    """The subnets of an edge. PUBLIC: the load balancer. APPLICATION: the back ends."""

    PUBLIC = "public"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeNetworkArgs:
    """An edge, the router of its region, and every private network, its own region's first or not."""

    foundation: TenancyFoundation
    edge: Edge
    drg: oci.core.Drg
    networks: tuple[Network, ...]
    provider: oci.Provider


class EdgeNetwork(VcnComponent[EdgeTier]):
    """A VCN with an internet gateway, a public and a private subnet, routes, security groups and flow logs.

    Attributes:
        subnets: by tier.
        security_groups: by tier; nothing passes a subnet but what these let through.
    """

    subnets: Mapping[EdgeTier, oci.core.Subnet]
    security_groups: Mapping[EdgeTier, oci.core.NetworkSecurityGroup]

    def __init__(self, name: str, args: EdgeNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        edge = args.edge
        site = Site(
            foundation=args.foundation,
            compartment=Compartment.EDGE,
            region=edge.region,
            provider=args.provider,
            prefix="edge-",
        )
        super().__init__("EdgeNetwork", name, site, opts)
        self._args = args
        self._vcn, emptied = self._vcn_with_emptied_defaults(edge.vcn, f"edge{edge.region.facts.key}", ipv6=edge.ipv6)
        self.subnets = {tier: self._subnet(tier, table, emptied) for tier, table in self._route_tables().items()}
        self.security_groups = {tier: self._security_group(self._vcn, tier) for tier in EdgeTier}
        for rule in _rules(edge, args.networks):
            self._security_rule(rule, self.security_groups)
        self._flow_logs(self.subnets)
        self.register_outputs({})

    def _route_tables(self) -> Mapping[EdgeTier, oci.core.RouteTable]:
        args, site = self._args, self._site
        gateway = oci.core.InternetGateway(
            site.logical("internet"),
            compartment_id=site.compartment_id,
            vcn_id=self._vcn.id,
            display_name=site.display("internet"),
            enabled=True,
            opts=self._child(args.provider),
        )
        attachment = self._drg_attachment(self._vcn, args.drg)
        everyone = [_EVERYONE_V4, *([_EVERYONE_V6] if args.edge.ipv6 else [])]

        def route(target: pulumi.Input[str], range_: IPv4Network | IPv6Network, description: str):  # noqa: ANN202
            return oci.core.RouteTableRouteRuleArgs(
                network_entity_id=target,
                destination=str(range_),
                destination_type="CIDR_BLOCK",
                description=description,
            )

        def table(tier: EdgeTier) -> oci.core.RouteTable:
            match tier:
                case EdgeTier.PUBLIC:
                    rules = [route(gateway.id, range_, "Users") for range_ in everyone]
                case EdgeTier.APPLICATION:
                    rules = [
                        route(args.drg.id, network.vcn, f"The network in {network.region}") for network in args.networks
                    ]
                case _:
                    assert_never(tier)
            return oci.core.RouteTable(
                site.logical(tier),
                compartment_id=site.compartment_id,
                vcn_id=self._vcn.id,
                display_name=site.display(tier),
                route_rules=rules,
                opts=self._child(args.provider, depends_on=(attachment,)),
            )

        return {tier: table(tier) for tier in EdgeTier}

    def _subnet(
        self, tier: EdgeTier, table: oci.core.RouteTable, emptied: tuple[pulumi.Resource, ...]
    ) -> oci.core.Subnet:
        args, site = self._args, self._site
        public = tier is EdgeTier.PUBLIC
        return oci.core.Subnet(
            site.logical(tier),
            compartment_id=site.compartment_id,
            vcn_id=self._vcn.id,
            cidr_block=str(args.edge.public_subnet if public else args.edge.application_subnet),
            ipv6cidr_blocks=self._vcn.ipv6cidr_blocks.apply(_first_64) if public and args.edge.ipv6 else None,
            display_name=site.display(tier),
            dns_label=tier.value,
            route_table_id=table.id,
            security_list_ids=[self._vcn.default_security_list_id],
            prohibit_internet_ingress=not public,
            prohibit_public_ip_on_vnic=not public,
            opts=self._child(args.provider, depends_on=emptied),
        )


def _first_64(prefixes: Sequence[str]) -> list[str]:
    """The first subnet's worth of the prefix that Oracle gave the VCN.

    None where it has none yet: the preview that switches IPv6 on for a VCN still sees the one without.
    """
    return [str(next(IPv6Network(prefix).subnets(new_prefix=64))) for prefix in prefixes[:1]]


def _rules(edge: Edge, networks: tuple[Network, ...]) -> Iterator[SecurityRule[EdgeTier]]:
    """What may pass: users to the load balancer, it to the back ends, they to databases and storage."""

    def rule(
        tier: EdgeTier, way: str, direction: str, end: EdgeTier | IPv4Network | IPv6Network, ports: range
    ) -> SecurityRule[EdgeTier]:
        return SecurityRule(tier=tier, way=way, direction=direction, end=end, ports=ports)

    public, application = EdgeTier.PUBLIC, EdgeTier.APPLICATION
    backend = range(edge.backend_port, edge.backend_port + 1)
    yield rule(public, "from-users", "INGRESS", _EVERYONE_V4, HTTPS)
    if edge.ipv6:
        yield rule(public, "from-users-ipv6", "INGRESS", _EVERYONE_V6, HTTPS)
    yield rule(public, "to-application", "EGRESS", application, backend)
    yield rule(application, "from-public", "INGRESS", public, backend)
    for network in networks:
        ranges = {subnet.tier: subnet.cidr for subnet in network.subnets}
        yield rule(application, f"to-data-{network.region}", "EGRESS", ranges[SubnetTier.DATA], ORACLE_NET)
        yield rule(application, f"to-endpoint-{network.region}", "EGRESS", ranges[SubnetTier.ENDPOINT], HTTPS)
