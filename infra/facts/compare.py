"""Old inputs against new inputs of one resource, by the facts: what changes, and whether it replaces.

This predicts what a bridged Terraform provider answers to Diff. It sees inputs, and with `state` also the values
that the cloud had filled in. It does not see drift, and a suppression rule it cannot evaluate counts as a change.
Where no fact says whether a change replaces, `Change.replaces` is None: it may.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeGuard

from infra.facts import custom
from infra.facts.model import Kind, PropertyFacts, TypeFacts


class Unknown:
    """The value of an output that does not exist yet. Use the one instance, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class ChangeKind(StrEnum):
    """How a property differs."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property that differs, by its Pulumi property path (`rules[0].timeAmount`, `tags["cost.center"]`)."""

    path: str
    kind: ChangeKind
    replaces: bool | None
    """True: the resource must be replaced. None: no fact says, it may."""


def compare(
    facts: TypeFacts,
    *,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    state: Mapping[str, Any] | None = None,
    ignore: Iterable[str] = (),
) -> tuple[Change, ...]:
    """Every difference, in order of property name.

    Args:
        facts: the resource's type.
        old: inputs of the last deployment, as plain values (no secret wrappers; UNKNOWN where not known).
        new: inputs wanted now.
        state: outputs of the last deployment: an input newly set to the value the cloud had chosen is no change.
        ignore: property paths whose differences do not count; `*` stands for any key or index.
    """
    ignored = [_segments(path) for path in ignore]
    names = sorted(name for name in old.keys() | new.keys() if not name.startswith("__"))
    return tuple(
        _judged(change, custom.replaces(facts.token, name, old, new))
        for name in names
        for change in _property(
            facts.inputs.get(name, _NO_FACTS), name, old.get(name), new.get(name), (state or {}).get(name)
        )
        if not any(_covers(path, _segments(change.path)) for path in ignored)
    )


def _judged(change: Change, verdict: bool | None) -> Change:
    return change if verdict is None else replace(change, replaces=verdict)


def deletes_before_replace(facts: TypeFacts, new: Mapping[str, Any]) -> bool:
    """Whether a replacement of this resource must be deleted first, because its name would collide with itself.

    Args:
        facts: the resource's type.
        new: checked inputs; `__defaults` lists the ones that the provider filled in itself.
    """
    named_by_program = (
        facts.autoname is not None
        and facts.autoname.property in new
        and facts.autoname.property not in new.get("__defaults", ())
    )
    return facts.delete_before_replace or named_by_program


_NO_FACTS: Final = PropertyFacts(kind=None, force_new=None)


def _property(facts: PropertyFacts, path: str, old: Any, new: Any, state: Any = None) -> Iterator[Change]:
    """Differences of a property that may be absent (None) on either side."""
    if facts.suppress == "always-after-create" or (old is None and new is None):
        return
    if new is None:
        if not _kept_when_removed(facts, old):
            yield Change(path=path, kind=ChangeKind.DELETE, replaces=_replaces(facts, old))
    elif old is None:
        if not _was_so_already(facts, new, state):
            yield Change(path=path, kind=ChangeKind.ADD, replaces=_replaces(facts, new))
    else:
        yield from _value(facts, path, old, new)


def _kept_when_removed(facts: PropertyFacts, old: Any) -> bool:
    if facts.computed or facts.suppress in {"block-removed-ignored", "unset-ignored"}:
        return True
    return _is_default(facts, old)


def _was_so_already(facts: PropertyFacts, new: Any, state: Any) -> bool:
    if _is_default(facts, new):
        return True
    return state is not None and facts.computed and not any(_value(facts, "", state, new))


def _is_default(facts: PropertyFacts, value: Any) -> bool:
    """Absent means the default, or for collections the empty one."""
    if facts.default is not None:
        return not any(_value(facts, "", facts.default, value))
    return value in ({}, [])


def _value(facts: PropertyFacts, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Differences of a property present on both sides."""
    if old is UNKNOWN or new is UNKNOWN:
        yield Change(path=path, kind=ChangeKind.UPDATE, replaces=_replaces(facts, None))
    elif is_object(old) and is_object(new):
        yield from _mapping(facts, path, old, new)
    elif is_array(old) and is_array(new):
        yield from (_set if facts.kind is Kind.SET else _list)(facts, path, old, new)
    elif not _same_scalar(facts, old, new):
        yield Change(path=path, kind=ChangeKind.UPDATE, replaces=_replaces(facts, new))


def _mapping(facts: PropertyFacts, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if facts.suppress == "defined-tags":
        old = {key.lower(): value for key, value in old.items() if not key.lower().startswith("oracle-tags.")}
        new = {key.lower(): value for key, value in new.items()}
    for key in sorted(key for key in old.keys() | new.keys() if not key.startswith("__")):
        yield from _property(_field(facts, key), _join(path, key), old.get(key), new.get(key))


def _field(facts: PropertyFacts, key: str) -> PropertyFacts:
    if facts.kind is Kind.OBJECT:
        return (facts.properties or {}).get(key, _NO_FACTS)
    return _element(facts)


def _element(facts: PropertyFacts) -> PropertyFacts:
    """Facts of a list's or map's element: a scalar one replaces when its collection does."""
    if facts.properties is not None:
        return PropertyFacts(kind=Kind.OBJECT, force_new=False, properties=facts.properties)
    if facts.items is not None and facts.items.items is not None:  # a list of lists keeps its own inner facts
        return facts.items
    kind = facts.items.kind if facts.items else None
    return PropertyFacts(kind=kind, force_new=facts.force_new, suppress=facts.suppress)


def _list(facts: PropertyFacts, path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    element = _element(facts)
    for index in range(max(len(old), len(new))):
        here = f"{path}[{index}]"
        if index >= len(new):
            yield Change(path=here, kind=ChangeKind.DELETE, replaces=_counts(facts, element, old[index]))
        elif index >= len(old):
            yield Change(path=here, kind=ChangeKind.ADD, replaces=_counts(facts, element, new[index]))
        else:
            yield from _value(element, here, old[index], new[index])


def _set(facts: PropertyFacts, path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    """A set has no order: equal elements cancel out; what is left on both sides at one index is an update."""
    element = _element(facts)
    added = [i for i, value in enumerate(new) if not any(_equal(element, other, value) for other in old)]
    removed = [i for i, value in enumerate(old) if not any(_equal(element, value, other) for other in new)]
    for index in sorted({*added, *removed}):
        here = f"{path}[{index}]"
        if index not in removed:
            kind, touched = ChangeKind.ADD, [new[index]]
        elif index not in added:
            kind, touched = ChangeKind.DELETE, [old[index]]
        else:
            kind, touched = ChangeKind.UPDATE, [old[index], new[index]]
        own = facts.force_new if len(added) != len(removed) or facts.properties is None else False
        yield Change(path=here, kind=kind, replaces=_any([own, *(_replaces(element, value) for value in touched)]))


def _equal(facts: PropertyFacts, old: Any, new: Any) -> bool:
    return not any(_value(facts, "", old, new))


def _counts(facts: PropertyFacts, element: PropertyFacts, value: Any) -> bool | None:
    """An element more or less changes the count: the list's own flag holds, and those of the element's fields."""
    return _any([facts.force_new, _replaces(element, value)])


def _replaces(facts: PropertyFacts, value: Any) -> bool | None:
    """Whether setting or clearing this value as a whole replaces: its own flag or one of the fields it holds."""
    nested = facts.properties or {}
    records = [value] if is_object(value) else value if is_array(value) else []
    held = {key for record in records if is_object(record) for key in record}
    return _any([facts.force_new, *(nested[key].force_new for key in held & nested.keys())])


def _any(flags: Iterable[bool | None]) -> bool | None:
    """Three-valued or."""
    collected = set(flags)
    return True if True in collected else None if None in collected else False


def _same_scalar(facts: PropertyFacts, old: Any, new: Any) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return str(old).lower() == str(new).lower()  # a provider's configuration carries booleans as strings
    if old == new:
        return True
    if facts.one_of_ignore_case and str(old).lower() == str(new).lower():
        return True
    rule = _SUPPRESSIONS.get(facts.suppress or "")
    try:
        return rule is not None and rule(old) == rule(new)
    except (ValueError, TypeError, AttributeError):
        return False


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" ", "T", 1))


def _policy(text: str) -> object:
    return _policy_value(json.loads(text))


def _policy_value(value: Any) -> object:
    """An IAM policy's meaning: one string equals a list of one, and lists have no order."""
    if is_object(value):
        return {key: _policy_value(item) for key, item in value.items()}
    if is_array(value):
        items = [_policy_value(item) for item in value]
        return items[0] if len(items) == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


_SUPPRESSIONS: Mapping[str, Callable[[Any], object]] = {
    "case-insensitive": lambda value: value.lower(),
    "https-scheme-added": lambda value: value.removeprefix("https://"),
    "iam-policy-equal": _policy,
    "json-equal": json.loads,
    "kms-arn-or-id-equal": lambda value: value.rpartition("key/")[2],
    "numeric-string": int,
    "same-instant-rfc3339": _instant,
    "same-ipv6-cidr": ipaddress.ip_network,
    "trailing-dot": lambda value: value.removesuffix("."),
    "trailing-slash": lambda value: value.removesuffix("/"),
}


def is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value holds others by name."""
    return isinstance(value, Mapping)


def is_array(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether a value holds others by number."""
    return isinstance(value, Sequence) and not isinstance(value, str)


_SEGMENT = re.compile(r'([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')


def _join(path: str, key: str) -> str:
    if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", key):
        return f"{path}.{key}"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{escaped}"]'


def _segments(path: str) -> list[str]:
    return [name or index or re.sub(r"\\(.)", r"\1", key) for name, index, key in _SEGMENT.findall(path)]


def _covers(ignored: Sequence[str], path: Sequence[str]) -> bool:
    return len(ignored) <= len(path) and all(a in ("*", b) for a, b in zip(ignored, path[: len(ignored)], strict=True))
