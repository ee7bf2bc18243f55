"""Keeps references within a state right: after renames (aliases) and after records vanished (refresh, repair)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import urns
from infra.engine.resource import DependencyKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.engine.resource import Resource
    from infra.engine.state import Deployment


class AliasError(Exception):
    """Two resources claim the same earlier name."""


def current_names(resources: Sequence[Resource]) -> list[Resource]:
    """Copies of the records in which every reference to an earlier URN (an alias) names the present one.

    Records that have not been registered again yet move along with a renamed parent. The aliases are left out.

    Raises:
        AliasError: Two resources have the same alias.
    """
    renamed: dict[str, str] = {}
    for resource in resources:
        for alias in resource.aliases:
            if renamed.setdefault(alias, resource.urn) != resource.urn:
                raise AliasError(f"two resources ({renamed[alias]!r} and {resource.urn!r}) have the alias {alias!r}")
        parent = renamed.get(resource.parent)
        if parent and not urns.is_root_stack(parent):
            renamed[resource.urn] = urns.make(
                stack=urns.stack_of(resource.urn),
                project=urns.project_of(resource.urn),
                parent_type=urns.qualified_type(parent),
                type_=urns.type_of(resource.urn),
                name=urns.name_of(resource.urn),
            )
    return [_renamed(r, renamed) for r in resources]


def _renamed(resource: Resource, names: dict[str, str]) -> Resource:
    twin = resource.copy()
    twin.aliases = []
    if not names:
        return twin
    twin.urn = names.get(twin.urn, twin.urn)
    twin.parent = names.get(twin.parent, twin.parent)
    twin.deleted_with = names.get(twin.deleted_with, twin.deleted_with)
    twin.dependencies = [names.get(u, u) for u in twin.dependencies]
    twin.replace_with = [names.get(u, u) for u in twin.replace_with]
    twin.property_dependencies = {
        key: [names.get(u, u) for u in deps] for key, deps in twin.property_dependencies.items()
    }
    if twin.provider:
        urn, id_ = urns.parse_reference(twin.provider)
        twin.provider = urns.reference(names.get(urn, urn), id_)
    return twin


def drop_dangling(resources: Sequence[Resource]) -> None:
    """Take references to records that are not there (any more) out of the records, in place.

    The records must be sorted. Empty lists of property dependencies go with it; the child of a vanished parent gets
    that parent's parent.
    """
    present: set[str] = set()
    for resource in resources:
        if resource.dependencies:
            resource.dependencies = [u for u in resource.dependencies if u in present]
        if resource.property_dependencies:
            kept = {k: [u for u in deps if u in present] for k, deps in resource.property_dependencies.items()}
            resource.property_dependencies = {k: deps for k, deps in kept.items() if deps}
        if resource.deleted_with not in present:
            resource.deleted_with = ""
        if resource.replace_with:
            resource.replace_with = [u for u in resource.replace_with if u in present]
        present.add(resource.urn)
    parents: dict[str, str] = {}
    for resource in resources:
        if resource.parent and resource.parent not in present:
            resource.parent = parents.get(resource.parent, "")
        parents[resource.urn] = resource.parent


def problems(deployment: Deployment) -> list[str]:
    """What is wrong with a state's order and references, one sentence each; empty if it is sound."""
    found: list[str] = []
    seen: set[str] = set()
    live: set[str] = set()
    providers: set[str] = set()
    for resource in deployment.resources:
        if resource.provider and not resource.delete and resource.provider not in providers:
            found.append(
                f"resource {resource.urn} refers to a provider that does not stand before it: {resource.provider}"
            )
        found.extend(
            f"resource {resource.urn} has a {edge.kind} that does not stand before it: {edge.urn}"
            for edge in resource.edges()
            if edge.urn not in seen and edge.kind in _CHECKED
        )
        if resource.urn in live and not resource.delete:
            found.append(f"resource {resource.urn} is there twice")
        if not resource.delete:
            live.add(resource.urn)
        seen.add(resource.urn)
        if resource.is_provider:
            providers.add(urns.reference(resource.urn, resource.id))
    return found


_CHECKED = frozenset(DependencyKind)
