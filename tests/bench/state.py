"""What a large state costs: reading and writing it, and keeping it while a run goes on.

A state of 10,000 resources with a secret in every tenth is written, read and refreshed without a change, against a
provider that answers at once; the same for a tenth of it. Each costs about ten times as much if it is linear. An
operation that is kept on disk must cost the same in either, since a run notes changes rather than the whole state.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from infra.engine import deployment
from infra.engine.journal import Journal
from infra.engine.options import Command, Exit
from infra.engine.resource import OperationKind, Resource
from infra.engine.secrets import SecretsManager
from infra.engine.state import Deployment
from infra.engine.store import StateFile
from infra.engine.values import Secret
from tests.bench._echo import Echo

SIZES = (1_000, 10_000)
OPERATIONS = 200


def main() -> None:
    """Print seconds for each size and how they grow."""
    small, large = (_measured(size) for size in SIZES)
    for what in small:
        growth = large[what] / small[what]
        goal = "about 1" if what.startswith("one operation") else "about 10"
        print(
            f"{what}: {small[what]:.4f} s of {SIZES[0]}, {large[what]:.4f} s of {SIZES[1]}, ratio {growth:.1f} ({goal})"
        )
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


def _measured(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        manager = SecretsManager("bench", rounds=1)
        times: dict[str, float] = {}
        with StateFile.open(path, manager) as file:
            times["write"] = _seconds(lambda: file.rebase(_state(size)))
        times["read"] = _seconds(lambda: _read(path, manager))
        with StateFile.open(path, manager) as file:
            times["refresh"] = _seconds(lambda: _refresh(file))
        with StateFile.open(path, manager) as file:
            journal = Journal(file.state, file)
            _operate(journal, file.state.resources[1:2])  # the first one names the file that the log continues
            some = file.state.resources[2 : OPERATIONS + 2]
            times["one operation kept"] = _seconds(lambda: _operate(journal, some)) / OPERATIONS
        return times


def _seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _state(size: int) -> Deployment:
    provider = Resource(
        urn="urn:pulumi:s::p::pulumi:providers:bench::cloud",
        type="pulumi:providers:bench",
        custom=True,
        id="5f0c0000-0000-4000-8000-000000000000",
        inputs={"region": "r1"},
    )
    return Deployment(resources=[provider, *(_thing(number, provider) for number in range(size))])


def _thing(number: int, provider: Resource) -> Resource:
    inputs = {"name": f"thing-{number}", "tags": {"number": number, "of": "bench"}, "list": [1, 2, 3]}
    if number % 10 == 0:
        inputs["key"] = Secret(f"secret {number}")
    before = [f"urn:pulumi:s::p::bench:index:Thing::thing-{number - 1}"] if number % 10 else []
    return Resource(
        urn=f"urn:pulumi:s::p::bench:index:Thing::thing-{number}",
        type="bench:index:Thing",
        custom=True,
        id=f"id-{number}",
        inputs=inputs,
        outputs={**inputs, "serial": f"sn-{number}"},
        provider=f"{provider.urn}::{provider.id}",
        dependencies=before,
    )


def _read(path: Path, manager: SecretsManager) -> None:
    with StateFile.open(path, manager, writable=False) as file:
        assert file.state.resources


def _refresh(file: StateFile) -> None:
    result = deployment.run(
        command=Command.REFRESH,
        program=None,
        project="p",
        stack="s",
        config={},
        state=file.state,
        providers=lambda _package: Echo(),
        root_directory=Path.cwd(),
        sink=file,
    )
    assert result.exit is Exit.OK, result.diagnostics


def _operate(journal: Journal, resources: list[Resource]) -> None:
    for old in resources:
        new = old.copy()
        number = journal.begin(new, OperationKind.UPDATING)
        journal.end(number, new=new, drop=old)
