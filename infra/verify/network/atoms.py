"""Addresses and ports cut once at every end that a network names: what lies between two cuts behaves alike.

All addresses are on one axis (IPv4, then IPv6, then one point for each label of services), all services on another (a
protocol's ports, protocol after protocol). A set of packets is an integer with a bit for each pair of pieces, so union
and intersection are one operation for all of them.
"""

from bisect import bisect_left
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from infra.verify.network.model import PORTS, PROTOCOLS, Range

_V6 = 1 << 32
_LABELS = _V6 + (1 << 128)
_BASES = {4: 0, 6: _V6}


class Atoms:
    """The pieces, and sets of them as integers: rows of addresses, in each a column for each service."""

    def __init__(self, ranges: Iterable[Range], services: Iterable[tuple[int | None, range]]) -> None:
        given = set(ranges)
        self._labels = {label: _LABELS + at for at, label in enumerate(sorted(r for r in given if isinstance(r, str)))}
        self._rows = sorted({0, _V6, _LABELS, *(end for range_ in given for end in self._span(range_))})
        self._columns = sorted({0, *(end for service in services for end in _service_span(*service))})
        self._width = len(self._columns)
        self._ones = sum(1 << row * self._width for row in range(len(self._rows)))
        self.everything = (1 << len(self._rows) * self._width) - 1

    def _span(self, range_: Range) -> tuple[int, int]:
        if isinstance(range_, str):
            return self._labels[range_], self._labels[range_] + 1
        first = _BASES[range_.version] + int(range_.network_address)
        return first, first + range_.num_addresses

    def addresses(self, range_: Range) -> int:
        """All packets to a range; the labels are within 0.0.0.0/0 too, for what they stand for is."""
        bits = self._between(*self._span(range_))
        everyone = isinstance(range_, IPv4Network) and not range_.prefixlen
        return bits | self._between(_LABELS, _LABELS + len(self._labels)) if everyone else bits

    def _between(self, first: int, stop: int) -> int:
        low, high = (bisect_left(self._rows, end) * self._width for end in (first, stop))
        return self.everything & ((1 << high) - (1 << low))

    def services(self, protocol: int | None, ports: range) -> int:
        """All packets of a protocol to some ports."""
        low, high = (bisect_left(self._columns, end) for end in _service_span(protocol, ports))
        return self._ones * ((1 << high) - (1 << low))

    def sendable(self, range_: IPv4Network | IPv6Network) -> int:
        """All packets that an interface with an address of a range can send: those of its family."""
        if isinstance(range_, IPv4Network):
            return self._between(0, _V6) | self._between(_LABELS, _LABELS + len(self._labels))
        return self._between(_V6, _LABELS)

    def sample(self, bits: int) -> tuple[str, int, int]:
        """Destination, protocol and port of the first packet of a set that is not empty."""
        row, column = divmod((bits & -bits).bit_length() - 1, self._width)
        protocol, port = divmod(self._columns[column], PORTS)
        return self._written(self._rows[row]), protocol, port

    def _written(self, at: int) -> str:
        if at >= _LABELS:
            return next(label for label, position in self._labels.items() if position == at)
        return str(IPv4Address(at) if at < _V6 else IPv6Address(at - _V6))


def _service_span(protocol: int | None, ports: range) -> tuple[int, int]:
    if protocol is None:
        return 0, PROTOCOLS * PORTS
    return protocol * PORTS + ports.start, protocol * PORTS + ports.stop
