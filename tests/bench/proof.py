"""What a proof costs: at 10,000 and 100,000 resources, after one change, and to import; and what Checkov costs.

The graphs are the production stack with more datasets and hostnames (`tests/support/scaled.py`), at a first preview:
no id is known, so every reference has to be attributed. Each is proved in processes of its own, as the command does it,
and the best of some rounds counts. Processor time is what is held against the limits: wall time, printed beside it,
says how busy the machine is. Memory is the most that the process held while it proved, less what it held when the
document was parsed. A proof that does not answer PROVED fails the benchmark.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STACK = "us-prod"
ROUNDS = 3
LIMITS = {10_000: (1.0, 150), 100_000: (10.0, 1_500)}
"""Seconds and megabytes for so many resources."""

AGAIN_MILLISECONDS = 50
IMPORT_MILLISECONDS = 60
IMPORT_ROUNDS = 15


def main() -> None:
    """Print each measure beside its limit."""
    with tempfile.TemporaryDirectory() as folder:
        for size in LIMITS:
            _proof(size, Path(folder))
        _again(Path(folder) / f"{min(LIMITS):d}.json")
    _import()


def _proof(size: int, folder: Path) -> None:
    from tests.support import scaled  # noqa: PLC0415 - needs the SDK, and the measured processes do without

    path = folder / f"{size}.json"
    path.write_text(json.dumps(scaled.document(STACK, size)), encoding="utf-8")
    rounds = [_measured(path) for _ in range(ROUNDS)]
    best: dict[str, list[float]] = {
        what: [min(it["seconds"][what][at] for it in rounds) for at in (0, 1)] for what in rounds[0]["seconds"]
    }
    megabytes = min(it["megabytes"] for it in rounds)
    print(f"  {STACK} with {rounds[0]['resources']:,} resources, a preview of {path.stat().st_size / 1e6:.0f} MB")
    for what, (used, wall) in best.items():
        print(f"    {what:<18}{used * 1000:9.0f} ms{wall * 1000:9.0f} ms wall")
    proof = [sum(it[at] for what, it in best.items() if what != "parse") for at in (0, 1)]
    seconds, limit = LIMITS[size]
    print(
        f"    {'all but to parse':<18}{proof[0] * 1000:9.0f} ms{proof[1] * 1000:9.0f} ms wall"
        f"   limit {seconds * 1000:,.0f} ms\n"
        f"    {'memory beyond it':<18}{megabytes:9.0f} MB{'':17}limit {limit:,} MB",
        flush=True,
    )


def _again(path: Path) -> None:
    """One resource of each type is changed, and the stack proved again each time."""
    found = sorted(_measured(path, "again"), key=lambda it: it[0])
    milliseconds, slowest = [it[0] * 1000 for it in found], ", ".join(it[1].rpartition(":")[2] for it in found[-4:])
    within = sum(it <= AGAIN_MILLISECONDS for it in milliseconds)
    print(
        f"  {STACK} with {min(LIMITS):,} resources after one change, of each of {len(found)} types in turn\n"
        f"    median {statistics.median(milliseconds):.0f} ms; {within} within the limit of {AGAIN_MILLISECONDS} ms\n"
        f"    most {milliseconds[-1]:.0f} ms; {slowest} take longest",
        flush=True,
    )


def _measured(path: Path, *what: str) -> Any:
    command = [sys.executable, "-m", __name__, str(path), *what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return json.loads(done.stdout)


def _import() -> None:
    """Processor time of a fresh interpreter that imports it, less that of one that imports nothing.

    The modules are compiled, by the first of the rounds if nobody did before.
    """
    bare = _of_process("pass")
    for what, code in (
        ("the proof", "import infra.verify.proof, infra.verify.certificate"),
        ("its command line", "import infra.verify.command_line, infra.verify.certificate"),
    ):
        used = (_of_process(f"import gc; gc.disable(); {code}") - bare) * 1000
        limit = (
            f"   limit {IMPORT_MILLISECONDS} ms" if what == "the proof" else "   with click, which reads its options"
        )
        print(f"  to import {what:<18}{used:7.0f} ms{limit}", flush=True)


def _of_process(code: str) -> float:
    compiling = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=compiling)  # noqa: S603 - our own code
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(IMPORT_ROUNDS))


def measure(path: Path) -> dict[str, Any]:
    """What one proof of a preview costs, step by step, in this process."""
    gc.disable()  # as the command does
    from infra.verify import certificate, inputs  # noqa: PLC0415 - no part of what is measured
    from infra.verify.proof import Proof  # noqa: PLC0415
    from infra.verify.sources import documents, preview  # noqa: PLC0415
    from infra.verify.theorems import THEOREMS  # noqa: PLC0415

    seconds: dict[str, tuple[float, float]] = {}

    def timed(what: str, function: Callable[[], Any]) -> Any:
        used, wall = time.process_time(), time.perf_counter()
        found = function()
        seconds[what] = (time.process_time() - used, time.perf_counter() - wall)
        return found

    document: Mapping[str, Any] = timed("parse", lambda: documents.document(path))
    before = _memory("VmRSS")
    _forget_peak()
    loaded = timed("graph", lambda: preview.load(document, path.name))
    asked = inputs.Asked(preview=path, state=None, stack_file=None, receipts=None, as_of=date(2026, 11, 24))
    context = timed("declarations", lambda: inputs.context(loaded, loaded.config, asked))
    verdicts = tuple(timed(f"{it.ID} {it.TITLE}", lambda it=it: it.decide(context)) for it in THEOREMS)
    proof = Proof(context=context, verdicts=verdicts, resources=len(loaded.graph.nodes), seconds=0)
    assert proof.answer == "PROVED", [verdict.theorem for verdict in verdicts if verdict.answer != "PROVED"]
    timed("certificate", lambda: certificate.certificate(proof, kind="preview"))
    return {"resources": proof.resources, "seconds": seconds, "megabytes": (_memory("VmHWM") - before) / 1024}


def again(path: Path) -> list[tuple[float, str]]:
    """Seconds that it takes to put one resource of each type in place of another and to prove the stack again."""
    gc.disable()
    from infra.verify import inputs  # noqa: PLC0415 - as above
    from infra.verify.graph import Graph  # noqa: PLC0415
    from infra.verify.incremental import Prover  # noqa: PLC0415
    from infra.verify.sources import documents, preview  # noqa: PLC0415

    loaded = preview.load(documents.document(path), path.name)
    asked = inputs.Asked(preview=path, state=None, stack_file=None, receipts=None, as_of=date(2026, 11, 24))
    context, prover = inputs.context(loaded, loaded.config, asked), Prover()
    prover.prove(context)
    found: list[tuple[float, str]] = []
    for type_ in context.graph.types:
        node = context.graph.of(type_)[0]
        other = replace(node, inputs={**node.inputs, "another": "input"})
        used = time.process_time()
        graph = Graph({**context.graph.nodes, node.urn: other}, context.graph.gone)
        prover.prove(context._replace(graph=graph))
        found.append((time.process_time() - used, type_))
        prover.prove(context)
    return found


def _memory(which: str) -> float:
    """Kilobytes that this process holds (`VmRSS`), or has held at most (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(which)).split()[1])


def _forget_peak() -> None:
    """Linux forgets what the process held at most when it is told so."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    print(json.dumps((again if sys.argv[2:] else measure)(Path(sys.argv[1]))))
