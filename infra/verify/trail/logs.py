"""The logs: every bucket, edge and subnet is logged, and what is logged is carried away whole."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from infra.residency.regions import UsRegion
from infra.verify.graph import Graph, Node
from infra.verify.models.object_storage import BUCKET
from infra.verify.trail.carriers import LOG_GROUP, Carriers
from infra.verify.trail.declared import Declared
from infra.verify.trail.leak import Leak, Rule
from infra.verify.values import record

BALANCER: Final = "oci:LoadBalancer/loadBalancer:LoadBalancer"
FIREWALL: Final = "oci:Waf/appFirewall:AppFirewall"
LOG: Final = "oci:Logging/log:Log"
SUBNET: Final = "oci:Core/subnet:Subnet"


class Entry(NamedTuple):
    """What a log that is on records, wherever it goes.

    Attributes:
        about: URN of what it records acts on.
        log: its own URN.
        group: URN of the one group that it is in; empty where there is none.
        region: where it and what it is about are.
    """

    about: str
    service: str
    category: str
    log: str
    group: str
    region: UsRegion


def entries(graph: Graph) -> tuple[Entry, ...]:
    """Everything that is recorded, carried away or not."""
    return graph.each((LOG,), _entry)


def _entry(graph: Graph, log: Node) -> Iterator[Entry]:
    source = record(record(log.inputs.get("configuration")).get("source"))
    service, category, resource = (source.get(key) for key in ("service", "category", "resource"))
    region = graph.region(log)
    by_service = log.inputs.get("logType") == "SERVICE" and source.get("sourceType") == "OCISERVICE"
    if log.inputs.get("isEnabled") is not True or not by_service or region is None:
        return
    if service == "objectstorage":
        targets = [it for it in graph.called(BUCKET, "name", str(resource)) if graph.region(it) is region]
    else:
        targets = graph.named(log, "configuration", resource, BALANCER, FIREWALL, SUBNET)
    if len(targets) == 1 and graph.region(targets[0]) is region:
        groups = graph.named(log, "logGroupId", log.inputs.get("logGroupId"), LOG_GROUP)
        group = groups[0].urn if len(groups) == 1 else ""
        yield Entry(targets[0].urn, str(service), str(category), log.urn, group, region)


def log_leaks(found: Graph, declared: Declared, recorded: tuple[Entry, ...]) -> Iterator[Leak]:
    """What has no log, a log that is off, or one whose group stays where it is; and events that do not leave whole."""
    trail = Carriers(found, declared)
    logged = {(it.about, it.service, it.category) for it in _carried(trail, recorded)}
    for node, service, categories in _to_be_logged(trail):
        for category in categories:
            if (node.urn, service, category) not in logged:
                yield Leak(urn=node.urn, rule=Rule.LOG, what=f"{node.name} has no log of {service} {category}")
    whole = {it.region for it in trail.all if it.whole and not it.conditions}
    for region in sorted(trail.declared.regions - whole):
        what = f"the events of the whole tenancy do not leave {region} whole"
        yield Leak(urn="", rule=Rule.CONNECTOR, what=what)


def _to_be_logged(trail: Carriers) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
    own = {it.urn for it in trail.buckets.values()}
    for node in trail.graph.of(BUCKET):
        yield node, "objectstorage", ("read",) if node.urn in own else ("read", "write")
    for type_, service, categories in (
        (BALANCER, "loadbalancer", ("access", "error")),
        (FIREWALL, "waf", ("all",)),
        (SUBNET, "flowlogs", ("all",)),
    ):
        for node in trail.graph.of(type_):
            yield node, service, categories


def _carried(trail: Carriers, recorded: tuple[Entry, ...]) -> Iterator[Entry]:
    """What is carried away whole."""
    carried = {(it.region, it.group) for it in trail.all if it.group and not it.conditions}
    return (it for it in recorded if (it.region, it.group) in carried)


def rows(trail: Carriers, recorded: tuple[Entry, ...]) -> dict[str, list[list[str]]]:
    """The buckets of the trail with their regions; and what is logged, by service and category, in which log."""
    buckets = [[it.urn, region] for region, it in trail.buckets.items()]
    return {"buckets": sorted(buckets), "logs": sorted(list(it[:4]) for it in _carried(trail, recorded))}
