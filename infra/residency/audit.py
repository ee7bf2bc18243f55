"""The audit trail, as plain values: what is logged where, for how long nobody can change it, and who is told of what.

In Oracle Cloud each region of the stack has a bucket of its own for logs, in a compartment and under a vault of their
own, which no duty can administer. Its retention rule is locked on the day that the stack file states; until then a
change of it is refused here, and raises an alarm there. What the AWS sites log goes into one bucket in Virginia, in an
account of its own.

`AuditPlan` and its parts are made only by the planner.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.residency.grants import ConnectorGrant
from infra.residency.health_alarms import HealthAlarm
from infra.residency.regions import UsRegion

AUDIT_DAYS = 365
"""How long Oracle's Audit service keeps events by itself: the longest that it can."""

LOCK_DELAY_DAYS = 14
"""A retention rule is locked this many days ahead at least (page "Using Retention Rules to Preserve Data")."""


class Stream(StrEnum):
    """What a connector carries into the bucket; the value is what its objects' names begin with.

    EVENTS: what was called in the whole tenancy. ACCESS: who read and wrote objects, and what edges answered. FLOWS and
    EDGE_FLOWS: what passed the subnets. ALARMS: calls that change what guards data. BREAK_GLASS: what the sealed users
    read and wrote.
    """

    EVENTS = "audit-events"
    ACCESS = "access"
    FLOWS = "flows"
    EDGE_FLOWS = "edge-flows"
    ALARMS = "alarms"
    BREAK_GLASS = "break-glass"


ALARMING = (Stream.ALARMS, Stream.BREAK_GLASS)
"""Of these every object that arrives raises an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRegion:
    """What one region has for its logs.

    Attributes:
        bucket, vault, key, topic: physical names, with the region's key.
        grant: what lets connectors write into the bucket.
    """

    region: UsRegion
    bucket: str
    vault: str
    key: str
    topic: str
    grant: ConnectorGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who is told when an alarm is raised."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """What a stack has promised so far: for how long what is logged stays, and from when on that cannot shrink."""

    retention_days: int
    lock_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """The trail of one stack.

    Attributes:
        retention_days: how long nobody can change or delete what arrived.
        lock_on: the day at whose end (UTC) nobody can shorten that any more, Oracle's staff included.
        regions: sorted by name; the tenancy's home is one of them.
        subscribers: sorted by name.
        sealed_users: OCIDs of the break-glass users, sorted.
        health: of which monitors people are told, sorted; none for a stack that answers no users.
    """

    retention_days: int
    lock_on: date
    regions: tuple[AuditRegion, ...]
    subscribers: tuple[Subscriber, ...]
    sealed_users: tuple[str, ...]
    health: tuple[HealthAlarm, ...] = ()

    @property
    def locked_at(self) -> str:
        """The moment from which the rule is locked, as Object Storage takes it."""
        return f"{self.lock_on.isoformat()}T23:59:59Z"

    @property
    def record(self) -> AuditRecord:
        """What this plan promises."""
        return AuditRecord(retention_days=self.retention_days, lock_on=self.lock_on)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """What connectors carry in a region, those of its edge aside."""
        sealed = (Stream.BREAK_GLASS,) if self.sealed_users else ()
        return (Stream.EVENTS, Stream.ACCESS, Stream.FLOWS, Stream.ALARMS, *sealed)
