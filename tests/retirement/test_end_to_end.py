"""The whole retirement of two sites over the real API, on moto behind a door like AWS and one like Oracle Cloud."""

from __future__ import annotations

import pytest

from tests.retirement.rig import SITES, buckets_of, fill, remaining
from tests.retirement.s3_server import content_of

pytestmark = pytest.mark.no_cover


@pytest.mark.no_cover
def test_two_sites_are_counted_proved_copied_wiped_and_shown_empty(rig):
    """2,000 objects over two sites, with versions, markers, uploads and odd names: every step in order.

    Proves that nothing is deleted before it is in Oracle Cloud byte for byte, that nothing is left, and that the
    receipts of the whole way are believed. Does not prove how AWS and Oracle Cloud behave where moto differs from them.
    """
    for site in SITES:
        fill(rig, site, 1000)
    before = {bucket: content_of(bucket) for site in SITES for bucket in buckets_of(site)}
    for site in SITES:
        census = rig.right(site, "census")
        assert sum(found["versions"] for found in census["buckets"].values()) == 1100
        assert sum(found["markers"] for found in census["buckets"].values()) == 50
        assert sum(found["uploads"] for found in census["buckets"].values()) == 20
        refused = rig.step(site, "compare")
        assert refused.code == 1
        planned = rig.right(site, "drain")
        assert planned["copied"] == 0
        copied = rig.right(site, "drain", "--copy")
        assert copied["copied"] == planned["restore"] + planned["archive"]
        compared = rig.right(site, "compare")
        assert (compared["same"], compared["mustBeCovered"], compared["uncovered"]) == (1100, 1100, 0)
        assert compared["underAnotherKey"] == 0
        assert len(rig.sign(site)) == 2
        rig.edit_job(site, confirmCensus=census["censusRoot"][:8])
        dry = rig.right(site, "wipe", "--census", census["censusRoot"][:8])
        assert (dry["deleted"], dry["entries"]) == (0, 1170)
        assert sum(remaining(bucket) for bucket in buckets_of(site)) == 1170
        assert rig.right(site, "wipe", "--census", census["censusRoot"], "--delete")["deleted"] == 1170
        assert sum(remaining(bucket) for bucket in buckets_of(site)) == 0
        empty = rig.right(site, "verify-empty")
        assert (empty["listings"], empty["keyState"]) == (2, "Enabled")
        assert len(rig.sign(site)) == 2
        checked = rig.run("attest", "check", "--job", str(rig.job(site)))
        assert (checked.code, checked.out.splitlines()[0]) == (
            0,
            "4 receipts, all believed: census, comparison, wipe, empty",
        )
    kept = {body for bucket in ("usds-messages-iad", "usds-profiles-iad") for body in content_of(bucket).values()}
    assert {body for bodies in before.values() for body in bodies.values()} <= kept
    assert rig.waits == [900.0, 900.0]
