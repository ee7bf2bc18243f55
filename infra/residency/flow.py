"""Flows: every way in which data moves or may be read, and whether it may.

A `Flow` is made only by the planner. A copy that no kind here describes cannot be expressed by a stack file at all, and
`refusal` judges every flow once more as a value of its own: what it does not recognize as legal is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from infra.residency.dataset import DataClass, Dataset
from infra.residency.findings import Refusal
from infra.residency.lifecycle import Phase, Site
from infra.residency.regions import UsRegion


class FlowKind(StrEnum):
    """What a flow is for.

    REPLICATION: primary to standby. BACKUP: primary to a legacy site. DRAIN: a legacy site to the primary. EXPORT: a
    group reads an EXCEPTED dataset.
    """

    REPLICATION = "replication"
    BACKUP = "backup"
    DRAIN = "drain"
    EXPORT = "export"


ALLOWED_AT_SITE: Mapping[Phase, FlowKind | None] = MappingProxyType(
    {Phase.BACKUP: FlowKind.BACKUP, Phase.DRAIN: FlowKind.DRAIN, Phase.WIPE: None, Phase.CLOSED: None}
)
"""The one kind of flow that may reach or leave a legacy site in each phase: after BACKUP nothing new comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Data of `dataset` goes from a place to a place, or to a named group of people.

    Attributes:
        name: logical name, unique among the plan's flows and stable under every edit that does not concern it.
        shard: number of the shard; None for all of them at once (EXPORT).
        source: a US region, or for a DRAIN a legacy site.
        target: a US region, for a BACKUP a legacy site, or for an EXPORT the name of the group.
        until: first day on which the flow is no longer allowed; None where nothing ends it.
    """

    name: str
    kind: FlowKind
    dataset: Dataset
    shard: int | None
    source: UsRegion | Site
    target: UsRegion | Site | str
    until: date | None = None


def refusal(flow: Flow, as_of: date) -> Refusal | None:
    """Why a flow may not be on a day, or None where it may. Whatever is not known to be legal is refused."""
    home = flow.target if flow.kind is FlowKind.DRAIN else flow.source
    if not _is_home(home):
        return _refuse(flow, "an allowed US region where data is at home", "data of this stack lives nowhere else")
    match flow.kind:
        case FlowKind.REPLICATION:
            return _replication(flow)
        case FlowKind.BACKUP | FlowKind.DRAIN:
            return _with_site(flow, flow.target if flow.kind is FlowKind.BACKUP else flow.source, as_of)
        case FlowKind.EXPORT:
            return _export(flow, as_of)
        case _:  # pyright: ignore[reportUnnecessaryComparison] - a kind from elsewhere is unknown, and unknown is refused
            return _refuse(flow, ", ".join(FlowKind), "a flow of an unknown kind cannot be judged")


def _replication(flow: Flow) -> Refusal | None:
    if not _is_home(flow.target) or flow.target == flow.source:
        return _refuse(flow, "a copy into another allowed US region", "US user data may not leave the United States")
    if not _is_shard(flow) or flow.until is not None:
        return _refuse(flow, "a copy of one shard, without an end", "a replica that ends is a loss")
    return None


def _with_site(flow: Flow, site: object, as_of: date) -> Refusal | None:
    if not isinstance(site, Site):
        return _refuse(flow, f"a {flow.kind} at a legacy site", "elsewhere it would be a copy outside the plan")
    if ALLOWED_AT_SITE.get(site.phase) is not flow.kind:
        return _refuse(flow, f"a site in phase {flow.kind}", "each phase has one direction, and the last two have none")
    if not _is_shard(flow) or flow.until != site.expires or site.expired(as_of):
        return _refuse(
            flow, f"a {flow.kind} of one shard that ends when its site expires", "a flow may not outlive its site"
        )
    return None


def _export(flow: Flow, as_of: date) -> Refusal | None:
    export = flow.dataset.export
    if flow.dataset.data_class is not DataClass.EXCEPTED or export is None or flow.target != export.group:
        return _refuse(flow, "the named export of an excepted dataset", "no other data may be read from outside")
    if flow.shard is not None or flow.until != export.until or export.until <= as_of:
        return _refuse(
            flow, "an export of the whole dataset until its expiry", "an exception ends when it says it does"
        )
    return None


def _is_home(place: object) -> bool:
    return isinstance(place, UsRegion)


def _is_shard(flow: Flow) -> bool:
    return flow.shard is not None and 0 <= flow.shard < flow.dataset.shards


def _refuse(flow: Flow, allowed: str, why: str) -> Refusal:
    return Refusal(
        given=f"{flow.kind} of {flow.dataset.name} from {_place(flow.source)} to {_place(flow.target)}",
        allowed=allowed,
        why=why,
        fix="change what the stack file says about the dataset or the site",
    )


def _place(place: UsRegion | Site | str) -> str:
    return f"{place.name} (phase {place.phase})" if isinstance(place, Site) else place
