"""Reads the JSON of a file, and takes secrets and unknowns for what they are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from infra.verify.graph import SECRET
from infra.verify.sources.loaded import UnusableError

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key under which the state marks values that are not plain JSON (Pulumi's `resource.SigKey`)."""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (Pulumi's mark for one, no secret itself)
_PLAIN = "plaintext"
"""What such a value has in place of its ciphertext where somebody asked an engine to show secrets."""
_MOST_BYTES = 1 << 31


def document(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file, with every secret replaced by the mark for one.

    Raises:
        UnusableError: It cannot be read, is cut off, or is no object.
    """
    return parsed(content(path), path.name)


def content(path: Path) -> bytes:
    """What is in a file.

    Raises:
        UnusableError: It cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnusableError(f"{path.name} is larger than 2 GiB", fix="prove one stack at a time")
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{path.name} cannot be read: {error.strerror}", given=str(path)) from error


def parsed(content: bytes, name: str) -> Mapping[str, Any]:
    """The same for a file's content.

    Raises:
        UnusableError: As for `document`.
    """
    try:
        found: object = json.loads(content, object_pairs_hook=_secrets if _SIGNATURE.encode() in content else None)
    except (ValueError, RecursionError) as error:
        cut = content.rstrip()[-1:] != b"}"
        raise UnusableError(
            f"{name} is cut off" if cut and content.lstrip()[:1] == b"{" else f"{name} is no JSON",
            given=str(error),
            fix="write it anew, and let the command that writes it end",
        ) from error
    if not isinstance(found, dict):
        raise UnusableError(f"{name} holds no JSON object", given=type(found).__name__)
    return cast("Mapping[str, Any]", found)


def _secrets(pairs: list[tuple[str, Any]]) -> Any:
    """An object, or the mark for a secret where it is one."""
    found = dict(pairs)
    return SECRET if is_secret(found) else found


def in_the_clear(content: bytes) -> int:
    """How many of the secrets in a document's content are not encrypted."""
    if _PLAIN.encode() not in content:
        return 0
    found: list[str] = []

    def count(pairs: list[tuple[str, Any]]) -> None:
        names = dict(pairs)
        if is_secret(names) and _PLAIN in names:
            found.append(_PLAIN)

    json.loads(content, object_pairs_hook=count)
    return len(found)


def is_secret(value: Mapping[str, object]) -> bool:
    """Whether an object is the engine's wrapping of a secret."""
    return value.get(_SIGNATURE) == _SECRET
