"""AWS policies as one typed tree, for buckets, keys, roles and trust: the like of `oracle_policy` for the other cloud.

No document is ever put together from text. What this tree cannot say cannot be granted: there is no `NotPrincipal`, no
`NotAction`, no `NotResource`, no `...IfExists` operator (which would let a call through that does not carry the key),
and no action outside the lists below.

`too_much` judges every statement once more, whoever made it: an allow has to name who, in this account, may do which
calls to which resources, under conditions that a call which does not carry them makes false.

Sources: AWS's pages "Grammar of the IAM JSON policy language", "IAM JSON policy elements: Condition operators" (what
an absent key does), "The confused deputy problem", "Default key policy" (what naming the account's root brings).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

VERSION = "2012-10-17"
"""The version of the policy language, which never changes within our lifetimes."""


class Effect(StrEnum):
    """Deny beats Allow."""

    ALLOW = "Allow"
    DENY = "Deny"


class Action(StrEnum):
    """The actions that a policy of ours may name, patterns included; there is no other."""

    # S3, objects
    ANY = "s3:*"
    READ_OBJECTS = "s3:GetObject*"
    """Objects, versions, their attributes, tags, access lists, legal holds and torrents."""
    GET_OBJECT = "s3:GetObject"
    GET_OBJECT_VERSION = "s3:GetObjectVersion"
    GET_OBJECT_TAGGING = "s3:GetObjectTagging"
    GET_OBJECT_HOLD = "s3:GetObjectLegalHold"
    GET_OBJECT_RETENTION = "s3:GetObjectRetention"
    LIST_PARTS = "s3:ListMultipartUploadParts"
    PUT_OBJECT = "s3:PutObject"
    PUT_OBJECT_TAGGING = "s3:PutObjectTagging"
    WRITE_OBJECTS = "s3:PutObject*"
    """Objects, and their tags, access lists, legal holds and retention."""
    RESTORE_OBJECT = "s3:RestoreObject"
    DELETE_OBJECTS = "s3:DeleteObject*"
    DELETE_OBJECT = "s3:DeleteObject"
    DELETE_OBJECT_VERSION = "s3:DeleteObjectVersion"
    ABORT_UPLOAD = "s3:AbortMultipartUpload"
    # S3, buckets
    LIST_BUCKET = "s3:ListBucket"
    LIST_VERSIONS = "s3:ListBucketVersions"
    LIST_UPLOADS = "s3:ListBucketMultipartUploads"
    GET_LOCATION = "s3:GetBucketLocation"
    GET_LOCK = "s3:GetBucketObjectLockConfiguration"
    GET_POLICY = "s3:GetBucketPolicy"
    GET_VERSIONING = "s3:GetBucketVersioning"
    GET_LIFECYCLE = "s3:GetLifecycleConfiguration"
    READ_CONFIGURATION = "s3:GetBucket*"
    WRITE_CONFIGURATION = "s3:PutBucket*"
    WRITE_LIFECYCLE = "s3:PutLifecycleConfiguration"
    DELETE_POLICY = "s3:DeleteBucketPolicy"
    ANY_DELETE = "s3:Delete*"
    ANY_GET = "s3:Get*"
    ANY_LIST = "s3:List*"
    GET_ACL = "s3:GetBucketAcl"
    DELETE_BUCKET = "s3:DeleteBucket"
    WRITE_ENCRYPTION = "s3:PutEncryptionConfiguration"
    WRITE_REPLICATION = "s3:PutReplicationConfiguration"
    BYPASS_GOVERNANCE = "s3:BypassGovernanceRetention"
    # keys: who administers
    CREATE_ALIAS = "kms:CreateAlias"
    DELETE_ALIAS = "kms:DeleteAlias"
    UPDATE_ALIAS = "kms:UpdateAlias"
    DESCRIBE_KEY = "kms:DescribeKey"
    ENABLE_ROTATION = "kms:EnableKeyRotation"
    GET_KEY_POLICY = "kms:GetKeyPolicy"
    GET_ROTATION = "kms:GetKeyRotationStatus"
    LIST_KEY_POLICIES = "kms:ListKeyPolicies"
    LIST_KEY_TAGS = "kms:ListResourceTags"
    PUT_KEY_POLICY = "kms:PutKeyPolicy"
    TAG_KEY = "kms:TagResource"
    UNTAG_KEY = "kms:UntagResource"
    DESCRIBE_KEY_ANEW = "kms:UpdateKeyDescription"
    SCHEDULE_KEY_DELETION = "kms:ScheduleKeyDeletion"
    # keys: who uses
    DECRYPT = "kms:Decrypt"
    ENCRYPT = "kms:Encrypt"
    GENERATE_DATA_KEY = "kms:GenerateDataKey*"
    RE_ENCRYPT = "kms:ReEncrypt*"
    # topics
    PUBLISH = "sns:Publish"
    # roles
    ASSUME_ROLE = "sts:AssumeRole"
    ASSUME_ROLE_BY_TOKEN = "sts:AssumeRoleWithWebIdentity"  # noqa: S105 - a call, not a secret
    # identities that do not expire
    CREATE_ACCESS_KEY = "iam:CreateAccessKey"
    CREATE_LOGIN = "iam:CreateLoginProfile"
    CREATE_USER = "iam:CreateUser"


ADMINISTERS_KEYS = frozenset({Action.PUT_KEY_POLICY, Action.SCHEDULE_KEY_DELETION, Action.CREATE_ALIAS})
USES_KEYS = frozenset({Action.DECRYPT, Action.ENCRYPT, Action.GENERATE_DATA_KEY, Action.RE_ENCRYPT})
"""Administering a key and using it are two duties."""


class Operator(StrEnum):
    """How a condition compares. A key that a call does not carry makes the last four true, all others false."""

    BOOL = "Bool"
    ARN_EQUALS = "ArnEquals"
    ARN_LIKE = "ArnLike"
    STRING_EQUALS = "StringEquals"
    ANY_STRING_EQUALS = "ForAnyValue:StringEquals"
    IP_ADDRESS = "IpAddress"
    BEFORE = "DateLessThan"
    FROM = "DateGreaterThanEquals"
    ARN_NOT_EQUALS = "ArnNotEquals"
    STRING_NOT_EQUALS = "StringNotEquals"
    NOT_IP_ADDRESS = "NotIpAddress"
    NULL = "Null"


_ARN_WITH_ACCOUNT = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:[^*?]+")

OPEN = frozenset({Operator.ARN_NOT_EQUALS, Operator.STRING_NOT_EQUALS, Operator.NOT_IP_ADDRESS, Operator.NULL})
"""Operators that hold for a call without the key: well in a deny, never in an allow."""


class ConditionKey(StrEnum):
    """What a condition looks at."""

    CURRENT_TIME = "aws:CurrentTime"
    PRINCIPAL_ARN = "aws:PrincipalArn"
    REQUESTED_REGION = "aws:RequestedRegion"
    SECURE_TRANSPORT = "aws:SecureTransport"
    SOURCE_ACCOUNT = "aws:SourceAccount"
    SOURCE_ARN = "aws:SourceArn"
    SOURCE_IP = "aws:SourceIp"
    CANNED_ACL = "s3:x-amz-acl"
    ENCRYPTION = "s3:x-amz-server-side-encryption"
    CUSTOMER_ENCRYPTION = "s3:x-amz-server-side-encryption-customer-algorithm"
    KEY_ALIASES = "kms:ResourceAliases"
    TRAIL = "kms:EncryptionContext:aws:cloudtrail:arn"
    VIA_SERVICE = "kms:ViaService"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a condition looks at in an identity token: one of its claims, by who signed it."""

    issuer: str
    name: str

    @property
    def value(self) -> str:
        """As a document names it: the issuer without its scheme, and the claim."""
        return f"{self.issuer.removeprefix('https://')}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison; several in one statement must all hold, of several values one must (negated: none)."""

    operator: Operator
    key: ConditionKey | Claim
    values: tuple[str, ...]


class Everyone(StrEnum):
    """Everyone there is: only a deny may name them."""

    EVERYONE = "*"

    def document(self) -> object:
        """As a document names them."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role, by account and name."""

    account_id: str
    name: str

    @property
    def arn(self) -> str:
        """Its ARN, which is also the value of `aws:PrincipalArn` for every session of it."""
        return role_arn(self.account_id, self.name)

    def document(self) -> object:
        """As a document names it."""
        return {"AWS": self.arn}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyoneOf:
    """Whomever an account lets: to be narrowed by a condition on `aws:PrincipalArn`.

    A role as principal is tied by IAM to its present self, and one that is made anew under the same name locked out.
    """

    account_id: str

    def document(self) -> object:
        """As a document names them."""
        return {"AWS": f"arn:aws:iam::{self.account_id}:root"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of Amazon's services, which acts for whoever asks it: to be narrowed to requests of one account."""

    principal: str

    def document(self) -> object:
        """As a document names it."""
        return {"Service": self.principal}


@dataclass(frozen=True, slots=True, kw_only=True)
class Federated:
    """Whoever has a token that an issuer signed: to be narrowed to an audience and to subjects."""

    account_id: str
    issuer: str

    def document(self) -> object:
        """As a document names them: by the issuer as an identity provider of the account."""
        return {"Federated": oidc_provider_arn(self.account_id, self.issuer)}


S3 = Service(principal="s3.amazonaws.com")
DATASYNC = Service(principal="datasync.amazonaws.com")
CLOUDTRAIL = Service(principal="cloudtrail.amazonaws.com")
EVENTBRIDGE = Service(principal="events.amazonaws.com")

Principal = Everyone | Role | AnyoneOf | Service | Federated


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    Attributes:
        principal: whom it is about; None in a role's own policy, which is about the role.
        resources: ARNs made from chosen names, so that a preview knows them; empty in a trust policy, which is about
            its role; `*` in a key's policy, which is about the key.
    """

    sid: str
    effect: Effect = Effect.ALLOW
    principal: Principal | None = None
    actions: tuple[Action, ...]
    resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def document(self) -> dict[str, object]:
        """The statement as the policy language writes it."""
        conditions: dict[str, dict[str, list[str]]] = {}
        for condition in self.conditions:
            conditions.setdefault(condition.operator.value, {})[condition.key.value] = list(condition.values)
        return {
            "Sid": self.sid,
            "Effect": self.effect.value,
            **({"Principal": self.principal.document()} if self.principal is not None else {}),
            "Action": [action.value for action in self.actions],
            **({"Resource": list(self.resources)} if self.resources else {}),
            **({"Condition": conditions} if conditions else {}),
        }


class Kind(StrEnum):
    """What a policy hangs on, with the most characters that AWS allows it (quotas of S3, KMS, SNS and IAM)."""

    BUCKET = "bucket policy"
    KEY = "key policy"
    ROLE = "role policy"
    TOPIC = "topic policy"
    TRUST = "trust policy"

    @property
    def most_characters(self) -> int:
        """The limit: 20 KB, 32 KB, 30 KB, and for roles AWS's defaults without blanks."""
        return {
            Kind.BUCKET: 20_480,
            Kind.KEY: 32_768,
            Kind.ROLE: 10_240,
            Kind.TOPIC: 30_720,
            Kind.TRUST: 2_048,
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy; `name` says whose it is, to people."""

    kind: Kind
    name: str
    account_id: str
    statements: tuple[Statement, ...]

    def document(self) -> dict[str, object]:
        """The policy as the policy language writes it."""
        return {"Version": VERSION, "Statement": [statement.document() for statement in self.statements]}

    def text(self) -> str:
        """The policy as AWS takes it."""
        return json.dumps(self.document())

    @property
    def size(self) -> int:
        """Its length as AWS counts it: blanks between words do not count."""
        return len(json.dumps(self.document(), separators=(",", ":")))


def bucket_arn(bucket: str) -> str:
    """The ARN of a bucket; S3's carry neither region nor account."""
    return f"arn:aws:s3:::{bucket}"


def oidc_provider_arn(account_id: str, issuer: str) -> str:
    """The ARN of an issuer of identity tokens as an identity provider of an account."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{issuer.removeprefix('https://')}"


def role_arn(account_id: str, role: str) -> str:
    """The ARN of an IAM role, which is also the value of `aws:PrincipalArn` for every session of it."""
    return f"arn:aws:iam::{account_id}:role/{role}"


def too_much(policy: Policy) -> Iterator[tuple[str, str]]:
    """What a policy allows that none of ours may: (name of the statement, what is wrong); nothing is well."""
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW:
            yield from ((statement.sid, what) for what in _allows(policy, statement))
    if policy.kind is Kind.KEY:
        yield from _one_hand(policy)
    if policy.size > policy.kind.most_characters:
        yield "", f"{policy.size:,} characters, of which AWS takes {policy.kind.most_characters:,} in a {policy.kind}"


def _allows(policy: Policy, statement: Statement) -> Iterator[str]:
    keys = {condition.key for condition in statement.conditions if condition.operator not in OPEN}
    if any(map(_names_accounts, statement.conditions)):
        keys.add(ConditionKey.SOURCE_ACCOUNT)
    yield from _whom(policy, statement, keys)
    for action in statement.actions:
        if action.endswith(":*"):
            yield f"{action}, which is every call there is and will be"
    for condition in statement.conditions:
        if condition.operator in OPEN:
            yield f"{condition.operator} on {condition.key.value}, which holds for a call that does not carry it"
    for resource in statement.resources:
        if resource.endswith((":::*", ":::*/*")) or (resource == "*" and policy.kind is not Kind.KEY):
            yield f"{resource}, whatever is called so"
    if policy.kind is Kind.ROLE and not statement.resources:
        yield "no resource at all"
    if policy.kind is Kind.ROLE and ConditionKey.KEY_ALIASES not in keys and USES_KEYS & {*statement.actions}:
        yield "use of keys that are not named by their alias"


def _names_accounts(condition: Condition) -> bool:
    """Whether a condition names whole sources, each with its account in it."""
    exact = condition.operator in {Operator.STRING_EQUALS, Operator.ARN_EQUALS}
    return (
        exact
        and condition.key is ConditionKey.SOURCE_ARN
        and all(_ARN_WITH_ACCOUNT.fullmatch(value) for value in condition.values)
    )


def _whom(policy: Policy, statement: Statement, keys: set[ConditionKey | Claim]) -> Iterator[str]:
    principal = statement.principal
    if isinstance(principal, Everyone) or (principal is None and policy.kind is not Kind.ROLE):
        yield "everyone"
    for key, what in _to_be_narrowed_by(principal):
        if key not in keys:
            yield what
    account = principal.account_id if isinstance(principal, Role | AnyoneOf | Federated) else policy.account_id
    if account != policy.account_id:
        yield f"account {account}, which is another one"


def _to_be_narrowed_by(principal: Principal | None) -> Iterator[tuple[ConditionKey | Claim, str]]:
    """The keys without which a principal is anybody, each with what is wrong then."""
    match principal:
        case Service(principal=name):
            yield ConditionKey.SOURCE_ACCOUNT, f"{name} for whoever asks it: no condition on the account it acts for"
            yield ConditionKey.SOURCE_ARN, f"{name} for whoever asks it: no condition on the resource it acts for"
        case AnyoneOf(account_id=account):
            yield ConditionKey.PRINCIPAL_ARN, f"whomever account {account} lets"
        case Federated(issuer=issuer):
            yield Claim(issuer=issuer, name="aud"), f"a token of {issuer} that is meant for somebody else"
            yield Claim(issuer=issuer, name="sub"), f"whomever {issuer} signs for"
        case _:
            pass


def _one_hand(policy: Policy) -> Iterator[tuple[str, str]]:
    """Who administers a key must not use it."""
    allowed = [it for it in policy.statements if it.effect is Effect.ALLOW and it.principal is not None]
    administrators = {it.principal for it in allowed if ADMINISTERS_KEYS & {*it.actions}}
    for statement in allowed:
        if statement.principal in administrators and USES_KEYS & {*statement.actions}:
            yield statement.sid, "use of the key by who administers it"
