"""Two deciders of each theorem about resources, on random changes of small stacks.

A sample of `make deciders`. Proves that they agree where they were asked, on answers of more than one kind, and that
each counterexample is what the slow one sees as well; traffic, networks and documents have their own instances, in the
tests of each.
"""

from dataclasses import replace
from random import Random

import pytest

from infra.verify.verdict import Answer
from tests.deciders.stacks import SCENES, THEOREM, Edited, Game

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


@pytest.mark.parametrize("theorem", SCENES)
def test_a_counterexample_at_another_resource_does_not_replay(theorem):
    """So that replaying one means something: nothing is confirmed of a resource with which nothing is wrong."""
    game = Game(theorem)
    context, counterexample = next(it for number in range(INSTANCES) if (it := refuted(game, number)))
    opinions = list(THEOREM[theorem].opinions(context))
    blamed = {subject for it in opinions if it.answer is Answer.REFUTED for subject in it.subjects}
    innocent = next(urn for urn in context.graph.nodes if urn not in blamed)
    other = replace(counterexample, urn=innocent, witness={**counterexample.witness, "urn": innocent, "site": ""})
    assert any(it.confirms(counterexample) for it in opinions)
    assert not any(it.confirms(other) for it in opinions)


def refuted(game, number):
    """An instance with its first counterexample; None where it has none."""
    _, context = game.instance(Random(f"1:{number}"))  # noqa: S311 - not for secrets
    found = THEOREM[game.theorem].decide(context).counterexamples
    return (context, found[0]) if found else None
