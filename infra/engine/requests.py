"""Reads what the SDK sends to the monitor: registrations become goals. Refuses by name what the engine lacks."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote, urlsplit

from infra.engine import encoding, wire
from infra.engine.goals import Alias, Goal, ReadGoal
from infra.engine.values import Asset, Properties, Secret, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi.runtime.proto import resource_pb2

_DYNAMIC: Final = "pulumi-python:dynamic"
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"([0-9]*\.?[0-9]+)(ns|us|µs|ms|s|m|h)")


class UnsupportedError(Exception):
    """The program uses something that this engine refuses; the text names it."""


def refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    """Refuse a registration that would need more than this engine has.

    Raises:
        UnsupportedError: It does.
    """
    found = _unsupported(request)
    if found:
        raise UnsupportedError(
            f"{request.type} {request.name!r} uses {found}, which the embedded engine does not support; "
            "deploy with the Pulumi command line, or leave it out"
        )


def _unsupported(request: Any) -> str:  # noqa: PLR0911 (one answer for each thing refused)
    if request.remote:
        return "a remote component"
    if request.type.startswith(_DYNAMIC):
        return "a dynamic provider (pulumi.dynamic)"
    if request.type in ("pulumi:pulumi:StackReference", "pulumi:index:Stash"):
        return f"the built-in resource type {request.type}"
    if request.transforms:
        return "resource transforms"
    if request.state_migrations:
        return "state migrations"
    if request.HasField("hooks") and request.hooks.ByteSize():
        return "resource hooks"
    if request.packageRef:
        return "a parameterized package"
    if request.envVarMappings:
        return "environment variable mappings"
    return ""


def goal_of(request: resource_pb2.RegisterResourceRequest, *, positions: Positions, folder: Path) -> Goal:
    """The goal that a registration states, but for its provider.

    Args:
        request: The registration.
        positions: Turns source positions into those of the state.
        folder: What relative paths of assets start from.

    Raises:
        UnsupportedError: It holds an archive.
        WireError: A value is malformed.
        ValueError: A timeout is malformed.
    """
    named: dict[str, set[str]] = {}
    inputs = wire.from_struct(request.object, dependencies=named)
    per_property = {k: list(v.urns) for k, v in _items(request.propertyDependencies)}
    if not per_property:
        per_property = {key: list(request.dependencies) for key in inputs}
    for key in inputs:
        per_property[key] = sorted({*per_property.get(key, ()), *named.get(key, ())})
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=_with_hashes(inputs, folder),
        parent=request.parent,
        protect=request.protect if request.HasField("protect") else None,
        dependencies=sorted(request.dependencies),
        property_dependencies=per_property,
        delete_before_replace=(
            request.deleteBeforeReplace if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace else None
        ),
        ignore_changes=list(request.ignoreChanges),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=[*(Alias(urn=u) for u in request.aliasURNs), *map(_alias, cast("Any", request).aliases)],
        id=request.importId,
        custom_timeouts=_timeouts(request),
        replace_on_changes=list(request.replaceOnChanges),
        replacement_trigger=(
            wire.read_value(request.replacement_trigger) if request.HasField("replacement_trigger") else None
        ),
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        deleted_with=request.deletedWith,
        replace_with=list(request.replace_with),
        hide_diff=list(request.hideDiffs),
        source_position=positions.where(request),
        stack_trace=positions.trace(request),
    )


def read_goal_of(request: resource_pb2.ReadResourceRequest, *, provider: str, positions: Positions) -> ReadGoal:
    """The goal that a read states."""
    return ReadGoal(
        type=request.type,
        name=request.name,
        id=request.id,
        inputs=wire.from_struct(request.properties),
        parent=request.parent,
        dependencies=sorted(request.dependencies),
        provider=provider,
        additional_secret_outputs=list(request.additionalSecretOutputs),
        source_position=positions.where(request),
        stack_trace=positions.trace(request),
    )


def provider_inputs(goal: Goal, *, version: str, download_url: str) -> None:
    """Put what the engine itself needs to know of a provider resource into its inputs, as Pulumi's engine does."""
    if version:
        goal.inputs["version"] = version
        goal.inputs.setdefault("__internal", {})
    if download_url:
        internal: Value = goal.inputs.setdefault("__internal", {})
        if isinstance(internal, dict):
            internal["pluginDownloadURL"] = download_url


def _items(mapping: Any) -> Iterable[tuple[str, Any]]:
    return mapping.items()


def _alias(message: Any) -> Alias:
    if not message.HasField("spec"):
        return Alias(urn=message.urn)
    spec = message.spec
    kind = spec.WhichOneof("parent")
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn if kind == "parentUrn" else "",
        no_parent=spec.noParent if kind == "noParent" else False,
    )


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> Mapping[str, float]:
    if not request.HasField("customTimeouts"):
        return {}
    given = request.customTimeouts
    texts = {"create": given.create, "update": given.update, "delete": given.delete, "read": given.read}
    return {name: seconds(text) for name, text in texts.items() if text}


def seconds(text: str) -> float:
    """A duration as Go writes it (`1h30m`, `90s`) in seconds.

    Raises:
        ValueError: It is none.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"unable to parse customTimeout value {text!r}: expected for example 90s, 10m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _with_hashes(inputs: Properties, folder: Path) -> Properties:
    return {key: _with_hash(value, folder) for key, value in inputs.items()}


def _with_hash(value: Value, folder: Path) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _with_hashes(value, folder)
    if isinstance(value, list):
        return [_with_hash(v, folder) for v in value]
    if isinstance(value, Secret):
        return Secret(_with_hash(value.element, folder))
    if not isinstance(value, Asset) or value.digest:
        return value
    if value.fields[encoding.SIGNATURE_KEY] != encoding.ASSET or value.fields.get("uri"):
        raise UnsupportedError("archives and assets from a URI are not supported by the embedded engine")
    text, path = value.fields.get("text"), value.fields.get("path")
    content = (folder / str(path)).read_bytes() if path else str(text or "").encode()
    return Asset({**value.fields, "hash": hashlib.sha256(content).hexdigest()})


class Positions:
    """Turns the places in the program that the SDK names into texts relative to the project."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._relative = lru_cache(maxsize=None)(self._relative_uncached)

    def of(self, position: Any) -> str:
        """`project:///file.py#line`, or the empty string for a place outside the project."""
        relative = self._relative(position.uri)
        return f"project:///{relative}#{position.line}" if relative else ""

    def where(self, request: Any) -> str:
        """Where the program makes a request, or the empty string."""
        return self.of(request.sourcePosition) if request.HasField("sourcePosition") else ""

    def trace(self, request: Any) -> list[Any]:
        """The frames of a registration that lie in the project."""
        if not request.HasField("stackTrace"):
            return []
        places = [self.of(frame.pc) for frame in request.stackTrace.frames]
        return [{"sourcePosition": place} for place in places if place]

    def _relative_uncached(self, uri: str) -> str:
        parts = urlsplit(uri)
        if parts.scheme != "file":
            return ""
        path = Path(unquote(parts.path))
        inside = path.is_relative_to(self._root) and "site-packages" not in path.parts
        return path.relative_to(self._root).as_posix() if inside else ""
