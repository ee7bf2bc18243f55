"""Property values as what they should be; what is something else counts as nothing, or as unknown."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_network
from typing import Any, cast

from infra.verify.graph import SECRET, UNKNOWN


def record(value: object) -> Mapping[str, Any]:
    """The value as an object; an empty one where it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value as a list; an empty one where it is none."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def listed(value: object) -> list[Any]:
    """The value where it is a list, else a list of it alone, as documents of AWS have it."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def as_texts(value: object) -> list[str]:
    """The same as texts, a boolean as JSON writes it: AWS takes `true` and `"true"` for one."""
    return [str(it).lower() if isinstance(it, bool) else str(it) for it in listed(value)]


def records(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [cast("Mapping[str, Any]", item) for item in items(value) if isinstance(item, dict)]


def is_moment(text: str) -> bool:
    """Whether a text is a time in UTC as policies write it, to the second, so that an earlier one is a lesser text."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%dT%H:%M:%SZ}" == text
    except ValueError:
        return False


def is_range(text: str) -> bool:
    """Whether a text is an address or a range of them."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def is_unknown(value: object) -> bool:
    """Whether a value is not known, or not shown."""
    return value in (UNKNOWN, SECRET) if isinstance(value, str) else False


def has_unknown(value: object) -> bool:
    """Whether any part of a value is not known, or not shown."""
    if isinstance(value, str):
        return UNKNOWN in value or value == SECRET
    if isinstance(value, dict):
        return any(map(has_unknown, cast("dict[str, Any]", value).values()))
    return any(map(has_unknown, cast("list[Any]", value))) if isinstance(value, list) else False
