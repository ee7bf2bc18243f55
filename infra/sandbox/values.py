"""Property values: the wire's form, plain Python, and the form that is kept on disk.

In Python a value is a plain JSON value, `UNKNOWN`, or `Secret(value)`. On disk a secret is a digest only: the
simulated clouds never need its text again, and the state that a caller sends along gives it back (`unseal`).
Assets and archives are refused: nothing in the simulated clouds takes files.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, TypeGuard

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from infra.facts.compare import UNKNOWN

__all__ = [
    "UNKNOWN",
    "Json",
    "Secret",
    "from_wire",
    "is_array",
    "is_object",
    "plain",
    "record",
    "seal",
    "to_wire",
    "unseal",
]

Json = dict[str, Any]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark for secrets, not one
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_SEALED = "\x00sealed"
# One per type in the protocol; as inputs a provider may treat them all as "not known yet".
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be shown or written down."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def is_object(value: Any) -> TypeGuard[Json]:
    """A JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """A JSON array."""
    return isinstance(value, list)


def record(value: Any) -> Json:
    """The object that a property holds; empty when it holds none."""
    return value if is_object(value) else {}


def from_wire(struct: Struct) -> Json:
    """Properties as sent; nulls are dropped, since the protocol treats them as absent.

    Raises:
        ValueError: an asset or archive.
    """
    return {name: value for name, raw in struct.fields.items() if (value := _from_value(raw)) is not None}


def _from_value(raw: Value) -> Any:
    match raw.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if raw.string_value in _UNKNOWNS else raw.string_value
        case "number_value":
            number = raw.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return raw.bool_value
        case "list_value":
            return [_from_value(item) for item in raw.list_value.values]
        case "struct_value":
            return _from_struct(raw.struct_value)
        case _:
            return None


def _from_struct(struct: Struct) -> Any:
    fields = struct.fields
    mark = fields[_SIGNATURE].string_value if _SIGNATURE in fields else None
    match mark:
        case None:
            return from_wire(struct)
        case _ if mark == _SECRET:
            return Secret(_from_value(fields["value"]))
        case _ if mark == _OUTPUT:
            value = _from_value(fields["value"]) if "value" in fields else UNKNOWN
            return Secret(value) if "secret" in fields and fields["secret"].bool_value else value
        case _ if mark == _RESOURCE:
            return fields["id"].string_value if "id" in fields else fields["urn"].string_value
        case _:
            raise ValueError("files (assets and archives) are not simulated")


def to_wire(values: Json) -> Struct:
    """The wire's form of properties."""
    struct = Struct()
    for name, value in values.items():
        _set(struct.fields[name], value)
    return struct


def _set(target: Value, value: Any) -> None:
    if value is UNKNOWN:
        target.string_value = _UNKNOWN
    elif isinstance(value, Secret):
        fields = target.struct_value.fields
        fields[_SIGNATURE].string_value = _SECRET
        _set(fields["value"], value.value)
    elif value is None:
        target.null_value = 0  # pyright: ignore[reportAttributeAccessIssue] - protobuf enums are ints, its stub disagrees
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif is_object(value):
        target.struct_value.CopyFrom(to_wire(value))  # pyright: ignore[reportUnknownArgumentType] - any JSON value
    else:
        items = ListValue()
        for item in value:
            _set(items.values.add(), item)
        target.list_value.CopyFrom(items)


def plain(value: Any) -> Any:
    """The value without secret wrappers, for checks and comparisons (never for output)."""
    if isinstance(value, Secret):
        return plain(value.value)
    if is_object(value):
        return {key: plain(item) for key, item in value.items()}
    if is_array(value):
        return [plain(item) for item in value]
    return value


def seal(value: Any) -> Any:
    """The value for the disk: each secret becomes a digest of itself."""
    if isinstance(value, Secret):
        return {_SEALED: _digest(plain(value))}
    if is_object(value):
        return {key: seal(item) for key, item in value.items()}
    if is_array(value):
        return [seal(item) for item in value]
    return value


def unseal(stored: Any, known: Any) -> Any:
    """The stored value with secrets taken from a value the caller sent, where the digests agree; else unreadable."""
    if is_object(stored) and _SEALED in stored:
        text = plain(known)
        return Secret(text if _digest(text) == stored[_SEALED] else "(unreadable: changed outside of this state)")
    if is_object(stored):
        inside = known.value if isinstance(known, Secret) else known
        lookup: Json = inside if is_object(inside) else {}
        return {key: unseal(item, lookup.get(key)) for key, item in stored.items()}
    if is_array(stored):
        inside = known.value if isinstance(known, Secret) else known
        others: list[Any] = inside if is_array(inside) else []
        padded = [*others, *[None] * len(stored)]
        return [unseal(item, padded[index]) for index, item in enumerate(stored)]
    return stored


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
