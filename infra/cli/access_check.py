"""What a preview would let people do with data that they cannot do now, whoever changed what to bring it about.

Read off the resources of the state and of the preview, so that a changed component shows like a changed stack file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.resource_graph import after, graph_of
from infra.engine.display import Paper, Tone, escape
from infra.verify.oracle.reach import reach, wider

if TYPE_CHECKING:
    from infra.cli.runs import Outcome

_MOST = 10


def widened(outcome: Outcome) -> tuple[str, ...]:
    """Sentences about what is wider; none where there was nothing before, since then everything is new."""
    if not outcome.before.resources:
        return ()
    had = graph_of(resource for resource in outcome.before.resources if not resource.delete)
    return wider(reach(had), reach(after(outcome)))


def render(outcome: Outcome, paper: Paper) -> list[str]:
    """The sentences under one heading; empty where nothing is wider."""
    found = widened(outcome)
    if not found:
        return []
    lines = [f"  {paper.paint('ACCESS', Tone.CHANGED, bold=True)}    wider than before:"]
    lines += [f"    {escape(text)}" for text in found[:_MOST]]
    return lines + ([f"    and {len(found) - _MOST} more: --json has all"] if len(found) > _MOST else [])
