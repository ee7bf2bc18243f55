"""Refresh: reads the resources of the state and brings their records up to date before anything else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import normalize
from infra.engine.context import BailError
from infra.engine.reading import RefreshStep
from infra.engine.state import Deployment

if TYPE_CHECKING:
    from infra.engine.context import Run
    from infra.engine.executor import Executor
    from infra.engine.resource import Resource


def refresh(run: Run, executor: Executor, *, only_marked: bool) -> None:
    """Read the resources within the limit of the run, and go on from what is there.

    Args:
        run: The run.
        executor: Carries the reads out.
        only_marked: Read only those whose provider wants it before every update.

    Raises:
        BailError: A read failed, or a target does not exist; it has been said.
    """
    if not run.previous.resources:
        return
    check_targets(run, run.targets.literals)
    check_targets(run, run.excludes.literals)
    work: list[RefreshStep] = []
    for resource in _selected(run):
        if only_marked and not resource.refresh_before_update:
            continue
        run.ensure_provider(resource.provider)
        work.append(RefreshStep(resource))
    failed_before = run.failed
    run.failed = False
    executor.together(work, tolerant=True)
    failed, run.failed = run.failed, run.failed or failed_before
    _rebuild(run, {id(step.old): step.new for step in work})
    if failed:
        run.error("preview failed" if run.preview else "update failed")
        raise BailError


def _selected(run: Run) -> list[Resource]:
    targets, excludes = run.targets.copy(), run.excludes.copy()
    found: list[Resource] = []
    for resource in run.previous.resources:
        if run.excludes:
            if resource.urn in excludes:
                continue
            if run.options.exclude_dependents and any(e.urn in excludes for e in resource.edges()):
                excludes.add(resource.urn)
                continue
        elif resource.urn not in targets:
            if not run.options.target_dependents or not any(e.urn in targets for e in resource.edges()):
                continue
            targets.add(resource.urn)
        found.append(resource)
    return found


def _rebuild(run: Run, refreshed: dict[int, Resource | None]) -> None:
    """Make the refreshed records the state before: gone ones drop out, references to them too."""
    left = [refreshed.get(id(r), r) for r in run.previous.resources]
    resources = [r for r in left if r is not None]
    normalize.drop_dangling(resources)
    previous = run.previous
    rebuilt = Deployment(
        resources=resources,
        pending_operations=previous.pending_operations,
        manifest=previous.manifest,
        secrets_providers=previous.secrets_providers,
        metadata=previous.metadata,
        extra=previous.extra,
    )
    run.set_previous(rebuilt)
    if run.journal is not None:
        run.journal.rebase(rebuilt)


def check_targets(run: Run, urns: dict[str, None], seen: set[str] | None = None) -> None:
    """Refuse URNs that neither the state nor the program has.

    Raises:
        BailError: There are some; each has been named.
    """
    missing = [u for u in urns if u not in run.all_olds and u not in (seen or ())]
    for urn in missing:
        hint = "" if "$" in urn else (" Did you forget to escape $ in your shell?")
        run.error(f"Target '{urn}' could not be found in the stack.{hint}")
    if missing:
        raise BailError
