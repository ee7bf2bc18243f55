"""The retirement of two sites of 100,000 objects over the real S3 API: throughput, memory, and 50 kills on the way.

Server and tool share one machine, so objects a second say little about S3; what counts is that memory does not grow
with the number of objects, that what was killed and run again loses nothing and leaves nothing, and how the tool does
beside `rclone` on the same server in the same run. The server is moto, in this process; every step is a process of its
own.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.retirement.kills import ROOT, Killer, bodies
from tests.retirement.rig import SITES, Rig, buckets_of, fill, put, rehearsal, remaining

OBJECTS = 100_000
SMALL = 10_000
KILLS = 50
_AT_ONCE = ("--threads", "8")  # as many requests at once as `rclone` makes when nobody says anything
GOAL = 0.9
STEPS = ("census", "compare", "drain", "compare", "wipe", "verify-empty")


def main(objects: int = OBJECTS, kills: int = KILLS) -> None:
    """Print throughput and memory of each step at two sizes, then the run with kills, then `rclone` beside it."""
    small = _undisturbed(min(SMALL, objects))
    large = _undisturbed(objects)
    print(f"{'step':14}{'entries/s':>12}{f'MiB at {min(SMALL, objects):,}':>18}{f'MiB at {objects:,}':>18}{'ratio':>8}")
    for number, step in enumerate(STEPS):
        rate, memory = large[number]
        before = small[number][1]
        print(f"{step:14}{rate:12,.0f}{before:18,.0f}{memory:18,.0f}{memory / before:8.2f}")
    _killed(objects, kills)
    if shutil.which("rclone"):
        _beside_rclone(objects)
    else:
        print("rclone: not on PATH; the same listing, check and delete with rclone are left out")


def _undisturbed(objects: int) -> list[tuple[float, float]]:
    """Entries a second and peak memory in MiB of every step, over both sites together."""
    with ExitStack() as stack:
        rig = _filled(stack, objects)
        seconds, memory, entries = [0.0] * len(STEPS), [0.0] * len(STEPS), 0
        for site in SITES:
            entries += sum(remaining(bucket) for bucket in buckets_of(site))
            root = ""
            for number, step in enumerate(STEPS):
                if step == "wipe":
                    rig.sign(site)
                    rig.edit_job(site, confirmCensus=root[:8])
                options = {
                    "drain": ["--copy"],
                    "wipe": ["--census", root, "--delete"],
                    "verify-empty": ["--settle", "1"],
                }
                took, peak, out = _process(
                    rig, site, step, *options.get(step, []), codes=(0, 1) if number == 1 else (0,)
                )
                root = out.split()[1] if step == "census" else root
                seconds[number] += took
                memory[number] = max(memory[number], peak)
            assert not sum(remaining(bucket) for bucket in buckets_of(site)), "something is left"
        return [(entries / took, peak) for took, peak in zip(seconds, memory, strict=True)]


def _filled(stack: ExitStack, objects: int) -> Rig:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    rig = rehearsal(stack, folder, stack.enter_context(pytest.MonkeyPatch.context()))
    for site in SITES:
        fill(rig, site, objects // len(SITES))
    return rig


_MEASURED = """
import atexit, pathlib, sys
from infra.retirement.cli import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: pathlib.Path(sys.argv[1]).write_text(status.read_text()))
main(sys.argv[2:])
"""


def _process(rig: Rig, site: str, *arguments: str, codes: tuple[int, ...]) -> tuple[float, float, str]:
    """Seconds, peak memory in MiB and output of a step in a process of its own.

    The peak is what the kernel notes for the new program (VmHWM): that of `wait4` counts this process's own as well.
    """
    began = time.perf_counter()
    note = rig.folder / "status"
    command = [sys.executable, "-c", _MEASURED, str(note), *arguments, "--job", str(rig.job(site)), *rig.work]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    took = time.perf_counter() - began
    assert done.returncode in codes, (arguments, done)
    peak = re.search(r"VmHWM:\s+(\d+) kB", note.read_text())
    assert peak
    return took, int(peak[1]) / 1024, done.stdout


def _killed(objects: int, kills: int) -> None:
    rng = random.Random(1)  # noqa: S311 - chooses moments, not keys
    with ExitStack() as stack:
        rig = _filled(stack, objects)
        killed: list[str] = []
        for number, site in enumerate(SITES):
            everything = bodies(*buckets_of(site))
            root = rig.right(site, "census")["censusRoot"]
            (rig.folder / "work" / "rehearsal" / f"{site}.sqlite").unlink()
            share = kills // 2 if number == 0 else kills - kills // 2
            killer = Killer(rig=rig, site=site, left=0, rng=rng, killed=killed)
            pages, reads = objects // 2 // 1000 + 5, objects // 2
            steps = (
                (("census",), (0,), pages, share // 5),
                (("compare",), (1,), reads * 2, share // 5),
                (("drain", "--copy"), (0,), reads // 4, share // 5),
                (("compare",), (0,), reads // 4, share // 5),
                (("wipe", "--census", root, "--delete"), (0,), pages * 4, share - 4 * (share // 5)),
            )
            for arguments, codes, usual, number_of_kills in steps:
                if arguments[0] == "wipe":
                    rig.sign(site)
                    rig.edit_job(site, confirmCensus=root[:8])
                killer.left += number_of_kills
                killer.step(*arguments, codes=codes, usual=usual // (killer.left + 1))  # so that all kills find room
            assert not sum(remaining(bucket) for bucket in buckets_of(site)), "something is left"
            assert everything <= bodies(*buckets_of(site).values()), "something is lost"
    spread = ", ".join(f"{killed.count(step)} in {step}" for step in dict.fromkeys(killed))
    print(f"killed {len(killed)} times ({spread}) and run again: nothing lost, nothing left, of {objects:,} objects")


def _beside_rclone(objects: int) -> None:
    """List, check and delete the same objects, without history, with the tool at one site and rclone at the other."""
    with ExitStack() as stack:
        rig = _filled(stack, 0)
        for number in range(objects):
            body = b"%d" % number * 20
            for site in SITES:
                bucket, home = min(buckets_of(site).items())
                put(bucket, f"k{number:06}", body, kms_key=rig.keys[site])
                put(home, f"k{number:06}", body)
        ours = [_process(rig, "virginia", *step, codes=(0,))[0] for step in (("census",), ("compare", *_AT_ONCE))]
        root = rig.right("virginia", "census")["censusRoot"]
        rig.right("virginia", "compare")
        rig.sign("virginia")
        rig.edit_job("virginia", confirmCensus=root[:8])
        ours.append(_process(rig, "virginia", "wipe", "--census", root, "--delete", *_AT_ONCE, codes=(0,))[0])
        bucket, home = min(buckets_of("singapore").items())
        settings = {"TYPE": "s3", "PROVIDER": "Other", "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}
        settings |= {"ENDPOINT": rig.legacy.url, "REGION": SITES["singapore"]}
        environment = os.environ | {f"RCLONE_CONFIG_SITE_{name}": value for name, value in settings.items()}
        environment.pop("AWS_CA_BUNDLE", None)  # rclone stops at it, and nothing here is encrypted
        theirs: list[float] = []
        for arguments in (
            ("lsf", "--recursive", "--s3-versions", f"site:{bucket}"),  # a census lists versions
            ("check", "--download", "--one-way", f"site:{bucket}", f"site:{home}"),
            ("delete", f"site:{bucket}"),
        ):
            began = time.perf_counter()
            command = ["rclone", *arguments, "--transfers", _AT_ONCE[1], "--checkers", _AT_ONCE[1]]
            done = subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - no shell
            theirs.append(time.perf_counter() - began)
            assert arguments[0] != "lsf" or done.stdout.count(b"\n") == objects, "rclone lists something else"
    for name, own, other in zip(("list", "check", "delete"), ours, theirs, strict=True):
        ratio = f"ratio {other / own:.2f} (goal {GOAL})"
        print(f"{name:8} {objects / own:10,.0f}/s, rclone {objects / other:,.0f}/s, {ratio}")
