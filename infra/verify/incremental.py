"""Proves a stack again after a change: what reads nothing that has changed is not decided again.

A theorem is decided on a graph that notes what is looked up in it: resources by URN, all those of a type, those that
have a text or an id, what goes. Its answer follows from that, from what is declared and from the day. While nothing of
it has changed the answer stands; otherwise the theorem is decided anew, but for the questions that it asks by `ask`,
each of which stands or falls by itself. What judges each resource by itself is asked for a share of a type at a time:
the two theorems on everything, and what theorems ask by `each`. So what is taken over is what a whole proof would say,
and there is nothing that could be out of date.

It lives in one process, for an update that proves its plan again before each step (`infra.cli.proof_gate`). There is no
file of it: to parse a preview and to tell what in it has changed takes longer than to prove what has. When what is
declared changes, or the day, or a receipt, all of it is proved anew.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from types import FunctionType
from typing import Any, Final, NamedTuple, cast

from infra.residency.regions import UsRegion
from infra.verify import binding
from infra.verify.context import Context
from infra.verify.graph import UNKNOWN, Graph, Node, placing
from infra.verify.proof import Proof
from infra.verify.theorems import THEOREMS, Theorem, completeness, storage
from infra.verify.verdict import Verdict, in_order

BY_TYPE: Final = frozenset({storage.ID, completeness.ID})
"""The theorems that go through all resources and judge each by itself, beside its provider and what it is made from."""


MANY: Final = 200
"""Of a type with so many resources a share is asked about at a time."""

SHARES: Final = 16


class Share(NamedTuple):
    """Some resources of a type: all of those whose URNs have a hash, or all there are.

    Attributes:
        number: None for all.
    """

    type: str
    number: int | None
    nodes: list[Node]

    @property
    def name(self) -> str:
        """By which answers about it are known."""
        return self.type if self.number is None else f"{self.type} {self.number}"


def _number(urn: str) -> int:
    """The share of a resource: the same for as long as this process lives, which is all that anybody needs."""
    return hash(urn) % SHARES


class Reads:
    """What was looked up in a graph."""

    def __init__(self) -> None:
        self.urns = set[str]()
        self.types_of = set[str]()
        """URNs of which only the type was."""
        self.providers = set[str]()
        """URNs of providers of which only what places resources was."""
        self.types = set[str]()
        self.shares = set[tuple[str, int]]()
        """Of types of which there are many, those resources that have a number."""
        self.found: dict[tuple[str, str], set[str]] = defaultdict(set)
        """Texts that were looked for, by the type and the input that they should be; without an input they are ids."""
        self.kinds = self.gone = self.everything = False

    def take(self, other: "Reads") -> None:
        """What somebody else looked up, too."""
        self.urns |= other.urns
        self.types_of |= other.types_of
        self.providers |= other.providers
        self.types |= other.types
        self.shares |= other.shares
        for key, texts in other.found.items():
            self.found[key] |= texts
        self.kinds, self.gone = self.kinds or other.kinds, self.gone or other.gone
        self.everything = self.everything or other.everything


class Change:
    """What is not the same in two graphs."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self._urns = changed(before.nodes, after.nodes)
        self._retyped = {urn for urn in self._urns if before.type_of(urn) != after.type_of(urn)}
        pairs = ((urn, before.nodes.get(urn), after.nodes.get(urn)) for urn in self._urns)
        self._moving = {urn for urn, one, other in pairs if not _same(one and placing(one), other and placing(other))}
        nodes = (graph.nodes.get(urn) for graph in (before, after) for urn in self._urns)
        self._nodes = [node for node in nodes if node is not None]
        self.types = {node.type for node in self._nodes}
        self._shares = {(node.type, _number(node.urn)) for node in self._nodes}
        self._kinds, self._gone = before.types != after.types, not _alike(before.gone, after.gone)

    def touches(self, reads: Reads) -> bool:
        """Whether something of what was looked up may be another."""
        if reads.urns & self._urns or reads.types_of & self._retyped or reads.providers & self._moving:
            return True
        if reads.types & self.types or reads.shares & self._shares:
            return True
        if (reads.everything and self._urns) or (reads.kinds and self._kinds) or (reads.gone and self._gone):
            return True
        return any(
            _text(node, name) in texts
            for (type_, name), texts in reads.found.items()
            if type_ in self.types
            for node in self._nodes
            if node.type == type_
        )


def _text(node: Node, name: str) -> str:
    """What is looked for in an index: an input as text, or the id."""
    return str(node.inputs.get(name)) if name else node.id


class Watched:
    """A graph that notes what is looked up in it; each method answers as the graph's own.

    Where a share of a type is given, whoever asks for all resources, or for those of the type, gets those.
    """

    def __init__(self, graph: Graph, reads: Reads, answers: "Answers", only: Share | None = None) -> None:
        self._graph, self._reads, self._answers, self._only = graph, reads, answers, only
        self.nodes: Mapping[str, Node] = _Nodes(graph.nodes, reads)

    @property
    def gone(self) -> tuple[Node, ...]:
        """What there is now and will not be."""
        self._reads.gone = True
        return self._graph.gone

    @property
    def types(self) -> list[str]:
        """Every type there is, sorted."""
        if self._only:
            return [self._only.type]
        self._reads.kinds = True
        return self._graph.types

    def of(self, *types: str) -> list[Node]:
        """Those of some types."""
        if self._only and self._only.number is not None and types == (self._only.type,):
            self._reads.shares.add((self._only.type, self._only.number))
            return self._only.nodes
        self._reads.types.update(types)
        return self._graph.of(*types)

    def managed(self) -> list[Node]:
        """Every resource of a cloud."""
        if self._only:
            return [node for node in self.of(self._only.type) if node.is_managed]
        self._reads.everything = True
        return self._graph.managed()

    def ask(self, function: Callable[..., Iterable[Any]], *given: Any) -> tuple[Any, ...]:
        """What a function of the graph finds, to the end; what it reads, its caller reads."""
        name = " ".join(_name(it) for it in (function, *given) if isinstance(it, str | FunctionType))
        reads, answer = self._answers.of(name, self._graph, lambda graph: tuple(function(graph, *given)), given=given)
        self._reads.take(reads)
        return answer

    def each(self, types: tuple[str, ...], function: Callable[..., Iterable[Any]], *given: Any) -> tuple[Any, ...]:
        """What a function finds of each resource of some types, by URN."""
        found: list[tuple[str, tuple[Any, ...]]] = []
        for share in (share for type_ in dict.fromkeys(types) for share in self._answers.shares(self._graph, type_)):

            def decide(graph: Graph, type_: str = share.type) -> list[tuple[str, tuple[Any, ...]]]:
                each = ((node.urn, tuple(function(graph, node, *given))) for node in graph.of(type_))
                return [(urn, told) for urn, told in each if told]

            reads, answer = self._answers.of(_name(function), self._graph, decide, only=share, given=given)
            self._reads.take(reads)
            found += answer
        return tuple(it for _, told in sorted(found, key=_FIRST) for it in told)

    def provider_of(self, node: Node) -> Node | None:
        """The explicit provider of a resource, as far as it says where that is."""
        self._reads.providers.add(node.provider)
        return self._graph.provider_of(node)

    def type_of(self, urn: str) -> str:
        """The type of a resource."""
        self._reads.types_of.add(urn)
        return self._graph.type_of(urn)

    def region(self, node: Node) -> UsRegion | None:
        """Where a resource of Oracle Cloud is."""
        self._reads.providers.add(node.provider)
        return self._graph.region(node)

    def called(self, type_: str, property_: str, value: str) -> list[Node]:
        """Those of a type whose input has that text."""
        self._reads.found[type_, property_].add(value)
        return self._graph.called(type_, property_, value)

    def named(self, node: Node, property_: str, value: object, *types: str) -> list[Node]:
        """Those that a value names or stands for."""
        if value == UNKNOWN:
            for urn in node.sources.get(property_, ()):
                fits = self._graph.type_of(urn) in types
                (self._reads.urns if fits else self._reads.types_of).add(urn)
        elif isinstance(value, str) and value:
            for type_ in types:
                self._reads.found[type_, ""].add(value)
        return self._graph.named(node, property_, value, *types)


_FIRST: Final = itemgetter(0)


def _name(part: Any) -> str:
    """What a question is known by: a function, or a text that it is asked about."""
    return part if isinstance(part, str) else f"{part.__module__}.{part.__qualname__}"


class _Nodes(Mapping[str, Node]):
    """The resources of a graph by URN, noting which were asked for."""

    def __init__(self, nodes: Mapping[str, Node], reads: Reads) -> None:
        self._nodes, self._reads = nodes, reads

    def __getitem__(self, urn: str) -> Node:
        self._reads.urns.add(urn)
        return self._nodes[urn]

    def get(self, key: str, default: Any = None) -> Any:
        """The resource of a URN, where there is one."""
        self._reads.urns.add(key)
        return self._nodes.get(key, default)

    def __contains__(self, key: object) -> bool:
        self._reads.urns.add(str(key))
        return key in self._nodes

    def __iter__(self) -> Iterator[str]:
        self._reads.everything = True
        return iter(self._nodes)

    def __len__(self) -> int:
        self._reads.everything = True
        return len(self._nodes)


class Answers:
    """What was answered on a graph, each with what it rests on."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Reads, Any, Any]] = {}
        self._shares: dict[str, list[Share]] = {}

    def shares(self, graph: Graph, type_: str) -> list[Share]:
        """The resources of a type in shares, none of them empty."""
        if type_ not in self._shares:
            nodes, numbered = graph.of(type_), defaultdict[int, list[Node]](list)
            for node in nodes if len(nodes) > MANY else ():
                numbered[_number(node.urn)].append(node)
            parts = [Share(type_, number, of) for number, of in numbered.items()]
            self._shares[type_] = parts or [Share(type_, None, nodes)]
        return self._shares[type_]

    def of(
        self, name: str, graph: Graph, decide: Callable[[Graph], Any], *, only: Share | None = None, given: Any = ()
    ) -> tuple[Reads, Any]:
        """The answer of that name, as it is known or decided now.

        Args:
            name: By which it is known; of one name there is one answer for each `only`.
            graph: What it is decided on.
            decide: Decides it.
            only: The resources that it is about; None for all.
            given: What else it follows from.
        """
        key = f"{name} {only.name if only else ''}"
        reads, answer, had = self._known.get(key, (None, None, None))
        if reads is None or had != given:
            reads = Reads()
            answer = decide(cast("Graph", Watched(graph, reads, self, only)))
            self._known[key] = (reads, answer, given)
        return reads, answer

    def standing(self, before: Graph, after: Graph) -> "Answers":
        """Those that rest on nothing that is not the same in another graph."""
        change, standing = Change(before, after), Answers()
        standing._known = {key: known for key, known in self._known.items() if not change.touches(known[0])}
        standing._shares = {type_: shares for type_, shares in self._shares.items() if type_ not in change.types}
        return standing


class Prover:
    """Proves one stack again and again; holds one graph, and the last answer to each question about it."""

    def __init__(self) -> None:
        self._before: Context | None = None
        self._answers = Answers()

    def prove(self, context: Context) -> Proof:
        """Decide every theorem, as `proof.prove` does."""
        started = time.perf_counter()
        before = self._before
        same = before is not None and _around(before, context)
        self._answers = self._answers.standing(before.graph, context.graph) if before and same else Answers()
        self._before = context
        return Proof(
            context=context,
            verdicts=tuple(self._verdict(theorem, context) for theorem in THEOREMS),
            resources=len(context.graph.nodes),
            seconds=time.perf_counter() - started,
        )

    def _verdict(self, theorem: Theorem, context: Context) -> Verdict:
        def decide(graph: Graph) -> Verdict:
            return theorem.decide(context._replace(graph=graph))

        if theorem.ID not in BY_TYPE:
            return self._answers.of(theorem.ID, context.graph, decide)[1]
        shares = (it for type_ in context.graph.types for it in self._answers.shares(context.graph, type_))
        return _joined([self._answers.of(theorem.ID, context.graph, decide, only=share)[1] for share in shares])


def changed(before: Mapping[str, Node], after: Mapping[str, Node]) -> set[str]:
    """URNs of what is there once only, or is not the same both times."""
    others = {urn for urn, node in after.items() if before.get(urn) is not node}
    others |= before.keys() - after.keys()
    return {urn for urn in others if not _same(before.get(urn), after.get(urn))}


def _same(one: Node | None, other: Node | None) -> bool:
    """Whether two resources are one object, or the same to the letter: Python holds `true` and 1 for equal."""
    if one is other:
        return True
    return one is not None and other is not None and one == other and _letters(one) == _letters(other)


def _letters(node: Node) -> str:
    return f"{node.source} {binding.row(node)} {binding.row(node.old) if node.old else ''}"


def _around(one: Context, other: Context) -> bool:
    """Whether everything that theorems are decided on beside the graph is the same, to the letter."""
    if one.declared is not other.declared:
        said = (binding.canonical(it.declared.deployment) for it in (one, other))
        if len({*said}) > 1:
            return False
    rest = (name for name in one._fields if name not in {"graph", "declared"})
    return all(repr(getattr(one, name)) == repr(getattr(other, name)) for name in rest)


def _alike(some: Sequence[Node], others: Sequence[Node]) -> bool:
    return len(some) == len(others) and all(map(_same, some, others))


def _joined(parts: Sequence[Verdict]) -> Verdict:
    """The verdict of a theorem on all resources, from those on shares of them."""
    bad = [part for part in parts if part.counterexamples or part.missing]
    return parts[0]._replace(
        examined=sum(part.examined for part in parts),
        flows=sum(part.flows for part in parts),
        counterexamples=in_order(it for part in bad for it in part.counterexamples),
        missing=tuple(sorted({it for part in bad for it in part.missing})),
        certificate={} if bad else _Certificate(parts),
    )


class _Certificate(Mapping[str, Any]):
    """What verdicts on shares certify together, put in order when somebody reads it: no step of an update does."""

    def __init__(self, parts: Sequence[Verdict]) -> None:
        self._parts = parts

    @cached_property
    def _whole(self) -> dict[str, Any]:
        return {name: self._joined(name) for name in self._parts[0].certificate}

    def _joined(self, name: str) -> Any:
        values = [part.certificate[name] for part in self._parts]
        if isinstance(values[0], int):
            return sum(values)
        return [it for it, _ in groupby(sorted(it for listed in values for it in listed))]

    def __getitem__(self, name: str) -> Any:
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)
