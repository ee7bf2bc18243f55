"""Who is told: the addresses behind a topic, and of which monitors somebody is not told that a target is unwell."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from infra.verify.graph import Graph, Node
from infra.verify.models.trail import ALARM, SUBSCRIPTION, TOPIC
from infra.verify.values import items

if TYPE_CHECKING:
    from infra.residency.regions import UsRegion

COMPARTMENT: Final = "oci:Identity/compartment:Compartment"
MONITORS: Final = {
    "oci:HealthChecks/httpMonitor:HttpMonitor": "HTTP",
    "oci:HealthChecks/pingMonitor:PingMonitor": "PING",
}
"""Monitors, and how the names of their metrics begin."""

_UNWELL: Final = (
    r'(HTTP|PING)\.isHealthy\[\d+m\]\{\s*resourceDisplayName\s*=\s*"([^"]+)"\s*\}\.groupBy\(target\)'
    r"\.(?:mean|min)\(\)\s*<\s*(?:0\.[5-9]\d*|1(?:\.0+)?)"
)
"""A query that holds where half of the vantage points, or more, find a target unwell."""


def addresses(graph: Graph, node: Node, path: str, topics: object) -> Iterator[str]:
    """The addresses that topics tell by mail, named by a property of a resource."""
    urns = {it.urn for value in items(topics) for it in graph.named(node, path, value, TOPIC)}
    for subscription in graph.of(SUBSCRIPTION):
        named = graph.named(subscription, "topicId", subscription.inputs.get("topicId"), TOPIC)
        if len(named) == 1 and named[0].urn in urns and subscription.inputs.get("protocol") == "EMAIL":
            yield str(subscription.inputs.get("endpoint"))


def unheard(graph: Graph, told: frozenset[str]) -> Iterator[tuple[Node, str]]:
    """Each monitor of which some addresses are not told, with what is wrong.

    Args:
        graph: the resources.
        told: the addresses that are to be told.
    """
    heard: dict[tuple[str, str, UsRegion | None], set[str]] = {}
    for node in graph.of(ALARM):
        asks = re.fullmatch(_UNWELL, str(node.inputs.get("query")))
        if asks is not None and _raised(graph, node):
            key = (asks[1], asks[2], graph.region(node))
            heard.setdefault(key, set()).update(addresses(graph, node, "destinations", node.inputs.get("destinations")))
    for type_, probe in MONITORS.items():
        for node in graph.of(type_):
            key = (probe, str(node.inputs.get("displayName")), graph.region(node))
            if missing := sorted(told - heard.get(key, set())):
                yield node, f"nobody tells {', '.join(missing)} when what {node.name} looks at is unwell"


def _raised(graph: Graph, node: Node) -> bool:
    """Whether an alarm is on, not suppressed, and looks at the monitors' own metrics."""
    looks_at = graph.named(node, "metricCompartmentId", node.inputs.get("metricCompartmentId"), COMPARTMENT)
    return (
        node.inputs.get("isEnabled") is True
        and not node.inputs.get("suppression")
        and node.inputs.get("namespace") == "oci_healthchecks"
        and [str(it.inputs.get("name")) for it in looks_at] == ["edge"]
    )
