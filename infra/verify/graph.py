"""The resources of a preview, a plan or a state as one graph, equal in content whichever of them it was built from.

An unknown value is no hole where it can be attributed: its property's dependencies are resources of this graph, of the
type that the field expects, whose own place is known. Then it stands for one of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar, cast

from infra.residency.regions import UsRegion

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What engines write for a value that is not known yet (Pulumi's resource protocol)."""

SECRET = "[secret]"  # noqa: S105 (the mark for one)
"""What engines show in place of a secret; a theorem that would have to read one is undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A resource.

    Attributes:
        name: Its logical name.
        provider: The URN of its provider; empty for components and providers.
        sources: For each input, the URNs of the resources that its value comes from.
        parent: The URN of its parent, or empty.
        dependencies: The URNs of everything that it is made after.
        op: What the update does with it (`create`, `same`, `update`, `replace`, `delete`, ...); in a state `same`.
        protect: Whether an engine refuses to delete it.
        retain: Whether deleting it only drops it from the state.
        pending: Whether it was replaced already and only waits for its deletion.
        source: Where the program registers it, `components/keys.py:52`; empty where nobody said.
        old: The same resource as the state has it; None where it is new.
    """

    urn: str
    type: str
    name: str
    provider: str = ""
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    parent: str = ""
    dependencies: frozenset[str] = frozenset()
    op: str = "same"
    protect: bool = False
    retain: bool = False
    pending: bool = False
    source: str = field(default="", compare=False)
    old: "Node | None" = None

    @property
    def is_managed(self) -> bool:
        """Whether it is a resource of a cloud: neither a component nor a provider nor the stack itself."""
        return not self.type.startswith("pulumi:") and self.type.count(":") == _COLONS and bool(self.provider)


_COLONS = 2
_Found = TypeVar("_Found")
_URN = attrgetter("urn")


class Graph:  # noqa: PLW1641 (compared, and never put into a set)
    """All resources, by URN, as they will be; it is never changed.

    Attributes:
        nodes: What there is afterwards, sorted by URN.
        gone: What there is now and will not be: deleted, replaced by another, or waiting for its deletion.
    """

    def __init__(self, nodes: Mapping[str, Node], gone: tuple[Node, ...] = ()) -> None:
        self.nodes: Mapping[str, Node] = {urn: nodes[urn] for urn in sorted(nodes)}
        self.gone = gone
        self._providers: dict[str, Node | None] = {}
        self._types: dict[str, list[Node]] = defaultdict(list)
        self._ids: dict[tuple[str, str], list[Node]] = defaultdict(list)
        self._names: dict[tuple[str, str], dict[str, list[Node]]] = {}
        for node in self.nodes.values():
            self._types[node.type].append(node)
            if node.id:
                self._ids[node.type, node.id].append(node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and (self.nodes, self.gone) == (other.nodes, other.gone)

    @property
    def types(self) -> list[str]:
        """Every type there is, sorted."""
        return sorted(self._types)

    def of(self, *types: str) -> list[Node]:
        """Those of some types, sorted by URN."""
        found = [node for type_ in dict.fromkeys(types) for node in self._types.get(type_, ())]
        return sorted(found, key=_URN) if len(types) > 1 else found

    def managed(self) -> list[Node]:
        """Every resource of a cloud, sorted by URN."""
        return [node for node in self.nodes.values() if node.is_managed]

    def ask(self, function: "Callable[..., Iterable[_Found]]", *given: Any) -> "tuple[_Found, ...]":
        """What a function of a graph, and of what else it is given, finds in this one.

        Whoever proves again and again (`incremental`) need not ask anew what reads nothing that has changed.
        """
        return tuple(function(self, *given))

    def each(
        self, types: "tuple[str, ...]", function: "Callable[..., Iterable[_Found]]", *given: Any
    ) -> "tuple[_Found, ...]":
        """What a function of a graph, of a resource and of what else it is given finds of each of some types, by URN.

        It judges each resource by itself: whoever proves again and again asks it about those near a change only.
        """
        return tuple(found for node in self.of(*types) for found in function(self, node, *given))

    def provider_of(self, node: Node) -> "Node | None":
        """The explicit provider of a resource, as far as it says where that is; None where there is none."""
        if node.provider not in self._providers:
            provider = self.nodes.get(node.provider)
            self._providers[node.provider] = placing(provider) if provider else None
        return self._providers[node.provider]

    def type_of(self, urn: str) -> str:
        """The type of a resource; empty where there is none of that URN."""
        node = self.nodes.get(urn)
        return "" if node is None else node.type

    def region(self, node: Node) -> UsRegion | None:
        """Where a resource of Oracle Cloud is: its provider's region, where that is an allowed home of US user data."""
        provider = self.provider_of(node)
        region = provider.inputs.get("region") if provider else None
        return _HOMES.get(region) if isinstance(region, str) else None

    def called(self, type_: str, property_: str, value: str) -> list[Node]:
        """The resources of a type whose input has that text, sorted by URN."""
        index = self._names.get((type_, property_))
        if index is None:
            index = self._names[type_, property_] = {}
            for node in self.of(type_):
                index.setdefault(str(node.inputs.get(property_)), []).append(node)
        return index.get(value, [])

    def named(self, node: Node, property_: str, value: object, *types: str) -> list[Node]:
        """The resources that a value names by id, or stands for while it is unknown.

        Args:
            node: Whose input it is.
            property_: The input that it is in.
            value: The value.
            types: Of which types they may be; others do not count.
        """
        if value == UNKNOWN:
            sources = (self.nodes.get(urn) for urn in sorted(node.sources.get(property_, ())))
            return [source for source in sources if source is not None and source.type in types]
        if not isinstance(value, str) or not value:
            return []
        return [other for type_ in types for other in self._ids.get((type_, value), ())]


def placing(provider: Node) -> Node:
    """A provider without what places nothing: its version and its credentials."""
    inputs = {name: provider.inputs[name] for name in PLACING if name in provider.inputs}
    old = None if provider.old is None else placing(provider.old)
    return Node(urn=provider.urn, type=provider.type, name=provider.name, inputs=inputs, old=old)


PLACING = ("region", "allowedAccountIds", "tenancyOcid")
"""Inputs of providers that say where, and whose, what they make is."""

_HOMES = {region.value: region for region in UsRegion}


STAYS = frozenset({"same", "update", "read", "refresh"})
"""What may be done to a resource without making another one of it."""


def node_of(resource: Mapping[str, Any], *, op: str = "same", old: Mapping[str, Any] | None = None) -> Node:
    """A resource as a state export or a preview's `newState` writes it.

    A preview tells of a resource that stays before its provider is asked: its id and outputs are then those it has.

    Args:
        resource: The document.
        op: What the update does with it.
        old: The same resource's document in the state.
    """
    urn = str(resource["urn"])
    stays: Mapping[str, Any] = old if old is not None and op in STAYS else {}
    sources = cast("Mapping[str, Iterable[str] | None]", resource.get("propertyDependencies") or {})
    return Node(
        urn=urn,
        type=str(resource["type"]),
        name=urn.rpartition("::")[2],
        provider=str(resource.get("provider") or "").rpartition("::")[0],
        id=str(resource.get("id") or stays.get("id") or ""),
        inputs=resource.get("inputs") or {},
        outputs=resource.get("outputs") or stays.get("outputs") or {},
        sources={name: frozenset(urns) for name, urns in sources.items() if urns},
        parent=str(resource.get("parent") or ""),
        dependencies=frozenset(resource.get("dependencies") or ()),
        op=op,
        protect=resource.get("protect") is True,
        retain=resource.get("retainOnDelete") is True,
        pending=resource.get("delete") is True,
        source=place(str(resource.get("sourcePosition") or "")),
        old=None if old is None else node_of(old),
    )


def place(position: str) -> str:
    """`components/keys.py:52` for the engine's `project:///components/keys.py#52`; machine paths are left out."""
    scheme, _, rest = position.partition("://")
    path, _, line = rest.partition("#")
    if scheme != "project" or not path:
        return ""
    return f"{path.lstrip('/')}:{line.partition(',')[0]}" if line else path.lstrip("/")
