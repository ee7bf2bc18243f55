"""A job file that cannot be is refused with every problem at once; profiles and places that are not the site's, too."""

from __future__ import annotations

import pytest
import yaml

from infra.retirement import clients
from infra.retirement.workfile import open_workfile
from tests.retirement.rig import put

SITE = "virginia"
BUCKET = "usds-messages-virginia"
DROP = object()

BAD = {
    "unknown key": ({"regoin": "us-east-1"}, "regoin: unknown key; did you mean region?"),
    "missing key": ({"covers": DROP}, "covers: is missing"),
    "another region": (
        {"region": "us-east-2"},
        "region: given 'us-east-2'; allowed: us-east-1, ap-southeast-1; did you",
    ),
    "an account without quotes": ({"accountId": 123456789012}, "accountId: given 123456789012; allowed: twelve digits"),
    "an endpoint elsewhere": (
        {"endpoint": "https://example.com"},
        "endpoint: given 'https://example.com'; allowed: nothing",
    ),
    "oracle elsewhere": (
        {"oracle": {"region": "us-ashburn-1", "profile": "oracle", "endpoint": "https://example.com"}},
        "allowed: https://NAMESPACE.compat.objectstorage.us-ashburn-1.oraclecloud.com",
    ),
    "oracle as text": ({"oracle": "x"}, "oracle: a map with the keys region, endpoint, profile belongs here"),
    "a short confirmation": ({"confirmCensus": "abc"}, "confirmCensus: given 'abc'; allowed: 8 to 64 digits"),
    "a signer's key that is none": ({"signers": {"a": "x"}}, "signers.a: given 'x': it is not base64"),
    "a signer's key cut off": ({"signers": {"a": "YWJj"}}, "signers.a: given 'YWJj': it has 3 bytes"),
    "no buckets": ({"buckets": {}}, "buckets: a map with at least one entry belongs here"),
    "a bucket's name": (
        {"buckets": {"/": {"": {"bucket": "b01", "missing": "restore"}}}},
        "buckets./: not the name of",
    ),
    "a number as a prefix": (
        {"buckets": {"b01": {1: {"bucket": "b01", "missing": "restore"}}}},
        "buckets.b01.1: a key in quotes belongs here",
    ),
    "what to do with the missing": (
        {"buckets": {"b01": {"": {"bucket": "b01", "missing": "restor"}}}},
        "missing: given 'restor'; allowed: restore, archive; did you mean restore?",
    ),
    "a list as reports bucket": ({"reportsBucket": ["x"]}, "reportsBucket: given ['x']; allowed: the name of a bucket"),
}


@pytest.mark.parametrize(("changes", "said"), BAD.values(), ids=BAD)
def test_a_bad_value_is_named_with_what_is_allowed(rig, changes, said):
    """Exit 2, the file, the key, what was given and what is allowed; no traceback."""
    value = yaml.safe_load(rig.job(SITE).read_text()) | changes
    rig.job(SITE).write_text(yaml.safe_dump({key: entry for key, entry in value.items() if entry is not DROP}))
    answer = rig.step(SITE, "census")
    assert (answer.code, said in answer.err) == (2, True), answer
    assert all(line.startswith(str(rig.job(SITE))) for line in answer.err.splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "not readable as YAML"), ("just text", "a map with the keys"), ("\xff", "not readable as YAML")],
    ids=["broken", "text", "not UTF-8"],
)
def test_a_file_that_is_no_map_is_refused(rig, text, said):
    """Whatever is in it; one line."""
    rig.job(SITE).write_bytes(text.encode("latin-1"))
    answer = rig.step(SITE, "census")
    assert (answer.code, said in answer.err) == (2, True), answer


def test_all_problems_are_told_at_once(rig):
    """Two wrong values, two lines; a file that is not there names the documentation."""
    rig.edit_job(SITE, region="x", covers="y")
    assert len(rig.step(SITE, "census").err.splitlines()) == 2
    rig.job(SITE).unlink()
    assert "docs/retirement.md" in rig.step(SITE, "census").err


def test_the_wrong_account_region_profile_or_bucket_is_refused_before_anything_is_read(rig):
    """Exit 2 with the profile and the place; a work file of one's own making is no work file."""
    put(BUCKET, "k", b"x")
    rig.edit_job(SITE, profile="nobody")
    assert "profile 'nobody' does not exist" in rig.step(SITE, "census").err
    rig.edit_job(SITE, profile=SITE)
    other = "arn:aws:kms:us-east-1:999999999999:key/01234567-89ab-cdef-0123-456789abcdef"
    rig.edit_job(SITE, accountId="999999999999", keyArn=other)
    assert rig.step(SITE, "census").code == 2
    routes = yaml.safe_load(rig.job("singapore").read_text())["buckets"]
    rig.edit_job(SITE, accountId="123456789012", keyArn=rig.keys[SITE], buckets=routes)
    answer = rig.step(SITE, "census")
    assert (answer.code, answer.err.count("is in ap-southeast-1, the site in us-east-1")) == (2, 2)
    rig.edit_job(SITE, buckets={"usds-not-there": {"": {"bucket": "usds-messages-iad", "missing": "restore"}}})
    assert "compare the job file with the stack's buckets" in rig.step(SITE, "census").err
    path = rig.folder / "work" / "rehearsal" / f"{SITE}.sqlite"
    for leftover in path.parent.glob(f"{SITE}.sqlite*"):
        leftover.unlink()
    path.write_bytes(b"not a work file at all" * 100)
    assert "not a work file" in rig.step(SITE, "census").err


def test_a_service_that_does_not_answer_leaves_the_step_unfinished(rig, monkeypatch):
    """Exit 3, what was being done, and that a rerun goes on; here nobody listens at the address."""
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    rig.edit_job(SITE, endpoint="http://127.0.0.1:9")
    answer = rig.step(SITE, "census")
    assert (answer.code, "run again to go on where it stopped" in answer.err) == (3, True), answer


def test_a_second_run_is_kept_out_of_the_work_file(rig):
    """The first holds it; the second says so."""
    with open_workfile(rig.folder / "work" / "rehearsal" / f"{SITE}.sqlite"):
        answer = rig.step(SITE, "census")
    assert (answer.code, "another run is using it" in answer.err) == (2, True)
