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
    cases = [("preview", Word.FAILED if verdict.word is Word.FAILED else Word.PROVED, "; ".join(review.errors))]
    cases += [(f"{theorem.id} {theorem.title}", theorem.word, theorem.because) for theorem in verdict.theorems]
    suite = ET.Element(
        "testsuite",
        name=f"usdata {review.stack}",
        tests=str(len(cases)),
        failures=str(sum(word is Word.REFUTED for _, word, _ in cases)),
        errors=str(sum(word in {Word.UNDECIDED, Word.FAILED} for _, word, _ in cases)),
    )
    for name, word, because in cases:
        case = ET.SubElement(suite, "testcase", classname=f"residency.{review.stack}", name=name)
        if word is not Word.PROVED:
            refusals = [it for it in verdict.refusals if it.theorem == name]
            tag = "failure" if word is Word.REFUTED else "error"
            told = ET.SubElement(case, tag, message=because or word.value, type=word.value)
            told.text = "\n\n".join(_refusal(refusal) for refusal in refusals)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _refusal(refusal: Refusal) -> str:
    lines = [refusal.sentence, *refusal.steps, refusal.resource, refusal.because, refusal.where, refusal.fix]
    return "\n".join(line for line in lines if line)
