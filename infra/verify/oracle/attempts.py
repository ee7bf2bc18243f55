"""Each statement of each policy tried: the slow decider of what policies let in, and of duties.

It shares the tables with `access` and `duties`, and no rule. Whoever a statement names tries what `requests` makes up;
a member of each group tries each thing that the statement gives, in each compartment there is, against the rows of the
group's duty; and somebody looks for the groups and compartments that it names, and for connectors that could use it.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.oracle import access
from infra.verify.oracle.duties import OF_VERBS, TABLE, VERBS, Row, duties
from infra.verify.oracle.granted import CALLS
from infra.verify.oracle.requests import COMPARTMENTS, SEVERAL, Asked, asked, grant, is_readable
from infra.verify.search import Opinion, Search, opinion
from infra.verify.values import items, record
from infra.verify.verdict import Answer

_POLICY: Final = "oci:Identity/policy:"


class _Said(NamedTuple):
    """A statement that lets somebody do something: where it stands, its text, and what it came to."""

    policy: Node
    text: str
    came: Asked


def opinions(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Of each policy that cannot be read, and of each by which somebody gets more than is meant."""
    oracle, known = Search(graph, "oci"), access.declared(declared.deployment)
    read: list[_Said] = []
    for policy in (it for it in oracle.nodes if it.type.startswith(_POLICY)):
        for text in _texts(policy):
            if not is_readable(text):
                yield opinion(Answer.UNDECIDED, policy.urn)
            elif came := asked(text, known):
                read.append(_Said(policy, text, came))
    world = _World(oracle, declared)
    refused = [it for it in read if it.came.forbidden or world.lacks(it.came) or world.oversteps(it)]
    yield from (opinion(Answer.REFUTED, urn) for urn in {it.policy.urn for it in [*refused, *_not_apart(read)]})


def _texts(policy: Node) -> list[str]:
    """The statements of a policy; one that cannot be read where they are not known."""
    said = policy.inputs.get
    return [str(it) for it in items(said("statements"))] if isinstance(said("statements"), list) else [""]


def _not_apart(read: list[_Said]) -> Iterator[_Said]:
    """Statements by which a group changes what guards the data that it touches by another."""
    touching = {name.lower() for it in read if it.came.touches and it.came.kind == "group" for name in it.came.names}
    for it in read:
        if it.came.changes and it.came.kind == "group" and touching.intersection(map(str.lower, it.came.names)):
            yield it


class _World:
    """What of a stack statements are about."""

    def __init__(self, oracle: Search, declared: Declared) -> None:
        own, found = declared.organization, oracle.of("Compartment")
        self.groups = {str(it.inputs.get("name")) for it in oracle.of("Group")}
        self.places = {own if it.inputs.get("name") == own else f"{own}:{it.inputs.get('name')}" for it in found}
        self.sent_from = {str(it.inputs.get("name")) for it in found if _may_send(it, own)}
        self.organization = own
        self._duties = tuple(duties(declared).items())

    def lacks(self, came: Asked) -> bool:
        """Whether there is no such compartment or group, or whether connectors of other compartments are let in."""
        return (
            (came.place != "" and came.place not in self.places)
            or (came.kind == "group" and not self.groups.issuperset(came.names))
            or (came.kind == "any-user" and not self.sent_from <= {"audit"})
        )

    def oversteps(self, said: _Said) -> bool:
        """Whether it lets a member of a group do something that no row of its duty has."""
        return said.came.kind == "group" and _oversteps(said.text, said.came, self._duties, self.organization)


def _may_send(compartment: Node, organization: str) -> bool:
    """Whether a compartment has the tag of those whose connectors put logs, or may have it."""
    tags = compartment.inputs.get("definedTags")
    known = {it.lower() for it in record(tags)}
    return f"{organization}.sends".lower() in known or (bool(tags) and not known)


@lru_cache(maxsize=4096)
def _oversteps(text: str, came: Asked, known: tuple[tuple[str, str], ...], organization: str) -> bool:
    duty_of, given = dict(known), grant(text)
    things = [one for it in given.things for one in OF_VERBS.get(_words(it), [it])] if given else []
    place = came.place.removeprefix(organization).removeprefix(":")
    there = [it for it in COMPARTMENTS if place in {"", it}] if came.place != organization else [organization]
    return any(
        not any(all(_has(row, thing, where, call) for thing, where, call in product(things, there, came.calls))
                for row in TABLE.get(duty_of[name], ()))
        for name in came.names if name in duty_of
    )  # fmt: skip


def _words(thing: str) -> tuple[str, str]:
    verb, _, family = thing.partition(" ")
    return verb, family


def _has(row: Row, thing: str, where: str, call: str) -> bool:
    """Whether a row has one thing, in one compartment, by one call."""
    verb, family = _words(thing)
    more = [f"{it} {family}" for it in VERBS[VERBS.index(verb) :]] if family and verb in VERBS else [thing]
    here = not row.places or where in row.places
    return here and any(it in row.grants for it in more) and (not row.creates or call in {*CALLS, SEVERAL})
