"""The provider instances of a run: one for each provider resource, found by its reference.

A provider resource is handled like any other one, except that the registry stands in for its provider: Check loads an
instance and checks its configuration, Diff compares configurations, Create, Update and Same configure it. Between
Check and that, the instance waits unconfigured under its URN.

An instance whose configuration holds unknown values (a preview) is not configured, and no call reaches it: Check
returns the inputs, Create and Update return nothing known, Diff is unavailable.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.provider import (
    Changes,
    CheckResult,
    CreateResult,
    DiffResult,
    InvokeResult,
    Provider,
    ProviderError,
    ReadResult,
    UpdateResult,
)
from infra.engine.values import (
    Properties,
    Secret,
    annotate_secrets,
    contains_secret,
    contains_unknown,
    equal_properties,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.engine.provider import ProviderFactory
    from infra.engine.resource import Resource

_INTERNAL: Final = "__internal"
_VERSION: Final = "version"


class DiffUnavailableError(Exception):
    """The provider cannot compare, since its own configuration is not known yet."""


class Instance:
    """One provider instance as the engine uses it: knows whether it is configured and keeps secrets marked."""

    def __init__(self, provider: Provider, urn: str, observe: Callable[[str, str, bool], Callable[[], None]]) -> None:
        self.urn = urn
        self._provider = provider
        self._observe = observe
        self._unknown = False
        self._refused: ProviderError | None = None

    def _done(self, op: str, urn: str, *, preview: bool = False) -> Callable[[], None]:
        return self._observe(op, urn, preview)

    def check_config(self, urn: str, olds: Properties | None, news: Properties) -> CheckResult:
        """Check the configuration; secret marks are put back on what the provider returns."""
        done = self._done("check_config", urn)
        try:
            checked = self._provider.check_config(urn=urn, olds=olds, news=news)
        finally:
            done()
        annotate_secrets(checked.inputs, news)
        return checked

    def diff_config(
        self, urn: str, old: Resource, new_inputs: Properties, ignore_changes: Sequence[str] = ()
    ) -> DiffResult:
        """Compare a configuration with that of an old provider resource."""
        done = self._done("diff_config", urn)
        try:
            return self._provider.diff_config(
                urn=urn,
                old_inputs=without_internal(old.inputs),
                old_outputs=old.outputs,
                new_inputs=new_inputs,
                ignore_changes=ignore_changes,
            )
        finally:
            done()

    def configure(self, urn: str, id_: str, inputs: Properties) -> None:
        """Configure the instance, unless something in its configuration is unknown.

        A failure comes out with the first call that needs the configuration, as in Pulumi's engine: the provider
        resource itself does not fail.
        """
        self.urn = urn
        if any(key != _VERSION and contains_unknown(value) for key, value in inputs.items()):
            self._unknown = True
            return
        done = self._done("configure", urn)
        try:
            self._provider.configure(urn=urn, id_=id_, inputs=inputs)
        except ProviderError as error:
            self._refused = error
        finally:
            done()

    def _is_unknown(self) -> bool:
        """Whether no call may reach the provider.

        Raises:
            ProviderError: The provider refused its configuration.
        """
        if self._refused is not None:
            raise self._refused
        return self._unknown

    def check(
        self, urn: str, olds: Properties | None, news: Properties, random_seed: bytes, *, preview: bool
    ) -> CheckResult:
        """Check the inputs of a resource."""
        if self._is_unknown():
            return CheckResult(inputs=news)
        done = self._done("check", urn, preview=preview)
        try:
            checked = self._provider.check(urn=urn, olds=olds, news=news, random_seed=random_seed, preview=preview)
        finally:
            done()
        self._keep_secrets(checked.inputs, news)
        return checked

    def diff(  # noqa: PLR0917 (the order of the protocol's fields)
        self,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str],
        *,
        preview: bool,
    ) -> DiffResult:
        """Compare a resource with what it is to become.

        Raises:
            DiffUnavailableError: The provider's configuration is not known.
        """
        if self._is_unknown():
            raise DiffUnavailableError(
                "The provider for this resource has inputs that are not known during preview.\n"
                "This preview may not correctly represent the changes that will be applied during an update."
            )
        done = self._done("diff", urn, preview=preview)
        try:
            return self._provider.diff(
                urn=urn,
                id_=id_,
                old_inputs=old_inputs,
                old_outputs=old_outputs,
                new_inputs=new_inputs,
                ignore_changes=ignore_changes,
                preview=preview,
            )
        finally:
            done()

    def create(self, urn: str, inputs: Properties, timeout: float, *, preview: bool) -> CreateResult:
        """Create a resource."""
        if preview and self._is_unknown():
            return CreateResult(id="", outputs=None)
        if preview and not self._provider.handshake.supports_preview:
            return CreateResult(id="", outputs=inputs)
        done = self._done("create", urn, preview=preview)
        try:
            created = self._provider.create(urn=urn, inputs=inputs, timeout=timeout, preview=preview)
        finally:
            done()
        self._keep_secrets(created.outputs, inputs)
        return created

    def update(self, old: Resource, new: Resource, timeout: float, *, preview: bool) -> UpdateResult:
        """Update a resource in place."""
        if preview and self._is_unknown():
            return UpdateResult(outputs={})
        if preview and not self._provider.handshake.supports_preview:
            return UpdateResult(outputs=new.inputs)
        done = self._done("update", new.urn, preview=preview)
        try:
            updated = self._provider.update(
                urn=new.urn,
                id_=old.id,
                old_inputs=old.inputs,
                old_outputs=old.outputs,
                new_inputs=new.inputs,
                ignore_changes=new.ignore_changes,
                timeout=timeout,
                preview=preview,
            )
        finally:
            done()
        self._keep_secrets(updated.outputs, new.inputs)
        return updated

    def delete(self, resource: Resource, timeout: float) -> None:
        """Delete a resource."""
        self._is_unknown()
        done = self._done("delete", resource.urn)
        try:
            self._provider.delete(
                urn=resource.urn, id_=resource.id, inputs=resource.inputs, outputs=resource.outputs, timeout=timeout
            )
        finally:
            done()

    def read(
        self, urn: str, id_: str, inputs: Properties | None, state: Properties | None, timeout: float
    ) -> ReadResult:
        """Read a resource."""
        if self._is_unknown():
            return ReadResult(id="", inputs={}, outputs={})
        done = self._done("read", urn)
        try:
            result = self._provider.read(urn=urn, id_=id_, inputs=inputs, state=state, timeout=timeout)
        finally:
            done()
        self._keep_secrets(result.inputs, inputs)
        self._keep_secrets(result.outputs, state)
        return result

    def invoke(self, token: str, args: Properties, *, preview: bool) -> InvokeResult:
        """Call a function."""
        if self._is_unknown():
            return InvokeResult()
        done = self._done("invoke", token, preview=preview)
        try:
            result = self._provider.invoke(token=token, args=args, preview=preview)
        finally:
            done()
        if contains_secret(args) and not self._provider.handshake.accepts_secrets:
            hidden: Properties = {k: v if isinstance(v, Secret) else Secret(v) for k, v in result.result.items()}
            return replace(result, result=hidden)
        return result

    def cancel(self) -> None:
        """Ask the provider to finish soon; an answer is not needed."""
        try:
            self._provider.cancel()
        except ProviderError:
            return

    def close(self) -> None:
        """Let go of the instance."""
        self._provider.close()

    def _keep_secrets(self, returned: Properties | None, given: Properties | None) -> None:
        if returned is not None and given is not None and not self._provider.handshake.accepts_secrets:
            annotate_secrets(returned, given)


class Registry:
    """The instances of a run; thread-safe."""

    def __init__(self, factory: ProviderFactory, observe: Callable[[str, str, str, bool], Callable[[], None]]) -> None:
        self._factory = factory
        self._observe = observe
        self._lock = threading.RLock()
        self._ending = threading.Lock()  # nobody is asked whose channel has just been closed
        self._configured: dict[str, Instance] = {}
        self._waiting: dict[str, Instance] = {}
        self._aliases: dict[str, str] = {}
        self._all: list[Instance] = []

    def get(self, reference: str) -> Instance | None:
        """The configured instance behind a reference, or `None`."""
        with self._lock:
            return self._configured.get(reference)

    def alias(self, urn: str, old_urn: str) -> None:
        """Tell that a provider resource used to have another URN: references to it hold for both."""
        with self._lock:
            self._aliases[urn] = old_urn

    def check(self, urn: str, olds: Properties | None, news: Properties) -> CheckResult:
        """Load an instance for a provider resource and check its configuration."""
        if isinstance(internal := news.get(_INTERNAL), dict) and "parameterization" in internal:
            raise ProviderError(f"{urn} is a parameterized provider, which this engine does not support")
        instance = self._load(urn)
        given = without_internal(news)
        try:
            checked = instance.check_config(urn, None if olds is None else without_internal(olds), given)
        except ProviderError:
            instance.close()
            raise
        if checked.failures:
            instance.close()
            return CheckResult(failures=checked.failures)
        with self._lock:
            self._waiting[urn] = instance
        inputs = checked.inputs
        if _VERSION in news and inputs.setdefault(_VERSION, news[_VERSION]) != news[_VERSION]:
            raise ProviderError(f"provider {urn!r} attempted to change its version")
        if _INTERNAL in news:
            inputs[_INTERNAL] = news[_INTERNAL]
        return CheckResult(inputs=inputs)

    def diff(self, urn: str, old: Resource, new_inputs: Properties, ignore_changes: Sequence[str]) -> DiffResult:
        """Compare the configuration of a provider resource with its old one."""
        with self._lock:
            instance = self._waiting.get(urn) or self._configured.get(urns.reference(urn, old.id))
        if instance is None:
            raise ProviderError(f"provider {urn} was not loaded")
        given = without_internal(new_inputs)
        result = instance.diff_config(urn, old, given, ignore_changes)
        if result.changes is Changes.UNKNOWN:
            same = equal_properties(old.outputs, given)
            result = replace(result, changes=Changes.NONE if same else Changes.SOME)
        return result

    def same(self, resource: Resource, *, checked: bool) -> None:
        """Configure the instance of an unchanged provider resource, once.

        Args:
            resource: The provider resource with its identifier.
            checked: Whether `check` loaded an instance for exactly this purpose; otherwise a new one is loaded.
        """
        if not resource.id or resource.id == urns.UNKNOWN_ID:
            raise ProviderError(f"provider '{resource.urn}' has an unknown ID")
        reference = urns.reference(resource.urn, resource.id)
        with self._lock:
            if reference in self._configured:
                return
            instance = self._waiting.pop(resource.urn, None) if checked else None
        instance = instance or self._load(resource.urn)
        instance.configure(resource.urn, resource.id, without_internal(resource.inputs))
        self._set(resource.urn, resource.id, instance, overwrite=checked)

    def create(self, urn: str, inputs: Properties, *, preview: bool) -> CreateResult:
        """Configure the instance of a new provider resource; its identifier is made up here."""
        with self._lock:
            instance = self._waiting.pop(urn, None)
        instance = instance or self._load(urn)
        id_ = urns.UNKNOWN_ID if preview else str(uuid.uuid4())
        outputs = without_internal(inputs)
        instance.configure(urn, id_, outputs)
        self._set(urn, id_, instance, overwrite=True)
        return CreateResult(id=id_, outputs=outputs)

    def update(self, urn: str, id_: str, inputs: Properties) -> UpdateResult:
        """Configure the instance of a changed provider resource."""
        with self._lock:
            instance = self._waiting.pop(urn, None)
        if instance is None:
            raise ProviderError(f"provider {urn} was not checked before its update")
        outputs = without_internal(inputs)
        instance.configure(urn, id_, outputs)
        self._set(urn, id_, instance, overwrite=True)
        return UpdateResult(outputs=outputs)

    def delete(self, urn: str, id_: str) -> None:
        """Let go of the instance of a deleted provider resource, if there is one."""
        with self._lock:
            instance = self._configured.pop(urns.reference(urn, id_), None)
        if instance is not None:
            instance.close()

    def cancel(self) -> None:
        """Ask all instances that are open to finish soon."""
        with self._ending:
            with self._lock:
                instances = list(self._all)
            for instance in instances:
                instance.cancel()

    def close(self) -> None:
        """Let go of all instances."""
        with self._ending:
            with self._lock:
                instances, self._all = self._all, []
            for instance in instances:
                instance.close()

    def _load(self, urn: str) -> Instance:
        package = urns.provider_package(urns.type_of(urn))
        if package == "pulumi":
            raise ProviderError("resources of package 'pulumi' (stack references, stashes) are not supported")

        def observe(op: str, subject: str, preview: bool) -> Callable[[], None]:
            return self._observe(op, subject, instance.urn, preview)

        instance = Instance(self._factory(package), urn, observe)
        with self._lock:
            self._all.append(instance)
        return instance

    def _set(self, urn: str, id_: str, instance: Instance, *, overwrite: bool) -> None:
        reference = urns.reference(urn, id_)
        with self._lock:
            if reference in self._configured and not overwrite:
                return
            self._configured[reference] = instance
            if urn in self._aliases:
                self._configured[urns.reference(self._aliases[urn], id_)] = instance


def without_internal(inputs: Properties) -> Properties:
    """A provider's inputs without those that are the engine's own."""
    return {k: v for k, v in inputs.items() if k != _INTERNAL}
