"""Zero Trust Packet Routing: what may connect to what in a private network, by what things are and not by where.

The second lock beside the security groups, kept by other people and in another place: a packet has to pass both. Things
are told by security attributes; a region's network carries its own value, so that no policy of one region speaks of
another's. Outside the network an end has no attribute and is told by its addresses.

What cannot be said: `all-endpoints`, a statement between two ranges, any protocol or port but those of a passage.

What it does not do: a thing without an attribute is bound by security groups alone. The network and the private
endpoint carry theirs from here; databases get theirs from whoever makes them, from the same namespace.

Sources: Oracle's page "Zero Trust Packet Routing Policy Language"; the most statements of a policy from the read-me of
Oracle's module for it (a digest says 50: the stricter counts). That the service takes `'osn-services-ip-addresses'` is
from Oracle's landing zone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import assert_never

from infra.residency.passages import Beyond, End, Passage, passages
from infra.residency.placement import Plan, SubnetTier
from infra.residency.regions import UsRegion

MOST_STATEMENTS = 25
"""How many statements a policy may have."""


class Attribute(StrEnum):
    """The security attributes: what a VCN carries, and what stands in it."""

    NETWORK = "network"
    TIER = "tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingStatement:
    """One `allow`: a passage in the network of a region, in the words of a namespace."""

    namespace: str
    region: UsRegion
    passage: Passage

    def text(self) -> str:
        """The statement in Oracle's words."""
        here, there = self._end(self.passage.tier), self._end(self.passage.end)
        source, target = (there, here) if self.passage.inward else (here, there)
        ports = self.passage.ports
        last = ports.stop - 1
        protocol = f"tcp/{ports.start}" if ports.start == last else f"tcp/{ports.start}-{last}"
        network = f"{self.namespace}.{Attribute.NETWORK}:{self.region.facts.key}"
        return f"in {network} VCN allow {source} to connect to {target} with protocol='{protocol}'"

    def _end(self, end: End) -> str:
        match end:
            case SubnetTier():
                return f"{self.namespace}.{Attribute.TIER}:{end} endpoints"
            case IPv4Network():
                return f"'{end}'"
            case Beyond.ORACLE_SERVICES:
                return "'osn-services-ip-addresses'"
            case _:
                assert_never(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """The policy of a region's network; `name` is physical (`usds-routing-iad`)."""

    name: str
    region: UsRegion
    statements: tuple[str, ...]


def values_of(plan: Plan) -> Mapping[Attribute, tuple[str, ...]]:
    """The values that each attribute may have."""
    return {
        Attribute.NETWORK: tuple(sorted(network.region.facts.key for network in plan.networks)),
        Attribute.TIER: tuple(sorted(tier.value for tier in SubnetTier)),
    }


def carried(namespace: str, attribute: Attribute, value: str) -> dict[str, str]:
    """The security attributes of a resource that carries one, as Oracle's API writes them."""
    return {f"{namespace}.{attribute}.value": value, f"{namespace}.{attribute}.mode": "enforce"}


def routing_policies(plan: Plan) -> Iterator[RoutingPolicy]:
    """The policies of a stack, one for each region; a passage that both its ends name is said once."""
    edges = plan.traffic.edges if plan.traffic is not None else ()
    applications = {edge.region: edge.application_subnet for edge in edges}
    for network in plan.networks:
        said = (
            RoutingStatement(namespace=plan.organization, region=network.region, passage=passage).text()
            for passage in passages(network, plan.networks, applications)
        )
        yield RoutingPolicy(
            name=f"{plan.organization}-routing-{network.region.facts.key}",
            region=network.region,
            statements=tuple(dict.fromkeys(said)),
        )
