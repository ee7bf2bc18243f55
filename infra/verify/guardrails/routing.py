"""Packet routing: things carry what they are, and no statement lets in more than a tier's worth of addresses.

Only where the stack's configuration says `enforced`. Every statement is read from its text: in the network of one
region, between ends of which one at least is a tier, the other a tier, a block of this stack's own addresses that is no
wider than a tier's, or Oracle's services as a target; by the ports that databases and storage listen on.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.values import items, record

_CONFIGURATION: Final = "oci:Zpr/configuration:Configuration"
_POLICY: Final = "oci:Zpr/zprPolicy:ZprPolicy"
_ATTRIBUTES: Final = (
    "oci:SecurityAttribute/securityAttribute:SecurityAttribute",
    "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace",
)
_VCN: Final = "oci:Core/vcn:Vcn"
_ENDPOINT: Final = "oci:ObjectStorage/privateEndpoint:PrivateEndpoint"
_MOST: Final = 25
_TIER_BITS: Final = 4
"""A tier is a sixteenth of a region's range."""

_SERVICES: Final = "osn-services-ip-addresses"
_HTTPS, _ORACLE_NET = "443", "1521-1522"
_STATEMENT: Final = (
    r"in (?P<network>[\w.:-]+) VCN allow (?P<source>.+?) to connect to (?P<target>.+?)"
    r" with protocol(?:=| = )'tcp/(?P<ports>[\d-]+)'"
)


def routing_gaps(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """What packet routing would let pass, or does not bind."""
    if record(declared.deployment.get("guardrails")).get("packetRouting") != "enforced":
        return
    if not any(node.inputs.get("zprStatus") == "ENABLED" for node in graph.of(_CONFIGURATION)):
        yield Gap(urn="", rule=Rule.ROUTING, what="packet routing is not switched on")
    bound = {
        region.facts.key
        for node in graph.of(_VCN)
        if (region := graph.region(node)) and _carries(node.inputs, declared, "network", region.facts.key)
    }
    for region in sorted(declared.regions):
        if region.facts.key not in bound:
            yield Gap(urn="", rule=Rule.ROUTING, what=f"no network in {region} carries its attribute")
    for node in graph.of(_ENDPOINT):
        if not _carries(node.inputs, declared, "tier", "endpoint"):
            yield Gap(urn=node.urn, rule=Rule.ROUTING, what=f"{node.name} does not carry its attribute")
    yield from _bindings(graph, declared)
    yield from _statements(graph, declared)


def _bindings(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """Packet routing is the whole tenancy's, and its attributes are in use."""
    for node in graph.of(_CONFIGURATION, _POLICY):
        if node.inputs.get("compartmentId") != declared.tenancy:
            yield Gap(urn=node.urn, rule=Rule.ROUTING, what=f"{node.name} is not at the root of the tenancy")
    for node in graph.of(*_ATTRIBUTES):
        if node.inputs.get("isRetired") is True:
            yield Gap(urn=node.urn, rule=Rule.ROUTING, what=f"{node.name} is retired, and binds nothing")


def _carries(inputs: object, declared: Declared, attribute: str, value: str) -> bool:
    carried, name = record(record(inputs).get("securityAttributes")), f"{declared.organization}.{attribute}"
    return carried.get(f"{name}.value") == value and carried.get(f"{name}.mode") == "enforce"


def _statements(graph: Graph, declared: Declared) -> Iterator[Gap]:
    spoken_of: set[str] = set()
    for node in graph.of(_POLICY):
        statements = items(node.inputs.get("statements"))
        if not statements:
            yield Gap(urn=node.urn, rule=Rule.ROUTING, what="statements that are not known")
        if len(statements) > _MOST:
            yield Gap(urn=node.urn, rule=Rule.ROUTING, what=f"more than {_MOST} statements, which the service refuses")
        for text in statements:
            found = re.fullmatch(_STATEMENT, " ".join(str(text).split()))
            wrong = "it cannot be read" if found is None else _wrong(found, declared)
            if wrong:
                yield Gap(urn=node.urn, rule=Rule.ROUTING, what=f"{wrong}: {text}")
            elif found is not None:
                spoken_of.add(found["network"].rpartition(":")[2])
    for region in sorted(declared.regions):
        if region.facts.key not in spoken_of:
            yield Gap(urn="", rule=Rule.ROUTING, what=f"no statement speaks of the network in {region}")


def _wrong(found: re.Match[str], declared: Declared) -> str:
    """What is wrong with a statement; empty where nothing is."""
    keys = {region.facts.key for region in declared.regions}
    if found["network"] not in {f"{declared.organization}.network:{key}" for key in keys}:
        return "a network that is none of this stack's"
    source, target = (_end(found[name], declared) for name in ("source", "target"))
    if not source or not target:
        return "an end that is no tier and no tier's block"
    if source == _SERVICES or not {source, target} & {"data", "endpoint"}:
        return "no tier, or services that connect here"
    allowed = {"data": _ORACLE_NET, "endpoint": _HTTPS, _SERVICES: _HTTPS}.get(target)
    if found["ports"] not in ({allowed} if allowed else {_HTTPS, _ORACLE_NET}):
        return "a port that nothing listens on"
    return ""


def _end(text: str, declared: Declared) -> str:
    """`data`, `endpoint`, the services, or a block; empty for anything else."""
    for tier in ("data", "endpoint"):
        if text == f"{declared.organization}.tier:{tier} endpoints":
            return tier
    block = text.strip("'")
    if text == f"'{_SERVICES}'":
        return _SERVICES
    return block if text == f"'{block}'" and _narrow(block, declared) else ""


def _narrow(text: str, declared: Declared) -> bool:
    """Whether a block is one region's own, and no wider than a tier."""
    try:
        block = IPv4Network(text)
    except ValueError:
        return False
    regions = record(record(declared.deployment.get("oci")).get("regions"))
    ranges = [IPv4Network(str(record(region).get("cidr"))) for region in regions.values()]
    return any(block.subnet_of(it) and block.prefixlen >= it.prefixlen + _TIER_BITS for it in ranges)
