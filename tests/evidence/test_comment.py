"""The pull request comment and the JUnit file: within the limit, in order of importance, letter by letter."""

import html
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.evidence.comment import LIMIT, comment, marker
from infra.evidence.junit import junit
from infra.evidence.review import Meaning, Word
from tests.evidence.samples import HOSTILE, REFUSED, SMALL, hostile, large


def test_verdict_refusals_and_ten_lines_of_meaning_come_first():
    """In this order, unfolded; the rest is folded."""
    many = replace(REFUSED, meaning=tuple(Meaning(topic="Data", mark="+", text=f"line {n}") for n in range(14)))
    text = comment(many)
    open_part = text.partition("<details>")[0]
    assert text.startswith(marker("sandbox") + "\n### ❌ Residency REFUTED")
    order = [
        "REFUTED",
        "1 of 2 theorems",
        "chats would be copied to Frankfurt",
        "What changes",
        "line 9",
        "and 4 more, below",
    ]
    assert [open_part.index(part) for part in order] == sorted(open_part.index(part) for part in order)
    assert "line 10" not in open_part
    assert "line 13" in text


@pytest.mark.parametrize("number", [10, 10_000, 100_000])
def test_it_never_exceeds_the_limit(number):
    """What is left out is the end of the least important, and it is said."""
    text = comment(large(number))
    assert len(text) <= LIMIT
    assert ("more left out" in text) == (number > 10)
    assert "dataset 000000" in text


@pytest.mark.no_cover
@given(st.integers(1_500, 9_000))
def test_whatever_the_limit_refusals_are_the_last_to_go(limit):
    """With any room for them at all, all of a refusal stays, and every fold that is opened is closed."""
    text = comment(replace(large(300), verdict=REFUSED.verdict), limit=limit)
    assert len(text) <= limit
    assert "change it to us-phoenix-1" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0


def test_a_single_change_is_a_small_difference():
    """Other lines stay as they are, so that an update of the comment shows what differs."""
    before, after = comment(SMALL), comment(replace(SMALL, unchanged=4))
    assert sum(a != b for a, b in zip(before.split("\n"), after.split("\n"), strict=True)) == 1
    assert comment(SMALL) == before


@pytest.mark.parametrize(
    "text", [*HOSTILE, "@everyone see #1", "**bold** [x](http://e.example) www.e.example", "```\n# top"]
)
def test_no_text_formats_links_or_notifies(text):
    """Outside the fences nothing of it is Markdown or HTML, and read as HTML it is what it was."""
    written = comment(hostile(REFUSED, text))
    (line,) = [line for line in written.split("\n") if line.startswith("* fix: ")]
    shown = line.removeprefix("* fix: ")
    assert not set("`*_[]<>") & set(re.sub(r"&#\d+;", "", shown))
    assert not re.search(r"[@#]\w", re.sub(r"&#\d+;", "", shown))
    assert not re.search(r"https?:|www\.", shown)
    assert html.unescape(shown).replace("\u2060", "") == " ".join(text.split())
    assert written.count("<details>") == written.count("</details>")


def test_a_fence_is_longer_than_any_in_a_name():
    """A resource cannot end the block that lists it."""
    rows = tuple(replace(row, name="x````y") for row in SMALL.resources)
    assert comment(replace(SMALL, resources=rows)).count("\n`````\n") == 2


def test_the_marker_cannot_be_left():
    """A stack's name stands in a comment that nothing in it can end."""
    assert marker("a--><b>") == "<!-- usdata review of a-b -->"
    assert marker("us-prod") == "<!-- usdata review of us-prod -->"


@pytest.mark.parametrize(
    ("review", "outcomes"),
    [
        (SMALL, {"preview": None, "T1 storage": None, "T2 copies": None}),
        (REFUSED, {"preview": None, "T1 storage": None, "T2 copies": "failure"}),
        (
            replace(SMALL, verdict=replace(SMALL.verdict, word=Word.FAILED, theorems=()), errors=("it broke",)),
            {"preview": "error"},
        ),
        (
            replace(
                SMALL,
                verdict=replace(SMALL.verdict, theorems=(replace(SMALL.verdict.theorems[0], word=Word.UNDECIDED),)),
            ),
            {"preview": None, "T1 storage": "error"},
        ),
    ],
    ids=["proved", "refuted", "failed", "undecided"],
)
def test_junit(review, outcomes):
    """One case a theorem; a refuted one fails with its refusals, an undecided one is an error."""
    suite = ET.fromstring(junit(review))  # noqa: S314 (ours)
    found = {case.get("name"): next((child.tag for child in case), None) for case in suite}
    assert found == outcomes
    assert suite.get("tests") == str(len(outcomes))
    assert suite.get("failures") == str([*outcomes.values()].count("failure"))
    assert suite.get("errors") == str([*outcomes.values()].count("error"))
    if review is REFUSED:
        assert "components/primary_storage.py:141" in "".join(suite.itertext())


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_holds_any_text(text):
    """It parses, and the text comes back."""
    suite = ET.fromstring(junit(hostile(REFUSED, text)))  # noqa: S314 (ours)
    assert suite.get("name") == f"usdata {text}".replace("\n", " ")
