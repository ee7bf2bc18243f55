"""Property values: what inputs and outputs of resources are made of, and when two of them are the same.

A value is `None`, a `bool`, a number, a `str`, a list of values, a dictionary of values, or one of the classes below.
Values are compared with `equal`, never with `==`: Python holds `True == 1`, Pulumi does not, and Pulumi ignores a
property that is null where the other side has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, Union, cast


class Unknown:
    """A value that a preview cannot know, such as an output of a resource that is not created yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()
"""The only instance of `Unknown`."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A value that is there but cannot be read, because the passphrase is not at hand.

    Two of them are equal if their ciphertexts are; against anything else equality is undecided (`equal` says no).
    """

    ciphertext: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be shown and is encrypted in the state.

    Attributes:
        element: The value itself, or `Encrypted` if it cannot be read.
        ciphertext: What stands in the state file for it, if it came from there: kept so that a state that is written
            again does not change where nothing changed.
    """

    element: Value
    ciphertext: str | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or archive handed to a provider, in the form the protocol and the state give it (signature included)."""

    fields: dict[str, Value]

    @property
    def digest(self) -> object:
        """The hash of the contents, which alone decides whether two assets are the same."""
        return self.fields.get("hash")


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """A resource as a value.

    Attributes:
        urn: The URN of the resource.
        id: Its identifier; `UNKNOWN` in a preview of its creation; `None` for a component, which has none.
        package_version: Version of the package that the resource belongs to, or the empty string.
    """

    urn: str
    id: str | Unknown | None = None
    package_version: str = ""


Value: TypeAlias = Union[
    bool, int, float, str, Unknown, Secret, Encrypted, Asset, ResourceReference, "list[Value]", "Properties", None
]
Properties: TypeAlias = "dict[str, Value]"


def equal(left: Value, right: Value) -> bool:  # noqa: PLR0911 (one answer for each kind of value)
    """Whether two values are the same for the engine; a secret never equals the same value in plain text."""
    if left is right:
        return True
    if isinstance(left, dict):
        return isinstance(right, dict) and equal_properties(left, right)
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(equal(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(left, Secret):
        return isinstance(right, Secret) and (
            (left.ciphertext is not None and left.ciphertext == right.ciphertext) or equal(left.element, right.element)
        )
    if isinstance(left, Asset):
        return isinstance(right, Asset) and left.digest == right.digest
    if isinstance(left, ResourceReference):
        return isinstance(right, ResourceReference) and left.urn == right.urn and left.id == right.id
    if isinstance(left, bool) or isinstance(right, bool):
        return False if left is None or right is None else (type(left) is type(right) and left == right)
    return left == right


def equal_properties(left: Properties, right: Properties) -> bool:
    """Whether two property maps are the same; a null property equals an absent one."""
    for key, value in left.items():
        if key in right:
            if not equal(value, right[key]):
                return False
        elif value is not None:
            return False
    return all(key in left or value is None for key, value in right.items())


def contains_unknown(value: Value) -> bool:
    """Whether any part of the value is unknown (a secret that cannot be read counts as known)."""
    if isinstance(value, dict):
        return any(contains_unknown(v) for v in value.values())
    if isinstance(value, list):
        return any(contains_unknown(v) for v in value)
    if isinstance(value, Secret):
        return contains_unknown(value.element)
    return value is UNKNOWN


def contains_secret(value: Value) -> bool:
    """Whether any part of the value is secret."""
    if isinstance(value, dict):
        return any(contains_secret(v) for v in value.values())
    if isinstance(value, list):
        return any(contains_secret(v) for v in value)
    return isinstance(value, Secret)


def plain(value: Value) -> Value:
    """The value without its secret marks (for comparing, never for printing or writing)."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, Secret):
        return plain(value.element)
    return value


def plain_properties(properties: Properties) -> Properties:
    """`plain` for a property map."""
    return {k: plain(v) for k, v in properties.items()}


def redacted(value: Value) -> Value:
    """The value with every secret replaced by the text `[secret]`: what may be shown."""
    if isinstance(value, dict):
        return {k: redacted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redacted(v) for v in value]
    if isinstance(value, Secret | Encrypted):
        return "[secret]"
    return value


def make_secret(value: Value) -> Secret:
    """The value as a secret; a secret stays what it is."""
    return value if isinstance(value, Secret) else Secret(value)


def annotate_secrets(outputs: Properties, inputs: Properties) -> None:
    """Mark outputs as secret where the input of the same name holds a secret, in place.

    Objects are walked; any other value becomes secret as a whole. For providers that do not handle secrets themselves.
    """
    for key, given in inputs.items():
        if key not in outputs:
            continue
        returned = outputs[key]
        if isinstance(returned, dict) and isinstance(given, dict):
            annotate_secrets(returned, given)
        elif not isinstance(returned, Secret) and contains_secret(given):
            outputs[key] = Secret(returned)


def copy_value(value: Value) -> Value:
    """A copy whose lists and dictionaries can be changed without changing the original."""
    if isinstance(value, dict):
        return {k: copy_value(v) for k, v in value.items()}
    if isinstance(value, list):
        return [copy_value(v) for v in value]
    return value


def copy_properties(properties: Properties) -> Properties:
    """`copy_value` for a property map."""
    return cast("Properties", copy_value(properties))
