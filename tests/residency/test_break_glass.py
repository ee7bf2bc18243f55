"""Break-glass: nobody reads anything until two people have signed, and then only what, whence and when they signed for.

Proves what is granted and refused; that Oracle's service evaluates the statements so is taken from its documentation.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.residency.access_matrix import matrix
from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.approvals import LONGEST, approval_of, payload_of
from infra.residency.audit_request import ArchiveRequest, AuditRequest
from infra.residency.duties import Duty
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.findings import ResidencyError
from infra.residency.oracle_powers import Power
from infra.residency.placement import Plan
from infra.residency.planner import plan
from infra.residency.receipts import Envelope, UnreadableError, envelope_text
from infra.verify.oracle.statements import may_hold, parse
from tests.residency.samples import GOOD, TODAY, found
from tests.support.approvals import BEGINS, approval, evidence, signed
from tests.support.oracle_evaluator import allows
from tests.support.receipts import KEYS, SIGNERS

AUDIT = AuditRequest(
    retention_days=365,
    lock_on="2026-12-20",
    subscribers={"desk": "desk@example.com"},
    sealed_users={"first": "ocid1.user.oc1..aaaaaaaafirst"},
    archive=ArchiveRequest(account_id="444444444444", deployer_role="usdata-log-deployer"),
)
REQUEST = replace(
    GOOD,
    signers=SIGNERS,
    audit=AUDIT,
    access=AccessRequest(
        networks={"us-office": {"denver": "198.51.100.0/24"}},
        groups={
            "emergency": GroupRequest(duty="break-glass", network="us-office"),
            "auditors": GroupRequest(duty="audit", network="us-office"),
        },
    ),
)


@pytest.mark.parametrize("audit", [None, replace(AUDIT, sealed_users={})], ids=["no trail", "nobody is sealed"])
def test_an_emergency_that_nobody_would_see_is_refused(audit):
    """Without a trail that watches the users who may be in the group there is no such group."""
    assert found(replace(REQUEST, audit=audit)) == {("unwatched", "access.groups.emergency.duty")}
    groups = {"auditors": GroupRequest(duty="audit", network="us-office")}
    assert found(replace(REQUEST, audit=audit, access=replace(REQUEST.access, groups=groups))) == set()


def planned(*texts: str, as_of: date = TODAY) -> Plan:
    """The plan under approvals."""
    return plan(REQUEST, as_of, evidence(*texts))


def granted(of: Plan) -> list[str]:
    """What break-glass may do."""
    assert of.access is not None
    (group,) = of.access.watched
    assert group.duty is Duty.BREAK_GLASS
    return [statement.text() for statement in group.statements]


def test_without_an_approval_nobody_may_anything():
    """The group is there, so that its members are reviewed; it has no statement, and nobody of it is in the matrix."""
    assert granted(planned()) == []
    assert {row.who for row in matrix(planned())} & {"group emergency"} == set()


def test_an_approval_lets_a_group_read_named_datasets_between_two_moments():
    """From its network, in the regions that hold data, the datasets' own buckets while they are tagged as they were."""
    assert granted(planned(signed(approval()))) == [
        f"Allow group emergency to {{OBJECT_INSPECT, OBJECT_READ}} in compartment usds:{data_class} where all "
        f"{{request.networkSource.name='usds-us-office', any {{request.region='iad', request.region='phx'}}, "
        f"target.bucket.tag.usds.data-class='{data_class}', "
        f"any {{target.bucket.name='usds-{dataset}-iad', target.bucket.name='usds-{dataset}-phx'}}, "
        f"request.utc-timestamp after '2026-11-24T14:00:00Z', request.utc-timestamp before '2026-11-24T18:00:00Z'}}"
        for data_class, dataset in (("excepted", "metrics"), ("protected", "profiles"))
    ]


def test_the_matrix_says_from_when_until_when():
    """Both moments, not the days around them."""
    rows = [row for row in matrix(planned(signed(approval()))) if row.who == "group emergency"]
    assert {(r.dataset, r.powers, r.network, r.since, r.until) for r in rows} == {
        (dataset, (Power.LIST_DATA, Power.READ_DATA), "us-office", BEGINS, BEGINS + timedelta(hours=4))
        for dataset in ("metrics", "profiles")
    }


CALL = {
    "group": "emergency",
    "permission": "OBJECT_READ",
    "compartment": ("usds", "protected"),
    "request.networkSource.name": "usds-us-office",
    "request.region": "iad",
    "target.bucket.tag.usds.data-class": "protected",
    "target.bucket.name": "usds-profiles-iad",
    "request.utc-timestamp": "2026-11-24T15:00:00Z",
}


@pytest.mark.parametrize("key", [key for key in CALL if "." in key])
@pytest.mark.parametrize("value", [None, "another", "9999-01-01T00:00:00Z", "2026-11-24T13:59:59Z"])
def test_every_condition_counts_and_one_that_is_not_carried_fails_closed(key, value):
    """A call that carries everything is allowed; without any one of it, or with another value, it is not."""
    statements = granted(planned(signed(approval())))
    other = {name: it for name, it in {**CALL, key: value}.items() if it is not None}
    assert allows(statements, CALL)
    assert not allows(statements, other)


def test_what_is_over_grants_nothing_and_stays_believed():
    """The file stays in the records; on the day after it the group has no statement again."""
    over = signed(approval())
    assert granted(planned(over, as_of=date(2026, 11, 25))) == []
    until_midnight = signed(approval(ends=datetime(2026, 11, 25, tzinfo=UTC)))
    assert granted(planned(until_midnight, as_of=date(2026, 11, 25))) == []
    assert len(granted(planned(until_midnight, as_of=TODAY))) == 2


def problems(given: Evidence, request=REQUEST) -> list[str]:
    """What is wrong, without where it stands."""
    with pytest.raises(ResidencyError) as caught:
        plan(request, TODAY, given)
    assert {(it.rule.value, it.path) for it in caught.value.findings} == {("approval", "access.groups")}
    return [it.given.partition(".json: ")[2] for it in caught.value.findings]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (signed(approval(), ["security"]), "it needs 2 signers, it has security"),
        (signed(approval(), []), "it needs 2 signers, it has none"),
        (signed(approval(), ["security", "security"]), "it needs 2 signers, it has security"),
        (signed(approval(stack="us-prod")), "it is about stack 'us-prod', not 'sandbox'"),
        (signed(approval(group="auditors")), "group 'auditors' has no duty break-glass (emergency has)"),
        (signed(approval(datasets=("avatars", "profiles"))), "'avatars' is no dataset with private data"),
        (signed(approval(datasets=("letters",))), "'letters' is no dataset with private data"),
        (
            signed(approval(ends=BEGINS + LONGEST + timedelta(seconds=1))),
            "it lasts from 2026-11-24T14:00:00Z until 2026-11-25T14:00:01Z",
        ),
        (signed(approval(ends=BEGINS)), "it lasts from 2026-11-24T14:00:00Z until 2026-11-24T14:00:00Z"),
        ("{}", "this is no complete DSSE envelope (KeyError: 'payloadType')"),
        (envelope_text(Envelope(payload=b"{}")), "the payload is no approval (KeyError: 'predicate')"),
        (
            signed(approval(datasets=("profiles", "profiles"))),
            "the payload is not what this tool writes: a field is missing, unknown or repeated",
        ),
        (
            signed(approval(datasets=())),
            "the payload is not what this tool writes: a field is missing, unknown or repeated",
        ),
    ],
)
def test_an_approval_that_is_none_stops_every_preview(text, problem):
    """Too few signers, one of them twice, another stack, duty, dataset or window, and whatever cannot be read."""
    assert problems(evidence(text)) == [problem]


def test_an_edited_approval_is_nobodys():
    """Signatures are over every byte: a longer window under the old signatures has no signer."""
    stored = json.loads(signed(approval()))
    other = json.loads(envelope_text(Envelope(payload=payload_of(approval(reason="a better reason")))))
    assert problems(evidence(json.dumps(stored | {"payload": other["payload"]}))) == ["it needs 2 signers, it has none"]


def test_a_stack_without_the_duty_or_without_access_believes_no_approval():
    """Nobody could use it."""
    nobody = replace(REQUEST, access=None)
    assert problems(evidence(signed(approval())), nobody) == [
        "group 'emergency' has no duty break-glass (no group here has)"
    ]


@pytest.mark.parametrize("names", [[], ["security"]])
def test_a_duty_that_nobody_could_approve_is_refused(names):
    """Two people have to sign, so the stack file has to name two."""
    few = replace(REQUEST, signers={name: SIGNERS[name] for name in names})
    assert found(few) == {("signer", "access.groups.emergency.duty")}


def test_without_a_way_to_check_signatures_none_is_believed():
    """The kernel's default believes nobody."""
    unchecked = replace(NO_EVIDENCE, stack="sandbox", approvals=(("0.json", signed(approval())),))
    assert problems(unchecked) == ["it needs 2 signers, it has none"]


def test_an_approval_has_one_spelling():
    """Read back it is the same; another order of keys is another text, and refused."""
    made = approval()
    assert approval_of(payload_of(made)) == made
    with pytest.raises(UnreadableError, match="not what this tool writes"):
        approval_of(json.dumps(json.loads(payload_of(made)), indent=1).encode())


def test_both_readers_of_statements_agree():
    """The second opinion's own reader says the same about the window as the evaluator."""
    (statement, _) = granted(planned(signed(approval())))
    condition = parse(statement).condition
    for moment, inside in (("2026-11-24T15:00:00Z", True), ("2026-11-24T18:00:00Z", False)):
        assert may_hold(condition, {"request.utc-timestamp": moment}) is inside


def test_both_signers_are_known():
    """The sample's signers are two people."""
    assert set(KEYS) == set(SIGNERS) == {"compliance", "security"}
