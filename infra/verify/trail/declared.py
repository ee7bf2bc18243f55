"""What the stack's own configuration says about the audit trail, and which calls none may miss."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from infra.residency.regions import UsRegion
from infra.verify.values import record

WATCHED: Final = (
    "AddUserToGroup", "CreatePolicy", "UpdatePolicy", "DeletePolicy", "UpdateGroup", "CreateRegionSubscription",
    "DisableKey", "ScheduleKeyDeletion", "ScheduleVaultDeletion", "DeactivateServiceConnector",
    "UpdateServiceConnector", "DeleteServiceConnector", "UpdateLog", "DeleteLog", "UpdateRule", "DeleteRule",
    "UpdateConfiguration", "UpdateRouteTable", "UpdateZoneRecords", "UpdateBucket", "DeleteRetentionRule",
    "UpdateCompartment", "DeleteSubscription", "DeleteTopic", "UpdateAlarm", "DeleteAlarm",
)  # fmt: skip
"""Calls that no trail may miss: those that would let somebody in, out, or out of sight."""


class Declared(NamedTuple):
    """What is declared.

    Attributes:
        days: for how long what arrived cannot be altered; 0 where no trail is declared.
        lock_on: the day at whose end that is locked, as text.
        addresses: who is told.
        sealed: OCIDs of users whose every read is told.
        emergency: groups whose every read has to be told.
    """

    organization: str
    tenancy: str
    regions: frozenset[UsRegion]
    days: int
    lock_on: str
    addresses: frozenset[str]
    sealed: frozenset[str]
    emergency: frozenset[str] = frozenset()


def declared(deployment: Mapping[str, Any]) -> Declared:
    """What the deployment value of a stack's configuration says about the trail."""
    audit, groups = record(deployment.get("audit")), record(record(deployment.get("access")).get("groups"))
    return Declared(
        organization=str(deployment["organization"]),
        tenancy=str(deployment["oci"]["tenancyId"]),
        regions=frozenset(UsRegion(name) for name in deployment["oci"]["regions"]),
        days=int(audit.get("retentionDays", 0)),
        lock_on=str(audit.get("lockOn", "")),
        addresses=frozenset(map(str, record(audit.get("subscribers")).values())),
        sealed=frozenset(map(str, record(audit.get("sealedUsers")).values())),
        emergency=frozenset(name for name, group in groups.items() if group.get("duty") == "break-glass"),
    )
