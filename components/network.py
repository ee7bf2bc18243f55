"""A region's private network, and the ties between the regions' networks.

What it refuses:

* *A way to the internet.* There is no internet gateway and no NAT gateway, subnets admit neither public addresses nor
  traffic from outside, and the service gateway leads to Oracle's services of the same region only: from here nothing
  can write to another region's storage but over the peering.
* *What comes with a VCN.* Its default security list would let SSH in from everywhere, its default route table would be
  used by whatever names none: both are emptied before there is a subnet.
* *A peer outside the plan.* Only regions of the plan are peered, each pair once, and both ends route to each other's
  range and to nothing else.
* *A quiet network.* Every subnet's flows are logged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import assert_never

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.placement import Compartment, Network, SubnetTier
from infra.residency.regions import UsRegion

_TCP = "6"
_HTTPS = range(443, 444)
_ORACLE_NET = range(1521, 1523)
"""Ports of database listeners, without and with TLS (Oracle's "Net Services Administrator's Guide")."""
_LOG_DAYS = 180
"""The longest that the Logging service keeps anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalNetworkArgs:
    """A network and those it is peered with."""

    foundation: TenancyFoundation
    network: Network
    peers: tuple[Network, ...]
    provider: oci.Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A rule of a security group. `end` is the other side: a tier of the same network, a range, or a service label."""

    tier: SubnetTier
    way: str
    direction: str
    end: SubnetTier | IPv4Network | str
    ports: range


class RegionalNetwork(Component):
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
        super().__init__("RegionalNetwork", name, opts)
        self._args = args
        self._region = args.network.region
        self._compartment_id = args.foundation.compartments[Compartment.NETWORK].id
        self._vcn = oci.core.Vcn(
            f"vcn-{self._region}",
            compartment_id=self._compartment_id,
            cidr_blocks=[str(args.network.cidr)],
            display_name=self._display_name("vcn"),
            dns_label=self._region.facts.key,
            opts=self._child(args.provider),
        )
        emptied = self._empty_defaults()
        self.drg = oci.core.Drg(
            f"drg-{self._region}",
            compartment_id=self._compartment_id,
            display_name=self._display_name("drg"),
            opts=self._child(args.provider),
        )
        tables = self._route_tables()
        self.subnets = self._subnets(tables, emptied)
        self.security_groups = {tier: self._security_group(tier) for tier in self.subnets}
        for rule in _rules(args.network, args.peers):
            self._security_rule(rule)
        self._flow_logs()
        self.register_outputs({})

    def _display_name(self, what: str) -> str:
        return naming.regional(self._args.foundation.organization, what, self._region)

    def _empty_defaults(self) -> tuple[oci.core.DefaultSecurityList, oci.core.DefaultRouteTable]:
        args = self._args
        return (
            oci.core.DefaultSecurityList(
                f"default-list-{self._region}",
                manage_default_resource_id=self._vcn.default_security_list_id,
                compartment_id=self._compartment_id,
                display_name=self._display_name("unused-list"),
                ingress_security_rules=[],
                egress_security_rules=[],
                opts=self._child(args.provider),
            ),
            oci.core.DefaultRouteTable(
                f"default-table-{self._region}",
                manage_default_resource_id=self._vcn.default_route_table_id,
                compartment_id=self._compartment_id,
                display_name=self._display_name("unused-table"),
                route_rules=[],
                opts=self._child(args.provider),
            ),
        )

    def _route_tables(self) -> Mapping[SubnetTier, oci.core.RouteTable]:
        args = self._args
        gateway = oci.core.ServiceGateway(
            f"services-{self._region}",
            compartment_id=self._compartment_id,
            vcn_id=self._vcn.id,
            display_name=self._display_name("services"),
            services=[oci.core.ServiceGatewayServiceArgs(service_id=args.network.service_id)],
            opts=self._child(args.provider),
        )
        attachment = oci.core.DrgAttachment(
            f"drg-{self._region}",
            drg_id=self.drg.id,
            display_name=self._display_name("vcn"),
            network_details=oci.core.DrgAttachmentNetworkDetailsArgs(type="VCN", id=self._vcn.id),
            opts=self._child(args.provider),
        )
        to_services = oci.core.RouteTableRouteRuleArgs(
            network_entity_id=gateway.id,
            destination=self._region.facts.services_cidr_label,
            destination_type="SERVICE_CIDR_BLOCK",
            description=f"Oracle's services in {self._region}",
        )
        to_peers = [
            oci.core.RouteTableRouteRuleArgs(
                network_entity_id=self.drg.id,
                destination=str(peer.cidr),
                destination_type="CIDR_BLOCK",
                description=f"The network in {peer.region}",
            )
            for peer in args.peers
        ]

        def table(tier: SubnetTier) -> oci.core.RouteTable:
            match tier:
                case SubnetTier.DATA:
                    rules = [to_services, *to_peers]
                case SubnetTier.ENDPOINT:
                    rules = to_peers
                case _:
                    assert_never(tier)
            return oci.core.RouteTable(
                f"{tier}-{self._region}",
                compartment_id=self._compartment_id,
                vcn_id=self._vcn.id,
                display_name=self._display_name(tier),
                route_rules=rules,
                opts=self._child(args.provider, depends_on=(attachment,)),
            )

        return {subnet.tier: table(subnet.tier) for subnet in args.network.subnets}

    def _subnets(
        self,
        tables: Mapping[SubnetTier, oci.core.RouteTable],
        emptied: tuple[oci.core.DefaultSecurityList, oci.core.DefaultRouteTable],
    ) -> Mapping[SubnetTier, oci.core.Subnet]:
        args = self._args
        return {
            subnet.tier: oci.core.Subnet(
                f"{subnet.tier}-{self._region}",
                compartment_id=self._compartment_id,
                vcn_id=self._vcn.id,
                cidr_block=str(subnet.cidr),
                display_name=self._display_name(subnet.tier),
                dns_label=subnet.tier.value,
                route_table_id=tables[subnet.tier].id,
                security_list_ids=[self._vcn.default_security_list_id],
                prohibit_internet_ingress=True,
                prohibit_public_ip_on_vnic=True,
                opts=self._child(args.provider, depends_on=emptied),
            )
            for subnet in args.network.subnets
        }

    def _security_group(self, tier: SubnetTier) -> oci.core.NetworkSecurityGroup:
        return oci.core.NetworkSecurityGroup(
            f"{tier}-{self._region}",
            compartment_id=self._compartment_id,
            vcn_id=self._vcn.id,
            display_name=self._display_name(tier),
            opts=self._child(self._args.provider),
        )

    def _security_rule(self, rule: _Rule) -> None:
        match rule.end:
            case SubnetTier():
                end, kind = self.security_groups[rule.end].id, "NETWORK_SECURITY_GROUP"
            case IPv4Network():
                end, kind = str(rule.end), "CIDR_BLOCK"
            case _:
                end, kind = rule.end, "SERVICE_CIDR_BLOCK"
        inward = rule.direction == "INGRESS"
        oci.core.NetworkSecurityGroupSecurityRule(
            f"{rule.tier}-{self._region}-{rule.way}",
            network_security_group_id=self.security_groups[rule.tier].id,
            direction=rule.direction,
            protocol=_TCP,
            source=end if inward else None,
            source_type=kind if inward else None,
            destination=None if inward else end,
            destination_type=None if inward else kind,
            stateless=False,
            description=f"{rule.tier} {rule.way}",
            tcp_options=oci.core.NetworkSecurityGroupSecurityRuleTcpOptionsArgs(
                destination_port_range=oci.core.NetworkSecurityGroupSecurityRuleTcpOptionsDestinationPortRangeArgs(
                    min=rule.ports.start, max=rule.ports.stop - 1
                )
            ),
            opts=self._child(self._args.provider),
        )

    def _flow_logs(self) -> None:
        args = self._args
        group = oci.logging.LogGroup(
            f"flows-{self._region}",
            compartment_id=self._compartment_id,
            display_name=self._display_name("flows"),
            description=f"What passes the subnets in {self._region}",
            opts=self._child(args.provider),
        )
        for tier, subnet in self.subnets.items():
            oci.logging.Log(
                f"{tier}-flows-{self._region}",
                log_group_id=group.id,
                display_name=self._display_name(f"{tier}-flows"),
                log_type="SERVICE",
                is_enabled=True,
                retention_duration=_LOG_DAYS,
                configuration=oci.logging.LogConfigurationArgs(
                    compartment_id=self._compartment_id,
                    source=oci.logging.LogConfigurationSourceArgs(
                        source_type="OCISERVICE", service="flowlogs", category="all", resource=subnet.id
                    ),
                ),
                opts=self._child(args.provider),
            )


def _rules(network: Network, peers: tuple[Network, ...]) -> Iterator[_Rule]:
    """What may pass: databases to databases, and data to storage, in this network and to and from its peers."""

    def rule(tier: SubnetTier, way: str, direction: str, end: SubnetTier | IPv4Network | str, ports: range) -> _Rule:
        return _Rule(tier=tier, way=way, direction=direction, end=end, ports=ports)

    data, endpoint = SubnetTier.DATA, SubnetTier.ENDPOINT
    yield rule(data, "to-services", "EGRESS", network.region.facts.services_cidr_label, _HTTPS)
    reachable: list[tuple[UsRegion, Mapping[SubnetTier, SubnetTier | IPv4Network]]] = [
        (network.region, {data: data, endpoint: endpoint}),
        *((peer.region, {subnet.tier: subnet.cidr for subnet in peer.subnets}) for peer in peers),
    ]
    for region, ends in reachable:
        yield rule(data, f"from-data-{region}", "INGRESS", ends[data], _ORACLE_NET)
        yield rule(data, f"to-data-{region}", "EGRESS", ends[data], _ORACLE_NET)
        yield rule(data, f"to-endpoint-{region}", "EGRESS", ends[endpoint], _HTTPS)
        yield rule(endpoint, f"from-data-{region}", "INGRESS", ends[data], _HTTPS)


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
