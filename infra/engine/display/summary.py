"""The short form of a run: how many of each, what went wrong, and which resources with their place in the program."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.display.changes import Change, Recorder, short_type
from infra.engine.display.text import Paper, Tone, columns, count, escape, escape_lines, listed
from infra.engine.display.tree import MARKS, TONES
from infra.engine.events import Diagnostic, Op, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_ROWS: Final = 24
"""Longer lists of creations, updates and readings are folded by type; deletions and replacements never are."""

_ITSELF: Final = "\0"
"""Stands for a resource's own URN while messages are compared; no message holds one."""

_NEVER_FOLDED: Final = frozenset({Op.DELETE, Op.REPLACE})

_HEADLINES: Final = ((Op.CREATE, "+"), (Op.UPDATE, "~"), (Op.REPLACE, "±"), (Op.DELETE, "-"))
_OTHERS: Final = (
    (Op.IMPORT, "=", "import"),
    (Op.READ, ">", "read"),
    (Op.DISCARD, "<", "forget"),
    (Op.REMOVE_PENDING_REPLACE, "-", "forget (deleted before)"),
)
_DONE: Final = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
_DONE_OTHERS: Final = {"import": "imported", "read": "read", "forget": "forgotten"}


def render_counts(recorder: Recorder, paper: Paper) -> list[str]:
    """One line: `+ 5 create   ~ 1 update   ± 0 replace   - 0 delete   141 unchanged`; another for what is unsure."""
    counts = recorder.counts
    words = {} if recorder.preview else _DONE | _DONE_OTHERS
    parts = [
        _count(mark, counts.get(op, 0), words.get(op.value, op.value), TONES.get(op), paper) for op, mark in _HEADLINES
    ]
    parts += [
        _count(mark, counts[op], words.get(word, word), None, paper) for op, mark, word in _OTHERS if counts.get(op)
    ]
    parts.append(f"{counts.get(Op.SAME, 0):,} unchanged")
    lines = ["  " + "   ".join(parts)]
    if unsure := [c for c in recorder.changed() if c.may_replace]:
        text = f"  {count(len(unsure), 'update')} may be a replacement: no fact says for {_properties(unsure)}"
        lines.append(paper.paint(text, Tone.REPLACED))
    return lines


def _count(mark: str, number: int, word: str, tone: Tone | None, paper: Paper) -> str:
    return paper.paint(f"{mark} {number:,} {word}", tone if number else Tone.QUIET)


def _properties(unsure: Sequence[Change]) -> str:
    found = sorted({f"{c.shown_type} {path}" for c in unsure for path in c.may_replace})
    return escape(listed(found, most=3))


def render_resources(recorder: Recorder, paper: Paper, *, show_sames: bool = False) -> list[str]:
    """The resources that change, one a line with their place in the program; a long list is folded.

    The stack itself is left out: it changes whenever anything does.
    """
    changes = [c for c in recorder.changed() if not urns.is_root_stack(c.step.urn)]
    if show_sames:
        sames = (c for c in recorder.all() if c.op is Op.SAME and not urns.is_root_stack(c.step.urn))
        changes += sorted(sames, key=lambda c: (c.step.type, c.name, c.step.urn))
    rows = _folded(changes) if len(changes) > _MOST_ROWS and not show_sames else [(c, _row(c)) for c in changes]
    lines = columns([row for _, row in rows], width=paper.width)
    return _painted(lines, [c for c, _ in rows], paper)


def _row(change: Change) -> tuple[str, str, str]:
    record = change.step.new or change.step.old
    notes = [text for text in (_refused(change), _property_names(change)) if text]
    if record is not None and record.protect and change.op in _NEVER_FOLDED:
        notes.append("protected")
    suffix = f" ({'; '.join(notes)})" if notes else ""
    return (
        f"{_mark(change.op)} {escape(change.shown_type)}",
        escape(change.name) + suffix,
        escape(change.step.position),
    )


def _mark(op: Op) -> str:
    return MARKS.get(op, " ").strip().replace("+-", "±") or " "


def _refused(change: Change) -> str:
    return "failed" if change.failed else ""


def _property_names(change: Change) -> str:
    """Which properties an update or replacement is about: `displayName, freeformTags`."""
    if change.op not in {Op.UPDATE, Op.REPLACE}:
        return ""
    unsure = {_top(path) for path in change.may_replace}
    names = sorted(
        {*change.step.diff_reasons, *change.step.replace_reasons, *unsure}
        or {_top(p) for p in change.step.detailed_diff or {}}
    )
    shown = [f"{name} may replace" if name in unsure else name for name in names]
    return escape(listed(shown, most=3))


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _folded(changes: Sequence[Change]) -> list[tuple[Change, tuple[str, str, str]]]:
    """Deletions and replacements one by one; a component that comes as a whole in one row; the rest by type."""
    alone = [c for c in changes if c.op in _NEVER_FOLDED or c.may_replace or c.failed]
    rows = [(c, _row(c)) for c in alone]
    groups: dict[tuple[Op, str], list[Change]] = defaultdict(list)
    for change, inside in _whole([c for c in changes if c not in alone]):
        if inside:
            mark, name, place = _row(change)
            rows.append((change, (mark, f"{name} ({count(inside, 'resource')})", place)))
        else:
            groups[change.op, change.shown_type].append(change)
    for (op, type_), members in groups.items():
        if len(members) == 1:
            rows.append((members[0], _row(members[0])))
            continue
        names = listed([escape(c.name) for c in members], most=2)
        positions = sorted({escape(c.step.position) for c in members if c.step.position})
        place = positions[0] if len(positions) == 1 else f"{len(positions)} places" if positions else ""
        rows.append((members[0], (f"{_mark(op)} {escape(type_)} x {len(members)}", names, place)))
    return rows


def _whole(changes: Sequence[Change]) -> list[tuple[Change, int]]:
    """The changes without those inside a component that is created with them; and how many each one stands for."""
    created = {c.step.urn: c for c in changes if c.op is Op.CREATE}
    parents = {urn: c.step.new.parent for urn, c in created.items() if c.step.new is not None}
    inside: dict[str, int] = defaultdict(int)
    outermost: list[Change] = []
    for change in changes:
        urn, top = change.step.urn, change.step.urn
        while (parent := parents.get(top, "")) in created and not urns.is_root_stack(parent):
            top = parent
        if top == urn or change.op is not Op.CREATE:
            outermost.append(change)
        else:
            inside[top] += 1
    return [(c, inside[c.step.urn] if c.op is Op.CREATE else 0) for c in outermost]


def _painted(lines: Sequence[str], changes: Sequence[Change], paper: Paper) -> list[str]:
    """Lines in the tone of their change; a line that a narrow terminal broke off keeps the tone of the one above."""
    out: list[str] = []
    remaining = iter(changes)
    tone: Tone | None = None
    for line in lines:
        if not line.startswith("        "):
            change = next(remaining)
            tone = Tone.BAD if change.failed else TONES.get(change.op)
        out.append(paper.paint(line, tone))
    return out


def render_diagnostics(
    diagnostics: Sequence[Diagnostic], paper: Paper, *, places: Mapping[str, str] | None = None
) -> list[str]:
    """Errors and warnings in order of type and name; what several resources have in common is said once.

    What concerns no resource comes first.

    Args:
        diagnostics: What was told; information and debugging notes are left out.
        paper: What is written on.
        places: Where in the program a resource is registered, by URN.
    """
    told: dict[str, list[Diagnostic]] = defaultdict(list)
    for diagnostic in diagnostics:
        if diagnostic.severity in {Severity.ERROR, Severity.WARNING}:
            urn = "" if not diagnostic.urn or urns.is_root_stack(diagnostic.urn) else diagnostic.urn
            told[urn].append(diagnostic)
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for urn in sorted(told, key=_diagnostic_rank):
        alike[tuple(dict.fromkeys(_general(d) for d in told[urn]))].append(urn)
    lines: list[str] = []
    for texts, subjects in alike.items():
        if subjects != [""]:
            rows = [(_title(urn), escape((places or {}).get(urn, ""))) for urn in subjects]
            lines += [paper.paint(line, bold=True) for line in columns(rows, width=paper.width)]
        if len(subjects) == 1 and subjects[0] and not any(_ITSELF in text for text in texts):
            lines.append(paper.paint(f"    {escape(subjects[0])}", Tone.QUIET))
        for text in texts:
            lines += _message(text, subjects, paper)
    return lines


def _general(diagnostic: Diagnostic) -> str:
    """Severity and text, with the resource's own URN blanked: what several resources may have in common."""
    text = diagnostic.message.replace(diagnostic.urn, _ITSELF) if diagnostic.urn else diagnostic.message
    return f"{diagnostic.severity}: {text}"


def _message(text: str, subjects: Sequence[str], paper: Paper) -> list[str]:
    """The lines of one message; where it is about one resource only, its URN is put back."""
    severity, _, rest = text.partition(": ")
    tone = Tone.BAD if severity == Severity.ERROR else Tone.CHANGED
    indent = "  " if subjects == [""] else "    "
    own = subjects[0] if len(subjects) == 1 else "<URN>"
    first, *others = escape_lines(rest.replace(_ITSELF, own))
    return [
        f"{indent}{paper.paint(f'{severity}:', tone)} {first}",
        *(f"{indent}  {line}" if line else "" for line in others),
    ]


def _title(urn: str) -> str:
    return f"{escape(short_type(urns.type_of(urn)))} {escape(urns.name_of(urn))}"


def _diagnostic_rank(urn: str) -> tuple[str, str]:
    return (urns.type_of(urn), urns.name_of(urn)) if urn else ("", "")


def places(recorder: Recorder) -> Mapping[str, str]:
    """Where in the program each resource is registered, by URN."""
    return {c.step.urn: c.step.position for c in [*recorder.all(), *recorder.halves()] if c.step.position}
