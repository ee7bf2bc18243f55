"""Random policy documents of AWS, questions to them, and requests: few names, so that statements meet and miss."""

import json
from fnmatch import fnmatchcase
from itertools import product
from random import Random
from typing import Any

from infra.verify.aws import cover, document, replay
from infra.verify.aws.request import Question, Request

ROLES = tuple(
    f"arn:aws:iam::{account}:role/{name}" for account in ("111111111111", "222222222222") for name in ("a", "ab")
)
PEOPLE = (
    *ROLES,
    "arn:aws:iam::111111111111:user/u",
    "service:s3.amazonaws.com",
    "service:x.amazonaws.com",
    "anonymous",
)
ACTIONS = ("s3:getobject", "s3:getobjectversion", "s3:putobject", "s3:listbucket")
PLACES = ("arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::bb/k", "arn:aws:s3:::c")
ADDRESSES = ("198.51.100.1", "198.51.7.1", "203.0.113.9", "fd00::1")
TIMES = ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z")
CONTEXT: dict[str, tuple[Any, ...]] = {
    "aws:securetransport": (None, "true", "false"),
    "aws:sourceip": (None, *ADDRESSES),
    "aws:currenttime": (None, *TIMES),
    "aws:sourcearn": (None, "arn:aws:s3:::b", "arn:aws:s3:::c", "arn:aws:sns:us-east-1:111111111111:t:u"),
    "kms:resourcealiases": (
        None, *map(frozenset, ({"alias/a"}, {"alias/b"}, {"alias/a", "alias/b"}, {"alias/ab"})),
    ),
    "s3:prefix": (None, "us/", "us/x", "eu/"),
}  # fmt: skip
"""Values of each condition key that a request may have."""

GIVEN = (
    ("aws:securetransport", "false"), ("aws:sourceip", ADDRESSES[0]), ("aws:currenttime", "2026-06-01T00:00:00+00:00"),
    ("kms:resourcealiases", "alias/a"), ("s3:prefix", "us/x"),
)  # fmt: skip
"""What all requests in question may carry."""

_TESTS: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "aws:SecureTransport": (("Bool", "BoolIfExists", "Null"), ("true", "false", False)),
    "aws:SourceIp": (("IpAddress", "NotIpAddress", "IpAddressIfExists"), ("198.51.100.0/24", "198.51.0.0/16", "::/0")),
    "aws:CurrentTime": (("DateLessThan", "DateGreaterThanEquals", "DateNotEquals"), TIMES),
    "aws:SourceArn": (
        ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEqualsIfExists"),
        ("arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:sns:*:111111111111:*", "arn:aws:*:::?"),
    ),
    "kms:ResourceAliases": (
        (
            "ForAnyValue:StringEquals",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotLike",
            "ForAllValues:StringLike",
        ),
        ("alias/a", "alias/b", "alias/a*"),
    ),
    "s3:prefix": (("StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists"), ("us/", "us/*", "*u/")),
    "aws:PrincipalArn": (("ArnEquals", "ArnNotEquals", "StringLike", "Null"), (*ROLES, "arn:aws:iam::*:role/a*")),
    "aws:PrincipalAccount": (("StringEquals", "StringNotEquals"), ("111111111111", "333333333333")),
}


def instance(random: Random) -> tuple[str, Question]:
    """A document of up to five statements, and a question to it."""
    statements = [_statement(random) for _ in range(random.randint(1, 5))]
    question = Question(
        actions=tuple(random.sample(ACTIONS, random.randint(1, 2))),
        resources=(random.choice((*PLACES, "arn:aws:s3:::b*", "*")),),
        but=tuple(random.sample(ROLES, random.randint(0, 2))),
        open=random.random() < 0.6,
        given=tuple(random.sample(GIVEN, random.choice((0, 0, 0, 1, 2)))),
    )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}), question


def _statement(random: Random) -> dict[str, Any]:
    everyone: Any = random.choice(("*", {"AWS": "*"}))
    some = random.choice((*ROLES, "111111111111", "arn:aws:iam::222222222222:root"))
    principal = random.choice((everyone, everyone, {"AWS": some}, {"Service": "s3.amazonaws.com", "AWS": [ROLES[0]]}))
    actions = random.sample(("s3:GetObject", "s3:Get*", "s3:*", "S3:PutObject", "s3:Get?bject", "s3:ListBucket"), 2)
    places = random.sample(("arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b*", "*", "arn:aws:s3:::*/k"), 2)
    keys = random.sample(sorted(_TESTS), random.choice((0, 0, 1, 1, 2)))
    condition: dict[str, Any] = {}
    for key in keys:
        operators, values = _TESTS[key]
        operator = random.choice(operators)
        chosen = random.sample(values, random.randint(1, 2))
        condition.setdefault(operator, {})[key] = [random.choice(("true", "false"))] if operator == "Null" else chosen
    return {
        "Effect": random.choice(("Allow", "Deny", "Deny")),
        random.choice(("Principal", "Principal", "Principal", "NotPrincipal")): principal,
        random.choice(("Action", "Action", "Action", "NotAction")): random.choice((actions, actions[0], "*")),
        random.choice(("Resource", "Resource", "Resource", "NotResource")): places,
        **({"Condition": condition} if condition else {}),
    }


def asked(question: Question, text: str) -> list[Request]:
    """Every request of the vocabulary that is in question; keys that the document does not name are left out."""
    values = CONTEXT | {key: (value,) for key, value in question.given}
    keys = [key for key in CONTEXT if f'"{key}"' in text.lower()]
    people = [it for it in PEOPLE if it not in question.but]
    places = [it for it in PLACES if any(fnmatchcase(it, p) for p in question.resources)]
    return [
        Request(
            principal=who,
            action=what,
            resource=where,
            context={key: value for key, value in zip(keys, chosen, strict=True) if value is not None},
        )
        for who, what, where, chosen in product(
            people, question.actions, places, list(product(*(values[key] for key in keys)))[:400]
        )
    ]


def decided(text: str, question: Question) -> Request | str | None:
    """What the fast decider finds: a request, none, or why it refuses."""
    try:
        return cover.admitted(document.parse(text), question)
    except document.UnmodelledError as error:
        return str(error)


def disagreement(case: tuple[str, Question]) -> str:
    """Where the two deciders differ, or a counterexample does not replay; empty where all is well."""
    text, question = case
    found, admits = decided(text, question), replay.compiled(text, open_=question.open)
    if isinstance(found, str):
        return ""
    if found is not None:
        carried = all(found.context[key] in (value, frozenset({value})) for key, value in question.given)
        return "" if admits(found) and carried else f"does not replay: {found}"
    return next((f"admitted all the same: {it}" for it in asked(question, text) if admits(it)), "")


_EACH = 20_000
"""Requests a proved document is asked: enough to make compiling it cheap."""


def replays(random: Random, number: int) -> tuple[int, list[tuple[str, Request]]]:
    """Random requests that must not be admitted, asked of random documents that were proved.

    Args:
        random: where documents and requests come from.
        number: how many requests, at least.

    Returns:
        How many were asked, and those that were admitted all the same.
    """
    asked_, admitted = 0, list[tuple[str, Request]]()
    while asked_ < number:
        text, question = instance(random)
        if decided(text, question) is not None:
            continue
        admits = replay.compiled(text, open_=question.open)
        pool = asked(question, text)
        for request in random.choices(pool, k=min(_EACH, number - asked_)) if pool else ():
            asked_ += 1
            if admits(request):
                admitted.append((text, request))
    return asked_, admitted
