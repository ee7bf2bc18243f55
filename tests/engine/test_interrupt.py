"""Ctrl-C: what is in flight finishes and is written down, nothing else begins, the next run goes on.

Proves it with a real SIGINT to a process that runs an update, while real provider calls are held up on a server in this
process. It does not cover a provider that never answers: then Ctrl-C waits, and killing the process is what is left
(tests/crash).
"""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from infra.engine import registry, secrets, store
from tests.engine import lab, player

PROVIDER = {"kind": "provider", "name": "p", "config": {"region": "r1"}}


def thing(name, **inputs: Any):
    """A resource with a name of its own."""
    return {"kind": "thing", "name": name, "inputs": {"name": name, **inputs}, "opts": {"provider": "p"}}


def order(path, server, *things: Any, parallel=4):
    """What the process is to do."""
    return {
        "command": "up",
        "program": {"resources": [PROVIDER, *things]},
        "config": {},
        "path": str(path),
        "address": server.address,
        "parallel": parallel,
    }


def begun(work):
    """A process that does it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    process.stdin.write(json.dumps(work))
    process.stdin.close()
    process.stdin = None  # `communicate` is not to close it again
    return process


def names(path):
    """Logical names in the state that a run left, the stack's and the provider's left out."""
    with store.StateFile.open(path, secrets.SecretsManager(player.PASSPHRASE, rounds=1), writable=False) as file:
        assert file.state.pending_operations == []
        return {r.name for r in file.state.resources if not r.is_provider and r.custom}


def test_what_is_in_flight_finishes(tmp_path):
    """Two creations in flight are finished and kept, what depends on them does not begin, and a rerun does the rest."""
    path = tmp_path / "state.json"
    with lab.Server() as server:
        work = order(path, server, thing("a"), thing("b"), thing("after", of={"$ref": "a.serial"}))
        server.lab.begin_step([{"op": "Create", "name": name, "mode": "pause"} for name in ("a", "b")], preview=False)
        with begun(work) as process:
            assert server.lab.hanging.wait(timeout=60)
            process.send_signal(signal.SIGINT)
            assert server.lab.canceled.wait(timeout=60)  # the process has taken notice
            server.lab.release.set()
            _, told = process.communicate(timeout=60)
        ended = json.loads(told.splitlines()[-1])
        in_flight = {call["urn"].rpartition("::")[2] for call in server.lab.calls if call["op"] == "Create"}

        assert (process.returncode, ended["exit"], ended["pending"]) == (0, 1, [])
        assert ended["told"][-1] == "update canceled"
        assert "after" not in in_flight
        assert "a" in in_flight or "b" in in_flight
        assert names(path) == in_flight == {id_.partition("@")[0] for _, id_ in server.lab.store}

        server.lab.begin_step([], preview=False)
        with begun(work) as process:
            _, told = process.communicate(timeout=60)
        assert json.loads(told.splitlines()[-1]) == {"exit": 0, "pending": [], "told": []}
        assert names(path) == {"a", "b", "after"}
        created = [call["urn"].rpartition("::")[2] for call in server.lab.calls if call["op"] == "Create"]
        assert sorted(created) == sorted({"a", "b", "after"} - in_flight)


def test_nobody_is_asked_to_finish_whose_channel_is_closed():
    """The end of a run waits until everybody has been asked; afterwards there is nobody to ask."""
    told: list[str] = []

    class Asked:
        def cancel(self) -> None:
            ending.start()
            ending.join(0.05)  # it would have closed this one by now
            told.append("cancel")

        def close(self) -> None:
            told.append("close")

    providers = registry.Registry(lambda _: Asked(), lambda *_: lambda: None)
    providers._load("urn:pulumi:dev::lab::pulumi:providers:lab::p")
    ending = threading.Thread(target=providers.close)

    providers.cancel()
    ending.join()
    providers.cancel()

    assert told == ["cancel", "close"]
