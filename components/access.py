"""Who has a duty: groups, the networks that they act from, and what they may do.

What it refuses:

* *A member.* People and machines become members elsewhere, by a directory with its own reviews; a stack file that names
  nobody tells nobody whom to deceive.
* *A user, an API key or a token.* Long-lived keys are made by nothing here.
* *A group without a network.* Every statement names one (`infra.residency.duties`).
* *A policy in store.* A group with the duty break-glass has none, until two people have signed for it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.identity import IdentityComponent
from components.tenancy import TenancyFoundation
from infra.residency.access import AccessPlan, NetworkSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessArgs:
    """The groups and networks of a plan."""

    foundation: TenancyFoundation
    plan: AccessPlan


class Access(IdentityComponent):
    """Groups with duties, network sources, and one policy for each group."""

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Access", name, opts)
        self.foundation = args.foundation
        sources = {network.name: self._network_source(network) for network in args.plan.networks}
        for access in args.plan.groups:
            group = self.group(access.name, f"Duty: {access.duty}")
            if not access.statements:  # nobody has approved anything
                continue
            self.policy(
                access.name,
                f"What the duty {access.duty} needs, from {access.network.name}",
                access.statements,
                groups={access.name: group},
                beside=(sources[access.network.name],),
            )
        self.register_outputs({})

    def _network_source(self, network: NetworkSource) -> oci.identity.NetworkSource:
        return oci.identity.NetworkSource(
            network.name,
            compartment_id=self.foundation.tenancy.id,
            name=network.physical,
            description=f"Where requests of {network.name} come from",
            public_source_lists=[str(cidr) for cidr in network.cidrs],
            opts=self._child(self.foundation.home),
        )
