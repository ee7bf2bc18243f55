"""Steps that change something: same, create, update, replace, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine.events import Op
from infra.engine.provider import InitFailedError, ProviderError
from infra.engine.resource import OperationKind
from infra.engine.step import NO_REASONS, Reasons, Step, now

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from infra.engine.context import Run
    from infra.engine.journal import Journal
    from infra.engine.resource import Resource


class ProtectedError(ProviderError):
    """A protected resource would have been deleted; other deletions go on."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove '
            "the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
            f"`pulumi state unprotect '{urn}'`"
        )


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

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The new record takes the old one's place."""
        if not self.skipped:
            journal.end(number, new=self.new, drop=self.old, lazy=True)


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
        new.created = new.modified = now()
        if self.old is not None and self.pending_delete:
            self.old.delete = True
        if failure is not None:
            raise failure

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The new record comes in; a deleted predecessor goes, one that is still to be deleted is marked."""
        if self.old is not None and self.old.pending_replacement:
            journal.end(number, new=self.new, drop=self.old)
        else:
            journal.end(number, new=self.new, changed=self.old)


class DeleteStep(Step):
    """A resource is deleted, or only dropped: one that was read, is retained, or vanishes with another."""

    op = Op.DELETE
    operation = OperationKind.DELETING

    def __init__(
        self, old: Resource, deletes: AbstractSet[str], *, replacing: bool = False, pending: bool = False
    ) -> None:
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

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The record goes, or stays as pending replacement."""
        if self.old is not None and self.old.pending_replacement:
            journal.end(number, changed=self.old)
        else:
            journal.end(number, drop=self.old)


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

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The record goes."""
        journal.end(number, drop=self.old)


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
        new.modified = now()
        if failure is not None:
            # What was created has new outputs, but the new inputs did not take hold.
            new.inputs = dict(old.inputs)
            raise failure

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The new record takes the old one's place."""
        journal.end(number, new=self.new, drop=self.old)


class ReplaceStep(Step):
    """Stands for a replacement as a whole; its halves do the work."""

    op = Op.REPLACE

    def apply(self, run: Run) -> None:
        """Nothing to ask anyone."""

    def record_done(self, journal: Journal, number: int | None) -> None:
        """Nothing to record: its halves do."""
