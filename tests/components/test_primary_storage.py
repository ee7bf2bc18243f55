"""Primary storage: buckets, replication, lifecycle, grants and endpoints, exactly as the plan has them."""

import pytest

from tests.support.recorder import Recorded

BUCKET = "oci:ObjectStorage/bucket:Bucket"
REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"
POLICY = "oci:Identity/policy:Policy"
KEY = "oci:Kms/key:Key"
SHARDS = {
    "profiles": "protected",
    "messages": "protected",
    "videos": "protected",
    "videos-1": "protected",
    "metrics": "excepted",
    "avatars": "public",
}


@pytest.mark.parametrize(("shard", "data_class"), SHARDS.items())
def test_a_source_keeps_versions_and_tells_of_objects(made: Recorded, shard, data_class):
    """In the primary region under its class's key there; readable by anyone only if PUBLIC, and never listed."""
    assert made.one(BUCKET, f"{shard}-us-ashburn-1").inputs == {
        "accessType": "ObjectReadWithoutList" if data_class == "public" else "NoPublicAccess",
        "compartmentId": f"<oci:Identity/compartment:Compartment {data_class}.id>",
        "definedTags": {
            "usds.data-class": data_class,
            "usds.owner": "usds",
            "usds.phase": "live",
            "usds.role": "primary",
        },
        "kmsKeyId": f"<{KEY} {data_class}-us-ashburn-1.id>",
        "name": f"usds-{shard}-iad",
        "namespace": "axsandbox",
        "objectEventsEnabled": True,
        "storageTier": "Standard",
        "versioning": "Enabled",
    }


@pytest.mark.parametrize(("shard", "data_class"), SHARDS.items())
def test_a_replica_is_a_plain_bucket_under_its_own_regions_key(made: Recorded, shard, data_class):
    """In the standby region; no versions, no events, and nobody reads it, PUBLIC or not."""
    assert made.one(BUCKET, f"{shard}-us-phoenix-1").inputs == {
        "accessType": "NoPublicAccess",
        "compartmentId": f"<oci:Identity/compartment:Compartment {data_class}.id>",
        "definedTags": {
            "usds.data-class": data_class,
            "usds.owner": "usds",
            "usds.phase": "live",
            "usds.role": "replica",
        },
        "kmsKeyId": f"<{KEY} {data_class}-us-phoenix-1.id>",
        "name": f"usds-{shard}-phx",
        "namespace": "axsandbox",
        "objectEventsEnabled": False,
        "storageTier": "Standard",
        "versioning": "Disabled",
    }


def test_there_is_no_other_bucket(recorded: Recorded):
    """Two for each shard, and none in the spare region."""
    assert {r.name for r in recorded.of_type(BUCKET)} == {
        f"{shard}-{region}" for shard in SHARDS for region in ("us-ashburn-1", "us-phoenix-1")
    }


def test_every_shard_is_replicated_once_from_primary_to_standby(recorded: Recorded):
    """By names known in a preview, after both buckets and both regions' grants."""
    policies = recorded.of_type(REPLICATION)
    assert {r.name: r.inputs for r in policies} == {
        f"{shard}-us-ashburn-1-to-us-phoenix-1": {
            "bucket": f"usds-{shard}-iad",
            "destinationBucketName": f"usds-{shard}-phx",
            "destinationRegionName": "us-phoenix-1",
            "name": f"{shard}-us-ashburn-1-to-us-phoenix-1",
            "namespace": "axsandbox",
        }
        for shard in SHARDS
    }
    for policy in policies:
        shard = policy.name.removesuffix("-us-ashburn-1-to-us-phoenix-1")
        assert policy.provider == "oci-us-ashburn-1"
        assert policy.dependencies == {
            *(recorded.one(BUCKET, f"{shard}-{region}").urn for region in ("us-ashburn-1", "us-phoenix-1")),
            *(recorded.one(POLICY, f"objectstorage-{region}").urn for region in ("us-ashburn-1", "us-phoenix-1")),
        }


def test_only_sources_have_a_lifecycle(recorded: Recorded):
    """Older versions go after 30 days, unfinished uploads after 7; a replica follows its source."""
    rules = [
        {
            "action": "DELETE",
            "isEnabled": True,
            "name": "noncurrent-versions",
            "target": "previous-object-versions",
            "timeAmount": "30",
            "timeUnit": "DAYS",
        },
        {
            "action": "ABORT",
            "isEnabled": True,
            "name": "incomplete-uploads",
            "target": "multipart-uploads",
            "timeAmount": "7",
            "timeUnit": "DAYS",
        },
    ]
    assert {r.name: r.inputs for r in recorded.of_type(LIFECYCLE)} == {
        f"{shard}-us-ashburn-1": {"bucket": f"usds-{shard}-iad", "namespace": "axsandbox", "rules": rules}
        for shard in SHARDS
    }


def test_object_storage_is_granted_exactly_the_regions_that_hold_data(recorded: Recorded):
    """One policy for each at the root, each statement naming that region's principal; none for the spare region."""
    policies = {r.name: r for r in recorded.of_type(POLICY) if r.name.startswith("objectstorage-")}
    assert policies.keys() == {"objectstorage-us-ashburn-1", "objectstorage-us-phoenix-1"}
    for name, policy in policies.items():
        statements = policy.inputs["statements"]
        assert len(statements) == 4
        assert all(statement.startswith(f"Allow service {name} to ") for statement in statements)
        assert (policy.inputs["name"], policy.inputs["compartmentId"]) == (
            f"usds-{name}",
            "ocid1.tenancy.oc1..aaaaaaaasandbox",
        )


def test_an_export_is_one_group_and_one_statement_for_each_shard(recorded: Recorded):
    """It reads the default store until the exception ends, and nothing else grants it anything."""
    (group,) = recorded.of_type("oci:Identity/group:Group")
    policy = recorded.one(POLICY, "metrics-export")
    assert group.inputs["name"] == "capacity-planners"
    assert policy.inputs["statements"] == [
        (
            "Allow group capacity-planners to read objects in compartment usds:excepted where all "
            "{target.bucket.name='usds-metrics-iad', request.region='iad', "
            "request.utc-timestamp before '2027-06-30T00:00:00Z'}"
        )
    ]
    assert group.urn in policy.dependencies
    granting = [r.name for r in recorded.of_type(POLICY) if any("group" in line for line in r.inputs["statements"])]
    assert granting == ["metrics-export"]


def test_every_region_puts_stray_buckets_into_the_protected_compartment(made: Recorded):
    """What an application makes through the S3 or Swift interface never lands at the root."""
    protected = "<oci:Identity/compartment:Compartment protected.id>"
    found = made.of_type("oci:ObjectStorage/namespaceMetadata:NamespaceMetadata")
    assert {r.provider for r in found} == {"oci-us-ashburn-1", "oci-us-chicago-1", "oci-us-phoenix-1"}
    for metadata in found:
        assert metadata.inputs == {
            "defaultS3compartmentId": protected,
            "defaultSwiftCompartmentId": protected,
            "namespace": "axsandbox",
        }


def test_regions_with_data_have_a_private_endpoint(made: Recorded):
    """In the endpoint subnet behind its security group, to the buckets of every class and to nothing at the root."""
    found = made.of_type("oci:ObjectStorage/privateEndpoint:PrivateEndpoint")
    assert [(r.name, r.inputs["name"], r.inputs["prefix"]) for r in found] == [
        ("endpoint-us-ashburn-1", "usds-iad", "usds-iad"),
        ("endpoint-us-phoenix-1", "usds-phx", "usds-phx"),
    ]
    for endpoint in found:
        assert endpoint.inputs["subnetId"] == f"<oci:Core/subnet:Subnet {endpoint.name}.id>"
        assert endpoint.inputs["nsgIds"] == [f"<oci:Core/networkSecurityGroup:NetworkSecurityGroup {endpoint.name}.id>"]
        assert endpoint.inputs["accessTargets"] == [
            {
                "bucket": "*",
                "compartmentId": f"<oci:Identity/compartment:Compartment {data_class}.id>",
                "namespace": "axsandbox",
            }
            for data_class in ("protected", "excepted", "public")
        ]


def test_the_default_store_is_where_applications_write(made: Recorded):
    """For each dataset and shard the primary bucket: never a replica's address, nor a legacy site's."""
    endpoint = "https://axsandbox.compat.objectstorage.us-ashburn-1.oraclecloud.com"

    def address(shard: str) -> dict[str, str]:
        return {
            "bucket": f"usds-{shard}-iad",
            "endpoint": endpoint,
            "key": f"<{KEY} {SHARDS[shard]}-us-ashburn-1.id>",
            "namespace": "axsandbox",
            "region": "us-ashburn-1",
        }

    assert made.outputs["defaultStore"] == {
        "avatars": {"0": address("avatars")},
        "messages": {"0": address("messages")},
        "metrics": {"0": address("metrics")},
        "profiles": {"0": address("profiles")},
        "videos": {"0": address("videos"), "1": address("videos-1")},
    }
