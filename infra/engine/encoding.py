"""Property values in a state file: JSON in which secrets are encrypted and special values carry a signature.

The signatures are part of Pulumi's format (`sdk/go/common/resource/sig`): an object with the key `SIGNATURE_KEY`
stands for a secret, an asset, an archive, a resource reference, a byte string or a float that JSON cannot hold.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any, Final, cast

from infra.engine.urns import UNKNOWN_ID
from infra.engine.values import (
    UNKNOWN,
    Asset,
    Encrypted,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (a signature of the format, no password)
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
BYTES: Final = "803fd3297a5875dc03ca845dda5d2a98"
FLOAT: Final = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"

_EXPONENT_FROM: Final = 1e21
"""From here on Pulumi writes whole numbers with an exponent."""


class EncodingError(Exception):
    """A value in a state that has no meaning."""


def _nested(text: str) -> str:
    """Stands for encryption inside a secret, whose contents are encrypted as a whole."""
    return text


def decode_properties(document: Mapping[str, Any], decrypt: Callable[[str], str] | None) -> Properties:
    """Read a property map; see `decode`."""
    return {key: decode(value, decrypt) for key, value in document.items()}


def decode(document: Any, decrypt: Callable[[str], str] | None) -> Value:
    """Read one value; a secret stays `Encrypted` if there is no `decrypt`.

    Raises:
        EncodingError: A signature is unknown or what it announces is malformed.
    """
    if isinstance(document, str):
        return UNKNOWN if document == UNKNOWN_ID else document
    if isinstance(document, list):
        return [decode(item, decrypt) for item in cast("list[Any]", document)]
    if not isinstance(document, dict):
        return cast("Value", document)
    fields = cast("dict[str, Any]", document)
    if SIGNATURE_KEY in fields:
        return _decode_signed(fields, decrypt)
    return {key: decode(value, decrypt) for key, value in fields.items()}


def _decode_signed(fields: dict[str, Any], decrypt: Callable[[str], str] | None) -> Value:
    match fields[SIGNATURE_KEY]:
        case "1b47061264138c4ac30d75fd1eb44270":
            return _decode_secret(fields, decrypt)
        case "c44067f5952c0a294b673a41bacd8c17" | "0def7320c3a5731c473e5ecbe6d01bc7":
            return Asset(fields)
        case "803fd3297a5875dc03ca845dda5d2a98":
            raise EncodingError("a property holds bytes, which this engine does not support")
        case "5cf8f73096256a8f31e491e813e4eb8e":
            return _decode_reference(fields)
        case "8ad145fe-0d11-4827-bfd7-1abcbf086f5c":
            return struct.unpack(">d", bytes.fromhex(str(fields.get("value")).rjust(16, "0")))[0]
        case other:
            raise EncodingError(f"unrecognized signature {other!r} in a property")


def _decode_secret(fields: dict[str, Any], decrypt: Callable[[str], str] | None) -> Secret:
    ciphertext, text = fields.get("ciphertext"), fields.get("plaintext")
    if isinstance(text, str) and ciphertext is None:
        return Secret(decode(json.loads(text), _nested))
    if not isinstance(ciphertext, str) or text is not None:
        raise EncodingError("a secret needs exactly one of ciphertext and plaintext")
    if decrypt is None:
        return Secret(Encrypted(ciphertext), ciphertext)
    element = decode(json.loads(decrypt(ciphertext)), _nested)
    return Secret(element) if decrypt is _nested else Secret(element, ciphertext)


def _decode_reference(fields: dict[str, Any]) -> ResourceReference:
    urn = fields.get("urn")
    if not isinstance(urn, str):
        raise EncodingError("a resource reference needs a urn")
    id_: str | Unknown | None = fields.get("id")
    return ResourceReference(urn, UNKNOWN if id_ == "" else id_, str(fields.get("packageVersion") or ""))


def encode_properties(properties: Properties, encrypt: Callable[[str], str]) -> dict[str, Any]:
    """Write a property map, sorted by name; see `encode`."""
    return {key: encode(properties[key], encrypt) for key in sorted(properties)}


def encode(value: Value, encrypt: Callable[[str], str]) -> Any:  # noqa: PLR0911 (one form for each kind of value)
    """Write one value; a secret that came from a state keeps its ciphertext, a new one is encrypted.

    Raises:
        SecretsError: Raised by `encrypt` if it cannot encrypt.
    """
    if isinstance(value, dict):
        return encode_properties(value, encrypt)
    if isinstance(value, list):
        return [encode(item, encrypt) for item in value]
    if isinstance(value, Unknown):
        return UNKNOWN_ID
    if isinstance(value, Secret):
        return {SIGNATURE_KEY: SECRET, "ciphertext": _ciphertext(value, encrypt)}
    if isinstance(value, Encrypted):
        raise EncodingError("an encrypted value can only be written inside a secret")
    if isinstance(value, Asset):
        return value.fields
    if isinstance(value, ResourceReference):
        reference = {SIGNATURE_KEY: RESOURCE_REFERENCE, "urn": value.urn, "packageVersion": value.package_version}
        return reference if value.id is None else {**reference, "id": "" if value.id is UNKNOWN else value.id}
    if isinstance(value, float):
        return _encode_float(value)
    return value


def _encode_float(value: float) -> Any:
    if not math.isfinite(value):
        return {SIGNATURE_KEY: FLOAT, "value": struct.pack(">d", value).hex()}
    return int(value) if value.is_integer() and abs(value) < _EXPONENT_FROM else value


def _ciphertext(secret: Secret, encrypt: Callable[[str], str]) -> str:
    if encrypt is not _nested and secret.ciphertext is not None:
        return secret.ciphertext
    if isinstance(secret.element, Encrypted):
        if encrypt is _nested:
            raise EncodingError("a secret that cannot be decrypted cannot become part of another secret")
        return secret.element.ciphertext
    return encrypt(
        json.dumps(encode(secret.element, _nested), separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    )
