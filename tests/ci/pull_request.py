"""The pull request: edit, preview, proof, comment, page, review, merge, apply, evidence, check."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ci.play import Desk


def merged(desk: Desk) -> None:
    """From an empty tenancy to a second deployment whose evidence is checked.

    Raises:
        UnexpectedError: A step goes otherwise.
    """
    work, stack, engine = desk.work, ("--stack", "sandbox"), ("--engine", desk.engine)
    digest = desk.review("first")
    desk.step("main is deployed", *desk.up(digest, "first", "--record", work / "first.json"))
    public = work / "public.json"
    desk.step(
        "its state is published, redacted", "infra.deploy", "redact", *stack, "--engine", desk.engine, "--out", public
    )

    desk.add_dataset()
    written = ("--json", work / "preview.json", "--html", work / "page.html", "--markdown", work / "comment.md")
    desk.step(
        "anyone previews, without credentials", "infra", "report", *stack, "--as-of", "2026-11-24", "--state", public,
        *written, says="residency PROVED",
    )  # fmt: skip
    desk.step(
        "the proof alone says the same", "infra.verify", "--preview", work / "preview.json", "--as-of", "2026-11-24",
        says="PROVED",
    )  # fmt: skip
    for name in ("page.html", "comment.md"):
        desk.must("messages" in (work / name).read_text(), f"{name} does not say what changes")
    print("  ok  comment and page say what changes")

    digest = desk.review()
    print(f"  ok  a maintainer reviews it: {digest[:12]}")
    record = work / "record.json"
    desk.step("merged: what was reviewed is applied", *desk.up(digest, "review", "--record", record))
    desk.step("nothing drifted", "infra.deploy", "drift", *stack, *engine, "--out", work / "state.json")
    state = ("--state", work / "state.json")
    evidence = ("--as-of", "2026-11-24", "--record", record, "--out", work / "evidence")
    desk.step("evidence", "infra", "evidence", *stack, *state, *evidence)
    desk.step("the checkout accepts it", "infra", "evidence", "check", work / "evidence", says="ACCEPTED")
    alone = subprocess.run(  # noqa: S603 (this interpreter, without any package)
        [sys.executable, "-I", "-S", str(work / "evidence" / "check.py")],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    desk.must(alone.stdout.startswith("ACCEPTED"), f"check.py alone: {alone.stdout}{alone.stderr}")
    print("  ok  so does Python alone")
