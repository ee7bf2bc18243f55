"""What a stack file asks for under `keys`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyManagerRequest:
    """How one region reaches the manager of its keys, under `keys.external.regions`.

    Attributes:
        vault_url: the vault at the manager.
        address: the manager's private address, as the region's network reaches it.
        port: on which it answers.
        authority: the certificates (PEM) of the authorities that vouch for it.
        keys: id at the manager of the key of each data class.
    """

    vault_url: str
    address: str
    port: int
    authority: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalKeysRequest:
    """Who holds the keys outside Oracle, under `keys.external`.

    Attributes:
        holder: whose hands they are in, by name.
        held_in: the country, which is declared and printed as an assumption.
        domain_url: the identity domain in which Oracle gets its tokens for the manager.
        client_id: the application in it that Oracle is known by.
    """

    holder: str
    held_in: str
    domain_url: str
    client_id: str
    regions: Mapping[str, KeyManagerRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRequest:
    """How keys are kept.

    Attributes:
        vault: `shared`, a partition of hardware that others use too, `private`, one of this tenancy's own, or
            `external`, with somebody outside Oracle.
        rotation_days: after how many days a key that rotates by itself gets a new version.
        external: with whom; None where the file does not say.
        client_secret: whether the file has the secret of the application that Oracle is known by, encrypted. What it
            is, nothing here ever learns.
    """

    vault: str = "shared"
    rotation_days: int = 365
    external: ExternalKeysRequest | None = None
    client_secret: bool = False
