"""A step: what the engine does to one resource, and what all kinds of steps have in common.

A step is made by the generator, announced, then carried out by `apply`, which asks the provider and fills in the new
record. `apply` raises `provider.ProviderError` if it fails; after an `InitFailedError` the new record is complete all
the same and goes into the state. `steps` has those that change something, `reading` those that look.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from infra.engine import differences, urns
from infra.engine.events import Op, StepInfo
from infra.engine.provider import Changes
from infra.engine.state import timestamp
from infra.engine.values import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.engine.context import Run
    from infra.engine.journal import Journal
    from infra.engine.provider import DiffResult, PropertyDiff
    from infra.engine.registry import Instance
    from infra.engine.resource import OperationKind, Resource
    from infra.engine.values import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a resource changes: properties for which it is replaced, properties that change, and how."""

    keys: Sequence[str] = ()
    diffs: Sequence[str] = ()
    detailed: Mapping[str, PropertyDiff] | None = None


NO_REASONS: Final = Reasons()


class Step(ABC):
    """One step; see the module's text.

    Attributes:
        op: What it does.
        old: The record before, or `None`.
        new: The record after, or `None` if the resource goes.
        reasons: Why.
        logical: Whether people count it.
    """

    op: Op
    logical: bool = True
    operation: ClassVar[OperationKind | None] = None

    def __init__(self, old: Resource | None, new: Resource | None, reasons: Reasons = NO_REASONS) -> None:
        self.old = old
        self.new = new
        self.reasons = reasons

    @property
    def resource(self) -> Resource:
        """The latest record there is."""
        found = self.new or self.old
        assert found is not None  # noqa: S101 (every step has one of the two)
        return found

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    @property
    def internal(self) -> bool:
        """Whether it is the engine's own business."""
        return urns.is_default_provider(self.urn)

    @property
    def result_op(self) -> Op:
        """What it turned out to do."""
        return self.op

    def info(self, op: Op | None = None) -> StepInfo:
        """The step as events show it."""
        resource = self.resource
        return StepInfo(
            op=op or self.op,
            urn=self.urn,
            type=resource.type,
            provider=resource.provider,
            old=self.old.copy() if self.old else None,
            new=self.new.copy() if self.new else None,
            replace_reasons=self.reasons.keys,
            diff_reasons=self.reasons.diffs,
            detailed_diff=self.reasons.detailed,
            logical=self.logical,
            internal=self.internal,
            position=_position(resource.source_position),
        )

    @abstractmethod
    def apply(self, run: Run) -> None:
        """Carry it out.

        Raises:
            ProviderError: It failed.
        """

    def record(self, journal: Journal, number: int | None, *, done: bool) -> None:
        """Tell the journal how it ended; `number` is that of the operation that began."""
        if number is not None and not done:
            journal.end(number)
        elif done:
            self.record_done(journal, number)

    @abstractmethod
    def record_done(self, journal: Journal, number: int | None) -> None:
        """Tell the journal that it succeeded, or that the resource is there at least."""


def _position(source: str) -> str:
    """`project:///file.py#12` as `file.py:12`."""
    return source.removeprefix("project:///").replace("#", ":").partition(",")[0]


def now() -> str:
    """The time, as the state writes it."""
    return timestamp(datetime.now(UTC))


def diff_resource(
    run: Run,
    instance: Instance,
    old: Resource,
    new_inputs: Properties,
    ignore_changes: Sequence[str],
    *,
    preview: bool,
) -> DiffResult:
    """What the provider says about a difference, or the engine's own comparison if it does not know.

    Raises:
        DiffUnavailableError: The provider's configuration is not known.
        ProviderError: The provider failed.
    """
    difference = instance.diff(old.urn, old.id, old.inputs, old.outputs, new_inputs, ignore_changes, preview=preview)
    for note in difference.notes:
        run.warn(note, old.urn)
    if difference.changes is Changes.UNKNOWN:
        kept, _ = differences.ignore_changes(new_inputs, old.inputs, ignore_changes)
        return differences.by_inputs(old.inputs, kept)
    return difference


def mark_secrets(resource: Resource) -> None:
    """Mark outputs as secret that the program declared so, or whose input of the same name is."""
    outputs = resource.outputs
    hidden = {
        key
        for key, value in outputs.items()
        if not isinstance(value, Secret)
        and (
            isinstance(resource.inputs.get(key), Secret) or (key in resource.additional_secret_outputs and key != "id")
        )
    }
    if hidden:
        resource.outputs = {k: Secret(v) if k in hidden else v for k, v in outputs.items()}
