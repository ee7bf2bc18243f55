"""Object Storage's own API in the simulated cloud: objects, replication, making a bucket writable, lost regions.

Proves the rules that a failover of storage rests on as Oracle's page "Using Replication" states them; what remains
unsaid there (what a source's deleted policy leaves behind) is imitated in the harsher way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from infra.sandbox import command_line
from infra.sandbox.errors import CloudError, Unreachable
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from infra.sandbox.oci.outages import NoSuchRegionError, set_outage
from tests.sandbox.client import TENANCY, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.world import World

BUCKET = "oci:ObjectStorage/bucket:Bucket"
REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
POLICY = "oci:Identity/policy:Policy"
WRITES = "Allow group operators to {OBJECT_CREATE, OBJECT_DELETE} in compartment data"
SOURCE = Bucket("us-ashburn-1", "axexample", "profiles-iad")
REPLICA = Bucket("us-phoenix-1", "axexample", "profiles-phx")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file of the world's clouds."""
    return tmp_path / "clouds.sqlite"


@pytest.fixture
def api(world: World, database: Path) -> ObjectApi:
    """The API of a world with a replicated bucket."""
    assert world.made
    return ObjectApi(database)


def code(caught: pytest.ExceptionInfo[CloudError]) -> str:
    """The service's error code."""
    return caught.value.code


def test_what_is_written_or_deleted_is_replicated_and_keeps_its_md5(api: ObjectApi):
    """At once, or when it is delivered; a delete too."""
    api.put(SOURCE, "one", "e1")
    api.put(SOURCE, "two", "e2", late=True)
    assert (api.objects(SOURCE), api.objects(REPLICA)) == ({"one": "e1", "two": "e2"}, {"one": "e1"})
    api.deliver(SOURCE)
    api.delete(SOURCE, "one")
    assert api.objects(SOURCE) == api.objects(REPLICA) == {"two": "e2"}


def test_a_destination_is_read_only_until_it_is_made_writable(api: ObjectApi, world: World):
    """Writing is refused, also once the policy is gone at its source; MakeBucketWritable frees it, once."""
    for change in (lambda: api.put(REPLICA, "x", "e"), lambda: api.delete(REPLICA, "x")):
        with pytest.raises(CloudError) as caught:
            change()
        assert (caught.value.status, code(caught)) == (403, "BucketIsReadonly")
    policy = world["replication"]
    policy.client.delete(REPLICATION, policy.id, policy.outputs)
    assert api.read_only(REPLICA)
    with pytest.raises(Refused, match="make it writable first"):
        world.iad.create(REPLICATION, policy.inputs, name="again")
    api.make_writable(REPLICA)
    api.put(REPLICA, "x", "e")
    assert (api.objects(REPLICA), api.objects(SOURCE)) == ({"x": "e"}, {})
    with pytest.raises(CloudError) as caught:
        api.make_writable(REPLICA)
    assert code(caught) == "BucketNotReadOnly"


def test_making_a_bucket_writable_ends_its_replication_and_what_was_late_never_arrives(api: ObjectApi, world: World):
    """The policy is gone; deleting it afterwards, as an update does, is no error."""
    api.put(SOURCE, "late", "e", late=True)
    api.make_writable(REPLICA)
    api.deliver(SOURCE)
    api.put(SOURCE, "after", "e")
    assert api.objects(REPLICA) == {}
    policy = world["replication"]
    assert policy.client.read(REPLICATION, policy.id)[0] == ""
    policy.client.delete(REPLICATION, policy.id, policy.outputs)


def test_what_was_there_before_a_policy_is_not_replicated(api: ObjectApi, world: World):
    """Only what is written while a policy lives arrives; what comes after it neither."""
    policy = world["replication"]
    api.make_writable(REPLICA)
    api.put(SOURCE, "before", "e")
    world.iad.create(REPLICATION, policy.inputs, name="again")
    api.put(SOURCE, "since", "e")
    assert api.objects(REPLICA) == {"since": "e"}


def test_a_bucket_with_objects_is_not_deleted(api: ObjectApi, world: World):
    """Nor is one that nobody made writable; there is no such bucket as one that does not exist."""
    with pytest.raises(Refused, match="403-BucketIsReadonly"):
        world.phx.delete(BUCKET, world.id("replica"), world["replica"].outputs)
    api.make_writable(REPLICA)
    api.put(REPLICA, "x", "e")
    with pytest.raises(Refused, match="409-BucketNotEmpty"):
        world.phx.delete(BUCKET, world.id("replica"), world["replica"].outputs)
    api.delete(REPLICA, "x")
    world.phx.delete(BUCKET, world.id("replica"), world["replica"].outputs)
    with pytest.raises(CloudError) as caught:
        api.objects(REPLICA)
    assert code(caught) == "BucketNotFound"


def test_a_group_writes_if_a_policy_says_so(api: ObjectApi, world: World):
    """Reading is not writing, and a statement for named operations is none for objects in general."""
    for number, (statement, writes) in enumerate(
        [
            ("Allow group operators to {OBJECT_READ, OBJECT_INSPECT} in compartment data", False),
            (f"{WRITES} where request.operation='PutObjectLifecyclePolicy'", False),
            (WRITES, True),
        ]
    ):
        world.make(f"p{number}", POLICY, name=f"p{number}", description="d", compartmentId=TENANCY,
                   statements=[statement])  # fmt: skip
        if not writes:
            with pytest.raises(CloudError):
                api.put(SOURCE, "x", "e", group="operators")
    api.put(SOURCE, "x", "e", group="operators")
    api.delete(SOURCE, "x", group="operators")


def test_a_lost_region_answers_nobody_and_is_as_it_was_when_it_is_back(api: ObjectApi, world: World, database: Path):
    """Neither the provider nor the API, nor identity in a lost home. Making the replica writable needs no source."""
    api.put(SOURCE, "x", "e")
    set_outage(database, "us-ashburn-1", lost=True)
    with pytest.raises(Unreachable, match="i/o timeout"):
        api.objects(SOURCE)
    for act in (
        lambda: world.iad.read(BUCKET, world.id("primary")),
        lambda: world.iad.delete(BUCKET, world.id("primary"), world["primary"].outputs),
        lambda: world.iad.create(
            POLICY, {"name": "n", "description": "d", "compartmentId": TENANCY, "statements": [WRITES]}
        ),
    ):
        with pytest.raises(Refused, match="i/o timeout"):
            act()
    api.make_writable(REPLICA)
    api.put(REPLICA, "y", "e")
    set_outage(database, "us-ashburn-1", lost=False)
    assert (api.objects(SOURCE), api.objects(REPLICA)) == ({"x": "e"}, {"x": "e", "y": "e"})


def test_a_lost_destination_gets_later_what_was_written_meanwhile(api: ObjectApi, world: World, database: Path):
    """And no policy towards it can be made while it is lost."""
    set_outage(database, "us-phoenix-1", lost=True)
    api.put(SOURCE, "x", "e")
    inputs = world["replication"].inputs | {"name": "again"}
    with pytest.raises(Refused, match="503-ServiceUnavailable"):
        world.iad.create(REPLICATION, inputs, name="again")
    set_outage(database, "us-phoenix-1", lost=False)
    assert api.objects(REPLICA) == {}
    api.deliver(SOURCE)
    assert api.objects(REPLICA) == {"x": "e"}


def test_a_region_that_does_not_exist_cannot_be_lost(database: Path):
    """Not even one of another realm."""
    with pytest.raises(NoSuchRegionError, match="us-gov-ashburn-1"):
        set_outage(database, "us-gov-ashburn-1", lost=True)


def run(*words: str, code: int = 0) -> str:
    """What a command writes."""
    result = CliRunner().invoke(command_line.main, words)
    assert result.exit_code == code, result.output
    return result.output


def test_the_commands(api: ObjectApi, database: Path, monkeypatch: pytest.MonkeyPatch):
    """Write, delete and list; lose a region and have it back; refusals are exit 1, bad words exit 2."""
    monkeypatch.setattr(command_line, "DATABASE", database)
    source, replica = (
        ("objects", *("us-ashburn-1", "axexample", "profiles-iad")),
        ("objects", *("us-phoenix-1", "axexample", "profiles-phx")),
    )
    assert run(*source, "--put", "a") == "profiles-iad in us-ashburn-1, writable: a\n"
    assert run(*source, "--put", "b", "--late") == "profiles-iad in us-ashburn-1, writable: a, b\n"
    assert run(*replica) == "profiles-phx in us-phoenix-1, read-only: a\n"
    assert run(*source, "--delete", "a", "--deliver") == "profiles-iad in us-ashburn-1, writable: b\n"
    assert api.objects(REPLICA) == {"b": "md5-b"}
    assert "403-BucketIsReadonly" in run(*replica, "--put", "x", code=1)
    assert "no OBJECT_CREATE" in run(*source, "--put", "x", "--as-group", "nobody", code=1)
    assert run("outage", "us-ashburn-1", "begin") == "us-ashburn-1 cannot be reached\n"
    assert "i/o timeout" in run(*source, code=1)
    assert run("outage", "us-ashburn-1", "end") == "us-ashburn-1 is back\n"
    assert "no region of realm OC1" in run("outage", "us-ashburn", "begin", code=2)
    assert run("objects", "us-phoenix-1", "axexample", "none", code=1).startswith("infra.sandbox: 404-BucketNotFound")
