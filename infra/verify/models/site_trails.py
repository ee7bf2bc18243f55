"""The trails of the legacy sites: each delivers what it logs into a bucket, of whatever region and account."""

from collections.abc import Iterator

from infra.verify.graph import Graph, Node
from infra.verify.models.model import Flow, family
from infra.verify.models.s3 import to_bucket
from infra.verify.values import is_unknown

RULE = "aws:cloudwatch/eventRule:EventRule"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
TRAIL = "aws:cloudtrail/trail:Trail"


def _trail(graph: Graph, node: Node) -> Iterator[Flow]:
    """Who called what, and which objects were read and written, to the bucket of that name."""
    name = node.inputs.get("s3BucketName")
    arn = f"arn:aws:s3:::{name}" if isinstance(name, str) and not is_unknown(name) else name
    yield to_bucket(graph, node, "archives", source=f"the calls of {node.name}", arn=arn, path="s3BucketName")


MODELS = family("site_trails", flows={TRAIL: _trail})
