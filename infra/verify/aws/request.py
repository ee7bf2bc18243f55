"""Requests to AWS, single ones and the set that a question is about."""

from collections.abc import Mapping
from typing import NamedTuple

Value = str | frozenset[str] | None
"""Of a condition key: a text, several where it may have many, or none."""


class Question(NamedTuple):
    """Requests that must not be admitted.

    Attributes:
        actions: what is asked for, in lower case.
        resources: patterns of what it is asked of.
        but: who may.
        open: whether whoever is not denied counts as allowed, because other policies may allow them.
        given: condition keys in lower case that all of them carry, with their values (times in UTC, with `+00:00`);
            others may be anything.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    but: tuple[str, ...]
    open: bool
    given: tuple[tuple[str, str], ...] = ()


class Request(NamedTuple):
    """One request; `context` has condition keys in lower case."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | frozenset[str]]
