"""What goes at the end of a run: old halves of replacements, and what the program does not have any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import steps
from infra.engine.context import BailError
from infra.engine.graph import DependencyGraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.engine.context import Run
    from infra.engine.generator import Generator
    from infra.engine.resource import Resource
    from infra.engine.step import Step


class Deletions:
    """Makes the last steps of a run."""

    def __init__(self, run: Run, generator: Generator) -> None:
        self._run = run
        self._generator = generator

    def steps(self) -> tuple[list[Step], list[Step]]:
        """Steps that keep what the limit of the run leaves alone, and deletions (in no order yet).

        Raises:
            GenerationError: The plan does not allow one of them.
            BailError: Something would be deleted that is no target.
        """
        run, seen = self._run, self._generator.seen
        allowed = self._allowed() if run.targets else None
        kept_out = self._kept() if run.excludes and not run.targets else set[str]()
        kept: list[Step] = []
        deleted: list[Step] = []
        for resource in run.previous.resources:
            included = resource.urn in allowed if allowed is not None else resource.urn not in kept_out
            if not included:
                if not self._generator.is_operated_on(resource.urn):
                    kept.append(_untouched(resource))
                continue
            if resource.delete:
                if id(resource) in seen.pending_deletes:
                    continue
                seen.deletes.add(resource.urn)
                deleted.append(steps.DeleteStep(resource, seen.deletes, replacing=True))
            elif not self._generator.is_operated_on(resource.urn):
                seen.deletes.add(resource.urn)
                deleted.append(
                    steps.RemovePendingReplaceStep(resource)
                    if resource.pending_replacement
                    else steps.DeleteStep(resource, seen.deletes)
                )
            if resource.urn in seen.deletes:
                run.ensure_provider(resource.provider)
        self._check_plan([*kept, *deleted])
        self._check_targets(deleted)
        return kept, deleted

    def _check_plan(self, all_steps: Sequence[Step]) -> None:
        run = self._run
        for step in all_steps:
            if run.plan is not None:
                run.plan.check_step(step)
            if run.new_plan is not None:
                run.new_plan.step(step.urn, step.op)

    def _check_targets(self, deleted: Sequence[Step]) -> None:
        run = self._run
        if run.options.target_dependents:
            return
        outside = [step.urn for step in deleted if step.urn not in run.targets]
        for urn in outside:
            run.error(
                f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
                "Either include resource in --target list or pass --target-dependents to proceed.",
                urn,
            )
            self._generator.saw_error = True
        if outside and not run.preview:
            raise BailError

    def _allowed(self) -> set[str]:
        """The targets, and what cannot stay when they go."""
        run = self._run
        targets: set[str] = set()
        for resource in run.previous.resources:
            if resource.urn in run.targets and resource.urn not in targets:
                targets.add(resource.urn)
                dependents = run.graph.depending_on(resource, ignore=(), include_children=True)
                targets.update(d.urn for d in dependents)
        allowed = set(targets)
        for urn in targets:
            for resource in run.all_olds.get(urn, ()):
                allowed.update(a.resource.urn for a in self._generator.replacements.dependents(resource))
                allowed.update(a.resource.urn for a in self._generator.replacements.cascades(urn))
        return allowed

    def _kept(self) -> set[str]:
        """The excluded resources, what they need, and (if asked for) what depends on them."""
        run = self._run
        kept: set[str] = set()
        frontier = [r for r in run.previous.resources if r.urn in run.excludes]
        while frontier:
            resource = frontier.pop()
            if resource.urn in kept:
                continue
            kept.add(resource.urn)
            frontier.extend(run.graph.dependencies_of(resource))
            if run.options.exclude_dependents:
                frontier.extend(run.graph.depending_on(resource, ignore=kept, include_children=True))
        return {urn for urn in kept if urn in run.olds}

    def schedule(self, deleted: Sequence[Step]) -> list[list[Step]]:
        """Groups of deletions: those of a group do not depend on each other, and what depends on it goes before."""
        graph = DependencyGraph(self._run.previous.resources)
        by_record = {id(step.resource): step for step in deleted}
        depth: dict[int, int] = {}
        for resource in self._run.previous.resources:
            if id(resource) in by_record:
                needs = [depth[id(d)] for d in graph.dependencies_of(resource) if id(d) in depth]
                depth[id(resource)] = 1 + max(needs, default=0)
        groups: dict[int, list[Step]] = {}
        for resource in reversed(self._run.previous.resources):
            if id(resource) in depth:
                groups.setdefault(depth[id(resource)], []).append(by_record[id(resource)])
        return [groups[level] for level in sorted(groups, reverse=True)]


def _untouched(resource: Resource) -> steps.SameStep:
    new = resource.copy()
    new.id = ""
    return steps.SameStep(resource, new, untargeted=True)
