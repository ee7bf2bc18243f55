"""A legacy site in phase BACKUP: its key, the one role that writes backups, and a hardened bucket for each dataset.

What it refuses:

* *Another region.* AWS resources carry a region that beats their provider's, so each one states its site's.
* *A way onwards.* No replication, no acceleration, no key of several regions: from here data goes nowhere.
* *A lock that would outlive the site.* No object lock: a backup has to be wiped one day. Nothing empties a bucket
  (`forceDestroy`) either.
* *A bucket without its guards.* Ownership, public-access block, encryption, versions, policy, lifecycle and inventory
  come with every bucket, for the inventories' own bucket too: object names are user data. Its own inventory alone is
  left out, which would be about inventories.
* *Another key, or none.* Every bucket encrypts with the site's key by default, and its policy denies uploads that
  choose.
* *A replacement of what was there.* An adopted bucket is imported and never created.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import legacy_policies
from components.base import Component
from infra.residency import naming
from infra.residency.bucket_policy import BucketPolicy, bucket_arn
from infra.residency.lifecycle import Site
from infra.residency.placement import SitePlan

_DELETION_DAYS = 30
"""The longest that KMS waits before it deletes a key."""
_NONCURRENT_DAYS = 30
_UPLOAD_DAYS = 7
_INVENTORY = "all-versions"
_INVENTORY_FIELDS = (
    "BucketKeyStatus",
    "ChecksumAlgorithm",
    "ETag",
    "EncryptionStatus",
    "IsMultipartUploaded",
    "LastModifiedDate",
    "Size",
    "StorageClass",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryArgs:
    """Where the inventories of a bucket go, and what must be there before they can."""

    reports_bucket: str
    depends_on: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyBucketArgs:
    """A bucket at a legacy site.

    Attributes:
        adopted: whether it is there already and imported.
        role: the transfer's role, which the bucket's policy names.
        inventory: None for the bucket that holds inventories.
    """

    site: Site
    policy: BucketPolicy
    adopted: bool
    key: aws.kms.Key
    role: aws.iam.Role
    inventory: InventoryArgs | None
    provider: aws.Provider


class LegacyBucket(Component):
    """A bucket and everything that guards it.

    Attributes:
        guards: the resources without which nothing may be put into the bucket.
    """

    guards: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: LegacyBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LegacyBucket", name, opts)
        self._args = args
        self._bucket_name = args.policy.bucket
        self._region = args.site.region.value
        bucket = aws.s3.Bucket(
            name,
            region=self._region,
            bucket=self._bucket_name,
            opts=self._holder(args.provider, adopt=self._bucket_name if args.adopted else None),
        )
        versioning = self._versioning(name, bucket)
        self.guards = (*self._access(name, bucket), self._encryption(name, bucket), versioning)
        self._lifecycle(name, versioning)
        if args.inventory is not None:
            self._inventory(name, bucket, args.inventory)
        self.register_outputs({})

    def _access(self, name: str, bucket: aws.s3.Bucket) -> tuple[pulumi.Resource, ...]:
        """Who owns objects, and who may do what; one after the other, since S3 takes one such change at a time."""
        args = self._args
        ownership = aws.s3.BucketOwnershipControls(
            name,
            region=self._region,
            bucket=self._bucket_name,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._holder(args.provider, depends_on=(bucket,)),
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            region=self._region,
            bucket=self._bucket_name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._holder(args.provider, depends_on=(ownership,)),
        )
        policy = aws.s3.BucketPolicy(
            name,
            region=self._region,
            bucket=self._bucket_name,
            policy=json.dumps(args.policy.document()),
            opts=self._holder(args.provider, depends_on=(block, args.role)),
        )
        return ownership, block, policy

    def _encryption(self, name: str, bucket: aws.s3.Bucket) -> pulumi.Resource:
        return aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            region=self._region,
            bucket=self._bucket_name,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=self._args.key.arn
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=self._holder(self._args.provider, depends_on=(bucket,)),
        )

    def _versioning(self, name: str, bucket: aws.s3.Bucket) -> pulumi.Resource:
        return aws.s3.BucketVersioning(
            name,
            region=self._region,
            bucket=self._bucket_name,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._holder(self._args.provider, depends_on=(bucket,)),
        )

    def _lifecycle(self, name: str, versioning: pulumi.Resource) -> None:
        everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
        aws.s3.BucketLifecycleConfiguration(
            name,
            region=self._region,
            bucket=self._bucket_name,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="noncurrent-versions",
                    status="Enabled",
                    filter=everything,
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=_NONCURRENT_DAYS
                    ),
                ),
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="incomplete-uploads",
                    status="Enabled",
                    filter=everything,
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=_UPLOAD_DAYS
                    ),
                ),
            ],
            opts=self._child(self._args.provider, depends_on=(versioning,)),
        )

    def _inventory(self, name: str, bucket: aws.s3.Bucket, inventory: InventoryArgs) -> None:
        """What is in the bucket, listed weekly; encrypted by the reports bucket's default, which its policy demands."""
        aws.s3.Inventory(
            name,
            region=self._region,
            bucket=self._bucket_name,
            name=_INVENTORY,
            enabled=True,
            included_object_versions="All",
            optional_fields=list(_INVENTORY_FIELDS),
            schedule=aws.s3.InventoryScheduleArgs(frequency="Weekly"),
            destination=aws.s3.InventoryDestinationArgs(
                bucket=aws.s3.InventoryDestinationBucketArgs(
                    account_id=self._args.site.account_id,
                    bucket_arn=bucket_arn(inventory.reports_bucket),
                    format="Parquet",
                    prefix=self._bucket_name,
                )
            ),
            opts=self._child(self._args.provider, depends_on=(bucket, *inventory.depends_on)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyBackupArgs:
    """A site's plan and its provider."""

    organization: str
    plan: SitePlan
    provider: aws.Provider


class LegacyBackup(Component):
    """A site's key, transfer role and buckets."""

    def __init__(self, name: str, args: LegacyBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LegacyBackup", name, opts)
        self._args = args
        self._site = args.plan.site
        role = self._transfer_role()
        key = self._key(role)

        def bucket(name: str, policy: BucketPolicy, inventory: InventoryArgs | None, *, adopted: bool) -> LegacyBucket:
            return LegacyBucket(
                name,
                LegacyBucketArgs(
                    site=self._site,
                    policy=policy,
                    adopted=adopted,
                    key=key,
                    role=role,
                    inventory=inventory,
                    provider=args.provider,
                ),
                pulumi.ResourceOptions(parent=self),
            )

        reports = bucket(naming.backup(naming.REPORTS, self._site.name), args.plan.reports_policy, None, adopted=False)
        inventory = InventoryArgs(reports_bucket=args.plan.reports_bucket, depends_on=reports.guards)
        for backup in args.plan.backups:
            bucket(backup.name, backup.policy, inventory, adopted=backup.adopted)
        self.register_outputs({})

    def _transfer_role(self) -> aws.iam.Role:
        plan, provider = self._args.plan, self._args.provider
        role = aws.iam.Role(
            f"transfer-{self._site.name}",
            name=plan.transfer_role,
            description=f"Writes the backups at {self._site.name}, and nothing else",
            assume_role_policy=legacy_policies.transfer_trust(plan),
            opts=self._child(provider),
        )
        aws.iam.RolePolicy(
            f"transfer-{self._site.name}",
            name=plan.transfer_role,
            role=plan.transfer_role,
            policy=legacy_policies.transfer_policy(plan, self._args.organization),
            opts=self._child(provider, depends_on=(role,)),
        )
        return role

    def _key(self, role: aws.iam.Role) -> aws.kms.Key:
        plan, provider, region = self._args.plan, self._args.provider, self._site.region.value
        key = aws.kms.Key(
            self._site.name,
            region=region,
            description=f"Encrypts the backups at {self._site.name}",
            policy=legacy_policies.key_policy(plan, self._args.organization),
            multi_region=False,
            enable_key_rotation=True,
            deletion_window_in_days=_DELETION_DAYS,
            opts=self._holder(provider, depends_on=(role,)),
        )
        aws.kms.Alias(
            self._site.name,
            region=region,
            name=plan.key_alias,
            target_key_id=key.key_id,
            opts=self._holder(provider),
        )
        return key
