"""The software that a deployment runs: CycloneDX 1.6, from the pins of requirements.txt and of the extras used."""

from __future__ import annotations

import importlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://usdata.example/sbom")
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;#]+)")


def pins(lines: Iterable[str]) -> dict[str, str]:
    """Version by name of every exactly pinned package; other lines say nothing."""
    found = (_PIN.match(line.strip()) for line in lines)
    return {match[1].lower(): match[2] for match in found if match is not None}


def sbom(name: str, version: str, packages: dict[str, str]) -> bytes:
    """The document for a program of a version that runs packages; the same input gives the same bytes."""
    model, output, purl = map(_module, ("cyclonedx.model.component", "cyclonedx.output.json", "packageurl"))
    root = model.Component(name=name, version=version, type=model.ComponentType.APPLICATION, bom_ref=name)
    bom = _module("cyclonedx.model.bom").Bom(
        serial_number=uuid.uuid5(_SPACE, json.dumps([name, version, packages], sort_keys=True))
    )
    bom.metadata.component = root
    parts = [
        model.Component(
            name=package, version=pinned, type=model.ComponentType.LIBRARY, bom_ref=f"{package}=={pinned}",
            purl=purl.PackageURL("pypi", None, package, pinned),
        )
        for package, pinned in sorted(packages.items())
    ]  # fmt: skip
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(root, parts)
    document: Any = json.loads(output.JsonV1Dot6(bom).output_as_string())
    document["metadata"].pop("timestamp", None)  # when it was written is not what is in it
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _module(name: str) -> Any:
    """A module of the extra `evidence`, which is slow to import."""
    return importlib.import_module(name)
