"""The audit trail in the plan: what a stack file may ask for, what it promised before, and what raises an alarm.

Proves the planner's judgement on plain values. That the trail is registered so is for the components' tests, and that
clouds take it for the runs against the simulated ones.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci_lexer_parser import parse_policy_statement

from infra.residency.audit import AuditRecord, Stream
from infra.residency.audit_request import ArchiveRequest, AuditRequest
from infra.residency.compartment import Compartment
from infra.residency.duties import Duty, statements
from infra.residency.findings import ResidencyError
from infra.residency.holders import Deployed, holders
from infra.residency.holders_lock import Lock, lock_of, text, with_planned, with_state
from infra.residency.oracle_policy import Connectors
from infra.residency.oracle_powers import Power, granted, powers
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from infra.residency.watched import AWS_CALLS, CALLS, EVENT_TYPES, Guard, audit_filter, reader_filter
from tests.residency.samples import GOOD, TODAY, found, with_oci, with_region, with_site
from tests.support.receipts import evidence

USERS = {name: f"ocid1.user.oc1..aaaaaaaa{name}" for name in ("second", "first")}
ARCHIVE = ArchiveRequest(account_id="444444444444", deployer_role="usdata-log-deployer")
AUDIT = AuditRequest(
    retention_days=400,
    lock_on="2026-12-20",
    archive=ARCHIVE,
    subscribers={"desk": "desk@example.com"},
    sealed_users=USERS,
)
AUDITED = replace(GOOD, audit=AUDIT)
RECORD = AuditRecord(retention_days=400, lock_on=date(2026, 12, 20))
RETENTION, LOCK = ("retention", "audit.retentionDays"), ("retention", "audit.lockOn")


def with_audit(**changes: object):
    """The sample with an audit trail, and changes to it."""
    return replace(GOOD, audit=replace(AUDIT, **changes))


def test_every_region_has_a_bucket_a_key_and_a_grant_of_its_own():
    """Sorted, with names that carry the region, and nothing shared between regions."""
    planned = plan(AUDITED, TODAY)
    assert planned.audit is not None
    assert [
        (it.region.value, it.bucket, it.vault, it.key, it.topic, it.grant.name) for it in planned.audit.regions
    ] == [
        (
            region,
            f"usds-audit-{key}",
            f"usds-audit-vault-{key}",
            f"usds-audit-key-{key}",
            f"usds-alarms-{key}",
            f"audit-{region}",
        )
        for region, key in (("us-ashburn-1", "iad"), ("us-chicago-1", "ord"), ("us-phoenix-1", "phx"))
    ]
    assert planned.audit.locked_at == "2026-12-20T23:59:59Z"
    assert planned.audit.record == RECORD
    assert planned.audit.sealed_users == tuple(sorted(USERS.values()))
    assert planned.audit.streams[-1] is Stream.BREAK_GLASS
    assert {it.region.value for it in planned.service_grants if it.compartment is Compartment.AUDIT} == {
        it.region.value for it in planned.audit.regions
    }


def test_without_sealed_users_there_is_nothing_to_pick_out():
    """The key is optional."""
    planned = plan(with_audit(sealed_users={}), TODAY).audit
    assert planned is not None
    assert planned.streams == (Stream.EVENTS, Stream.ACCESS, Stream.FLOWS, Stream.ALARMS)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (AUDITED, set()),
        (with_audit(retention_days=364), {RETENTION}),
        (with_audit(retention_days=3651), {RETENTION}),
        (with_audit(retention_days=365), set()),
        (with_audit(retention_days=3650), set()),
        (with_audit(lock_on="2026-12-07"), {LOCK}),
        (with_audit(lock_on="2026-12-08"), set()),
        (with_audit(lock_on="2027-11-25"), set()),
        (with_audit(lock_on="2027-11-26"), {LOCK}),
        (with_audit(lock_on="soon"), {("date", "audit.lockOn")}),
        (with_audit(subscribers={}), {("empty-map", "audit.subscribers")}),
        (with_audit(subscribers={"desk": "desk"}), {("identifier", "audit.subscribers.desk")}),
        (with_audit(subscribers={"desk": "a@b.example\nBcc: c@d.example"}), {("identifier", "audit.subscribers.desk")}),
        (with_audit(subscribers={"The Desk": "desk@example.com"}), {("name", 'audit.subscribers."The Desk"')}),
        (with_audit(sealed_users={"first": "root"}), {("identifier", "audit.sealedUsers.first")}),
        (
            with_audit(sealed_users={"first": "ocid1.user.oc1..a' or ''='"}),
            {("identifier", "audit.sealedUsers.first")},
        ),
        (with_oci(AUDITED, home_region="us-sanjose-1"), {("home-region", "oci.homeRegion")}),
        (with_oci(AUDITED, home_region="us-chicago-1"), set()),
        (
            replace(AUDITED, datasets={**GOOD.datasets, "audit": GOOD.datasets["profiles"]}),
            {("name", "datasets.audit")},
        ),
    ],
)
def test_what_may_be_asked_for(request_, expected):
    """One deviation a case, at both ends of every range; what is absent is refused where it must be there."""
    assert found(request_) == expected


def test_what_is_logged_outlives_every_site():
    """To the day; a site of which nothing is left has nothing to log."""
    until = (TODAY + timedelta(days=401)).isoformat()
    assert found(with_site(AUDITED, "virginia", expires=until)) == {RETENTION}
    assert found(with_site(with_audit(retention_days=401), "virginia", expires=until)) == set()


def test_a_region_that_may_not_be_says_nothing_about_the_trail():
    """What follows from a region is not told where the region is wrong."""
    assert ("home-region", "oci.homeRegion") not in found(with_region(AUDITED, "us-phoenix-1", cidr="10.17.0.0/9"))


def deployed(record: AuditRecord | None, *, complete: bool = False) -> Deployed:
    """What the sample has had, with what it promised."""
    return replace(with_planned(Deployed(), holders(plan(AUDITED, TODAY)), record), complete=complete)


@pytest.mark.parametrize(
    ("record", "changes", "as_of", "expected"),
    [
        (RECORD, {}, TODAY, set()),
        (RECORD, {}, date(2026, 12, 15), set()),  # no longer 14 days ahead, but as it was
        (RECORD, {}, date(2027, 1, 15), set()),  # locked, and as it was
        (RECORD, {"retention_days": 401}, date(2027, 1, 15), set()),
        (RECORD, {"retention_days": 399}, TODAY, {RETENTION}),
        (RECORD, {"retention_days": 399}, date(2027, 1, 15), {RETENTION}),
        (RECORD, {"lock_on": "2026-12-31"}, TODAY, set()),
        (RECORD, {"lock_on": "2026-12-10"}, TODAY, set()),
        (RECORD, {"lock_on": "2026-12-31"}, date(2026, 12, 19), {LOCK}),  # only 12 days ahead
        (RECORD, {"lock_on": "2027-01-31"}, date(2026, 12, 20), set()),  # the last day on which it is open
        (RECORD, {"lock_on": "2027-01-31"}, date(2026, 12, 21), {LOCK}),
        (RECORD, {"lock_on": "2026-12-19"}, date(2027, 1, 15), {LOCK}),
        (None, {"lock_on": "2026-12-07"}, TODAY, {LOCK}),
    ],
)
def test_what_was_promised_stays(record, changes, as_of, expected):
    """Retention only grows; the lock moves while it is open, and never afterwards."""
    assert found(with_audit(**changes), as_of, evidence(deployed=deployed(record))) == expected


def test_what_is_promised_stands_in_the_lock_first():
    """A stack whose lock is complete plans nothing else than what the lock says."""
    known = evidence(deployed=deployed(RECORD, complete=True))
    assert found(AUDITED, TODAY, known) == set()
    assert found(with_audit(retention_days=500), TODAY, known) == {("holders-lock", "audit")}
    assert found(with_audit(lock_on="2026-12-31"), TODAY, known) == {("holders-lock", "audit")}


def test_a_trail_that_was_there_cannot_be_left_out():
    """Three holders a region and two of the archive, each named; what else there is stays as it was."""
    with pytest.raises(ResidencyError) as refused:
        plan(GOOD, TODAY, evidence(deployed=deployed(RECORD)))
    assert {(f.rule, f.path) for f in refused.value.findings} == {("holder", "audit")}
    assert len(refused.value.findings) == 11


def test_the_lock_says_what_was_promised():
    """Exactly; a lock without a promise is what it always was, and an edited one is refused."""
    known = deployed(RECORD, complete=True)
    stored = text(Lock(stack="s", deployed=known))
    assert lock_of(stored, "s").deployed == known
    assert '"audit": {"retentionDays": 400, "lockOn": "2026-12-20"}' in stored
    assert '"audit":' not in text(Lock(stack="s", deployed=deployed(None)))
    later = replace(known, audit=replace(RECORD, retention_days=500))
    assert with_state(known, later, {}).audit == later.audit
    assert with_state(known, replace(known, audit=None), {}).audit == RECORD
    assert with_planned(known, ()).audit == RECORD


@given(st.integers(365, 3650), st.integers(14, 366), st.integers(0, 700))
def test_a_plan_that_may_be_may_be_again(days, ahead, later):
    """What is promised once can be planned unchanged for ever: no day makes a deployed trail a refusal."""
    asked = with_audit(retention_days=days, lock_on=(TODAY + timedelta(days=ahead)).isoformat())
    assert {rule for rule, _ in found(asked)} == set()
    record = AuditRecord(retention_days=days, lock_on=TODAY + timedelta(days=ahead))
    again = found(asked, TODAY + timedelta(days=later), evidence(deployed=deployed(record)))
    assert not any(path.startswith("audit") for _, path in again)


def test_connectors_are_any_user_and_never_without_conditions():
    """Read by an independent parser: the type, the one bucket, the tag of their compartment; only to put objects."""
    planned = plan(AUDITED, TODAY).audit
    assert planned is not None
    statement = planned.regions[0].grant.statement()
    assert statement.text() == (
        "Allow any-user to {OBJECT_INSPECT, OBJECT_CREATE, OBJECT_OVERWRITE} in compartment usds:audit where all "
        "{request.principal.type='serviceconnector', target.bucket.name='usds-audit-iad', "
        "request.principal.compartment.tag.usds.sends='logs'}"
    )
    document, diagnostics = parse_policy_statement(statement.text(), error_mode="report")
    (parsed,) = document["statements"]
    assert diagnostics == {"errors": [], "error_count": 0}
    assert parsed["subject"]["type"] == "any-user"
    assert [item["node"]["lhs"] for item in parsed["conditions"]["items"]] == [
        "request.principal.type",
        "target.bucket.name",
        "request.principal.compartment.tag.usds.sends",
    ]
    assert replace(statement, conditions=()).text() == statement.text()
    assert Power.READ_DATA not in powers(statement)
    assert Power.DELETE_DATA not in powers(statement)
    assert len(granted(statement)) == 3
    assert Connectors(organization="o", bucket="b").conditions()


@pytest.mark.parametrize("duty", Duty)
def test_no_duty_can_take_from_the_trail_or_read_it(duty):
    """Over all statements of a duty: none that holds in the trail's compartment changes it, or touches an object."""
    given_ = statements(duty, group="g", organization="usds", network_source="n", regions=[UsRegion.ASHBURN])
    there = [statement for statement in given_ if statement.compartment is Compartment.AUDIT]
    assert {power for statement in there for power in powers(statement)} == set()
    assert bool(there) is (duty in {Duty.AUDIT, Duty.DEPLOYMENT})


def test_alarms_name_calls_once_and_what_a_condition_can_carry():
    """Every guard is watched in Oracle Cloud; names are plain words, so that no condition can be more than it says."""
    assert set(CALLS) == set(Guard)
    for calls in (CALLS, AWS_CALLS):
        names = [name for of_guard in calls.values() for name in of_guard]
        assert len(names) == len(set(names))
        assert all(name.isalnum() for name in names)
        assert audit_filter(calls).split(" or ") == [f"data.eventName='{name}'" for name in sorted(names)]
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES)
    assert reader_filter(("a", "b")) == "data.principalId='a' or data.principalId='b'"
