"""Steps that look at what is there: read, refresh, import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import differences, urns
from infra.engine.events import Op
from infra.engine.provider import Changes, InitFailedError, ProviderError
from infra.engine.resource import OperationKind
from infra.engine.step import Reasons, Step, diff_resource, now
from infra.engine.values import copy_properties, equal_properties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.engine.context import Run
    from infra.engine.journal import Journal
    from infra.engine.provider import DiffResult
    from infra.engine.resource import Resource


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
                new.modified = now()
        if failure is not None:
            raise failure

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The new record takes the old one's place."""
        journal.end(number, new=self.new, drop=self.old)


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
            new.modified = now()
        self.new = new
        if not old.external:
            # As if the program, unchanged, ran right after: then turned around, since here the cloud is the source.
            difference = diff_resource(run, instance, new, old.inputs, old.ignore_changes, preview=run.preview)
            self._difference = difference.inverted()
            self.reasons = Reasons(diffs=self._difference.changed, detailed=self._difference.detailed)

    def record_done(self, journal: Journal, number: int | None) -> None:
        """Nothing to record: all refreshed records become a new base together."""


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
        new.created = new.modified = now()
        self.old = new.copy()
        self.old.created = self.old.modified = ""
        self.old.additional_secret_outputs, self.old.aliases = [], []
        new.inputs, _ = differences.ignore_changes(copy_properties(inputs), inputs, self._ignore_changes)
        if self._original is not None:
            self._original.delete = True

    def record_done(self, journal: Journal, number: int | None) -> None:
        """The record comes in; what it replaces is marked for deletion."""
        journal.end(number, new=self.new, changed=self._original)
