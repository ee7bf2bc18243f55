"""What the clouds hold and what the engine believes, in a form in which two lives of one stack can be compared.

Left out is only what differs between two undisturbed lives too, or counts sessions and repeated requests: times, places
in the calling code, identifiers of providers (drawn at random) and entity tags. The simulated clouds derive every other
identifier from the resource's name and from how often it was created, so a resource that was made twice shows even if
one was deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from infra.engine.secrets import SecretsManager
from infra.engine.store import StateFile
from infra.engine.urns import parse_reference
from infra.engine.values import Secret
from infra.sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from infra.cli.workspace import Workspace
    from infra.engine.resource import Resource

Contents = Mapping[str, Any]

_SIMULATED_TIME: Final = re.compile(r"2026-0[1-4]-\d\dT[\d:.]+(?:Z|\+00:00)|20260[1-4]\d{8}")
_ENTITY_TAG: Final = re.compile(r"\betag-\d+")
_LEFT_OUT: Final = frozenset({"created", "modified", "source_position", "stack_trace"})
_WIDTH: Final = 200


def read(workspace: Workspace) -> Contents:
    """The contents of a stack's clouds and state, by what a person would call each thing."""
    return {
        "files": _files(workspace.folder),
        "cloud": _clouds(workspace.clouds),
        **_state(workspace),
    }


def differences(expected: Any, got: Any, path: str = "") -> Iterator[str]:
    """Where two contents differ, one line each, in a stable order."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for key in sorted({*expected, *got}):
            where = f"{path} / {key}" if path else key
            if key not in got:
                yield f"lost: {where}"
            elif key not in expected:
                yield f"too much: {where}"
            else:
                yield from differences(expected[key], got[key], where)
    elif expected != got:
        yield f"different: {path}: expected {_shown(expected)}, got {_shown(got)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


def _files(folder: Path) -> list[str]:
    """The files beside each other: no lock, log or temporary file may stay behind. SQLite's own come and go."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.endswith(("-wal", "-shm")))


def _clouds(database: Path) -> dict[str, Any]:
    store = Store(database)
    try:
        with store.reading() as clouds:
            records = clouds.all()
    finally:
        store.close()
    return {
        f"{r.type} {r.id} in {r.region or r.account}": lasting(
            {"name": r.name, "status": r.status, "inputs": r.inputs, "outputs": r.outputs, "hidden": r.hidden}
        )
        for r in records
    }


def _state(workspace: Workspace) -> dict[str, Any]:
    manager = SecretsManager(workspace.passphrase())
    with StateFile.open(workspace.state, manager, writable=False) as file:
        state = file.state
    records = dict[str, Any]()
    twins = Counter[str]()
    known = set[str]()
    misplaced = list[str]()
    for resource in state.resources:
        twins[resource.urn] += 1
        number = twins[resource.urn]
        records[resource.urn if number == 1 else f"{resource.urn} (record {number})"] = _resource(resource)
        misplaced += [f"{resource.urn} before {urn}" for urn in resource.required_urns() if urn not in known]
        known.add(resource.urn)
    return {
        "state": records,
        "order of the state": misplaced,
        "pending operations": [f"{o.kind} {o.resource.urn}" for o in state.pending_operations],
    }


def _resource(resource: Resource) -> dict[str, Any]:
    found = {f.name: getattr(resource, f.name) for f in fields(resource) if f.name not in _LEFT_OUT}
    if resource.is_provider:
        found["id"] = "drawn at random"
    if resource.provider:
        found["provider"] = parse_reference(resource.provider)[0]
    return lasting(found)


def lasting(value: Any) -> Any:
    """The value without what is different in every life."""
    match value:
        case Mapping():
            return {key: lasting(item) for key, item in value.items()}
        case list() | tuple():
            return [lasting(item) for item in value]
        case Secret():
            return {"secret": lasting(value.element)}
        case str():
            return _ENTITY_TAG.sub("<etag>", _SIMULATED_TIME.sub("<time>", value))
        case _:
            return value
