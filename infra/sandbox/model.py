"""What a resource type does beyond its schema: where it lives, what it refers to, what is refused and returned.

One `Model` subclass per type that has behaviour; a type without one gets `Generic`: schema checks and plain storage.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from infra.facts import TypeFacts
from infra.sandbox.errors import CloudError
from infra.sandbox.store import ACTIVE, PENDING_DELETION, Clouds, Record
from infra.sandbox.values import Json, is_array, record


class Operation(StrEnum):
    """What is asked for."""

    CREATE = "create"
    UPDATE = "update"
    READ = "read"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the calls of one provider connection land."""

    cloud: str
    account: str
    region: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The provider's configuration, decoded."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to a cloud's API, inside one transaction."""

    operation: Operation
    place: Place
    clouds: Clouds
    facts: TypeFacts
    token: str
    urn: str
    inputs: Json
    """Plain values, no unknowns."""
    old: Record | None = None
    dropped: frozenset[str] = frozenset()
    """Inputs that the provider's state had and this update leaves out: it asks the service to clear them."""

    def get(self, name: str, default: Any = None) -> Any:
        """An input, or the default when it was left out."""
        value = self.inputs.get(name)
        return default if value is None else value

    @property
    def is_new(self) -> bool:
        """True when nothing exists yet."""
        return self.old is None

    def visible(self, type_: str, id_: str) -> Record | None:
        """The live resource with this id in this call's account, and in its region if the type is regional."""
        for region in (self.place.region, ""):
            found = self.clouds.find(
                cloud=self.place.cloud, type=type_, id=id_, account=self.place.account, region=region
            )
            if found is not None and found.status == ACTIVE:
                return found
        return None

    def neighbours(self, type_: str, **inputs: Any) -> list[Record]:
        """Live resources of a type in this account and region whose inputs or outputs have these values; not itself."""
        return [
            record
            for record in self.clouds.all(
                cloud=self.place.cloud, account=self.place.account, region=self.place.region, type=type_
            )
            if record.status == ACTIVE
            and all(record.inputs.get(key, record.outputs.get(key)) == value for key, value in inputs.items())
            and not (self.old is not None and record.type == self.old.type and record.id == self.old.id)
        ]

    def timestamp(self) -> str:
        """Simulated time, as the clouds write it."""
        return self.clouds.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An input that names another resource by its id.

    Attributes:
        path: where the id stands: `vcnId`, `nsgIds[]`, `services[].serviceId`, `networkDetails.id`.
        to: types it may name.
        holds: the named resource cannot be deleted while this one exists.
    """

    path: str
    to: tuple[str, ...]
    holds: bool = True


def values_at(inputs: Any, path: str) -> Iterator[str]:
    """Every text value at a reference's path."""
    name, _, rest = path.partition(".")
    inside = record(inputs).get(name.removesuffix("[]"))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - any JSON value
    items: list[Any] = inside if name.endswith("[]") and is_array(inside) else [inside]
    for item in items:
        if rest:
            yield from values_at(item, rest)
        elif isinstance(item, str):
            yield item


class Model:
    """Behaviour of one resource type. Subclasses override what differs."""

    token: ClassVar[str]
    account_wide: ClassVar[bool] = False
    """True for what an account has once, not once per region."""
    references: ClassVar[tuple[Reference, ...]] = ()
    named_by: ClassVar[str | None] = None
    """Input that holds the physical name, which must be unique where the resource lives."""
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Outputs that the service computes anew on every update."""

    def check(self, inputs: Json) -> Iterator[tuple[str, str]]:
        """Problems the *provider* finds, in previews too: (property, reason). Inputs may hold unknowns."""
        del inputs
        return iter(())

    def place(self, place: Place, properties: Json) -> Place:
        """Where a request lands, if something in the resource and not the provider's region decides."""
        del properties
        return place

    def identify(self, call: Call) -> str:
        """The id of a new resource."""
        raise LookupError(f"{call.token}: no rule for ids")

    def refuse(self, call: Call) -> None:
        """Raise a CloudError for what the API refuses, on create and update alike (`call.is_new`)."""

    def outputs(self, call: Call, id_: str) -> Json:
        """Values the service fills in: outputs and inputs that were left out. Stored values win on update."""
        del call, id_
        return {}

    def hidden(self, call: Call) -> Json:
        """Facts kept beside the properties."""
        return call.old.hidden if call.old else {}

    def adopted(self, call: Call) -> Record | None:
        """An existing resource that a create takes over instead of being refused."""
        del call
        return None

    def created(self, call: Call, record: Record) -> None:
        """Consequences for other resources after a create or update."""

    def refuse_delete(self, call: Call, record: Record) -> None:
        """Raise a CloudError where something other than a reference forbids the deletion."""

    def delete(self, call: Call, record: Record) -> None:
        """Take the resource away, with what goes along."""
        call.clouds.remove(record)


def schedule_deletion(call: Call, record: Record, **outputs: Any) -> None:
    """Keys and vaults are not deleted but scheduled for it: gone for providers, still there."""
    call.clouds.put(
        replace(
            record,
            status=PENDING_DELETION,
            outputs=record.outputs | {"state": PENDING_DELETION} | outputs,
        )
    )


def require(condition: object, status: int, code: str, message: str) -> None:
    """Raise the CloudError unless the condition holds."""
    if not condition:
        raise CloudError(status, code, message)


def matches(pattern: str, text: object) -> bool:
    """Whether the whole text matches."""
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None
