"""The policy documents of a legacy site beside its buckets': who may use its key, and what its roles may do.

Each is made from plain values, so that a preview knows it whole: a key is named by its alias, a bucket by its name.
What a document grants depends on the site's phase, and on nothing else.

What it refuses:

* *The account as administrator of the key.* No statement names the account's root, so no policy of the account's IAM
  can widen who decrypts. The deployer administers and cannot decrypt; until everything is to be wiped nobody may
  schedule the key's deletion, which would erase every backup.
* *A role that reads names or objects elsewhere.* The transfer's is for DataSync tasks of the site's own account and
  region, covers the site's own buckets, and never the one that holds their inventories.
* *Deleting a version before WIPE.* The transfer can put a delete marker on an object, never take a version away; the
  retirement's role reads in DRAIN and deletes in WIPE, never both.

Sources: AWS's pages "Create an IAM role for DataSync to access your S3 bucket", "Configuring Amazon S3 Inventory"
(permission to use the key) and "Key policies in AWS KMS".
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from infra.residency import naming
from infra.residency.bucket_policy import bucket_arn, role_arn
from infra.residency.lifecycle import Phase
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
_DECRYPTION = ("kms:Decrypt", "kms:DescribeKey")
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

_NOT_IN_REPORTS = ("s3:Delete*", "s3:Get*", "s3:List*")
"""A task puts its own report beside the inventories, and reads and takes away nothing there."""
_LISTING = (
    "s3:GetBucketLocation",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPolicy",
    "s3:GetBucketVersioning",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
)
_HOLDS = ("s3:GetObjectLegalHold", "s3:GetObjectRetention")
_RETIREMENT: Mapping[Phase, tuple[str, ...]] = MappingProxyType(
    {
        Phase.DRAIN: (*_HOLDS, "s3:GetObject", "s3:GetObjectVersion", "s3:ListMultipartUploadParts"),
        Phase.WIPE: (*_HOLDS, "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"),
    }
)
"""What the retirement's role may do with objects: read them, then delete them, never both in one phase."""


def key_policy(plan: SitePlan, organization: str) -> str:
    """The policy of a site's key: the deployer administers it, the site's role and S3's inventories use it through S3.

    In WIPE nothing is encrypted or decrypted any more, and the deployer may give the key up.
    """
    site = plan.site
    wiping = site.phase is Phase.WIPE
    administration = (*_ADMINISTRATION, "kms:ScheduleKeyDeletion") if wiping else _ADMINISTRATION
    statements = [
        _statement("Administer", administration, principal={"AWS": role_arn(site.account_id, site.deployer_role)})
    ]
    worker = {"AWS": role_arn(site.account_id, plan.role)}
    if site.phase is not Phase.BACKUP:
        statements.append(_statement("LookAtKey", ("kms:DescribeKey",), principal=worker))
    if not wiping:
        statements.append(
            _statement(
                "UseThroughS3",
                _USE if site.phase is Phase.BACKUP else _DECRYPTION,
                principal=worker,
                conditions={"StringEquals": {"kms:ViaService": f"s3.{site.region}.amazonaws.com"}},
            )
        )
        statements.append(
            _statement(
                "EncryptInventories",
                ("kms:GenerateDataKey*",),
                principal={"Service": "s3.amazonaws.com"},
                conditions={
                    "StringEquals": {"aws:SourceAccount": site.account_id},
                    "ArnLike": {"aws:SourceArn": _backups(plan, organization)},
                },
            )
        )
    return _document(*statements)


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
        _statement("NoReports", _NOT_IN_REPORTS, effect="Deny", resources=[reports, f"{reports}/*"]),
        _key_statement(plan, "Key", _USE, {"StringEquals": {"kms:ViaService": f"s3.{site.region}.amazonaws.com"}}),
    )


def retirement_trust(plan: SitePlan) -> str:
    """Who may act as the retirement's role: the people who retire the site, by the role that they have already.

    By a condition and not as the principal: IAM would tie a principal to that role's present self, and a role that is
    made anew under the same name would be locked out.
    """
    return _document(
        _statement(
            "AssumeByOperators",
            ("sts:AssumeRole",),
            principal={"AWS": f"arn:aws:iam::{plan.site.account_id}:root"},
            resources=(),
            conditions={"ArnEquals": {"aws:PrincipalArn": role_arn(plan.site.account_id, plan.operator_role)}},
        )
    )


def retirement_policy(plan: SitePlan, organization: str) -> str:
    """What the retirement's role may do in the site's phase, with the site's own buckets, inventories included."""
    site = plan.site
    buckets = sorted({*_backups(plan, organization), bucket_arn(plan.reports_bucket)})
    statements = [
        _statement("Buckets", _LISTING, resources=buckets),
        _statement("Objects", _RETIREMENT[site.phase], resources=[f"{bucket}/*" for bucket in buckets]),
        _key_statement(plan, "LookAtKey", ("kms:DescribeKey",), {}),
    ]
    if site.phase is Phase.DRAIN:
        through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{site.region}.amazonaws.com"}}
        statements.append(_key_statement(plan, "Key", _DECRYPTION, through_s3))
    return _document(*statements)


def _key_statement(
    plan: SitePlan, sid: str, actions: Sequence[str], conditions: Mapping[str, Mapping[str, str | list[str]]]
) -> dict[str, object]:
    """A statement about the site's key, which has no ARN of its own before it exists: it is found by its alias."""
    site = plan.site
    return _statement(
        sid,
        actions,
        resources=[f"arn:aws:kms:{site.region}:{site.account_id}:key/*"],
        conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": plan.key_alias}, **conditions},
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
    """One statement; in a key's policy the resource `*` means the key itself, and a role's trust has none."""
    return {
        "Sid": sid,
        "Effect": effect,
        **({"Principal": principal} if principal else {}),
        "Action": list(actions),
        **({"Resource": list(resources)} if resources else {}),
        **({"Condition": conditions} if conditions else {}),
    }


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
