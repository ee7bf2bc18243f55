"""Answers to the SDK in waves: all that is waiting is worked off first, then all answers are handed over together.

Each turn in which something is answered costs the SDK's event loop. Answered one by one, that is a turn for each
resource; in waves, one for each level of dependencies.

For previews only: work is done one after the other, and an answer waits for others. Nothing there waits for a cloud.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Waves(ThreadPoolExecutor):
    """An executor with one thread, which answers when nothing more is waiting."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="pulumi-sdk")
        self._lock = threading.Lock()
        self._waiting = 0
        self._answers: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See `Executor.submit`."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting += 1
        super().submit(self._work, future, lambda: fn(*args, **kwargs))
        return future

    def _work(self, future: Future[Any], call: Callable[[], Any]) -> None:
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                self._answers.append(lambda error=error: future.set_exception(error))
            else:
                self._answers.append(lambda: future.set_result(result))
        with self._lock:
            self._waiting -= 1
            wave = [] if self._waiting else self._answers
            self._answers = self._answers if self._waiting else []
        for answer in wave:
            answer()
