"""A region's private network, and the ties between the regions' networks.

What it refuses:

* *A way to the internet.* There is no internet gateway and no NAT gateway, subnets admit neither public addresses nor
  traffic from outside, and the service gateway leads to Oracle's services of the same region only: from here nothing
  can write to another region's storage but over the peering. What faces the internet is in a VCN of its own
  (`edge_network`), whose application tier is let in by its range, to databases and storage, and by nothing else.
* *A peer outside the plan.* Only regions of the plan are peered, each pair once, and both ends route to each other's
  range and to nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import assert_never

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.packet_routing import SecurityAttributes
from components.tenancy import TenancyFoundation
from components.vcn import SecurityRule, Site, VcnComponent
from infra.residency.passages import Beyond, passages
from infra.residency.placement import Compartment, Network, SubnetTier
from infra.residency.regions import UsRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalNetworkArgs:
    """A network, all of the stack, the application tiers of all regions that answer users, and what the VCN carries."""

    foundation: TenancyFoundation
    network: Network
    networks: tuple[Network, ...]
    applications: Mapping[UsRegion, IPv4Network]
    carries: SecurityAttributes
    provider: oci.Provider

    @property
    def peers(self) -> tuple[Network, ...]:
        """The networks that it is peered with."""
        return tuple(peer for peer in self.networks if peer.region in self.network.peers)


class RegionalNetwork(VcnComponent[SubnetTier]):
    """A VCN with its subnets, gateways, routes, security groups and flow logs.

    Attributes:
        drg: the router that peerings attach to.
        subnets: by tier.
        security_groups: by tier; nothing passes a subnet but what these let through.
    """

    drg: oci.core.Drg
    subnets: Mapping[SubnetTier, oci.core.Subnet]
    security_groups: Mapping[SubnetTier, oci.core.NetworkSecurityGroup]

    def __init__(self, name: str, args: RegionalNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        region = args.network.region
        site = Site(foundation=args.foundation, compartment=Compartment.NETWORK, region=region, provider=args.provider)
        super().__init__("RegionalNetwork", name, site, opts)
        self._args = args
        self._vcn, emptied = self._vcn_with_emptied_defaults(args.network.vcn, region.facts.key, carries=args.carries)
        self.drg = oci.core.Drg(
            site.logical("drg"),
            compartment_id=site.compartment_id,
            display_name=site.display("drg"),
            opts=self._child(args.provider),
        )
        tables = self._route_tables()
        self.subnets = self._subnets(tables, emptied)
        self.security_groups = {tier: self._security_group(self._vcn, tier) for tier in self.subnets}
        for rule in _rules(args):
            self._security_rule(rule, self.security_groups)
        self._flow_logs(self.subnets)
        self.register_outputs({})

    def _route_tables(self) -> Mapping[SubnetTier, oci.core.RouteTable]:
        args, site = self._args, self._site
        gateway = oci.core.ServiceGateway(
            site.logical("services"),
            compartment_id=site.compartment_id,
            vcn_id=self._vcn.id,
            display_name=site.display("services"),
            services=[oci.core.ServiceGatewayServiceArgs(service_id=args.network.service_id)],
            opts=self._child(args.provider),
        )
        attachment = self._drg_attachment(self._vcn, self.drg)
        to_services = oci.core.RouteTableRouteRuleArgs(
            network_entity_id=gateway.id,
            destination=site.region.facts.services_cidr_label,
            destination_type="SERVICE_CIDR_BLOCK",
            description=f"Oracle's services in {site.region}",
        )
        over_drg = [
            oci.core.RouteTableRouteRuleArgs(
                network_entity_id=self.drg.id,
                destination=str(range_),
                destination_type="CIDR_BLOCK",
                description=description,
            )
            for range_, description in (
                *((peer.vcn, f"The network in {peer.region}") for peer in args.peers),
                *((tier, f"The application tier in {region}") for region, tier in args.applications.items()),
            )
        ]

        def table(tier: SubnetTier) -> oci.core.RouteTable:
            match tier:
                case SubnetTier.DATA:
                    rules = [to_services, *over_drg]
                case SubnetTier.ENDPOINT:
                    rules = over_drg
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

        return {subnet.tier: table(subnet.tier) for subnet in args.network.subnets}

    def _subnets(
        self,
        tables: Mapping[SubnetTier, oci.core.RouteTable],
        emptied: tuple[pulumi.Resource, ...],
    ) -> Mapping[SubnetTier, oci.core.Subnet]:
        args, site = self._args, self._site
        return {
            subnet.tier: oci.core.Subnet(
                site.logical(subnet.tier),
                compartment_id=site.compartment_id,
                vcn_id=self._vcn.id,
                cidr_block=str(subnet.cidr),
                display_name=site.display(subnet.tier),
                dns_label=subnet.tier.value,
                route_table_id=tables[subnet.tier].id,
                security_list_ids=[self._vcn.default_security_list_id],
                prohibit_internet_ingress=True,
                prohibit_public_ip_on_vnic=True,
                opts=self._child(args.provider, depends_on=emptied),
            )
            for subnet in args.network.subnets
        }


def _rules(args: RegionalNetworkArgs) -> Iterator[SecurityRule[SubnetTier]]:
    """The passages of the network, as rules of its security groups."""
    for passage in passages(args.network, args.networks, args.applications):
        end = args.network.region.facts.services_cidr_label if isinstance(passage.end, Beyond) else passage.end
        direction = "INGRESS" if passage.inward else "EGRESS"
        yield SecurityRule(tier=passage.tier, way=passage.way, direction=direction, end=end, ports=passage.ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringMeshArgs:
    """The regions' networks, and each one's router."""

    foundation: TenancyFoundation
    networks: tuple[Network, ...]
    drgs: Mapping[UsRegion, oci.core.Drg]
    providers: Mapping[UsRegion, oci.Provider]


class PeeringMesh(Component):
    """A peering for each pair of regions: one end accepts, the other, first by name, asks for it."""

    def __init__(self, name: str, args: PeeringMeshArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("PeeringMesh", name, opts)
        self._args = args
        for network in args.networks:
            for peer in network.peers:
                if network.region < peer:
                    accepting = self._connection(peer, network.region)
                    self._connection(network.region, peer, accepting)
        self.register_outputs({})

    def _connection(
        self, region: UsRegion, peer: UsRegion, accepting: oci.core.RemotePeeringConnection | None = None
    ) -> oci.core.RemotePeeringConnection:
        args = self._args
        return oci.core.RemotePeeringConnection(
            f"{region}-to-{peer}",
            compartment_id=args.foundation.compartments[Compartment.NETWORK].id,
            drg_id=args.drgs[region].id,
            display_name=naming.regional(args.foundation.organization, f"to-{peer.facts.key}", region),
            peer_id=accepting.id if accepting else None,
            peer_region_name=peer.value if accepting else None,
            opts=self._child(args.providers[region]),
        )
