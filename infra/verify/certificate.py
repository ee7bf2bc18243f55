"""The certificate: everything that a checker needs to see again, from the preview alone, that every theorem holds.

It names what it is about (digests), what it rests on (assumptions), and for each theorem the evidence: where each
resource lies, which copies there are and where they lead, which key encrypts what, and so on. The same stack gives the
same bytes, whenever and wherever it is proved.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.verify import binding
from infra.verify.graph import Graph
from infra.verify.models import MODELS
from infra.verify.proof import Proof

VERSION: Final = 1
"""Of the certificate's format."""


def certificate(proof: Proof, *, kind: str) -> dict[str, Any]:
    """The certificate of a proof in which every theorem is proved.

    Args:
        proof: The proof.
        kind: What it was read from: `preview` or `state`.
    """
    context = proof.context
    providers = {
        f"{node.type.rpartition(':')[2]} {node.inputs.get('version')}"
        for node in context.graph.nodes.values()
        if node.type.startswith("pulumi:providers:")
    }
    found: dict[str, Any] = {
        "certificate": VERSION,
        "stack": context.stack,
        "asOf": context.as_of.isoformat(),
        "from": kind,
        "resources": proof.resources,
        "providers": sorted(providers),
        "declared": context.declared.deployment,
        "models": models(context.graph),
        "digests": binding.digests(context.graph, context.declared.deployment),
        "theorems": [
            {
                "id": verdict.theorem,
                "title": verdict.title,
                "answer": verdict.answer.value,
                "assumptions": list(verdict.assumptions),
                "evidence": verdict.certificate,
            }
            for verdict in proof.verdicts
        ],
    }
    return found | {"seal": binding.sha256(binding.canonical(found).encode())}


def models(graph: Graph) -> dict[str, Any]:
    """The lists of properties of every type that there is."""
    return {
        type_: {
            "read": sorted(model.read),
            "attributed": {path: sorted(types) for path, types in sorted(model.attributed.items())},
            "irrelevant": sorted(model.irrelevant),
        }
        for type_ in graph.types
        if (model := MODELS.get(type_)) is not None
    }


def text(found: Mapping[str, Any]) -> str:
    """A certificate as it is stored."""
    return binding.canonical(found) + "\n"


def digest(found: Mapping[str, Any]) -> str:
    """By which a certificate is named."""
    return binding.sha256(text(found).encode())
