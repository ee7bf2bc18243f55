"""The life of a legacy site: BACKUP -> DRAIN -> WIPE -> CLOSED, never back, and which flows each phase allows."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.residency.regions import LegacyRegion


class Phase(StrEnum):
    """What a legacy site is for. Only BACKUP has resources of its own yet."""

    BACKUP = "backup"
    DRAIN = "drain"
    WIPE = "wipe"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A legacy site: one AWS account and region; past `expires` (the first day on which it is too late) nothing plans.

    Attributes:
        deployer_role: name of the IAM role that deploys this stack there (not its ARN).
    """

    name: str
    region: LegacyRegion
    account_id: str
    deployer_role: str
    phase: Phase
    expires: date
