"""What keeps the tenancy in order beside quotas and tags, as plain values."""

from dataclasses import dataclass

from infra.residency.denials import Denial
from infra.residency.security_zones import CloudGuardPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailsPlan:
    """What a stack asks for under `guardrails`.

    Attributes:
        denials: empty where the tenancy has not enabled deny policies.
    """

    cloud_guard: CloudGuardPlan
    denials: tuple[Denial, ...]
