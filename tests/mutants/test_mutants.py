"""A sample of `make mutants`: every operator at one place, rewrites of every kind at one.

Proves that what is seeded is found, and that what means the same is proved; that no leak is missing from the list it
cannot.
"""

import pytest

from infra.verify.verdict import Answer
from tests.mutants import properties
from tests.mutants.leaks import LEAKS
from tests.mutants.mutant import mutants
from tests.mutants.rewrites import REWRITES
from tests.support.graphs import STACKS

pytestmark = pytest.mark.no_cover


def one(operators, name):
    """The operator's last place, in whichever stack it has one."""
    return list(mutants({name: operators[name]}, *STACKS))[-1]


@pytest.mark.parametrize("name", LEAKS)
def test_a_seeded_leak_is_not_proved(name):
    """Refuted, or undecided."""
    assert one(LEAKS, name).answer() is not Answer.PROVED


@pytest.mark.parametrize("name", {name.partition(":")[0]: name for name in REWRITES}.values())
def test_a_rewrite_is_still_proved(name):
    """Nothing is held against it."""
    assert one(REWRITES, name).told() == []


def test_what_is_harmless_is_a_change_that_is_played():
    """Each stands under one reason; that each is proved, and nothing else, is for the long run."""
    listed = [what for changes in properties.HARMLESS.values() for what in changes]
    played = {what for name in STACKS for what, _, _ in properties.changes(name)}
    assert len(listed) == len({*listed})
    assert {*listed} <= played


def test_there_are_leaks_for_every_theorem():
    """Fifty operators at least."""
    assert len(LEAKS) >= 50
    assert {name.partition(" ")[0] for name in LEAKS} == {f"T{number}" for number in range(1, 10)}
