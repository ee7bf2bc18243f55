"""What the policies of the trails' archive let somebody do too much, or do not let the trails do, asked call by call.

A document that is not known or cannot be read lets everybody do everything. Each function yields what is wrong, in
words; nothing is well.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from infra.verify.aws.globs import fits
from infra.verify.aws.plain import ABSENT, Statement, UnreadableError, attached, may_speak, must_speak

_SERVICE = ("Service", "cloudtrail.amazonaws.com")
_TELLS = ("Service", "events.amazonaws.com")
_ELSEWHERE = "999999999999"
"""An account that is nobody's here."""

_OF_OBJECTS = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention", "s3:DeleteObject",
    "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention",
)  # fmt: skip
_NOBODY = (
    *_OF_OBJECTS, "s3:ListBucketVersions", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)  # fmt: skip
"""What nobody may do to the archive: read it, write into it, take from it, end it, or carry it away."""

_DEPLOYER = (
    "s3:ListBucket", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration",
)  # fmt: skip
"""What nobody but its deployer may do."""

_KEY_ENDS = (
    "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:ReplicateKey",
    "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:ImportKeyMaterial", "kms:UpdatePrimaryRegion",
)  # fmt: skip
"""What whoever administers the key may not do: use it, lend it, carry it away, or end it."""


class Trails(NamedTuple):
    """Those that the archive is for.

    Attributes:
        account: the archive's own.
        deployer: name of the role that deploys there.
        of: each trail's ARN, with its account.
    """

    account: str
    deployer: str
    bucket: str
    of: tuple[tuple[str, str], ...]

    @property
    def arns(self) -> Mapping[str, str]:
        """Each trail's account, by the trail's ARN."""
        return dict(self.of)

    @property
    def deployer_arn(self) -> str:
        """The ARN of that role."""
        return f"arn:aws:iam::{self.account}:role/{self.deployer}"

    def others(self) -> Iterator[str]:
        """Sources that are none of the trails: nothing, somebody else's, and nearly one of them."""
        yield ABSENT
        for arn, account in self.arns.items():
            yield arn.replace(account, _ELSEWHERE)
            yield f"{arn}-other"


@lru_cache(maxsize=1024)
def of_bucket(known: Trails, text: str) -> tuple[str, ...]:
    """The policy of the archive's bucket: each trail puts its own account's logs there, and nobody does more."""
    return tuple(_of_bucket(known, text))


def _of_bucket(known: Trails, text: str) -> Iterator[str]:
    statements = _read(text)
    if statements is None:
        yield "a policy that cannot be read"
        return
    for statement in statements:
        if not statement.denies:
            yield from _lets(known, statement, {"s3:getbucketacl", "s3:putobject"})
            yield from _places(known, statement)
    for arn, account in known.arns.items():
        about = {"aws:sourcearn": arn, "aws:securetransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}
        log = f"arn:aws:s3:::{known.bucket}/AWSLogs/{account}/CloudTrail/log"
        for call, resource in (("s3:PutObject", log), ("s3:GetBucketAcl", f"arn:aws:s3:::{known.bucket}")):
            if not _allowed(statements, _SERVICE, call, resource, about):
                yield f"{arn} is not let {call}"
    yield from _not_kept(known, statements)


def _read(text: object) -> tuple[Statement, ...] | None:
    try:
        return attached(text, named=True) if isinstance(text, str) else None
    except UnreadableError:
        return None


def _lets(known: Trails, statement: Statement, actions: set[str]) -> Iterator[str]:
    """An allow is CloudTrail's, for those actions, as one of the trails."""
    if statement.principals != (_SERVICE,):
        yield f"{statement.sid}: lets in somebody else than CloudTrail"
    if more := sorted(it for it in statement.actions if not any(fits(it, may) for may in actions)):
        yield f"{statement.sid}: lets {', '.join(more)}"
    for other in (*known.others(), *_strange(known, statement, "aws:sourcearn")):
        if may_speak(statement, {"aws:sourcearn": other}):
            yield f"{statement.sid}: CloudTrail for {'whoever asks it' if other == ABSENT else other}"


def _strange(known: Trails, statement: Statement, key: str) -> Iterator[str]:
    """The values that a statement compares a key with and that are no trail's ARN."""
    for comparison in statement.conditions:
        if comparison.key == key:
            yield from (it for it in comparison.values if it not in known.arns)


def _places(known: Trails, statement: Statement) -> Iterator[str]:
    """A trail puts its logs where its own account's are."""
    if not statement.touches("s3:PutObject"):
        return
    for arn, account in known.arns.items():
        own = f"arn:aws:s3:::{known.bucket}/AWSLogs/{account}/"
        if may_speak(statement, {"aws:sourcearn": arn}) and not all(it.startswith(own) for it in statement.resources):
            yield f"{statement.sid}: {arn} in another's place"


def _allowed(
    statements: tuple[Statement, ...], who: tuple[str, str], call: str, resource: str, about: Mapping[str, str]
) -> bool:
    """Whether a service is let do something for certain: one allow holds, and no deny may."""
    asked = [it for it in statements if it.is_about(call, resource)]
    lets = any(not it.denies and who in it.principals and must_speak(it, about) for it in asked)
    return lets and not any(it.denies and may_speak(it, about) for it in asked)


def _not_kept(known: Trails, statements: tuple[Statement, ...]) -> Iterator[str]:
    """Whoever is no trail is kept from whatever is not theirs, over TLS too; nobody comes without it."""
    callers = {
        "a role of the account": f"arn:aws:iam::{known.account}:role/stranger",
        "the account's root": f"arn:aws:iam::{known.account}:root",
        "another account": f"arn:aws:iam::{_ELSEWHERE}:role/{known.deployer}",
    }
    for who, arn in {**callers, "the deployer": known.deployer_arn}.items():
        caller = {"aws:principalarn": arn, "aws:securetransport": "true", "aws:sourcearn": ABSENT}
        for call in (*_NOBODY, *(_DEPLOYER if who in callers else ())):
            if not _denied(known, statements, call, caller):
                yield f"{who} is not kept from {call}"
    for call in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        if not _denied(known, statements, call, {"aws:securetransport": "false"}):
            yield f"whoever comes in plain text is not kept from {call}"


def _denied(known: Trails, statements: tuple[Statement, ...], call: str, caller: Mapping[str, str]) -> bool:
    resource = f"arn:aws:s3:::{known.bucket}" + ("/AWSLogs/log" if call in _OF_OBJECTS else "")
    denials = (it for it in statements if it.denies and ("*", "*") in it.principals)
    return any(it.is_about(call, resource) and must_speak(it, caller) for it in denials)


@lru_cache(maxsize=1024)
def of_key(known: Trails, text: str) -> tuple[str, ...]:
    """The policy of the archive's key: each trail encrypts in its own name, one role administers, nobody decrypts."""
    return tuple(_of_key(known, text))


def _of_key(known: Trails, text: str) -> Iterator[str]:
    statements = _read(text)
    if statements is None:
        yield "a policy that cannot be read"
        return
    for statement in statements:
        if statement.denies:
            continue
        if {*statement.resources} != {"*"}:
            yield f"{statement.sid}: about something else than this key"
        if any(kind == "Service" for kind, _ in statement.principals):
            yield from _lets(known, statement, {"kms:generatedatakey*", "kms:describekey"})
            yield from _encrypts(known, statement)
        else:
            yield from _administers(known, statement)
    for arn in known.arns:
        about = {"aws:sourcearn": arn, _CONTEXT: arn}
        if not _allowed(statements, _SERVICE, "kms:GenerateDataKey", "*", about):
            yield f"{arn} is not let encrypt"


_CONTEXT = "kms:encryptioncontext:aws:cloudtrail:arn"


def _encrypts(known: Trails, statement: Statement) -> Iterator[str]:
    if statement.touches("kms:GenerateDataKey"):
        for other in (*known.others(), *_strange(known, statement, _CONTEXT)):
            if may_speak(statement, {_CONTEXT: other}):
                yield f"{statement.sid}: for {'whatever' if other == ABSENT else f'logs of {other}'}"


def _administers(known: Trails, statement: Statement) -> Iterator[str]:
    if statement.principals != (("AWS", known.deployer_arn),):
        yield f"{statement.sid}: lets in somebody else than {known.deployer}"
    for call in _KEY_ENDS:
        if statement.touches(call):
            yield f"{statement.sid}: whoever administers the key may {call}"


def of_topic(text: object, topic: str, rule: str) -> bool:
    """Whether a topic's policy lets EventBridge tell it what a rule found; both by their ARNs."""
    statements = _read(text)
    return statements is not None and _allowed(statements, _TELLS, "sns:Publish", topic, {"aws:sourcearn": rule})
