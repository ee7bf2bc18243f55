"""What the stack's own configuration declares: classes, phases, expiries, regions, hostnames.

Read from the one configuration value alone. Tags are written by the program under test, so nothing here comes from
them; and this reader shares no code with the planner's, so that a mistake there does not repeat itself here.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, cast

from infra.residency.dataset import DataClass
from infra.residency.lifecycle import Phase
from infra.residency.regions import LegacyRegion, UsRegion
from infra.verify.values import record

KEY = "usdata:deployment"
"""The configuration key that holds all of it."""

ARCHIVE_REGION = LegacyRegion.VIRGINIA
"""Where the trails of the sites are kept: in the United States."""


class UndeclaredError(ValueError):
    """The configuration does not say what a proof needs; the text says what."""


class DeclaredSite(NamedTuple):
    """A legacy site: where it is, and how long it may still be."""

    name: str
    region: LegacyRegion
    account: str
    phase: Phase
    expires: date
    adopted: frozenset[str]


class DeclaredDataset(NamedTuple):
    """A dataset: how private it is, and in how many buckets."""

    name: str
    data_class: DataClass
    shards: int


class Declared(NamedTuple):
    """A stack as it is declared.

    Attributes:
        organization: Its name for itself, which all physical names begin with.
        namespace: Its Object Storage namespace.
        tenancy: Its tenancy's OCID.
        home: The region of identity, quotas and tags.
        regions: Its regions in Oracle Cloud, with the role of each.
        datasets: By name.
        sites: Its legacy sites, by name.
        archive: The account that keeps the trails of the sites' accounts; empty where nobody keeps them.
        management: The account that manages the organization of the sites' accounts; empty where that is not done here.
        zone: The DNS zone of its users; empty where it answers nobody.
        hostnames: Every name that its users ask for, in full.
        edges: The regions that may answer.
        deployment: The whole value, for what only one theorem reads.
    """

    organization: str
    namespace: str
    tenancy: str
    home: str
    regions: Mapping[UsRegion, str]
    datasets: Mapping[str, DeclaredDataset]
    sites: Mapping[str, DeclaredSite]
    archive: str
    management: str
    zone: str
    hostnames: frozenset[str]
    edges: frozenset[UsRegion]
    deployment: Mapping[str, Any]

    def buckets(self, region: UsRegion) -> Mapping[str, DataClass]:
        """The names of the datasets' buckets in a region, each with the class of what it holds."""
        return {
            f"{self.organization}-{it.name}{f'-{number}' if number else ''}-{region.facts.key}": it.data_class
            for it in self.datasets.values()
            for number in range(it.shards)
        }

    @property
    def archive_bucket(self) -> str:
        """The name of the bucket that the trails go to; empty where nobody keeps them."""
        key = ARCHIVE_REGION.facts.key
        return f"{self.organization}-audit-{key}-{self.archive}" if self.archive else ""


def declared(config: Mapping[str, Any]) -> Declared:
    """The declarations in a stack's configuration.

    Args:
        config: As a preview or a stack file has it: the deployment value as a map, or as JSON text.

    Raises:
        UndeclaredError: There is no such value, or it does not have the shape that the stack file's reader accepts.
    """
    value = config.get(KEY)
    if isinstance(value, Mapping) and set(cast("Mapping[str, Any]", value)) == {"value"}:
        value = cast("Any", value["value"])
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise UndeclaredError(f"{KEY} is no JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise UndeclaredError(f"the configuration has no {KEY}")
    try:
        return _declared(cast("Mapping[str, Any]", value))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UndeclaredError(f"{KEY} is not what a stack file says: {type(error).__name__} {error}") from error


def _declared(value: Mapping[str, Any]) -> Declared:
    oci, traffic = value["oci"], record(value.get("traffic"))
    zone = str(traffic.get("zone", ""))
    return Declared(
        organization=str(value["organization"]),
        namespace=str(oci["objectStorageNamespace"]),
        tenancy=str(oci["tenancyId"]),
        home=str(oci["homeRegion"]),
        regions={UsRegion(name): str(region["role"]) for name, region in sorted(oci["regions"].items())},
        datasets={name: _dataset(name, dataset or {}) for name, dataset in sorted(value["datasets"].items())},
        archive=str(record(record(value.get("audit")).get("archive")).get("accountId", "")),
        management=str(record(value["legacy"].get("organization")).get("accountId", "")),
        sites={name: _site(name, site) for name, site in sorted(value["legacy"]["sites"].items())},
        zone=zone,
        hostnames=frozenset(f"{label}.{zone}" for label in record(traffic.get("hostnames"))),
        edges=frozenset(UsRegion(name) for name in record(traffic.get("edges"))),
        deployment=value,
    )


def _dataset(name: str, value: Mapping[str, Any]) -> DeclaredDataset:
    """Without a class it is as private as can be."""
    data_class = DataClass(value.get("class", DataClass.PROTECTED))
    return DeclaredDataset(name=name, data_class=data_class, shards=int(value.get("shards", 1)))


def _site(name: str, value: Mapping[str, Any]) -> DeclaredSite:
    return DeclaredSite(
        name=name,
        region=LegacyRegion(value["region"]),
        account=str(value["accountId"]),
        phase=Phase(value["phase"]),
        expires=date.fromisoformat(str(value["expires"])),
        adopted=frozenset(str(bucket) for bucket in record(value.get("adopt")).values()),
    )
