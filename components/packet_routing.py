"""Zero Trust Packet Routing: the attributes that things carry, and what may connect to what.

What it refuses:

* *A statement of its own.* Statements are the plan's, made from the same passages as the security groups.
* *A namespace that cannot go.* Oracle deletes no namespace and no attribute that is not retired: so the stack file
  first says `retired`, which takes attributes and policies away, and only then nothing.
* *To be switched off.* A tenancy that has packet routing keeps it; its provider only forgets it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.packet_routing import Attribute, carried, routing_policies, values_of
from infra.residency.placement import Plan

_MEANINGS = {Attribute.NETWORK: "Which region's private network a VCN is", Attribute.TIER: "What stands in the network"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRoutingArgs:
    """The plan whose networks are guarded; `retired` keeps the names and takes everything else away."""

    foundation: TenancyFoundation
    plan: Plan
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAttributes:
    """What a thing in a private network carries, and what must be there before; of retired ones it carries none.

    Attributes:
        namespace: of the attributes; empty where there is no packet routing, or none any more.
    """

    namespace: str = ""
    first: tuple[pulumi.Resource, ...] = ()

    def of(self, attribute: Attribute, value: str) -> dict[str, str] | None:
        """The attribute with a value, as an input; to carry nothing is said too, or the cloud keeps what was there."""
        if not self.namespace:
            return {} if self.first else None
        return carried(self.namespace, attribute, value)


NO_ATTRIBUTES = SecurityAttributes()


class PacketRouting(Component):
    """Packet routing for the tenancy: namespace, attributes, and a policy for each region's network.

    Attributes:
        carried: what the things in the networks carry.
    """

    carried: SecurityAttributes

    def __init__(self, name: str, args: PacketRoutingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("PacketRouting", name, opts)
        foundation, plan = args.foundation, args.plan
        switched_on = oci.zpr.Configuration(
            "packet-routing",
            compartment_id=foundation.tenancy.id,
            zpr_status="ENABLED",
            opts=self._child(foundation.home),
        )
        namespace = oci.securityattribute.SecurityAttributeNamespace(
            "attributes",
            compartment_id=foundation.enclosing.id,
            name=plan.organization,
            description="What the things in the private networks are",
            is_retired=args.retired,
            opts=self._child(foundation.home, depends_on=(switched_on,)),
        )
        attributes = tuple(
            oci.securityattribute.SecurityAttribute(
                attribute,
                security_attribute_namespace_id=namespace.id,
                name=attribute.value,
                description=_MEANINGS[attribute],
                is_retired=args.retired,
                validator=oci.securityattribute.SecurityAttributeValidatorArgs(
                    validator_type="ENUM", values=list(values)
                ),
                opts=self._child(foundation.home),
            )
            for attribute, values in values_of(plan).items()
        )
        for policy in () if args.retired else routing_policies(plan):
            oci.zpr.ZprPolicy(
                f"routing-{policy.region}",
                compartment_id=foundation.tenancy.id,
                name=policy.name,
                description=f"What may connect to what in the private network in {policy.region}",
                statements=list(policy.statements),
                opts=self._child(foundation.home, depends_on=(switched_on, *attributes)),
            )
        self.carried = SecurityAttributes(namespace="" if args.retired else plan.organization, first=attributes)
        self.register_outputs({})
