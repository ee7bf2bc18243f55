"""What a change does to access: who can do more than before with which dataset, and who can do less.

Two plans are compared by what they grant, not by how it is written: a statement that is said in other words, a network
under another name and a narrower range are no more than before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Network, collapse_addresses

from infra.residency.access_matrix import Reach, matrix
from infra.residency.oracle_powers import Power
from infra.residency.placement import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that somebody can do now, or can do no longer.

    Attributes:
        wider: whether it is new.
        reach: the row of the plan that has it.
        powers, where: what of the row is new, or gone.
        network: from where, with its addresses where the row's network has some.
    """

    wider: bool
    reach: Reach
    powers: tuple[Power, ...]
    where: tuple[str, ...]
    network: str

    def text(self) -> str:
        """As a sentence."""
        may = "may" if self.wider else "may no longer"
        does = ", ".join(power.removesuffix(" data") for power in self.powers)
        until = f" until {self.reach.until.isoformat().replace('+00:00', 'Z')}" if self.reach.until else ""
        where = ", ".join(self.where)
        return f"{self.reach.who} {may} {does} {self.reach.dataset} in {where} from {self.network}{until}"


@dataclass(frozen=True, slots=True)
class _Way:
    """One power over one dataset at one place, from one range of addresses (None: what has none)."""

    row: Reach
    power: Power
    place: str
    cidr: IPv4Network | None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same as another one, but for the range and the time."""
        network = self.row.network if self.cidr is None else ""
        return (self.row.dataset, self.row.who, self.power, self.place, network)

    def within(self, other: "_Way") -> bool:
        """Whether the other one lets at least as much."""
        return (
            (self.cidr is None or (other.cidr is not None and self.cidr.subnet_of(other.cidr)))
            and _moment(self.row.until, _NEVER) <= _moment(other.row.until, _NEVER)
            and _moment(self.row.since, _ALWAYS) >= _moment(other.row.since, _ALWAYS)
        )


_NEVER, _ALWAYS = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


def _moment(day: date | None, otherwise: datetime) -> datetime:
    if day is None:
        return otherwise
    return day if isinstance(day, datetime) else datetime.combine(day, time(tzinfo=UTC))


def changes(before: Plan, after: Plan) -> tuple[Change, ...]:
    """What is wider, then what is narrower, each sorted by dataset and by who it is."""
    old, new = _ways(before), _ways(after)
    return (*_beyond(new, old, wider=True), *_beyond(old, new, wider=False))


def _ways(plan: Plan) -> tuple[_Way, ...]:
    named = plan.access.networks if plan.access is not None else ()
    networks = {network.name: tuple(collapse_addresses(network.cidrs)) for network in named}
    return tuple(
        _Way(row, power, place, cidr)
        for row in matrix(plan)
        for power in row.powers
        for place in row.where
        for cidr in _ranges(row, networks)
    )


def _ranges(row: Reach, networks: Mapping[str, tuple[IPv4Network, ...]]) -> tuple[IPv4Network | None, ...]:
    return networks.get(row.network, (None,))


def _beyond(ways: tuple[_Way, ...], others: tuple[_Way, ...], *, wider: bool) -> Iterator[Change]:
    """What some ways let that none of the others does, put together by row and network."""
    known: dict[tuple[str, ...], list[_Way]] = {}
    for way in others:
        known.setdefault(way.key, []).append(way)
    found: dict[tuple[Reach, tuple[Power, ...], str], set[str]] = {}
    for (row, place), powers in _by_place(
        way for way in ways if not any(way.within(other) for other in known.get(way.key, ()))
    ).items():
        for powers_, network in _by_network(row, powers):
            found.setdefault((row, powers_, network), set()).add(place)
    for (row, powers, network), places in found.items():
        yield Change(wider=wider, reach=row, powers=powers, where=tuple(sorted(places)), network=network)


def _by_place(ways: Iterator[_Way]) -> dict[tuple[Reach, str], dict[Power, list[str]]]:
    found: dict[tuple[Reach, str], dict[Power, list[str]]] = {}
    for way in ways:
        ranges = found.setdefault((way.row, way.place), {}).setdefault(way.power, [])
        if way.cidr is not None:
            ranges.append(str(way.cidr))
    return found


def _by_network(row: Reach, powers: dict[Power, list[str]]) -> Iterator[tuple[tuple[Power, ...], str]]:
    """The powers that are held from the same ranges, with those ranges."""
    alike: dict[str, list[Power]] = {}
    for power, ranges in powers.items():
        alike.setdefault(f"{row.network} ({', '.join(ranges)})" if ranges else row.network, []).append(power)
    for network, held in alike.items():
        yield tuple(power for power in Power if power in held), network
