"""The picture in docs/architecture.md, drawn from imports: `python -m tests.support.picture` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grimp

from tests.support.programs import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn from imports: python -m tests.support.picture -->\n```mermaid\n", "```\n<!-- end -->\n"

_ROOMS = {
    "infra.residency": "kernel", "infra.settings": "settings", "components": "components", "infra.program": "program",
    "infra.providers": "program", "infra.exports": "program", "infra.holder_watch": "program", "infra.verify": "proof",
    "infra.retirement": "retirement", "infra.facts": "facts", "infra.engine": "engine", "infra.sandbox": "clouds",
    "infra.evidence": "evidence", "infra.cli": "cli", "infra.deploy": "deploy", "infra.cost": "cost",
}  # fmt: skip
"""Packages and modules, and the room that each belongs to."""

_SAID = {
    "kernel": "infra/residency: the kernel", "settings": "infra/settings", "components": "components",
    "program": "infra/program, providers, exports", "proof": "infra/verify: the proof",
    "retirement": "infra/retirement",
    "facts": "infra/facts: data", "engine": "infra/engine: embedded", "clouds": "infra/sandbox: simulated clouds",
    "evidence": "infra/evidence", "cli": "infra/cli", "deploy": "infra/deploy", "cost": "infra/cost",
}  # fmt: skip


def edges() -> dict[str, set[str]]:
    """Which room imports which other, from every import in the code, those inside functions too."""
    graph = grimp.build_graph("infra", "components")
    found: dict[str, set[str]] = {room: set() for room in _SAID}
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            here, there = _room(module), _room(other)
            if here and there and here != there:
                found[here].add(there)
    return found


def _room(module: str) -> str:
    return next((room for name, room in _ROOMS.items() if module == name or module.startswith(f"{name}.")), "")


def drawn(found: Mapping[str, set[str]]) -> str:
    """The picture in Mermaid's language: an arrow where a room imports another, but none that two others imply."""
    lines = [f'  {room}["{said}"]' for room, said in sorted(_SAID.items())]
    for room in sorted(found):
        implied = {far for near in found[room] for far in _reach(found, near, {room})}
        lines += [f"  {room} --> {other}" for other in sorted(found[room] - implied)]
    return "\n".join(["flowchart TD", *lines]) + "\n"


def _reach(found: Mapping[str, set[str]], start: str, seen: set[str]) -> set[str]:
    """Every room that one imports, directly or not, without a way over those that were seen."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        for other in found[todo.pop()] - reached - seen - {start}:
            reached.add(other)
            todo.append(other)
    return reached


def placed(text: str) -> str:
    """The document with the picture of the code as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + drawn(edges()) + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    print(DOCUMENT.relative_to(ROOT))
