"""Delete before replace: what else must go when a resource is deleted before its successor is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from infra.engine import differences, steps
from infra.engine.context import BailError, GenerationError
from infra.engine.registry import DiffUnavailableError
from infra.engine.step import diff_resource
from infra.engine.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.engine.context import Run
    from infra.engine.generator import Seen
    from infra.engine.resource import Resource
    from infra.engine.step import Step
    from infra.engine.values import Properties


class Errors(Protocol):
    """Whoever remembers that an error was reported."""

    saw_error: bool


class Affected(NamedTuple):
    """A resource that must go along, and the properties for which."""

    resource: Resource
    keys: Sequence[str]


class Replacements:
    """Works out deletions before replacements.

    Attributes:
        reasons: For each resource that went along: the properties for which.
    """

    def __init__(self, run: Run, seen: Seen) -> None:
        self._run = run
        self._seen = seen
        self.reasons: dict[str, Sequence[str]] = {}

    def delete_first(self, old: Resource, urn: str, errors: Errors) -> list[Step]:
        """The deletions that come before the creation of a successor: first of dependents, in reverse order.

        Raises:
            BailError: One of them is protected.
        """
        run, seen = self._run, self._seen
        affected = self.dependents(old) if not run.preview or old in run.graph else []
        affected += self.cascades(urn)
        chain: list[Step] = []
        for resource, keys in reversed(affected):
            if id(resource) in seen.pending_deletes:
                continue
            self.reasons[resource.urn] = keys
            if resource.delete:
                chain.append(steps.DeleteStep(resource, seen.deletes))
            else:
                if resource.protect and not run.options.ignore_protect:
                    run.error(
                        f'unable to replace resource "{resource.urn}" as part of replacing "{urn}" as it is currently '
                        "marked for protection. To unprotect the resource, remove the `protect` flag from the resource "
                        "in your Pulumi program and run `pulumi up`, or use the command:\n"
                        f"`pulumi state unprotect '{resource.urn}'`",
                        urn,
                    )
                    errors.saw_error = True
                    raise BailError
                chain.append(steps.DeleteStep(resource, seen.deletes, replacing=True, pending=True))
            seen.deletes.add(resource.urn)
            seen.pending_deletes.add(id(resource))
        run.ensure_provider(old.provider)
        if not old.pending_replacement:
            seen.deletes.add(old.urn)
            chain.append(steps.DeleteStep(old, seen.deletes, replacing=True, pending=True))
        return chain

    def dependents(self, root: Resource) -> list[Affected]:
        """What would have to be replaced too if the resource were deleted, in the state's order.

        Asked of each dependent's provider: what if the inputs that come from deleted resources become unknown?
        """
        run = self._run
        replaced = {root.urn}
        found: list[Affected] = []
        ignore = self._seen.impossible_dependents()
        for resource in run.graph.depending_on(root, ignore=ignore, include_children=False):
            keys = self._required(resource, replaced)
            if keys is not None:
                found.append(Affected(resource, keys))
                replaced.add(resource.urn)
        return found

    def _required(self, resource: Resource, replaced: set[str]) -> Sequence[str] | None:
        """The properties for which a dependent must be replaced; `None` if it need not be."""
        run = self._run
        if not resource.custom or resource.external:
            return None
        if resource.provider and resource.provider_urn in replaced:
            run.ensure_provider(resource.provider)
            return ()
        if resource.deleted_with and resource.deleted_with in replaced:
            return ()
        touched = {
            key
            for key in resource.inputs
            if any(urn in replaced for urn in resource.property_dependencies.get(key, ()))
        }
        if not touched:
            return None
        inputs: Properties = {k: UNKNOWN if k in touched else v for k, v in resource.inputs.items()}
        if resource.is_provider:
            run.registry.same(resource, checked=False)
            diff = run.registry.diff(resource.urn, resource, inputs, resource.ignore_changes)
        else:
            run.ensure_provider(resource.provider)
            try:
                instance = run.instance(resource.provider)
                diff = diff_resource(run, instance, resource, inputs, resource.ignore_changes, preview=True)
            except DiffUnavailableError as error:
                raise GenerationError(str(error)) from error
        diff = differences.replace_on_changes(diff, resource.replace_on_changes, has_init_errors=False)
        return diff.replaces if diff.is_replace else None

    def cascades(self, urn: str) -> list[Affected]:
        """What is to be replaced with a resource because it says so: `replaceWith` and `deletedWith`."""
        run = self._run
        found: dict[str, Affected] = {}
        for resource in (*run.news.values(), *run.olds.values()):
            if resource.urn not in found and (urn in resource.replace_with or resource.deleted_with == urn):
                found[resource.urn] = Affected(resource, ())
        return list(found.values())
