"""Policies of buckets that differ in the name of their bucket only are one policy, and are decided once.

Where every resource of a policy begins with the bucket's own ARN, and nothing else in it names that, a text that begins
with the ARN fits a resource just as the same text beginning with another plain ARN fits the resource renamed, and no
other text fits any. So whoever is let in to the one is let in to the other, and a question to a thousand buckets is
asked of one. Only an answer that nobody is let in is taken over; whatever else there is to say is said of the policy
itself, by name.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from infra.verify.aws import cover, plain
from infra.verify.aws.document import Statement, UnmodelledError, parse
from infra.verify.aws.grants import Rule, Site, of_bucket
from infra.verify.aws.request import Question, Request

ANY: Final = "-"
"""In place of a bucket's name; no bucket's begins like that."""

_PREFIX: Final = "arn:aws:s3:::"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]*")


@lru_cache(maxsize=4096)
def renamed(text: str, bucket: str) -> str:
    """A policy, or a resource, as it would be written for the bucket `ANY`; empty where that cannot be told."""
    if not _NAME.fullmatch(bucket) or _PREFIX + ANY in text:
        return ""
    return text.replace(_PREFIX + bucket, _PREFIX + ANY)


def admitted(document: object, question: Question, bucket: str) -> Request | None:
    """A request that is in question and that a policy would admit; None where there is none.

    Args:
        document: The policy's text.
        question: What must not be admitted.
        bucket: Whose policy it is; empty where it is no bucket's.

    Raises:
        UnmodelledError: As `cover.admitted`.
    """
    text = str(document)
    alike = renamed(text, bucket)
    if alike and _closed(alike, question._replace(resources=tuple(renamed(it, bucket) for it in question.resources))):
        return None
    return cover.admitted(parse(text), question)


@lru_cache(maxsize=4096)
def _closed(text: str, question: Question) -> bool:
    """Whether the policy of the bucket `ANY` is about nothing else, and admits nobody who is in question."""
    try:
        statements = parse(text)
        return (
            _own(question.resources, [_read(it) for it in statements]) and cover.admitted(statements, question) is None
        )
    except UnmodelledError:
        return False


def _read(it: Statement) -> tuple[tuple[str, ...], Iterable[str]]:
    """The resources of a statement, and every other text in it."""
    tested = (text for test in it.tests for text in (test.key, *test.values))
    return it.resource.patterns, (*it.principal.patterns, *it.action.patterns, *tested)


def _own(asked: tuple[str, ...], statements: list[tuple[tuple[str, ...], Iterable[str]]]) -> bool:
    own = _PREFIX + ANY
    return all(it.startswith(own) for it in asked) and all(
        all(it.startswith(own) for it in resources) and not any(own in it for it in others)
        for resources, others in statements
    )


def leaks(document: str, site: Site, bucket: str) -> tuple[tuple[Rule, str], ...]:
    """What a bucket's policy grants too much, and whom it does not keep away, as `of_bucket` says.

    Raises:
        UnreadableError: As `plain.attached`.
    """
    restored = site.restore is not None and site.restore.bucket == bucket
    alike = "" if restored else renamed(document, bucket)
    if alike and _kept(alike, site):
        return ()
    return tuple(of_bucket(site, bucket, plain.attached(document, named=True)))


@lru_cache(maxsize=4096)
def _kept(text: str, site: Site) -> bool:
    """The same of the bucket `ANY`: whether it is about nothing else, and has no leak."""
    try:
        statements = plain.attached(text, named=True)
    except plain.UnreadableError:
        return False
    read = [(it.resources, _others(it)) for it in statements]
    return _own((), read) and not any(of_bucket(site, ANY, statements))


def _others(it: plain.Statement) -> Iterable[str]:
    compared = (text for condition in it.conditions for text in (condition.key, *condition.values))
    return (*(text for principal in it.principals for text in principal), *it.actions, *compared)
