"""Values of resources taken apart: every place in them, inside the documents that stand in them as text, too."""

import json
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]
GONE = object()
"""In place of a value: it is left out."""


def leaves(value: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each place in a value, whole objects and lists among them, with what stands there."""
    inner = _document(value)
    for key in inner if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ():
        yield from leaves(inner[key], (*above, key))
    if above:
        yield above, value


def _document(value: Any) -> Any:
    """What a text that is a document of JSON says; everything else as it is."""
    if not isinstance(value, str) or value[:1] != "{":
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def changed(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy of a value with something else at a place; where there is no such place any more, the value."""
    if not path:
        return change(value)
    inner = _document(value)
    key, *rest = path
    if not isinstance(inner, dict | list) or not _has(inner, key):
        return value
    other = changed(inner[key], tuple(rest), change)
    copy: Any = dict(inner) if isinstance(inner, dict) else list(inner)
    if other is GONE:
        del copy[key]
    else:
        copy[key] = other
    return json.dumps(copy) if isinstance(value, str) else copy


def _has(inner: dict[Any, Any] | list[Any], key: Any) -> bool:
    return key in inner if isinstance(inner, dict) else isinstance(key, int) and key < len(inner)


def is_inside(value: Any, path: Path) -> bool:
    """Whether a place is inside a document that stands in a value as text."""
    for key in path:
        if isinstance(value, str):
            return True
        value = value[key] if isinstance(value, dict | list) and _has(value, key) else None
    return False
