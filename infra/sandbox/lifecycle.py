"""Create, update, read and delete in a simulated cloud: the same steps for every type, with its model's rules."""

from dataclasses import replace
from typing import Any

from infra.facts import TypeFacts, schema
from infra.sandbox.cloud import Cloud
from infra.sandbox.model import Call, Model, values_at
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import UNKNOWN, Json, is_array, is_object


def create(cloud: Cloud, call: Call, stored: Json) -> Record:
    """Bring a resource into being.

    Args:
        cloud: whose API is called.
        call: the request, with plain inputs.
        stored: the same inputs in the form for the disk.

    Raises:
        CloudError: the API refuses; nothing has changed.
    """
    model = cloud.model(call.token)
    cloud.refuse(call)
    _refuse_values(cloud, call)
    _refuse_dangling(cloud, model, call)
    adopted = model.adopted(call)
    if adopted is None:
        _refuse_duplicate(cloud, model, call)
    model.refuse(call)
    identifier = model.identify(call) if adopted is None else adopted.id
    record = Record(
        cloud=call.place.cloud,
        account=call.place.account,
        region="" if model.account_wide else call.place.region,
        type=call.token,
        id=identifier,
        name=_physical_name(model, call),
        inputs=stored,
        outputs=(adopted.outputs if adopted else {}) | model.outputs(call, identifier),
        hidden=adopted.hidden if adopted else model.hidden(call),
    )
    call.clouds.put(record)
    model.created(call, record)
    return record


def update(cloud: Cloud, call: Call, stored: Json) -> Record:
    """Change `call.old` to the call's inputs.

    Raises:
        CloudError: the API refuses; nothing has changed.
    """
    model, old = cloud.model(call.token), call.old
    if old is None:
        raise cloud.gone(call, "")
    cloud.refuse(call)
    _refuse_values(cloud, call)
    _refuse_dangling(cloud, model, call)
    _refuse_duplicate(cloud, model, call)
    model.refuse(call)
    record = replace(
        old,
        name=_physical_name(model, call),
        inputs=stored,
        outputs=_merged(call.facts, model, old, call.inputs, model.outputs(call, old.id)),
        hidden=model.hidden(call),
    )
    call.clouds.put(record)
    model.created(call, record)
    return find(cloud, call, record.id) or record


def delete(cloud: Cloud, call: Call, record: Record) -> None:
    """Delete, or do what the service does instead.

    Raises:
        CloudError: something still refers to the resource, or the service forbids it.
    """
    model = cloud.model(call.token)
    cloud.refuse(call)
    model.refuse_delete(call, record)
    holders = [
        other
        for holder, reference in cloud.holders_of(call.token)
        for other in call.clouds.all(cloud=record.cloud, account=record.account, type=holder.token)
        if other.status == ACTIVE
        and record.region in {"", other.region}
        and record.id in values_at(other.inputs, reference.path)
        and other.id != record.id
    ]
    if holders:
        raise cloud.held(call, record, holders)
    model.delete(call, record)


def find(cloud: Cloud, call: Call, id_: str) -> Record | None:
    """The live resource with this id where this connection can see it."""
    region = "" if cloud.model(call.token).account_wide else call.place.region
    record = call.clouds.find(cloud=cloud.name, account=call.place.account, region=region, type=call.token, id=id_)
    return record if record is not None and record.status == ACTIVE else None


def expected(known: TypeFacts, inputs: Json, old: Json | None = None) -> Json:
    """Outputs as a preview shows them: what the service will fill in is unknown, or stays as it was on an update."""
    filled_in = {name for name, facts in known.inputs.items() if facts.computed} | known.outputs_only
    before = old or {}
    return {
        name: UNKNOWN if old is None else before.get(name, UNKNOWN) for name in sorted(filled_in)
    } | without_bookkeeping(inputs)


def without_bookkeeping(value: Any) -> Any:
    """The value without the provider's own notes (`__defaults`) at any depth."""
    if is_object(value):
        return {key: without_bookkeeping(item) for key, item in value.items() if not key.startswith("__")}
    if is_array(value):
        return [without_bookkeeping(item) for item in value]
    return value


def _merged(known: TypeFacts, model: Model, old: Record, inputs: Json, fresh: Json) -> Json:
    """Outputs after an update: what the service once filled in stays, unless it is computed anew or now given."""
    before = old.inputs | old.outputs
    kept = {
        name: before[name]
        for name in {*fresh, *known.outputs_only, *(n for n, f in known.inputs.items() if f.computed)}
        if name in before and name not in inputs and name not in model.volatile
    }
    return {name: value for name, value in fresh.items() if name not in kept} | kept


def _physical_name(model: Model, call: Call) -> str | None:
    return call.inputs.get(model.named_by) if model.named_by else None


def _refuse_values(cloud: Cloud, call: Call) -> None:
    problems = list(schema.service_problems(call.facts, call.inputs))
    if problems:
        raise cloud.invalid(problems)


def _refuse_dangling(cloud: Cloud, model: Model, call: Call) -> None:
    for reference in model.references:
        for value in values_at(call.inputs, reference.path):
            at_root = value == call.place.account  # a tenancy is the root of its compartments
            if not at_root and not any(call.visible(type_, value) for type_ in reference.to):
                raise cloud.missing(call, reference, value)


def _refuse_duplicate(cloud: Cloud, model: Model, call: Call) -> None:
    name = _physical_name(model, call)
    if name is None:
        return
    region = "" if model.account_wide else call.place.region
    for other in call.clouds.all(
        cloud=cloud.name, account=call.place.account, region=region, type=call.token, name=name
    ):
        if other.status == ACTIVE and (call.old is None or other.id != call.old.id):
            raise cloud.duplicate(call, name, other)
