# ruff: noqa: ANN002, ANN003 - builders of records take what a record has
"""The name server: real DNS messages over UDP and TCP, answered from what is applied.

What is not proved here: that Oracle's name servers answer alike where its pages are silent.
"""

import socket
from contextlib import contextmanager
from ipaddress import ip_address

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from infra.sandbox.dns import health, tokens
from infra.sandbox.dns.geography import PLACES, locate
from infra.sandbox.dns.server import LOOPBACK, serve
from infra.sandbox.dns.steering import AllDown
from infra.sandbox.store import Store
from tests.sandbox.dns.state import BASE, FAILOVER, IAD, LEGACY, PHX, fill, record, rrset


@contextmanager
def world(tmp_path, *extra, **settings):
    """A served file with the base zone and more; gives the port and the file."""
    database = fill(tmp_path / "clouds.sqlite", *extra)
    with serve(database, seed=1, **settings) as port:
        yield port, database


def ask(port, name, rtype="A", *, subnet=None, how=dns.query.udp):
    """One query."""
    options = [] if subnet is None else [dns.edns.ECSOption(*subnet)]
    query = dns.message.make_query(name, rtype, use_edns=0 if options else None, options=options)
    return how(query, LOOPBACK, port=port, timeout=60)


def texts(response):
    """Data of the answer section, sorted."""
    return sorted(item.to_text() for rrset_ in response.answer for item in rrset_)


def test_a_steered_name_answers_from_its_policy_and_not_from_its_records(tmp_path):
    """Over UDP and TCP alike, with the policy's TTL, authoritatively."""
    with world(tmp_path) as (port, _):
        for how in (dns.query.udp, dns.query.tcp):
            response = ask(port, "api.us.example.com", how=how)
            assert texts(response) == [IAD]
            assert response.answer[0].ttl == 30
            assert response.flags & dns.flags.AA


def test_records_answer_while_a_policy_is_away(tmp_path):
    """Without its attachment the name has its plain records; the change is seen by the next query."""
    with world(tmp_path) as (port, database):
        store = Store(database)
        with store.changing() as clouds:
            clouds.remove(BASE[4])
        store.close()
        response = ask(port, "api.us.example.com")
        assert texts(response) == [IAD, PHX]
        assert response.answer[0].ttl == 300


def test_endpoints_fail_and_heal(tmp_path):
    """By name, region or address; the order of failover; one switch for all monitors."""
    with world(tmp_path) as (port, database):
        assert health.set_health(database, "usds-edge-iad", up=False) == (IAD,)
        assert texts(ask(port, "api.us.example.com")) == [PHX]
        assert health.set_health(database, "us-ashburn-1", up=True) == (IAD,)
        assert texts(ask(port, "api.us.example.com")) == [IAD]
        assert health.set_health(database, PHX, up=False) == (PHX,)
        assert texts(ask(port, "api.us.example.com")) == [IAD]


def test_an_endpoint_that_is_unknown_is_refused_with_those_that_are_known(tmp_path):
    """Nothing is written down for a misspelling."""
    known = r"us-ashburn-1, us-phoenix-1, usds-edge-iad"
    with world(tmp_path) as (_, database), pytest.raises(health.UnknownEndpointError, match=known):
        health.set_health(database, "usds-edge-lad", up=False)
    with pytest.raises(health.UnknownEndpointError, match="there are none yet"):
        health.set_health(tmp_path / "other.sqlite", "usds-edge-iad", up=False)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [(AllDown.NOTHING, []), (AllDown.EVERYTHING, [IAD]), (AllDown.ZONE, [IAD, PHX])],
)
def test_when_every_edge_is_down_no_reading_leaves_the_stack(tmp_path, reading, expected):
    """Nothing (an empty NOERROR answer with the SOA), the policy as if all were up, or the zone's own records."""
    with world(tmp_path, all_down=reading) as (port, database):
        for region in ("us-ashburn-1", "us-phoenix-1"):
            health.set_health(database, region, up=False)
        response = ask(port, "api.us.example.com")
        assert (response.rcode(), texts(response)) == (dns.rcode.NOERROR, expected)
        assert [r.rdtype.name for r in response.authority] == ([] if expected else ["SOA"])


def test_a_disabled_monitor_reports_nothing_down(tmp_path):
    """So do targets that it does not have."""
    disabled = record(tokens.MONITOR, "monitor", {"targets": [IAD, PHX], "isEnabled": False})
    with world(tmp_path, disabled) as (port, database):
        health.set_health(database, IAD, up=False)
        assert texts(ask(port, "api.us.example.com")) == [IAD]


MORE = (
    rrset("us.example.com", "CAA", '0 issue "ca.example"'),
    rrset("us.example.com", "TXT", "hello world"),
    rrset("www.us.example.com", "CNAME", "api.us.example.com."),
    rrset("out.us.example.com", "CNAME", "elsewhere.example.net."),
    rrset("loop.us.example.com", "CNAME", "loop.us.example.com."),
    rrset("*.wild.us.example.com", "A", LEGACY),
    rrset("deep.under.us.example.com", "A", PHX),
    rrset("sub.us.example.com", "NS", "ns.elsewhere.example.net."),
    rrset("alias.us.example.com", "ALIAS", "api.us.example.com."),
    rrset("lost.us.example.com", "ALIAS", "elsewhere.example.net."),
    rrset("badalias.us.example.com", "ALIAS", "loop.us.example.com."),
    rrset("empty.us.example.com", "A"),
    record(
        tokens.RECORD,
        "single",
        {"zoneNameOrId": "us.example.com.", "domain": "one.us.example.com", "rtype": "MX", "rdata": "10 mx.example."},
    ),
    record(tokens.RRSET, "stray", {"zoneNameOrId": "no-such-zone", "domain": "x.example", "rtype": "A", "items": []}),
    record(tokens.ATTACHMENT, "stray", {"zoneId": "gone", "domainName": "x.example", "steeringPolicyId": "policy"}),
    record(tokens.ZONE, "private", {"name": "private.example", "zoneType": "PRIMARY", "scope": "PRIVATE"}),
)


@pytest.mark.parametrize(
    ("name", "rtype", "rcode", "answer"),
    [
        ("us.example.com", "SOA", "NOERROR", None),
        ("us.example.com", "NS", "NOERROR", [f"{server}." for server in tokens.NAME_SERVERS]),
        ("us.example.com", "CAA", "NOERROR", ['0 issue "ca.example"']),
        ("us.example.com", "TXT", "NOERROR", ['"hello world"']),
        ("us.example.com", "A", "NOERROR", []),
        ("api.us.example.com", "AAAA", "NOERROR", []),
        ("api.us.example.com", "HTTPS", "NOERROR", []),
        ("api.us.example.com", "ANY", "NOERROR", [IAD]),
        ("API.US.EXAMPLE.COM", "A", "NOERROR", [IAD]),
        ("www.us.example.com", "A", "NOERROR", [IAD, "api.us.example.com."]),
        ("www.us.example.com", "CNAME", "NOERROR", ["api.us.example.com."]),
        ("out.us.example.com", "A", "NOERROR", ["elsewhere.example.net."]),
        ("loop.us.example.com", "A", "SERVFAIL", []),
        ("any.wild.us.example.com", "A", "NOERROR", [LEGACY]),
        ("a.b.wild.us.example.com", "A", "NOERROR", [LEGACY]),
        ("wild.us.example.com", "A", "NOERROR", []),
        ("under.us.example.com", "A", "NOERROR", []),
        ("sub.us.example.com", "A", "NOERROR", []),
        ("host.sub.us.example.com", "A", "NOERROR", []),
        ("alias.us.example.com", "A", "NOERROR", [IAD]),
        ("alias.us.example.com", "AAAA", "NOERROR", []),
        ("alias.us.example.com", "TXT", "NOERROR", []),
        ("lost.us.example.com", "A", "SERVFAIL", []),
        ("badalias.us.example.com", "A", "SERVFAIL", []),
        ("empty.us.example.com", "A", "NXDOMAIN", []),
        ("one.us.example.com", "MX", "NOERROR", ["10 mx.example."]),
        ("nothing.us.example.com", "A", "NXDOMAIN", []),
        ("example.com", "A", "REFUSED", []),
        ("x.private.example", "A", "REFUSED", []),
        ("us.example.com", "AXFR", "REFUSED", []),
    ],
)
def test_every_kind_of_name_and_record(many_names, name, rtype, rcode, answer):
    """Existing and missing names, aliases, wildcards, delegations, foreign zones."""
    how = raw_tcp if rtype == "AXFR" else dns.query.udp
    response = ask(many_names, name, rtype, how=how)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert answer is None or texts(response) == answer


@pytest.fixture(scope="module")
def many_names(tmp_path_factory):
    """Port of a server with one name of every kind; asking changes nothing."""
    with world(tmp_path_factory.mktemp("names"), *MORE) as (port, _):
        yield port


def raw_tcp(query, host, *, port, timeout):
    """A single message over TCP, also for types that a client library treats as transfers."""
    with socket.create_connection((host, port), timeout=timeout) as connection:
        wire = query.to_wire()
        connection.sendall(len(wire).to_bytes(2) + wire)
        length = int.from_bytes(connection.recv(2))
        return dns.message.from_wire(connection.recv(length))


def test_a_delegation_is_a_referral(tmp_path):
    """Not authoritative, with the other servers in the authority section; a DS question stays with the parent."""
    with world(tmp_path, *MORE) as (port, _):
        response = ask(port, "host.sub.us.example.com")
        assert not response.flags & dns.flags.AA
        assert [r.to_text().split()[-1] for r in response.authority] == ["ns.elsewhere.example.net."]
        assert [r.rdtype.name for r in ask(port, "sub.us.example.com", "DS").authority] == ["SOA"]


def test_the_client_subnet_decides_the_place(tmp_path):
    """EDNS client subnet beats the resolver's address, and is echoed with its scope."""
    texas = next(place for place in PLACES if place.name == "Texas")
    by_place = {
        "template": "CUSTOM",
        "answers": FAILOVER["answers"],
        "rules": [
            {
                "ruleType": "PRIORITY",
                "cases": [
                    {
                        "caseCondition": "query.client.geoKey in (geoKey '6252001')",
                        "answerDatas": [{"answerCondition": "answer.name == 'phx'", "value": 1}],
                    },
                    {"answerDatas": [{"answerCondition": "answer.name == 'iad'", "value": 1}]},
                ],
            },
            {"ruleType": "LIMIT", "defaultCount": 1},
        ],
    }
    with world(tmp_path, record(tokens.STEERING_POLICY, "policy", by_place)) as (port, _):
        here = ask(port, "api.us.example.com", subnet=(str(texas.network.network_address), 24))
        assert texts(here) == [PHX]
        assert [(o.address, o.srclen, o.scopelen) for o in here.options] == [(str(texas.network[0]), 24, 24)]
        assert texts(ask(port, "api.us.example.com", subnet=("2001:db8::", 56))) == [IAD]
        assert texts(ask(port, "api.us.example.com")) == [IAD]


def test_places_of_the_table():
    """Each in one network of its own, territories outside the United States' key, everything else nowhere."""
    assert len({place.network for place in PLACES}) == len(PLACES) == 18
    keys = {place.name: locate(place.network[9]).geo_keys for place in PLACES}
    assert all("6252001" in keys[name] for name in ("Texas", "Hawaii", "District of Columbia"))
    assert all("6252001" not in keys[name] for name in ("Puerto Rico", "Guam", "Canada", "China"))
    assert locate(ip_address("203.0.113.1")).geo_keys == frozenset()
    assert locate(ip_address("203.0.113.1")).asn is None


def test_a_cname_policy_covers_its_name(tmp_path):
    """A policy of CNAME answers: the answer is the alias, followed as far as the zones reach."""
    policy = {
        "template": "CUSTOM",
        "answers": [{"name": "c", "rtype": "CNAME", "rdata": "deep.under.us.example.com."}],
        "rules": [{"ruleType": "LIMIT", "defaultCount": 1}],
    }
    attached = {"zoneId": "zone", "domainName": "c.us.example.com", "steeringPolicyId": "cname"}
    extra = (record(tokens.STEERING_POLICY, "cname", policy), record(tokens.ATTACHMENT, "c", attached), *MORE)
    with world(tmp_path, *extra) as (port, _):
        assert texts(ask(port, "c.us.example.com")) == [PHX, "deep.under.us.example.com."]


def test_a_policy_that_cannot_be_read_is_a_failure_and_never_a_guess(tmp_path):
    """It cannot come about through the API; if it does, clients get SERVFAIL."""
    broken = FAILOVER | {"rules": [{"ruleType": "FILTER", "cases": [{"caseCondition": "maybe"}]}]}
    with world(tmp_path, record(tokens.STEERING_POLICY, "policy", broken)) as (port, _):
        assert ask(port, "api.us.example.com").rcode() == dns.rcode.SERVFAIL


def test_large_answers_are_cut_over_udp_and_whole_over_tcp(tmp_path):
    """The truncation flag sends a client to TCP."""
    many = rrset("many.us.example.com", "A", *(f"192.0.2.{n}" for n in range(100)))
    with world(tmp_path, many) as (port, _):
        assert ask(port, "many.us.example.com").flags & dns.flags.TC
        assert len(texts(ask(port, "many.us.example.com", how=dns.query.tcp))) == 100


def exchange(port, wire):
    """A raw datagram and what comes back, None for silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(0.3)
        connection.sendto(wire, (LOOPBACK, port))
        try:
            return connection.recv(65535)
        except TimeoutError:
            return None


def test_hostile_messages(tmp_path):
    """Junk, responses, other operations and classes; the server lives on."""
    response = dns.message.make_query("api.us.example.com", "A")
    response.flags |= dns.flags.QR
    update = dns.message.make_query("api.us.example.com", "A")
    update.set_opcode(dns.opcode.NOTIFY)
    chaos = dns.message.make_query("version.bind", "TXT", rdclass="CH")
    empty = dns.message.Message()
    with world(tmp_path) as (port, _):
        assert exchange(port, b"") is None
        assert exchange(port, b"\x00" * 11) is None
        assert exchange(port, response.to_wire()) is None
        assert exchange(port, b"\x12\x34\x80" + b"\xff" * 20) is None
        assert exchange(port, b"\x12\x34\x00\x00\x00\x01" + b"\x00" * 6 + b"\xff" * 9)[:4] == b"\x12\x34\x80\x01"
        for message, rcode in ((update, dns.rcode.NOTIMP), (chaos, dns.rcode.REFUSED), (empty, dns.rcode.FORMERR)):
            assert dns.message.from_wire(exchange(port, message.to_wire())).rcode() == rcode
        assert texts(ask(port, "api.us.example.com")) == [IAD]


def test_a_silent_tcp_client_gets_a_closed_connection(tmp_path):
    """A message that deserves no answer ends the connection."""
    response = dns.message.make_query("api.us.example.com", "A")
    response.flags |= dns.flags.QR
    with world(tmp_path) as (port, _), socket.create_connection((LOOPBACK, port), timeout=5) as connection:
        wire = response.to_wire()
        connection.sendall(len(wire).to_bytes(2) + wire)
        assert connection.recv(2) == b""


def test_a_port_that_is_taken_is_an_error(tmp_path):
    """Nothing is left behind: the same port can be had once it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        attempt = serve(tmp_path / "clouds.sqlite", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            attempt.__enter__()


def test_an_unusable_file_is_a_failure_and_not_a_crash(tmp_path):
    """SERVFAIL until the file can be read."""
    database = tmp_path / "clouds.sqlite"
    database.write_bytes(b"not a database" * 100)
    with serve(database) as port:
        assert ask(port, "api.us.example.com").rcode() == dns.rcode.SERVFAIL
