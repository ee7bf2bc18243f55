"""Single requests against the documents of the sites' archive: the slow decider of what its policies let somebody do.

It shares no rule with `grants`: documents are played on `aws.replay`. What a statement lets in is asked of it by
itself, as everybody whom it names, from every source, under each value that a condition names, one of nobody's and
none; what nobody may do has to be denied by one statement, and what a trail does has to be let by the whole. Where a
document is none, or has something in it that is not asked about here, everybody is let do everything; a denial that
compares in such a way keeps nobody away, and may stop a trail.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Final

from infra.verify.aws.lets import OF_PEOPLE, is_asked, read
from infra.verify.aws.replay import Decision, compiled
from infra.verify.aws.request import Request
from infra.verify.values import as_texts, listed, record

_TRAIL: Final = "service:cloudtrail.amazonaws.com"
_SOURCE: Final = "aws:sourcearn"
_LOG_OF: Final = "kms:encryptioncontext:aws:cloudtrail:arn"
_COMPARED: Final = frozenset(
    {
        "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Bool", "ForAllValues:ArnEquals", "ForAnyValue:ArnEquals",
        "ForAnyValue:StringEquals", "ForAnyValue:StringLike", "StringEquals", "StringLike", "StringNotEquals",
        "StringNotLike",
    }
)  # fmt: skip
_WHOLE: Final = frozenset({"Effect", "Principal", "Action", "Resource"})
_OF_OBJECTS: Final = (
    "s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion",
    "s3:PutObject", "s3:PutObjectRetention",
)  # fmt: skip
_OF_BUCKET: Final = (
    "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucketVersions", "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)  # fmt: skip
"""What nobody may do: with objects, and with the bucket."""
_DEPLOYING: Final = (
    "s3:ListBucket", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
)  # fmt: skip
_KEY_ENDS: Final = (
    "kms:CreateGrant", "kms:Decrypt", "kms:DisableKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ImportKeyMaterial",
    "kms:ReEncryptFrom", "kms:ReplicateKey", "kms:ScheduleKeyDeletion", "kms:UpdatePrimaryRegion",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where the trails go.

    Attributes:
        account: its own.
        deployer: ARN of the role that deploys there.
        bucket: its name.
        trails: the account of each trail, by the trail's ARN.
    """

    account: str
    deployer: str
    bucket: str
    trails: tuple[tuple[str, str], ...]


def _statements(text: str) -> list[Mapping[str, Any]] | None:
    """The statements of a document; None where something in it is not asked about here."""
    found = read(text)
    return found if found is not None and all(map(_is_whole, found)) else None


def _is_whole(statement: Mapping[str, Any]) -> bool:
    """Whether a statement says what it is about, and to whom, and an allow compares in ways that are asked about."""
    asked = statement["Effect"] == "Deny" or _is_asked(statement.get("Condition", {}))
    return statement.keys() >= _WHOLE and asked


def _is_asked(conditions: Mapping[str, Any]) -> bool:
    """Whether conditions compare in ways that are asked about here, and ARNs with nothing else."""
    known = all(it == "Null" or it.removesuffix("IfExists") in _COMPARED for it in conditions)
    return known and all(map(is_asked, conditions.items()))


@lru_cache(maxsize=4096)
def _played(text: str, *, open_: bool) -> Decision:
    """Statements as a decision, which is made once of each."""
    return compiled(text, open_=open_)


def _decision(statements: Iterable[Mapping[str, Any]], *, open_: bool = False) -> Decision:
    return _played(json.dumps({"Statement": [*statements]}), open_=open_)


def _named(statement: Mapping[str, Any]) -> dict[str, set[str]]:
    """The values that a statement's conditions compare each key with; keys in lower case."""
    named: dict[str, set[str]] = {}
    for keys in record(statement.get("Condition")).values():
        for key, values in record(keys).items():
            named.setdefault(key.lower(), set()).update(as_texts(values))
    return named


def _contexts(named: Mapping[str, set[str]], given: Mapping[str, Iterable[str | None]]) -> list[dict[str, str]]:
    """Every choice among the values that conditions name, one of nobody's and none; or among those that are given."""
    free = {key: {*values, "nobodys", "true", "false", None} for key, values in named.items()
            if key not in {*given, *OF_PEOPLE}}  # fmt: skip
    keys = [*free, *given]
    chosen = (zip(keys, it, strict=True) for it in product(*free.values(), *given.values()))
    return [{key: value for key, value in pairs if value is not None} for pairs in chosen]


def _people(statement: Mapping[str, Any], archive: Archive) -> set[str]:
    """Everybody whom a statement names, and some whom nobody names."""
    people = {
        "anonymous", _TRAIL, "service:nobodys.amazonaws.com", archive.deployer,
        f"arn:aws:iam::{archive.account}:root", f"arn:aws:iam::{archive.account}:role/nobodys",
        "arn:aws:iam::999999999999:role/nobodys",
    }  # fmt: skip
    for kind, names in record(statement["Principal"]).items():
        for name in map(str, listed(names)):
            account = name.removesuffix(":root").rpartition(":")[2]
            people |= {f"service:{name}" if kind == "Service" else name}
            people |= {f"arn:aws:iam::{account}:role/nobodys"} if account.isdigit() else set()
    return people


def _sources(archive: Archive) -> list[str | None]:
    """On whose behalf CloudTrail could ask: each trail's, nobody's, and nearly a trail's."""
    near = [it for arn, account in archive.trails
            for it in (arn, f"{arn}-other", arn.replace(account, "999999999999"))]  # fmt: skip
    return [None, "nobodys", *near]


def _asked(statement: Mapping[str, Any], name: str, more: Iterable[str]) -> list[str]:
    """What a statement names, patterns filled in, and more."""
    return sorted({*(str(it).replace("*", "Nobodys") for it in listed(statement[name])), *more})


def _let(
    statement: Mapping[str, Any], archive: Archive, calls: Iterable[str], places: Iterable[str]
) -> Iterator[Request]:
    """Everything that a statement lets in by itself, of what it names and of what is to be tried beside."""
    admits, named = _decision([statement]), _named(statement)
    given = {key: {*_sources(archive), *named[key]} for key in (_SOURCE, _LOG_OF) if key in named}
    tried = product(
        sorted(_people(statement, archive)),
        _asked(statement, "Action", calls),
        _asked(statement, "Resource", places),
        _contexts(named, given),
    )
    for who, call, place, context in tried:
        request = Request(principal=who, action=call.lower(), resource=place, context=context)
        if admits(request):
            yield request


@lru_cache(maxsize=1024)
def into_bucket(archive: Archive, text: str) -> tuple[str, ...]:
    """What somebody is let do with the archive's bucket, or is not kept from, or what a trail is not let do."""
    return tuple(_into_bucket(archive, text))


def _into_bucket(archive: Archive, text: str) -> Iterator[str]:
    statements = _statements(text)
    if statements is None:
        yield "everything"
        return
    bucket, arns = f"arn:aws:s3:::{archive.bucket}", dict(archive.trails)
    logs = {arn: f"{bucket}/AWSLogs/{account}/CloudTrail/log" for arn, account in archive.trails}
    for statement in (it for it in statements if it["Effect"] == "Allow"):
        places = (bucket, f"{bucket}/elsewhere", *logs.values())
        for request in _let(statement, archive, ("s3:PutObject", "s3:GetBucketAcl"), places):
            account = arns.get(str(request.context.get(_SOURCE)))
            own = request.resource.startswith(f"{bucket}/AWSLogs/{account}/")
            looks = request.action == "s3:getbucketacl" or (request.action == "s3:putobject" and own)
            if request.principal != _TRAIL or account is None or not looks:
                yield f"{request.principal} is let {request.action}"
                break
    for arn, log in logs.items():
        given = {_SOURCE: arn, "aws:securetransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}
        for call, place in (("s3:putobject", log), ("s3:getbucketacl", bucket)):
            if not _is_let(statements, _TRAIL, call, place, given):
                yield f"{arn} is not let {call}"
    yield from _not_kept(archive, statements)


def _is_let(statements: list[Mapping[str, Any]], who: str, call: str, place: str, given: Mapping[str, str]) -> bool:
    """Whether a service is let in by name, whatever else is said of its request, and whoever it acts as."""
    name = who.removeprefix("service:")
    by_name = (it for it in statements if name in listed(record(it["Principal"]).get("Service")))
    allows = [it for it in by_name if it["Effect"] == "Allow" and not _named(it).keys() & OF_PEOPLE]
    heard = [*allows, *(_of_anybody(it) for it in statements if it["Effect"] == "Deny")]
    named = {key: values for it in heard for key, values in _named(it).items()}
    admits, contexts = _decision(heard), _contexts(named, {key: [value] for key, value in given.items()})
    return all(admits(Request(principal=who, action=call, resource=place, context=it)) for it in contexts)


def _of_anybody(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement without what its conditions ask of who acts, and without what is not asked about here."""
    conditions = {
        operator: {key: values for key, values in record(keys).items() if key.lower() not in OF_PEOPLE}
        for operator, keys in record(statement.get("Condition")).items()
        if _is_asked({operator: keys})
    }
    return {**statement, "Condition": conditions}


def _not_kept(archive: Archive, statements: list[Mapping[str, Any]]) -> Iterator[str]:
    """What somebody is not kept from by any one statement about everybody."""
    denials = [it for it in statements if it["Effect"] == "Deny"
               and "*" in (it["Principal"], *listed(record(it["Principal"]).get("AWS")))
               and _is_asked(record(it.get("Condition")))]  # fmt: skip
    guards = [(_decision([it], open_=True), _named(it)) for it in denials]
    strangers = {
        f"arn:aws:iam::{archive.account}:role/stranger",
        f"arn:aws:iam::{archive.account}:root",
        archive.deployer.replace(archive.account, "999999999999"),
    }
    everybody = {*strangers, archive.deployer, _TRAIL, "anonymous"}.union(
        *(named.get("aws:principalarn", set()) for _, named in guards)
    )
    bucket = f"arn:aws:s3:::{archive.bucket}"
    log = f"{bucket}/AWSLogs/log"

    def kept(people: set[str], call: str, place: str, given: Mapping[str, list[str | None]]) -> bool:
        return any(
            not any(
                admits(Request(principal=who, action=call.lower(), resource=place, context=it))
                for who, it in product(people, _contexts(named, given))
            )
            for admits, named in guards
        )

    over_tls: dict[str, list[str | None]] = {"aws:securetransport": ["true"], _SOURCE: [None]}
    plain: dict[str, list[str | None]] = {"aws:securetransport": ["false"]}
    tried = [({*strangers, archive.deployer}, call, log, over_tls) for call in _OF_OBJECTS]
    tried += [({*strangers, archive.deployer}, call, bucket, over_tls) for call in _OF_BUCKET]
    tried += [(strangers, call, bucket, over_tls) for call in _DEPLOYING]
    tried += [(everybody, call, log, plain) for call in ("s3:GetObject", "s3:PutObject")]
    tried += [(everybody, "s3:ListBucket", bucket, plain)]
    for people, call, place, given in tried:
        if not all(
            kept(each, call, place, given) for each in ([people] if given is plain else ({it} for it in people))
        ):
            yield f"somebody is not kept from {call}"


@lru_cache(maxsize=1024)
def with_key(archive: Archive, text: str) -> tuple[str, ...]:
    """What somebody is let do with the archive's key, or what a trail is not let do."""
    return tuple(_with_key(archive, text))


def _with_key(archive: Archive, text: str) -> Iterator[str]:
    statements = _statements(text)
    if statements is None:
        yield "everything"
        return
    this, trails = "*", dict(archive.trails)  # a key's policy is about that key, whatever it is called
    for statement in (it for it in statements if it["Effect"] == "Allow"):
        if {*listed(statement["Resource"])} != {this}:
            yield "something with another key"
        for request in _let(statement, archive, (*_KEY_ENDS, "kms:DescribeKey"), (this,)):
            by_trail = request.principal == _TRAIL and request.context.get(_SOURCE) in trails
            encrypts = request.action.startswith("kms:generatedatakey") and request.context.get(_LOG_OF) in trails
            ends = request.action in {it.lower() for it in _KEY_ENDS}
            administers = request.principal == archive.deployer and not ends
            if not administers and not (by_trail and (encrypts or request.action == "kms:describekey")):
                yield f"{request.principal} is let {request.action}"
                break
    for arn in trails:
        if not _is_let(statements, _TRAIL, "kms:generatedatakey", this, {_SOURCE: arn, _LOG_OF: arn}):
            yield f"{arn} is not let encrypt"


@lru_cache(maxsize=1024)
def tells(text: str, topic: str, rule: str) -> bool:
    """Whether a topic takes what a rule found; both by their ARNs."""
    statements = _statements(text)
    who = "service:events.amazonaws.com"
    return statements is not None and _is_let(statements, who, "sns:publish", topic, {_SOURCE: rule})
