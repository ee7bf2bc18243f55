"""What keeps the tenancy from being used outside the stack's regions, whoever tries: quotas and deny statements.

What it refuses:

* *One quota policy for everything.* Each family has its own, so that a change of one is one line of a diff.
* *Another order.* Statements are the plan's, in its order; the order of a quota's statements is what they mean.
* *A wait for anything.* Guards do not depend on what they guard: they may be there first.
"""

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.denials import Denial
from infra.residency.quotas import QuotaPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailsArgs:
    """The quotas and deny statements of a plan."""

    foundation: TenancyFoundation
    quotas: tuple[QuotaPlan, ...]
    denials: tuple[Denial, ...]


class Guardrails(Component):
    """Quotas, and one policy of deny statements where the tenancy takes them, at the root of the tenancy."""

    def __init__(self, name: str, args: GuardrailsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Guardrails", name, opts)
        foundation = args.foundation
        for quota in args.quotas:
            oci.limits.Quota(
                quota.family.value,
                compartment_id=foundation.tenancy.id,
                name=quota.name,
                description=f"No {quota.family} outside the regions of {foundation.organization}",
                statements=list(quota.statements()),
                opts=self._child(foundation.home),
            )
        if args.denials:
            oci.identity.Policy(
                "denials",
                compartment_id=foundation.tenancy.id,
                name=f"{foundation.organization}-denials",
                description=f"Nothing outside the regions of {foundation.organization}, whoever allows it",
                statements=[denial.text() for denial in args.denials],
                opts=self._child(foundation.home),
            )
        self.register_outputs({})
