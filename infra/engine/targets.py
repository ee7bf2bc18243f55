"""Which resources a run is limited to: URNs, and patterns in which `*` stops at a colon and `**` does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Targets:
    """A set of URNs and patterns; empty means no limit."""

    def __init__(self, urns_or_patterns: Iterable[str]) -> None:
        given = list(urns_or_patterns)
        self.literals: dict[str, None] = {u: None for u in given if "*" not in u}
        self._patterns = [_compile(p) for p in given if "*" in p]

    def copy(self) -> Targets:
        """A set that can grow on its own."""
        twin = Targets(())
        twin.literals = dict(self.literals)
        twin._patterns = list(self._patterns)
        return twin

    def __bool__(self) -> bool:
        """Whether there is a limit."""
        return bool(self.literals) or bool(self._patterns)

    def __contains__(self, urn: str) -> bool:
        """Whether a resource is within the limit."""
        return not self or urn in self.literals or any(p.fullmatch(urn) for p in self._patterns)

    def add(self, urn: str) -> None:
        """Let a further resource in, if there is a limit at all."""
        if self:
            self.literals[urn] = None


def _compile(pattern: str) -> re.Pattern[str]:
    parts = ["[^:]*".join(re.escape(text) for text in between.split("*")) for between in pattern.split("**")]
    return re.compile(".*".join(parts), re.DOTALL)
