"""Property values in the provider and monitor protocols: protobuf structs in which special values carry a signature.

The same signatures as in the state (`encoding`), but a secret holds its value in plain text, an unknown value is one
of a few fixed texts, and output values may carry the URNs that they depend on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from google.protobuf import struct_pb2

from infra.engine import encoding
from infra.engine.urns import UNKNOWN_ID
from infra.engine.values import UNKNOWN, Asset, Encrypted, Properties, ResourceReference, Secret, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN_ID,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The texts that stand for an unknown string, boolean, number, list, asset, archive and object."""


class WireError(Exception):
    """A value that the protocol cannot carry, or that must not come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What keeps its mark on the way out; the rest goes as its plain value (an unknown is left out).

    Attributes:
        secrets: Secrets go as secrets.
        resources: Resource references go as references rather than as identifier or URN.
        unknowns: Unknown values go as such.
        assets: Assets go with their contents rather than by their hash alone.
        closed: Secrets that cannot be opened go as secrets that are not known, rather than not at all. Only for a
            program: a provider that was told of an unknown would forget what there is.
    """

    secrets: bool = True
    resources: bool = False
    unknowns: bool = False
    assets: bool = True
    closed: bool = False


def to_struct(properties: Properties, keep: Keep) -> struct_pb2.Struct:
    """A property map as the protocol carries it.

    Raises:
        WireError: A secret that cannot be decrypted would have to be sent.
    """
    struct = struct_pb2.Struct()
    _fill_struct(struct, properties, keep)
    return struct


def _fill_struct(struct: struct_pb2.Struct, properties: Properties, keep: Keep) -> None:
    fields = struct.fields
    for key, value in properties.items():
        if value is UNKNOWN and not keep.unknowns:
            continue
        _fill(fields[key], value, keep)


def _fill(target: struct_pb2.Value, value: Value, keep: Keep) -> None:  # noqa: C901, PLR0912 (one branch a kind)
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value, keep)
    elif isinstance(value, list):
        target.list_value.SetInParent()
        values = target.list_value.values
        for item in value:
            if item is not UNKNOWN or keep.unknowns:
                _fill(values.add(), item, keep)
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_ID
    elif isinstance(value, Secret):
        _fill_secret(target, value, keep)
    elif isinstance(value, Asset):
        _fill(target, _asset_fields(value, keep), keep)
    elif isinstance(value, ResourceReference):
        _fill(target, _reference_fields(value, keep), keep)
    else:
        raise WireError("a secret that cannot be decrypted would have to be sent; the passphrase is needed")


def _fill_secret(target: struct_pb2.Value, secret: Secret, keep: Keep) -> None:
    if isinstance(secret.element, Encrypted) and keep.closed:
        secret = Secret(UNKNOWN)
    elif isinstance(secret.element, Encrypted):
        raise WireError("a secret that cannot be decrypted would have to be sent; the passphrase is needed")
    if not keep.secrets:
        _fill(target, secret.element, keep)
        return
    fields = target.struct_value.fields
    fields[encoding.SIGNATURE_KEY].string_value = encoding.SECRET
    _fill(fields["value"], secret.element, keep)


def _asset_fields(asset: Asset, keep: Keep) -> Properties:
    if keep.assets:
        return asset.fields
    return {k: v for k, v in asset.fields.items() if k in (encoding.SIGNATURE_KEY, "hash")}


def _reference_fields(reference: ResourceReference, keep: Keep) -> Value:
    if not keep.resources:
        return reference.urn if reference.id is None else reference.id
    fields: Properties = {encoding.SIGNATURE_KEY: encoding.RESOURCE_REFERENCE, "urn": reference.urn}
    if reference.id is not None:
        fields["id"] = "" if reference.id is UNKNOWN else reference.id
    if reference.package_version:
        fields["packageVersion"] = reference.package_version
    return fields


def from_struct(
    struct: struct_pb2.Struct, *, reject_unknowns: bool = False, dependencies: dict[str, set[str]] | None = None
) -> Properties:
    """A property map out of the protocol.

    Args:
        struct: What came.
        reject_unknowns: Refuse unknown values: a provider returned them in a real run.
        dependencies: Filled with the URNs that output values name, for each property.

    Raises:
        WireError: An unknown value came where none may, or something malformed.
    """
    out: Properties = {}
    for key, value in _items(struct):
        found: set[str] | None = None if dependencies is None else set()
        out[key] = _read(value, reject_unknowns, found)
        if dependencies is not None and found:
            dependencies.setdefault(key, set()).update(found)
    return out


def _items(struct: struct_pb2.Struct) -> Iterable[tuple[str, struct_pb2.Value]]:
    return cast("Any", struct.fields).items()


def read_value(value: struct_pb2.Value) -> Value:
    """One value out of the protocol."""
    return _read(value, reject_unknowns=False, dependencies=None)


def _read(value: struct_pb2.Value, reject_unknowns: bool, dependencies: set[str] | None) -> Value:  # noqa: PLR0911 (one answer for each kind)
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            if len(text) == 36 and text in UNKNOWN_TEXTS:  # noqa: PLR2004 (all of them are UUIDs)
                return _unknown(reject_unknowns)
            return text
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            fields = value.struct_value.fields
            if encoding.SIGNATURE_KEY in fields:
                return _read_signed(value.struct_value, reject_unknowns, dependencies)
            return {k: _read(v, reject_unknowns, dependencies) for k, v in _items(value.struct_value)}
        case "list_value":
            return [_read(v, reject_unknowns, dependencies) for v in value.list_value.values]
        case _:
            return None


def _unknown(reject: bool) -> Unknown:
    if reject:
        raise WireError("unexpected unknown property value")
    return UNKNOWN


def _read_signed(struct: struct_pb2.Struct, reject_unknowns: bool, dependencies: set[str] | None) -> Value:
    fields: dict[str, Value] = {k: _read(v, reject_unknowns, dependencies) for k, v in _items(struct)}
    match fields[encoding.SIGNATURE_KEY]:
        case encoding.SECRET:
            element = fields.get("value")
            return element if isinstance(element, Secret) else Secret(element)
        case encoding.OUTPUT:
            if dependencies is not None:
                dependencies.update(cast("list[str]", fields.get("dependencies") or []))
            element = fields["value"] if "value" in fields else _unknown(reject_unknowns)
            return Secret(element) if fields.get("secret") and not isinstance(element, Secret) else element
        case encoding.RESOURCE_REFERENCE:
            id_ = fields.get("id")
            known = UNKNOWN if id_ == "" else cast("str | Unknown | None", id_)
            return ResourceReference(str(fields.get("urn")), known, str(fields.get("packageVersion") or ""))
        case encoding.ASSET | encoding.ARCHIVE:
            return Asset(fields)
        case encoding.BYTES:
            raise WireError("a property holds bytes, which the embedded engine does not support")
        case other:
            raise WireError(f"unrecognized signature {other!r} in a property")
