"""Every theorem on both shipped stacks, before and after ids are known, by both of its deciders.

Proves that what is shipped is proved, and over how many subjects; that leaks are found is for each theorem's own tests.
"""

import pytest

from infra.verify.proof import prove
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import Answer
from tests.support.graphs import STACKS, context


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "known"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stacks_are_proved(stack, preview):
    """Every theorem, with subjects to be about."""
    proof = prove(context(stack, preview=preview), paranoid=True)
    told = [(v.theorem, item.lines()) for v in proof.verdicts for item in (*v.counterexamples, *v.missing)]
    assert told == []
    assert proof.answer is Answer.PROVED
    assert proof.disagreeing == ()
    assert [v.theorem for v in proof.verdicts if not v.examined] == []


def test_every_theorem_says_what_it_states_and_assumes():
    """In order, each once, its statement in its docstring."""
    assert [theorem.ID for theorem in THEOREMS] == sorted({theorem.ID for theorem in THEOREMS})
    for theorem in THEOREMS:
        assert theorem.__doc__.startswith(f"{theorem.ID}: ")
        assert theorem.ASSUMPTIONS
        assert theorem.TITLE.islower()
