"""What is known about the input properties of one resource type, as plain values.

The words follow the data file (see README.md); nothing here decides anything.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """Type of a property's value. `SET` is a list whose order and duplicates do not count; `OBJECT` is a record."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    SET = "set"
    MAP = "map"
    OBJECT = "object"


class Checker(StrEnum):
    """Who refuses a value outside a closed set: the provider (in a preview) or the cloud's API (when applied)."""

    PROVIDER = "provider"
    SERVICE = "service"


class Origin(StrEnum):
    """Where facts come from, best first."""

    PROVIDER = "provider"
    """Read in the upstream provider's source, nested properties included."""
    FLAGS = "flags"
    """Top-level flags from the upstream schema; shapes from the installed SDK."""
    SDK = "sdk"
    """Only what the installed SDK tells: shapes and required inputs. Whether a change replaces is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFacts:
    """Facts about one property, by its wire name in the map that holds it."""

    kind: Kind | None
    """Type of the value; None where the SDK leaves it open (any value)."""
    required: bool = False
    optional: bool = False
    computed: bool = False
    """With `optional`: left out, the remote value stays and gives no difference. Alone: only the service sets it."""
    force_new: bool | None = False
    """A change replaces the resource; None where no source says so (then it may)."""
    items: "PropertyFacts | None" = None
    """Facts of a scalar element of a list, set or map; None when elements are records (see `properties`)."""
    properties: "Mapping[str, PropertyFacts] | None" = None
    """Fields of an object, or of each element of a list, set or map of records."""
    default: object = None
    """Value the provider fills in when the input is left out; None for no default."""
    suppress: str | None = None
    """Name of the kind of change that is no change (see README.md)."""
    one_of: tuple[object, ...] = ()
    one_of_by: Checker | None = None
    one_of_ignore_case: bool = False
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str | None = None
    pattern_by: Checker = Checker.PROVIDER
    not_pattern: str | None = None
    keys_pattern: str | None = None
    format: str | None = None
    any_of: "tuple[PropertyFacts, ...]" = ()
    """Alternative sets of bounds, of which one must hold."""
    conflicts_with: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    at_least_one_of: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False
    autonamed: bool = False
    guessed: bool = False
    """Taken from the SDK's documentation: absent from the source snapshot that the other facts were read in."""

    @property
    def is_record(self) -> bool:
        """True for an object with named fields (not a list of them)."""
        return self.kind is Kind.OBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoname:
    """The property that Pulumi fills with `<logical name>-<7 hex digits>` when a program leaves it out."""

    property: str
    max_length: int | None
    transform: str | None
    """`lower-cased`, `alias/ is put in front`, or the like; None for the plain form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFacts:
    """Facts about one resource type.

    When a program sets the autoname property itself, any replacement is delete-before-create; an autonamed
    resource is created before the old one is deleted.
    """

    token: str
    origin: Origin
    terraform: str | None
    inputs: "Mapping[str, PropertyFacts]"
    outputs_only: frozenset[str]
    secret_outputs: frozenset[str] = frozenset()
    autoname: Autoname | None = None
    delete_before_replace: bool = False
    """Always deleted before its replacement is created, whatever its name."""
    no_update: bool = False
    id_format: str | None = None
    notes: str = ""
