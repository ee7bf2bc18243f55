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
"""Longer lists are folded; replacements, what is protected and what failed never are."""

_MOST_DELETIONS: Final = 48
"""As long as there are no more, every deletion has a row of its own."""

_MOST_SUBJECTS: Final = 12
"""So many resources are listed above a message that is about more of them."""

_ITSELF: Final = "\0"
"""Stands for a resource's own URN while messages are compared; no message holds one."""

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
    notes = [text for text in (_refused(change), _property_names(change)) if text]
    if _is_protected(change) and change.op in {Op.DELETE, Op.REPLACE}:
        notes.append("protected")
    if change.is_retained:
        notes.append("stays in the cloud")
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
    """What is grave one by one; a component that comes or goes as a whole in one row; the rest by type."""
    few = sum(c.op is Op.DELETE for c in changes) <= _MOST_DELETIONS
    rows: list[tuple[Change, tuple[str, str, str]]] = []
    others: list[Change] = []
    for change in changes:
        if _stands_alone(change, few_deletions=few):
            rows.append((change, _row(change)))
        else:
            others.append(change)
    groups: dict[tuple[Op, str, bool], list[Change]] = defaultdict(list)
    for change, inside in _whole(others):
        if inside:
            mark, name, place = _row(change)
            rows.append((change, (mark, f"{name} ({count(inside, 'resource')})", place)))
        else:
            groups[change.op, change.shown_type, change.is_retained].append(change)
    for (op, type_, retained), members in groups.items():
        if len(members) == 1:
            rows.append((members[0], _row(members[0])))
            continue
        names = listed([escape(c.name) for c in members], most=2) + (" (stay in the cloud)" if retained else "")
        positions = sorted({escape(c.step.position) for c in members if c.step.position})
        place = positions[0] if len(positions) == 1 else f"{len(positions)} places" if positions else ""
        rows.append((members[0], (f"{_mark(op)} {escape(type_)} x {len(members)}", names, place)))
    return rows


def _stands_alone(change: Change, *, few_deletions: bool) -> bool:
    if change.op is Op.DELETE:
        return few_deletions or change.failed or _is_protected(change)
    return change.op is Op.REPLACE or bool(change.may_replace) or change.failed


def _is_protected(change: Change) -> bool:
    record = change.step.new or change.step.old
    return record is not None and record.protect


def _whole(changes: Sequence[Change]) -> list[tuple[Change, int]]:
    """The changes without those inside a component that comes or goes with them; and how many each one stands for.

    What stays in the cloud is not inside a component that goes.
    """
    parents = {_fate(c, c.step.urn): r.parent for c in changes if (r := c.step.new or c.step.old)}
    inside: dict[tuple[Op, bool, str], int] = defaultdict(int)
    outermost: list[Change] = []
    for change in changes:
        own = _fate(change, change.step.urn)
        chain = [own]
        while (above := _fate(change, parents[chain[-1]])) in parents and above not in chain:
            chain.append(above)
        ring = above in chain  # in a damaged state
        if len(chain) == 1 or ring or change.op not in {Op.CREATE, Op.DELETE}:
            outermost.append(change)
        else:
            inside[chain[-1]] += 1
    return [(c, inside[_fate(c, c.step.urn)]) for c in outermost]


def _fate(change: Change, urn: str) -> tuple[Op, bool, str]:
    """What a resource of this URN is found by if the same happens to it."""
    return change.op, change.is_retained, urn


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
            rows = [(_title(urn), escape((places or {}).get(urn, ""))) for urn in subjects[:_MOST_SUBJECTS]]
            lines += [paper.paint(line, bold=True) for line in columns(rows, width=paper.width)]
            if len(subjects) > _MOST_SUBJECTS:
                lines.append(f"  and {count(len(subjects) - _MOST_SUBJECTS, 'more resource')}")
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
