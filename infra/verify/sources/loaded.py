"""What a source yields, and how it says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.verify.graph import Graph

PROJECT: Final = "usdata"
"""The only project whose resources are judged here."""


class UnusableError(Exception):
    """A file that nothing can be proved from.

    Attributes:
        reason: One sentence, without a full stop.
        details: What was given and allowed, why, and how to mend it, as far as known.
    """

    def __init__(self, reason: str, *, given: str = "", allowed: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = {"given": given, "allowed": allowed, "why": why, "fix": fix}

    def text(self) -> str:
        """The refusal for people."""
        rows = [f"     {label:<8} {text}" for label, text in self.details.items() if text]
        return "\n".join([f"usdata: {self.reason}.", *rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read.

    Attributes:
        kind: `preview` or `state`.
        stack: The stack's name, from the URNs.
        graph: The resources.
        config: The stack's configuration, where the file has it.
        written: When the state was written, where the file says.
        secrets_provider: What encrypts the secrets of a state, where it says.
    """

    kind: str
    stack: str
    graph: Graph
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    written: str = ""
    secrets_provider: str = ""


def stack_of(graph: Graph, name: str) -> str:
    """The one stack of this project that all URNs name.

    Raises:
        UnusableError: There is none, or another project's.
    """
    found: set[str] = set()
    for urn in (*graph.nodes, *(node.urn for node in graph.gone)):
        parts = urn.split("::", 2)
        if len(parts) != len(("urn", "project", "rest")) or not parts[0].startswith("urn:pulumi:"):
            raise UnusableError(f"{name} has a resource without a URN", given=urn[:120], fix="export it anew")
        if parts[1] != PROJECT:
            raise UnusableError(f"{name} is of another project", given=parts[1], allowed=PROJECT)
        found.add(parts[0].removeprefix("urn:pulumi:"))
    if len(found) > 1:
        raise UnusableError(f"{name} mixes stacks", given=", ".join(sorted(found)), allowed="resources of one stack")
    return found.pop() if found else ""
