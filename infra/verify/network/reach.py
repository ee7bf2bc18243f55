"""The fast decider: which places the packets of each subnet that holds data can get to, by sets of packets.

The networks are a graph whose edges let sets of packets through. From each subnet a work list carries its packets on
until nothing new arrives anywhere; who brought a packet first is kept, so that a witness costs nothing. Time grows with
the subnets, and for each with the edges that its packets get to.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping

from infra.verify.network.atoms import Atoms
from infra.verify.network.model import Escape, Networks, Packet, Range, Role, Route, Rule, Subnet, admitted

_Place = tuple[str, str]
"""What happens at a URN: packets leave a subnet, come into a VCN or router, or end."""

_Edges = list[tuple[_Place, int]]


def escapes(networks: Networks) -> tuple[Escape, ...]:
    """Every pair of a subnet that holds data and a place that it must not reach but can, sorted, each with a packet."""
    found = (escape for wiring, source in _sources(networks) for escape in wiring.escapes(source))
    return tuple(sorted(found, key=lambda it: (it.source, it.target)))


def ends(networks: Networks) -> Mapping[str, frozenset[str]]:
    """For each subnet that holds data, every place that its packets can end at."""
    return {source.urn: wiring.ends(source) for wiring, source in _sources(networks)}


def _sources(networks: Networks) -> Iterator[tuple["_Wiring", Subnet]]:
    for part in _parts(networks):
        sources = [subnet for subnet in part.subnets if subnet.role is Role.DATA]
        wiring = _Wiring(networks, part) if sources else None
        if wiring:
            yield from ((wiring, source) for source in sources)


class _Part:
    """Networks that are joined: no packet passes between two parts."""

    def __init__(self) -> None:
        self.vcns: list[str] = []
        self.routers: list[str] = []
        self.subnets: list[Subnet] = []


def _parts(networks: Networks) -> Iterable[_Part]:
    leaders: dict[str, str] = {urn: urn for urn in (*networks.vcns, *networks.routers)}

    def leader(urn: str) -> str:
        while leaders[urn] != urn:
            leaders[urn] = urn = leaders[leaders[urn]]
        return urn

    for router in networks.routers.values():
        for other in (*router.vcns, *router.peers):
            leaders[leader(other)] = leader(router.urn)
    for subnet in networks.subnets.values():
        for target in {target for route in subnet.routes for target in route.targets} & networks.routers.keys():
            leaders[leader(subnet.vcn)] = leader(target)
    parts: dict[str, _Part] = defaultdict(_Part)
    for urn in networks.vcns:
        parts[leader(urn)].vcns.append(urn)
    for urn in networks.routers:
        parts[leader(urn)].routers.append(urn)
    for subnet in networks.subnets.values():
        parts[leader(subnet.vcn)].subnets.append(subnet)
    return parts.values()


class _Arrivals:
    """What came to a place, and from where each packet came first."""

    __slots__ = ("bits", "first")

    def __init__(self) -> None:
        self.bits = 0
        self.first: list[tuple[int, _Place | None]] = []


class _Wiring:
    """The edges of a part, made once for all its subnets."""

    def __init__(self, networks: Networks, part: _Part) -> None:
        self._networks = networks
        rules = [rule for subnet in part.subnets for rule in subnet.rules]
        self._atoms = Atoms(
            (
                *(end for rule in rules for end in rule.ends),
                *(route.destination for subnet in part.subnets for route in subnet.routes),
                *(range_ for subnet in part.subnets for range_ in subnet.ranges),
                *(range_ for urn in part.vcns for range_ in networks.vcns[urn].ranges),
            ),
            ((rule.protocol, rule.ports) for rule in rules),
        )
        self._inside: dict[str, list[tuple[Subnet, int]]] = defaultdict(list)
        self._edges: dict[_Place, _Edges] = {}
        for subnet in part.subnets:
            self._inside[subnet.vcn].append((subnet, self._all(subnet.ranges)))
            self._edges["leaves", subnet.urn] = list(self._routed(subnet))
        for urn in part.routers:
            router = networks.routers[urn]
            own: _Edges = [(("vcn", vcn), self._all(networks.vcns[vcn].ranges)) for vcn in router.vcns]
            out: _Edges = [(("end", way_out), self._atoms.everything) for way_out in router.exits]
            self._edges["peer", urn] = own
            self._edges["router", urn] = own + out + [(("peer", peer), self._held(peer)) for peer in router.peers]

    def _all(self, ranges: Iterable[Range]) -> int:
        return _union(map(self._atoms.addresses, ranges))

    def _held(self, router: str) -> int:
        return _union(self._all(self._networks.vcns[vcn].ranges) for vcn in self._networks.routers[router].vcns)

    def _routed(self, subnet: Subnet) -> Iterator[tuple[_Place, int]]:
        """A table's routes and the VCN's own, the most specific first; of two alike the table's."""
        ranked: dict[tuple[int, bool], list[Route]] = defaultdict(list)
        for route in subnet.routes:
            ranked[_specific(route.destination), True].append(route)
        for range_ in self._networks.vcns[subnet.vcn].ranges:
            ranked[_specific(range_), False].append(Route(destination=range_, targets=(subnet.vcn,)))
        left = self._atoms.everything
        for rank in sorted(ranked, reverse=True):
            taken = 0
            for route in ranked[rank]:
                bits = left & self._atoms.addresses(route.destination)
                taken |= bits
                yield from ((self._place(target), bits) for target in route.targets)
            left &= ~taken

    def _place(self, target: str) -> _Place:
        if target in self._networks.routers:
            return "router", target
        return ("vcn" if target in self._networks.vcns else "end"), target

    def escapes(self, source: Subnet) -> Iterator[Escape]:
        """Where the packets of a subnet get to and must not: of connections that it opens, then of its answers."""
        seen: set[str] = set()
        for answer in (False, True):
            arrivals = self._spread(source, answer=answer)
            for (kind, target), arrived in arrivals.items():
                if kind != "end" or target in seen or admitted(self._networks, source, target):
                    continue
                seen.add(target)
                destination, protocol, port = self._atoms.sample(arrived.bits)
                packet = Packet(source=source.urn, destination=destination, protocol=protocol, port=port, answer=answer)
                path = _path(arrivals, (kind, target), arrived.bits & -arrived.bits)
                yield Escape(source=source.urn, target=target, packet=packet, path=path)

    def ends(self, source: Subnet) -> frozenset[str]:
        """Every place that packets of a subnet can end at."""
        return frozenset(
            urn for answer in (False, True) for kind, urn in self._spread(source, answer=answer) if kind == "end"
        )

    def _spread(self, source: Subnet, *, answer: bool) -> Mapping[_Place, _Arrivals]:
        """What arrives where."""
        arrivals: dict[_Place, _Arrivals] = defaultdict(_Arrivals)
        waiting: deque[tuple[_Place, int, _Place | None]] = deque()
        waiting.append((("leaves", source.urn), self._leaving(source, answer=answer), None))
        while waiting:
            place, bits, before = waiting.popleft()
            arrived = arrivals[place]
            new = bits & ~arrived.bits
            if not new:
                continue
            arrived.bits |= new
            arrived.first.append((new, before))
            kind, urn = place
            edges = self._entered(source, urn, answer=answer) if kind == "vcn" else self._edges.get(place, ())
            waiting.extend((after, new & through, place) for after, through in edges if new & through)
        return arrivals

    def _leaving(self, source: Subnet, *, answer: bool) -> int:
        """What the rules let out: connections by rules outwards, answers by stateful rules inwards."""
        able = _union(map(self._atoms.sendable, source.ranges))
        if answer:
            return able & self._passing(rule for rule in source.rules if rule.ingress and rule.stateful)
        return able & self._passing(rule for rule in source.rules if not rule.ingress)

    def _passing(self, rules: Iterable[Rule]) -> int:
        return _union(self._all(rule.ends) & self._atoms.services(rule.protocol, rule.ports) for rule in rules)

    def _entered(self, source: Subnet, vcn: str, *, answer: bool) -> Iterator[tuple[_Place, int]]:
        """From a VCN into its subnets: answers pass, and what a rule lets in from somewhere in the source."""
        for subnet, bits in self._inside[vcn]:
            yield ("end", subnet.urn), bits if answer else bits & self._let_in(source, subnet.rules)

    def _let_in(self, source: Subnet, rules: Iterable[Rule]) -> int:
        able = (rule for rule in rules if rule.ingress and any(_meet(source, end) for end in rule.ends))
        return _union(self._atoms.services(rule.protocol, rule.ports) for rule in able)


def _union(sets: Iterable[int]) -> int:
    found = 0
    for bits in sets:
        found |= bits
    return found


def _specific(range_: Range) -> int:
    """How specific a route is; a label is more so than any range."""
    return 1 << 8 if isinstance(range_, str) else range_.prefixlen


def _meet(source: Subnet, end: Range) -> bool:
    return not isinstance(end, str) and any(
        end.version == range_.version and end.overlaps(range_) for range_ in source.ranges
    )


def _path(arrivals: Mapping[_Place, _Arrivals], place: _Place, bit: int) -> tuple[str, ...]:
    """The URNs that a packet passed on its way to a place."""
    path: list[str] = []
    at: _Place | None = place
    while at is not None:
        path.append(at[1])
        at = next(before for bits, before in arrivals[at].first if bits & bit)
    return tuple(reversed(path))
