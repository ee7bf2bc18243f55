"""The audit trail: connectors carry logs into a bucket of their own region; rules and topics tell people."""

from collections.abc import Iterator

from infra.verify.graph import Graph, Node
from infra.verify.models.model import Flow, family
from infra.verify.models.object_storage import bucket
from infra.verify.models.place import place_of
from infra.verify.values import is_unknown, record

ALARM = "oci:Monitoring/alarm:Alarm"
CONFIGURATION = "oci:Audit/configuration:Configuration"
CONNECTOR = "oci:Sch/connector:Connector"
RULE = "oci:Events/rule:Rule"
SUBSCRIPTION = "oci:Ons/subscription:Subscription"
TOPIC = "oci:Ons/notificationTopic:NotificationTopic"


def _connector(graph: Graph, node: Node) -> Iterator[Flow]:
    """Logs, which tell who asked for what, to the bucket of that name in the connector's own region."""
    target, place = record(node.inputs.get("target")), place_of(graph, node)
    kind, name, namespace = (target.get(it) for it in ("kind", "bucket", "namespace"))
    hidden = next((it for it in ("kind", "bucket", "namespace") if is_unknown(target.get(it))), "")
    region = place.region if place is not None and not hidden else ""
    into_bucket = str(kind).lower() == "objectstorage"
    yield Flow(
        kind="carries logs",
        source=f"the logs of {node.name}",
        target=str(name) if into_bucket else f"a target of kind {kind}",
        region=region if into_bucket else "",
        path="target",
        node=node,
        to=bucket(graph, str(name), region, namespace) if into_bucket and region else None,
        why_unknown=f"target.{hidden} is not known" if hidden else "",
    )


MODELS = family("trail", flows={CONNECTOR: _connector})
