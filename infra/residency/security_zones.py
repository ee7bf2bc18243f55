"""Security zones and Cloud Guard: what nobody may do in the compartments that hold data, and what watches all of them.

Each compartment is in one zone or in none, and a zone's recipe is a set of Oracle's security policies. The edge is in
none: a public load balancer, which the policies deny, is what it is for. One target of Cloud Guard is on the enclosing
compartment, never on one inside: whoever makes a zone deletes the targets of its compartment and of those below.

What zones do not do: no policy of Oracle's speaks of regions or of replication. That is for quotas, statements and the
proof.

Sources: Oracle's pages "Security Zones Overview", "Managing Security Zones" and "Security Zone Policies"; policies have
other OCIDs in each realm, detector recipes in each tenancy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from infra.residency import naming
from infra.residency.compartment import Compartment
from infra.residency.regions import UsRegion


class SecurityPolicy(StrEnum):
    """The policies of a zone, by Oracle's friendly names without the word `deny`."""

    BLOCK_VOLUME_MOVED_OUT = "block_volume_in_security_zone_move_to_compartment_not_in_security_zone"
    BLOCK_VOLUME_WITHOUT_KEY = "block_volume_without_vault_key"
    BOOT_VOLUME_WITHOUT_KEY = "boot_volume_without_vault_key"
    BUCKET_MOVED_OUT = "bucket_in_security_zone_move_to_compartment_not_in_security_zone"
    BUCKET_WITHOUT_KEY = "buckets_without_vault_key"
    DATABASE_WITHOUT_BACKUP = "database_without_backup"
    DATABASE_PUBLIC = "db_instance_public_access"
    FILE_SYSTEM_WITHOUT_KEY = "file_system_without_vault_key"
    INTERNET_GATEWAY = "internet_gateway"
    PUBLIC_BUCKET = "public_buckets"
    PUBLIC_LOAD_BALANCER = "public_load_balancer"
    PUBLIC_SUBNET = "public_subnets"

    @property
    def friendly_name(self) -> str:
        """What Oracle calls it (`deny public_buckets`)."""
        return f"deny {self}"


class Detector(StrEnum):
    """What Cloud Guard looks at: calls, configuration, and how users behave."""

    ACTIVITY = "activity"
    CONFIGURATION = "configuration"
    THREAT = "threat"


class ZoneKind(StrEnum):
    """SEALED: nothing in it is public. OPEN: buckets may be read by anyone, everything else is as in SEALED."""

    SEALED = "sealed"
    OPEN = "open"

    @property
    def policies(self) -> tuple[SecurityPolicy, ...]:
        """What is denied in a zone of this kind, sorted."""
        return tuple(
            policy
            for policy in sorted(SecurityPolicy)
            if self is ZoneKind.SEALED or policy is not SecurityPolicy.PUBLIC_BUCKET
        )


def kind_of_zone(compartment: Compartment) -> ZoneKind | None:
    """The kind of zone that a compartment is; None for what faces the internet."""
    match compartment:
        case Compartment.PROTECTED | Compartment.EXCEPTED | Compartment.KEYS | Compartment.NETWORK | Compartment.AUDIT:
            return ZoneKind.SEALED
        case Compartment.PUBLIC:
            return ZoneKind.OPEN
        case Compartment.EDGE:
            return None
        case _:
            assert_never(compartment)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipePlan:
    """A recipe of zones; `name` is physical (`usds-sealed`), `policies` are OCIDs in the order of their names."""

    kind: ZoneKind
    name: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePlan:
    """A security zone on one compartment and whatever is inside; `name` is physical (`usds-protected`)."""

    name: str
    compartment: Compartment
    kind: ZoneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudGuardPlan:
    """What watches the enclosing compartment, and the zones inside it.

    Attributes:
        reporting_region: where findings, which name buckets and people, are kept: the tenancy's home region.
        target: physical name of the one target.
        detector_recipes: OCIDs of Oracle's detector recipes, sorted by detector.
    """

    reporting_region: UsRegion
    target: str
    detector_recipes: tuple[str, ...]
    recipes: tuple[RecipePlan, ...]
    zones: tuple[ZonePlan, ...]


def plan_cloud_guard(
    organization: str,
    home: UsRegion,
    detector_recipes: Mapping[Detector, str],
    security_policies: Mapping[SecurityPolicy, str],
) -> CloudGuardPlan:
    """Cloud Guard and the zones of a stack; every detector and every policy has its OCID."""
    return CloudGuardPlan(
        reporting_region=home,
        target=organization,
        detector_recipes=tuple(detector_recipes[detector] for detector in sorted(Detector)),
        recipes=tuple(
            RecipePlan(
                kind=kind,
                name=naming.zone_recipe(organization, kind),
                policies=tuple(security_policies[policy] for policy in kind.policies),
            )
            for kind in sorted(ZoneKind)
        ),
        zones=tuple(
            ZonePlan(name=naming.zone(organization, compartment), compartment=compartment, kind=kind)
            for compartment in sorted(Compartment)
            if (kind := kind_of_zone(compartment)) is not None
        ),
    )
