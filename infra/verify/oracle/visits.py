"""Single visitors, one thing each: the slow decider of what is open beside statements.

It shares the tables with `doors`, and no rule. Anybody looks into each bucket; and for each compartment, address,
member and key somebody asks whether it was declared.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.oracle import doors
from infra.verify.oracle.granted import NEVER
from infra.verify.ranges import bits, is_within
from infra.verify.search import Opinion, Search, opinion
from infra.verify.values import is_unknown, items, records
from infra.verify.verdict import Answer

_OF_THE_TENANCY: Final = (
    "oci:Identity/policy:", "oci:Identity/group:", "oci:Identity/networkSource:", "oci:Identity/user:",
)  # fmt: skip
_NARROWEST: Final = 16
"""So many bits are the same in all addresses of a network, at least."""


def opinions(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Of each door that is open to somebody, and each of which that is not known."""
    oracle = Search(graph, "oci")
    yield from (opinion(Answer.REFUTED, it.urn) for it in oracle.nodes if it.type in NEVER)
    yield from (opinion(Answer.REFUTED, it.urn) for it, is_open in _open(oracle, declared) if is_open)
    for bucket in oracle.of("Bucket"):
        if is_unknown(bucket.inputs.get("accessType")):
            yield opinion(Answer.UNDECIDED, bucket.urn)
    for it in (it for it in oracle.nodes if it.type in doors.NAMESPACED):
        if any(map(is_unknown, _namespaces(it))):
            yield opinion(Answer.UNDECIDED, it.urn)


def _open(oracle: Search, declared: Declared) -> Iterator[tuple[Node, bool]]:
    """Each thing that could let somebody in, and whether it does."""
    classes, own = doors.classes(declared), declared.organization
    for bucket in oracle.of("Bucket"):
        name, access = str(bucket.inputs.get("name")), bucket.inputs.get("accessType")
        named = access == "ObjectReadWithoutList" and classes.get(name) == "public"
        yield bucket, not (is_unknown(access) or access in (None, "NoPublicAccess") or named)
        yield bucket, name in classes and _meant(oracle, bucket, "compartmentId", "Compartment") != [classes[name]]
    for it in oracle.of("Compartment"):
        above = _meant(oracle, it, "compartmentId", "Compartment")
        root = it.inputs.get("name") == own
        yield it, it.inputs.get("compartmentId") != declared.tenancy if root else above != [own]
    for it in (it for it in oracle.nodes if it.type.startswith(_OF_THE_TENANCY)):
        yield it, it.inputs.get("compartmentId") != declared.tenancy
    for it in (it for it in oracle.nodes if it.type.startswith(doors.GUARDED)):
        targets = [it.inputs, *records(it.inputs.get("accessTargets"))]
        yield it, declared.tenancy in [each.get("compartmentId") for each in targets]
    for it in (it for it in oracle.nodes if it.type in doors.NAMESPACED):
        yield it, any(each != declared.namespace for each in _namespaces(it) if not is_unknown(each))
    for it, name in product(oracle.of("NamespaceMetadata"), doors.DEFAULTS):
        yield it, _meant(oracle, it, name, "Compartment") != ["protected"]
    for source in oracle.of("NetworkSource"):
        known = doors.networks(declared).get(str(source.inputs.get("name")), [])
        given = source.inputs.get("publicSourceLists")
        yield source, not isinstance(given, list)
        yield source, any(not any(is_within(str(it), each) for each in known) for it in items(given))
        yield source, any(len(bits(str(it))) < _NARROWEST for it in items(given))
        yield source, bool(source.inputs.get("virtualSourceLists") or source.inputs.get("services"))
    users = [f"{own}-transfer-{it}" for it in declared.sites]
    yield from ((it, it.inputs.get("name") not in users) for it in oracle.of("User"))
    yield from ((it, it.inputs.get("name") not in [*users, *doors.groups(declared)]) for it in oracle.of("Group"))
    for it in oracle.of("UserGroupMembership"):
        who = _meant(oracle, it, "userId", "User")
        yield it, len(who) != 1 or who != _meant(oracle, it, "groupId", "Group")
    yield from ((it, len(_meant(oracle, it, "userId", "User")) != 1) for it in oracle.of("CustomerSecretKey"))


def _namespaces(node: Node) -> list[object]:
    """Each namespace that something leads to."""
    targets = records(node.inputs.get("accessTargets"))
    return [node.inputs.get("namespace"), *(it.get("namespace") for it in targets)]


def _meant(oracle: Search, node: Node, property_: str, kind: str) -> list[str]:
    found = oracle.meant(node, property_, node.inputs.get(property_), kind)
    return [str(it.inputs.get("name")) for it in found]
