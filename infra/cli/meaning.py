"""A run in plain words: what it means for data, access, keys, network and the legacy sites.

Resources are told apart by the component that owns them, and a component that comes as a whole is described by the
plan: where its data lives, who may read it. Anything else is counted by kind, so that nothing is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from infra.engine import urns
from infra.engine.display import Change, Paper, Recorder, Tone, count, escape, listed
from infra.engine.events import Op
from infra.residency.audit import AUDIT_DAYS
from infra.residency.flow import FlowKind
from infra.residency.keys import ExternalCustody, VaultKind
from infra.residency.placement import PlacementRole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.engine.state import Deployment
    from infra.residency.audit import AuditRegion
    from infra.residency.placement import DatasetPlan, Network, Plan, SitePlan
    from infra.residency.traffic import Edge
    from infra.residency.trails import TrailPlan

_TOPICS: Final = ("Data", "Traffic", "Access", "Network", "Keys", "Audit", "Legacy", "Other")

_KINDS: Final = {
    "DatasetStore": ("Data", "dataset {name}", ""),
    "RegionalStorage": ("Data", "Object Storage in {name}", "storage-"),
    "HostnameRouting": ("Traffic", "hostname {name}", ""),
    "PublicEdge": ("Traffic", "edge in {name}", "edge-"),
    "TrafficZone": ("Traffic", "DNS zone", ""),
    "Access": ("Access", "duties", ""),
    "CloudGuard": ("Access", "what is watched and forbidden", ""),
    "PacketRouting": ("Network", "what may connect to what, by what it is", ""),
    "PathTests": ("Network", "claims about reachability, to be tested", ""),
    "OrganizationControl": ("Legacy", "what the accounts may never do", ""),
    "Guardrails": ("Access", "limits outside the regions of the stack", ""),
    "StorageAccess": ("Access", "who may read and copy data", ""),
    "TenancyFoundation": ("Access", "compartments and tags", ""),
    "RegionalNetwork": ("Network", "network in {name}", "network-"),
    "EdgeNetwork": ("Network", "network of the edge in {name}", "edge-network-"),
    "PeeringMesh": ("Network", "peering between the regions", ""),
    "RegionalKeys": ("Keys", "keys in {name}", "keys-"),
    "KeyPath": ("Keys", "the way to the key manager in {name}", "key-path-"),
    "AuditSettings": ("Audit", "audit events and connectors", ""),
    "AuditArchive": ("Audit", "archive of the legacy sites' trails", ""),
    "AuditTrail": ("Audit", "logs of {name}", "audit-"),
    "SiteTrail": ("Audit", "trail of {name}", "trail-"),
    "Alarms": ("Audit", "alarms in {name}", "alarms-"),
    "LegacyBackup": ("Legacy", "site {name}", ""),
}
"""For each kind of component its topic, its subject, and what stands before its subject's name in its logical name."""

_MARKS: Final = {Op.CREATE: "+", Op.IMPORT: "=", Op.UPDATE: "~", Op.REPLACE: "±", Op.DELETE: "-"}
_TONES: Final = {"+": Tone.ADDED, "~": Tone.CHANGED, "±": Tone.REPLACED, "-": Tone.REMOVED}
_COMPONENT: Final = re.compile(r"usdata:index:([A-Za-z]+)")
_FEW: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """The outermost component that a resource belongs to; a resource without one has no kind and owns itself."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What happens to one component: its topic, a mark (`+`, `~`, ...), the words, and the resources behind them."""

    topic: str
    mark: str
    text: str
    urns: tuple[str, ...]


def lines(plan: Plan, recorder: Recorder, before: Deployment) -> list[Line]:
    """One line for each component that something happens to, by topic.

    Args:
        plan: What the stack file asks for.
        recorder: What the run did or would do.
        before: The state that it started from: it knows the owners of what goes.
    """
    owned = _owned(recorder, before)
    found: list[Line] = []
    for owner in sorted(owned):
        topic, subject, prefix = _KINDS.get(owner.kind, ("Other", "{name}", ""))
        name = owner.name.removeprefix(prefix)
        whole = _whole(owner, owned[owner])
        described = describe(plan, owner.kind, name) if whole == "+" else ""
        text = subject.replace("{name}", name) + (described or f": {phrase(owner, owned[owner])}")
        touched = tuple(change.step.urn for change in owned[owner])
        found.append(Line(topic=topic, mark=whole or _gist(owned[owner]), text=text, urns=touched))
    return sorted(found, key=lambda line: _TOPICS.index(line.topic))


def meaning(plan: Plan, recorder: Recorder, before: Deployment, paper: Paper) -> list[str]:
    """The same on paper, each topic named once."""
    out: list[str] = []
    last = ""
    for line in lines(plan, recorder, before):
        label = f"{line.topic if line.topic != last else '':<8}"
        text = paper.paint(f"{line.mark} {escape(line.text)}", _TONES.get(line.mark))
        out.append(f"  {paper.paint(label, bold=True)}  {text}")
        last = line.topic
    return out


def _owned(recorder: Recorder, before: Deployment) -> Mapping[Owner, Sequence[Change]]:
    """The changes by owner, without the stack itself and providers, whose change is no change to anything."""
    parents = {resource.urn: resource.parent for resource in before.resources}
    parents |= {c.step.urn: r.parent for c in recorder.all() if (r := c.step.new or c.step.old)}
    owned: dict[Owner, list[Change]] = defaultdict(list)
    for change in recorder.changed():
        if not urns.is_root_stack(change.step.urn) and not urns.is_provider_type(change.step.type):
            owned[_owner(change.step.urn, parents)].append(change)
    return owned


def _owner(urn: str, parents: Mapping[str, str]) -> Owner:
    found = Owner("", urns.name_of(urn))
    seen: set[str] = set()
    while urn and urn not in seen:
        seen.add(urn)
        component = _COMPONENT.fullmatch(urns.type_of(urn))
        found = Owner(component[1], urns.name_of(urn)) if component else found
        urn = parents.get(urn, "")
    return found


def _whole(owner: Owner, changes: Sequence[Change]) -> str:
    """`+` if the component itself comes, `-` if it goes, else nothing."""
    return next((_MARKS[c.op] for c in changes if _is_owner(c, owner) and c.op in {Op.CREATE, Op.DELETE}), "")


def _is_owner(change: Change, owner: Owner) -> bool:
    component = _COMPONENT.fullmatch(change.step.type)
    return component is not None and Owner(component[1], change.name) == owner


def _gist(changes: Sequence[Change]) -> str:
    """The mark of a component that stays: that of the one thing that happens inside, or `~` for several."""
    ops = {change.op for change in changes}
    return _MARKS.get(ops.pop(), "~") if len(ops) == 1 else "~"


def phrase(owner: Owner, changes: Sequence[Change]) -> str:
    """Changes counted by kind: `- 1 bucket (profiles-us-ashburn-1), + 2 route tables`; what goes is always named.

    A component inside `owner` that comes or goes stands for what it holds.
    """
    components = [c for c in changes if _COMPONENT.fullmatch(c.step.type)]
    inner = {c.step.urn: c for c in components if not _is_owner(c, owner)}
    groups: dict[tuple[Op, str], list[Change]] = defaultdict(list)
    for change in changes:
        record = change.step.new or change.step.old
        around = inner.get(record.parent) if record else None
        stands_alone = around is None or around.op is not change.op
        if stands_alone and not _is_owner(change, owner):
            groups[change.op, _noun(change.step.type)].append(change)
    parts: list[str] = []
    for (op, noun), members in groups.items():
        number = f"{len(members)} {noun if len(members) == 1 else _plural(noun)}"
        named = op in {Op.DELETE, Op.REPLACE} or (len(groups) <= _FEW and len(members) <= _FEW)
        names = f" ({listed([c.name for c in members])})" if named else ""
        parts.append(f"{_MARKS.get(op, str(op))} {number}{names}")
    return ", ".join(parts)


def _noun(type_: str) -> str:
    """`oci:Core/routeTable:RouteTable` as `route table`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type_.rpartition(":")[2]).lower()


def _plural(noun: str) -> str:
    if noun.endswith("y") and not noun.endswith(("ay", "ey", "oy")):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def describe(plan: Plan, kind: str, name: str) -> str:
    """What the plan says about a component that comes as a whole; empty where it says nothing.

    Args:
        plan: The plan.
        kind: The last part of the component's type.
        name: The dataset, region or site that it is for.
    """
    described = {
        "DatasetStore": lambda: "".join(_dataset(plan, d) for d in plan.datasets if d.dataset.name == name),
        "RegionalNetwork": lambda: "".join(_network(n) for n in plan.networks if n.region.value == name),
        "EdgeNetwork": lambda: "".join(_edge_network(e) for e in _edges(plan) if e.region.value == name),
        "HostnameRouting": lambda: _hostname(plan, name),
        "PublicEdge": lambda: "".join(_edge(e) for e in _edges(plan) if e.region.value == name),
        "TrafficZone": lambda: f" {plan.traffic.zone}" if plan.traffic else "",
        "RegionalKeys": lambda: _keys(plan, name),
        "Access": lambda: _duties(plan),
        "AuditSettings": lambda: f": kept for {AUDIT_DAYS} days; connectors may put logs, and nothing else",
        "AuditArchive": lambda: _archive(plan),
        "SiteTrail": lambda: "".join(_trail(plan, it) for it in _trails(plan) if it.name == name),
        "AuditTrail": lambda: "".join(_logs(plan, it) for it in _audited(plan) if it.region.value == name),
        "Alarms": lambda: "".join(_alarms(plan) for it in _audited(plan) if it.region.value == name),
        "CloudGuard": lambda: _zones(plan),
        "Guardrails": lambda: _limits(plan),
        "StorageAccess": lambda: _access(plan),
        "KeyPath": lambda: ": one address, one port, and nothing else in its network",
        "PeeringMesh": lambda: _peering(plan),
        "LegacyBackup": lambda: "".join(_site(s) for s in plan.sites if s.site.name == name),
    }
    return described[kind]() if kind in described else ""


def _keys(plan: Plan, region: str) -> str:
    classes = [key.data_class.value for key in plan.keys if key.region.value == region]
    match plan.key_care.vault:
        case VaultKind():
            return f": a vault with one HSM key each for {listed(classes)} data"
        case ExternalCustody(holder=holder):
            return f": a vault that refers to a key each for {listed(classes)} data, held by {holder}"
        case _:
            assert_never(plan.key_care.vault)


def _peering(plan: Plan) -> str:
    pairs = sorted({tuple(sorted((n.region.value, peer.value))) for n in plan.networks for peer in n.peers})
    return f": {listed([' and '.join(pair) for pair in pairs])}" if pairs else ""


def _dataset(plan: Plan, item: DatasetPlan) -> str:
    dataset = item.dataset
    regions = {
        role: list(dict.fromkeys(p.region.value for p in item.placements if p.role is role)) for role in PlacementRole
    }
    shards = f" in {dataset.shards} shards" if dataset.shards > 1 else ""
    parts = [f"default store {listed(regions[PlacementRole.PRIMARY])}{shards}"]
    if regions[PlacementRole.REPLICA]:
        parts.append(f"replica {listed(regions[PlacementRole.REPLICA])}")
    backups = [s.site.name for s in plan.sites if any(b.dataset.name == dataset.name for b in s.backups)]
    if backups:
        parts.append(f"backup {listed(backups)}")
    return f" ({dataset.data_class.value}): {', '.join(parts)}"


def _network(network: Network) -> str:
    tiers = listed([subnet.tier.value for subnet in network.subnets])
    return f" ({network.role.value}): {network.vcn}, private subnets {tiers}"


def _audited(plan: Plan) -> tuple[AuditRegion, ...]:
    return plan.audit.regions if plan.audit else ()


def _logs(plan: Plan, audited: AuditRegion) -> str:
    """Where they lie, and until when somebody could still end that: the one thing that time decides."""
    if plan.audit is None:
        return ""
    return (
        f": into {audited.bucket}, unalterable for {plan.audit.retention_days} days, which is locked on "
        f"{plan.audit.lock_on}; logs name objects and addresses, and lie in this region alone"
    )


def _archive(plan: Plan) -> str:
    if plan.archive is None:
        return ""
    return (
        f": {plan.archive.bucket}, where nobody deletes anything for {plan.archive.retention_days} days, its account's "
        "root included; it outlives the sites"
    )


def _trails(plan: Plan) -> tuple[TrailPlan, ...]:
    return plan.archive.trails if plan.archive else ()


def _trail(plan: Plan, trail: TrailPlan) -> str:
    what = "reads" if trail.of_archive else "reads and writes"
    told = listed([it.address for it in plan.audit.subscribers], most=4) if plan.audit else ""
    return (
        f" (account {trail.account_id}): every call, and {what} of {count(len(trail.buckets), 'bucket')}, into the "
        f"archive; changes of what guards data, and reads by strangers, are told to {told}"
    )


def _alarms(plan: Plan) -> str:
    told = listed([it.address for it in plan.audit.subscribers], most=4) if plan.audit else ""
    reads = ", and what the sealed users read" if plan.audit and plan.audit.sealed_users else ""
    return f": changes of policies, keys, networks, regions and of the trail{reads} are told to {told}"


def _edges(plan: Plan) -> tuple[Edge, ...]:
    return plan.traffic.edges if plan.traffic else ()


def _edge_network(edge: Edge) -> str:
    return f": {edge.vcn}, a public subnet for the load balancer and a private one for applications"


def _edge(edge: Edge) -> str:
    addresses = "IPv4 and IPv6 addresses" if edge.ipv6 else "an IPv4 address"
    return (
        f": {addresses}, load balancer, firewall, {count(len(edge.backends), 'back end')} on port {edge.backend_port}"
    )


def _hostname(plan: Plan, label: str) -> str:
    """Where users go; who else goes elsewhere, and what happens when an edge is lost, is in the table of traffic."""
    for hostname in plan.traffic.hostnames if plan.traffic else ():
        if hostname.label == label:
            shares = [f"{share.region} {share.percent} %" for share in hostname.shares]
            return f": {listed(shares) if shares else f'{hostname.pool[0]}, else {listed(hostname.pool[1:])}'}"
    return ""


def _duties(plan: Plan) -> str:
    groups = plan.access.groups if plan.access else ()
    return ": " + "; ".join(f"{group.name} ({group.duty}, from {group.network.name})" for group in groups)


def _limits(plan: Plan) -> str:
    denials = plan.guardrails.denials if plan.guardrails else ()
    denied = f", {len(denials)} families denied to everybody" if denials else ""
    return f": quotas at zero for {len(plan.quotas)} families of services{denied}"


def _zones(plan: Plan) -> str:
    if plan.guardrails is None:
        return ""
    zones = listed([zone.compartment.value for zone in plan.guardrails.cloud_guard.zones], most=8)
    return f": Cloud Guard reports in {plan.guardrails.cloud_guard.reporting_region}; security zones on {zones}"


def _access(plan: Plan) -> str:
    regions = list(dict.fromkeys(grant.region.value for grant in plan.service_grants))
    texts = [f"Object Storage itself in {listed(regions)}"] if regions else []
    texts += [
        f"group {flow.target} reads {flow.dataset.name} until {flow.until}"
        for flow in (item.export for item in plan.datasets)
        if flow is not None and flow.kind is FlowKind.EXPORT
    ]
    return f": {'; '.join(texts)}" if texts else ""


def _site(site: SitePlan) -> str:
    adopted = [b.dataset.name for b in site.backups if b.adopted]
    taken = f"; adopted as they are: {listed(adopted, most=8)}" if adopted else ""
    buckets = listed([b.dataset.name for b in site.backups], most=8)
    return f" ({site.site.region.value}, phase {site.site.phase.value}): backup of {buckets}{taken}"
