"""Resources of a state or a run as the second opinion reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine.events import Op
from infra.engine.values import UNKNOWN, plain_properties
from infra.verify import graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cli.runs import Outcome
    from infra.engine.resource import Resource
    from infra.engine.values import Value


def after(outcome: Outcome) -> graph.Graph:
    """What there would be after a run."""
    return graph_of(c.step.new for c in outcome.recorder.all() if c.step.new is not None and c.op is not Op.DELETE)


def graph_of(resources: Iterable[Resource]) -> graph.Graph:
    """The graph of some resources."""
    return graph.Graph(
        {
            resource.urn: graph.Node(
                urn=resource.urn,
                type=resource.type,
                name=resource.urn.rpartition("::")[2],
                provider=resource.provider.rpartition("::")[0],
                id=resource.id,
                inputs={name: _marked(value) for name, value in plain_properties(resource.inputs).items()},
                outputs=plain_properties(resource.outputs),
                sources={name: frozenset(urns) for name, urns in resource.property_dependencies.items()},
            )
            for resource in resources
        }
    )


def _marked(value: Value) -> object:
    """The value as engines write it, with their mark for what is not known."""
    if isinstance(value, dict):
        return {name: _marked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return graph.UNKNOWN if value is UNKNOWN else value
