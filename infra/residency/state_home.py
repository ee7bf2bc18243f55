"""Where a stack's own state lies: it names every resource and holds secrets, so it is data that stays in the US, too.

As asked for (`StateRequest`) and as planned (`StateHome`). What is here exists before the stack: a script makes it once
(`python -m infra.deploy bootstrap`), since no stack can keep its state in a bucket that it still has to create.
"""

from dataclasses import dataclass

from infra.residency.regions import UsRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRequest:
    """The value `state` of a stack file; `passphrase_id` is None until the bootstrap has made the passphrase."""

    region: str
    compartment_id: str
    passphrase_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateHome:
    """The bucket that holds a stack's state, and what guards it.

    Attributes:
        name: physical name of the bucket, its vault and its key alike (`usds-state-iad`).
        passphrase_id: OCID of the secret in that region with which the secrets in the state are encrypted.
    """

    region: UsRegion
    namespace: str
    name: str
    compartment_id: str
    passphrase_id: str | None
