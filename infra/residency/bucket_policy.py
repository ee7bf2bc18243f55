"""Bucket policies of the legacy sites, as typed values: who may never read, and how nothing may be written.

Every policy denies: reading an object and listing names to all but one role (the transfer's in phase BACKUP, then the
retirement's; a restore's beside the transfer's, for a while), every request that is not over TLS, and every upload that
chooses an encryption of its own. From DRAIN on it denies every write, and every delete but the retirement role's in
WIPE. What it refuses to be:

* *A policy that requires `aws:kms` in the request.* An upload that names `aws:kms` and no key is encrypted with the
  account's own `aws/s3` key (S3 API reference, PutObject), which the site's key cannot erase. The bucket's default
  encryption takes the site's key exactly where the request says nothing, so saying anything is what is denied.
* *A policy that locks its own deployer out.* `lockouts` finds every deny that would, wildcards included. Among the
  calls a deployer needs is `s3:ListBucket`, because that is the permission behind HeadBucket, with which the provider
  reads a bucket: so the deployer, and nobody else beside the one role, is let through there. It may list current
  names; it may read no object, no version and no older name.
* *A policy with `NotPrincipal` or `NotAction`*: neither can be expressed.

Source: AWS's "Service Authorization Reference", page "Actions, resources, and condition keys for Amazon S3".
"""

from fnmatch import fnmatchcase

from infra.residency.aws_policy import (
    S3,
    Action,
    Condition,
    ConditionKey,
    Effect,
    Kind,
    Operator,
    Policy,
    Service,
    Statement,
    bucket_arn,
    role_arn,
)
from infra.residency.bucket_denials import all_but, deny, plain_text
from infra.residency.lifecycle import Phase
from infra.residency.restore import RestorePlan


def _policy(bucket: str, account_id: str, *statements: Statement) -> Policy:
    return Policy(kind=Kind.BUCKET, name=bucket, account_id=account_id, statements=statements)


def backup_policy(
    *, phase: Phase, bucket: str, account_id: str, role: str, deployer_role: str, restore: RestorePlan | None = None
) -> Policy:
    """The policy of a bucket that holds a backup; `role` is the one that works on its objects in that phase.

    Where `restore` is about this bucket, its role is spared, too, but for the time and the places that it is not for.
    """
    arn = role_arn(account_id, role)
    return _policy(
        bucket,
        account_id,
        *_frozen(bucket, phase, arn),
        *_denials(
            bucket,
            readers=(arn, *((restore.arn,) if restore is not None else ())),
            deployer=role_arn(account_id, deployer_role),
        ),
        *(restore.denials() if restore is not None else ()),
    )


def reports_policy(
    *, phase: Phase, bucket: str, account_id: str, role: str, deployer_role: str, sources: tuple[str, ...]
) -> Policy:
    """The policy of the bucket that holds a site's inventories; S3 delivers them from `sources` (patterns of names).

    Names of objects are user data: nobody may read them in phase BACKUP, later the retirement role alone. In WIPE the
    bucket is emptied like the others, and nothing is delivered any more.
    """
    arn, deployer = role_arn(account_id, role), role_arn(account_id, deployer_role)
    if phase is Phase.WIPE:
        return backup_policy(phase=phase, bucket=bucket, account_id=account_id, role=role, deployer_role=deployer_role)
    delivery = Statement(
        sid="AllowInventoryDelivery",
        principal=S3,
        actions=(Action.PUT_OBJECT,),
        resources=(f"{bucket_arn(bucket)}/*",),
        conditions=(
            Condition(operator=Operator.ARN_LIKE, key=ConditionKey.SOURCE_ARN, values=tuple(map(bucket_arn, sources))),
            Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.SOURCE_ACCOUNT, values=(account_id,)),
        ),
    )
    readers = () if phase is Phase.BACKUP else (arn,)
    return _policy(bucket, account_id, delivery, *_denials(bucket, readers=readers, deployer=deployer))


def _frozen(bucket: str, phase: Phase, retirement: str) -> tuple[Statement, ...]:
    """What nobody may do to objects any more once a site takes nothing in; in WIPE `retirement` may delete."""
    if phase is Phase.BACKUP:
        return ()
    objects = (f"{bucket_arn(bucket)}/*",)
    sparing = all_but(retirement) if phase is Phase.WIPE else ()
    return (
        deny("DenyWriting", (Action.WRITE_OBJECTS, Action.RESTORE_OBJECT), objects),
        deny("DenyDeleting", (Action.DELETE_OBJECTS, Action.ABORT_UPLOAD), objects, *sparing),
    )


def _denials(bucket: str, *, readers: tuple[str, ...], deployer: str) -> tuple[Statement, ...]:
    itself, objects = bucket_arn(bucket), f"{bucket_arn(bucket)}/*"

    def present(key: ConditionKey) -> Condition:
        return Condition(operator=Operator.NULL, key=key, values=("false",))

    return (
        plain_text(bucket),
        deny("DenyReading", (Action.READ_OBJECTS, Action.LIST_PARTS), (objects,), *all_but(*readers)),
        deny("DenyListing", (Action.LIST_BUCKET,), (itself,), *all_but(*readers, deployer)),
        deny("DenyListingHistory", (Action.LIST_VERSIONS, Action.LIST_UPLOADS), (itself,), *all_but(*readers)),
        deny("DenyOtherEncryption", (Action.PUT_OBJECT,), (objects,), present(ConditionKey.ENCRYPTION)),
        deny("DenyCustomerKeys", (Action.PUT_OBJECT,), (objects,), present(ConditionKey.CUSTOMER_ENCRYPTION)),
    )


DEPLOYER_CALLS = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetInventoryConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutInventoryConfiguration",
    "s3:PutLifecycleConfiguration",
)
"""The calls on a bucket that its deployer needs to read, change or give up what it provisioned."""


def lockouts(policy: Policy, deployer: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Which statements would deny the role `deployer` (an ARN) calls it needs: (sid, calls) each; none is well.

    Three conditions keep a deny away from the deployer: that the request is not over TLS (ours are), that the caller is
    none of some roles of which it is one, and that it is one of some of which it is none. No other does, since no other
    is known to be false for its calls.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW or isinstance(statement.principal, Service):
            continue
        if any(_spares(condition, deployer) for condition in statement.conditions):
            continue
        if not any(fnmatchcase(bucket_arn(policy.name), pattern) for pattern in statement.resources):
            continue
        calls = tuple(call for call in DEPLOYER_CALLS if any(fnmatchcase(call, action) for action in statement.actions))
        if calls:
            found.append((statement.sid, calls))
    return tuple(found)


def _spares(condition: Condition, deployer: str) -> bool:
    match condition.operator, condition.key:
        case Operator.BOOL, ConditionKey.SECURE_TRANSPORT:
            return condition.values == ("false",)
        case Operator.ARN_NOT_EQUALS, ConditionKey.PRINCIPAL_ARN:
            return deployer in condition.values
        case Operator.ARN_EQUALS, ConditionKey.PRINCIPAL_ARN:
            return not any(fnmatchcase(deployer, value) for value in condition.values)
        case _:
            return False
