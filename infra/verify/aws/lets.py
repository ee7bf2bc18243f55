"""What one statement of a document lets in by itself, request by request: what slow deciders of allows stand on.

A statement is asked as everybody whom it names and some whom nobody names, for every call that it names and those that
nobody should make, under each value that its conditions name, another one and none (`enumeration`, `replay`).
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

from infra.verify.aws.enumeration import requests
from infra.verify.aws.replay import compiled
from infra.verify.aws.request import Question, Request
from infra.verify.values import as_texts, has_unknown, is_moment, is_range, listed, record

_OPERATOR: Final = re.compile(
    r"Null|((ForAllValues:Arn|ForAnyValue:Arn)Equals|ForAnyValue:String(Equals|Like)|Bool|(String|Arn)(Not)?(Equals|Like)"
    r"|(Not)?IpAddress|Date(LessThan|LessThanEquals|GreaterThan|GreaterThanEquals))(IfExists)?"
)
"""How an allow may compare."""

OF_PEOPLE: Final = frozenset({"aws:principalaccount", "aws:principalarn"})
_ARN: Final = re.compile("arn(:[^:]*){5}")


def statements(text: object, *, named: bool) -> list[Mapping[str, Any]] | None:
    """The statements of a document; None where it is not known, or something in it is not asked about here.

    Args:
        text: the document.
        named: whether its statements say whom they are about, and not what it is attached to.
    """
    found = read(text) if isinstance(text, str) and not has_unknown(text) else None
    return found if found is not None and all(("Principal" in it) is named for it in found) else None


def effects(text: object) -> set[str]:
    """The effects of the statements of a document, whatever else they say; of none where it is none."""
    try:
        document = record(cast("object", json.loads(str(text))))
    except ValueError:
        return set()
    return {str(record(it).get("Effect")) for it in listed(document.get("Statement"))}


@lru_cache(maxsize=4096)
def read(text: str) -> list[Mapping[str, Any]] | None:
    """The statements of a text, whomever they are about; None where something in it is not asked about here."""
    try:
        document = record(cast("object", json.loads(text)))
    except ValueError:
        return None
    if set(document) - {"Id"} != {"Version", "Statement"} or document["Version"] != "2012-10-17":
        return None
    found: list[Mapping[str, Any]] = listed(document["Statement"])
    return found if all(map(_is_plain, found)) else None


def _is_plain(statement: object) -> bool:
    said = record(statement)
    if said.get("Effect") not in {"Allow", "Deny"} or set(said) - {
        "Sid", "Effect", "Principal", "Action", "Resource", "Condition"
    }:  # fmt: skip
        return False
    texts = [listed(said[name]) for name in ("Action", "Resource") if name in said]
    told = all(each and all(isinstance(it, str) for it in each) for each in texts) and "Action" in said
    conditions = said.get("Condition", {})
    compared = record(conditions).items()
    allowed = all(map(_is_comparison, compared)) and (said["Effect"] == "Deny" or all(map(is_asked, compared)))
    return told and isinstance(conditions, dict) and allowed and _names(said.get("Principal", "*"))


def _names(who: object) -> bool:
    """Whether somebody is named, by kinds that are known here."""
    kinds = record(who)
    named = [it for names in kinds.values() for it in listed(names)]
    some = len(kinds) > 0 and set(kinds) <= {"AWS", "Service", "Federated"} and all(map(listed, kinds.values()))
    people = map(str, listed(kinds.get("AWS", [])))
    return who == "*" or (some and all(isinstance(it, str) for it in named) and all(map(_is_somebody, people)))


def _is_somebody(name: str) -> bool:
    """Whether a principal of kind AWS is everybody, an account, or a role or user of one."""
    account, _, rest = name.removeprefix("arn:aws:iam::").partition(":")
    kind, _, own = rest.partition("/")
    named = rest == "root" or (kind in {"role", "user"} and re.fullmatch(r"[\w+=,.@/-]+", own, re.ASCII) is not None)
    whole = name == account or (name.startswith("arn:") and named)
    return name == "*" or (whole and len(account) == len("111111111111") and account.isdecimal())


def _is_comparison(comparison: tuple[str, Any]) -> bool:
    """Whether every key is compared with something, and what has to be true or false with one of these."""
    operator, keys = comparison
    values = [it for each in record(keys).values() for it in listed(each)]
    whole = len(record(keys)) > 0 and all(map(listed, record(keys).values()))
    two = operator[:4] not in {"Bool", "Null"} or {it.lower() for it in as_texts(values)} <= {"true", "false"}
    return whole and two and all(isinstance(it, str | bool) for it in values)


def is_asked(comparison: tuple[str, Any]) -> bool:
    """Whether a comparison is one that is asked about here, of ARNs with nothing else."""
    operator, keys = comparison
    values = [it for each in record(keys).values() for it in as_texts(each)]
    known = _OPERATOR.fullmatch(operator) is not None and ("Arn" not in operator or all(map(_ARN.match, values)))
    return (
        known
        and ("Date" not in operator or all(map(is_moment, values)))
        and ("Ip" not in operator or all(map(is_range, values)))
    )


def let(statement: Mapping[str, Any], calls: tuple[str, ...], places: tuple[str, ...]) -> tuple[Request, ...]:
    """Everything that a statement lets in by itself, of what it names and of what is to be tried beside."""
    return _asked(json.dumps(statement), calls, places) if statement["Effect"] == "Allow" else ()


@lru_cache(maxsize=4096)
def _asked(statement: str, calls: tuple[str, ...], places: tuple[str, ...]) -> tuple[Request, ...]:
    said = json.loads(statement)
    if "Federated" in record(said.get("Principal")):
        said["Principal"] = "*"  # whoever has a token
    if "Service" in record(said.get("Principal")):  # what is asked of people says nothing of a service
        said["Condition"] = {
            operator: {key: it for key, it in keys.items() if key.lower() not in OF_PEOPLE}
            for operator, keys in said.get("Condition", {}).items()
        }
    text = json.dumps({"Statement": [said]})
    actions = {re.sub("[*?]", "x", str(it)).lower() for it in listed(said["Action"])}
    question = Question(
        actions=tuple(sorted({*actions, *calls})),
        resources=tuple(sorted({*map(str, listed(said.get("Resource", "*"))), *places})),
        but=(),
        open=False,
    )
    admits = compiled(text, open_=False)
    return tuple(it for it in requests(text, question) if admits(it))
