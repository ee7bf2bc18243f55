"""Two deciders of each theorem about resources, on random changes of small stacks.

A sample of `make deciders`. Proves that they agree where they were asked, on answers of more than one kind, and that
each counterexample is what the slow one sees as well; traffic, networks and access have their own instances, in the
tests of each.
"""

from random import Random

import pytest

from infra.verify.verdict import Answer
from tests.deciders.stacks import SCENES, Edited, Game

pytestmark = pytest.mark.no_cover

INSTANCES = 60


@pytest.mark.parametrize("theorem", SCENES)
def test_both_deciders_agree(theorem):
    """On every instance, with one in ten at least that is proved, and one that is not; counterexamples among them."""
    game = Game(theorem)
    told = [game.disagreement(game.instance(Random(f"1:{number}"))) for number in range(INSTANCES)]  # noqa: S311
    assert [why for why in told if why] == []
    proved = sum(number for (_, answer), number in game.answers.items() if answer is Answer.PROVED)
    assert INSTANCES // 10 <= proved <= INSTANCES - INSTANCES // 10
    assert game.replayed


@pytest.mark.parametrize(("theorem", "scene"), [(theorem, scene) for theorem in SCENES for scene in SCENES[theorem]])
def test_nothing_changed_is_proved(theorem, scene):
    """Of each scene, so that whatever is found was put there."""
    game = Game(theorem)
    assert game.disagreement((scene, Edited(Random(1), SCENES[theorem][scene], changes=0).context)) == ""  # noqa: S311
    assert game.answers[scene, Answer.PROVED] == 1
