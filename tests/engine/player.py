"""Plays a recorded scenario against the embedded engine and brings what happened into the recordings' form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.engine import deployment, edits, events, secrets, store
from infra.engine.digest import digest
from infra.engine.options import Command, Options, Result
from infra.engine.plans import Plan
from infra.engine.urns import UNKNOWN_ID
from infra.engine.values import UNKNOWN, Secret
from tests.engine import lab, programs

if TYPE_CHECKING:
    from infra.engine.resource import Resource

PROJECT, STACK = "lab", "dev"
PASSPHRASE = "correct horse"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FLAGS = {
    "--refresh": "refresh",
    "--target-dependents": "target_dependents",
    "--exclude-dependents": "exclude_dependents",
    "--exclude-protected": "exclude_protected",
    "--continue-on-error": "continue_on_error",
    "--ignore-protect": "ignore_protect",
    "--expect-no-changes": "expect_no_changes",
    "--preview-only": "preview_only",
    "--clear-pending-creates": "clear_pending_creates",
    "--save-plan": "generate_plan",
}


@dataclass
class Played:
    """What happened in one step, in the recordings' form."""

    exit: Any
    events: list[dict[str, Any]]
    changes: dict[str, int] | None
    calls: list[dict[str, Any]]
    errors: dict[str, list[Any]]
    state: dict[str, list[dict[str, Any]]]
    store: list[str]
    outputs: dict[str, Any]
    preview: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Player:
    """Holds what lives through the steps of a scenario: the provider's store, the state file, the names seen."""

    def __init__(self, server: lab.Server, folder: Path, scenario: dict[str, Any]) -> None:
        self._server = server
        self._lab = server.lab = self._fresh(server)
        self._scenario = scenario
        self._path = folder / "state.json"
        self._plan = folder / "plan.json"
        self._program: dict[str, Any] | None = None
        self._manager = secrets.SecretsManager(PASSPHRASE, rounds=1)
        self._ids: dict[str, str] = {}
        self._id_counts: dict[str, int] = {}

    @staticmethod
    def _fresh(server: lab.Server) -> lab.Lab:
        server.lab.__init__()
        return server.lab

    def play(self, step: dict[str, Any]) -> Played:
        """Play one step."""
        self._program = step.get("program", self._program)
        preview = step["command"] == "preview" or "--preview-only" in step.get("flags", ())
        for edit in step.get("storeEdits", ()):
            self._lab.edit(edit)
        self._lab.begin_step(step.get("faults", []), preview=preview)
        seen: list[events.Event] = []
        cli: list[str] = []
        result: Result | None = None
        try:
            exit_, result, happened = self._command(step, seen, cli)
        finally:
            calls = self._lab.calls
            names = dict(self._lab.generated)
            self._lab.end_step()
        digested = digest(seen, show_sames=True) if step["command"] == "preview" else None
        happened = happened or [_event(e) for e in seen]
        return self._described(exit_, result, happened=happened, document=digested, calls=calls, names=names, cli=cli)

    def _command(self, step, seen, cli):
        command, flags = step["command"], list(step.get("flags", ()))
        if command == "cancel":
            store.unlock(self._path)
            return 0, None, None
        if command == "state":
            return self._edit(flags, cli), None, None
        if step.get("killOnHang"):
            return "killed", None, self._killed(step)
        options = self._options(flags)
        try:
            with store.StateFile.open(self._path, self._manager, writable=not _previews(command, options)) as file:
                result = deployment.run(
                    command=Command(command),
                    program=programs.build(self._program) if command in ("preview", "up") else None,
                    project=PROJECT,
                    stack=STACK,
                    config={**self._scenario["config"], **step.get("config", {})},
                    state=file.state,
                    providers={"lab": self._server.address},
                    root_directory=Path(__file__).parent,
                    options=options,
                    on_event=seen.append,
                    sink=None if _previews(command, options) else file,
                )
        except store.LockedError as error:
            cli.append(f"error: {error}")
            return 1, None, None
        if any(d.message.startswith("no resource named") for d in result.diagnostics):
            # Pulumi says so before its engine begins, and so outside of the event stream.
            cli.extend(f"error: {d.message}" for d in result.diagnostics)
            return int(result.exit), None, None
        if result.plan is not None:
            self._plan.write_text(json.dumps(result.plan.dump(self._manager.encrypt)))
        if result.exit == 7:
            what = "preview" if _previews(command, options) else "update"
            cli.append(f"error: no changes were expected for {what} but changes were proposed")
        return int(result.exit), result, None

    def _edit(self, flags: list[str], cli: list[str]) -> int:
        with store.StateFile.open(self._path, self._manager) as file:
            try:
                edited = edits.apply(file.state, flags)
            except edits.EditError as error:
                cli.append(f"error: {error}")
                return 1
            file.rebase(edited)
        return 0

    def _options(self, flags: list[str]) -> Options:
        given: dict[str, Any] = {"parallel": 1, "targets": [], "replaces": [], "excludes": []}
        rest = iter(flags)
        for flag in rest:
            match flag:
                case "--target":
                    given["targets"].append(next(rest))
                case "--replace":
                    given["replaces"].append(next(rest))
                case "--target-replace":
                    urn = next(rest)
                    given["targets"].append(urn)
                    given["replaces"].append(urn)
                case "--exclude":
                    given["excludes"].append(next(rest))
                case "--plan":
                    next(rest)
                    given["plan"] = Plan.load(json.loads(self._plan.read_text()), self._manager.decrypt)
                case "--save-plan":
                    next(rest)
                    given["generate_plan"] = True
                case _:
                    given[_FLAGS[flag]] = True
        return Options(**given)

    def _killed(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        """Run a step in a process of its own and kill it as soon as the provider hangs."""
        order = {
            "command": step["command"],
            "program": self._program,
            "config": {**self._scenario["config"], **step.get("config", {})},
            "path": str(self._path),
            "address": self._server.address,
        }
        with subprocess.Popen(
            [sys.executable, "-m", "tests.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as worker:
            worker.stdin.write(json.dumps(order))
            worker.stdin.close()
            if not self._lab.hanging.wait(timeout=60):
                worker.kill()
                raise AssertionError("the provider was never asked to hang")
            worker.kill()
            lines = worker.stdout.read().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _described(self, exit_, result, *, happened, document, calls, names, cli) -> Played:
        with store.StateFile.open(self._path, self._manager, writable=False) as file:
            state = file.state
        resources = [_resource(r) for r in state.resources]
        pending = [{"resource": _resource(o.resource), "type": str(o.kind)} for o in state.pending_operations]
        self._learn_ids([*state.resources, *(o.resource for o in state.pending_operations)])
        stack_outputs = {k: _shown(v) for k, v in state.stack_outputs.items()}
        reduced = None
        if document is not None:
            keys = ("op", "urn", "provider", "diffReasons", "detailedDiff", "replaceReasons")
            reduced = {
                "steps": [{k: s[k] for k in keys if s.get(k)} for s in document["steps"]],
                "changeSummary": document["changeSummary"],
            }
        diagnostics = [
            {k: v for k, v in (("urn", d.urn), ("severity", str(d.severity)), ("message", d.message)) if v}
            for d in (result.diagnostics if result else ())
            if d.severity in ("warning", "error")
        ]
        played = Played(
            exit=exit_,
            events=happened,
            changes={str(k): v for k, v in result.changes.items()} if result else None,
            calls=calls,
            errors={"diagnostics": diagnostics, "cli": cli},
            state={"resources": resources, "pendingOperations": pending},
            store=[id_ for _, id_ in self._lab.store],
            outputs=stack_outputs,
            preview=reduced,
        )
        normal = Played(**{k: self._normal(v, names) for k, v in vars(played).items()})
        normal.store.sort()
        return normal

    def _learn_ids(self, resources: list[Resource]) -> None:
        for resource in resources:
            if resource.is_provider and resource.id and resource.id not in self._ids:
                count = self._id_counts[resource.name] = self._id_counts.get(resource.name, 0) + 1
                suffix = f":{count}" if count > 1 else ""
                self._ids[resource.id] = f"<provider-id:{resource.name}{suffix}>"

    def _normal(self, value: Any, names: dict[str, str]) -> Any:
        if isinstance(value, dict):
            return {self._normal(k, names): self._normal(v, names) for k, v in value.items()}
        if isinstance(value, list):
            return [self._normal(v, names) for v in value]
        if not isinstance(value, str):
            return value
        text = value.replace(UNKNOWN_ID, "<unknown>")
        text = _UUID.sub(lambda m: self._ids.get(m.group(), m.group()), text)
        for actual, placeholder in names.items():
            text = text.replace(actual, placeholder)
        return text


def _previews(command: str, options: Options) -> bool:
    return command == "preview" or options.preview_only


def _event(event: events.Event) -> dict[str, Any] | None:
    """An event in the recordings' form; `None` for those that they leave out."""
    match event:
        case events.ResourcePre(step=step):
            out: dict[str, Any] = {"event": "pre", "op": str(step.op), "urn": step.urn}
            if step.provider:
                out["provider"] = step.provider
            if step.replace_reasons:
                out["replaceReasons"] = list(step.replace_reasons)
            if step.diff_reasons:
                out["diffs"] = list(step.diff_reasons)
            if step.detailed_diff:
                out["detailedDiff"] = {
                    k: {"diffKind": str(d.kind), "inputDiff": d.input_diff} for k, d in step.detailed_diff.items()
                }
            if not step.logical:
                out["logical"] = False
            return out
        case events.ResourceOutputs(step=step):
            return {"event": "outputs", "op": str(step.op), "urn": step.urn}
        case events.ResourceFailed(step=step):
            return {"event": "failed", "op": str(step.op), "urn": step.urn}
        case _:
            return None


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_shown(v) for v in value]
    if isinstance(value, Secret):
        return {"$secret": _shown(value.element)}
    return "<unknown>" if value is UNKNOWN else value


def _resource(resource: Resource) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "urn": resource.urn,
        "custom": resource.custom,
        "type": resource.type,
        "id": resource.id,
        "inputs": _shown(resource.inputs),
        "outputs": _shown(resource.outputs),
        "parent": resource.parent,
        "provider": resource.provider,
        "dependencies": sorted(resource.dependencies),
        "propertyDependencies": {k: sorted(v) for k, v in resource.property_dependencies.items()},
        "protect": resource.protect,
        "taint": resource.taint,
        "external": resource.external,
        "delete": resource.delete,
        "pendingReplacement": resource.pending_replacement,
        "retainOnDelete": resource.retain_on_delete,
        "deletedWith": resource.deleted_with,
        "replaceWith": resource.replace_with,
        "initErrors": resource.init_errors,
        "additionalSecretOutputs": resource.additional_secret_outputs,
        "importID": resource.import_id,
        "ignoreChanges": resource.ignore_changes,
        "replaceOnChanges": resource.replace_on_changes,
        "customTimeouts": {k: v for k, v in resource.custom_timeouts.items() if v},
        "aliases": resource.aliases,
        "hideDiff": resource.hide_diff,
        "replacementTrigger": _shown(resource.replacement_trigger),
        "refreshBeforeUpdate": resource.refresh_before_update,
        **resource.extra,
    }
    return {k: v for k, v in fields.items() if v or k == "custom"}


def play(server: lab.Server, scenario: dict[str, Any]) -> list[Played]:
    """Play all steps of a scenario."""
    with tempfile.TemporaryDirectory() as folder:
        player = Player(server, Path(folder), scenario)
        return [player.play(step) for step in scenario["steps"]]
