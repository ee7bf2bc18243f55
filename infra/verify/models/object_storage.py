"""Object Storage: buckets hold data, replication policies copy it to a bucket that another region's provider names."""

from collections.abc import Iterator

from infra.verify.graph import Graph, Node
from infra.verify.models.model import Flow, family
from infra.verify.models.place import place_of
from infra.verify.values import is_unknown

BUCKET = "oci:ObjectStorage/bucket:Bucket"
REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"


def _replication(graph: Graph, node: Node) -> Iterator[Flow]:
    """From the bucket of that name in the policy's own region, to the one of that name in the region that it names."""
    region, name = node.inputs.get("destinationRegionName"), node.inputs.get("destinationBucketName")
    unknown = next((it for it in ("bucket", "destinationBucketName", "destinationRegionName", "namespace")
                    if not isinstance(node.inputs.get(it), str) or is_unknown(node.inputs[it])), "")  # fmt: skip
    yield Flow(
        kind="replicates",
        source=str(node.inputs.get("bucket")),
        target=str(name),
        region=region if isinstance(region, str) and not unknown else "",
        path="destinationRegionName",
        node=node,
        to=None if unknown else bucket(graph, str(name), str(region), node.inputs.get("namespace")),
        why_unknown=f"{unknown} is not known" if unknown else "",
    )


def bucket(graph: Graph, name: str, region: str, namespace: object) -> Node | None:
    """This stack's bucket of that name there."""
    for node in graph.called(BUCKET, "name", name):
        place = place_of(graph, node)
        if place is not None and place.region == region and node.inputs.get("namespace") == namespace:
            return node
    return None


MODELS = family("object_storage", holders=(BUCKET,), flows={REPLICATION: _replication})
