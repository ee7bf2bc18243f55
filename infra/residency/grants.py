"""What Oracle Cloud's policies allow: Object Storage's own grants, and the one export of an EXCEPTED dataset.

Every statement is made here from plain values, so that a preview knows it whole; a component attaches them at the root
of the tenancy and decides nothing. Only `Allow` for a named service or a named group exists: no `any-user`, no
`endorse`, no `admit`, no grant without its region.

Sources: Oracle's pages "Using Replication" (service grants and the permissions they need), "Policy Syntax" and
"Restricting Access to Resources Based on Time Frame" (time in ISO 8601, evaluated as UTC).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from infra.residency.compartment import Compartment
from infra.residency.regions import UsRegion


class ServiceUse(StrEnum):
    """What Object Storage does for us. OBJECTS: replicate and expire them. KEYS: encrypt and decrypt with ours."""

    OBJECTS = "objects"
    KEYS = "keys"


_REPLICATION_PERMISSIONS = (
    "BUCKET_READ",
    "BUCKET_UPDATE",
    "OBJECT_READ",
    "OBJECT_INSPECT",
    "OBJECT_CREATE",
    "OBJECT_OVERWRITE",
    "OBJECT_RESTORE",
    "OBJECT_DELETE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceGrant:
    """Object Storage of one region may do one thing in one compartment. Without it replication from that region stops.

    Attributes:
        name: logical name, unique among the plan's grants (`objectstorage-us-ashburn-1-protected`).
        compartment: where it applies; depends on it, since the statement names it as plain text.
    """

    name: str
    region: UsRegion
    organization: str
    compartment: Compartment
    use: ServiceUse

    def statement(self) -> str:
        """The policy statement, for a policy at the root of the tenancy."""
        subject = f"Allow service {self.region.facts.storage_service_principal} to"
        place = f"in compartment {self.compartment.path(self.organization)}"
        match self.use:
            case ServiceUse.OBJECTS:
                permissions = ", ".join(f"request.permission='{name}'" for name in _REPLICATION_PERMISSIONS)
                return f"{subject} manage object-family {place} where any {{{permissions}}}"
            case ServiceUse.KEYS:
                return f"{subject} use keys {place}"
            case _:
                assert_never(self.use)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportGrant:
    """A named group may read the objects of one bucket of an EXCEPTED dataset, in one region, until a date.

    Attributes:
        name: logical name, unique among the plan's grants (`metrics-us-ashburn-1-export`).
        group: name of the group in the tenancy's default identity domain.
        until: first day (UTC) on which the group may no longer read.
    """

    name: str
    group: str
    organization: str
    compartment: Compartment
    bucket: str
    region: UsRegion
    until: date

    def statement(self) -> str:
        """The policy statement, for a policy at the root of the tenancy."""
        conditions = ", ".join(
            (
                f"target.bucket.name='{self.bucket}'",
                f"request.region='{self.region.facts.key}'",
                f"request.utc-timestamp before '{self.until.isoformat()}T00:00:00Z'",
            )
        )
        place = f"in compartment {self.compartment.path(self.organization)}"
        return f"Allow group {self.group} to read objects {place} where all {{{conditions}}}"
