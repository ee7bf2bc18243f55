"""Policy documents of AWS: parsed far enough to refuse what the services refuse, and to read what they grant.

Grammar: AWS's page "Grammar of the IAM JSON policy language".
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from infra.sandbox.aws.base import acting, as_list, texts
from infra.sandbox.model import Call
from infra.sandbox.store import ACTIVE
from infra.sandbox.values import Json, is_object, record

ROLE = "aws:iam/role:Role"

_VERSIONS: Final = {"2012-10-17", "2008-10-17"}
_TOP: Final = {"Version", "Id", "Statement"}
_KEYS: Final = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
_PRINCIPALS: Final = {"AWS", "Service", "Federated", "CanonicalUser"}
_OPERATORS: Final = re.compile(
    r"(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?"
    r"|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?"
)


class DocumentError(ValueError):
    """A document that a service calls malformed; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement, its lists filled out."""

    effect: str
    principals: tuple[tuple[str, str], ...]
    """(kind, value); kind `*` for everyone."""
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Json
    inverted: bool
    """Uses NotPrincipal, NotAction or NotResource."""

    @property
    def is_public(self) -> bool:
        """Allows everyone something, without a condition."""
        everyone = {("*", "*"), ("AWS", "*")} & set(self.principals)
        return self.effect == "Allow" and bool(everyone) and not self.conditions


def parse(text: str, *, with_principals: bool) -> tuple[Statement, ...]:
    """Statements of a document.

    Args:
        text: JSON.
        with_principals: a resource's policy names principals, an identity's must not.

    Raises:
        DocumentError: malformed.
    """
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise DocumentError(f"This policy contains invalid Json ({error})") from error
    if not is_object(document) or set(document) - _TOP or "Statement" not in document:
        raise DocumentError("Syntax errors in policy: only Version, Id and Statement stand at the top")
    if document.get("Version", "2008-10-17") not in _VERSIONS:
        raise DocumentError("The policy must contain a valid version string")
    statements = as_list(document["Statement"])
    if not statements:
        raise DocumentError("Could not parse the policy: Statement is empty!")
    parsed = tuple(_statement(raw, with_principals=with_principals) for raw in statements)
    names = [raw["Sid"] for raw in statements if "Sid" in raw]
    if len(names) != len(set(names)):
        raise DocumentError("Statement IDs (SID) in a single policy must be unique")
    return parsed


def _statement(raw: Any, *, with_principals: bool) -> Statement:
    if not is_object(raw):
        raise DocumentError("Syntax errors in policy: a statement is an object")
    unknown = sorted(set(raw) - _KEYS)
    if unknown:
        raise DocumentError(f"Unknown field {unknown[0]}")
    if raw.get("Effect") not in {"Allow", "Deny"}:
        raise DocumentError(f"Invalid effect: {raw.get('Effect')}")
    named = [key for key in ("Principal", "NotPrincipal") if key in raw]
    if with_principals and len(named) != 1:
        raise DocumentError("Missing required field Principal")
    if not with_principals and named:
        raise DocumentError("Policy document should not specify a principal.")
    actions = texts(as_list(raw.get("Action")) + as_list(raw.get("NotAction")))
    if not actions or not all(re.fullmatch(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", action) for action in actions):
        raise DocumentError(f"Policy has invalid action: {', '.join(actions) or 'none'}")
    conditions = record(raw.get("Condition"))
    for operator, keys in conditions.items():
        if not _OPERATORS.fullmatch(operator) or not is_object(keys):
            raise DocumentError(f"Invalid Condition type : {operator}")
    return Statement(
        effect=raw["Effect"],
        principals=tuple(_principals(raw[named[0]])) if named else (),
        actions=tuple(actions),
        resources=tuple(texts(as_list(raw.get("Resource")) + as_list(raw.get("NotResource")))),
        conditions=conditions,
        inverted=bool({"NotPrincipal", "NotAction", "NotResource"} & set(raw)),
    )


def _principals(raw: Any) -> list[tuple[str, str]]:
    if raw == "*":
        return [("*", "*")]
    if not is_object(raw) or not raw or set(raw) - _PRINCIPALS:
        raise DocumentError("Invalid principal in policy: one of AWS, Service, Federated, CanonicalUser")
    found = [(kind, value) for kind, values in raw.items() for value in as_list(values)]
    for kind, value in found:
        if not isinstance(value, str) or not _is_principal(str(kind), value):
            raise DocumentError(f"Invalid principal in policy: {kind} {value}")
    return found


def _is_principal(kind: str, value: str) -> bool:
    match kind:
        case "AWS":
            return re.fullmatch(r"\*|\d{12}|arn:aws:(iam|sts)::\d{12}:\S+", value) is not None
        case "Service":
            return re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com", value) is not None
        case _:
            return bool(value)


def refuse_strangers(call: Call, statements: tuple[Statement, ...]) -> None:
    """Roles that a document names as principals must exist: in this account, or in another one that is simulated.

    The role that the provider itself assumes exists, since it acts.

    Raises:
        DocumentError: a role does not exist.
    """
    own = acting(call)
    for statement in statements:
        for kind, value in statement.principals:
            role = re.fullmatch(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)", value) if kind == "AWS" else None
            if role is None or value in own:
                continue
            account, name = role.groups()
            simulated = account == call.place.account or call.clouds.all(cloud="aws", account=account)
            found = call.clouds.find(cloud="aws", account=account, type=ROLE, id=name)
            if simulated and (found is None or found.status != ACTIVE):
                raise DocumentError(f"Invalid principal in policy: {value} does not exist")


def key_region(text: str) -> str | None:
    """Region of a KMS key's ARN; None for a bare id or alias, which lies where the request goes.

    Raises:
        DocumentError: neither an ARN of a key or alias, nor an id, nor an alias name.
    """
    match = re.fullmatch(r"arn:aws:kms:([a-z0-9-]+):(\d{12}):(key/[\w-]+|alias/[\w/-]+)", text)
    if match is not None:
        return match[1]
    if re.fullmatch(r"(mrk-)?[0-9a-f-]{32,36}|alias/[\w/-]+", text):
        return None
    raise DocumentError(f"{text} is no key")
