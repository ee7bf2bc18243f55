"""Ed25519 signatures of receipts, with `cryptography`: the one place that touches a private key.

Keys are made and kept offline (`openssl genpkey -algorithm ed25519`); the machine that signs needs this package,
`cryptography` and the receipt, and no network.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.residency.receipts import Envelope, Signature, key_id, pre_authentication_encoding
from infra.retirement.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

KEY_LENGTH = 32


def public_key_of(key: Ed25519PrivateKey) -> bytes:
    """The raw 32 bytes of the public half."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def public_key_text(public_key: bytes) -> str:
    """How a public key stands in the stack file: base64 of its 32 bytes."""
    return base64.b64encode(public_key).decode()


def public_key_from(text: str) -> bytes:
    """The raw public key that a stack file names.

    Raises:
        ValueError: not base64 of 32 bytes, or no point of the curve's encoding.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as problem:
        raise ValueError(f"it is not base64 ({problem})") from None
    if len(raw) != KEY_LENGTH:
        raise ValueError(f"it has {len(raw)} bytes; an ed25519 public key has {KEY_LENGTH}")
    return raw


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` over `message` was made with the private half of `public_key`; never raises for bad bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_private_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """The ed25519 private key in a PEM file (PKCS#8).

    Raises:
        BadInputError: unreadable, another kind of key, or a wrong or missing passphrase.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
    except OSError as problem:
        raise BadInputError(f"{path}: {problem.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise BadInputError(f"{path}: no readable private key: {problem}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError(
            f"{path}: a {type(key).__name__}; receipts are signed with ed25519: openssl genpkey -algorithm ed25519"
        )
    return key


def sign(envelope: Envelope, key: Ed25519PrivateKey) -> Envelope:
    """The envelope with one signature more; one that this key already made is replaced."""
    own = key_id(public_key_of(key))
    signature = Signature(key_id=own, signature=key.sign(pre_authentication_encoding(envelope.payload)))
    others = tuple(entry for entry in envelope.signatures if entry.key_id != own)
    return Envelope(payload=envelope.payload, signatures=(*others, signature))
