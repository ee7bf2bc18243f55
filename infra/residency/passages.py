"""Passages: what may pass a region's private network, said once for all that lets it through or asks whether it does.

Security groups, packet routing policies and path tests are all made from these; so they cannot differ. Databases talk
to databases, data and applications to storage, applications to databases: within the network, to and from its peers,
and from the application tiers of all regions. Everything else is let through by nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

from infra.residency.placement import Network, SubnetTier
from infra.residency.regions import UsRegion

HTTPS = range(443, 444)
ORACLE_NET = range(1521, 1523)
"""Ports of database listeners, without and with TLS (Oracle's "Net Services Administrator's Guide")."""


class Beyond(StrEnum):
    """What is at the other end without being a network of this stack."""

    ORACLE_SERVICES = "oracle-services"
    """Oracle's services of the same region, through the service gateway."""


End = SubnetTier | IPv4Network | Beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """TCP connections that may be made; `way` tells it from the tier's others (`to-data-us-ashburn-1`).

    Attributes:
        inward: whether the other end connects to the tier, or the tier to it.
        end: a tier of the same network, a range, or what is beyond.
    """

    tier: SubnetTier
    way: str
    inward: bool
    end: End
    ports: range


def passages(
    network: Network, networks: tuple[Network, ...], applications: Mapping[UsRegion, IPv4Network]
) -> Iterator[Passage]:
    """What may pass a network.

    Args:
        network: the region's.
        networks: all of the stack, of which its peers count.
        applications: the application tier of each region that answers users.
    """

    def passage(tier: SubnetTier, way: str, end: End, ports: range) -> Passage:
        return Passage(tier=tier, way=way, inward=way.startswith("from-"), end=end, ports=ports)

    data, endpoint = SubnetTier.DATA, SubnetTier.ENDPOINT
    yield passage(data, "to-services", Beyond.ORACLE_SERVICES, HTTPS)
    reachable: list[tuple[UsRegion, Mapping[SubnetTier, End]]] = [
        (network.region, {data: data, endpoint: endpoint}),
        *(
            (peer.region, {subnet.tier: subnet.cidr for subnet in peer.subnets})
            for peer in networks
            if peer.region in network.peers
        ),
    ]
    for region, ends in reachable:
        yield passage(data, f"from-data-{region}", ends[data], ORACLE_NET)
        yield passage(data, f"to-data-{region}", ends[data], ORACLE_NET)
        yield passage(data, f"to-endpoint-{region}", ends[endpoint], HTTPS)
        yield passage(endpoint, f"from-data-{region}", ends[data], HTTPS)
    for region, tier in applications.items():
        yield passage(data, f"from-application-{region}", tier, ORACLE_NET)
        yield passage(endpoint, f"from-application-{region}", tier, HTTPS)
