"""A preview for machines: the ordinary engine's document, and what traffic, access and residency come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.cli import access_check, traffic_table, verdict
from infra.engine.digest import digest

if TYPE_CHECKING:
    from infra.cli.runs import Outcome


def document(outcome: Outcome, *, show_sames: bool) -> dict[str, Any]:
    """What `pulumi preview --json` prints of a run, with the project's own keys beside it.

    Args:
        outcome: The run.
        show_sames: Whether resources that stay as they are have steps, too; a proof needs them.
    """
    found = dict(digest(outcome.events, show_sames=show_sames))
    if outcome.request.is_preview:
        found["traffic"] = traffic_table.document(traffic_table.changes(outcome.before, outcome.recorder))
        if outcome.request.edits:
            found["whatIf"] = [edit.text for edit in outcome.request.edits]
        found["accessWidened"] = list(access_check.widened(outcome))
    if outcome.proof is not None:
        found["residency"] = verdict.document(outcome.proof)
    return found
