"""A line on the terminal that says what a long run is doing; it is gone when the run ends."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.display.changes import short_type
from infra.engine.display.text import escape
from infra.engine.events import Event, Op, ResourceFailed, ResourceOutputs, ResourcePre

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.status import Status

PATIENCE_SECONDS: Final = 2.0
"""A run shorter than this shows no progress."""


class Progress:
    """Follows a run; `__call__` takes its events, `text` says where it is."""

    def __init__(self, verb: str, expected: int) -> None:
        """Begin.

        Args:
            verb: What is being done: `planning`, `updating`.
            expected: How many resources there probably are; 0 if nobody knows.
        """
        self._verb = verb
        self._expected = expected
        self._seen: set[str] = set()
        self._running: dict[str, str] = {}
        self._status: Status | None = None

    def __call__(self, event: Event) -> None:
        """Take one event."""
        match event:
            case ResourcePre():
                self._running[event.step.urn] = f"{short_type(event.step.type)} {urns.name_of(event.step.urn)}"
            case ResourceOutputs() | ResourceFailed():
                self._running.pop(event.step.urn, None)
                if event.step.op is not Op.REFRESH:
                    self._seen.add(event.step.urn)
            case _:
                return
        if self._status is not None:
            self._status.update(self.text)

    @property
    def text(self) -> str:
        """One line: `updating: 34 of about 147 resources, now oci:Core:Vcn iad-vcn`."""
        total = f" of about {self._expected:,}" if self._expected > len(self._seen) else ""
        # The stack stays open until all else is done: it says nothing about where the run is.
        current = [name for urn, name in self._running.items() if not urns.is_root_stack(urn)]
        now = f", now {escape(current[-1])}" if current else ""
        return f"{self._verb}: {len(self._seen):,}{total} resources{now}"

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show the line on standard error while the block runs, if that is a terminal and the block takes long."""
        if not sys.stderr.isatty():
            yield
            return
        timer = threading.Timer(PATIENCE_SECONDS, self._begin)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if self._status is not None:
                self._status.stop()

    def _begin(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second, and most runs are short
        from rich.status import Status  # noqa: PLC0415 - the same

        console = Console(stderr=True, markup=False, highlight=False)
        self._status = Status(self.text, console=console)
        self._status.start()
