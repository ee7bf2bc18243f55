"""Where everything in the picture is drawn: a column for each place, flows as curves between them.

Heights are the solution of linear constraints (kiwisolver): what is the same dataset stands at one height in every
place, so that its copies are one straight lane; nothing overlaps; and what passes a column has a track of its own.
Layered graph layouts look for few crossings instead, and scatter the lanes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import kiwisolver

from infra.evidence.review import Band, Column, Flow, Place, Station

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra.evidence.review import Review

WIDTH, HEIGHT = 150, 36
"""Of a station."""

_GUTTER: Final = 64
_ROW: Final = 8
_TRACK: Final = 7
_BETWEEN: Final = 26
_PAD: Final = 14
_TOP: Final = 104
_HEAD: Final = 60
_PORT: Final = 26
"""Flows begin and end within so many pixels of a station's side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A place as a rectangle."""

    place: Place
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A station as a rectangle of `WIDTH` by `HEIGHT`."""

    station: Station
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A flow as a path."""

    flow: Flow
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The name of a column."""

    text: str
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything in its place; lengths in pixels."""

    width: float
    height: float
    headings: tuple[Heading, ...]
    boxes: tuple[Box, ...]
    cells: tuple[Cell, ...]
    curves: tuple[Curve, ...]


def scene(review: Review) -> Scene:
    """Lays a review's picture out; the same review gives the same scene."""
    columns = {place.id: number for number, place in enumerate(review.places)}
    left = {place: _PAD * 2 + number * (WIDTH + _GUTTER) for place, number in columns.items()}
    passing = _passing(review.flows, {station.id: station for station in review.stations}, columns)
    heights = _heights(review.stations, columns, passing)
    cells = tuple(Cell(station=it, x=left[it.place], y=heights[it.id]) for it in review.stations)
    bottom = max((cell.y for cell in cells), default=_TOP) + HEIGHT + _PAD + _TRACK * 2
    boxes = tuple(
        Box(place=place, x=left[place.id] - _PAD, y=_TOP - _HEAD, width=WIDTH + 2 * _PAD, height=bottom - _TOP + _HEAD)
        for place in review.places
    )
    return Scene(
        width=max((box.x + box.width for box in boxes), default=0) + _PAD,
        height=bottom + _PAD,
        headings=tuple(_headings(boxes)),
        boxes=boxes,
        cells=cells,
        curves=tuple(_curves(review.flows, cells, passing)),
    )


def _passing(
    flows: Iterable[Flow], stations: Mapping[str, Station], columns: Mapping[str, int]
) -> dict[str, tuple[str, int]]:
    """The lane that each flow between data passes columns below, and its track there; others pass where nothing is."""
    tracks: dict[str, int] = defaultdict(int)
    found: dict[str, tuple[str, int]] = {}
    for flow in flows:
        source, target = stations[flow.source], stations[flow.target]
        far = abs(columns[source.place] - columns[target.place]) > 1
        if far and source.band is Band.DATA:
            tracks[source.lane] += 1
            found[flow.id] = (source.lane, tracks[source.lane])
    return found


def _heights(
    stations: Sequence[Station], columns: Mapping[str, int], passing: Mapping[str, tuple[str, int]]
) -> dict[str, float]:
    """The top of each station."""
    solver = kiwisolver.Solver()
    top = {station.id: kiwisolver.Variable(station.id) for station in stations}
    tracks: dict[str, int] = defaultdict(int)
    for lane, track in passing.values():
        tracks[lane] = max(tracks[lane], track)
    people = [station for station in stations if columns[station.place] == 0]
    others = [station for station in stations if columns[station.place] > 0]
    for above, below in pairwise(people):
        space = _BETWEEN if above.band is not below.band else _ROW
        solver.addConstraint(top[below.id] >= top[above.id] + HEIGHT + space)
    lanes = sorted({(station.band, _rank(station, columns)) for station in others})
    heads = {lane: kiwisolver.Variable(str(lane)) for lane in lanes}
    for station in others:
        solver.addConstraint(top[station.id] == heads[station.band, _rank(station, columns)])
    for above, below in pairwise(lanes):
        space = _BETWEEN if above[0] is not below[0] else _ROW
        room = tracks[above[1][1]] * _TRACK if above[0] is Band.DATA else 0
        solver.addConstraint(heads[below] >= heads[above] + HEIGHT + space + room)
    doors = [heads[lane] for lane in lanes if lane[0] is Band.ACCESS]
    for station in (station for station in people if station.band is Band.ACCESS and doors):
        solver.addConstraint(top[station.id] >= doors[0])
    for variable in [*top.values(), *heads.values()]:
        solver.addConstraint(variable >= _TOP)
        solver.addConstraint((variable == _TOP) | "weak")
    solver.updateVariables()
    return {name: round(variable.value(), 1) for name, variable in top.items()}


def _rank(station: Station, columns: Mapping[str, int]) -> tuple[int, str]:
    """Edges and doors have a height for each place, so that nothing stands in the way of flows to those behind."""
    return (columns[station.place], "") if station.band in {Band.ANSWERS, Band.ACCESS} else (0, station.lane)


def _headings(boxes: Sequence[Box]) -> Iterable[Heading]:
    for column in Column:
        own = [box for box in boxes if box.place.column is column]
        if own:
            x = min(box.x for box in own)
            yield Heading(text=column.value, x=x, width=max(box.x + box.width for box in own) - x)


def _curves(flows: Sequence[Flow], cells: Sequence[Cell], passing: Mapping[str, tuple[str, int]]) -> Iterable[Curve]:
    at = {cell.station.id: cell for cell in cells}
    ports = _ports(flows, at)
    for flow in flows:
        source, target = at[flow.source], at[flow.target]
        start, end = ports[flow.id, flow.source], ports[flow.id, flow.target]
        if source.x == target.x:
            path = _loop(source.x, start, end)
        else:
            track = source.y + HEIGHT + passing[flow.id][1] * _TRACK - 2 if flow.id in passing else end
            path = _path(source.x, target.x, start, track, end)
        yield Curve(flow=flow, path=path)


def _ports(flows: Sequence[Flow], at: Mapping[str, Cell]) -> dict[tuple[str, str], float]:
    """Where on its stations' sides each flow begins and ends: one below the other, by where it comes from."""
    sides: dict[tuple[str, bool], list[tuple[float, str]]] = defaultdict(list)
    for flow in flows:
        source, target = at[flow.source], at[flow.target]
        right = source.x < target.x
        sides[flow.source, right].append((target.y, flow.id))
        sides[flow.target, not right and source.x != target.x].append((source.y, flow.id))
    ports: dict[tuple[str, str], float] = {}
    for (station, _), ends in sides.items():
        step = min(_TRACK, _PORT / max(len(ends) - 1, 1))
        first = at[station].y + HEIGHT / 2 - step * (len(ends) - 1) / 2
        for number, (_, flow) in enumerate(sorted(ends)):
            ports[flow, station] = round(first + number * step, 1)
    return ports


def _path(source: float, target: float, start: float, track: float, end: float) -> str:
    """From side to facing side: into the track in the first gutter, along it, and out of it in the last."""
    forward = source < target
    x0, x3 = (source + WIDTH, target) if forward else (source, target + WIDTH)
    step = _GUTTER if forward else -_GUTTER
    parts = [f"M{_n(x0)} {_n(start)}", _bend(x0, start, x0 + step, track)]
    if abs(x3 - x0) > _GUTTER:
        parts += [f"H{_n(x3 - step)}", _bend(x3 - step, track, x3, end)]
    return "".join(parts)


def _bend(x0: float, y0: float, x1: float, y1: float) -> str:
    if y0 == y1:
        return f"H{_n(x1)}"
    half = (x0 + x1) / 2
    return f"C{_n(half)} {_n(y0)} {_n(half)} {_n(y1)} {_n(x1)} {_n(y1)}"


def _loop(x: float, start: float, end: float) -> str:
    """Between two stations of one place: out to the left and back."""
    out = min(_PAD + 8 + abs(end - start) / 40, _GUTTER / 2)
    return f"M{_n(x)} {_n(start)}C{_n(x - out)} {_n(start)} {_n(x - out)} {_n(end)} {_n(x)} {_n(end)}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
