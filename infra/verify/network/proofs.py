"""What shows that no packet escapes, in a form that is checked without following any: one list of ranges a subnet.

Whatever a route and a rule of a subnet both cover is in the list, with where it leads; all of that may be reached. It
is narrower than the decider, which also knows that a more specific route takes packets away from a wider one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from infra.verify.network.model import Networks, Range, Role, Route, Subnet, admitted

Kept = Mapping[str, list[list[str]]]
"""By subnet that holds data: pairs of a range and the URN that it leads to."""


def invariant(networks: Networks) -> tuple[Kept, list[str]]:
    """The lists, and the URNs of the tables because of which there is none."""
    inside: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in networks.subnets.values():
        inside[subnet.vcn].append(subnet)
    kept: dict[str, list[list[str]]] = {}
    lost: set[str] = set()
    for urn, subnet in sorted(networks.subnets.items()):
        if subnet.role is not Role.DATA:
            continue
        pairs: set[tuple[str, str]] = set()
        for route, both in _covered(networks, subnet):
            for target in route.targets:
                for place in _places(networks, inside, target, both):
                    pairs.add((str(both), place))
                    if not admitted(networks, subnet, place):
                        lost.add(route.table)
        kept[urn] = sorted(map(list, pairs))
    return kept, sorted(lost)


def _covered(networks: Networks, subnet: Subnet) -> Iterator[tuple[Route, Range]]:
    """What a route, or the VCN's own one, and a rule cover together."""
    ends = {end for rule in subnet.rules for end in rule.ends}
    own = networks.vcns[subnet.vcn].ranges
    local = (Route(destination=range_, targets=(subnet.vcn,), table=subnet.urn) for range_ in own)
    for route in (*subnet.routes, *local):
        for end in ends:
            both = common(route.destination, end)
            if both is not None and any(_family(both) == range_.version for range_ in subnet.ranges):
                yield route, both


def common(one: Range, other: Range) -> Range | None:
    """What two ranges share: ranges that meet lie one in the other, and a label is within 0.0.0.0/0."""
    if isinstance(one, str) or isinstance(other, str):
        label, range_ = (one, other) if isinstance(one, str) else (other, one)
        return label if range_ in (label, IPv4Network("0.0.0.0/0")) else None
    if one.version != other.version or not one.overlaps(other):
        return None
    return max(one, other, key=lambda it: it.prefixlen)


def _family(range_: Range) -> int:
    return 4 if isinstance(range_, str) else range_.version


def _places(networks: Networks, inside: Mapping[str, list[Subnet]], target: str, both: Range) -> Iterator[str]:
    """Where packets to a range can end that are sent to a target."""
    if target in networks.gateways:
        yield target
        return
    vcns = [target]
    if target in networks.routers:
        router = networks.routers[target]
        yield from router.exits
        vcns = [vcn for urn in (target, *router.peers) for vcn in networks.routers[urn].vcns]
    for subnet in (subnet for vcn in vcns for subnet in inside.get(vcn, ())):
        if any(common(range_, both) is not None for range_ in subnet.ranges):
            yield subnet.urn
