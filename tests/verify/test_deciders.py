"""Two deciders of each theorem about resources, on random changes of a part of the sandbox stack.

A sample of `make deciders`. Proves that they agree where they were asked, on answers of more than one kind; traffic,
networks and access have their own instances, in the tests of each.
"""

from random import Random

import pytest

from infra.verify.verdict import Answer
from tests.deciders.stacks import ABOUT, Game

pytestmark = pytest.mark.no_cover

INSTANCES = 60


@pytest.mark.parametrize("theorem", ABOUT)
def test_both_deciders_agree(theorem):
    """On every instance, with one in ten at least that is proved, and one that is not."""
    game = Game(theorem)
    told = [game.disagreement(game.instance(Random(f"1:{number}"))) for number in range(INSTANCES)]  # noqa: S311
    assert [why for why in told if why] == []
    assert INSTANCES // 10 <= game.answers[Answer.PROVED] <= INSTANCES - INSTANCES // 10
