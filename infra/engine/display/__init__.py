"""Shows what a run does, to people: knows the engine's events and nothing about what the resources are for.

`Recorder` gathers the events; the `render_*` functions turn what it has into lines of text; `Progress` keeps a terminal
informed meanwhile. The same run gives the same text, in whatever order its events arrived.
"""

from infra.engine.display.changes import Change, Recorder, short_type
from infra.engine.display.progress import Progress
from infra.engine.display.summary import places, render_counts, render_diagnostics, render_resources
from infra.engine.display.text import Paper, Tone, columns, count, escape, escape_lines, listed, paper_for
from infra.engine.display.tree import render_outputs, render_tree

__all__ = [
    "Change",
    "Paper",
    "Progress",
    "Recorder",
    "Tone",
    "columns",
    "count",
    "escape",
    "escape_lines",
    "listed",
    "paper_for",
    "places",
    "render_counts",
    "render_diagnostics",
    "render_outputs",
    "render_resources",
    "render_tree",
    "short_type",
]
