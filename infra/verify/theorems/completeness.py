"""T8: nothing is overlooked: every type has a model, every property is listed, and nothing that is read is unknown.

A resource whose type has no model, and a property that stands in no list of its type, are undecided whatever they say.
So is an unknown value, unless it is an id or address that comes from resources of this stack of the type that its
property expects, or stands where nothing can move or expose data; and so is a known id of nothing in this stack.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final, cast

from infra.verify.context import Context
from infra.verify.graph import SECRET, UNKNOWN, Graph, Node
from infra.verify.models import MODELS
from infra.verify.models.elsewhere import ALWAYS, ELSEWHERE
from infra.verify.models.model import Model
from infra.verify.search import Opinion, opinion, worst
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T8"
TITLE: Final = "completeness"
ASSUMPTIONS: Final = (
    "what is not managed by this stack is not looked at",
    "an id or address that is unknown in a preview is passed on unchanged from the resource that it comes from",
    "a property does what the provider's documentation says",
)
_COMPONENTS: Final = "usdata:index:"
_STACK: Final = "pulumi:pulumi:Stack"


def decide(context: Context) -> Verdict:
    """Walk the inputs of every resource once, along the lists of its type."""
    findings, examined, graph = Findings(), 0, context.graph
    for type_ in graph.types:
        nodes = graph.of(type_)
        model = MODELS.get(type_)
        if model is None:
            findings.add(*_unmodelled(nodes, type_))
            continue
        examined += len(nodes)
        for node in nodes:
            if not node.provider and not type_.startswith("pulumi:providers:"):
                findings.add(missing(node, f"{node.name} has no explicit provider", path="provider"))
            findings.add(*unread(graph, node))
    types = sorted(type_ for type_ in graph.types if type_ in MODELS)
    return findings.verdict(
        ID, TITLE, examined=examined, assumptions=ASSUMPTIONS, certificate={"types": types, "resources": examined}
    )


def unread(graph: Graph, node: Node) -> Iterator[Missing]:
    """What a resource of a known type says that no list has, or that is neither known nor attributed."""
    model = MODELS[node.type]
    for path, value in _strange(node.inputs, model, ""):
        if (found := _judged(graph, node, model, path, value)) is not None:
            yield found


def _unmodelled(nodes: list[Node], type_: str) -> Iterator[Counterexample | Missing]:
    paths = ELSEWHERE.get(type_)
    for node in nodes:
        if type_ == _STACK or (type_.startswith(_COMPONENTS) and not node.provider):
            continue
        if type_ in ALWAYS:
            yield refuted(node, f"{node.name} {ALWAYS[type_]}", fix="remove it", witness={"urn": node.urn})
        elif paths is not None:
            yield missing(
                node, f"{node.name} could take data elsewhere (by {', '.join(paths[:3])}), and is not modelled"
            )
        else:
            yield missing(node, f"{type_} is not modelled", fix="model it in infra/verify/models, or remove it")


def _strange(inputs: Mapping[str, Any], model: Model, above: str) -> Iterator[tuple[str, object]]:
    """Whatever is in no list, or not known and not irrelevant."""
    for name, value in inputs.items():
        path = f"{above}{name}"
        if value is None or name.startswith("__") or path in model.irrelevant:
            continue
        if path in model.attributed:
            yield from ((path, it) for it in _ids(value))
        elif path not in model.read:
            yield path, ""
        else:
            for item in cast("list[Any]", value) if isinstance(value, list) else (value,):
                if isinstance(item, dict):
                    yield from _strange(cast("dict[str, Any]", item), model, f"{path}.")
                elif _unknown(item):
                    yield path, UNKNOWN


IDS: Final = ("arn:", "ocid1.")
"""How ids begin that say of themselves that they are some."""


def _ids(value: object) -> Iterator[str]:
    """What of an id, or a list of some, has to be looked at."""
    for item in cast("list[Any]", value) if isinstance(value, list) else (value,):
        if _unknown(item):
            yield UNKNOWN
        elif isinstance(item, str) and item.startswith(IDS):
            yield item


def _is_ours(graph: Graph, node: Node, path: str, value: str, types: frozenset[str]) -> bool:
    """Whether an id is one of a resource of this stack, or of its tenancy."""
    if value.startswith("ocid1.tenancy."):
        provider = graph.provider_of(node)
        return provider is not None and provider.inputs.get("tenancyOcid") == value
    if graph.named(node, path, value, *types):
        return True
    return any(value in it.outputs.values() for it in graph.of(*sorted(types)))


def _unknown(value: object) -> bool:
    if isinstance(value, str):
        return UNKNOWN in value or value == SECRET
    return isinstance(value, list) and any(map(_unknown, cast("list[Any]", value)))


def _judged(graph: Graph, node: Node, model: Model, path: str, value: object) -> Missing | None:
    """What is missing there; None where an unknown value is attributed."""
    if not value:
        return missing(node, f"{node.name} has {path}, which no list of {node.type} has", path=path,
                       fix="find out what it does, and list it in infra/verify/data")  # fmt: skip
    top = path.partition(".")[0]
    expected = model.attributed.get(path)
    if expected is not None and value != UNKNOWN:
        if _is_ours(graph, node, top, str(value), expected):
            return None
        return missing(node, f"{path} of {node.name} is {value}, which nothing in this stack has for an id", path=path,
                       fix=f"take it from {' or '.join(sorted(expected))}")  # fmt: skip
    if expected is None:
        return missing(node, f"{path} of {node.name} is not known", path=path, fix="make it a plain value")
    allowed = {type_ for at, types in model.attributed.items() if at.partition(".")[0] == top for type_ in types}
    types = {graph.type_of(urn) for urn in node.sources.get(top, ())}
    if not types & expected or not types <= allowed:
        told = ", ".join(sorted(types - {""})) or "nothing"
        return missing(node, f"{path} of {node.name} is not known, and comes from {told}", path=path,
                       fix=f"take it from {' or '.join(sorted(expected))}")  # fmt: skip
    return None


def decide_slowly(context: Context) -> Answer:
    """Spell out every path of every resource, and look each up by itself."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of each resource."""
    for node in context.graph.nodes.values():
        if node.type.startswith(("pulumi:pulumi:", _COMPONENTS)) and not node.provider:
            continue
        orphan = not node.provider and not node.type.startswith("pulumi:providers:")
        fine = node.type in MODELS and not orphan and known(context.graph, node)
        unread = Answer.PROVED if fine else Answer.UNDECIDED
        yield opinion(Answer.REFUTED if node.type in ALWAYS else unread, node.urn)


def known(graph: Graph, node: Node) -> bool:
    """Whether everything that a resource of a known type says is listed, and known or attributed; path by path."""
    model = MODELS[node.type]
    return all(_fine(graph, node, model, it) for it in _paths(node.inputs, ""))


def _paths(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every path with a value that is no object or list."""
    if isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            if not name.startswith("__") and item is not None:
                yield from _paths(item, f"{path}.{name}" if path else name)
        if path:
            yield path, None
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _paths(item, path)
        yield path, None
    else:
        yield path, value


def _fine(graph: Graph, node: Node, model: Model, found: tuple[str, object]) -> bool:
    (path, value), listing = found, _listing(node.type, found[0])
    if listing is not Listing.SAID:
        return listing is Listing.BESIDE
    if not isinstance(value, str):
        return True
    if UNKNOWN not in value and value != SECRET:
        return path not in model.attributed or not value.startswith(IDS) or _is_somebodys(graph, node, path, value)
    if path not in model.attributed:
        return False
    top = path.split(".")[0]
    urns = node.sources.get(top, frozenset())
    types = [graph.nodes[urn].type if urn in graph.nodes else "" for urn in urns]
    near = [kinds for at, kinds in model.attributed.items() if at.split(".")[0] == top]
    return any(it in model.attributed[path] for it in types) and all(any(it in kinds for kinds in near) for it in types)


def _is_somebodys(graph: Graph, node: Node, path: str, value: str) -> bool:
    """Whether anything in this stack that may be meant says an id of itself, or a provider that it is its tenancy."""
    meant = [it for it in graph.nodes.values() if it.type in MODELS[node.type].attributed[path]]
    own = [it.inputs.get("tenancyOcid") for it in graph.nodes.values() if it.urn == node.provider]
    return value in own or any(value == it.id or value in it.outputs.values() for it in meant)


class Listing(Enum):
    """Where a path stands in the lists of a type: as one that is read or attributed, beside those, or nowhere."""

    SAID = auto()
    BESIDE = auto()
    NOWHERE = auto()


@lru_cache(maxsize=65536)
def _listing(type_: str, path: str) -> Listing:
    """Looked up once for each path that there is."""
    model, steps = MODELS[type_], path.split(".")
    if any(".".join(steps[:length]) in model.irrelevant for length in range(1, len(steps) + 1)):
        return Listing.BESIDE
    if path in model.read or path in model.attributed:
        return Listing.SAID
    return Listing.BESIDE if any(path.startswith(f"{it}.") for it in model.attributed) else Listing.NOWHERE
