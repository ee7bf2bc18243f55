"""Phase moves: found in a review, and applied only where somebody else than its author approved them.

The evidence is what GitHub answers for `GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals`: who let the job of
this run into the environment `phase-move`, whose required reviewers the repository's settings name. The deploy job
fetches it with its own token; nothing in the repository can write it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infra.residency.holders import Deployed
    from infra.residency.placement import Plan

ENVIRONMENT: Final = "phase-move"
"""The environment that a phase move is deployed from."""


def moves(before: Deployed | None, planned: Plan) -> tuple[str, ...]:
    """The phase moves of legacy sites between what is deployed and a plan: `singapore: drain to wipe`, sorted."""
    sites = (before.sites or {}) if before is not None else {}
    return tuple(
        sorted(
            f"{site.site.name}: {sites[site.site.name].phase} to {site.site.phase}"
            for site in planned.sites
            if site.site.name in sites and sites[site.site.name].phase is not site.site.phase
        )
    )


def require(moves: Sequence[str], file: Path | None, *, author: str) -> str:
    """Who approved the phase moves of a review; empty where there are none.

    Args:
        moves: the phase moves.
        file: what the approvals endpoint answered.
        author: who proposed the change, who cannot approve it.

    Raises:
        Refused: There are moves, and nobody, only their author, or somebody's refusal speaks for them.
    """
    if not moves:
        return ""
    approvers = _approvers(file) if file is not None else set[str]()
    if not approvers - {author, ""}:
        raise Refused(
            f"nobody approved the phase move {', '.join(moves)}",
            given=f"approved by {', '.join(sorted(approvers))}" if approvers else "no approval",
            allowed=f"an approval of environment {ENVIRONMENT} by somebody else than {author or 'the author'}",
            why="a phase move ends in data being deleted; one person alone cannot bring it about",
            fix=f"deploy from environment {ENVIRONMENT}, and pass its approvals with --approvals FILE",
        )
    return ", ".join(sorted(approvers - {author, ""}))


def _approvers(file: Path) -> set[str]:
    try:
        entries = cast("list[Mapping[str, Any]]", json.loads(file.read_bytes()))
        mine = [entry for entry in entries if any(it["name"] == ENVIRONMENT for it in entry["environments"])]
        if any(entry["state"] != "approved" for entry in mine):
            return set()
        return {str(entry["user"]["login"]) for entry in mine}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(
            f"the approvals cannot be read: {error}",
            given=str(file),
            allowed="what GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals answers",
        ) from error
