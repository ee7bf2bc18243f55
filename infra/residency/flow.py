"""Flows: every way in which data moves or may be read, and whether it may.

A `Flow` is made only by the planner. A copy that no kind here describes cannot be expressed by a stack file at all.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.residency.dataset import Dataset
from infra.residency.lifecycle import Site
from infra.residency.regions import UsRegion


class FlowKind(StrEnum):
    """What a flow is for.

    REPLICATION: primary to standby. BACKUP: primary to a legacy site. EXPORT: a group reads an EXCEPTED dataset.
    """

    REPLICATION = "replication"
    BACKUP = "backup"
    EXPORT = "export"


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
