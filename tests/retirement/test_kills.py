"""Killed at random moments and run again, the tool loses nothing and leaves nothing."""

from __future__ import annotations

import random

import pytest

from tests.retirement.kills import Killer, bodies
from tests.retirement.rig import buckets_of, fill, remaining

pytestmark = pytest.mark.no_cover

SITE = "singapore"


@pytest.mark.no_cover
def test_a_retirement_that_is_killed_again_and_again_ends_well(rig):
    """Killed 8 times with SIGKILL, at requests drawn at random, before or after the server has carried them out.

    After each kill every content is still in one cloud or the other; at the end all of it is in Oracle Cloud, the site
    is empty and the census is that of an undisturbed run. `make bench` does the same 50 times with more objects.
    """
    fill(rig, SITE, 120)
    everything = bodies(*buckets_of(SITE))
    undisturbed = rig.right(SITE, "census")["censusRoot"]
    (rig.folder / "work" / "rehearsal" / f"{SITE}.sqlite").unlink()
    killer = Killer(rig=rig, site=SITE, left=2, rng=random.Random(7))  # noqa: S311 - chooses moments, not keys
    killer.step("census", usual=7)
    killer.left += 2
    killer.step("compare", usual=150, codes=(1,))
    killer.left += 2
    killer.step("drain", "--copy", usual=60)
    killer.step("compare", usual=60)
    rig.sign(SITE)
    rig.edit_job(SITE, confirmCensus=undisturbed[:8])
    killer.left += 2
    killer.step("wipe", "--census", undisturbed, "--delete", usual=18)
    assert killer.left == 0
    assert sum(remaining(bucket) for bucket in buckets_of(SITE)) == 0
    assert everything <= bodies(*buckets_of(SITE).values())
