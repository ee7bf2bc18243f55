"""What is known about one resource type: which of its properties mean something for residency, and what they say.

The lists are data (`infra/verify/data/`), a file for each family. A property that stands in no list makes the proof
undecided, whoever sets it: so a new release of a provider can add one, and it shows.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from infra.verify.graph import Graph, Node

_FOLDER: Final = __file__.rpartition("/models/")[0] + "/data"


class Flow(NamedTuple):
    """Data that a resource moves from one place to another.

    Attributes:
        kind: What it does: `replicates`, `backs up`, `reports`.
        source: What is copied: a holder's name.
        target: Where to: a holder's name.
        region: The region of the target; empty where that is not known.
        path: The property that says so.
        node: The resource that does it.
        to: The target among this stack's own holders; None where it is none of them.
        why_unknown: What is not known, where something is not.
    """

    kind: str
    source: str
    target: str
    region: str
    path: str
    node: Node
    to: Node | None = None
    why_unknown: str = ""


Flows = Callable[[Graph, Node], Iterator[Flow]]


class Model(NamedTuple):
    """A type.

    Attributes:
        read: Paths of properties whose values the theorems read as content: none of them may be unknown.
        attributed: Paths of ids and addresses, with the types of the resources that they may come from while unknown.
        irrelevant: Paths under which nothing can move or expose data.
        holds: Whether it holds data, or the key to it.
        flows: What it moves; None for what moves nothing.
    """

    type: str
    read: frozenset[str]
    attributed: Mapping[str, frozenset[str]]
    irrelevant: frozenset[str]
    holds: bool = False
    flows: Flows | None = None


def lists(name: str) -> dict[str, dict[str, Any]]:
    """A file of the data folder: for each type, its lists of properties."""
    # Path would take a twentieth of the time that importing the proof may take.
    with open(f"{_FOLDER}/{name}.json", "rb") as file:  # noqa: PTH123
        return json.load(file)


def family(name: str, *, holders: tuple[str, ...] = (), flows: Mapping[str, Flows] | None = None) -> dict[str, Model]:
    """The models of a family of types.

    Args:
        name: Its file in the data folder.
        holders: Those of its types that hold data or keys.
        flows: What those of its types move that move anything.
    """
    return {
        type_: Model(
            type=type_,
            read=frozenset(given["read"]),
            attributed={path: frozenset(types) for path, types in given.get("attributed", {}).items()},
            irrelevant=frozenset(given["irrelevant"]),
            holds=type_ in holders,
            flows=(flows or {}).get(type_),
        )
        for type_, given in lists(name).items()
    }
