"""Changes to a state by hand: the subcommands of `pulumi state` that need no cloud."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infra.engine import normalize, urns
from infra.engine.graph import DependencyGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.engine.resource import Resource
    from infra.engine.state import Deployment


class EditError(Exception):
    """The change cannot be made, and why."""


def apply(state: Deployment, words: Sequence[str]) -> Deployment:
    """Make the change that the words of a command ask for.

    Args:
        state: The state; it is not changed.
        words: For example `("delete", URN)`, `("unprotect", "--all")`, `("rename", URN, "new-name")`.

    Returns:
        The state after the change.

    Raises:
        EditError: It cannot be made.
    """
    command, arguments = words[0], [w for w in words[1:] if not w.startswith("-")]
    flags = {w for w in words[1:] if w.startswith("-")} - {"--yes", "-y"}
    everything = "--all" in flags
    edited = replace(state, resources=[r.copy() for r in state.resources])
    match command:
        case "protect":
            _set_each(edited, arguments, everything, lambda r: _set(r, protect=True))
        case "unprotect":
            _set_each(edited, arguments, everything, lambda r: _set(r, protect=False))
        case "taint":
            _set_each(edited, arguments, everything, lambda r: _set(r, taint=True))
        case "untaint":
            _set_each(edited, arguments, everything, lambda r: _set(r, taint=False))
        case "delete":
            for urn in arguments:
                delete(edited, urn, force="--force" in flags, dependents="--target-dependents" in flags)
        case "rename":
            if len(arguments) != 2:  # noqa: PLR2004 (the two that the message names)
                raise EditError("state rename needs a URN and a new name")
            rename(edited, *arguments)
        case "repair":
            repair(edited)
        case _:
            known = "delete, protect, unprotect, taint, untaint, rename, repair"
            raise EditError(f"unknown change {command!r} (known: {known})")
    return edited


def _set(resource: Resource, *, protect: bool | None = None, taint: bool | None = None) -> None:
    if protect is not None:
        resource.protect = protect
    if taint is not None:
        resource.taint = taint


def _set_each(state: Deployment, given: Sequence[str], everything: bool, change: Callable[[Resource], None]) -> None:
    if not given and not everything:
        raise EditError("name at least one URN, or pass --all")
    for urn in [r.urn for r in state.resources] if everything else given:
        for resource in _located(state, urn):
            change(resource)


def _located(state: Deployment, urn: str) -> list[Resource]:
    found = [r for r in state.resources if r.urn == urn]
    if not found:
        raise EditError(f"No such resource {urn!r} exists in the current state")
    return found


def delete(state: Deployment, urn: str, *, force: bool = False, dependents: bool = False) -> None:
    """Drop a resource from the state, without touching the cloud.

    Args:
        state: Changed in place.
        urn: What to drop; of several records of one URN, the old half of a replacement goes first.
        force: Drop protected resources too.
        dependents: Drop what depends on it too.

    Raises:
        EditError: It is protected, or something depends on it.
    """
    found = sorted(_located(state, urn), key=lambda r: not r.delete)
    condemned = [found[0]]
    if len(found) == 1:
        graph = DependencyGraph(state.resources)
        along = graph.depending_on(condemned[0], ignore=(), include_children=True)
        if along and not dependents:
            listing = "\n".join(f" * {r.urn}" for r in along)
            raise EditError(
                f"{urn} can't be safely deleted because the following resources depend on it:\n{listing}\n"
                "Delete those resources first or pass --target-dependents."
            )
        condemned += along
    if not force and (protected := [r.urn for r in condemned if r.protect]):
        raise EditError(
            f"{', '.join(protected)} can't be safely deleted because it is protected. "
            "Re-run this command with --force to force deletion"
        )
    gone = {id(r) for r in condemned}
    state.resources = [r for r in state.resources if id(r) not in gone]


def rename(state: Deployment, urn: str, name: str) -> None:
    """Give a resource another logical name, and every reference to it.

    Raises:
        EditError: There is no such resource, or the new URN is taken.
    """
    found = _located(state, urn)
    renamed = urns.rename(urn, name)
    if any(r.urn == renamed for r in state.resources):
        raise EditError(f"a resource {renamed} exists already")
    for resource in found:
        resource.urn = renamed
        resource.aliases = [urn]
    state.resources = normalize.current_names(state.resources)


def repair(state: Deployment) -> None:
    """Put the resources in order and take out references to what is not there, in place."""
    by_urn: dict[str, list[Resource]] = {}
    for resource in state.resources:
        by_urn.setdefault(resource.urn, []).append(resource)
    ordered: list[Resource] = []
    visited: set[int] = set()
    for root in state.resources:
        stack = [(root, False)]
        while stack:
            resource, ready = stack.pop()
            if ready:
                ordered.append(resource)
            elif id(resource) not in visited:
                visited.add(id(resource))
                stack.append((resource, True))
                needed = [n for u in resource.required_urns() for n in by_urn.get(u, ()) if id(n) not in visited]
                stack.extend((n, False) for n in reversed(needed))
    normalize.drop_dangling(ordered)
    state.resources = ordered
