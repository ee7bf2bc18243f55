"""A proof as a comment on a pull request: the same bytes for the same stack, so it can be updated in place."""

from collections.abc import Iterator

from infra.verify.proof import Proof
from infra.verify.report import text


def render(proof: Proof, *, certificate: str = "") -> Iterator[str]:
    """The comment, line by line; how long it took is left out."""
    yield f"### Residency {proof.answer}"
    yield ""
    counts = f"{proof.proved} of {len(proof.verdicts)} theorems · {proof.resources} resources · {proof.flows} flows"
    yield f"Stack `{_code(proof.context.stack)}`, as of {proof.context.as_of}: {counts}"
    if certificate:
        yield f"Certificate `sha256:{certificate}`"
    yield ""
    found = text.findings(proof)
    if found:
        fence = "`" * max(3, 1 + max(map(_ticks, found)))
        yield fence
        yield from found
        yield fence
        yield ""
    yield "| theorem | answer | examined | flows |"
    yield "|---|---|---|---|"
    for verdict in proof.verdicts:
        yield f"| {verdict.theorem} {verdict.title} | {verdict.answer} | {verdict.examined} | {verdict.flows} |"
    yield ""
    yield "<details><summary>What it rests on</summary>"
    yield ""
    for line in text.assumptions(proof):
        yield f"* {line}"
    yield ""
    yield "</details>"


def _code(name: str) -> str:
    return text.printable(name).replace("`", "'")


def _ticks(line: str) -> int:
    """The longest run of back ticks in a line, which must not end the block that it stands in."""
    longest = run = 0
    for char in line:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
