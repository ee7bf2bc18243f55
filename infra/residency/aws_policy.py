"""AWS policies as one typed tree, for buckets, keys, roles and trust: the like of `oracle_policy` for the other cloud.

No document is ever put together from text. What this tree cannot say cannot be granted: there is no `NotPrincipal`, no
`NotAction`, no `NotResource`, no `...IfExists` operator (which would let a call through that does not carry the key),
and no action outside `aws_vocabulary`.

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
from hashlib import sha256

from infra.residency.aws_vocabulary import (
    ADMINISTERS_KEYS,
    NARROWED,
    OPEN,
    UNADDRESSED,
    USES_KEYS,
    Action,
    ConditionKey,
    Operator,
)

VERSION = "2012-10-17"
"""The version of the policy language, which never changes within our lifetimes."""


class Effect(StrEnum):
    """Deny beats Allow."""

    ALLOW = "Allow"
    DENY = "Deny"


_ARN_WITH_ACCOUNT = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:[^*?]+")


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
            its role; `*` in a key's policy, which is about the key, and where AWS judges a call by no resource.
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

    BOUNDARY = "permissions boundary"
    BUCKET = "bucket policy"
    KEY = "key policy"
    ROLE = "role policy"
    TOPIC = "topic policy"
    TRUST = "trust policy"

    @property
    def most_characters(self) -> int:
        """The limit: 20 KB, 32 KB, 30 KB, and for roles AWS's defaults without blanks: all policies of one together."""
        return {
            Kind.BOUNDARY: 6_144,
            Kind.BUCKET: 20_480,
            Kind.KEY: 32_768,
            Kind.ROLE: 10_240,
            Kind.TOPIC: 30_720,
            Kind.TRUST: 2_048,
        }[self]


_OF_ROLES = frozenset({Kind.BOUNDARY, Kind.ROLE})
"""What is about the role that it hangs on."""


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
    def digest(self) -> str:
        """What tells this document from any other: the beginning of its SHA-256."""
        return sha256(self.text().encode()).hexdigest()[:8]

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


def managed_policy_arn(account_id: str, policy: str) -> str:
    """The ARN of an IAM policy that stands by itself."""
    return f"arn:aws:iam::{account_id}:policy/{policy}"


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
    keys = {it.key for it in statement.conditions if it.operator not in {*OPEN, Operator.ALL_ARNS_EQUAL}}
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
        anything = resource == "*" and policy.kind is not Kind.KEY
        placed = {*statement.actions} <= UNADDRESSED and ConditionKey.REQUESTED_REGION in keys
        if resource.endswith((":::*", ":::*/*", ":role/*")) or (anything and not placed):
            yield f"{resource}, whatever is called so"
    if policy.kind in _OF_ROLES:
        yield from _of_a_role(statement, keys)


def _of_a_role(statement: Statement, keys: set[ConditionKey | Claim]) -> Iterator[str]:
    """What a role's own policy leaves open."""
    if not statement.resources:
        yield "no resource at all"
    if ConditionKey.KEY_ALIASES not in keys and USES_KEYS & {*statement.actions}:
        yield "use of keys that are not named by their alias"
    for action in statement.actions:
        if (key := NARROWED.get(action)) is not None and key not in keys:
            yield f"{action} without a condition on {key}"


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
    if isinstance(principal, Everyone) or (principal is None and policy.kind not in _OF_ROLES):
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
