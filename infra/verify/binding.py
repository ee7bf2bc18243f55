"""What a proof is bound to: digests of what will be, of the state it starts from, and of what is declared.

A digest is over content: one line a resource, sorted, in canonical JSON, without times and places in the program. So a
preview, a plan and a state of the same content have the same one, whoever wrote them, and a checker that reads the
preview's own document can compute it anew.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.verify.graph import Graph, Node


def canonical(value: object) -> str:
    """A value as JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def row(node: Node) -> str:
    """A resource as a line."""
    content = [
        node.urn, node.type, node.provider, node.id, node.parent, node.inputs, node.outputs,
        {name: sorted(urns) for name, urns in node.sources.items()}, sorted(node.dependencies), node.protect,
        node.retain,
    ]  # fmt: skip
    return canonical(content)


def planned(graph: Graph) -> str:
    """The digest of what will be, and of what is done to get there."""
    rows = [f"{node.op} {row(node)}" for node in graph.nodes.values()]
    return _digest([*rows, *(f"{node.op} gone {row(node)}" for node in graph.gone)])


def state(graph: Graph) -> str:
    """The digest of the state that it starts from."""
    old = [node.old for node in graph.nodes.values() if node.old is not None]
    replaced = {node.urn for node in old}
    return _digest(map(row, [*old, *(node for node in graph.gone if node.urn not in replaced or node.pending)]))


def digests(graph: Graph, deployment: Mapping[str, Any]) -> dict[str, str]:
    """All three."""
    return {"planned": planned(graph), "state": state(graph), "configuration": configuration(deployment)}


def configuration(deployment: Mapping[str, Any]) -> str:
    """The digest of what is declared."""
    return sha256(canonical(deployment).encode())


def _digest(rows: Iterable[str]) -> str:
    return sha256(*(line.encode() + b"\n" for line in sorted(rows)))


def sha256(*parts: bytes) -> str:
    """The digest of some bytes one after the other, in hexadecimal digits."""
    import hashlib  # noqa: PLC0415 (it loads OpenSSL, which a proof without certificate and receipts does without)

    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()
