"""The comment on a pull request: the verdict first, then what it means; the same review gives the same bytes.

Never longer than the platform takes: what is least important goes first, from its end, and says how much is missing.
Refusals stay to the last. Names may hold anything, so every text is written in a way in which the platform's Markdown
finds nothing to format, link or notify.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra.evidence.review import Change, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.evidence.review import Reach, Refusal, Review

LIMIT: Final = 65_536
"""The longest comment that GitHub takes, in characters (its REST API answers 422 "body is too long" above)."""

_MOST_MEANING: Final = 10
_ICONS: Final = {Word.PROVED: "✅", Word.REFUTED: "❌", Word.UNDECIDED: "❔", Word.FAILED: "❗", Word.REFUSED: "❌"}
_ACTIVE: Final = re.compile(r"[\\`*_\[\]<>#|~&$^]|(?<=http):|(?<=https):|(?<=ftp):|(?<=www)\.", re.IGNORECASE)
_NAMES: Final = re.compile(r"([@#])(?=\w)")


@dataclass(slots=True, kw_only=True)
class _Section:
    """Lines that may be left out from the end; `head` and `tail` stand as long as a line is left, if it has any."""

    head: list[str]
    lines: list[str]
    tail: list[str] = field(default_factory=list[str])
    left_out: int = 0

    def render(self) -> list[str]:
        if not self.lines and not self.left_out:
            return []
        note = [f"*{self.left_out:,} more left out: a comment has its limit; the page has them all.*"]
        return [*self.head, *self.lines, *self.tail, *(["", *note, ""] if self.left_out else [])]


def comment(review: Review, *, limit: int = LIMIT) -> str:
    """The comment on a review, at most `limit` characters."""
    top, sections = _top(review), list(_sections(review))
    for section in reversed(sections):
        while section.lines and (over := len(_joined(top, sections)) - limit) > 0:
            gone = _enough(section.lines, over + 100)
            section.left_out += gone
            del section.lines[-gone:]
    return _joined(top, sections)


def marker(stack: str) -> str:
    """The first line of every comment on a stack: by it the one to update is found."""
    name = re.sub(r"-+", "-", re.sub(r"[^A-Za-z0-9._-]", "", stack))
    return f"<!-- usdata review of {name} -->"


def _enough(lines: Sequence[str], over: int) -> int:
    """How many lines at the end make up so many characters; at least one."""
    saved = 0
    for number, line in enumerate(reversed(lines), 1):
        saved += len(line) + 1
        if saved >= over:
            return number
    return len(lines)


def _joined(top: Sequence[str], sections: Iterable[_Section]) -> str:
    lines = [*top, *(line for section in sections for line in section.render())]
    return "\n".join(lines).rstrip() + "\n"


def _top(review: Review) -> list[str]:
    verdict = review.verdict
    counts = " · ".join(f"{count.mark} {count.number:,} {count.word}" for count in review.counts)
    lines = [
        marker(review.stack),
        f"### {_ICONS[verdict.word]} Residency {verdict.word} · stack {_text(review.stack)}",
        "",
        f"{_text(verdict.summary)}  ",
        *([f"{_text(counts)} · {review.unchanged:,} unchanged"] if review.counts else []),
        "",
    ]
    if review.edits:
        lines += ["What if: this is not what the stack file says, but with these edits.", ""]
        lines += [*(f"* {_text(edit)}" for edit in review.edits), ""]
    return lines


def _sections(review: Review) -> Iterator[_Section]:
    """Most important first."""
    findings = review.verdict.refusals
    refused, unknown = ([it for it in findings if it.missing is missing] for missing in (False, True))
    yield _Section(head=["#### What may not be", ""], lines=[line for it in refused for line in _refusal(it)])
    yield _Section(head=["#### What is not known", ""], lines=[line for it in unknown for line in _refusal(it)])
    yield _Section(head=["#### Why the preview did not finish", ""], lines=[f"* {_text(e)}" for e in review.errors])
    meaning = [f"* **{line.topic}** {_text(f'{line.mark} {line.text}')}" for line in review.meaning]
    rest = len(meaning) - _MOST_MEANING
    more = [f"* and {rest} more, below"] if rest > 0 else []
    yield _Section(head=["#### What changes", ""], lines=meaning[:_MOST_MEANING] + more, tail=[""])
    yield _folded(f"{rest} more changes", meaning[_MOST_MEANING:])
    yield _folded("Traffic, before and after", list(_traffic(review)))
    access = [_access(row) for row in review.reach if row.change is not Change.KEPT]
    access += [f"* wider than before: {_text(text)}" for text in review.widened]
    access += [f"* withdrawn: {_text(text)}" for text in review.withdrawn]
    yield _folded(f"Access that changes ({len(access)})", access)
    yield _folded("What ends, and when", list(_terms(review)))
    theorems = [f"* {t.word} {_text(f'{t.id} {t.title}: {t.says}')}" for t in review.verdict.theorems]
    theorems += [f"* assumed: {_text(text)}" for text in review.verdict.assumptions]
    yield _folded("Theorems and assumptions", theorems)
    rows = [row for row in review.resources if row.op != "same"]
    listed = [f"{row.op:<8} {row.type}  {row.name}  {row.detail}".rstrip() for row in rows]
    fence = "`" * (1 + max((len(run) for line in listed for run in re.findall("`+", line)), default=2))
    section = _folded(f"Resources that change ({len(rows):,})", listed)
    section.head.append(fence)
    section.tail.insert(0, fence)
    yield section


def _folded(title: str, lines: list[str]) -> _Section:
    head = [f"<details><summary>{_text(title)}</summary>", ""]
    return _Section(head=head, lines=lines, tail=["", "</details>", ""])


def _refusal(refusal: Refusal) -> Iterator[str]:
    yield f"**{_text(refusal.sentence)}**"
    yield ""
    if refusal.steps:
        yield f"* {' → '.join(_text(step) for step in refusal.steps)}"
    rows = (
        ("undecided" if refusal.missing else "breaks", refusal.theorem),
        ("resource", refusal.resource),
        ("allowed", refusal.allowed),
        ("because", refusal.because),
        ("where", refusal.where),
        ("fix", refusal.fix),
    )
    yield from (f"* {label}: {_text(text)}" for label, text in rows if text)
    yield ""


def _access(row: Reach) -> str:
    what = f"{row.who} may {row.may} {', '.join(row.datasets)} in {row.places}, from {row.network}"
    return f"* {_text(what)} ({row.change}, {_text(row.where)})"


def _traffic(review: Review) -> Iterator[str]:
    for change in review.answers:
        yield f"**{_text(change.hostname)}** ({' and '.join(change.types)})"
        yield ""
        yield "| who asks | now | after |"
        yield "|---|---|---|"
        for row in change.rows:
            yield f"| {_text(f'{row.who}, {row.health}')} | {_text(row.before)} | {_text(row.after)} |"
        yield ""
        if change.note:
            yield from (_text(change.note), "")


def _terms(review: Review) -> Iterator[str]:
    for term in review.terms:
        phase = f": phase {term.phase}" if term.phase else ""
        moved = f" (moves from {term.before})" if term.before else ""
        ends = f", ends {term.ends}, in {term.days} days" if term.ends else ""
        yield f"* {_text(f'{term.subject}{phase}{moved}{ends}')}"


def _text(text: str) -> str:
    """The text as Markdown that is shown letter by letter: nothing in it formats, links or notifies."""
    flat = " ".join(text.split())
    quiet = _NAMES.sub("\\1\u2060", flat)  # a word joiner: a name behind it is nobody's
    return _ACTIVE.sub(lambda match: f"&#{ord(match[0])};", quiet)
