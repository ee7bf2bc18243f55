"""What resources do to each other over time, and what is scheduled, adopted or kept instead of deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra import sandbox
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from tests.sandbox.client import TENANCY, Client, Refused
from tests.sandbox.world import AGE, KEY_ADMIN, document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.world import World

COMPARTMENT = "oci:Identity/compartment:Compartment"
POLICY = "oci:Identity/policy:Policy"
BUCKET = "oci:ObjectStorage/bucket:Bucket"
REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"
PEERING = "oci:Core/remotePeeringConnection:RemotePeeringConnection"
ENDPOINT = "oci:ObjectStorage/privateEndpoint:PrivateEndpoint"


def test_a_compartment_stays_and_is_taken_over(oci: Callable[..., Client]):
    """Without enableDelete a destroy only lets go of it, and the next create of the same name gets the same one."""
    client, inputs = oci(), {"name": "data", "description": "d"}
    first, outputs = client.create(COMPARTMENT, inputs)
    client.delete(COMPARTMENT, first, outputs)
    assert client.read(COMPARTMENT, first)[0] == first
    second, _ = client.create(COMPARTMENT, inputs, name="other")
    assert second == first


def test_a_deletable_compartment_must_be_empty(oci: Callable[..., Client]):
    """With enableDelete it goes, but not while something is in it; re-created it is another one."""
    client, inputs = oci(), {"name": "data", "description": "d", "enableDelete": True}
    first, outputs = client.create(COMPARTMENT, inputs)
    vcn = "oci:Core/vcn:Vcn"
    inside, made = client.create(vcn, {"compartmentId": first, "cidrBlocks": ["10.0.0.0/16"]})
    with pytest.raises(Refused, match="not empty: Vcn"):
        client.delete(COMPARTMENT, first, outputs)
    client.delete(vcn, inside, made)
    client.delete(COMPARTMENT, first, outputs)
    assert client.read(COMPARTMENT, first)[0] == ""
    second, _ = client.create(COMPARTMENT, inputs)
    assert second != first
    with pytest.raises(Refused, match="404-NotAuthorizedOrNotFound"):
        client.create(vcn, {"compartmentId": first, "cidrBlocks": ["10.0.0.0/16"]})


def test_two_ends_peer_and_part(world: World):
    """Naming one end connects both; deleting one end revokes the other; a third cannot join."""
    near, far = world["peering"], world["far-peering"]
    status = far.client.read(PEERING, far.id)[1]
    assert (status["peeringStatus"], status["peerId"], status["peerRegionName"]) == ("PEERED", near.id, "us-ashburn-1")
    with pytest.raises(Refused, match="peered with"):
        near.client.create(PEERING, near.inputs, name="third")
    near.client.delete(PEERING, near.id, near.outputs)
    status = far.client.read(PEERING, far.id)[1]
    assert (status["peeringStatus"], status["peerId"]) == ("REVOKED", "")


def test_replication_makes_its_ends_special(world: World, tmp_path: Path):
    """The replica takes no lifecycle rules and no replication of its own until it is made writable."""
    replica, policy = world["replica"], world["replication"]
    grant = "Allow service objectstorage-us-phoenix-1 to manage object-family in compartment data"
    world.make("west", POLICY, name="west", description="d", compartmentId=TENANCY, statements=[grant])
    rules = {"namespace": "axexample", "bucket": "profiles-phx", "rules": [AGE]}
    with pytest.raises(Refused, match="403-BucketIsReadonly"):
        replica.client.create(LIFECYCLE, rules)
    policy.client.delete(REPLICATION, policy.id, policy.outputs)
    assert world.iad.read(BUCKET, world.id("primary"))[1]["replicationEnabled"] is False
    with pytest.raises(Refused, match="403-BucketIsReadonly"):
        replica.client.create(LIFECYCLE, rules)
    api, there = ObjectApi(tmp_path / "clouds.sqlite"), Bucket("us-phoenix-1", "axexample", "profiles-phx")
    api.make_writable(there)
    assert replica.client.read(BUCKET, replica.id)[1]["isReadOnly"] is False
    replica.client.create(LIFECYCLE, rules)


@pytest.mark.parametrize(
    ("destination", "words"),
    [({"versioning": "Enabled"}, "versioning"), ({"retentionRules": [{"displayName": "r"}]}, "retention")],
)
def test_a_destination_is_plain(world: World, destination: dict[str, Any], words: str):
    """A bucket with versioning or retention cannot become a replica."""
    world.make(
        "other", BUCKET,
        client=world.phx, compartmentId=world.id("data"), namespace="axexample", name="o", **destination,
    )  # fmt: skip
    world.make("source", BUCKET, compartmentId=world.id("data"), namespace="axexample", name="s")
    inputs = world["replication"].inputs | {"bucket": "s", "destinationBucketName": "o"}
    with pytest.raises(Refused, match=words):
        world.iad.create(REPLICATION, inputs, name="again")


def test_a_destination_without_lifecycle(world: World):
    """A bucket with lifecycle rules cannot become a replica either."""
    grant = "Allow service objectstorage-us-phoenix-1 to manage object-family in compartment data"
    world.make("west", POLICY, name="west", description="d", compartmentId=TENANCY, statements=[grant])
    place = {"compartmentId": world.id("data"), "namespace": "axexample"}
    world.make("other", BUCKET, client=world.phx, name="o", **place)
    world.make("source", BUCKET, name="s", **place)
    world.make("rules", LIFECYCLE, client=world.phx, namespace="axexample", bucket="o", rules=[AGE])
    inputs = world["replication"].inputs | {"bucket": "s", "destinationBucketName": "o"}
    with pytest.raises(Refused, match="lifecycle"):
        world.iad.create(REPLICATION, inputs, name="again")


NEEDED = (
    "request.permission='BUCKET_READ', request.permission='BUCKET_UPDATE', request.permission='OBJECT_READ', "
    "request.permission='OBJECT_INSPECT', request.permission='OBJECT_CREATE', request.permission='OBJECT_OVERWRITE', "
    "request.permission='OBJECT_RESTORE', request.permission='OBJECT_DELETE'"
)
IAD = "Allow service objectstorage-us-ashburn-1"


@pytest.mark.parametrize(
    ("statement", "works"),
    [
        (f"{IAD} to manage object-family in compartment data", True),
        (f"{IAD} to manage object-family in tenancy", True),
        (f"{IAD} to manage all-resources in tenancy", True),
        ("ALLOW SERVICE ObjectStorage-us-ashburn-1 TO MANAGE object-family IN TENANCY", True),
        (f"{IAD} to manage object-family in compartment data where any {{{NEEDED}}}", True),
        (f"{IAD} to manage object-family in compartment data where any {{{NEEDED.partition(', ')[2]}}}", False),
        (f"{IAD} to read object-family in compartment data", False),
        (f"{IAD} to manage buckets in compartment data", False),
        (f"{IAD} to manage object-family in compartment other", False),
        ("Allow service objectstorage-us-phoenix-1 to manage object-family in compartment data", False),
        ("Allow group operators to manage object-family in compartment data", False),
        (f"{IAD.replace('Allow', 'Deny')} to manage object-family in compartment data", False),
        (
            f"{IAD} to {{BUCKET_READ, BUCKET_UPDATE, OBJECT_READ, OBJECT_INSPECT, OBJECT_CREATE, OBJECT_OVERWRITE, "
            "OBJECT_RESTORE, OBJECT_DELETE}} in compartment data".replace("}}", "}"),
            True,
        ),
        (f"{IAD} to {{OBJECT_READ}} in compartment data", False),
    ],
)
def test_replication_needs_its_grant(world: World, statement: str, works: bool):
    """Exactly a grant for the source region's service over the buckets' compartment lets replication begin."""
    world.make("elsewhere", COMPARTMENT, name="other", description="d", compartmentId=TENANCY)
    place = {"compartmentId": world.id("data"), "namespace": "axexample"}
    world.make("o", BUCKET, client=world.phx, name="o", **place)
    world.make("s", BUCKET, name="s", **place)
    grants = world["grants"]
    kept = [text for text in grants.inputs["statements"] if "object-family in compartment data" not in text]
    grants.client.update(
        POLICY, grants.id, grants.outputs, grants.inputs | {"statements": [*kept, statement]}, name="grants"
    )
    inputs = world["replication"].inputs | {"bucket": "s", "destinationBucketName": "o"}
    if works:
        assert world.iad.create(REPLICATION, inputs, name="again")[0]
    else:
        with pytest.raises(Refused, match="400-InsufficientServicePermissions"):
            world.iad.create(REPLICATION, inputs, name="again")


def test_a_bucket_with_a_key_needs_its_grant(world: World):
    """Without a grant to use keys, a bucket cannot have one."""
    grants = world["grants"]
    only = [text for text in grants.inputs["statements"] if "use keys" not in text]
    grants.client.update(POLICY, grants.id, grants.outputs, grants.inputs | {"statements": only}, name="grants")
    with pytest.raises(Refused, match="400-KmsKeyNotAuthorized"):
        world.iad.create(BUCKET, world["primary"].inputs | {"name": "n"}, name="n")


def test_a_grant_ends_when_its_compartment_is_renamed(world: World):
    """Statements name compartments by name: after a rename they grant nothing."""
    data = world["data"]
    data.client.update(COMPARTMENT, data.id, data.outputs, data.inputs | {"name": "renamed"}, name="data")
    with pytest.raises(Refused, match="400-KmsKeyNotAuthorized"):
        world.iad.create(BUCKET, world["primary"].inputs | {"name": "n"}, name="n")


def test_compartment_paths(oci: Callable[..., Client]):
    """A policy sees paths downwards from where it is attached, its own compartment included."""
    client = oci()
    outer, _ = client.create(COMPARTMENT, {"name": "outer", "description": "d"}, name="outer")
    client.create(COMPARTMENT, {"name": "inner", "description": "d", "compartmentId": outer}, name="inner")

    def accepted(where: str, path: str) -> bool:
        statement = f"Allow any-user to inspect buckets in compartment {path}"
        inputs = {"description": "d", "compartmentId": where, "statements": [statement]}
        try:
            client.create(POLICY, inputs, name=f"p{where[-3:]}{path}")
        except Refused as refusal:
            if "does not exist or is not part of the policy compartment subtree" not in refusal.details:
                raise
            return False
        return True

    answers = {
        (place, path): accepted(id_, path)
        for place, id_ in (("root", TENANCY), ("outer", outer))
        for path in ("outer", "outer:inner", "inner", "inner:outer", f"id {outer}")
    }
    assert {key for key, yes in answers.items() if yes} == {
        ("root", "outer"), ("root", "outer:inner"), ("root", f"id {outer}"),
        ("outer", "outer"), ("outer", "outer:inner"), ("outer", "inner"), ("outer", f"id {outer}"),
    }  # fmt: skip


def test_a_vault_takes_its_keys_along(world: World, servers: sandbox.Servers):
    """Deleting a vault schedules it and its keys; a bucket can no longer be made under such a key."""
    vault, key = world["vault"], world["key"]
    vault.client.delete(vault.token, vault.id, vault.outputs)
    assert vault.client.read(vault.token, vault.id)[0] == ""
    assert key.client.read(key.token, key.id, key.outputs)[0] == ""
    with servers.store.reading() as clouds:
        scheduled = clouds.find(type=key.token)
    assert scheduled is not None
    assert scheduled.outputs["timeOfDeletion"] == "2026-01-31T00:00:00.000Z"
    with pytest.raises(Refused, match="404-KmsKeyNotFound"):
        world.iad.create(BUCKET, world["primary"].inputs | {"name": "n"}, name="n")


def test_a_key_lives_where_its_vault_is(world: World):
    """The management endpoint decides the region: a provider of another region creates and finds the key there."""
    made, _ = world.phx.create("oci:Kms/key:Key", world["key"].inputs, name="from-afar")
    assert made.split(".")[3] == "iad"
    assert world.phx.read("oci:Kms/key:Key", made, world["key"].outputs)[0] == made
    assert world.phx.read("oci:Kms/key:Key", made)[0] == ""


def test_a_legacy_key_waits_for_its_window(world: World, servers: sandbox.Servers):
    """AWS keys wait their 7 to 30 days."""
    key = world["aws-key"]
    key.client.delete(key.token, key.id, key.outputs)
    with servers.store.reading() as clouds:
        record = clouds.find(type=key.token)
    assert record is not None
    assert (record.status, record.outputs["deletionDate"]) == ("PENDING_DELETION", "2026-01-08T00:00:00+00:00")


@pytest.mark.parametrize(("force", "gone"), [(False, False), (True, True)])
def test_a_full_bucket_stays(aws: Callable[..., Client], servers: sandbox.Servers, force: bool, gone: bool):
    """Objects keep a bucket from being deleted, unless the state says forceDestroy."""
    client, token = aws(), "aws:s3/bucket:Bucket"
    id_, outputs = client.create(token, {"bucket": "full", "forceDestroy": force})
    with servers.store.changing() as clouds:
        record = clouds.find(type=token)
        assert record is not None
        record.hidden["objects"] = 3
        clouds.put(record)
    if gone:
        client.delete(token, id_, outputs)
    else:
        with pytest.raises(Refused, match="BucketNotEmpty"):
            client.delete(token, id_, outputs)
    assert client.read(token, id_)[0] == ("" if gone else id_)


def test_a_full_oracle_bucket_stays(world: World, servers: sandbox.Servers):
    """The same for Oracle, which knows no force."""
    bucket = world.make("full", BUCKET, compartmentId=world.id("data"), namespace="axexample", name="full")
    with servers.store.changing() as clouds:
        record = clouds.find(type=BUCKET, id=bucket.id)
        assert record is not None
        record.hidden["objects"] = 1
        clouds.put(record)
    with pytest.raises(Refused, match="409-BucketNotEmpty"):
        bucket.client.delete(BUCKET, bucket.id, bucket.outputs)


def test_a_bucket_takes_its_settings_along(world: World, servers: sandbox.Servers):
    """A deleted bucket's policy, versioning and the rest are gone, those of others are not."""
    bucket = world["tt-backup"]
    bucket.client.delete(bucket.token, bucket.id, bucket.outputs)
    with servers.store.reading() as clouds:
        left = {record.id for record in clouds.all(cloud="aws") if record.type.startswith("aws:s3/")}
    assert left == {"tt-plain", "tt-reports", "tt-trails"}


def test_a_locked_rule_cannot_go(oci: Callable[..., Client], servers: sandbox.Servers):
    """Once its date has passed, a retention rule can be neither removed nor shortened, and the bucket stays."""
    client = oci()
    rule = {"displayName": "audit", "timeRuleLocked": "2026-01-15T00:00:00Z"} | _kept(365)
    inputs = {"compartmentId": TENANCY, "namespace": "n", "name": "audit", "retentionRules": [rule]}
    id_, outputs = client.create(BUCKET, inputs)
    with servers.store.changing() as clouds:
        clouds.set_fact("now", "2026-02-01T00:00:00+00:00")
        clouds.session_now = "2026-02-01T00:00:00+00:00"
    for less in ([rule | _kept(364)], [rule | {"timeRuleLocked": None}], [{"displayName": "other"}]):
        with pytest.raises(Refused, match="409-RetentionRuleLocked"):
            client.update(BUCKET, id_, outputs, inputs | {"retentionRules": less})
    bare = {name: value for name, value in inputs.items() if name != "retentionRules"}
    with pytest.raises(Refused, match="409-RetentionRuleLocked"):
        client.update(BUCKET, id_, outputs, bare)
    with pytest.raises(Refused, match="409-RetentionRuleLocked"):
        client.delete(BUCKET, id_, outputs)
    assert client.update(BUCKET, id_, outputs, inputs | {"metadata": {"a": "1"}})["metadata"] == {"a": "1"}
    longer = client.update(BUCKET, id_, outputs, inputs | {"retentionRules": [rule | _kept(400)]})
    assert [each["duration"]["timeAmount"] for each in longer["retentionRules"]] == ["400"]


def _kept(days: int) -> dict[str, Any]:
    return {"duration": {"timeAmount": str(days), "timeUnit": "DAYS"}}


def test_a_key_must_let_a_trail_encrypt(world: World):
    """A key that admits nobody but its account's administrators is refused for a trail, one that admits it is not."""
    trail = world["trail"]
    _, unwilling = world.aws.create("aws:kms/key:Key", {"policy": document(KEY_ADMIN)})
    with pytest.raises(Refused, match="InsufficientEncryptionPolicyException"):
        trail.client.update(trail.token, trail.id, trail.outputs, trail.inputs | {"kmsKeyId": unwilling["arn"]})


def test_ten_private_endpoints(world: World):
    """A tenancy has ten, in all its regions together."""
    inputs = world["endpoint"].inputs
    addresses = {world["endpoint"].outputs["privateEndpointIp"]}
    for number in range(9):
        made = world.make(f"e{number}", ENDPOINT, **(inputs | {"name": f"e{number}", "prefix": f"e{number}"}))
        addresses.add(made.outputs["privateEndpointIp"])
    assert len(addresses) == 10
    with pytest.raises(Refused, match="400-LimitExceeded"):
        world.iad.create(ENDPOINT, inputs | {"name": "more", "prefix": "more"}, name="more")


def test_defined_tags(world: World):
    """A tag that exists, with an allowed value, in any case, is accepted; a retired one is not."""
    group, tag = "oci:Identity/group:Group", world["tag"]
    tagged = {"description": "d", "definedTags": {"Ops.Class": "public", "Oracle-Tags.CreatedBy": "me"}}
    assert world.iad.create(group, tagged | {"name": "one"}, name="one")[0]
    tag.client.update(tag.token, tag.id, tag.outputs, tag.inputs | {"isRetired": True}, name="tag")
    with pytest.raises(Refused, match="is retired"):
        world.iad.create(group, tagged | {"name": "two"}, name="two")


def test_an_attached_gateway_must_be_attached_here(world: World):
    """A route to a DRG needs the DRG attached to the route table's own VCN; so do gateways of other VCNs."""
    data = world.id("data")
    world.make("other", "oci:Core/vcn:Vcn", compartmentId=data, cidrBlocks=["10.20.0.0/16"])
    table = {"compartmentId": data, "vcnId": world.id("other")}
    for target, words in ((world.id("drg"), "not attached"), (world.id("nat"), "another VCN")):
        rules = [{"destination": "10.17.0.0/16", "networkEntityId": target}]
        with pytest.raises(Refused, match=words):
            world.iad.create("oci:Core/routeTable:RouteTable", table | {"routeRules": rules}, name="t")
    foreign = {"compartmentId": data, "vcnId": world.id("other"), "cidrBlock": "10.20.1.0/24"}
    with pytest.raises(Refused, match="another VCN"):
        world.iad.create("oci:Core/subnet:Subnet", foreign | {"routeTableId": world.id("routes")}, name="t")
    with pytest.raises(Refused, match="no DNS label"):
        world.iad.create("oci:Core/subnet:Subnet", foreign | {"dnsLabel": "x"}, name="t")
    other = world.make("other-drg", "oci:Core/drg:Drg", compartmentId=data).id
    attachment = {"drgId": other, "vcnId": world.id("other"), "drgRouteTableId": world.id("drg-table")}
    with pytest.raises(Refused, match="another DRG"):
        world.iad.create("oci:Core/drgAttachment:DrgAttachment", attachment, name="t")
    for services, words in (
        ([], "exactly one"),
        ([{"serviceId": "ocid1.service.oc1.phx.aaaa"}], "no service of us-ashb"),
    ):
        inputs = {"compartmentId": data, "vcnId": world.id("other"), "services": services}
        with pytest.raises(Refused, match=words):
            world.iad.create("oci:Core/serviceGateway:ServiceGateway", inputs, name="t")


def test_a_subnet_holds_its_tables(world: World):
    """A route table and a security list in use stay."""
    subnet = world["subnet"]
    wanted = subnet.inputs | {"routeTableId": world.id("routes"), "securityListIds": [world.id("list")]}
    subnet.client.update(subnet.token, subnet.id, subnet.outputs, wanted, name="subnet")
    for label in ("routes", "list"):
        made = world[label]
        with pytest.raises(Refused, match="still associated with subnet"):
            made.client.delete(made.token, made.id, made.outputs)


def test_object_lock_and_copies_need_versions(aws: Callable[..., Client]):
    """Both refuse a bucket that keeps no versions; a locked bucket keeps them."""
    client = aws()
    client.create("aws:s3/bucket:Bucket", {"bucket": "plain"}, name="plain")
    lock = {"bucket": "plain", "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}}
    with pytest.raises(Refused, match="InvalidBucketState"):
        client.create("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", lock)
    copies = {
        "bucket": "plain", "role": "arn:aws:iam::222222222222:role/r",
        "rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::plain"}}],
    }  # fmt: skip
    with pytest.raises(Refused, match="Versioning must be"):
        client.create("aws:s3/bucketReplicationConfig:BucketReplicationConfig", copies)
    client.create("aws:s3/bucket:Bucket", {"bucket": "locked", "objectLockEnabled": True}, name="locked")
    suspended = {"bucket": "locked", "versioningConfiguration": {"status": "Suspended"}}
    with pytest.raises(Refused, match="InvalidBucketState"):
        client.create("aws:s3/bucketVersioning:BucketVersioning", suspended)


def test_time_stands_still_in_a_session(tmp_path):
    """All effects of one session carry one time; the first effect of the next is a minute later; reads move nothing."""
    times = []
    for _ in range(2):
        with sandbox.serve(tmp_path / "clouds.sqlite") as servers:
            client = Client(servers.addresses["oci"], {"region": "us-ashburn-1", "tenancyOcid": TENANCY})
            for number in range(2):
                inputs = {"description": "d", "name": f"g{len(times)}{number}"}
                _, outputs = client.create("oci:Identity/group:Group", inputs, name=inputs["name"])
                times.append(outputs["timeCreated"])
            client.close()
        with sandbox.serve(tmp_path / "clouds.sqlite") as servers, servers.store.reading() as clouds:
            assert clouds.all()
    assert times == ["2026-01-01T00:00:00.000Z"] * 2 + ["2026-01-01T00:01:00.000Z"] * 2


def test_a_world_is_the_same_whatever_the_order(tmp_path):
    """Ids depend on what a resource is, not on when its call arrived."""
    ids = []
    for order in ([1, 2, 3], [3, 1, 2]):
        with sandbox.serve(tmp_path / str(order) / "clouds.sqlite") as servers:
            client = Client(servers.addresses["oci"], {"region": "us-ashburn-1", "tenancyOcid": TENANCY})
            made = {}
            for number in order:
                inputs = {"description": "d", "name": f"g{number}"}
                made[number] = client.create("oci:Identity/group:Group", inputs, name=f"g{number}")
            ids.append(made)
            client.close()
    assert ids[0] == ids[1]
