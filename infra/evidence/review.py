"""The document behind every report of one preview: plain texts and numbers, ready to be written in any form.

Texts are as they come, names of resources included, and may hold anything: whatever writes them out makes them harmless
for its own format. Everything is in the order in which it is shown, which does not depend on chance or machine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Word(StrEnum):
    """What a preview comes to.

    FAILED: it did not finish, so nothing can be said. REFUSED: the stack file may not be, so nothing was planned.
    """

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"


class Kind(StrEnum):
    """What a flow in the picture is; members stand in the order in which they are listed."""

    TRAFFIC = "traffic"
    COPY = "copy"
    GRANT = "grant"
    KEY = "key"
    LOG = "log"


class Change(StrEnum):
    """What the preview does to a part of the picture or to a way to data."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    KEPT = "kept"


class Column(StrEnum):
    """The columns of the picture, from left to right; ELSEWHERE only appears where something is refused."""

    PEOPLE = "Users and staff"
    ORACLE = "Oracle Cloud, United States"
    LEGACY = "Legacy sites, backup only"
    ELSEWHERE = "Elsewhere, refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theorem:
    """One theorem and what became of it.

    Attributes:
        id: `T1` to `T9`.
        says: what it claims, one sentence.
        because: what it was decided on, or what is missing.
    """

    id: str
    title: str
    word: Word
    says: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that may not be, with its path from end to end.

    Attributes:
        theorem: the theorem that it breaks; empty where something else than the proof refuses it.
        sentence: what would happen.
        steps: the path, one line a step, source first.
        because: the value that brings it about, or the reason behind the rule.
        allowed: what may stand there instead; empty where `fix` says it.
        fix: what to change.
        resource: the resource that it is about: type and name.
        file: where that is registered, or the stack file; with `line`, 0 if unknown.
        source: station in the picture where the path begins; empty if it has none there.
        target: where it ends: a station, or `elsewhere:REGION`.
        missing: whether it is not refused but not known: what would have to be known to decide.
        rule: the rule of the stack file that it breaks; empty where a theorem refuses it.
    """

    theorem: str
    sentence: str
    steps: tuple[str, ...] = ()
    because: str = ""
    allowed: str = ""
    fix: str = ""
    resource: str = ""
    file: str = ""
    line: int = 0
    source: str = ""
    target: str = ""
    missing: bool = False
    rule: str = ""

    @property
    def where(self) -> str:
        """File and line as editors take them."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict: on top of everything.

    Attributes:
        summary: one line of numbers.
        certificate: digest of the certificate; empty where nothing is proved.
    """

    word: Word
    summary: str
    theorems: tuple[Theorem, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    assumptions: tuple[str, ...] = ()
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something happens: `+`, 5, `create`."""

    mark: str
    number: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One change in plain words, by topic."""

    topic: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who asks in which state of health, and what is answered before and after."""

    who: str
    health: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What changes for the users of a hostname."""

    hostname: str
    types: tuple[str, ...]
    rows: tuple[Answer, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A box in the picture: a region, a legacy site, the people, or somewhere else; at most two lines of notes."""

    id: str
    column: Column
    title: str
    notes: tuple[str, ...]


class Band(IntEnum):
    """Where in its place a station stands: from top to bottom."""

    ANSWERS = 0
    DATA = 1
    LOGS = 2
    KEYS = 3
    ACCESS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Something in a place that flows begin or end at.

    Attributes:
        lane: stations of one band with the same lane stand at the same height, whatever their place.
        refused: whether it may not be there.
    """

    id: str
    place: str
    band: Band
    lane: str
    title: str
    note: str
    change: Change = Change.KEPT
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Something goes, or may be read, from one station to another.

    Attributes:
        text: what goes, in plain words.
        why: why it is legal: theorem, rule, phase and until when.
        where: the lines that bring it about, stack file first.
        by: the resources that carry it: last part of the type, and name.
        weight: how wide it is drawn, 1 to 8.
        refused: whether it may not be; `why` says what it breaks then.
    """

    id: str
    kind: Kind
    source: str
    target: str
    text: str
    why: str
    where: tuple[str, ...]
    by: tuple[str, ...] = ()
    weight: int = 1
    change: Change = Change.KEPT
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something that ends by itself: a legacy site's phase, or an exception.

    Attributes:
        ends: the day, or empty if nothing ends it.
        days: from the day of the preview until the end.
        phases: a site's phases in order; empty for an exception.
        phase: the one it is in.
        before: the one that it was in as far as the state knows, if that is another.
    """

    subject: str
    text: str
    ends: str
    days: int
    phases: tuple[str, ...] = ()
    phase: str = ""
    before: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One way to the data of some datasets.

    Attributes:
        by: the statements or settings that allow it.
    """

    who: str
    datasets: tuple[str, ...]
    may: str
    places: str
    network: str
    until: str
    where: str
    by: tuple[str, ...]
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource; `detail` names the properties that change."""

    op: str
    topic: str
    type: str
    name: str
    detail: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One preview, to be read.

    Attributes:
        basis: engine, state and whether a cloud was asked, one line.
        edits: what `--what-if` changed, as it was given.
        notes: what a reader should know about this preview.
        errors: why it failed, line by line.
        resources: what changes first, most dangerous first, then the rest.
        widened: who can do more with data than before, in sentences, whoever brings it about.
        withdrawn: statements that are in force before and not after.
        rerun: the command that makes this report again.
    """

    stack: str
    as_of: str
    basis: str
    verdict: Verdict
    counts: tuple[Count, ...]
    unchanged: int
    meaning: tuple[Meaning, ...]
    answers: tuple[Answers, ...]
    places: tuple[Place, ...]
    stations: tuple[Station, ...]
    flows: tuple[Flow, ...]
    terms: tuple[Term, ...]
    reach: tuple[Reach, ...]
    widened: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    resources: tuple[Row, ...] = ()
    edits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    rerun: str = ""

    @property
    def changes(self) -> int:
        """How many resources change."""
        return sum(count.number for count in self.counts)

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self)
