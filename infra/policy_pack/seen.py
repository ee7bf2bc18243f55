"""What an engine has shown of a stack so far, as the graph that the theorems are decided on.

Inputs come from the call before each resource is made (`Analyze`), with unknown values in place. Outputs, dependencies
and parents come at the end (`AnalyzeStack`). Neither says what is deleted or replaced, nor what is retained (what is
protected is taken to be): for that there are the holders lock and the proof of the preview.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from infra.verify.graph import SECRET, UNKNOWN, Graph, Node
from infra.verify.models import HOLDERS
from infra.verify.sources.documents import is_secret


class Seen:
    """Resources by URN, in the order in which the engine shows them."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._landmarks: dict[str, Node] = {}

    def take(self, request: analyzer_pb2.AnalyzeRequest) -> Node:
        """Take up a resource that is about to be made."""
        self._provider(request.provider)
        node = Node(
            urn=request.urn,
            type=request.type,
            name=request.name,
            provider=request.provider.urn,
            inputs=plain(request.properties),
            parent=request.options.parent,
            protect=request.options.protect,
            op="create",
        )
        self._add(node)
        return node

    def around(self, node: Node) -> Graph:
        """A resource among the providers and holders shown so far: what others may point to by a plain name."""
        return Graph(self._landmarks | {node.urn: node})

    def whole(self, resources: Iterable[analyzer_pb2.AnalyzerResource]) -> Graph:
        """The stack at the end: a resource that was never shown by itself has the properties that it ends with."""
        for resource in resources:
            self._provider(resource.provider)
        nodes = dict(self._nodes)
        for resource in resources:
            # a preview's document leaves out what a provider cannot tell yet
            outputs = {name: value for name, value in plain(resource.properties).items() if value != UNKNOWN}
            shown = self._nodes.get(resource.urn)
            nodes[resource.urn] = Node(
                urn=resource.urn,
                type=resource.type,
                name=resource.name,
                provider=resource.provider.urn,
                id=str(outputs.get("id") or ""),
                inputs=outputs if shown is None else shown.inputs,
                outputs=outputs,
                sources={name: frozenset(it.urns) for name, it in resource.propertyDependencies.items()},
                parent=resource.parent,
                dependencies=frozenset(resource.dependencies),
                protect=resource.options.protect,
                retain=resource.options.protect,
            )
        return Graph(nodes)

    def _provider(self, provider: analyzer_pb2.AnalyzerProviderResource) -> None:
        """An engine shows a provider with each of its resources."""
        if provider.urn and provider.urn not in self._nodes:
            self._add(Node(urn=provider.urn, type=provider.type, name=provider.name, inputs=plain(provider.properties)))

    def _add(self, node: Node) -> None:
        self._nodes[node.urn] = node
        if node.type in HOLDERS or node.type.startswith("pulumi:providers:"):
            self._landmarks[node.urn] = node


def plain(properties: Struct) -> dict[str, Any]:
    """Properties as a preview's document has them: whole numbers are whole, and a secret is the mark for one."""
    return cast("dict[str, Any]", _plain(MessageToDict(properties)))


def _plain(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_plain(item) for item in cast("list[object]", value)]
        case dict():
            found = cast("Mapping[str, object]", value)
            return SECRET if is_secret(found) else {name: _plain(it) for name, it in found.items()}
        case _:
            return value
