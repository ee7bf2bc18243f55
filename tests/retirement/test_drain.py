"""Drain overwrites nothing, brings back nothing that a user deleted, and goes on where it stopped."""

from __future__ import annotations

import pytest
from moto.s3.models import s3_backends

from infra.retirement import drain as draining
from tests.retirement.rig import put
from tests.retirement.s3_server import ACCOUNT, content_of

SITE = "virginia"
BUCKET = "usds-messages-virginia"
HOME = "usds-messages-iad"
PART = 5 << 20
LARGE = bytes(range(256)) * (PART // 256) + b"the second part"


@pytest.fixture
def in_parts(rig, monkeypatch):
    """A site with one object of two parts."""
    defaults = dict(draining.drain.__kwdefaults__)
    monkeypatch.setattr(draining.drain, "__kwdefaults__", defaults | {"part": PART})
    put(BUCKET, "large", LARGE, kms_key=rig.keys[SITE])
    rig.right(SITE, "census")
    assert rig.step(SITE, "compare").code == 1
    return rig


def parts_sent(rig) -> int:
    """How many parts were sent to Oracle Cloud."""
    return sum(method == "PUT" and "partNumber" in query for method, _, query in rig.oracle.requests)


def failing_at(part: bytes, times: int):
    """Refuse a part of an upload some times."""
    left = [times]

    def fault(environ):
        if environ["REQUEST_METHOD"] == "PUT" and b"partNumber=" + part in environ["QUERY_STRING"].encode() and left[0]:
            left[0] -= 1
            return "403 Forbidden", "AccessDenied"
        return None

    return fault


def cut_short(times: int):
    """Leave the last byte out of some answers that have an object's content."""
    left = [times]

    def rewrite(environ, body: bytes) -> bytes:
        if environ["REQUEST_METHOD"] == "GET" and "versionId=" in environ["QUERY_STRING"] and left[0]:
            left[0] -= 1
            return body[:-1]
        return body

    return rewrite


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["whole", "in parts"])
@pytest.mark.parametrize(("times", "code"), [(4, 0), (99, 3)], ids=["mended", "for ever"])
def test_what_arrives_cut_is_read_again(rig, monkeypatch, body, times, code):
    """Four bad answers of one reading cost nothing; a body that never comes whole ends the step, and is not written."""
    defaults = dict(draining.drain.__kwdefaults__)
    monkeypatch.setattr(draining.drain, "__kwdefaults__", defaults | {"part": PART})
    put(BUCKET, "k", body, kms_key=rig.keys[SITE])
    rig.right(SITE, "census")
    assert rig.step(SITE, "compare").code == 1
    rig.legacy.rewrites.append(cut_short(times))
    assert rig.step(SITE, "drain", "--copy", "--threads", "1").code == code
    assert content_of(HOME) == ({} if code else {"k": body})


def test_a_large_object_goes_in_parts(in_parts):
    """Two parts, one object, the same bytes; the comparison finds it."""
    assert in_parts.right(SITE, "drain", "--copy")["copied"] == 1
    assert (content_of(HOME), parts_sent(in_parts)) == ({"large": LARGE}, 2)
    assert in_parts.right(SITE, "compare")["same"] == 1


def test_an_interrupted_upload_goes_on_with_the_parts_that_arrived(in_parts):
    """The second part fails once: the rerun sends only that one."""
    in_parts.oracle.faults.append(failing_at(b"2", 1))
    assert in_parts.step(SITE, "drain", "--copy", "--threads", "1").code == 2
    before = parts_sent(in_parts)
    assert in_parts.right(SITE, "drain", "--copy")["copied"] == 1
    assert (content_of(HOME), parts_sent(in_parts) - before) == ({"large": LARGE}, 1)


def test_an_upload_that_is_gone_is_begun_anew(in_parts):
    """Somebody aborted what an earlier run had begun."""
    in_parts.oracle.faults.append(failing_at(b"2", 1))
    assert in_parts.step(SITE, "drain", "--copy", "--threads", "1").code == 2
    s3_backends[ACCOUNT]["aws"].buckets[HOME].multiparts.clear()
    assert in_parts.right(SITE, "drain", "--copy")["copied"] == 1
    assert content_of(HOME) == {"large": LARGE}


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["whole", "in parts"])
@pytest.mark.parametrize("versioned", [False, True], ids=["written meanwhile", "deleted meanwhile"])
def test_what_users_do_meanwhile_is_never_overruled(rig, monkeypatch, body, versioned):
    """A key that a user writes or deletes after the comparison keeps what the user did; the version goes to history."""
    defaults = dict(draining.drain.__kwdefaults__)
    monkeypatch.setattr(draining.drain, "__kwdefaults__", defaults | {"part": PART})
    put(BUCKET, "k", body, kms_key=rig.keys[SITE])
    rig.right(SITE, "census")
    assert rig.step(SITE, "compare").code == 1
    if versioned:
        rig.client().put_bucket_versioning(Bucket=HOME, VersioningConfiguration={"Status": "Enabled"})
        put(HOME, "k", b"theirs")
        s3_backends[ACCOUNT]["aws"].delete_object(HOME, "k")
    else:
        put(HOME, "k", b"theirs")
    assert rig.right(SITE, "drain", "--copy")["copied"] == 1
    there = content_of(HOME)
    assert there.pop("k", None) == (None if versioned else b"theirs")
    assert [(key.startswith("legacy-history/virginia/"), value) for key, value in there.items()] == [(True, body)]
    rig.right(SITE, "compare")


def test_a_key_without_a_route_is_named_and_the_others_are_copied(rig):
    """Exit 1: nobody knows where it belongs."""
    rig.edit_job(SITE, buckets={BUCKET: {"user/": {"bucket": HOME, "missing": "archive"}}})
    put(BUCKET, "user/a", b"a")
    put(BUCKET, "other", b"b")
    rig.right(SITE, "census")
    assert "1 unrouted" in rig.step(SITE, "compare").err
    answer = rig.step(SITE, "drain", "--copy")
    assert (answer.code, "1 keys have no route" in answer.err) == (1, True)
    assert list(content_of(HOME).values()) == [b"a"]


def test_drain_without_copy_says_what_it_would_do(rig):
    """Counts and bytes, and how to do it; nothing is written."""
    put(BUCKET, "k", b"12345")
    rig.right(SITE, "census")
    assert rig.step(SITE, "compare").code == 1
    answer = rig.step(SITE, "drain")
    assert answer.out.splitlines() == [
        "to copy: 1 under their own keys, 0 under the history prefix, 5 bytes",
        "nothing was copied; give --copy to do it",
    ]
    assert content_of(HOME) == {}
