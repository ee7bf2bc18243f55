"""What the embedded engine adds to the SDK's own evaluation of a program, in time and memory.

The same program of 1,000 resources is evaluated under the SDK's mocks and previewed by the engine against a provider
that answers at once, each in a fresh process, in turns. A provider that costs nothing is the point: what remains is the
engine. It does not say what a preview against real or simulated clouds costs.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESOURCES = 1_000
ROUNDS = 5


def main() -> None:
    """Print medians and the ratio of each pair."""
    pairs = [(_measure("mocks"), _measure("engine")) for _ in range(ROUNDS)]
    for index, (unit, goal) in enumerate((("s", 1.2), ("MB", 1.5))):
        mocks = statistics.median(pair[0][index] for pair in pairs)
        engine = statistics.median(pair[1][index] for pair in pairs)
        ratio = statistics.median(pair[1][index] / pair[0][index] for pair in pairs)
        print(
            f"preview of {RESOURCES} resources: mocks {mocks:.2f} {unit}, engine {engine:.2f} {unit}, "
            f"ratio {ratio:.2f} (goal: at most {goal})",
            flush=True,
        )


def _measure(how: str) -> tuple[float, float]:
    """Seconds and megabytes of one run in a process of its own."""
    done = subprocess.run([sys.executable, "-m", __name__, how], capture_output=True, text=True, check=True)  # noqa: S603
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


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
    print(json.dumps([time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
