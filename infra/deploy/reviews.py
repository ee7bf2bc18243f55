"""Makes a review of a stack, and applies one.

The order of `apply` is that of its refusals: first what can be seen from the review alone, then under the stack's lock
what is about to run, last the phase moves. Nothing is changed before all of it holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.cli import certify, digests
from infra.cli.files import replace_file
from infra.cli.refusal import Refused
from infra.deploy import approval, binding
from infra.deploy.binding import BOUND, CERTIFICATE, PLAN, PREVIEW, Review
from infra.deploy.engines import opened
from infra.deploy.trust import require_taken_over

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from infra.cli.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `up` was told.

    Attributes:
        reviewed: the digest that was approved.
        approvals: who approved its phase moves, or None.
        author: who proposed it.
        record: where to write what was done, or None.
        engine: which engine, or None for the stack's own.
    """

    workspace: Workspace
    folder: Path
    reviewed: str
    approvals: Path | None
    author: str
    record: Path | None
    engine: str | None
    as_of: date


def make(workspace: Workspace, folder: Path, *, engine: str | None, as_of: date) -> tuple[str, Review]:
    """Write a review into a new folder; returns its digest, and the review.

    Raises:
        BadStackFile: The stack file may not be.
        Refused: The folder is there already, the preview fails, residence is not proved, or who deploys is to change.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise Refused(
            f"the folder cannot be made: {error.strerror}", given=str(folder), allowed="a new folder"
        ) from error
    with opened(workspace, engine, as_of, writable=False) as chosen:
        state = chosen.export()
        moves = _moves(workspace, state, as_of)
        chosen.preview(folder)
    _refuse_disagreement(folder, workspace.stack)
    require_taken_over(json.loads((folder / PREVIEW).read_bytes()), workspace.stack)
    proved = certify.prove((folder / PREVIEW).read_bytes(), workspace, as_of)
    replace_file(folder / CERTIFICATE, proved.certificate.decode())
    review = Review(
        stack=workspace.stack,
        engine=chosen.name,
        as_of=as_of.isoformat(),
        source=digests.source(workspace.root),
        state=digests.state(state),
        moves=moves,
        files={name: digests.sha256((folder / name).read_bytes()) for name in BOUND},
    )
    return binding.write(folder, review), review


def apply(order: Order) -> int:
    """Apply a review; returns the engine's exit code.

    Raises:
        BadStackFile: The stack file may not be any more (an expiry has passed, a receipt is missing).
        Refused: Anything differs from what was reviewed; nothing was changed.
    """
    workspace, folder = order.workspace, order.folder
    review = binding.read(folder, reviewed=order.reviewed)
    _refuse_disagreement(folder, workspace.stack)
    certify.check(folder / CERTIFICATE, folder / PREVIEW)
    with opened(workspace, order.engine, order.as_of, writable=True) as engine:
        before = engine.export()
        binding.compare(
            review,
            stack=workspace.stack,
            engine=engine.name,
            source=digests.source(workspace.root),
            state=digests.state(before),
        )
        moves = _moves(workspace, before, order.as_of)
        approved = approval.require(moves, order.approvals, author=order.author)
        code = engine.up(folder / PLAN)
        after = digests.state(engine.export())
    if order.record is not None:
        _record(order, review, moves=moves, approved=approved, code=code, after=after)
    return code


def _refuse_disagreement(folder: Path, stack: str) -> None:
    """Preview and plan of a folder are of this stack, and of one another."""
    preview, plan = (json.loads((folder / name).read_bytes()) for name in (PREVIEW, PLAN))
    binding.agree(preview, plan, stack)


def _moves(workspace: Workspace, state: Mapping[str, Any], as_of: date) -> tuple[str, ...]:
    """The phase moves that applying the stack file to a state makes."""
    from infra.cli import runs  # noqa: PLC0415 (the engine is slow to import)
    from infra.cli.deployed import deployed  # noqa: PLC0415 (the same)
    from infra.engine.options import Command  # noqa: PLC0415 (the same)
    from infra.engine.state import load  # noqa: PLC0415 (the same)

    had = load(state)
    request = runs.Request(command=Command.UP, workspace=workspace, as_of=as_of)
    planned = runs.load(workspace, as_of, runs.evidence_for(request, had)).plan
    return approval.moves(deployed(had), planned)


def _record(order: Order, review: Review, *, moves: tuple[str, ...], approved: str, code: int, after: str) -> None:
    """Write down what was done: for the evidence bundle, and for whoever asks later."""
    assert order.record is not None  # noqa: S101 (the caller looked)
    document = {
        "approvedBy": approved,
        "author": order.author,
        "exit": code,
        "finished": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "moves": list(moves),
        "reviewed": order.reviewed,
        "source": review.source,
        "stack": review.stack,
        "stateAfter": after,
        "stateBefore": review.state,
    }
    replace_file(order.record, json.dumps(document, indent=2, sort_keys=True) + "\n")
