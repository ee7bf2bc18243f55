"""How values appear in messages; secrets never do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine.values import Asset, Encrypted, ResourceReference, Secret, Unknown

if TYPE_CHECKING:
    from infra.engine.values import Value


def show(value: Value) -> str:
    """A value as Pulumi's messages show it: in braces, for example `{1}`, `{[{a} {b}]}`, `{<nil>}`."""
    return f"{{{_inner(value)}}}"


def _inner(value: Value) -> str:  # noqa: PLR0911 (one form for each kind of value)
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return "map[" + " ".join(f"{k}:{show(value[k])}" for k in sorted(value)) + "]"
        case list():
            return "[" + " ".join(show(v) for v in value) + "]"
        case Secret() | Encrypted():
            return "[secret]"
        case Unknown():
            return "<unknown>"
        case Asset():
            return "asset"
        case ResourceReference():
            return value.urn
        case _:
            return str(value)
