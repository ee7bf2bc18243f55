"""What Oracle Cloud's policies allow: Object Storage's own grants, connectors', and the one export of a dataset.

Every statement is made here from plain values, so that a preview knows it whole; a component attaches them at the root
of the tenancy and decides nothing. No grant is without its region.

Source: Oracle's page "Using Replication" (service grants and the permissions they need).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from infra.residency.compartment import Compartment
from infra.residency.oracle_policy import (
    Connectors,
    Equals,
    Group,
    Permissions,
    Service,
    Statement,
    Variable,
    Verbs,
    before,
    one_of,
)
from infra.residency.oracle_vocabulary import Family, Permission, Verb
from infra.residency.regions import UsRegion


class ServiceUse(StrEnum):
    """What Object Storage does for us. OBJECTS: replicate and expire them. KEYS: encrypt and decrypt with ours."""

    OBJECTS = "objects"
    KEYS = "keys"


_REPLICATION = (
    Permission.BUCKET_READ,
    Permission.BUCKET_UPDATE,
    Permission.OBJECT_READ,
    Permission.OBJECT_INSPECT,
    Permission.OBJECT_CREATE,
    Permission.OBJECT_OVERWRITE,
    Permission.OBJECT_RESTORE,
    Permission.OBJECT_DELETE,
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

    def statement(self) -> Statement:
        """The policy statement, for a policy at the root of the tenancy."""
        match self.use:
            case ServiceUse.OBJECTS:
                what = Verbs(verb=Verb.MANAGE, family=Family.OBJECT_FAMILY)
                conditions = (one_of(Variable.PERMISSION, _REPLICATION),)
            case ServiceUse.KEYS:
                what, conditions = Verbs(verb=Verb.USE, family=Family.KEYS), ()
            case _:
                assert_never(self.use)
        return Statement(
            subject=Service(principal=self.region.facts.storage_service_principal),
            what=what,
            organization=self.organization,
            compartment=self.compartment,
            conditions=conditions,
        )


_DELIVERY = (Permission.OBJECT_INSPECT, Permission.OBJECT_CREATE, Permission.OBJECT_OVERWRITE)
"""What putting an object in one or several parts needs (page "Details for Object Storage and Archive Storage"); that
nothing is overwritten is what the bucket's retention rule sees to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorGrant:
    """Connectors of the audit compartment may put logs into one bucket: they can read, change and delete nothing there.

    Attributes:
        name: logical name, unique among the plan's grants (`audit-us-ashburn-1`).
        region: where bucket and connectors are; part of the bucket's name.
    """

    name: str
    region: UsRegion
    organization: str
    bucket: str

    def statement(self) -> Statement:
        """The policy statement, for a policy at the root of the tenancy."""
        return Statement(
            subject=Connectors(organization=self.organization, bucket=self.bucket),
            what=Permissions(of=_DELIVERY),
            organization=self.organization,
            compartment=Compartment.AUDIT,
        )


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

    def statement(self) -> Statement:
        """The policy statement, for a policy at the root of the tenancy."""
        return Statement(
            subject=Group(name=self.group),
            what=Verbs(verb=Verb.READ, family=Family.OBJECTS),
            organization=self.organization,
            compartment=self.compartment,
            conditions=(
                Equals(variable=Variable.BUCKET, value=self.bucket),
                Equals(variable=Variable.REGION, value=self.region.facts.key),
                before(self.until),
            ),
        )
