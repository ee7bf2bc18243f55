"""The slow decider: packets sent one by one and followed hop by hop, the obvious way.

It shares no code with `reach`: addresses are compared as addresses, routes are searched one after the other. One packet
is sent for each combination of a subnet, an end of a range that anything names, a service that any rule names, and
whether it opens a connection or answers. It also replays what `reach` finds.
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import product

from infra.verify.network.model import (
    PORTS,
    PROTOCOLS,
    Networks,
    Packet,
    Range,
    Role,
    Route,
    Rule,
    Subnet,
    admitted,
)


def escapes(networks: Networks) -> frozenset[tuple[str, str]]:
    """Every subnet that holds data and a place that it must not reach but can."""
    sources = [subnet for subnet in networks.subnets.values() if subnet.role is Role.DATA]
    addresses, services = sorted(_addresses(networks)), sorted(_services(networks))
    return frozenset(
        (source.urn, target)
        for source, destination, (protocol, port), answer in product(sources, addresses, services, (False, True))
        for target in ends(
            networks,
            Packet(source=source.urn, destination=destination, protocol=protocol, port=port, answer=answer),
        )
        if not admitted(networks, source, target)
    )


def _named(networks: Networks) -> Iterator[Range]:
    for subnet in networks.subnets.values():
        yield from subnet.ranges
        yield from (route.destination for route in subnet.routes)
        yield from (end for rule in subnet.rules for end in rule.ends)
    for vcn in networks.vcns.values():
        yield from vcn.ranges


def _addresses(networks: Networks) -> set[str]:
    """The first address of each range and the first one behind it: between two of them nothing changes."""
    found = {"0.0.0.0", "::"}  # noqa: S104 - an address to send to, not to listen on
    for range_ in _named(networks):
        if isinstance(range_, str):
            found.add(range_)
            continue
        found.add(str(range_[0]))
        behind = int(range_[-1]) + 1
        if behind < 1 << range_.max_prefixlen:
            found.add(str(type(range_[0])(behind)))
    return found


def _services(networks: Networks) -> set[tuple[int, int]]:
    """The same of protocols and ports."""
    found = {(0, 0)}
    for rule in (rule for subnet in networks.subnets.values() for rule in subnet.rules):
        if rule.protocol is None:
            continue
        found |= {(rule.protocol, rule.ports[0]), (rule.protocol, 0)}
        if rule.ports[-1] + 1 < PORTS:
            found.add((rule.protocol, rule.ports[-1] + 1))
        if rule.protocol + 1 < PROTOCOLS:
            found.add((rule.protocol + 1, 0))
    return found


def ends(networks: Networks, packet: Packet) -> frozenset[str]:
    """Where a packet can end, from any address of its subnet."""
    source = networks.subnets[packet.source]
    if not _can_send(source, packet.destination) or not any(_lets_out(rule, packet) for rule in source.rules):
        return frozenset()
    return frozenset(_delivered(networks, source, packet))


def _can_send(source: Subnet, destination: str) -> bool:
    version = 6 if ":" in destination else 4
    return any(range_.version == version for range_ in source.ranges)


def _holds(range_: Range, destination: str) -> bool:
    if isinstance(range_, str):
        return range_ == destination
    if _is_label(destination):
        return range_ == IPv4Network("0.0.0.0/0")
    address = _address(destination)
    return address.version == range_.version and address in range_


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text)


def _is_label(destination: str) -> bool:
    return not {".", ":"} & set(destination)


def _lets_out(rule: Rule, packet: Packet) -> bool:
    way = rule.ingress and rule.stateful if packet.answer else not rule.ingress
    return way and _serves(rule, packet) and any(_holds(end, packet.destination) for end in rule.ends)


def _serves(rule: Rule, packet: Packet) -> bool:
    return rule.protocol is None or (rule.protocol == packet.protocol and packet.port in rule.ports)


def _delivered(networks: Networks, source: Subnet, packet: Packet) -> Iterator[str]:
    for target in _next(networks, source, packet.destination):
        if target == source.vcn:
            yield from _received(networks, source, target, packet)
        elif target in networks.routers:
            router = networks.routers[target]
            yield from router.exits
            for vcn in router.vcns:
                yield from _received(networks, source, vcn, packet)
            for peer in router.peers:
                for vcn in networks.routers[peer].vcns:
                    yield from _received(networks, source, vcn, packet)
        else:
            yield target


def _next(networks: Networks, source: Subnet, destination: str) -> set[str]:
    """The targets of the most specific route; where the VCN's own range is more specific than any, the VCN."""
    own = networks.vcns[source.vcn]
    matching = [route for route in source.routes if _holds(route.destination, destination)]
    local = [range_ for range_ in own.ranges if _holds(range_, destination)]
    most = max(map(_length, matching), default=-1)
    if local and max(range_.prefixlen for range_ in local) > most:
        return {own.urn}
    return {target for route in matching if _length(route) == most for target in route.targets}


def _length(route: Route) -> int:
    return 999 if isinstance(route.destination, str) else route.destination.prefixlen


def _received(networks: Networks, source: Subnet, vcn: str, packet: Packet) -> Iterator[str]:
    if not any(_holds(range_, packet.destination) for range_ in networks.vcns[vcn].ranges):
        return
    for subnet in networks.subnets.values():
        here = subnet.vcn == vcn and any(_holds(range_, packet.destination) for range_ in subnet.ranges)
        if here and (packet.answer or any(_lets_in(rule, source, packet) for rule in subnet.rules)):
            yield subnet.urn


def _lets_in(rule: Rule, source: Subnet, packet: Packet) -> bool:
    return (
        rule.ingress
        and _serves(rule, packet)
        and any(_common(end, range_) for end in rule.ends for range_ in source.ranges)
    )


def _common(end: Range, range_: IPv4Network | IPv6Network) -> bool:
    """Whether some address of a subnet is one that a rule names."""
    if isinstance(end, str) or end.version != range_.version:
        return False
    return range_[0] in end or end[0] in range_
