"""Plans who deploys: which jobs are believed, and where.

Refuses an issuer that signs for others than this repository's CI, a repository or environment that is a pattern or
empty, one environment for two purposes (its reviewers would be the same), a login that is no token of an hour, and a
trust without a group that it leads to.
"""

from collections.abc import Iterator, Mapping

from infra.residency.aws_policy import Kind
from infra.residency.ci import Account, CiPlan, Domain
from infra.residency.ci_request import CiRequest
from infra.residency.deployer import Powers
from infra.residency.deployment import DeploymentRequest
from infra.residency.duties import Duty
from infra.residency.findings import Finding, Rule, did_you_mean, join, said
from infra.residency.lifecycle import Site
from infra.residency.placement import AuthMethod
from infra.residency.planner import forms

_PATH = "ci"
_ENVIRONMENTS, _DOMAIN = join(_PATH, "environments"), join(_PATH, "domain")

PURPOSES = ("deploys", "moves", "reviews")
"""Jobs that take a session: a merge to main, one that moves a phase, and what looks without changing anything."""


def plan_ci(request: DeploymentRequest, sites: tuple[Site, ...], findings: list[Finding]) -> CiPlan | None:
    """Who deploys; None where the stack file names nobody, or something about it is not allowed."""
    asked = request.ci
    if asked is None:
        return None
    before = len(findings)
    checks = (
        forms.ISSUER.finding(asked.issuer, join(_PATH, "issuer")),
        forms.REPOSITORY.finding(asked.repository, join(_PATH, "repository")),
        forms.DOMAIN_URL.finding(asked.domain.url, join(_DOMAIN, "url")),
        forms.SCIM.finding(asked.domain.client_id, join(_DOMAIN, "clientId")),
        forms.SCIM.finding(asked.domain.user_id, join(_DOMAIN, "userId")),
        forms.SCIM.optional(asked.domain.trust_id, join(_DOMAIN, "trustId")),
    )
    findings.extend(filter(None, checks))
    findings.extend(_environments(asked.environments))
    findings.extend(_session(request))
    findings.extend(_group(request))
    if len(findings) > before:
        return None
    return CiPlan(
        issuer=asked.issuer,
        subjects=tuple(sorted(f"repo:{asked.repository}:environment:{it}" for it in asked.environments.values())),
        domain=_domain(asked),
        accounts=tuple(_accounts(request, sites)),
    )


def judge_powers(plan: CiPlan, powers: Powers) -> Iterator[Finding]:
    """What AWS would not take: it counts all policies inside one role together."""
    for account in plan.accounts:
        for role in account.roles:
            size = plan.limits(account.account_id, role).size + powers.may[account.account_id, role].size
            if size > Kind.ROLE.most_characters:
                yield Finding(
                    path=_PATH,
                    rule=Rule.LIMIT,
                    given=f"{size:,} characters for what {role} may do in account {account.account_id}",
                    allowed=f"at most {Kind.ROLE.most_characters:,} inside one role",
                    why="who deploys is let do what is named, and names take room",
                    fix="give the sites of that account accounts or deployers of their own, or adopt fewer buckets",
                )


def _domain(asked: CiRequest) -> Domain:
    it = asked.domain
    return Domain(url=it.url, client_id=it.client_id, user_id=it.user_id, trust_id=it.trust_id)


def _environments(asked: Mapping[str, str]) -> Iterator[Finding]:
    for purpose in sorted({*PURPOSES} - asked.keys()):
        yield Finding(
            path=_ENVIRONMENTS,
            rule=Rule.CI,
            given=f"none that {purpose}",
            allowed=f"one for each of {', '.join(PURPOSES)}",
            why="what has no environment of its own has no reviewers of its own",
            fix=f"add {purpose}: and the name of the environment",
        )
    taken: dict[str, str] = {}
    for purpose, name in sorted(asked.items()):
        path = join(_ENVIRONMENTS, purpose)
        if purpose not in PURPOSES:
            yield Finding(
                path=path,
                rule=Rule.CI,
                given=said(purpose),
                allowed=", ".join(PURPOSES),
                why="no workflow of this project has that purpose",
                fix=did_you_mean(purpose, PURPOSES, "name one of these"),
            )
        malformed = forms.ENVIRONMENT.finding(name, path)
        if malformed is not None:
            yield malformed
        elif name in taken:
            yield Finding(
                path=path,
                rule=Rule.CI,
                given=f"{name}, which also {taken[name]}",
                allowed="an environment of its own",
                why="its reviewers would decide about both",
                fix="make another environment, with reviewers of its own",
            )
        taken.setdefault(name, purpose)


def _session(request: DeploymentRequest) -> Iterator[Finding]:
    if request.oci.auth != AuthMethod.SECURITY_TOKEN:
        yield Finding(
            path="oci.auth.method",
            rule=Rule.CI,
            given=said(request.oci.auth),
            allowed=f"{AuthMethod.SECURITY_TOKEN} where ci names who deploys",
            why="a job is given a session of an hour, and every other method finds a login that it did not prove",
            fix=f"write {{method: {AuthMethod.SECURITY_TOKEN}, profile: NAME}}",
            basis=(_PATH,),
        )


def _group(request: DeploymentRequest) -> Iterator[Finding]:
    duties = {group.duty for group in request.access.groups.values()} if request.access is not None else set[str]()
    if Duty.DEPLOYMENT not in duties:
        yield Finding(
            path=_DOMAIN,
            rule=Rule.CI,
            given="a service user, and no group with the duty deployment",
            allowed="a group with that duty under access.groups, of which it is a member",
            why="who is believed and may do nothing gets rights elsewhere, where nobody looks",
            fix="add such a group: deployers: {duty: deployment, network: NAME}",
            basis=("access.groups",),
        )


def _accounts(request: DeploymentRequest, sites: tuple[Site, ...]) -> Iterator[Account]:
    """The accounts that a provider of this stack reaches: those of open sites, of trails, and of the organization."""
    deployers = {(site.account_id, site.deployer_role) for site in sites if site.phase.has_holders}
    if request.control is not None:
        deployers.add((request.control.account_id, request.control.deployer_role))
    if request.audit is not None:
        deployers.add((request.audit.archive.account_id, request.audit.archive.deployer_role))
    for account_id in sorted({account for account, _ in deployers}):
        roles = sorted(role for account, role in deployers if account == account_id)
        yield Account(account_id=account_id, roles=tuple(roles))
