"""Asks the applied zones everything: every name and record type, from every place, in every state of the edges.

The questions go over UDP to a name server of the survey's own, which serves a copy of the simulated clouds' file: edges
fail, and policies go away, in the copy only. Every address in a response is looked up among the public load balancers.
Whatever else could lead a client somewhere (an alias, a service binding, a mail exchanger, a delegation) counts as
elsewhere, and so does an edge outside the United States.

What it does not show: draws that did not happen. A weighted answer is drawn once for each question.
"""

import itertools
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dns.edns
import dns.message
import dns.name
import dns.query
import dns.rcode
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from infra.sandbox.dns import health, zones
from infra.sandbox.dns.geography import PLACES
from infra.sandbox.dns.server import LOOPBACK, serve
from infra.sandbox.dns.steering import AllDown
from infra.sandbox.dns.tokens import ATTACHMENT
from infra.sandbox.oci.regions import UNITED_STATES
from infra.sandbox.store import Store

TYPES: Final = tuple(map(RdataType.make, ("A", "AAAA", "CNAME", "DNAME", "HTTPS", "SVCB", "SRV", "MX", "NS", "ANY")))
"""Record types that lead a client on, and the one that asks for all."""

CLIENTS: Final[Mapping[str, str]] = {place.name: str(place.network[1]) for place in PLACES} | {"unknown": "192.0.2.1"}
"""Where questions come from: an address in every place that the table knows, and one that it does not."""

_ADDRESSES = frozenset({RdataType.A, RdataType.AAAA})
_HARMLESS = frozenset({RdataType.SOA, RdataType.TXT, RdataType.CAA})
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What holds while questions are asked.

    Attributes:
        down: names of the edges that have failed.
        reading: what happens when every answer of a policy is down, where all edges are; each reading is a state.
        steered: False while policies are being replaced, when the zone's own records answer.
    """

    down: tuple[str, ...] = ()
    reading: AllDown | None = None
    steered: bool = True

    def __str__(self) -> str:
        if not self.steered:
            return "policies being replaced"
        if self.reading is not None:
            return f"all down, read as: {self.reading}"
        return f"{', '.join(self.down)} down" if self.down else "all up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """An answer that leads elsewhere, with the question."""

    state: State
    name: str
    rtype: str
    client: str
    answer: str


@dataclass(slots=True, kw_only=True)
class Row:
    """What was answered in one state.

    Attributes:
        answers: by edge, how many addresses of it were given.
        empty: responses without anything that leads on.
        failed: responses that are errors of the server.
    """

    state: State
    questions: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    empty: int = 0
    failed: int = 0


@dataclass(slots=True, kw_only=True)
class Survey:
    """All rows, and every answer that leads elsewhere.

    Attributes:
        edges: region of each edge, by name.
        names: hostnames that were asked for.
    """

    edges: Mapping[str, str]
    names: Sequence[str]
    rows: list[Row] = field(default_factory=list[Row])
    leaks: list[Leak] = field(default_factory=list[Leak])

    @property
    def questions(self) -> int:
        """How many questions were asked."""
        return sum(row.questions for row in self.rows)

    @property
    def answers(self) -> int:
        """How many answers lead to an edge."""
        return sum(row.answers.total() for row in self.rows)

    @property
    def failed(self) -> int:
        """How many responses are errors."""
        return sum(row.failed for row in self.rows)

    @property
    def safe(self) -> bool:
        """Whether something was answered, and nothing led elsewhere or failed."""
        return bool(self.answers) and not self.leaks and not self.failed


def survey(database: Path, clients: Mapping[str, str] = CLIENTS) -> Survey:
    """Ask everything.

    Args:
        database: file of the simulated clouds; it is left as it is.
        clients: address of each place that asks.

    Raises:
        SandboxFileError: the file cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "clouds.sqlite"
        store = Store(database)
        try:
            store.copy_to(copy)
            with store.reading() as clouds:
                endpoints, loaded = health.endpoints(clouds), zones.load(clouds)
        finally:
            store.close()
        names = sorted({name for zone in loaded.values() for name in _names(zone)})
        found = Survey(edges=dict(sorted(endpoints.values())), names=[name.to_text() for name in names])
        surveyor = _Surveyor(
            names=tuple(names),
            clients=clients,
            owners={address: name for address, (name, region) in endpoints.items() if region in UNITED_STATES},
            origins=frozenset(loaded),
            leaks=found.leaks,
        )
        for reading, states in itertools.groupby(_states(found.edges), key=lambda state: state.reading):
            with serve(copy, seed=0, all_down=reading or AllDown.NOTHING) as port:
                for state in states:
                    _put(copy, state, found.edges)
                    found.rows.append(surveyor.ask_all(state, port))
        return found


def _names(zone: zones.Zone) -> Iterator[Name]:
    """Every name with something at it, one that a wildcard would answer, and one that nothing has."""
    for name in {zone.origin, *zone.records, *zone.attached, *zone.aliases}:
        yield dns.name.from_text("any", name.parent()) if name.is_wild() else name
    yield dns.name.from_text("no-such-name", zone.origin)


def _states(edges: Collection[str]) -> Iterator[State]:
    """Every state, in an order in which policies that went away never have to come back."""
    for size in range(len(edges)):
        for down in itertools.combinations(edges, size):
            yield State(down=down)
    for reading in AllDown:
        yield State(down=tuple(edges), reading=reading)
    yield State(steered=False)


def _put(copy: Path, state: State, edges: Collection[str]) -> None:
    """Bring the copy into a state."""
    for edge in edges:
        health.set_health(copy, edge, up=edge not in state.down)
    if not state.steered:
        store = Store(copy)
        with store.changing() as clouds:
            for attachment in clouds.all(cloud="oci", type=ATTACHMENT):
                clouds.remove(attachment)
        store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surveyor:
    """Asks, and judges what comes back.

    Attributes:
        owners: the edge of each address that may be given.
        origins: of the zones, whose own name servers lead nobody elsewhere.
        leaks: where answers that lead elsewhere are put down.
    """

    names: Sequence[Name]
    clients: Mapping[str, str]
    owners: Mapping[str, str]
    origins: frozenset[Name]
    leaks: list[Leak]

    def ask_all(self, state: State, port: int) -> Row:
        """Every name and type from everywhere."""
        row = Row(state=state)
        for name, rtype, client in itertools.product(self.names, TYPES, self.clients):
            subnet = dns.edns.ECSOption(self.clients[client], 24)
            query = dns.message.make_query(name, rtype, use_edns=0, options=[subnet])
            response = dns.query.udp(query, LOOPBACK, port=port, timeout=_TIMEOUT)
            leading = [rrset for rrset in (*response.answer, *response.authority) if self._leads(rrset)]
            row.questions += 1
            row.empty += not leading
            row.failed += response.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
            for rrset in leading:
                for text in _texts(rrset):
                    if rrset.rdtype in _ADDRESSES and text in self.owners:
                        row.answers[self.owners[text]] += 1
                    else:
                        given = f"{rrset.name} {rrset.rdtype.name} {text}"
                        asked = {"name": name.to_text(), "rtype": rtype.name, "client": client}
                        self.leaks.append(Leak(state=state, answer=given, **asked))
        return row

    def _leads(self, rrset: RRset) -> bool:
        """Whether a client would go on with it: all but texts, and the zone's own name servers."""
        own = rrset.rdtype == RdataType.NS and rrset.name in self.origins
        return not own and rrset.rdtype not in _HARMLESS


def _texts(rrset: Any) -> list[str]:
    return [rdata.to_text() for rdata in rrset]
