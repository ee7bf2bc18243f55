"""What happens in a run, as a stream of typed events: the one interface to whatever shows it.

Order of a run: one `Prelude`; for each step a `ResourcePre`, then `ResourceOutputs` or `ResourceFailed`; `Diagnostic`
at any time; one `Summary`, last. Steps of different resources interleave; those of one resource do not. A replacement
appears as `create-replacement` and `delete-replaced` (its physical halves, `logical` false) and `replace` (what people
count). A component's outputs, the stack's included, come as another `ResourceOutputs` when the program registers them.
Every `Resource` in an event is a copy made for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.engine.provider import PropertyDiff
    from infra.engine.resource import Resource


class Op(StrEnum):
    """What a step does to a resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    REFRESH = "refresh"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"


class Severity(StrEnum):
    """How grave a diagnostic is; an error fails the run."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """One step.

    Attributes:
        op: What it does.
        urn: The resource.
        type: Its type token.
        provider: Reference of its provider, or empty.
        old: The resource before, if there was one.
        new: The resource after, as far as it is known; `None` if it goes.
        replace_reasons: Properties (or `id`, `provider`, `deletedWith`, `replaceWith`) for which it is replaced.
        diff_reasons: Properties that change.
        detailed_diff: The change of each property path, or `None` if nobody told.
        logical: Whether people count it (false for the halves of a replacement).
        internal: Whether it is the engine's own business (default providers) and not shown.
        position: Where the program registers the resource, as `file.py:line` relative to the project, or empty.
    """

    op: Op
    urn: str
    type: str
    provider: str = ""
    old: Resource | None = None
    new: Resource | None = None
    replace_reasons: Sequence[str] = ()
    diff_reasons: Sequence[str] = ()
    detailed_diff: Mapping[str, PropertyDiff] | None = None
    logical: bool = True
    internal: bool = False
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelude:
    """A run begins; secret values of the configuration are blinded."""

    preview: bool
    config: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePre:
    """A step begins."""

    step: StepInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceOutputs:
    """A step succeeded (a refresh shows as what it found: `update`, `delete`, `same`), or outputs were registered."""

    step: StepInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFailed:
    """A step failed; the reason comes as a `Diagnostic`."""

    step: StepInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """Something to tell; `urn` is empty if it concerns no resource."""

    severity: Severity
    message: str
    urn: str = ""


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A run ended.

    Attributes:
        preview: Whether it only planned.
        outcome: How it ended.
        changes: Number of logical steps of each kind, internal ones left out.
        seconds: Wall time.
        maybe_corrupt: Whether a failure left it open what became of a resource.
    """

    preview: bool
    outcome: Outcome
    changes: Mapping[Op, int]
    seconds: float
    maybe_corrupt: bool = False


Event: TypeAlias = Prelude | ResourcePre | ResourceOutputs | ResourceFailed | Diagnostic | Summary
