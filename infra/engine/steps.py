"""Steps: what the engine does to one resource, and how it is done.

A step is made by the generator, announced, then carried out by `apply`, which asks the provider and fills in the new
record. `apply` raises `provider.ProviderError` if it fails; after an `InitFailedError` the new record is complete all
the same and goes into the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from infra.engine import differences, urns
from infra.engine.events import Op, StepInfo
from infra.engine.provider import Changes, InitFailedError, ProviderError
from infra.engine.resource import OperationKind
from infra.engine.state import timestamp
from infra.engine.values import UNKNOWN, Secret, contains_unknown, copy_properties, equal_properties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from infra.engine.context import Run
    from infra.engine.provider import DiffResult, PropertyDiff
    from infra.engine.registry import Instance
    from infra.engine.resource import Resource
    from infra.engine.values import Properties


class ProtectedError(ProviderError):
    """A protected resource would have been deleted; other deletions go on."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove '
            "the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
            f"`pulumi state unprotect '{urn}'`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a resource changes: properties for which it is replaced, properties that change, and how."""

    keys: Sequence[str] = ()
    diffs: Sequence[str] = ()
    detailed: Mapping[str, PropertyDiff] | None = None


NO_REASONS: Final = Reasons()


class Step:
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

    def apply(self, run: Run) -> None:
        """Carry it out.

        Raises:
            ProviderError: It failed.
        """
        raise TypeError(f"{type(self).__name__} cannot be carried out")

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """Tell the journal how it ended; `number` is that of the operation that began."""
        if run.journal is not None and number is not None:
            run.journal.end(number)


def _position(source: str) -> str:
    """`project:///file.py#12` as `file.py:12`."""
    return source.removeprefix("project:///").replace("#", ":").partition(",")[0]


def _now() -> str:
    return timestamp(datetime.now(UTC))


class SameStep(Step):
    """Nothing to do; the new record takes over identifier and outputs.

    `skipped` marks a resource that is not created because it is no target: it does not come into the state.
    `untargeted` marks one that is left alone because it is no target.
    """

    op = Op.SAME

    def __init__(self, old: Resource, new: Resource, *, skipped: bool = False, untargeted: bool = False) -> None:
        super().__init__(old, new)
        self.skipped = skipped
        self.untargeted = untargeted

    def apply(self, run: Run) -> None:
        """Configure the provider, if it is one."""
        assert self.old is not None  # noqa: S101 (given at construction)
        assert self.new is not None  # noqa: S101 (given at construction)
        self.new.id = self.old.id
        self.new.outputs = self.old.outputs
        if self.new.is_provider and not self.skipped and not self.untargeted:
            state = self.new.copy()
            state.inputs = self.old.inputs
            run.registry.same(state, checked=True)

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The new record takes the old one's place."""
        if run.journal is None or not done:
            return
        if not self.skipped:
            run.journal.end(None, new=self.new, drop=self.old, lazy=True)


class CreateStep(Step):
    """A resource is created; `old` is what it replaces.

    `pending_delete` says that the old one is still there and is deleted at the end.
    """

    op = Op.CREATE
    operation = OperationKind.CREATING

    def __init__(
        self,
        new: Resource,
        *,
        old: Resource | None = None,
        reasons: Reasons = NO_REASONS,
        pending_delete: bool = False,
    ) -> None:
        super().__init__(old, new, reasons)
        self.pending_delete = pending_delete
        if old is not None:
            self.op = Op.CREATE_REPLACEMENT
            self.logical = False

    def apply(self, run: Run) -> None:
        """Ask the provider to create it."""
        new = self.new
        assert new is not None  # noqa: S101 (given at construction)
        failure: InitFailedError | None = None
        if new.is_provider:
            created = run.registry.create(new.urn, new.inputs, preview=run.preview)
            new.id, new.outputs = created.id, created.outputs or {}
        elif new.custom:
            try:
                result = run.instance(new.provider).create(
                    new.urn, new.inputs, new.custom_timeouts.get("create", 0), preview=run.preview
                )
                new.id, new.outputs = result.id, result.outputs or {}
                new.refresh_before_update = result.refresh_before_update
            except InitFailedError as error:
                failure = error
                new.id, new.outputs, new.init_errors = error.id, error.outputs or {}, error.reasons
        else:
            new.outputs = {}
        new.created = new.modified = _now()
        if self.old is not None and self.pending_delete:
            self.old.delete = True
        if failure is not None:
            raise failure

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The new record comes in; a deleted predecessor goes, one that is still to be deleted is marked."""
        if run.journal is None:
            return
        if not done:
            run.journal.end(number)
        elif self.old is not None and self.old.pending_replacement:
            run.journal.end(number, new=self.new, drop=self.old)
        else:
            run.journal.end(number, new=self.new, changed=self.old)


class DeleteStep(Step):
    """A resource is deleted, or only dropped: one that was read, is retained, or vanishes with another."""

    op = Op.DELETE
    operation = OperationKind.DELETING

    def __init__(self, old: Resource, deletes: Set[str], *, replacing: bool = False, pending: bool = False) -> None:
        """Prepare the deletion.

        Args:
            old: What to delete.
            deletes: URNs that this run deletes, as far as known when it is carried out.
            replacing: It is the old half of a replacement.
            pending: The new half is yet to be created: the record stays until then.
        """
        super().__init__(old, None)
        self._deletes = deletes
        self._replacing = replacing
        self._pending = pending
        if replacing:
            self.op = Op.DISCARD_REPLACED if old.external else Op.DELETE_REPLACED
            self.logical = False
        elif old.external:
            self.op = Op.DISCARD

    def apply(self, run: Run) -> None:
        """Ask the provider to delete it, if it must."""
        old = self.old
        assert old is not None  # noqa: S101 (given at construction)
        if not self._replacing and old.protect and not run.options.ignore_protect:
            raise ProtectedError(old.urn)
        if not run.preview and old.custom and self._is_real(old):
            if old.is_provider:
                run.registry.delete(old.urn, old.id)
            else:
                run.instance(old.provider).delete(old, old.custom_timeouts.get("delete", 0))
        if self._pending:
            old.pending_replacement = True

    def _is_real(self, old: Resource) -> bool:
        return not (old.external or old.retain_on_delete or (old.deleted_with and old.deleted_with in self._deletes))

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The record goes, or stays as pending replacement."""
        assert self.old is not None  # noqa: S101 (given at construction)
        if run.journal is None:
            return
        if not done:
            run.journal.end(number)
        elif self.old.pending_replacement:
            run.journal.end(number, changed=self.old)
        else:
            run.journal.end(number, drop=self.old)


class RemovePendingReplaceStep(Step):
    """A record whose resource was deleted to be replaced goes, since it is not wanted any more."""

    op = Op.REMOVE_PENDING_REPLACE
    logical = False

    def __init__(self, old: Resource) -> None:
        super().__init__(old, None)

    @property
    def internal(self) -> bool:
        """Always the engine's own business."""
        return True

    def apply(self, run: Run) -> None:
        """Nothing to ask anyone."""

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The record goes."""
        if run.journal is not None:
            run.journal.end(None, drop=self.old)


class UpdateStep(Step):
    """A resource is updated in place."""

    op = Op.UPDATE
    operation = OperationKind.UPDATING

    def apply(self, run: Run) -> None:
        """Ask the provider to update it."""
        old, new = self.old, self.new
        assert old is not None  # noqa: S101 (an update has both)
        assert new is not None  # noqa: S101 (an update has both)
        new.id, new.created, new.modified = old.id, old.created, old.modified
        if not new.custom:
            return
        failure: InitFailedError | None = None
        if new.is_provider:
            new.outputs = run.registry.update(new.urn, old.id, new.inputs).outputs or {}
        else:
            try:
                result = run.instance(new.provider).update(
                    old, new, new.custom_timeouts.get("update", 0), preview=run.preview
                )
                new.outputs, new.refresh_before_update = result.outputs or {}, result.refresh_before_update
            except InitFailedError as error:
                failure = error
                new.outputs, new.init_errors = error.outputs or {}, error.reasons
        new.modified = _now()
        if failure is not None:
            # What was created has new outputs, but the new inputs did not take hold.
            new.inputs = dict(old.inputs)
            raise failure

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The new record takes the old one's place."""
        if run.journal is None:
            return
        if done:
            run.journal.end(number, new=self.new, drop=self.old)
        else:
            run.journal.end(number)


class ReplaceStep(Step):
    """Stands for a replacement as a whole; its halves do the work."""

    op = Op.REPLACE

    def apply(self, run: Run) -> None:
        """Nothing to ask anyone."""


class ReadStep(Step):
    """A resource is looked at; it becomes `external`. `replacing`: a managed one gave way to it."""

    op = Op.READ
    operation = OperationKind.READING

    def __init__(self, old: Resource | None, new: Resource, *, replacing: bool = False) -> None:
        super().__init__(old, new)
        self._replacing = replacing
        if replacing:
            self.op = Op.READ_REPLACEMENT
            self.logical = False

    @property
    def changed(self) -> bool:
        """Whether the outputs differ from those in the state before."""
        return (
            self.old is not None
            and self.new is not None
            and differences.compare(self.old.outputs, self.new.outputs).any
        )

    def apply(self, run: Run) -> None:
        """Read it, unless its identifier is unknown."""
        new = self.new
        assert new is not None  # noqa: S101 (given at construction)
        failure: InitFailedError | None = None
        if new.id == urns.UNKNOWN_ID:
            new.outputs = {}
        else:
            try:
                result = run.instance(new.provider).read(
                    new.urn, new.id, new.inputs, new.inputs, new.custom_timeouts.get("read", 0)
                )
                id_, outputs = result.id, result.outputs
            except InitFailedError as error:
                failure, id_, outputs, new.init_errors = error, error.id, error.outputs, error.reasons
            if outputs is None:
                raise ProviderError(f"resource '{new.id}' does not exist")
            new.outputs, new.id = outputs, id_ or new.id
        if self.old is not None:
            if self._replacing:
                self.old.delete = True
            new.created, new.modified = self.old.created, self.old.modified
            if not equal_properties(new.inputs, self.old.inputs) or not equal_properties(new.outputs, self.old.outputs):
                new.modified = _now()
        if failure is not None:
            raise failure

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The new record takes the old one's place."""
        if run.journal is None:
            return
        if done:
            run.journal.end(number, new=self.new, drop=self.old)
        else:
            run.journal.end(number)


class RefreshStep(Step):
    """A resource of the state is read and its record brought up to date; it may turn out to be gone."""

    op = Op.REFRESH
    logical = False

    def __init__(self, old: Resource) -> None:
        super().__init__(old, old)
        self._difference: DiffResult | None = None

    @property
    def resource(self) -> Resource:
        """The record it began with."""
        assert self.old is not None  # noqa: S101 (given at construction)
        return self.old

    @property
    def result_op(self) -> Op:
        """What it found: the resource is gone, changed, or the same."""
        if self.new is None:
            return Op.DELETE
        assert self.old is not None  # noqa: S101 (given at construction)
        if self.new is self.old:
            return Op.SAME
        if self.old.external:
            return Op.UPDATE if differences.compare(self.old.outputs, self.new.outputs).any else Op.SAME
        return Op.SAME if self._difference is None or self._difference.changes is Changes.NONE else Op.UPDATE

    def apply(self, run: Run) -> None:
        """Read it, and compare what is there with what the state has."""
        old = self.old
        assert old is not None  # noqa: S101 (given at construction)
        if not old.custom or old.is_provider or old.pending_replacement:
            return
        instance = run.instance(old.provider)
        init_errors: list[str] = []
        try:
            result = instance.read(old.urn, old.id, old.inputs, old.outputs, old.custom_timeouts.get("read", 0))
            id_, inputs, outputs, before_update = (
                result.id,
                result.inputs,
                result.outputs,
                result.refresh_before_update,
            )
        except InitFailedError as error:
            id_, inputs, outputs, before_update = error.id, error.inputs, error.outputs, False
            init_errors = error.reasons
            run.warn("Refreshed resource is in an unhealthy state:\n* " + "\n* ".join(init_errors), old.urn)
        if not id_ or outputs is None:
            self.new = None
            return
        new = old.copy()
        new.id, new.outputs, new.init_errors = id_, outputs, init_errors
        new.refresh_before_update = before_update
        if inputs is not None:
            new.inputs = inputs
        if not equal_properties(new.inputs, old.inputs) or not equal_properties(new.outputs, old.outputs):
            new.modified = _now()
        self.new = new
        if not old.external:
            # As if the program, unchanged, ran right after: then turned around, since here the cloud is the source.
            difference = diff_resource(run, instance, new, old.inputs, old.ignore_changes, preview=run.preview)
            self._difference = difference.inverted()
            self.reasons = Reasons(diffs=self._difference.changed, detailed=self._difference.detailed)


class ImportStep(Step):
    """An existing resource is adopted; `original` is the managed one that gives way to it.

    The record that goes into the state first has what was read; the program's inputs come with the update after it.
    """

    op = Op.IMPORT
    operation = OperationKind.IMPORTING

    def __init__(self, new: Resource, *, original: Resource | None, ignore_changes: Sequence[str]) -> None:
        super().__init__(None, new)
        self._original = original
        self._ignore_changes = ignore_changes
        if original is not None:
            self.op = Op.IMPORT_REPLACEMENT
            self.logical = False

    def apply(self, run: Run) -> None:
        """Read it under the identifier given."""
        new = self.new
        assert new is not None  # noqa: S101 (given at construction)
        try:
            result = run.instance(new.provider).read(
                new.urn, new.import_id, None, None, new.custom_timeouts.get("read", 0)
            )
            id_, inputs, outputs = result.id, result.inputs, result.outputs
            new.refresh_before_update = result.refresh_before_update
        except InitFailedError as error:
            id_, inputs, outputs, new.init_errors = error.id, error.inputs, error.outputs, error.reasons
        if outputs is None:
            raise ProviderError(f"resource '{new.id or new.import_id}' does not exist")
        if inputs is None:
            package = urns.package_of(new.type)
            raise ProviderError(
                f"provider does not support importing resources; please try updating the '{package}' plugin"
            )
        new.id = id_ or new.import_id
        new.inputs, new.outputs = inputs, outputs
        new.created = new.modified = _now()
        self.old = new.copy()
        self.old.created = self.old.modified = ""
        self.old.additional_secret_outputs, self.old.aliases = [], []
        new.inputs, _ = differences.ignore_changes(copy_properties(inputs), inputs, self._ignore_changes)
        if self._original is not None:
            self._original.delete = True

    def record(self, run: Run, number: int | None, *, done: bool) -> None:
        """The record comes in; what it replaces is marked for deletion."""
        if run.journal is None:
            return
        if done:
            run.journal.end(number, new=self.new, changed=self._original)
        else:
            run.journal.end(number)


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


def has_unknowns(resource: Resource) -> bool:
    """Whether its trigger for replacement is not known."""
    return resource.replacement_trigger is UNKNOWN or contains_unknown(resource.replacement_trigger)
