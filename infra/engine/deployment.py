"""One run of a stack: preview, up, refresh or destroy."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from infra.engine import refresh
from infra.engine.context import BailError, GenerationError, Run
from infra.engine.deletions import Deletions
from infra.engine.events import Outcome, Prelude, Summary
from infra.engine.executor import Executor
from infra.engine.generator import Generator
from infra.engine.graph import DependencyGraph
from infra.engine.interrupts import interruptible
from infra.engine.journal import Journal
from infra.engine.options import Command, Exit, Options, Result
from infra.engine.plans import PlanBuilder, PlanKeeper
from infra.engine.provider import ProviderError
from infra.engine.resource import OperationKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from infra.engine.events import Event
    from infra.engine.journal import Sink
    from infra.engine.provider import Provider, ProviderFactory
    from infra.engine.state import Deployment
    from infra.engine.step import Step
    from infra.engine.values import Value

_DEFAULTS: Final = Options()


def run(
    *,
    command: Command,
    program: Callable[[], None] | None,
    project: str,
    stack: str,
    config: Mapping[str, str],
    state: Deployment,
    providers: ProviderFactory | Mapping[str, str],
    root_directory: Path,
    organization: str = "organization",
    secret_keys: frozenset[str] = frozenset(),
    options: Options = _DEFAULTS,
    on_event: Callable[[Event], None] | None = None,
    sink: Sink | None = None,
) -> Result:
    """Run one command on a stack.

    Args:
        command: What to do. `up`, `refresh` and `destroy` with `options.preview_only` do nothing but plan.
        program: The program, called without arguments inside the SDK's stack resource (usually
            `lambda: runpy.run_path("__main__.py", run_name="__main__")`); `None` for refresh and destroy, which do not
            run it.
        project: Name of the project.
        stack: Name of the stack.
        config: The stack's configuration, keys as `<project>:<name>`; values as Pulumi hands them to a program
            (structured ones as JSON).
        state: The state before. It is not changed.
        providers: Makes provider instances, or addresses `host:port` of running provider servers by package.
        root_directory: The project's directory.
        organization: What `pulumi.get_organization()` returns.
        secret_keys: Keys of `config` whose values are secret.
        options: How.
        on_event: Gets every event, one at a time, in order, from any thread.
        sink: Keeps the state on disk while it changes, before and after each provider call that changes something
            (`store.StateFile`); not used in a preview.

    Returns:
        How it ended. Failures of the program, a provider or a step are no exceptions: they are diagnostics.
    """
    preview = command is Command.PREVIEW or options.preview_only
    previous = _own_copy(state)
    if options.clear_pending_creates:
        kept = [o for o in previous.pending_operations if o.kind is not OperationKind.CREATING]
        previous = replace(previous, pending_operations=kept)
    if options.exclude_protected:
        options = replace(options, excludes=(*options.excludes, *_protected(previous)))
    journal = None if preview else Journal(previous, sink)
    current = Run(
        command=command,
        options=options,
        project=project,
        stack=stack,
        previous=previous,
        preview=preview,
        factory=_factory(providers),
        journal=journal,
        on_event=on_event,
    )
    if options.plan is not None:
        current.plan = PlanKeeper(options.plan)
    if options.generate_plan:
        current.new_plan = PlanBuilder({k: "[secret]" if k in secret_keys else v for k, v in config.items()})
    started = time.monotonic()
    current.tell(Prelude(preview=preview, config={k: "[secret]" if k in secret_keys else v for k, v in config.items()}))
    work = _Work(current, config=config, secret_keys=secret_keys, root=root_directory, organization=organization)
    with interruptible(current):
        try:
            work.carry_out(program)
        except BailError:
            current.failed = True
        finally:
            current.registry.close()
    return _finish(current, work, journal, state, started)


def _finish(current: Run, work: _Work, journal: Journal | None, before: Deployment, started: float) -> Result:
    outcome = Outcome.CANCELED if current.interrupted else Outcome.FAILED if current.failed else Outcome.SUCCEEDED
    current.tell(
        Summary(
            preview=current.preview,
            outcome=outcome,
            changes=dict(current.changes),
            seconds=time.monotonic() - started,
            maybe_corrupt=current.maybe_corrupt,
        )
    )
    after = before
    pending: list[str] = []
    if journal is not None:
        pending = [f"{o.kind} {o.resource.urn}" for o in journal.pending]
        after = journal.snapshot()
        journal.close(after)
    exit_ = Exit.OK if outcome is Outcome.SUCCEEDED else Exit.FAILED
    if exit_ is Exit.OK and current.options.expect_no_changes and any(op != "same" for op in current.changes):
        exit_ = Exit.CHANGES
    return Result(
        exit=exit_,
        state=after,
        changes=dict(current.changes),
        steps=current.steps,
        diagnostics=current.diagnostics,
        outputs=work.outputs,
        plan=current.new_plan.plan if current.new_plan is not None and outcome is Outcome.SUCCEEDED else None,
        pending=pending,
    )


def _own_copy(state: Deployment) -> Deployment:
    """Records that the run may change."""
    return replace(state, resources=[r.copy() for r in state.resources])


def _protected(state: Deployment) -> list[str]:
    """URNs of the protected resources and of what they need."""
    graph = DependencyGraph(state.resources)
    kept: set[int] = set()
    for resource in state.resources:
        if resource.protect:
            kept |= graph.transitive_dependencies_of(resource)
    return [r.urn for r in state.resources if id(r) in kept]


def _factory(providers: ProviderFactory | Mapping[str, str]) -> ProviderFactory:
    if callable(providers):
        return providers
    addresses: Mapping[str, str] = providers

    def connect(package: str) -> Provider:
        from infra.engine.provider_client import GrpcProvider  # noqa: PLC0415 (gRPC is slow to import)

        if package not in addresses:
            known = ", ".join(sorted(addresses)) or "none"
            raise ProviderError(f"no provider is known for package {package!r} (known: {known})")
        return GrpcProvider(package, addresses[package])

    return connect


class _Work:
    """The course of one run."""

    def __init__(
        self,
        current: Run,
        *,
        config: Mapping[str, str],
        secret_keys: frozenset[str],
        root: Path,
        organization: str,
    ) -> None:
        self._run = current
        self._config = config
        self._secret_keys = secret_keys
        self._root = root
        self._organization = organization
        self._generator = Generator(current)
        self._executor = Executor(current)

    @property
    def outputs(self) -> Mapping[str, Value]:
        """What the program exported."""
        return self._executor.stack_outputs

    def carry_out(self, program: Callable[[], None] | None) -> None:
        """Refresh, run the program, delete what is left.

        Raises:
            BailError: The run failed; why has been said.
        """
        current = self._run
        if current.command in {Command.REFRESH, Command.DESTROY}:
            _require_known(current)
        try:
            if current.command is Command.REFRESH or current.options.refresh:
                refresh.refresh(current, self._executor, only_marked=False)
                if current.command is Command.REFRESH:
                    return
            elif any(r.refresh_before_update for r in current.previous.resources):
                refresh.refresh(current, self._executor, only_marked=True)
            elif current.previous.pending_operations and not current.preview:
                _warn_pending(current)
            refresh.check_targets(current, current.replace_targets.literals)
            self._register_and_delete(program)
        except (GenerationError, ProviderError) as error:
            current.error(str(error))
            raise BailError from error

    def _register_and_delete(self, program: Callable[[], None] | None) -> None:
        current, generator = self._run, self._generator
        bailed = current.command is not Command.DESTROY and program is not None and not self._evaluate(program)
        if not bailed and not current.halted.is_set():
            bailed = not self._delete()
        errored = bailed or current.failed or current.halted.is_set() or generator.saw_error
        try:
            self._executor.finish_stack(errored=errored)
        except BailError as error:
            current.error(str(error))
            raise
        if not bailed and current.plan is not None:
            self._check_plan()
        if bailed:
            raise BailError
        if current.failed or generator.saw_error:
            current.error("preview failed" if current.preview else "update failed")
            raise BailError
        if current.interrupted:
            current.error("preview canceled" if current.preview else "update canceled")
            raise BailError

    def _check_plan(self) -> None:
        current = self._run
        assert current.plan is not None  # noqa: S101 (the caller looked)
        left = current.plan.left_over({r.urn for r in current.previous.resources})
        for urn in left:
            current.error(f"expected resource operations for {urn} but none were seen", urn)
        if left:
            raise BailError

    def _evaluate(self, program: Callable[[], None]) -> bool:
        """Run the program; whether the run can go on, as far as the program is concerned."""
        from infra.engine.monitor import EngineLog, Monitor  # noqa: PLC0415 (the SDK is slow to import)
        from infra.engine.program import ProgramError, Surroundings, evaluate  # noqa: PLC0415 (the same)

        current = self._run
        monitor = Monitor(
            current,
            self._generator,
            self._executor,
            config=self._config,
            secret_keys=self._secret_keys,
            root=self._root,
        )
        around = Surroundings(
            project=current.project,
            stack=current.stack,
            organization=self._organization,
            root_directory=self._root,
            config=self._config,
            secret_keys=self._secret_keys,
            preview=current.preview,
            parallel=current.options.parallel,
        )
        try:
            evaluate(program, around, monitor, EngineLog(current))
        except ProgramError as error:
            if current.halted.is_set():
                # The program was sent away because of an error that has been said.
                return not monitor.bailed
            current.error(error.message)
            if error.refused:
                current.error("an unhandled error occurred: program exited with non-zero exit code: 1")
            return False
        return not monitor.bailed

    def _delete(self) -> bool:
        """The last steps; whether they could be made."""
        current, executor = self._run, self._executor
        missing = False
        try:
            refresh.check_targets(current, current.targets.literals, self._generator.seen.urns)
        except BailError:
            missing = True
        if current.previous.resources:
            deletions = Deletions(current, self._generator)
            try:
                with current.lock:
                    kept, deleted = deletions.steps()
                    groups = deletions.schedule(deleted)
            except BailError:
                return not missing
            except (GenerationError, ProviderError) as error:
                current.error(str(error))
                return False
            for step in kept:
                executor.together([step])
            self._delete_groups(groups)
        return not missing

    def _delete_groups(self, groups: list[list[Step]]) -> None:
        """Delete group after group, but not what something that could not be deleted needs."""
        current = self._run
        spared: set[int] = set()
        for group in groups:
            for step in self._executor.errored:
                for resource in (step.new, step.old):
                    if resource is not None and resource in current.graph:
                        spared |= current.graph.transitive_dependencies_of(resource)
            self._executor.together([s for s in group if id(s.resource) not in spared])


def _require_known(current: Run) -> None:
    """Refuse to refresh or destroy what the state does not have; an update may be about to create it.

    Raises:
        BailError: Something is not there; each has been named.
    """
    named = [*current.targets.literals, *current.excludes.literals]
    unknown = [urn for urn in named if urn not in current.all_olds]
    for urn in unknown:
        current.error(f"no resource named '{urn}' found")
    if unknown:
        raise BailError


def _warn_pending(current: Run) -> None:
    operations = current.previous.pending_operations
    listing = "".join(f"  * {o.resource.urn}, interrupted while {o.kind}\n" for o in operations)
    current.warn(
        f"Attempting to deploy or update resources with {len(operations)} pending operations from previous "
        f"deployment.\n{listing}"
        "These resources are in an unknown state: an earlier run was interrupted while they were changed. Check with "
        "the provider whether those operations took place. A refresh brings the state up to date and clears them, "
        "except creations, which only `refresh --clear-pending-creates` clears."
    )
