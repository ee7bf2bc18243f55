"""The slow decider about what deployers may do: calls made up one by one, and asked of each allow.

It shares the table of calls with the fast one, and no rule. A call is made up from what a statement names and from what
nobody named; it is one too many where no declared call is like it.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import product
from typing import Any, Final

from infra.verify.ci.ground import CALLS, TARGET, Ground
from infra.verify.values import as_texts, record

_OTHERS: Final = (
    "s3:GetObject", "s3:PutObject", "s3:PutBucketAcl", "s3:PutReplicationConfiguration", "s3:PutBucketLogging",
    "kms:Decrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:DisableKey", "kms:ScheduleKeyDeletion",
    "iam:CreateUser", "iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion",
    "iam:UpdateOpenIDConnectProviderThumbprint", "iam:AddClientIDToOpenIDConnectProvider", "sts:AssumeRole",
    "cloudtrail:StopLogging", "cloudtrail:PutInsightSelectors", "events:DisableRule", "events:PutPermission",
    "sns:AddPermission", "sns:Publish", "secretsmanager:GetSecretValue", "datasync:StartTaskExecution",
    "organizations:DetachPolicy", "organizations:DeletePolicy", "organizations:LeaveOrganization",
    "ec2:RunInstances", "lambda:CreateFunction",
)  # fmt: skip
"""Calls that no deployment makes."""

_STRANGE: Final = ("eu-west-1", "true", "lambda.amazonaws.com", "arn:aws:iam::aws:policy/AdministratorAccess", "other")
"""What calls could say of themselves."""


def matched(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern of AWS's, for which brackets are letters as any other."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


@lru_cache(maxsize=1024)  # one statement of many is edited, and the rest asked again
def admitted(text: str, known: Ground) -> bool:
    """Whether an allow, as JSON, lets a call through that is like no declared one."""
    statement = _statement(text)
    if {"NotAction", "NotResource"} & statement.keys():
        return True
    return any(_allows(statement, *call) and not _declared(*call, known) for call in _made_up(statement, known))


_WORK: Final = (
    "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectLegalHold",
    "s3:GetObjectRetention", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListMultipartUploadParts",
    "s3:PutObject", "s3:PutObjectTagging", "s3:GetBucketLocation", "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPolicy", "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration", "s3:ListBucket",
    "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom",
    "kms:ReEncryptTo", "kms:GenerateDataKeyPairWithoutPlaintext",
)  # fmt: skip
"""What roles do that work on backups."""


@lru_cache(maxsize=1024)
def unbounded(text: str, known: Ground) -> bool:
    """Whether an allow of a boundary, as JSON, lets a call through that is no work on a backup of its account."""
    statement = _statement(text)
    named = as_texts(statement.get("Action", []))
    work = frozenset(map(str.lower, _WORK))
    calls = {it for it in (*CALLS, *map(str.lower, _OTHERS), *work) if any(matched(it, one) for one in named)}
    calls |= {it for it in named if not {"*", "?"} & {*it}}
    aliases = {site.alias for site in known.sites}
    buckets = [f"arn:aws:s3:::{pattern}" for site in known.sites for pattern in site.buckets]
    keys = [f"arn:aws:kms:{site.region}:{site.account}:key/*" for site in known.sites]
    asked = as_texts(statement.get("Resource", "*"))
    resources = {it.replace("*", "x") for it in asked} | {"arn:aws:s3:::other/x"}
    for call, resource in product(sorted(calls), sorted(resources)):
        backup = any(matched(resource.partition("/")[0], it) for it in buckets)
        key = any(matched(resource, it) for it in keys)
        for alias in (None, "alias/other", *sorted(aliases)):
            works = call in work and (backup if call.startswith("s3:") else key and alias in aliases)
            if _allows(statement, call, resource, {"kms:resourcealiases": alias}) and not works:
                return True
    return False


def _statement(text: str) -> Mapping[str, Any]:
    """A statement from its JSON, its actions in lower case."""
    raw = record(json.loads(text))
    return {**raw, "Action": [it.lower() for it in as_texts(raw["Action"])]} if "Action" in raw else raw


def _made_up(statement: Mapping[str, Any], known: Ground) -> Iterator[tuple[str, str, Mapping[str, str | None]]]:
    """Calls near a statement: action, resource, and what each says of itself (None: it leaves that out)."""
    named = as_texts(statement.get("Action", []))
    known_calls = (*CALLS, *map(str.lower, _OTHERS))
    actions = {it for it in known_calls if any(matched(it, pattern) for pattern in named)}
    actions |= {it.replace("*", "x").replace("?", "x") for it in named}
    places = {place for places in known.places.values() for place in places}
    resources = {
        it.replace("*", end).replace("?", "x") for it in as_texts(statement.get("Resource", "*")) for end in ("", "x")
    }
    resources |= {it.replace("*", "x") for it in places} | {
        "arn:aws:s3:::other",
        "arn:aws:iam::999999999999:role/other",
    }
    said: dict[str, set[str | None]] = {}
    for keys in record(statement.get("Condition")).values():
        for key, values in record(keys).items():
            said.setdefault(key.lower(), set()).update(it.replace("*", "x") for it in as_texts(values))
    for action in sorted(actions):
        keys = sorted({*said, *(CALLS[action].says if action in CALLS else ())})
        values = [
            [*sorted({*said.get(key, ()), *_strange(key, known), *known.says.get(key, ())}, key=str), None]
            for key in keys
        ]
        for resource in sorted(resources):
            if not any(matched(resource, it) for it in as_texts(statement.get("Resource", "*"))):
                continue
            right = [next(iter(sorted(said.get(key, {None}), key=str))) for key in keys]
            for at, choices in enumerate(values or [[None]]):
                for choice in choices:
                    told = dict(zip(keys, right, strict=True)) | ({keys[at]: choice} if keys else {})
                    yield action, resource, told


def _strange(key: str, known: Ground) -> Iterator[str]:
    """What nobody declared that a call says, alone and beside what was."""
    yield from _STRANGE
    if key == TARGET:
        yield from (f"{it} {_STRANGE[-1]}" for it in known.says[key])


def _allows(statement: Mapping[str, Any], action: str, resource: str, told: Mapping[str, str | None]) -> bool:
    return (
        any(matched(action, it) for it in as_texts(statement.get("Action", [])))
        and any(matched(resource, it) for it in as_texts(statement.get("Resource", "*")))
        and all(
            _holds(operator, told.get(key.lower()), as_texts(values))
            for operator, keys in record(statement.get("Condition")).items()
            for key, values in record(keys).items()
        )
    )


def _holds(operator: str, given: str | None, values: list[str]) -> bool:
    """One comparison; what is not known to be false holds. Several values of one key stand apart by blanks."""
    many, _, one = operator.rpartition(":")
    if many:
        each = [_holds(one, it, values) for it in (given or "").split()]
        return any(each) if many == "ForAnyValue" else all(each)
    match operator:
        case "StringEquals" | "Bool":
            return given in values
        case "ArnEquals" | "ArnLike" | "StringLike":
            return given is not None and any(matched(given, it) for it in values)
        case _:
            return True


def _declared(action: str, resource: str, told: Mapping[str, str | None], known: Ground) -> bool:
    """Whether a call is one that a deployment makes."""
    call = CALLS.get(action)
    if call is None or any(not {*(told.get(key) or "?").split()} <= known.says[key] for key in call.says):
        return False
    return any(matched(resource, place) for about in call.about for place in known.places[about])
