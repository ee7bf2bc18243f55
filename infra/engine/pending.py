"""What to do with creations that an interrupted run left open.

Such a resource may exist in its cloud although the state has no record of it. Creating it again would double it, or
collide with it. So before the next run somebody has to look: what exists is taken into the state, as
`pulumi refresh --import-pending-creates` does, and what does not exist is forgotten, as `--clear-pending-creates` does.
Who looks, and where, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from infra.engine.resource import OperationKind, Resource
from infra.engine.step import now
from infra.engine.urns import reference

if TYPE_CHECKING:
    from infra.engine.state import Deployment

LookUp: TypeAlias = Callable[[Resource, Resource | None], str | None]
"""Given a resource whose creation is open, and its provider's record: its identifier if it exists, else `None`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A state without open creations.

    Attributes:
        state: The state; adopted resources have the outputs known from their inputs until they are read.
        adopted: URNs of those that exist.
        forgotten: URNs of those that do not.
    """

    state: Deployment
    adopted: tuple[str, ...]
    forgotten: tuple[str, ...]


def settle(state: Deployment, look_up: LookUp) -> Settlement:
    """Decide every open creation of a state; the state given is not changed."""
    resources = [r.copy() for r in state.resources]
    adopted: list[str] = []
    forgotten: list[str] = []
    for operation in state.pending_operations:
        if operation.kind is not OperationKind.CREATING:
            continue
        wanted = operation.resource
        provider = next((r for r in resources if r.is_provider and reference(r.urn, r.id) == wanted.provider), None)
        found = None if wanted.is_provider else look_up(wanted, provider)
        if found is None:
            forgotten.append(wanted.urn)
            continue
        if not any(r.urn == wanted.urn and r.id == found for r in resources):
            resources = _with(resources, wanted, found)
        adopted.append(wanted.urn)
    others = [o for o in state.pending_operations if o.kind is not OperationKind.CREATING]
    return Settlement(
        state=replace(state, resources=resources, pending_operations=others),
        adopted=tuple(adopted),
        forgotten=tuple(forgotten),
    )


def _with(resources: list[Resource], wanted: Resource, identifier: str) -> list[Resource]:
    """The records with one more, which takes the place of the one that it was to replace."""
    new = wanted.copy()
    new.id = identifier
    new.outputs = dict(wanted.inputs)
    new.created = new.modified = now()
    kept: list[Resource] = []
    for resource in resources:
        if resource.urn == new.urn and resource.pending_replacement:
            continue  # deleted before its successor was created, which now exists
        if resource.urn == new.urn:
            resource.delete = True
        kept.append(resource)
    return _after_its_needs(kept, new)


def _after_its_needs(resources: list[Resource], new: Resource) -> list[Resource]:
    """The new record right behind the last one that it needs, and so before everything that needs it."""
    needed = set(new.required_urns())
    place = max((i for i, r in enumerate(resources) if r.urn in needed), default=-1) + 1
    return [*resources[:place], new, *resources[place:]]
