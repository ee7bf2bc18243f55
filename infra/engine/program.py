"""Runs a Pulumi program in this process through the SDK, as Pulumi's Python language host does.

The SDK keeps its settings, its configuration and the root stack in context variables, so a program runs in a context of
its own and leaves nothing behind. It runs in a thread of its own, because the SDK sends every frame of the stack with
each registration: a caller's frames are no part of the program, and finding out where each of them stands took a
seventh of an update. Each registration that is under way holds a thread of the event loop's.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pulumi
import pulumi.runtime
from pulumi.runtime import settings as sdk_settings
from pulumi.runtime.stack import run_in_stack

from infra.engine.outstanding import to_its_end
from infra.engine.waves import Waves

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from infra.engine.monitor import EngineLog, Monitor


_SWITCH_INTERVAL: Final = 0.0005
"""Seconds after which Python's interpreter changes to another thread that has work to do; by default ten times that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a program finds around it."""

    project: str
    stack: str
    organization: str
    root_directory: Path
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    preview: bool
    parallel: int


class ProgramError(Exception):
    """The program failed.

    Attributes:
        message: What to tell: the text of a `RunError`, or the traceback of any other exception.
        refused: Whether it was a `RunError`: the program itself says why it stops.
    """

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.message = message
        self.refused = refused


def evaluate(program: Callable[[], None], around: Surroundings, monitor: Monitor, engine: EngineLog) -> None:
    """Run the program to its end.

    Raises:
        ProgramError: It raised an exception.
    """
    run = contextvars.copy_context().run
    with _quick_switching(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="pulumi-program") as own:
        own.submit(run, _evaluate, program, around, monitor, engine).result()


@contextmanager
def _quick_switching() -> Generator[None]:
    """Let the threads that register resources take turns with the SDK's event loop more often.

    With long turns few registrations end in each, and each turn of the loop costs: a preview of 800 resources takes a
    quarter less with short ones.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _evaluate(program: Callable[[], None], around: Surroundings, monitor: Monitor, engine: EngineLog) -> None:
    pulumi.runtime.set_all_config(dict(around.config), list(around.secret_keys))
    sdk_settings.configure(
        sdk_settings.Settings(
            monitor=monitor,
            engine=engine,
            project=around.project,
            stack=around.stack,
            parallel=around.parallel,
            dry_run=around.preview,
            organization=around.organization,
            root_directory=str(around.root_directory),
        )
    )
    sdk_settings.ROOT.set(None)
    loop = asyncio.new_event_loop()
    # A program that fails leaves tasks that nobody waits for; asyncio would complain about each of them.
    loop.set_exception_handler(_ignore)
    threads = _threads(around)
    loop.set_default_executor(threads)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(to_its_end(program)))
    except pulumi.RunError as error:
        raise ProgramError(str(error), refused=True) from error
    except (Exception, SystemExit) as error:
        raise ProgramError(_traceback(error, around.root_directory), refused=False) from error
    finally:
        _abandon(loop)
        threads.shutdown(wait=True)
        asyncio.set_event_loop(None)
        loop.close()


def _threads(around: Surroundings) -> ThreadPoolExecutor:
    """Where registrations are carried out: in an update those that wait for a cloud must not keep others back."""
    if around.preview:
        return Waves()
    return ThreadPoolExecutor(max_workers=max(around.parallel, 1) * 4, thread_name_prefix="pulumi-sdk")


def _ignore(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The exception that ended the program is reported by whoever waits for it."""


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what a failed program left behind."""
    while tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _traceback(error: BaseException, root: Path) -> str:
    """The traceback from the first frame inside the project on; all of it if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [
        index
        for index, frame in enumerate(frames)
        if Path(frame.filename).is_relative_to(root) and "site-packages" not in frame.filename
    ]
    limit = inside[0] - len(frames) if inside else None
    text = "".join(traceback.format_exception(error, limit=limit, chain=True))
    return f"Program failed with an unhandled exception:\n{text}"


def flush() -> None:
    """Write out what the program printed."""
    sys.stdout.flush()
    sys.stderr.flush()
