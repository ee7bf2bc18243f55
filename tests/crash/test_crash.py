"""Killed at any moment and run again, a stack ends as if nothing had happened.

What forks runs in a process of its own: forking needs a parent without threads and gRPC. These tests play a small
sample; `make crash-test` plays 1,000 points. They are about the end of a process: what a disk or a cloud loses without
power is not simulated.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover  # other processes reach the lines

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, expect: int) -> str:
    """What Python says on standard output."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def test_ten_points():
    """At ten points of create, update, replace and delete the rerun ends with the undisturbed state and clouds.

    Nothing is doubled or lost, no operation is left open, and no lock, log or temporary file stays behind.
    """
    out = run("-m", "tests.crash", "--points", "10", "--seed", "20261124", expect=0)

    last = out.splitlines()[-1]
    counts = re.fullmatch(
        r"10 points killed and rerun in \d+ s "
        r"\((\d+) in create, (\d+) in update, (\d+) in replace, (\d+) in delete\): all converged",
        last,
    )
    assert counts is not None, out
    assert all(int(count) > 0 for count in counts.groups())


FORGETFUL = """
import shutil, sys
from infra.cli import runs
from tests.crash import campaign, forks
from tests.crash.stack import Phase

runs._settled = lambda request, file, providers: file.state
folder = forks.workplace()
life = campaign.live(folder, until=Phase.CREATE)
rule = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule data-us-ashburn-1-to-services"
point = next(p for p in life.points if str(p) == f"create, after create {rule}")
print(*campaign.play_one(life, point).problems, sep="\\n")
shutil.rmtree(folder)
"""


def test_a_product_that_forgets_is_found():
    """Without looking for what an interrupted run created, the rerun doubles it, and the campaign sees it."""
    told = run("-c", FORGETFUL, expect=0)
    assert "too much: cloud / oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule " in told


def test_a_state_is_never_half_written():
    """Killed before every operation on a file and within every write, the state says what was true before or after."""
    out = run("-m", "tests.crash.disk", expect=0)
    assert re.fullmatch(r"\d{2} moments in 7 steps\nthe state was whole at each of them\n", out)


NAIVE = """
import os, sys
from infra.engine import store
from tests.crash import disk

def write(path, data):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, data)
    os.close(handle)

store._write = write
sys.exit(disk.main())
"""


def test_a_state_written_in_place_is_found():
    """A product that writes over the file, instead of renaming a finished one, is caught half-way."""
    assert "the state file is half-written" in run("-c", NAIVE, expect=1)
