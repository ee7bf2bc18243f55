"""A graph from the document of `pulumi preview --json --show-sames`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from infra.verify.graph import Graph, Node, node_of
from infra.verify.sources.loaded import Loaded, UnusableError, stack_of
from infra.verify.values import record, records

_ENDS = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
_REPLACES = frozenset({"replace", "import-replacement", "create-replacement", "read-replacement"})
_KNOWN = _ENDS | _REPLACES | {"same", "create", "update", "read", "refresh", "import"}


def load(document: Mapping[str, Any], name: str) -> Loaded:
    """The preview in a parsed document.

    Args:
        document: The document.
        name: The file, for messages.

    Raises:
        UnusableError: It is no whole preview of this project, or does not show what stays as it is.
    """
    steps = records(document.get("steps"))
    if not isinstance(document.get("steps"), list):
        raise UnusableError(
            f"{name} is no preview: it has no steps",
            given=", ".join(sorted(document)[:5]),
            allowed="what `pulumi preview --json --show-sames` prints",
            fix="a state goes behind --state" if {"deployment", "checkpoint"} & set(document) else "",
        )
    _whole(document, steps, name)
    try:
        graph = graph_of(steps)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnusableError(f"{name} has a step that is none", given=f"{type(error).__name__} {error}") from error
    return Loaded(kind="preview", stack=stack_of(graph, name), graph=graph, config=document.get("config") or {})


def _whole(document: Mapping[str, Any], steps: Iterable[Mapping[str, Any]], name: str) -> None:
    """Refuse half a preview."""
    errors = [str(it.get("message", "")).strip() for it in document.get("diagnostics") or () if _is_error(it)]
    if errors:
        raise UnusableError(f"{name} is of a preview that failed", given=errors[0][:200], fix="mend that first")
    shown = Counter(str(step.get("op")) for step in steps)
    if unknown := sorted(shown.keys() - _KNOWN):
        raise UnusableError(f"{name} has an unknown kind of step", given=unknown[0], allowed=", ".join(sorted(_KNOWN)))
    if not isinstance(document.get("changeSummary"), dict):
        raise UnusableError(f"{name} has no summary: the preview did not finish", fix="run it anew")
    hidden = int(record(document["changeSummary"]).get("same", 0)) - shown["same"]
    if hidden > 0:
        raise UnusableError(
            f"{name} leaves out {hidden} resources that stay as they are",
            why="what is not shown cannot be proved",
            fix="pulumi preview --json --show-sames",
        )


def _is_error(diagnostic: Mapping[str, Any]) -> bool:
    return diagnostic.get("severity") == "error"


def graph_of(steps: Iterable[Mapping[str, Any]]) -> Graph:
    """The graph of a preview's steps; of several about one resource the last one that says what it will be counts."""
    nodes: dict[str, Node] = {}
    gone: list[Node] = []
    for step in steps:
        op, old, new = str(step["op"]), step.get("oldState"), step.get("newState")
        if old is not None and (op in _ENDS or op in _REPLACES):
            gone.append(node_of(old, op=op))
        if op in _ENDS:
            continue
        if new is not None:
            node = node_of(new, op=op, old=old)
            nodes[node.urn] = node
        else:
            nodes.pop(str(step["urn"]), None)
    return Graph(nodes, tuple(gone))
