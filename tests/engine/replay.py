"""Plays recordings of Pulumi's engine against the embedded one: `python -m tests.engine.replay FILE_OR_FOLDER...`.

Prints one line a scenario, `ok` or the first difference (with `--all` every one), and a closing count. Exit 1 if any
scenario differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.engine import compare, lab, player


def differences(recording: dict[str, Any], server: lab.Server) -> list[str]:
    """What differs in a recording, each with its step."""
    scenario = recording["scenario"]
    comparison = compare.Comparison(scenario)
    found: list[str] = []
    for index, (played, expected) in enumerate(
        zip(player.play(server, scenario), recording["results"], strict=True), start=1
    ):
        step = scenario["steps"][index - 1]
        label = f"step {index} ({' '.join([step['command'], *step.get('flags', ())])})"
        found.extend(f"{label}: {text}" for text in comparison.differences(expected, played, step))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Play what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.replay", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--all", action="store_true", help="show every difference")
    options = parser.parse_args(arguments)
    files = [f for p in options.paths for f in (sorted(p.glob("*.json")) if p.is_dir() else [p])]
    bad = 0
    with lab.Server() as server:
        for file in files:
            recording = json.loads(file.read_text())
            try:
                found = differences(recording, server)
            except Exception:  # noqa: BLE001 (whatever it is, it is this scenario's difference)
                found = [f"the player failed:\n{traceback.format_exc()}"]
            bad += bool(found)
            shown = found if options.all else found[:1]
            print(f"{file.stem}: {'ok' if not found else shown[0]}")
            for text in shown[1:]:
                print(f"    {text}")
            sys.stdout.flush()
    print(f"{len(files) - bad} of {len(files)} scenarios ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
