"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from infra.cli.refusal import Refused


def replace_file(path: Path, text: str) -> None:
    """Write a text file, for its owner only if it is new: to a temporary one beside it, made durable, then renamed.

    Raises:
        Refused: The folder or the file cannot be written.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        if path.exists():
            os.fchmod(handle, path.stat().st_mode & 0o777)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
