"""The life of a legacy site: BACKUP -> DRAIN -> WIPE -> CLOSED, never back; and what it is past its expiry: nothing."""

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


PROVISIONED = frozenset({Phase.BACKUP})
"""The phases for which this version has resources; a site in any other is refused rather than half provisioned."""


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

    def expired(self, as_of: date) -> bool:
        """Whether the site may no longer be on that day."""
        return self.expires <= as_of
