"""Property values and their differences as indented lines.

A difference follows the provider's detailed diff where there is one (so a set in another order shows no change), else
the values themselves. JSON documents inside a text, such as policies, are opened up. Secrets are never opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import count as numbers
from typing import TYPE_CHECKING, Final, NamedTuple

from infra.engine import paths
from infra.engine.display.text import count, quoted
from infra.engine.values import (
    Asset,
    Encrypted,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
    equal,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from infra.engine.provider import PropertyDiff

_CONTEXT: Final = 3
"""So many unchanged neighbours are shown; a longer run of them becomes one line."""
_NUMBERS: Final = numbers()


class Line(NamedTuple):
    """One line: how deep it is indented, its mark (`+`, `-`, `~` or empty) and its text."""

    depth: int
    mark: str
    text: str


@dataclass(slots=True, kw_only=True)
class Guide:
    """A detailed diff as a tree: what changes at this place, and what below it."""

    diff: PropertyDiff | None = None
    children: dict[str | int, Guide] = field(default_factory=dict["str | int", "Guide"])

    @classmethod
    def of(cls, detailed: Mapping[str, PropertyDiff]) -> Guide:
        """The tree of a provider's detailed diff; a path that is none counts as a name."""
        root = cls()
        for text, diff in detailed.items():
            node = root
            for key in _path(text):
                node = node.children.setdefault(key, cls())
            node.diff = diff
        return root

    @property
    def note(self) -> str:
        """What the change of this very property does to the resource, for the end of its line."""
        if self.diff is None:
            return ""
        if self.diff.kind.replaces:
            return "  (forces replacement)"
        return "  (may force replacement: not known for this property)" if self.diff.may_replace else ""


def _path(text: str) -> paths.Path:
    try:
        return paths.parse(text)
    except ValueError:
        return (text,)


class _Entry(NamedTuple):
    """One child of an object or a list; `None` on a side where it is absent."""

    label: str
    old: Value
    new: Value
    guide: Guide | None
    same: bool


def listing(properties: Mapping[str, Value], *, depth: int = 0, mark: str = "") -> list[Line]:
    """Properties as they are, sorted by name; the provider's own notes (`__...`) are left out."""
    return list(_children(_fields(properties).items(), depth, mark))


def differences(old: Mapping[str, Value], new: Mapping[str, Value], guide: Guide | None = None) -> list[Line]:
    """The properties that differ, sorted by name, with what lies below them."""
    if guide is None:
        names = [k for k in {**old, **new} if not equal(old.get(k), new.get(k))]
        entries = [_Entry(_key(k), old.get(k), new.get(k), None, same=False) for k in sorted(names)]
    else:
        keys = sorted((str(k) for k in guide.children), key=str)
        entries = [_Entry(_key(k), old.get(k), new.get(k), guide.children[k], same=False) for k in keys]
    return list(_entries([e for e in entries if not e.label.startswith("__")], 0))


def _key(name: str) -> str:
    """A property name as a label: quoted if it is not plain."""
    return name if name.isascii() and name.replace("_", "").isalnum() else quoted(name)


def scalar(value: Value) -> str:  # noqa: C901, PLR0911 (one form for each kind of value)
    """A value that holds no others, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Unknown():
            return "[unknown]"
        case Secret() | Encrypted():
            return "[secret]"
        case Asset():
            return f"[file {str(value.digest)[:12]}]"
        case ResourceReference():
            return quoted(value.urn)
        case str():
            return quoted(value)
        case float() if value.is_integer():
            return str(int(value))
        case dict():
            return "{}"
        case list():
            return "[]"
        case _:
            return str(value)


def _plain(label: str, value: Value, depth: int, mark: str, note: str = "") -> Iterator[Line]:
    """A value that is only there, only comes or only goes."""
    opened, prefix = _opened(value)
    if isinstance(opened, dict) and (inside := _fields(opened)):
        yield Line(depth, mark, f"{label}: {prefix}{{{note}")
        yield from _children(inside.items(), depth + 1, mark)
        yield Line(depth, "", "}")
    elif isinstance(opened, list) and opened:
        yield Line(depth, mark, f"{label}: {prefix}[{note}")
        yield from _children(((f"[{i}]", item) for i, item in enumerate(opened)), depth + 1, mark, align=False)
        yield Line(depth, "", "]")
    else:
        yield Line(depth, mark, f"{label}: {scalar(value)}{note}")


def _fields(properties: Mapping[str, Value]) -> dict[str, Value]:
    """What an object shows, by label: sorted, without nulls and without the provider's own notes."""
    return {_key(k): v for k, v in sorted(properties.items()) if v is not None and not k.startswith("__")}


def _children(pairs: Iterable[tuple[str, Value]], depth: int, mark: str, *, align: bool = True) -> Iterator[Line]:
    items = list(pairs)
    size = max((len(label) for label, _ in items), default=0) if align else 0
    for label, value in items:
        yield from _plain(label.ljust(size), value, depth, mark)


def _opened(value: Value) -> tuple[Value, str]:
    """What a JSON document in a text holds, and the word for it; any other value is what it is."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            document: Value = json.loads(value)
        except ValueError:
            return value, ""
        return document, "(json) "
    return value, ""


def _entries(entries: list[_Entry], depth: int, *, align: bool = True) -> Iterator[Line]:
    """Children in order; long runs of unchanged ones are folded."""
    folded = _folded(entries)
    shown = [e for e in folded if isinstance(e, _Entry)]
    size = max((len(e.label) for e in shown), default=0) if align else 0
    for item in folded:
        if isinstance(item, int):
            yield Line(depth, "", f"… {item} unchanged")
        elif item.same:
            yield Line(depth, "", f"{item.label.ljust(size)}: {_short(item.new)}")
        else:
            yield from _entry(item, item.label.ljust(size), depth)


def _folded(entries: list[_Entry]) -> list[_Entry | int]:
    out: list[_Entry | int] = []
    run: list[_Entry] = []
    for entry in [*entries, None]:
        if entry is not None and entry.same:
            run.append(entry)
            continue
        out += run if len(run) <= _CONTEXT else [len(run)]
        run = []
        if entry is not None:
            out.append(entry)
    return out


def _entry(entry: _Entry, label: str, depth: int) -> Iterator[Line]:
    old, new, guide = entry.old, entry.new, entry.guide
    note = guide.note if guide else ""
    if old is None and new is None:
        yield Line(depth, "~", f"{label.rstrip()}{note}")
        return
    if new is None:
        yield from _plain(label, old, depth, "-", note)
        return
    if old is None:
        yield from _plain(label, new, depth, "+", note)
        return
    before, prefix = _opened(old)
    after, other = _opened(new)
    if isinstance(before, dict) and isinstance(after, dict) and prefix == other:
        yield Line(depth, "~", f"{label}: {prefix}{{{note}")
        yield from _entries(list(_object(before, after, guide)), depth + 1)
        yield Line(depth, "", "}")
    elif isinstance(before, list) and isinstance(after, list) and prefix == other and (before or after):
        yield Line(depth, "~", f"{label}: {prefix}[{note}")
        yield from _entries(list(_list(before, after, guide)), depth + 1, align=False)
        yield Line(depth, "", "]")
    elif isinstance(old, str) and isinstance(new, str) and "\n" in old.strip() and "\n" in new.strip():
        yield Line(depth, "~", f"{label}: (text){note}")
        yield from _text(old, new, depth + 1)
    else:
        hide = isinstance(old, Secret | Encrypted) or isinstance(new, Secret | Encrypted)
        texts = ("[secret]", "[secret]") if hide else (_short(old), _short(new))
        yield Line(depth, "~", f"{label}: {texts[0]} => {texts[1]}{note}")


def _short(value: Value) -> str:
    """A value on one line, whatever it holds: for what does not change, or changes into another kind."""
    if isinstance(value, dict) and value:
        return f"{{{count(len(value), 'key')}}}"
    if isinstance(value, list) and value:
        return f"[{count(len(value), 'item')}]"
    return scalar(value)


def _object(old: Properties, new: Properties, guide: Guide | None) -> Iterator[_Entry]:
    below = guide.children if guide else {}
    for key in sorted({**old, **new}):
        if key.startswith("__"):
            continue
        before, after = old.get(key), new.get(key)
        if before is None and after is None:
            continue
        same = key not in below if below else equal(before, after)
        if same and after is None:
            continue
        yield _Entry(_key(key), before, after, below.get(key), same)


def _list(old: list[Value], new: list[Value], guide: Guide | None) -> Iterator[_Entry]:
    below = guide.children if guide else {}
    if any(node.children for node in below.values()) or (below and _explains(below, old, new)):
        yield from _by_guide(old, new, below)
    else:
        yield from _by_sequence(old, new)


def _by_guide(old: list[Value], new: list[Value], below: Mapping[str | int, Guide]) -> Iterator[_Entry]:
    for index in range(max(len(old), len(new))):
        node, label = below.get(index), f"[{index}]"
        before = old[index] if index < len(old) else None
        after = new[index] if index < len(new) else None
        if node is None:
            if after is not None:
                yield _Entry(label, after, after, None, same=True)
            continue
        kind = node.diff.kind.value.removesuffix("-replace") if node.diff else "update"
        match kind:
            case "add":
                yield _Entry(label, None, after, node, same=False)
            case "delete":
                yield _Entry(label, before, None, node, same=False)
                if after is not None:
                    yield _Entry(label, after, after, None, same=True)
            case _:
                yield _Entry(label, before, after, node, same=False)


def _explains(below: Mapping[str | int, Guide], old: list[Value], new: list[Value]) -> bool:
    """Whether the guided elements are exactly those that one side has and the other has not: it is a set."""
    before, after = [_token(v) for v in old], [_token(v) for v in new]
    touched = {i for i in below if isinstance(i, int)}
    came = {i for i, token in enumerate(after) if token not in before}
    went = {i for i, token in enumerate(before) if token not in after}
    return touched == came | went


def _by_sequence(old: list[Value], new: list[Value]) -> Iterator[_Entry]:
    matcher = SequenceMatcher(None, [_token(v) for v in old], [_token(v) for v in new], autojunk=False)
    for op, start, end, first, last in matcher.get_opcodes():
        if op == "equal":
            for index in range(first, last):
                yield _Entry(f"[{index}]", new[index], new[index], None, same=True)
            continue
        paired = min(end - start, last - first)
        for offset in range(paired):
            yield _Entry(f"[{first + offset}]", old[start + offset], new[first + offset], None, same=False)
        for index in range(start + paired, end):
            yield _Entry(f"[{index}]", old[index], None, None, same=False)
        for index in range(first + paired, last):
            yield _Entry(f"[{index}]", None, new[index], None, same=False)


def _token(value: Value) -> str:
    """Stands for a value when lists are aligned; never shown. Unknown values are equal to nothing."""
    return json.dumps(_bare(value), sort_keys=True)


def _bare(value: Value) -> object:  # noqa: PLR0911 (the same)
    match value:
        case dict():
            return {k: _bare(v) for k, v in value.items()}
        case list():
            return [_bare(v) for v in value]
        case Secret():
            return ["secret", _bare(value.element) if value.ciphertext is None else value.ciphertext]
        case Encrypted():
            return ["encrypted", value.ciphertext]
        case Asset():
            return ["asset", str(value.digest)]
        case ResourceReference():
            return ["resource", value.urn]
        case Unknown():
            return ["unknown", next(_NUMBERS)]
        case _:
            return value


def _text(old: str, new: str, depth: int) -> Iterator[Line]:
    """Texts of several lines, line by line."""
    before, after = old.splitlines(), new.splitlines()
    for op, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            if last - first > _CONTEXT:
                yield Line(depth, "", f"… {count(last - first, 'line')} unchanged")
            else:
                yield from (Line(depth, "", quoted(line)) for line in after[first:last])
            continue
        yield from (Line(depth, "-", quoted(line)) for line in before[start:end])
        yield from (Line(depth, "+", quoted(line)) for line in after[first:last])
