"""Edits a stack file as a person would: the words that change and nothing else, comments and order as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.residency.deployment import OciRequest
    from infra.residency.failover import Roles

_OCI = ("config", "usdata:deployment", "oci")
_FAILOVER = "failover"


def with_roles(text: str, roles: Roles) -> str:
    """A stack file in which the regions have these roles; a file without findings.

    Raises:
        Refused: It is written in a way that this cannot edit.
    """
    from infra import settings  # noqa: PLC0415 (only an edit needs it)

    before = settings.read(text.encode()).request
    edited = _edited(text, roles)
    after = settings.read(edited.encode())
    if after.findings or after.request != replace(before, oci=_asked(before.oci, roles)):
        raise Refused(
            "the stack file is written in a way that this command cannot edit",
            fix=f"edit it by hand: {roles.text()}",
        )
    return edited


def edits(before: Roles, after: Roles) -> Iterator[str]:
    """The same as edits that a preview makes for itself (`--what-if`)."""
    if before.halt is not after.halt:
        yield f"oci.{_FAILOVER}={after.halt or ''}"
    for region, word in sorted(_words(after).items()):
        yield f"oci.regions.{region}.role={word}"


def _asked(oci: OciRequest, roles: Roles) -> OciRequest:
    """What the file has to say afterwards, read anew."""
    there = _words(roles)
    regions = {name: replace(it, role=there.get(name, it.role)) for name, it in oci.regions.items()}
    return replace(oci, regions=regions, failover=roles.halt.value if roles.halt else None)


def _words(roles: Roles) -> dict[str, str]:
    return {roles.primary.value: "primary", roles.other.value: "lost" if roles.lost else "standby"}


def _edited(text: str, roles: Roles) -> str:
    import yaml  # noqa: PLC0415 (only an edit needs it)

    root = cast("Any", yaml).compose(text, Loader=yaml.SafeLoader)
    _, oci = _entry(root, *_OCI)
    changes = [
        (_span(_entry(oci, "regions", region, "role")[1]), word) for region, word in sorted(_words(roles).items())
    ]
    changes.append(_halt(text, oci, roles))
    for (start, end), word in sorted(changes, reverse=True):
        text = text[:start] + word + text[end:]
    return text


def _halt(text: str, oci: Any, roles: Roles) -> tuple[tuple[int, int], str]:
    """Where the failover's word stands, or is to stand before `regions`, and what goes there."""
    keys = {key.value: (key, value) for key, value in oci.value}
    key, value = keys.get(_FAILOVER, (None, None))
    regions = keys["regions"][0].start_mark
    inline = bool(oci.flow_style)
    if key is None or value is None:
        if roles.halt is None:
            return (regions.index, regions.index), ""
        after = ", " if inline else f"{_newline(text)}{' ' * regions.column}"
        return (regions.index, regions.index), f"{_FAILOVER}: {roles.halt}{after}"
    if roles.halt is not None:
        return _span(value), roles.halt.value
    if inline:
        places = [it.start_mark.index for it, _ in oci.value]
        following = [place for place in places if place > key.start_mark.index]
        return (key.start_mark.index, min(following, default=value.end_mark.index)), ""
    line_end = text.find("\n", value.end_mark.index)
    return (key.start_mark.index - key.start_mark.column, len(text) if line_end < 0 else line_end + 1), ""


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _entry(node: Any, *path: str) -> tuple[Any, Any]:
    """Key and value at a path of keys."""
    key = node
    for word in path:
        key, node = next((key, value) for key, value in node.value if key.value == word)
    return key, node


def _span(node: Any) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index
