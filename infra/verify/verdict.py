"""What a theorem answers: PROVED, REFUTED with counterexamples, or UNDECIDED with what is missing.

Three values throughout: what cannot be read is never taken for harmless, and only PROVED lets a deployment pass.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple

from infra.verify.graph import Node

MOST_LINES = 12
"""A counterexample longer than this is not read."""


class Answer(StrEnum):
    """Of a theorem, or of all of them."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"

    @property
    def exit_code(self) -> int:
        """What a command exits with: 0 proved, 1 refuted, 3 undecided."""
        return {Answer.PROVED: 0, Answer.REFUTED: 1, Answer.UNDECIDED: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """One way in which a theorem is false, in a form that another evaluator can replay.

    Attributes:
        urn: The resource to change; empty where something is missing altogether.
        path: The property to change: `destinationRegionName`, `routeRules[2].networkEntityId`.
        what: What would happen, in one sentence without a full stop.
        because: What makes it happen: `destinationRegionName = "eu-frankfurt-1"`.
        fix: What to change.
        type: The resource's type.
        source: Its file and line in the program.
        trace: Further steps on the way, a line each (a path through the network, a request).
        witness: The facts in plain values, as the theorem's own replay takes them.
    """

    urn: str
    path: str = ""
    what: str
    because: str = ""
    fix: str = ""
    type: str = ""
    source: str = ""
    trace: tuple[str, ...] = ()
    witness: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)

    def lines(self) -> list[str]:
        """It in at most twelve lines: what happens, where, why, and what to change."""
        where = [part for part in (self.type, self.urn.rpartition("::")[2]) if part]
        head = [f"{self.what}."]
        if where:
            head.append("  " + "  ".join([*where, *([self.source] if self.source else [])]))
        tail = [f"  because {self.because}"] if self.because else []
        tail += [f"  {self.fix}"] if self.fix else []
        room = MOST_LINES - len(head) - len(tail)
        steps = [f"  {step}" for step in self.trace]
        if len(steps) > room:
            steps = [*steps[: room - 1], f"  and {len(steps) - room + 1} more steps"]
        return [*head, *steps, *tail]


class Missing(NamedTuple):
    """Something that would have to be known, or modelled, before a theorem can be decided."""

    urn: str
    path: str
    what: str
    fix: str
    type: str
    source: str

    def lines(self) -> list[str]:
        """It in at most three lines."""
        where = [part for part in (self.type, self.urn.rpartition("::")[2], self.source) if part]
        place = ["  " + "  ".join(where)] if where else []
        return [f"{self.what}.", *place, *([f"  {self.fix}"] if self.fix else [])]


def refuted(  # noqa: D417 (the rest is as in `Counterexample`)
    node: Node | None, what: str, **more: Any
) -> Counterexample:
    """A counterexample at a resource.

    Args:
        node: The resource to change; None where something is missing altogether.
        what: What would happen.
    """
    if node is None:
        return Counterexample(urn="", what=what, **more)
    return Counterexample(urn=node.urn, type=node.type, source=node.source, what=what, **more)


def missing(node: Node | None, what: str, *, path: str = "", fix: str = "") -> Missing:
    """What is missing at a resource; None where it is not about one."""
    if node is None:
        return Missing(urn="", path=path, what=what, fix=fix, type="", source="")
    return Missing(urn=node.urn, path=path, what=what, fix=fix, type=node.type, source=node.source)


class Verdict(NamedTuple):
    """What one theorem answers.

    Attributes:
        theorem: Its identifier, `T1`.
        title: Its short name, `storage`.
        examined: How many subjects were looked at, so that a pass over nothing shows.
        flows: How many of them are flows of data, requests or keys.
        counterexamples: Sorted.
        missing: Sorted.
        assumptions: What it rests on that no resource says.
        certificate: Its part of the certificate: what a checker has to check again, in plain JSON values.
    """

    theorem: str
    title: str
    examined: int
    flows: int
    counterexamples: tuple[Counterexample, ...]
    missing: tuple[Missing, ...]
    assumptions: tuple[str, ...]
    certificate: Mapping[str, Any]

    @property
    def answer(self) -> Answer:
        """A counterexample beats whatever else is missing."""
        if self.counterexamples:
            return Answer.REFUTED
        return Answer.UNDECIDED if self.missing else Answer.PROVED


class Findings:
    """Collects what a decider comes upon, and closes it into a verdict."""

    def __init__(self) -> None:
        self.counterexamples: set[Counterexample] = set()
        self.missing: set[Missing] = set()

    def add(self, *found: Counterexample | Missing) -> None:
        """Take some up; the same thing counts once."""
        for item in found:
            if isinstance(item, Counterexample):
                self.counterexamples.add(item)
            else:
                self.missing.add(item)

    def verdict(  # noqa: D417 (as in `Verdict`)
        self, theorem: str, title: str, *, examined: int, flows: int = 0, assumptions: tuple[str, ...] = (),
        certificate: Mapping[str, Any] | None = None,
    ) -> Verdict:  # fmt: skip
        """All of them, sorted, as a verdict; only what is proved has a certificate.

        Args:
            certificate: The theorem's part.
        """
        proved = not self.counterexamples and not self.missing
        return Verdict(
            theorem=theorem,
            title=title,
            examined=examined,
            flows=flows,
            counterexamples=in_order(self.counterexamples),
            missing=tuple(sorted(self.missing)),
            assumptions=assumptions,
            certificate=dict(certificate or {}) if proved else {},
        )


def in_order(found: Iterable[Counterexample]) -> tuple[Counterexample, ...]:
    """Counterexamples, each once, sorted by all that they say."""
    return tuple(sorted(set(found), key=_SAID))


_SAID: Final = attrgetter("urn", "path", "what", "because", "fix", "type", "source", "trace")


def overall(verdicts: tuple[Verdict, ...]) -> Answer:
    """Of all theorems: refuted where one is, proved where all are."""
    answers = {verdict.answer for verdict in verdicts}
    for answer in (Answer.REFUTED, Answer.UNDECIDED):
        if answer in answers:
            return answer
    return Answer.PROVED


def told(verdicts: tuple[Verdict, ...]) -> Iterator[tuple[Verdict, Counterexample | Missing]]:
    """Everything found, refutations first, in the order of the theorems."""
    for verdict in verdicts:
        for item in verdict.counterexamples:
            yield verdict, item
    for verdict in verdicts:
        for gap in verdict.missing:
            yield verdict, gap
