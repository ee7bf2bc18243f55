"""What a run is asked to do, and what it answers: the types of `deployment.run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.engine.events import Diagnostic, Op, StepInfo
    from infra.engine.plans import Plan
    from infra.engine.state import Deployment
    from infra.engine.values import Value


class Command(StrEnum):
    """What to do with a stack."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy"


class Exit(IntEnum):
    """How a command ends, for the process that ran it."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    CHANGES = 7
    """Nothing was to change (`expect_no_changes`), but something does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCall:
    """A call of a provider, as an observer sees it.

    Attributes:
        op: Name of the method: `check`, `create`, ...
        urn: The resource concerned; for `invoke` the function's token.
        provider_urn: The provider resource whose instance is called.
        preview: Whether it is a dry run.
        after: False before the call, true after it returned or raised.
    """

    op: str
    urn: str
    provider_urn: str
    preview: bool
    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run goes; the names are those of Pulumi's command line.

    Attributes:
        parallel: How many operations may run at a time.
        preview_only: Plan a `refresh` or `destroy` (or `up`) without doing anything.
        refresh: Read all resources before an update or destroy.
        targets: URNs, or patterns with `*` and `**`, to which the run is limited.
        target_dependents: What depends on a target is a target too.
        excludes: URNs or patterns that the run leaves alone.
        exclude_dependents: What depends on an excluded resource is excluded too.
        exclude_protected: Leave protected resources and what they need alone (`destroy`).
        replaces: URNs or patterns to replace even if nothing changed.
        continue_on_error: Go on with what does not depend on a failed resource.
        ignore_protect: Delete protected resources too.
        expect_no_changes: End with `Exit.CHANGES` if anything changes.
        clear_pending_creates: Drop creations of an interrupted run whose end is unknown (`refresh`).
        generate_plan: Return a plan of what the preview found.
        plan: A plan that the run must keep to (`plans.Plan.load`).
        admit: Looks at each step before it is carried out, in an update with every input known; what it answers is why
            the step is refused, and the step fails with it. Called from any thread.
        on_call: Sees every provider call before and after it; for tests that interrupt a run.
    """

    parallel: int = 16
    preview_only: bool = False
    refresh: bool = False
    targets: Sequence[str] = ()
    target_dependents: bool = False
    excludes: Sequence[str] = ()
    exclude_dependents: bool = False
    exclude_protected: bool = False
    replaces: Sequence[str] = ()
    continue_on_error: bool = False
    ignore_protect: bool = False
    expect_no_changes: bool = False
    clear_pending_creates: bool = False
    generate_plan: bool = False
    plan: Plan | None = None
    admit: Callable[[StepInfo], str] | None = None
    on_call: Callable[[ProviderCall], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended.

    Attributes:
        exit: For the process.
        state: The state after the run; after a preview the one before it.
        changes: Number of logical steps of each kind.
        steps: The steps in the order in which they began, one of each URN and kind, outcome included.
        diagnostics: Everything told, in order.
        outputs: The stack's outputs as the program exported them; in a preview they may hold unknown values.
        plan: The plan, if one was asked for.
        pending: What was in flight when the run was interrupted, one text each.
    """

    exit: Exit
    state: Deployment
    changes: Mapping[Op, int]
    steps: Sequence[StepInfo]
    diagnostics: Sequence[Diagnostic]
    outputs: Mapping[str, Value]
    plan: Plan | None = None
    pending: Sequence[str] = field(default=())
