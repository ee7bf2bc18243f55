"""Proves an update again before each of its steps, with what the step is about to make as it turned out.

A preview knows no id and no address that does not exist yet: it attributes them to what they come from, and assumes
that the program passes them on unchanged. Here that is looked at: a resource takes its place in the proved plan with
every input known, before it is made or changed, and every theorem that reads it is decided again. What is not proved
with it stops the update there.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from infra.cli.resource_graph import node_of
from infra.engine.events import Op, ResourceOutputs
from infra.verify.graph import Graph
from infra.verify.incremental import Prover
from infra.verify.values import has_unknown
from infra.verify.verdict import told

if TYPE_CHECKING:
    from infra.engine.events import Event, StepInfo
    from infra.engine.resource import Resource
    from infra.verify.graph import Node
    from infra.verify.proof import Proof

_MAKING: Final = frozenset(
    {Op.CREATE, Op.CREATE_REPLACEMENT, Op.UPDATE, Op.IMPORT, Op.IMPORT_REPLACEMENT, Op.READ, Op.READ_REPLACEMENT}
)
"""The steps after which a resource is what it is planned to be."""


class ProofGate:
    """The gate of one update whose plan is proved; `admit` and `see` may be called from any thread."""

    def __init__(self, planned: Proof) -> None:
        self._context, self._lock, self._prover = planned.context, Lock(), Prover()
        self._nodes = dict(planned.context.graph.nodes)

    def see(self, event: Event) -> None:
        """Take notice of what there is now."""
        if isinstance(event, ResourceOutputs) and event.step.new is not None and event.step.op in _MAKING:
            with self._lock:
                self._nodes[event.step.urn] = self._node(event.step.new)

    def admit(self, step: StepInfo) -> str:
        """Why a step may not be carried out; empty where it may."""
        if step.new is None or step.op not in _MAKING:
            return ""
        with self._lock:
            planned, node = self._nodes.get(step.urn), self._node(step.new)
            if planned == node and not has_unknown(node.inputs):
                return ""  # it is what the preview showed
            nodes = {**self._nodes, step.urn: node}
            graph = Graph(nodes, self._context.graph.gone)
            found = next(told(self._prover.prove(self._context._replace(graph=graph)).verdicts), None)
            if found is None:
                self._nodes = nodes
                return ""
        verdict, item = found
        return f"{verdict.theorem} {verdict.title} is not proved with what it turned out to be: {item.what}; not done"

    def _node(self, resource: Resource) -> Node:
        """A resource as the preview's document would show it, with what the plan does to it."""
        node, planned = node_of(resource), self._nodes.get(resource.urn)
        if planned is None:
            return node
        return replace(
            node,
            op=planned.op,
            old=planned.old,
            id=node.id or planned.id,
            outputs=node.outputs or planned.outputs,
            source=node.source or planned.source,
        )
