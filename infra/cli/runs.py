"""Carries out one command on one stack: wires settings, program, engine and clouds together.

A simulated stack runs against the simulated clouds, its state is in `.sandbox/`. Any other stack is only previewed,
offline: against an exported state or an empty one, with no credentials and no cloud.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from infra.cli import stored
from infra.cli.refusal import BadStackFile, Exit, Refused
from infra.cli.workspace import PROJECT, Workspace, configuration
from infra.engine.display import Progress, Recorder, count
from infra.engine.events import Event
from infra.engine.options import Command, Options
from infra.residency.findings import ResidencyError
from infra.verify.verdict import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from infra.engine.options import Result
    from infra.engine.pending import Settlement
    from infra.engine.provider import ProviderFactory
    from infra.engine.state import Deployment
    from infra.engine.store import StateFile
    from infra.residency.evidence import Evidence
    from infra.residency.findings import Finding
    from infra.settings import Edit, Loaded
    from infra.verify.proof import Proof

    _Providers: TypeAlias = ProviderFactory | Mapping[str, str]

_CODE = Path(__file__).resolve().parents[2]
"""What places in the program are relative to."""

_PROGRAMS = frozenset({Command.PREVIEW, Command.UP})
"""The commands that run the program."""

_VERBS = {
    Command.PREVIEW: "planning",
    Command.UP: "updating",
    Command.REFRESH: "refreshing",
    Command.DESTROY: "destroying",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to do.

    Attributes:
        as_of: The day on which the plan is made.
        state_file: An exported state to preview against; `None` for the stack's own.
        edits: What is previewed in place of what the stack file says; for a preview only.
    """

    command: Command
    workspace: Workspace
    as_of: date
    state_file: Path | None = None
    edits: Sequence[Edit] = ()
    options: Options = field(default_factory=Options)

    @property
    def is_offline(self) -> bool:
        """Whether no cloud takes part, not even a simulated one."""
        return not self.workspace.is_simulated or self.state_file is not None

    @property
    def is_preview(self) -> bool:
        """Whether nothing is changed."""
        return self.command is Command.PREVIEW or self.options.preview_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a run started from.

    Attributes:
        digest: SHA-256 of the state file, in hexadecimal; empty if there was none.
        written: The day on which the state was written, or empty.
        resources: How many resources it has.
    """

    digest: str
    written: str
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run went.

    Attributes:
        proof: What was decided about the whole plan; None where the run does not show one, or failed.
    """

    request: Request
    loaded: Loaded
    basis: Basis
    before: Deployment
    result: Result
    recorder: Recorder
    events: list[Event]
    proof: Proof | None = None


def carry_out(request: Request) -> Outcome:
    """Do it; an update only where its plan is proved.

    Raises:
        Unproved: The plan of an update is not proved; nothing was applied.
        BadStackFile: The stack file may not be; nothing was planned.
        Refused: An argument or the state cannot be used; nothing was done.
    """
    _refuse_reality(request)
    with ExitStack() as held:
        state, file, basis = _state(request, held)
        evidence = evidence_for(request, state)
        loaded = load(request.workspace, request.as_of, evidence, request.edits)
        providers = _providers(request, held)
        if file is not None:
            state = _settled(request, file, providers)
        at = _Start(loaded=loaded, basis=basis, state=state, evidence=evidence, providers=providers)
        if request.command is Command.UP and not request.is_preview:
            planned = _carried_out(_planning(request), at, None)
            if planned.proof is None:
                return planned
            refuse_unproved(planned.proof)
            return _carried_out(request, at, file, planned.proof)
        return _carried_out(request, at, None if request.is_preview else file)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a run starts from."""

    loaded: Loaded
    basis: Basis
    state: Deployment
    evidence: Evidence
    providers: Any


def _planning(request: Request) -> Request:
    """What shows the whole plan of an update, whatever part of it is to be done."""
    options = Options(parallel=request.options.parallel, refresh=request.options.refresh)
    return replace(request, command=Command.PREVIEW, options=options)


def refuse_unproved(proof: Proof) -> None:
    """Refuse to apply a plan that is not proved.

    Raises:
        Unproved: It is not.
    """
    from infra.cli import verdict  # noqa: PLC0415 (only an update needs it)

    if proof.answer is not Answer.PROVED:
        raise verdict.unproved(proof)


def _carried_out(request: Request, start: _Start, sink: StateFile | None, planned: Proof | None = None) -> Outcome:
    """One run of an engine, with its progress shown; of an update whose plan is proved each step is, too."""
    recorder, events = Recorder(), list[Event]()
    progress = Progress(_VERBS[request.command], start.basis.resources)
    guarded, see = _guarded(request, planned)

    def on_event(event: Event) -> None:
        recorder(event)
        events.append(event)
        see(event)
        progress(event)

    with progress.shown():
        result = _run(
            guarded,
            start.state,
            sink,
            start.providers,
            on_event=on_event,
            evidence=start.evidence,
            value=start.loaded.value,
        )
    return Outcome(
        request=request,
        loaded=start.loaded,
        basis=start.basis,
        before=start.state,
        result=result,
        recorder=recorder,
        events=events,
        proof=_proof(request, recorder, events),
    )


def _guarded(request: Request, planned: Proof | None) -> tuple[Request, Callable[[Event], None]]:
    """An update with a gate before each of its steps, and what the gate has to see; any other run as it is."""
    if planned is None:
        return request, lambda _: None
    from infra.cli.proof_gate import ProofGate  # noqa: PLC0415 (only an update needs it)

    gate = ProofGate(planned)
    return replace(request, options=replace(request.options, admit=gate.admit)), gate.see


def _proof(request: Request, recorder: Recorder, events: list[Event]) -> Proof | None:
    """What is decided about the plan that a run shows; None where it shows a part of one, or failed."""
    partial = request.options.targets or request.options.excludes
    if not request.is_preview or request.command not in _PROGRAMS or recorder.failed or partial:
        return None
    from infra.cli import verdict  # noqa: PLC0415 (only a preview needs it)

    return verdict.proof_of(request, events)


def _run(
    request: Request,
    state: Deployment,
    sink: StateFile | None,
    providers: Any,
    *,
    on_event: Any,
    evidence: Evidence,
    value: object,
) -> Result:
    from infra.engine import deployment  # noqa: PLC0415 (the engine and the SDK are slow to import)

    workspace, as_of = request.workspace, request.as_of

    def program() -> None:
        from infra.program import main  # noqa: PLC0415 (imports the cloud SDKs, inside the run as the real engine does)

        main(as_of=as_of, evidence=evidence, edits=request.edits)

    configured = configuration(workspace, deployment=value if request.edits else None)
    return deployment.run(
        command=request.command,
        program=program if request.command in _PROGRAMS else None,
        project=PROJECT,
        stack=workspace.stack,
        config=configured.values,
        secret_keys=configured.secrets,
        state=state,
        providers=providers,
        root_directory=_CODE,
        options=request.options,
        on_event=on_event,
        sink=sink,
    )


def load_against(request: Request, state: Deployment) -> Loaded:
    """The stack file, planned against what a state says is deployed.

    Raises:
        BadStackFile: It may not be.
        Refused: The state's own account cannot be read.
    """
    return load(request.workspace, request.as_of, evidence_for(request, state))


def load(workspace: Workspace, as_of: date, evidence: Evidence | None = None, edits: Sequence[Edit] = ()) -> Loaded:
    """The stack file, planned; without evidence on its receipts alone.

    Raises:
        BadStackFile: It may not be.
    """
    from infra import settings  # noqa: PLC0415 (only a run needs it)

    try:
        believed = _receipts(workspace) if evidence is None else evidence
        return settings.load(workspace.file, configured=None, as_of=as_of, evidence=believed, edits=edits)
    except ResidencyError as error:
        shown = f"{workspace.shown_file} with --what-if" if edits else workspace.shown_file
        raise BadStackFile(error.findings, shown) from error


def edits(texts: Sequence[str]) -> tuple[Edit, ...]:
    """The edits that `--what-if` asks for.

    Raises:
        BadStackFile: One of them is none.
    """
    if not texts:
        return ()
    from infra import settings  # noqa: PLC0415 (only such a run needs it)

    findings: list[Finding] = []
    found: list[Edit] = []
    for text in texts:
        try:
            found.append(settings.edit(text))
        except ResidencyError as error:
            findings.extend(error.findings)
    if findings:
        raise BadStackFile(findings, "--what-if")
    return tuple(found)


def _receipts(workspace: Workspace) -> Evidence:
    from infra.settings.evidence import read_records  # noqa: PLC0415 (only a run needs it)

    return read_records(workspace.root, workspace.stack)


def evidence_for(request: Request, state: Deployment) -> Evidence:
    """What the run rests on: of a simulated stack its state says what is deployed, of any other its holders lock.

    An exported state adds to the lock. What is to be destroyed on purpose is not held against what is deployed.

    Raises:
        BadStackFile: A receipt or the lock cannot be read, or there is no lock.
        Refused: The state's own account of its legacy sites cannot be read.
    """
    from infra.cli.deployed import deployed  # noqa: PLC0415 (only a run needs it)
    from infra.residency.holders import Deployed  # noqa: PLC0415 (the same)
    from infra.residency.holders_lock import with_state  # noqa: PLC0415 (the same)
    from infra.settings.evidence import read_evidence  # noqa: PLC0415 (the same)

    workspace, had = request.workspace, deployed(state)
    try:
        if request.command not in {Command.PREVIEW, Command.UP}:
            return replace(_receipts(workspace), deployed=Deployed(sites=had.sites))
        if workspace.is_simulated:
            return replace(_receipts(workspace), deployed=had)
        evidence = read_evidence(workspace.root, workspace.stack)
        if evidence.deployed is None or not state.resources:
            return evidence
        return replace(evidence, deployed=with_state(evidence.deployed, had, {}))
    except ResidencyError as error:
        raise BadStackFile(error.findings, workspace.shown_file) from error


def _refuse_reality(request: Request) -> None:
    """The embedded engine never changes a real cloud."""
    if not request.is_offline or request.command is Command.PREVIEW:
        return
    stack, command = request.workspace.stack, request.command.value
    raise Refused(
        f"{command} of {stack} is not for the embedded engine",
        given=f"{stack}, whose clouds are real",
        allowed="up, refresh and destroy of simulated stacks (sandbox); preview of any",
        why="only the ordinary command line, with its credentials, backend and plugins, may change a real cloud",
        fix=f"pulumi {command} -s {stack}    (to look without credentials: python -m infra preview --stack {stack})",
    )


def _state(request: Request, held: ExitStack) -> tuple[Deployment, StateFile | None, Basis]:
    """The state to start from, the file that keeps it if it is a simulated stack's own, and what to say about it."""
    if request.state_file is not None:
        state, digest = stored.read_export(request.state_file)
        stored.refuse_foreign(state, request.workspace)
        return state, None, _basis(state, digest)
    if not request.workspace.is_simulated:
        from infra.engine.state import Deployment  # noqa: PLC0415 (the engine is slow to import)

        state = Deployment()
        return state, None, _basis(state, "")
    file = held.enter_context(stored.open_state(request.workspace, writable=not request.is_preview))
    path = request.workspace.state
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    return file.state, file, _basis(file.state, digest)


def _settled(request: Request, file: StateFile, providers: _Providers) -> Deployment:
    """The state, with an end for each creation that an interrupted run left open; said on standard error."""
    if not file.state.pending_operations:
        return file.state
    from infra.cli.unfinished import settled  # noqa: PLC0415 (only after an interruption)

    settlement = settled(file.state, request.workspace.clouds)
    if settlement is None:
        return file.state
    state = _read(request, settlement, providers) if settlement.adopted else settlement.state
    if not request.is_preview:
        file.rebase(state)
    adopted, forgotten = len(settlement.adopted), len(settlement.forgotten)
    print(
        f"usdata: an earlier run was interrupted while creating {count(adopted + forgotten, 'resource')}: "
        f"{adopted} found in the simulated clouds and taken over, {forgotten} not there.",
        file=sys.stderr,
    )
    return state


def _read(request: Request, settlement: Settlement, providers: _Providers) -> Deployment:
    """The state with what the cloud says about the adopted resources: others need their outputs.

    Raises:
        Refused: One cannot be read.
    """
    from infra.engine import deployment  # noqa: PLC0415 (the engine and the SDK are slow to import)

    result = deployment.run(
        command=Command.REFRESH,
        program=None,
        project=PROJECT,
        stack=request.workspace.stack,
        config={},
        state=settlement.state,
        providers=providers,
        root_directory=_CODE,
        options=Options(targets=settlement.adopted),
    )
    if result.exit:
        raise Refused(
            "what an interrupted run created in the simulated clouds cannot be read",
            given=", ".join(settlement.adopted),
            why="; ".join(d.message for d in result.diagnostics),
            code=Exit.FAILED,
        )
    # The refresh takes the other open operations for settled, too. They are not: the run does them again, and says so.
    return replace(result.state, pending_operations=settlement.state.pending_operations)


def _basis(state: Deployment, digest: str) -> Basis:
    return Basis(digest=digest, written=str(state.manifest.get("time", ""))[:10], resources=len(state.resources))


def _providers(request: Request, held: ExitStack) -> _Providers:
    """Where provider instances come from: facts, or the simulated clouds, served until the run ends."""
    if request.is_offline:
        from infra.engine.offline import offline_provider  # noqa: PLC0415 (only an offline run needs it)

        return offline_provider
    from infra import sandbox  # noqa: PLC0415 (only a run on the simulated clouds needs it)

    return held.enter_context(sandbox.serve(request.workspace.clouds)).addresses
