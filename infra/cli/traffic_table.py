"""The table of traffic: what a run changes for the users of each hostname, before and after, in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.cli.traffic_view import EVERYONE, Answered, view
from infra.engine.display import Paper, Tone, columns, escape, listed
from infra.engine.events import Op

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.engine.display import Recorder
    from infra.engine.state import Deployment

_ABSENT = "no such name"
_MANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: who asks, what is down, and what is answered."""

    who: str
    health: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostnameChange:
    """What a run changes for one hostname.

    Attributes:
        types: The record types that this holds for.
        replaced: Those whose policy or attachment is replaced: until the new one is attached, the zone's own answer.
        records: Where the zone's own records lead.
        abroad: Whatever could be answered afterwards that is no edge of this stack in an allowed US region.
    """

    hostname: str
    types: tuple[str, ...]
    rows: tuple[Row, ...]
    replaced: tuple[str, ...]
    records: tuple[str, ...]
    abroad: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What record types of a hostname have to agree in, beside their rows, to be told together."""

    records: tuple[str, ...]
    abroad: tuple[str, ...]


def changes(before: Deployment, recorder: Recorder) -> list[HostnameChange]:
    """Every hostname whose answers change or whose policy is replaced, by name; record types that agree in one."""
    then = view(before.resources)
    now = view(change.step.new for change in recorder.all() if change.step.new and change.op is not Op.DELETE)
    replaced = {change.step.urn for change in recorder.all() if change.op is Op.REPLACE}
    groups: dict[tuple[str, tuple[Row, ...], bool, _End], list[str]] = defaultdict(list)
    for hostname, kind in sorted(then.keys() | now.keys()):
        old, new = then.get((hostname, kind)), now.get((hostname, kind))
        again = new is not None and bool(new.urns & replaced)
        if again or old is None or new is None or old.rows != new.rows:
            groups[hostname, tuple(_rows(old, new)), again, _alike(new)].append(kind)
    return [
        HostnameChange(
            hostname=hostname,
            types=tuple(kinds),
            rows=rows,
            replaced=tuple(kinds) if again else (),
            records=end.records,
            abroad=end.abroad,
        )
        for (hostname, rows, again, end), kinds in groups.items()
    ]


def _alike(new: Answered | None) -> _End:
    return _End(records=new.records, abroad=new.abroad) if new else _End(records=(), abroad=())


def _rows(old: Answered | None, new: Answered | None) -> Iterator[Row]:
    then: Mapping[tuple[str, str], str] = old.rows if old else {}
    now: Mapping[tuple[str, str], str] = new.rows if new else {}
    for who, health in [*now, *(key for key in then if key not in now)]:
        yield Row(who=who, health=health, before=_at(then, who, health), after=_at(now, who, health))


def _at(rows: Mapping[tuple[str, str], str], who: str, health: str) -> str:
    """What a population gets; where it is not told apart, what everyone gets, or the US."""
    if not rows:
        return _ABSENT
    first = next(iter(rows))[0]
    return next((rows[key] for key in ((who, health), (EVERYONE, health), (first, health)) if key in rows), "")


def render(found: list[HostnameChange], paper: Paper) -> list[str]:
    """The table, hostnames that agree in all of it together; empty where nothing changes."""
    together: dict[tuple[tuple[str, ...], tuple[Row, ...], tuple[str, ...], tuple[str, ...]], list[str]]
    together = defaultdict(list)
    for change in found:
        together[change.types, change.rows, change.replaced, change.records].append(change.hostname)
    lines: list[str] = []
    for (types, rows, replaced, records), hostnames in together.items():
        title = f"{listed(hostnames, most=_MANY)} ({' and '.join(types)})"
        cells = [(escape(title), "now", "after")]
        cells += [(f"  {_label(row, rows)}", escape(row.before), escape(row.after)) for row in rows]
        heading, *rest = columns(cells, width=paper.width)
        lines += [paper.paint(heading, bold=True), *rest]
        if replaced:
            what = f"the {' and '.join(replaced)} polic{'y is' if len(replaced) == 1 else 'ies are'} replaced"
            edges = listed(list(records)) or "nothing"
            note = f"{what}: until the new one is attached, the zone's own records answer: {edges}"
            lines.append(f"    {paper.paint(escape(note), Tone.CHANGED)}")
    if not lines:
        return []
    abroad = sorted({place for change in found for place in change.abroad})
    if abroad:
        end = paper.paint(escape(f"  Not an edge in an allowed US region: {listed(abroad)}"), Tone.BAD, bold=True)
    else:
        note = "No answer is ever anything but an edge of this stack in the US; with all down there may be none."
        end = f"  {paper.paint(note, Tone.QUIET)}"
    return [f"  {paper.paint('Traffic, before and after', bold=True)}", *lines, end]


def _label(row: Row, rows: tuple[Row, ...]) -> str:
    """Who asks is said once, where it begins."""
    first = next(other for other in rows if other.who == row.who)
    return f"{row.who}, {row.health}" if first is row else row.health


def document(found: list[HostnameChange]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {
            "hostname": change.hostname,
            "types": list(change.types),
            "rows": [
                {"who": row.who, "health": row.health, "before": row.before, "after": row.after} for row in change.rows
            ],
            "replaced": list(change.replaced),
            "recordsMeanwhile": list(change.records),
            "abroad": list(change.abroad),
        }
        for change in found
    ]
