"""T4: no packet from a subnet that holds data ends anywhere but where it may.

It may end at the service gateway of its own region, in subnets of this stack's US regions that hold data, and in the
application tiers of its edges. Every subnet holds data that is not within the range that the stack's configuration
gives to a region's edge; none of them admits public addresses, has a rule about some or a route to them over a router,
or stands beside a gateway to the internet. What a subnet answers counts like what it sends: who is let in gets data.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from infra.residency.regions import UsRegion
from infra.verify.context import Context
from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.network import reach
from infra.verify.network.model import Escape, Exit, Networks, Packet, Role
from infra.verify.network.proofs import Kept, invariant
from infra.verify.network.read import FOREIGN, Gap, Layout, Read, read
from infra.verify.verdict import Answer, Counterexample, Findings, Verdict, missing, refuted

ID: Final = "T4"
TITLE: Final = "network"
ASSUMPTIONS: Final = (
    "a service gateway leads to Oracle's services of its own region and to nothing else",
    "a router has its default route tables, and nobody adds interfaces, routes or rules from outside this stack",
    "databases and alike have no network but the subnets that they are put into",
)


def decide(context: Context) -> Verdict:
    """Carry sets of packets from each subnet as far as they get."""
    graph, findings = context.graph, Findings()
    (found,) = graph.ask(_networks, layout(context.declared))
    findings.add(*(missing(graph.nodes[gap.urn], gap.what) for gap in found.gaps))
    findings.add(*(_exposed(graph, urn) for urn in found.exposed))
    findings.add(*(_open(graph, wide) for wide in found.wide))
    ((escapes, kept, unfollowed),) = graph.ask(_followed, found.networks)
    findings.add(*(_escaped(graph, found.networks, escape) for escape in escapes))
    if not escapes:
        findings.add(*(missing(graph.nodes[urn], _UNFOLLOWED, path="routeRules") for urn in unfollowed))
    sources = sum(subnet.role is Role.DATA for subnet in found.networks.subnets.values())
    return findings.verdict(ID, TITLE, examined=sources, flows=sum(map(len, kept.values())), assumptions=ASSUMPTIONS)


def _networks(graph: Graph, where: Layout) -> Iterator[Read]:
    yield read(graph, where)


def _followed(_: Graph, networks: Networks) -> Iterator[tuple[tuple[Escape, ...], Kept, list[str]]]:
    """Where packets get; networks that are the same after a change are not followed again."""
    yield reach.escapes(networks), *invariant(networks)


_UNFOLLOWED = "no packet gets out, but only because another route is more specific: narrow this one"


def layout(declared: Declared) -> Layout:
    """The ranges that the stack's configuration gives to its regions."""
    regions = declared.deployment["oci"]["regions"]
    return Layout(
        ranges={UsRegion(name): IPv4Network(region["cidr"]) for name, region in regions.items()}, edges=declared.edges
    )


def _exposed(graph: Graph, urn: str) -> Counterexample:
    return refuted(
        graph.nodes[urn],
        f"{graph.nodes[urn].name} holds data and would admit public addresses",
        path="prohibitPublicIpOnVnic",
        because="prohibitPublicIpOnVnic and prohibitInternetIngress are not both true",
        fix="set both to true",
        witness={"urn": urn},
    )


def _open(graph: Graph, wide: Gap) -> Counterexample:
    return refuted(
        graph.nodes[wide.urn],
        f"{graph.nodes[wide.urn].name} is {wide.what}",
        because="one change elsewhere, and packets get out",
        fix="narrow it to private ranges, or remove it",
        witness={"urn": wide.urn},
    )


def _escaped(graph: Graph, networks: Networks, escape: Escape) -> Counterexample:
    packet = escape.packet
    source, target = graph.nodes[escape.source], _said(graph, networks, escape.target)
    port = f", port {packet.port}" if packet.port else ""
    kind = "an answer" if packet.answer else "a packet"
    changed, path = _to_change(networks, escape)
    steps = " → ".join(graph.nodes[urn].name if urn in graph.nodes else urn for urn in escape.path)
    return refuted(
        graph.nodes[changed],
        f"{kind} from {source.name} would get to {target}",
        path=path,
        because=f"it goes to {packet.destination}, protocol {packet.protocol}{port}",
        fix="remove that route, or the rule that lets it pass",
        trace=(steps,),
        witness={
            "source": packet.source,
            "destination": packet.destination,
            "protocol": packet.protocol,
            "port": packet.port,
            "answer": packet.answer,
            "target": escape.target,
        },
    )


def _said(graph: Graph, networks: Networks, target: str) -> str:
    if target == FOREIGN:
        return FOREIGN
    gateway = networks.gateways.get(target)
    if gateway is None:
        return f"subnet {graph.nodes[target].name}, which is not for data"
    region = " of another region" if gateway.exit is Exit.SERVICES else ""
    return f"the {gateway.exit}{region} {graph.nodes[target].name}"


def _to_change(networks: Networks, escape: Escape) -> tuple[str, str]:
    """The route that the packet takes first; the subnet that it ends in where there is none."""
    for route in networks.subnets[escape.source].routes:
        if escape.path[1] in route.targets:
            return route.table, f"routeRules[{route.at}]"
    return escape.path[-1] if escape.path[-1] in networks.subnets else escape.source, "cidrBlock"


def decide_slowly(context: Context) -> Answer:
    """Send packets one by one, and follow each hop by hop."""
    from infra.verify.network import walk  # noqa: PLC0415 (a proof does without)

    found = read(context.graph, layout(context.declared))
    if found.exposed or found.wide or walk.escapes(found.networks):
        return Answer.REFUTED
    return Answer.UNDECIDED if found.gaps or invariant(found.networks)[1] else Answer.PROVED


def replay(found: Read, example: Counterexample) -> bool:
    """Whether a counterexample happens: its packet, followed hop by hop, ends where it says."""
    from infra.verify.network import walk  # noqa: PLC0415 (only a refutation needs it)

    witness = example.witness
    if "target" not in witness:
        return witness["urn"] in {*found.exposed, *(it.urn for it in found.wide)}
    packet = {key: witness[key] for key in ("source", "destination", "protocol", "port", "answer")}
    return witness["target"] in walk.ends(found.networks, Packet(**packet))
