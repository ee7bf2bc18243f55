"""Waits for everything that a program has begun, at once.

The SDK waits, too, but looks at every output that is still pending each time that one of them ends, which costs it the
square of their number: of an update of 240 resources a third. What is left to it after this wait is what goes on
afterwards, and what has failed: which error is told is still the SDK's to say.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime import settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SDK: Final[Any] = settings
"""The SDK has no public name for what a program has begun."""


def to_its_end(program: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """The program as `run_in_stack` takes it, which ends when all that it began has ended, or something has failed."""

    async def run() -> None:
        program()
        await _all_ended()

    return run


async def _all_ended() -> None:
    while begun := _begun():
        ended, _ = await asyncio.wait(begun, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in ended):
            return


def _begun() -> set[asyncio.Future[Any]]:
    """Registrations and outputs that have not ended."""
    with _SDK.SETTINGS.lock:
        outputs = list(_SDK.SETTINGS.outputs)
    return {task for task in (*outputs, *_SDK._get_rpc_manager().rpcs) if not task.done()}  # noqa: SLF001
