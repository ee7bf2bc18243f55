"""A region's vault, and in it one key for each data class.

What it refuses:

* *A key in software.* Every key is made in, and never leaves, a hardware security module.
* *A vault or key of another region.* The key's region is that of its vault's endpoint, and the vault's is its
  provider's; both come from this one component.
* *A copy of a vault.* Nothing replicates one: a region that is lost is served by the other region's keys, under which
  its replicas are encrypted.

Keys of a private vault rotate by themselves; those of a shared one are rotated by the duty that administers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.dataset import DataClass
from infra.residency.keys import KeyCare
from infra.residency.placement import Compartment, KeyPlan
from infra.residency.regions import UsRegion

_KEY_BYTES = 32
"""AES-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalKeysArgs:
    """A region and the keys that are planned there."""

    foundation: TenancyFoundation
    region: UsRegion
    care: KeyCare
    keys: tuple[KeyPlan, ...]
    provider: oci.Provider


class RegionalKeys(Component):
    """A vault and its keys.

    Attributes:
        keys: the key of each data class.
    """

    keys: Mapping[DataClass, oci.kms.Key]

    def __init__(self, name: str, args: RegionalKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("RegionalKeys", name, opts)
        compartment, tags = args.foundation.compartments[Compartment.KEYS], args.foundation.tags
        options = self._holder(args.provider, depends_on=tags.first)
        vault = oci.kms.Vault(
            f"vault-{args.region}",
            compartment_id=compartment.id,
            display_name=naming.regional(args.foundation.organization, "vault", args.region),
            vault_type=args.care.vault.value,
            defined_tags=tags.of(),
            opts=options,
        )
        self.keys = {
            key.data_class: oci.kms.Key(
                f"{key.data_class}-{args.region}",
                compartment_id=compartment.id,
                display_name=key.name,
                management_endpoint=vault.management_endpoint,
                protection_mode="HSM",
                key_shape=oci.kms.KeyKeyShapeArgs(algorithm="AES", length=_KEY_BYTES),
                is_auto_rotation_enabled=True if args.care.vault.rotates else None,
                auto_key_rotation_details=oci.kms.KeyAutoKeyRotationDetailsArgs(
                    rotation_interval_in_days=args.care.rotation_days
                )
                if args.care.vault.rotates
                else None,
                defined_tags=tags.of(data_class=key.data_class),
                opts=options,
            )
            for key in args.keys
        }
        self.register_outputs({})
