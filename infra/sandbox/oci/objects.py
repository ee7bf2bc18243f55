"""Object Storage: buckets, replication and lifecycle. Grants for the service principal are demanded as in reality.

A destination stays read-only until somebody makes it writable (`object_api`), also after its policy was deleted at the
source: no page says that this makes it writable, so nobody should rely on it.
"""

import re
from dataclasses import replace
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, require
from infra.sandbox.oci import grants, outages, retention
from infra.sandbox.oci.base import OciModel, conflict, invalid
from infra.sandbox.oci.keys import KEY
from infra.sandbox.oci.regions import COMMERCIAL, ocid
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json

BUCKET = "oci:ObjectStorage/bucket:Bucket"
REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"


class NamedModel(OciModel):
    """A type that is addressed by names, not by an OCID."""

    def namespace(self, call: Call) -> str:
        """The tenancy's namespace; the first one used is it, any other does not exist."""
        given = call.inputs["namespace"]
        key = f"oci {call.place.account} namespace"
        known = call.clouds.fact(key)
        if known is None:
            call.clouds.set_fact(key, given)
        elif known != given:
            raise CloudError(
                404,
                "NamespaceNotFound",
                f"You do not have authorization to perform this request, or the requested resource could not be found. "
                f"(namespace {given!r}; this tenancy's is {known!r})",
            )
        return given


class Bucket(NamedModel):
    """A bucket."""

    token = BUCKET
    kind = "bucket"
    state = None
    volatile: ClassVar = frozenset({"etag", "retentionRules"})

    def identify(self, call: Call) -> str:
        """`n/{namespace}/b/{name}`, the same in every region: only the region tells two apart."""
        return f"n/{call.inputs['namespace']}/b/{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """Names, key, versioning against retention, and what a replica may not have."""
        self.namespace(call)
        name = call.inputs["name"]
        require(
            re.fullmatch(r"[A-Za-z0-9._-]{1,256}", name), 400, "InvalidBucketName",
            f"The bucket name {name!r} is invalid: 1 to 256 letters, numbers, hyphens, underscores and periods",
        )  # fmt: skip
        if call.is_new and call.visible(BUCKET, self.identify(call)):
            raise CloudError(
                409,
                "BucketAlreadyExists",
                f"Either the bucket {name!r} in namespace {call.inputs['namespace']!r} already exists "
                "or you are not authorized to create it",
            )
        _refuse_versioning(call)
        retention.refuse(call)
        _refuse_key(call)
        if call.old is not None and read_only(call.old):
            _refuse_replica(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """What the service keeps about a bucket."""
        filled: Json = {
            "accessType": "NoPublicAccess",
            "approximateCount": "0",
            "approximateSize": "0",
            "autoTiering": "Disabled",
            "bucketId": ocid("bucket", call.place.region, id_, call.place.account),
            "bucketScope": "NAMESPACE",
            "createdBy": f"ocid1.user.oc1..{'deployer':a<60}",
            "etag": f"etag-{call.clouds.generation(f'etag {call.place.region} {id_}')}",
            "isBucketKeyEnabled": False,
            "isReadOnly": False,
            "kmsKeyId": "",
            "objectEventsEnabled": False,
            "objectLifecyclePolicyEtag": "",
            "replicationEnabled": False,
            "storageTier": "Standard",
            "versioning": "Disabled",
        }
        rules = call.get("retentionRules")
        if rules is not None:
            now = call.timestamp()
            filled["retentionRules"] = [
                rule | {"retentionRuleId": f"rule-{rule['displayName']}", "timeCreated": now, "timeModified": now}
                for rule in rules
            ]
        chosen = {n: v for n, v in filled.items() if n not in call.inputs or n == "retentionRules"}
        return super().outputs(call, id_) | chosen

    def refuse_delete(self, call: Call, record: Record) -> None:
        """Only an empty, unlocked bucket that nothing copies from or to."""
        if record.hidden.get("objects"):
            raise conflict(
                f"Bucket named {record.inputs['name']!r} is not empty. Delete all objects first.", "BucketNotEmpty"
            )
        for policy in _replications(call):
            if _source(policy) == (record.region, record.inputs["name"]):
                raise conflict(
                    f"Bucket {record.inputs['name']!r} has a replication policy {policy.inputs['name']!r}",
                    "BucketNotEmpty",
                )
        if read_only(record):
            raise CloudError(
                403, "BucketIsReadonly",
                f"Bucket {record.inputs['name']!r} is a replication destination: make it writable first",
            )  # fmt: skip
        retention.refuse_delete(call, record)

    def delete(self, call: Call, record: Record) -> None:
        """Its lifecycle policy goes with it."""
        call.clouds.remove(record)
        for policy in call.neighbours(LIFECYCLE, bucket=record.inputs["name"]):
            call.clouds.remove(policy)


class ReplicationPolicy(NamedModel):
    """Copies from a bucket into one of another region. Nothing about it can be changed."""

    token = REPLICATION
    kind = "replicationpolicy"
    state = None

    def identify(self, call: Call) -> str:
        """Named under its bucket."""
        number = ocid("replicationpolicy", call.place.region, call.urn, call.clouds.generation(call.urn)).rpartition(
            "."
        )[2]
        return f"n/{call.inputs['namespace']}/b/{call.inputs['bucket']}/replicationPolicies/{number}"

    def refuse(self, call: Call) -> None:
        """One source for a destination, one destination for a source, no chains; grants; a plain destination."""
        self.namespace(call)
        source = bucket(call, call.inputs["bucket"])
        region = call.inputs["destinationRegionName"]
        if region not in COMMERCIAL:
            raise invalid(f"Invalid destination region {region!r}")
        if region in outages.lost_regions(call.clouds):
            raise CloudError(503, "ServiceUnavailable", f"The destination region {region} cannot be reached")
        destination = bucket(call, call.inputs["destinationBucketName"], region)
        if (source.region, source.id) == (destination.region, destination.id):
            raise invalid("A bucket cannot be replicated into itself")
        _refuse_chain(call, source, destination)
        for record in (source, destination):
            if read_only(record):
                raise CloudError(
                    403,
                    "BucketIsReadonly",
                    f"Bucket {record.inputs['name']!r} in {record.region} is read-only since it was a replication "
                    "destination: make it writable first",
                )
        for record in (source, destination):
            _require_grant(call, record, grants.REPLICATION)
        properties = destination.inputs | destination.outputs
        if properties.get("versioning") == "Enabled" or properties.get("retentionRules"):
            raise invalid(
                f"Destination bucket {destination.inputs['name']!r} has versioning or retention rules, "
                "which a replica must not have"
            )
        if _lifecycle(call, destination):
            raise invalid(
                f"Destination bucket {destination.inputs['name']!r} has a lifecycle policy: a replica must not"
            )

    def outputs(self, call: Call, id_: str) -> Json:
        """Status."""
        return super().outputs(call, id_) | {
            "status": "ACTIVE",
            "statusMessage": "The policy is active",
            "timeLastSync": call.timestamp(),
        }

    def created(self, call: Call, record: Record) -> None:
        """The destination becomes read-only, the source says that it replicates."""
        _mark(call, bucket(call, record.inputs["bucket"]), replicationEnabled=True)
        _mark(
            call,
            bucket(call, record.inputs["destinationBucketName"], record.inputs["destinationRegionName"]),
            isReadOnly=True,
        )

    def delete(self, call: Call, record: Record) -> None:
        """Nothing more is copied; the destination stays read-only."""
        call.clouds.remove(record)
        source = _bucket(call, record.inputs["bucket"], call.place.region)
        if source is not None:
            _mark(call, replace(source, hidden=source.hidden | {"late": []}), replicationEnabled=False)


class ObjectLifecyclePolicy(NamedModel):
    """Rules that delete or move objects by age."""

    token = LIFECYCLE
    kind = "objectlifecyclepolicy"
    state = None

    def identify(self, call: Call) -> str:
        """One for a bucket."""
        return f"n/{call.inputs['namespace']}/b/{call.inputs['bucket']}/l"

    def refuse(self, call: Call) -> None:
        """A writable bucket, a grant for the service, rules that make sense."""
        self.namespace(call)
        holder = bucket(call, call.inputs["bucket"])
        if read_only(holder):
            raise CloudError(
                403,
                "BucketIsReadonly",
                f"Bucket {holder.inputs['name']!r} is a replication destination: it takes no lifecycle policy",
            )
        rules = call.get("rules", [])
        names = [rule["name"] for rule in rules]
        require(len(names) == len(set(names)), 400, "InvalidParameter", "rules: names must be unique")
        for rule in rules:
            if rule["action"] == "ABORT" and rule.get("target") != "multipart-uploads":
                raise invalid(f"rules[{rule['name']}]: ABORT is for target multipart-uploads only")
            if rule["action"] != "ABORT" and rule.get("target") == "multipart-uploads":
                raise invalid(f"rules[{rule['name']}]: target multipart-uploads takes the action ABORT only")
            if int(rule["timeAmount"]) < 0:
                raise invalid(f"rules[{rule['name']}].timeAmount: must not be negative")
        _require_grant(call, holder, grants.LIFECYCLE)


def bucket(call: Call, name: str, region: str | None = None) -> Record:
    """The bucket of this name in the call's region or in another one.

    Raises:
        CloudError: there is none.
    """
    found = _bucket(call, name, region or call.place.region)
    if found is None:
        raise CloudError(
            404,
            "BucketNotFound",
            f"Either the bucket named {name!r} does not exist in the namespace {call.inputs.get('namespace')!r} "
            f"or you are not authorized to access it (region {region or call.place.region})",
        )
    return found


def read_only(record: Record) -> bool:
    """Whether a bucket is a replication destination, or was one and has not been made writable since."""
    return record.outputs.get("isReadOnly") is True


def _bucket(call: Call, name: str, region: str) -> Record | None:
    for record in call.clouds.all(cloud="oci", account=call.place.account, region=region, type=BUCKET):
        if record.status == ACTIVE and record.inputs["name"] == name:
            return record
    return None


def _replications(call: Call) -> list[Record]:
    return call.clouds.all(cloud="oci", account=call.place.account, type=REPLICATION)


def _source(policy: Record) -> tuple[str, str]:
    return policy.region, policy.inputs["bucket"]


def _destination(policy: Record) -> tuple[str, str]:
    return policy.inputs["destinationRegionName"], policy.inputs["destinationBucketName"]


def _lifecycle(call: Call, record: Record) -> bool:
    policies = call.clouds.all(cloud="oci", account=record.account, region=record.region, type=LIFECYCLE)
    return any(policy.inputs["bucket"] == record.inputs["name"] for policy in policies)


def _mark(call: Call, record: Record, **outputs: object) -> None:
    call.clouds.put(replace(record, outputs=record.outputs | outputs))


def _refuse_chain(call: Call, source: Record, destination: Record) -> None:
    ends = {(source.region, source.inputs["name"]), (destination.region, destination.inputs["name"])}
    for policy in _replications(call):
        if call.old is not None and policy.id == call.old.id:
            continue
        for end in (_source(policy), _destination(policy)):
            if end in ends:
                raise CloudError(
                    409, "ReplicationPolicyConflict",
                    f"Bucket {end[1]!r} in {end[0]} takes part in the replication policy "
                    f"{policy.inputs['name']!r} already: "
                    "one destination for a source, one source for a destination, no chains",
                )  # fmt: skip


def _require_grant(call: Call, record: Record, grant: grants.Grant) -> None:
    service = f"objectstorage-{call.place.region}"
    if not grants.granted(call, service, grant, record.inputs["compartmentId"]):
        raise CloudError(
            400,
            "InsufficientServicePermissions",
            f"Permissions granted to the object storage service principal '{service}' to this bucket are insufficient "
            f"({record.inputs['name']} in {record.region})",
        )


def _refuse_versioning(call: Call) -> None:
    wanted = call.get("versioning")
    if call.is_new and wanted == "Suspended":
        raise invalid("versioning: a new bucket is Enabled or Disabled, not Suspended")
    before = (call.old.inputs | call.old.outputs).get("versioning") if call.old else None
    if before in {"Enabled", "Suspended"} and wanted == "Disabled":
        raise invalid("versioning: once enabled it can only be Suspended, not Disabled")
    if call.get("storageTier") == "Archive" and call.get("autoTiering") == "InfrequentAccess":
        raise invalid("autoTiering: not available for Archive buckets")


def _refuse_key(call: Call) -> None:
    key = call.get("kmsKeyId")
    if not key:
        return
    holder = call.visible(KEY, key)
    if holder is None:
        raise CloudError(
            404,
            "KmsKeyNotFound",
            f"The key {key} does not exist in {call.place.region}, is scheduled for deletion, or may not be used",
        )
    service = f"objectstorage-{call.place.region}"
    if not grants.granted(call, service, grants.KEY_USE, holder.inputs["compartmentId"]):
        raise CloudError(
            400,
            "KmsKeyNotAuthorized",
            f"The service principal {service} may not use the key {key}: "
            "a policy must allow it to use keys in the key's compartment",
        )


def _refuse_replica(call: Call) -> None:
    if call.get("versioning") == "Enabled" or call.get("retentionRules"):
        message = "A replication destination takes neither versioning nor retention rules"
        raise CloudError(403, "BucketIsReadonly", message)


MODELS: tuple[Model, ...] = (Bucket(), ReplicationPolicy(), ObjectLifecyclePolicy())
