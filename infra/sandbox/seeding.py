"""Puts resources into the simulated clouds that were there before any stack: buckets to adopt, roles, a tenancy."""

from pathlib import Path
from typing import Any

from infra.facts import facts_of, schema
from infra.facts.fill import fill
from infra.sandbox import lifecycle
from infra.sandbox.cloud import Cloud
from infra.sandbox.errors import CloudError, Unreachable
from infra.sandbox.model import Call, Operation
from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.server import clouds as simulated
from infra.sandbox.store import Record, Store
from infra.sandbox.values import Json


class SeedError(Exception):
    """The resource cannot be put there; the text says why."""


def seed(
    database: Path,
    token: str,
    name: str,
    *,
    account: str,
    region: str,
    inputs: Json | None = None,
    objects: int = 0,
) -> Record:
    """Create a resource as someone else would have, by the same rules as any other.

    Args:
        database: file of the simulated clouds.
        token: type token, such as `aws:s3/bucket:Bucket`.
        name: physical name.
        account: AWS account number or tenancy OCID.
        region: where.
        inputs: further input properties.
        objects: how many objects a bucket holds.

    Raises:
        SeedError: an unknown type, inputs it does not take, or the cloud's refusal.
    """
    cloud = _cloud(token)
    known = facts_of(token)
    if known is None:
        raise SeedError(f"{token}: there is no such resource type")
    named = known.autoname.property if known.autoname else "name" if "name" in known.inputs else "displayName"
    place = cloud.place(_settings(cloud.name, account, region))
    given: Json = {**(inputs or {}), named: name} if named in known.inputs else dict(inputs or {})
    filled = fill(known, cloud.complete(place, known, given), {}, name=name, seed=name.encode())
    bare = lifecycle.without_bookkeeping(filled)
    problems = [f"{path}: {reason}" for path, reason in schema.provider_problems(known, bare)]
    if problems:
        raise SeedError("; ".join(problems))
    store = Store(database)
    try:
        with store.changing() as clouds:
            call = Call(
                operation=Operation.CREATE,
                place=cloud.model(token).place(place, bare),
                clouds=clouds,
                facts=known,
                token=token,
                urn=f"seed::{token}::{name}",
                inputs=bare,
            )
            record = lifecycle.create(cloud, call, filled)
            record.hidden["objects"] = objects
            clouds.put(record)
    except CloudError as error:
        raise SeedError(
            cloud.word_error(error, operation=Operation.CREATE, token=token, place=place, subject=name)
        ) from error
    except Unreachable as error:
        raise SeedError(str(error)) from error
    finally:
        store.close()
    return record


def open_tenancy(database: Path, tenancy: str, *, home_region: str, namespace: str | None = None) -> None:
    """Say what a tenancy is before it is first used.

    Args:
        database: file of the simulated clouds.
        tenancy: its OCID.
        home_region: where identity, quotas and tags live.
        namespace: its Object Storage namespace; None leaves it to the first use.

    Raises:
        SeedError: no such region.
    """
    if home_region not in COMMERCIAL:
        raise SeedError(f"{home_region}: no region of realm OC1{schema.nearest(home_region, COMMERCIAL)}")
    store = Store(database)
    try:
        with store.changing() as clouds:
            clouds.set_fact(f"oci {tenancy} home", home_region)
            if namespace is not None:
                clouds.set_fact(f"oci {tenancy} namespace", namespace)
    finally:
        store.close()


def _cloud(token: str) -> Cloud:
    package = token.partition(":")[0]
    found = next((cloud for cloud in simulated() if cloud.name == package), None)
    if found is None:
        raise SeedError(f"{token}: the simulated clouds are {', '.join(cloud.name for cloud in simulated())}")
    return found


def _settings(cloud: str, account: str, region: str) -> dict[str, Any]:
    return (
        {"region": region, "tenancyOcid": account}
        if cloud == "oci"
        else {"region": region, "allowedAccountIds": [account]}
    )
