"""A proof for people: the verdict first, then what is wrong and how to mend it, then what it rests on."""

from collections.abc import Iterator
from typing import Final

from infra.verify.proof import Proof
from infra.verify.verdict import Answer, Counterexample, Verdict, told

_MOST: Final = 5
"""So many findings of a theorem are told; machines get all of them."""
_WIDTH: Final = 12


def headline(proof: Proof, *, certificate: str = "") -> str:
    """`9 of 9 theorems · 147 resources · 212 flows · 0.21 s · certificate sha256:9f3c…`, or which are not proved."""
    if proof.answer is Answer.PROVED:
        parts = [
            f"{proof.proved} of {len(proof.verdicts)} theorems",
            f"{proof.resources} resources",
            f"{proof.flows} flows",
            f"{proof.seconds:.2f} s",
        ]
        return " · ".join([*parts, *([f"certificate sha256:{certificate[:12]}"] if certificate else [])])
    open_ = [verdict for verdict in proof.verdicts if verdict.answer is not Answer.PROVED]
    names = [f"{it.theorem} {it.title}" for it in open_ if it.answer is proof.answer]
    names += [f"{it.theorem} {it.title} ({it.answer.lower()})" for it in open_ if it.answer is not proof.answer]
    return ", ".join([*names, *(f"{it} (the deciders disagree)" for it in proof.disagreeing)])


def findings(proof: Proof) -> list[str]:
    """What is wrong and what is missing, a few of each theorem."""
    lines: list[str] = []
    shown: dict[str, int] = {}
    for verdict, item in told(proof.verdicts):
        kind = "wrong" if isinstance(item, Counterexample) else "missing"
        number = shown[f"{verdict.theorem} {kind}"] = shown.get(f"{verdict.theorem} {kind}", 0) + 1
        if number <= _MOST:
            lines += ["", *(printable(line) for line in item.lines())]
        elif number == _MOST + 1:
            total = len(verdict.counterexamples if kind == "wrong" else verdict.missing)
            lines += ["", f"And {total - _MOST} more of {verdict.theorem} {verdict.title}: --json tells all."]
    return lines[1:]


def printable(text: str) -> str:
    """A line of the report, whatever the names in it say to a terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def table(proof: Proof) -> list[str]:
    """A line a theorem."""
    return [_row(verdict) for verdict in proof.verdicts]


def _row(verdict: Verdict) -> str:
    flows = f", {verdict.flows} flows" if verdict.flows else ""
    return f"{verdict.theorem} {verdict.title:<{_WIDTH}} {verdict.answer:<9} {verdict.examined} examined{flows}"


def assumptions(proof: Proof) -> list[str]:
    """Everything that it rests on, by theorem."""
    return [f"{it.theorem}  {line}" for it in proof.verdicts for line in it.assumptions]


def render(proof: Proof, *, name: str, certificate: str = "") -> Iterator[str]:
    """The whole report, line by line.

    Args:
        proof: The proof.
        name: The file that it is about.
        certificate: The digest of the certificate.
    """
    yield f"usdata · stack {proof.context.stack} · {name} · as of {proof.context.as_of}"
    yield ""
    yield f"  RESIDENCY  {proof.answer:<9} {headline(proof, certificate=certificate)}"
    yield ""
    for line in findings(proof):
        yield f"  {line}".rstrip()
    if proof.answer is not Answer.PROVED:
        yield ""
    for line in table(proof):
        yield f"  {line}"
    yield ""
    yield "  Assumed:"
    for line in assumptions(proof):
        yield f"    {line}"
