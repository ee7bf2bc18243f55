"""A legacy site: its key, the one role that works on objects, and a hardened bucket for each dataset.

The site's phase decides what the role may do, what the policies deny and what the buckets expire; in WIPE nothing is
protected any more and everything expires, and a site in CLOSED has none of this (`infra.residency.lifecycle`).

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

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.bucket_guards import BucketGuardsArgs, guard
from infra.residency import naming, site_policies
from infra.residency.aws_policy import Policy, bucket_arn
from infra.residency.keys import DESTRUCTION, KeyCare
from infra.residency.lifecycle import Phase, Site
from infra.residency.placement import SitePlan
from infra.residency.regions import Cloud

_NONCURRENT_DAYS = 30
_UPLOAD_DAYS = 7
_WIPE_DAYS = 1
"""The shortest that a lifecycle rule can wait: objects go at the midnight (UTC) after a whole day."""
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
    policy: Policy
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
        self._bucket_name = args.policy.name
        self._region = args.site.region.value
        bucket = aws.s3.Bucket(
            name,
            region=self._region,
            bucket=self._bucket_name,
            tags=_tags(args.site),
            opts=self._kept(args.key, adopt=self._bucket_name if args.adopted else None),
        )
        guards = guard(
            name,
            BucketGuardsArgs(policy=args.policy, names=(args.role,), key=args.key, bucket_key=True),
            bucket=bucket,
            region=self._region,
            kept=self._kept,
        )
        self.guards = guards.all
        self._lifecycle(name, guards.versioning)
        if args.inventory is not None:
            self._inventory(name, bucket, args.inventory)
        self.register_outputs({})

    def _kept(self, *depends_on: pulumi.Resource, adopt: str | None = None) -> pulumi.ResourceOptions:
        """Options of the bucket and its guards, which share its fate: kept until the site is wiped."""
        args = self._args
        return self._holder(args.provider, depends_on=depends_on, kept=args.site.phase.keeps_holders, adopt=adopt)

    def _lifecycle(self, name: str, versioning: pulumi.Resource) -> None:
        aws.s3.BucketLifecycleConfiguration(
            name,
            region=self._region,
            bucket=self._bucket_name,
            rules=_wiping() if self._args.site.phase is Phase.WIPE else _tidying(self._args.site.phase),
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


def _tags(site: Site) -> dict[str, str]:
    """What a holder is tagged with: its phase, so that a diff names every holder that a move concerns."""
    return {"phase": site.phase.value}


_EVERYTHING = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")


def _tidying(phase: Phase) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """Older versions and unfinished uploads go after a while; in DRAIN they wait, since a census counts them."""
    status = "Enabled" if phase is Phase.BACKUP else "Disabled"
    return [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="noncurrent-versions",
            status=status,
            filter=_EVERYTHING,
            noncurrent_version_expiration=_noncurrent(_NONCURRENT_DAYS),
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="incomplete-uploads",
            status=status,
            filter=_EVERYTHING,
            abort_incomplete_multipart_upload=_uploads(_UPLOAD_DAYS),
        ),
    ]


def _wiping() -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """Everything goes: current versions become older ones, those and unfinished uploads are deleted, then markers.

    The second rule stands alone because a rule's expiration takes either an age or delete markers.
    """
    return [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="everything",
            status="Enabled",
            filter=_EVERYTHING,
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=_WIPE_DAYS),
            noncurrent_version_expiration=_noncurrent(_WIPE_DAYS),
            abort_incomplete_multipart_upload=_uploads(_WIPE_DAYS),
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="delete-markers",
            status="Enabled",
            filter=_EVERYTHING,
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
        ),
    ]


def _noncurrent(days: int) -> aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs:
    return aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(noncurrent_days=days)


def _uploads(days: int) -> aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs:
    return aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyBackupArgs:
    """A site's plan and its provider.

    Attributes:
        boundary: ARN of what none of its roles may go beyond; None where people deploy.
    """

    organization: str
    plan: SitePlan
    care: KeyCare
    boundary: str | None
    provider: aws.Provider


class LegacyBackup(Component):
    """A site's key, role and buckets, in a phase that has them."""

    def __init__(self, name: str, args: LegacyBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LegacyBackup", name, opts)
        self._args = args
        self._site = args.plan.site
        role = self._role()
        key = self._key(role, *self._restorer())

        def bucket(name: str, policy: Policy, inventory: InventoryArgs | None, *, adopted: bool) -> LegacyBucket:
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
        if self._site.phase is Phase.WIPE:  # a bucket that is to be emptied gets no inventories any more
            inventory = None
        for backup in args.plan.backups:
            bucket(backup.name, backup.policy, inventory, adopted=backup.adopted)
        self.register_outputs({})

    def _role(self) -> aws.iam.Role:
        """The transfer's role while backups are made, then the retirement's."""
        plan, provider = self._args.plan, self._args.provider
        if self._site.phase is Phase.BACKUP:
            name = f"transfer-{self._site.name}"
            purpose = f"Writes the backups at {self._site.name}, and nothing else"
        else:
            name = f"retire-{self._site.name}"
            purpose = f"Drains, then wipes the backups at {self._site.name}, and nothing else"
        role = aws.iam.Role(
            name,
            name=plan.role,
            description=purpose,
            assume_role_policy=site_policies.role_trust(plan).text(),
            permissions_boundary=self._args.boundary,
            opts=self._child(provider),
        )
        aws.iam.RolePolicy(
            name,
            name=plan.role,
            role=plan.role,
            policy=site_policies.role_policy(plan, self._args.organization).text(),
            opts=self._child(provider, depends_on=(role,)),
        )
        return role

    def _restorer(self) -> tuple[aws.iam.Role, ...]:
        """The role that reads one dataset's backup back, while the plan has one."""
        restore, provider = self._args.plan.restore, self._args.provider
        if restore is None:
            return ()
        name = f"restore-{self._site.name}"
        role = aws.iam.Role(
            name,
            name=restore.role,
            description=f"Reads the backup of {restore.dataset} at {self._site.name} back, until {restore.until}",
            assume_role_policy=restore.trust().text(),
            permissions_boundary=self._args.boundary,
            opts=self._child(provider),
        )
        aws.iam.RolePolicy(
            name,
            name=restore.role,
            role=restore.role,
            policy=restore.policy().text(),
            opts=self._child(provider, depends_on=(role,)),
        )
        return (role,)

    def _key(self, *roles: aws.iam.Role) -> aws.kms.Key:
        plan, provider, region = self._args.plan, self._args.provider, self._site.region.value
        kept = self._site.phase.keeps_holders
        key = aws.kms.Key(
            self._site.name,
            region=region,
            description=f"Encrypts the backups at {self._site.name}",
            policy=site_policies.key_policy(plan, self._args.organization).text(),
            multi_region=False,
            enable_key_rotation=True,
            rotation_period_in_days=self._args.care.rotation_days,
            deletion_window_in_days=DESTRUCTION[Cloud.AWS].ours,
            tags=_tags(self._site),
            opts=self._holder(provider, depends_on=roles, kept=kept),
        )
        aws.kms.Alias(
            self._site.name,
            region=region,
            name=plan.key_alias,
            target_key_id=key.key_id,
            opts=self._holder(provider, kept=kept),
        )
        return key
