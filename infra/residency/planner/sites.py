"""Plans the legacy sites: which there are, until when, and the buckets that hold their backups.

Refuses a site outside the two legacy regions, past its expiry, in a phase without resources, or that shares account and
region with another; a deployer that is also the transfer role, since whoever deploys must not read; and an adopted
bucket that is named twice.
"""

from collections.abc import Mapping
from datetime import date

from infra.residency import naming
from infra.residency.bucket_policy import backup_policy, reports_policy
from infra.residency.dataset import Dataset
from infra.residency.deployment import DatasetRequest, DeploymentRequest, SiteRequest
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, join, said, visible
from infra.residency.flow import Flow, FlowKind
from infra.residency.lifecycle import PROVISIONED, Phase, Site
from infra.residency.placement import BackupBucket, SitePlan
from infra.residency.planner import forms
from infra.residency.regions import UsRegion, legacy_region

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
    )
    findings.extend(filter(None, checks))
    if request.deployer_role == naming.transfer_role(organization, name):
        findings.append(
            Finding(
                path=join(path, "deployerRole"),
                rule=Rule.SITE,
                given=f"{request.deployer_role}, the role of the transfer",
                allowed="a role of the deployer's own",
                why="the transfer reads and writes objects; who deploys must not",
                fix="name the role that your deployments assume",
            )
        )
    region = legacy_region(request.region)
    if isinstance(region, Refusal):
        findings.append(region.at(join(path, "region"), Rule.REGION))
    phase = _phase(request.phase, join(path, "phase"), findings)
    expires = forms.future_date(request.expires, join(path, "expires"), as_of, findings)
    if isinstance(region, Refusal) or phase is None or expires is None or len(findings) > before:
        return None
    return Site(
        name=name,
        region=region,
        account_id=request.account_id,
        deployer_role=request.deployer_role,
        phase=phase,
        expires=expires,
    )


def _phase(text: str, path: str, findings: list[Finding]) -> Phase | None:
    phase = _PHASES.get(text)
    if phase in PROVISIONED:
        return phase
    provisioned = {phase.value for phase in PROVISIONED}
    findings.append(
        Finding(
            path=path,
            rule=Rule.PHASE,
            given=said(text),
            allowed=", ".join(sorted(provisioned)),
            why="this version has resources for no other phase" if phase else "",
            fix=did_you_mean(text, provisioned, f"write {Phase.BACKUP}"),
        )
    )
    return None


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


def provision(
    site: Site, adopt: Mapping[str, str], datasets: tuple[Dataset, ...], organization: str, source: UsRegion
) -> SitePlan:
    """What a site in phase BACKUP has: one bucket for each dataset, and one for the reports about them."""
    transfer_role = naming.transfer_role(organization, site.name)

    def backup(dataset: Dataset) -> BackupBucket:
        bucket = adopt.get(dataset.name) or naming.backup_bucket(
            organization, dataset.name, site.region, site.account_id
        )
        shards = [naming.shard(dataset.name, number) for number in range(dataset.shards)]
        return BackupBucket(
            name=naming.backup(dataset.name, site.name),
            dataset=dataset,
            bucket=bucket,
            adopted=dataset.name in adopt,
            prefixes=tuple(f"{shard}/" for shard in shards),
            flows=tuple(
                Flow(
                    name=naming.flow(shard, site.name),
                    kind=FlowKind.BACKUP,
                    dataset=dataset,
                    shard=number,
                    source=source,
                    target=site,
                    until=site.expires,
                )
                for number, shard in enumerate(shards)
            ),
            policy=backup_policy(
                bucket=bucket,
                account_id=site.account_id,
                transfer_role=transfer_role,
                deployer_role=site.deployer_role,
            ),
        )

    backups = tuple(backup(dataset) for dataset in datasets)
    reports = naming.reports_bucket(organization, site.region, site.account_id)
    return SitePlan(
        site=site,
        key_alias=naming.key_alias(organization, site.name),
        transfer_role=transfer_role,
        reports_bucket=reports,
        reports_policy=reports_policy(
            bucket=reports,
            account_id=site.account_id,
            deployer_role=site.deployer_role,
            # a pattern, so that another dataset is no change to a policy that it has no part in
            sources=(
                naming.backup_bucket(organization, "*", site.region, site.account_id),
                *sorted(backup.bucket for backup in backups if backup.adopted),
            ),
        ),
        backups=backups,
    )
