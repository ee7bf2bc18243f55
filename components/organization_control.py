"""What AWS Organizations forbids in the accounts of the legacy sites.

What it refuses:

* *A policy of its own.* Documents and accounts are the plan's, known whole in a preview.
* *An account that is let go first.* An attachment depends on its policy; taken away, the two go in the other order.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from infra.residency.organization_policy import OrganizationPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationControlArgs:
    """The policies of a plan; `provider` is the management account's."""

    plan: OrganizationPlan
    provider: aws.Provider


class OrganizationControl(Component):
    """Service and resource control policies, each attached to its accounts."""

    def __init__(self, name: str, args: OrganizationControlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("OrganizationControl", name, opts)
        options = self._child(args.provider)
        for policy in args.plan.policies:
            made = aws.organizations.Policy(
                policy.name,
                name=policy.name,
                description=f"Denies what {policy.purpose} stands for to the accounts of legacy sites",
                type=policy.purpose.kind.value,
                content=policy.text(),
                opts=options,
            )
            for account in policy.accounts:
                aws.organizations.PolicyAttachment(
                    f"{policy.name}-on-{account}", policy_id=made.id, target_id=account, opts=options
                )
        self.register_outputs({})
