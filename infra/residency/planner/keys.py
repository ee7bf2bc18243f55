"""Plans how keys are kept; refuses a kind of vault that is none, and a rotation that a cloud does not take."""

from infra.residency.deployment import DeploymentRequest
from infra.residency.findings import Finding, Rule, did_you_mean, said
from infra.residency.keys import LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS, ExternalCustody, KeyCare, VaultKind
from infra.residency.planner.custody import plan_custody
from infra.residency.planner.networks import Regions

_EXTERNAL = "external"
_KINDS = {kind.name.lower(): kind for kind in VaultKind}
_VAULTS = (*_KINDS, _EXTERNAL)


def plan_keys(request: DeploymentRequest, regions: Regions | None, findings: list[Finding]) -> KeyCare | None:
    """How keys are kept, or None where something about it is not allowed."""
    before, asked = len(findings), request.keys
    vault: VaultKind | ExternalCustody | None = _KINDS.get(asked.vault)
    if asked.vault not in _VAULTS:
        findings.append(
            Finding(
                path="keys.vault",
                rule=Rule.KEYS,
                given=said(asked.vault),
                allowed=", ".join(_VAULTS),
                why="a vault is a partition of hardware, shared or this tenancy's own, or refers to keys held outside",
                fix=did_you_mean(asked.vault, _VAULTS, "name one of these"),
            )
        )
    else:
        custody = plan_custody(request, regions, findings, external=asked.vault == _EXTERNAL)
        vault = vault or custody
    if not LEAST_ROTATION_DAYS <= asked.rotation_days <= MOST_ROTATION_DAYS:
        findings.append(
            Finding(
                path="keys.rotationDays",
                rule=Rule.KEYS,
                given=str(asked.rotation_days),
                allowed=f"{LEAST_ROTATION_DAYS} to {MOST_ROTATION_DAYS} days",
                why="Oracle Cloud takes 60 to 365 days, AWS 90 to 2,560",
                fix=f"write {MOST_ROTATION_DAYS}",
            )
        )
    if vault is None or len(findings) > before:
        return None
    return KeyCare(vault=vault, rotation_days=asked.rotation_days)
