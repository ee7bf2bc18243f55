"""What a preview says at its top about a legacy site that lasts longer, is wiped, or is backed up."""

from dataclasses import replace

from infra.cli.report import _conditions
from infra.residency.planner import plan
from tests.components.test_backup_transfer import SMALL, TRANSFER
from tests.residency.samples import GOOD, TODAY, with_site
from tests.residency.test_phases import SIGNED, TO_CLOSE, TO_WIPE, in_phase, proof


def rows(planned) -> dict[str, tuple[str, str]]:
    """The lines by their label; the last of several."""
    return {label: (what, until) for label, what, until in _conditions(planned, TODAY)}


def test_an_extension_stands_at_the_top_with_its_reason():
    """Who put the end off said why."""
    extended = with_site(SIGNED, "singapore", expires="2027-04-01", extension="the comparison takes longer")
    assert rows(plan(extended, TODAY))["EXTENDED"] == ("singapore until 2027-04-01", "the comparison takes longer")
    assert "EXTENDED" not in rows(plan(GOOD, TODAY))


def test_a_wipe_and_a_close_say_when_erasure_is_final():
    """Thirty days from the day on which the keys are given up."""
    for phase, steps in (("wipe", TO_WIPE), ("closed", TO_CLOSE)):
        said = rows(plan(in_phase(phase), TODAY, proof(*steps)))
        assert said["ERASURE"] == ("keys of singapore", "final on 2026-12-24 at the earliest, if closed today")
    assert "ERASURE" not in rows(plan(GOOD, TODAY))
    assert rows(plan(in_phase("closed"), TODAY, proof(*TO_CLOSE)))["PHASE"][1] == ""


def test_a_backup_says_what_it_does_not_cover():
    """Older versions, deletions, and what came after the last run."""
    assert TRANSFER.key_generation == 1
    what, until = rows(plan(SMALL, TODAY))["BACKUP"]
    assert what == "virginia does not cover"
    assert [text.partition(":")[0] for text in until.split("; ")][:2] == ["older versions of an object", "deletions"]
    assert "BACKUP" not in rows(replace(plan(SMALL, TODAY), sites=()))
