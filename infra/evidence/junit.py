"""JUnit XML for CI systems: one case a theorem; refuted is a failure, undecided an error, since both block."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from infra.evidence.review import Word

if TYPE_CHECKING:
    from infra.evidence.review import Refusal, Review


def junit(review: Review) -> str:
    """The results of a review; the same review gives the same bytes."""
    verdict = review.verdict
    unplanned = verdict.word in {Word.FAILED, Word.REFUSED}
    why = "; ".join([verdict.summary, *review.errors]) if unplanned else ""
    cases = [("preview", verdict.word if unplanned else Word.PROVED, why)]
    cases += [(f"{theorem.id} {theorem.title}", theorem.word, theorem.because) for theorem in verdict.theorems]
    suite = ET.Element(
        "testsuite",
        name=f"usdata {review.stack}",
        tests=str(len(cases)),
        failures=str(sum(word is Word.REFUTED for _, word, _ in cases)),
        errors=str(sum(word not in {Word.PROVED, Word.REFUTED} for _, word, _ in cases)),
    )
    for name, word, because in cases:
        case = ET.SubElement(suite, "testcase", classname=f"residency.{review.stack}", name=name)
        if word is not Word.PROVED:
            refusals = [it for it in verdict.refusals if it.theorem == (name if name != "preview" else "")]
            tag = "failure" if word is Word.REFUTED else "error"
            told = ET.SubElement(case, tag, message=because or word.value, type=word.value)
            told.text = "\n\n".join(_refusal(refusal) for refusal in refusals)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _refusal(refusal: Refusal) -> str:
    allowed = f"allowed: {refusal.allowed}" if refusal.allowed else ""
    about = [refusal.resource, refusal.because, allowed, refusal.where, refusal.fix]
    lines = [refusal.sentence, *refusal.steps, *about]
    return "\n".join(line for line in lines if line)
