"""What the embedded engine adds to the SDK's own evaluation of a program, in time and memory; and the real engine.

The same program of 1,000 resources is evaluated under the SDK's mocks and previewed by the engine against a provider
that answers at once, each in a fresh process, in turns. A provider that costs nothing is the point: what remains is the
engine. It does not say what a preview against real or simulated clouds costs.

Where `pulumi` is on PATH, a preview of the sandbox stack is timed through both command lines, from the same state (the
empty one) on the same simulated clouds, start to end.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESOURCES = 1_000
ROUNDS = 5


def main() -> None:
    """Print medians and the ratio of each pair."""
    with tempfile.TemporaryDirectory() as compiled:
        # As installed, with modules compiled: an environment may forbid Python to keep what it compiles.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        _preview_of_many(environment)
        if shutil.which("pulumi") is None:
            print("preview of the sandbox stack: pulumi is not on PATH, nothing to compare with")
        else:
            _preview_of_sandbox(environment, Path(compiled) / "project")


def _preview_of_many(environment: dict[str, str]) -> None:
    def pair() -> tuple[list[float], list[float]]:
        return _measure("mocks", environment), _measure("engine", environment)

    pair()  # to compile the modules
    pairs = [pair() for _ in range(ROUNDS)]
    for index, (what, unit, goal) in enumerate(
        (
            ("wall time", "s", "at most 1.2"),
            ("CPU time", "s", "none, for machines with other work"),
            ("memory", "MB", "at most 1.5"),
        )
    ):
        mocks = statistics.median(mocks[index] for mocks, _ in pairs)
        engine = statistics.median(engine[index] for _, engine in pairs)
        ratio = statistics.median(engine[index] / mocks[index] for mocks, engine in pairs)
        print(
            f"preview of {RESOURCES} resources, {what}: mocks {mocks:.2f} {unit}, engine {engine:.2f} {unit}, "
            f"ratio {ratio:.2f} (goal: {goal})",
            flush=True,
        )


def _measure(how: str, environment: dict[str, str]) -> list[float]:
    """Seconds of wall and CPU time and megabytes of one run in a process of its own."""
    command = [sys.executable, "-m", __name__, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603 - our own command
    return json.loads(done.stdout)


def _preview_of_sandbox(environment: dict[str, str], folder: Path) -> None:
    from tests.integration.engines import Project  # noqa: PLC0415 - only where there is something to compare with

    project = Project.made(folder)
    embedded = [sys.executable, "-m", "infra", "preview", "--stack", "sandbox"]
    ordinary = [sys.executable, "-m", "infra.sandbox", "run", "--", "pulumi", "preview", "--stack", "sandbox"]

    def seconds(command: list[str]) -> float:
        started = time.perf_counter()
        subprocess.run(command, cwd=project.folder, env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own commands
        return time.perf_counter() - started

    seconds(embedded)
    seconds(ordinary)
    pairs = [(seconds(embedded), seconds(ordinary)) for _ in range(ROUNDS)]
    print(
        f"preview of the sandbox stack, wall time: pulumi {statistics.median(o for _, o in pairs):.2f} s, "
        f"python -m infra {statistics.median(e for e, _ in pairs):.2f} s, "
        f"ratio {statistics.median(e / o for e, o in pairs):.2f} (goal: below 0.7)",
        flush=True,
    )


def _program() -> None:
    """Components with a few resources each, in chains: the shape of a real stack."""
    import pulumi  # noqa: PLC0415 - only the measured process needs the SDK

    class Thing(pulumi.CustomResource):
        def __init__(self, name: str, props: dict[str, object], opts: pulumi.ResourceOptions) -> None:
            super().__init__("bench:index:Thing", name, {**props, "serial": None}, opts)

    class Box(pulumi.ComponentResource):
        def __init__(self, name: str, cloud: pulumi.ProviderResource) -> None:
            super().__init__("bench:index:Box", name, {})
            below = pulumi.ResourceOptions(parent=self, provider=cloud)
            before: pulumi.Output[str] | str = "none"
            for index in range(9):
                thing = Thing(f"{name}-{index}", {"up": before, "size": index, "tags": {"box": name}}, below)
                before = thing.id
            self.register_outputs({"last": before})

    class Cloud(pulumi.ProviderResource):
        def __init__(self) -> None:
            super().__init__("bench", "cloud", {"region": "r1"})

    cloud = Cloud()
    for number in range(RESOURCES // 10):
        Box(f"box-{number}", cloud)


def _under_mocks() -> None:
    import asyncio  # noqa: PLC0415 - as above

    from pulumi.runtime import mocks, settings, stack  # noqa: PLC0415

    class Echo(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, object]]:
            return f"{args.name}-id", args.inputs

        def call(self, args: mocks.MockCallArgs) -> dict[str, object]:
            return args.args

    monitor = mocks.MockMonitor(Echo())
    around = settings.Settings(
        monitor=monitor, engine=mocks.MockEngine(None), project="bench", stack="bench", dry_run=True
    )
    settings.configure(around)
    asyncio.run(stack.run_in_stack(_program))


def _under_engine() -> None:
    from infra.engine import deployment  # noqa: PLC0415 - as above
    from infra.engine.options import Command  # noqa: PLC0415
    from infra.engine.state import Deployment  # noqa: PLC0415
    from tests.bench._echo import Echo  # noqa: PLC0415

    result = deployment.run(
        command=Command.PREVIEW,
        program=_program,
        project="bench",
        stack="bench",
        config={},
        state=Deployment(),
        providers=lambda _package: Echo(),
        root_directory=Path.cwd(),
    )
    assert result.exit == 0, result.diagnostics


if __name__ == "__main__":
    started = time.perf_counter()
    {"mocks": _under_mocks, "engine": _under_engine}[sys.argv[1]]()
    wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
