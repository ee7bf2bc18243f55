"""Plans what AWS Organizations forbids in the legacy accounts, where the stack file says that it is managed here.

Refuses a site in the management account, which no policy binds, and more or longer policies than AWS takes.
"""

from collections import Counter

from infra.residency.deployment import DeploymentRequest
from infra.residency.findings import Finding, Rule, join
from infra.residency.lifecycle import Site
from infra.residency.organization_policy import (
    MOST_ATTACHED,
    MOST_CHARACTERS,
    ControlPolicy,
    OrganizationPlan,
    plan_policies,
)
from infra.residency.planner import forms

_PATH = "legacy.organization"


def plan_control(
    request: DeploymentRequest, sites: tuple[Site, ...], findings: list[Finding]
) -> OrganizationPlan | None:
    """The policies of the organization; None where it is not managed here, or something about it is not allowed."""
    asked = request.control
    if asked is None:
        return None
    before = len(findings)
    checks = (
        forms.AWS_ORGANIZATION.finding(asked.id, join(_PATH, "id")),
        forms.ACCOUNT.finding(asked.account_id, join(_PATH, "accountId")),
        forms.ROLE.finding(asked.deployer_role, join(_PATH, "deployerRole")),
    )
    findings.extend(filter(None, checks))
    for name, site in sorted(request.sites.items()):
        if site.account_id == asked.account_id:
            findings.append(
                Finding(
                    path=join(_PATH, "accountId"),
                    rule=Rule.GUARDRAIL,
                    given=f"{asked.account_id}, the account of the site {name}",
                    allowed="an account that holds no data",
                    why="no policy of an organization binds its management account",
                    fix="name the management account; if the site is in it, its data is guarded by nothing of this",
                    basis=(join("legacy.sites", name, "accountId"),),
                )
            )
    if len(findings) > before:
        return None
    policies = plan_policies(request.organization, asked.id, sites, audited=request.audit is not None)
    findings.extend(judge_limits(policies, asked.other_policies))
    return OrganizationPlan(
        id=asked.id, account_id=asked.account_id, deployer_role=asked.deployer_role, policies=policies
    )


def judge_limits(policies: tuple[ControlPolicy, ...], others: int) -> list[Finding]:
    """What AWS would not take: policies that are too long, or too many on one account.

    Args:
        policies: of one organization.
        others: how many policies of each kind somebody else has attached to each account.
    """
    found = [
        Finding(
            path=_PATH,
            rule=Rule.LIMIT,
            given=f"{policy.name}, which has {len(policy.text()):,} characters",
            allowed=f"at most {MOST_CHARACTERS:,} in a policy",
            why='AWS\'s page "Quotas for AWS Organizations" has the limit; it is not raised',
            fix="give the sites of one account one deployer, or accounts of their own",
        )
        for policy in policies
        if len(policy.text()) > MOST_CHARACTERS
    ]
    attached = Counter((account, policy.purpose.kind) for policy in policies for account in policy.accounts)
    found += [
        Finding(
            path=join(_PATH, "otherPolicies"),
            rule=Rule.LIMIT,
            given=f"{others} beside {count} of ours on account {account}, of the kind {kind}",
            allowed=f"at most {MOST_ATTACHED} of a kind on one account",
            why='AWS\'s page "Quotas for AWS Organizations" has the limit; it is not raised',
            fix="merge the others into fewer policies, or attach them to an organizational unit",
        )
        for (account, kind), count in sorted(attached.items())
        if count + others > MOST_ATTACHED
    ]
    return found
