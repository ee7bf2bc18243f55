"""`make upgrade-check`: the newest SDKs in an environment of their own, compared with the pinned ones. Changes nothing.

A new input of a modelled type stands in no list of `infra/verify/data`, so whoever sets it makes the proof UNDECIDED
until somebody has read what it does. Exit 1 where the shipped stacks would provision something else.
"""

import difflib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.programs import ROOT
from tests.upgrade.shapes import SDKS

FOLDER = ROOT / ".sandbox" / "upgrade"


def compared(pinned: Mapping[str, Any], newest: Mapping[str, Any]) -> Iterator[str]:
    """What differs, line by line: versions, types, inputs, inventories."""
    for name, old in pinned["versions"].items():
        new = newest["versions"][name]
        yield f"{name} {old}" + (f" -> {new}" if new != old else ", which is the newest")
    for token, old in pinned["inputs"].items():
        new = newest["inputs"].get(token)
        if new is None:
            yield f"GONE       {token}"
            continue
        yield from (f"UNDECIDED  {token} has the new input {name}" for name in sorted({*new} - {*old}))
        yield from (f"GONE       {token} has no input {name} any more" for name in sorted({*old} - {*new}))
    for stack, old in pinned["inventories"].items():
        new = newest["inventories"][stack]
        yield from difflib.unified_diff(
            old.splitlines(), new.splitlines(), f"{stack}, pinned", f"{stack}, newest", "", "", 1, ""
        )


def _shapes(python: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 (our own code)
        [python, "-m", "tests.upgrade.shapes"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the stacks cannot be evaluated with {python}:\n{done.stderr}")
    return json.loads(done.stdout)


def _needed() -> list[str]:
    """What the tests' own stacks are made with, as pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [it for it in project["optional-dependencies"]["dev"] if it.startswith("hypothesis==")]


def _newest() -> str:
    """An environment with the newest SDKs."""
    uv, python = str(ROOT / ".venv" / "bin" / "uv"), str(FOLDER / "bin" / "python")
    for words in (
        ["venv", "--quiet", "--allow-existing", str(FOLDER)],
        ["pip", "install", "--quiet", "--python", python, "-r", "pyproject.toml", "--extra", "cli", *_needed()],
        ["pip", "install", "--quiet", "--upgrade", "--python", python, *SDKS],
    ):
        subprocess.run([uv, *words], cwd=ROOT, check=True)  # noqa: S603 (the environment's own installer)
    return python


def main() -> int:
    """Compare; the exit code."""
    pinned, newest = _shapes(sys.executable), _shapes(_newest())
    print("\n".join(compared(pinned, newest)))
    same = pinned["inventories"] == newest["inventories"]
    print("\nThe shipped stacks provision " + ("the same." if same else "something else: read the differences above."))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
