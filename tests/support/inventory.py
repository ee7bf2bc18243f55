"""Inventories: what a stack registers, as text to be read as a diff.

An inventory holds how many resources there are of each type, with 0 for what must never exist; each resource with its
provider, its protection and its inputs but for mere descriptions; and the stack's outputs. It is made from the
recorder, so it says what the program asks for, not what a cloud makes of it. What only a cloud gives stands as
`<type name.id>`.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from infra import settings
from infra.residency.access_matrix import matrix
from tests.support.programs import AS_OF, ROOT, shipped
from tests.support.recorder import Registration

FOLDER = ROOT / "tests" / "inventories"
COMMAND = "python -m tests.inventories"

NEVER = (
    "aws:kms/replicaKey:ReplicaKey",
    "aws:s3/accessPoint:AccessPoint",
    "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",
    "oci:Core/natGateway:NatGateway",
    "oci:Kms/vaultVerification:VaultVerification",
    "oci:ObjectStorage/preauthrequest:Preauthrequest",
    "oci:ObjectStorage/storageObject:StorageObject",
)
"""Types of which no stack has one: each would carry data, keys or rights away, or outlive what must be wiped."""

_NOISE = frozenset({"description", "displayName", "skipRegionValidation", "skipCredentialsValidation", "version"})
_DOCUMENTS = frozenset({"policy", "assumeRolePolicy"})
"""Inputs of AWS that are policy documents."""


def path(stack: str) -> Path:
    """Where the inventory of a stack is."""
    return FOLDER / f"{stack}.yaml"


def render(stack: str) -> str:
    """The inventory of a stack, as of the day that all inventories share."""
    recorded = shipped(stack, preview=False)
    counts = dict.fromkeys(NEVER, 0) | Counter(resource.type for resource in recorded.resources.values())
    content = {
        "stack": stack,
        "asOf": AS_OF.isoformat(),
        "total": len(recorded.resources),
        "counts": counts,
        "outputs": recorded.outputs,
        "access": _access(stack),
        "resources": {resource.key: _lines(resource) for resource in recorded.resources.values()},
    }
    body = yaml.safe_dump(content, sort_keys=True, width=140, allow_unicode=True)
    return f"# Written by `{COMMAND}`; read it as a diff.\n{body}"


def _access(stack: str) -> dict[str, list[str]]:
    """The access matrix: for each dataset who can do what, where it lies, from where, and until when."""
    plan = settings.load(settings.stack_file(ROOT, stack), configured=None, as_of=AS_OF).plan
    found: dict[str, list[str]] = {}
    for row in matrix(plan):
        until = f", until {row.until}" if row.until else ""
        found.setdefault(row.dataset, []).append(
            f"{row.who}: {', '.join(row.powers)}; in {', '.join(row.where)}; from {row.network}{until}"
        )
    return found


def _lines(resource: Registration) -> dict[str, Any]:
    inputs = {
        name: _digest(value) if name in _DOCUMENTS and resource.type.startswith("aws:") else value
        for name, value in resource.inputs.items()
        if name not in _NOISE
    }
    kept = resource.protect and resource.retain
    marks = {"provider": resource.provider, "protect": kept, "import": resource.import_id}
    return {f"({name})": value for name, value in marks.items() if value} | inputs


def _digest(text: str) -> list[str]:
    """A policy document as its statements' names and a digest, which changes when anything in it does."""
    statements = json.loads(text)["Statement"]
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return [*(f"{statement['Effect']} {statement['Sid']}" for statement in statements), f"sha256:{digest}"]
