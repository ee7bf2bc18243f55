"""Asking for the next page before the last one is read."""

import pytest

from infra.retirement import listing, pages
from tests.retirement.rig import ODD_KEYS, put
from tests.retirement.s3_server import ACCOUNT

BUCKET = "usds-messages-virginia"
GUESSES = {
    "right": pages._last,
    "none": lambda *_: None,
    "wrong": lambda _, tag: "user/5" if tag == "NextKeyMarker" else "null",
}


@pytest.mark.parametrize("guess", GUESSES)
def test_a_guess_changes_no_listing(rig, monkeypatch, guess):
    """Every entry is listed once and in order, whether the guess where a page ends is right, wrong or missing.

    It does not prove that anything is faster: `make bench` shows that.
    """
    monkeypatch.setattr(listing, "PAGE", 3)
    monkeypatch.setattr(pages, "_last", GUESSES[guess])
    names = sorted([*ODD_KEYS, *(f"user/{number}" for number in range(9))], key=str.encode)
    for name in names:
        put(BUCKET, name, b"content")
    listed = [entry.key for page in listing.list_versions(rig.client(), BUCKET, ACCOUNT) for entry in page.entries]
    assert listed == names


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<A><Key>a</Key><Key>b</Key></A>", "b"),
        (b"<A><Key>a%20%26amp;%2F..%2F%C3%A4</Key></A>", "a &amp;/../\xe4"),
        (b"<A><Key>a&amp;b</Key></A>", "a&b"),
        (b"<A><Key></Key></A>", ""),
        (b"<A></A>", None),
        (b"<A><Key>a", None),
    ],
)
def test_the_last_element_of_a_name_is_found(body, text):
    """With its characters as they are; what is not whole is not found."""
    assert pages._last(body, "Key") == text
