"""Checks of one resource's inputs against the facts of its type.

The provider's part runs in previews (names, types, required inputs, the few values its schema restricts); the
service's part only when something is created or updated, as with the real clouds. Unknown values are skipped.
"""

import base64
import binascii
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from infra.facts.compare import UNKNOWN, is_array, is_object
from infra.facts.model import Checker, Kind, PropertyFacts, TypeFacts

_Json = Mapping[str, Any]

Problem: TypeAlias = tuple[str, str]
"""Path of the property and what is wrong with it."""


def provider_problems(facts: TypeFacts, inputs: _Json) -> Iterator[Problem]:
    """What the provider refuses before it calls any API, sorted by property."""
    yield from _record(facts.inputs, inputs, "", Checker.PROVIDER)
    yield from _relations(facts.inputs, inputs, inputs, "")


def service_problems(facts: TypeFacts, inputs: _Json) -> Iterator[Problem]:
    """What the API refuses by closed sets and patterns, sorted by property. `inputs` passed the provider's checks."""
    return _record(facts.inputs, inputs, "", Checker.SERVICE)


def snake(path: str) -> str:
    """The upstream spelling of a property path, as the real providers' messages have it."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", path).lower()


def nearest(given: object, allowed: Iterable[object]) -> str:
    """A hint at the most similar allowed value; empty when nothing is similar."""
    found = difflib.get_close_matches(str(given), [str(value) for value in allowed], n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _record(fields: Mapping[str, PropertyFacts], values: _Json, path: str, by: Checker) -> Iterator[Problem]:
    for name in sorted(fields.keys() | values.keys()):
        if name.startswith("__"):
            continue
        here = f"{path}.{name}" if path else name
        facts = fields.get(name)
        value = values.get(name)
        if facts is None:
            if by is Checker.PROVIDER:
                yield here, f"Invalid or unknown key{nearest(name, fields)}"
        elif value is None:
            if by is Checker.PROVIDER and facts.required:
                missing = f'The argument "{snake(name)}" is required, but no definition was found.'
                yield here, f"Missing required argument. {missing}"
        elif facts.computed and not facts.optional and not facts.required:
            if by is Checker.PROVIDER:
                yield here, f'Value for unconfigurable attribute. "{snake(name)}" is set by the service'
        else:
            yield from _value(facts, value, here, by)


def _value(facts: PropertyFacts, value: Any, path: str, by: Checker) -> Iterator[Problem]:
    if value is UNKNOWN:
        return
    if not _has_kind(facts.kind, value):
        if by is Checker.PROVIDER:
            yield path, f"expected {facts.kind} type, got {_kind_of(value)} type"
        return
    if is_object(value):
        if facts.kind is Kind.OBJECT and facts.properties is not None:
            yield from _record(facts.properties, value, path, by)
        else:
            yield from _keys(facts, value, path, by)
            yield from _elements(facts, value.items(), path, by)
    elif is_array(value):
        yield from _count(facts, value, path, by)
        yield from _elements(facts, enumerate(value), path, by)
    else:
        yield from _scalar(facts, value, path, by)


def _elements(facts: PropertyFacts, pairs: Iterable[tuple[Any, Any]], path: str, by: Checker) -> Iterator[Problem]:
    for key, value in pairs:
        here = f"{path}[{key}]" if isinstance(key, int) else f'{path}["{key}"]'
        if facts.properties is not None:
            element = PropertyFacts(kind=Kind.OBJECT, properties=facts.properties)
        elif facts.items is not None:
            element = facts.items
        else:
            continue
        if value is None:
            if by is Checker.PROVIDER:
                yield here, "Null value found in list. Null values are not allowed for this attribute value."
        else:
            yield from _value(element, value, here, by)


def _keys(facts: PropertyFacts, value: _Json, path: str, by: Checker) -> Iterator[Problem]:
    if by is Checker.PROVIDER and facts.keys_pattern is not None:
        for key in sorted(value):
            if not re.search(facts.keys_pattern, key):
                yield f'{path}["{key}"]', f"invalid key: must match {facts.keys_pattern}"


def _count(facts: PropertyFacts, value: Sequence[Any], path: str, by: Checker) -> Iterator[Problem]:
    if by is not Checker.PROVIDER:
        return
    name = snake(path.rpartition(".")[2])
    if facts.max_items is not None and len(value) > facts.max_items:
        yield path, f"Too many list items. Attribute {name} supports {facts.max_items} item maximum, got {len(value)}"
    if facts.min_items is not None and len(value) < facts.min_items:
        yield path, f"Not enough list items. Attribute {name} requires {facts.min_items} item minimum, got {len(value)}"


def _scalar(facts: PropertyFacts, value: Any, path: str, by: Checker) -> Iterator[Problem]:
    if facts.one_of and by is (facts.one_of_by or Checker.PROVIDER) and not _in_set(facts, value):
        allowed = ", ".join(str(item) for item in facts.one_of)
        yield path, f"expected {snake(path)} to be one of [{allowed}], got {value}{nearest(value, facts.one_of)}"
    if facts.pattern is not None and by is facts.pattern_by and not re.search(facts.pattern, str(value)):
        yield path, f"invalid value for {snake(path)}: {value!r} does not match {facts.pattern}"
    if by is Checker.PROVIDER:
        yield from _bounds(facts, value, path)
        if facts.not_pattern is not None and re.search(facts.not_pattern, str(value)):
            yield path, f"invalid value for {snake(path)}: {value!r} must not match {facts.not_pattern}"
        reason = _format(facts.format, value)
        if reason:
            yield path, f'"{snake(path)}" {reason}'
        if facts.any_of and not any(_fits(alternative, value) for alternative in facts.any_of):
            yield path, f"invalid value for {snake(path)}: {value!r} is in none of the allowed ranges"


def _fits(facts: PropertyFacts, value: Any) -> bool:
    return not any(_scalar(facts, value, "", Checker.PROVIDER))


def _in_set(facts: PropertyFacts, value: Any) -> bool:
    if facts.one_of_ignore_case:
        return str(value).lower() in {str(item).lower() for item in facts.one_of}
    return value in facts.one_of


def _bounds(facts: PropertyFacts, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high, size = facts.minimum, facts.maximum, value
        what = "expected {} to be {}, got {}"
    else:
        low, high, size = facts.min_length, facts.max_length, len(str(value))
        what = "expected length of {} to be {}, got {}"
    if (low is not None and size < low) or (high is not None and size > high):
        wanted = (
            f"at least {low}"
            if high is None
            else f"at most {high}"
            if low is None
            else f"in the range ({low} - {high})"
        )
        yield path, what.format(snake(path), wanted, size)


def _format(wanted: str | None, value: Any) -> str | None:
    """What is wrong with a value of a named format; None for nothing, and for formats that need a file system."""
    try:
        if wanted == "json":
            json.loads(value)
        elif wanted == "base64":
            base64.b64decode(value, validate=True)
        elif wanted == "date":
            date.fromisoformat(value[:10])
    except (ValueError, binascii.Error) as error:
        return f"contains an invalid {wanted.upper() if wanted else ''}: {error}"
    return None


def _relations(fields: Mapping[str, PropertyFacts], values: _Json, root: _Json, path: str) -> Iterator[Problem]:
    """Rules between properties; their paths start at the resource and pass through records only."""
    for name in sorted(fields):
        facts = fields[name]
        value = values.get(name)
        here = f"{path}.{name}" if path else name
        given = value is not None
        if given:
            for other in facts.conflicts_with:
                if _at(root, other) is not None:
                    yield here, f'Conflicting configuration arguments. "{snake(here)}": conflicts with {snake(other)}'
            for other in facts.required_with:
                if _at(root, other) is None:
                    yield here, f'Missing required argument. "{snake(here)}": all of `{snake(other)}` must be specified'
        for group, exact in ((facts.exactly_one_of, True), (facts.at_least_one_of, False)):
            count = sum(_at(root, other) is not None for other in group)
            if group and group[0] == here and (count == 0 or (exact and count > 1)):
                rule = "only one of" if exact and count else "one of"
                yield (
                    here,
                    f"Invalid combination of arguments. {rule} `{', '.join(map(snake, group))}` must be specified",
                )
        if facts.kind is Kind.OBJECT and is_object(value):
            yield from _relations(facts.properties or {}, value, root, here)


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values.get(name) if is_object(values) else None
    return values


_KINDS: Mapping[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.BOOLEAN: (bool,),
    Kind.INTEGER: (int,),
    Kind.NUMBER: (int, float),
    Kind.LIST: (list,),
    Kind.SET: (list,),
    Kind.MAP: (dict,),
    Kind.OBJECT: (dict,),
}


def _has_kind(kind: Kind | None, value: Any) -> bool:
    if kind is None:
        return True
    return isinstance(value, _KINDS[kind]) and (not isinstance(value, bool) or kind is Kind.BOOLEAN)


def _kind_of(value: Any) -> str:
    names: Mapping[type, str] = {bool: "boolean", int: "number", float: "number", str: "string", list: "list"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "object")
