"""Plays the life of a stack once undisturbed, then again and again with a kill in it, and compares the ends."""

from __future__ import annotations

import json
import random
import shutil
import signal
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.cli.workspace import Workspace
from tests.crash import contents
from tests.crash.forks import forked
from tests.crash.process import Moment, calls_of, carry_out, warm_up
from tests.crash.stack import NAME, Phase, fill_clouds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.crash.contents import Contents
    from tests.crash.process import Call

_ROOT: Final = Path(__file__).resolve().parents[2]
_PROJECT: Final = ("Pulumi.yaml", f"stacks/{NAME}.holders.lock")
"""What a project needs beside its stack file."""
_LINES: Final = 8
"""How many differences of one point are told."""


class CampaignError(Exception):
    """The campaign itself cannot go on; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where in the stack's life the process is killed."""

    phase: Phase
    moment: Moment

    def __str__(self) -> str:
        return f"{self.phase}, {self.moment}"


@dataclass(frozen=True, kw_only=True)
class Life:
    """A life without a kill.

    Attributes:
        folder: Holds the project at the beginning of each phase, as `<phase>`.
        calls: What was called in each phase.
        ends: The contents after each phase.
    """

    folder: Path
    calls: Mapping[Phase, Sequence[Call]]
    ends: Mapping[Phase, Contents]

    @property
    def points(self) -> list[Point]:
        """Every point at which it can be killed."""
        return [
            Point(phase=phase, moment=Moment(call=call, after=after))
            for phase, calls in self.calls.items()
            for call in calls
            for after in (False, True)
        ]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a point: no problem if the rerun ended like the undisturbed life."""

    point: Point
    problems: Sequence[str]
    folder: Path | None = None
    """Kept if there is a problem: the project after the rerun, and as `killed` right after the kill."""


def live(folder: Path, until: Phase = Phase.DELETE) -> Life:
    """The life without a kill, in a new folder.

    Args:
        folder: Where.
        until: The last phase.

    Raises:
        CampaignError: A phase failed; the text is what it said.
    """
    calls: dict[Phase, Sequence[Call]] = {}
    ends: dict[Phase, Contents] = {}
    now = Workspace(root=folder / "life", stack=NAME)
    (now.root / "stacks").mkdir(parents=True)
    for file in _PROJECT:
        shutil.copy(_ROOT / file, now.root / file)
    now.file.write_text(Phase.CREATE.stack_file)
    warm_up(now)
    fill_clouds(now.clouds)
    for phase in Phase:
        now.file.write_text(phase.stack_file)
        shutil.copytree(now.root, folder / phase)
        log = folder / f"{phase}.log"
        if forked(partial(carry_out, now, phase), log):
            raise CampaignError(f"the phase {phase!r} fails without a kill:\n{log.read_text()}")
        calls[phase] = calls_of(now)
        _refuse_idle(phase, calls[phase])
        ends[phase] = contents.read(now)
        if phase is until:
            break
    return Life(folder=folder, calls=calls, ends=ends)


def _refuse_idle(phase: Phase, calls: Sequence[Call]) -> None:
    """A phase whose edits have lost their effect would prove nothing."""
    urns = {op: {call.urn for call in calls if call.op == op} for op in ("create", "update", "delete")}
    works = {
        Phase.CREATE: urns["create"],
        Phase.UPDATE: urns["update"],
        Phase.REPLACE: urns["create"] & urns["delete"],
        Phase.DELETE: urns["delete"],
    }
    if not works[phase]:
        raise CampaignError(f"the phase {phase!r} does not {phase} anything any more: see tests/crash/stack.py")


def sample(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """Points drawn by a seed, each at most once.

    Phases count alike, and within a phase the calls that change something count as much as the many that only look.

    Raises:
        CampaignError: There are fewer.
    """
    if count > len(points):
        raise CampaignError(f"{count} points are asked for; this stack has {len(points)}")
    rng = random.Random(seed)  # noqa: S311 - chooses moments, not keys
    groups = Counter((point.phase, point.moment.call.changes) for point in points)
    # Weighted sampling without replacement: the first to arrive of one exponential clock for each point.
    arrival = {p: rng.expovariate(1 / groups[p.phase, p.moment.call.changes]) for p in points}
    return sorted(points, key=arrival.__getitem__)[:count]


def play(life: Life, points: Sequence[Point], jobs: int) -> Iterator[Verdict]:
    """Kill and rerun at every point, several at a time; the verdicts come in the order of the points."""
    # Forked workers inherit what the initializer closes over: nothing large is sent to them for each point.
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork"), initializer=_inherit, initargs=(life,)) as pool:
        yield from pool.map(_play_inherited, points)


_inherited: list[Life] = []


def _inherit(life: Life) -> None:
    _inherited.append(life)


def _play_inherited(point: Point) -> Verdict:
    return play_one(_inherited[0], point)


def play_one(life: Life, point: Point) -> Verdict:
    """Kill and rerun at one point."""
    folder = Path(tempfile.mkdtemp(prefix="point-", dir=life.folder))
    problems = list(_problems(life, point, Workspace(root=folder / "project", stack=NAME), folder / "log"))
    if problems:
        return Verdict(point=point, problems=problems, folder=folder)
    shutil.rmtree(folder)
    return Verdict(point=point, problems=())


def _problems(life: Life, point: Point, now: Workspace, log: Path) -> Iterator[str]:
    shutil.copytree(life.folder / point.phase, now.root)
    code = forked(partial(carry_out, now, point.phase, point.moment), log)
    if code != -signal.SIGKILL:
        yield f"the process was not killed there: it ended with {code}; see {log}"
        return
    shutil.copytree(now.root, log.parent / "killed")
    if now.state.exists():
        try:
            json.loads(now.state.read_bytes())
        except ValueError as error:
            yield f"the state file is half-written: {error}"
    code = forked(partial(carry_out, now, point.phase), log)
    if code:
        yield f"the rerun ended with {code}; see {log}"
        return
    found = list(contents.differences(life.ends[point.phase], contents.read(now)))
    yield from found[:_LINES]
    if len(found) > _LINES:
        yield f"and {len(found) - _LINES} more differences"
