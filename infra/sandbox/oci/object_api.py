"""Object Storage's own API, beside what its provider calls: objects, and making a bucket writable.

For drills: a bucket knows its objects' names and MD5 sums, never their contents. What is written to a bucket that
replicates is in the destination at once, unless it is said to be on its way still (`late`): then it arrives with
`deliver`, or never, if the policy ends before.

Sources: Oracle's page "Using Replication" (a replica has the MD5 of its source; deletes are replicated; objects from
before the policy are not) and its API's MakeBucketWritable (stops replication and removes the policy).
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.facts import facts_of
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Operation, Place
from infra.sandbox.oci import grants
from infra.sandbox.oci.objects import BUCKET, REPLICATION
from infra.sandbox.oci.outages import lost_regions, refuse_lost
from infra.sandbox.store import ACTIVE, Clouds, Record, Store

_SERVICE = "objectstorage"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Which bucket is meant."""

    region: str
    namespace: str
    name: str


class ObjectApi:
    """Calls of the API; each raises CloudError or Unreachable as the service would."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def read_only(self, bucket: Bucket) -> bool:
        """GetBucket: whether it is a replication destination, or was one and has not been made writable."""
        with self._clouds(bucket) as clouds:
            return _read_only(_record(clouds, bucket))

    def replicates(self, bucket: Bucket) -> bool:
        """GetBucket: whether it is a replication source."""
        with self._clouds(bucket) as clouds:
            return bool(_out_of(clouds, _record(clouds, bucket)))

    def make_writable(self, bucket: Bucket) -> None:
        """MakeBucketWritable: replication into it ends, wherever its source is and whether that can be reached."""
        with self._clouds(bucket) as clouds:
            record = _record(clouds, bucket)
            if not _read_only(record):
                raise CloudError(409, "BucketNotReadOnly", f"Bucket {bucket.name!r} is writable already")
            for policy in _into(clouds, record):
                clouds.remove(policy)
                source = _bucket(clouds, record.account, policy.region, policy.inputs["bucket"])
                if source is not None:
                    outputs = source.outputs | {"replicationEnabled": False}
                    clouds.put(replace(source, outputs=outputs, hidden=source.hidden | {"late": []}))
            record = _record(clouds, bucket)
            clouds.put(replace(record, outputs=record.outputs | {"isReadOnly": False}))

    def objects(self, bucket: Bucket) -> Mapping[str, str]:
        """ListObjects: the MD5 of every object by its name."""
        with self._clouds(bucket) as clouds:
            return dict(sorted(_contents(_record(clouds, bucket)).items()))

    def put(self, bucket: Bucket, name: str, md5: str, *, group: str | None = None, late: bool = False) -> None:
        """PutObject, by a member of a group, or by somebody whom no policy binds."""
        self._change(bucket, name, md5, group=group, late=late)

    def delete(self, bucket: Bucket, name: str, *, group: str | None = None) -> None:
        """DeleteObject."""
        self._change(bucket, name, None, group=group, late=False)

    def deliver(self, bucket: Bucket) -> None:
        """What is on its way to the bucket's destination arrives."""
        with self._clouds(bucket) as clouds:
            record = _record(clouds, bucket)
            for policy in _out_of(clouds, record):
                for name in record.hidden.get("late", ()):
                    _replicate(clouds, policy, name, _contents(record).get(name))
            clouds.put(replace(record, hidden=record.hidden | {"late": []}))

    def _change(self, bucket: Bucket, name: str, md5: str | None, *, group: str | None, late: bool) -> None:
        permission = "OBJECT_DELETE" if md5 is None else "OBJECT_CREATE"
        with self._clouds(bucket) as clouds:
            record = _record(clouds, bucket)
            if group is not None and not _may(clouds, record, group, permission):
                raise CloudError(404, "BucketNotFound", f"Group {group} has no {permission} on bucket {bucket.name!r}")
            if _read_only(record):
                raise CloudError(
                    403, "BucketIsReadonly", f"Bucket {bucket.name!r} is a replication destination and read-only"
                )
            record = _with(record, name, md5)
            policies = _out_of(clouds, record)
            waits = [
                policy for policy in policies if late or policy.inputs["destinationRegionName"] in lost_regions(clouds)
            ]
            if waits:
                record = replace(record, hidden=record.hidden | {"late": [*record.hidden.get("late", ()), name]})
            clouds.put(record)
            for policy in policies:
                if policy not in waits:
                    _replicate(clouds, policy, name, md5)

    @contextmanager
    def _clouds(self, bucket: Bucket) -> Generator[Clouds]:
        store = Store(self._database)
        try:
            with store.changing() as clouds:
                refuse_lost(clouds, bucket.region, _SERVICE)
                yield clouds
        finally:
            store.close()


def _record(clouds: Clouds, bucket: Bucket) -> Record:
    id_ = f"n/{bucket.namespace}/b/{bucket.name}"
    found = clouds.find(cloud="oci", region=bucket.region, type=BUCKET, id=id_)
    if found is None or found.status != ACTIVE:
        raise CloudError(404, "BucketNotFound", f"There is no bucket {bucket.name!r} in {bucket.region}")
    return found


def _may(clouds: Clouds, record: Record, group: str, permission: str) -> bool:
    place = Place(cloud="oci", account=record.account, region=record.region)
    facts = facts_of(BUCKET)
    assert facts is not None  # noqa: S101 - a type with a model has facts
    call = Call(operation=Operation.READ, place=place, clouds=clouds, facts=facts, token=BUCKET, urn="", inputs={})
    return grants.group_may(call, group, permission, record.inputs["compartmentId"])


def _bucket(clouds: Clouds, account: str, region: str, name: str) -> Record | None:
    found = clouds.all(cloud="oci", account=account, region=region, type=BUCKET)
    return next((record for record in found if record.inputs["name"] == name), None)


def _read_only(record: Record) -> bool:
    return record.outputs.get("isReadOnly") is True


def _contents(record: Record) -> dict[str, Any]:
    return record.hidden.get("contents", {})


def _with(record: Record, name: str, md5: str | None) -> Record:
    """The bucket with an object, or without it."""
    before = _contents(record)
    after = {key: value for key, value in before.items() if key != name} | ({} if md5 is None else {name: md5})
    count = record.hidden.get("objects", 0) + len(after) - len(before)
    return replace(record, hidden=record.hidden | {"contents": after, "objects": count})


def _out_of(clouds: Clouds, record: Record) -> list[Record]:
    found = clouds.all(cloud="oci", account=record.account, region=record.region, type=REPLICATION)
    return [policy for policy in found if policy.inputs["bucket"] == record.inputs["name"]]


def _into(clouds: Clouds, record: Record) -> list[Record]:
    there = (record.region, record.inputs["name"])
    found = clouds.all(cloud="oci", account=record.account, type=REPLICATION)
    return [it for it in found if (it.inputs["destinationRegionName"], it.inputs["destinationBucketName"]) == there]


def _replicate(clouds: Clouds, policy: Record, name: str, md5: str | None) -> None:
    region, bucket = policy.inputs["destinationRegionName"], policy.inputs["destinationBucketName"]
    destination = _bucket(clouds, policy.account, region, bucket)
    if destination is not None:
        clouds.put(_with(destination, name, md5))
