"""What a review binds together, and how `up` finds out that something is not what was reviewed.

`review.json` names the stack, the day, the source that planned, the canonical hash of the state that it started from,
the phase moves in it and the SHA-256 of each other file of the review. Whoever reviews sees the digest of `review.json`
itself, so that one text of 64 digits stands for all of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from infra.cli.digests import sha256
from infra.cli.files import replace_file
from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REVIEW: Final = "review.json"
PREVIEW: Final = "preview.json"
PLAN: Final = "plan.json"
CERTIFICATE: Final = "certificate.json"
BOUND: Final = (CERTIFICATE, PLAN, PREVIEW)
"""The files that a review binds."""

SCHEMA: Final = "https://usdata.example/review/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was reviewed.

    Attributes:
        stack: the stack's name.
        engine: which engine planned; the same one applies.
        as_of: the day of the plan, YYYY-MM-DD.
        source: digest of the source (`digests.source`).
        state: canonical hash of the state that the plan starts from (`digests.state`).
        moves: phase moves of legacy sites in it (`singapore: drain to wipe`), sorted.
        files: SHA-256 of each file of the review beside this one, by name.
    """

    stack: str
    engine: str
    as_of: str
    source: str
    state: str
    moves: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])

    def text(self) -> str:
        """The review as its file."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, sort_keys=True) + "\n"


def write(folder: Path, review: Review) -> str:
    """Write `review.json`; returns its digest, which stands for the whole review.

    Raises:
        Refused: The folder cannot be written.
    """
    text = review.text()
    replace_file(folder / REVIEW, text)
    return sha256(text.encode())


def read(folder: Path, *, reviewed: str) -> Review:
    """The review in a folder, each of its files as it was bound.

    Args:
        folder: where it is.
        reviewed: the digest of `review.json` that was reviewed.

    Raises:
        Refused: The folder holds another review, a file of it was changed, is missing or was added.
    """
    data = _bytes(folder / REVIEW)
    if sha256(data) != reviewed:
        raise Refused(
            "this is not the review that was approved",
            given=f"{folder / REVIEW}, SHA-256 {sha256(data)}",
            allowed=f"SHA-256 {reviewed or 'of an approved review: name it with --reviewed'}",
            fix="apply the review whose digest its comment shows, or have this one reviewed",
        )
    review = _parsed(data, folder)
    present = {path.name for path in folder.iterdir()} - {REVIEW}
    if extra := sorted(present ^ set(review.files)):
        raise Refused(
            "the review is not complete, or has files that nobody reviewed",
            given=", ".join(f"{name} {'added' if name in present else 'missing'}" for name in extra),
            allowed=", ".join(sorted((REVIEW, *review.files))),
            fix="take the review as the preview wrote it",
        )
    for name, digest in sorted(review.files.items()):
        if (found := sha256(_bytes(folder / name))) != digest:
            raise Refused(
                f"{name} is not the one that was reviewed",
                given=f"SHA-256 {found}",
                allowed=f"SHA-256 {digest}",
                why="what is applied is what was reviewed and proved, byte by byte",
                fix="take the review as the preview wrote it, or make and review a new one",
            )
    return review


def _parsed(data: bytes, folder: Path) -> Review:
    try:
        document: dict[str, Any] = json.loads(data)
        document.pop("schema")
        moves: tuple[str, ...] = tuple(document.pop("moves"))
        review = Review(moves=moves, **document)
        written = set(review.files) == set(BOUND) and review.text().encode() == data
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        review, written = None, False
    if review is None or not written:
        raise Refused(
            "the review cannot be read",
            given=str(folder / REVIEW),
            allowed="what `python -m infra.deploy preview` writes",
            fix="make and review a new one",
        )
    return review


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(
            f"the review cannot be read: {error.strerror}",
            given=str(path),
            allowed="a folder that `python -m infra.deploy preview` wrote",
        ) from error


def compare(review: Review, *, stack: str, engine: str, source: str, state: str) -> None:
    """Nothing, where what is about to run is what was reviewed.

    Raises:
        Refused: It is another stack, another engine, other source, or the state has moved on.
    """
    if review.stack != stack:
        raise Refused(
            "the review is of another stack",
            given=f"a review of {review.stack}",
            allowed=f"a review of {stack}",
            fix=f"python -m infra.deploy preview --stack {stack}, and have that reviewed",
        )
    again = "preview again and have that reviewed"
    if review.engine != engine:
        raise Refused(
            "the review was made by another engine",
            given=review.engine, allowed=engine, why="plans are kept to by the engine that made them", fix=again,
        )  # fmt: skip
    if review.source != source:
        raise Refused(
            "the source is not the one that was reviewed",
            given=f"source {source}",
            allowed=f"source {review.source}",
            why="another program, stack file, lock or receipt plans something else",
            fix=f"check out what was reviewed, or {again}",
        )
    if review.state != state:
        raise Refused(
            "the state has changed since the review",
            given=f"state {state}",
            allowed=f"state {review.state}",
            why="another run, or somebody by hand, changed what the reviewed diff starts from",
            fix=again,
        )


def agree(preview: Mapping[str, Any], plan: Mapping[str, Any], stack: str) -> None:
    """Nothing, where a preview and a plan are of this stack and plan the same steps.

    Raises:
        Refused: They are not, or do not.
    """
    shown = {str(step["urn"]): str(step["op"]) for step in cast("list[dict[str, Any]]", preview["steps"])}
    planned = cast("Mapping[str, Mapping[str, Any]]", plan["resourcePlans"])
    foreign = sorted(urn for urn in {*shown, *planned} if not urn.startswith(f"urn:pulumi:{stack}::"))
    if foreign:
        raise Refused(
            "the plan is of another stack",
            given=foreign[0], allowed=f"resources of {stack}", fix="preview this stack and have that reviewed",
        )  # fmt: skip
    ops = {urn: _summary([str(op) for op in entry.get("steps") or ()]) for urn, entry in planned.items()}
    differing = sorted(urn for urn in {*shown, *ops} if _kind(shown.get(urn)) != _kind(ops.get(urn)))
    if differing:
        raise Refused(
            f"plan and preview differ on {len(differing)} resources",
            given=f"{differing[0]}: {ops.get(differing[0])} in the plan, {shown.get(differing[0])} in the preview",
            allowed="the same steps in both",
            fix="take both from one preview",
        )


def _summary(ops: list[str]) -> str:
    """One word for the planned steps of a resource: a replacement is several steps in a plan and one in a preview."""
    return "replace" if any(op.endswith(("replace", "replacement", "replaced")) for op in ops) else "".join(ops[:1])


def _kind(op: str | None) -> str:
    return "same" if op in {None, "", "same", "read", "refresh"} else str(op)
