"""Encryption of secrets in a state: Pulumi's passphrase provider, compatible in both directions.

The key is PBKDF2-HMAC-SHA256 of the passphrase with one million rounds; values are AES-256-GCM, written as
`v1:<nonce>:<ciphertext>`. The state names the salt, together with an encrypted known word by which a wrong passphrase
is found out. Without a passphrase (or with another provider, such as a cloud's key service) secrets of a state stay as
they are, and a new one cannot be written.
"""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUNDS: Final = 1_000_000
_KNOWN_WORD: Final = "pulumi"
_SALT_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PARTS: Final = 3


class SecretsError(Exception):
    """A secret can be neither read nor written, and why; the text is for people."""


class SecretsManager:
    """Encrypts and decrypts the secrets of one state."""

    def __init__(self, passphrase: str | None, *, rounds: int = _ROUNDS) -> None:
        """Prepare for a state.

        Args:
            passphrase: The passphrase, or `None` if there is none at hand.
            rounds: Rounds of key derivation; anything but the default is only good for tests.
        """
        self._passphrase = passphrase
        self._rounds = rounds
        self._providers: Mapping[str, Any] | None = None
        self._key: bytes | None = None

    def adopt(self, providers: Mapping[str, Any] | None) -> None:
        """Take over how a state says that its secrets are encrypted (`secrets_providers`); the key is derived later.

        Raises:
            SecretsError: What the state says is malformed.
        """
        self._providers, self._key = providers, None
        if self._is_passphrase:
            self._salt()

    def adopt_salt(self, salt: str) -> None:
        """Take over the salt of a stack file (`encryptionsalt`), with which its passphrase encrypts.

        Raises:
            SecretsError: It is malformed.
        """
        self.adopt({"type": "passphrase", "state": {"salt": salt}})

    @property
    def providers(self) -> Mapping[str, Any] | None:
        """What a state written now says; `None` as long as nothing was encrypted."""
        return self._providers

    @property
    def _is_passphrase(self) -> bool:
        return self._providers is not None and self._providers.get("type") == "passphrase"

    @property
    def can_decrypt(self) -> bool:
        """Whether secrets of the state can be read at all."""
        return self._passphrase is not None and self._is_passphrase

    def decrypt(self, ciphertext: str) -> str:
        """The plain text of a ciphertext.

        Raises:
            SecretsError: The passphrase is wrong, or the ciphertext is damaged.
        """
        return _open(self._derived(), ciphertext)

    def encrypt(self, text: str) -> str:
        """The ciphertext of a text.

        Raises:
            SecretsError: There is no passphrase, or the state's secrets are encrypted otherwise.
        """
        if self._passphrase is None:
            raise SecretsError(
                "the state would hold a new secret, but there is no passphrase to encrypt it with; "
                "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
            )
        if self._providers is None:
            self._create()
        return _seal(self._derived(), text)

    def _create(self) -> None:
        assert self._passphrase is not None  # noqa: S101 (the caller looked)
        salt = os.urandom(_SALT_BYTES)
        self._key = self._derive(salt)
        text = f"v1:{base64.b64encode(salt).decode()}:{_seal(self._key, _KNOWN_WORD)}"
        self._providers = {"type": "passphrase", "state": {"salt": text}}

    def _derive(self, salt: bytes) -> bytes:
        assert self._passphrase is not None  # noqa: S101 (the callers looked)
        return hashlib.pbkdf2_hmac("sha256", self._passphrase.encode(), salt, self._rounds)

    def _salt(self) -> tuple[bytes, str]:
        """The salt and the encrypted known word."""
        state = cast("Mapping[str, Any]", (self._providers or {}).get("state") or {})
        version, _, rest = str(state.get("salt") or "").partition(":")
        salt, _, known = rest.partition(":")
        if version != "v1" or not known:
            raise SecretsError("the state's secrets_providers has no salt of version 1")
        return base64.b64decode(salt), known

    def _derived(self) -> bytes:
        if self._key is None:
            if self._passphrase is None or not self._is_passphrase:
                kind = (self._providers or {}).get("type") or "nothing"
                raise SecretsError(f"the state's secrets are encrypted with {kind!r}, which needs what is not at hand")
            salt, known = self._salt()
            key = self._derive(salt)
            if _open(key, known, wrong="the passphrase is not the one that the state's secrets are encrypted with") != (
                _KNOWN_WORD
            ):
                raise SecretsError("the state's secrets_providers is damaged")
            self._key = key
        return self._key


def _seal(key: bytes, text: str) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (only needed for secrets)

    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _open(key: bytes, ciphertext: str, *, wrong: str = "a secret in the state is damaged") -> str:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (only needed for secrets)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (the same)

    parts = ciphertext.split(":")
    if len(parts) != _PARTS or parts[0] != "v1":
        raise SecretsError("a secret in the state is not in the format v1:<nonce>:<ciphertext>")
    try:
        opened = AESGCM(key).decrypt(base64.b64decode(parts[1]), base64.b64decode(parts[2]), None)
    except (InvalidTag, ValueError) as error:
        raise SecretsError(wrong) from error
    return opened.decode()
