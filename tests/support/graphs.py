"""What the shipped stacks register, as the graph and the context that theorems are decided on.

Made from the recorder, so a stack is evaluated once for all tests; ids and addresses of a preview are unknown. To edit
one, take `documents`, which are copies.
"""

from copy import deepcopy
from functools import cache

from infra.verify.context import Context
from infra.verify.declared import Declared, declared
from infra.verify.graph import UNKNOWN, Graph
from infra.verify.sources.preview import graph_of
from tests.support.programs import AS_OF, configuration, shipped
from tests.support.recorder import _OUTPUTS as GIVEN
from tests.support.recorder import UNKNOWN as RECORDED

STACKS = ("sandbox", "us-prod")


def engines(value):
    """A recorded value with the mark that engines use for what is not known."""
    if isinstance(value, dict):
        return {key: engines(item) for key, item in value.items()}
    if isinstance(value, list):
        return [engines(item) for item in value]
    return UNKNOWN if value == RECORDED else value


@cache
def _steps(stack, *, preview):
    return steps_of(shipped(stack, preview=preview), preview=preview)


def steps_of(recorded, *, preview):
    """The steps of a first preview of what was recorded."""
    providers = {r.name: r.urn for r in recorded.resources.values() if r.is_provider}
    return [_step(r, providers, preview=preview) for r in recorded.resources.values()]


def _step(r, providers, *, preview):
    given = f"<{r.type} {r.name}.id>" if r.custom and not preview else ""
    state = {
        "urn": r.urn,
        "type": r.type,
        "custom": r.custom,
        "id": given,
        "parent": r.parent,
        "provider": f"{providers[r.provider]}::{UNKNOWN}" if r.provider else "",
        "protect": r.protect,
        "retainOnDelete": r.retain,
        "inputs": engines(dict(r.inputs)),
        "outputs": {} if preview else {name: f"<{r.type} {r.name}.{name}>" for name in GIVEN.get(r.type, ())},
        "dependencies": sorted(r.dependencies),
        "propertyDependencies": {name: sorted(urns) for name, urns in r.property_dependencies.items()},
        "sourcePosition": "project:///components/recorded.py#1",
    }
    return {"op": "create", "urn": r.urn, "newState": state}


def steps(stack, *, preview=True):
    """The steps of a first preview of a shipped stack, to be edited."""
    return deepcopy(_steps(stack, preview=preview))


class Edited:
    """The steps of a shipped stack's first update, with all ids known, of which each that is edited is a copy."""

    def __init__(self, name) -> None:
        self.name, self.steps = name, list(_steps(name, preview=False))

    def state(self, type_, name):
        """A resource as it will be, to be edited."""
        (at,) = (
            number
            for number, step in enumerate(self.steps)
            if step["newState"]["type"] == type_ and step["urn"].endswith(f"::{name}")
        )
        self.steps[at] = deepcopy(self.steps[at])
        return self.steps[at]["newState"]

    def graph(self):
        """The edited graph."""
        return graph_of(self.steps)


@cache
def graph(stack, *, preview=True) -> Graph:
    """Its graph; shared, so not to be changed."""
    return graph_of(_steps(stack, preview=preview))


@cache
def declarations(stack) -> Declared:
    """What its stack file declares."""
    return declared(configuration(stack))


def context(stack, found: Graph | None = None, *, preview=True, **more: object) -> Context:
    """The context of a shipped stack, or of another graph of it."""
    given = {"as_of": AS_OF, "declared": declarations(stack)} | more
    return Context(stack=stack, graph=graph(stack, preview=preview) if found is None else found, **given)
