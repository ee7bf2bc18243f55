"""Who depends on whom in a state, for replacements and the order of deletions.

The state's own order is the topological order: what a resource depends on stands before it. Several records of one URN
may be in it (old halves of replacements), so resources are looked up by identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine.resource import DependencyKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from infra.engine.resource import Resource


class DependencyGraph:
    """The dependencies among the resources of a state."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources: list[Resource] = list(resources)
        self._index: dict[int, int] = {id(r): i for i, r in enumerate(self._resources)}
        self._by_urn: dict[str, list[int]] = {}
        self._dependents: dict[str, list[int]] = {}
        self._children: dict[str, list[int]] = {}
        for index, resource in enumerate(self._resources):
            self._by_urn.setdefault(resource.urn, []).append(index)
            for urn in dict.fromkeys(e.urn for e in resource.edges() if e.kind is not DependencyKind.PARENT):
                self._dependents.setdefault(urn, []).append(index)
            if resource.provider:
                self._dependents.setdefault(resource.provider_urn, []).append(index)
            if resource.parent:
                self._children.setdefault(resource.parent, []).append(index)

    def __contains__(self, resource: Resource) -> bool:
        return id(resource) in self._index

    def depending_on(
        self, resource: Resource, *, ignore: Collection[str], include_children: bool
    ) -> Sequence[Resource]:
        """Everything that directly or indirectly depends on the resource, in the state's order.

        Args:
            resource: Where to begin; must be in the graph.
            ignore: URNs that are passed over, with what depends on them only.
            include_children: Whether being a child counts as depending.
        """
        found: set[int] = set()
        frontier = [(resource.urn, self._index[id(resource)])]
        while frontier:
            urn, position = frontier.pop()
            candidates = list(self._dependents.get(urn, ()))
            if include_children:
                candidates += self._children.get(urn, ())
            for index in candidates:
                candidate = self._resources[index]
                if index > position and index not in found and candidate.urn not in ignore:
                    found.add(index)
                    frontier.append((candidate.urn, index))
        return [self._resources[i] for i in sorted(found)]

    def dependencies_of(self, resource: Resource) -> list[Resource]:
        """What the resource depends on directly, among what stands before it; a component brings its descendants."""
        position = self._index[id(resource)]
        wanted = {e.urn for e in resource.edges() if e.kind is not DependencyKind.PARENT}
        if resource.provider:
            wanted.add(resource.provider_urn)
        found: dict[int, None] = {}
        for urn in wanted:
            for index in self._by_urn.get(urn, ()):
                if index < position:
                    found[index] = None
                    if not self._resources[index].custom:
                        found.update(dict.fromkeys(i for i in self._descendants(urn) if i < position))
        found.update(dict.fromkeys(i for i in self._by_urn.get(resource.parent, ()) if i < position))
        return [self._resources[i] for i in found]

    def _descendants(self, urn: str) -> list[int]:
        out: list[int] = []
        frontier = [urn]
        while frontier:
            for index in self._children.get(frontier.pop(), ()):
                out.append(index)
                frontier.append(self._resources[index].urn)
        return out

    def transitive_dependencies_of(self, resource: Resource) -> set[int]:
        """Identities (`id`) of the resource and everything it depends on, directly or not."""
        found = {id(resource)}
        frontier = [resource]
        while frontier:
            current = frontier.pop()
            for urn in current.required_urns():
                dependency = self._seen_from(current, urn)
                if dependency is not None and id(dependency) not in found:
                    found.add(id(dependency))
                    frontier.append(dependency)
        return found

    def _seen_from(self, resource: Resource, urn: str) -> Resource | None:
        """The record that a dependency on a URN means: an old half means the old half of another, if it has one."""
        records = [self._resources[i] for i in self._by_urn.get(urn, ())]
        alike = [r for r in records if r.delete == resource.delete]
        return (alike or records or [None])[-1]
