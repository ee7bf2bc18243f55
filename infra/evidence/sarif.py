"""SARIF 2.1.0 (OASIS) of a preview that decided nothing: the problems of a stack file, at their lines, or a failure.

What a proof finds has a log of its own (`infra.verify.report.sarif`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.evidence.review import Refusal, Review

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_FAILED: Final = "preview-failed"


def sarif(review: Review) -> str:
    """The log of one run; the same review gives the same bytes."""
    results = list(_results(review))
    rules = [{"id": name} for name in sorted({str(result["ruleId"]) for result in results})]
    run = {
        "tool": {"driver": {"name": "usdata", "rules": rules}},
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _results(review: Review) -> Iterator[dict[str, Any]]:
    for refusal in review.verdict.refusals:
        yield _result(refusal.rule, _told(refusal), refusal)
    if review.errors:
        yield _result(_FAILED, "\n".join(review.errors), None)


def _told(refusal: Refusal) -> str:
    rows = (("allowed", refusal.allowed), ("because", refusal.because), ("fix", refusal.fix))
    return "\n".join([refusal.sentence, *(f"{label}: {text}" for label, text in rows if text)])


def _result(rule: str, message: str, at: Refusal | None) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": "error", "kind": "fail", "message": {"text": message}}
    if at is None or not at.file:
        return found
    region = {"region": {"startLine": at.line}} if at.line else {}
    place = {"artifactLocation": {"uri": at.file}, **region}
    # Without the line: a finding stays the same when something is written above it.
    fingerprint = {"partialFingerprints": {"subject/v1": f"{rule} {at.sentence}"}}
    return found | fingerprint | {"locations": [{"physicalLocation": place}]}
