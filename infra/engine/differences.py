"""What differs between two property maps: the engine's own comparison, where a provider leaves it to the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from infra.engine import paths
from infra.engine.provider import Changes, DiffKind, DiffResult, PropertyDiff
from infra.engine.values import UNKNOWN, Value, copy_properties, equal, plain_properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.engine.values import Properties

INIT_ERROR = "#initerror"
"""The key that stands for initialization errors in `replaceOnChanges`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDiff:
    """The top-level properties that differ; `updates` holds the new values."""

    adds: Properties = field(default_factory=dict[str, Value])
    deletes: Properties = field(default_factory=dict[str, Value])
    updates: Properties = field(default_factory=dict[str, Value])
    sames: Properties = field(default_factory=dict[str, Value])

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.adds or self.deletes or self.updates)

    @property
    def keys(self) -> list[str]:
        """The properties that differ, sorted."""
        return sorted({*self.adds, *self.deletes, *self.updates})


def compare(old: Properties, new: Properties, same: Callable[[Value, Value], bool] = equal) -> ObjectDiff:
    """Compare two property maps; a null property counts as absent."""
    diff = ObjectDiff()
    for key, before in old.items():
        after = new.get(key)
        if key in new and same(before, after):
            diff.sames[key] = before
        elif before is None:
            if after is not None:
                diff.adds[key] = after
        elif after is None:
            diff.deletes[key] = before
        else:
            diff.updates[key] = after
    diff.adds.update({k: v for k, v in new.items() if k not in old and v is not None})
    return diff


def by_inputs(old: Properties, new: Properties) -> DiffResult:
    """The answer for a provider that leaves the comparison to the engine: secretness does not count."""
    before, after = plain_properties(old), plain_properties(new)
    diff = compare(before, after)
    if not diff.any:
        return DiffResult(changes=Changes.NONE)
    detailed: dict[str, PropertyDiff] = {}
    _detail((), before, after, detailed)
    return DiffResult(changes=Changes.SOME, changed=tuple(diff.keys), detailed=detailed)


def _detail(prefix: paths.Path, old: Value, new: Value, out: dict[str, PropertyDiff]) -> None:
    if equal(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            _detail((*prefix, key), old.get(key), new.get(key), out)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            _detail((*prefix, index), before, after, out)
    else:
        kind = DiffKind.ADD if old is None else DiffKind.DELETE if new is None else DiffKind.UPDATE
        out[paths.show(prefix)] = PropertyDiff(kind=kind)


def ignore_changes(inputs: Properties, old_inputs: Properties, ignored: Sequence[str]) -> tuple[Properties, list[str]]:
    """Inputs with every ignored path set back to its old value, and the paths for which that was not possible."""
    if not ignored:
        return inputs, []
    result = copy_properties(inputs)
    impossible: list[str] = []
    for text in ignored:
        try:
            path = paths.parse(text)
        except ValueError:
            continue
        if not paths.reset(path, old_inputs, result):
            impossible.append(text)
    return result, impossible


def replace_on_changes(diff: DiffResult, patterns: Sequence[str], *, has_init_errors: bool) -> DiffResult:
    """The difference with every change below one of `patterns` turned into a replacement.

    Raises:
        ValueError: A pattern or a path of the provider is no property path.
    """
    if diff.changes is not Changes.SOME and not has_init_errors:
        return diff
    parsed = [paths.parse(p) for p in patterns]

    def matches(text: str) -> bool:
        path = paths.parse(text)
        return any(paths.contains(pattern, path) for pattern in parsed)

    detailed: Mapping[str, PropertyDiff] | None = diff.detailed
    if detailed is not None:
        detailed = {k: replace(d, kind=d.kind.as_replace()) if matches(k) else d for k, d in detailed.items()}
    replaces = [*diff.replaces, *(k for k in diff.changed if k not in diff.replaces and _safely(matches, k))]
    changes = diff.changes
    if has_init_errors and matches(INIT_ERROR):
        replaces.append(INIT_ERROR)
        changes = Changes.SOME
        if detailed is not None:
            detailed = {**detailed, INIT_ERROR: PropertyDiff(kind=DiffKind.UPDATE_REPLACE, input_diff=False)}
    return replace(diff, changes=changes, replaces=tuple(replaces), detailed=detailed)


def _safely(matches: Callable[[str], bool], key: str) -> bool:
    """Whether a top-level key matches; a key that is no path matches nothing."""
    try:
        return matches(key)
    except ValueError:
        return False


def equal_or_unknown(planned: Value, actual: Value) -> bool:
    """Whether a planned value allows the actual one: where the plan has an unknown, anything goes."""
    if planned is UNKNOWN:
        return True
    if isinstance(planned, dict) and isinstance(actual, dict):
        return all(
            equal_or_unknown(planned[k], actual.get(k)) if k in planned else actual[k] is None
            for k in {**planned, **actual}
        )
    if isinstance(planned, list) and isinstance(actual, list):
        return len(planned) == len(actual) and all(map(equal_or_unknown, planned, actual))
    return equal(planned, actual)
