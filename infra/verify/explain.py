"""Says of a resource, a dataset or a hostname why it is where it is: region, keys, copies, readers, answers."""

from collections.abc import Iterator
from difflib import get_close_matches

from infra.verify.context import Context
from infra.verify.graph import Graph, Node
from infra.verify.models import HOLDERS, MODELS, MOVING
from infra.verify.models.place import evidence, place_of
from infra.verify.sources.loaded import UnusableError
from infra.verify.theorems.keys import chain_of
from infra.verify.theorems.storage import said
from infra.verify.values import items, records

_ATTACHMENT = "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"
_POLICY = "oci:Dns/steeringPolicy:SteeringPolicy"
_ADDRESSES = ("oci:Core/publicIp:PublicIp", "oci:Core/ipv6:Ipv6")
_COMPARTMENT = "oci:Identity/compartment:Compartment"
_STATEMENTS = "oci:Identity/policy:Policy"
_NAMES = ("name", "bucket", "displayName", "domainName")


def explain(context: Context, wanted: str) -> Iterator[str]:
    """Everything about it, line by line.

    Raises:
        UnusableError: There is nothing of that name.
    """
    graph = context.graph
    if wanted in context.declared.hostnames:
        yield from _hostname(graph, wanted)
        return
    dataset = context.declared.datasets.get(wanted)
    found = [node for node in graph.nodes.values() if _is(node, wanted, dataset=dataset is not None)]
    if not found:
        known = {node.name for node in graph.managed()} | context.declared.hostnames | set(context.declared.datasets)
        near = get_close_matches(wanted, sorted(known), 3)
        raise UnusableError(f"there is no {wanted!r}", fix=f"did you mean {' or '.join(near)}?" if near else "")
    if dataset is not None:
        yield f"dataset {wanted}: {dataset.data_class}, in {dataset.shards} buckets a place"
        found = [node for node in found if node.type in HOLDERS]
    for node in sorted(found, key=lambda it: it.urn):
        yield from _resource(context, node)


def _is(node: Node, wanted: str, *, dataset: bool) -> bool:
    """Whether a resource is meant: by URN, by logical or physical name, or as a holder of a dataset."""
    if not node.is_managed:
        return False
    if dataset:
        above = node.parent.rpartition("::")[2]
        return node.type in HOLDERS and (above == wanted or above.startswith(f"{wanted}-"))
    return wanted in {node.urn, node.name, *(str(node.inputs.get(name)) for name in _NAMES)}


def _resource(context: Context, node: Node) -> Iterator[str]:
    graph = context.graph
    place, provider = place_of(graph, node), graph.provider_of(node)
    yield f"{node.type}  {node.name}  {node.source}".rstrip()
    if place is not None and provider is not None:
        by = "its own region" if place.path == "region" else f"provider {provider.name}"
        yield f"  lies in    {said(place.region)}, because of {by}"
    for path, region in evidence(node).items():
        yield f"  evidence   its {path} says {region}"
    if chain := chain_of(graph, node):
        yield f"  key        {' in '.join(it.name for it in chain)}"
    yield from _copies(graph, node)
    yield from _statements(graph, node)
    kept = "protected" if node.protect else "not protected"
    yield f"  kept       {kept}, {'retained' if node.retain else 'not retained'}"


def _copies(graph: Graph, node: Node) -> Iterator[str]:
    """What is copied to it and from it."""
    place = place_of(graph, node)
    for mover in graph.of(*MOVING):
        flows = MODELS[mover.type].flows
        for flow in flows(graph, mover) if flows is not None else ():
            if flow.to is node:
                yield f"  copy       {flow.source} {flow.kind} to it, by {mover.name}  {mover.source}".rstrip()
            elif _leaves(node, flow.source) and place is not None and place_of(graph, mover) == place:
                yield f"  copy       it {flow.kind} to {flow.target} in {flow.region or 'an unknown place'}"


def _statements(graph: Graph, node: Node) -> Iterator[str]:
    """The statements that reach a bucket, by its name or its compartment's."""
    names = [str(it.inputs.get("name")) for it in
             graph.named(node, "compartmentId", node.inputs.get("compartmentId"), _COMPARTMENT)]  # fmt: skip
    wanted = [f":{name} " for name in names] + [f"'{node.inputs.get('name')}'"]
    for policy in graph.of(_STATEMENTS) if node.type in HOLDERS and names else ():
        for text in items(policy.inputs.get("statements")):
            if any(name in f"{text} " for name in wanted):
                yield f"  statement  {policy.name}: {text}"


def _leaves(node: Node, source: str) -> bool:
    return source in {str(node.inputs.get(name)) for name in ("name", "bucket")}


def _hostname(graph: Graph, name: str) -> Iterator[str]:
    yield f"hostname {name}"
    for attachment in graph.of(_ATTACHMENT):
        if attachment.inputs.get("domainName") != name:
            continue
        for policy in graph.named(attachment, "steeringPolicyId", attachment.inputs.get("steeringPolicyId"), _POLICY):
            yield f"  steered by {policy.name}  {policy.source}".rstrip()
            for answer in records(policy.inputs.get("answers")):
                owners = graph.named(policy, "answers", answer.get("rdata"), *_ADDRESSES)
                owners = owners or [
                    it for it in graph.of(*_ADDRESSES) if it.outputs.get("ipAddress") == answer.get("rdata")
                ]
                places = sorted({place.region for it in owners if (place := place_of(graph, it)) is not None})
                where = " or ".join(map(said, places)) or "nobody's address"
                yield f"  answers    {answer.get('rtype')} {answer.get('name')}: {where}"
