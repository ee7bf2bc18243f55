"""A stack with something changed below the planner, and what changes it: operators, each at every place it applies to.

An operator is a generator over the resources of a first preview. It yields the place and what becomes of some of them:
another state, none, or an operation of its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from infra.verify.graph import Graph
from infra.verify.proof import prove
from infra.verify.sources.preview import graph_of
from infra.verify.verdict import Answer
from tests.support.graphs import context, steps

State = dict[str, Any]
Changes = dict[str, Any]
"""By URN: another state, None for a resource that is gone, or a whole step."""


@dataclass(frozen=True)
class Stack:
    """The resources of a first preview; shared, so never changed."""

    name: str
    states: Mapping[str, State] = field(repr=False)

    def of(self, *kinds: str) -> Iterator[State]:
        """Those of the last parts of some types, in order."""
        for urn in sorted(self.states):
            if self.states[urn]["type"].rpartition(":")[2] in kinds:
                yield self.states[urn]

    def named(self, kind: str, name: str) -> State:
        """The one of a kind and a name."""
        return next(it for it in self.of(kind) if it["urn"].endswith(f"::{name}"))


@cache
def stack(name: str) -> Stack:
    """A shipped stack."""
    return Stack(name, {step["urn"]: step["newState"] for step in steps(name)})


Operator = Callable[[Stack], Iterator[tuple[str, Changes]]]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change at one place of one stack."""

    operator: str
    stack: str
    place: str
    changes: Changes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.operator} at {self.place} of {self.stack}"

    def graph(self) -> Graph:
        """The resources with the change."""
        whole = [self._step(urn, state) for urn, state in stack(self.stack).states.items() if urn not in self.changes]
        changed = [self._step(urn, state) for urn, state in self.changes.items() if state is not None]
        return graph_of(whole + changed)

    @staticmethod
    def _step(urn: str, state: State) -> State:
        return state if "op" in state else {"op": "create", "urn": urn, "newState": state}

    def answer(self) -> Answer:
        """What the proof says of it."""
        return prove(context(self.stack, self.graph())).answer

    def told(self) -> list[list[str]]:
        """Why it is not proved."""
        verdicts = prove(context(self.stack, self.graph())).verdicts
        return [it.lines() for verdict in verdicts for it in (*verdict.counterexamples, *verdict.missing)]


def mutants(operators: Mapping[str, Operator], *names: str) -> Iterator[Mutant]:
    """Every operator at every place of some stacks."""
    for name in names:
        for title, operator in operators.items():
            for place, changes in operator(stack(name)):
                yield Mutant(operator=title, stack=name, place=place, changes=changes)


def short(state: State) -> str:
    """A resource for people: `Bucket profiles-us-ashburn-1`."""
    return f"{state['type'].rpartition(':')[2]} {state['urn'].rpartition('::')[2]}"


def edited(state: State, change: Callable[[State], object]) -> State:
    """A copy of a state whose inputs are edited; where that fails the operator does not apply."""
    copy = deepcopy(state)
    change(copy["inputs"])
    return copy


def put(*kinds: str, **inputs: object) -> Operator:
    """Other inputs of every resource of some kinds."""
    return each(lambda given: given.update(deepcopy(inputs)), *kinds)


def drop(name: str, *kinds: str) -> Operator:
    """Without an input."""
    return each(lambda given: given.pop(name), *kinds, having=name)


def each(change: Callable[[State], object], *kinds: str, having: str = "", where: str = "") -> Operator:
    """An edit of the inputs of every resource of some kinds, of those that have an input and of some URNs."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            if where in state["urn"] and (not having or state["inputs"].get(having)):
                copy = edited(state, change)
                if copy != state:
                    yield short(state), {state["urn"]: copy}

    return operator


def gone(*kinds: str, where: str = "") -> Operator:
    """Without a resource."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            if where in state["urn"]:
                yield short(state), {state["urn"]: None}

    return operator


def deleted(*kinds: str, op: str = "delete") -> Operator:
    """A resource that is there now, and that the update deletes."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            old = {**state, "id": "id"}
            new = {"newState": state} if op == "replace" else {}
            yield short(state), {state["urn"]: {"op": op, "urn": state["urn"], "oldState": old, **new}}

    return operator


def added(type_: str, under: str, **inputs: object) -> Operator:
    """One more resource, once under each provider of a cloud."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for provider in stack.of(under):
            urn = f"urn:pulumi:{stack.name}::usdata::{type_}::more"
            state = {
                "urn": urn, "type": type_, "custom": True, "provider": f"{provider['urn']}::id",
                "inputs": deepcopy(inputs),
            }  # fmt: skip
            yield f"{type_} under {provider['urn'].rpartition('::')[2]}", {urn: state}

    return operator


def document(path: str, change: Callable[[dict[str, State]], object], *kinds: str, where: str = "") -> Operator:
    """An edit of every policy document of some kinds that it applies to; statements by their names."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            text = state["inputs"].get(path)
            if where not in state["urn"] or not isinstance(text, str):
                continue
            parsed = json.loads(text)
            statements = {it.get("Sid", str(at)): it for at, it in enumerate(parsed["Statement"])}
            try:
                change(statements)
            except KeyError:
                continue  # there is no such statement here
            after = json.dumps({**parsed, "Statement": list(statements.values())})
            if after != text:
                yield (
                    short(state),
                    {state["urn"]: edited(state, lambda given, after=after: given.update({path: after}))},
                )

    return operator
