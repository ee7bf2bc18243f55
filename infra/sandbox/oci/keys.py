"""Key management: vaults and keys. The management endpoint that a key names decides its vault, and so its region.

Of keys held outside Oracle the references are imitated: what goes with what, through an endpoint that is there. No key
manager is ever asked, so neither a wrong secret nor a key that is not there shows.
"""

import re
from datetime import timedelta
from typing import Any, ClassVar

from infra.sandbox.errors import Unreachable
from infra.sandbox.model import Call, Model, Place, Reference, require, schedule_deletion
from infra.sandbox.oci.base import OciModel, invalid, not_found
from infra.sandbox.oci.network import SUBNET, next_address
from infra.sandbox.oci.regions import ocid, vault_part
from infra.sandbox.store import Record
from infra.sandbox.values import Json, record

VAULT = "oci:Kms/vault:Vault"
KEY = "oci:Kms/key:Key"
MANAGER_ENDPOINT = "oci:Kms/ekmsPrivateEndpoint:EkmsPrivateEndpoint"

_ENDPOINT = re.compile(
    r"https://(?P<vault>[a-z0-9]+)-management\.kms\.(?P<region>[a-z0-9-]+)\.(?:oci\.)?oraclecloud\.com/?"
)
_KEY_BYTES = {"AES": (16, 24, 32), "RSA": (256, 384, 512), "ECDSA": (32, 48, 66)}
_EXTERNAL_BYTES = 32
_DELETION_DAYS = 30  # the service's default; 7 is the least


class ManagerEndpoint(OciModel):
    """An address in a subnet from which a key manager outside Oracle is asked."""

    token = MANAGER_ENDPOINT
    kind = "ekmsprivateendpoint"
    references: ClassVar = (Reference(path="subnetId", to=(SUBNET,)),)
    volatile: ClassVar = frozenset({"timeUpdated"})

    def outputs(self, call: Call, id_: str) -> Json:
        """Its own address, no news, and the port of TLS where none is given."""
        filled: Json = {
            "lifecycleDetails": "",
            "port": 443,
            "privateEndpointIp": next_address(call, MANAGER_ENDPOINT),
            "timeUpdated": call.timestamp(),
        }
        return super().outputs(call, id_) | {n: v for n, v in filled.items() if n not in call.inputs}


class Vault(OciModel):
    """A vault. Destroying it schedules its deletion, and that of its keys."""

    token = VAULT
    kind = "vault"
    references: ClassVar = (Reference(path="externalKeyManagerMetadata.privateEndpointId", to=(MANAGER_ENDPOINT,)),)

    def identify(self, call: Call) -> str:
        """The short name of the vault stands in its OCID, its endpoints and the OCIDs of its keys."""
        parts = (call.place.account, call.urn, call.clouds.generation(call.urn))
        return ocid(self.kind, call.place.region, *parts, vault=vault_part(*parts))

    def outputs(self, call: Call, id_: str) -> Json:
        """Endpoints in the vault's region."""
        host = f"{{}}.kms.{call.place.region}.oraclecloud.com"
        part = id_.split(".")[4]
        return super().outputs(call, id_) | {
            "managementEndpoint": "https://" + host.format(f"{part}-management"),
            "cryptoEndpoint": "https://" + host.format(f"{part}-crypto"),
            "isPrimary": True,
            "isVaultReplicable": call.inputs["vaultType"] == "VIRTUAL_PRIVATE",
            "replicaDetails": [],
            "externalKeyManagerMetadataSummaries": _summaries(call),
        }

    def refuse(self, call: Call) -> None:
        """Time of deletion; an external vault names its manager, and no other does."""
        if (call.inputs["vaultType"] == "EXTERNAL") != (call.get("externalKeyManagerMetadata") is not None):
            raise invalid("externalKeyManagerMetadata: EXTERNAL vaults name their key manager, and no others do")
        _refuse_time_of_deletion(call)

    def delete(self, call: Call, record: Record) -> None:
        """Schedule the deletion of the vault and of every key in it."""
        when = _time_of_deletion(call)
        for key in call.clouds.all(cloud="oci", account=record.account, region=record.region, type=KEY):
            if key.outputs["vaultId"] == record.id:
                schedule_deletion(call, key, timeOfDeletion=when)
        schedule_deletion(call, record, timeOfDeletion=when)


class Key(OciModel):
    """A key. Its region is its vault's, whatever the provider's region is."""

    token = KEY
    kind = "key"
    state = "ENABLED"

    def place(self, place: Place, properties: Json) -> Place:
        """The region of the management endpoint; unknown endpoints do not resolve."""
        endpoint = properties.get("managementEndpoint")
        if endpoint is None:  # an import names only the key: the service is asked where the provider works
            return place
        match = _ENDPOINT.fullmatch(str(endpoint))
        if match is None:
            raise Unreachable(f'Error: Post "{endpoint}": dial tcp: lookup {endpoint}: no such host')
        return Place(cloud=place.cloud, account=place.account, region=match["region"], settings=place.settings)

    def identify(self, call: Call) -> str:
        """The vault's short name is part of the OCID."""
        part = _vault(call).id.split(".")[4]
        return ocid(self.kind, call.place.region, call.urn, call.clouds.generation(call.urn), vault=part)

    def refuse(self, call: Call) -> None:
        """The vault exists; shape and protection mode go together."""
        vault = _vault(call)
        shape = call.inputs["keyShape"]
        lengths = _KEY_BYTES[shape["algorithm"]]
        require(
            shape["length"] in lengths, 400, "InvalidParameter",
            f"keyShape.length: {shape['algorithm']} keys have {', '.join(map(str, lengths))} bytes, "
            f"got {shape['length']}",
        )  # fmt: skip
        if shape["algorithm"] == "ECDSA" and shape.get("curveId") is None:
            raise invalid("keyShape.curveId: required for ECDSA")
        if (call.get("protectionMode") == "EXTERNAL") != (vault.inputs["vaultType"] == "EXTERNAL"):
            raise invalid("protectionMode: EXTERNAL keys live in EXTERNAL vaults, and no others do")
        if (call.get("protectionMode") == "EXTERNAL") != (call.get("externalKeyReference") is not None):
            raise invalid("externalKeyReference: EXTERNAL keys refer to one at the key manager, and no others do")
        if call.get("protectionMode") == "EXTERNAL" and (shape["algorithm"], shape["length"]) != (
            "AES",
            _EXTERNAL_BYTES,
        ):
            raise invalid("keyShape: a reference to an external key is one of AES with 32 bytes")
        if call.get("isAutoRotationEnabled") and vault.inputs["vaultType"] != "VIRTUAL_PRIVATE":
            raise invalid("isAutoRotationEnabled: only keys in VIRTUAL_PRIVATE vaults rotate by themselves")
        _refuse_time_of_deletion(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """The vault, the first key version, and what was left out."""
        vault = _vault(call)
        version = ocid("keyversion", call.place.region, id_, 0, vault=id_.split(".")[4])
        filled: Json = {
            "vaultId": vault.id,
            "currentKeyVersion": version,
            "isPrimary": True,
            "replicaDetails": [],
            "externalKeyReferenceDetails": [dict(reference)] if (reference := _reference(call)) else [],
            "protectionMode": "HSM",
            "desiredState": "ENABLED",
            "isAutoRotationEnabled": False,
        }
        state = "DISABLED" if call.get("desiredState") == "DISABLED" else "ENABLED"
        return super().outputs(call, id_) | {n: v for n, v in filled.items() if n not in call.inputs} | {"state": state}

    volatile = frozenset({"state"})

    def delete(self, call: Call, record: Record) -> None:
        """Schedule the deletion."""
        schedule_deletion(call, record, timeOfDeletion=_time_of_deletion(call))


def _summaries(call: Call) -> list[Json]:
    """What the service says of a key manager: everything but the secret."""
    given = record(call.get("externalKeyManagerMetadata"))
    if not given:
        return []
    oauth = record(given["oauthMetadata"])
    told = {name: oauth[name] for name in ("clientAppId", "idcsAccountNameUrl")}
    plain = {name: given[name] for name in ("externalVaultEndpointUrl", "privateEndpointId")}
    return [plain | {"oauthMetadataSummaries": [told], "vendor": "Thales"}]


def _reference(call: Call) -> Json:
    """Which key of the manager is meant."""
    return {name: value for name, value in record(call.get("externalKeyReference")).items() if name == "externalKeyId"}


def _vault(call: Call) -> Record:
    endpoint = str(call.inputs["managementEndpoint"]).rstrip("/")
    found = call.neighbours(VAULT, managementEndpoint=endpoint)
    if not found:
        raise not_found(f"no vault has the management endpoint {endpoint}")
    return found[0]


def _refuse_time_of_deletion(call: Call) -> None:
    given: Any = call.get("timeOfDeletion")
    if given is not None and not _time(call, 7) <= str(given) <= _time(call, 30):
        raise invalid(f"timeOfDeletion: {given} is not 7 to 30 days after {call.timestamp()}")


def _time_of_deletion(call: Call) -> str:
    return call.get("timeOfDeletion") or _time(call, _DELETION_DAYS)


def _time(call: Call, days: int) -> str:
    return (call.clouds.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


MODELS: tuple[Model, ...] = (ManagerEndpoint(), Vault(), Key())
