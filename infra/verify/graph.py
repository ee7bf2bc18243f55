"""The resources of a preview or a state as one graph, with what may be unknown before the first `up`.

An unknown value is no hole where it can be attributed: its property's dependencies are resources of this graph, of the
type that the field expects, whose own place is known. Then it stands for one of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.residency.regions import UsRegion

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What engines write for a value that is not known yet (Pulumi's resource protocol)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A resource.

    Attributes:
        name: Its logical name.
        provider: The URN of its provider; empty for components and providers.
        sources: For each input, the URNs of the resources that its value comes from.
    """

    urn: str
    type: str
    name: str
    provider: str = ""
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


@dataclass(frozen=True, slots=True)
class Graph:
    """All resources, by URN."""

    nodes: Mapping[str, Node]

    def of(self, *types: str) -> list[Node]:
        """Those of some types, sorted by URN."""
        return sorted((node for node in self.nodes.values() if node.type in types), key=lambda node: node.urn)

    def region(self, node: Node) -> UsRegion | None:
        """Where a resource of Oracle Cloud is: its provider's region, where that is an allowed home of US user data."""
        provider = self.nodes.get(node.provider)
        region = provider.inputs.get("region") if provider else None
        return UsRegion(region) if region in set(UsRegion) else None

    def named(self, node: Node, property_: str, value: object, *types: str) -> list[Node]:
        """The resources that a value names by id, or stands for while it is unknown.

        Args:
            node: Whose input it is.
            property_: The input that it is in.
            value: The value.
            types: Of which types they may be; others do not count.
        """
        if value == UNKNOWN:
            sources = (self.nodes.get(urn) for urn in sorted(node.sources.get(property_, ())))
            return [source for source in sources if source is not None and source.type in types]
        return [other for other in self.of(*types) if other.id and other.id == value]


def graph(resources: Iterable[Mapping[str, Any]]) -> Graph:
    """The graph of resources as a state export or a preview's `newState` writes them; replaced ones do not count."""
    nodes: dict[str, Node] = {}
    for resource in resources:
        if resource.get("delete"):
            continue
        urn = str(resource["urn"])
        sources: Mapping[str, Iterable[str]] = resource.get("propertyDependencies") or {}
        nodes[urn] = Node(
            urn=urn,
            type=str(resource["type"]),
            name=urn.rpartition("::")[2],
            provider=str(resource.get("provider", "")).rpartition("::")[0],
            id=str(resource.get("id", "")),
            inputs=resource.get("inputs") or {},
            outputs=resource.get("outputs") or {},
            sources={name: frozenset(urns) for name, urns in sources.items()},
        )
    return Graph(nodes)
