"""A checkout in a folder of its own, and the commands that people and workflows run in it, each as its own process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_SOURCE = (
    "Pulumi.yaml", "__main__.py", "requirements.txt", "pyproject.toml", "components", "infra", "stacks", ".github"
)  # fmt: skip
_DATASET = ("    traffic:\n", "      messages: {class: protected}\n    traffic:\n")
DAY = "2026-11-24"


class UnexpectedError(Exception):
    """A step that did not go as it must."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended: its exit code, and what it printed on either stream."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A checkout with the simulated clouds behind it.

    Attributes:
        root: the checkout.
        engine: which engine reviews and applies.
    """

    root: Path
    engine: str

    @classmethod
    def made(cls, root: Path, engine: str) -> Desk:
        """A fresh checkout of what is here."""
        root.mkdir(parents=True)
        for name in _SOURCE:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        (root / ".venv").symlink_to(ROOT / ".venv")
        return cls(root=root, engine=engine)

    def copied(self, root: Path) -> Desk:
        """The same, states and clouds included, to spoil."""
        shutil.copytree(self.root, root, symlinks=True)
        return Desk(root=root, engine=self.engine)

    @property
    def work(self) -> Path:
        """Where artefacts go, as a runner's working folder."""
        folder = self.root / ".artefacts"
        folder.mkdir(exist_ok=True)
        return folder

    def run(self, *words: object, environment: dict[str, str] | None = None) -> Ran:
        """Run a command of the project."""
        done = subprocess.run(  # noqa: S603 (our own commands)
            [sys.executable, "-m", *map(str, words)],
            cwd=self.root,
            env={**self.surroundings(), **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)

    def surroundings(self) -> dict[str, str]:
        """What a runner without any secret has in its environment."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.root / ".home"), "PYTHONPATH": str(self.root)}

    def step(self, what: str, *words: object, code: int = 0, says: str = "") -> Ran:
        """Run a command that must end so and say this, and tell what it was.

        Raises:
            UnexpectedError: It ends otherwise.
        """
        begun = time.monotonic()
        done = self.run(*words)
        self.must(done.code == code, f"{what}: exit {done.code}\n{done.out[-2000:]}{done.err[-2000:]}")
        self.must(
            says in done.out + done.err, f"{what}: it does not say {says!r}\n{done.out[-2000:]}{done.err[-2000:]}"
        )
        print(f"  ok  {what:<46} {time.monotonic() - begun:5.1f} s", flush=True)
        return done

    def must(self, holds: bool, what: str) -> None:
        """Go on only where something holds.

        Raises:
            UnexpectedError: It does not.
        """
        if not holds:
            raise UnexpectedError(what)

    def edit(self, old: str, new: str, *, file: str = "stacks/Pulumi.sandbox.yaml") -> None:
        """Change a file of the checkout in one place."""
        text = (self.root / file).read_text()
        self.must(old in text, f"{file} has no {old!r}")
        (self.root / file).write_text(text.replace(old, new, 1))

    def add_dataset(self) -> None:
        """The edit of this pull request."""
        self.edit(*_DATASET)

    def review(self, name: str = "review") -> str:
        """Make a review into a folder; its digest."""
        done = self.run(
            "infra.deploy", "preview", "--stack", "sandbox", "--engine", self.engine, "--out", self.work / name,
            "--json", *self.day,
        )  # fmt: skip
        self.must(done.code == 0, f"no review: {done.out[-2000:]}{done.err[-2000:]}")
        return str(json.loads(done.out)["reviewed"])

    @property
    def day(self) -> tuple[str, ...]:
        """The ordinary engine plans for today; the embedded one for a day that stays the same."""
        return ("--as-of", DAY) if self.engine == "embedded" else ()

    def up(self, digest: str, name: str = "review", *more: object) -> tuple[object, ...]:
        """The words that apply a review."""
        return (
            "infra.deploy", "up", "--stack", "sandbox", "--engine", self.engine, "--review", self.work / name,
            "--reviewed", digest, *self.day, *more,
        )  # fmt: skip

    def prepare(self) -> None:
        """What a sabotage begins with: main is deployed, and the review of a pull request is there."""
        digest = self.review("first")
        done = self.run(*self.up(digest, "first"))
        self.must(done.code == 0, f"main cannot be deployed: {done.out[-2000:]}{done.err[-2000:]}")
        self.add_dataset()
        (self.work / "digest").write_text(self.review())

    @property
    def digest(self) -> str:
        """The digest of the prepared review."""
        return (self.work / "digest").read_text()

    def clouds(self) -> str:
        """A digest of everything in the simulated clouds."""
        with sqlite3.connect(self.root / ".sandbox" / "clouds.sqlite") as connection:
            return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()

    def rebound(self) -> str:
        """The review's digest after somebody wrote all of its digests anew."""
        folder = self.work / "review"
        document: dict[str, Any] = json.loads((folder / "review.json").read_text())
        document["files"] = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in document["files"]}
        text = json.dumps(document, indent=2, sort_keys=True) + "\n"
        (folder / "review.json").write_text(text)
        return hashlib.sha256(text.encode()).hexdigest()
