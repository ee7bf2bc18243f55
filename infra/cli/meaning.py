"""A run in plain words: what it means for data, access, keys, network and the legacy sites.

Resources are told apart by the component that owns them, and a component that comes as a whole is described by the
plan: where its data lives, who may read it. Anything else is counted by kind, so that nothing is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.display import Change, Paper, Recorder, Tone, escape, listed
from infra.engine.events import Op
from infra.residency.placement import PlacementRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra.residency.placement import DatasetPlan, Network, Plan, SitePlan

_TOPICS: Final = ("Data", "Access", "Network", "Keys", "Legacy", "Other")

_KINDS: Final = {
    "DatasetStore": ("Data", "dataset"),
    "RegionalStorage": ("Data", "Object Storage in"),
    "StorageAccess": ("Access", ""),
    "TenancyFoundation": ("Access", ""),
    "RegionalNetwork": ("Network", ""),
    "PeeringMesh": ("Network", ""),
    "RegionalKeys": ("Keys", ""),
    "LegacySite": ("Legacy", ""),
}
"""Topic and first words for each kind of component."""

_MARKS: Final = {Op.CREATE: "+", Op.IMPORT: "=", Op.UPDATE: "~", Op.REPLACE: "±", Op.DELETE: "-"}
_TONES: Final = {"+": Tone.ADDED, "~": Tone.CHANGED, "±": Tone.REPLACED, "-": Tone.REMOVED}
_OWNER: Final = re.compile(r"usdata:index:([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Owner:
    """The component that a resource belongs to; `kind` is the last part of its type, `name` its logical name."""

    kind: str
    name: str


def meaning(plan: Plan, recorder: Recorder, paper: Paper) -> list[str]:
    """One line for each component that something happens to, by topic."""
    owned = _owned(recorder)
    lines: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for owner in sorted(owned, key=lambda o: (o.kind, o.name)):
        changes = owned[owner]
        topic, word = _KINDS.get(owner.kind, ("Other", ""))
        subject = " ".join(part for part in (word, owner.name) if part)
        whole = _whole(owner, changes)
        described = describe(plan, owner) if whole == "+" else ""
        text = f"{subject}{described}" if described else f"{subject}: {phrase(changes)}"
        lines[topic].append((whole, escape(text)))
    out: list[str] = []
    for topic in _TOPICS:
        for index, (mark, text) in enumerate(lines.get(topic, ())):
            label = f"{topic:<8}" if index == 0 else " " * 8
            out.append(f"  {paper.paint(label, bold=True)}  {paper.paint(f'{mark} {text}', _TONES.get(mark))}")
    return out


def _owned(recorder: Recorder) -> Mapping[Owner, Sequence[Change]]:
    """The changes by owner; the stack itself and providers, which are no change to anything, are left out."""
    owned: dict[Owner, list[Change]] = defaultdict(list)
    for change in recorder.changed():
        type_ = change.step.type
        if urns.is_root_stack(change.step.urn) or urns.is_provider_type(type_):
            continue
        owned[_owner(change)].append(change)
    return owned


def _owner(change: Change) -> Owner:
    """A component owns itself and its children; what has no component owns itself."""
    own = _OWNER.fullmatch(change.step.type)
    if own:
        return Owner(own[1], change.name)
    record = change.step.new or change.step.old
    parent = record.parent if record else ""
    found = _OWNER.fullmatch(urns.type_of(parent)) if parent else None
    return Owner(found[1], urns.name_of(parent)) if found else Owner("", change.name)


def _whole(owner: Owner, changes: Sequence[Change]) -> str:
    """`+` if the component itself comes, `-` if it goes, else the gravest of what happens inside."""
    for change in changes:
        if _OWNER.fullmatch(change.step.type) and change.name == owner.name and change.op in {Op.CREATE, Op.DELETE}:
            return _MARKS[change.op]
    ops = {c.op for c in changes}
    gravest = next((op for op in (Op.DELETE, Op.REPLACE, Op.UPDATE, Op.IMPORT, Op.CREATE) if op in ops), None)
    return "~" if len(ops) > 1 else _MARKS.get(gravest, "~") if gravest else "~"


def phrase(changes: Iterable[Change]) -> str:
    """Changes counted by kind: `- 1 bucket (profiles-us-ashburn-1), ~ 2 route tables`; the dangerous ones by name."""
    groups: dict[tuple[Op, str], list[Change]] = defaultdict(list)
    for change in changes:
        if not _OWNER.fullmatch(change.step.type):
            groups[change.op, _noun(change.step.type)].append(change)
    parts: list[str] = []
    for (op, noun), members in groups.items():
        mark = _MARKS.get(op, str(op))
        number = f"{len(members)} {noun if len(members) == 1 else _plural(noun)}"
        named = op in {Op.DELETE, Op.REPLACE} or len(members) == 1
        names = f" ({listed([c.name for c in members], most=3)})" if named else ""
        parts.append(f"{mark} {number}{names}")
    return ", ".join(parts) or "nothing but the component itself"


def _noun(type_: str) -> str:
    """`oci:Core/routeTable:RouteTable` as `route table`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type_.rpartition(":")[2])
    return words.lower()


def _plural(noun: str) -> str:
    if noun.endswith("y") and not noun.endswith(("ay", "ey", "oy")):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def describe(plan: Plan, owner: Owner) -> str:
    """What the plan says about a component, for the end of its line; empty if the plan does not know it by name."""
    match owner.kind:
        case "DatasetStore":
            found = next((d for d in plan.datasets if d.dataset.name == owner.name), None)
            return _dataset(plan, found) if found else ""
        case "RegionalNetwork":
            network = next((n for n in plan.networks if n.region.value == owner.name), None)
            return _network(network) if network else ""
        case "RegionalKeys":
            classes = [k.data_class.value for k in plan.keys if k.region.value == owner.name]
            return f": a vault, and in it one HSM key each for {listed(classes)}" if classes else ""
        case "LegacySite":
            site = next((s for s in plan.sites if s.site.name == owner.name), None)
            return _site(site) if site else ""
        case _:
            return ""


def _dataset(plan: Plan, item: DatasetPlan) -> str:
    dataset = item.dataset
    regions = {role: [p.region.value for p in item.placements if p.role is role] for role in PlacementRole}
    shards = f" in {dataset.shards} shards" if dataset.shards > 1 else ""
    backups = [s.site.name for s in plan.sites for b in s.backups if b.dataset.name == dataset.name]
    parts = [f"default store {listed(_once(regions[PlacementRole.PRIMARY]))}{shards}"]
    if regions[PlacementRole.REPLICA]:
        parts.append(f"replica {listed(_once(regions[PlacementRole.REPLICA]))}")
    if backups:
        parts.append(f"backup {listed(_once(backups))}")
    return f" ({dataset.data_class.value}): {', '.join(parts)}"


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _network(network: Network) -> str:
    tiers = listed([subnet.tier.value for subnet in network.subnets])
    peers = f", peers with {listed([p.value for p in network.peers])}" if network.peers else ""
    return f" ({network.role.value}): {network.cidr}, private subnets {tiers}{peers}"


def _site(site: SitePlan) -> str:
    adopted = [b.dataset.name for b in site.backups if b.adopted]
    buckets = listed([b.dataset.name for b in site.backups], most=8)
    taken = f"; adopted: {listed(adopted)}" if adopted else ""
    return f" ({site.site.region.value}, phase {site.site.phase.value}): backups of {buckets}{taken}"
