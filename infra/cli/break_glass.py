"""`python -m infra break-glass`: writes an approval for two people to sign, so that a group may read named datasets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from infra.cli.app import EPILOG, json_option, refusals, stack_option, workspace_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from infra.cli.workspace import Workspace
    from infra.residency.approvals import Approval

_MOST_HOURS = 24


@click.command("break-glass", epilog=EPILOG)
@stack_option(default="sandbox")
@click.option("--group", required=True, metavar="NAME", help="A group with the duty break-glass.")
@click.option("--dataset", "datasets", required=True, multiple=True, metavar="NAME", help="A dataset; may be repeated.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in one line; every diff shows it.")
@click.option("--hours", default=4, type=click.IntRange(1, _MOST_HOURS), help="How long. [default: 4]", metavar="N")
@click.option(
    "--begins",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    metavar="TIME",
    help="From when, as 2026-11-25T14:00:00Z. [default: now]",
)
@json_option
def break_glass(
    *,
    stack: str,
    group: str,
    datasets: tuple[str, ...],
    reason: str,
    hours: int,
    begins: datetime | None,
    as_json: bool,
) -> None:
    """Write an approval of break-glass, for two signers to sign.

    A group with the duty break-glass reads nothing, until two of the signers in the stack file have signed an approval
    that stands in stacks/receipts/NAME/break-glass/: then the next `up` lets it list and read those datasets between
    two moments, a day apart at most.
    """
    begin = (begins or datetime.now(UTC)).replace(tzinfo=UTC, microsecond=0)
    with refusals(as_json=as_json):
        workspace = workspace_of(stack)
        from infra.residency.approvals import Approval  # noqa: PLC0415 (`--help` does without)

        approval = Approval(
            stack=stack,
            group=group,
            datasets=tuple(sorted({*datasets})),
            reason=reason,
            begins=begin,
            ends=begin + timedelta(hours=hours),
        )
        _check(workspace, approval)
        path = _write(workspace, approval)
    shown = str(path.relative_to(workspace.root))
    if as_json:
        click.echo(json.dumps({"approval": shown, "ends": approval.ends.isoformat()}, indent=2))
        return
    what, end = ", ".join(approval.datasets), f"{approval.ends:%Y-%m-%d %H:%M} UTC"
    click.echo(f"wrote {shown}: {group} may read {what} until {end}")
    click.echo(f"Next: two signers sign it: python -m infra.retirement attest sign --key KEY {shown}")
    click.echo("      then commit it and apply the stack; it ends by itself, and the file stays in the records.")


def _check(workspace: Workspace, approval: Approval) -> None:
    """Refuse what no signature could mend.

    Raises:
        BadStackFile: The stack file may not be.
        Refused: The group has another duty, a dataset is not private, or the reason is no line of text.
    """
    from infra.cli.refusal import Refused  # noqa: PLC0415 (`--help` does without)
    from infra.cli.runs import load  # noqa: PLC0415 (the same)
    from infra.residency.dataset import DataClass  # noqa: PLC0415 (the same)
    from infra.residency.evidence import Evidence  # noqa: PLC0415 (the same)
    from infra.residency.planner.forms import REASON  # noqa: PLC0415 (the same)

    evidence = Evidence(stack=approval.stack)  # other approvals may wait for signatures still
    plan = load(workspace, approval.begins.date(), evidence).plan
    groups = [group.name for group in plan.access.watched] if plan.access is not None else []
    private = [it.dataset.name for it in plan.datasets if it.dataset.data_class is not DataClass.PUBLIC]
    _one_of("group", "with the duty break-glass", approval.group, groups)
    for dataset in approval.datasets:
        _one_of("dataset", "with private data", dataset, private)
    finding = REASON.finding(approval.reason, "reason")
    if finding is not None:
        raise Refused("that is no reason", given=finding.given, allowed=finding.allowed, fix=finding.fix)


def _one_of(what: str, kind: str, given: str, known: Collection[str]) -> None:
    from infra.cli.refusal import Refused  # noqa: PLC0415 (`--help` does without)
    from infra.residency.findings import did_you_mean  # noqa: PLC0415 (the same)

    if given not in known:
        raise Refused(
            f"there is no {what} {given!r} {kind}",
            given=given,
            allowed=", ".join(known) or f"none: the stack file has no {what} {kind}",
            fix=did_you_mean(given, known, "name one of these, or add one to the stack file"),
        )


def _write(workspace: Workspace, approval: Approval) -> Path:
    from infra.cli.refusal import Refused  # noqa: PLC0415 (`--help` does without)
    from infra.residency.approvals import payload_of  # noqa: PLC0415 (the same)
    from infra.residency.receipts import Envelope, envelope_text  # noqa: PLC0415 (the same)
    from infra.settings.evidence import approvals_folder  # noqa: PLC0415 (the same)

    folder = approvals_folder(workspace.root, approval.stack)
    path = folder / f"{approval.begins:%Y-%m-%dT%H%M%SZ}-{approval.group}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(envelope_text(Envelope(payload=payload_of(approval))))
    except OSError as error:
        raise Refused(f"the approval cannot be written: {error.strerror}", given=str(path)) from error
    return path
