"""Random sequences of edits never lose a holder without a receipt; a sample of `make campaign`.

Proves it of planned values through the program's watch and the engine's step planner, protection ignored. That the
SDK hears what the plan says is for `tests/components/test_holder_watch.py`.
"""

import pytest

from tests.campaign.sequences import FILE_EDITS, Tally, play
from tests.campaign.world import PROGRAM_EDITS

pytestmark = pytest.mark.no_cover

HARMLESS = {"nothing", "dataset added"}
LOSING = {"dataset removed", "dataset renamed", "namespace", "bucket adopted", "rename", "parent change", "left out"}
"""Edits that an engine by itself would carry out by deleting or replacing a holder."""


@pytest.mark.no_cover
def test_no_sequence_of_edits_loses_a_holder():
    """In 250 sequences every kind of edit was made, sites were closed, and holders were at stake."""
    tally = Tally()
    for number in range(250):
        play(3, number, tally, share=0.3)
    assert set(tally.refused) | set(tally.taken) == {*FILE_EDITS, *PROGRAM_EDITS}
    assert set(tally.taken) & set(PROGRAM_EDITS) <= {"unprotect", "forget retention"}  # of a site that is wiped
    assert not set(tally.refused) & HARMLESS
    assert {*tally.at_stake} >= LOSING
    assert tally.closed > 0
