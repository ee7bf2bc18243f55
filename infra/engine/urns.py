"""URNs and provider references: the names of resources in a state.

`urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`; the qualified type holds the types of the parents,
without the root stack's. A provider reference is the provider's URN, `::` and its identifier.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

PREFIX: Final = "urn:pulumi:"
ROOT_STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_TYPE_PREFIX: Final = "pulumi:providers:"
_DENIED_ID: Final = "denydefaultprovider"
UNKNOWN_ID: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The identifier of a provider that a preview has not created; also the text for an unknown value in the protocol."""


def make(*, stack: str, project: str, parent_type: str, type_: str, name: str) -> str:
    """The URN of a resource; `parent_type` is the parent's qualified type, empty at the root."""
    qualified = f"{parent_type}${type_}" if parent_type and parent_type != ROOT_STACK_TYPE else type_
    return f"{PREFIX}{stack}::{project}::{qualified}::{name}"


def root_stack(*, stack: str, project: str) -> str:
    """The URN of the resource that stands for the stack itself."""
    return make(stack=stack, project=project, parent_type="", type_=ROOT_STACK_TYPE, name=f"{project}-{stack}")


@lru_cache(maxsize=65536)
def _parts(urn: str) -> tuple[str, str, str, str]:
    """Stack, project, qualified type and name; a name may itself contain `::`."""
    pieces = urn.removeprefix(PREFIX).split("::", 3)
    if not urn.startswith(PREFIX) or len(pieces) != 4:  # noqa: PLR2004 (the four parts that the module names)
        raise ValueError(f"not a URN: {urn!r} (expected {PREFIX}<stack>::<project>::<type>::<name>)")
    return (pieces[0], pieces[1], pieces[2], pieces[3])


def is_valid(urn: str) -> bool:
    """Whether the text has the form of a URN."""
    try:
        _parts(urn)
    except ValueError:
        return False
    return True


def stack_of(urn: str) -> str:
    """The stack in a URN."""
    return _parts(urn)[0]


def project_of(urn: str) -> str:
    """The project in a URN."""
    return _parts(urn)[1]


def qualified_type(urn: str) -> str:
    """The type in a URN with those of its parents, joined by `$`."""
    return _parts(urn)[2]


def type_of(urn: str) -> str:
    """The resource's own type in a URN."""
    return _parts(urn)[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """The logical name in a URN."""
    return _parts(urn)[3]


def is_root_stack(urn: str) -> bool:
    """Whether the URN names the stack itself."""
    return bool(urn) and qualified_type(urn) == ROOT_STACK_TYPE


def rename(urn: str, name: str) -> str:
    """The URN with another logical name."""
    stack, project, qualified, _ = _parts(urn)
    return f"{PREFIX}{stack}::{project}::{qualified}::{name}"


def is_provider_type(type_: str) -> bool:
    """Whether a type is that of a provider resource, `pulumi:providers:<package>`."""
    return type_.startswith(PROVIDER_TYPE_PREFIX)


def provider_package(type_: str) -> str:
    """The package of a provider type."""
    return type_.removeprefix(PROVIDER_TYPE_PREFIX)


def package_of(type_: str) -> str:
    """The package of a type token or function token: what stands before the first colon."""
    return type_.partition(":")[0]


def is_default_provider(urn: str) -> bool:
    """Whether a provider resource is one that the engine makes for resources without an explicit provider."""
    return is_provider_type(type_of(urn)) and name_of(urn).startswith("default")


def denied_reference(package: str) -> str:
    """What stands for the default provider of a package where there must be none."""
    return reference(f"{PREFIX}denied::denied::{PROVIDER_TYPE_PREFIX}denied::{package}", _DENIED_ID)


def denied_package(ref: str) -> str:
    """The package of a reference made by `denied_reference`; empty for any other reference."""
    return name_of(parse_reference(ref)[0]) if ref.endswith(f"::{_DENIED_ID}") else ""


def reference(urn: str, id_: str) -> str:
    """The provider reference of a provider resource."""
    return f"{urn}::{id_}"


def parse_reference(ref: str) -> tuple[str, str]:
    """URN and identifier of a provider reference.

    Raises:
        ValueError: The text is no provider reference.
    """
    urn, separator, id_ = ref.rpartition("::")
    if not separator or not id_ or not is_valid(urn):
        raise ValueError(f"expected '::' in provider reference {ref!r}")
    return urn, id_
