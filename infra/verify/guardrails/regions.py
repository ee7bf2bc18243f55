"""Quotas and deny statements: outside the stack's regions nothing can be made, and nobody may do anything.

A quota policy is played for every region of the realm, one statement after the other: the last one that applies there
counts. A deny counts only where it is about everybody, everything and the whole tenancy, and nothing but the region
decides whether it holds; several of one family count together.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from infra.residency.regions import REGIONS, Realm
from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.oracle.statements import Comparison, Condition, Several, UnreadableError, may_hold, parse
from infra.verify.values import items, record

_QUOTA: Final = "oci:Limits/quota:Quota"
_POLICY: Final = "oci:Identity/policy:Policy"
_FAMILIES: Final = (
    "analytics", "block-storage", "compute-core", "compute-memory", "container-engine", "database", "filesystem",
    "load-balancer", "object-storage", "streaming", "vcn",
)  # fmt: skip
_DENIED: Final = (
    "autonomous-database-family", "cluster-family", "database-family", "file-family", "functions-family",
    "goldengate-family", "instance-family", "key-family", "load-balancers", "mysql-family", "nosql-family",
    "object-family", "stream-family", "virtual-network-family", "volume-family",
)  # fmt: skip
_STATEMENT: Final = (
    r"(?P<verb>zero|unset) (?P<family>[a-z-]+) quotas in tenancy(?: where request\.region ?= ?(?P<region>[a-z0-9-]+))?"
)
_REALM: Final = {row.name: row.key for row in REGIONS.values() if row.realm is Realm.OC1}


def region_gaps(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """What is possible outside the stack's regions, or might be."""
    yield from _quotas(graph, declared)
    if record(declared.deployment.get("guardrails")).get("denyStatements") is True:
        yield from _denials(graph, declared)


def _quotas(graph: Graph, declared: Declared) -> Iterator[Gap]:
    homes = {region.value for region in declared.regions}
    closed: set[str] = set()
    for node in graph.of(_QUOTA):
        if node.inputs.get("compartmentId") != declared.tenancy:
            yield _gap(node, Rule.QUOTA, "a quota that is not at the root of the tenancy")
            continue
        family, open_in = _played(node)
        if family is None:
            yield _gap(node, Rule.QUOTA, "a quota with a statement that cannot be read")
        elif open_in - homes:
            yield _gap(node, Rule.QUOTA, f"{family} can be made in {', '.join(sorted(open_in - homes))}")
        elif homes - open_in:
            yield _gap(node, Rule.QUOTA, f"{family} cannot be made in {', '.join(sorted(homes - open_in))}")
        else:
            closed.add(family)
    for family in _FAMILIES:
        if family not in closed:
            yield Gap(urn="", rule=Rule.QUOTA, what=f"{family} is at zero nowhere outside the stack's regions")


def _played(node: Node) -> tuple[str | None, set[str]]:
    """The family of a quota policy, and the regions in which it is not at zero after the last statement."""
    open_in, families = set(_REALM), set[str]()
    for text in items(node.inputs.get("statements")):
        read = re.fullmatch(_STATEMENT, " ".join(str(text).lower().split()))
        if read is None:
            return None, open_in
        families.add(read["family"])
        where = {read["region"]} if read["region"] else set(_REALM)
        open_in = open_in - where if read["verb"] == "zero" else open_in | where
    return (families.pop() if len(families) == 1 else None), open_in


def _denials(graph: Graph, declared: Declared) -> Iterator[Gap]:
    homes = frozenset(region.facts.key for region in declared.regions)
    denied: dict[str, frozenset[str]] = {}
    for node in graph.of(_POLICY):
        whole = node.inputs.get("compartmentId") == declared.tenancy
        for text in items(node.inputs.get("statements")) if whole else ():
            family, where = _denied(str(text))
            denied[family] = denied.get(family, frozenset()) | where
    for family in _DENIED:
        if not {*_REALM.values()} - homes <= denied.get(family, frozenset()):
            yield Gap(urn="", rule=Rule.DENIAL, what=f"{family} is not denied to everybody outside the stack's regions")


@lru_cache(maxsize=4096)
def _denied(text: str) -> tuple[str, frozenset[str]]:
    """The family that a statement denies to everybody, and the keys of the regions in which it does for sure."""
    try:
        read = parse(text)
    except UnreadableError:
        return "", frozenset()
    whole = read.denies and read.kind == "any-user" and read.verb == "manage" and not read.place
    if not whole or set(_variables(read.condition)) - {"request.region"}:
        return "", frozenset()
    return read.resource, frozenset(it for it in _REALM.values() if may_hold(read.condition, {"request.region": it}))


def _variables(condition: Condition) -> Iterator[str]:
    match condition:
        case Several(of=of):
            for each in of:
                yield from _variables(each)
        case Comparison(variable=variable):
            yield variable


def _gap(node: Node, rule: Rule, what: str) -> Gap:
    return Gap(urn=node.urn, rule=rule, what=what)
