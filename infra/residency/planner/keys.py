"""Plans how keys are kept; refuses a kind of vault that is none, and a rotation that a cloud does not take."""

from infra.residency.findings import Finding, Rule, did_you_mean, said
from infra.residency.keys import LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS, KeyCare, VaultKind
from infra.residency.keys_request import KeysRequest

_REFUSED = {"external": "an external vault takes a credential that never expires into the state (docs/adr/0011)"}
"""Kinds that Oracle has and this project refuses: of an external one it is the word of its OAuth application
(`clientAppSecret` of `oci.kms.Vault`)."""

_VAULTS = {kind.name.lower(): kind for kind in VaultKind}


def plan_keys(request: KeysRequest, findings: list[Finding]) -> KeyCare | None:
    """How keys are kept, or None where something about it is not allowed."""
    before = len(findings)
    vault = _VAULTS.get(request.vault)
    if vault is None:
        findings.append(
            Finding(
                path="keys.vault",
                rule=Rule.KEYS,
                given=said(request.vault),
                allowed=", ".join(_VAULTS),
                why=_REFUSED.get(request.vault, "a vault is a partition of hardware, shared or this tenancy's own"),
                fix=did_you_mean(request.vault, _VAULTS, "name one of these"),
            )
        )
    if not LEAST_ROTATION_DAYS <= request.rotation_days <= MOST_ROTATION_DAYS:
        findings.append(
            Finding(
                path="keys.rotationDays",
                rule=Rule.KEYS,
                given=str(request.rotation_days),
                allowed=f"{LEAST_ROTATION_DAYS} to {MOST_ROTATION_DAYS} days",
                why="Oracle Cloud takes 60 to 365 days, AWS 90 to 2,560",
                fix=f"write {MOST_ROTATION_DAYS}",
            )
        )
    if vault is None or len(findings) > before:
        return None
    return KeyCare(vault=vault, rotation_days=request.rotation_days)
