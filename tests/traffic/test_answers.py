# ruff: noqa: ANN002 - words of a command
"""Whom users of the sandbox stack are led to: the shipped stack, applied, asked over real DNS in every state.

The stack file is the shipped one with IPv6 turned on and a hostname that serves other populations too, so that every
record type and every template of rules takes part. What is not proved: that Oracle's name servers answer as the
simulated ones do; where Oracle's pages are silent, every reading is asked.
"""

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest
from click.testing import CliRunner

from infra import program
from infra.cli import main, workspace
from infra.sandbox import command_line
from infra.sandbox.dns import health, zones
from infra.sandbox.dns.geography import locate
from infra.sandbox.dns.server import LOOPBACK, serve
from infra.sandbox.dns.steering import AllDown, outcomes
from infra.sandbox.dns.survey import CLIENTS, TYPES, survey
from infra.sandbox.store import Store

HERE = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-23"
EDITS = {
    "      zone: us.example.com\n": "      zone: us.example.com\n      ipv6: true\n",
    "        api: {health: /healthz}\n": (
        "        api: {health: /healthz}\n        www: {health: /, others: us-phoenix-1}\n"
    ),
}
IAD, PHX = "usds-edge-iad", "usds-edge-phx"
HOSTNAMES = {"api": "FAILOVER", "upload": "LOAD_BALANCE", "www": "CUSTOM"}
US = ("Texas", "Virginia", "California", "Alaska", "Hawaii", "District of Columbia", "Puerto Rico", "US Virgin Islands",
      "Guam", "American Samoa", "Northern Mariana Islands", "US Minor Outlying Islands")  # fmt: skip
ASKING = {name: CLIENTS[name] for name in ("Texas", "California", "Hawaii", "Puerto Rico", "Guam", "Canada", "Mexico",
          "China", "Singapore", "Germany", "Ireland", "unknown")}  # fmt: skip
ELSEWHERE = ("Canada", "Mexico", "China", "Singapore", "Germany", "Ireland", "unknown")


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """The simulated clouds' file after `up` on an empty world."""
    root = tmp_path_factory.mktemp("traffic")
    (root / "stacks").mkdir()
    shutil.copy(HERE / "Pulumi.yaml", root)
    text = (HERE / "stacks" / "Pulumi.sandbox.yaml").read_text()
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new)
    (root / "stacks" / "Pulumi.sandbox.yaml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "ROOT", root)
        patch.setattr(program, "_ROOT", root)
        result = CliRunner().invoke(main, ["up", "--stack", "sandbox", "--as-of", AS_OF])
    assert result.exit_code == 0, result.output
    return root / ".sandbox" / "clouds.sqlite"


@pytest.fixture
def file(applied, tmp_path):
    """A copy for a test that fails edges."""
    store = Store(applied)
    store.copy_to(tmp_path / "clouds.sqlite")
    store.close()
    return tmp_path / "clouds.sqlite"


@pytest.fixture(scope="module")
def edges(applied):
    """The edge of each address."""
    store = Store(applied)
    with store.reading() as clouds:
        found = health.endpoints(clouds)
    store.close()
    return found


def ask(port, hostname, rtype, client="Texas"):
    """The response code and the data of the answers."""
    option = dns.edns.ECSOption(CLIENTS[client], 24)
    query = dns.message.make_query(f"{hostname}.us.example.com", rtype, use_edns=0, options=[option])
    response = dns.query.udp(query, LOOPBACK, port=port, timeout=60)
    return response.rcode(), [item.to_text() for rrset in response.answer for item in rrset]


@pytest.mark.no_cover
def test_every_answer_is_an_edge_of_this_stack(applied, edges, capsys):
    """Every name and type, from 12 places, in every state of health and while policies are replaced: none elsewhere.

    The counts of what is certain are exact: a failover has one answer for A and one for AAAA, and a question for ANY
    has both; only the shifted hostname is drawn, and its draws go to the same two edges.
    """
    found = survey(applied, ASKING)
    with capsys.disabled():
        print(f"\n{found.questions:,} questions over UDP, {found.answers:,} answers, {len(found.leaks)} lead elsewhere")
    assert found.leaks == []
    assert found.safe
    assert sorted(edges.values()) == sorted([(IAD, "us-ashburn-1"), (PHX, "us-phoenix-1")] * 2)
    assert {ip_address(address).version for address in edges} == {4, 6}
    assert set(found.names) == {
        f"{name}us.example.com." for name in ("", "no-such-name.", *(f"{label}." for label in HOSTNAMES))
    }
    assert found.questions == 7 * len(found.names) * len(TYPES) * len(ASKING)
    asked = len(HOSTNAMES) * len(ASKING) * 4  # A, AAAA, and both again for ANY
    assert {str(row.state): row.answers.total() for row in found.rows} == {
        "all up": asked,
        f"{IAD} down": asked,
        f"{PHX} down": asked,
        "all down, read as: nothing": 0,
        "all down, read as: everything": asked,
        "all down, read as: zone": 2 * asked,
        "policies being replaced": 2 * asked,
    }
    (first, second, third, *_) = found.rows
    assert (second.answers, third.answers) == ({PHX: asked}, {IAD: asked})
    assert first.answers[IAD] >= (len(ASKING) + len(ASKING.keys() & {*US})) * 4


def test_no_draw_can_lead_elsewhere(file, edges):
    """What a survey may not have drawn: every answer with any chance, in closed form, is an edge as well."""
    store = Store(file)
    with store.reading() as clouds:
        loaded = zones.load(clouds)
    store.close()
    attached = [policy for zone in loaded.values() for types in zone.attached.values() for policy in types.values()]
    assert sorted(item.policy.template for item in attached) == sorted([*HOSTNAMES.values()] * 2)
    for item in attached:
        addresses = [answer.rdata for answer in item.policy.answers]
        for client in CLIENTS.values():
            for down in ([], addresses[:1], addresses[1:], addresses):
                for reading in AllDown:
                    sets = outcomes(item.policy, locate(ip_address(client)), down=down, all_down=reading)
                    given = {answer.rdata for several in sets for answer in several}
                    assert given <= edges.keys()
                    assert sum(sets.values()) == 1


def test_who_is_answered_with_what(applied, edges):
    """US users and their territories by the failover order; others by theirs; the shift draws from both."""
    with serve(applied, seed=3) as port:

        def answered(hostname, client, rtype="A"):
            code, texts = ask(port, hostname, rtype, client)
            assert code == dns.rcode.NOERROR
            return [edges[text][0] for text in texts]

        assert {(client, *answered("www", client)) for client in US} == {(client, IAD) for client in US}
        assert {(client, *answered("www", client)) for client in ELSEWHERE} == {(client, PHX) for client in ELSEWHERE}
        assert {tuple(answered("api", client, "AAAA")) for client in CLIENTS} == {(IAD,)}
        draws = [answered("upload", "Texas") for _ in range(300)]
    assert 150 < draws.count([IAD]) < 270  # 70 per cent of 300, drawn with a fixed seed
    assert draws.count([IAD]) + draws.count([PHX]) == 300


def test_losing_a_region_and_both(file, edges, monkeypatch):
    """One region down: the other answers at once. Both down: an empty answer and no error. Healed: as before."""
    monkeypatch.setattr(command_line, "DATABASE", file)

    def command(*words):
        result = CliRunner().invoke(command_line.main, words)
        assert result.exit_code == 0, result.output

    def answered(hostname):
        code, texts = ask(port, hostname, "A")
        return code, [edges[text][0] for text in texts]

    with serve(file, seed=3) as port:
        for hostname in HOSTNAMES:
            command("health", "us-ashburn-1", "down")
            assert answered(hostname) == (dns.rcode.NOERROR, [PHX])
            command("health", PHX, "down")
            assert answered(hostname) == (dns.rcode.NOERROR, [])
            command("health", "us-ashburn-1", "up")
            assert answered(hostname) == (dns.rcode.NOERROR, [IAD])
            command("health", "us-phoenix-1", "up")
        assert answered("api") == (dns.rcode.NOERROR, [IAD])


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed")
def test_dig(applied, edges):
    """An ordinary resolver tool gets the same: over UDP and TCP, with client subnets, and nothing for other types."""
    with serve(applied, seed=3) as port:

        def dig(*words):
            base = ["dig", f"@{LOOPBACK}", "-p", str(port), "+short", "+tries=1", "+time=60"]
            done = subprocess.run([*base, *words], capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
            return done.stdout.split()

        for hostname in HOSTNAMES:
            name = f"{hostname}.us.example.com"
            for place in ("Texas", "Puerto Rico", "Singapore", "unknown"):
                for rtype in ("A", "AAAA"):
                    (address,) = dig(name, rtype, f"+subnet={CLIENTS[place]}/24")
                    assert edges[address][1] in {"us-ashburn-1", "us-phoenix-1"}
            assert dig(name, "A", "+tcp")[0] in edges
            assert [dig(name, rtype) for rtype in ("CNAME", "HTTPS", "SVCB", "MX", "NS", "SRV")] == [[]] * 6
