"""Plans restores: refuses one in a phase that has none, of a dataset or network that is not there, or for too long."""

from collections.abc import Mapping
from datetime import date, timedelta

from infra.residency import naming
from infra.residency.access import NetworkSource
from infra.residency.deployment import RestoreRequest, SiteRequest
from infra.residency.findings import Finding, Rule, did_you_mean, join, said
from infra.residency.lifecycle import Phase, Site
from infra.residency.placement import BackupBucket
from infra.residency.planner import forms
from infra.residency.restore import RestorePlan

MOST_DAYS = 30
"""A restore that takes longer is asked for again."""


def check_restore(
    request: SiteRequest,
    site: Site,
    *,
    datasets: Mapping[str, object],
    networks: Mapping[str, object],
    as_of: date,
    findings: list[Finding],
) -> None:
    """Finds what is wrong with a site's restore, if it has one."""
    restore = request.restore
    if restore is None:
        return
    path = join("legacy.sites", site.name, "restore")
    findings.extend(filter(None, [forms.ROLE.finding(restore.role, join(path, "role"))]))
    until = forms.future_date(restore.until, join(path, "until"), as_of, findings)
    last = min(as_of + timedelta(days=MOST_DAYS), site.expires)
    if until is not None and until > last:
        _refuse(
            findings,
            join(path, "until"),
            given=restore.until,
            allowed=f"{last.isoformat()} or earlier: {MOST_DAYS} days from now, and no later than the site expires",
            why="who may read private data for months has standing access",
            fix=f'write "{last.isoformat()}", and ask again if that is not enough',
        )
    if site.phase is not Phase.BACKUP:
        _refuse(
            findings,
            path,
            given=f"a restore in phase {site.phase}",
            allowed=f"a restore in phase {Phase.BACKUP}",
            why="from drain on the site's own role reads what is to come back",
            fix="remove restore",
        )
    if restore.role == site.deployer_role:
        _refuse(
            findings,
            join(path, "role"),
            given=f"{restore.role}, who deploys",
            allowed="a role of its own for who restores",
            why="who deploys must not read",
            fix="name the role that these people assume",
        )
    for key, value, known in (("dataset", restore.dataset, datasets), ("network", restore.network, networks)):
        if value not in known:
            _refuse(
                findings,
                join(path, key),
                given=said(value),
                allowed=", ".join(sorted(known)) or f"a {key} of this file",
                why="a restore is of one dataset, from one network",
                fix=did_you_mean(value, known, "name one of these"),
            )


def _refuse(findings: list[Finding], path: str, *, given: str, allowed: str, why: str, fix: str) -> None:
    findings.append(Finding(path=path, rule=Rule.RESTORE, given=given, allowed=allowed, why=why, fix=fix))


def plan_restore(
    request: RestoreRequest,
    site: Site,
    *,
    organization: str,
    networks: Mapping[str, NetworkSource],
    backups: tuple[BackupBucket, ...],
) -> RestorePlan:
    """Who reads what back, from a request that `check_restore` finds right."""
    (bucket,) = (it.bucket for it in backups if it.dataset.name == request.dataset)
    return RestorePlan(
        role=naming.restore_role(organization, site.name),
        operator_role=request.role,
        dataset=request.dataset,
        bucket=bucket,
        region=site.region,
        account_id=site.account_id,
        key_alias=naming.key_alias(organization, site.name),
        network=request.network,
        cidrs=networks[request.network].cidrs,
        until=date.fromisoformat(request.until),
    )
