"""Random scenarios through the real engine and the embedded one: `python -m tests.engine.explore --scenarios N`.

Each scenario (`scenarios.py`) is recorded with the `pulumi` on PATH and replayed. What the real engine does after a
failure is partly a race, so a scenario that differs is recorded anew, and counts when it differs every time; its last
recording is kept. Exit 1 if any counts.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import traceback
from pathlib import Path

from tests.engine import lab, recorder, replay, scenarios

_ATTEMPTS = 3


def differs(scenario: dict, server: lab.Server, folder: Path) -> list[str]:
    """What differs in the last of the recordings that all differ; nothing where one agrees."""
    found: list[str] = []
    for _ in range(_ATTEMPTS):
        recording = recorder.record(server, scenario)
        try:
            found = replay.differences(recording, server)
        except Exception:  # noqa: BLE001 (whatever it is, it is this scenario's difference)
            found = [f"the player failed:\n{traceback.format_exc()}"]
        if not found:
            return []
    recorder.write(recording, folder)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Play as many scenarios as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.explore", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first; the others follow")
    parser.add_argument("--out", type=Path, default=Path(".sandbox/scenarios"), help="where recordings that differ go")
    options = parser.parse_args(arguments)
    if shutil.which("pulumi") is None:
        print("explore: pulumi is not on PATH", file=sys.stderr)
        return 2
    bad = 0
    with lab.Server() as server:
        for seed in range(options.seed, options.seed + options.scenarios):
            found = differs(scenarios.scenario(seed), server, options.out)
            bad += bool(found)
            print(f"seed {seed}: {found[0] if found else 'ok'}", flush=True)
    print(f"{options.scenarios - bad} of {options.scenarios} scenarios ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
