"""Failures on request, for tests: fail, hang or die before or after the effect of a chosen call.

Given to `serve(..., faults=Faults(...))`; nothing outside the process can switch one on.
"""

import os
import signal
import threading
from dataclasses import dataclass, field
from enum import StrEnum


class Moment(StrEnum):
    """When a fault strikes: before anything happened, or after the effect is on disk but before the answer."""

    BEFORE = "before"
    AFTER = "after"


class Action(StrEnum):
    """What a fault does."""

    FAIL = "fail"
    PARTIAL = "partial"
    """After a create or update: the answer says that the resource exists but did not become ready."""
    HANG = "hang"
    """The call does not return until `Faults.release()`."""
    KILL = "kill"
    """SIGKILL to the process that serves."""


class InjectedFailure(Exception):  # noqa: N818 - a failure that is asked for
    """The error of a `FAIL` or `PARTIAL` fault."""

    def __init__(self, message: str, *, partial: bool) -> None:
        super().__init__(message)
        self.partial = partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call of a provider, previews left out."""

    operation: str
    """check, diff, create, update, read or delete."""
    type: str
    name: str
    """Logical name of the resource."""
    id: str


@dataclass(slots=True, kw_only=True)
class Fault:
    """One failure; every given field must agree with the call.

    Attributes:
        nth: strikes at the n-th agreeing call, counted from 1.
        count: how many agreeing calls in a row it strikes from there on.
        message: text of the error of FAIL and PARTIAL.
    """

    action: Action
    moment: Moment = Moment.BEFORE
    operation: str | None = None
    type: str | None = None
    name: str | None = None
    nth: int = 1
    count: int = 1
    message: str = "injected failure"
    _seen: int = 0

    def strikes(self, event: Event, moment: Moment) -> bool:
        """Counts the call if it agrees, and says whether it is one of those to strike."""
        if moment is not self.moment or any(
            wanted is not None and wanted != given
            for wanted, given in (
                (self.operation, event.operation),
                (self.type, event.type),
                (self.name, event.name),
            )
        ):
            return False
        self._seen += 1
        return self.nth <= self._seen < self.nth + self.count


@dataclass(slots=True)
class Faults:
    """The faults of one run, and a log of the calls that happened."""

    faults: list[Fault] = field(default_factory=list[Fault])
    events: list[Event] = field(default_factory=list[Event])
    """Every call that was not a preview, in order of arrival."""
    _released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, event: Event, moment: Moment) -> None:
        """Called by the servers around each call.

        Raises:
            InjectedFailure: a FAIL or PARTIAL fault strikes.
        """
        with self._lock:
            if moment is Moment.BEFORE:
                self.events.append(event)
            struck = next((fault for fault in self.faults if fault.strikes(event, moment)), None)
        if struck is None:
            return
        match struck.action:
            case Action.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Action.HANG:
                self._released.wait()
            case Action.FAIL | Action.PARTIAL:
                raise InjectedFailure(struck.message, partial=struck.action is Action.PARTIAL)

    def release(self) -> None:
        """Let calls go on that hang."""
        self._released.set()
