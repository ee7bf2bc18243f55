"""Creations whose end an interrupted run did not see: looked up in the simulated clouds before the next run.

The state knows that a creation was begun. Whether it happened only the cloud knows: a resource of that type, in that
place, with exactly those inputs, that no record of the state manages yet, is the one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.engine.pending import Settlement, settle
from infra.engine.resource import OperationKind
from infra.engine.values import ResourceReference, Secret, plain_properties
from infra.sandbox import values as sandbox_values
from infra.sandbox.cloud import decoded
from infra.sandbox.server import clouds as simulated
from infra.sandbox.store import ACTIVE, Store

if TYPE_CHECKING:
    from pathlib import Path

    from infra.engine.resource import Resource
    from infra.engine.state import Deployment
    from infra.engine.values import Value
    from infra.sandbox.store import Clouds


def settled(state: Deployment, database: Path) -> Settlement | None:
    """The state without open creations, or `None` if it has none.

    Args:
        state: The state of a simulated stack; it is not changed.
        database: The simulated clouds.
    """
    if not any(operation.kind is OperationKind.CREATING for operation in state.pending_operations):
        return None
    store = Store(database)
    try:
        with store.reading() as clouds:
            managed = {(resource.type, resource.id) for resource in state.resources}

            def look_up(wanted: Resource, provider: Resource | None) -> str | None:
                found = None if provider is None else _find(clouds, wanted, provider, managed)
                managed.add((wanted.type, found or ""))
                return found

            return settle(state, look_up)
    finally:
        store.close()


def _find(clouds: Clouds, wanted: Resource, provider: Resource, managed: set[tuple[str, str]]) -> str | None:
    """The identifier of the resource that the creation made, if it did."""
    by_name = {cloud.name: cloud for cloud in simulated()}
    cloud = by_name.get(wanted.type.partition(":")[0])
    if cloud is None:
        return None
    model = cloud.model(wanted.type)
    place = model.place(cloud.place(decoded(_json(plain_properties(provider.inputs)))), _json(wanted.inputs))
    inputs = sandbox_values.seal(_json(wanted.inputs))
    region = "" if model.account_wide else place.region
    for record in clouds.all(cloud=cloud.name, account=place.account, region=region, type=wanted.type):
        if record.status == ACTIVE and record.inputs == inputs and (record.type, record.id) not in managed:
            return record.id
    return None


def _json(value: Value) -> Any:
    """The value as the simulated clouds have it: nulls are absent, a resource is its identifier."""
    match value:
        case dict():
            return {key: _json(item) for key, item in value.items() if item is not None}
        case list():
            return [_json(item) for item in value]
        case Secret():
            return sandbox_values.Secret(_json(value.element))
        case ResourceReference():
            return value.id or value.urn
        case _:
            return value
