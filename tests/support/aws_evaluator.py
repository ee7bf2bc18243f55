"""An evaluator of AWS's policy language, as its documentation has it: what a set of documents says about one call.

Written apart from the product: it reads the documents that AWS would get. It knows the operators that the documents use
and fails on any other. Whether AWS evaluates them so it cannot prove.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any


class Answer(Enum):
    """Deny beats Allow; where no statement speaks, nothing is allowed."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "silent"


def answer(*documents: Mapping[str, Any], action: str, resource: str = "*", who: str = "", **context: Any) -> Answer:
    """What documents that all apply say.

    Args:
        documents: policies, as AWS would get them.
        action: such as `s3:GetObject`.
        resource: the ARN that the call is about.
        who: ARN of a role, or the name of a service (`s3.amazonaws.com`), or of a token issuer.
        context: keys that the call carries, with `__` for `:` (`aws__SourceIp`); `aws:PrincipalArn` comes from `who`.
    """
    keys: dict[str, Any] = {key.replace("__", ":", 1): value for key, value in context.items()}
    if who.startswith("arn:"):
        keys.setdefault("aws:PrincipalArn", who)
    effects = {s["Effect"] for d in documents for s in d["Statement"] if _speaks(s, action, resource, who, keys)}
    if "Deny" in effects:
        return Answer.DENIED
    return Answer.ALLOWED if "Allow" in effects else Answer.SILENT


def _speaks(statement: Mapping[str, Any], action: str, resource: str, who: str, keys: Mapping[str, Any]) -> bool:
    return (
        any(fnmatchcase(action.lower(), it.lower()) for it in statement.get("Action", statement.get("NotAction")))
        is ("Action" in statement)
        and ("Resource" not in statement or any(fnmatchcase(resource, it) for it in statement["Resource"]))
        and ("Principal" not in statement or _names(statement["Principal"], who))
        and all(
            holds(operator, key, values, keys)
            for operator, compared in statement.get("Condition", {}).items()
            for key, values in compared.items()
        )
    )


def _names(principal: Any, who: str) -> bool:
    if principal == "*":
        return True
    ((kind, name),) = principal.items()
    if kind == "AWS" and name.endswith(":root"):
        return who.startswith(name.removesuffix(":root"))
    return name == who


def holds(operator: str, key: str, values: list[str], keys: Mapping[str, Any]) -> bool:
    """One comparison. An absent key makes negated comparisons true, `Null` tells, all others false."""
    if operator.endswith("IfExists"):
        return key not in keys or holds(operator.removesuffix("IfExists"), key, values, keys)
    if operator == "Null":
        return (key not in keys) == (values == ["true"])
    if operator.startswith("ForAnyValue:"):
        plain = operator.partition(":")[2]
        return any(holds(plain, key, values, {key: it}) for it in keys.get(key, ()))
    if operator.startswith("ForAllValues:"):
        plain = operator.partition(":")[2]
        return all(holds(plain, key, values, {key: it}) for it in keys.get(key, ()))
    if "Not" in operator:
        return not holds(operator.replace("Not", ""), key, values, keys)
    return key in keys and any(_compare(operator, keys[key], value) for value in values)


def _compare(operator: str, given: str, value: str) -> bool:
    match operator:
        case "Bool" | "StringEquals":
            return given == value
        case "ArnEquals" | "ArnLike":  # both take patterns
            return fnmatchcase(given, value)
        case "IpAddress":
            return ip_address(given) in ip_network(value)
        case "DateLessThan":
            return given < value
        case "DateGreaterThanEquals":
            return given >= value
    raise AssertionError(operator)


def conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """(operator, key, values) of a statement's conditions."""
    for operator, compared in statement.get("Condition", {}).items():
        for key, values in compared.items():
            yield operator, key, values
