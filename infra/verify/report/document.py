"""A proof for machines: one JSON document, the same bytes for the same stack."""

import json
from collections.abc import Mapping
from typing import Any

from infra.verify.proof import Proof
from infra.verify.verdict import Counterexample, Missing, Verdict


def document(proof: Proof, *, certificate: str = "") -> dict[str, Any]:
    """The document."""
    return {
        "answer": proof.answer.value,
        "stack": proof.context.stack,
        "asOf": proof.context.as_of.isoformat(),
        "resources": proof.resources,
        "flows": proof.flows,
        "certificate": f"sha256:{certificate}" if certificate else None,
        "disagreeing": list(proof.disagreeing),
        "theorems": [_theorem(verdict) for verdict in proof.verdicts],
    }


def _theorem(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.theorem,
        "title": verdict.title,
        "answer": verdict.answer.value,
        "examined": verdict.examined,
        "flows": verdict.flows,
        "counterexamples": [_counterexample(item) for item in verdict.counterexamples],
        "missing": [_missing(item) for item in verdict.missing],
        "assumptions": list(verdict.assumptions),
    }


def _counterexample(item: Counterexample) -> dict[str, Any]:
    return {
        "urn": item.urn,
        "type": item.type,
        "path": item.path,
        "what": item.what,
        "because": item.because,
        "fix": item.fix,
        "source": item.source,
        "trace": list(item.trace),
        "witness": item.witness,
    }


def _missing(item: Missing) -> dict[str, Any]:
    return {
        "urn": item.urn,
        "type": item.type,
        "path": item.path,
        "what": item.what,
        "fix": item.fix,
        "source": item.source,
    }


def text(found: Mapping[str, Any]) -> str:
    """A document as it is printed."""
    return json.dumps(found, indent=2, ensure_ascii=False)
