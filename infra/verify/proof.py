"""Decides all theorems on one stack."""

import time
from typing import NamedTuple

from infra.verify.context import Context
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import Answer, Verdict, overall


class Proof(NamedTuple):
    """What all theorems answer about one stack.

    Attributes:
        verdicts: One for each theorem, in order.
        resources: How many resources there are.
        seconds: How long it took; not part of any document, which would differ from run to run.
        disagreeing: Theorems on which the second decider answers otherwise, where it was asked.
    """

    context: Context
    verdicts: tuple[Verdict, ...]
    resources: int
    seconds: float
    disagreeing: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """Of all; two deciders that disagree decide nothing."""
        found = overall(self.verdicts)
        return Answer.UNDECIDED if self.disagreeing and found is Answer.PROVED else found

    @property
    def proved(self) -> int:
        """How many theorems are proved."""
        return sum(verdict.answer is Answer.PROVED for verdict in self.verdicts)

    @property
    def flows(self) -> int:
        """How many flows were examined."""
        return sum(verdict.flows for verdict in self.verdicts)


def prove(context: Context, *, paranoid: bool = False) -> Proof:
    """Decide every theorem.

    Args:
        context: The stack.
        paranoid: Whether to ask the second decider of each as well.
    """
    started = time.perf_counter()
    verdicts = tuple(theorem.decide(context) for theorem in THEOREMS)
    disagreeing: tuple[str, ...] = ()
    if paranoid:
        pairs = zip(THEOREMS, verdicts, strict=True)
        disagreeing = tuple(it.ID for it, verdict in pairs if it.decide_slowly(context) is not verdict.answer)
    return Proof(
        context=context,
        verdicts=verdicts,
        resources=len(context.graph.nodes),
        seconds=time.perf_counter() - started,
        disagreeing=disagreeing,
    )
