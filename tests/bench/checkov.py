"""The proof beside Checkov, what most people have: the same resources, each command in a process of its own.

The production stack of about 1,000 resources is proved from its preview, and judged by Checkov as the plan of Terraform
that would make the same. `python -m tests.bench.checkov 10000` compares at that size, which takes Checkov minutes.
Checkov lives in an environment of its own under `.sandbox/`, made when it is first asked for; where it cannot be
installed, that is said and nothing is compared. Both are timed with their start, in processor time.

What it does not say: that the two answer the same question. Checkov holds each resource against rules of good practice;
how many of those there are for these resources is printed.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.verify.graph import UNKNOWN

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".sandbox" / "checkov"
REQUIREMENT = "checkov==3.3.30"
STACK, SIZE = "us-prod", 1_000
GOAL = 50
"""How many times as long Checkov takes, at least."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PUBLISHERS = {"aws": "hashicorp", "oci": "oracle"}
_MODULES = {"ObjectStorage": "objectstorage", "Sch": "sch_service"}


def main(size: int = SIZE) -> None:
    """Print both times and their ratio."""
    if problem := _install():
        print(f"  Checkov cannot be installed here, so nothing is compared: {problem}")
        return
    from tests.support import scaled  # noqa: PLC0415 - the SDK, needed for what is compared only

    document = scaled.document(STACK, size)
    with tempfile.TemporaryDirectory() as folder:
        preview, plan = Path(folder) / "preview.json", Path(folder) / "plan.json"
        preview.write_text(json.dumps(document), encoding="utf-8")
        planned = terraform(document["steps"])
        plan.write_text(json.dumps(planned), encoding="utf-8")
        proof = [sys.executable, "-m", "infra.verify", "--preview", str(preview), "--as-of", "2026-11-24"]
        ours = min(_seconds(proof)[0] for _ in range(4))
        checks = ["-f", str(plan), "--quiet", "--compact", "--skip-download", "--soft-fail", "--output", "json"]
        theirs, said = min(_seconds([str(ENVIRONMENT / "bin" / "checkov"), *checks]) for _ in range(2))
    summary = json.loads(said)["summary"]
    count = len(planned["planned_values"]["root_module"]["resources"])
    print(
        f"  {len(document['steps']):,} resources proved in {ours:.2f} s\n"
        f"  {count:,} of them in the clouds, judged by {REQUIREMENT} in {theirs:.2f} s "
        f"({summary['passed']} checks passed, {summary['failed']} failed)\n"
        f"  ratio {theirs / ours:.0f} (goal: at least {GOAL})",
        flush=True,
    )


def _install() -> str:
    """Make the environment where it is missing; why it cannot be made, or nothing."""
    if (ENVIRONMENT / "bin" / "checkov").exists():
        return ""
    uv, python = ROOT / ".venv" / "bin" / "uv", ENVIRONMENT / "bin" / "python"
    print(f"  installing {REQUIREMENT} into {ENVIRONMENT.relative_to(ROOT)} (once)", flush=True)
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT],
        [uv, "pip", "install", "--quiet", "--python", python, REQUIREMENT],
    ):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)  # noqa: S603 - our own
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["uv says no more"])[-1].strip()
    return ""


def _seconds(command: list[str]) -> tuple[float, str]:
    """Processor time of a command with all that it starts, and what it printed; its modules may stay compiled."""
    compiling = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=compiling)  # noqa: S603 - our own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def terraform(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan that Terraform would print for the resources of a preview: its types, names and nested blocks."""
    made = [_resource(step["newState"]) for step in steps if _in_a_cloud(step["newState"])]
    changes = [
        {
            **{key: it[key] for key in ("address", "mode", "type", "name", "provider_name")},
            "change": {"actions": ["create"], "before": None, "after": it["values"], "after_unknown": {}},
        }
        for it in made
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": made}},
        "resource_changes": changes,
        "configuration": {"root_module": {}},
    }


def _in_a_cloud(state: dict[str, Any]) -> bool:
    return state["type"].startswith(("oci:", "aws:"))


def _resource(state: dict[str, Any]) -> dict[str, Any]:
    cloud, path, _ = state["type"].split(":")
    module, kind = path.split("/")
    type_ = f"{cloud}_{_MODULES.get(module, _snake(module))}_{_snake(kind)}"
    name = re.sub(r"[^a-z0-9_-]", "_", state["urn"].rpartition("::")[2])
    return {
        "address": f"{type_}.{name}",
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_name": f"registry.terraform.io/{_PUBLISHERS[cloud]}/{cloud}",
        "values": _block(state["inputs"]),
    }


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()


def _block(properties: dict[str, Any]) -> dict[str, Any]:
    """A block's arguments; what is not known yet stands in no plan."""
    return {
        _snake(name): value if name.lower().endswith("tags") else _value(value)
        for name, value in properties.items()
        if not name.startswith("__") and value != UNKNOWN
    }


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return [_block(value)]
    if isinstance(value, list):
        return [_block(it) if isinstance(it, dict) else it for it in value]
    return value


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
