"""Plans where the trails of the legacy sites go, and what each of them logs.

Refuses an account whose administrators are the ones whom the trails are about: a site's, and the one that manages the
organization.
"""

from collections.abc import Iterator

from infra.residency import naming
from infra.residency.audit_request import ArchiveRequest, AuditRequest
from infra.residency.aws_policy import role_arn
from infra.residency.deployment import DeploymentRequest
from infra.residency.findings import Finding, Rule, join
from infra.residency.lifecycle import Phase
from infra.residency.placement import SitePlan
from infra.residency.planner import forms
from infra.residency.trails import ARCHIVE_REGION, ArchivePlan, TrailPlan

_PATH = "audit.archive"
_ACCOUNT = join(_PATH, "accountId")


def check_archive(request: ArchiveRequest, deployment: DeploymentRequest) -> Iterator[Finding]:
    """What is wrong with where the trails are to go."""
    yield from filter(
        None,
        (
            forms.ACCOUNT.finding(request.account_id, _ACCOUNT),
            forms.ROLE.finding(request.deployer_role, join(_PATH, "deployerRole")),
        ),
    )
    watched = {join("legacy.sites", name): site.account_id for name, site in deployment.sites.items()}
    if deployment.control is not None:
        watched["legacy.organization"] = deployment.control.account_id
    for path, account in sorted(watched.items()):
        if account == request.account_id:
            yield Finding(
                path=_ACCOUNT,
                rule=Rule.SEPARATION,
                given=f"{account}, which is the account of {path}",
                allowed="an account of its own",
                why="who administers an account must not keep what is written about them",
                fix="name an account that only keeps logs",
                basis=(join(path, "accountId"),),
            )
    if naming.ARCHIVE in deployment.sites:
        yield Finding(
            path=join("legacy.sites", naming.ARCHIVE),
            rule=Rule.NAME_COLLISION,
            given=f"{naming.ARCHIVE}, which is also the name for where trails go",
            allowed="a name of its own for each site",
            why="two trails of one name would be one trail",
            fix="rename the site",
            basis=(_PATH,),
        )


def plan_archive(request: AuditRequest, organization: str, sites: tuple[SitePlan, ...]) -> ArchivePlan:
    """The archive of a request that is right."""
    archive = request.archive
    bucket = naming.archive_bucket(organization, ARCHIVE_REGION, archive.account_id)
    own = TrailPlan(
        name=naming.ARCHIVE,
        region=ARCHIVE_REGION,
        account_id=archive.account_id,
        live=True,
        trail=naming.trail(organization, naming.ARCHIVE),
        buckets=(bucket,),
        readers=(),
        organization=organization,
    )
    trails = (own, *(_of_site(site, organization) for site in sites))
    return ArchivePlan(
        account_id=archive.account_id,
        deployer_role=archive.deployer_role,
        bucket=bucket,
        key_alias=naming.archive_key_alias(organization),
        retention_days=request.retention_days,
        trails=tuple(sorted(trails, key=lambda trail: trail.name)),
    )


def _of_site(plan: SitePlan, organization: str) -> TrailPlan:
    site = plan.site
    reads = site.phase in {Phase.BACKUP, Phase.DRAIN}  # in the others the one role reads nothing
    return TrailPlan(
        name=site.name,
        region=site.region,
        account_id=site.account_id,
        live=site.phase.has_holders,
        trail=naming.trail(organization, site.name),
        buckets=tuple(sorted((plan.reports_bucket, *(backup.bucket for backup in plan.backups)))),
        readers=(role_arn(site.account_id, plan.role),) if reads else (),
        organization=organization,
    )
