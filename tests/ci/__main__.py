"""`make ci`: plays the pull request, with every engine that is here, and each sabotage; exit 1 if one goes wrong."""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.ci.play import Desk, UnexpectedError
from tests.ci.pull_request import merged
from tests.ci.sabotages import SABOTAGES


def main() -> int:
    """Play everything; the exit code."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="usdata-ci-") as folder:
        for engine in ["embedded", *(["pulumi"] if shutil.which("pulumi") else [])]:
            print(f"\nA pull request, with the {engine} engine")
            desk = Desk.made(Path(folder) / engine, engine)
            try:
                merged(desk)
            except UnexpectedError as error:
                print(f"  FAILED  {error}")
                return 1
        if not shutil.which("pulumi"):
            print("\nskipped: the same with the ordinary command line, since no pulumi is on PATH")
        print("\nNine sabotages of it")
        ready = Desk.made(Path(folder) / "ready", "embedded")
        ready.prepare()
        for number, (name, sabotage) in enumerate(SABOTAGES.items(), 1):
            desk = ready.copied(Path(folder) / f"sabotage-{number}")
            before = desk.clouds()
            try:
                reason = sabotage(desk)
                if name not in _APPLIES_ONE:
                    desk.must(desk.clouds() == before, "something was changed in the clouds")
                print(f"  stopped  {name:<42} {reason}")
            except UnexpectedError as error:
                failed.append(name)
                print(f"  NOT STOPPED  {name}: {error}")
            shutil.rmtree(desk.root)
    print(f"\n{len(SABOTAGES) - len(failed)} of {len(SABOTAGES)} sabotages were stopped, each with its reason.")
    return 1 if failed else 0


_APPLIES_ONE = {"two runs at once"}
"""Here one of the two is right, and changes something."""

if __name__ == "__main__":
    sys.exit(main())
