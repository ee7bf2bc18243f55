"""The proof of a run: what its plan does, decided before anybody relies on it, and before `up` applies anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.cli.refusal import Exit, Refused, Unproved
from infra.engine.display import Paper, Tone, count
from infra.verify.verdict import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cli.runs import Request
    from infra.engine.events import Event
    from infra.residency.traffic import TrafficPlan
    from infra.verify.proof import Proof

_TONES = {Answer.PROVED: Tone.ADDED, Answer.REFUTED: Tone.BAD, Answer.UNDECIDED: Tone.BAD}


def proof_of(request: Request, events: Iterable[Event]) -> Proof:
    """Decide what the plan that a whole preview shows would do.

    Raises:
        Refused: The plan is not one that can be decided on.
    """
    from infra.engine.digest import digest  # noqa: PLC0415 (only a preview needs them)
    from infra.verify.inputs import Asked, context  # noqa: PLC0415
    from infra.verify.proof import prove  # noqa: PLC0415
    from infra.verify.sources import preview  # noqa: PLC0415
    from infra.verify.sources.loaded import UnusableError  # noqa: PLC0415

    workspace = request.workspace
    asked = Asked(preview=None, state=None, stack_file=workspace.file, receipts=None, as_of=request.as_of)
    try:
        loaded = preview.load(digest(events, show_sames=True), "the preview")
        return prove(context(loaded, loaded.config, asked))
    except UnusableError as error:
        told = error.details
        raise Refused(
            error.reason, given=told["given"], allowed=told["allowed"], why=told["why"], fix=told["fix"]
        ) from error


def render(proof: Proof, paper: Paper) -> list[str]:
    """The verdict, and everything that is wrong with how to mend it."""
    from infra.verify.report import text  # noqa: PLC0415 (only a preview needs it)

    word = paper.paint(proof.answer.value, _TONES[proof.answer], bold=True)
    space = " " * (len(Answer.UNDECIDED) - len(proof.answer))
    lines = [f"  RESIDENCY  {word}{space} {text.headline(proof, certificate=_digest(proof))}"]
    if proof.answer is not Answer.PROVED:
        lines += ["", *(f"  {line}".rstrip() for line in text.findings(proof))]
    return lines


def traffic(proof: Proof, planned: TrafficPlan | None, paper: Paper) -> list[str]:
    """What the proof means for whoever asks for a hostname; nothing where it is not proved, or nobody is answered."""
    proved = any(it.theorem == "T3" and it.answer is Answer.PROVED for it in proof.verdicts)
    if planned is None or not proved:
        return []
    regions = " and ".join(sorted(edge.region.value for edge in planned.edges))
    number = count(len(planned.hostnames), "hostname")
    safe = paper.paint("TRAFFIC", Tone.ADDED, bold=True)
    return [f"  {safe}   every possible answer of {number} is an edge in {regions}"]


def document(proof: Proof) -> dict[str, Any]:
    """The same for machines."""
    from infra.verify.report import document as documents  # noqa: PLC0415 (only a preview needs it)

    return documents.document(proof, certificate=_digest(proof))


def _digest(proof: Proof) -> str:
    if proof.answer is not Answer.PROVED:
        return ""
    from infra.verify import certificate  # noqa: PLC0415 (only what is proved is certified)

    return certificate.digest(certificate.certificate(proof, kind="preview"))


def unproved(proof: Proof) -> Unproved:
    """The refusal of an update whose plan is not proved."""
    text = "\n".join([*render(proof, Paper()), "", "  Nothing was applied."])
    return Unproved(text, {"error": "not proved", "residency": document(proof)}, Exit(proof.answer.exit_code))
