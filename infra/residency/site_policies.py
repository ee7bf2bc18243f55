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

from collections.abc import Mapping
from types import MappingProxyType

from infra.residency import naming
from infra.residency.aws_policy import (
    DATASYNC,
    S3,
    Action,
    AnyoneOf,
    Condition,
    ConditionKey,
    Effect,
    Kind,
    Operator,
    Policy,
    Role,
    Statement,
    bucket_arn,
    role_arn,
)
from infra.residency.lifecycle import Phase
from infra.residency.placement import SitePlan

ADMINISTRATION = (
    Action.CREATE_ALIAS,
    Action.DELETE_ALIAS,
    Action.DESCRIBE_KEY,
    Action.ENABLE_ROTATION,
    Action.GET_KEY_POLICY,
    Action.GET_ROTATION,
    Action.LIST_KEY_POLICIES,
    Action.LIST_KEY_TAGS,
    Action.PUT_KEY_POLICY,
    Action.TAG_KEY,
    Action.UNTAG_KEY,
    Action.UPDATE_ALIAS,
    Action.DESCRIBE_KEY_ANEW,
)
_USE = (Action.DECRYPT, Action.DESCRIBE_KEY, Action.ENCRYPT, Action.GENERATE_DATA_KEY, Action.RE_ENCRYPT)
_DECRYPTION = (Action.DECRYPT, Action.DESCRIBE_KEY)
_BUCKET_ACTIONS = (Action.GET_LOCATION, Action.LIST_BUCKET, Action.LIST_UPLOADS)
_OBJECT_ACTIONS = (
    Action.ABORT_UPLOAD,
    Action.DELETE_OBJECT,
    Action.GET_OBJECT,
    Action.GET_OBJECT_TAGGING,
    Action.LIST_PARTS,
    Action.PUT_OBJECT,
    Action.PUT_OBJECT_TAGGING,
)

_NOT_IN_REPORTS = (Action.ANY_DELETE, Action.ANY_GET, Action.ANY_LIST)
"""A task puts its own report beside the inventories, and reads and takes away nothing there."""
_LISTING = (
    Action.GET_LOCATION,
    Action.GET_LOCK,
    Action.GET_POLICY,
    Action.GET_VERSIONING,
    Action.GET_LIFECYCLE,
    Action.LIST_BUCKET,
    Action.LIST_UPLOADS,
    Action.LIST_VERSIONS,
)
_HOLDS = (Action.GET_OBJECT_HOLD, Action.GET_OBJECT_RETENTION)
_RETIREMENT: Mapping[Phase, tuple[Action, ...]] = MappingProxyType(
    {
        Phase.DRAIN: (*_HOLDS, Action.GET_OBJECT, Action.GET_OBJECT_VERSION, Action.LIST_PARTS),
        Phase.WIPE: (*_HOLDS, Action.ABORT_UPLOAD, Action.DELETE_OBJECT, Action.DELETE_OBJECT_VERSION),
    }
)
"""What the retirement's role may do with objects: read them, then delete them, never both in one phase."""


def site_policies(plan: SitePlan, organization: str) -> tuple[Policy, ...]:
    """Every policy of a site that has holders: its key's, its role's, and its buckets'."""
    if not plan.site.phase.has_holders:
        return ()
    return (
        key_policy(plan, organization),
        role_trust(plan),
        role_policy(plan, organization),
        plan.reports_policy,
        *(backup.policy for backup in plan.backups),
        *((plan.restore.trust(), plan.restore.policy()) if plan.restore is not None else ()),
    )


def key_policy(plan: SitePlan, organization: str) -> Policy:
    """The policy of a site's key: the deployer administers it, the site's role and S3's inventories use it through S3.

    In WIPE nothing is encrypted or decrypted any more, and the deployer may give the key up.
    """
    site = plan.site
    wiping = site.phase is Phase.WIPE
    worker = Role(account_id=site.account_id, name=plan.role)
    statements = [
        Statement(
            sid="Administer",
            principal=Role(account_id=site.account_id, name=site.deployer_role),
            actions=(*ADMINISTRATION, Action.SCHEDULE_KEY_DELETION) if wiping else ADMINISTRATION,
            resources=_ITSELF,
        )
    ]
    if site.phase is not Phase.BACKUP:
        statements.append(
            Statement(sid="LookAtKey", principal=worker, actions=(Action.DESCRIBE_KEY,), resources=_ITSELF)
        )
    if not wiping:
        statements.append(
            Statement(
                sid="UseThroughS3",
                principal=worker,
                actions=_USE if site.phase is Phase.BACKUP else _DECRYPTION,
                resources=_ITSELF,
                conditions=(_through_s3(plan),),
            )
        )
        statements.append(
            Statement(
                sid="EncryptInventories",
                principal=S3,
                actions=(Action.GENERATE_DATA_KEY,),
                resources=_ITSELF,
                conditions=_acting_for(plan, *backup_arns(plan, organization)),
            )
        )
    if plan.restore is not None:
        statements.append(plan.restore.use_of_the_key())
    return _policy(Kind.KEY, plan, plan.key_alias, *statements)


_ITSELF = ("*",)
"""In a key's policy: the key."""


def role_trust(plan: SitePlan) -> Policy:
    """Who may act as the site's one role: DataSync while backups are made, then the people who retire the site.

    These by a condition and not as the principal: IAM would tie a principal to that role's present self, and a role
    that is made anew under the same name would be locked out.
    """
    site = plan.site
    if site.phase is Phase.BACKUP:
        statement = Statement(
            sid="AssumeByDataSync",
            principal=DATASYNC,
            actions=(Action.ASSUME_ROLE,),
            conditions=_acting_for(plan, f"arn:aws:datasync:{site.region}:{site.account_id}:*"),
        )
    else:
        operators = role_arn(site.account_id, plan.operator_role)
        statement = Statement(
            sid="AssumeByOperators",
            principal=AnyoneOf(account_id=site.account_id),
            actions=(Action.ASSUME_ROLE,),
            conditions=(Condition(operator=Operator.ARN_EQUALS, key=ConditionKey.PRINCIPAL_ARN, values=(operators,)),),
        )
    return _policy(Kind.TRUST, plan, plan.role, statement)


def role_policy(plan: SitePlan, organization: str) -> Policy:
    """What the site's one role may do: make backups under the site's key, then read them, then delete them."""
    statements = _transfer(plan, organization) if plan.site.phase is Phase.BACKUP else _retirement(plan, organization)
    return _policy(Kind.ROLE, plan, plan.role, *statements)


def _transfer(plan: SitePlan, organization: str) -> tuple[Statement, ...]:
    buckets, reports = backup_arns(plan, organization), bucket_arn(plan.reports_bucket)
    return (
        Statement(sid="Buckets", actions=_BUCKET_ACTIONS, resources=buckets),
        Statement(sid="Objects", actions=_OBJECT_ACTIONS, resources=tuple(f"{bucket}/*" for bucket in buckets)),
        Statement(sid="NoReports", effect=Effect.DENY, actions=_NOT_IN_REPORTS, resources=(reports, f"{reports}/*")),
        _of_the_key(plan, "Key", _USE, _through_s3(plan)),
    )


def _retirement(plan: SitePlan, organization: str) -> tuple[Statement, ...]:
    buckets = tuple(sorted({*backup_arns(plan, organization), bucket_arn(plan.reports_bucket)}))
    key = (_of_the_key(plan, "Key", _DECRYPTION, _through_s3(plan)),) if plan.site.phase is Phase.DRAIN else ()
    return (
        Statement(sid="Buckets", actions=_LISTING, resources=buckets),
        Statement(
            sid="Objects",
            actions=_RETIREMENT[plan.site.phase],
            resources=tuple(f"{bucket}/*" for bucket in buckets),
        ),
        _of_the_key(plan, "LookAtKey", (Action.DESCRIBE_KEY,)),
        *key,
    )


def _policy(kind: Kind, plan: SitePlan, name: str, *statements: Statement) -> Policy:
    return Policy(kind=kind, name=name, account_id=plan.site.account_id, statements=statements)


def boundary_policy(plans: tuple[SitePlan, ...], organization: str) -> Policy:
    """What no role of the sites of one account may go beyond, whatever its own policies come to say.

    It is the same in every phase, so that nobody has to change it on a move: objects and names in the sites' buckets,
    and use of their keys.
    """
    statements = [
        statement
        for plan in plans
        for statement in (
            Statement(
                sid=f"Buckets{naming.word(plan.site.name)}",
                actions=tuple(sorted({*_BUCKET_ACTIONS, *_LISTING})),
                resources=backup_arns(plan, organization),
            ),
            Statement(
                sid=f"Objects{naming.word(plan.site.name)}",
                actions=tuple(sorted({*_OBJECT_ACTIONS, *_RETIREMENT[Phase.DRAIN], *_RETIREMENT[Phase.WIPE]})),
                resources=tuple(f"{bucket}/*" for bucket in backup_arns(plan, organization)),
            ),
            _of_the_key(plan, f"Key{naming.word(plan.site.name)}", _USE),
        )
    ]
    return _policy(Kind.BOUNDARY, plans[0], naming.boundary(organization), *statements)


def _of_the_key(plan: SitePlan, sid: str, actions: tuple[Action, ...], *conditions: Condition) -> Statement:
    """A statement about the site's key, which has no ARN of its own before it exists: it is found by its alias."""
    site = plan.site
    alias = Condition(operator=Operator.ANY_STRING_EQUALS, key=ConditionKey.KEY_ALIASES, values=(plan.key_alias,))
    return Statement(
        sid=sid,
        actions=actions,
        resources=(f"arn:aws:kms:{site.region}:{site.account_id}:key/*",),
        conditions=(alias, *conditions),
    )


def _through_s3(plan: SitePlan) -> Condition:
    service = f"s3.{plan.site.region}.amazonaws.com"
    return Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.VIA_SERVICE, values=(service,))


def _acting_for(plan: SitePlan, *resources: str) -> tuple[Condition, ...]:
    """What narrows a service to requests of the site's own account, about these resources."""
    return (
        Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.SOURCE_ACCOUNT, values=(plan.site.account_id,)),
        Condition(operator=Operator.ARN_LIKE, key=ConditionKey.SOURCE_ARN, values=resources),
    )


def backup_arns(plan: SitePlan, organization: str) -> tuple[str, ...]:
    """ARNs of the site's buckets; those that this stack names by a pattern, so that one more is no change here."""
    site = plan.site
    return (
        bucket_arn(naming.backup_bucket(organization, "*", site.region, site.account_id)),
        *sorted(bucket_arn(backup.bucket) for backup in plan.backups if backup.adopted),
    )
