"""The passphrase of a state: read from its secret in the same region, handed to one process, never written down."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from infra.cli.refusal import Exit, Refused
from infra.deploy.oracle import sdk, unreachable

if TYPE_CHECKING:
    from infra.deploy.oracle import Clients
    from infra.residency.state_home import StateHome


def salt(word: str) -> str:
    """A fresh `encryptionsalt` for a stack file: what the passphrase encrypts, only the two of them open."""
    from infra.engine.secrets import SecretsManager  # noqa: PLC0415 (slow to import)

    manager = SecretsManager(word)
    manager.encrypt('""')
    return str((manager.providers or {})["state"]["salt"])


_SHORTEST = 20
"""Characters: a passphrase that people make up is shorter."""


def read(clients: Clients, home: StateHome) -> str:
    """The passphrase.

    Raises:
        Refused: There is none yet, it cannot be read, or it is none.
    """
    if home.passphrase_id is None:
        raise Refused(
            "the state has no passphrase yet",
            allowed="state.passphraseId in the stack file",
            fix="python -m infra.deploy bootstrap makes it and prints what to write",
        )
    exceptions = sdk("exceptions")
    try:
        bundle = clients.make(sdk("secrets").SecretsClient).get_secret_bundle(home.passphrase_id).data
        text = base64.b64decode(bundle.secret_bundle_content.content, validate=True).decode()
    except (exceptions.ServiceError, exceptions.RequestException, exceptions.ConnectTimeout) as error:
        raise unreachable("reading the passphrase of the state", error) from error
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("the secret holds no passphrase", given=home.passphrase_id, code=Exit.FAILED) from error
    if len(text) < _SHORTEST or not text.isprintable():
        raise Refused(
            "the secret holds no passphrase",
            given=home.passphrase_id,
            allowed=f"at least {_SHORTEST} printable characters, as bootstrap makes them",
            code=Exit.FAILED,
        )
    return text
