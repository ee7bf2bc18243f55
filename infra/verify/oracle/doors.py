"""What lets somebody in beside statements: an open bucket, one among others' data, a network, a member, a key.

A bucket is closed unless the dataset that it is of is declared to be public, and then its names are not listed; it is
in the compartment of its class, or of the audit trail, since statements are about compartments. Those stand where
statements look for them: inside the organization's own; policies at the root, and whatever leads to buckets in the
tenancy's own namespace. A network source is no wider than what is declared under its name; a group, a user and a member
are declared ones, and a key is a user's of this stack.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any, Final

from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.models.object_storage import BUCKET, LIFECYCLE, REPLICATION
from infra.verify.oracle.access import COMPARTMENT, GROUP, POLICY, SOURCE, Leak, Rule
from infra.verify.values import is_unknown, items, record, records

USER: Final = "oci:Identity/user:User"
MEMBER: Final = "oci:Identity/userGroupMembership:UserGroupMembership"
SECRET_KEY: Final = "oci:Identity/customerSecretKey:CustomerSecretKey"  # noqa: S105 (a type)

METADATA: Final = "oci:ObjectStorage/namespaceMetadata:NamespaceMetadata"
DEFAULTS: Final = ("defaultS3compartmentId", "defaultSwiftCompartmentId")
"""Where buckets are made by whoever says no compartment."""

NAMESPACED: Final = (
    BUCKET,
    METADATA,
    LIFECYCLE,
    "oci:ObjectStorage/privateEndpoint:PrivateEndpoint",
    REPLICATION,
)
GUARDED: Final = ("oci:Core/", "oci:Kms/", "oci:LoadBalancer/", "oci:ObjectStorage/")
"""Beginnings of the types that handle data."""
AUDIT: Final = "audit"
_CLOSED: Final = (None, "NoPublicAccess")
_BY_NAME: Final = "ObjectReadWithoutList"
"""Who knows an object's name reads it."""


def leaks(graph: Graph, declared: Declared) -> Iterator[Leak]:
    """Every one that is open."""
    for part in (_buckets, _compartments, _roots, _namespaces, _networks, _people):
        yield from part(graph, declared)


def classes(declared: Declared) -> Mapping[str, str]:
    """The compartment that each declared bucket is in, by the bucket's name."""
    found: dict[str, str] = {}
    for region in declared.regions:
        found[f"{declared.organization}-audit-{region.facts.key}"] = AUDIT
        found |= declared.buckets(region)
    return found


def _buckets(graph: Graph, declared: Declared) -> Iterator[Leak]:
    of = classes(declared)
    for node in graph.of(BUCKET):
        wanted, access = of.get(str(node.inputs.get("name"))), node.inputs.get("accessType")
        if is_unknown(access):
            yield Leak(urn=node.urn, rule=Rule.UNKNOWN, what="who may read it without asking is not known")
        elif access not in _CLOSED and not (access == _BY_NAME and wanted == "public"):
            yield Leak(urn=node.urn, rule=Rule.PUBLIC, what=f"anybody may read it: {access}")
        places = _names(graph, node, "compartmentId", COMPARTMENT)
        if wanted and places != [wanted]:
            what = f"it is in {' or '.join(places) or 'no compartment of this stack'}, not in {wanted}"
            yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what=what)


def _names(graph: Graph, node: Node, property_: str, type_: str) -> list[str]:
    """The names of those that an input names."""
    return [str(it.inputs.get("name")) for it in graph.named(node, property_, node.inputs.get(property_), type_)]


def _compartments(graph: Graph, declared: Declared) -> Iterator[Leak]:
    for node in graph.of(COMPARTMENT):
        if node.inputs.get("name") == declared.organization:
            inside = node.inputs.get("compartmentId") == declared.tenancy
        else:
            inside = _names(graph, node, "compartmentId", COMPARTMENT) == [declared.organization]
        if not inside:
            what = "a compartment that is not where statements look for it"
            yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what=what)


def _roots(graph: Graph, declared: Declared) -> Iterator[Leak]:
    """Statements are about compartments below the one that their policy is in, and groups are the tenancy's.

    Quotas, zones and duties are about the organization's compartments: what handles data is in one of those.
    """
    for node in graph.of(POLICY, GROUP, SOURCE, USER):
        if node.inputs.get("compartmentId") != declared.tenancy:
            yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what="it is not at the root of the tenancy")
    for node in graph.of(*(it for it in graph.types if it.startswith(GUARDED))):
        for said in (node.inputs, *records(node.inputs.get("accessTargets"))):
            if said.get("compartmentId") == declared.tenancy:
                what = "at the root of the tenancy, outside of what guards the organization's compartments"
                yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what=what)


def _namespaces(graph: Graph, declared: Declared) -> Iterator[Leak]:
    """Buckets, and whatever leads to some, are in the tenancy's own namespace: others are others'."""
    for node in graph.of(*NAMESPACED):
        for said in (node.inputs, *records(node.inputs.get("accessTargets"))):
            if is_unknown(said.get("namespace")):
                yield Leak(urn=node.urn, rule=Rule.UNKNOWN, what="whose namespace it is in is not known")
            elif said.get("namespace") != declared.namespace:
                what = f"{said.get('namespace')} is not the namespace of this tenancy"
                yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what=what)
    for node in graph.of(METADATA):
        for name in DEFAULTS:
            if _names(graph, node, name, COMPARTMENT) != ["protected"]:
                what = f"buckets of other interfaces would not be in protected: {name}"
                yield Leak(urn=node.urn, rule=Rule.COMPARTMENT, what=what)


def _networks(graph: Graph, declared: Declared) -> Iterator[Leak]:
    known = networks(declared)
    for node in graph.of(SOURCE):
        ranges = [_range(text) for text in known.get(str(node.inputs.get("name")), ())]
        for text in items(node.inputs.get("publicSourceLists")):
            given = _range(text)
            if given is None or not any(it is not None and given.subnet_of(it) for it in ranges):
                yield Leak(urn=node.urn, rule=Rule.NETWORK, what=f"{text} is declared for no network of that name")


def networks(declared: Declared) -> Mapping[str, list[str]]:
    """What is declared of each network source, by its name: ranges, or the addresses of agents."""
    asked = record(record(declared.deployment.get("access")).get("networks"))
    found = {f"{declared.organization}-{name}": [*map(str, record(it).values())] for name, it in asked.items()}
    for name, site in declared.deployment["legacy"]["sites"].items():
        agents = record(record(site.get("transfer")).get("agents")).values()
        found[f"{declared.organization}-transfer-{name}"] = [str(record(it).get("address")) for it in agents]
    return found


def _range(text: object) -> IPv4Network | None:
    """A range of addresses, written as the one way that services take; none of version 6 is declared anywhere."""
    try:
        found = ip_network(str(text))
    except ValueError:
        return None
    plain = str(text) in {str(found), str(found).removesuffix("/32")}
    return found if plain and isinstance(found, IPv4Network) else None


def _people(graph: Graph, declared: Declared) -> Iterator[Leak]:
    copying = {f"{declared.organization}-transfer-{it}" for it in declared.sites}
    for node in graph.of(GROUP):
        if node.inputs.get("name") not in copying | groups(declared):
            yield Leak(urn=node.urn, rule=Rule.SUBJECT, what=f"{node.inputs.get('name')} is a group declared nowhere")
    for node in graph.of(USER):
        if node.inputs.get("name") not in copying:
            yield Leak(urn=node.urn, rule=Rule.SUBJECT, what=f"{node.inputs.get('name')} is a user declared nowhere")
    for node in graph.of(MEMBER):
        who, where = _names(graph, node, "userId", USER), _names(graph, node, "groupId", GROUP)
        if len(who) != 1 or who != where:
            yield Leak(urn=node.urn, rule=Rule.SUBJECT, what="a member that is declared nowhere")
    for node in graph.of(SECRET_KEY):
        if len(_names(graph, node, "userId", USER)) != 1:
            yield Leak(urn=node.urn, rule=Rule.SUBJECT, what="a key of nobody in this stack")


def groups(declared: Declared) -> set[str]:
    """The groups that are declared, with those that exceptions are exported to."""
    asked: Any = record(record(declared.deployment.get("access")).get("groups"))
    datasets = record(declared.deployment.get("datasets")).values()
    exports = (record(record(it).get("export")).get("group") for it in datasets)
    return {*asked, *(str(it) for it in exports if it)}
