"""What a run did or would do, gathered from its events and put into an order that does not depend on arrival."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.events import (
    Diagnostic,
    Event,
    Op,
    Outcome,
    Prelude,
    ResourceFailed,
    ResourceOutputs,
    ResourcePre,
    Severity,
    StepInfo,
    Summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.engine.values import Value

_HALVES: Final = frozenset({Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.READ_REPLACEMENT, Op.IMPORT_REPLACEMENT})
"""The physical halves of a replacement; people see the `replace` that they add up to."""

_ORDER: Final = {op: rank for rank, op in enumerate([Op.DELETE, Op.REPLACE, Op.UPDATE, Op.IMPORT, Op.CREATE, Op.READ])}
"""Most dangerous first."""


@dataclass(slots=True, kw_only=True, eq=False)
class Change:
    """One thing that happens to one resource.

    Attributes:
        step: The step, in its latest form.
        op: What happens; for a refresh what it found.
        done: Whether it has ended well.
        failed: Whether it has failed.
        found: Whether a refresh found it, rather than the program wanting it.
    """

    step: StepInfo
    op: Op
    found: bool = False
    done: bool = False
    failed: bool = False

    @property
    def may_replace(self) -> Sequence[str]:
        """Property paths for which nobody knows whether their change replaces the resource; empty if it is known."""
        if self.op is not Op.UPDATE:
            return ()
        return sorted(path for path, diff in (self.step.detailed_diff or {}).items() if diff.may_replace)

    @property
    def is_retained(self) -> bool:
        """Whether the state only forgets the resource, which stays in its cloud."""
        return self.op is Op.DELETE and self.step.old is not None and self.step.old.retain_on_delete

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return urns.name_of(self.step.urn)

    @property
    def shown_type(self) -> str:
        """The type as people write it: `oci:Core:Vcn` for `oci:Core/vcn:Vcn`."""
        return short_type(self.step.type)


def short_type(type_: str) -> str:
    """A type token without the file name in its module: `oci:Core:Vcn` for `oci:Core/vcn:Vcn`."""
    package, separator, rest = type_.partition(":")
    module, colon, name = rest.partition(":")
    return f"{package}{separator}{module.partition('/')[0]}{colon}{name}" if colon else type_


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Gathers the events of one run; hand it over as `on_event`.

    Attributes:
        preview: Whether the run only plans.
        diagnostics: What was told, in order.
        summary: How it ended, once it has.
    """

    preview: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    summary: Summary | None = None
    _changes: dict[tuple[str, Op], Change] = field(default_factory=dict[tuple[str, Op], Change])
    _refreshing: set[str] = field(default_factory=set[str])

    def __call__(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Prelude():
                self.preview = event.preview
            case ResourcePre():
                if event.step.op is Op.REFRESH:
                    self._refreshing.add(event.step.urn)
                else:
                    self._note(event.step)
            case ResourceOutputs():
                self._succeed(event.step)
            case ResourceFailed():
                self._note(event.step).failed = True
            case Diagnostic():
                self.diagnostics.append(event)
            case Summary():
                self.summary = event

    def _succeed(self, step: StepInfo) -> None:
        if step.op is Op.SAME and (step.urn in self._refreshing) and (step.urn, Op.SAME) not in self._changes:
            return
        self._note(step).done = True

    def _note(self, step: StepInfo) -> Change:
        key = (step.urn, step.op)
        if key not in self._changes:
            self._changes[key] = Change(step=step, op=step.op, found=step.urn in self._refreshing and not step.logical)
        change = self._changes[key]
        change.step = step
        return change

    def all(self) -> Iterator[Change]:
        """Every change, the unchanged included, without the halves of replacements and the engine's own providers."""
        return (c for c in self._changes.values() if c.op not in _HALVES and not c.step.internal)

    def halves(self) -> Iterator[Change]:
        """The physical halves of replacements."""
        return (c for c in self._changes.values() if c.op in _HALVES and not c.step.internal)

    def changed(self) -> list[Change]:
        """What is not the same, most dangerous first, then by type and name."""
        found = (c for c in self.all() if c.op not in {Op.SAME, Op.REFRESH} and not _quiet_read(c))
        return sorted(found, key=lambda c: (_ORDER.get(c.op, len(_ORDER)), c.step.type, c.name, c.step.urn))

    def find(self, urn: str, op: Op) -> Change | None:
        """The change of one kind of a resource."""
        return self._changes.get((urn, op))

    @property
    def failures(self) -> list[Change]:
        """The steps that failed, halves of replacements included, sorted."""
        return sorted((c for c in self._changes.values() if c.failed), key=lambda c: (c.step.type, c.step.urn, c.op))

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors, in order."""
        return [d for d in self.diagnostics if d.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings, in order."""
        return [d for d in self.diagnostics if d.severity is Severity.WARNING]

    @property
    def counts(self) -> Mapping[Op, int]:
        """Number of logical steps of each kind as the engine counts them."""
        return self.summary.changes if self.summary else {}

    @property
    def failed(self) -> bool:
        """Whether the run did not end well."""
        return self.summary is None or self.summary.outcome is not Outcome.SUCCEEDED

    def outputs(self) -> Mapping[str, Value]:
        """The stack's outputs as the program exported them."""
        root = self._root()
        return root.new.outputs if root and root.new else {}

    def old_outputs(self) -> Mapping[str, Value]:
        """The stack's outputs before the run."""
        root = self._root()
        return root.old.outputs if root and root.old else {}

    def _root(self) -> StepInfo | None:
        for change in self._changes.values():
            if change.step.type == urns.ROOT_STACK_TYPE:
                return change.step
        return None


def _quiet_read(change: Change) -> bool:
    """A read that found what the state has already."""
    return change.op is Op.READ and change.step.old is not None
