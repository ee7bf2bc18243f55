"""Deployments: the whole state of a stack, in Pulumi's version-3 format.

Reads what `pulumi stack export` of versions 3.200 to 3.274 prints (`{"version": 3, "deployment": {...}}`, with
`"version": 4` and a list of features where a newer field is used) and the checkpoint that Pulumi's file backend keeps
(`{"version": 3, "checkpoint": {"stack": ..., "latest": {...}}}`). Fields that the engine does not know are kept.
Secrets stay as they are in the file: their ciphertext is read by a `secrets.Decrypter` if there is one, and kept as
`values.Encrypted` otherwise. Writing refuses to put a secret into the file in plain text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from infra.engine import encoding, urns
from infra.engine.resource import Operation, OperationKind, Resource

if TYPE_CHECKING:
    from infra.engine.values import Value

ENGINE_VERSION: Final = "v3.260.0"
"""The version of Pulumi's engine that this one imitates; it is written into states."""

_VERSIONS: Final = (3, 4)
"""Version 4 is version 3 with a list of the features that a reader has to know."""

_FEATURES: Final = {"refreshBeforeUpdate": "refresh_before_update", "replaceWith": "replace_with", "taint": "taint"}
"""Features of version 4 that this engine has, and the attribute that makes a state need each."""

_REFUSED: Final = {
    "viewOf": "is a view of another resource",
    "resourceHooks": "has resource hooks",
    "extensionRef": "is of a parameterized package",
    "snippetID": "comes from a snippet",
}
"""Fields of a resource that would have to be heeded and are not."""

Encrypt = Callable[[str], str]
Decrypt = Callable[[str], str]

# (name in the file, name of the attribute) of the plain fields, in the order of Pulumi's own writer.
_FLAGS: Final = (
    ("delete", "delete"),
    ("protect", "protect"),
    ("taint", "taint"),
    ("external", "external"),
    ("pendingReplacement", "pending_replacement"),
    ("retainOnDelete", "retain_on_delete"),
    ("refreshBeforeUpdate", "refresh_before_update"),
)
_TEXTS: Final = (
    ("id", "id"),
    ("parent", "parent"),
    ("provider", "provider"),
    ("importID", "import_id"),
    ("deletedWith", "deleted_with"),
    ("created", "created"),
    ("modified", "modified"),
    ("sourcePosition", "source_position"),
)
_LISTS: Final = (
    ("dependencies", "dependencies"),
    ("initErrors", "init_errors"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("aliases", "aliases"),
    ("replaceWith", "replace_with"),
    ("stackTrace", "stack_trace"),
    ("ignoreChanges", "ignore_changes"),
    ("replaceOnChanges", "replace_on_changes"),
    ("hideDiff", "hide_diff"),
)
_KNOWN: Final = frozenset(
    {"urn", "type", "custom", "inputs", "outputs", "propertyDependencies", "customTimeouts", "replacementTrigger"}
    | {name for name, _ in (*_FLAGS, *_TEXTS, *_LISTS)}
)


class StateError(Exception):
    """A state that cannot be used, and why; the text is for people."""


@dataclass(slots=True, kw_only=True)
class Deployment:
    """A state: resources in topological order (what a resource depends on comes before it) and what was in flight.

    Attributes:
        resources: The records, old halves of unfinished replacements (`delete`) last.
        pending_operations: Operations whose end an interrupted run did not see.
        manifest: Who wrote it and when, as in the file.
        secrets_providers: How its secrets are encrypted, as in the file, or `None` if it has none.
        metadata: As in the file.
        extra: Fields that the engine does not know, kept as they are.
    """

    resources: list[Resource] = field(default_factory=list[Resource])
    pending_operations: list[Operation] = field(default_factory=list[Operation])
    manifest: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets_providers: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def stack_outputs(self) -> Mapping[str, Value]:
        """What the stack exports, secrets marked; empty if the stack was never deployed."""
        for resource in self.resources:
            if resource.type == urns.ROOT_STACK_TYPE and not resource.delete:
                return resource.outputs
        return {}


def new_manifest(now: datetime | None = None) -> dict[str, Any]:
    """A manifest for a state written now; its magic number is the hash of the version, as Pulumi checks."""
    moment = now or datetime.now(UTC)
    return {
        "time": timestamp(moment),
        "magic": hashlib.sha256(ENGINE_VERSION.encode()).hexdigest(),
        "version": ENGINE_VERSION,
    }


def timestamp(moment: datetime) -> str:
    """A time as the state writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def load(document: object, *, decrypt: Decrypt | None = None) -> Deployment:
    """Read a state from a parsed JSON document.

    Args:
        document: A stack export or a checkpoint, as above; an empty mapping is an empty state.
        decrypt: Turns ciphertext into the plain text (JSON) of a secret; without it secrets stay encrypted.

    Raises:
        StateError: The document is no state of version 3, uses a feature this engine lacks, or is malformed.
    """
    try:
        return _load(_mapping(document, "the document"), decrypt)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StateError(f"the state is malformed: {error}") from error


def _load(outer: Mapping[str, Any], decrypt: Decrypt | None) -> Deployment:
    inner = _inner(outer)
    if unsupported := sorted(set(cast("list[str]", outer.get("features") or [])) - {*_FEATURES}):
        raise StateError(f"the state uses features this engine does not support: {', '.join(unsupported)}")
    for key in ("snippets", "extensions"):
        if inner.get(key):
            raise StateError(f"the state has {key}, which this engine does not support")
    known = {"manifest", "secrets_providers", "resources", "pending_operations", "metadata"}
    return Deployment(
        resources=[load_resource(r, decrypt=decrypt) for r in cast("list[object]", inner.get("resources") or [])],
        pending_operations=[
            _load_operation(o, decrypt) for o in cast("list[object]", inner.get("pending_operations") or [])
        ],
        manifest=_mapping(inner.get("manifest") or {}, "manifest"),
        secrets_providers=cast("Mapping[str, Any] | None", inner.get("secrets_providers")),
        metadata=_mapping(inner.get("metadata") or {}, "metadata"),
        extra={k: v for k, v in inner.items() if k not in known},
    )


def secrets_providers_of(document: object) -> Mapping[str, Any] | None:
    """How the secrets of a state are encrypted, before it is read."""
    providers = _inner(_mapping(document, "the document")).get("secrets_providers")
    return None if providers is None else _mapping(providers, "secrets_providers")


def _inner(outer: Mapping[str, Any]) -> Mapping[str, Any]:
    if not outer:
        return {}
    version = outer.get("version")
    if version not in _VERSIONS:
        raise StateError(f"the state has version {version!r}; this engine reads versions 3 and 4")
    if "checkpoint" in outer:
        checkpoint = _mapping(outer["checkpoint"], "checkpoint")
        return _mapping(checkpoint.get("latest") or {}, "checkpoint.latest")
    if "deployment" not in outer:
        raise StateError('the state has neither "deployment" (a stack export) nor "checkpoint" (a file backend)')
    return _mapping(outer["deployment"] or {}, "deployment")


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise StateError(f"{where} must be an object, not {type(value).__name__}")
    return cast("Mapping[str, Any]", value)


def _load_operation(document: object, decrypt: Decrypt | None) -> Operation:
    entry = _mapping(document, "a pending operation")
    try:
        kind = OperationKind(str(entry.get("type")))
    except ValueError as error:
        raise StateError(f"a pending operation has the unknown type {entry.get('type')!r}") from error
    return Operation(resource=load_resource(entry.get("resource"), decrypt=decrypt), kind=kind)


def load_resource(document: object, *, decrypt: Decrypt | None = None) -> Resource:  # noqa: C901 (a field a line)
    """Read one resource.

    Raises:
        StateError: It has no URN or type, is a component with an identifier, holds a malformed value, or uses what this
            engine does not support.
    """
    entry = _mapping(document, "a resource")
    urn, type_ = entry.get("urn"), entry.get("type")
    if not isinstance(urn, str) or not urns.is_valid(urn):
        raise StateError(f"a resource has no valid URN: {urn!r}")
    if not isinstance(type_, str) or not type_:
        raise StateError(f"resource {urn} has no type")
    if not entry.get("custom") and entry.get("id"):
        raise StateError(f"resource {urn} is a component but has an identifier")
    if refused := [text for name, text in _REFUSED.items() if entry.get(name)]:
        raise StateError(f"resource {urn} {' and '.join(refused)}, which this engine does not support")
    per_property = cast("Mapping[str, list[str] | None]", entry.get("propertyDependencies") or {})
    try:
        resource = Resource(
            urn=urn,
            type=type_,
            custom=bool(entry.get("custom")),
            inputs=encoding.decode_properties(entry.get("inputs") or {}, decrypt),
            outputs=encoding.decode_properties(entry.get("outputs") or {}, decrypt),
            replacement_trigger=encoding.decode(entry.get("replacementTrigger"), decrypt),
            property_dependencies={k: list(v or ()) for k, v in per_property.items()},
            custom_timeouts=entry.get("customTimeouts") or {},
            extra={k: v for k, v in entry.items() if k not in _KNOWN},
        )
    except encoding.EncodingError as error:
        raise StateError(f"resource {urn}: {error}") from error
    for name, attribute in _FLAGS:
        if entry.get(name):
            setattr(resource, attribute, True)
    for name, attribute in _TEXTS:
        if text := entry.get(name):
            setattr(resource, attribute, text)
    for name, attribute in _LISTS:
        if items := entry.get(name):
            setattr(resource, attribute, list(items))
    return resource


def dump(deployment: Deployment, *, encrypt: Encrypt) -> dict[str, Any]:
    """The state as `pulumi stack export` prints it.

    Args:
        deployment: What to write.
        encrypt: Turns the plain text of a secret into ciphertext; called only for secrets without a ciphertext.

    Raises:
        SecretsError: Raised by `encrypt` if a new secret cannot be encrypted; nothing is written then.
    """
    inner: dict[str, Any] = {"manifest": dict(deployment.manifest) or new_manifest()}
    if deployment.secrets_providers is not None:
        inner["secrets_providers"] = deployment.secrets_providers
    if deployment.resources:
        inner["resources"] = [dump_resource(r, encrypt=encrypt) for r in deployment.resources]
    if deployment.pending_operations:
        inner["pending_operations"] = [
            {"resource": dump_resource(o.resource, encrypt=encrypt), "type": str(o.kind)}
            for o in deployment.pending_operations
        ]
    inner["metadata"] = deployment.metadata
    inner.update(deployment.extra)
    features = [name for name, attribute in _FEATURES.items() if _any_has(deployment, attribute)]
    if features:
        return {"version": 4, "features": features, "deployment": inner}
    return {"version": 3, "deployment": inner}


def _any_has(deployment: Deployment, attribute: str) -> bool:
    pending = (operation.resource for operation in deployment.pending_operations)
    return any(getattr(resource, attribute) for resource in (*deployment.resources, *pending))


def dump_resource(resource: Resource, *, encrypt: Encrypt) -> dict[str, Any]:  # noqa: C901 (a field a line)
    """One resource as the state writes it: empty fields are left out."""
    out: dict[str, Any] = {"urn": resource.urn, "custom": resource.custom}
    for name, attribute in _FLAGS:
        if getattr(resource, attribute):
            out[name] = True
    for name, attribute in _TEXTS:
        if text := getattr(resource, attribute):
            out[name] = text
    out["type"] = resource.type
    if resource.inputs:
        out["inputs"] = encoding.encode_properties(resource.inputs, encrypt)
    if resource.outputs:
        out["outputs"] = encoding.encode_properties(resource.outputs, encrypt)
    for name, attribute in _LISTS:
        if items := getattr(resource, attribute):
            out[name] = list(items)
    if resource.property_dependencies:
        out["propertyDependencies"] = {k: list(v) for k, v in resource.property_dependencies.items()}
    if any(resource.custom_timeouts.values()):
        out["customTimeouts"] = {k: v for k, v in resource.custom_timeouts.items() if v}
    if resource.replacement_trigger is not None:
        out["replacementTrigger"] = encoding.encode(resource.replacement_trigger, encrypt)
    out.update(resource.extra)
    return out
