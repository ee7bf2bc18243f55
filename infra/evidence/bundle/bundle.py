"""Puts a bundle together and writes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from infra.evidence.bundle import check, oscal
from infra.evidence.bundle.controls import controls, judge
from infra.evidence.bundle.readme import readme
from infra.residency.receipts import Envelope, envelope_text

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK: Final = Path(check.__file__)
_SHOWS: Final = {
    check.CERTIFICATE: "why each theorem holds",
    check.PREVIEW: "what the engine said it would do",
    "theorems.json": "each theorem's answer and its assumptions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a bundle is made of.

    Attributes:
        as_of: the day of the proof, YYYY-MM-DD.
        version: this program's version.
        source: digest of the source that planned.
        state: hash of the state that was planned from.
        preview: the engine's preview, with what stays unchanged.
        certificate: the certificate of the proof.
        theorems: the proof as a document.
        access: the access matrix as a document.
        checker: the certificate's checker.
        files: whatever else goes in, by name: stack file, lock, receipts, SBOM, what a deployment did.
        tools: versions of what was used, by name.
    """

    stack: str
    as_of: str
    version: str
    source: str
    state: str
    preview: bytes
    certificate: bytes
    theorems: Mapping[str, Any]
    access: Mapping[str, Any]
    checker: bytes
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    tools: Mapping[str, str] = field(default_factory=dict[str, str])


def contents(material: Material) -> dict[str, bytes]:
    """Every file of the bundle but its attestation, by name."""
    answers = {str(it["id"]): str(it["answer"]) for it in material.theorems["theorems"]}
    steps = cast("list[dict[str, Any]]", json.loads(material.preview)["steps"])
    resources = [step["newState"] for step in steps if step["op"] != "delete" and "newState" in step]
    judged = [judge(control, answers, resources) for control in controls()]
    about = {"stack": material.stack, "as_of": material.as_of, "version": material.version}
    documents = {
        "theorems.json": material.theorems,
        "access.json": material.access,
        "tools.json": dict(sorted(material.tools.items())),
        f"oscal/{oscal.DEFINITION}": oscal.component_definition(judged, **about),
        "oscal/assessment-results.json": oscal.assessment_results(judged, **about, evidence=_SHOWS),
    }
    text = readme(
        stack=material.stack, as_of=material.as_of, state=material.state,
        theorems=material.theorems["theorems"], judged=judged,
    )  # fmt: skip
    return {
        **{name: _json(document) for name, document in documents.items()},
        **material.files,
        "README.md": text.encode(),
        "check.py": CHECK.read_bytes(),
        check.CHECKER: material.checker,
        check.CERTIFICATE: material.certificate,
        check.PREVIEW: material.preview,
    }


def attest(material: Material, files: Mapping[str, bytes]) -> Envelope:
    """The unsigned attestation of a bundle's files."""
    statement = {
        "_type": check.STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": _sha256(data)}} for name, data in sorted(files.items())],
        "predicateType": check.PREDICATE_TYPE,
        "predicate": {
            "stack": material.stack,
            "asOf": material.as_of,
            "version": material.version,
            "source": material.source,
            "state": material.state,
            "preview": _sha256(material.preview),
            "certificate": _sha256(material.certificate),
            "answer": material.theorems["answer"],
        },
    }
    return Envelope(payload=json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())


def write(folder: Path, files: Mapping[str, bytes], attestation: Envelope) -> str:
    """Write a bundle into a new folder; returns the SHA-256 of its attestation.

    Raises:
        OSError: The folder is there already, or cannot be written.
    """
    folder.mkdir(parents=True)
    text = envelope_text(attestation)
    for name, data in {**files, check.ATTESTATION: text.encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return _sha256(text.encode())


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
