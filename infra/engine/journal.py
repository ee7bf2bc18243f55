"""The state while a run changes it, and the changes as whoever keeps it on disk needs them.

A run begins with a base: the records of the state before, in order. Steps add new records and drop old ones; the state
at any moment is the new records in the order in which they were finished, followed by what is left of the base, in its
old order. That keeps it sorted: what a resource depends on is always finished before it.

Every change is told to a `Sink` before the run goes on, so that a run that is killed at any moment leaves a state from
which the next one can go on. A sink that keeps the changes in a log, rather than writing the whole state each time,
keeps the cost of a run linear.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from infra.engine import normalize
from infra.engine.resource import Operation, OperationKind
from infra.engine.state import Deployment, new_manifest

if TYPE_CHECKING:
    from infra.engine.resource import Resource


class Sink(Protocol):
    """Keeps a state on disk. Each method returns only when what it was told is safe.

    Records are numbered: those of the base by their position, new ones after them.
    """

    def rebase(self, base: Deployment) -> None:
        """The run goes on from this state; forget everything told before. Also the last word of a run."""
        ...

    def begin(self, number: int, operation: Operation) -> None:
        """An operation begins."""
        ...

    def change(self, *, ended: int | None, put: dict[int, Resource], dropped: list[int], lazy: bool) -> None:
        """An operation ended (or none did); these records are new or changed, those are gone.

        A `lazy` change says nothing new about the cloud: it may be made safe together with the next one.
        """
        ...


class Journal:
    """The state of one run; thread-safe. In a preview nobody tells it anything."""

    def __init__(self, base: Deployment, sink: Sink | None) -> None:
        self._lock = threading.Lock()
        self._sink = sink
        self._next_operation = 0
        self._set_base(base)

    def _set_base(self, base: Deployment) -> None:
        self._base = base
        self._numbers: dict[int, int] = {id(r): i for i, r in enumerate(base.resources)}
        self._next = len(base.resources)
        self._new: dict[int, Resource] = {}
        self._dropped: set[int] = set()
        self._operations: dict[int, Operation] = {}

    def rebase(self, base: Deployment) -> None:
        """Go on from another base (after a refresh, or a migration of an old state)."""
        with self._lock:
            self._set_base(base)
            if self._sink is not None:
                self._sink.rebase(self._snapshot())

    def begin(self, resource: Resource, kind: OperationKind) -> int:
        """An operation on a resource begins; the number returned goes to `end`."""
        with self._lock:
            number = self._next_operation
            self._next_operation += 1
            operation = Operation(resource=resource, kind=kind)
            self._operations[number] = operation
            if self._sink is not None:
                self._sink.begin(number, operation)
            return number

    def end(
        self,
        number: int | None,
        *,
        new: Resource | None = None,
        drop: Resource | None = None,
        changed: Resource | None = None,
        lazy: bool = False,
    ) -> None:
        """An operation ended: `new` is finished, `drop` is gone, `changed` stays where it is with other contents."""
        with self._lock:
            put: dict[int, Resource] = {}
            dropped: list[int] = []
            if number is not None:
                del self._operations[number]
            if drop is not None:
                dropped.append(self._numbers[id(drop)])
                self._dropped.add(dropped[0])
                self._new.pop(dropped[0], None)
            if new is not None:
                self._numbers[id(new)] = self._next
                self._new[self._next] = new
                put[self._next] = new
                self._next += 1
            if changed is not None and self._numbers[id(changed)] not in self._dropped:
                put[self._numbers[id(changed)]] = changed
            if self._sink is not None:
                self._sink.change(ended=number, put=put, dropped=dropped, lazy=lazy)

    def touch(self, resource: Resource, *, lazy: bool) -> None:
        """A finished record changed (its outputs were registered)."""
        self.end(None, changed=resource, lazy=lazy)

    def close(self, final: Deployment) -> None:
        """The run is over; the sink gets the whole state."""
        with self._lock:
            if self._sink is not None:
                self._sink.rebase(final)

    @property
    def pending(self) -> list[Operation]:
        """The operations that began and did not end."""
        with self._lock:
            return list(self._operations.values())

    def snapshot(self) -> Deployment:
        """The state now; the records are copies, with references to earlier URNs brought up to date."""
        with self._lock:
            return self._snapshot()

    def _snapshot(self) -> Deployment:
        left = [r for i, r in enumerate(self._base.resources) if i not in self._dropped]
        kept = [o for o in self._base.pending_operations if o.kind is OperationKind.CREATING]
        return Deployment(
            resources=normalize.current_names([*self._new.values(), *left]),
            pending_operations=[*self._operations.values(), *kept],
            manifest=new_manifest(),
            secrets_providers=self._base.secrets_providers,
            metadata={k: v for k, v in self._base.metadata.items() if k != "integrity_error"},
            extra=self._base.extra,
        )
