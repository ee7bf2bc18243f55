"""The transfer that makes a site's backups, as plain values: who reads Oracle Cloud, from where, and what goes whither.

Made only by the planner. What the transfer does not back up is part of the value, so that every report can say it.
"""

from dataclasses import dataclass

from infra.residency.access import NetworkSource
from infra.residency.oracle_policy import Statement

NOT_COVERED = (
    "older versions of an object: only the current one is copied",
    "deletions: what is deleted in Oracle Cloud stays in the backup until the site is wiped",
    "what was written after the last run, which is a day ago at most",
)
"""What a backup made by this transfer is not good for."""

SCHEDULE = "cron(0 3 * * ? *)"
"""Daily, at 03:00 UTC, in AWS's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A DataSync agent that stands at the site; `id` is the last part of its ARN."""

    name: str
    arn: str

    @property
    def id(self) -> str:
        """What metrics call it."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferKey:
    """One of the two customer secret keys that exist at a time.

    Attributes:
        name: its logical name; the generation's parity is part of it (`transfer-virginia-odd`), so that the older key
            gives way to the next one and the user never has more than two.
        generation: counts up; part of the name that people see.
    """

    name: str
    display_name: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTask:
    """One bucket of Oracle Cloud and where its objects go: a shard's prefix in a backup bucket.

    Attributes:
        name: logical and physical name (`videos-1-to-virginia`).
        host: of the S3-compatible endpoint.
    """

    name: str
    host: str
    source: str
    target: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPlan:
    """What copies a site's backups.

    Attributes:
        user: name of the user in Oracle Cloud, which has nothing but these two keys.
        group: its one group; the statements grant it reading, from the network of the agents only.
        keys: the one in use first, then the one before it, which stays valid while a run may still use it.
        topic: name of the SNS topic that late backups are told to.
    """

    user: str
    group: str
    network: NetworkSource
    statements: tuple[Statement, ...]
    keys: tuple[TransferKey, TransferKey]
    agents: tuple[Agent, ...]
    tasks: tuple[TransferTask, ...]
    topic: str
