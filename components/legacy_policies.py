"""The policy documents of a legacy site beside its buckets': who may use its key, and what the transfer may do.

Each is made from plain values, so that a preview knows it whole: a key is named by its alias, a bucket by its name.

What it refuses:

* *The account as administrator of the key.* No statement names the account's root, so no policy of the account's IAM
  can widen who decrypts. The deployer administers and cannot decrypt; nobody may schedule the key's deletion, which
  would erase every backup, before the site is closed.
* *A transfer that reads names or objects elsewhere.* Its role is for DataSync tasks of the site's own account and
  region, covers the site's own buckets, and never the one that holds their inventories.
* *Deleting a version.* The transfer can put a delete marker on an object, never take a version away.

Sources: AWS's pages "Create an IAM role for DataSync to access your S3 bucket", "Configuring Amazon S3 Inventory"
(permission to use the key) and "Key policies in AWS KMS".
"""

import json
from collections.abc import Mapping, Sequence

from infra.residency import naming
from infra.residency.bucket_policy import bucket_arn, role_arn
from infra.residency.placement import SitePlan

_ADMINISTRATION = (
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
)


def key_policy(plan: SitePlan, organization: str) -> str:
    """The policy of a site's key: the deployer administers it, the transfer and S3's inventories use it through S3."""
    site = plan.site
    return _document(
        _statement("Administer", _ADMINISTRATION, principal={"AWS": role_arn(site.account_id, site.deployer_role)}),
        _statement(
            "UseThroughS3",
            _USE,
            principal={"AWS": role_arn(site.account_id, plan.transfer_role)},
            conditions={"StringEquals": {"kms:ViaService": f"s3.{site.region}.amazonaws.com"}},
        ),
        _statement(
            "EncryptInventories",
            ("kms:GenerateDataKey*",),
            principal={"Service": "s3.amazonaws.com"},
            conditions={
                "StringEquals": {"aws:SourceAccount": site.account_id},
                "ArnLike": {"aws:SourceArn": _backups(plan, organization)},
            },
        ),
    )


def transfer_trust(plan: SitePlan) -> str:
    """Who may assume the transfer's role: DataSync, for tasks of the site's own account and region."""
    site = plan.site
    return _document(
        {
            "Sid": "AssumeByDataSync",
            "Effect": "Allow",
            "Principal": {"Service": "datasync.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": site.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:datasync:{site.region}:{site.account_id}:*"},
            },
        }
    )


def transfer_policy(plan: SitePlan, organization: str) -> str:
    """What the transfer's role may do: read and write objects of the site's backups, under the site's key."""
    site, buckets = plan.site, _backups(plan, organization)
    reports = bucket_arn(plan.reports_bucket)
    return _document(
        _statement("Buckets", _BUCKET_ACTIONS, resources=buckets),
        _statement("Objects", _OBJECT_ACTIONS, resources=[f"{bucket}/*" for bucket in buckets]),
        _statement("NoReports", ("s3:*",), effect="Deny", resources=[reports, f"{reports}/*"]),
        _statement(
            "Key",
            _USE,
            resources=[f"arn:aws:kms:{site.region}:{site.account_id}:key/*"],
            conditions={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": plan.key_alias},
                "StringEquals": {"kms:ViaService": f"s3.{site.region}.amazonaws.com"},
            },
        ),
    )


def _backups(plan: SitePlan, organization: str) -> list[str]:
    """ARNs of the site's backups; those that this stack names by a pattern, so that one more is no change here."""
    site = plan.site
    return [
        bucket_arn(naming.backup_bucket(organization, "*", site.region, site.account_id)),
        *sorted(bucket_arn(backup.bucket) for backup in plan.backups if backup.adopted),
    ]


def _statement(
    sid: str,
    actions: Sequence[str],
    *,
    effect: str = "Allow",
    principal: dict[str, str] | None = None,
    resources: Sequence[str] = ("*",),
    conditions: Mapping[str, Mapping[str, str | list[str]]] | None = None,
) -> dict[str, object]:
    """One statement; in a key's policy the resource `*` means the key itself."""
    return {
        "Sid": sid,
        "Effect": effect,
        **({"Principal": principal} if principal else {}),
        "Action": list(actions),
        "Resource": list(resources),
        **({"Condition": conditions} if conditions else {}),
    }


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
