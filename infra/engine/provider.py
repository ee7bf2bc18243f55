"""What the engine asks of a resource provider, and what it answers.

`Provider` is one instance of a provider: the resources of one provider resource. `provider_client.connect` gives one
that talks the real provider protocol to a server; anything else that satisfies the protocol can stand in for it, for
example one that answers from provider facts without a cloud. The engine calls, for each instance, `check_config`,
(`diff_config`,) `configure` first; calls on resources come from several threads at a time.

Preview calls (`preview=True`) get unknown values (`values.UNKNOWN`) and may return them; real ones must not.
A call that fails raises `ProviderError`, or `InitFailedError` if the resource exists but is not healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from infra.engine.values import Properties, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ProviderError(Exception):
    """A provider call failed.

    Attributes:
        state_unknown: Whether the failure leaves it open what became of the resource.
    """

    def __init__(self, message: str, *, state_unknown: bool = False) -> None:
        super().__init__(message)
        self.state_unknown = state_unknown


class InitFailedError(ProviderError):
    """The resource was created, updated or read, but is not healthy: it is kept in the state with the reasons.

    Attributes:
        reasons: What is wrong, one text each.
        id: The identifier of the resource.
        inputs: Its inputs as far as the provider returned them (`None`: not returned).
        outputs: Its outputs.
    """

    def __init__(
        self, *, reasons: Sequence[str], id_: str, inputs: Properties | None, outputs: Properties | None
    ) -> None:
        super().__init__(_listing(reasons))
        self.reasons = list(reasons)
        self.id = id_
        self.inputs = inputs
        self.outputs = outputs


def _listing(reasons: Sequence[str]) -> str:
    if not reasons:
        return "resource init failed"
    plural = "error" if len(reasons) == 1 else "errors"
    return f"{len(reasons)} {plural} occurred:\n" + "\n".join(f"\t* {r}" for r in reasons) + "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What an instance can take: whether secrets and resource references keep their marks on the way to it."""

    accepts_secrets: bool = True
    accepts_resources: bool = False
    supports_preview: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an input is refused; `property` is empty if the resource as a whole is."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Inputs with the provider's defaults filled in, or why they are refused."""

    inputs: Properties = field(default_factory=dict[str, Value])
    failures: Sequence[Failure] = ()


class DiffKind(StrEnum):
    """What happens to a property; the `-replace` kinds replace the resource."""

    ADD = "add"
    ADD_REPLACE = "add-replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete-replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update-replace"

    @property
    def replaces(self) -> bool:
        """Whether the resource must be replaced for it."""
        return self.value.endswith("-replace")

    def as_replace(self) -> DiffKind:
        """The same change, replacing the resource."""
        return self if self.replaces else DiffKind(f"{self.value}-replace")

    def inverted(self) -> DiffKind:
        """What undoes it: an addition becomes a deletion and the other way round."""
        return _INVERSE.get(self, self)


_INVERSE = {
    DiffKind.ADD: DiffKind.DELETE,
    DiffKind.DELETE: DiffKind.ADD,
    DiffKind.ADD_REPLACE: DiffKind.DELETE_REPLACE,
    DiffKind.DELETE_REPLACE: DiffKind.ADD_REPLACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDiff:
    """The change of one property.

    Attributes:
        kind: What happens to it.
        input_diff: Whether old and new inputs differ rather than the old outputs.
        may_replace: Whether nobody knows if it replaces the resource: `kind` then says that it does not.
    """

    kind: DiffKind
    input_diff: bool = True
    may_replace: bool = False


class Changes(StrEnum):
    """Whether anything changes; UNKNOWN lets the engine compare the inputs itself."""

    UNKNOWN = "unknown"
    NONE = "none"
    SOME = "some"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffResult:
    """What an update would change.

    Attributes:
        changes: Whether anything changes at all.
        replaces: Properties for which the resource must be replaced.
        changed: Properties that change.
        stables: Properties that stay the same whatever happens.
        detailed: The change of each property path, or `None` if the provider does not tell.
        delete_before_replace: Whether the old resource must go before the new one can be created.
        notes: What the provider cannot be sure of, one sentence each: shown as warnings on the resource.
    """

    changes: Changes = Changes.NONE
    replaces: Sequence[str] = ()
    changed: Sequence[str] = ()
    stables: Sequence[str] = ()
    detailed: Mapping[str, PropertyDiff] | None = None
    delete_before_replace: bool = False
    notes: Sequence[str] = ()

    @property
    def is_replace(self) -> bool:
        """Whether the resource must be replaced."""
        return bool(self.replaces) or any(d.kind.replaces for d in (self.detailed or {}).values())

    def inverted(self) -> DiffResult:
        """The difference seen from the other side."""
        if self.detailed is None:
            return self
        detailed = {k: PropertyDiff(kind=d.kind.inverted(), input_diff=d.input_diff) for k, d in self.detailed.items()}
        return DiffResult(
            changes=self.changes,
            replaces=self.replaces,
            changed=self.changed,
            stables=self.stables,
            detailed=detailed,
            delete_before_replace=self.delete_before_replace,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateResult:
    """A created resource; in a preview the identifier may be empty."""

    id: str
    outputs: Properties | None
    refresh_before_update: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """An updated resource."""

    outputs: Properties | None
    refresh_before_update: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """A resource as it is: an empty `id` or `outputs` of `None` says that there is none."""

    id: str
    inputs: Properties | None = None
    outputs: Properties | None = None
    refresh_before_update: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeResult:
    """What a function returned, or why its arguments are refused."""

    result: Properties = field(default_factory=dict[str, Value])
    failures: Sequence[Failure] = ()


class Provider(Protocol):
    """One instance of a provider (see the module's text); `urn` is always that of the resource concerned."""

    @property
    def handshake(self) -> Handshake:
        """What it can take; asked after `configure`."""
        ...

    def check_config(self, *, urn: str, olds: Properties | None, news: Properties) -> CheckResult:
        """Check the provider's own configuration; no secret marks."""
        ...

    def diff_config(
        self,
        *,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str] = (),
    ) -> DiffResult:
        """What a change of its configuration means; `replaces` replaces everything it manages."""
        ...

    def configure(self, *, urn: str, id_: str, inputs: Properties) -> None:
        """Take the configuration; comes once, before any call below. Never called with unknown values."""
        ...

    def check(
        self, *, urn: str, olds: Properties | None, news: Properties, random_seed: bytes, preview: bool
    ) -> CheckResult:
        """Fill in defaults and refuse what cannot be; `olds` are the inputs of the existing resource, if any."""
        ...

    def diff(
        self,
        *,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str],
        preview: bool,
    ) -> DiffResult:
        """What updating the resource would change."""
        ...

    def create(self, *, urn: str, inputs: Properties, timeout: float, preview: bool) -> CreateResult:
        """Create a resource; `timeout` in seconds, 0 for the provider's own."""
        ...

    def update(
        self,
        *,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str],
        timeout: float,
        preview: bool,
    ) -> UpdateResult:
        """Update a resource in place."""
        ...

    def delete(self, *, urn: str, id_: str, inputs: Properties, outputs: Properties, timeout: float) -> None:
        """Delete a resource; one that is gone already is no error."""
        ...

    def read(
        self, *, urn: str, id_: str, inputs: Properties | None, state: Properties | None, timeout: float
    ) -> ReadResult:
        """The resource as it is; `inputs` is `None` when it is to be adopted."""
        ...

    def invoke(self, *, token: str, args: Properties, preview: bool) -> InvokeResult:
        """Call a function of the provider."""
        ...

    def cancel(self) -> None:
        """The run was interrupted: finish what is in flight soon."""
        ...

    def close(self) -> None:
        """The run needs this instance no more."""
        ...


class ProviderFactory(Protocol):
    """Makes provider instances: one for each provider resource of a run."""

    def __call__(self, package: str) -> Provider:
        """A new instance for the package, for example `oci`.

        Raises:
            ProviderError: There is no provider for this package, or it cannot be reached.
        """
        ...
