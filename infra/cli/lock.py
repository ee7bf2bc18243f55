"""`python -m infra lock`: write down what a stack has deployed, or check that it is written down."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.cli.app import EPILOG, as_of_option, refusals, stack_option, workspace_of
from infra.cli.files import replace_file
from infra.cli.refusal import BadStackFile, Exit, Refused

if TYPE_CHECKING:
    from infra.cli.workspace import Workspace
    from infra.residency.holders import Deployed
    from infra.residency.holders_lock import Lock
    from infra.residency.placement import Plan


@click.command("lock", epilog=EPILOG)
@stack_option()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a lock is out of date. Without --stack: all.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An exported state: record what it has, and how far it says the legacy sites have got.",
)
@as_of_option
def lock(*, stack: str, check: bool, state_file: Path | None, as_of: date | None) -> None:
    """Keep the list of holders that no update may remove.

    It is stacks/NAME.holders.lock: every holder ever deployed, which no update may delete or replace.
    Add what a stack file plans, before it is deployed; with --state also what has been deployed, after it was.
    """
    day = as_of or datetime.now(UTC).date()
    with refusals(as_json=False):
        lines = _check(stack, day) if check else [_write(workspace_of(stack), state_file, day)]
    for line in lines:
        click.echo(line)
    if check and any(not line.endswith(_FINE) for line in lines):
        sys.exit(Exit.FAILED)


_FINE = "up to date"


def _check(stack: str, day: date) -> list[str]:
    from infra import settings  # noqa: PLC0415 (reads the settings' code: `--help` does without)
    from infra.cli.workspace import ROOT  # noqa: PLC0415 (the same)

    lines: list[str] = []
    for name in [stack] if stack else settings.stacks(ROOT):
        workspace = workspace_of(name)
        before = _lock(workspace)
        if before is None:
            lines.append(f"{name}: there is no holders lock; write it: python -m infra lock --stack {name}")
        elif before.deployed is None:
            lines.append(f"{name}: not locked, {_FINE}")
        elif _next(workspace, before.deployed, None, day) != before.deployed:
            lines.append(f"{name}: it plans holders that are not locked: python -m infra lock --stack {name}")
        else:
            lines.append(f"{name}: {len(before.deployed.holders)} holders, {_FINE}")
    return lines


def _write(workspace: Workspace, state_file: Path | None, day: date) -> str:
    from infra.residency.holders import Deployed  # noqa: PLC0415 (as above)
    from infra.residency.holders_lock import Lock, text  # noqa: PLC0415 (as above)
    from infra.settings.evidence import lock_file  # noqa: PLC0415 (as above)

    before = _lock(workspace) or Lock(stack=workspace.stack, deployed=Deployed())
    if before.deployed is None:
        return f"{workspace.stack} is not locked: its lock says so, and what its state has is its own business."
    after = _next(workspace, before.deployed, state_file, day)
    path = lock_file(workspace.root, workspace.stack)
    replace_file(path, text(Lock(stack=workspace.stack, deployed=after)))
    added = len(after.holders) - len(before.deployed.holders)
    retired = len(after.retired) - len(before.deployed.retired)
    moved = [f"{name} {it.phase}" for name, it in sorted(after.sites.items()) if before.deployed.sites.get(name) != it]
    news = [f"{added} added", *([f"{retired} retired"] if retired else []), *moved]
    return f"{path.relative_to(workspace.root)}: {len(after.holders)} holders ({', '.join(news)}). Commit it."


def _next(workspace: Workspace, known: Deployed, state_file: Path | None, day: date) -> Deployed:
    """What is known once what the stack file plans, and what a state has, is added.

    Raises:
        BadStackFile: the plan may not be against what is known then.
        Refused: the state cannot be used.
    """
    from infra.cli.deployed import deployed  # noqa: PLC0415 (as above)
    from infra.cli.runs import load  # noqa: PLC0415 (as above)
    from infra.cli.stored import read_export, refuse_foreign  # noqa: PLC0415 (as above)
    from infra.residency.holders import holders  # noqa: PLC0415 (as above)
    from infra.residency.holders_lock import with_planned, with_state  # noqa: PLC0415 (as above)
    from infra.settings.evidence import read_records  # noqa: PLC0415 (as above)

    had: Deployed | None = None
    if state_file is not None:
        state, _ = read_export(state_file)
        refuse_foreign(state, workspace)
        had = deployed(state)
        known = with_state(known, had, {})
        _refuse_retained(known)
    evidence = replace(read_records(workspace.root, workspace.stack), deployed=replace(known, complete=False))
    plan = load(workspace, day, evidence).plan
    if had is not None:
        known = with_state(known, had, _endings(plan, known))
    promised = plan.audit.record if plan.audit is not None else None
    routing = plan.guardrails.packet_routing if plan.guardrails is not None else None
    return replace(with_planned(known, holders(plan), promised, routing), retained=frozenset())


def _endings(plan: Plan, known: Deployed) -> dict[str, str]:
    """The receipt of each site that is closed, in the stack file and in what is deployed."""
    from infra.residency.findings import join  # noqa: PLC0415 (as above)

    return {
        join("legacy.sites", site.site.name): site.receipt
        for site in plan.sites
        if site.receipt is not None
        and not site.site.phase.has_holders
        and site.site.name in known.sites
        and not known.sites[site.site.name].phase.has_holders
    }


def _refuse_retained(known: Deployed) -> None:
    """A wiped site whose holders would stay in the cloud when they leave the state has not been wiped yet."""
    from infra.residency.findings import join  # noqa: PLC0415 (as above)

    for name, record in sorted(known.sites.items()):
        of = join("legacy.sites", name)
        kept = sorted(holder.name for key, holder in known.holders.items() if holder.of == of and key in known.retained)
        if not record.phase.keeps_holders and kept:
            raise Refused(
                f"the state says that {name} is in phase {record.phase}, and still retains {len(kept)} of its holders",
                given=", ".join(kept),
                allowed="a state in which that phase has been applied to the end",
                fix="apply the stack once more, and export the state anew",
            )


def _lock(workspace: Workspace) -> Lock | None:
    from infra.residency.findings import ResidencyError  # noqa: PLC0415 (as above)
    from infra.settings.evidence import read_lock  # noqa: PLC0415 (as above)

    try:
        return read_lock(workspace.root, workspace.stack)
    except ResidencyError as error:
        raise BadStackFile(error.findings, workspace.shown_file) from error
