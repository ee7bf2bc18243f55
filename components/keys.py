"""A region's vault, and in it one key for each data class.

What it refuses:

* *A key in software.* Every key is made in, and never leaves, a hardware security module; or it is held outside Oracle
  altogether, and the vault only refers to it.
* *A vault or key of another region.* The key's region is that of its vault's endpoint, and the vault's is its
  provider's; both come from this one component.
* *A copy of a vault.* Nothing replicates one: a region that is lost is served by the other region's keys, under which
  its replicas are encrypted.
* *A secret that anyone could read.* The one with which Oracle asks the key manager goes from the engine to the provider
  as a secret, is kept as one, and nothing here looks at it. Oracle takes no other one for a vault that is there, so a
  changed one changes nothing.

Keys of a private vault rotate by themselves; those of a shared one are rotated by the duty that administers them, and
so is the reference to a key that its holder has rotated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.dataset import DataClass
from infra.residency.holders import OCI_VAULT, TYPES
from infra.residency.keys import EXTERNAL_VAULT, ExternalCustody, VaultKind
from infra.residency.placement import Compartment, KeyPlan
from infra.residency.regions import UsRegion

_KEY_BYTES = 32
"""AES-256, which is also all that a reference to an external key can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InOracle:
    """Keys in Oracle's own hardware, and after how many days those rotate that do so by themselves."""

    kind: VaultKind
    rotation_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Keys that somebody holds outside Oracle.

    Attributes:
        endpoint: through which their manager is asked.
        client_secret: of the application that Oracle is known by; a secret to the engine.
    """

    custody: ExternalCustody
    endpoint: oci.kms.EkmsPrivateEndpoint
    client_secret: pulumi.Output[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalKeysArgs:
    """A region and the keys that are planned there."""

    foundation: TenancyFoundation
    region: UsRegion
    kept: InOracle | Outside
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
        self._args = args
        vault = self._vault()
        self.keys = {key.data_class: self._key(key, vault) for key in args.keys}
        self.register_outputs({})

    def _vault(self) -> oci.kms.Vault:
        args, tags = self._args, self._args.foundation.tags
        match args.kept:
            case InOracle(kind=kind):
                type_, manager = kind.value, None
                options = self._holder(args.provider, depends_on=tags.first)
            case Outside():
                type_, manager = EXTERNAL_VAULT, _manager(args.kept, args.region)
                # The provider does not mark the secret in what it gives back, so all of it is kept as one.
                options = self._holder(
                    args.provider,
                    depends_on=tags.first,
                    told_once=TYPES[OCI_VAULT].told_once,
                    secrets=("externalKeyManagerMetadata",),
                )
            case _:
                assert_never(args.kept)
        return oci.kms.Vault(
            f"vault-{args.region}",
            compartment_id=args.foundation.compartments[Compartment.KEYS].id,
            display_name=naming.regional(args.foundation.organization, "vault", args.region),
            vault_type=type_,
            external_key_manager_metadata=manager,
            defined_tags=tags.of(),
            opts=options,
        )

    def _key(self, key: KeyPlan, vault: oci.kms.Vault) -> oci.kms.Key:
        args, tags = self._args, self._args.foundation.tags
        rotation = reference = None
        match args.kept:
            case InOracle(kind=kind, rotation_days=days):
                mode = "HSM"
                if kind.rotates:
                    rotation = oci.kms.KeyAutoKeyRotationDetailsArgs(rotation_interval_in_days=days)
            case Outside(custody=custody):
                mode = EXTERNAL_VAULT
                id_ = custody.managers[key.region].keys[key.data_class]
                reference = oci.kms.KeyExternalKeyReferenceArgs(external_key_id=id_)
            case _:
                assert_never(args.kept)
        return oci.kms.Key(
            f"{key.data_class}-{args.region}",
            compartment_id=args.foundation.compartments[Compartment.KEYS].id,
            display_name=key.name,
            management_endpoint=vault.management_endpoint,
            protection_mode=mode,
            external_key_reference=reference,
            key_shape=oci.kms.KeyKeyShapeArgs(algorithm="AES", length=_KEY_BYTES),
            is_auto_rotation_enabled=True if rotation is not None else None,
            auto_key_rotation_details=rotation,
            defined_tags=tags.of(data_class=key.data_class),
            opts=self._holder(args.provider, depends_on=tags.first),
        )


def _manager(kept: Outside, region: UsRegion) -> oci.kms.VaultExternalKeyManagerMetadataArgs:
    return oci.kms.VaultExternalKeyManagerMetadataArgs(
        external_vault_endpoint_url=kept.custody.managers[region].url,
        private_endpoint_id=kept.endpoint.id,
        oauth_metadata=oci.kms.VaultExternalKeyManagerMetadataOauthMetadataArgs(
            client_app_id=kept.custody.client_id,
            client_app_secret=kept.client_secret,
            idcs_account_name_url=kept.custody.domain_url,
        ),
    )
