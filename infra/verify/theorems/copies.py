"""T2: every copy of data stays inside: between buckets of this stack in allowed US regions, or along a phase's edge.

A copy is whatever a model of a type says that moves data: replication, inventories, transfers, logs that connectors
carry. Its target is a bucket of this stack whose own place is allowed, and at home one for the same: a dataset's other
bucket, or the audit trail's of the region. Towards a legacy site a backup is written in
phase BACKUP only, and a site's reports stay at that site. What a site's trail logs goes into the one archive in
Virginia, in every phase: out of Singapore that is the allowed direction. A copy whose target cannot be told is
undecided, and one of a type that only ever leads elsewhere is refuted by name.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.residency.lifecycle import Phase
from infra.residency.regions import UsRegion
from infra.verify.context import Context
from infra.verify.declared import ARCHIVE_REGION
from infra.verify.graph import Graph, Node
from infra.verify.models import MODELS, MOVING
from infra.verify.models.elsewhere import ELSEWHERE, ways_out
from infra.verify.models.model import Flow
from infra.verify.models.place import accounts_of, is_home, place_of
from infra.verify.search import Opinion, opinion, worst
from infra.verify.theorems.storage import said
from infra.verify.values import record, records
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T2"
TITLE: Final = "copies"
ASSUMPTIONS: Final = (
    "a service copies what it is configured to copy, and nothing else",
    "what a provider replicates inside a region stays in that region",
)


_AT_HOME: Final = frozenset({"carries logs", "replicates"})
"""What goes on inside the allowed US regions."""


def decide(context: Context) -> Verdict:
    """Ask the model of each type that moves data for its flows, and hold each against the rule."""
    findings, edges, graph = Findings(), list[list[str]](), context.graph
    for flow in graph.each(MOVING, _flows):
        found = _judged(context, flow)
        findings.add(*([found] if found else []))
        edges.append([flow.node.urn, flow.kind, flow.source, flow.target, flow.region])
    for node in graph.of(*ELSEWHERE):
        findings.add(*_elsewhere(context, node))
    return findings.verdict(
        ID, TITLE, examined=len(edges), flows=len(edges), assumptions=ASSUMPTIONS, certificate={"edges": edges}
    )


def _flows(graph: Graph, node: Node) -> Iterator[Flow]:
    """What a resource moves."""
    flows = MODELS[node.type].flows
    if flows is not None:
        yield from flows(graph, node)


def _judged(context: Context, flow: Flow) -> Counterexample | Missing | None:
    node = flow.node
    if flow.why_unknown:
        return missing(node, f"where {node.name} copies to is not known: {flow.why_unknown}", path=flow.path)
    if is_home(flow.region) and flow.to is not None and flow.kind in _AT_HOME:
        if _is_for_the_same(context, flow):
            return None
        return _refused(context, flow, f"to {flow.target}, which is for something else")
    if flow.region and not is_home(flow.region):
        return _abroad(context, flow)
    return _refused(context, flow, f"to {flow.target}, which is no bucket of this stack"
                    f"{f' in {flow.region}' if flow.region else ''}")  # fmt: skip


def _is_for_the_same(context: Context, flow: Flow) -> bool:
    """Whether a bucket is for what is copied there: names say what for, and where."""
    key = UsRegion(flow.region).facts.key
    if flow.kind == "carries logs":
        return flow.target == f"{context.declared.organization}-audit-{key}"
    of, _, _ = flow.source.rpartition("-")
    return bool(of) and flow.target == f"{of}-{key}"


def _abroad(context: Context, flow: Flow) -> Counterexample | None:
    """A flow out of the allowed regions: along an edge of the site's phase, into the archive, or not at all."""
    if flow.kind == "archives" and _is_archive(context, flow.to):
        return None
    for site in context.declared.sites.values():
        if flow.to is None or site.region != flow.region or context.as_of >= site.expires:
            continue
        place = place_of(context.graph, flow.node)
        if flow.kind == "reports" and site.phase.has_holders and place is not None and place.region == flow.region:
            return None
        if flow.kind == "backs up" and site.phase is Phase.BACKUP:
            return None
    return _refused(context, flow, f"to {said(flow.region)}")


def _is_archive(context: Context, node: Node | None) -> bool:
    """Whether a bucket is the declared one that trails go to: by its name, its region and its account."""
    declared, provider = context.declared, context.graph.provider_of(node) if node is not None else None
    place = place_of(context.graph, node) if node is not None else None
    return (
        node is not None
        and provider is not None
        and node.inputs.get("bucket") == declared.archive_bucket
        and place is not None
        and place.region == ARCHIVE_REGION
        and accounts_of(provider) == frozenset({declared.archive})
    )


def _refused(context: Context, flow: Flow, where: str) -> Counterexample:
    node, value = flow.node, flow.node.inputs.get(flow.path)
    return refuted(
        node,
        f"{flow.source} would be copied {where}",
        path=flow.path,
        because=f"{node.name} {flow.kind} it: {flow.path} = {(value if isinstance(value, str) else flow.target)!r}",
        fix=f"change it to one of {', '.join(sorted(it.value for it in context.declared.regions))}, or remove it",
        trace=(f"{flow.source} → {flow.kind} → {flow.target} ({flow.region or 'region not known'})",),
        witness={"urn": node.urn, "source": flow.source, "target": flow.target, "region": flow.region},
    )


def _elsewhere(context: Context, node: Node) -> Iterator[Counterexample]:
    """A type that no component uses, and by which data can leave: refuted where it names another place."""
    for path, value, region in ways_out(node):
        if not is_home(region):
            yield refuted(
                node,
                f"{node.name} would take data to {said(region)}",
                path=path,
                because=f'{path} = "{value}"',
                fix=f"remove it; allowed are {', '.join(sorted(it.value for it in context.declared.regions))}",
                witness={"urn": node.urn, "source": node.name, "target": str(value), "region": region},
            )


def decide_slowly(context: Context) -> Answer:
    """Look at every resource by itself, and search all others for what it names."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of each resource."""
    yield from (opinion(_slowly(context, node), node.urn) for node in context.graph.nodes.values())


_ORDER: Final = [Answer.PROVED, Answer.UNDECIDED, Answer.REFUTED]
_HOMES: Final = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord", "us-sanjose-1": "sjc"}
_REPORTING: Final = {"backup", "drain", "wipe"}


def _slowly(context: Context, node: Node) -> Answer:
    short = node.type.rpartition(":")[2]
    if short == "ReplicationPolicy" and node.type.startswith("oci:ObjectStorage/"):
        return _replica(context.graph, node)
    if short in {"Connector", "Trail"}:
        return _logs(context, node) if short == "Connector" else _archived(context, node)
    if short == "Inventory":
        arn = record(record(node.inputs.get("destination")).get("bucket")).get("bucketArn")
        return _to_site(context, node, arn, _REPORTING, same_region=True)
    if node.type == "aws:datasync/task:Task":
        return _task(context, node)
    if node.type in ELSEWHERE and any(region not in _HOMES for _, _, region in ways_out(node)):
        return Answer.REFUTED
    return Answer.PROVED


def _replica(graph: Graph, node: Node) -> Answer:
    wanted = [node.inputs.get(it) for it in ("destinationBucketName", "destinationRegionName", "namespace")]
    if not all(isinstance(it, str) and not _hidden(it) for it in [*wanted, node.inputs.get("bucket")]):
        return Answer.UNDECIDED
    buckets = [it for it in graph.nodes.values() if it.type.startswith("oci:ObjectStorage/bucket:")]
    found = [[it.inputs.get("name"), _region(graph, it), it.inputs.get("namespace")] for it in buckets]
    alike = [re.sub(r"-(iad|phx|ord|sjc)$", "", str(it)) for it in (wanted[0], node.inputs["bucket"])]
    there = wanted in found and wanted[1] in _HOMES and str(wanted[0]).endswith(f"-{_HOMES[str(wanted[1])]}")
    return Answer.PROVED if there and alike[0] == alike[1] else Answer.REFUTED


def _logs(context: Context, node: Node) -> Answer:
    graph = context.graph
    target, here = record(node.inputs.get("target")), _region(graph, node)
    if any(_hidden(target.get(it)) for it in ("kind", "bucket", "namespace")):
        return Answer.UNDECIDED
    buckets = [it for it in graph.nodes.values() if it.type.startswith("oci:ObjectStorage/bucket:")]
    found = [(it.inputs.get("name"), _region(graph, it), it.inputs.get("namespace")) for it in buckets]
    there = (target.get("bucket"), here, target.get("namespace"))
    ours = target.get("bucket") == f"{context.declared.organization}-audit-{_HOMES.get(str(here))}"
    lands = str(target.get("kind")).casefold() == "objectstorage" and there in found
    return Answer.PROVED if lands and ours else Answer.REFUTED


def _archived(context: Context, node: Node) -> Answer:
    name = node.inputs.get("s3BucketName")
    if not isinstance(name, str) or _hidden(name):
        return Answer.UNDECIDED
    account = context.declared.archive
    there = [it for it in context.graph.nodes.values() if it.type.startswith("aws:s3/bucket:")]
    there = [it for it in there if it.inputs.get("bucket") == name]
    providers = [context.graph.nodes.get(it.provider) for it in there]
    accounts = [it.inputs.get("allowedAccountIds") if it is not None else None for it in providers]
    accounts = ["".join(it.split()) if isinstance(it, str) else it for it in accounts]
    kept = [_region(context.graph, it) for it in there] == ["us-east-1"] and account
    kept = kept and accounts in ([[account]], [f'["{account}"]'])
    return Answer.PROVED if kept and name == f"{context.declared.organization}-audit-use1-{account}" else Answer.REFUTED


def _hidden(value: object) -> bool:
    return str(value).startswith(("04da6b54-", "[secret]"))


def _region(graph: Graph, node: Node) -> Any:
    provider = graph.nodes.get(node.provider)
    if provider is None or provider.type.split(":")[-1] != node.type.split(":")[0]:
        return None
    own = node.inputs.get("region") if node.type.startswith("aws:") else None
    return own or provider.inputs.get("region")


def _to_site(context: Context, node: Node, arn: object, phases: set[str], *, same_region: bool) -> Answer:
    if not isinstance(arn, str) or _hidden(arn):
        return Answer.UNDECIDED
    buckets = [it for it in context.graph.nodes.values() if it.type.startswith("aws:s3/bucket:")]
    buckets = [it for it in buckets if f"arn:aws:s3:::{it.inputs.get('bucket')}" == arn]
    if len(buckets) != 1:
        return Answer.REFUTED
    there = _region(context.graph, buckets[0])
    sites = [site for site in context.declared.sites.values() if site.region.value == there]
    allowed = any(site.phase.value in phases and context.as_of < site.expires for site in sites)
    return Answer.PROVED if allowed and (not same_region or _region(context.graph, node) == there) else Answer.REFUTED


def _task(context: Context, node: Node) -> Answer:
    graph, ends = context.graph, list[Node]()
    for property_, kind in (("sourceLocationArn", ":LocationObjectStorage"), ("destinationLocationArn", ":S3Location")):
        value, urns = node.inputs.get(property_), node.sources.get(property_, frozenset())
        all_ = [it for it in graph.nodes.values() if it.type.endswith(kind)]
        found = [it for it in all_ if (it.urn in urns if _hidden(value) else it.id and it.id == value)]
        if len(found) != 1:
            return Answer.UNDECIDED
        ends += found
    host, name = str(ends[0].inputs.get("serverHostname")), ends[0].inputs.get("bucketName")
    buckets = [it for it in graph.nodes.values() if it.type.startswith("oci:ObjectStorage/bucket:")]
    ours = [it for it in buckets if it.inputs.get("name") == name]
    hosts = {f"{it.inputs.get('namespace')}.compat.objectstorage.{_region(graph, it)}.oraclecloud.com" for it in ours}
    if host not in hosts:
        return Answer.UNDECIDED
    answers = [_to_site(context, node, ends[1].inputs.get("s3BucketArn"), {"backup"}, same_region=False)]
    reports = records([record(node.inputs.get("taskReportConfig")).get("s3Destination")])
    answers += [_to_site(context, node, it.get("s3BucketArn"), _REPORTING, same_region=True) for it in reports]
    return max(answers, key=_ORDER.index)
