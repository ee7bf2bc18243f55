"""An evaluator of Oracle's allow statements: whether any of them allows a call that carries given variables.

It reads statements with a parser that is not ours (`oci-lexer-parser`). A variable that a call does not carry makes its
comparison false, as Oracle's page "Conditions" has it. That Oracle evaluates them so it cannot prove.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from oci_lexer_parser import parse_policy_statement


def allows(statements: Iterable[str], call: Mapping[str, Any]) -> bool:
    """Whether a call is allowed.

    Args:
        statements: in Oracle's words, of permissions in place of a verb.
        call: `group`, `permission`, `compartment` (names from the root down), and the variables that it carries.
    """
    return any(_allows(statement, call) for statement in statements)


def _allows(text: str, call: Mapping[str, Any]) -> bool:
    document, diagnostics = parse_policy_statement(text, error_mode="report")
    assert diagnostics["error_count"] == 0, (text, diagnostics)
    (statement,) = document["statements"]
    place = tuple(statement["location"]["values"])
    names = [value["label"] if isinstance(value, dict) else value for value in statement["subject"]["values"]]
    return (
        (statement["subject"]["type"], names) == ("group", [call["group"]])
        and call["permission"].lower() in statement["actions"]["values"]
        and call["compartment"][: len(place)] == place
        and _holds(statement.get("conditions"), {name.lower(): value for name, value in call.items()})
    )


def _holds(node: Any, call: Mapping[str, Any]) -> bool:
    if not node:
        return True
    if node["type"] != "clause":
        return (all if node["mode"] == "all" else any)(_holds(item, call) for item in node["items"])
    clause = node["node"]
    given, wanted = call.get(clause["lhs"].lower()), clause["rhs"]["value"]
    if given is None:
        return False
    match clause["op"]:
        case "eq":
            return given.lower() == wanted.lower()
        case "before":
            return given < wanted
        case "after":
            return given > wanted
    raise AssertionError(clause["op"])
