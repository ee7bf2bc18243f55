"""Records scenarios with the real Pulumi engine: `python -m tests.engine.recorder SCENARIO.json... --out FOLDER`.

A scenario file holds what stands under `scenario` in a recording. Needs `pulumi` on PATH; the provider is the same
`lab` double that replays use. The result has the form of the other recordings, so that `replay` can play it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.engine import secrets, state
from tests.engine import lab
from tests.engine.player import PASSPHRASE, Played, Player, _resource, _shown

_WIDTH = 240
_ROOT = Path(__file__).parents[2]
_MAIN = """import json, pathlib, sys
sys.path.insert(0, {root!r})
from tests.engine import programs
programs.build(json.loads(pathlib.Path({spec!r}).read_text()))()
"""


class Recorder(Player):
    """Plays a scenario with the real command line."""

    def __init__(self, server: lab.Server, folder: Path, scenario: dict[str, Any]) -> None:
        super().__init__(server, folder, scenario)
        self._folder = folder
        self._manager = secrets.SecretsManager(PASSPHRASE)
        (folder / "backend").mkdir()
        (folder / "project").mkdir()
        spec = folder / "program.json"
        project = {
            "name": "lab",
            "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(_ROOT / ".venv")}},
        }
        (folder / "project" / "Pulumi.yaml").write_text(json.dumps(project))
        (folder / "project" / "__main__.py").write_text(_MAIN.format(root=str(_ROOT), spec=str(spec)))
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": f"lab:{server.address.rpartition(':')[2]}",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_HOME": str(folder / "home"),
        }
        self._cli("stack", "init", "organization/lab/dev", check=True)

    def _cli(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=self._folder / "project",
            env=self._environment,
            capture_output=True,
            text=True,
            check=check,
        )

    def _command(self, step, seen, cli):
        command, flags = step["command"], list(step.get("flags", ()))
        (self._folder / "program.json").write_text(json.dumps(self._program))
        lines = ["config:"] + [
            f"  {k}: {json.dumps(v)}" for k, v in {**self._scenario["config"], **step.get("config", {})}.items()
        ]
        settings = self._folder / "project" / "Pulumi.dev.yaml"
        kept = [
            line
            for line in (settings.read_text() if settings.exists() else "").splitlines()
            if "encryptionsalt" in line
        ]
        settings.write_text("\n".join([*kept, *lines]) + "\n")
        if command == "cancel":
            return self._cli("cancel", "--yes").returncode, None, []
        if command == "state":
            done = self._cli("state", *flags, "--yes")
            cli.extend(_error_lines(done))
            return done.returncode, None, []
        log = self._folder / "events.json"
        log.unlink(missing_ok=True)
        words = [command, "--parallel", "1", "--event-log", str(log)]
        words += [str(self._plan) if f == "{plan}" else f for f in flags]
        if command == "preview":
            words += ["--json", "--show-sames"]
        else:
            words += [] if "--preview-only" in flags else ["--yes", "--skip-preview"]
        if step.get("killOnHang"):
            return "killed", None, self._kill(words, log)
        done = self._cli(*words)
        self._stdout = done.stdout
        cli.extend(_error_lines(done))
        happened, summary, diagnostics = _read_events(log)
        result = _Outcome(summary, diagnostics)
        self._document = json.loads(done.stdout) if command == "preview" and done.stdout.startswith("{") else None
        if any("error: " + d["message"].splitlines()[0] in line for d in diagnostics for line in cli):
            cli.clear()
        return done.returncode, result, happened

    def _kill(self, words, log):
        process = subprocess.Popen(
            ["pulumi", "--non-interactive", *words],
            cwd=self._folder / "project",
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._lab.hanging.wait(timeout=60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return _read_events(log)[0]

    def play(self, step: dict[str, Any]) -> Played:
        self._document = None
        return super().play(step)

    def _described(self, exit_, result, *, happened, document, calls, names, cli) -> Played:
        file = self._folder / "backend" / ".pulumi" / "stacks" / "lab" / "dev.json"
        text = json.loads(file.read_text())
        self._manager.adopt(state.secrets_providers_of(text))
        found = state.load(text, decrypt=self._manager.decrypt)
        self._learn_ids([*found.resources, *(o.resource for o in found.pending_operations)])
        reduced = None
        if self._document is not None:
            keys = ("op", "urn", "provider", "diffReasons", "detailedDiff", "replaceReasons")
            reduced = {
                "steps": [{k: s[k] for k in keys if s.get(k)} for s in self._document.get("steps") or ()],
                "changeSummary": self._document.get("changeSummary") or {},
            }
        played = Played(
            exit=exit_,
            events=happened,
            changes=result.changes if result else None,
            calls=calls,
            errors={"diagnostics": result.diagnostics if result else [], "cli": cli},
            state={
                "resources": [_resource(r) for r in found.resources],
                "pendingOperations": [
                    {"resource": _resource(o.resource), "type": str(o.kind)} for o in found.pending_operations
                ],
            },
            store=[id_ for _, id_ in self._lab.store],
            outputs={k: _shown(v) for k, v in found.stack_outputs.items()},
            preview=reduced,
        )
        normal = Played(**{k: self._normal(v, names) for k, v in vars(played).items()})
        normal.store.sort()
        return normal


class _Outcome:
    plan = None

    def __init__(self, changes, diagnostics) -> None:
        self.changes, self.diagnostics = changes, diagnostics


def _error_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in (done.stderr + done.stdout).splitlines() if line.startswith("error: ")]


def _read_events(log: Path):
    events, changes, diagnostics = [], None, []
    if not log.exists():
        return events, changes, diagnostics
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        for key, name in (("resourcePreEvent", "pre"), ("resOutputsEvent", "outputs"), ("resOpFailedEvent", "failed")):
            if key in entry:
                events.append(_event(name, entry[key]["metadata"]))
        if "summaryEvent" in entry:
            changes = entry["summaryEvent"]["resourceChanges"]
        diagnostic = entry.get("diagnosticEvent")
        if diagnostic and diagnostic["severity"] in ("warning", "error") and not diagnostic.get("ephemeral"):
            message = diagnostic["message"].replace("<{%reset%}>", "").strip()
            if "Traceback" in message:
                rows = [row for row in message.splitlines() if row.strip()]
                message = f"{rows[0]} ... {rows[-1]}"
            kept = {"severity": diagnostic["severity"], "message": message}
            diagnostics.append({"urn": diagnostic["urn"], **kept} if diagnostic.get("urn") else kept)
    return events, changes, diagnostics


def _event(name: str, metadata: dict[str, Any]) -> dict[str, Any]:
    out = {"event": name, "op": metadata["op"], "urn": metadata["urn"]}
    if name != "pre":
        return out
    if metadata.get("provider"):
        out["provider"] = metadata["provider"]
    if metadata.get("keys"):
        out["replaceReasons"] = metadata["keys"]
    if metadata.get("diffs"):
        out["diffs"] = metadata["diffs"]
    if metadata.get("detailedDiff"):
        out["detailedDiff"] = metadata["detailedDiff"]
    if not metadata.get("logical"):
        out["logical"] = False
    return out


def record(server: lab.Server, scenario: dict[str, Any]) -> dict[str, Any]:
    """Record one scenario."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(server, Path(folder), scenario)
        results = []
        for step in scenario["steps"]:
            played = recorder.play(step)
            results.append(
                {
                    "exitCode": played.exit,
                    **({"previewJson": played.preview} if played.preview else {}),
                    "events": played.events,
                    "resourceChanges": played.changes,
                    "providerCalls": played.calls,
                    "errors": played.errors,
                    "stateAfter": played.state,
                    "storeAfter": played.store,
                    "stackOutputs": played.outputs,
                    "repeats": {"runs": 1, "orderVaried": False, "varied": []},
                }
            )
    return {"scenario": scenario, "results": results}


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON with what fits on a line on one line."""
    line = json.dumps(value)
    if len(line) + len(indent) <= _WIDTH or not isinstance(value, dict | list):
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{deeper}{json.dumps(k)}: {_laid_out(v, deeper)}" for k, v in value.items()]
    else:
        parts = [deeper + _laid_out(v, deeper) for v in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(parts), indent + closing])


def write(recording: dict[str, Any], folder: Path) -> None:
    """Keep a recording under its scenario's name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{recording['scenario']['name']}.json").write_text(_laid_out(recording) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Record what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.recorder", description=__doc__)
    parser.add_argument("scenarios", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    if shutil.which("pulumi") is None:
        print("recorder: pulumi is not on PATH", file=sys.stderr)
        return 2
    with lab.Server() as server:
        for file in options.scenarios:
            document = json.loads(file.read_text())
            scenario = document.get("scenario", document)
            recording = record(server, scenario)
            write(recording, options.out)
            print(scenario["name"], [r["exitCode"] for r in recording["results"]], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
