"""Rewrites that change no meaning: each must still be proved wherever it applies."""

# ruff: noqa: E501 - a case is a line

import json
from collections.abc import Iterator, Mapping

from tests.mutants.mutant import Changes, Operator, Stack, document, each, edited, put, short


def reversed_(name: str, *kinds: str) -> Operator:
    """A list in another order."""
    return each(lambda given: given[name].reverse(), *kinds, having=name)


def spelled(stack: Stack) -> Iterator[tuple[str, Changes]]:
    """Policy documents with other white space."""
    for state in stack.of("BucketPolicy", "RolePolicy"):
        text = json.dumps(json.loads(state["inputs"]["policy"]), indent=2, sort_keys=True)
        yield short(state), {state["urn"]: edited(state, lambda given, text=text: given.update(policy=text))}


def twice(statements: dict[str, dict[str, object]]) -> None:
    """A denial that is written twice."""
    denied = next(sid for sid, it in statements.items() if it["Effect"] == "Deny")
    statements["Again"] = {**statements[denied], "Sid": "Again"}


TAGS = {"freeformTags": {"team": "edge"}}
REWRITES: Mapping[str, Operator] = {
    "another display name": put("Vcn", "Subnet", "RouteTable", "Drg", "NetworkSecurityGroup", displayName="other"),
    "another description": put("NetworkSecurityGroupSecurityRule", "Compartment", description="other words"),
    "one more tag": put("Vcn", "Subnet", "Drg", "RouteTable", "LoadBalancer", **TAGS),
    "another order of answers": reversed_("answers", "SteeringPolicy"),
    "another order of records": reversed_("items", "Rrset"),
    "another order of routes": reversed_("routeRules", "RouteTable"),
    "another order of statements": reversed_("statements", "Policy"),
    "a shorter lifetime": put("SteeringPolicy", ttl=20),
    "statements in another order": document("policy", lambda s: [s.update({k: s.pop(k)}) for k in sorted(s)], "BucketPolicy"),
    "statements under other names": document("policy", lambda s: [it.update(Sid=f"S{at}") for at, it in enumerate(s.values())], "BucketPolicy"),
    "a denial twice": document("policy", twice, "BucketPolicy"),
    "other white space": spelled,
}  # fmt: skip
"""By name."""
