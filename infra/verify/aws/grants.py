"""What a policy document of a legacy site grants too much: to whom, for which calls, on which resources, under what.

One function for each kind of document. Each yields the rule that is broken and what is wrong, in words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from ipaddress import ip_address, ip_network
from itertools import product
from typing import NamedTuple

from infra.residency.lifecycle import Phase
from infra.residency.regions import LegacyRegion
from infra.verify.aws.globs import fits
from infra.verify.aws.plain import ABSENT, Statement, may_speak

_USES = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom")
_ADMINISTERS = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateAlias", "kms:DisableKey")
_NOBODY = ("kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial", "kms:UpdatePrimaryRegion")
_WORK = (
    "s3:get*", "s3:list*", "s3:putobject", "s3:putobjecttagging", "s3:putobjectversiontagging", "s3:deleteobject",
    "s3:deleteobjectversion", "s3:deleteobjecttagging", "s3:deleteobjectversiontagging", "s3:abortmultipartupload",
    "s3:restoreobject", "kms:decrypt", "kms:describekey", "kms:encrypt", "kms:generatedatakey*", "kms:reencrypt*",
)  # fmt: skip
"""What work on a backup takes. A pattern among what a role may do fits one of these as if it were a name."""

_ELSEWHERE = "999999999999"
"""An account that is nobody's here."""


class Rule(StrEnum):
    """What can be wrong."""

    ACTION = "action"
    DOCUMENT = "document"
    KEY = "key"
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
        networks: the ranges of addresses from which it may.
    """

    role: str
    operator: str
    bucket: str
    until: str
    networks: tuple[str, ...]


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


def of_bucket(site: Site, bucket: str, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """A bucket's policy allows inventories at most; that it keeps everybody else away is for `legacy`."""
    for statement in statements:
        if not statement.denies:
            yield from _service(site, statement, "s3.amazonaws.com")
            if set(statement.actions) != {"s3:putobject"}:
                yield Rule.ACTION, f"{statement.sid}: more than delivering inventories"
            if not statement.resources or not all(
                it.startswith(f"arn:aws:s3:::{bucket}/") for it in statement.resources
            ):
                yield Rule.RESOURCE, f"{statement.sid}: about something else than {bucket}"


def of_key(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """A key's policy: one hand administers, another uses through S3 of the site, S3 encrypts inventories."""
    allowed = [it for it in statements if not it.denies]
    for statement in allowed:
        if {*statement.resources} != {"*"}:
            yield Rule.RESOURCE, f"{statement.sid}: about something else than this key"
        if any(kind == "Service" for kind, _ in statement.principals):
            yield from _service(site, statement, "s3.amazonaws.com")
            if not all(it.startswith("kms:generatedatakey") for it in statement.actions):
                yield Rule.ACTION, f"{statement.sid}: more than encrypting inventories"
        elif any(_let(site, statement)):
            yield from _hands(site, statement)
    users, administrators = (
        {arn for it in allowed if it.touches(*calls) for arn in _let(site, it)} for calls in (_USES, _ADMINISTERS)
    )
    for name in sorted(users & administrators | users & {site.role(site.deployer)}):
        yield Rule.KEY, f"{name.rpartition('/')[2]} administers the key and uses it"


def _hands(site: Site, statement: Statement) -> Iterator[tuple[Rule, str]]:
    """What people may do with a key: those whose it is, and nothing by which it is lent out or carried away."""
    if {"*", "kms:*"} & {*statement.actions}:
        yield Rule.ACTION, f"{statement.sid}: every call there is"
    if statement.touches(*_NOBODY):
        yield Rule.ACTION, f"{statement.sid}: a key that can be lent out or carried away"
    restorers = {site.restore.role} if site.restore is not None else set[str]()
    yield from _people(site, statement, {site.worker, site.deployer, *restorers})
    yield from _use(site, statement)
    yield from _restoring_key(site, statement)


def _use(site: Site, statement: Statement) -> Iterator[tuple[Rule, str]]:
    if statement.touches(*_USES):
        for service in (ABSENT, "s3.eu-west-1.amazonaws.com", *_named(statement, "kms:viaservice")):
            if service != f"s3.{site.region}.amazonaws.com" and may_speak(statement, {"kms:viaservice": service}):
                yield Rule.KEY, f"{statement.sid}: the key by itself, or through another service or region"
    if statement.touches("kms:ScheduleKeyDeletion") and site.phase is not Phase.WIPE:
        yield Rule.KEY, f"{statement.sid}: the key may be given up while backups rest on it"


def _restoring_key(site: Site, statement: Statement) -> Iterator[tuple[Rule, str]]:
    """Who restores decrypts, until the end."""
    restore = site.restore
    if restore is None or site.role(restore.role) not in _let(site, statement):
        return
    if any(may_speak(statement, {"aws:currenttime": it}) for it in _later(restore, statement)):
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
        yield from _ends(restore, statement, anywhere=all(it.startswith("kms:") for it in statement.actions))


def _ends(restore: Restore, statement: Statement, *, anywhere: bool = False) -> Iterator[tuple[Rule, str]]:
    if any(may_speak(statement, {"aws:currenttime": it}) for it in _later(restore, statement)):
        yield Rule.READER, f"{statement.sid}: a restore after its end"
    if not anywhere and any(may_speak(statement, {"aws:sourceip": it}) for it in _elsewhere(restore, statement)):
        yield Rule.READER, f"{statement.sid}: a restore from elsewhere"


def _later(restore: Restore, statement: Statement) -> Iterator[str]:
    """Moments from a restore's end on: the first, the last, and whatever a statement names beyond."""
    yield from (restore.until, "9999-12-31T23:59:59Z")
    yield from (it for it in _named(statement, "aws:currenttime") if it > restore.until)


def _elsewhere(restore: Restore, statement: Statement) -> Iterator[str]:
    """Addresses outside a restore's networks: nobody's, and both ends of every range that a statement names."""
    own = [ip_network(it) for it in restore.networks]
    named = [_ABROAD]
    for value in _named(statement, "aws:sourceip"):
        try:
            named += [str(ip_network(value)[0]), str(ip_network(value)[-1])]
        except ValueError:
            continue  # no address is in it
    yield from (it for it in named if not any(ip_address(it) in network for network in own))


_ABROAD = "192.0.2.200"
"""An address of nobody's (RFC 5737), outside every network that a stack file names as its own."""


def of_trust(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """Who may act as the site's role: DataSync for the site, later those who retire it."""
    for statement in statements:
        if statement.denies:
            continue
        if set(statement.actions) != {"sts:assumerole"}:
            yield Rule.ACTION, f"{statement.sid}: more than acting as the role"
        if site.phase is Phase.BACKUP:
            yield from _service(site, statement, "datasync.amazonaws.com")
        else:
            yield from _people(site, statement, {site.operator})


def of_role(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    """What the site's role may do: work on the site's own buckets, under its own key."""
    for statement in statements:
        if statement.denies:
            continue
        for action in statement.actions:
            if not any(fits(action, it) for it in _WORK):
                yield Rule.ACTION, f"{statement.sid}: {action}, which is no work on a backup"
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
        aliases = {ABSENT, "alias/another", *_named(statement, "kms:resourcealiases")} - {site.alias}
        if any(may_speak(statement, {"kms:resourcealiases": it}) for it in aliases):
            yield f"{resource}, whatever key that is"
    else:
        yield f"{resource} is not the site's"


def _people(site: Site, statement: Statement, names: set[str]) -> Iterator[tuple[Rule, str]]:
    """Whoever a statement lets in is one of these roles, by name or by a condition on who it is."""
    known = {site.role(name) for name in names if name}
    for kind, name in statement.principals:
        if kind == "Service":  # what is asked of people says nothing of a service
            yield Rule.STRANGER, f"{statement.sid}: {name}"
        for who, caller in _callers(site, statement, kind, name).items():
            if caller not in known and may_speak(statement, {"aws:principalarn": caller}):
                yield Rule.STRANGER, f"{statement.sid}: {who}"


def _let(site: Site, statement: Statement) -> Iterator[str]:
    """The ARNs of those whom a statement may let in, services left out."""
    for kind, name in statement.principals:
        callers = _callers(site, statement, kind, name).values() if kind != "Service" else ()
        yield from (it for it in callers if may_speak(statement, {"aws:principalarn": it}))


def _callers(site: Site, statement: Statement, kind: str, name: str) -> Mapping[str, str]:
    """Those whom a principal stands for, of whom a statement may tell one from another, with their ARNs."""
    if kind == "AWS" and ":role/" in name:
        return {name: name}
    named = {it: it for it in _named(statement, "aws:principalarn")}
    if (kind, name) == ("AWS", f"arn:aws:iam::{site.account}:root"):
        strangers = {"a role of the account": site.role("stranger"), "the account's root": name}
        own = re.compile(f"arn:aws:iam::({site.account}|[^:]*x[^:]*):(.*)")  # an account has no letters
        of_account = {who: f"arn:aws:iam::{site.account}:{it[2]}" for who in named if (it := own.fullmatch(who))}
        return {**strangers, "a caller that does not say who it is": ABSENT, **of_account}
    return {name: ABSENT, f"{name}, of another account": f"arn:aws:iam::{_ELSEWHERE}:role/{site.worker}", **named}


def _service(site: Site, statement: Statement, service: str) -> Iterator[tuple[Rule, str]]:
    """A service, acting for the site's own account and resources only."""
    if statement.principals != (("Service", service),):
        yield Rule.STRANGER, f"{statement.sid}: somebody else than {service}"
        return
    accounts = {
        "for another account": _ELSEWHERE,
        "for nobody in particular": ABSENT,
        "": site.account,
        **{f"for the account {it}": it for it in _named(statement, "aws:sourceaccount")},
    }
    sources = {
        "for a resource of others": f"arn:aws:s3:::{_ELSEWHERE}-bucket",
        "for no resource in particular": ABSENT,
        "for a task elsewhere": f"arn:aws:datasync:eu-west-1:{_ELSEWHERE}:task/task-1",
        **{f"for {it}": it for it in _named(statement, "aws:sourcearn")},
    }
    for (whose, account), (what, source) in product(accounts.items(), sources.items()):
        asked = {"aws:sourceaccount": account, "aws:sourcearn": source}
        if (account != site.account or not _is_own(site, source)) and may_speak(statement, asked):
            yield Rule.SERVICE, f"{statement.sid}: {service} {what if account == site.account else whose}"


def _is_own(site: Site, source: str) -> bool:
    """Whether a source is one of the site's buckets, or a task of its account and region."""
    bucket = source.removeprefix("arn:aws:s3:::")
    own = f"arn:aws:datasync:{site.region}:{site.account}:"
    return (bucket != source and site.has(bucket)) or source.startswith(own)


def _named(statement: Statement, key: str) -> Iterator[str]:
    """The values that a statement compares a key with, as they are and with a letter for whatever is wild in them."""
    for comparison in statement.conditions:
        if comparison.key == key:
            yield from comparison.values
            yield from (it.replace("*", "x").replace("?", "x") for it in comparison.values)
