"""Plans the legacy sites: which there are, until when, and the buckets that hold their backups.

Refuses a site outside the two legacy regions, past its expiry, or that shares account and region with another; a
deployer that is also the one who retires the site, or a role that this stack makes, since whoever deploys must not
read; and an adopted bucket that is named twice. Which phase a site may be in is judged by `phases`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from infra.residency import naming
from infra.residency.access import NetworkSource
from infra.residency.aws_policy import Policy
from infra.residency.bucket_policy import backup_policy, reports_policy
from infra.residency.dataset import Dataset
from infra.residency.deployment import DatasetRequest, DeploymentRequest, SiteRequest
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, join, said, visible
from infra.residency.flow import ALLOWED_AT_SITE, Flow, FlowKind
from infra.residency.lifecycle import Phase, Site, erased_by
from infra.residency.placement import BackupBucket, SitePlan
from infra.residency.planner import forms
from infra.residency.planner.phases import Judgement
from infra.residency.planner.restores import check_restore, plan_restore
from infra.residency.planner.transfers import check_transfer, plan_transfer
from infra.residency.regions import UsRegion, legacy_region
from infra.residency.restore import RestorePlan
from infra.residency.trails import ARCHIVE_REGION

_PATH = "legacy.sites"
_PHASES = {phase.value: phase for phase in Phase}


def plan_sites(request: DeploymentRequest, as_of: date, findings: list[Finding]) -> tuple[Site, ...]:
    """The sites that are right in themselves, sorted by name."""
    if not request.sites:
        findings.append(
            Finding(
                path=_PATH,
                rule=Rule.EMPTY_MAP,
                given="no site",
                allowed="at least one legacy site",
                why="a site ends by its phases, so that what it held is accounted for; leaving it out ends nothing",
                fix="add the sites, such as virginia: {region: us-east-1, …}",
            )
        )
    planned = [_site(name, site, request.organization, as_of, findings) for name, site in sorted(request.sites.items())]
    for site in planned:
        if site is not None:
            check_restore(
                request.sites[site.name],
                site,
                datasets=request.datasets,
                networks={} if request.access is None else request.access.networks,
                as_of=as_of,
                findings=findings,
            )
    _check_apart(request.sites, findings)
    for name, site in sorted(request.sites.items()):
        _check_adopted(name, site, request.datasets, findings)
    _check_names(request, findings)
    return tuple(site for site in planned if site is not None)


def _site(name: str, request: SiteRequest, organization: str, as_of: date, findings: list[Finding]) -> Site | None:
    path = join(_PATH, name)
    before = len(findings)
    checks = (
        forms.SITE.finding(name, path),
        forms.ACCOUNT.finding(request.account_id, join(path, "accountId")),
        forms.ROLE.finding(request.deployer_role, join(path, "deployerRole")),
        forms.ROLE.optional(request.operator_role, join(path, "operatorRole")),
        forms.REASON.optional(request.extension, join(path, "extension")),
        forms.CENSUS.optional(request.confirm_census, join(path, "confirmCensus")),
    )
    findings.extend(filter(None, checks))
    region = legacy_region(request.region)
    if isinstance(region, Refusal):
        findings.append(region.at(join(path, "region"), Rule.REGION))
    phase = _phase(request.phase, join(path, "phase"), findings)
    findings.extend(_roles(name, request, organization, phase))
    expires = _expires(request.expires, join(path, "expires"), phase, as_of, findings)
    if isinstance(region, Refusal) or phase is None or expires is None or len(findings) > before:
        return None
    site = Site(
        name=name,
        region=region,
        account_id=request.account_id,
        deployer_role=request.deployer_role,
        operator_role=request.operator_role,
        phase=phase,
        expires=expires,
        extension=request.extension,
    )
    if request.transfer is not None:
        check_transfer(request.transfer, site, findings)
    return site


def _phase(text: str, path: str, findings: list[Finding]) -> Phase | None:
    phase = _PHASES.get(text)
    if phase is None:
        findings.append(
            Finding(
                path=path,
                rule=Rule.PHASE,
                given=said(text),
                allowed=", ".join(_PHASES),
                fix=did_you_mean(text, _PHASES, f"write {Phase.BACKUP}"),
            )
        )
    return phase


def _expires(text: str, path: str, phase: Phase | None, as_of: date, findings: list[Finding]) -> date | None:
    """The site's expiry, which still has to come unless nothing of the site is left."""
    if phase is not None and not phase.has_holders:
        return forms.day(text, path, findings)
    return forms.future_date(text, path, as_of, findings)


def _roles(name: str, request: SiteRequest, organization: str, phase: Phase | None) -> Iterator[Finding]:
    """Checks that who deploys, who retires and what copies are three, and that somebody retires where that is due."""
    path = join(_PATH, name)
    own = {
        naming.transfer_role(organization, name): "the role of the transfer",
        naming.retirement_role(organization, name): "the role that retires the site",
    }
    named = {"deployerRole": request.deployer_role, "operatorRole": request.operator_role}
    for key, role in named.items():
        if role is not None and role in own:
            yield _role(join(path, key), f"{role}, {own[role]}", "this stack makes that role itself")
    if request.operator_role == request.deployer_role:
        yield _role(join(path, "operatorRole"), f"{request.operator_role}, who deploys", "who deploys must not read")
    if request.operator_role is None and phase in {Phase.DRAIN, Phase.WIPE}:
        yield Finding(
            path=join(path, "operatorRole"),
            rule=Rule.SITE,
            given=f"nothing, in phase {phase}",
            allowed="the name of the IAM role of those who retire the site",
            why="they alone may act as the role that reads, and later deletes, its objects",
            fix="add operatorRole: and that role's name",
        )


def _role(path: str, given: str, why: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.SITE,
        given=given,
        allowed="a role of its own for who deploys and for who retires",
        why=f"{why}; deploying and touching objects are two duties",
        fix="name the role that these people or machines assume",
    )


def _check_apart(requests: Mapping[str, SiteRequest], findings: list[Finding]) -> None:
    """Checks that no two sites share an account and a region: their buckets would have the same names."""
    seen: dict[tuple[str, str], str] = {}
    for name, site in sorted(requests.items()):
        place = (site.account_id, site.region)
        other = seen.setdefault(place, name)
        if other != name:
            findings.append(
                Finding(
                    path=join(_PATH, name),
                    rule=Rule.SITE,
                    given=f"account {site.account_id} in {site.region}, as {visible(other)}",
                    allowed="one site for each account and region",
                    why="buckets are named by dataset, region and account",
                    fix="make them one site",
                    basis=tuple(join(_PATH, site, key) for site in (name, other) for key in ("accountId", "region")),
                )
            )


def _check_adopted(
    name: str, site: SiteRequest, datasets: Mapping[str, DatasetRequest], findings: list[Finding]
) -> None:
    for dataset, bucket in sorted(site.adopt.items()):
        path = join(_PATH, name, "adopt", dataset)
        findings.extend(filter(None, [forms.BUCKET.finding(bucket, path)]))
        if dataset not in datasets:
            findings.append(
                Finding(
                    path=path,
                    rule=Rule.ADOPT,
                    given=said(dataset),
                    allowed=", ".join(sorted(datasets)) or "a dataset of this file",
                    why="an adopted bucket holds the backup of a dataset",
                    fix=did_you_mean(dataset, datasets, "name a dataset of this file, or add it"),
                    basis=("datasets",),
                )
            )


def _check_names(request: DeploymentRequest, findings: list[Finding]) -> None:
    """Checks that no two backups have the same name, in the plan or in AWS, where names are one for the whole world."""
    planned: dict[str, str] = {}
    taken: dict[str, str] = {}
    if request.audit is not None:
        account = request.audit.archive.account_id
        taken[naming.archive_bucket(request.organization, ARCHIVE_REGION, account)] = "audit.archive"
    for name, site in sorted(request.sites.items()):
        region = legacy_region(site.region)
        if isinstance(region, Refusal):
            continue
        path = join(_PATH, name)
        taken.setdefault(naming.reports_bucket(request.organization, region, site.account_id), f"the reports of {path}")
        for dataset in sorted(set(request.datasets) - set(site.adopt)):
            taken.setdefault(
                naming.backup_bucket(request.organization, dataset, region, site.account_id), join(path, dataset)
            )
    for name, site in sorted(request.sites.items()):
        for dataset, bucket in sorted(site.adopt.items()):
            path = join(_PATH, name, "adopt", dataset)
            other = taken.setdefault(bucket, path)
            if other != path:
                findings.append(
                    _collision(path, bucket, other, "name the bucket that holds this dataset's backup only")
                )
        for dataset in sorted(request.datasets):
            path = join(_PATH, name)
            other = planned.setdefault(naming.backup(dataset, name), f"{dataset} at {name}")
            if other != f"{dataset} at {name}":
                findings.append(
                    _collision(path, naming.backup(dataset, name), other, f"rename the site, or the dataset {dataset}")
                )


def _collision(path: str, given: str, other: str, fix: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.NAME_COLLISION,
        given=f"{given}, which is also the name for {visible(other)}",
        allowed="a name of its own for each backup",
        why="two holders of one name would be one holder",
        fix=fix,
    )


def backup_buckets(
    site: Site, adopt: Mapping[str, str], datasets: tuple[Dataset, ...], organization: str
) -> dict[str, str]:
    """The bucket of each dataset's backup at a site, by the dataset's name."""
    return {
        dataset.name: adopt.get(dataset.name)
        or naming.backup_bucket(organization, dataset.name, site.region, site.account_id)
        for dataset in datasets
    }


def provision(
    site: Site,
    request: SiteRequest,
    datasets: tuple[Dataset, ...],
    organization: str,
    primary: UsRegion,
    *,
    namespace: str,
    networks: Mapping[str, NetworkSource],
    judgement: Judgement,
    as_of: date,
) -> SitePlan:
    """What a site has in its phase: one bucket for each dataset, and one for the reports about them.

    Args:
        site: the site.
        request: what the stack file says about it.
        datasets: those that have a backup there.
        organization: part of every name.
        primary: the region whose stores are backed up.
        namespace: of Object Storage, where the default stores are.
        networks: those of `access`, by name.
        judgement: what is known about its phase.
        as_of: the day of the plan.
    """
    backing_up = site.phase is Phase.BACKUP
    role = (naming.transfer_role if backing_up else naming.retirement_role)(organization, site.name)
    adopt = request.adopt
    buckets = backup_buckets(site, adopt, datasets, organization)

    def policy(bucket: str, restore: RestorePlan | None = None) -> Policy:
        return backup_policy(
            phase=site.phase,
            bucket=bucket,
            account_id=site.account_id,
            role=role,
            deployer_role=site.deployer_role,
            restore=restore,
        )

    def backup(dataset: Dataset) -> BackupBucket:
        shards = [naming.shard(dataset.name, number) for number in range(dataset.shards)]
        return BackupBucket(
            name=naming.backup(dataset.name, site.name),
            dataset=dataset,
            bucket=buckets[dataset.name],
            adopted=dataset.name in adopt,
            prefixes=tuple(f"{shard}/" for shard in shards),
            flows=_flows(site, dataset, primary),
            policy=policy(buckets[dataset.name]),
        )

    backups = tuple(map(backup, datasets)) if site.phase.has_holders else ()
    restore = None
    if request.restore is not None:
        restore = plan_restore(request.restore, site, organization=organization, networks=networks, backups=backups)
        backups = tuple(
            replace(it, policy=policy(it.bucket, restore)) if it.bucket == restore.bucket else it for it in backups
        )
    reports = naming.reports_bucket(organization, site.region, site.account_id)
    return SitePlan(
        site=site,
        moves=judgement.moves,
        receipt=judgement.believed[-1] if judgement.believed else None,
        key_alias=naming.key_alias(organization, site.name),
        role=role,
        operator_role="" if backing_up else site.operator_role or "",
        reports_bucket=reports,
        reports_policy=reports_policy(
            phase=site.phase,
            bucket=reports,
            account_id=site.account_id,
            role=role,
            deployer_role=site.deployer_role,
            # a pattern, so that another dataset is no change to a policy that it has no part in
            sources=(
                naming.backup_bucket(organization, "*", site.region, site.account_id),
                *sorted(backup.bucket for backup in backups if backup.adopted),
            ),
        ),
        backups=backups,
        transfer=plan_transfer(
            request.transfer,
            site,
            organization=organization,
            namespace=namespace,
            primary=primary,
            backups=backups,
        )
        if request.transfer is not None
        else None,
        restore=restore,
        erased_by=erased_by(as_of) if _ends(site, moves=judgement.moves) else None,
    )


def _ends(site: Site, *, moves: bool) -> bool:
    """Whether the key's deletion is next, or is what the plan is about."""
    return site.phase is Phase.WIPE or (site.phase is Phase.CLOSED and moves)


def _flows(site: Site, dataset: Dataset, primary: UsRegion) -> tuple[Flow, ...]:
    """Each shard's way to the site while backups are made, from it while it is drained, and none afterwards."""
    kind = ALLOWED_AT_SITE[site.phase]
    if kind is None:
        return ()
    arriving = kind is FlowKind.BACKUP

    def flow(number: int) -> Flow:
        shard = naming.shard(dataset.name, number)
        return Flow(
            name=naming.flow(shard, site.name) if arriving else naming.flow(naming.backup(shard, site.name), primary),
            kind=kind,
            dataset=dataset,
            shard=number,
            source=primary if arriving else site,
            target=site if arriving else primary,
            until=site.expires,
        )

    return tuple(map(flow, range(dataset.shards)))
