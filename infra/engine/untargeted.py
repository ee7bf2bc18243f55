"""What a run that is limited to some resources does with the others: it leaves them as they are.

Even so they must come into the new state, with everything they need before them; and with `--target-dependents` or
`--exclude-dependents` the limit spreads along dependencies as the program registers its resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import steps, urns
from infra.engine.context import BailError, GenerationError
from infra.engine.resource import DependencyKind

if TYPE_CHECKING:
    from infra.engine.aliases import AliasResolver
    from infra.engine.context import Run
    from infra.engine.generator import Generator, Seen
    from infra.engine.resource import Resource
    from infra.engine.step import Step


class Untargeted:
    """Knows what a run is limited to."""

    def __init__(self, run: Run, seen: Seen, resolver: AliasResolver) -> None:
        self._run = run
        self._seen = seen
        self._resolver = resolver
        self._targets = run.targets.copy()
        self._excludes = run.excludes.copy()
        self._queue: list[steps.SameStep] = []
        self._queued: set[str] = set()

    def is_included(self, resource: Resource) -> bool:
        """Whether the run may touch a resource; targets go before excludes."""
        if self._run.targets:
            return self._is_target(resource)
        return not (self._run.excludes and self._is_excluded(resource))

    def _is_target(self, resource: Resource) -> bool:
        run = self._run
        if run.targets and resource.urn in run.targets:
            return True
        return run.options.target_dependents and any(u in self._targets for u in resource.required_urns())

    def _is_excluded(self, resource: Resource) -> bool:
        run = self._run
        if resource.urn in run.excludes:
            return True
        return run.options.exclude_dependents and any(u in self._excludes for u in resource.required_urns())

    def spread(self, resource: Resource, *, targeted: bool) -> None:
        """Extend the limit by a resource, for the sake of what depends on it."""
        if self._run.excludes and not targeted and self._is_excluded(resource):
            self._excludes.add(resource.urn)
        elif targeted and self._is_target(resource):
            self._targets.add(resource.urn)

    def queue_provider(self, old: Resource) -> None:
        """A provider that only the state before has is needed: it comes into the state before the next step."""
        if old.urn not in self._queued:
            self._queued.add(old.urn)
            self._queue.append(_untouched(old))

    def queue_dependencies(self, resource: Resource) -> None:
        """What a targeted resource depends on, but nobody has registered, comes into the state before it."""
        if self._run.targets:
            for edge in resource.edges():
                self._queue_old(edge.urn)

    def _queue_old(self, urn: str) -> None:
        run = self._run
        if not urn or self._seen.has_step(urn) or urn in self._queued:
            return
        old = run.olds.get(urn)
        if old is None:
            return
        self._queued.add(urn)
        if old.provider:
            provider_urn, id_ = urns.parse_reference(old.provider)
            provider = run.olds.get(provider_urn)
            if provider is not None and provider.id == id_:
                self._queue_old(provider_urn)
        for edge in old.edges():
            self._queue_old(edge.urn)
        self._queue.append(_untouched(old))

    def take_queued(self, generator: Generator) -> list[Step]:
        """What was queued and has not come by itself since."""
        queued, self._queue = self._queue, []
        taken: list[Step] = []
        for step in queued:
            if not self._seen.has_step(step.urn) and not generator.is_operated_on(step.urn):
                self._seen.urns.add(step.urn)
                self._seen.sames.add(step.urn)
                taken.append(step)
        return taken

    def keep(self, urn: str, old: Resource) -> tuple[list[Step], Resource]:
        """Steps that keep a resource as it is, after what it depends on; and its new record.

        Raises:
            GenerationError: Its provider was changed in the program, which goes not together with targets.
            BailError: What it depends on is not in the state.
        """
        run = self._run
        if old.provider and run.registry.get(old.provider) is None:
            provider_urn, id_ = urns.parse_reference(old.provider)
            provider = run.olds.get(provider_urn)
            if provider is None or provider.id != id_:
                raise GenerationError(f"could not find provider {old.provider} in old state")
            raise GenerationError(
                f"provider {old.provider} for resource {urn} has not been registered yet, this is due to a change of "
                "providers mixed with --target. Change your program back to the original providers"
            )
        chain: list[Step] = []
        self._keep(urn, old, chain)
        kept = chain[-1].new
        assert kept is not None  # noqa: S101 (the last step is that of the resource itself)
        return chain, kept

    def _keep(self, urn: str, old: Resource, chain: list[Step]) -> None:
        if old.delete:
            return
        seen, run = self._seen, self._run
        seen.urns.add(old.urn)
        seen.sames.update((urn, old.urn))
        if old.provider:
            provider_urn, id_ = urns.parse_reference(old.provider)
            provider = run.olds.get(provider_urn)
            done = seen.has_step(provider_urn) or self._is_renamed(provider_urn)
            if not done and provider is not None and provider.id == id_:
                self._keep(urn, provider, chain)
        for edge in old.edges():
            if seen.has_step(edge.urn):
                continue
            needed = run.olds.get(edge.urn)
            if needed is None:
                kind = f"{edge.kind} {edge.urn} of untargeted resource {urn}"
                kind += f"'s property {edge.key}" if edge.kind is DependencyKind.PROPERTY else ""
                raise BailError(f"{kind} has no old state")
            self._keep(urn, needed, chain)
        chain.append(_untouched(old))

    def _is_renamed(self, urn: str) -> bool:
        return urn in self._resolver.aliased and self._seen.has_step(self._resolver.aliased[urn])


def _untouched(old: Resource) -> steps.SameStep:
    new = old.copy()
    new.id = ""
    return steps.SameStep(old, new, untargeted=True)
