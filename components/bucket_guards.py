"""What guards a bucket of S3, whoever's it is: who owns objects, who may do what, under which key, and older versions.

What it refuses:

* *A guard that stays behind, or goes first.* All of them get the options of their bucket, and share its fate.
* *Two changes at once.* S3 takes one change of who may do what at a time, so they wait for one another.
* *Another key, or none.* Whatever is put into the bucket is encrypted with the given key.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.residency.aws_policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketGuardsArgs:
    """How a bucket is guarded.

    Attributes:
        policy: its policy, which is named after it.
        names: what the policy names, and must be there before.
        key: what encrypts everything in it.
        bucket_key: whether S3 asks KMS once for many objects; who encrypts then is the bucket, not the object.
    """

    policy: Policy
    names: tuple[pulumi.Resource, ...]
    key: aws.kms.Key
    bucket_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketGuards:
    """The guards of a bucket, without which nothing may be put into it."""

    ownership: pulumi.Resource
    block: pulumi.Resource
    policy: pulumi.Resource
    encryption: pulumi.Resource
    versioning: pulumi.Resource

    @property
    def all(self) -> tuple[pulumi.Resource, ...]:
        """Every one of them."""
        return self.ownership, self.block, self.policy, self.encryption, self.versioning


def guard(
    name: str,
    args: BucketGuardsArgs,
    *,
    bucket: aws.s3.Bucket,
    region: str,
    kept: Callable[..., pulumi.ResourceOptions],
) -> BucketGuards:
    """The guards of a bucket.

    Args:
        name: their logical name.
        args: how it is guarded.
        bucket: the bucket.
        region: where it is: AWS's resources say so themselves.
        kept: the options of a child of the bucket's component that shares the bucket's fate, by what it depends on.
    """
    physical = args.policy.name
    ownership = aws.s3.BucketOwnershipControls(
        name,
        region=region,
        bucket=physical,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=kept(bucket),
    )
    block = aws.s3.BucketPublicAccessBlock(
        name,
        region=region,
        bucket=physical,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=kept(ownership),
    )
    policy = aws.s3.BucketPolicy(
        name, region=region, bucket=physical, policy=args.policy.text(), opts=kept(block, *args.names)
    )
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        region=region,
        bucket=physical,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                    sse_algorithm="aws:kms", kms_master_key_id=args.key.arn
                ),
                bucket_key_enabled=args.bucket_key,
            )
        ],
        opts=kept(bucket),
    )
    versioning = aws.s3.BucketVersioning(
        name,
        region=region,
        bucket=physical,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=kept(bucket),
    )
    return BucketGuards(ownership=ownership, block=block, policy=policy, encryption=encryption, versioning=versioning)
