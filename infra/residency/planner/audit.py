"""Plans the audit trail: how long what is logged stays, where, and who is told.

Refuses a retention shorter than a year, than it was or than a legacy site may still hold data, a lock that Oracle would
not take, that never comes or that moves once it is there, an alarm that nobody hears, a home region whose events would
have no bucket to go to, and what `archive` refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from infra.residency import naming
from infra.residency.audit import LOCK_DELAY_DAYS, AuditPlan, AuditRecord, AuditRegion, Subscriber
from infra.residency.audit_request import AuditRequest
from infra.residency.deployment import DeploymentRequest
from infra.residency.findings import Finding, Rule, join
from infra.residency.grants import ConnectorGrant
from infra.residency.health_alarms import health_alarms
from infra.residency.holders import Deployed
from infra.residency.lifecycle import Site
from infra.residency.placement import Tenancy
from infra.residency.planner import forms
from infra.residency.planner.archive import check_archive
from infra.residency.planner.networks import Regions
from infra.residency.regions import UsRegion
from infra.residency.traffic import TrafficPlan

_PATH = "audit"
_RETENTION, _LOCK, _SUBSCRIBERS, _SEALED = (
    join(_PATH, key) for key in ("retentionDays", "lockOn", "subscribers", "sealedUsers")
)

LEAST_DAYS, MOST_DAYS = 365, 3650
"""A year, so that whoever looks once a year sees all of it; ten, so that a mistyped number locks nothing for ever."""

_LATEST_LOCK = timedelta(days=366)
"""A rule that is locked later than this is one that anybody may still shorten for longer than it retains."""


def plan_audit(
    request: AuditRequest,
    deployment: DeploymentRequest,
    tenancy: Tenancy | None,
    regions: Regions | None,
    *,
    as_of: date,
    traffic: TrafficPlan | None,
    deployed: Deployed | None,
    findings: list[Finding],
) -> AuditPlan | None:
    """The trail of one stack, or None where something about it is not allowed.

    Args:
        request: what the stack file asks for.
        deployment: the rest of it.
        tenancy: None where it is not allowed itself.
        regions: the same.
        as_of: the day of the plan.
        traffic: whose monitors raise alarms; None for a stack that answers nobody.
        deployed: what the stack has promised so far; None where nothing says.
        findings: where to put what is wrong.
    """
    before = len(findings)
    record = deployed.audit if deployed is not None else None
    lock_on = forms.day(request.lock_on, _LOCK, findings)
    findings.extend(_retention(request.retention_days, record))
    if lock_on is not None:
        findings.extend(_lock(lock_on, record, as_of))
        if deployed is not None and deployed.complete and record is not None:
            findings.extend(_unlocked(AuditRecord(retention_days=request.retention_days, lock_on=lock_on), record))
    findings.extend(_people(request))
    findings.extend(check_archive(request.archive, deployment))
    findings.extend(_home(tenancy, regions))
    if lock_on is None or regions is None or tenancy is None or len(findings) > before:
        return None
    return AuditPlan(
        retention_days=request.retention_days,
        lock_on=lock_on,
        regions=tuple(_region(deployment.organization, network.region) for network in regions.networks),
        subscribers=tuple(Subscriber(name=name, address=it) for name, it in sorted(request.subscribers.items())),
        sealed_users=tuple(sorted(request.sealed_users.values())),
        health=health_alarms(traffic, tenancy.home),
    )


def _region(organization: str, region: UsRegion) -> AuditRegion:
    bucket = naming.audit_bucket(organization, region)
    return AuditRegion(
        region=region,
        bucket=bucket,
        vault=naming.audit_vault(organization, region),
        key=naming.audit_key(organization, region),
        topic=naming.alarm_topic(organization, region),
        grant=ConnectorGrant(name=f"{naming.AUDIT}-{region}", region=region, organization=organization, bucket=bucket),
    )


def _retention(days: int, record: AuditRecord | None) -> Iterator[Finding]:
    if not LEAST_DAYS <= days <= MOST_DAYS:
        yield Finding(
            path=_RETENTION,
            rule=Rule.RETENTION,
            given=f"{days}",
            allowed=f"{LEAST_DAYS} to {MOST_DAYS} days",
            why="what is looked at once a year must be there for a year; once locked, a number can only grow",
            fix=f"write {min(max(days, LEAST_DAYS), MOST_DAYS)}",
        )
    elif record is not None and days < record.retention_days:
        yield Finding(
            path=_RETENTION,
            rule=Rule.RETENTION,
            given=f"{days} days; it was {record.retention_days}",
            allowed=f"{record.retention_days} days or more",
            why="logs that were to stay would become deletable",
            fix=f"write {record.retention_days}",
        )


def judge_retention(audit: AuditPlan | None, sites: Sequence[Site], as_of: date) -> Iterator[Finding]:
    """Checks that what is logged today is there for as long as any legacy site may hold data."""
    last = max((site.expires for site in sites if site.phase.has_holders), default=as_of)
    needed = (last - as_of).days
    if audit is not None and audit.retention_days < needed:
        yield Finding(
            path=_RETENTION,
            rule=Rule.RETENTION,
            given=f"{audit.retention_days} days; a legacy site may hold data until {last}",
            allowed=f"{needed} days or more",
            why="what was done with a site's data must be there to look at until the site is gone",
            fix=f"write {needed}, or let the site expire earlier",
            basis=("legacy.sites",),
        )


def _lock(lock_on: date, record: AuditRecord | None, as_of: date) -> Iterator[Finding]:
    """Checks the day of the lock: as it was once it has passed, else far enough ahead, and not too far."""
    if record is not None and lock_on == record.lock_on:
        return
    if record is not None and record.lock_on < as_of:
        yield Finding(
            path=_LOCK,
            rule=Rule.RETENTION,
            given=f"{lock_on}; it is locked since {record.lock_on}",
            allowed=f"{record.lock_on}",
            why="what is locked nobody unlocks, and a file that says otherwise would hide that it is",
            fix=f'write "{record.lock_on}"',
        )
        return
    first, last = as_of + timedelta(days=LOCK_DELAY_DAYS), as_of + _LATEST_LOCK
    if not first <= lock_on <= last:
        yield Finding(
            path=_LOCK,
            rule=Rule.RETENTION,
            given=f"{lock_on}",
            allowed=f"{first} to {last}",
            why=f"a rule is locked {LOCK_DELAY_DAYS} days ahead at least, and until it is anybody who may could end it",
            fix=f'write "{min(max(lock_on, first), last)}"',
        )


def _unlocked(planned: AuditRecord, record: AuditRecord) -> Iterator[Finding]:
    if planned != record:
        yield Finding(
            path=_PATH,
            rule=Rule.HOLDERS_LOCK,
            given=f"{planned.retention_days} days, locked on {planned.lock_on}; the holders lock says "
            f"{record.retention_days} days, locked on {record.lock_on}",
            allowed="what the holders lock says",
            why="what is not in the lock could be taken back later and nobody would know",
            fix="python -m infra lock --stack NAME, and commit what it writes with this change",
        )


def _people(request: AuditRequest) -> Iterator[Finding]:
    """Checks who is told, and whom the alarms are about."""
    if not request.subscribers:
        yield Finding(
            path=_SUBSCRIBERS,
            rule=Rule.EMPTY_MAP,
            given="nobody",
            allowed="at least one address",
            why="an alarm that nobody hears is none",
            fix="add somebody, such as security-desk: security-desk@example.com",
        )
    for path, people, form in (
        (_SUBSCRIBERS, request.subscribers, forms.ADDRESS),
        (_SEALED, request.sealed_users, forms.USER),
    ):
        yield from _named(path, people, form)


def _named(path: str, people: Mapping[str, str], form: forms.Form) -> Iterator[Finding]:
    for name, value in sorted(people.items()):
        yield from filter(None, (forms.SIGNER.finding(name, join(path, name)), form.finding(value, join(path, name))))


def _home(tenancy: Tenancy | None, regions: Regions | None) -> Iterator[Finding]:
    if tenancy is None or regions is None or tenancy.home in {network.region for network in regions.networks}:
        return
    yield Finding(
        path="oci.homeRegion",
        rule=Rule.HOME_REGION,
        given=f"{tenancy.home}, where this stack has nothing",
        allowed=", ".join(network.region for network in regions.networks),
        why="changes of policies and groups are events of the home region, and their log needs a bucket there",
        fix=f"add {tenancy.home} to oci.regions with the role spare",
        basis=("oci.regions",),
    )
