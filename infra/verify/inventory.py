"""What the clouds themselves say there is, held against what the state knows: what nobody manages is in no proof.

Reads two kinds of files, of all regions: what `oci search resource structured-search` prints (`data.items`), and an
export or snapshot of AWS Config (`configurationItems`). Whatever is of a type that holds data and is not in the state
is listed; so is what lies in a region where nothing may be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.verify.context import Context
from infra.verify.models.place import LEGACY, is_home
from infra.verify.sources.loaded import UnusableError
from infra.verify.values import record, records

_HOLDING: Final = frozenset(
    {
        "Bucket", "Vault", "Key", "Volume", "BootVolume", "VolumeBackup", "BootVolumeBackup", "VolumeGroup",
        "FileSystem", "AutonomousDatabase", "DbSystem", "Database", "Backup", "MysqlDbSystem", "Stream", "Table",
        "Instance", "Image", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::EC2::Volume", "AWS::EC2::Snapshot",
        "AWS::EC2::Instance", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBSnapshot",
        "AWS::DynamoDB::Table", "AWS::EFS::FileSystem", "AWS::Backup::RecoveryPoint", "AWS::SecretsManager::Secret",
        "AWS::Redshift::Cluster",
    }
)  # fmt: skip
"""Types that hold data or keys, as the clouds' inventories call them."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stranger:
    """A holder that the state does not know, or that lies where nothing may be."""

    region: str
    type: str
    name: str
    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an inventory says: how many resources there are, and which are strangers."""

    examined: int
    strangers: tuple[Stranger, ...]


def compare(context: Context, document: Mapping[str, Any], name: str) -> Found:
    """Hold an inventory against the state.

    Raises:
        UnusableError: It is neither of the two kinds, or is of nothing.
    """
    items = list(_items(document))
    if not items:
        raise UnusableError(
            f"{name} lists no resource",
            allowed="what `oci search resource structured-search` prints, or an export of AWS Config",
            fix="export all regions, without a limit",
        )
    known = {node.id for node in context.graph.nodes.values() if node.id}
    known |= {str(node.outputs.get(it)) for node in context.graph.nodes.values() for it in ("arn", "keyId", "bucketId")}
    known |= {str(node.inputs.get("bucket")) for node in context.graph.of("aws:s3/bucket:Bucket")}
    buckets = {(str(it.inputs.get("name")), region.value if (region := context.graph.region(it)) else "")
               for it in context.graph.of("oci:ObjectStorage/bucket:Bucket")}  # fmt: skip
    strangers = [it for it in items if it.id not in known and (it.name, it.region) not in buckets
                 and it.type in _HOLDING]  # fmt: skip
    return Found(examined=len(items), strangers=tuple(sorted(strangers)))


def _items(document: Mapping[str, Any]) -> Iterator[Stranger]:
    for item in records(record(document.get("data")).get("items")):
        type_, id_ = str(item.get("resource-type")), str(item.get("identifier"))
        region = str(item.get("region") or _region(id_))
        yield _stranger(region, type_, str(item.get("display-name")), id_, home=is_home(region))
    for item in records(document.get("configurationItems")):
        region, type_ = str(item.get("awsRegion")), str(item.get("resourceType"))
        id_ = str(item.get("resourceName") if type_ == "AWS::S3::Bucket" else item.get("resourceId"))
        yield _stranger(region, type_, str(item.get("resourceName") or id_), id_, home=region in LEGACY)


def _stranger(region: str, type_: str, name: str, id_: str, *, home: bool) -> Stranger:
    why = "the state does not know it" if home else f"nothing may be in {region or 'an unknown region'}"
    return Stranger(region=region, type=type_, name=name, id=id_, why=why)


def _region(ocid: str) -> str:
    """The region in an OCID, as far as the inventory does not name it."""
    from infra.residency.regions import REGIONS  # noqa: PLC0415 (only an inventory without regions needs it)

    parts = ocid.split(".")
    spelled = parts[3] if len(parts) > len(("ocid1", "type", "realm")) else ""
    return next((row.name for row in REGIONS.values() if spelled in row.ocid_spellings), spelled)
