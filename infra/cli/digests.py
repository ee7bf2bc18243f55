"""Digests by which reviews and evidence name a state and the source that planned it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SOURCE: Final = ("Pulumi.yaml", "__main__.py", "requirements.txt", "pyproject.toml", "components", "infra", "stacks")
"""What decides a plan, in the project's folder: the program, its versions, its settings, locks and receipts."""

_MOMENTS: Final = ("created", "modified", "sourcePosition", "stackTrace")
"""Fields of a resource in a state that say when and by which line it was written, not what is there."""


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def state(export: Mapping[str, Any]) -> str:
    """The canonical hash of a stack export: what is there, not when or by which line it was written.

    Ciphertexts count as they are: the same state is not encrypted twice.
    """
    deployment = cast("Mapping[str, Any]", export.get("deployment") or {})
    resources = [_timeless(resource) for resource in cast("list[Mapping[str, Any]]", deployment.get("resources") or [])]
    pending = cast("list[Mapping[str, Any]]", deployment.get("pending_operations") or [])
    content = {
        "resources": sorted(resources, key=_canonical),
        "pending": sorted(
            ({**operation, "resource": _timeless(operation["resource"])} for operation in pending), key=_canonical
        ),
    }
    return sha256(_canonical(content).encode())


def _timeless(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in _MOMENTS}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def source(root: Path) -> str:
    """The digest of everything in the project's folder that decides a plan: (path, SHA-256) of each file, sorted."""
    rows = sorted((path.relative_to(root).as_posix(), path) for path in _source_files(root))
    return sha256("".join(f"{sha256(path.read_bytes())}  {name}\n" for name, path in rows).encode())


def _source_files(root: Path) -> Iterator[Path]:
    for name in _SOURCE:
        top = root / name
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
