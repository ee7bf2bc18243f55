"""`parliament`, a validator of AWS policies that is not ours, in a process of its own: its import warns of itself.

It knows AWS's actions, the resources that each takes and the condition keys that each carries. It is made for policies
of identities, so what it says of a trust policy's missing resource and of a key policy's `*` is left out here.
"""

import json
import subprocess
import sys
from collections.abc import Iterable

from infra.residency.aws_policy import Kind, Policy

_SCRIPT = """
import json, sys, parliament
found = []
for text in json.load(sys.stdin):
    findings = parliament.analyze_policy_string(text).findings
    found.append([[it.issue, str(it.detail)] for it in findings])
json.dump(found, sys.stdout)
"""

_NOT_MEANT = frozenset(
    {
        (Kind.TRUST, "MALFORMED", "Statement contains neither Resource nor NotResource"),
        (Kind.KEY, "RESOURCE_STAR", ""),
    }
)
_UNKNOWN_TO_IT = "Unknown condition kms:ResourceAliases for action "
"""Of all keys of ours the one that its data lacks (AWS's page "Condition keys for AWS KMS" has it)."""


def complaints(policies: Iterable[Policy]) -> list[tuple[str, str, str]]:
    """(whose policy, issue, detail) of everything that is found."""
    judged = list(policies)
    return [
        (f"{policy.kind} of {policy.name}", issue, detail)
        for policy, found in zip(judged, findings(policy.text() for policy in judged), strict=True)
        for issue, detail in found
        if (policy.kind, issue, "" if issue == "RESOURCE_STAR" else detail) not in _NOT_MEANT
        and not detail.startswith(_UNKNOWN_TO_IT)
    ]


def findings(texts: Iterable[str]) -> list[list[tuple[str, str]]]:
    """(issue, detail) of everything that is found in each document; lists of one value are written as that value."""
    run = subprocess.run(  # noqa: S603 - this interpreter, and our own text
        [sys.executable, "-W", "ignore", "-c", _SCRIPT],
        input=json.dumps([json.dumps(_single(json.loads(text))) for text in texts]),
        capture_output=True,
        text=True,
        check=True,
    )
    return [[(issue, detail) for issue, detail in found] for found in json.loads(run.stdout)]


def _single(value: object) -> object:
    """Conditions with one value as AWS reads them as well: the validator takes no list for a `Bool`."""
    match value:
        case dict():
            return {key: _single(item) for key, item in value.items()}
        case [only] if not isinstance(only, dict):
            return only
        case list():
            return [_single(item) for item in value]
        case _:
            return value
