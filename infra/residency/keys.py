"""Keys, as plain values: how they are kept, when they rotate, and how long a cloud waits before it destroys one.

Who administers keys cannot use them, and who uses them cannot administer them: in Oracle Cloud by the duties (SECURITY
administers, Object Storage itself uses), at a legacy site by the key's own policy.

Sources: Oracle's pages "Overview of Key Management" (types of vaults), "Using Automatic Key Rotation" (private vaults
only, 60 to 365 days) and "Deleting a Vault Key"; AWS's pages "Rotate AWS KMS keys" (90 to 2,560 days) and "Deleting AWS
KMS keys".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from infra.residency.lifecycle import KEY_DELETION_DAYS
from infra.residency.regions import Cloud


class VaultKind(StrEnum):
    """What a vault is, by the word that Oracle's API has for it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCare:
    """How the keys of a stack are kept.

    Attributes:
        rotation_days: of keys that rotate by themselves: a private vault's, and the legacy sites'.
    """

    vault: VaultKind
    rotation_days: int
