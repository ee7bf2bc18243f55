"""What goes wrong between census and wipe is found before anything is deleted: one case per way, on the real API."""

from __future__ import annotations

import re

import pytest
import yaml
from moto.s3.models import s3_backends

from infra.retirement import listing
from tests.retirement.rig import ODD_KEYS, SIGNERS, buckets_of, put, remaining
from tests.retirement.s3_server import ACCOUNT, content_of

pytestmark = pytest.mark.no_cover
SITE = "singapore"
BUCKET = "usds-messages-singapore"
HOME = "usds-messages-iad"


def prepared(rig) -> str:
    """A site whose wipe is allowed: counted, proved, signed by two, confirmed; returns its root."""
    for number in range(12):
        put(BUCKET, f"k{number}", b"content %d" % number, kms_key=rig.keys[SITE])
        put(HOME, f"k{number}", b"content %d" % number)
    return rig.prepare(SITE)


def wipe(rig, root: str):
    """Try to delete for real."""
    return rig.step(SITE, "wipe", "--census", root, "--delete")


def overwrite_in_oracle(_) -> None:
    """Other bytes of the same length under a compared key."""
    put(HOME, "k3", b"CONTENT 3")


def lose_in_oracle(_) -> None:
    """The copy is gone."""
    s3_backends[ACCOUNT]["aws"].delete_object(HOME, "k3")


def write_anew(rig) -> None:
    """A new version of a known key."""
    put(BUCKET, "k3", b"CONTENT 3", kms_key=rig.keys[SITE])


def write_another_key(rig) -> None:
    """A key that the census does not know."""
    put(BUCKET, "new", b"new", kms_key=rig.keys[SITE])


def encrypt_anew(_) -> None:
    """The same bytes as a new version under a key that is not the site's."""
    put(BUCKET, "k3", b"content 3", kms_key="arn:aws:kms:ap-southeast-1:123456789012:key/other")


def begin_an_upload(_) -> None:
    """An upload that nobody has finished."""
    s3_backends[ACCOUNT]["aws"].create_multipart_upload(BUCKET, "up", {}, "STANDARD", {}, None, "", "")


def delete_a_version(_) -> None:
    """A version is gone, and this tool did not delete it."""
    bucket = s3_backends[ACCOUNT]["aws"].buckets[BUCKET]
    s3_backends[ACCOUNT]["aws"].delete_object(BUCKET, "k3", version_id=bucket.keys["k3"].version_id)


def delete_without_a_version(_) -> None:
    """A delete marker hides a known key."""
    s3_backends[ACCOUNT]["aws"].delete_object(BUCKET, "k3")


def change_in_place(_) -> None:
    """What a version id forbids and a broken store could still do: other bytes under the same version."""
    bucket = s3_backends[ACCOUNT]["aws"].buckets[BUCKET]
    bucket.keys["k3"]._etag = "0" * 32


def hide_the_second_half(rig) -> None:
    """The listing ends after half of its entries and says that this was all."""

    def cut(environ, body: bytes) -> bytes:
        if "versions" not in environ["QUERY_STRING"] or BUCKET not in environ["PATH_INFO"]:
            return body
        parts = re.split(rb"(?=<Version>)", body)
        tail = re.sub(rb"<Version>.*</Version>", b"", parts[-1], flags=re.DOTALL)
        return b"".join(parts[:7]) + tail

    rig.legacy.rewrites.append(cut)


def forge_receipts(rig) -> None:
    """The comparison's receipt ends in the middle."""
    path = next(rig.folder.glob("receipts/*-comparison.json"))
    path.write_text(path.read_text().replace('"sig": "', '"sig": "AAAA', 1).replace("AAAA", "", 1)[:-40])


def lose_a_receipt(rig) -> None:
    """The comparison's receipt is not there."""
    next(rig.folder.glob("receipts/*-comparison.json")).unlink()


def lose_a_signature(rig) -> None:
    """The stack file names one of the two signers only."""
    rig.edit_job(SITE, signers={SIGNERS[0]: load(rig)["signers"][SIGNERS[0]]})


def load(rig):
    """The job file's content."""
    return yaml.safe_load(rig.job(SITE).read_text())


def unconfirm(rig) -> None:
    """Nobody has written the census root into the stack file."""
    rig.edit_job(SITE, confirmCensus=None)


CORRUPTIONS = {
    "changed content of the same size in Oracle Cloud": (overwrite_in_oracle, "1 versions are not in Oracle Cloud"),
    "object missing in Oracle Cloud": (lose_in_oracle, "1 versions are not in Oracle Cloud"),
    "new version after the census": (write_anew, "1 versions or uploads were written after the census"),
    "new key after the census": (write_another_key, "1 versions or uploads were written after the census"),
    "encrypted anew under the wrong key": (encrypt_anew, "1 versions or uploads were written after the census"),
    "new upload after the census": (begin_an_upload, "1 versions or uploads were written after the census"),
    "version deleted by someone else": (delete_a_version, "1 entries of the census are gone"),
    "key deleted by someone else": (delete_without_a_version, "1 delete markers were written after the census"),
    "content changed under the same version": (change_in_place, "1 versions or uploads were written after the census"),
    "listing cut short": (hide_the_second_half, "6 entries of the census are gone"),
    "receipt cut off": (forge_receipts, "unreadable"),
    "receipt lost": (lose_a_receipt, "there is no comparison receipt"),
    "one signer only": (lose_a_signature, "too-few-signers"),
    "not confirmed in the stack file": (unconfirm, "confirmCensus: unconfirmed"),
}


@pytest.mark.parametrize(("corrupt", "said"), CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_between_census_and_wipe_stops_the_wipe(rig, corrupt, said):
    """The wipe would have gone through (proved at the end), is refused with the reason, and deleted nothing."""
    root = prepared(rig)
    assert rig.step(SITE, "wipe", "--census", root).code == 0
    corrupt(rig)
    there = remaining(BUCKET)
    requests = len(rig.legacy.requests)
    answer = wipe(rig, root)
    assert answer.code == 1, answer
    assert said in answer.err
    assert remaining(BUCKET) == there
    assert [
        line for line in rig.legacy.requests[requests:] if line[0] in ("DELETE", "POST") and "delete" in line[2]
    ] == []


@pytest.mark.parametrize("given", [(), ("--census", "abc"), ("--census", "00000000")], ids=["none", "short", "other"])
def test_the_census_must_be_named_on_the_command_line(rig, given):
    """Without the root, with too little of it and with another one nothing is deleted."""
    prepared(rig)
    there = remaining(BUCKET)
    answer = rig.step(SITE, "wipe", *given, "--delete")
    assert (answer.code, remaining(BUCKET)) == (1, there)
    assert "the census given on the command line is" in answer.err


def test_a_new_census_needs_new_receipts(rig):
    """Receipts about an older census permit nothing once a write has led to a newer one."""
    prepared(rig)
    write_anew(rig)
    put(HOME, "k3", b"CONTENT 3")
    root = rig.right(SITE, "census")["censusRoot"]
    rig.edit_job(SITE, confirmCensus=root[:8])
    answer = wipe(rig, root)
    assert answer.code == 1
    assert "confirmCensus: unconfirmed" in answer.err
    assert remaining(BUCKET) == 13


def test_receipts_outlive_changes_in_oracle_cloud_that_are_compared_again(rig):
    """A user overwrites the copy: compare, drain and compare make the wipe possible again without new signatures."""
    root = prepared(rig)
    overwrite_in_oracle(rig)
    assert wipe(rig, root).code == 1
    assert rig.step(SITE, "compare").code == 1
    assert rig.right(SITE, "drain", "--copy") == {"archive": 1, "bytes": 9, "copied": 1, "restore": 0}
    rig.right(SITE, "compare")
    assert wipe(rig, root).code == 0
    assert remaining(BUCKET) == 0
    assert content_of(HOME)["k3"] == b"CONTENT 3"
    assert b"content 3" in content_of(HOME).values()


def test_the_order_of_the_listing_changes_no_root(rig):
    """The server lists every page backwards: the census is the same."""
    root = prepared(rig)

    def backwards(body: bytes) -> bytes:
        parts = re.split(rb"(?=<Version>)|(?<=</Version>)(?!<Version>)", body)
        entries = [part for part in parts if part.startswith(b"<Version>")]
        assert body.startswith(parts[0])
        return b"".join([parts[0], *reversed(entries), *parts[1 + len(entries) :]]) if entries else body

    rig.legacy.rewrites.append(lambda env, body: backwards(body) if "versions" in env["QUERY_STRING"] else body)
    assert rig.right(SITE, "census")["censusRoot"] == root


BROKEN_PAGES = {
    "does not say whether it ends": (rb"<IsTruncated>false</IsTruncated>", b"", "does not say whether it is the last"),
    "goes on nowhere": (
        rb"<IsTruncated>false</IsTruncated>",
        b"<IsTruncated>true</IsTruncated>",
        "says that more follows and not where",
    ),
    "is about another bucket": (rb"<Name>[^<]*</Name>", b"<Name>other</Name>", "the page is about bucket 'other'"),
    "ends in the middle": (rb"</ListVersionsResult>", b"", "listing versions of"),
}


@pytest.mark.parametrize(("find", "replace", "said"), BROKEN_PAGES.values(), ids=BROKEN_PAGES)
def test_a_page_that_does_not_add_up_ends_the_census(rig, find, replace, said):
    """Nothing is concluded from it: exit 3, and the comparison has no census to rest on."""
    put(BUCKET, "k", b"x")
    rig.legacy.rewrites.append(
        lambda env, body: re.sub(find, replace, body) if "versions" in env["QUERY_STRING"] else body
    )
    answer = rig.step(SITE, "census")
    assert (answer.code, said in answer.err) == (3, True), answer
    assert rig.step(SITE, "compare").code == 2


def test_a_listing_that_turns_back_ends_the_census(rig):
    """A marker that does not move on would list the same page for ever."""
    for number in range(3):
        put(BUCKET, f"k{number}", b"x")

    def turn_back(environ, body: bytes) -> bytes:
        again = b"<IsTruncated>true</IsTruncated><NextKeyMarker>k0</NextKeyMarker>"
        again += b"<NextVersionIdMarker>1</NextVersionIdMarker>"
        return (
            body.replace(b"<IsTruncated>false</IsTruncated>", again) if "versions" in environ["QUERY_STRING"] else body
        )

    rig.legacy.rewrites.append(turn_back)
    answer = rig.step(SITE, "census")
    assert (answer.code, "went back" in answer.err) == (3, True), answer


def test_a_long_listing_goes_on_after_the_last_key_of_a_page(rig, monkeypatch):
    """Whatever a server says of the next marker: without a delimiter it need not be a key, and moto's is none."""
    monkeypatch.setattr(listing, "PAGE", 3)
    for key in ODD_KEYS:
        put(HOME, key, b"x")

    pages = list(listing.list_current(rig.client(), HOME))

    assert [entry.key for page in pages for entry in page.entries] == sorted(ODD_KEYS, key=str.encode)
    assert len(pages) == -(-len(ODD_KEYS) // 3)


@pytest.mark.parametrize(("size", "code"), [(b"1", 0), (b"7", 3)], ids=["the same", "with another size"])
def test_an_entry_that_is_listed_twice_counts_once_or_ends_the_census(rig, size, code):
    """The same entry again changes nothing; one version with two contents is being written, or the listing lies."""
    for number, key in enumerate(ODD_KEYS):
        put(BUCKET, key, b"%d" % (number % 10))
    once = rig.right(SITE, "census")["censusRoot"]

    def twice(environ, body: bytes) -> bytes:
        if "versions" not in environ["QUERY_STRING"]:
            return body
        entries = re.findall(rb"<Version>.*?</Version>", body, re.DOTALL)
        again = [re.sub(rb"<Size>1</Size>", b"<Size>%s</Size>" % size, entry) for entry in entries]
        return body.replace(b"</ListVersionsResult>", b"".join(again) + b"</ListVersionsResult>")

    rig.legacy.rewrites.append(twice)
    answer = rig.step(SITE, "census", "--json")
    assert (answer.code, "listed twice with different content" in answer.err) == (code, code == 3), answer
    assert code or answer.value["censusRoot"] == once


def test_odd_names_are_told_apart(rig):
    """Every odd key goes its whole way under its own name: nothing is mixed up, missing or written elsewhere."""
    for number, key in enumerate(ODD_KEYS):
        put(BUCKET, key, b"content %d" % number, kms_key=rig.keys[SITE])
    before = content_of(BUCKET)
    assert len(before) == len(set(ODD_KEYS))
    rig.right(SITE, "census")
    assert rig.step(SITE, "compare").code == 1
    rig.right(SITE, "drain", "--copy")
    root = rig.prepare(SITE)
    assert content_of(HOME) == before
    assert wipe(rig, root).code == 0
    assert sum(remaining(bucket) for bucket in buckets_of(SITE)) == 0


def test_a_key_of_the_wrong_place_is_refused(rig):
    """The job's KMS key must be of the site's region and account; what lies under another key is counted."""
    other = rig.keys["virginia"]
    rig.edit_job(SITE, keyArn=other)
    answer = rig.step(SITE, "census")
    assert (answer.code, "keyArn" in answer.err) == (2, True)
    rig.edit_job(SITE, keyArn=rig.keys[SITE])
    put(BUCKET, "ours", b"1", kms_key=rig.keys[SITE])
    put(BUCKET, "theirs", b"2", kms_key=other)
    put(BUCKET, "nobody's", b"3")
    for key, body in (("ours", b"1"), ("theirs", b"2"), ("nobody's", b"3")):
        put(HOME, key, body)
    rig.right(SITE, "census")
    assert rig.right(SITE, "compare")["underAnotherKey"] == 2
