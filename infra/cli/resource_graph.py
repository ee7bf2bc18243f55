"""Resources of a state or a run as the second opinion reads them: what a preview's document would say of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import digest
from infra.engine.events import Op
from infra.verify import graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cli.runs import Outcome
    from infra.engine.resource import Resource


def after(outcome: Outcome) -> graph.Graph:
    """What there would be after a run."""
    return graph_of(c.step.new for c in outcome.recorder.all() if c.step.new is not None and c.op is not Op.DELETE)


def graph_of(resources: Iterable[Resource]) -> graph.Graph:
    """The graph of some resources."""
    return graph.Graph({resource.urn: node_of(resource) for resource in resources})


def node_of(resource: Resource) -> graph.Node:
    """One of them, its secrets blinded."""
    return graph.node_of(digest.shown(resource))
