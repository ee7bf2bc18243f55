"""Regions: one closed table that yields every spelling a region has, and the reason why any other text is refused.

`UsRegion` and `LegacyRegion` are the only types that can say where something is; neither has a member outside what this
project may use, so a placement elsewhere cannot be written down.

Sources: region names, keys, realms and numbers of availability domains from the region table of Oracle's Go SDK (v65,
`common/regions.go`) and Oracle's page "Regions and Availability Domains"; AWS regions from AWS's endpoint tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cloud(StrEnum):
    """The clouds of this project."""

    OCI = "oci"
    AWS = "aws"


class Realm(StrEnum):
    """A set of regions that share nothing with any other: a tenancy lives in one realm, data cannot be copied across."""

    OC1 = "oc1"
    OC2 = "oc2"
    OC3 = "oc3"
    OC23 = "oc23"
    OC42 = "oc42"
    AWS = "aws"


class Jurisdiction(StrEnum):
    """The country whose territory a region stands on (ISO 3166-1 alpha-2)."""

    US = "US"
    SG = "SG"


class UsRegion(StrEnum):
    """The allowed homes of US user data: US regions of Oracle's commercial realm OC1. Closed: there is no other."""

    ASHBURN = "us-ashburn-1"
    PHOENIX = "us-phoenix-1"
    CHICAGO = "us-chicago-1"
    SAN_JOSE = "us-sanjose-1"

    @property
    def facts(self) -> Region:
        """This region's row of the table."""
        return REGIONS[self.value]


class LegacyRegion(StrEnum):
    """The AWS regions of the legacy sites. Closed: no other may ever hold a backup."""

    VIRGINIA = "us-east-1"
    SINGAPORE = "ap-southeast-1"

    @property
    def facts(self) -> Region:
        """This region's row of the table."""
        return REGIONS[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One row of the table.

    Attributes:
        name: the spelling of providers, quotas and endpoints (`us-ashburn-1`).
        key: lower-case key, as in IAM conditions, OCIDs and our physical names (`iad`).
        place: what people call it.
        availability_domains: how many there are.
        restricted: why a region of an allowed realm and jurisdiction may still not be used; empty if it may.
    """

    name: str
    key: str
    cloud: Cloud
    realm: Realm
    jurisdiction: Jurisdiction
    place: str
    availability_domains: int
    restricted: str = ""

    @property
    def quota_name(self) -> str:
        """The value of `request.region` in a quota statement: the name (Oracle's page "Quota Policy Syntax")."""
        return self.name

    @property
    def storage_service_principal(self) -> str:
        """Object Storage's own principal in this region, which replicates and expires objects (page "Replication")."""
        return f"objectstorage-{self.name}"

    @property
    def availability_domain_prefix(self) -> str:
        """What follows the tenancy's own prefix in the name of an availability domain: `PHX-AD-` as in `Uocm:PHX-AD-1`."""
        return f"{self.key.upper()}-AD-"

    @property
    def services_cidr_label(self) -> str:
        """The service gateway's destination that means all Oracle services of this region and of no other."""
        return f"all-{self.key}-services-in-oracle-services-network"


def _oci(name: str, key: str, place: str, *, realm: Realm, domains: int, jurisdiction: Jurisdiction, why: str = "") -> Region:
    return Region(
        name=name,
        key=key,
        cloud=Cloud.OCI,
        realm=realm,
        jurisdiction=jurisdiction,
        place=place,
        availability_domains=domains,
        restricted=why,
    )
