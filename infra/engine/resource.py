"""One resource as the state holds it, and what it depends on.

A `Resource` is the engine's working record: it is built up while a deployment runs (identifier and outputs arrive
after the inputs), and two records of one URN may exist at a time, an old and a new one. So records are told apart by
identity, not by value. What leaves the engine (events, states handed to the caller) is a copy that nobody changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.engine import urns
from infra.engine.values import Properties, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class DependencyKind(StrEnum):
    """How a resource depends on another one."""

    PARENT = "parent"
    DEPENDENCY = "dependency"
    PROPERTY = "property dependency"
    DELETED_WITH = "deleted with dependency"
    REPLACE_WITH = "replace with dependency"


class Dependency(NamedTuple):
    """One edge from a resource; `key` is the property that causes it, or the empty string."""

    kind: DependencyKind
    urn: str
    key: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Resource:
    """A resource in a state; field names follow the state's, times are RFC 3339 texts, timeouts are in seconds.

    Attributes:
        urn: The resource's name in the stack.
        type: Its type token, for example `oci:ObjectStorage/bucket:Bucket`.
        custom: Whether a provider manages it (otherwise it is a component).
        id: The provider's identifier; empty for components and while it is not known.
        inputs: Properties as the provider's Check returned them.
        outputs: Properties as the provider returned them, or what a component registered.
        parent: URN of the parent, or empty.
        provider: Reference of the provider (`<urn>::<id>`), or empty.
        dependencies: URNs that the program made it depend on.
        property_dependencies: The same for each input.
        delete: It was replaced and is still to be deleted.
        pending_replacement: It was deleted to be replaced and its successor does not exist yet.
        external: It was only read: the engine neither updates nor deletes it.
        protect: It must not be deleted or replaced.
        taint: It is to be replaced by the next run.
        retain_on_delete: Deleting it only drops it from the state.
        init_errors: Why it is created but not healthy.
        additional_secret_outputs: Outputs that the program declared secret.
        aliases: Earlier URNs; only while a deployment runs.
        custom_timeouts: Seconds for create, update, delete and read.
        import_id: The identifier under which it was adopted.
        deleted_with: URN of the resource with which it vanishes.
        replace_with: URNs of resources whose replacement replaces it too.
        replacement_trigger: A value whose change replaces it.
        ignore_changes: Paths of inputs whose changes are ignored.
        replace_on_changes: Paths whose changes replace it.
        hide_diff: Paths whose differences are not shown.
        refresh_before_update: The provider wants it read before every update.
        created: When it came into the state.
        modified: When its record changed last.
        source_position: Where the program registered it, as `project:///file.py#line`.
        stack_trace: The frames of that registration.
        extra: Fields of the state that this engine does not know, kept as they are.
    """

    urn: str
    type: str
    custom: bool = False
    id: str = ""
    inputs: Properties = field(default_factory=dict[str, Value])
    outputs: Properties = field(default_factory=dict[str, Value])
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list[str])
    property_dependencies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    delete: bool = False
    pending_replacement: bool = False
    external: bool = False
    protect: bool = False
    taint: bool = False
    retain_on_delete: bool = False
    init_errors: list[str] = field(default_factory=list[str])
    additional_secret_outputs: list[str] = field(default_factory=list[str])
    aliases: list[str] = field(default_factory=list[str])
    custom_timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    import_id: str = ""
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list[str])
    replacement_trigger: Value = None
    ignore_changes: list[str] = field(default_factory=list[str])
    replace_on_changes: list[str] = field(default_factory=list[str])
    hide_diff: list[str] = field(default_factory=list[str])
    refresh_before_update: bool = False
    created: str = ""
    modified: str = ""
    source_position: str = ""
    stack_trace: list[Any] = field(default_factory=list[Any])
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """The logical name."""
        return urns.name_of(self.urn)

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider resource."""
        return self.type.startswith(urns.PROVIDER_TYPE_PREFIX)

    @property
    def provider_urn(self) -> str:
        """URN of its provider, or empty."""
        return urns.parse_reference(self.provider)[0] if self.provider else ""

    def copy(self) -> Resource:
        """A record with the same contents; property maps and lists are shared, so replace them, never change them."""
        twin = object.__new__(Resource)
        for name in _FIELDS:
            setattr(twin, name, getattr(self, name))
        return twin

    def edges(self) -> Iterator[Dependency]:
        """Everything it depends on but its provider: parent, dependencies, per property, deleted with, replace with."""
        if self.parent:
            yield Dependency(DependencyKind.PARENT, self.parent)
        for urn in self.dependencies:
            if urn:
                yield Dependency(DependencyKind.DEPENDENCY, urn)
        for key, deps in self.property_dependencies.items():
            for urn in deps:
                if urn:
                    yield Dependency(DependencyKind.PROPERTY, urn, key)
        if self.deleted_with:
            yield Dependency(DependencyKind.DELETED_WITH, self.deleted_with)
        for urn in self.replace_with:
            if urn:
                yield Dependency(DependencyKind.REPLACE_WITH, urn)

    def required_urns(self) -> list[str]:
        """URNs of everything it depends on, its provider last."""
        required = [edge.urn for edge in self.edges()]
        if self.provider:
            required.append(self.provider_urn)
        return required


_FIELDS = tuple(f.name for f in fields(Resource))


class OperationKind(StrEnum):
    """What was being done to a resource when a run was interrupted."""

    CREATING = "creating"
    UPDATING = "updating"
    DELETING = "deleting"
    READING = "reading"
    IMPORTING = "importing"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """An operation whose end the state does not know."""

    resource: Resource
    kind: OperationKind
