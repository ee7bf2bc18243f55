"""Wipe respects holds, waits where S3 asks for it, goes on after a kill, and lives with lifecycle rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from moto.s3.models import s3_backends

from tests.retirement.rig import put, remaining
from tests.retirement.s3_server import ACCOUNT

SITE = "virginia"
BUCKET = "usds-messages-virginia"
HOME = "usds-messages-iad"


def prepared(rig, count: int = 3) -> str:
    """A site with some objects whose wipe is permitted; returns the census root."""
    for number in range(count):
        put(BUCKET, f"k{number}", b"%d" % number, kms_key=rig.keys[SITE])
        put(HOME, f"k{number}", b"%d" % number)
    return rig.prepare(SITE)


def wipe(rig, root: str, *options: str):
    """Delete for real."""
    return rig.step(SITE, "wipe", "--census", root, "--delete", *options)


def batches(rig) -> int:
    """How many batches of deletions were asked for."""
    return sum(method == "POST" and query.startswith("delete") for method, _, query in rig.legacy.requests)


def test_what_is_held_stays_and_its_date_is_told(rig):
    """A retention period and a legal hold: the rest goes, exit 3 with the dates; later the rest goes too."""
    rig.client().put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    root = prepared(rig)
    until = rig.now + timedelta(days=9)
    keys = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys
    keys["k0"].lock_mode, keys["k0"].lock_until = "COMPLIANCE", until.strftime("%Y-%m-%dT%H:%M:%SZ")
    keys["k1"].lock_legal_status = "ON"
    dry = rig.right(SITE, "wipe", "--census", root)
    assert (dry["held"], dry["legalHolds"], dry["earliest"]) == (2, 1, until.isoformat())
    answer = wipe(rig, root)
    day = until.isoformat()
    held = f"  2 versions are held: retained until {day} at the earliest, all of them free on {day}; "
    held += "1 under legal hold, which a person lifts"
    assert (answer.code, remaining(BUCKET)) == (3, 2), answer
    assert answer.err.splitlines() == [
        "1 entries deleted, 2 left",
        held,
        "run wipe again to go on",
    ]
    rig.now += timedelta(days=10)
    keys["k1"].lock_legal_status = "OFF"
    keys["k0"].lock_mode, keys["k0"].lock_until = None, None
    assert (wipe(rig, root).code, remaining(BUCKET)) == (0, 0)


def test_a_service_that_asks_for_patience_is_asked_again(rig):
    """SlowDown for one object of a batch: a pause, again only for that one, done."""
    root = prepared(rig)
    slow = [2]

    def slow_down(environ, body: bytes) -> bytes:
        if not environ["QUERY_STRING"].startswith("delete") or not slow[0]:
            return body
        slow[0] -= 1
        error = b"<Error><Key>k1</Key><VersionId>%s</VersionId><Code>SlowDown</Code><Message/></Error></DeleteResult>"
        head, _, tail = body.partition(b"<Deleted><Key>k1</Key>")
        rest = tail.partition(b"</Deleted>")[2]
        version = tail.partition(b"<VersionId>")[2].partition(b"</VersionId>")[0] or b"null"
        return (head + rest).replace(b"</DeleteResult>", error % version)

    rig.legacy.rewrites.append(slow_down)
    answer = wipe(rig, root)
    assert (answer.code, remaining(BUCKET)) == (0, 0), answer
    assert (batches(rig), rig.waits) == (3, [2.0, 4.0])


@pytest.mark.parametrize("what", ["refused", "silent"])
def test_what_the_service_refuses_is_counted_and_left(rig, what):
    """AccessDenied for one object, or no word about it: exit 3 with the code; the next run tries again."""
    root = prepared(rig)
    keys = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys
    kept = keys.getlist("k1")

    def refuse(environ, body: bytes) -> bytes:
        if not environ["QUERY_STRING"].startswith("delete"):
            return body
        keys.setlist("k1", kept)  # as if it had not been touched
        head, _, tail = body.partition(b"<Deleted><Key>k1</Key>")
        version = tail.partition(b"<VersionId>")[2].partition(b"</VersionId>")[0] or b"null"
        error = (
            b"<Error><Key>k1</Key><VersionId>%s</VersionId><Code>AccessDenied</Code><Message/></Error></DeleteResult>"
        )
        rest = head + tail.partition(b"</Deleted>")[2]
        return rest.replace(b"</DeleteResult>", error % version) if what == "refused" else rest

    rig.legacy.rewrites.append(refuse)
    answer = wipe(rig, root)
    code = "AccessDenied" if what == "refused" else "NoAnswer"
    assert (answer.code, f"2 entries deleted, 1 left; refused by the service: 1 {code}" in answer.err) == (3, True), (
        answer
    )
    assert rig.step(SITE, "verify-empty").code == 1
    rig.legacy.rewrites.clear()
    assert (wipe(rig, root).code, remaining(BUCKET)) == (0, 0)


def test_an_interrupted_wipe_goes_on_although_users_delete_their_copies(rig):
    """The answer to a batch is lost and a user deletes a copy of what is gone: nothing is asked for any more.

    Without settling what was sent, the wipe would ask for a copy of an object that exists nowhere, and never end.
    """
    root = prepared(rig)

    def lose(environ, body: bytes) -> bytes:
        return b"" if environ["QUERY_STRING"].startswith("delete") else body

    rig.legacy.rewrites.append(lose)
    assert wipe(rig, root).code == 3
    rig.legacy.rewrites.clear()
    assert remaining(BUCKET) == 0
    s3_backends[ACCOUNT]["aws"].delete_object(HOME, "k1")
    assert rig.step(SITE, "compare").code == 0
    assert (wipe(rig, root).code, rig.step(SITE, "verify-empty").code) == (0, 0)


RULE = {"ID": "wipe", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
NONCURRENT = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
RULES = {
    "everything expires": ([RULE | NONCURRENT], 0),
    "current versions only": ([RULE], 1),
    "some keys": ([RULE | NONCURRENT | {"Filter": {"Prefix": "a"}}], 1),
    "switched off": ([RULE | NONCURRENT | {"Status": "Disabled"}], 1),
    "no rule": ([], 1),
}


@pytest.mark.parametrize(("rules", "code"), RULES.values(), ids=RULES)
def test_lifecycle_rules_may_delete_beside_the_tool_only_if_they_delete_everything(rig, rules, code):
    """Something is gone that the tool did not delete: fine where the bucket's rules explain it, else refused."""
    root = prepared(rig)
    for bucket in (BUCKET, "usds-profiles-virginia"):
        if rules:
            rig.client().put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    version = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys["k1"].version_id
    s3_backends[ACCOUNT]["aws"].delete_object(BUCKET, "k1", version_id=version)
    assert wipe(rig, root).code == code


def test_a_key_that_is_not_the_jobs_proves_nothing(rig):
    """verify-empty looks at the key: a scheduled deletion is told with its day, a key that is not there is refused."""
    root = prepared(rig)
    assert wipe(rig, root).code == 0
    kms = rig.client("kms")
    kms.schedule_key_deletion(KeyId=rig.keys[SITE].rpartition("/")[2], PendingWindowInDays=30)
    found = rig.right(SITE, "verify-empty")
    assert (found["keyState"], found["keyDestroyedOn"] != "not scheduled") == ("PendingDeletion", True)
    copied = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    rig.edit_job(SITE, keyArn=copied.replace("key/mrk-", "key/"))
    assert rig.step(SITE, "verify-empty").code == 2
