"""Types that no component uses and by which data could leave: each with the properties that would lead it away.

From the regions, peers, replicas and copies among the inputs of the installed SDKs. Such a type makes a proof undecided
whatever it says, since nobody knows what it would hold; where it names a place abroad it is refuted by name.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from infra.residency.regions import REGIONS, Cloud
from infra.verify.graph import Node
from infra.verify.models.model import lists

_DATA: Final[dict[str, dict[str, Any]]] = lists("elsewhere")
ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {it: tuple(row["paths"]) for it, row in _DATA.items()}
)
"""Type -> paths of its properties that name another place, or copy, or replicate."""

ALWAYS: Final[Mapping[str, str]] = MappingProxyType({it: row["always"] for it, row in _DATA.items() if "always" in row})
"""Type -> what it does wherever it points to."""

_KEYS: Final = {row.key.upper(): row.name for row in REGIONS.values() if row.cloud is Cloud.OCI}
_DOMAIN: Final = r"(?:[^:]+:)?([A-Z0-9-]+)-AD-\d+"
_ARN: Final = r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]+):"
_PLAIN: Final = r"[a-z]{2}(?:-[a-z]+){1,3}-\d"
"""Patterns in text: few stacks have such a type, so they are compiled when they are needed."""


def ways_out(node: Node) -> Iterator[tuple[str, str, str]]:
    """(path, value, region) of every place that a resource of such a type names."""
    for path in ELSEWHERE[node.type]:
        for value in _at(node.inputs, path.split(".")):
            for text in _texts(value):
                region = region_in(text)
                if region:
                    yield path, text, region


def region_in(text: str) -> str:
    """The region that a text names: its name, its key, an availability domain, an ARN; or nothing."""
    if text in REGIONS:
        return text
    if match := re.fullmatch(_DOMAIN, text, re.IGNORECASE):
        key = match[1].upper()
        return _KEYS.get(key, match[1].lower())
    if match := re.match(_ARN, text):
        return match[1]
    return text if re.fullmatch(_PLAIN, text) else _KEYS.get(text.upper(), "") if len(text) == len("iad") else ""


def _at(value: object, path: list[str]) -> Iterator[object]:
    """The values at a path, through every list on the way."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _at(cast("dict[str, object]", value).get(path[0]), path[1:])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)
