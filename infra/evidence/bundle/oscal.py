"""The same in OSCAL 1.2.1: a component definition (what is claimed) and assessment results (what was found).

Written as plain data and held to the models of another library in the tests. Identifiers are derived from content
(UUID version 5), so that the same bundle has the same ones.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from infra.evidence.bundle.controls import frameworks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra.evidence.bundle.controls import Judged

VERSION: Final = "1.2.1"
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://usdata.example/oscal")
DEFINITION: Final = "component-definition.json"


def component_definition(judged: Sequence[Judged], *, stack: str, as_of: str, version: str) -> dict[str, Any]:
    """What this stack claims to implement, by framework."""
    implementations = [
        {
            "uuid": _id(stack, name),
            "source": facts["source"],
            "description": f"Controls of {facts['title']} that a theorem or a resource of this stack evidences",
            "implemented-requirements": [
                {
                    "uuid": _id(stack, name, item.control.id),
                    "control-id": item.control.id if name == "nist-800-53" else f"{name}-{item.control.id}",
                    "description": item.control.says,
                    "props": [{"name": "evidence", "value": _evidence(item), "ns": "https://usdata.example/ns/oscal"}],
                }
                for item in judged
                if item.control.framework == name
            ],
        }
        for name, facts in sorted(frameworks().items())
    ]
    return {
        "component-definition": {
            "uuid": _id(stack, "component-definition", as_of, version),
            "metadata": _metadata(f"usdata, stack {stack}", as_of, version),
            "components": [
                {
                    "uuid": _id(stack, "component"),
                    "type": "software",
                    "title": f"usdata, stack {stack}",
                    "description": "US user data in Oracle Cloud in the United States, by construction",
                    "control-implementations": implementations,
                }
            ],
        }
    }


def assessment_results(
    judged: Sequence[Judged], *, stack: str, as_of: str, version: str, evidence: Mapping[str, str]
) -> dict[str, Any]:
    """What was found of each control, and from which files of the bundle.

    Args:
        judged: the controls.
        stack: the stack's name.
        as_of: the day of the proof.
        version: the version of this program.
        evidence: what each file of the bundle shows, by its name.
    """
    start = f"{as_of}T00:00:00Z"
    observations = [
        {
            "uuid": _id(stack, as_of, "observation", item.control.framework, item.control.id),
            "description": item.because,
            "methods": ["TEST"],
            "collected": start,
            "relevant-evidence": [{"href": f"../{name}", "description": shows} for name, shows in evidence.items()],
        }
        for item in judged
    ]
    findings = [
        {
            "uuid": _id(stack, as_of, "finding", item.control.framework, item.control.id),
            "title": f"{frameworks()[item.control.framework]['title']}: {item.control.id}",
            "description": item.because,
            "target": {
                "type": "objective-id",
                "target-id": _objective(item),
                "status": {"state": "satisfied" if item.satisfied else "not-satisfied"},
            },
            "related-observations": [{"observation-uuid": observation["uuid"]}],
        }
        for item, observation in zip(judged, observations, strict=True)
    ]
    return {
        "assessment-results": {
            "uuid": _id(stack, "assessment-results", as_of, version),
            "metadata": _metadata(f"Assessment of usdata, stack {stack}", as_of, version),
            "import-ap": {"href": "../README.md", "remarks": "The bundle's README says what is assessed, and how"},
            "results": [
                {
                    "uuid": _id(stack, "result", as_of),
                    "title": f"Stack {stack} as of {as_of}",
                    "description": "Decided from the engine's preview, with a certificate for a separate checker",
                    "start": start,
                    "reviewed-controls": {"control-selections": [{"include-controls": list(_controls(judged))}]},
                    "observations": observations,
                    "findings": findings,
                }
            ],
        }
    }


def _controls(judged: Iterable[Judged]) -> Iterable[dict[str, str]]:
    for item in judged:
        name = item.control.framework
        yield {"control-id": item.control.id if name == "nist-800-53" else f"{name}-{item.control.id}"}


def _objective(item: Judged) -> str:
    name = item.control.framework
    return f"{item.control.id}_obj" if name == "nist-800-53" else f"{name}-{item.control.id}"


def _evidence(item: Judged) -> str:
    control = item.control
    resources = (f"{control.type} {', '.join(control.properties)}",) if control.type else ()
    return ", ".join([*control.theorems, *resources])


def _metadata(title: str, as_of: str, version: str) -> dict[str, Any]:
    return {"title": title, "last-modified": f"{as_of}T00:00:00Z", "version": version, "oscal-version": VERSION}


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_SPACE, "\x00".join(parts)))
