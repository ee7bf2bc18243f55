"""What a policy document of a legacy site grants too much: to whom, for which calls, on which resources, under what.

One function for each kind of document. Each yields the rule that is broken and what is wrong, in words.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from infra.residency.lifecycle import Phase
from infra.residency.regions import LegacyRegion
from infra.verify.aws.globs import fits
from infra.verify.aws.plain import ABSENT, Statement, may_speak, must_speak

_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucketVersions")
_LISTS = ("s3:ListBucket",)
_USES = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom")
_ADMINISTERS = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateAlias", "kms:DisableKey")
_NOBODY = ("kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial", "kms:UpdatePrimaryRegion")
_ELSEWHERE = "999999999999"
"""An account that is nobody's here."""


class Rule(StrEnum):
    """What can be wrong."""

    ACTION = "action"
    DOCUMENT = "document"
    KEY = "key"
    PUBLIC = "public"
    READER = "reader"
    RESOURCE = "resource"
    SERVICE = "service"
    STRANGER = "stranger"
    TYPE = "type"


class Restore(NamedTuple):
    """Who may read one bucket back, as declared.

    Attributes:
        role: name of the role that reads.
        operator: name of the role of the people who act as it.
        until: the first moment at which it may no longer read.
    """

    role: str
    operator: str
    bucket: str
    until: str


class Site(NamedTuple):
    """A legacy site as the stack's own configuration declares it.

    Attributes:
        name: of the site, and of its key.
        worker: name of the one role that works on objects.
        deployer: name of the role that deploys, and lists current names.
        operator: name of the role of those who retire it; empty in BACKUP.
        buckets: patterns of its buckets' names.
        alias: of its key.
        restore: None where nobody reads anything back.
    """

    name: str
    region: LegacyRegion
    account: str
    phase: Phase
    worker: str
    deployer: str
    operator: str
    buckets: tuple[str, ...]
    alias: str
    restore: Restore | None = None

    def role(self, name: str) -> str:
        """The ARN of a role of its account."""
        return f"arn:aws:iam::{self.account}:role/{name}"

    def has(self, bucket: str) -> bool:
        """Whether a bucket is one of its own."""
        return any(fits(bucket, pattern) for pattern in self.buckets)


Judge = Callable[[tuple[Statement, ...]], Iterator[tuple[Rule, str]]]
"""Judges a document."""


def _strangers(site: Site) -> dict[str, dict[str, str]]:
    """Callers that have no business here, as calls that come over TLS."""
    callers = {
        "a role of the account": site.role("stranger"),
        "the account's root": f"arn:aws:iam::{site.account}:root",
        "another account": f"arn:aws:iam::{_ELSEWHERE}:role/{site.worker}",
    }
    return {who: {"aws:principalarn": arn, "aws:securetransport": "true"} for who, arn in callers.items()}


def of_bucket(site: Site, bucket: str, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """A bucket's policy keeps everybody but the site's one role away, and allows inventories at most."""
    for who, calls, caller in _callers(site, bucket):
        for call in calls:
            if not _denied(statements, bucket, call, caller):
                yield Rule.READER, f"{who} is not kept from {call}"
    for statement in statements:
        if not statement.denies:
            yield from _service(statement, "s3.amazonaws.com")
            if set(statement.actions) != {"s3:putobject"}:
                yield Rule.ACTION, f"{statement.sid}: more than delivering inventories"
            if not statement.resources or not all(
                it.startswith(f"arn:aws:s3:::{bucket}/") for it in statement.resources
            ):
                yield Rule.RESOURCE, f"{statement.sid}: about something else than {bucket}"


def _callers(site: Site, bucket: str) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, str]]]:
    """Those who are to be kept away, from which calls."""
    for who, caller in _strangers(site).items():
        yield who, (*_READS, *_LISTS), caller
    yield "the deployer", _READS, {"aws:principalarn": site.role(site.deployer), "aws:securetransport": "true"}
    if site.restore is not None:
        caller = {"aws:principalarn": site.role(site.restore.role), "aws:securetransport": "true"}
        cases: Mapping[str, Mapping[str, str]] = _beyond(site.restore) if site.restore.bucket == bucket else {"": {}}
        for what, call in cases.items():
            yield f"who restores{what}", (*_READS, *_LISTS), {**caller, **call}
    yield "whoever comes in plain text", ("s3:GetObject", "s3:PutObject", "s3:ListBucket"), _PLAIN_TEXT
    for what, key in _OTHER_KEYS.items():
        yield f"whoever encrypts {what}", ("s3:PutObject",), {**_TLS, key: "AES256"}


def _beyond(restore: Restore) -> dict[str, dict[str, str]]:
    """Calls for which a restore is not meant: after its end, and from another network."""
    return {" after its end": {"aws:currenttime": restore.until}, " from elsewhere": {"aws:sourceip": _ABROAD}}


_ABROAD = "192.0.2.200"
"""An address of nobody's (RFC 5737), outside every network that a stack file names as its own."""

_PLAIN_TEXT, _TLS = {"aws:securetransport": "false"}, {"aws:securetransport": "true"}
_OTHER_KEYS = {
    "otherwise than the bucket": "s3:x-amz-server-side-encryption",
    "with a key of their own": "s3:x-amz-server-side-encryption-customer-algorithm",
}
"""How whoever puts an object could have it encrypted, by the key that says so."""


def _denied(statements: tuple[Statement, ...], bucket: str, call: str, caller: Mapping[str, str]) -> bool:
    resource = f"arn:aws:s3:::{bucket}" + ("" if call.startswith("s3:List") else "/name")
    return any(
        it.denies and ("*", "*") in it.principals and it.is_about(call, resource) and must_speak(it, caller)
        for it in statements
    )


def of_key(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """A key's policy: one hand administers, another uses through S3 of the site, S3 encrypts inventories."""
    allowed = [it for it in statements if not it.denies]
    for statement in allowed:
        if {"*", "kms:*"} & {*statement.actions}:
            yield Rule.ACTION, f"{statement.sid}: every call there is"
        if statement.touches(*_NOBODY):
            yield Rule.ACTION, f"{statement.sid}: a key that can be lent out or carried away"
        if {*statement.resources} != {"*"}:
            yield Rule.RESOURCE, f"{statement.sid}: about something else than this key"
        if any(kind == "Service" for kind, _ in statement.principals):
            yield from _service(statement, "s3.amazonaws.com")
            if not all(it.startswith("kms:generatedatakey") for it in statement.actions):
                yield Rule.ACTION, f"{statement.sid}: more than encrypting inventories"
        else:
            restorers = {site.restore.role} if site.restore is not None else set[str]()
            yield from _people(site, statement, {site.worker, site.deployer, *restorers})
            yield from _use(site, statement)
            yield from _restoring_key(site, statement)
    users, administrators = (
        {name for it in allowed if it.touches(*calls) for kind, name in it.principals if kind != "Service"}
        for calls in (_USES, _ADMINISTERS)
    )
    for name in sorted(users & administrators | users & {site.role(site.deployer)}):
        yield Rule.KEY, f"{name.rpartition('/')[2]} administers the key and uses it"


def _use(site: Site, statement: Statement) -> Iterator[tuple[Rule, str]]:
    if statement.touches(*_USES):
        for service in (ABSENT, "s3.eu-west-1.amazonaws.com"):
            if may_speak(statement, {"kms:viaservice": service}):
                yield Rule.KEY, f"{statement.sid}: the key by itself, or through another service or region"
    if statement.touches("kms:ScheduleKeyDeletion") and site.phase is not Phase.WIPE:
        yield Rule.KEY, f"{statement.sid}: the key may be given up while backups rest on it"


def _restoring_key(site: Site, statement: Statement) -> Iterator[tuple[Rule, str]]:
    """Who restores decrypts, until the end."""
    restore = site.restore
    if restore is None or ("AWS", site.role(restore.role)) not in statement.principals:
        return
    if may_speak(statement, {"aws:currenttime": restore.until}):
        yield Rule.KEY, f"{statement.sid}: the key after the restore's end"
    if statement.touches("kms:Encrypt", "kms:GenerateDataKey", *_ADMINISTERS):
        yield Rule.KEY, f"{statement.sid}: more than decrypting"


def of_restore_trust(site: Site, restore: Restore, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """Who may act as the restore's role: those people, from their network, until its end."""
    for statement in statements:
        if not statement.denies:
            if set(statement.actions) != {"sts:assumerole"}:
                yield Rule.ACTION, f"{statement.sid}: more than acting as the role"
            yield from _people(site, statement, {restore.operator})
            yield from _ends(restore, statement)


def of_restore(site: Site, restore: Restore, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """What the restore's role may do: read its one bucket, and decrypt, until its end."""
    for statement in statements:
        if statement.denies:
            continue
        for action in statement.actions:
            if not action.startswith(("s3:get", "s3:list")) and action not in {"kms:decrypt", "kms:describekey"}:
                yield Rule.ACTION, f"{statement.sid}: {action}, which is no reading"
        own = f"arn:aws:s3:::{restore.bucket}"
        for resource in statement.resources or ("nothing in particular",):
            if resource not in {own, f"{own}/*"} and not resource.startswith("arn:aws:kms:"):
                yield Rule.RESOURCE, f"{statement.sid}: {resource} is not what is restored"
            elif resource.startswith("arn:aws:kms:"):
                yield from ((Rule.RESOURCE, f"{statement.sid}: {it}") for it in _foreign(site, statement, resource))
        yield from _ends(restore, statement, anywhere=any(it.startswith("kms:") for it in statement.actions))


def _ends(restore: Restore, statement: Statement, *, anywhere: bool = False) -> Iterator[tuple[Rule, str]]:
    for what, call in _beyond(restore).items():
        if may_speak(statement, call) and not (anywhere and "aws:sourceip" in call):
            yield Rule.READER, f"{statement.sid}: a restore{what}"


def of_trust(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """Who may act as the site's role: DataSync for the site, later those who retire it."""
    for statement in statements:
        if statement.denies:
            continue
        if set(statement.actions) != {"sts:assumerole"}:
            yield Rule.ACTION, f"{statement.sid}: more than acting as the role"
        if site.phase is Phase.BACKUP:
            yield from _service(statement, "datasync.amazonaws.com")
        else:
            yield from _people(site, statement, {site.operator})


def of_role(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """What the site's role may do: work on the site's own buckets, under its own key."""
    for statement in statements:
        if statement.denies:
            continue
        for action in statement.actions:
            if action.endswith(":*") or action == "*":
                yield Rule.ACTION, f"{statement.sid}: every call there is"
            elif not action.startswith(("s3:", "kms:")):
                yield Rule.ACTION, f"{statement.sid}: {action}, which is no work on a backup"
            elif action.startswith(("s3:putbucket", "s3:deletebucket", "s3:putlifecycle", "s3:putencryption")):
                yield Rule.ACTION, f"{statement.sid}: {action} changes what guards the backup"
        if statement.touches(*_NOBODY, *_ADMINISTERS):
            yield Rule.KEY, f"{statement.sid}: the site's role would administer the key"
        if not statement.resources:
            yield Rule.RESOURCE, f"{statement.sid}: about nothing in particular"
        for resource in statement.resources:
            yield from ((Rule.RESOURCE, f"{statement.sid}: {it}") for it in _foreign(site, statement, resource))


def _foreign(site: Site, statement: Statement, resource: str) -> Iterator[str]:
    if resource.startswith("arn:aws:s3:::"):
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        if bucket not in site.buckets and not ("*" not in bucket and site.has(bucket)):
            yield f"{resource} is not the site's"
    elif resource.startswith(f"arn:aws:kms:{site.region}:{site.account}:key/"):
        if may_speak(statement, {"kms:resourcealiases": "alias/another"}) or may_speak(
            statement, {"kms:resourcealiases": ABSENT}
        ):
            yield f"{resource}, whatever key that is"
    else:
        yield f"{resource} is not the site's"


def _people(site: Site, statement: Statement, names: set[str]) -> Iterator[tuple[Rule, str]]:
    """Principals of kind AWS are these roles, by name or by a condition on who it is."""
    known = {site.role(name) for name in names if name}
    if not statement.principals:
        yield Rule.STRANGER, f"{statement.sid}: nobody in particular"
    for kind, name in statement.principals:
        if (kind, name) == ("AWS", f"arn:aws:iam::{site.account}:root"):
            for who, caller in {**_strangers(site), "a caller that does not say who it is": {}}.items():
                asked = {"aws:principalarn": ABSENT, **caller}
                if who != "another account" and may_speak(statement, asked):
                    yield Rule.STRANGER, f"{statement.sid}: {who}"
        elif kind != "AWS" or name not in known:
            yield Rule.STRANGER, f"{statement.sid}: {name}"


def _service(statement: Statement, service: str) -> Iterator[tuple[Rule, str]]:
    """A service, acting for the site's own account and resources only."""
    if statement.principals != (("Service", service),):
        yield Rule.STRANGER, f"{statement.sid}: somebody else than {service}"
        return
    asked = {
        "for another account": {"aws:sourceaccount": _ELSEWHERE},
        "for nobody in particular": {"aws:sourceaccount": ABSENT},
        "for a resource of others": {"aws:sourcearn": f"arn:aws:s3:::{_ELSEWHERE}-bucket"},
        "for no resource in particular": {"aws:sourcearn": ABSENT},
        "for a task elsewhere": {"aws:sourcearn": f"arn:aws:datasync:eu-west-1:{_ELSEWHERE}:task/task-1"},
    }
    for what, call in asked.items():
        if may_speak(statement, call):
            yield Rule.SERVICE, f"{statement.sid}: {service} {what}"
