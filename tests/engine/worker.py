"""Runs one step in a process of its own, so that it can be killed or interrupted.

The events go to standard output, one a line; how it ended goes to standard error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra.engine import deployment, secrets, store
from infra.engine.options import Command, Options
from tests.engine import player, programs


def main() -> None:
    """Do what standard input says."""
    order = json.loads(sys.stdin.read())

    def tell(event: object) -> None:
        described = player._event(event)
        if described is not None:
            print(json.dumps(described), flush=True)

    manager = secrets.SecretsManager(player.PASSPHRASE, rounds=1)
    with store.StateFile.open(Path(order["path"]), manager) as file:
        result = deployment.run(
            command=Command(order["command"]),
            program=programs.build(order["program"]) if order["command"] == "up" else None,
            project=player.PROJECT,
            stack=player.STACK,
            config=order["config"],
            state=file.state,
            providers={"lab": order["address"]},
            root_directory=Path(__file__).parent,
            options=Options(parallel=order.get("parallel", 1)),
            on_event=tell,
            sink=file,
        )
    ended = {"exit": result.exit, "pending": list(result.pending), "told": [d.message for d in result.diagnostics]}
    print(json.dumps(ended), file=sys.stderr)


if __name__ == "__main__":
    main()
