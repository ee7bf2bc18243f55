"""A preview as a `Review`, the plain document that every report is made from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from infra.cli import access_check, traffic_table
from infra.cli.deployed import deployed
from infra.cli.judgement import judge, with_refusals, with_verdicts
from infra.cli.meaning import lines
from infra.cli.review_picture import draw
from infra.engine import urns
from infra.engine.display import count, escape
from infra.engine.events import Op
from infra.engine.offline import DRIFT_NOTE
from infra.engine.values import plain
from infra.evidence.review import (
    Answer,
    Answers,
    Change,
    Count,
    Meaning,
    Reach,
    Refusal,
    Review,
    Row,
    Term,
    Verdict,
    Word,
)
from infra.residency.access_matrix import matrix
from infra.residency.lifecycle import Phase
from infra.residency.transfer import NOT_COVERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from infra.cli.refusal import BadStackFile
    from infra.cli.runs import Outcome
    from infra.engine.resource import Resource
    from infra.residency.placement import SitePlan

_MARKS: Final = {Op.CREATE: "+", Op.UPDATE: "~", Op.REPLACE: "±", Op.DELETE: "-", Op.IMPORT: "=", Op.READ: ">"}
_ALWAYS: Final = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE)
_POLICY: Final = "oci:Identity/policy:Policy"
_BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
_ACCESS: Final = frozenset({"accessType", "policy"})
"""The properties of a bucket and of its policy that say who may reach it."""
_Document = TypeVar("_Document")


def review(outcome: Outcome, *, rerun: str) -> Review:
    """The document of a preview.

    Args:
        outcome: The preview.
        rerun: The command that makes it again.
    """
    request, recorder = outcome.request, outcome.recorder
    file = request.workspace.shown_file
    verdict = judge(outcome)
    picture = with_refusals(draw(outcome.loaded, recorder, file), verdict)
    told = lines(outcome.loaded.plan, recorder, outcome.before)
    topics = {urn: line.topic for line in told for urn in line.urns}
    counts = recorder.counts
    found = Review(
        stack=request.workspace.stack,
        as_of=request.as_of.isoformat(),
        basis=_basis(outcome),
        verdict=verdict,
        counts=tuple(
            Count(mark=mark, number=counts.get(op, 0), word=op.value)
            for op, mark in _MARKS.items()
            if op in _ALWAYS or counts.get(op)
        ),
        unchanged=counts.get(Op.SAME, 0),
        meaning=tuple(Meaning(topic=line.topic, mark=line.mark, text=line.text) for line in told),
        answers=tuple(_answers(outcome)),
        places=tuple(picture.places),
        stations=tuple(picture.stations),
        flows=tuple(with_verdicts(picture.flows, verdict)),
        terms=tuple(_terms(outcome)),
        reach=tuple(_reach(outcome, file)),
        widened=access_check.widened(outcome),
        withdrawn=tuple(sorted(_statements(outcome.before.resources) - _statements(_after(outcome)))),
        resources=tuple(_rows(outcome, topics)),
        edits=tuple(edit.text for edit in request.edits),
        notes=(DRIFT_NOTE,) if request.is_offline else (),
        errors=tuple(line for it in recorder.errors for line in it.message.splitlines()) if recorder.failed else (),
        rerun=rerun,
    )
    return _shown(found)


def bad_file(error: BadStackFile, stack: str, as_of: date, *, rerun: str) -> Review:
    """The document of a stack file that nothing can be planned from: its findings, each at its line."""
    refusals = (
        Refusal(
            theorem="",
            sentence=f"{it.path or 'the whole file'}: {it.given}",
            because=it.why,
            allowed=it.allowed,
            fix=it.fix,
            file=error.file.partition(" ")[0],
            line=it.line or 0,
            rule=it.rule.value,
        )
        for it in error.findings
    )
    summary = f"{count(len(error.findings), 'problem')} in {error.file}; nothing was planned"
    return _shown(
        Review(
            stack=stack, as_of=as_of.isoformat(), basis="nothing was planned", unchanged=0, rerun=rerun,
            verdict=Verdict(word=Word.REFUSED, summary=summary, refusals=tuple(refusals)),
            counts=(), meaning=(), answers=(), places=(), stations=(), flows=(), terms=(), reach=(),
        )
    )  # fmt: skip


def _basis(outcome: Outcome) -> str:
    """Which engine, against which state."""
    basis, request = outcome.basis, outcome.request
    clouds = "no cloud asked" if request.is_offline else "simulated clouds"
    if not basis.resources and not basis.digest:
        return f"embedded engine, {clouds}, against an empty state"
    day = f" of {basis.written}" if basis.written else ""
    resources = count(basis.resources, "resource")
    return f"embedded engine, {clouds}, against state {basis.digest[:12]}{day} ({resources})"


def _after(outcome: Outcome) -> Iterator[Resource]:
    return (c.step.new for c in outcome.recorder.all() if c.step.new is not None and c.op is not Op.DELETE)


def _statements(resources: Iterable[Resource]) -> set[str]:
    """Every statement of Oracle Cloud's policies."""
    found: set[str] = set()
    for resource in resources:
        if resource.type == _POLICY:
            statements = plain(resource.inputs.get("statements"))
            found |= {text for text in cast("list[object]", statements or []) if isinstance(text, str)}
    return found


def _answers(outcome: Outcome) -> Iterator[Answers]:
    if outcome.recorder.failed:
        return
    for change in traffic_table.changes(outcome.before, outcome.recorder):
        note = ""
        if change.replaced:
            records = ", ".join(change.records) or "nothing"
            note = f"A policy is replaced: until the new one is attached, the zone's own records answer: {records}."
        rows = (Answer(who=r.who, health=r.health, before=r.before, after=r.after) for r in change.rows)
        yield Answers(hostname=change.hostname, types=change.types, rows=tuple(rows), note=note)


def _terms(outcome: Outcome) -> Iterator[Term]:
    """Sites and exceptions, the first to end first."""
    plan, as_of = outcome.loaded.plan, outcome.request.as_of
    had = deployed(outcome.before).sites
    found: list[Term] = []
    for site in plan.sites:
        name, phase = site.site.name, site.site.phase
        before = had[name].phase.value if name in had and had[name].phase is not phase else ""
        lasting = phase.has_holders
        found.append(
            Term(
                subject=name,
                text=f"{site.site.region.facts.place}, AWS {site.site.region}",
                ends=site.site.expires.isoformat() if lasting else "",
                days=(site.site.expires - as_of).days if lasting else 0,
                phases=tuple(each.value for each in Phase),
                phase=phase.value,
                before=before,
                notes=tuple(_site_notes(site)),
            )
        )
    found += _exceptions(outcome)
    return iter(sorted(found, key=lambda term: (not term.ends, term.ends, term.subject)))


def _site_notes(site: SitePlan) -> Iterator[str]:
    if site.site.extension is not None:
        yield f"extended: {site.site.extension}"
    if site.erased_by is not None:
        yield f"erasure of its keys is final on {site.erased_by} at the earliest, if it is closed today"
    if site.transfer is not None:
        yield f"its backups do not cover: {'; '.join(NOT_COVERED)}"


def _exceptions(outcome: Outcome) -> Iterator[Term]:
    for dataset in (item.dataset for item in outcome.loaded.plan.datasets):
        if dataset.expires is not None:
            export = dataset.export
            reader = f"; {export.name}, read by group {export.group}" if export else "; no export"
            yield Term(
                subject=dataset.name,
                text=f"exception: {dataset.reason}{reader}",
                ends=dataset.expires.isoformat(),
                days=(dataset.expires - outcome.request.as_of).days,
            )


def _reach(outcome: Outcome, file: str) -> Iterator[Reach]:
    """The access matrix, datasets that agree in all of it together; new is what was not in force before."""
    loaded, before = outcome.loaded, _statements(outcome.before.resources)
    touched = {(c.step.type.rpartition(":")[2], c.name): c for c in outcome.recorder.changed()}
    backups = {f"policy of bucket {b.bucket}": b.name for site in loaded.plan.sites for b in site.backups}
    datasets = {item.dataset.name: item for item in loaded.plan.datasets}

    def change(dataset: str, by: str) -> Change:
        """A statement is compared by its text; what is no statement changes with its bucket or bucket policy."""
        if by.startswith("Allow "):
            return Change.KEPT if by in before else Change.NEW
        named = [("BucketPolicy", backups[by])] if by in backups else []
        named += [] if named else [("Bucket", placement.name) for placement in datasets[dataset].placements]
        found = [touched[name] for name in named if name in touched]
        if any(it.op is Op.CREATE for it in found):
            return Change.NEW
        opened = any(it.op is Op.REPLACE or _ACCESS & set(it.step.diff_reasons) for it in found)
        return Change.CHANGED if opened else Change.KEPT

    groups: dict[tuple[str, str, str, str, str, str, Change], list[tuple[str, str]]] = defaultdict(list)
    for row in matrix(loaded.plan):
        may = ", ".join(power.removesuffix(" data") for power in row.powers)
        until = row.until.isoformat() if row.until else ""
        where = f"{file}:{loaded.lines.get(row.path, 1)}"
        key = (row.who, may, ", ".join(row.where), row.network, until, where, change(row.dataset, row.by))
        groups[key].append((row.dataset, row.by))
    for key in sorted(groups):
        who, may, places, network, until, where, changed = key
        yield Reach(
            who=who,
            datasets=tuple(dict.fromkeys(dataset for dataset, _ in groups[key])),
            may=may,
            places=places,
            network=network,
            until=until,
            where=where,
            by=tuple(dict.fromkeys(by for _, by in groups[key])),
            change=changed,
        )


def _rows(outcome: Outcome, topics: dict[str, str]) -> Iterator[Row]:
    """Every resource, what changes first; the stack itself is none."""
    changed = outcome.recorder.changed()
    same = (c for c in outcome.recorder.all() if c.op is Op.SAME)
    for change in [*changed, *sorted(same, key=lambda c: (c.step.type, c.name, c.step.urn))]:
        if urns.is_root_stack(change.step.urn):
            continue
        reasons = sorted({*change.step.diff_reasons, *change.step.replace_reasons})
        details = [*reasons] if change.op in {Op.UPDATE, Op.REPLACE} else []
        details += ["stays in the cloud"] if change.is_retained else []
        details += ["failed"] if change.failed else []
        yield Row(
            op=change.op.value,
            topic=topics.get(change.step.urn, "" if change.op is Op.SAME else "Other"),
            type=change.shown_type,
            name=change.name,
            detail=", ".join(details),
            where=change.step.position,
        )


def _shown(document: _Document) -> _Document:
    """The same with every text made visible: no control characters, no characters that turn the reading order."""
    return cast("_Document", _visible(document))


def _visible(value: Any) -> Any:
    match value:
        case str() if type(value) is str:
            return escape(value)
        case tuple():
            return tuple(_visible(item) for item in cast("tuple[object, ...]", value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{field.name: _visible(getattr(value, field.name)) for field in fields(value)})
        case _:
            return value
