"""Patterns of EventBridge, read from their text and asked about an event: would a rule with it be told?

What it does not know it takes for a pattern that nothing meets: an operator that is not listed here, or a text that is
no pattern.

Source: AWS's page "Comparison operators for use in event patterns".
"""

import json
from collections.abc import Mapping
from typing import Any, cast

Event = Mapping[str, Any]


def meets(text: object, event: Event) -> bool:
    """Whether an event meets a pattern."""
    try:
        pattern: object = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return False
    return bool(pattern) and _inside(pattern, event)


def _inside(pattern: object, event: object) -> bool:
    """Whether every key of a pattern's object is met; an object that the event has not got is one without keys."""
    if not isinstance(pattern, Mapping):
        return False
    there = cast("Mapping[str, object]", event) if isinstance(event, Mapping) else dict[str, object]()
    return all(_key(key, wanted, there) for key, wanted in cast("Mapping[str, object]", pattern).items())


def _key(key: str, wanted: object, event: Mapping[str, object]) -> bool:
    if key == "$or":
        return isinstance(wanted, list) and any(_inside(each, event) for each in cast("list[object]", wanted))
    if isinstance(wanted, Mapping):
        return _inside(cast("object", wanted), event.get(key))
    leaves = cast("list[object]", wanted) if isinstance(wanted, list) else []
    return any(_leaf(leaf, event.get(key)) for leaf in leaves)


def _leaf(leaf: object, given: object) -> bool:
    """Whether a value, None where the event has none, is what one entry of a leaf asks for."""
    if not isinstance(leaf, Mapping):
        return given is not None and given == leaf
    operators = cast("Mapping[str, object]", leaf)
    if len(operators) != 1:
        return False
    ((operator, value),) = operators.items()
    match operator:
        case "exists":
            return (given is not None) is value
        case "prefix":
            return isinstance(given, str) and isinstance(value, str) and given.startswith(value)
        case "anything-but":
            others = cast("list[object]", value) if isinstance(value, list) else [value]
            plain = all(isinstance(it, str) for it in others)
            return given is not None and plain and given not in others
        case _:
            return False
