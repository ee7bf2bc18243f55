"""The report page in a browser: it runs from disk, obeys keyboard and switches, fits a phone, and stays what it is.

Pixels are compared within one run only: another machine's fonts would make any stored picture wrong. Proves what
Chromium shows; skipped, by name, where there is none.
"""

from dataclasses import replace

import pytest

from infra.evidence.page import page
from infra.evidence.review import Word
from tests.evidence.browser import Opened, start
from tests.evidence.samples import HOSTILE, REFUSED, SMALL, hostile, large

pytestmark = pytest.mark.no_cover

RED = {"light": (179, 20, 29), "dark": (255, 138, 143)}
"""What is refused is drawn in this colour and nothing else is (`--bad` in the style)."""


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    driver, found = start()
    yield found
    found.close()
    driver.stop()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Writes the page of a review and says where."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}

    def write(name, review):
        if name not in written:
            written[name] = folder / f"{name}.html"
            written[name].write_text(page(review), encoding="utf-8")
        return written[name]

    return write


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_do_nothing(browser, file, text):
    """No script of theirs runs, nothing is asked of anybody, no error is said, and the page works."""
    opened = Opened(browser, file(f"hostile-{HOSTILE.index(text)}", hostile(REFUSED, text)))
    opened.page.locator("#flows .flow").first.focus()
    opened.page.locator("#by-text").fill("create")
    assert opened.page.evaluate("window.hacked") is None
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("file:")] == []
    assert opened.page.locator("#rows tr").count() == 1
    assert opened.page.locator("#explain b").inner_text().startswith(text.strip()[:6])


def test_a_script_that_got_in_would_not_run(browser, file):
    """The policy stops it, so that escaping is not the only thing that stands in the way."""
    got_in = file("small", SMALL).with_name("got-in.html")
    got_in.write_text(
        page(SMALL).replace("<main", "<script>window.hacked=1</script><img src=x onerror=window.hacked=1><main")
    )
    opened = Opened(browser, got_in)
    assert opened.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in line for line in opened.said)


def test_switches_and_keys_walk_through_the_flows(browser, file):
    """Only shown flows are reached; the arrow keys go from one to the next and around; each is explained."""
    opened = Opened(browser, file("small", SMALL))
    kinds = {"traffic": 2, "copy": 4, "grant": 0, "key": 0}
    assert {kind: opened.shown(f".flow.kind-{kind} .line") for kind in kinds} == kinds
    opened.page.locator("#show-traffic").uncheck()
    opened.page.locator("#show-key").check()
    assert opened.shown(".flow .line") == 5
    assert opened.page.locator(".flow[tabindex='0']").count() == 1

    opened.page.locator(".flow[tabindex='0']").focus()
    seen = []
    for _ in range(5):
        seen.append(opened.page.locator("#explain b").inner_text())
        opened.page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 5
    assert opened.page.locator("#explain b").inner_text() == seen[0]
    assert "T2 copies: it may" in opened.page.locator("#explain").inner_text()
    assert "stacks/Pulumi.sandbox.yaml:7" in opened.page.locator("#explain").inner_text()

    opened.page.locator("#only-new").check()
    opened.page.locator("#show-traffic").check()
    assert opened.shown(".flow .line") == 1


def test_filters_and_search(browser, file):
    """Topics and words narrow the list; what fits nothing says so; all comes back."""
    opened = Opened(browser, file("small", SMALL))
    changes = opened.page.locator("#changes")
    changes.get_by_role("button", name="Access").click()
    assert opened.shown("#changes li") == 1
    changes.get_by_role("button", name="All").click()
    changes.get_by_label("Search").fill("BUCKET films")
    assert opened.shown("#changes li") == 1
    changes.get_by_label("Search").fill("no such thing")
    assert opened.shown("#changes .nothing") == 1
    changes.get_by_label("Search").fill("")
    assert opened.shown("#changes li") == 3

    opened.page.locator("#access").get_by_role("button", name="Only what changes").click()
    assert opened.shown("#access tbody tr") == 1


def test_ten_thousand_resources_are_shown_a_hundred_at_a_time(browser, file):
    """However many there are, as many rows are in the page; search finds the one; the pages lead to the last."""
    opened = Opened(browser, file("large", large(10_000)))
    rows, number = opened.page.locator("#rows tr"), opened.page.locator("#found")
    assert rows.count() == 100
    assert number.inner_text() == "10000 resources"
    opened.page.locator("#by-text").fill("bucket-009999")
    assert rows.all_inner_texts()[0].split("\t")[2] == "bucket-009999"
    assert (rows.count(), number.inner_text()) == (1, "1 of 10000 resources")
    opened.page.locator("#by-text").fill("")
    opened.page.locator("#by-op").select_option("same")
    assert number.inner_text() == "3334 of 10000 resources"
    opened.page.locator("#next").click()
    assert rows.count() == 100
    assert opened.page.locator("#page").inner_text() == "101 to 200 of 3334"


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_it_fits_the_width(browser, file, width):
    """Nothing but what scrolls by itself is wider than the window, the longest texts included."""
    for name, review in (("refused", REFUSED), ("long", hostile(REFUSED, "x" * 300))):
        opened = Opened(browser, file(name, review), width=width)
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("name", "scheme"), [("small", "light"), ("refused", "light"), ("refused", "dark"), ("undecided", "dark")]
)
def test_accessible_as_far_as_a_machine_can_tell(browser, file, scheme, name):
    """axe-core finds no violation: names, roles, contrast, order of headings, all else that it knows."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 (only with a browser)

    review = {
        "small": SMALL,
        "refused": REFUSED,
        "undecided": replace(SMALL, verdict=replace(SMALL.verdict, word=Word.UNDECIDED)),
    }[name]
    opened = Opened(browser, file(name, review), scheme=scheme)
    for box in ("grant", "key"):
        opened.page.locator(f"#show-{box}").check()
    found = Axe().run(opened.page).response["violations"]
    assert [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in found] == []


def test_without_scripts_everything_but_the_resources_is_there(browser, file):
    """Verdict, picture, changes and switches are in the file itself."""
    opened = Opened(browser, file("refused", REFUSED), scripts=False)
    assert opened.shown("h1") == 1
    assert opened.shown(".flow.refused .line") == 1
    assert opened.shown("#changes li") == 3
    assert opened.shown("noscript") == 1
    opened.page.locator("#show-copy").uncheck()
    assert opened.shown(".flow.kind-copy .line") == 1  # the refused one stays


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_refused_path_is_red_from_end_to_end_and_nothing_else_is(browser, file, scheme):
    """In the rendered picture: no column between its two stations without its colour, and none where all is legal.

    Proves that it is seen, which no look at elements does; gaps of the dashes are allowed.
    """
    opened = Opened(browser, file("refused", REFUSED), scheme=scheme)
    box = opened.page.locator("#map").bounding_box()
    ends = [opened.page.locator(f".station[data-id='{name}'] rect").bounding_box() for name in ("chats-iad", "fra")]
    found = opened.pixels(opened.picture(), near=RED[scheme])
    start, end = ends[0]["x"] + ends[0]["width"] - box["x"], ends[1]["x"] - box["x"]
    lit = [column for column in found["columns"] if start <= column <= end]
    gaps = [after - before for before, after in zip([start, *lit], [*lit, end], strict=True)]
    assert max(gaps) < 9

    legal = Opened(browser, file("small", SMALL), scheme=scheme)
    assert legal.pixels(legal.picture(), near=RED[scheme])["columns"] == []


def test_pointing_at_a_flow_changes_that_flow_and_its_ends_only(browser, file):
    """The picture before, with a pointer on a flow, and after: equal outside the flow's place, and equal again."""
    opened = Opened(browser, file("small", SMALL))
    opened.page.locator(".figure").scroll_into_view_if_needed()
    before = opened.picture()
    flow = opened.page.locator(".flow[data-ends='films-iad|films-phx']")
    flow.focus()
    chosen = opened.picture()
    opened.page.locator(".flow[data-ends='api|edge-iad']").focus()
    flow.focus()
    assert opened.pixels(opened.picture(), chosen)["columns"] == []

    box = opened.page.locator("#map").bounding_box()
    ends = [
        opened.page.locator(f".station[data-id='{name}'] rect").bounding_box() for name in ("films-iad", "films-phx")
    ]
    differ = opened.pixels(before, chosen)
    assert differ["columns"]
    assert min(differ["columns"]) >= ends[0]["x"] - box["x"] - 4
    assert max(differ["columns"]) <= ends[1]["x"] + ends[1]["width"] - box["x"] + 4
    assert min(differ["rows"]) >= ends[0]["y"] - box["y"] - 4
    assert max(differ["rows"]) <= ends[0]["y"] + ends[0]["height"] - box["y"] + 12


def test_on_paper_only_what_can_be_read(browser, file):
    """Buttons, switches and the way around go; verdict and picture stay, as wide as the paper."""
    opened = Opened(browser, file("refused", REFUSED), width=794)
    opened.page.emulate_media(media="print")
    assert opened.shown("nav, .filters, .switches, .pages, .explain") == 0
    assert opened.shown("h1, #map") == 2
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 794
