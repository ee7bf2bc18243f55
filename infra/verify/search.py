"""Resources looked for one by one, as the slow deciders do it, and what they see: no index of the graph is asked."""

from collections.abc import Iterable
from typing import NamedTuple

from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.verdict import Answer, Counterexample


class Search:
    """What there is of one cloud.

    Attributes:
        nodes: every resource of it.
    """

    def __init__(self, graph: Graph, cloud: str) -> None:
        self.graph = graph
        self.nodes = [it for it in graph.nodes.values() if it.type.startswith(f"{cloud}:")]
        self._kinds: dict[str, list[Node]] = {}
        for node in self.nodes:
            self._kinds.setdefault(node.type.rpartition(":")[2], []).append(node)

    def of(self, kind: str) -> list[Node]:
        """Those of the last part of a type."""
        return self._kinds.get(kind, [])

    def region(self, node: Node) -> str:
        """Where its provider is."""
        provider = self.graph.nodes.get(node.provider)
        return str(provider.inputs.get("region")) if provider else ""

    def meant(self, node: Node, property_: str, value: object, kind: str) -> list[Node]:
        """Those of a kind that a value is the id of, or comes from while it is unknown."""
        if value == UNKNOWN:
            return [it for it in self.of(kind) if it.urn in node.sources.get(property_, frozenset())]
        return [it for it in self.of(kind) if value and it.id == value]


class Opinion(NamedTuple):
    """What a slow decider thinks of one thing, beside everything else.

    Attributes:
        subjects: URNs of the resources that it is about, or the name of a site; none where a resource is missing.
        answer: What it comes to.
        rule: That is broken; empty where it may be any.
        about: What was tried, each as whoever tells of it names it.
    """

    subjects: frozenset[str]
    answer: Answer
    rule: str = ""
    about: tuple[str, ...] = ()

    def confirms(self, found: Counterexample) -> bool:
        """Whether that is what a counterexample says."""
        named = {found.urn, *(str(found.witness.get(it, "")) for it in ("urn", "site"))} - {""}
        at = bool(named & self.subjects) if named else not self.subjects
        rule = self.rule in {"", found.witness.get("rule")}
        return self.answer is Answer.REFUTED and at and rule and all(it in found.what for it in self.about)


def opinion(answer: Answer, *subjects: str) -> Opinion:
    """What is thought of some resources."""
    return Opinion(subjects=frozenset(subjects), answer=answer)


def seen(urn: str, rule: str, *about: str) -> Opinion:
    """Something that goes wrong at one resource; with an empty URN at one that is missing."""
    return Opinion(subjects=frozenset({urn} - {""}), answer=Answer.REFUTED, rule=str(rule), about=about)


def worst(opinions: Iterable[Opinion]) -> Answer:
    """Of all of them; without any, proved."""
    return max((it.answer for it in opinions), key=_ORDER.index, default=Answer.PROVED)


_ORDER = [Answer.PROVED, Answer.UNDECIDED, Answer.REFUTED]
