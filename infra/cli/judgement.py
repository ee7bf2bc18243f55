"""The verdict on a preview, and the picture with what is refused drawn into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli import traffic_check
from infra.evidence.review import Refusal, Theorem, Verdict, Word
from infra.residency.access_matrix import ASSUMED

if TYPE_CHECKING:
    from infra.cli.review_picture import Picture
    from infra.cli.runs import Outcome


def judge(outcome: Outcome, picture: Picture) -> tuple[Verdict, Picture]:
    """What the preview comes to."""
    if outcome.recorder.failed:
        return Verdict(
            word=Word.FAILED, summary="the preview did not finish; nothing is known of what it would do"
        ), picture
    leaks = traffic_check.leaks(outcome)
    if leaks is None:
        return Verdict(word=Word.UNDECIDED, summary="no theorem was decided", assumptions=ASSUMED), picture
    word = Word.REFUTED if leaks else Word.PROVED
    theorem = Theorem(
        id="T3", title="traffic", word=word,
        says="every possible answer of every hostname is an edge of this stack in an allowed US region",
        because=f"{len(leaks)} ways past the edges" if leaks else "",
    )  # fmt: skip
    refusals = tuple(Refusal(theorem="T3", sentence=leak.what, resource=leak.urn.rpartition("::")[2]) for leak in leaks)
    verdict = Verdict(
        word=Word.REFUTED if leaks else Word.UNDECIDED,
        summary="of nine theorems only T3 is decided by a preview so far",
        theorems=(theorem,), refusals=refusals, assumptions=ASSUMED,
    )  # fmt: skip
    return verdict, picture
