"""The long form of a run, as `pulumi preview --diff` shows it: resources nested, with the properties that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.display.text import Paper, Tone, escape
from infra.engine.display.values import Guide, Line, differences, listing
from infra.engine.events import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.engine.display.changes import Change, Recorder

MARKS: Final = {
    Op.CREATE: "+ ",
    Op.DELETE: "- ",
    Op.UPDATE: "~ ",
    Op.REPLACE: "+-",
    Op.READ: "> ",
    Op.IMPORT: "= ",
    Op.DISCARD: "< ",
    Op.DISCARD_REPLACED: "< ",
    Op.REMOVE_PENDING_REPLACE: "- ",
}

TONES: Final = {
    Op.CREATE: Tone.ADDED,
    Op.DELETE: Tone.REMOVED,
    Op.UPDATE: Tone.CHANGED,
    Op.REPLACE: Tone.REPLACED,
    Op.REMOVE_PENDING_REPLACE: Tone.REMOVED,
}

_MARK_TONES: Final = {"+": Tone.ADDED, "-": Tone.REMOVED, "~": Tone.CHANGED}


def render_tree(recorder: Recorder, paper: Paper, *, show_sames: bool = False) -> list[str]:
    """The changed resources, children under their parents, siblings by type and name; then the outputs that change."""
    changes = [c for c in recorder.all() if show_sames or c.op is not Op.SAME or urns.is_root_stack(c.step.urn)]
    parents = _parents(recorder)
    ordered = sorted(changes, key=lambda c: _place(c.step.urn, parents))
    lines: list[str] = []
    for change in ordered:
        depth = len(_ancestors(change.step.urn, parents))
        lines += _resource(change, depth, paper)
    return [*lines, *render_outputs(recorder, paper)]


def render_outputs(recorder: Recorder, paper: Paper) -> list[str]:
    """The outputs of the stack that change, or nothing."""
    old, new = recorder.old_outputs(), recorder.outputs()
    lines = differences(old, new) if old else listing(new)
    return ["    --outputs:--", *_properties(lines, 4, paper)] if lines else []


def _parents(recorder: Recorder) -> dict[str, str]:
    parents: dict[str, str] = {}
    for change in recorder.all():
        record = change.step.new or change.step.old
        parents[change.step.urn] = record.parent if record else ""
    return parents


def _ancestors(urn: str, parents: dict[str, str]) -> list[str]:
    """The parents of a resource, outermost first; a ring (a damaged state) is cut."""
    chain: list[str] = []
    parent = parents.get(urn, "")
    while parent and parent not in chain and parent != urn:
        chain.append(parent)
        parent = parents.get(parent, "")
    return chain[::-1]


def _place(urn: str, parents: dict[str, str]) -> list[tuple[int, str, str]]:
    """Sorts a resource behind its parent, before its parent's next sibling; providers come first."""
    return [_rank(step) for step in [*_ancestors(urn, parents), urn]]


def _rank(urn: str) -> tuple[int, str, str]:
    type_ = urns.type_of(urn)
    first = 0 if urns.is_root_stack(urn) else 1 if urns.is_provider_type(type_) else 2
    return (first, type_, urns.name_of(urn))


def _resource(change: Change, depth: int, paper: Paper) -> Iterator[str]:
    step, indent = change.step, " " * (4 * depth)
    mark = MARKS.get(change.op, "  ")
    word = "failed" if change.failed else str(change.op)
    doubt = ", may be replaced" if change.may_replace else ""
    tone = TONES.get(change.op)
    yield paper.paint(f"{indent}{mark}{escape(step.type)}: ({word}{doubt})", tone, bold=tone is not None)
    record = step.new or step.old
    identifier = step.old.id if step.old else ""
    facts = [("id", identifier), ("urn", step.urn), ("provider", record.provider if record else "")]
    if change.op is not Op.SAME and step.position:
        facts.append(("at", step.position))
    for name, text in facts:
        if text:
            yield paper.paint(f"{indent}    [{name}={escape(text)}]", Tone.QUIET)
    yield from _properties(_lines(change), 4 * depth + 4, paper)


def _lines(change: Change) -> list[Line]:
    step = change.step
    old, new = step.old, step.new
    match change.op:
        case Op.SAME:
            return []
        case Op.UPDATE | Op.REPLACE if old is not None and new is not None:
            if change.found:
                return differences(old.outputs, new.outputs)
            guide = Guide.of(step.detailed_diff) if step.detailed_diff is not None else None
            if step.detailed_diff and not any(d.input_diff for d in step.detailed_diff.values()):
                return differences(old.outputs, {**new.outputs, **new.inputs}, guide)
            return differences(old.inputs, new.inputs, guide)
        case _:
            record = new or old
            return listing(record.inputs) if record else []


def _properties(lines: list[Line], indent: int, paper: Paper) -> Iterator[str]:
    for depth, mark, text in lines:
        blanks = " " * (indent + 4 * depth - 2)
        yield paper.paint(f"{blanks}{mark or ' '} {text}", _MARK_TONES.get(mark))
