"""Regions: one closed table that yields every spelling a region has, and the reason why any other text is refused.

`UsRegion` and `LegacyRegion` are the only types that can say where something is; neither has a member outside what this
project may use, so a placement elsewhere cannot be written down. The table holds more regions than that, so that a
refusal can say what was given.

Sources: names, keys and realms from the region table of Oracle's Go SDK (v65, `common/regions.go`) and Oracle's page
"Regions and Availability Domains"; AWS regions from AWS's endpoint tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.residency.findings import Refusal


class Cloud(StrEnum):
    """The clouds of this project."""

    OCI = "oci"
    AWS = "aws"


class Realm(StrEnum):
    """A set of regions that shares nothing with any other: a tenancy lives in one, data cannot be copied across."""

    OC1 = "oc1"
    OC2 = "oc2"
    OC3 = "oc3"
    OC23 = "oc23"
    OC42 = "oc42"
    AWS = "aws"

    @property
    def label(self) -> str:
        """What people call it."""
        return _REALM_LABELS[self]


_REALM_LABELS = {
    Realm.OC1: "realm OC1 (commercial)",
    Realm.OC2: "realm OC2 (US government)",
    Realm.OC3: "realm OC3 (US government)",
    Realm.OC23: "realm OC23 (not the commercial one)",
    Realm.OC42: "realm OC42 (not the commercial one)",
    Realm.AWS: "AWS",
}


class Jurisdiction(StrEnum):
    """The country whose territory a region stands on (ISO 3166-1 alpha-2)."""

    AE = "AE"
    AU = "AU"
    BR = "BR"
    CA = "CA"
    CH = "CH"
    CL = "CL"
    CO = "CO"
    DE = "DE"
    ES = "ES"
    FR = "FR"
    GB = "GB"
    IL = "IL"
    IN = "IN"
    IT = "IT"
    JP = "JP"
    KR = "KR"
    MX = "MX"
    NL = "NL"
    SA = "SA"
    SE = "SE"
    SG = "SG"
    US = "US"
    ZA = "ZA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One row of the table.

    Attributes:
        name: the spelling of providers, quotas and endpoints (`us-ashburn-1`).
        key: lower-case key, as in IAM conditions and our physical names (`iad`).
        place: what people call it.
        restricted: why a region of an allowed realm and jurisdiction may still not be used; empty if it may.
    """

    name: str
    key: str
    cloud: Cloud
    realm: Realm
    jurisdiction: Jurisdiction
    place: str
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
        """What follows the tenancy's prefix in the name of an availability domain: `PHX-AD-` as in `Uocm:PHX-AD-1`."""
        return f"{self.key.upper()}-AD-"

    @property
    def services_cidr_label(self) -> str:
        """The service gateway's destination that means all Oracle services of this region and of no other."""
        return f"all-{self.key}-services-in-oracle-services-network"

    @property
    def ocid_spellings(self) -> frozenset[str]:
        """How the region may be written inside an OCID: its key in the oldest regions, its name in the others."""
        return frozenset({self.key, self.name})


def _oci(
    name: str, key: str, jurisdiction: Jurisdiction, place: str, *, realm: Realm = Realm.OC1, why: str = ""
) -> Region:
    return Region(
        name=name,
        key=key,
        cloud=Cloud.OCI,
        realm=realm,
        jurisdiction=jurisdiction,
        place=place,
        restricted=why,
    )


def _aws(name: str, key: str, jurisdiction: Jurisdiction, place: str) -> Region:
    return Region(name=name, key=key, cloud=Cloud.AWS, realm=Realm.AWS, jurisdiction=jurisdiction, place=place)


_ROWS = (
    _oci("us-ashburn-1", "iad", Jurisdiction.US, "Ashburn"),
    _oci("us-phoenix-1", "phx", Jurisdiction.US, "Phoenix"),
    _oci("us-chicago-1", "ord", Jurisdiction.US, "Chicago"),
    _oci("us-sanjose-1", "sjc", Jurisdiction.US, "San Jose"),
    _oci(
        "us-saltlake-2",
        "aga",
        Jurisdiction.US,
        "Salt Lake City",
        why="it is neither in Oracle's public region table nor in the list of regions that a policy condition may name",
    ),
    _oci("us-langley-1", "lfi", Jurisdiction.US, "Langley", realm=Realm.OC2),
    _oci("us-luke-1", "luf", Jurisdiction.US, "Luke", realm=Realm.OC2),
    _oci("us-gov-ashburn-1", "ric", Jurisdiction.US, "Ashburn", realm=Realm.OC3),
    _oci("us-gov-phoenix-1", "tus", Jurisdiction.US, "Phoenix", realm=Realm.OC3),
    _oci("us-gov-chicago-1", "pia", Jurisdiction.US, "Chicago", realm=Realm.OC3),
    _oci("us-somerset-1", "ebb", Jurisdiction.US, "Somerset", realm=Realm.OC23),
    _oci("us-thames-1", "ebl", Jurisdiction.US, "Thames", realm=Realm.OC23),
    _oci("us-ashburn-2", "yxj", Jurisdiction.US, "Ashburn", realm=Realm.OC42),
    _oci("us-newark-1", "pgc", Jurisdiction.US, "Newark", realm=Realm.OC42),
    _oci("af-johannesburg-1", "jnb", Jurisdiction.ZA, "Johannesburg"),
    _oci("ap-chuncheon-1", "yny", Jurisdiction.KR, "Chuncheon"),
    _oci("ap-hyderabad-1", "hyd", Jurisdiction.IN, "Hyderabad"),
    _oci("ap-melbourne-1", "mel", Jurisdiction.AU, "Melbourne"),
    _oci("ap-mumbai-1", "bom", Jurisdiction.IN, "Mumbai"),
    _oci("ap-osaka-1", "kix", Jurisdiction.JP, "Osaka"),
    _oci("ap-seoul-1", "icn", Jurisdiction.KR, "Seoul"),
    _oci("ap-singapore-1", "sin", Jurisdiction.SG, "Singapore"),
    _oci("ap-singapore-2", "xsp", Jurisdiction.SG, "Singapore"),
    _oci("ap-sydney-1", "syd", Jurisdiction.AU, "Sydney"),
    _oci("ap-tokyo-1", "nrt", Jurisdiction.JP, "Tokyo"),
    _oci("ca-montreal-1", "yul", Jurisdiction.CA, "Montreal"),
    _oci("ca-toronto-1", "yyz", Jurisdiction.CA, "Toronto"),
    _oci("eu-amsterdam-1", "ams", Jurisdiction.NL, "Amsterdam"),
    _oci("eu-frankfurt-1", "fra", Jurisdiction.DE, "Frankfurt"),
    _oci("eu-madrid-1", "mad", Jurisdiction.ES, "Madrid"),
    _oci("eu-marseille-1", "mrs", Jurisdiction.FR, "Marseille"),
    _oci("eu-milan-1", "lin", Jurisdiction.IT, "Milan"),
    _oci("eu-paris-1", "cdg", Jurisdiction.FR, "Paris"),
    _oci("eu-stockholm-1", "arn", Jurisdiction.SE, "Stockholm"),
    _oci("eu-zurich-1", "zrh", Jurisdiction.CH, "Zurich"),
    _oci("il-jerusalem-1", "mtz", Jurisdiction.IL, "Jerusalem"),
    _oci("me-abudhabi-1", "auh", Jurisdiction.AE, "Abu Dhabi"),
    _oci("me-dubai-1", "dxb", Jurisdiction.AE, "Dubai"),
    _oci("me-jeddah-1", "jed", Jurisdiction.SA, "Jeddah"),
    _oci("mx-monterrey-1", "mty", Jurisdiction.MX, "Monterrey"),
    _oci("mx-queretaro-1", "qro", Jurisdiction.MX, "Queretaro"),
    _oci("sa-bogota-1", "bog", Jurisdiction.CO, "Bogota"),
    _oci("sa-santiago-1", "scl", Jurisdiction.CL, "Santiago"),
    _oci("sa-saopaulo-1", "gru", Jurisdiction.BR, "Sao Paulo"),
    _oci("sa-valparaiso-1", "vap", Jurisdiction.CL, "Valparaiso"),
    _oci("sa-vinhedo-1", "vcp", Jurisdiction.BR, "Vinhedo"),
    _oci("uk-cardiff-1", "cwl", Jurisdiction.GB, "Cardiff"),
    _oci("uk-london-1", "lhr", Jurisdiction.GB, "London"),
    _aws("us-east-1", "use1", Jurisdiction.US, "Virginia"),
    _aws("ap-southeast-1", "apse1", Jurisdiction.SG, "Singapore"),
)

REGIONS = {row.name: row for row in _ROWS}
"""Region name -> row. Allowed homes of US user data are exactly the rows that `UsRegion` names."""


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


_US_REGIONS = {region.value: region for region in UsRegion}
_LEGACY_REGIONS = {region.value: region for region in LegacyRegion}


def us_region(given: str) -> "UsRegion | Refusal":
    """The allowed US region of that exact name, or why there is none."""
    return _US_REGIONS.get(given) or _refusal(given, _US_REGIONS, _why_no_home)


def legacy_region(given: str) -> "LegacyRegion | Refusal":
    """The legacy region of that exact name, or why there is none."""
    return _LEGACY_REGIONS.get(given) or _refusal(given, _LEGACY_REGIONS, _why_no_site)


def _refusal(given: str, members: Mapping[str, object], explain: Callable[[Region], tuple[str, str]]) -> "Refusal":
    from infra.residency.findings import Refusal, did_you_mean, said  # noqa: PLC0415 (only a refusal needs words)

    spelled = given.strip().lower()
    allowed = ", ".join(sorted(members))
    if spelled in members:
        return Refusal(
            given=f"{given}, in upper case" if given.strip() == given else f"{given!r}, with blanks around it",
            allowed=allowed,
            why="a provider and a quota take the region's name letter by letter",
            fix=f"write {spelled}",
        )
    by_key = {REGIONS[name].key: name for name in members}
    if spelled in by_key:
        return Refusal(given=f"{given}, the key of {by_key[spelled]}", allowed=allowed, fix=f"write {by_key[spelled]}")
    row = REGIONS.get(spelled)
    if row is None:
        return Refusal(
            given=f"{said(given)}, no region that is known here",
            allowed=allowed,
            fix=did_you_mean(given, members, "name an allowed region"),
        )
    what, why = explain(row)
    twin = next((name for name in members if REGIONS[name].place == row.place), None)
    return Refusal(
        given=f"{given}, {what}",
        allowed=allowed,
        why=why,
        fix=f"did you mean {twin}?" if twin else "name an allowed region",
    )


def _why_no_home(row: Region) -> tuple[str, str]:
    """What a region is that US user data may not live in, and why it may not."""
    if row.cloud is Cloud.AWS:
        return (
            f"a region of AWS ({row.place})",
            "US user data lives in Oracle Cloud; AWS holds backups under legacy.sites",
        )
    if row.realm is not Realm.OC1:
        return (
            f"a region of {row.realm.label}",
            "one tenancy lives in one realm; data cannot be replicated across realms",
        )
    if row.jurisdiction is not Jurisdiction.US:
        return f"a region in {row.place} ({row.jurisdiction})", "US user data may not leave the United States"
    return f"a region of {row.realm.label} that is not open for use", row.restricted


def _why_no_site(row: Region) -> tuple[str, str]:
    """What a region is that is no legacy site's, and why it cannot become one."""
    return f"a region of {row.cloud.name} in {row.place} ({row.jurisdiction})", (
        "the legacy sites are in these regions of AWS; no other place may hold a backup"
    )
