"""The logs: every bucket, edge and subnet is logged, and what is logged is carried away whole."""

from collections.abc import Iterator
from typing import Final

from infra.verify.graph import Node
from infra.verify.models.object_storage import BUCKET
from infra.verify.trail.carriers import LOG_GROUP, Carriers
from infra.verify.trail.leak import Leak, Rule
from infra.verify.values import record

BALANCER: Final = "oci:LoadBalancer/loadBalancer:LoadBalancer"
FIREWALL: Final = "oci:Waf/appFirewall:AppFirewall"
LOG: Final = "oci:Logging/log:Log"
SUBNET: Final = "oci:Core/subnet:Subnet"


def log_leaks(trail: Carriers) -> Iterator[Leak]:
    """What has no log, a log that is off, or one whose group stays where it is; and events that do not leave whole."""
    logged = {(row[0], row[1], row[2]) for row in _logged(trail)}
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


def _logged(trail: Carriers) -> Iterator[list[str]]:
    """What each log records that is on and carried away: URN, service and category, and the log's own URN."""
    carried = {(it.region, it.group) for it in trail.all if it.group and not it.conditions}
    for log in trail.graph.of(LOG):
        if (trail.graph.region(log), group_of(trail, log)) in carried:
            for target, service, category in recorded(trail, log):
                yield [target, service, category, log.urn]


def group_of(trail: Carriers, log: Node) -> str:
    """The URN of the one group of a log; empty where there is none."""
    groups = trail.graph.named(log, "logGroupId", log.inputs.get("logGroupId"), LOG_GROUP)
    return groups[0].urn if len(groups) == 1 else ""


def recorded(trail: Carriers, log: Node) -> Iterator[tuple[str, str, str]]:
    """What a log records: URN, service and category; nothing where it is off."""
    source = record(record(log.inputs.get("configuration")).get("source"))
    service, category, resource = (source.get(key) for key in ("service", "category", "resource"))
    if log.inputs.get("isEnabled") is not True:
        return
    region = trail.graph.region(log)
    if service == "objectstorage":
        targets = [it for it in trail.graph.called(BUCKET, "name", str(resource)) if trail.graph.region(it) is region]
    else:
        targets = trail.graph.named(log, "configuration", resource, BALANCER, FIREWALL, SUBNET)
    if len(targets) == 1 and region is not None and trail.graph.region(targets[0]) is region:
        yield targets[0].urn, str(service), str(category)


def rows(trail: Carriers) -> dict[str, list[list[str]]]:
    """The buckets of the trail with their regions; and what is logged, by service and category, in which log."""
    buckets = [[it.urn, region] for region, it in trail.buckets.items()]
    return {"buckets": sorted(buckets), "logs": sorted(_logged(trail))}
