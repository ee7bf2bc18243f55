"""How the record of an act gets into the trail: the bucket of its region, and the connectors that deliver there."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from infra.residency.regions import UsRegion
from infra.verify.graph import Graph, Node
from infra.verify.models.object_storage import BUCKET
from infra.verify.models.trail import CONNECTOR
from infra.verify.trail.declared import Declared
from infra.verify.values import record, records

COMPARTMENT: Final = "oci:Identity/compartment:Compartment"
LOG_GROUP: Final = "oci:Logging/logGroup:LogGroup"

_TENANCY: Final = "_Audit_Include_Subcompartment"


class Carrier(NamedTuple):
    """A connector that is on and delivers into the bucket of its own region, by one of its sources.

    Attributes:
        group: URN of the log group that it carries; empty for one that carries none of this stack's.
        whole: whether it carries the audit events of the whole tenancy.
        conditions: what each of its tasks picks, one after another.
        prefix: what the names of the objects that it puts begin with.
    """

    node: Node
    region: UsRegion
    bucket: Node
    group: str
    whole: bool
    conditions: tuple[str, ...]
    prefix: str


class Carriers:
    """All of them, and the buckets they deliver into."""

    def __init__(self, graph: Graph, declared: Declared) -> None:
        self.graph, self.declared = graph, declared
        found = {region: self._bucket(region) for region in sorted(declared.regions)}
        self.buckets: Mapping[UsRegion, Node] = {region: it for region, it in found.items() if it is not None}
        self.all = tuple(self._carriers())

    def _bucket(self, region: UsRegion) -> Node | None:
        """The bucket for logs of a region: by name and by its provider's region."""
        name = f"{self.declared.organization}-audit-{region.facts.key}"
        there = self.graph.called(BUCKET, "name", name)
        return there[0] if len(there) == 1 and self.graph.region(there[0]) is region else None

    def inside(self, node: Node) -> bool:
        """Whether a resource is in the trail's own compartment."""
        named = self.graph.named(node, "compartmentId", node.inputs.get("compartmentId"), COMPARTMENT)
        return len(named) == 1 and named[0].inputs.get("name") == "audit"

    def _carriers(self) -> Iterator[Carrier]:
        for node in self.graph.of(CONNECTOR):
            region, target = self.graph.region(node), record(node.inputs.get("target"))
            bucket = self.buckets.get(region) if region is not None else None
            sources = records(record(node.inputs.get("source")).get("logSources"))
            if (
                bucket is not None
                and region is not None
                and str(target.get("kind")).lower() == "objectstorage"
                and target.get("bucket") == bucket.inputs.get("name")
                and target.get("namespace") == bucket.inputs.get("namespace")
                and node.inputs.get("state") in {None, "ACTIVE"}
                and self.inside(node)
                and record(node.inputs.get("source")).get("kind") == "logging"
                and all(task.get("kind") == "logRule" for task in records(node.inputs.get("tasks")))
            ):
                yield from (self._carrier(node, region, bucket, target, it) for it in sources)

    def _carrier(
        self, node: Node, region: UsRegion, bucket: Node, target: Mapping[str, Any], source: Mapping[str, Any]
    ) -> Carrier:
        groups = [
            it
            for it in self.graph.named(node, "source", source.get("logGroupId"), LOG_GROUP)
            if self.graph.region(it) is region
        ]
        return Carrier(
            node=node,
            region=region,
            bucket=bucket,
            group=groups[0].urn if len(groups) == 1 else "",
            whole=source.get("compartmentId") == self.declared.tenancy and source.get("logGroupId") == _TENANCY,
            conditions=tuple(str(task.get("condition")) for task in records(node.inputs.get("tasks"))),
            prefix=str(target.get("objectNamePrefix") or ""),
        )
