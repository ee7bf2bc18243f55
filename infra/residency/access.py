"""Who may do what, as plain values: network sources, and groups with their duties and statements.

`GroupAccess` and `NetworkSource` are made only by the planner.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

from infra.residency.approvals import Approval
from infra.residency.duties import Duty
from infra.residency.oracle_policy import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource:
    """Public addresses from which requests may come.

    Attributes:
        name: logical name (`us-office`).
        physical: what statements name it (`usds-us-office`).
        cidrs: sorted, none inside another.
    """

    name: str
    physical: str
    cidrs: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAccess:
    """A group, its one duty, the network it acts from, and everything that it may do for that (break-glass: so far)."""

    name: str
    duty: Duty
    network: NetworkSource
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPlan:
    """Everybody who may do something in this stack's compartments, sorted by name, beside exports and services.

    Attributes:
        approvals: of break-glass, believed and not over, in the order of their windows.
    """

    networks: tuple[NetworkSource, ...]
    groups: tuple[GroupAccess, ...]
    approvals: tuple[Approval, ...] = ()

    @property
    def watched(self) -> tuple[GroupAccess, ...]:
        """The groups of which every single read raises an alarm."""
        return tuple(group for group in self.groups if group.duty is Duty.BREAK_GLASS)
