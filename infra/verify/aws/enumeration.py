"""The slow decider: requests made up from what a document and a question name, and from what neither names, one by one.

It knows nothing of classes: of each pattern it takes texts that fit, and beside them some that fit none.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any, Final

from infra.verify.aws.replay import compiled
from infra.verify.aws.request import Question, Request, Value
from infra.verify.values import as_texts, listed

_STRANGERS: Final = ("anonymous", "service:other.amazonaws.com", "arn:aws:iam::999999999999:role/other")
_WHO: Final = ("arn:aws:iam::", "arn:aws:sts::", "service:", "anonymous")
"""How those are called who can ask for something; no other ARN is anybody's."""
_KINDS: Final = ("Bool", "Date", "Numeric", "IpAddress", "NotIpAddress")
_OTHERS: Final = {
    "Bool": ("true", "false"),
    "Date": ("1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
    "Numeric": ("-1000000", "1000000"),
    "IpAddress": ("255.255.255.255", "::1"),
    "NotIpAddress": ("255.255.255.255", "::1"),
}
"""Values beside those that are named, by how they are compared."""


@lru_cache(maxsize=4096)
def admitted(text: str, question: Question) -> Request | None:
    """A request in question that a document admits; None where none is found."""
    admits = compiled(text, open_=question.open)
    return next((request for request in requests(text, question) if admits(request)), None)


def requests(text: str, question: Question) -> Iterator[Request]:
    """Requests in question."""
    statements: list[dict[str, Any]] = listed(json.loads(text)["Statement"])
    values: dict[str, set[Value]] = {}
    people = {*_STRANGERS}
    for statement in statements:
        principal = statement.get("Principal") or statement.get("NotPrincipal")
        if isinstance(principal, dict):
            for kind, names in principal.items():  # pyright: ignore[reportUnknownVariableType]
                people |= {name if kind == "AWS" else f"service:{name}" for name in _texts(names)}
        conditions: dict[str, dict[str, Any]] = statement.get("Condition") or {}
        for operator, keys in conditions.items():
            for key, named in keys.items():
                kind = next((it for it in _KINDS if operator.startswith(it)), "")
                told = [it.partition("/")[0] for it in _texts(named)] if "Ip" in kind else _texts(named)
                texts = [*told, *_OTHERS.get(kind, ("other",))] if operator != "Null" else []
                found = values.setdefault(key.lower(), {None})
                found |= {frozenset({it}) if ":" in operator else it for it in texts}
    values = {key: found if len(found) > 1 else {None, "other"} for key, found in values.items()}
    people |= {str(it) for it in values.pop("aws:principalarn", set()) if it is not None}
    values |= {key: {value} for key, value in question.given}
    people = {f"arn:aws:iam::{it}:root" if it.isdigit() else it for it in people}
    people |= {it.replace(":root", ":role/any") for it in people}  # an account is everybody in it
    people = {it for it in people if it.startswith(_WHO)} - {*question.but}
    named_keys = sorted(values)
    for who, action, place in product(sorted(people), question.actions, question.resources):
        for chosen in product(*(sorted(values[key], key=str) for key in named_keys)):
            context = {key: value for key, value in zip(named_keys, chosen, strict=True) if value is not None}
            yield Request(principal=who, action=action, resource=place.replace("*", "x"), context=context)


def _texts(value: Any) -> list[str]:
    """Texts that fit some patterns, and the patterns themselves, which not every comparison takes for any."""
    return [*dict.fromkeys(text for it in as_texts(value) for text in (re.sub("[*?]", "x", it), it))]
