"""A stack's life on simulated clouds, played by the embedded engine: one stack file after another.

A legacy site is taken through its phases, and regions change their roles.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from infra import settings
from infra.cli.deployed import deployed
from infra.engine.digest import digest
from infra.engine.display import Recorder
from infra.engine.events import Event, Op
from infra.engine.options import Command, Result
from infra.engine.state import Deployment
from infra.program import provision
from infra.residency.deployment import DeploymentRequest
from infra.residency.evidence import Evidence
from infra.residency.holders import Deployed, data_buckets
from infra.residency.lifecycle import Phase
from infra.residency.planner import plan
from infra.residency.receipts import Scope, Step
from infra.verify.certificate import certificate
from infra.verify.checker import checker
from infra.verify.context import Context
from infra.verify.declared import KEY, declared
from infra.verify.proof import prove
from infra.verify.sources import preview
from infra.verify.verdict import Answer
from tests.support import beforehand
from tests.support.programs import AS_OF, ROOT, configuration
from tests.support.receipts import SIGNERS, chain, evidence, root
from tests.support.simulated import carry_out

SITE = "singapore"
"""The sandbox's site that is taken through its phases."""

STEPS = {
    Phase.BACKUP: (),
    Phase.DRAIN: (),
    Phase.WIPE: (Step.CENSUS, Step.COMPARISON),
    Phase.CLOSED: (Step.CENSUS, Step.COMPARISON, Step.WIPE, Step.EMPTY),
}
"""What has been done, and signed, when a phase is moved into."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """What an update did: keys (`<types>::<name>`) by what happened to them; `unprotected` gave up their protection."""

    creates: tuple[str, ...]
    updates: tuple[str, ...]
    replaces: tuple[str, ...]
    deletes: tuple[str, ...]
    unprotected: tuple[str, ...]
    same: int


def request(
    phase: Phase, had: Deployed, *, stack: str = "sandbox", sites: Sequence[str] = (SITE,)
) -> DeploymentRequest:
    """A shipped stack with sites in a phase, and what the phase needs beside it."""
    shipped = settings.read((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_bytes()).request
    moved = {
        site: replace(
            shipped.sites[site],
            phase=phase.value,
            operator_role="retirers",
            confirm_census=root(data_buckets(had, site)) if STEPS[phase] else None,
        )
        for site in sites
    }
    return replace(shipped, sites={**shipped.sites, **moved}, signers=SIGNERS)


def proof(phase: Phase, had: Deployed, *, stack: str = "sandbox", sites: Sequence[str] = (SITE,)) -> Evidence:
    """Test-signed receipts for a phase of sites, and what a state has."""
    places = request(Phase.BACKUP, had, stack=stack, sites=sites).sites
    scopes = [Scope(stack=stack, site=it, account_id=places[it].account_id, region=places[it].region) for it in sites]
    chains = [chain(scope, data_buckets(had, scope.site), *STEPS[phase], day=AS_OF) for scope in scopes]
    return evidence(*filter(None, chains), stack=stack, deployed=had)


@dataclass(kw_only=True)
class Life:
    """A stack's state and clouds from one move to the next."""

    clouds: Path
    state: Deployment
    stack: str = "sandbox"
    sites: Sequence[str] = (SITE,)
    residency: Answer | None = None
    """What is decided about the last preview of a phase."""
    _events: list[Event] = field(default_factory=list)

    @classmethod
    def begun(cls, folder: Path) -> "Life":
        """The sandbox's, whose stack is applied with its site in its first phase; played once, and copied."""
        content, state = _begun()
        life = cls(clouds=folder / "clouds.sqlite", state=state)
        life.clouds.write_bytes(content)
        return life

    @classmethod
    def of_production(cls, folder: Path) -> "Life":
        """Production's, with all its sites, before anything is applied; what it takes over is there."""
        life = cls(
            clouds=folder / "clouds.sqlite", state=Deployment(), stack="us-prod", sites=("singapore", "virginia")
        )
        for name in beforehand.ADOPTED:
            beforehand.legacy_bucket(life.clouds, name)
        beforehand.trust(life.clouds)
        return life

    def go(self, phase: Phase, *, command: Command = Command.UP) -> tuple[Result, Move]:
        """Apply (or preview) the stack in a phase of its sites; what a preview shows leaves no trace."""
        had = deployed(self.state)
        of = {"stack": self.stack, "sites": self.sites}
        believed = proof(phase, had, **of)
        told = self.apply(request(phase, had, **of), believed, command=command)
        if command is Command.PREVIEW:
            self.residency = self._decided(phase, believed)
        return told

    def apply(
        self, asked: DeploymentRequest, believed: Evidence, *, command: Command = Command.UP
    ) -> tuple[Result, Move]:
        """Apply (or preview) a stack file."""
        planned = plan(asked, AS_OF, believed)
        before = {resource.urn for resource in self.state.resources if resource.protect}
        recorder = Recorder()
        self._events.clear()

        def on_event(event: Event) -> None:
            recorder(event)
            self._events.append(event)

        result = carry_out(
            lambda: provision(planned), self.clouds, self.state, stack=self.stack, command=command, on_event=on_event
        )
        if command is Command.UP:
            self.state = result.state
        after = {resource.urn for resource in result.state.resources if not resource.protect}
        return result, _move(recorder, before & after)

    def _decided(self, phase: Phase, believed: Evidence) -> Answer:
        """What both deciders of every theorem say about a run, and the checker of what is proved; from its events."""
        document = digest(self._events, show_sames=True)
        loaded = preview.load(document, "the run")
        value = deepcopy(configuration(self.stack)["usdata:deployment"])
        for site in self.sites:
            value["legacy"]["sites"][site] |= {"phase": phase.value, "operatorRole": "retirers"}
        value["legacy"]["signers"] = SIGNERS
        found = Context(
            stack=self.stack,
            graph=loaded.graph,
            declared=declared({KEY: value}),
            as_of=AS_OF,
            receipts={site: tuple(text for _, text in texts) for site, texts in believed.receipts.items()},
        )
        proved = prove(found, paranoid=True)
        assert not proved.disagreeing
        if proved.answer is Answer.PROVED:
            checker.check(certificate(proved, kind="preview"), document)
        return proved.answer


@cache
def _begun() -> tuple[bytes, Deployment]:
    with TemporaryDirectory() as folder:
        life = Life(clouds=Path(folder) / "clouds.sqlite", state=Deployment())
        life.go(Phase.BACKUP)
        return life.clouds.read_bytes(), life.state


def _move(recorder: Recorder, unprotected: set[str]) -> Move:
    def keys(*ops: Op) -> Iterator[str]:
        yield from sorted(_key(change.step.urn) for change in recorder.changed() if change.op in ops)

    return Move(
        creates=tuple(keys(Op.CREATE, Op.IMPORT)),
        updates=tuple(keys(Op.UPDATE)),
        replaces=tuple(keys(Op.REPLACE)),
        deletes=tuple(keys(Op.DELETE)),
        unprotected=tuple(sorted(map(_key, unprotected))),
        same=sum(change.op is Op.SAME for change in recorder.all()),
    )


def _key(urn: str) -> str:
    return urn.split("::", 2)[2]
