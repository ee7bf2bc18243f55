"""Plans break-glass: which approvals are believed and not over, and what lets nobody in.

Every approval of the stack is judged on every plan, those that are over included: a forged one is no less an attempt.
"""

from collections.abc import Mapping
from datetime import date

from infra.residency import approvals
from infra.residency.access_request import AccessRequest
from infra.residency.approvals import Approval
from infra.residency.dataset import DataClass, Dataset
from infra.residency.duties import Duty
from infra.residency.evidence import Evidence
from infra.residency.findings import Finding, Rule


def plan_approvals(
    access: AccessRequest | None,
    datasets: tuple[Dataset, ...],
    signers: Mapping[str, bytes],
    *,
    evidence: Evidence,
    as_of: date,
    findings: list[Finding],
) -> tuple[Approval, ...]:
    """The approvals under which somebody may read on a day or after it.

    Args:
        access: who has the duty break-glass; nobody where the stack has no access of its own.
        datasets: those of this stack.
        signers: raw public keys by name.
        evidence: the approvals, and what checks their signatures.
        as_of: the day.
        findings: takes what is wrong.
    """
    groups = access.groups.items() if access is not None else ()
    believed, refusals = approvals.judge(
        evidence.approvals,
        stack=evidence.stack,
        groups={name for name, group in groups if group.duty == Duty.BREAK_GLASS},
        datasets={dataset.name for dataset in datasets if dataset.data_class is not DataClass.PUBLIC},
        signers=signers,
        verify=evidence.verify,
    )
    findings.extend(
        Finding(
            path="access.groups",
            rule=Rule.APPROVAL,
            given=f"receipts/{evidence.stack}/break-glass/{refusal.file}: {refusal.detail}",
            allowed="approvals of break-glass that two signers have signed, about this stack, for a day at most",
            why="what looks like an approval and is none is somebody's attempt to read private data",
            fix=refusal.fix,
            basis=("access", "legacy.signers", "datasets"),
        )
        for refusal in refusals
    )
    return tuple(approval for approval in believed if not approval.is_over(as_of))
