# ruff: noqa: ANN002, ANN003 - builders take what a record or a command takes
"""The survey: what is safe is found safe, and every way to lead a client elsewhere is found, with its question.

The stack that is surveyed is made by hand, one leak at a time; `tests/traffic` surveys the one that is shipped.
"""

import json

import pytest
from click.testing import CliRunner

from infra.sandbox import command_line
from infra.sandbox.dns import tokens
from infra.sandbox.dns.survey import CLIENTS, TYPES, survey
from infra.sandbox.store import Store
from tests.sandbox.dns.state import FAILOVER, IAD, LEGACY, PHX, balancer, fill, record, rrset

TEXAS = {"Texas": CLIENTS["Texas"]}
EVERYWHERE = {name: CLIENTS[name] for name in ("Texas", "Puerto Rico", "unknown")}
API = "api.us.example.com."


def policy(**changes):
    """The hostname's policy, changed."""
    return record(tokens.STEERING_POLICY, "policy", FAILOVER | changes)


def answers(*addresses):
    """Answers with these addresses, the first two in the order of failover."""
    names = ("iad", "phx", "more")
    return [{"name": name, "rtype": "A", "rdata": text} for name, text in zip(names, addresses, strict=False)]


def by_state(found):
    """Answers of each state, by edge."""
    return {str(row.state): dict(row.answers) for row in found.rows}


def test_a_safe_stack(tmp_path):
    """Every state in order; a question for A and one for ANY has an answer, from wherever it is asked."""
    found = survey(fill(tmp_path / "clouds.sqlite"), EVERYWHERE)
    asked = 2 * len(EVERYWHERE)
    assert found.safe
    assert found.names == ["us.example.com.", API, "no-such-name.us.example.com."]
    assert by_state(found) == {
        "all up": {"usds-edge-iad": asked},
        "usds-edge-iad down": {"usds-edge-phx": asked},
        "usds-edge-phx down": {"usds-edge-iad": asked},
        "all down, read as: nothing": {},
        "all down, read as: everything": {"usds-edge-iad": asked},
        "all down, read as: zone": {"usds-edge-iad": asked, "usds-edge-phx": asked},
        "policies being replaced": {"usds-edge-iad": asked, "usds-edge-phx": asked},
    }
    assert {row.questions for row in found.rows} == {len(found.names) * len(TYPES) * len(EVERYWHERE)}
    assert (found.answers, found.failed, found.leaks) == (8 * asked, 0, [])


LEAKS = {
    # (what is put into the stack, the answer that is found, the states in which it is found: None for all)
    "a legacy answer last in order": (
        [policy(answers=answers(IAD, PHX, LEGACY))],
        f"{API} A {LEGACY}",
        {"all down, read as: nothing", "all down, read as: everything", "all down, read as: zone"},
    ),
    "a legacy address in the zone's own records": (
        [rrset(API, "A", IAD, LEGACY)],
        f"{API} A {LEGACY}",
        {"policies being replaced", "all down, read as: zone"},
    ),
    "IPv6 beside a policy for IPv4": ([rrset(API, "AAAA", "2001:db8::9")], f"{API} AAAA 2001:db8::9", None),
    "an alias": (
        [rrset("cdn.us.example.com", "CNAME", "far.example.")],
        "cdn.us.example.com. CNAME far.example.",
        None,
    ),
    "a wildcard": ([rrset("*.us.example.com", "A", LEGACY)], f"any.us.example.com. A {LEGACY}", None),
    "a service binding": ([rrset(API, "HTTPS", "1 far.example.")], f"{API} HTTPS 1 far.example.", None),
    "a mail exchanger": ([rrset(API, "MX", "10 far.example.")], f"{API} MX 10 far.example.", None),
    "a service": (
        [rrset("_x._tcp.us.example.com", "SRV", "0 0 443 far.example.")],
        "_x._tcp.us.example.com. SRV 0 0 443 far.example.",
        None,
    ),
    "a delegation": (
        [rrset("eu.us.example.com", "NS", "ns.far.example.")],
        "eu.us.example.com. NS ns.far.example.",
        None,
    ),
    "a load balancer in Singapore": (
        [balancer("usds-edge-sin", "ap-singapore-1", "192.0.2.3"), rrset("sg.us.example.com", "A", "192.0.2.3")],
        "sg.us.example.com. A 192.0.2.3",
        None,
    ),
    "an address of nobody's": (
        [rrset("old.us.example.com", "A", "192.0.2.77")],
        "old.us.example.com. A 192.0.2.77",
        None,
    ),
}


@pytest.mark.parametrize(("extra", "answer", "states"), LEAKS.values(), ids=LEAKS)
def test_every_leak_is_found(tmp_path, extra, answer, states):
    """In every state in which it is given, and nothing else is."""
    found = survey(fill(tmp_path / "clouds.sqlite", *extra), TEXAS)
    assert not found.safe
    assert {leak.answer.replace("no-such-name", "any") for leak in found.leaks} == {answer}
    assert {str(leak.state) for leak in found.leaks} == (states or {str(row.state) for row in found.rows})


def test_a_leak_for_some_places_only(tmp_path):
    """A case that names a place and a pool: those who ask from there are led elsewhere, and the survey says who."""
    by_place = {
        "ruleType": "FILTER",
        "cases": [
            {
                "caseCondition": "query.client.geoKey in (geoKey '6252001')",
                "answerDatas": [{"answerCondition": "answer.name != 'more'", "shouldKeep": True}],
            },
            {"answerDatas": [{"answerCondition": "answer.name == 'more'", "shouldKeep": True}]},
        ],
    }
    geographic = policy(template="CUSTOM", answers=answers(IAD, PHX, LEGACY), rules=[by_place])
    found = survey(fill(tmp_path / "clouds.sqlite", geographic), EVERYWHERE)
    assert {(leak.client, leak.name, leak.rtype) for leak in found.leaks if str(leak.state) == "all up"} == {
        (client, API, rtype) for client in ("Puerto Rico", "unknown") for rtype in ("A", "ANY")
    }


def test_errors_are_not_safe(tmp_path):
    """An alias that nobody here can follow is an error of the server: nobody is led elsewhere, and nothing is shown."""
    found = survey(fill(tmp_path / "clouds.sqlite", rrset("root.us.example.com", "ALIAS", "far.example.")), TEXAS)
    assert (found.leaks, found.safe) == ([], False)
    assert {row.failed for row in found.rows} == {2}


def test_no_answer_is_not_safe(tmp_path):
    """A survey in which nothing was answered shows nothing."""
    disabled = [answer | {"isDisabled": True} for answer in answers(IAD, PHX)]
    found = survey(fill(tmp_path / "clouds.sqlite", rrset("api.us.example.com", "A"), policy(answers=disabled)), TEXAS)
    assert (found.answers, found.leaks, found.safe) == (0, [], False)


def test_the_file_is_left_as_it_is(tmp_path):
    """Edges that a person has failed stay so, others are not failed, and policies stay attached."""
    file = fill(tmp_path / "clouds.sqlite")
    before = everything(file)
    survey(file, TEXAS)
    assert everything(file) == before


def everything(file):
    """Resources and facts."""
    store = Store(file)
    with store.reading() as clouds:
        found = clouds.all(), clouds.fact("endpoints down")
    store.close()
    return found


def run(monkeypatch, file, *words):
    """Exit code and output of the command, asked from one place."""
    monkeypatch.setattr(command_line, "DATABASE", file)
    monkeypatch.setattr("infra.sandbox.dns.survey.survey.__defaults__", (TEXAS,))
    result = CliRunner().invoke(command_line.main, ["survey", *words])
    return result.exit_code, result.output


def test_the_command_on_a_safe_stack(tmp_path, monkeypatch):
    """Verdict first, a line for each state, exit 0; the same figures for machines."""
    file = fill(tmp_path / "clouds.sqlite")
    code, text = run(monkeypatch, file)
    assert code == 0
    assert text.splitlines()[0] == (
        "SAFE  210 questions, 16 answers: 16 are addresses of edges in us-ashburn-1 and us-phoenix-1, 0 lead elsewhere"
    )
    assert "  usds-edge-iad down                    30              0              2         28       0\n" in text
    code, text = run(monkeypatch, file, "--json")
    document = json.loads(text)
    assert (code, document["safe"], document["questions"], document["answers"]) == (0, True, 210, 16)


def test_the_command_on_a_leak(tmp_path, monkeypatch):
    """Exit 1, and the questions whose answers lead elsewhere, the first twenty of them."""
    file = fill(tmp_path / "clouds.sqlite", rrset("*.us.example.com", "A", LEGACY))
    code, text = run(monkeypatch, file)
    assert code == 1
    assert text.startswith("LEAKS  ")
    assert f"all up: any.us.example.com. A, asked from Texas: any.us.example.com. A {LEGACY}" in text
    assert "and 8 more" in text
    assert json.loads(run(monkeypatch, file, "--json")[1])["leaks"][0]["client"] == "Texas"


def test_the_command_on_nothing(tmp_path, monkeypatch):
    """Without a zone, or with a file or policy that cannot be read, there is nothing to ask: exit 2, and why."""
    code, text = run(monkeypatch, tmp_path / "clouds.sqlite")
    assert code == 2
    assert "apply a stack" in text
    unreadable = policy(rules=[{"ruleType": "FILTER", "cases": [{"caseCondition": "maybe"}]}])
    code, text = run(monkeypatch, fill(tmp_path / "unreadable", unreadable))
    assert code == 2
    assert "maybe" in text
    (tmp_path / "broken").write_text("x" * 5000)
    assert run(monkeypatch, tmp_path / "broken")[0] == 2
