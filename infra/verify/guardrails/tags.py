"""Tags: every holder says what it is, and nothing can be made where holders are that does not.

A bucket's class is held against the compartment that it is in: a bucket of one class in another's compartment, or
called public among protected ones, is a gap.
"""

from collections.abc import Iterator
from typing import Final

from infra.residency.dataset import DataClass
from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.guardrails.zones import compartment_of
from infra.verify.values import record

_BUCKET: Final = "oci:ObjectStorage/bucket:Bucket"
_KEYS: Final = ("oci:Kms/vault:Vault", "oci:Kms/key:Key")
_DEFAULT: Final = "oci:Identity/tagDefault:TagDefault"
_TAG: Final = "oci:Identity/tag:Tag"
_CLASSES: Final = frozenset(it.value for it in DataClass)
_EVERYWHERE: Final = ("owner", "phase")


def tag_gaps(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """Holders without their tags, and compartments that would take some."""
    yield from graph.each((_BUCKET, *_KEYS), _untagged, f"{declared.organization}.")
    required = set(_required(graph))
    for place in sorted({*_CLASSES, "keys"}):
        for name in (*_EVERYWHERE, *(("data-class",) if place in _CLASSES else ())):
            if (place, name) not in required:
                yield Gap(urn="", rule=Rule.TAG, what=f"{place} takes what has no {name}")


def _untagged(graph: Graph, node: Node, prefix: str) -> Iterator[Gap]:
    tags, place = record(node.inputs.get("definedTags")), compartment_of(graph, node)
    for name in _EVERYWHERE:
        if not tags.get(f"{prefix}{name}"):
            yield Gap(urn=node.urn, rule=Rule.TAG, what=f"{node.name} has no {name}")
    said = tags.get(f"{prefix}data-class")
    if place in _CLASSES and said != place:
        yield Gap(urn=node.urn, rule=Rule.TAG, what=f"{node.name} is tagged {said or 'with no class'} in {place}")


def _required(graph: Graph) -> Iterator[tuple[str, str]]:
    for node in graph.of(_DEFAULT):
        tags = graph.named(node, "tagDefinitionId", node.inputs.get("tagDefinitionId"), _TAG)
        if node.inputs.get("isRequired") is True and len(tags) == 1:
            yield compartment_of(graph, node), str(tags[0].inputs.get("name"))
