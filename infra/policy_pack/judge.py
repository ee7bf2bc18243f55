"""Decides on what an engine has shown: the whole stack by all theorems, one resource by those that need no other.

During `up` a resource is judged before it is made, by its resolved inputs. What is wrong with it then stays wrong
whatever comes later: its place, where it copies to, what no model knows, and an id of another region where a preview
had none yet. Everything that takes the whole stack, the addresses of edges among it, is decided at the end, when every
output is known: an engine shows a pack no address before.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from infra.residency.regions import REGIONS, Cloud
from infra.verify.context import Context
from infra.verify.declared import Declared, declared
from infra.verify.graph import Graph, Node
from infra.verify.models import MODELS
from infra.verify.models.place import place_of
from infra.verify.proof import prove
from infra.verify.theorems import THEOREMS, completeness, copies, storage
from infra.verify.values import has_unknown
from infra.verify.verdict import Counterexample, Missing, refuted, told

Found: TypeAlias = tuple[str, Counterexample | Missing]
"""A theorem's identifier, and what is wrong by it."""

RESOLVED: Final = "T8"
"""The theorem whose assumption a resolved id discharges: it is passed on unchanged from where it comes from."""

_BY_ITSELF: Final = (storage, copies, completeness)
_IN_OCID: Final = re.compile(r"ocid1\.[a-z0-9-]+\.oc1\.([a-z0-9-]+)\.")
_IN_HOST: Final = re.compile(r"https://[a-z0-9.-]+\.([a-z]+-[a-z]+-[0-9])\.(?:oci\.)?oraclecloud\.com")
_SPELLED: Final = {text: row.name for row in REGIONS.values() if row.cloud is Cloud.OCI for text in row.ocid_spellings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the engine says about the run before it shows a resource.

    Attributes:
        name: The stack's name.
        declared: What its configuration declares.
        as_of: The day against which expiries are held.
        receipts: Of each legacy site, oldest first.
    """

    name: str
    declared: Declared
    as_of: date
    receipts: Mapping[str, tuple[str, ...]]

    def context(self, graph: Graph) -> Context:
        """What theorems are decided on."""
        return Context(stack=self.name, graph=graph, declared=self.declared, as_of=self.as_of, receipts=self.receipts)


def stack(name: str, config: Mapping[str, Any], as_of: date, receipts: Mapping[str, tuple[str, ...]]) -> Stack:
    """The stack that an engine's configuration declares.

    Raises:
        UndeclaredError: It declares none.
    """
    return Stack(name=name, declared=declared(config), as_of=as_of, receipts=receipts)


def whole(on: Stack, graph: Graph) -> Iterator[Found]:
    """Everything that is wrong with a stack, refutations first."""
    for verdict, item in told(prove(on.context(graph)).verdicts):
        yield verdict.theorem, item


def alone(on: Stack, around: Graph, node: Node) -> Iterator[Found]:
    """What is wrong with a resource that is about to be made, among the providers and holders before it."""
    context = on.context(around)
    for theorem in _BY_ITSELF:
        for _, item in told((theorem.decide(context),)):
            if item.urn == node.urn and not _has_come(node, item):
                yield theorem.ID, item
    for item in _strangers(context, node):
        yield RESOLVED, item


def _has_come(node: Node, item: Counterexample | Missing) -> bool:
    """Whether it is about an id that is known by now: whose it is, an engine shows a pack at the end only."""
    attributed = isinstance(item, Missing) and node.type in MODELS and item.path in MODELS[node.type].attributed
    return attributed and not has_unknown(node.inputs)


def _strangers(context: Context, node: Node) -> Iterator[Counterexample]:
    """Ids and endpoints that name a region in which nothing of this stack can be."""
    model = MODELS.get(node.type)
    place = place_of(context.graph, node)
    if model is None or place is None or has_unknown(node.inputs):
        return
    allowed = {region.value for region in context.declared.regions}
    for path in sorted(model.attributed):
        own = path == "kmsKeyId"  # a key of another region would decide over data that it must not know
        for text in _texts(node.inputs, path.split(".")):
            region = _named(text)
            if region and (region != place.region if own else region not in allowed):
                yield refuted(
                    node,
                    f"{node.name} would use something in {region}, which is not what the preview said",
                    path=path,
                    because=f"{path} = {text!r}",
                    fix="find out what changed the value between the resource that it comes from and this one",
                    witness={"urn": node.urn, "region": region},
                )


def _texts(value: object, steps: list[str]) -> Iterator[str]:
    """The texts at a path, through lists."""
    match value:
        case list():
            for item in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _texts(item, steps)  # pyright: ignore[reportUnknownArgumentType]
        case dict() if steps:
            yield from _texts(value.get(steps[0]), steps[1:])  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        case str() if not steps:
            yield value
        case _:
            return


def _named(text: str) -> str:
    """The region that an id or an endpoint names; empty where it names none."""
    if found := _IN_OCID.search(text):
        return _SPELLED.get(found[1], found[1])
    found = _IN_HOST.match(text)
    return found[1] if found else ""


TITLES: Final = {theorem.ID: theorem.TITLE for theorem in THEOREMS}
