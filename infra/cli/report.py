"""What people read about a run: verdict first, then phases and exceptions, numbers, meaning, resources, hints."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra.cli import access_check, traffic_table, verdict
from infra.cli.meaning import meaning
from infra.engine.display import (
    Paper,
    Tone,
    columns,
    count,
    escape,
    places,
    render_counts,
    render_diagnostics,
    render_outputs,
    render_resources,
    render_tree,
)
from infra.engine.events import Outcome as Ending
from infra.engine.offline import DRIFT_NOTE
from infra.engine.options import Command
from infra.residency.lifecycle import Phase
from infra.residency.transfer import NOT_COVERED

if TYPE_CHECKING:
    from datetime import date

    from infra.cli.runs import Outcome
    from infra.residency.placement import Plan, SitePlan

_DONE = {
    Command.UP: "what the stack file says is applied",
    Command.REFRESH: "the state says what is there",
    Command.DESTROY: "the stack has nothing any more",
}


def render(outcome: Outcome, paper: Paper, *, diff: bool, show_sames: bool) -> str:
    """The report of a run."""
    recorder, request = outcome.recorder, outcome.request
    changes = bool(recorder.changed())
    blocks = [[header(outcome, paper)], _what_if(outcome, paper), _verdict(outcome, paper)]
    if outcome.proof is not None:
        blocks.append(verdict.render(outcome.proof, paper))
        blocks.append(verdict.traffic(outcome.proof, outcome.loaded.plan.traffic, paper))
    blocks.append(columns(_conditions(outcome.loaded.plan, request.as_of), width=paper.width))
    if changes or show_sames or outcome.recorder.failed:
        blocks += changes_in_words(outcome, paper)
        blocks.append(
            render_tree(recorder, paper, show_sames=show_sames)
            if diff
            else render_resources(recorder, paper, show_sames=show_sames)
        )
    else:
        unchanged = count(outcome.basis.resources, "resource")
        blocks.append([f"  Nothing changes: {unchanged} of the state are as the stack file says."])
        blocks.append(render_outputs(recorder, paper) if diff else [])
    if not recorder.failed:
        blocks.append(render_diagnostics(recorder.warnings, paper, places=places(recorder)))
    blocks.append(_notes(outcome, paper, diff=diff))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def changes_in_words(outcome: Outcome, paper: Paper) -> list[list[str]]:
    """How many resources change, what that means, and what it means for users."""
    recorder = outcome.recorder
    blocks = [render_counts(recorder, paper), meaning(outcome.loaded.plan, recorder, outcome.before, paper)]
    if outcome.request.is_preview and not recorder.failed:
        blocks.append(access_check.render(outcome, paper))
        blocks.append(traffic_table.render(traffic_table.changes(outcome.before, recorder), paper))
    return [block for block in blocks if block]


def header(outcome: Outcome, paper: Paper) -> str:
    """One line: project, stack, engine, and the state that the run started from."""
    request, basis = outcome.request, outcome.basis
    clouds = "no credentials used" if request.is_offline else "simulated clouds, no credentials used"
    if basis.resources or basis.digest:
        day = f" of {basis.written}" if basis.written else ""
        against = f"against state {basis.digest[:12]}{day} ({count(basis.resources, 'resource')})"
    else:
        against = "against an empty state"
    parts = [
        paper.paint("usdata", bold=True),
        f"stack {request.workspace.stack}",
        f"embedded engine, {clouds}",
        against,
    ]
    return " · ".join(parts)


def _what_if(outcome: Outcome, paper: Paper) -> list[str]:
    """What is not in the stack file and previewed all the same."""
    label = paper.paint("WHAT IF", Tone.CHANGED, bold=True)
    lines = [f"  {label}   {escape(edit.text)}" for edit in outcome.request.edits]
    return [*lines, "            The stack file does not say so, and stays as it is."] if lines else []


def _verdict(outcome: Outcome, paper: Paper) -> list[str]:
    """How a run ended that did not just plan, or that could not."""
    recorder, request = outcome.recorder, outcome.request
    summary = recorder.summary
    interrupted = summary is not None and summary.outcome is Ending.CANCELED
    if recorder.failed:
        word = "INTERRUPTED" if interrupted else "FAILED"
        what = "the preview" if recorder.preview else f"the {request.command.value}"
        failures = [c for c in recorder.failures if c.failed]
        number = f": {count(len(failures), 'step')} failed" if failures else ""
        lines = [f"  {paper.paint(word, Tone.BAD, bold=True):<10} {what} did not finish{number}"]
        # That it failed is said already.
        told = [d for d in recorder.diagnostics if d.urn or d.message not in {"preview failed", "update failed"}]
        lines += ["", *render_diagnostics(told, paper, places=places(recorder))]
        if request.command is Command.DESTROY and any("it is protected" in d.message for d in told):
            lines += [
                "",
                "  What holds data is protected on purpose. To destroy it: python -m infra state unprotect --all",
            ]
        if outcome.result.pending:
            lines += ["", "  In flight, and not known how it ended:"]
            lines += [f"    {escape(text)}" for text in outcome.result.pending]
        if not recorder.preview:
            lines += ["", "  The state is written. Run the command again: it goes on from there."]
        return lines
    if recorder.preview or summary is None:
        return []
    done = paper.paint("DONE", Tone.ADDED, bold=True)
    lines = [f"  {done}       {_DONE[request.command]}, in {summary.seconds:.1f} s"]
    if kept := sum(change.is_retained for change in recorder.changed()):
        lines.append(f"             {count(kept, 'resource')} left the state only: what holds data stays in the clouds")
        lines.append("             (python -m infra.sandbox reset empties the simulated ones)")
    return lines


def _conditions(plan: Plan, as_of: date) -> list[tuple[str, str, str]]:
    """What a reader needs every day: phases and exceptions with their ends, and how soon a lost edge is left."""
    sites: dict[tuple[str, date], list[str]] = defaultdict(list)
    for site in plan.sites:
        sites[site.site.phase.value, site.site.expires].append(site.site.name)
    rows = [
        ("PHASE", f"{phase} at {', '.join(names)}", _until(expires, as_of) if phase != Phase.CLOSED else "")
        for (phase, expires), names in sorted(sites.items())
    ]
    rows += [row for site in plan.sites for row in _site_conditions(site)]
    for dataset in (item.dataset for item in plan.datasets):
        if dataset.expires is not None:
            export = dataset.export
            reader = f"{export.name}, read by group {export.group}" if export else "no export"
            until = f"{_until(dataset.expires, as_of)}: {dataset.reason}"
            rows.append(("EXCEPTED", escape(f"{dataset.name}: {reader}"), escape(until)))
    for approval in plan.access.approvals if plan.access is not None else ():
        until = f"from {approval.begins:%Y-%m-%d %H:%M} to {approval.ends:%Y-%m-%d %H:%M} UTC: {approval.reason}"
        rows.append(("OPENED", escape(f"{approval.group} may read {', '.join(approval.datasets)}"), escape(until)))
    if plan.traffic is not None:
        edges = ", ".join(sorted(edge.region.value for edge in plan.traffic.edges))
        left = f"a lost one is left within {plan.traffic.failover_seconds} s (lifetime of an answer and two probes)"
        rows.append(("EDGES", edges, left))
    return rows


def _site_conditions(site: SitePlan) -> list[tuple[str, str, str]]:
    """Why a site lasts longer than it began with, when its keys can be gone, and what its backups are not good for."""
    name, rows = site.site.name, list[tuple[str, str, str]]()
    if site.site.extension is not None:
        rows.append(("EXTENDED", f"{name} until {site.site.expires}", escape(site.site.extension)))
    if site.erased_by is not None:
        rows.append(("ERASURE", f"keys of {name}", f"final on {site.erased_by} at the earliest, if closed today"))
    if site.transfer is not None:
        rows.append(("BACKUP", f"{name} does not cover", "; ".join(NOT_COVERED)))
    return rows


def _until(expires: date, as_of: date) -> str:
    return f"expires {expires} (in {count((expires - as_of).days, 'day')})"


def _notes(outcome: Outcome, paper: Paper, *, diff: bool) -> list[str]:
    """What a reader should know about this run, and what to try next."""
    recorder, request = outcome.recorder, outcome.request
    notes: list[str] = []
    stack = request.workspace.stack
    if request.is_offline:
        notes.append(DRIFT_NOTE)
    if recorder.changed() and not diff:
        notes.append(f"Full properties: python -m infra {request.command.value} --stack {stack} --diff")
    if request.command is Command.PREVIEW and not request.is_offline and not recorder.failed:
        notes += _next_steps(outcome)
    return [f"  {paper.paint(note, Tone.QUIET)}" for note in notes]


def _next_steps(outcome: Outcome) -> list[str]:
    """What a newcomer may try, by how far the sandbox is."""
    file = outcome.request.workspace.shown_file
    if not outcome.basis.resources:
        return [
            "This is a plan for simulated clouds in .sandbox/: nothing leaves this machine, and no account is needed.",
            f"Next: make up applies it; then edit {file} (add a dataset, say) and make preview shows what that means.",
        ]
    if outcome.recorder.changed():
        return ["Next: make up applies it to the simulated clouds."]
    return [f"Next: edit {file} (add a dataset, say) and make preview shows what that means."]
