"""Where the trails of the legacy sites go: one bucket in Virginia that nobody can empty, and its key.

What it refuses:

* *A lock that somebody can lift.* Whatever arrives is locked in compliance mode for as long as the plan says: neither
  the account's root nor Amazon's staff deletes it or shortens that. Backups are never locked so, since they must be
  wiped one day; what was written about them must not.
* *A key that those administer whose acts it seals.* Bucket and key are in an account that is no site's, and no policy
  lets anybody destroy the key, which would end every log at once.
* *An end with the sites.* It is there in every phase, protected and kept.
* *A key for the bucket.* CloudTrail encrypts each log in its trail's name, which the key's policy asks for; a bucket
  key would encrypt in the bucket's.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.bucket_guards import BucketGuardsArgs, guard
from infra.residency import trail_policies
from infra.residency.keys import DESTRUCTION, KeyCare
from infra.residency.lifecycle import HolderPhase
from infra.residency.regions import Cloud
from infra.residency.trails import ARCHIVE_REGION, ArchivePlan

_REGION = ARCHIVE_REGION.value


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditArchiveArgs:
    """What is planned, how keys are kept, and the provider of the archive's account."""

    plan: ArchivePlan
    care: KeyCare
    provider: aws.Provider


class AuditArchive(Component):
    """The bucket and the key of the trails.

    Attributes:
        key: what the trails encrypt with.
        ready: what must be there before a trail can deliver.
    """

    key: aws.kms.Key
    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: AuditArchiveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AuditArchive", name, opts)
        self._args = args
        plan, tags = args.plan, {"phase": HolderPhase.LIVE.value}
        self.key = aws.kms.Key(
            name,
            region=_REGION,
            description="Encrypts the trails of the legacy sites",
            policy=trail_policies.key_policy(plan).text(),
            multi_region=False,
            enable_key_rotation=True,
            rotation_period_in_days=args.care.rotation_days,
            deletion_window_in_days=DESTRUCTION[Cloud.AWS].ours,
            tags=tags,
            opts=self._kept(),
        )
        aws.kms.Alias(name, region=_REGION, name=plan.key_alias, target_key_id=self.key.key_id, opts=self._kept())
        bucket = aws.s3.Bucket(
            name,
            region=_REGION,
            bucket=plan.bucket,
            object_lock_enabled=True,
            tags=tags,
            opts=self._kept(self.key),
        )
        guards = guard(
            name,
            BucketGuardsArgs(policy=trail_policies.bucket_policy(plan), names=(), key=self.key, bucket_key=False),
            bucket=bucket,
            region=_REGION,
            kept=self._kept,
        )
        lock = aws.s3.BucketObjectLockConfiguration(
            name,
            region=_REGION,
            bucket=plan.bucket,
            rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode="COMPLIANCE", days=plan.retention_days
                )
            ),
            opts=self._kept(guards.versioning),
        )
        self.ready = (*guards.all, lock)
        self.register_outputs({})

    def _kept(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return self._holder(self._args.provider, depends_on=depends_on)
