"""The check of the legacy sites' trails over the resource graph: what is missing or could end them is found.

Each case starts from what the program registers for a shipped stack, with ids, and edits resources as no stack file
could. Documents are edited statement by statement. That clouds evaluate them so is not proved here.
"""

# ruff: noqa: E501 - a case is a line
import json

import pytest

from infra.residency.watched import AWS_CALLS
from infra.verify.graph import UNKNOWN
from infra.verify.site_trails import acts
from infra.verify.site_trails.event_patterns import meets
from infra.verify.site_trails.leaks import WATCHED, leaks
from infra.verify.trail import Rule
from tests.support.graphs import STACKS, context, declarations
from tests.verify.test_trail import Stack as Resources
from tests.verify.test_trail import drop, inside, put, state

BUCKET, KEY, LOCK = (
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
)
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
POLICY, VERSIONING = "aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketVersioning:BucketVersioning"
RULE, TARGET, TRAIL = (
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudtrail/trail:Trail",
)
SUBSCRIPTION, TOPIC_POLICY = "aws:sns/topicSubscription:TopicSubscription", "aws:sns/topicPolicy:TopicPolicy"
ARCHIVE, SITE, ABROAD = "audit-archive", "trail-virginia", "trail-singapore"


class Stack(Resources):
    """The resources of the sandbox, which has every kind of them."""

    def __init__(self, name="sandbox") -> None:
        super().__init__(name)

    def found(self):
        """What the check finds, by the rules of what happens unseen."""
        on = self.graph(), declarations(self.name)
        found = leaks(*on)
        assert {it.rule for it in acts.unseen(*on)} == {it.rule for it in found}
        return found


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "known"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stacks_lose_nothing_from_sight(stack, preview):
    """Before anything exists, and with all ids known."""
    assert leaks(context(stack, preview=preview).graph, declarations(stack)) == ()


def test_a_trail_that_goes_nowhere_is_a_leak():
    """A stack file that has an audit trail and does not say where the sites' go; one without any is for another check."""
    declared = declarations("sandbox")
    assert [it.rule for it in leaks(context("sandbox").graph, _without(declared, archive=True))] == [Rule.DECLARED]
    assert leaks(context("sandbox").graph, _without(declared, archive=False)) == ()


def _without(declared, *, archive):
    audit = {key: it for key, it in declared.deployment["audit"].items() if key != "archive"} if archive else None
    return declared._replace(archive="", deployment={**declared.deployment, "audit": audit})


def document(type_, name, edit, path="policy"):
    """An edited policy document."""

    def change(stack):
        inputs = stack.state(type_, name)["inputs"]
        statements = {it["Sid"]: it for it in json.loads(inputs[path])["Statement"]}
        edit(statements)
        inputs[path] = json.dumps({"Version": "2012-10-17", "Statement": list(statements.values())})

    return change


def unsay(sid, type_=POLICY):
    """A statement less."""
    return document(type_, ARCHIVE, lambda statements: statements.pop(sid))


def say(sid, type_=POLICY, **statement: object):
    """Other elements of a statement, or one more."""
    return document(type_, ARCHIVE, lambda statements: statements.setdefault(sid, {"Sid": sid}).update(statement))


def unbind(sid, key, type_=POLICY):
    """A condition less."""
    return document(type_, ARCHIVE, lambda statements: statements[sid]["Condition"]["StringEquals"].pop(key))


def bind(sid, key, *values: str, type_=POLICY):
    """A condition with other values."""
    return document(
        type_, ARCHIVE, lambda statements: statements[sid]["Condition"]["StringEquals"].update({key: list(values)})
    )


def pattern(name, old, new):
    """Another pattern of a rule."""

    def edit(stack):
        inputs = stack.state(RULE, name)["inputs"]
        assert old in inputs["eventPattern"]
        inputs["eventPattern"] = inputs["eventPattern"].replace(old, new)

    return edit


def also(type_, name, other, **inputs: object):
    """One resource more, like another."""

    def edit(stack):
        first = stack.state(type_, name)
        urn = f"{first['urn'].rpartition('::')[0]}::{other}"
        again = {**first, "urn": urn, "type": type_, "inputs": {**first["inputs"], **inputs}}
        stack.steps.append({"op": "create", "urn": urn, "newState": again})

    return edit


def _expire(stack):
    also(LIFECYCLE, "profiles-virginia", "archive", bucket="usds-audit-use1-444444444444")(stack)


SELECTOR = {"includeManagementEvents": True, "readWriteType": "All"}
STRANGER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:role/x"}, "Resource": ["*"]}
THERE = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
VIRGINIA = "urn:pulumi:test::usdata::pulumi:providers:aws::aws-virginia-us-east-1::x"
SINGAPORE = "urn:pulumi:test::usdata::pulumi:providers:aws::aws-singapore-ap-southeast-1::x"
TRAIL_ARN = "arn:aws:cloudtrail:us-east-1:111111111111:trail/usds-trail-virginia"
TRAILS = (
    TRAIL_ARN,
    "arn:aws:cloudtrail:us-east-1:444444444444:trail/usds-trail-archive",
    "arn:aws:cloudtrail:ap-southeast-1:222222222222:trail/usds-trail-singapore",
)
SOURCE, CONTEXT = "aws:SourceArn", "kms:EncryptionContext:aws:cloudtrail:arn"
CHANGES, READS = "changes-singapore-us-east-1", "reads-virginia-us-east-1"
BREAKS = [
    ("no archive", drop(BUCKET, ARCHIVE), {Rule.BUCKET, Rule.LOG}),
    ("the archive at a site", state(BUCKET, ARCHIVE, provider=VIRGINIA), {Rule.BUCKET, Rule.LOG}),
    ("the archive in Singapore", put(BUCKET, ARCHIVE, region="ap-southeast-1"), {Rule.BUCKET, Rule.LOG}),
    ("an archive that may go", state(BUCKET, ARCHIVE, protect=False), {Rule.BUCKET}),
    ("an archive that leaves the state only", state(BUCKET, ARCHIVE, retainOnDelete=False), {Rule.BUCKET}),
    ("objects that expire", _expire, {Rule.BUCKET}),
    ("no lock", drop(LOCK, ARCHIVE), {Rule.RETENTION}),
    ("a bucket made without a lock", put(BUCKET, ARCHIVE, objectLockEnabled=False), {Rule.RETENTION}),
    ("governance mode", inside(LOCK, ARCHIVE, "rule", "defaultRetention", "mode", value="GOVERNANCE"), {Rule.RETENTION}),
    ("a shorter lock", inside(LOCK, ARCHIVE, "rule", "defaultRetention", "days", value=364), {Rule.RETENTION}),
    ("a lock that is not known", put(LOCK, ARCHIVE, rule=UNKNOWN), {Rule.RETENTION}),
    ("a lock that may go", state(LOCK, ARCHIVE, protect=False), {Rule.RETENTION}),
    ("no versions", drop(VERSIONING, ARCHIVE), {Rule.RETENTION}),
    ("versions suspended", inside(VERSIONING, ARCHIVE, "versioningConfiguration", "status", value="Suspended"), {Rule.RETENTION}),
    ("no policy", drop(POLICY, ARCHIVE), {Rule.GRANT}),
    ("a policy that is not known", put(POLICY, ARCHIVE, policy=UNKNOWN), {Rule.GRANT}),
    ("a policy that cannot be read", put(POLICY, ARCHIVE, policy="{"), {Rule.GRANT}),
    ("CloudTrail for whoever asks it", unbind("Delivervirginia", SOURCE), {Rule.GRANT}),
    ("CloudTrail for somebody else", bind("Delivervirginia", SOURCE, TRAIL_ARN, TRAIL_ARN.replace("1" * 12, "9" * 12)), {Rule.GRANT}),
    ("CloudTrail for a trail of nobody's", bind("Delivervirginia", SOURCE, TRAIL_ARN, "arn:aws:cloudtrail:eu-west-1:555555555555:trail/x"), {Rule.GRANT}),
    ("a key for a trail of nobody's", bind("EncryptLogs", CONTEXT, "strange", *TRAILS, type_=KEY), {Rule.KEY}),
    ("CloudTrail for any trail of a site", bind("Delivervirginia", SOURCE, f"{TRAIL_ARN}-other"), {Rule.GRANT}),
    ("a trail in another's place", say("Delivervirginia", Resource=["arn:aws:s3:::usds-audit-use1-444444444444/*"]), {Rule.GRANT}),
    ("a trail that cannot deliver", unsay("Delivervirginia"), {Rule.GRANT}),
    ("a trail that cannot look", unsay("LookAtBucket"), {Rule.GRANT}),
    ("somebody else writes", say("More", **STRANGER, Action=["s3:PutObject"]), {Rule.GRANT}),
    ("CloudTrail reads", say("More", **THERE, Action=["s3:GetObject"], Resource=["*"], Condition={"StringEquals": {SOURCE: [TRAIL_ARN]}}), {Rule.GRANT}),
    ("anybody writes", unsay("DenyOtherWriters"), {Rule.GRANT}),
    ("anybody deletes", unsay("DenyDeleting"), {Rule.GRANT}),
    ("anybody reads", unsay("DenyReading"), {Rule.GRANT}),
    ("anybody lists", unsay("DenyListing"), {Rule.GRANT}),
    ("anybody lists what was", unsay("DenyListingHistory"), {Rule.GRANT}),
    ("anybody ends it", unsay("DenyEnding"), {Rule.GRANT}),
    ("anybody changes it", unsay("DenyChanging"), {Rule.GRANT}),
    ("plain transport", unsay("DenyPlainText"), {Rule.GRANT}),
    ("the deployer deletes", say("DenyDeleting", Condition={"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::444444444444:role/usdata-log-deployer"]}}), {Rule.GRANT}),
    ("a site's deployer changes it", say("DenyChanging", Condition={"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::444444444444:role/*"]}}), {Rule.GRANT}),
    ("no key", drop(ENCRYPTION, ARCHIVE), {Rule.KEY}),
    ("Amazon's own key", inside(ENCRYPTION, ARCHIVE, "rules", "0", value={"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}), {Rule.KEY}),
    ("under a site's key", inside(ENCRYPTION, ARCHIVE, "rules", "0", "applyServerSideEncryptionByDefault", "kmsMasterKeyId", value="<aws:kms/key:Key virginia.id>"), {Rule.KEY}),
    ("a key that may go", state(KEY, ARCHIVE, retainOnDelete=False), {Rule.KEY}),
    ("a key that is off", put(KEY, ARCHIVE, isEnabled=False), {Rule.KEY}),
    ("a key that is gone in a week", put(KEY, ARCHIVE, deletionWindowInDays=7), {Rule.KEY}),
    ("a key policy that is not known", put(KEY, ARCHIVE, policy=UNKNOWN), {Rule.KEY}),
    ("a key for whoever asks CloudTrail", unbind("EncryptLogs", SOURCE, KEY), {Rule.KEY}),
    ("a key for whatever logs", unbind("EncryptLogs", CONTEXT, KEY), {Rule.KEY}),
    ("a key for other trails", bind("EncryptLogs", CONTEXT, TRAIL_ARN, f"{TRAIL_ARN}-other", type_=KEY), {Rule.KEY}),
    ("a trail that cannot encrypt", bind("EncryptLogs", SOURCE, TRAIL_ARN, type_=KEY), {Rule.KEY}),
    ("the account's root in the key", say("More", KEY, **{**STRANGER, "Principal": {"AWS": "arn:aws:iam::444444444444:root"}}, Action=["kms:*"]), {Rule.KEY}),
    ("CloudTrail decrypts", say("EncryptLogs", KEY, Action=["kms:GenerateDataKey*", "kms:Decrypt"]), {Rule.KEY}),
    ("a reader of the key", say("More", KEY, **STRANGER, Action=["kms:Decrypt"]), {Rule.KEY}),
    ("whoever administers the key ends it", say("Administer", KEY, Action=["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]), {Rule.KEY}),
    ("a statement in the key about nobody", say("LookAtKey", KEY, Principal={}), {Rule.KEY}),
    ("a denial in the key of nobody in particular", say("DenyMore", KEY, Effect="Deny", Action=["kms:Decrypt"], Resource=["*"]), {Rule.KEY}),
    ("a statement in the key about an empty list", say("LookAtKey", KEY, Principal={"Service": []}), {Rule.KEY}),
    ("a statement in the key that compares what is no ARN", say("LookAtKey", KEY, Condition={"ArnLike": {SOURCE: TRAILS, "aws:PrincipalArn": "*"}}), {Rule.KEY}),
    ("another key's statement", say("Administer", KEY, Resource=["arn:aws:kms:us-east-1:444444444444:key/x"]), {Rule.KEY}),
    ("no trail", drop(TRAIL, SITE), {Rule.EVENTS}),
    ("no trail of the archive", drop(TRAIL, "trail-archive"), {Rule.EVENTS}),
    ("a trail in another account", state(TRAIL, ABROAD, provider=VIRGINIA), {Rule.EVENTS}),
    ("a trail that is off", put(TRAIL, SITE, enableLogging=False), {Rule.EVENTS}),
    ("a trail of one region", put(TRAIL, ABROAD, isMultiRegionTrail=False), {Rule.EVENTS}),
    ("a trail without IAM", put(TRAIL, ABROAD, includeGlobalServiceEvents=False), {Rule.EVENTS}),
    ("a trail of changes only", inside(TRAIL, SITE, "eventSelectors", "0", "readWriteType", value="WriteOnly"), {Rule.EVENTS, Rule.LOG}),
    ("a trail without calls", inside(TRAIL, SITE, "eventSelectors", "0", "includeManagementEvents", value=False), {Rule.EVENTS}),
    ("a trail without KMS", inside(TRAIL, SITE, "eventSelectors", "0", "excludeManagementEventSources", value=["kms.amazonaws.com"]), {Rule.EVENTS}),
    ("a trail that signs nothing", put(TRAIL, SITE, enableLogFileValidation=False), {Rule.RETENTION}),
    ("a trail into a backup", put(TRAIL, SITE, s3BucketName="usds-profiles-use1-111111111111"), {Rule.CONNECTOR}),
    ("a trail somewhere in the archive", put(TRAIL, SITE, s3KeyPrefix="elsewhere"), {Rule.CONNECTOR}),
    ("a trail under no key", put(TRAIL, SITE, kmsKeyId=None), {Rule.KEY}),
    ("a trail under its own site's key", put(TRAIL, SITE, kmsKeyId="<aws:kms/key:Key virginia.arn>"), {Rule.KEY}),
    ("no data events", put(TRAIL, SITE, eventSelectors=[SELECTOR]), {Rule.LOG}),
    ("data events of one bucket less", inside(TRAIL, SITE, "eventSelectors", "0", "dataResources", "0", "values", "0", value="arn:aws:s3:::usds-avatars-use1-111111111111/x"), {Rule.LOG}),
    ("data events of a bucket elsewhere", lambda stack: _watch(stack, "arn:aws:s3:::usds-profiles-apse1-222222222222/"), {Rule.LOG}),
    ("data events of everything", lambda stack: _watch(stack, "arn:aws:s3"), {Rule.LOG}),
    ("data events of functions", inside(TRAIL, SITE, "eventSelectors", "0", "dataResources", "0", "type", value="AWS::Lambda::Function"), {Rule.LOG}),
    ("reads of the archive unseen", inside(TRAIL, "trail-archive", "eventSelectors", "1", "readWriteType", value="WriteOnly"), {Rule.LOG}),
    ("one more is told", also(SUBSCRIPTION, f"{ABROAD}-us-east-1-security-desk", "more", endpoint="x@example.com"), {Rule.ALARM}),
    ("no rule for changes", drop(RULE, CHANGES), {Rule.ALARM}),
    ("no rule for reads", drop(RULE, READS), {Rule.ALARM}),
    ("a rule that is off", put(RULE, CHANGES, state="DISABLED"), {Rule.ALARM}),
    ("a rule on another bus", put(RULE, CHANGES, eventBusName="other"), {Rule.ALARM}),
    ("nobody watches keys", pattern(CHANGES, '"ScheduleKeyDeletion",', ""), {Rule.ALARM}),
    ("nobody watches the trail", pattern(CHANGES, '"StopLogging",', ""), {Rule.ALARM}),
    ("nobody watches the alarms", pattern(CHANGES, '"RemoveTargets",', ""), {Rule.ALARM}),
    ("nobody watches IAM", pattern(CHANGES, '"PutRolePolicy",', ""), {Rule.ALARM}),
    ("nobody watches objects read", pattern(READS, '{"prefix":"GetObject"},', ""), {Rule.ALARM}),
    ("nobody watches root", pattern(READS, '{"exists":false}', '{"exists":true,"prefix":"x"}'), {Rule.ALARM}),
    ("nobody watches restores", pattern(READS, '"arn:aws:iam::111111111111:role/usds-transfer-virginia"', '"arn:aws:iam::111111111111:role/usds-transfer-virginia","arn:aws:iam::111111111111:role/usds-restore-virginia"'), {Rule.ALARM}),
    ("an exception by a pattern", pattern(READS, '{"anything-but":["arn:aws:iam::111111111111:role/usds-transfer-virginia"]}', '{"anything-but":{"prefix":"arn:aws:iam"}}'), {Rule.ALARM}),
    ("a pattern that is none", put(RULE, CHANGES, eventPattern="{"), {Rule.ALARM}),
    ("a pattern that is not known", put(RULE, CHANGES, eventPattern=UNKNOWN), {Rule.ALARM}),
    ("a rule that tells nothing", drop(TARGET, CHANGES), {Rule.ALARM}),
    ("a rule that tells another account", put(TARGET, CHANGES, arn="arn:aws:sns:us-east-1:999999999999:usds-alarms-singapore"), {Rule.ALARM}),
    ("a topic that nobody may tell", drop(TOPIC_POLICY, f"{ABROAD}-us-east-1"), {Rule.ALARM}),
    ("a topic for what is no ARN", document(TOPIC_POLICY, f"{ABROAD}-us-east-1", lambda it: it["TellByRules"]["Condition"]["ArnEquals"].update({SOURCE: ["*"]})), {Rule.ALARM}),
    ("a topic for another rule", document(TOPIC_POLICY, f"{ABROAD}-us-east-1", lambda it: it["TellByRules"]["Condition"]["ArnEquals"].update({SOURCE: ["arn:aws:events:us-east-1:222222222222:rule/x"]})), {Rule.ALARM}),
    ("nobody is told", drop(SUBSCRIPTION, f"{ABROAD}-us-east-1-security-desk"), {Rule.ALARM}),
    ("somebody else is told", put(SUBSCRIPTION, f"{ABROAD}-us-east-1-security-desk", endpoint="x@example.com"), {Rule.ALARM}),
    ("a machine is told", put(SUBSCRIPTION, f"{ABROAD}-us-east-1-security-desk", protocol="sqs"), {Rule.ALARM}),
]  # fmt: skip


def _watch(stack, arn):
    stack.state(TRAIL, SITE)["inputs"]["eventSelectors"][0]["dataResources"][0]["values"].append(arn)


def test_enough_breaks():
    """At least fifteen, each with a name of its own, and each rule broken that this check has."""
    assert len({name for name, _, _ in BREAKS}) == len(BREAKS) >= 15
    theirs = {Rule.DECLARED, Rule.STATEMENT}
    assert {rule for _, _, rules in BREAKS for rule in rules} == set(Rule) - theirs


@pytest.mark.parametrize(
    ("break_", "expected"), [(it, rules) for _, it, rules in BREAKS], ids=[name for name, _, _ in BREAKS]
)
def test_what_could_be_done_unseen_is_found(break_, expected):
    """By exactly the rules that it breaks."""
    stack = Stack()
    break_(stack)
    assert stack.rules() == expected


HARMLESS = [
    ("a longer lock", inside(LOCK, ARCHIVE, "rule", "defaultRetention", "days", value=400)),
    ("a lock in years", put(LOCK, ARCHIVE, rule={"defaultRetention": {"mode": "COMPLIANCE", "years": 1}})),
    ("a trail that says nothing of what is so anyway", put(TRAIL, SITE, tags={"a": "b"})),
    ("writes of the archive logged too", inside(TRAIL, "trail-archive", "eventSelectors", "1", "readWriteType", value="All")),
    ("a rule that hears of more", put(RULE, CHANGES, state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")),
    ("one call more is watched", pattern(CHANGES, '"StopLogging",', '"StopLogging","DeleteUser",')),
    ("every call is watched", put(RULE, CHANGES, eventPattern='{"detail-type":["AWS API Call via CloudTrail"]}')),
    ("everybody's reads are told", put(RULE, READS, eventPattern='{"detail":{"eventName":[{"prefix":"GetObject"},"HeadObject","CopyObject"]}}')),
    ("one more denial", say("DenyMore", Effect="Deny", Principal="*", Action=["s3:PutBucketTagging"], Resource=["*"])),
    ("a denial by another comparison", say("DenyOtherWriters", Condition={"ArnNotEquals": {SOURCE: ["arn:aws:cloudtrail:us-east-1:444444444444:trail/usds-trail-archive", "arn:aws:cloudtrail:ap-southeast-1:222222222222:trail/usds-trail-singapore", TRAIL_ARN]}})),
    ("another window's words", put(KEY, ARCHIVE, description="x")),
]  # fmt: skip


@pytest.mark.parametrize("edit", [edit for _, edit in HARMLESS], ids=[name for name, _ in HARMLESS])
def test_a_harmless_rewrite_is_none(edit):
    """What means the same, or more, is not refused."""
    stack = Stack()
    edit(stack)
    assert stack.found() == ()


EVENT = {"source": "aws.s3", "detail": {"eventName": "GetObject", "who": {"arn": "a"}}}


@pytest.mark.parametrize(
    ("pattern_", "expected"),
    [
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.kms", "aws.s3"]}, True),
        ({"source": ["aws.kms"]}, False),
        ({"source": []}, False),
        ({"source": "aws.s3"}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"prefix": 1}]}, False),
        ({"source": [{"suffix": "s3"}]}, False),  # an operator that is not known here
        ({"source": [{"prefix": "aws.", "exists": True}]}, False),
        ({"detail": {"eventName": ["GetObject"]}}, True),
        ({"detail": {"who": {"arn": [{"anything-but": ["a"]}]}}}, False),
        ({"detail": {"who": {"arn": [{"anything-but": "b"}]}}}, True),
        ({"detail": {"who": {"arn": [{"anything-but": {"prefix": "b"}}]}}}, False),
        ({"detail": {"who": {"name": [{"anything-but": ["b"]}]}}}, False),  # what is not there is nothing but
        ({"detail": {"who": {"name": [{"exists": False}]}}}, True),
        ({"detail": {"nobody": {"name": [{"exists": False}]}}}, True),
        ({"detail": {"who": {"arn": [{"exists": False}]}}}, False),
        ({"$or": [{"source": ["aws.kms"]}, {"detail": {"eventName": ["GetObject"]}}]}, True),
        ({"$or": [{"source": ["aws.kms"]}]}, False),
        ({"$or": {}}, False),
        ({"$or": ["source"]}, False),
        ({}, False),
    ],
)
def test_a_pattern_is_met_as_eventbridge_says(pattern_, expected):
    """Each operator that the rules use, and nothing that is not known."""
    assert meets(json.dumps(pattern_), EVENT) is expected


def test_what_is_no_pattern_meets_nothing():
    """No text, no JSON, and nothing at all."""
    assert [meets(text, EVENT) for text in ("{", UNKNOWN, None, 1, "[]", '"x"')] == [False] * 6


def test_the_calls_that_no_trail_may_miss_are_watched():
    """Each of them is in the kernel's own list, which the rules are made of."""
    assert set(WATCHED) <= {name for calls in AWS_CALLS.values() for name in calls}
