"""The report page as text: nothing hostile becomes markup, nothing is loaded, the same review gives the same bytes.

What a browser makes of it is in test_browser.py.
"""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from infra.evidence.page import page
from infra.evidence.picture import HEIGHT, WIDTH, scene
from infra.evidence.review import Band
from tests.evidence.samples import HOSTILE, REFUSED, SMALL, hostile, large


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts and styles."""

    def __init__(self, text) -> None:
        super().__init__()
        self.found, self.raw = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.found and self.found[-1][0] in {"script", "style"}:
            self.raw.append((self.found[-1][0], data))


def shape(text):
    """The elements of a page without what differs from one review to the next: their order and attribute names."""
    return [(tag, sorted(attributes)) for tag, attributes in Elements(text).found]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text):
    """A review whose every text is hostile has exactly the elements and attributes of one whose texts are plain."""
    assert shape(page(hostile(REFUSED, text))) == shape(page(hostile(REFUSED, "plain")))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_block_holds_the_texts_and_nothing_that_ends_it(text):
    """The rows come back from the JSON as they were; between its tags no character means something to HTML."""
    found = Elements(page(hostile(SMALL, text)))
    at = next(i for i, (tag, attributes) in enumerate(found.found) if attributes.get("id") == "data")
    assert found.found[at][0] == "script"
    (block,) = [data for kind, data in found.raw if kind == "script" and data.startswith("[[")]
    assert {row[3] for row in json.loads(block)} == {text}
    assert not set("<>&") & set(block)


def test_a_policy_names_the_one_style_and_the_one_script():
    """Their digests are those of what stands there; everything else is forbidden, the network included."""
    text = page(SMALL)
    found = Elements(text)
    (policy,) = [a["content"] for tag, a in found.found if a.get("http-equiv") == "Content-Security-Policy"]
    style, script = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1] for tag in ("style", "script"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'{digest(style)}'",
        "script-src": f"'{digest(script)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert text.index("Content-Security-Policy") < text.index("<style>")


def digest(text):
    """As a content security policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.mark.parametrize("review", [SMALL, REFUSED], ids=["small", "refused"])
def test_nothing_is_loaded_and_no_attribute_is_a_script_or_a_style(review):
    """No address but places in the page itself, no event handler, no inline style."""
    for tag, attributes in Elements(page(review)).found:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            if name in {"href", "src", "action", "data"}:
                assert value.startswith("#"), (tag, value)


def test_identifiers_are_unique_and_what_is_referred_to_is_there():
    """Links, labels and headings lead somewhere."""
    found = Elements(page(REFUSED)).found
    ids = [a["id"] for _, a in found if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = {a["href"][1:] for _, a in found if "href" in a} | {
        a["aria-labelledby"] for _, a in found if "aria-labelledby" in a
    }
    assert wanted <= set(ids)


def test_the_verdict_comes_first():
    """Above it stands only where one is and the way to the parts."""
    text = page(REFUSED)
    parts = [
        "Residency <b>REFUTED</b>",
        "chats would be copied to Frankfurt",
        'class="counts"',
        'id="picture"',
        'id="changes"',
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_same_review_gives_the_same_bytes():
    """There is no clock and no chance in it."""
    assert page(SMALL) == page(SMALL)


def test_many_resources_stay_small():
    """Ten thousand rows are data, not elements: beside the lines of meaning there are as many elements as with ten."""
    few, many = (len(Elements(page(large(n))).found) - 2 * (n // 10) for n in (10, 10_000))
    assert few == many


def test_one_dataset_stands_at_one_height_and_nothing_overlaps():
    """The picture's laws: lanes are level, stations of a column are apart, everything is inside."""
    laid = scene(REFUSED)
    lanes = {}
    for cell in laid.cells:
        if cell.station.band is Band.DATA:
            assert lanes.setdefault(cell.station.lane, cell.y) == cell.y
        assert 0 <= cell.x <= laid.width - WIDTH
        assert 0 <= cell.y <= laid.height - HEIGHT
    assert len(set(lanes.values())) == len(lanes) == 2
    columns = {}
    for cell in laid.cells:
        columns.setdefault(cell.x, []).append(cell.y)
    for tops in columns.values():
        ordered = sorted(tops)
        assert all(below - above >= HEIGHT for above, below in pairwise(ordered))


def test_a_flow_passes_no_station_between_its_ends():
    """What passes columns does so at a height at which nothing stands there."""
    laid = scene(REFUSED)
    at = {cell.station.id: cell for cell in laid.cells}
    for curve in laid.curves:
        x0, x1 = sorted((at[curve.flow.source].x, at[curve.flow.target].x))
        heights = {float(y) for y in re.findall(r"C[-\d. ]+ ([-\d.]+)H", curve.path)}
        for cell in laid.cells:
            if x0 < cell.x < x1:
                assert not any(cell.y < y < cell.y + HEIGHT for y in heights), (curve.flow.id, cell.station.id)
