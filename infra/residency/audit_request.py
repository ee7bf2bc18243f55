"""What a stack file asks for under `audit`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRequest:
    """Where the legacy sites' trails go.

    Attributes:
        account_id: an AWS account that is no site's.
        deployer_role: name of the IAM role that deploys this stack there (not its ARN).
    """

    account_id: str
    deployer_role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """How long what is logged stays, and who is told of what.

    Attributes:
        retention_days: how long nobody can change or delete what has been logged.
        lock_on: the day at whose end (UTC) nobody can shorten that any more.
        archive: where the legacy sites' trails go.
        subscribers: who is told when an alarm is raised: address by name.
        sealed_users: OCIDs of the sealed break-glass users, by name: every read of theirs raises an alarm.
    """

    retention_days: int
    lock_on: str
    archive: ArchiveRequest
    subscribers: Mapping[str, str]
    sealed_users: Mapping[str, str] = field(default_factory=dict[str, str])
