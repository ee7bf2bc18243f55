"""Keys, as plain values: how they are kept, when they rotate, and how long a cloud waits before it destroys one.

Who administers keys cannot use them, and who uses them cannot administer them: in Oracle Cloud by the duties (SECURITY
administers, Object Storage itself uses), at a legacy site by the key's own policy.

Keys can also be held by somebody outside Oracle (`ExternalCustody`): a vault then only refers to theirs, and every use
of one is a request to their manager. They rotate there, and the duty SECURITY points the reference to the new version.

Sources: Oracle's pages "Overview of Key Management" (types of vaults), "Using Automatic Key Rotation" (private vaults
only, 60 to 365 days), "Deleting a Vault Key", and of External Key Management "Creating a Vault", "Creating a Private
Endpoint", "Managing Key References" (AES of 256 bits only) and "Rotating Key References"; AWS's pages "Rotate AWS KMS
keys" (90 to 2,560 days) and "Deleting AWS KMS keys".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import assert_never

from infra.residency.dataset import DataClass
from infra.residency.lifecycle import KEY_DELETION_DAYS
from infra.residency.regions import Cloud, UsRegion


class VaultKind(StrEnum):
    """What a vault of Oracle's own hardware is, by the word that Oracle's API has for it."""

    SHARED = "DEFAULT"
    PRIVATE = "VIRTUAL_PRIVATE"

    @property
    def rotates(self) -> bool:
        """Whether its keys rotate by themselves; those of a shared vault are rotated by the duty SECURITY."""
        return self is VaultKind.PRIVATE


LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS = 90, 365
"""What both clouds take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestructionWindow:
    """How many days pass between a key's scheduled and its real destruction; until then it can be taken back."""

    least: int
    most: int
    ours: int


DESTRUCTION: Mapping[Cloud, DestructionWindow] = MappingProxyType(
    {
        Cloud.OCI: DestructionWindow(least=7, most=30, ours=30),
        Cloud.AWS: DestructionWindow(least=7, most=30, ours=KEY_DELETION_DAYS),
    }
)
"""Ours is the longest in both: a key that was given up by mistake can be taken back for as long as there is."""


EXTERNAL_VAULT = "EXTERNAL"
"""What Oracle's API calls a vault, and a key's protection, where the keys are held outside Oracle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyManager:
    """What one region reaches of the manager that holds its keys.

    Attributes:
        url: the vault at the manager.
        address: where the manager answers; not an address of this stack.
        authority: the certificates (PEM) of the authorities that vouch for it.
        vcn: the network from which it is asked, with nothing else in it.
        subnet: the part of it that the private endpoint is in.
        keys: id at the manager of the key of each data class.
    """

    url: str
    address: IPv4Address
    port: int
    authority: str
    vcn: IPv4Network
    subnet: IPv4Network
    keys: Mapping[DataClass, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCustody:
    """Who holds the keys outside Oracle, in the United States as they declare.

    Attributes:
        domain_url: the identity domain in which Oracle gets its tokens for the manager.
        client_id: the application in it that Oracle is known by.
        managers: for each region of the stack.
    """

    holder: str
    domain_url: str
    client_id: str
    managers: Mapping[UsRegion, KeyManager]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCare:
    """How the keys of a stack are kept.

    Attributes:
        vault: the hardware of Oracle's that they are in, or who holds them outside of it.
        rotation_days: of keys that rotate by themselves: a private vault's, and the legacy sites'.
    """

    vault: VaultKind | ExternalCustody
    rotation_days: int

    @property
    def vault_type(self) -> str:
        """The type of the vaults, by the word that Oracle's API has for it."""
        match self.vault:
            case VaultKind():
                return self.vault.value
            case ExternalCustody():
                return EXTERNAL_VAULT
            case _:
                assert_never(self.vault)
