"""Single visitors, one thing each: the slow decider of duties and of what is open beside statements.

It shares the tables with `duties` and `doors`, and no rule. A member of each group that a statement names tries each
thing that it gives, in each compartment there is, by each call that its condition names and by one of nobody's; anybody
looks into each bucket; and for each compartment, address, member and key somebody asks whether it was declared.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

from infra.verify.declared import Declared
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.oracle import doors
from infra.verify.oracle.duties import OF_VERBS, TABLE, VERBS, Row, duties
from infra.verify.oracle.granted import CALLS
from infra.verify.oracle.requests import read_statement
from infra.verify.search import Opinion, Search, opinion
from infra.verify.values import items, records
from infra.verify.verdict import Answer

_COMPARTMENTS: Final = ("protected", "excepted", "public", "keys", "network", "edge", "audit", "")
"""Every compartment inside the organization's own, and the tenancy around them."""

_OF_THE_TENANCY: Final = (
    "oci:Identity/policy:", "oci:Identity/group:", "oci:Identity/networkSource:", "oci:Identity/user:",
)  # fmt: skip
_NOBODYS: Final = "nobodys"


def opinions(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Of each policy by which somebody gets more than is meant, and each door that is open to somebody."""
    oracle = Search(graph, "oci")
    for node in oracle.of("Policy"):
        if any(_oversteps(str(it), declared) for it in items(node.inputs.get("statements"))):
            yield opinion(Answer.REFUTED, node.urn)
    yield from (opinion(Answer.REFUTED, it.urn) for it, is_open in _open(oracle, declared) if is_open)


def _oversteps(text: str, declared: Declared) -> bool:
    """Whether a statement lets a member of a group do something that no row of its duty has."""
    said = read_statement(text)
    if said is not None and said["kind"].lower() == "service":
        return _serves_more(said)
    if said is None or said["kind"].lower() != "group":
        return False
    known, own = duties(declared), f"{declared.organization}:"
    place = said["place"].split()[-1].removeprefix(own) if said["place"].lower() != "tenancy" else ""
    permissions = [it.strip() for it in (said["permissions"] or "").split(",") if it.strip()]
    told = (str(said["verb"]).lower(), str(said["resource"]).lower())
    things = permissions or [*OF_VERBS.get(told, {" ".join(told)})]
    calls = [_NOBODYS, *re.findall(r"request\.operation\s*=\s*'([^']*)'", said["condition"] or "")]
    calls = calls[1:] or calls
    rows = [TABLE.get(known[it.strip()], ()) for it in said["names"].split(",") if it.strip() in known]
    there = [it for it in _COMPARTMENTS if place in {"", it}] or [place]
    return any(
        not any(all(_has(row, thing, where, call) for thing in things for where, call in product(there, calls))
                for row in each)
        for each in rows
    )  # fmt: skip


def _serves_more(said: re.Match[str]) -> bool:
    """Whether a service may do something with anything but objects, buckets and, short of managing them, keys."""
    if said["permissions"]:
        return any(it.strip().split("_")[0] not in {"OBJECT", "BUCKET", "KEY"} for it in said["permissions"].split(","))
    about, how = str(said["resource"]).lower(), str(said["verb"]).lower()
    return about not in {"objects", "object-family", "buckets"} and (about != "keys" or how == "manage")


def _has(row: Row, thing: str, where: str, call: str) -> bool:
    """Whether a row has one thing, in one compartment, by one call."""
    verb, _, family = thing.partition(" ")
    more = [f"{it} {family}" for it in VERBS[VERBS.index(verb) :]] if family and verb in VERBS else [thing]
    here = not row.places or where in row.places
    return here and any(it in row.grants for it in more) and (not row.creates or call.lower() in CALLS)


def _open(oracle: Search, declared: Declared) -> Iterator[tuple[Node, bool]]:
    """Each thing that could let somebody in, and whether it does."""
    classes, own = doors.classes(declared), declared.organization
    for bucket in oracle.of("Bucket"):
        name, access = str(bucket.inputs.get("name")), bucket.inputs.get("accessType")
        open_ = access in {"ObjectRead", "ObjectReadWithoutList"} or not str(access).startswith(("No", UNKNOWN))
        yield bucket, open_ and (access != "ObjectReadWithoutList" or classes.get(name) != "public")
        yield bucket, name in classes and _meant(oracle, bucket, "compartmentId", "Compartment") != [classes[name]]
    for it in oracle.of("Compartment"):
        above = _meant(oracle, it, "compartmentId", "Compartment")
        root = it.inputs.get("name") == own
        yield it, it.inputs.get("compartmentId") != declared.tenancy if root else above != [own]
    for it in (it for it in oracle.nodes if it.type.startswith(_OF_THE_TENANCY)):
        yield it, it.inputs.get("compartmentId") != declared.tenancy
    for it in (it for it in oracle.nodes if it.type in doors.NAMESPACED):
        said = [
            it.inputs.get("namespace"),
            *(each.get("namespace") for each in records(it.inputs.get("accessTargets"))),
        ]
        yield it, any(each not in (declared.namespace, UNKNOWN) for each in said)
    for it, name in product(oracle.of("NamespaceMetadata"), doors.DEFAULTS):
        yield it, _meant(oracle, it, name, "Compartment") != ["protected"]
    for source in oracle.of("NetworkSource"):
        known = doors.networks(declared).get(str(source.inputs.get("name")), [])
        given = map(str, items(source.inputs.get("publicSourceLists")))
        yield source, any(not any(_inside(it, each) for each in known) for it in given)
    users = [f"{own}-transfer-{it}" for it in declared.sites]
    yield from ((it, it.inputs.get("name") not in users) for it in oracle.of("User"))
    yield from ((it, it.inputs.get("name") not in [*users, *doors.groups(declared)]) for it in oracle.of("Group"))
    for it in oracle.of("UserGroupMembership"):
        who = _meant(oracle, it, "userId", "User")
        yield it, len(who) != 1 or who != _meant(oracle, it, "groupId", "Group")
    yield from ((it, len(_meant(oracle, it, "userId", "User")) != 1) for it in oracle.of("CustomerSecretKey"))


def _meant(oracle: Search, node: Node, property_: str, kind: str) -> list[str]:
    found = oracle.meant(node, property_, node.inputs.get(property_), kind)
    return [str(it.inputs.get("name")) for it in found]


def _inside(text: str, around: str) -> bool:
    """Whether the first and the last address of one range are in another, bit by bit."""
    return bool(_bits(around)) and _bits(text).startswith(_bits(around))


def _bits(text: str) -> str:
    """The bits that all addresses of a range begin with; something that no range begins with where it is none."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\.(\d+)(?:/(\d+))?", text)
    if match is None:
        return text
    return "".join(f"{int(it):08b}" for it in match.groups()[:4])[: int(match[5] or 32)]
