"""Finds the record that a registration continues: by its URN, else by the earlier names it claims (aliases)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine import urns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.engine.context import Run
    from infra.engine.goals import Alias
    from infra.engine.resource import Resource


class AliasResolver:
    """Which earlier names are taken by which resources of this run.

    Attributes:
        aliased: Earlier URN -> the URN that took it.
        aliases: URN -> the earlier URN that it took.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.aliased: dict[str, str] = {}
        self.aliases: dict[str, str] = {}

    def find(
        self, *, urn: str, name: str, type_: str, parent: str, given: Sequence[Alias], seen: set[str]
    ) -> tuple[Resource | None, str, bool]:
        """The record of a resource in the state before, the alias under which it was found, and whether all is well.

        Args:
            urn: The resource's present URN.
            name: Its logical name.
            type_: Its type.
            parent: URN of its parent, or empty.
            given: The aliases that its registration names.
            seen: URNs registered in this run.
        """
        run = self._run
        valid = True
        if urn in self.aliased:
            valid = False
            run.error(
                f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{self.aliased[urn]}'", urn
            )
        for candidate in (urn, *self._candidates(name, type_, parent, given)):
            old = run.olds.get(candidate)
            if old is None:
                continue
            if candidate == urn:
                return old, "", valid
            if candidate in seen:
                valid = False
                run.error(_conflict(candidate, urn, urn), urn)
            if candidate in self.aliased:
                valid = False
                run.error(_conflict(candidate, urn, self.aliased[candidate]), urn)
            self.aliased[candidate] = urn
            self.aliases[urn] = candidate
            run.registry.alias(urn, candidate)
            return old, candidate, valid
        return None, "", valid

    def _candidates(self, name: str, type_: str, parent: str, given: Sequence[Alias]) -> Iterable[str]:
        return dict.fromkeys(self._all(name, type_, parent, given))

    def _all(self, name: str, type_: str, parent: str, given: Sequence[Alias]) -> Iterator[str]:
        own = [self._collapse(alias, name, type_, parent) for alias in given]
        yield from own
        if parent and (old_parent := self.aliases.get(parent)):
            yield self._inherited(name, type_, parent, old_parent)
            for urn in own:
                yield self._inherited(urns.name_of(urn), urns.type_of(urn), parent, old_parent)

    def _collapse(self, alias: Alias, name: str, type_: str, parent: str) -> str:
        if alias.urn:
            return alias.urn
        above = parent
        if alias.parent:
            above = self.aliases.get(alias.parent, alias.parent)
        if alias.no_parent or (above and urns.is_root_stack(above)):
            above = ""
        return urns.make(
            stack=urns.stack_of(above) if above else alias.stack or self._run.stack,
            project=urns.project_of(above) if above else alias.project or self._run.project,
            parent_type=urns.qualified_type(above) if above else "",
            type_=alias.type or type_,
            name=alias.name or name,
        )

    def _inherited(self, name: str, type_: str, parent: str, old_parent: str) -> str:
        """The alias of a child whose parent was renamed; a name that begins with the parent's changes with it."""
        parent_name = urns.name_of(parent)
        if name.startswith(parent_name):
            name = urns.name_of(old_parent) + name[len(parent_name) :]
        return urns.make(
            stack=self._run.stack,
            project=self._run.project,
            parent_type=urns.qualified_type(old_parent),
            type_=type_,
            name=name,
        )


def _conflict(alias: str, urn: str, other: str) -> str:
    return (
        f"Duplicate resource alias '{alias}' applied to resource with URN '{urn}' conflicting with resource with URN "
        f"'{other}'"
    )
