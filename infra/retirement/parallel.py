"""Many requests at once, few in memory: a bounded window of work over a pool of threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_In = TypeVar("_In")
_Out = TypeVar("_Out")

WINDOW = 4
"""Tasks waiting for each thread: enough to keep it busy, few enough to keep memory flat."""


def in_parallel(
    work: Callable[[_In], _Out], tasks: Iterable[_In], threads: int, *, window: int = WINDOW
) -> Iterator[tuple[_In, _Out]]:
    """Each task with its result, in the order of the tasks; `window` of them are taken ahead for each thread.

    The first exception of a task ends it: tasks not begun are dropped, those running are waited for.
    """
    pool = ThreadPoolExecutor(max_workers=threads)
    waiting: deque[tuple[_In, Future[_Out]]] = deque()
    try:
        for task in tasks:
            waiting.append((task, pool.submit(work, task)))
            if len(waiting) >= threads * window:
                done, result = waiting.popleft()
                yield done, result.result()
        while waiting:
            done, result = waiting.popleft()
            yield done, result.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
