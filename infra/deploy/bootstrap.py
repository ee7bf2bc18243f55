"""Makes the home of a state, once: vault, HSM key, bucket, passphrase, and what the deployers may do with them.

Run by a person who may administer the compartment. Everything is looked for by its name first, so a second run makes
nothing, and an interrupted one is gone on with. What is there and is not as it should be is said, and not changed:
the state may depend on it. Oracle makes the passphrase itself; nobody ever sees it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from infra.cli.refusal import Exit, Refused
from infra.deploy.bucket import Bucket
from infra.deploy.oracle import sdk, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.deploy.oracle import Clients
    from infra.residency.state_home import StateHome

_LENGTH: Final = 48
"""Characters of the passphrase."""
_PATIENCE: Final = 900.0
"""Seconds to wait for a vault or a key; Oracle's page says minutes."""
_GONE: Final = frozenset({"DELETED", "DELETING", "PENDING_DELETION", "SCHEDULING_DELETION", "CANCELLING_DELETION"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One thing of the home: what it is, its name or OCID, and whether this run made it."""

    what: str
    which: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What makes a home.

    Attributes:
        home_region: makes clients of the tenancy's home region, where policies are written.
        group: the group of the deployers.
        network: the network source from which alone they may act, or empty where the stack file names none.
        wait: lets some seconds pass.
    """

    home: StateHome
    clients: Clients
    home_region: Clients
    group: str
    network: str
    wait: Callable[[float], None] = time.sleep

    def run(self) -> Iterator[Made]:
        """Make what is missing, one thing after the other.

        Raises:
            Refused: Oracle Cloud refuses, or something is there that does not guard a state.
        """
        exceptions = sdk("exceptions")
        try:
            vault, made = self._vault()
            yield made
            key, made = self._key(str(vault.management_endpoint))
            yield made
            yield self._bucket(str(key.id))
            yield self._secret(str(vault.id), str(key.id))
            yield self._policy()
        except (exceptions.ServiceError, exceptions.RequestException, exceptions.ConnectTimeout) as error:
            raise unreachable("making the home of the state", error) from error

    def _vault(self) -> tuple[Any, Made]:
        client = self.clients.make(sdk("key_management").KmsVaultClient)
        models = sdk("key_management.models")
        found = _named(client.list_vaults, self.home.compartment_id, "display_name", self.home.name)
        vault = (
            found
            or client.create_vault(
                models.CreateVaultDetails(
                    compartment_id=self.home.compartment_id, display_name=self.home.name, vault_type="DEFAULT"
                )
            ).data
        )
        vault = self._settled(lambda: client.get_vault(vault.id).data, {"ACTIVE"})
        return vault, Made(what="vault", which=str(vault.id), is_new=found is None)

    def _key(self, endpoint: str) -> tuple[Any, Made]:
        if f".{self.home.region}." not in endpoint and not endpoint.startswith("http://127.0.0.1"):
            raise Refused("the vault is not in the state's region", given=endpoint, allowed=self.home.region.value)
        client = self.clients.make(sdk("key_management").KmsManagementClient, service_endpoint=endpoint)
        models = sdk("key_management.models")
        found = _named(client.list_keys, self.home.compartment_id, "display_name", self.home.name)
        if found is not None and found.protection_mode != "HSM":
            raise Refused(
                f"the key {self.home.name} is not in hardware",
                given=f"protection mode {found.protection_mode}", allowed="HSM",
                fix="schedule its deletion if nothing is encrypted with it yet, and run this again",
            )  # fmt: skip
        key = (
            found
            or client.create_key(
                models.CreateKeyDetails(
                    compartment_id=self.home.compartment_id,
                    display_name=self.home.name,
                    protection_mode="HSM",
                    key_shape=models.KeyShape(algorithm="AES", length=32),
                )
            ).data
        )
        key = self._settled(lambda: client.get_key(key.id).data, {"ENABLED"})
        return key, Made(what="key", which=str(key.id), is_new=found is None)

    def _bucket(self, key: str) -> Made:
        client, models = self.clients.storage(), sdk("object_storage.models")
        bucket = Bucket(client=client, namespace=self.home.namespace, name=self.home.name)
        made = Made(what="bucket", which=self.home.name, is_new=True)
        try:
            client.create_bucket(
                self.home.namespace,
                models.CreateBucketDetails(
                    name=self.home.name,
                    compartment_id=self.home.compartment_id,
                    public_access_type="NoPublicAccess",
                    kms_key_id=key,
                    versioning="Enabled",
                    object_events_enabled=True,
                ),
            )
        except sdk("exceptions").ServiceError as error:
            if error.code != "BucketAlreadyExists":
                raise
            made = Made(what="bucket", which=self.home.name, is_new=False)
        bucket.refuse_open(self.home)
        return made

    def _secret(self, vault: str, key: str) -> Made:
        client, models = self.clients.make(sdk("vault").VaultsClient), sdk("vault.models")
        name = f"{self.home.name}-passphrase"
        found = _named(client.list_secrets, self.home.compartment_id, "secret_name", name)
        secret = (
            found
            or client.create_secret(
                models.CreateSecretDetails(
                    compartment_id=self.home.compartment_id,
                    secret_name=name,
                    vault_id=vault,
                    key_id=key,
                    description="Encrypts the secrets in the state of this stack",
                    enable_auto_generation=True,
                    secret_generation_context=models.PassphraseGenerationContext(
                        generation_template="SECRETS_DEFAULT_PASSWORD", passphrase_length=_LENGTH
                    ),
                )
            ).data
        )
        written = self.home.passphrase_id
        if written is not None and written != secret.id:
            raise Refused(
                "the stack file names another passphrase than the one that is here",
                given=written, allowed=str(secret.id),
                why="a state that was encrypted with one cannot be opened with the other",
                fix="find out which one the state was encrypted with before anything is deployed",
            )  # fmt: skip
        return Made(what="passphrase", which=str(secret.id), is_new=found is None)

    def _policy(self) -> Made:
        client, models = self.home_region.make(sdk("identity").IdentityClient), sdk("identity.models")
        found = _named(client.list_policies, self.home.compartment_id, "name", self.home.name)
        wanted = list(self.statements())
        if found is not None and list(cast("list[str]", found.statements)) != wanted:
            raise Refused(
                f"the policy {self.home.name} says something else than it should",
                given="; ".join(found.statements), allowed="; ".join(wanted),
                fix="mend it by hand: whoever widened it may need to be asked",
            )  # fmt: skip
        policy = (
            found
            or client.create_policy(
                models.CreatePolicyDetails(
                    compartment_id=self.home.compartment_id,
                    name=self.home.name,
                    description="What deployers may do with the state of this stack",
                    statements=wanted,
                )
            ).data
        )
        return Made(what="policy", which=str(policy.id), is_new=found is None)

    def statements(self) -> Iterator[str]:
        """What the deployers may do: the objects of this bucket, and this one secret, from their network."""
        where = f"compartment id {self.home.compartment_id}"
        region = f"request.region='{self.home.region.facts.key}'"
        source = [f"request.networkSource.name='{self.network}'"] if self.network else []
        bucket = [f"target.bucket.name='{self.home.name}'", region, *source]
        secret = [f"target.secret.name='{self.home.name}-passphrase'", region, *source]
        yield f"Allow group {self.group} to manage objects in {where} where all {{{', '.join(bucket)}}}"
        yield f"Allow group {self.group} to read buckets in {where} where all {{{', '.join(bucket)}}}"
        yield f"Allow group {self.group} to read secret-bundles in {where} where all {{{', '.join(secret)}}}"
        service = self.home.region.facts.storage_service_principal
        yield f"Allow service {service} to use keys in {where}"

    def _settled(self, look: Callable[[], Any], wanted: set[str]) -> Any:
        waited = 0.0
        while (found := look()).lifecycle_state not in wanted:
            if found.lifecycle_state in _GONE or waited >= _PATIENCE:
                raise Refused(
                    f"{self.home.name} is {found.lifecycle_state}",
                    allowed=", ".join(wanted), fix="run this again later", code=Exit.FAILED,
                )  # fmt: skip
            self.wait(pause := 5.0)
            waited += pause
        return found


def _named(look: Callable[..., Any], compartment: str, attribute: str, name: str) -> Any:
    """The one thing of a name that is not about to go, or None."""
    listed = sdk("pagination").list_call_get_all_results(look, compartment).data
    found = [it for it in listed if getattr(it, attribute) == name and it.lifecycle_state not in _GONE]
    if len(found) > 1:
        raise Refused(f"there are {len(found)} things called {name}", fix="say which one it is by deleting the others")
    return found[0] if found else None
