"""What the archive and the sites' trails register: exact values for both shipped stacks, held against the plan.

That they are enough is for `infra.verify`; that AWS's API takes them is for the runs against the simulated clouds.
"""

import json

import pytest

from infra.residency.watched import Alarm
from tests.support.programs import configuration, shipped

ARCHIVE, ACCOUNT = "audit-archive", "444444444444"
BUCKET = f"usds-audit-use1-{ACCOUNT}"
S3, TRAIL, RULE = "aws:s3/", "aws:cloudtrail/trail:Trail", "aws:cloudwatch/eventRule:EventRule"
PLACES = {
    "archive": (ACCOUNT, "us-east-1", {"us-east-1"}),
    "singapore": ("222222222222", "ap-southeast-1", {"ap-southeast-1", "us-east-1"}),
    "virginia": ("111111111111", "us-east-1", {"us-east-1"}),
}


@pytest.fixture(params=["sandbox", "us-prod"])
def stack(request):
    """A shipped stack: what it registers with ids, and its configuration."""
    return shipped(request.param, preview=False), configuration(request.param)["usdata:deployment"]


def test_the_archive_is_locked_guarded_and_under_its_own_key(stack):
    """Everything that a backup's bucket has, but a lock instead of a lifecycle; each of them protected and kept."""
    made, deployment = stack
    here = {r.type: r for r in made.managed() if r.name == ARCHIVE}
    assert {it.removeprefix(S3).partition(":")[0] for it in here if it.startswith(S3)} == {
        "bucket",
        "bucketObjectLockConfiguration",
        "bucketOwnershipControls",
        "bucketPolicy",
        "bucketPublicAccessBlock",
        "bucketServerSideEncryptionConfiguration",
        "bucketVersioning",
    }
    assert all((it.protect, it.retain, it.inputs["region"]) == (True, True, "us-east-1") for it in here.values())
    assert {it.provider for it in here.values()} == {"aws-archive-us-east-1"}
    by = {token.rpartition(":")[2]: it.inputs for token, it in here.items()}
    assert by["Bucket"] == {
        "region": "us-east-1",
        "bucket": BUCKET,
        "objectLockEnabled": True,
        "tags": {"phase": "live"},
    }
    assert by["BucketObjectLockConfiguration"]["rule"] == {
        "defaultRetention": {"mode": "COMPLIANCE", "days": deployment["audit"]["retentionDays"]}
    }
    (rule,) = by["BucketServerSideEncryptionConfiguration"]["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {
            "sseAlgorithm": "aws:kms",
            "kmsMasterKeyId": f"<aws:kms/key:Key {ARCHIVE}.arn>",
        },
        "bucketKeyEnabled": False,
    }
    key = by["Key"]
    assert (key["multiRegion"], key["enableKeyRotation"], key["deletionWindowInDays"]) == (False, True, 30)
    assert by["Alias"]["name"] == "alias/usds-audit-archive"


def test_each_account_has_one_trail_of_everything(stack):
    """Into the archive, signed, of all regions; with data events of exactly the buckets that are at the site."""
    made, _ = stack
    trails = {r.name.removeprefix("trail-"): r for r in made.of_type(TRAIL)}
    assert trails.keys() == PLACES.keys()
    for name, trail in trails.items():
        _, region, _ = PLACES[name]
        assert trail.provider == f"aws-{name}-{region}"
        selectors = trail.inputs["eventSelectors"]
        assert {key: it for key, it in trail.inputs.items() if key != "eventSelectors"} == {
            "region": region,
            "name": f"usds-trail-{name}",
            "s3BucketName": BUCKET,
            "kmsKeyId": f"<aws:kms/key:Key {ARCHIVE}.arn>",
            "enableLogging": True,
            "enableLogFileValidation": True,
            "includeGlobalServiceEvents": True,
            "isMultiRegionTrail": True,
        }
        there = {r.inputs["bucket"] for r in made.of_type("aws:s3/bucket:Bucket") if r.provider == trail.provider}
        data = [it for each in selectors for it in each.get("dataResources", ())]
        assert [(it["type"], set(it["values"])) for it in data] == [
            ("AWS::S3::Object", {f"arn:aws:s3:::{bucket}/" for bucket in there})
        ]
        kinds = [(it["readWriteType"], it["includeManagementEvents"]) for it in selectors]
        assert kinds == [("All", True), *([("ReadOnly", False)] if name == "archive" else [])]


def test_people_are_told_in_every_region_that_reports_calls(stack):
    """A topic with a policy and every subscriber, and two rules that tell it, without what was read."""
    made, deployment = stack
    addresses = set(deployment["audit"]["subscribers"].values())
    for name, (account, home, regions) in PLACES.items():
        provider = f"aws-{name}-{home}"
        topics = [r for r in made.of_type("aws:sns/topic:Topic") if r.provider == provider]
        assert {r.inputs["region"] for r in topics} == regions
        for region in regions:
            topic = f"arn:aws:sns:{region}:{account}:usds-alarms-{name}"
            told = [it.inputs for it in made.of_type("aws:sns/topicSubscription:TopicSubscription")]
            assert {it["endpoint"] for it in told if it["topic"] == topic} == addresses
            (policy,) = (r for r in made.of_type("aws:sns/topicPolicy:TopicPolicy") if r.inputs["arn"] == topic)
            assert json.loads(policy.inputs["policy"])["Statement"][0]["Resource"] == [topic]
            here = [r.inputs for r in made.of_type(RULE) if (r.provider, r.inputs["region"]) == (provider, region)]
            assert {it["name"] for it in here} == {f"usds-{alarm}-{name}" for alarm in Alarm}
            assert {it["state"] for it in here} == {"ENABLED"}
            targets = [r.inputs for r in made.of_type("aws:cloudwatch/eventTarget:EventTarget")]
            targets = [it for it in targets if it["arn"] == topic]
            assert {it["rule"] for it in targets} == {it["name"] for it in here}
            for target in targets:
                assert target["inputTransformer"] == {
                    "inputPaths": {
                        "call": "$.detail.eventName",
                        "who": "$.detail.userIdentity.arn",
                        "when": "$.detail.eventTime",
                    },
                    "inputTemplate": f'"{name}, {region}: <call> by <who> at <when>"',
                }
