"""Whom both clouds believe that it deploys: jobs of the CI, by tokens of an hour.

What it refuses:

* *A key.* No access key, API key or customer secret key is made, and no word of an application is in the state.
* *A thumbprint.* Of this issuer AWS checks certificates against authorities of its own; a thumbprint would be one more
  whom somebody believes.
* *A role that goes with the stack.* What deploys was there before it, is taken over by it, and stays when it lets go:
  a job that deleted its own role could not finish.
* *A job that says what jobs may do.* A document about who deploys is part of the name of what carries it: another
  document is another resource, which can be taken over once administrators have put it there, and not be put there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_oci as oci

from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.aws_policy import Policy, managed_policy_arn
from infra.residency.ci import AUDIENCE, DESCRIPTION, MAY, NEVER, Account, CiPlan
from infra.residency.deployer import Powers

_SCHEMA = "urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiTrustArgs:
    """Who deploys, and the provider that reaches each AWS account, by its number.

    Attributes:
        powers: what each deployer's role may do, and what bounds the roles that it makes.
    """

    foundation: TenancyFoundation
    plan: CiPlan
    powers: Powers
    accounts: Mapping[str, aws.Provider]


class CiTrust(Component):
    """A trust of the identity domain; in each AWS account the issuer, deployers' roles, and what bounds the others."""

    def __init__(self, name: str, args: CiTrustArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("CiTrust", name, opts)
        self._plan, self._powers = args.plan, args.powers
        self._domain(args.foundation)
        for account in args.plan.accounts:
            self._account(account, args.accounts[account.account_id])
        for number, policy in args.powers.boundaries.items():
            self._boundary(number, policy, args.accounts[number])
        self.register_outputs({})

    def _domain(self, foundation: TenancyFoundation) -> None:
        plan, domain = self._plan, self._plan.domain
        oci.identity.DomainsIdentityPropagationTrust(
            "ci",
            idcs_endpoint=domain.url,
            schemas=[_SCHEMA],
            name=f"{foundation.organization}-ci",
            description="Jobs that deploy this stack, by a token of an hour",
            type="JWT",
            issuer=plan.issuer,
            public_key_endpoint=plan.keys_url,
            active=True,
            allow_impersonation=True,
            client_claim_name="aud",
            client_claim_values=[domain.url],
            oauth_clients=[domain.client_id],
            subject_type="User",
            impersonation_service_users=[
                oci.identity.DomainsIdentityPropagationTrustImpersonationServiceUserArgs(
                    rule=rule, value=domain.user_id
                )
                for rule in plan.rules()
            ],
            opts=self._taken_over(foundation.home, _trust_id(plan)),
        )

    def _boundary(self, number: str, policy: Policy, provider: aws.Provider) -> None:
        aws.iam.Policy(
            f"{policy.name}-{number}-{policy.digest}",
            name=policy.name,
            policy=policy.text(),
            opts=self._taken_over(provider, managed_policy_arn(number, policy.name)),
        )

    def _account(self, account: Account, provider: aws.Provider) -> None:
        plan, number = self._plan, account.account_id
        issuer = aws.iam.OpenIdConnectProvider(
            f"ci-{number}",
            url=plan.issuer,
            client_id_lists=[AUDIENCE],
            opts=self._taken_over(provider, plan.provider_arn(number)),
        )
        for name in account.roles:
            trust = plan.trust(number, name)
            role = aws.iam.Role(
                f"{name}-{number}-{trust.digest}",
                name=name,
                description=DESCRIPTION,
                assume_role_policy=trust.text(),
                opts=self._taken_over(provider, name, depends_on=(issuer,)),
            )
            limits = plan.limits(number, name)
            aws.iam.RolePolicy(
                f"{name}-{number}-{NEVER}-{limits.digest}",
                name=NEVER,
                role=name,
                policy=limits.text(),
                opts=self._taken_over(provider, f"{name}:{NEVER}", depends_on=(role,), was=f"{name}-{number}"),
            )
            may = self._powers.may[number, name]
            aws.iam.RolePolicy(
                f"{name}-{number}-{MAY}-{may.digest}",
                name=MAY,
                role=name,
                policy=may.text(),
                opts=self._taken_over(provider, f"{name}:{MAY}", depends_on=(role,)),
            )


def _trust_id(plan: CiPlan) -> str | None:
    """As the Oracle provider imports it."""
    domain = plan.domain
    if domain.trust_id is None:
        return None
    return f"idcsEndpoint/{domain.url}/identityPropagationTrusts/{domain.trust_id}"
