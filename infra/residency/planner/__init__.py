"""The planner: from what a stack file asks for to what is provisioned, or to every reason why it may not be.

Pure and total: for any request it returns a plan or raises one `ResidencyError`. It judges each concern on its own
(`tenancy`, `networks`, `datasets`, `sites`, `traffic`), so that one mistake does not hide another, then puts the plan
together, and last judges what it made once more: every flow by itself, and every bucket policy for a locked-out
deployer.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from infra.residency import failover, naming
from infra.residency.access import AccessPlan
from infra.residency.access_request import AccessLimitsRequest
from infra.residency.audit import AuditPlan
from infra.residency.aws_policy import Policy, role_arn, too_much
from infra.residency.bucket_policy import lockouts
from infra.residency.ci import CiPlan
from infra.residency.compartment import Compartment, of_class
from infra.residency.dataset import DataClass, Dataset
from infra.residency.deployer import powers
from infra.residency.deployment import DeploymentRequest
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.failover import Roles
from infra.residency.findings import Finding, ResidencyError, Rule, join
from infra.residency.flow import Flow, refusal
from infra.residency.grants import ServiceGrant, ServiceUse
from infra.residency.guardrails import GuardrailsPlan
from infra.residency.holders import Deployed, data_buckets
from infra.residency.holders import judge as judge_holders
from infra.residency.keys import KeyCare
from infra.residency.lifecycle import Phase, Site
from infra.residency.organization_policy import OrganizationPlan
from infra.residency.placement import DatasetPlan, KeyPlan, Plan, SitePlan, Tenancy
from infra.residency.planner.access import overlaps, plan_access
from infra.residency.planner.approvals import plan_approvals
from infra.residency.planner.archive import plan_archive
from infra.residency.planner.audit import judge_retention, plan_audit
from infra.residency.planner.ci import judge_powers, plan_ci
from infra.residency.planner.datasets import place, plan_datasets
from infra.residency.planner.guardrails import judge_retirement, judge_routing, plan_guardrails
from infra.residency.planner.keys import plan_keys
from infra.residency.planner.limits import judge_limits
from infra.residency.planner.networks import Regions, plan_regions
from infra.residency.planner.organization import plan_control
from infra.residency.planner.phases import Judgement, judge_phase, plan_signers
from infra.residency.planner.sites import backup_buckets, plan_sites, provision
from infra.residency.planner.state_home import plan_state
from infra.residency.planner.tenancy import plan_organization, plan_tenancy
from infra.residency.planner.traffic import plan_traffic
from infra.residency.quotas import plan_quotas
from infra.residency.regions import UsRegion
from infra.residency.site_policies import site_policies
from infra.residency.state_home import StateHome
from infra.residency.traffic import TrafficPlan
from infra.residency.trail_policies import archive_policies
from infra.residency.trails import ArchivePlan

__all__ = ["MOST_HOLDERS", "plan"]

MOST_HOLDERS = 200
"""Buckets in one stack. The Pulumi SDK registers about 100 resources a second, and each bucket brings about five: above
a thousand a preview is no longer read, and a stack is better cut in two."""

LEAST_NONCURRENT_DAYS = 30
"""How long older versions must be kept where they are the only way back."""


def plan(request: DeploymentRequest, as_of: date, evidence: Evidence = NO_EVIDENCE) -> Plan:
    """What a stack provisions on a day.

    Args:
        request: the deployment value of a stack file, right in shape.
        as_of: the day on which the plan is made, against which every expiry is held.
        evidence: receipts, and what has been deployed so far.

    Raises:
        ResidencyError: with everything that may not be, sorted by path.
    """
    findings: list[Finding] = []
    plan_organization(request, findings)
    tenancy = plan_tenancy(request.oci, findings)
    regions = plan_regions(request.oci, findings)
    state = plan_state(request.state, request.organization, tenancy, regions, findings)
    datasets = plan_datasets(request.datasets, as_of, findings)
    sites = plan_sites(request, as_of, findings)
    traffic = None
    if request.traffic is not None:
        traffic = plan_traffic(request.traffic, request.organization, regions, findings)
    signers = plan_signers(request.signers, findings)
    approvals = plan_approvals(request.access, datasets, signers, evidence=evidence, as_of=as_of, findings=findings)
    access = None
    if request.access is not None:
        access = plan_access(
            request.access,
            request.organization,
            regions,
            datasets,
            approvals=approvals,
            signers=signers,
            watched=request.audit is not None and bool(request.audit.sealed_users),
            findings=findings,
        )
    audit = None
    if request.audit is not None:
        audit = plan_audit(
            request.audit,
            request,
            tenancy,
            regions,
            as_of=as_of,
            traffic=traffic,
            deployed=evidence.deployed,
            findings=findings,
        )
        findings.extend(judge_retention(audit, sites, as_of))
    control = plan_control(request, sites, findings)
    ci = plan_ci(request, sites, findings)
    guardrails = None
    if request.guardrails is not None:
        guardrails = plan_guardrails(
            request.guardrails, request.organization, tenancy, None if regions is None else regions.all, findings
        )
    key_care = plan_keys(request, regions, findings)
    phases = _phases(request, sites, datasets, signers, evidence=evidence, as_of=as_of, findings=findings)
    if regions is not None and evidence.deployed is not None:
        findings.extend(_exchange(regions.roles, evidence.deployed.roles))
    findings.extend(_limit(datasets, sites))
    if tenancy is None or regions is None or key_care is None or findings:
        raise ResidencyError(findings)
    site_plans = tuple(
        provision(
            site,
            request.sites[site.name],
            _backed_up(site, request, datasets, evidence.deployed),
            request.organization,
            regions.roles.origin,
            namespace=tenancy.namespace,
            networks={network.name: network for network in access.networks} if access is not None else {},
            judgement=phases[site.name],
            as_of=as_of,
        )
        for site in sites
    )
    placed = tuple(
        place(dataset, request.organization, tenancy.namespace, regions.roles, evidence.deployed)
        for dataset in datasets
    )
    archive = None
    if request.audit is not None:
        archive = plan_archive(request.audit, request.organization, site_plans)
    planned = _assemble(
        request,
        tenancy,
        regions,
        placed,
        site_plans,
        traffic=traffic,
        access=access,
        guardrails=guardrails,
        control=control,
        key_care=key_care,
        state=state,
        audit=audit,
        ci=ci,
        archive=archive,
    )
    findings.extend(judge(planned, as_of))
    findings.extend(judge_limits(planned, request.access.limits if request.access else AccessLimitsRequest()))
    if evidence.deployed is not None:
        receipts = {name: judgement.believed for name, judgement in phases.items()}
        findings.extend(judge_holders(planned, evidence.deployed, receipts))
        findings.extend(judge_retirement(planned, evidence.deployed))
    if findings:
        raise ResidencyError(findings)
    return planned


def _exchange(roles: Roles, deployed: Roles | None) -> Iterator[Finding]:
    """Checks that the roles of the regions are the deployed ones, or a step from them."""
    if deployed is None or (refused := failover.refusal(deployed, roles)) is None:
        return
    yield refused.at("oci.failover" if deployed.primary is roles.primary else "oci.regions", Rule.FAILOVER)


def _phases(
    request: DeploymentRequest,
    sites: tuple[Site, ...],
    datasets: tuple[Dataset, ...],
    signers: Mapping[str, bytes],
    *,
    evidence: Evidence,
    as_of: date,
    findings: list[Finding],
) -> dict[str, Judgement]:
    """What is known about the phase of each site."""
    return {
        site.name: judge_phase(
            site,
            buckets=frozenset(
                backup_buckets(site, request.sites[site.name].adopt, datasets, request.organization).values()
            ),
            confirmed=request.sites[site.name].confirm_census,
            signers=signers,
            evidence=evidence,
            as_of=as_of,
            findings=findings,
        )
        for site in sites
    }


def _backed_up(
    site: Site, request: DeploymentRequest, datasets: tuple[Dataset, ...], deployed: Deployed | None
) -> tuple[Dataset, ...]:
    """The datasets with a backup at a site: once it takes nothing in, those that had one then."""
    if site.phase is Phase.BACKUP or deployed is None:
        return datasets
    buckets = backup_buckets(site, request.sites[site.name].adopt, datasets, request.organization)
    there = data_buckets(deployed, site.name)
    return tuple(dataset for dataset in datasets if buckets[dataset.name] in there)


def judge(planned: Plan, as_of: date) -> Iterator[Finding]:
    """What a finished plan may not contain, whoever made it: an illegal flow, a lockout, duties that must be apart."""
    for dataset in planned.datasets:
        path = join("datasets", dataset.dataset.name)
        yield from _illegal((*dataset.replications, *([dataset.export] if dataset.export else [])), path, as_of)
    for site in planned.sites:
        path = join("legacy.sites", site.site.name)
        deployer = role_arn(site.site.account_id, site.site.deployer_role)
        for backup in site.backups:
            yield from _illegal(backup.flows, path, as_of)
        for policy in (site.reports_policy, *(backup.policy for backup in site.backups)):
            for sid, calls in lockouts(policy, deployer):
                yield Finding(
                    path=join(path, "deployerRole"),
                    rule=Rule.LOCKOUT,
                    given=f"{sid} of bucket {policy.name}, which denies {site.site.deployer_role} {', '.join(calls)}",
                    allowed="a policy that denies reading objects, never the bucket's configuration",
                    why="who cannot read or change a bucket's policy cannot mend it",
                    fix="spare the deployer in that statement, or name fewer actions",
                )
        for policy in site_policies(site, planned.organization):
            yield from _grants(policy, path)
    yield from _deployers(planned)
    for policy in archive_policies(planned.archive) if planned.archive is not None else ():
        yield from _grants(policy, "audit.archive")
    if not any(site.site.phase.has_holders for site in planned.sites):
        yield from _versions(planned)
    yield from _together(planned)
    yield from judge_routing(planned)


def _deployers(planned: Plan) -> Iterator[Finding]:
    """What the policies of jobs that deploy may not say, and what AWS would not take of them."""
    if planned.ci is None:
        return
    let = powers(planned)
    for policy in (*planned.ci.policies(), *let.policies()):
        yield from _grants(policy, "ci")
    yield from judge_powers(planned.ci, let)


def _grants(policy: Policy, path: str) -> Iterator[Finding]:
    """What an AWS policy may not allow, and what AWS would not take."""
    for sid, what in too_much(policy):
        subject = f"{sid} in the {policy.kind}" if sid else f"the {policy.kind}"
        yield Finding(
            path=path,
            rule=Rule.GRANT if sid else Rule.LIMIT,
            given=f"{subject} of {policy.name}: {what}",
            allowed="named callers of this account, named calls, named resources, in a document that AWS takes",
            why="a grant that is wider than its duty is somebody's way in",
            fix="narrow the statement" if sid else "adopt fewer buckets at one site, or split the stack",
        )


def _together(planned: Plan) -> Iterator[Finding]:
    groups = planned.access.groups if planned.access is not None else ()
    duties = (statement for group in groups for statement in group.statements)
    exports = (grant.statement() for dataset in planned.datasets for grant in dataset.export_grants)
    for name, overlap in overlaps((*duties, *exports)).items():
        yield Finding(
            path=join("access.groups", name),
            rule=Rule.SEPARATION,
            given=f"{overlap.touches.text()}; and {overlap.changes.text()}",
            allowed="to touch private data, or to change what guards it, not both",
            why="who can do both can take data and leave no trace",
            fix="give one of the two to another group",
        )


def _versions(planned: Plan) -> Iterator[Finding]:
    """Checks what is the only way back once the last backup is gone."""
    for dataset in planned.datasets:
        for store in dataset.placements:
            if store.noncurrent_days is not None and store.noncurrent_days < LEAST_NONCURRENT_DAYS:
                yield Finding(
                    path=join("datasets", dataset.dataset.name),
                    rule=Rule.VERSIONS,
                    given=f"{store.bucket}, which keeps older versions for {store.noncurrent_days} days",
                    allowed=f"at least {LEAST_NONCURRENT_DAYS} days once every legacy site is closed",
                    why="replication copies deletes: older versions are the only way back when no backup is left",
                    fix="keep older versions longer",
                )


def _illegal(flows: tuple[Flow, ...], path: str, as_of: date) -> Iterator[Finding]:
    for flow in flows:
        refused = refusal(flow, as_of)
        if refused is not None:
            yield refused.at(path, Rule.FLOW)


def _limit(datasets: tuple[Dataset, ...], sites: tuple[Site, ...]) -> Iterator[Finding]:
    holders = 2 * sum(dataset.shards for dataset in datasets) + len(sites) * (len(datasets) + 1)
    if holders > MOST_HOLDERS:
        yield Finding(
            path="datasets",
            rule=Rule.LIMIT,
            given=f"{holders} buckets: two for each shard, one for each dataset and for the reports at each site",
            allowed=f"at most {MOST_HOLDERS} in one stack",
            why="a larger stack takes minutes to preview, and nobody reads its diff",
            fix="put some datasets into a stack of their own",
        )


def _assemble(
    request: DeploymentRequest,
    tenancy: Tenancy,
    regions: Regions,
    datasets: tuple[DatasetPlan, ...],
    sites: tuple[SitePlan, ...],
    *,
    traffic: TrafficPlan | None,
    access: AccessPlan | None,
    guardrails: GuardrailsPlan | None,
    control: OrganizationPlan | None,
    key_care: KeyCare,
    state: StateHome | None,
    audit: AuditPlan | None,
    ci: CiPlan | None,
    archive: ArchivePlan | None,
) -> Plan:
    organization = request.organization
    return Plan(
        organization=organization,
        tenancy=tenancy,
        roles=regions.roles,
        networks=regions.networks,
        keys=_keys(organization, regions),
        key_care=key_care,
        service_grants=_service_grants(organization, regions, audit),
        datasets=datasets,
        sites=sites,
        control=control,
        quotas=plan_quotas(organization, regions.all),
        traffic=traffic,
        access=access,
        guardrails=guardrails,
        state=state,
        audit=audit,
        ci=ci,
        archive=archive,
    )


def _keys(organization: str, regions: Regions) -> tuple[KeyPlan, ...]:
    """A key for every class in every region, used or not: a new dataset adds nothing but its own."""
    keys = (
        KeyPlan(name=naming.key(organization, data_class, network.region), region=network.region, data_class=data_class)
        for network in regions.networks
        for data_class in DataClass
    )
    return tuple(sorted(keys, key=lambda key: key.name))


def _service_grants(organization: str, regions: Regions, audit: AuditPlan | None) -> tuple[ServiceGrant, ...]:
    """What Object Storage itself may do, in exactly the regions that hold data or logs."""

    def grant(region: UsRegion, compartment: Compartment, use: ServiceUse) -> ServiceGrant:
        return ServiceGrant(
            name=f"{region.facts.storage_service_principal}-{compartment}",
            region=region,
            organization=organization,
            compartment=compartment,
            use=use,
        )

    grants: list[ServiceGrant] = []
    for region in (regions.roles.primary, regions.roles.other):
        grants.extend(grant(region, of_class(data_class), ServiceUse.OBJECTS) for data_class in DataClass)
        grants.append(grant(region, Compartment.KEYS, ServiceUse.KEYS))
    logged = audit.regions if audit is not None else ()
    grants.extend(grant(it.region, Compartment.AUDIT, ServiceUse.KEYS) for it in logged)
    return tuple(sorted(grants, key=lambda grant: grant.name))
