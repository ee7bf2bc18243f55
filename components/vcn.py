"""What every VCN of this project has in common.

What it refuses:

* *What comes with a VCN.* Its default security list would let SSH in from everywhere, its default route table would be
  used by whatever names none: both are emptied before there is a subnet.
* *A rule without an end, a protocol or ports.* Each names its other side, TCP and the ports, and is stateful.
* *A quiet network.* Every subnet's flows are logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Generic, TypeVar

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.packet_routing import NO_ATTRIBUTES, SecurityAttributes
from components.tenancy import TenancyFoundation
from infra.residency.packet_routing import Attribute
from infra.residency.placement import Compartment
from infra.residency.regions import UsRegion

Tier = TypeVar("Tier", bound=StrEnum)
"""The subnets of one kind of VCN."""

TCP = "6"
_LOG_DAYS = 180
"""The longest that the Logging service keeps anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a VCN is; `prefix` tells it from another one of the region, in every name (`edge-` or nothing)."""

    foundation: TenancyFoundation
    compartment: Compartment
    region: UsRegion
    provider: oci.Provider
    prefix: str = ""

    @property
    def compartment_id(self) -> pulumi.Output[str]:
        """The OCID of its compartment."""
        return self.foundation.compartments[self.compartment].id

    def logical(self, what: str) -> str:
        """A logical name: `edge-vcn-us-ashburn-1`."""
        return f"{self.prefix}{what}-{self.region}"

    def display(self, what: str) -> str:
        """A display name: `usds-edge-vcn-iad`."""
        return naming.regional(self.foundation.organization, f"{self.prefix}{what}", self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule(Generic[Tier]):
    """A rule of a security group. `end` is the other side: a tier of the same VCN, a range, or a service label."""

    tier: Tier
    way: str
    direction: str
    end: Tier | IPv4Network | IPv6Network | str
    ports: range


class VcnComponent(Component, Generic[Tier]):
    """A component around one VCN.

    Attributes:
        flows: the log group of what passes its subnets, where it has one of its own.
    """

    flows: oci.logging.LogGroup

    def __init__(self, kind: str, name: str, site: Site, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(kind, name, opts)
        self._site = site

    def _vcn_with_emptied_defaults(
        self,
        cidr: IPv4Network,
        dns_label: str,
        *,
        ipv6: bool = False,
        carries: SecurityAttributes = NO_ATTRIBUTES,
        lets_out: tuple[oci.core.DefaultSecurityListEgressSecurityRuleArgs, ...] = (),
    ) -> tuple[oci.core.Vcn, tuple[pulumi.Resource, ...]]:
        """The VCN, and its emptied defaults, which every subnet depends on.

        Args:
            cidr: its range.
            dns_label: its name in addresses.
            ipv6: whether Oracle gives it addresses of IPv6, too.
            carries: its security attributes.
            lets_out: all that its default list lets through, where what stands in it takes no security group.
        """
        site = self._site
        vcn = oci.core.Vcn(
            site.logical("vcn"),
            compartment_id=site.compartment_id,
            cidr_blocks=[str(cidr)],
            display_name=site.display("vcn"),
            dns_label=dns_label,
            is_ipv6enabled=True if ipv6 else None,
            is_oracle_gua_allocation_enabled=True if ipv6 else None,
            security_attributes=carries.of(Attribute.NETWORK, site.region.facts.key),
            opts=self._child(site.provider, depends_on=carries.first),
        )
        return vcn, (
            oci.core.DefaultSecurityList(
                site.logical("default-list"),
                manage_default_resource_id=vcn.default_security_list_id,
                compartment_id=site.compartment_id,
                display_name=site.display("unused-list"),
                ingress_security_rules=[],
                egress_security_rules=list(lets_out),
                opts=self._child(site.provider),
            ),
            oci.core.DefaultRouteTable(
                site.logical("default-table"),
                manage_default_resource_id=vcn.default_route_table_id,
                compartment_id=site.compartment_id,
                display_name=site.display("unused-table"),
                route_rules=[],
                opts=self._child(site.provider),
            ),
        )

    def _drg_attachment(self, vcn: oci.core.Vcn, drg: oci.core.Drg) -> oci.core.DrgAttachment:
        site = self._site
        return oci.core.DrgAttachment(
            site.logical("drg"),
            drg_id=drg.id,
            display_name=site.display("vcn"),
            network_details=oci.core.DrgAttachmentNetworkDetailsArgs(type="VCN", id=vcn.id),
            opts=self._child(site.provider),
        )

    def _security_group(self, vcn: oci.core.Vcn, tier: Tier) -> oci.core.NetworkSecurityGroup:
        site = self._site
        return oci.core.NetworkSecurityGroup(
            site.logical(tier),
            compartment_id=site.compartment_id,
            vcn_id=vcn.id,
            display_name=site.display(tier),
            opts=self._child(site.provider),
        )

    def _security_rule(self, rule: SecurityRule[Tier], groups: Mapping[Tier, oci.core.NetworkSecurityGroup]) -> None:
        match rule.end:
            case StrEnum():
                (end,) = (group.id for tier, group in groups.items() if tier is rule.end)
                kind = "NETWORK_SECURITY_GROUP"
            case IPv4Network() | IPv6Network():
                end, kind = str(rule.end), "CIDR_BLOCK"
            case _:
                end, kind = rule.end, "SERVICE_CIDR_BLOCK"
        inward = rule.direction == "INGRESS"
        oci.core.NetworkSecurityGroupSecurityRule(
            f"{self._site.logical(rule.tier)}-{rule.way}",
            network_security_group_id=groups[rule.tier].id,
            direction=rule.direction,
            protocol=TCP,
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
            opts=self._child(self._site.provider),
        )

    def _flow_logs(self, subnets: Mapping[Tier, oci.core.Subnet]) -> None:
        site = self._site
        self.flows = oci.logging.LogGroup(
            site.logical("flows"),
            compartment_id=site.compartment_id,
            display_name=site.display("flows"),
            description=f"What passes the subnets in {site.region}",
            opts=self._child(site.provider),
        )
        self._log_flows(subnets, self.flows)

    def _log_flows(self, subnets: Mapping[Tier, oci.core.Subnet], group: oci.logging.LogGroup) -> None:
        site = self._site
        for tier, subnet in subnets.items():
            oci.logging.Log(
                site.logical(f"{tier}-flows"),
                log_group_id=group.id,
                display_name=site.display(f"{tier}-flows"),
                log_type="SERVICE",
                is_enabled=True,
                retention_duration=_LOG_DAYS,
                configuration=oci.logging.LogConfigurationArgs(
                    compartment_id=site.compartment_id,
                    source=oci.logging.LogConfigurationSourceArgs(
                        source_type="OCISERVICE", service="flowlogs", category="all", resource=subnet.id
                    ),
                ),
                opts=self._child(site.provider),
            )
