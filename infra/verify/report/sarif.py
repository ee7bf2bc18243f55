"""A proof in SARIF 2.1.0 (OASIS), for code hosts that show findings at the line that causes them."""

import json
from collections.abc import Iterator
from typing import Any, Final

from infra.verify.proof import Proof
from infra.verify.verdict import Counterexample, Missing, told

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def render(proof: Proof) -> str:
    """The log of one run."""
    rules = [{"id": it.theorem, "name": it.title, "shortDescription": {"text": it.title}} for it in proof.verdicts]
    run = {
        "tool": {"driver": {"name": "usdata-verify", "rules": rules}},
        "results": [_result(verdict.theorem, item) for verdict, item in told(proof.verdicts)],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(theorem: str, item: Counterexample | Missing) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": theorem,
        "level": "error",
        "kind": "fail" if isinstance(item, Counterexample) else "open",
        "message": {"text": "\n".join(item.lines())},
        "partialFingerprints": {"subject/v1": f"{theorem} {item.urn} {item.path}"},
    }
    if isinstance(item, Missing):
        del found["level"]  # SARIF: only what fails has a level other than none
    locations = list(_locations(item))
    return found | ({"locations": locations} if locations else {})


def _locations(item: Counterexample | Missing) -> Iterator[dict[str, Any]]:
    file, _, line = item.source.rpartition(":")
    logical = [{"fullyQualifiedName": item.urn, "kind": "resource"}] if item.urn else []
    physical = {"artifactLocation": {"uri": file}, "region": {"startLine": int(line)}} if line.isdigit() else None
    if physical or logical:
        yield {name: it for name, it in (("physicalLocation", physical), ("logicalLocations", logical)) if it}
