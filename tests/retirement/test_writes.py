"""A comparison counts only if nothing could be written any more when its census was begun."""

from __future__ import annotations

import json

import pytest

from infra.residency.bucket_policy import backup_policy
from infra.residency.lifecycle import Phase
from tests.retirement.rig import buckets_of, draining, put

SITE = "virginia"
BUCKET = "usds-messages-virginia"


def statement(**changes: object) -> dict[str, object]:
    """A statement that denies writing to everyone, changed."""
    return draining(BUCKET)["Statement"][0] | changes


POLICIES = {
    "as from phase drain on": ([statement()], False),
    "all S3 calls": ([statement(Action="s3:*")], False),
    "a pattern, a list of everyone": ([statement(Action=["s3:Put*"], Principal={"AWS": ["*"]})], False),
    "one statement, not in a list": (statement(Resource="*", Principal={"AWS": "*"}), False),
    "another statement beside it": ([statement(Action="s3:GetObject"), statement()], False),
    "no statement that denies it": ([statement(Action="s3:GetObject")], True),
    "an allow": ([statement(Effect="Allow")], True),
    "with a condition": ([statement(Condition={"Bool": {"aws:SecureTransport": "false"}})], True),
    "for somebody": ([statement(Principal={"AWS": "arn:aws:iam::123456789012:root"})], True),
    "all but some actions": ([{k: v for k, v in statement(NotAction="s3:GetObject").items() if k != "Action"}], True),
    "some keys": ([statement(Resource=f"arn:aws:s3:::{BUCKET}/a*")], True),
    "the bucket itself": ([statement(Resource=f"arn:aws:s3:::{BUCKET}")], True),
}


@pytest.mark.parametrize(("statements", "is_open"), POLICIES.values(), ids=POLICIES)
def test_a_bucket_is_closed_to_writes_only_by_a_denial_for_everyone(rig, statements, is_open):
    """What is understood for certain closes it; everything else counts as open."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    rig.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    assert rig.right(SITE, "census")["openBuckets"] == [BUCKET] * is_open


@pytest.mark.parametrize(("phase", "is_open"), [(Phase.BACKUP, True), (Phase.DRAIN, False), (Phase.WIPE, False)])
def test_the_policies_that_the_stack_writes_are_understood(rig, phase, is_open):
    """The kernel's own policy of a backup bucket, as the stack puts it there: closed from `drain` on."""
    policy = backup_policy(phase=phase, bucket=BUCKET, account_id="1" * 12, role="retirement", deployer_role="deployer")
    rig.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy.document()))
    assert rig.right(SITE, "census")["openBuckets"] == [BUCKET] * is_open


def test_a_census_that_was_begun_while_writes_went_on_permits_no_wipe(rig):
    """The comparison is made and gives no receipt; after phase `drain` denies writes, nothing has to be read again."""
    put(BUCKET, "k", b"x", kms_key=rig.keys[SITE])
    put(buckets_of(SITE)[BUCKET], "k", b"x")
    rig.client().delete_bucket_policy(Bucket=BUCKET)
    assert f"{BUCKET} took writes meanwhile" in rig.step(SITE, "census").out
    answer = rig.step(SITE, "compare")
    assert (answer.code, "move the site to phase drain" in answer.err) == (1, True), answer
    assert [path.rpartition("-")[2] for path in rig.sign(SITE)] == ["census.json"]
    rig.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(draining(BUCKET)))
    assert rig.step(SITE, "compare").code == 1  # the census was still begun too early
    rig.right(SITE, "census")
    reads = len(rig.legacy.requests)
    rig.right(SITE, "compare")
    assert [path for _, path, _ in rig.legacy.requests[reads:] if path.endswith("/k")] == []
    assert [path.rpartition("-")[2] for path in rig.sign(SITE)] == ["census.json", "comparison.json"]
