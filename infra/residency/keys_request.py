"""What a stack file asks for under `keys`: right in shape, not yet judged (see `deployment`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRequest:
    """How keys are kept.

    Attributes:
        vault: `shared`, a partition of hardware that others use too, or `private`, one of this tenancy's own.
        rotation_days: after how many days a key that rotates by itself gets a new version.
    """

    vault: str = "shared"
    rotation_days: int = 365
