"""Findings: sorted, said in full, and shown so that hostile text obeys nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.findings import Finding, Refusal, ResidencyError, Rule, join, nearest, render, visible

FINDING = Finding(
    path="oci.regions.us-gov-ashburn-1",
    rule=Rule.REGION,
    given="us-gov-ashburn-1, a region of realm OC3 (US government)",
    allowed="us-ashburn-1, us-chicago-1, us-phoenix-1, us-sanjose-1",
    why="one tenancy lives in one realm; data cannot be replicated across realms",
    fix="did you mean us-ashburn-1?",
    line=9,
)
BARE = Finding(path="", rule=Rule.SYNTAX, given="nonsense", allowed="YAML", fix="mend it")


def test_findings_are_rendered_for_people():
    """What, where, what is allowed, why, how to mend it; the text of the whole, letter by letter."""
    assert render([FINDING, BARE], "stacks/Pulumi.us-prod.yaml") == (
        "usdata: 2 problems in stacks/Pulumi.us-prod.yaml; nothing was planned.\n"
        "\n"
        "  1  oci.regions.us-gov-ashburn-1                                   line 9\n"
        "     given    us-gov-ashburn-1, a region of realm OC3 (US government)\n"
        "     allowed  us-ashburn-1, us-chicago-1, us-phoenix-1, us-sanjose-1\n"
        "     why      one tenancy lives in one realm; data cannot be replicated across realms\n"
        "     fix      did you mean us-ashburn-1?\n"
        "  2  (the whole file)\n"
        "     given    nonsense\n"
        "     allowed  YAML\n"
        "     fix      mend it\n"
    )


def test_one_finding_is_one_problem_and_ten_stay_aligned():
    """Grammar, and columns that do not jump when numbers grow a digit."""
    assert render([BARE], "f").startswith("usdata: 1 problem in f;")
    lines = render([BARE] * 10, "f").splitlines()
    assert lines[2] == "   1  (the whole file)"
    assert lines[-4] == "  10  (the whole file)"


@given(st.text(), st.text())
def test_rendered_text_obeys_no_control_character(given_text, file):
    """For any text in any place: nothing but line ends of our own and printable characters reaches a terminal."""
    finding = Finding(
        path=join("oci", given_text),
        rule=Rule.NAME,
        given=given_text,
        allowed=given_text,
        why=given_text,
        fix=given_text,
    )
    shown = render([finding], file)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert shown.count("\n") == 2 + sum(map(bool, (finding.path, given_text, given_text, given_text, given_text)))


def test_visible_escapes_and_shortens():
    """Colour codes, newlines, direction overrides and lone surrogates are spelled out; a long text says how long."""
    assert visible("a\x1b[31m\n\u202e\ud800") == "a\\x1b[31m\\n\\u202e\\ud800"
    assert visible("x" * 301) == "x" * 300 + "… (301 characters)"


def test_errors_hold_each_finding_once_sorted_by_path():
    """Stable order whatever the order of finding; a finding made twice is one."""
    other = Finding(path="a", rule=Rule.NAME, given="", allowed="", fix="", line=3)
    error = ResidencyError([FINDING, other, FINDING, BARE])
    assert error.findings == (BARE, other, FINDING)
    assert str(error) == ": syntax; a: name; oci.regions.us-gov-ashburn-1: region"


def test_a_finding_for_machines_has_every_public_field():
    """The document is what `--json` prints; the basis is for the reader of files alone."""
    assert FINDING.document() == {
        "path": "oci.regions.us-gov-ashburn-1",
        "rule": "region",
        "given": "us-gov-ashburn-1, a region of realm OC3 (US government)",
        "allowed": "us-ashburn-1, us-chicago-1, us-phoenix-1, us-sanjose-1",
        "why": "one tenancy lives in one realm; data cannot be replicated across realms",
        "fix": "did you mean us-ashburn-1?",
        "line": 9,
    }


def test_a_refusal_becomes_a_finding_at_its_place():
    """Fields carry over one to one."""
    refusal = Refusal(given=FINDING.given, allowed=FINDING.allowed, why=FINDING.why, fix=FINDING.fix)
    assert refusal.at(FINDING.path, Rule.REGION).document() == {**FINDING.document(), "line": None}


@pytest.mark.parametrize(
    ("path", "key", "joined"),
    [
        ("", "oci", "oci"),
        ("oci.regions", "us-ashburn-1", "oci.regions.us-ashburn-1"),
        ("config", "usdata:deployment", "config.usdata:deployment"),
        ("datasets", "a.b", 'datasets."a.b"'),
        ("datasets", "", 'datasets.""'),
        ("datasets", "\x1b", 'datasets."\\x1b"'),
    ],
)
def test_a_path_keeps_keys_apart(path, key, joined):
    """A key with a dot is not taken for two keys."""
    assert join(path, key) == joined


def test_nearest_guesses_only_what_is_close():
    """A guess is offered for a slip, not for another word."""
    assert nearest("Protectd ", ["protected", "public"]) == "protected"
    assert nearest("zebra", ["protected", "public"]) is None
    assert nearest("anything", []) is None
