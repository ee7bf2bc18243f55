"""A graph from a state: what `pulumi stack export` prints, or the checkpoint that a file backend keeps."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.verify.graph import Graph, Node, node_of
from infra.verify.sources.loaded import Loaded, UnusableError, stack_of
from infra.verify.values import record

_VERSIONS: Final = (3, 4)
_SHAPES: Final = "what `pulumi stack export` prints"


def load(document: Mapping[str, Any], name: str) -> Loaded:
    """The state in a parsed document.

    Args:
        document: The document.
        name: The file, for messages.

    Raises:
        UnusableError: It is no state of version 3 or 4 of this project, or an operation is still open in it.
    """
    inner = _inner(document, name)
    pending: Any = inner.get("pending_operations")
    if pending:
        raise UnusableError(
            f"{name} has {len(pending)} operations whose end nobody knows",
            why="what they did, or did not do, is not in it",
            fix="pulumi refresh, then export it anew",
        )
    try:
        graph = graph_of(inner.get("resources") or ())
    except (KeyError, TypeError, AttributeError) as error:
        raise UnusableError(f"{name} has a resource that is none", given=f"{type(error).__name__} {error}") from error
    manifest: Mapping[str, Any] = inner.get("manifest") or {}
    return Loaded(
        kind="state",
        stack=stack_of(graph, name),
        graph=graph,
        written=str(manifest.get("time", "")),
        secrets_provider=str(record(inner.get("secrets_providers")).get("type", "")),
    )


def _inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The deployment in either of the two shapes."""
    if "steps" in document:
        raise UnusableError(f"{name} is a preview, no state", fix="a preview goes behind --preview")
    version: object = document.get("version")
    if version not in _VERSIONS:
        raise UnusableError(
            f"{name} is of version {version!r}" if version is not None else f"{name} is no state",
            allowed="a state of version 3 or 4: " + _SHAPES,
            fix="export it with a Pulumi of this year",
        )
    checkpoint = record(document.get("checkpoint"))
    inner = record(checkpoint.get("latest") if checkpoint else document.get("deployment"))
    if "manifest" not in inner:
        raise UnusableError(f"{name} holds no deployment", allowed=_SHAPES, fix="export it anew")
    return inner


def graph_of(resources: Iterable[Mapping[str, Any]]) -> Graph:
    """The graph of a state: each resource stays as it is, and those that were replaced are on their way out."""
    nodes: dict[str, Node] = {}
    gone: list[Node] = []
    for resource in resources:
        if resource.get("delete"):
            gone.append(node_of(resource, op="delete"))
        else:
            node = node_of(resource, old=resource)
            nodes[node.urn] = node
    return Graph(nodes, tuple(gone))
