"""S3 at the legacy sites: buckets hold backups, inventories report on them; a bucket's own replication is a copy."""

from collections.abc import Iterator
from typing import Final

from infra.verify.graph import Graph, Node
from infra.verify.models.model import Flow, family
from infra.verify.models.place import place_of
from infra.verify.values import is_unknown, record

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
INVENTORY = "aws:s3/inventory:Inventory"
_ARN: Final = "arn:aws:s3:::"


def bucket(graph: Graph, name: object) -> Node | None:
    """This stack's bucket of that name; names of buckets are global."""
    found = graph.called(BUCKET, "bucket", name) if isinstance(name, str) else []
    return found[0] if len(found) == 1 else None


def bucket_of_arn(graph: Graph, arn: object) -> Node | None:
    """This stack's bucket that an ARN names."""
    return bucket(graph, arn.removeprefix(_ARN)) if isinstance(arn, str) and arn.startswith(_ARN) else None


def _inventory(graph: Graph, node: Node) -> Iterator[Flow]:
    """Names and sizes of objects, to a bucket of the same account."""
    inner = record(record(node.inputs.get("destination")).get("bucket"))
    arn = inner.get("bucketArn")
    yield to_bucket(
        graph, node, "reports", source=str(node.inputs.get("bucket")), arn=arn, path="destination.bucket.bucketArn"
    )


def to_bucket(graph: Graph, node: Node, kind: str, *, source: str, arn: object, path: str) -> Flow:
    """A flow to the bucket that an ARN names; an ARN does not say in which region, so only our own are known."""
    unknown = not isinstance(arn, str) or is_unknown(arn)
    target = bucket_of_arn(graph, arn)
    place = place_of(graph, target) if target is not None else None
    return Flow(
        kind=kind,
        source=source,
        target=str(arn).removeprefix(_ARN),
        region=place.region if place is not None else "",
        path=path,
        node=node,
        to=target,
        why_unknown=f"{path} is not known" if unknown else "",
    )


MODELS = family("s3", holders=(BUCKET,), flows={INVENTORY: _inventory})
