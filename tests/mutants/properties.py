"""Every property of every resource, taken away and given another value: which of that stays proved is written down.

Nobody has to think of these changes. A property that the models call irrelevant may say anything; of all others
`harmless.json` has the changes that are proved, each under a reason, and any more or less is a mistake: of the proof,
or of the list. What is inside documents and statements is for `leaks.py`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.verify.graph import UNKNOWN, Graph, node_of
from infra.verify.incremental import Prover
from infra.verify.models import MODELS
from infra.verify.verdict import Answer
from tests.mutants.mutant import State, stack
from tests.support.graphs import context, graph

HARMLESS: Final[Mapping[str, list[str]]] = json.loads((Path(__file__).parent / "harmless.json").read_bytes())
"""Reason -> the changes, each as `Bucket.versioning gone`."""

GONE, OTHER = "gone", "other"
STRANGER: Final = "ocid1.stranger.oc1.eu-frankfurt-1.x"
_Steps = tuple[str | int, ...]


def changes(name: str) -> Iterator[tuple[str, str, State]]:
    """What is changed, a URN, and what becomes of the resource: each once for all that are called alike."""
    seen = set[tuple[str, str]]()
    for urn, state in sorted(stack(name).states.items()):
        model = MODELS.get(state["type"])
        for path, value in _paths(state["inputs"]) if model is not None else ():
            spelled = ".".join(str(it) for it in path if isinstance(it, str))
            if model is None or any(f"{spelled}.".startswith(f"{it}.") for it in model.irrelevant):
                continue
            for kind in (GONE, OTHER):
                what = f"{_short(state['type'])}.{spelled} {kind}"
                if (what, _like(urn)) not in seen:
                    seen.add((what, _like(urn)))
                    given = state["inputs"]
                    inputs = _without(given, path) if kind == GONE else _with(given, path, _other(value))
                    yield what, urn, {**state, "inputs": inputs}


def _short(type_: str) -> str:
    """A type for people: clouds have some names in common."""
    return f"{type_.partition(':')[0]} {type_.rpartition(':')[2]}"


def _like(urn: str) -> str:
    """What resources have in common that are planned alike: the first words of their names."""
    return urn.rpartition("::")[2].rstrip("0123456789-abcdef").partition("-us-")[0]


def _paths(value: object, above: _Steps = ()) -> Iterator[tuple[_Steps, object]]:
    """Each path to a value, through the first element of every list."""
    below: Any = value if isinstance(value, dict) else dict(enumerate(value[:1])) if isinstance(value, list) else {}
    for step, item in below.items():
        if not str(step).startswith("__") and item is not None:
            if isinstance(step, str):
                yield (*above, step), item
            yield from _paths(item, (*above, step))


def _with(inside: Any, path: _Steps, value: object) -> Any:
    """A copy with another value at a path."""
    copy = inside.copy()
    copy[path[0]] = _with(inside[path[0]], path[1:], value) if path[1:] else value
    return copy


def _without(inside: Any, path: _Steps) -> Any:
    """A copy without what is at a path."""
    copy = inside.copy()
    if path[1:]:
        copy[path[0]] = _without(inside[path[0]], path[1:])
    else:
        del copy[path[0]]
    return copy


def _other(value: object) -> object:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value * 100 + 1
        case str():
            return STRANGER if value == UNKNOWN else f"{value}x"
        case list():
            return []
        case _:
            return {}


def answers(*names: str) -> Mapping[str, bool]:
    """Each change of some stacks, and whether it is proved anywhere."""
    found: dict[str, bool] = {}
    for name in names:
        start, prover = graph(name), Prover()
        for what, urn, state in changes(name):
            other = Graph({**start.nodes, urn: node_of(state, op="create")}, start.gone)
            is_proved = prover.prove(context(name, other)).answer is Answer.PROVED
            found[what] = found.get(what, False) or is_proved
    return found


def differences(answers: Mapping[str, bool]) -> list[str]:
    """What is proved and stands nowhere, and what stands there and is not proved, or not changed any more."""
    known = {what for listed in HARMLESS.values() for what in listed}
    survived = {what for what, is_proved in answers.items() if is_proved}
    return [
        *(f"proved, and no reason says why that is harmless: {it}" for it in sorted(survived - known)),
        *(f"harmless by the list, and not proved: {it}" for it in sorted(known - survived)),
    ]
