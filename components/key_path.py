"""The way from a region's vault to the manager of its keys: a VCN with one private endpoint in it, and nothing else.

What it refuses:

* *A shared way.* The VCN has a router of its own, which no other network of this stack is attached to: from where data
  is nothing reaches the key manager, and from there nothing reaches data. Whoever orders the circuit to the manager's
  holder attaches it to this router.
* *Another end.* The one route and the one rule name the manager's address, and the rule its port; nothing is let in.
* *A quiet network.* Its flows are logged with those of the region's private network.

A private endpoint takes no security group, so the rule stands in the VCN's default list, which nothing else uses.

Source: Oracle's page "Creating a Private Endpoint" of External Key Management.
"""

from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_oci as oci

from components.tenancy import TenancyFoundation
from components.vcn import TCP, Site, VcnComponent
from infra.residency.keys import KeyManager
from infra.residency.placement import Compartment
from infra.residency.regions import UsRegion


class KeyTier(StrEnum):
    """The only subnet."""

    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPathArgs:
    """A region, the manager of its keys, and the log group of the region's flows."""

    foundation: TenancyFoundation
    region: UsRegion
    manager: KeyManager
    flows: oci.logging.LogGroup
    provider: oci.Provider


class KeyPath(VcnComponent[KeyTier]):
    """A VCN with a router, one route, one rule and one subnet.

    Attributes:
        endpoint: through which Oracle's key management asks the manager.
    """

    endpoint: oci.kms.EkmsPrivateEndpoint

    def __init__(self, name: str, args: KeyPathArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        site = Site(
            foundation=args.foundation,
            compartment=Compartment.NETWORK,
            region=args.region,
            provider=args.provider,
            prefix="keys-",
        )
        super().__init__("KeyPath", name, site, opts)
        self._args = args
        subnet = self._subnet()
        self._log_flows({KeyTier.MANAGER: subnet}, args.flows)
        self.endpoint = oci.kms.EkmsPrivateEndpoint(
            site.logical("manager"),
            compartment_id=args.foundation.compartments[Compartment.KEYS].id,
            display_name=site.display("manager"),
            subnet_id=subnet.id,
            external_key_manager_ip=str(args.manager.address),
            port=args.manager.port,
            ca_bundle=args.manager.authority,
            defined_tags=args.foundation.tags.of(),
            opts=self._child(args.provider, depends_on=args.foundation.tags.first),
        )
        self.register_outputs({})

    def _subnet(self) -> oci.core.Subnet:
        site, manager = self._site, self._args.manager
        end = f"{manager.address}/32"
        vcn, emptied = self._vcn_with_emptied_defaults(
            manager.vcn, f"keys{site.region.facts.key}", lets_out=(_to(end, manager.port),)
        )
        drg = oci.core.Drg(
            site.logical("drg"),
            compartment_id=site.compartment_id,
            display_name=site.display("drg"),
            opts=self._child(site.provider),
        )
        attachment = self._drg_attachment(vcn, drg)
        table = oci.core.RouteTable(
            site.logical(KeyTier.MANAGER),
            compartment_id=site.compartment_id,
            vcn_id=vcn.id,
            display_name=site.display(KeyTier.MANAGER),
            route_rules=[
                oci.core.RouteTableRouteRuleArgs(
                    network_entity_id=drg.id,
                    destination=end,
                    destination_type="CIDR_BLOCK",
                    description="The key manager",
                )
            ],
            opts=self._child(site.provider, depends_on=(attachment,)),
        )
        return oci.core.Subnet(
            site.logical(KeyTier.MANAGER),
            compartment_id=site.compartment_id,
            vcn_id=vcn.id,
            cidr_block=str(manager.subnet),
            display_name=site.display(KeyTier.MANAGER),
            dns_label=KeyTier.MANAGER.value,
            route_table_id=table.id,
            security_list_ids=[vcn.default_security_list_id],
            prohibit_internet_ingress=True,
            prohibit_public_ip_on_vnic=True,
            opts=self._child(site.provider, depends_on=emptied),
        )


def _to(end: str, port: int) -> oci.core.DefaultSecurityListEgressSecurityRuleArgs:
    return oci.core.DefaultSecurityListEgressSecurityRuleArgs(
        destination=end,
        destination_type="CIDR_BLOCK",
        protocol=TCP,
        stateless=False,
        description="The key manager",
        tcp_options=oci.core.DefaultSecurityListEgressSecurityRuleTcpOptionsArgs(min=port, max=port),
    )
