"""What keeps the tenancy in order beside quotas and tags, as plain values."""

from dataclasses import dataclass
from enum import StrEnum

from infra.residency.denials import Denial
from infra.residency.security_zones import CloudGuardPlan


class PacketRoutingState(StrEnum):
    """ENFORCED: a packet has to pass it. RETIRED: its names are there, so that they can go, and bind nothing."""

    ENFORCED = "enforced"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailsPlan:
    """What a stack asks for under `guardrails`.

    Attributes:
        packet_routing: None where packets pass the security groups alone.
        denials: empty where the tenancy has not enabled deny policies.
    """

    cloud_guard: CloudGuardPlan
    packet_routing: PacketRoutingState | None
    denials: tuple[Denial, ...]
