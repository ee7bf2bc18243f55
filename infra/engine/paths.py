"""Property paths: `root.nested["key with a ."][3].*`, as resource options and detailed diffs use them.

A path is a tuple of keys: a `str` goes into an object, an `int` into a list, `"*"` stands for any key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from infra.engine.values import Secret, Value, make_secret

if TYPE_CHECKING:
    from infra.engine.values import Properties

Path: TypeAlias = tuple[str | int, ...]


def parse(text: str) -> Path:
    """Read a path; a bare name runs up to the next `.` or `[`.

    Raises:
        ValueError: The text is no path.
    """
    if text.startswith("."):
        raise ValueError(f"property path {text!r} must start with a name or an index")
    keys: list[str | int] = []
    rest = text
    while rest:
        if rest[0] == ".":
            rest = rest[1:]
            if not rest:
                raise ValueError(f"property path {text!r} must end with a name or an index")
        elif rest.startswith('["'):
            key, rest = _quoted(text, rest[2:])
            keys.append(key)
        elif rest[0] == "[":
            inside, bracket, rest = rest[1:].partition("]")
            if not bracket or not (inside == "*" or inside.lstrip("-").isdigit()):
                raise ValueError(f"property path {text!r} has an invalid index {inside!r}")
            keys.append("*" if inside == "*" else int(inside))
        else:
            end = min((i for i in (rest.find("."), rest.find("[")) if i >= 0), default=len(rest))
            keys.append(rest[:end])
            rest = rest[end:]
    return tuple(keys)


def _quoted(text: str, rest: str) -> tuple[str, str]:
    """A quoted key (after its opening quote) and what follows its closing bracket."""
    key: list[str] = []
    position = 0
    while position < len(rest) and rest[position] != '"':
        if rest.startswith('\\"', position):
            position += 1
        key.append(rest[position])
        position += 1
    if not rest.startswith('"]', position):
        raise ValueError(f"property path {text!r} has a quoted key that is not closed")
    return "".join(key), rest[position + 2 :]


def show(path: Path) -> str:
    """The text of a path."""
    out: list[str] = []
    for key in path:
        if isinstance(key, int):
            out.append(f"[{key}]")
        elif key and all(c == "_" or (c.isascii() and c.isalnum()) for c in key):
            out.append(f".{key}" if out else key)
        else:
            escaped = key.replace('"', '\\"')
            out.append(f'["{escaped}"]')
    return "".join(out)


def contains(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies below it; `*` in `outer` matches any key."""
    return len(inner) >= len(outer) and all(
        a == "*" or (type(a) is type(b) and a == b) for a, b in zip(outer, inner, strict=False)
    )


def reset(path: Path, old: Properties, new: Properties) -> bool:
    """Set what lies at `path` in `new` back to what lies there in `old`, in place.

    Returns:
        Whether that was possible: not if an element of a list would have to come or go, or if an object on the way is
        missing on one side only.
    """
    return _reset(path, old, new, old_secret=False, new_secret=False)


def _open(value: Value, secret: bool) -> tuple[Value, bool]:
    while isinstance(value, Secret):
        value, secret = value.element, True
    return value, secret


def _reset(path: Path, old: Value, new: Value, *, old_secret: bool, new_secret: bool) -> bool:  # noqa: PLR0911 (one answer for each kind of key)
    if not path:
        return False
    old, old_secret = _open(old, old_secret)
    new, new_secret = _open(new, new_secret)
    hide = old_secret and not new_secret
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        return _reset_index(key, rest, old, new, hide=hide)
    if key == "*":
        return _reset_all(rest, old, new, hide=hide)
    if not rest:
        return _reset_key(key, old, new, hide=hide)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return not isinstance(old, dict) and not isinstance(new, dict)
    if key not in new:
        return key not in old
    return _reset(rest, old.get(key), new[key], old_secret=hide, new_secret=False)


def _reset_index(index: int, rest: Path, old: Value, new: Value, *, hide: bool) -> bool:
    if index < 0:
        return False
    if not isinstance(old, list) or not isinstance(new, list):
        return not isinstance(old, list) and not isinstance(new, list)
    if index >= len(old) or index >= len(new):
        return not rest and index >= len(old) and index >= len(new)
    if rest:
        return _reset(rest, old[index], new[index], old_secret=hide, new_secret=False)
    new[index] = make_secret(old[index]) if hide else old[index]
    return True


def _reset_key(key: str, old: Value, new: Value, *, hide: bool) -> bool:
    if isinstance(old, dict) and key in old:
        if not isinstance(new, dict):
            return False
        new[key] = make_secret(old[key]) if hide else old[key]
    elif isinstance(new, dict):
        new.pop(key, None)
    return True


def _reset_all(rest: Path, old: Value, new: Value, *, hide: bool) -> bool:
    if isinstance(new, dict):
        if not rest:
            if isinstance(old, dict):
                new.clear()
                new.update({k: make_secret(v) if hide else v for k, v in old.items()})
            return True
        return isinstance(old, dict) and all(
            key in new and _reset(rest, value, new[key], old_secret=hide, new_secret=False)
            for key, value in old.items()
        )
    if not isinstance(new, list):
        return False
    if not isinstance(old, list):
        return not rest
    for index in range(min(len(old), len(new))):
        if not rest:
            new[index] = make_secret(old[index]) if hide else old[index]
        elif not _reset(rest, old[index], new[index], old_secret=hide, new_secret=False):
            return False
    return len(old) == len(new)
