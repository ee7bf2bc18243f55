"""The legacy sites' trails in the plan: what each logs, where it goes, who may do what there, and what is refused.

Documents are judged by an evaluator of the policy language, by `parliament` and by moto; none of them proves that AWS
evaluates them so. That the program registers them is for the components' tests.
"""

import json
from dataclasses import replace
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from infra.residency.aws_policy import (
    CLOUDTRAIL,
    Action,
    Condition,
    ConditionKey,
    Kind,
    Operator,
    Policy,
    Statement,
    role_arn,
    too_much,
)
from infra.residency.deployment import ControlRequest
from infra.residency.evidence import Evidence
from infra.residency.holders import AWS_BUCKET, AWS_KEY, holders
from infra.residency.lifecycle import Phase
from infra.residency.organization_policy import plan_policies
from infra.residency.planner import plan
from infra.residency.planner.archive import plan_archive
from infra.residency.trail_policies import archive_policies, bucket_policy, key_policy, topic_policy
from infra.residency.trails import ArchivePlan
from infra.residency.watched import AWS_CALLS, MOST_PATTERN, Alarm
from tests.residency.samples import TODAY, found, site, with_site
from tests.residency.test_audit import ARCHIVE, AUDIT, AUDITED, deployed
from tests.support.aws_evaluator import Answer, answer
from tests.support.aws_validator import complaints
from tests.support.receipts import evidence

SITE_ACCOUNT, SINGAPORE, ACCOUNT, OTHER = "111111111111", "222222222222", "444444444444", "999999999999"
PLANNED = plan(AUDITED, TODAY)
BUCKET = f"usds-audit-use1-{ACCOUNT}"


def archive(request=AUDITED) -> ArchivePlan:
    """The archive of a plan."""
    found_ = plan(request, TODAY).archive
    assert found_ is not None
    return found_


PLAN = archive()


def arn(name: str) -> str:
    """The ARN of a trail."""
    return next(trail.arn for trail in PLAN.trails if trail.name == name)


def test_one_archive_takes_the_trails_of_every_site_and_its_own():
    """In Virginia, under an account of its own; each trail where its site is, with exactly its site's buckets."""
    assert (PLAN.account_id, PLAN.bucket, PLAN.key_alias) == (ACCOUNT, BUCKET, "alias/usds-audit-archive")
    assert (PLAN.deployer_role, PLAN.retention_days) == ("usdata-log-deployer", AUDIT.retention_days)
    assert [(it.name, it.region.value, it.account_id, it.live, it.trail, it.readers) for it in PLAN.trails] == [
        ("archive", "us-east-1", ACCOUNT, True, "usds-trail-archive", ()),
        (
            "singapore",
            "ap-southeast-1",
            SINGAPORE,
            True,
            "usds-trail-singapore",
            (role_arn(SINGAPORE, "usds-transfer-singapore"),),
        ),
        (
            "virginia",
            "us-east-1",
            SITE_ACCOUNT,
            True,
            "usds-trail-virginia",
            (role_arn(SITE_ACCOUNT, "usds-transfer-virginia"),),
        ),
    ]
    of = {it.name: it.buckets for it in PLAN.trails}
    assert of["archive"] == (BUCKET,)
    for planned in PLANNED.sites:
        names = (planned.reports_bucket, *(it.bucket for it in planned.backups))
        assert of[planned.site.name] == tuple(sorted(names))
    assert {it.name: [region.value for region in it.alarm_regions] for it in PLAN.trails} == {
        "archive": ["us-east-1"],
        "singapore": ["ap-southeast-1", "us-east-1"],
        "virginia": ["us-east-1"],
    }


def test_a_stack_without_audit_has_no_archive():
    """The key is optional; with it an archive is not."""
    assert plan(replace(AUDITED, audit=None), TODAY).archive is None


@pytest.mark.parametrize(
    ("phase", "live", "readers"),
    [
        (Phase.BACKUP, True, ("usds-transfer-virginia",)),
        (Phase.DRAIN, True, ("usds-retire-virginia",)),
        (Phase.WIPE, True, ()),
        (Phase.CLOSED, False, ()),
    ],
)
def test_a_trail_lasts_as_long_as_its_site_and_the_archive_for_ever(phase, live, readers):
    """In WIPE nobody's daily work is reading; once closed nothing is logged, and who may put logs stays as it was."""
    role = readers[0] if readers else "usds-retire-virginia"
    sites = tuple(
        replace(it, site=replace(it.site, phase=phase), role=role) if it.site.name == "virginia" else it
        for it in PLANNED.sites
    )
    made = plan_archive(AUDIT, "usds", sites)
    (virginia,) = (it for it in made.trails if it.name == "virginia")
    assert (virginia.live, virginia.readers) == (live, tuple(role_arn(SITE_ACCOUNT, it) for it in readers))
    assert bucket_policy(made) == bucket_policy(PLAN)
    assert key_policy(made) == key_policy(PLAN)
    kept = {(it.type, it.name) for it in holders(replace(PLANNED, sites=sites, archive=made))}
    assert {(AWS_BUCKET, BUCKET), (AWS_KEY, "audit-archive")} <= kept


def test_an_archive_that_was_there_is_never_left_out_nor_moved():
    """Its bucket and its key are holders: another account would be another bucket."""
    had = deployed(None)
    moved = replace(AUDITED, audit=replace(AUDIT, archive=replace(ARCHIVE, account_id="555555555555")))
    assert found(moved, TODAY, evidence(deployed=had)) == {("holder", "audit")}
    assert found(replace(AUDITED, audit=None), TODAY, evidence(deployed=had)) == {("holder", "audit")}
    assert found(AUDITED, TODAY, evidence(deployed=had)) == set()
    assert isinstance(evidence(deployed=had), Evidence)


def with_archive(**changes: object):
    """The sample with changes to where the trails go."""
    return replace(AUDITED, audit=replace(AUDIT, archive=replace(ARCHIVE, **changes)))


MANAGED = ControlRequest(id="o-a1b2c3d4e5", account_id="333333333333", deployer_role="usdata-deployer")
ACCOUNT_PATH = "audit.archive.accountId"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (with_archive(account_id="12"), {("identifier", ACCOUNT_PATH)}),
        (with_archive(deployer_role="a role"), {("name", "audit.archive.deployerRole")}),
        (with_archive(account_id=SITE_ACCOUNT), {("separation", ACCOUNT_PATH)}),
        (with_archive(account_id=SINGAPORE), {("separation", ACCOUNT_PATH)}),
        (replace(with_archive(account_id=MANAGED.account_id), control=MANAGED), {("separation", ACCOUNT_PATH)}),
        (replace(AUDITED, control=MANAGED), set()),
        (
            replace(AUDITED, sites={**AUDITED.sites, "archive": site("us-east-1", "555555555555")}),
            {("name-collision", "legacy.sites.archive")},
        ),
        (
            with_site(AUDITED, "virginia", adopt={"profiles": BUCKET}),
            {("name-collision", "legacy.sites.virginia.adopt.profiles")},
        ),
    ],
)
def test_what_may_not_keep_the_trails(request_, expected):
    """An account whose administrators they are about, a name that is taken, and what is no name at all."""
    assert found(request_) == expected


def test_a_validator_that_is_not_ours_finds_nothing():
    """Actions that exist, resources that they take and keys that they carry, in every document."""
    documents = archive_policies(PLAN)
    assert [(it.kind, it.name) for it in documents] == [
        (Kind.BUCKET, BUCKET),
        (Kind.KEY, "alias/usds-audit-archive"),
        (Kind.TOPIC, "usds-alarms-archive"),
        (Kind.TOPIC, "usds-alarms-singapore"),
        (Kind.TOPIC, "usds-alarms-singapore"),
        (Kind.TOPIC, "usds-alarms-virginia"),
    ]
    assert complaints(documents) == []
    assert [what for it in documents for what in too_much(it)] == []


TLS = {"aws__SecureTransport": "true"}
OWNED = {"s3__x-amz-acl": "bucket-owner-full-control"}
SERVICE = "cloudtrail.amazonaws.com"
DEPLOYER, STRANGER = role_arn(ACCOUNT, "usdata-log-deployer"), role_arn(ACCOUNT, "engineer")
SITE_DEPLOYER = role_arn(SITE_ACCOUNT, "usdata-deployer")
THERE = f"arn:aws:s3:::{BUCKET}"


def at(account: str) -> str:
    """Where an account's logs are."""
    return f"{THERE}/AWSLogs/{account}/CloudTrail/log"


@pytest.mark.parametrize(
    ("who", "action", "resource", "context", "expected"),
    [
        (SERVICE, "s3:PutObject", at(SITE_ACCOUNT), {"aws__SourceArn": arn("virginia"), **OWNED}, Answer.ALLOWED),
        (SERVICE, "s3:PutObject", at(SINGAPORE), {"aws__SourceArn": arn("singapore"), **OWNED}, Answer.ALLOWED),
        (SERVICE, "s3:PutObject", at(ACCOUNT), {"aws__SourceArn": arn("archive"), **OWNED}, Answer.ALLOWED),
        (SERVICE, "s3:GetBucketAcl", THERE, {"aws__SourceArn": arn("virginia")}, Answer.ALLOWED),
        (SERVICE, "s3:PutObject", at(SITE_ACCOUNT), {"aws__SourceArn": arn("virginia")}, Answer.SILENT),
        (SERVICE, "s3:PutObject", at(SINGAPORE), {"aws__SourceArn": arn("virginia"), **OWNED}, Answer.SILENT),
        (SERVICE, "s3:PutObject", at(SITE_ACCOUNT), {**OWNED}, Answer.DENIED),
        (SERVICE, "s3:PutObject", at(OTHER), {"aws__SourceArn": arn("virginia").replace(SITE_ACCOUNT, OTHER), **OWNED},
         Answer.DENIED),
        (SERVICE, "s3:GetBucketAcl", THERE, {}, Answer.SILENT),
        (SERVICE, "s3:GetObject", at(SITE_ACCOUNT), {"aws__SourceArn": arn("virginia")}, Answer.DENIED),
        (DEPLOYER, "s3:PutObject", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:GetObject", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:GetObjectVersion", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:DeleteObject", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:DeleteObjectVersion", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:BypassGovernanceRetention", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:PutObjectRetention", at(ACCOUNT), {}, Answer.DENIED),
        (DEPLOYER, "s3:ListBucketVersions", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:DeleteBucket", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:DeleteBucketPolicy", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:PutLifecycleConfiguration", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:PutReplicationConfiguration", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:ListBucket", THERE, {}, Answer.SILENT),
        (DEPLOYER, "s3:PutBucketPolicy", THERE, {}, Answer.SILENT),
        (DEPLOYER, "s3:PutBucketObjectLockConfiguration", THERE, {}, Answer.SILENT),
        (DEPLOYER, "s3:GetBucketPolicy", THERE, {}, Answer.SILENT),
        (STRANGER, "s3:ListBucket", THERE, {}, Answer.DENIED),
        (STRANGER, "s3:PutBucketPolicy", THERE, {}, Answer.DENIED),
        (STRANGER, "s3:PutBucketObjectLockConfiguration", THERE, {}, Answer.DENIED),
        (STRANGER, "s3:PutEncryptionConfiguration", THERE, {}, Answer.DENIED),
        (SITE_DEPLOYER, "s3:PutBucketPolicy", THERE, {}, Answer.DENIED),
        (DEPLOYER, "s3:GetBucketPolicy", THERE, {"aws__SecureTransport": "false"}, Answer.DENIED),
    ],
)  # fmt: skip
def test_who_may_do_what_with_the_archive(who, action, resource, context, expected):
    """Trails put their own account's logs; nobody reads, writes or ends it; its deployer alone configures it."""
    asked = answer(bucket_policy(PLAN).document(), action=action, resource=resource, who=who, **{**TLS, **context})
    assert asked is expected


def encrypting(name: str, context: str | None = None) -> dict[str, str]:
    """A call to the key by a trail."""
    return {
        "aws__SourceArn": arn(name),
        "kms__EncryptionContext:aws:cloudtrail:arn": arn(context or name),
    }


@pytest.mark.parametrize(
    ("who", "action", "context", "expected"),
    [
        (SERVICE, "kms:GenerateDataKey", encrypting("virginia"), Answer.ALLOWED),
        (SERVICE, "kms:GenerateDataKey", encrypting("singapore"), Answer.ALLOWED),
        (SERVICE, "kms:DescribeKey", {"aws__SourceArn": arn("virginia")}, Answer.ALLOWED),
        (SERVICE, "kms:GenerateDataKey", {"aws__SourceArn": arn("virginia")}, Answer.SILENT),
        (SERVICE, "kms:GenerateDataKey", {"kms__EncryptionContext:aws:cloudtrail:arn": arn("virginia")}, Answer.SILENT),
        (SERVICE, "kms:Decrypt", encrypting("virginia"), Answer.SILENT),
        (DEPLOYER, "kms:PutKeyPolicy", {}, Answer.ALLOWED),
        (DEPLOYER, "kms:Decrypt", {}, Answer.SILENT),
        (DEPLOYER, "kms:ScheduleKeyDeletion", {}, Answer.SILENT),
        (DEPLOYER, "kms:CreateGrant", {}, Answer.SILENT),
        (SITE_DEPLOYER, "kms:PutKeyPolicy", {}, Answer.SILENT),
        (role_arn(ACCOUNT, "root"), "kms:Decrypt", {}, Answer.SILENT),
    ],
)
def test_who_may_do_what_with_its_key(who, action, context, expected):
    """Trails encrypt, bound by their source and by the encryption context; the deployer administers; nobody reads."""
    assert answer(key_policy(PLAN).document(), action=action, who=who, **context) is expected


def test_a_topic_is_told_by_its_own_rules_alone():
    """In every region of every trail."""
    for trail in PLAN.trails:
        for region in trail.alarm_regions:
            document, topic = topic_policy(trail, region).document(), trail.topic_arn(region)
            for source, expected in (
                *((trail.rule_arn(alarm, region), Answer.ALLOWED) for alarm in Alarm),
                (f"arn:aws:events:{region}:{trail.account_id}:rule/other", Answer.SILENT),
                (trail.rule_arn(Alarm.READS, region).replace(trail.account_id, OTHER), Answer.SILENT),
            ):
                asked = {"action": "sns:Publish", "resource": topic, "who": "events.amazonaws.com"}
                assert answer(document, **asked, aws__SourceArn=source) is expected


def test_rules_look_for_every_watched_call_and_for_reads_by_strangers():
    """Exact patterns, short enough for EventBridge; a site whose role reads nothing spares nobody."""
    (virginia,) = (it for it in PLAN.trails if it.name == "virginia")
    assert json.loads(virginia.pattern(Alarm.CHANGES)) == {
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventName": sorted(name for calls in AWS_CALLS.values() for name in calls)},
    }
    reads = json.loads(virginia.pattern(Alarm.READS))
    by = [it["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] for it in reads["detail"].pop("$or")]
    assert by == [[{"anything-but": [role_arn(SITE_ACCOUNT, "usds-transfer-virginia")]}], [{"exists": False}]]
    assert json.loads(replace(virginia, readers=()).pattern(Alarm.READS)) == reads
    assert reads["detail"]["eventName"][0] == {"prefix": "GetObject"}
    assert max(len(it.pattern(alarm)) for it in PLAN.trails for alarm in Alarm) <= MOST_PATTERN


EXACT, ANY = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t", "arn:aws:cloudtrail:us-east-1:111111111111:trail/*"


@pytest.mark.parametrize(
    ("operator", "values", "well"),
    [
        (Operator.STRING_EQUALS, (EXACT,), True),
        (Operator.ARN_EQUALS, (EXACT, EXACT.replace("1" * 12, "2" * 12)), True),
        (Operator.ARN_LIKE, (EXACT,), False),
        (Operator.STRING_EQUALS, (ANY,), False),
        (Operator.STRING_EQUALS, (EXACT, "arn:aws:s3:::bucket"), False),
        (Operator.STRING_NOT_EQUALS, (EXACT,), False),
    ],
)
def test_a_service_is_narrowed_by_sources_that_name_their_accounts(operator, values, well):
    """Whole, and by a comparison that takes no pattern; anything else needs a condition on the account as well."""
    statement = Statement(
        sid="S",
        principal=CLOUDTRAIL,
        actions=(Action.PUT_OBJECT,),
        resources=("arn:aws:s3:::b/*",),
        conditions=(Condition(operator=operator, key=ConditionKey.SOURCE_ARN, values=values),),
    )
    policy = Policy(kind=Kind.BUCKET, name="b", account_id=ACCOUNT, statements=(statement,))
    assert (list(too_much(policy)) == []) is well


def test_what_is_too_much_in_a_trails_policy_is_told_at_the_archive(monkeypatch):
    """The planner judges the documents that it made once more."""
    wrong = replace(bucket_policy(PLAN), account_id=OTHER)
    everyone = SimpleNamespace(kind=Kind.BUCKET, name="b", account_id=ACCOUNT, statements=(), size=10**6)
    monkeypatch.setattr("infra.residency.planner.archive_policies", lambda _plan: (wrong, everyone))
    assert found(AUDITED) == {("limit", "audit.archive")}


@mock_aws
def test_aws_takes_every_document():
    """On moto, which is not ours: as policies of a bucket with a lock, of a key and of topics."""
    s3, kms, sns = (boto3.client(it, region_name="us-east-1") for it in ("s3", "kms", "sns"))
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(PLAN).text())
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": PLAN.retention_days}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    key = kms.create_key(Policy=key_policy(PLAN).text())["KeyMetadata"]["KeyId"]
    assert kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] == key_policy(PLAN).text()
    for policy in archive_policies(PLAN)[2:]:
        topic = sns.create_topic(Name=policy.name)["TopicArn"]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy.text())
    events = boto3.client("events", region_name="us-east-1")
    for alarm in Alarm:
        events.put_rule(Name=alarm.value, EventPattern=PLAN.trails[0].pattern(alarm))


def test_the_organization_lets_alarms_be_where_calls_of_iam_are_reported():
    """Singapore's account: events and topics in Virginia, and nothing else there or anywhere else."""
    control = plan(replace(AUDITED, control=MANAGED), TODAY).control
    assert control is not None
    sites = tuple(it.site for it in PLANNED.sites)
    assert control.policies == plan_policies("usds", MANAGED.id, sites, audited=True)
    documents = [json.loads(it.text()) for it in control.policies if it.name == f"usds-regions-{SINGAPORE}"]
    for action, region, denied in (
        ("events:PutRule", "us-east-1", False),
        ("sns:CreateTopic", "us-east-1", False),
        ("events:PutRule", "ap-southeast-1", False),
        ("events:PutRule", "eu-west-1", True),
        ("sns:CreateTopic", "eu-west-1", True),
        ("s3:CreateBucket", "us-east-1", True),
        ("cloudtrail:CreateTrail", "us-east-1", True),
        ("iam:CreateRole", "us-east-1", False),
    ):
        asked = answer(
            *documents, action=action, who=role_arn(SINGAPORE, "usdata-deployer"), aws__RequestedRegion=region
        )
        assert (asked is Answer.DENIED) is denied, (action, region)
    (virginia,) = (it for it in control.policies if it.name == f"usds-regions-{SITE_ACCOUNT}")
    assert [it.sid for it in virginia.statements] == ["DenyOtherRegions"]
