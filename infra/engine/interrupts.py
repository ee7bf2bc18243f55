"""Ctrl-C: what is under way finishes and is written down, nothing else begins."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from infra.engine.context import Run


@contextmanager
def interruptible(current: Run) -> Generator[None]:
    """Let Ctrl-C end the run in good order; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        current.interrupted = True
        current.halted.set()
        threading.Thread(target=current.registry.cancel, daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
