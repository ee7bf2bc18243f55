"""The life of a legacy site: BACKUP -> DRAIN -> WIPE -> CLOSED, one step at a time, never back.

| phase | data flows | its holders | who touches objects |
|---|---|---|---|
| BACKUP | Oracle Cloud to the site | protected, kept | the transfer reads and writes |
| DRAIN | the site to Oracle Cloud | protected, kept; nothing is written or deleted | the retirement role reads |
| WIPE | nowhere | given up: everything in them expires | the retirement role lists and deletes |
| CLOSED | nowhere | none; the keys wait for their deletion | nobody |

Past its expiry a site that still has holders makes every preview a refusal, until somebody extends it and says why.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from infra.residency.regions import LegacyRegion

KEY_DELETION_DAYS = 30
"""How long KMS waits before it destroys a key that is to be deleted: the longest that it allows (7 to 30)."""


class Phase(StrEnum):
    """What a legacy site is for; members stand in the order in which a site goes through them."""

    BACKUP = "backup"
    DRAIN = "drain"
    WIPE = "wipe"
    CLOSED = "closed"

    @property
    def following(self) -> "Phase | None":
        """The one phase that a site may move to; None after the last."""
        phases = tuple(Phase)
        place = phases.index(self) + 1
        return phases[place] if place < len(phases) else None

    @property
    def has_holders(self) -> bool:
        """Whether the site still has buckets and a key."""
        return self is not Phase.CLOSED

    @property
    def keeps_holders(self) -> bool:
        """Whether its holders are protected, and stay in the cloud when they leave the state."""
        return self in {Phase.BACKUP, Phase.DRAIN}


class HolderPhase(StrEnum):
    """What the tag `phase` of a holder says, in either cloud: in use, or the phase of the legacy site that it is at."""

    LIVE = "live"
    BACKUP = Phase.BACKUP.value
    DRAIN = Phase.DRAIN.value
    WIPE = Phase.WIPE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A legacy site: one AWS account and region; past `expires` (the first day on which it is too late) nothing plans.

    Attributes:
        deployer_role: name of the IAM role that deploys this stack there (not its ARN).
        operator_role: name of the IAM role of the people who retire the site; None while nobody does (BACKUP).
        extension: why `expires` was put off; None where it was not.
    """

    name: str
    region: LegacyRegion
    account_id: str
    deployer_role: str
    operator_role: str | None = None
    phase: Phase
    expires: date
    extension: str | None = None

    def expired(self, as_of: date) -> bool:
        """Whether the site may no longer be on that day; one without holders never expires."""
        return self.phase.has_holders and self.expires <= as_of


def erased_by(deleted_on: date) -> date:
    """The earliest day on which a key that is given up on a day is gone, and cryptographic erasure is final."""
    return deleted_on + timedelta(days=KEY_DELETION_DAYS)
