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

    REPLICATION: primary to standby. BACKUP: primary to a legacy site. EXPORT: a group reads an EXCEPTED dataset.
    """

    REPLICATION = "replication"
    BACKUP = "backup"
    EXPORT = "export"


ALLOWED_TO_SITE: Mapping[Phase, frozenset[FlowKind]] = MappingProxyType(
    {
        Phase.BACKUP: frozenset({FlowKind.BACKUP}),
        Phase.DRAIN: frozenset(),
        Phase.WIPE: frozenset(),
        Phase.CLOSED: frozenset(),
    }
)
"""Which flows may reach a legacy site in which phase: after BACKUP nothing new may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Data of `dataset` goes from a US region to a place, or to a named group of people.

    Attributes:
        name: logical name, unique among the plan's flows and stable under every edit that does not concern it.
        shard: number of the shard; None for all of them at once (EXPORT).
        target: a US region, a legacy site, or for an EXPORT the name of the group.
        until: first day on which the flow is no longer allowed; None where nothing ends it.
    """

    name: str
    kind: FlowKind
    dataset: Dataset
    shard: int | None
    source: UsRegion
    target: UsRegion | Site | str
    until: date | None = None


def refusal(flow: Flow, as_of: date) -> Refusal | None:
    """Why a flow may not be on a day, or None where it may. Whatever is not known to be legal is refused."""
    if not _is_home(flow.source):
        return _refuse(flow, "a flow from an allowed US region", "data of this stack lives nowhere else")
    match flow.kind:
        case FlowKind.REPLICATION:
            return _replication(flow)
        case FlowKind.BACKUP:
            return _backup(flow, as_of)
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


def _backup(flow: Flow, as_of: date) -> Refusal | None:
    site = flow.target
    if not isinstance(site, Site):
        return _refuse(flow, "a backup at a legacy site", "a backup elsewhere would be a copy outside the plan")
    if flow.kind not in ALLOWED_TO_SITE.get(site.phase, frozenset()):
        return _refuse(flow, "a site in phase backup", "a site that is drained or wiped takes nothing in")
    if not _is_shard(flow) or flow.until != site.expires or site.expired(as_of):
        return _refuse(
            flow, "a backup of one shard that ends when its site expires", "a backup may not outlive its site"
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
    match flow.target:
        case Site(name=name, phase=phase):
            target = f"{name} (phase {phase})"
        case target:
            pass
    return Refusal(
        given=f"{flow.kind} of {flow.dataset.name} from {flow.source} to {target}",
        allowed=allowed,
        why=why,
        fix="change what the stack file says about the dataset or the site",
    )
