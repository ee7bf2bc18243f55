"""Carries steps out: announces each, applies it, records it and tells how it ended.

The generator hands over chains: steps of one resource (and of what must go before it) that follow one another. Chains
run at the same time, as many as `--parallel` says, each on the thread that brought it; they begin in the order in which
they were generated. A failure ends the run: chains under way finish their current step, others do not begin.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from infra.engine import urns
from infra.engine.context import BailError, GenerationError, Halted
from infra.engine.events import Op, ResourceFailed, ResourceOutputs, ResourcePre
from infra.engine.options import Command
from infra.engine.provider import InitFailedError, ProviderError
from infra.engine.reading import ReadStep
from infra.engine.step import mark_secrets
from infra.engine.steps import ProtectedError, SameStep
from infra.engine.values import Value, equal_properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infra.engine.context import Run
    from infra.engine.step import Step
    from infra.engine.values import Properties


class StepFailedError(Exception):
    """A step failed and the run ends, or goes on without what depends on it; all has been said."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.urn)
        self.step = step


class Slots:
    """A bounded number of places, given out in the order in which tickets were drawn.

    A ticket is a lock that is free once its holder has a place: whoever leaves wakes nobody but the next one.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._queue: deque[threading.Lock] = deque()

    def ticket(self) -> threading.Lock:
        """Queue up; whoever draws a ticket must enter and leave."""
        ticket = threading.Lock()
        with self._lock:
            if self._free:
                self._free -= 1
            else:
                ticket.acquire()
                self._queue.append(ticket)
        return ticket

    def enter(self, ticket: threading.Lock) -> None:
        """Wait for the place."""
        ticket.acquire()

    def leave(self) -> None:
        """Give the place to the next in the queue."""
        with self._lock:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._free += 1


class Executor:
    """Carries out the steps of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._slots = Slots(max(1, run.options.parallel))
        self._registered: dict[str, Step] = {}
        self._stack_outputs: tuple[str, Properties] | None = None
        self._lock = threading.Lock()
        self.errored: list[Step] = []

    def ticket(self) -> threading.Lock:
        """A place in the queue; to be drawn while the chain's steps are generated, that is under the run's lock."""
        return self._slots.ticket()

    def chain(self, steps: Sequence[Step], ticket: threading.Lock, *, tolerant: bool = False) -> None:
        """Carry out a chain.

        Args:
            steps: In this order.
            ticket: Drawn when they were generated.
            tolerant: A failure is told but ends nothing (a refresh).

        Raises:
            StepFailedError: A step failed; the rest of the chain was not begun.
            Halted: The run is ending.
        """
        self._slots.enter(ticket)
        try:
            for step in steps:
                self._run.check_live()
                self._execute(step, tolerant=tolerant)
        finally:
            self._slots.leave()

    def together(self, steps: Sequence[Step], *, tolerant: bool = False) -> None:
        """Carry out steps that do not depend on each other, and wait for all of them."""
        if not steps:
            return
        if len(steps) == 1 or self._run.options.parallel <= 1:
            for step in steps:
                self._alone(step, tolerant)
            return
        with ThreadPoolExecutor(max_workers=min(len(steps), self._run.options.parallel)) as pool:
            wait([pool.submit(self._alone, step, tolerant) for step in steps])

    def _alone(self, step: Step, tolerant: bool) -> None:
        try:
            self.chain([step], self.ticket(), tolerant=tolerant)
        except (StepFailedError, Halted):
            return

    def _execute(self, step: Step, *, tolerant: bool) -> None:
        run = self._run
        run.tell(ResourcePre(step=step.info()))
        self._admit(step, tolerant=tolerant)
        number: int | None = None
        if run.journal is not None and step.operation is not None:
            number = run.journal.begin(step.resource, step.operation)
        failure: ProviderError | None = None
        try:
            step.apply(run)
        except ProviderError as error:
            failure = error
        except GenerationError as error:
            failure = ProviderError(str(error))
        if failure is None and step.logical and step.new is not None:
            with self._lock:
                self._registered[step.urn] = step
        if step.new is not None and step.op is not Op.REPLACE:
            mark_secrets(step.new)
            (run.reads if step.op in (Op.READ, Op.READ_REPLACEMENT) else run.news)[step.new.urn] = step.new
            if run.new_plan is not None:
                run.new_plan.outputs(step.new.urn, step.new.outputs)
        if failure is None:
            self._succeeded(step)
        else:
            self._failed(step, failure)
        if run.journal is not None:
            step.record(run.journal, number, done=failure is None or isinstance(failure, InitFailedError))
        if failure is not None:
            self._end(step, failure, tolerant=tolerant)

    def _admit(self, step: Step, *, tolerant: bool) -> None:
        """Ask whoever watches the run whether a step may be carried out; nothing has been done yet."""
        ask = self._run.options.admit
        refused = ask(step.info()) if ask is not None else ""
        if refused:
            failure = ProviderError(refused)
            self._failed(step, failure)
            self._end(step, failure, tolerant=tolerant)

    def _succeeded(self, step: Step) -> None:
        run = self._run
        op, counts = step.op, step.logical
        if step.op is Op.REFRESH and run.command is Command.REFRESH:
            op, counts = step.result_op, True
        elif isinstance(step, ReadStep) and step.op is Op.READ:
            counts = step.changed
        info = step.info(op)
        with self._lock:
            if not info.internal:
                run.steps.append(info)
            if counts and not info.internal:
                run.changes[op] += 1
        resource = step.resource
        refreshing = run.options.refresh or run.command is Command.REFRESH
        shown = resource.custom or step.op is Op.DELETE or (refreshing and step.op is Op.REFRESH)
        if run.preview or shown:
            run.tell(ResourceOutputs(step=info))

    def _failed(self, step: Step, failure: ProviderError) -> None:
        run = self._run
        urn = "" if step.internal else step.urn
        if run.preview:
            run.error(f"Preview failed: {failure}", urn)
            return
        run.maybe_corrupt = run.maybe_corrupt or failure.state_unknown
        run.error(str(failure), urn)
        run.tell(ResourceFailed(step=step.info()))

    def _end(self, step: Step, failure: ProviderError, *, tolerant: bool) -> None:
        run = self._run
        run.failed = True
        if not tolerant:
            if run.options.continue_on_error or isinstance(failure, ProtectedError):
                with self._lock:
                    self.errored.append(step)
            else:
                run.halted.set()
        raise StepFailedError(step)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """The program registers the outputs of a component; those of the stack are kept for the end.

        Raises:
            GenerationError: The component is not registered, or its outputs violate the plan.
        """
        if self._is_stack(urn):
            self._stack_outputs = (urn, outputs)
            return
        self._finish_outputs(urn, outputs)

    def finish_stack(self, *, errored: bool) -> None:
        """Give the stack its outputs, at the end; after an error those that the program did not get to stay.

        Raises:
            BailError: They violate the plan.
        """
        if self._stack_outputs is None:
            return
        urn, outputs = self._stack_outputs
        if errored:
            old = self._run.olds.get(urn)
            outputs = {**(old.outputs if old else {}), **outputs}
        try:
            self._finish_outputs(urn, outputs)
        except GenerationError as error:
            raise BailError(str(error)) from error

    @property
    def stack_outputs(self) -> dict[str, Value]:
        """What the program exported, or nothing if it did not get there."""
        return dict(self._stack_outputs[1]) if self._stack_outputs else {}

    def _is_stack(self, urn: str) -> bool:
        return urns.is_root_stack(urn)

    def _finish_outputs(self, urn: str, outputs: Properties) -> None:
        run = self._run
        with self._lock:
            step = self._registered.pop(urn, None)
        if step is None or step.new is None:
            raise GenerationError(f"cannot complete a resource '{urn}' whose registration isn't pending")
        if isinstance(step, SameStep) and step.skipped:
            return
        old = run.olds.get(urn)
        before: Properties = old.outputs if old else {}
        if run.plan is not None:
            run.plan.check_outputs(urn, before, outputs)
        unchanged = equal_properties(step.new.outputs, outputs)
        step.new.outputs = outputs
        if run.new_plan is not None:
            run.new_plan.registered_outputs(urn, before, outputs)
        run.tell(ResourceOutputs(step=step.info()))
        if run.journal is not None:
            run.journal.touch(step.new, lazy=unchanged)

    def without_skipped(self, steps: Iterable[Step], skipped: set[str]) -> tuple[list[Step], list[Step]]:
        """Steps that can go on after earlier failures, and those that depend on what failed or was left out."""
        skipped.update(step.urn for step in self.errored)
        kept: list[Step] = []
        left: list[Step] = []
        for step in steps:
            if any(edge.urn in skipped for edge in step.resource.edges()):
                skipped.add(step.urn)
                left.append(step)
            else:
                kept.append(step)
        return kept, left
