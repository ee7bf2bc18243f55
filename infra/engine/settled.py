"""Which resources exist yet: a function that depends on one that does not cannot be called, its result is unknown."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


class Settled:
    """The resources that have been registered or read so far, and what is being registered below which parent."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._children: dict[str, list[str]] = {}
        self._is_custom: dict[str, bool] = {}
        self._absent: set[str] = set()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def registering(self, parent: str) -> Generator[None]:
        """A resource below `parent` is being registered."""
        with self._changed:
            self._under_way[parent] += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way[parent] -= 1
                self._changed.notify_all()

    def add(self, urn: str, parent: str, *, custom: bool, exists: bool) -> None:
        """A resource is there (or, in a preview, is not yet)."""
        with self._changed:
            if urn not in self._is_custom:
                self._children.setdefault(parent, []).append(urn)
            self._is_custom[urn] = custom
            if custom and not exists:
                self._absent.add(urn)
            self._changed.notify_all()

    def lacks_any(self, urns: Iterable[str]) -> bool:
        """Whether one of the resources, or one inside one of the components, does not exist yet."""
        roots = list(urns)
        with self._changed:
            while True:
                missing, components = self._expand(roots)
                if missing:
                    return True
                if not any(self._under_way[c] for c in components):
                    return False
                self._changed.wait()

    def _expand(self, roots: list[str]) -> tuple[bool, set[str]]:
        components: set[str] = set()
        frontier = list(roots)
        while frontier:
            urn = frontier.pop()
            if urn in self._absent:
                return True, components
            if self._is_custom.get(urn, True) or urn in components:
                continue
            components.add(urn)
            frontier.extend(self._children.get(urn, ()))
        return False, components
