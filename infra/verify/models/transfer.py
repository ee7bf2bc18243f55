"""DataSync: a task reads a bucket in Oracle Cloud through its S3 endpoint and writes one at a legacy site."""

import re
from collections.abc import Iterator
from typing import Final

from infra.verify.graph import Graph, Node
from infra.verify.models.model import Flow, family
from infra.verify.models.object_storage import bucket
from infra.verify.models.s3 import to_bucket
from infra.verify.values import record

TASK = "aws:datasync/task:Task"
FROM = "aws:datasync/locationObjectStorage:LocationObjectStorage"
TO = "aws:datasync/s3Location:S3Location"
_ENDPOINT: Final = r"(?P<namespace>[a-z0-9]+)\.compat\.objectstorage\.(?P<region>[a-z0-9-]+)\.oraclecloud\.com"


def _task(graph: Graph, node: Node) -> Iterator[Flow]:
    sources = graph.named(node, "sourceLocationArn", node.inputs.get("sourceLocationArn"), FROM)
    targets = graph.named(node, "destinationLocationArn", node.inputs.get("destinationLocationArn"), TO)
    if len(sources) != 1 or len(targets) != 1:
        what = "it reads from something else than one bucket here, or writes to something else than one bucket there"
        yield Flow(
            kind="backs up", source="", target="", region="", path="sourceLocationArn", node=node, why_unknown=what
        )
        return
    (source,), (target,) = sources, targets
    host = re.fullmatch(_ENDPOINT, str(source.inputs.get("serverHostname")))
    name = str(source.inputs.get("bucketName"))
    ours = host is not None and bucket(graph, name, host["region"], host["namespace"]) is not None
    flow = to_bucket(
        graph, node, "backs up", source=name, arn=target.inputs.get("s3BucketArn"), path="destinationLocationArn"
    )
    if not ours:
        what = f"it reads {name} at {source.inputs.get('serverHostname')}, which is no bucket of this stack"
        flow = Flow(kind=flow.kind, source=name, target=flow.target, region="", path="sourceLocationArn", node=node,
                    why_unknown=what)  # fmt: skip
    yield flow
    report = record(record(node.inputs.get("taskReportConfig")).get("s3Destination"))
    if report:
        path = "taskReportConfig.s3Destination"
        yield to_bucket(graph, node, "reports", source=name, arn=report.get("s3BucketArn"), path=path)


MODELS = family("transfer", flows={TASK: _task})
