"""What the program asks for: the desired state of one resource, as its registration says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.engine.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.engine.values import Properties, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another name that the resource may have in the state: a URN, or what differs from the present one."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(slots=True, kw_only=True)
class Goal:
    """One registration; `protect`, `retain_on_delete` and `delete_before_replace` are `None` where nothing is said."""

    type: str
    name: str
    custom: bool
    inputs: Properties
    parent: str = ""
    protect: bool | None = None
    dependencies: list[str] = field(default_factory=list[str])
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list[str])
    additional_secret_outputs: list[str] = field(default_factory=list[str])
    aliases: list[Alias] = field(default_factory=list[Alias])
    id: str = ""
    custom_timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    replace_on_changes: list[str] = field(default_factory=list[str])
    replacement_trigger: Value = None
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list[str])
    hide_diff: list[str] = field(default_factory=list[str])
    source_position: str = ""
    stack_trace: list[Any] = field(default_factory=list[Any])

    def as_resource(self, urn: str, old: Resource | None, alias: str) -> Resource:
        """The new record of the resource, before its provider has seen it."""
        return Resource(
            urn=urn,
            type=self.type,
            custom=self.custom,
            inputs=self.inputs,
            parent=self.parent,
            provider=self.provider,
            dependencies=self.dependencies,
            property_dependencies=self.property_dependencies,
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            additional_secret_outputs=self.additional_secret_outputs,
            aliases=[alias] if alias else [],
            custom_timeouts=self.custom_timeouts,
            import_id=self.id,
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            replacement_trigger=self.replacement_trigger,
            ignore_changes=self.ignore_changes,
            replace_on_changes=self.replace_on_changes,
            hide_diff=self.hide_diff,
            refresh_before_update=old is not None and old.refresh_before_update,
            created=old.created if old else "",
            modified=old.modified if old else "",
            source_position=self.source_position,
            stack_trace=self.stack_trace,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGoal:
    """One read: a resource that the program only looks at."""

    type: str
    name: str
    id: str
    inputs: Properties
    parent: str = ""
    dependencies: list[str] = field(default_factory=list[str])
    provider: str = ""
    additional_secret_outputs: list[str] = field(default_factory=list[str])
    source_position: str = ""
    stack_trace: list[Any] = field(default_factory=list[Any])

    def as_resource(self, urn: str, alias: str) -> Resource:
        """The new record of the resource, before it is read."""
        return Resource(
            urn=urn,
            type=self.type,
            custom=True,
            external=True,
            id=self.id,
            inputs=self.inputs,
            parent=self.parent,
            provider=self.provider,
            dependencies=self.dependencies,
            additional_secret_outputs=self.additional_secret_outputs,
            aliases=[alias] if alias else [],
            source_position=self.source_position,
            stack_trace=self.stack_trace,
        )
