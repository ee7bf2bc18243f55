"""Legacy sites: key, role and buckets with all their guards, each in its site's region and nowhere else."""

import json

import pytest

from infra.residency.planner import plan
from tests.residency.samples import GOOD
from tests.support.programs import AS_OF
from tests.support.recorder import Recorded

SITES = {"virginia": ("us-east-1", "111111111111"), "singapore": ("ap-southeast-1", "222222222222")}
DATASETS = ("avatars", "messages", "metrics", "profiles", "videos")
KEYS = {"us-east-1": "use1", "ap-southeast-1": "apse1"}
BUCKET = "aws:s3/bucket:Bucket"
GUARDS = (
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
INVENTORY = "aws:s3/inventory:Inventory"


def physical(name: str, site: str) -> str:
    """What a bucket is called in AWS."""
    region, account = SITES[site]
    adopted = (name, site) == ("profiles", "singapore")
    return "tt-sg-profiles-backup" if adopted else f"usds-{name}-{KEYS[region]}-{account}"


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", [*DATASETS, "reports"])
def test_a_bucket_has_every_guard(made: Recorded, name, site):
    """Each with exactly these inputs, for the inventories' bucket as for a backup."""
    region, _ = SITES[site]
    logical, bucket = f"{name}-{site}", physical(name, site)
    found = {token: made.one(token, logical).inputs for token in (BUCKET, *GUARDS, LIFECYCLE)}
    policy = json.loads(found["aws:s3/bucketPolicy:BucketPolicy"].pop("policy"))
    base = {"bucket": bucket, "region": region}
    assert found == {
        BUCKET: base | {"tags": {"phase": "backup"}},
        GUARDS[0]: base | {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        GUARDS[1]: base,
        GUARDS[2]: base
        | {
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        GUARDS[3]: base
        | {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "kmsMasterKeyId": f"<aws:kms/key:Key {site}.arn>",
                        "sseAlgorithm": "aws:kms",
                    },
                    "bucketKeyEnabled": True,
                }
            ]
        },
        GUARDS[4]: base | {"versioningConfiguration": {"status": "Enabled"}},
        LIFECYCLE: base
        | {
            "rules": [
                {
                    "filter": {"prefix": ""},
                    "id": "noncurrent-versions",
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "status": "Enabled",
                },
                {
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                    "filter": {"prefix": ""},
                    "id": "incomplete-uploads",
                    "status": "Enabled",
                },
            ]
        },
    }
    planned = next(p for p in plan(GOOD, AS_OF).sites if p.site.name == site)
    policies = {backup.bucket: backup.policy for backup in planned.backups}
    assert policy == {**policies, planned.reports_bucket: planned.reports_policy}[bucket].document()


def test_there_is_no_other_bucket(recorded: Recorded):
    """One for each dataset and one for inventories at each site."""
    assert {r.name for r in recorded.of_type(BUCKET)} == {
        f"{name}-{site}" for name in (*DATASETS, "reports") for site in SITES
    }


def test_a_policy_comes_after_what_blocks_public_access(recorded: Recorded):
    """Ownership, block and policy one after the other, since S3 takes one such change at a time."""
    for bucket in recorded.of_type(BUCKET):
        ownership, policy, block = (recorded.one(token, bucket.name) for token in GUARDS[:3])
        assert ownership.dependencies == {bucket.urn}
        assert block.dependencies == {ownership.urn}
        assert block.urn in policy.dependencies


@pytest.mark.parametrize("site", SITES)
def test_inventories_go_into_the_sites_own_bucket(made: Recorded, site):
    """Weekly, all versions, once that bucket has its guards; encrypted by its default, as its policy demands."""
    region, account = SITES[site]
    reports = {made.one(token, f"reports-{site}").urn for token in GUARDS}
    found = [r for r in made.of_type(INVENTORY) if r.name.endswith(f"-{site}")]
    assert {r.name for r in found} == {f"{name}-{site}" for name in DATASETS}
    for inventory in found:
        bucket = physical(inventory.name.removesuffix(f"-{site}"), site)
        assert inventory.inputs["destination"] == {
            "bucket": {
                "accountId": account,
                "bucketArn": f"arn:aws:s3:::usds-reports-{KEYS[region]}-{account}",
                "format": "Parquet",
                "prefix": bucket,
            }
        }
        assert (inventory.inputs["bucket"], inventory.inputs["includedObjectVersions"]) == (bucket, "All")
        assert inventory.inputs["schedule"] == {"frequency": "Weekly"}
        assert reports <= inventory.dependencies


@pytest.mark.parametrize("site", SITES)
def test_a_key_is_for_one_region_and_three_users(made: Recorded, site):
    """Rotated, of one region; administered by the deployer, who cannot decrypt; nobody may schedule its deletion."""
    region, account = SITES[site]
    inputs = dict(made.one("aws:kms/key:Key", site).inputs)
    statements = {s["Sid"]: s for s in json.loads(inputs.pop("policy"))["Statement"]}
    assert inputs == {
        "deletionWindowInDays": 30,
        "description": f"Encrypts the backups at {site}",
        "enableKeyRotation": True,
        "multiRegion": False,
        "region": region,
        "rotationPeriodInDays": 365.0,
        "tags": {"phase": "backup"},
    }
    assert {sid: s["Principal"] for sid, s in statements.items()} == {
        "Administer": {"AWS": f"arn:aws:iam::{account}:role/usdata-deployer"},
        "UseThroughS3": {"AWS": f"arn:aws:iam::{account}:role/usds-transfer-{site}"},
        "EncryptInventories": {"Service": "s3.amazonaws.com"},
    }
    actions = {sid: set(s["Action"]) for sid, s in statements.items()}
    assert not {"kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"} & actions["Administer"]
    assert not {"kms:*", "kms:ScheduleKeyDeletion", "kms:CreateGrant"} & set().union(*actions.values())
    through = {"StringEquals": {"kms:ViaService": [f"s3.{region}.amazonaws.com"]}}
    assert statements["UseThroughS3"]["Condition"] == through
    alias = made.one("aws:kms/alias:Alias", site)
    assert alias.inputs == {
        "name": f"alias/usds-backup-{site}",
        "region": region,
        "targetKeyId": f"<aws:kms/key:Key {site}.keyId>",
    }


@pytest.mark.parametrize("site", SITES)
def test_the_transfer_is_for_datasync_of_the_same_account_and_the_sites_own_buckets(made: Recorded, site):
    """It never reads inventories, takes no version away, and uses the key only through S3 of its region."""
    region, account = SITES[site]
    role = made.one("aws:iam/role:Role", f"transfer-{site}")
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert (trust["Effect"], trust["Principal"], trust["Action"], trust["Condition"]) == (
        "Allow",
        {"Service": "datasync.amazonaws.com"},
        ["sts:AssumeRole"],
        {
            "StringEquals": {"aws:SourceAccount": [account]},
            "ArnLike": {"aws:SourceArn": [f"arn:aws:datasync:{region}:{account}:*"]},
        },
    )
    policy = made.one("aws:iam/rolePolicy:RolePolicy", f"transfer-{site}")
    statements = {s["Sid"]: s for s in json.loads(policy.inputs["policy"])["Statement"]}
    own = [f"arn:aws:s3:::usds-*-{KEYS[region]}-{account}"]
    own += ["arn:aws:s3:::tt-sg-profiles-backup"] if site == "singapore" else []
    reports = f"arn:aws:s3:::usds-reports-{KEYS[region]}-{account}"
    assert {sid: (s["Effect"], s["Resource"]) for sid, s in statements.items()} == {
        "Buckets": ("Allow", own),
        "Objects": ("Allow", [f"{arn}/*" for arn in own]),
        "NoReports": ("Deny", [reports, f"{reports}/*"]),
        "Key": ("Allow", [f"arn:aws:kms:{region}:{account}:key/*"]),
    }
    assert "s3:DeleteObjectVersion" not in statements["Objects"]["Action"]
    assert statements["Key"]["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": [f"alias/usds-backup-{site}"]},
        "StringEquals": {"kms:ViaService": [f"s3.{region}.amazonaws.com"]},
    }
