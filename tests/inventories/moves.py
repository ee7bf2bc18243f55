"""What each move of a legacy site does to the sandbox stack, as text to be read as a diff.

A move is played by the embedded engine on simulated clouds, with receipts signed by these tests. A line says what
happens to how many of which resources, and names them; `unprotected` are those that give up protection and retention.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from infra.engine.options import Command
from infra.residency.lifecycle import Phase
from tests.support.inventory import COMMAND, FOLDER
from tests.support.phases import SITE, Life, Move

PATH = FOLDER / "phases" / "sandbox.yaml"


def render() -> str:
    """The inventory of all moves, each previewed and then applied."""
    moves: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        life, before = Life.begun(Path(folder)), Phase.BACKUP
        for phase in (Phase.DRAIN, Phase.WIPE, Phase.CLOSED):
            _, shown = life.go(phase, command=Command.PREVIEW)
            planned = str(life.residency)
            result, done = life.go(phase)
            assert result.exit == 0
            assert (shown.creates, shown.updates, shown.deletes) == (done.creates, done.updates, done.deletes)
            moves[f"{before} -> {phase}"] = {"residency": planned} | lines(done)
            before = phase
    body = yaml.safe_dump({"stack": "sandbox", "site": SITE, "moves": moves}, sort_keys=False, width=140)
    return f"# Written by `{COMMAND}`; read it as a diff.\n{body}"


def lines(move: Move) -> dict[str, Any]:
    """What a move did, by operation and type."""
    told = {"create": move.creates, "update": move.updates, "delete": move.deletes, "unprotected": move.unprotected}
    if move.replaces:
        told["replace"] = move.replaces
    return {"same": move.same} | {what: _by_type(keys) for what, keys in told.items()}


def _by_type(keys: Iterable[str]) -> dict[str, str]:
    """Logical names by type, with their number."""
    names: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        chain, _, name = key.partition("::")
        names[chain.rpartition("$")[2]].append(name)
    return {token: f"{len(found)}: {', '.join(sorted(found))}" for token, found in sorted(names.items())}
