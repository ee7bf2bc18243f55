"""Holds what an update is about to lead users to against the addresses that the edges turned out to have.

A preview knows no address that does not exist yet: it attributes it to the edge that it comes from, and assumes that
the program passes it on unchanged. Here that is looked at, before a policy, a record or a monitor is made or changed:
an address that no edge of the stack has stops the update there.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from infra.cli.resource_graph import graph_of
from infra.engine.events import Op, ResourceOutputs
from infra.verify import traffic

if TYPE_CHECKING:
    from infra.engine.events import Event, StepInfo
    from infra.engine.resource import Resource
    from infra.engine.state import Deployment
    from infra.residency.regions import UsRegion

_LEADING = frozenset({traffic.POLICY, traffic.RRSET, traffic.MONITOR})
_GOING = frozenset({Op.DELETE, Op.DELETE_REPLACED, Op.DISCARD_REPLACED})


class TrafficGate:
    """The gate of one update; `admit` and `see` may be called from any thread."""

    def __init__(self, before: Deployment, regions: frozenset[UsRegion]) -> None:
        self._regions, self._lock = regions, Lock()
        self._there: dict[str, Resource] = {it.urn: it for it in before.resources if _counts(it) and not it.delete}

    def see(self, event: Event) -> None:
        """Take notice of what there is now."""
        if isinstance(event, ResourceOutputs) and event.step.new is not None and _counts(event.step.new):
            with self._lock:
                self._there[event.step.new.urn] = event.step.new

    def admit(self, step: StepInfo) -> str:
        """Why a step may not be carried out; empty where it may."""
        if step.type not in _LEADING or step.new is None or step.op in _GOING:
            return ""
        with self._lock:
            found = graph_of([*self._there.values(), step.new])
        foreign = traffic.strangers(found, found.nodes[step.urn], regions=self._regions)
        if not foreign:
            return ""
        return f"it would lead users to {', '.join(foreign)}, which is no address of an edge of this stack: not done"


def _counts(resource: Resource) -> bool:
    """Whether the gate has to know it: addresses, and the providers that say where they are."""
    return resource.type in traffic.ADDRESS_OF.values() or resource.type.startswith("pulumi:providers:")
