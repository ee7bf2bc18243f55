"""Work in forked processes, which may be killed.

The parent must never have a gRPC object or a second thread: forking with one is undefined.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS: Final = 300
"""After which it hangs: it takes one or two."""
_CRASHED: Final = 70


def workplace() -> Path:
    """A new folder, in memory if possible: a killed process loses nothing that it wrote there either."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is private
    return Path(tempfile.mkdtemp(prefix="usdata-crash-", dir=memory if memory.is_dir() else None))


def forked(work: Callable[[], int], log: Path) -> int:
    """Do something in a forked process: its exit code, or the negative number of the signal that ended it."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = _CRASHED
    try:
        signal.alarm(_SECONDS)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        code = work()
    except BaseException:  # noqa: BLE001 - whatever it was, it is written down and the child ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
