"""A stack on simulated clouds, played by the real engine in a folder of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.sandbox import ordinary_cli
from tests.engine.recorder import _read_events
from tests.support.simulated import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from infra.sandbox.faults import Faults


@dataclass(frozen=True, kw_only=True)
class Played:
    """What one command did.

    Attributes:
        exit: The process's exit code.
        events: The engine's steps in the recordings' form (`tests/engine/recordings/README.md`), in order.
        errors: What was said at severity error: URN (or none) and text.
        violations: What policy packs had against it: policy, text and URN.
        document: What `preview --json --show-sames` prints; `None` for other commands.
    """

    exit: int
    events: list[dict[str, Any]]
    errors: list[tuple[str, str]]
    document: dict[str, Any] | None
    violations: tuple[tuple[str, str, str], ...] = ()

    @property
    def done(self) -> set[tuple[str, str]]:
        """What was changed: operation and URN.

        Neither `same` nor `replace` changes anything: what a replacement does is `create-replacement` and
        `delete-replaced`. A run that fails between these two never tells of the `replace`, nor does the next one.
        """
        return {
            (e["op"], e["urn"]) for e in self.events if e["event"] == "outputs" and e["op"] not in {"same", "replace"}
        }


def _violations(log: Path) -> Iterator[tuple[str, str, str]]:
    for line in log.read_text().splitlines() if log.exists() else ():
        if (found := json.loads(line).get("policyEvent")) is not None:
            yield found["policyName"], found["message"], found.get("resourceUrn", "")


@dataclass
class OrdinaryStack:
    """A project in a folder of its own, with one stack.

    Attributes:
        project: The name in its Pulumi.yaml.
    """

    folder: Path
    stack: str
    project: str

    def ordinary(self, command: str, *flags: str, faults: Faults | None = None) -> Played:
        """Play a command with the real engine."""
        log = self.folder / ".sandbox" / "events.json"
        log.unlink(missing_ok=True)
        words = [command, "--event-log", str(log), *flags]
        words += ["--json", "--show-sames"] if command == "preview" else ["--yes", "--skip-preview"]
        with ordinary_cli.surroundings(self.folder, faults=faults) as environment:
            if not self._ordinary_state.exists():
                self._pulumi(environment, "stack", "init", self.stack, "--no-select")
            done = self._pulumi(environment, *words, "--stack", self.stack)
        events, _, diagnostics = _read_events(log)
        document = json.loads(done.stdout) if done.stdout.startswith("{") else None
        against = tuple(_violations(log))
        if done.returncode and not against and not any(d["severity"] == "error" for d in diagnostics):
            raise AssertionError(done.stdout + done.stderr)  # not the engine but the command line refused
        errors = [(d.get("urn", ""), d["message"]) for d in diagnostics if d["severity"] == "error"]
        return Played(exit=done.returncode, events=events, errors=errors, document=document, violations=against)

    def do(self, *words: str) -> str:
        """Run `pulumi ... --stack NAME` and return what it prints."""
        with ordinary_cli.surroundings(self.folder) as environment:
            done = self._pulumi(environment, *words, "--stack", self.stack)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def _ordinary_state(self) -> Path:
        return self.folder / ".sandbox" / "backend" / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"

    def ordinary_state(self) -> dict[str, Any]:
        """The state that the real engine keeps."""
        return json.loads(self._ordinary_state.read_text())["checkpoint"]["latest"]

    def export(self, path: Path) -> Path:
        """What `pulumi stack export` writes."""
        path.write_text(self.do("stack", "export"))
        return path

    def _pulumi(self, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 (the tests' own command)
            ["pulumi", "--non-interactive", *words],  # noqa: S607 (the one on PATH is meant)
            cwd=self.folder,
            env={**environment, "PULUMI_DEBUG_COMMANDS": "true"},  # the flag --event-log is one of those
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def remains(self) -> set[tuple[str, str, str]]:
        """What the simulated clouds hold: type, region, identifier."""
        return {(record.type, record.region, record.id) for record in records(self.clouds)}

    @property
    def clouds(self) -> Path:
        """The simulated clouds."""
        return self.folder / ".sandbox" / "clouds.sqlite"
