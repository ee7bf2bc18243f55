"""`python -m tests.crash`: kill create, update, replace and delete of a sandbox stack at many points; rerun each."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.crash import campaign
from tests.crash.forks import workplace
from tests.crash.stack import Phase

if TYPE_CHECKING:
    from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign: 0 if every rerun converged, 1 if not, 2 if it was asked for what cannot be."""
    asked = _parser().parse_args(arguments)
    seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
    folder = workplace()
    try:
        failed = _run(folder, points=asked.points, seed=seed, jobs=asked.jobs, only=asked.only)
    except campaign.CampaignError as error:
        print(f"tests.crash: {error}", file=sys.stderr)
        shutil.rmtree(folder)
        return 2
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


def _run(folder: Path, *, points: int, seed: int, jobs: int, only: int | None) -> int:
    """How many points failed."""
    started = time.monotonic()
    life = campaign.live(folder)
    chosen = dict(enumerate(campaign.sample(life.points, points, seed), start=1))
    if only is not None:
        chosen = {only: chosen[only]}
    print(f"seed {seed}: {len(chosen)} of {len(life.points)} points, {jobs} at a time", flush=True)
    failed = 0
    verdicts = campaign.play(life, list(chosen.values()), jobs)
    for done, (number, verdict) in enumerate(zip(chosen, verdicts, strict=True), start=1):
        if verdict.problems:
            failed += 1
            _tell(number, verdict, f"python -m tests.crash --points {points} --seed {seed} --only {number}")
        _progress(f"{done} of {len(chosen)} points, {failed} failed", last=done == len(chosen), step=done % 100 == 0)
    phases = Counter(point.phase for point in chosen.values())
    each = ", ".join(f"{phases[phase]} in {phase}" for phase in Phase)
    result = f"{failed} did NOT converge; what they left is in {folder}" if failed else "all converged"
    seconds = time.monotonic() - started
    print(f"{len(chosen)} points killed and rerun in {seconds:.0f} s ({each}): {result}")
    return failed


def _tell(number: int, verdict: campaign.Verdict, again: str) -> None:
    print(f"\npoint {number}: {verdict.point}")
    for problem in verdict.problems:
        print(f"    {problem}")
    print(f"    what is left: {verdict.folder}\n    again:        {again}", flush=True)


def _progress(text: str, *, last: bool, step: bool) -> None:
    """One line that grows old on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{text}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif step or last:
        print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="how many points to draw (default 1000)")
    parser.add_argument("--seed", type=int, help="draws them; the same seed draws the same (default: a new one)")
    parser.add_argument("--only", type=int, metavar="N", help="of those points, play the N-th alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="points at a time (default: processors)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
