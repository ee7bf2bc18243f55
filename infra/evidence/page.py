"""The report page: one HTML file that opens from disk, asks no network for anything and runs only its own script.

Names of resources may hold anything. They are written by a template that escapes every value, or into a data block in
which no character ends the block; the page's own script writes them as text. A content security policy names the one
style and the one script by their digests, so that whatever got past all that would still not run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import jinja2
from markupsafe import Markup

from infra.evidence.picture import HEIGHT, WIDTH, scene
from infra.evidence.review import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.evidence.review import Meaning, Review

_KINDS: Final = {
    Kind.TRAFFIC: "traffic of users",
    Kind.COPY: "copies of data",
    Kind.GRANT: "access",
    Kind.KEY: "keys",
    Kind.LOG: "logs",
}
_SHOWN: Final = frozenset({Kind.TRAFFIC, Kind.COPY})
_FEW: Final = 5
"""So many findings are open; the rest is folded."""
_OPS: Final = {"+": "create", "~": "update", "±": "replace", "-": "delete", "=": "import"}


def page(review: Review) -> str:
    """The page of a review; the same review gives the same bytes."""
    style, script = (_part(name) for name in ("page.css", "page.js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_part("page.html.j2"))
    numbers = {kind: sum(flow.kind is kind for flow in review.flows) for kind in Kind}
    return template.render(
        review=review,
        verdict=review.verdict,
        scene=scene(review),
        cut=_cut,
        cell_width=WIDTH,
        cell_height=HEIGHT,
        elsewhere=Column.ELSEWHERE,
        lit=frozenset(end for flow in review.flows if flow.refused for end in (flow.source, flow.target))
        | frozenset(station.id for station in review.stations if station.refused),
        refusals=[refusal for refusal in review.verdict.refusals if not refusal.missing],
        missing=[refusal for refusal in review.verdict.refusals if refusal.missing],
        few=_FEW,
        kinds=[(kind, name) for kind, name in _KINDS.items() if numbers[kind]],
        numbers=numbers,
        shown=_SHOWN,
        meaning=_by_topic(review),
        ops=_OPS,
        longest=max([term.days for term in review.terms] + [1]),
        row_ops=list(dict.fromkeys(row.op for row in review.resources)),
        rows=Markup(_json(review)),  # noqa: S704 (no character of it can end the block)
        style=Markup(style),  # noqa: S704 (ours)
        script=Markup(script),  # noqa: S704 (ours)
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def _part(name: str) -> str:
    return (files("infra.evidence") / "page" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _cut(text: str, most: int) -> str:
    """As much of a text as fits; all of it stands in the title beside it."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _by_topic(review: Review) -> list[tuple[str, list[Meaning]]]:
    topics: Mapping[str, list[Meaning]] = defaultdict(list)
    for line in review.meaning:
        topics[line.topic].append(line)
    return list(topics.items())


def _json(review: Review) -> str:
    """The resources as a JSON array of arrays in ASCII, without a character that means something to HTML."""
    rows = [[row.op, row.topic, row.type, row.name, row.detail, row.where] for row in review.resources]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
