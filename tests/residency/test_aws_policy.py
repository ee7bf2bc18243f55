"""AWS policies: what the tree writes, that a validator which is not ours finds nothing, and what is too much.

The documents are judged by `parliament`, which knows AWS's actions, resources and condition keys, and by an evaluator
of the policy language. Neither proves that AWS evaluates them so.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.residency import site_policies as policies
from infra.residency.aws_policy import (
    DATASYNC,
    OPEN,
    S3,
    USES_KEYS,
    Action,
    AnyoneOf,
    Condition,
    ConditionKey,
    Effect,
    Everyone,
    Kind,
    Operator,
    Policy,
    Role,
    Statement,
    role_arn,
    too_much,
)
from infra.residency.lifecycle import Phase
from infra.residency.placement import SitePlan
from infra.residency.planner import judge, plan
from tests.residency.samples import GOOD, TODAY, found
from tests.support.aws_evaluator import Answer, answer, conditions, holds
from tests.support.aws_validator import complaints

PHASES = (Phase.BACKUP, Phase.DRAIN, Phase.WIPE)
ACCOUNT, OTHER = "111111111111", "999999999999"
PLAN = plan(GOOD, TODAY)
ROLES = {Phase.BACKUP: "usds-transfer-virginia"} | dict.fromkeys((Phase.DRAIN, Phase.WIPE), "usds-retire-virginia")


def site_in(phase: Phase, name: str = "virginia") -> SitePlan:
    """A site of the sample in a phase; its buckets' policies are those of BACKUP."""
    site = next(it for it in PLAN.sites if it.site.name == name)
    operators = "" if phase is Phase.BACKUP else "retirers"
    return replace(site, site=replace(site.site, phase=phase), role=ROLES[phase], operator_role=operators)


def documents() -> Iterator[Policy]:
    """Every policy of the sample's sites, in every phase that has any."""
    for site in PLAN.sites:
        for phase in PHASES:
            yield from policies.site_policies(site_in(phase, site.site.name), "usds")


def test_a_validator_that_is_not_ours_finds_nothing():
    """Actions that exist, resources that they take, keys that they carry, and documents of AWS's grammar."""
    judged = list(documents())
    assert complaints(judged) == []
    assert len(judged) == 2 * 3 * (3 + 1 + len(GOOD.datasets))


def test_the_validator_would_find_something():
    """An action, a resource and a condition that do not go together are found: silence above is no accident."""
    wrong = Statement(
        sid="Wrong",
        actions=(Action.GET_OBJECT,),
        resources=("arn:aws:s3:::bucket",),
        conditions=(Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.VIA_SERVICE, values=("s3",)),),
    )
    made = Policy(kind=Kind.ROLE, name="r", account_id=ACCOUNT, statements=(wrong,))
    assert {issue for _, issue, _ in complaints([made])} == {"RESOURCE_MISMATCH", "UNKNOWN_CONDITION_FOR_ACTION"}


def test_nothing_that_is_planned_is_too_much():
    """In no phase of any site."""
    assert [(policy.name, *what) for policy in documents() for what in too_much(policy)] == []


def test_a_condition_that_a_call_does_not_carry_makes_an_allow_fail():
    """Every allow of every document: a call that carries everything is allowed, without any one key it is not."""
    counted = 0
    for policy in documents():
        for statement in policy.document()["Statement"]:  # type: ignore[attr-defined]
            if statement["Effect"] == "Deny" or "Condition" not in statement:
                continue
            carried = {key: _value(operator, values[0]) for operator, key, values in conditions(statement)}
            for missing in carried:
                rest = {key: value for key, value in carried.items() if key != missing}
                asked = [holds(operator, key, values, rest) for operator, key, values in conditions(statement)]
                assert not all(asked), (policy.name, statement["Sid"], missing)
                counted += 1
            assert all(holds(operator, key, values, carried) for operator, key, values in conditions(statement))
    assert counted == 44


def _value(operator: str, value: str) -> object:
    return [value] if operator.startswith("ForAnyValue") else value.replace("*", "x")


TRANSFER, RETIREMENT = role_arn(ACCOUNT, "usds-transfer-virginia"), role_arn(ACCOUNT, "usds-retire-virginia")
DEPLOYER, ENGINEER = role_arn(ACCOUNT, "usdata-deployer"), role_arn(ACCOUNT, "engineer")
S3_HERE = {"kms__ViaService": "s3.us-east-1.amazonaws.com"}
DELIVERY = {"aws__SourceAccount": ACCOUNT, "aws__SourceArn": "arn:aws:s3:::usds-profiles-use1-111111111111"}


@pytest.mark.parametrize(
    ("phase", "action", "who", "context", "expected"),
    [
        (Phase.BACKUP, "kms:Decrypt", TRANSFER, S3_HERE, Answer.ALLOWED),
        (Phase.BACKUP, "kms:Decrypt", TRANSFER, {}, Answer.SILENT),
        (Phase.BACKUP, "kms:Decrypt", TRANSFER, {"kms__ViaService": "s3.eu-west-1.amazonaws.com"}, Answer.SILENT),
        (Phase.BACKUP, "kms:Decrypt", DEPLOYER, S3_HERE, Answer.SILENT),
        (Phase.BACKUP, "kms:Decrypt", ENGINEER, S3_HERE, Answer.SILENT),
        (Phase.BACKUP, "kms:PutKeyPolicy", DEPLOYER, {}, Answer.ALLOWED),
        (Phase.BACKUP, "kms:PutKeyPolicy", TRANSFER, {}, Answer.SILENT),
        (Phase.BACKUP, "kms:ScheduleKeyDeletion", DEPLOYER, {}, Answer.SILENT),
        (Phase.BACKUP, "kms:CreateGrant", DEPLOYER, {}, Answer.SILENT),
        (Phase.BACKUP, "kms:ReplicateKey", DEPLOYER, {}, Answer.SILENT),
        (Phase.BACKUP, "kms:GenerateDataKey", "s3.amazonaws.com", DELIVERY, Answer.ALLOWED),
        (Phase.BACKUP, "kms:GenerateDataKey", "s3.amazonaws.com", {}, Answer.SILENT),
        (Phase.BACKUP, "kms:Decrypt", "s3.amazonaws.com", DELIVERY, Answer.SILENT),
        (Phase.DRAIN, "kms:Decrypt", RETIREMENT, S3_HERE, Answer.ALLOWED),
        (Phase.DRAIN, "kms:Encrypt", RETIREMENT, S3_HERE, Answer.SILENT),
        (Phase.DRAIN, "kms:Decrypt", TRANSFER, S3_HERE, Answer.SILENT),
        (Phase.WIPE, "kms:Decrypt", RETIREMENT, S3_HERE, Answer.SILENT),
        (Phase.WIPE, "kms:ScheduleKeyDeletion", DEPLOYER, {}, Answer.ALLOWED),
        (Phase.WIPE, "kms:ScheduleKeyDeletion", RETIREMENT, {}, Answer.SILENT),
    ],
)  # fmt: skip
def test_who_may_use_and_who_may_administer_a_key(phase, action, who, context, expected):
    """Administrators cannot use it, users cannot administer it, and the account's own IAM widens neither."""
    policy = policies.key_policy(site_in(phase), "usds").document()
    assert answer(policy, action=action, who=who, **context) is expected


@pytest.mark.parametrize(
    ("phase", "who", "context", "expected"),
    [
        (
            Phase.BACKUP,
            "datasync.amazonaws.com",
            {"aws__SourceAccount": ACCOUNT, "aws__SourceArn": f"arn:aws:datasync:us-east-1:{ACCOUNT}:task/task-1"},
            Answer.ALLOWED,
        ),
        (Phase.BACKUP, "datasync.amazonaws.com", {}, Answer.SILENT),
        (
            Phase.BACKUP,
            "datasync.amazonaws.com",
            {"aws__SourceAccount": OTHER, "aws__SourceArn": f"arn:aws:datasync:us-east-1:{OTHER}:task/task-1"},
            Answer.SILENT,
        ),
        (Phase.BACKUP, DEPLOYER, {}, Answer.SILENT),
        (Phase.DRAIN, role_arn(ACCOUNT, "retirers"), {}, Answer.ALLOWED),
        (Phase.DRAIN, ENGINEER, {}, Answer.SILENT),
        (Phase.DRAIN, role_arn(OTHER, "retirers"), {}, Answer.SILENT),
    ],
)
def test_who_may_act_as_the_sites_role(phase, who, context, expected):
    """DataSync for the site's own account and region, later those who retire it; nobody else of that account."""
    policy = policies.role_trust(site_in(phase)).document()
    assert answer(policy, action="sts:AssumeRole", who=who, **context) is expected


BUCKET = "arn:aws:s3:::usds-profiles-use1-111111111111"
REPORTS = "arn:aws:s3:::usds-reports-use1-111111111111"


@pytest.mark.parametrize(
    ("phase", "action", "resource", "expected"),
    [
        (Phase.BACKUP, "s3:PutObject", f"{BUCKET}/a", Answer.ALLOWED),
        (Phase.BACKUP, "s3:GetObject", f"{BUCKET}/a", Answer.ALLOWED),
        (Phase.BACKUP, "s3:DeleteObjectVersion", f"{BUCKET}/a", Answer.SILENT),
        (Phase.BACKUP, "s3:PutObject", "arn:aws:s3:::elsewhere/a", Answer.SILENT),
        (Phase.BACKUP, "s3:PutObject", f"{REPORTS}/a", Answer.ALLOWED),
        (Phase.BACKUP, "s3:GetObject", f"{REPORTS}/a", Answer.DENIED),
        (Phase.BACKUP, "s3:PutBucketPolicy", BUCKET, Answer.SILENT),
        (Phase.DRAIN, "s3:GetObject", f"{BUCKET}/a", Answer.ALLOWED),
        (Phase.DRAIN, "s3:DeleteObject", f"{BUCKET}/a", Answer.SILENT),
        (Phase.WIPE, "s3:DeleteObjectVersion", f"{BUCKET}/a", Answer.ALLOWED),
        (Phase.WIPE, "s3:GetObject", f"{BUCKET}/a", Answer.SILENT),
        (Phase.WIPE, "s3:PutObject", f"{BUCKET}/a", Answer.SILENT),
    ],
)
def test_what_the_sites_role_may_do(phase, action, resource, expected):
    """Make backups, then read them, then delete them."""
    policy = policies.role_policy(site_in(phase), "usds").document()
    assert answer(policy, action=action, resource=resource) is expected


def allow(*actions: Action, kind: Kind = Kind.KEY, **changes: object) -> Policy:
    """A policy of one allow that may be, with changes: the site's own role decrypts through S3."""
    through = Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.VIA_SERVICE, values=("s3.us-east-1",))
    statement = Statement(
        sid="S",
        principal=None if kind is Kind.ROLE else Role(account_id=ACCOUNT, name="r"),
        actions=actions,
        resources=() if kind is Kind.TRUST else ("*",) if kind is Kind.KEY else ("arn:aws:s3:::mine/*",),
        conditions=(through,) if kind is Kind.KEY else (),
    )
    return Policy(kind=kind, name="p", account_id=ACCOUNT, statements=(replace(statement, **changes),))  # type: ignore[arg-type]


def when(operator: Operator, key: ConditionKey, *values: str) -> Condition:
    """One condition."""
    return Condition(operator=operator, key=key, values=values)


OURS = when(Operator.STRING_EQUALS, ConditionKey.SOURCE_ACCOUNT, ACCOUNT)
FROM_HERE = when(Operator.ARN_LIKE, ConditionKey.SOURCE_ARN, "arn:aws:s3:::mine")
HERE = when(Operator.STRING_EQUALS, ConditionKey.REQUESTED_REGION, "us-east-1")
ROOT, FOREIGN_ROOT = AnyoneOf(account_id=ACCOUNT), AnyoneOf(account_id=OTHER)
BY_ROLE = when(Operator.ARN_EQUALS, ConditionKey.PRINCIPAL_ARN, role_arn(ACCOUNT, "r"))

OVER_GRANTS = {
    "the account's root in a key policy": allow(Action.DECRYPT, principal=ROOT),
    "the root but for some roles": allow(
        Action.DECRYPT, principal=ROOT, conditions=(when(Operator.ARN_NOT_EQUALS, ConditionKey.PRINCIPAL_ARN, "x"),)
    ),
    "another account's root": allow(Action.DECRYPT, principal=FOREIGN_ROOT, conditions=(BY_ROLE,)),
    "another account's role": allow(Action.DECRYPT, principal=Role(account_id=OTHER, name="r")),
    "everyone": allow(Action.DECRYPT, principal=Everyone.EVERYONE),
    "nobody in particular": allow(Action.DECRYPT, principal=None),
    "S3 for whoever asks": allow(Action.GENERATE_DATA_KEY, principal=S3, conditions=()),
    "S3 for this account, whatever bucket": allow(Action.GENERATE_DATA_KEY, principal=S3, conditions=(OURS,)),
    "S3 for a bucket, of whatever account": allow(Action.GENERATE_DATA_KEY, principal=S3, conditions=(FROM_HERE,)),
    "S3 for any account but one": allow(
        Action.GENERATE_DATA_KEY,
        principal=S3,
        conditions=(when(Operator.STRING_NOT_EQUALS, ConditionKey.SOURCE_ACCOUNT, OTHER), FROM_HERE),
    ),
    "DataSync for whoever asks": allow(Action.ASSUME_ROLE, kind=Kind.TRUST, principal=DATASYNC),
    "a role that the account may assume": allow(Action.ASSUME_ROLE, kind=Kind.TRUST, principal=ROOT),
    "a role that another account may assume": allow(
        Action.ASSUME_ROLE, kind=Kind.TRUST, principal=Role(account_id=OTHER, name="r")
    ),
    "every call": allow(Action.ANY, kind=Kind.ROLE),
    "every bucket": allow(Action.LIST_BUCKET, kind=Kind.ROLE, resources=("arn:aws:s3:::*",)),
    "every object": allow(Action.GET_OBJECT, kind=Kind.ROLE, resources=("arn:aws:s3:::*/*",)),
    "everything": allow(Action.GET_OBJECT, kind=Kind.ROLE, resources=("*",)),
    "no resource": allow(Action.GET_OBJECT, kind=Kind.ROLE, resources=()),
    "every key": allow(Action.DECRYPT, kind=Kind.ROLE, resources=("arn:aws:kms:us-east-1:111111111111:key/*",)),
    "a condition that a plain call meets": allow(
        Action.DECRYPT, conditions=(when(Operator.NULL, ConditionKey.VIA_SERVICE, "true"),)
    ),
    "from anywhere but one network": allow(
        Action.DECRYPT, conditions=(when(Operator.NOT_IP_ADDRESS, ConditionKey.SOURCE_IP, "198.51.100.0/24"),)
    ),
    "a role without a boundary": allow(Action.CREATE_ROLE, kind=Kind.ROLE, resources=(role_arn(ACCOUNT, "r"),)),
    "a role passed to anybody": allow(Action.PASS_ROLE, kind=Kind.ROLE, resources=(role_arn(ACCOUNT, "r"),)),
    "every role": allow(Action.GET_ROLE, kind=Kind.ROLE, resources=(role_arn(ACCOUNT, "*"),)),
    "what has no name, anywhere": allow(Action.LIST_ALIASES, kind=Kind.ROLE, resources=("*",)),
    "what has a name, by none": allow(
        Action.LIST_ALIASES, Action.GET_ROLE, kind=Kind.ROLE, resources=("*",), conditions=(HERE,)
    ),
    "targets, if any": allow(
        Action.PUT_TARGETS,
        kind=Kind.ROLE,
        resources=("arn:aws:events:us-east-1:111111111111:rule/r",),
        conditions=(when(Operator.ALL_ARNS_EQUAL, ConditionKey.TARGET, "arn:aws:sns:us-east-1:111111111111:t"),),
    ),
    "a boundary around everything": allow(Action.GET_OBJECT, kind=Kind.BOUNDARY, principal=None, resources=("*",)),
    "an administrator who decrypts": allow(Action.PUT_KEY_POLICY, Action.DECRYPT),
    "an administrator who makes data keys": allow(Action.SCHEDULE_KEY_DELETION, Action.GENERATE_DATA_KEY),
}  # fmt: skip
"""Over-grants, each of which is one step from what is planned."""


@pytest.mark.parametrize("policy", OVER_GRANTS.values(), ids=OVER_GRANTS)
def test_an_over_grant_is_refused(policy):
    """By its name, and so that a reader can mend it."""
    assert {sid for sid, _ in too_much(policy)} == {"S"}


HARMLESS = {
    "a role decrypts through S3": allow(Action.DECRYPT),
    "a role decrypts": allow(Action.DECRYPT, conditions=()),
    "a role of the account, by condition": allow(Action.DECRYPT, principal=ROOT, conditions=(BY_ROLE,)),
    "S3 for this account and bucket": allow(Action.GENERATE_DATA_KEY, principal=S3, conditions=(OURS, FROM_HERE)),
    "one more condition": allow(
        Action.GENERATE_DATA_KEY,
        principal=S3,
        conditions=(OURS, FROM_HERE, when(Operator.STRING_EQUALS, ConditionKey.REQUESTED_REGION, "us-east-1")),
    ),
    "one bucket's objects": allow(Action.GET_OBJECT, kind=Kind.ROLE),
    "buckets of one beginning": allow(Action.GET_OBJECT, kind=Kind.ROLE, resources=("arn:aws:s3:::mine-*/*",)),
    "an administrator": allow(Action.PUT_KEY_POLICY, Action.SCHEDULE_KEY_DELETION, conditions=()),
    "what has no name, in a region": allow(Action.LIST_ALIASES, kind=Kind.ROLE, resources=("*",), conditions=(HERE,)),
    "a deny of everything to everyone": allow(
        Action.ANY, kind=Kind.BUCKET, effect=Effect.DENY, principal=Everyone.EVERYONE, resources=("*",)
    ),
    "a deny that a plain call meets": allow(
        Action.DECRYPT, effect=Effect.DENY, conditions=(when(Operator.NULL, ConditionKey.VIA_SERVICE, "true"),)
    ),
    "until a day": allow(
        Action.DECRYPT, conditions=(when(Operator.BEFORE, ConditionKey.CURRENT_TIME, "2027-01-01T00:00:00Z"),)
    ),
}


@pytest.mark.parametrize("policy", HARMLESS.values(), ids=HARMLESS)
def test_a_grant_that_is_none_too_much_passes(policy):
    """The rule refuses no more than it must."""
    assert list(too_much(policy)) == []


def test_two_hands_hold_a_key():
    """One who administers and another who uses are well; one statement more, and one hand does both."""
    administers = allow(Action.PUT_KEY_POLICY, conditions=()).statements[0]
    uses = replace(allow(Action.DECRYPT).statements[0], sid="U", principal=Role(account_id=ACCOUNT, name="other"))
    both = replace(uses, sid="B", principal=administers.principal)
    apart = Policy(kind=Kind.KEY, name="k", account_id=ACCOUNT, statements=(administers, uses))
    assert list(too_much(apart)) == []
    assert [sid for sid, _ in too_much(replace(apart, statements=(administers, uses, both)))] == ["B"]


def test_an_over_grant_in_a_plan_is_a_finding():
    """Whoever made the plan: the last look at it finds the statement, and says which one it is."""
    site = PLAN.sites[0]
    policy = site.reports_policy
    bad = replace(
        PLAN,
        sites=(
            replace(
                site,
                reports_policy=replace(
                    policy, statements=(*policy.statements, allow(Action.GET_OBJECT, kind=Kind.BUCKET).statements[0])
                ),
            ),
            *PLAN.sites[1:],
        ),
    )
    everyone = replace(bad.sites[0].reports_policy.statements[-1], principal=Everyone.EVERYONE)
    worse = replace(
        bad,
        sites=(
            replace(site, reports_policy=replace(policy, statements=(*policy.statements, everyone))),
            *PLAN.sites[1:],
        ),
    )
    assert list(judge(PLAN, TODAY)) == []
    (finding,) = judge(worse, TODAY)
    assert (finding.rule.value, finding.path) == ("grant", f"legacy.sites.{site.site.name}")
    assert finding.given.startswith("S in the bucket policy of usds-reports-")


def test_a_document_that_aws_would_not_take_is_refused_by_its_limit():
    """Names of adopted buckets stand in the role's policy, of which AWS takes 10,240 characters."""
    datasets = {f"d{number}": replace(GOOD.datasets["profiles"]) for number in range(60)}
    adopt = {name: f"{name}-{'x' * 58}"[:63] for name in datasets}
    sites = {"virginia": replace(GOOD.sites["virginia"], adopt=adopt)}
    assert found(replace(GOOD, datasets=datasets, sites=sites)) == {("limit", "legacy.sites.virginia")}


def test_actions_that_use_keys_are_known_as_such():
    """Whoever adds an action on keys decides which of the two duties it belongs to."""
    others = {it for it in Action if it.startswith("kms:")} - USES_KEYS
    assert {it for it in others if "crypt" in it.lower() or "DataKey" in it} == set()
    assert {Operator.NULL, Operator.ARN_NOT_EQUALS} <= OPEN
