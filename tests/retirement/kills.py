"""Kill the tool at chosen moments and run it again: a moment is a request, before or after the server answers it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeDeleteMarker, s3_backends

from tests.retirement.rig import buckets_of
from tests.retirement.s3_server import ACCOUNT

if TYPE_CHECKING:
    import random

    from tests.retirement.rig import Rig

ROOT = Path(__file__).resolve().parents[2]


def bodies(*buckets: str) -> set[bytes]:
    """The content of every version in these buckets."""
    found = s3_backends[ACCOUNT]["aws"].buckets
    return {
        version.value
        for bucket in buckets
        for name in found[bucket].keys
        for version in found[bucket].keys.getlist(name)
        if not isinstance(version, FakeDeleteMarker)
    }


@dataclass(kw_only=True)
class Killer:
    """Runs steps of a site in processes of their own and kills them at random requests, `left` times in all."""

    rig: Rig
    site: str
    left: int
    rng: random.Random
    killed: list[str] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _countdown: int = -1
    _after: bool = False

    def __post_init__(self) -> None:
        self.rig.legacy.faults.append(self._before)
        self.rig.oracle.faults.append(self._before)
        self.rig.legacy.rewrites.append(self._answered)
        self.rig.oracle.rewrites.append(self._answered)

    def _before(self, _: dict[str, Any]) -> None:
        self._countdown -= 1
        if self._countdown == 0 and not self._after:
            self._kill()

    def _answered(self, _: dict[str, Any], body: bytes) -> bytes:
        if self._countdown == 0 and self._after:
            self._kill()
        return body

    def _kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)

    def step(self, *arguments: str, codes: tuple[int, ...] = (0,), usual: int) -> int:
        """Run a step until it ends by itself, killed on the way while there are kills left; returns its exit code.

        Args:
            arguments: the step and its options.
            codes: how it may end.
            usual: about how many requests it makes, the range that moments are drawn from.
        """
        everything = bodies(*buckets_of(self.site), *buckets_of(self.site).values())
        while True:
            # a few more kills than one for each step, spread over all of them
            self._countdown = self.rng.randint(1, max(2, usual)) if self.left > 0 else -1
            self._after = self.rng.random() < 0.5
            command = [sys.executable, "-m", "infra.retirement", *arguments, "--job", str(self.rig.job(self.site))]
            command += self.rig.work
            if arguments[0] not in ("census", "verify-empty"):
                command += ["--threads", "4"]
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            out, err = self._process.communicate()
            code = self._process.returncode
            self._process = None
            there = bodies(*buckets_of(self.site), *buckets_of(self.site).values())
            assert everything <= there, "content was lost"
            if code == -signal.SIGKILL:
                self.left -= 1
                self.killed.append(arguments[0])
                continue
            assert code in codes, (arguments, code, out, err)
            return code
