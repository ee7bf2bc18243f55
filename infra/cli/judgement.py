"""The proof of a preview in the words of a report, and what is refused drawn into the picture from end to end."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from infra.engine.display import count, short_type
from infra.evidence.review import Band, Change, Column, Flow, Kind, Place, Refusal, Station, Theorem, Verdict, Word
from infra.residency.access_matrix import ASSUMED
from infra.residency.regions import REGIONS
from infra.verify.verdict import Answer, Counterexample, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from infra.cli.review_picture import Picture
    from infra.cli.runs import Outcome
    from infra.residency.placement import Plan
    from infra.verify.proof import Proof
    from infra.verify.verdict import Missing
    from infra.verify.verdict import Verdict as Decided

_WORDS: Final = {Answer.PROVED: Word.PROVED, Answer.REFUTED: Word.REFUTED, Answer.UNDECIDED: Word.UNDECIDED}
_KINDS: Final = {"T3": Kind.TRAFFIC, "T5": Kind.GRANT, "T6": Kind.KEY, "T9": Kind.LOG}
"""What a refused flow is drawn as, by the theorem that it breaks; any other is a copy."""
_THEOREM: Final = re.compile(r"\bT[1-9]\b")


def judge(outcome: Outcome) -> Verdict:
    """What the preview comes to."""
    if outcome.recorder.failed:
        return Verdict(word=Word.FAILED, summary="the preview did not finish; what it would do is not known")
    proof = outcome.proof
    if proof is None:
        return Verdict(word=Word.UNDECIDED, summary="nothing was decided: this shows a part of the stack only")
    homes = _stations(outcome.loaded.plan)
    return Verdict(
        word=_WORDS[proof.answer],
        summary=_summary(proof),
        theorems=tuple(_theorem(verdict) for verdict in proof.verdicts),
        refusals=tuple(_refusal(verdict, item, homes) for verdict, item in told(proof.verdicts)),
        assumptions=(*(f"{it.theorem}: {text}" for it in proof.verdicts for text in it.assumptions), *ASSUMED),
        certificate=_certificate(proof),
    )


def _summary(proof: Proof) -> str:
    """Numbers that are the same in every run; how long it took is none of them."""
    parts = [f"{proof.proved} of {len(proof.verdicts)} theorems proved", count(proof.resources, "resource")]
    return " · ".join([*parts, count(proof.flows, "flow")])


def _certificate(proof: Proof) -> str:
    if proof.answer is not Answer.PROVED:
        return ""
    from infra.verify import certificate  # noqa: PLC0415 (only what is proved is certified)

    return f"sha256:{certificate.digest(certificate.certificate(proof, kind='preview'))}"


def _theorem(verdict: Decided) -> Theorem:
    from infra.verify.theorems import THEOREMS  # noqa: PLC0415 (slow to import)

    statement = next(it.__doc__ or "" for it in THEOREMS if verdict.theorem == it.ID)
    examined = [f"{verdict.examined:,} examined", *([count(verdict.flows, "flow")] if verdict.flows else [])]
    open_ = [count(len(verdict.counterexamples), "counterexample")] if verdict.counterexamples else []
    open_ += [f"{len(verdict.missing):,} not known"] if verdict.missing else []
    return Theorem(
        id=verdict.theorem,
        title=verdict.title,
        word=_WORDS[verdict.answer],
        says=statement.partition("\n")[0].partition(": ")[2],
        because=", ".join([*examined, *open_]),
    )


def _refusal(verdict: Decided, item: Counterexample | Missing, homes: Mapping[str, str]) -> Refusal:
    """One finding, with the stations in the picture that it is about, as far as its witness names them."""
    file, _, line = item.source.rpartition(":")
    found = Refusal(
        theorem=f"{verdict.theorem} {verdict.title}",
        sentence=item.what,
        fix=item.fix,
        resource=f"{short_type(item.type)} {item.urn.rpartition('::')[2]}".strip(),
        file=file if line.isdigit() else item.source,
        line=int(line) if line.isdigit() else 0,
        missing=not isinstance(item, Counterexample),
    )
    if not isinstance(item, Counterexample):
        return found
    source, target, region = (str(item.witness.get(name) or "") for name in ("source", "target", "region"))
    steps = tuple(step for line in item.trace for step in line.split(" → "))
    if not steps and source and target:
        steps = (source, target, _place(region))
    end = homes.get(target, "")
    if not end and region:
        end = f"elsewhere:{region}"
    name = item.urn.rpartition("::")[2]
    return replace(
        found, because=item.because, steps=steps, source=homes.get(source) or homes.get(name, ""), target=end
    )


def _place(region: str) -> str:
    """`eu-frankfurt-1, Frankfurt (DE)`."""
    row = REGIONS.get(region)
    return f"{region}, {row.place} ({row.jurisdiction})" if row else region


def _stations(plan: Plan) -> dict[str, str]:
    """The station of each bucket, by its physical and its logical name."""
    found: dict[str, str] = {}
    for dataset in plan.datasets:
        for placement in dataset.placements:
            station = f"data:{dataset.dataset.name}:{placement.region}"
            found |= {placement.bucket: station, placement.name: station}
        found |= {flow.name: f"data:{dataset.dataset.name}:{flow.source}" for flow in dataset.replications}
    for site in plan.sites:
        for backup in site.backups:
            found |= dict.fromkeys((backup.bucket, backup.name), f"data:{backup.dataset.name}:{site.site.name}")
    return found


def with_refusals(picture: Picture, verdict: Verdict) -> Picture:
    """The picture with each refused path from end to end, and the places outside that they lead to.

    It takes the place of the legal flow that the same resource was planned to carry.
    """
    refuted = {(_kind(it), it.resource.rpartition(":")[2]) for it in verdict.refusals if not it.missing}
    legal = [flow for flow in picture.flows if not any((flow.kind, name) in refuted for name in flow.by)]
    stations = {station.id: station for station in picture.stations}
    inside = {place.id for place in picture.places}
    outside: dict[tuple[str, str], Station] = {}
    flows: list[Flow] = []
    for number, refusal in enumerate(verdict.refusals):
        source = stations.get(refusal.source)
        target = stations.get(refusal.target)
        region = refusal.target.removeprefix("elsewhere:") if refusal.target.startswith("elsewhere:") else ""
        if target is None and region and f"oci:{region}" not in inside:
            lane = source.lane if source else f"{refusal.resource}"
            target = outside.setdefault((region, lane), _outside(region, lane, refusal))
        if source is not None and target is not None and source.id != target.id:
            flows.append(
                Flow(
                    id=f"r{number}",
                    kind=_kind(refusal),
                    source=source.id,
                    target=target.id,
                    text=refusal.sentence,
                    why=f"breaks {refusal.theorem}",
                    where=(refusal.where,) if refusal.where else (),
                    weight=6,
                    change=Change.NEW,
                    refused=True,
                )
            )
    places = sorted({region for region, _ in outside})
    return replace(
        picture,
        places=[*picture.places, *(_outside_place(region) for region in places)],
        stations=[*picture.stations, *outside.values()],
        flows=[*legal, *flows],
    )


def with_verdicts(flows: Iterable[Flow], verdict: Verdict) -> Iterator[Flow]:
    """The flows, each with the verdict on the theorems that make it legal: what is not proved is not called so."""
    words = {theorem.id: theorem.word for theorem in verdict.theorems}
    for flow in flows:
        named = [] if flow.refused else _THEOREM.findall(flow.why)
        open_ = [name for name in named if words.get(name) is not Word.PROVED]
        told = ", ".join(f"{name} is {words.get(name, 'not decided by this preview')}" for name in open_)
        yield replace(flow, why=f"{flow.why}; {told}") if told else flow


def _kind(refusal: Refusal) -> Kind:
    return _KINDS.get(refusal.theorem.partition(" ")[0], Kind.COPY)


def _outside(region: str, lane: str, refusal: Refusal) -> Station:
    """What would be there: the last step of the path, else the resource itself."""
    name = (refusal.steps[-1] if refusal.steps else refusal.resource.rpartition(" ")[2]).partition(" (")[0]
    return Station(
        id=f"elsewhere:{region}:{lane}", place=f"elsewhere:{region}", band=Band.DATA, lane=lane, title=name or region,
        note="not allowed", change=Change.NEW, refused=True,
    )  # fmt: skip


def _outside_place(region: str) -> Place:
    row = REGIONS.get(region)
    notes = (region, f"{row.cloud.upper()}, {row.jurisdiction}" if row else "no region that is known here")
    return Place(id=f"elsewhere:{region}", column=Column.ELSEWHERE, title=row.place if row else region, notes=notes)
