"""The lifecycle of a legacy site, explored state by state: nothing is lost, nobody gets stuck, every rule is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.residency.receipts import Step
from infra.retirement.decide import refusals
from tests.retirement.model import BrokenError, Rules, explore, permitted


@pytest.mark.parametrize("expiry", [False, True], ids=["the tool deletes", "lifecycle rules delete too"])
def test_every_state_is_safe_and_has_a_way_to_the_end(expiry):
    """One operator, to the fixpoint: no property breaks, and from every state some actions lead to a closed site.

    The same with two operators has more than a million states and runs with `make model`.
    """
    found = explore(Rules(operators=1, expiry=expiry))
    assert (found.complete, found.stuck) == (True, ())
    assert found.states > 10_000  # the model is not empty by accident


def without(**changes: int):
    """The real rules, blind to these facts."""
    return lambda facts: refusals(replace(facts, **changes))


MUTANTS = {
    "receipts do not matter": (
        Rules(
            operators=1,
            refuse=lambda facts: refusals(replace(facts, receipt_problems=(), receipt_root=facts.census_root)),
        ),
        "without two signatures",
    ),
    "a receipt of any census does": (
        Rules(operators=1, refuse=lambda facts: refusals(replace(facts, receipt_root=facts.census_root))),
        "without two signatures",
    ),
    "any census may be named": (
        Rules(operators=1, refuse=lambda facts: refusals(replace(facts, given_root=facts.census_root))),
        "named another census",
    ),
    "what was written since does not matter": (
        Rules(operators=1, refuse=without(new_data=0)),
        "written after the census",
    ),
    "what others deleted does not matter": (Rules(refuse=without(vanished=0)), "somebody else has deleted"),
    "what is not covered does not matter": (Rules(operators=1, refuse=without(uncovered=0)), "is not in Oracle Cloud"),
    "what was seen once is there for ever": (Rules(operators=1, remembers=True), "is not in Oracle Cloud"),
    "one signer is enough": (
        Rules(
            operators=1,
            permit=lambda chain, step, confirmed: permitted(
                chain._replace(signers=2 if chain.signers else 0), step, confirmed
            ),
        ),
        "without two signatures",
    ),
    "a receipt stands for ever": (
        Rules(
            operators=1,
            permit=lambda chain, step, confirmed: permitted(chain._replace(fresh=1), step, confirmed),
        ),
        "without two signatures",
    ),
    "nobody confirms": (
        Rules(operators=1, permit=lambda chain, step, _: permitted(chain, step, chain.census)),
        "nobody confirmed",
    ),
    "closing needs no proof": (
        Rules(
            operators=1,
            permit=lambda chain, step, confirmed: () if step is Step.EMPTY else permitted(chain, step, confirmed),
        ),
        "closed without a signed proof",
    ),
    "deleted before it is noted": (Rules(operators=1, notes_before_sending=False), "could not go on"),
    "a census while writes go on is enough": (Rules(operators=1, expiry=True, needs_quiet=False), "data is lost"),
}


@pytest.mark.parametrize(("rules", "said"), MUTANTS.values(), ids=MUTANTS)
def test_the_model_notices_a_broken_rule(rules, said):
    """Each rule of `decide`, `permission`, the work file and the comparison is left out once; a property breaks."""
    with pytest.raises(BrokenError, match=said):
        explore(rules)


def test_the_model_notices_that_somebody_is_stuck():
    """With a rule that refuses for ever the site never becomes empty: no state has a way to the end."""
    found = explore(Rules(operators=1, refuse=lambda _: ("never",)))
    assert len(found.stuck) == found.states
