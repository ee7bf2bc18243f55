"""Provider instances that answer previews from provider facts: no server, no credentials, no network.

What they know: generated names and defaults, what a provider's Check refuses, which properties change, and whether a
change replaces. What they do not know, they say: a property without a fact "may replace" (never a guess), an output
that only the cloud fills in is unknown, a secret whose old text is encrypted may have changed. They never see the
cloud, so drift since the state was exported stays hidden, and a function that asks the cloud is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from infra.engine import urns
from infra.engine.provider import (
    Changes,
    CheckResult,
    CreateResult,
    DiffKind,
    DiffResult,
    Failure,
    Handshake,
    InvokeResult,
    PropertyDiff,
    ProviderError,
    ReadResult,
    UpdateResult,
)
from infra.engine.values import (
    UNKNOWN,
    Asset,
    Encrypted,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
    contains_unknown,
    make_secret,
)
from infra.facts import Origin, TypeFacts, compare, facts_of, schema
from infra.facts.fill import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infra.engine.provider import Provider

DRIFT_NOTE: Final = "Nothing was asked of a cloud: changes made there since this state was written are not seen."
"""What every offline preview has to say."""

_REPLACING_SETTINGS: Final = {"aws": frozenset({"region"})}
"""Provider settings whose change replaces the provider and all it manages; the rest are updates in place."""

_ADOPTED: Final = "it is adopted: whether it differs from the program is only seen by a preview with credentials"


def offline_provider(package: str) -> Provider:
    """A new instance for any package; what is known about the package's types decides how much it can tell."""
    return OfflineProvider(package)


class OfflineProvider:
    """One instance; satisfies `provider.Provider` for previews."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._region: Value = None

    @property
    def handshake(self) -> Handshake:
        """Secrets keep their marks."""
        return Handshake()

    def check_config(self, *, urn: str, olds: Properties | None, news: Properties) -> CheckResult:
        """See `provider.Provider`; no facts about configurations are kept, so anything passes."""
        del urn, olds
        return CheckResult(inputs=news)

    def diff_config(
        self,
        *,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str] = (),
    ) -> DiffResult:
        """See `provider.Provider`; a changed Oracle region is an update in place, as the real provider has it."""
        del urn, old_outputs
        replacing = _REPLACING_SETTINGS.get(self._package, frozenset[str]())
        changes = compare.compare(
            _unknown_type(self._package),
            old=_plain(_without(old_inputs, "version")),
            new=_plain(_without(new_inputs, "version")),
            ignore=ignore_changes,
        )
        return _result((_Judged(c, replaces=_top(c.path) in replacing) for c in changes), delete_first=False)

    def configure(self, *, urn: str, id_: str, inputs: Properties) -> None:
        """See `provider.Provider`."""
        del urn, id_
        self._region = inputs.get("region")

    def check(
        self, *, urn: str, olds: Properties | None, news: Properties, random_seed: bytes, preview: bool
    ) -> CheckResult:
        """See `provider.Provider`: what the real provider refuses in a preview, in its words."""
        del preview
        type_, name = urns.type_of(urn), urns.name_of(urn)
        known = self._facts(type_)
        if known is None:
            reason = f"unrecognized resource type {type_}: the {self._package} provider has none of that name"
            return CheckResult(failures=[Failure(property="", reason=reason)])
        given: Properties = {key: value for key, value in news.items() if value is not None}
        if self._package == "aws" and "region" in known.inputs and self._region is not None:
            given.setdefault("region", self._region)  # the provider takes it from its own configuration
        inputs = cast("Properties", fill(known, given, olds or {}, name=name, seed=random_seed))
        if not known.inputs:
            return CheckResult(inputs=given)
        problems = schema.provider_problems(known, _plain(inputs))
        failures = [
            Failure(property="", reason=f"{reason}. Examine values at '{name}.{path}'.") for path, reason in problems
        ]
        return CheckResult(inputs=inputs, failures=failures)

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
        """See `provider.Provider`."""
        del id_, preview
        if not old_inputs:  # a managed resource has at least `__defaults`: this one was only just read, offline
            return DiffResult(changes=Changes.NONE, notes=(_ADOPTED,))
        known = self._facts(urns.type_of(urn)) or _unknown_type(urns.type_of(urn))
        new = _plain(new_inputs)
        changes = compare.compare(
            known, old=_plain(old_inputs), new=new, state=_plain(old_outputs), ignore=ignore_changes
        )
        hidden = {key for key, value in old_inputs.items() if _is_encrypted(value)}
        judged = [_Judged(c, replaces=_doubted(c) if _top(c.path) in hidden else c.replaces) for c in changes]
        unsure = sorted({_top(c.path) for c in changes} & hidden)
        notes = [f"the old value of {key} is encrypted: whether it changes is not known" for key in unsure]
        return _result(judged, delete_first=compare.deletes_before_replace(known, new), notes=notes)

    def create(self, *, urn: str, inputs: Properties, timeout: float, preview: bool) -> CreateResult:
        """See `provider.Provider`; what only the cloud fills in is unknown."""
        del timeout
        self._refuse_reality(urn, preview=preview)
        return CreateResult(id="", outputs=self._expected(urn, inputs, {}))

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
        """See `provider.Provider`; what the cloud once filled in stays."""
        del id_, old_inputs, ignore_changes, timeout
        self._refuse_reality(urn, preview=preview)
        return UpdateResult(outputs=self._expected(urn, new_inputs, old_outputs))

    def delete(self, *, urn: str, id_: str, inputs: Properties, outputs: Properties, timeout: float) -> None:
        """Refused: only previews are offline."""
        del id_, inputs, outputs, timeout
        self._refuse_reality(urn, preview=False)

    def read(
        self, *, urn: str, id_: str, inputs: Properties | None, state: Properties | None, timeout: float
    ) -> ReadResult:
        """See `provider.Provider`: what the state has, or for a resource that it has not, unknown outputs."""
        del timeout
        if state:
            return ReadResult(id=id_, inputs=inputs, outputs=state)
        known = self._facts(urns.type_of(urn))
        names = (known.outputs_only | set(known.inputs)) if known else frozenset[str]()
        outputs: Properties = dict.fromkeys(sorted(names), UNKNOWN)
        return ReadResult(id=id_, inputs={}, outputs=outputs)

    def invoke(self, *, token: str, args: Properties, preview: bool) -> InvokeResult:
        """Refused: a function asks the cloud, in previews too."""
        del args, preview
        raise ProviderError(
            f"function {token} asks the cloud, which an offline preview cannot; "
            "write the value that it would look up into the stack file"
        )

    def cancel(self) -> None:
        """Nothing is ever in flight."""

    def close(self) -> None:
        """Nothing is held."""

    def _facts(self, type_: str) -> TypeFacts | None:
        """What is known about a type; `None` if its package is known and has no such type."""
        known = facts_of(type_)
        if known is not None:
            return known
        from infra.facts import sdk  # noqa: PLC0415 (introspection is slow to import, and rarely needed)

        return None if sdk.type_tokens(self._package) else _unknown_type(type_)

    def _expected(self, urn: str, inputs: Properties, before: Properties) -> Properties:
        known = self._facts(urns.type_of(urn)) or _unknown_type(urns.type_of(urn))
        outputs: Properties = {name: before.get(name, UNKNOWN) for name in sorted(_filled_in(known))}
        outputs |= cast("Properties", _without_notes(inputs))
        return outputs | {name: make_secret(outputs.get(name, UNKNOWN)) for name in known.secret_outputs}

    def _refuse_reality(self, urn: str, *, preview: bool) -> None:
        if not preview:
            raise ProviderError(f"{urn} can only be previewed: no cloud is connected")


@dataclass(frozen=True, slots=True)
class _Judged:
    """A change, and what it does to the resource: `None` if nobody knows."""

    change: compare.Change
    replaces: bool | None


def _result(judged: Iterable[_Judged], *, delete_first: bool, notes: Sequence[str] = ()) -> DiffResult:
    detailed: dict[str, PropertyDiff] = {}
    changed: dict[str, None] = {}
    replaces: dict[str, None] = {}
    for item in judged:
        top = _top(item.change.path)
        changed[top] = None
        kind = DiffKind(item.change.kind.value)
        if item.replaces:
            replaces[top] = None
            kind = kind.as_replace()
        detailed[item.change.path] = PropertyDiff(kind=kind, may_replace=item.replaces is None)
    return DiffResult(
        changes=Changes.SOME if detailed else Changes.NONE,
        replaces=tuple(replaces),
        changed=tuple(changed),
        detailed=detailed,
        delete_before_replace=delete_first and bool(replaces),
        notes=tuple(notes),
    )


def _doubted(change: compare.Change) -> bool | None:
    """What a change does that may not be one: what would replace, may replace."""
    return None if change.replaces else change.replaces


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _unknown_type(token: str) -> TypeFacts:
    return TypeFacts(token=token, origin=Origin.SDK, terraform=None, inputs={}, outputs_only=frozenset())


def _filled_in(known: TypeFacts) -> frozenset[str]:
    """What the cloud fills in: outputs that are no inputs, and inputs that it chooses where they are left out."""
    return known.outputs_only | {name for name, facts in known.inputs.items() if facts.computed}


def _without(properties: Properties, name: str) -> Properties:
    return {key: value for key, value in properties.items() if key != name}


def _without_notes(value: Value) -> Value:
    """The value without the provider's own notes (`__defaults`) at any depth."""
    if isinstance(value, dict):
        return {key: _without_notes(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_without_notes(item) for item in value]
    return value


def _is_encrypted(value: Value) -> bool:
    if isinstance(value, dict):
        return any(map(_is_encrypted, value.values()))
    if isinstance(value, list):
        return any(map(_is_encrypted, value))
    return _is_encrypted(value.element) if isinstance(value, Secret) else isinstance(value, Encrypted)


def _plain(properties: Properties) -> dict[str, Any]:
    """Properties in the form of the facts' rules; used for comparing only, never shown."""
    return {key: _bare(value) for key, value in properties.items() if value is not None}


def _bare(value: Value) -> Any:  # noqa: PLR0911 (one form for each kind of value)
    match value:
        case dict():
            return _plain(value)
        case list():
            return [_bare(item) for item in value]
        case Secret():
            return _bare(value.element)
        case Encrypted():
            return f"\x00encrypted {value.ciphertext}"
        case Unknown():
            return compare.UNKNOWN
        case Asset():
            return f"\x00file {value.digest}"
        case ResourceReference():
            return compare.UNKNOWN if contains_unknown(value.id) else (value.id or value.urn)
        case _:
            return value
