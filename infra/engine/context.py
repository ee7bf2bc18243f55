"""What the parts of one run share: what was asked, the state before, what has happened so far, and how to tell it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from infra.engine import urns
from infra.engine.events import Diagnostic, Op, Severity
from infra.engine.graph import DependencyGraph
from infra.engine.options import ProviderCall
from infra.engine.registry import Instance, Registry
from infra.engine.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.engine.events import Event, StepInfo
    from infra.engine.goals import Goal
    from infra.engine.journal import Journal
    from infra.engine.options import Command, Options
    from infra.engine.plans import PlanBuilder, PlanKeeper
    from infra.engine.provider import ProviderFactory
    from infra.engine.resource import Resource
    from infra.engine.state import Deployment


class GenerationError(Exception):
    """No step can be made for a resource; the text goes to the user, with the resource's URN."""


class BailError(Exception):
    """The run ends here; what there is to say has been said."""


class Halted(Exception):  # noqa: N818 (no error: the run is over and whoever still waits is sent away)
    """The run is ending because of an error elsewhere or an interruption."""


class Run:
    """One run. `lock` guards the generation of steps; everything else here is safe to use from any thread."""

    def __init__(
        self,
        *,
        command: Command,
        options: Options,
        project: str,
        stack: str,
        previous: Deployment,
        preview: bool,
        factory: ProviderFactory,
        journal: Journal | None,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self.command: Final = command
        self.options: Final = options
        self.project: Final = project
        self.stack: Final = stack
        self.preview: Final = preview
        self.journal: Final = journal
        self.lock: Final = threading.RLock()
        self.registry: Final = Registry(factory, self._observe)
        self.targets: Final = Targets(options.targets)
        self.excludes: Final = Targets(options.excludes)
        self.replace_targets: Final = Targets(options.replaces)
        self.halted: Final = threading.Event()
        self.interrupted = False
        self.failed = False
        self.maybe_corrupt = False
        self.plan: PlanKeeper | None = None
        self.new_plan: PlanBuilder | None = None
        self.goals: Final[dict[str, Goal]] = {}
        self.news: Final[dict[str, Resource]] = {}
        self.reads: Final[dict[str, Resource]] = {}
        self.changes: Final[Counter[Op]] = Counter()
        self.steps: Final[list[StepInfo]] = []
        self.diagnostics: Final[list[Diagnostic]] = []
        self._on_event = on_event
        self._tell_lock = threading.Lock()
        self.set_previous(previous)

    def set_previous(self, previous: Deployment) -> None:
        """Take a state as the one before the run (once more after a refresh)."""
        self.previous = previous
        self.olds: dict[str, Resource] = {}
        self.all_olds: dict[str, list[Resource]] = {}
        for resource in previous.resources:
            self.all_olds.setdefault(resource.urn, []).append(resource)
            if not resource.delete:
                self.olds[resource.urn] = resource
        self._graph: DependencyGraph | None = None

    @property
    def graph(self) -> DependencyGraph:
        """Who depends on whom in the state before; made when first needed."""
        if self._graph is None:
            self._graph = DependencyGraph(self.previous.resources)
        return self._graph

    def tell(self, event: Event) -> None:
        """Hand an event on, one at a time."""
        with self._tell_lock:
            if isinstance(event, Diagnostic):
                self.diagnostics.append(event)
            if self._on_event is not None:
                self._on_event(event)

    def error(self, message: str, urn: str = "") -> None:
        """Report an error."""
        self.tell(Diagnostic(severity=Severity.ERROR, message=message, urn=urn))

    def warn(self, message: str, urn: str = "") -> None:
        """Report a warning."""
        self.tell(Diagnostic(severity=Severity.WARNING, message=message, urn=urn))

    def inform(self, message: str, urn: str = "") -> None:
        """Report something of interest."""
        self.tell(Diagnostic(severity=Severity.INFO, message=message, urn=urn))

    def check_live(self) -> None:
        """Go on only if the run does.

        Raises:
            Halted: It is ending.
        """
        if self.halted.is_set():
            raise Halted

    def instance(self, reference: str) -> Instance:
        """The provider instance behind a reference.

        Raises:
            GenerationError: There is none.
        """
        instance = self.registry.get(reference)
        if instance is None:
            raise GenerationError(f"unknown provider {reference!r}")
        return instance

    def ensure_provider(self, reference: str) -> None:
        """Have the instance behind a reference of the state before ready, if it is not yet.

        Raises:
            GenerationError: The state has no such provider.
        """
        if not reference or self.registry.get(reference) is not None:
            return
        urn, id_ = urns.parse_reference(reference)
        for resource in self.all_olds.get(urn, ()):
            if resource.id == id_:
                self.registry.same(resource, checked=False)
                return
        raise GenerationError(f"could not find provider {reference}")

    def _observe(self, op: str, subject: str, provider_urn: str, preview: bool) -> Callable[[], None]:
        observer = self.options.on_call
        if observer is None:
            return _nothing
        call = ProviderCall(op=op, urn=subject, provider_urn=provider_urn, preview=preview, after=False)
        observer(call)
        ended = ProviderCall(op=op, urn=subject, provider_urn=provider_urn, preview=preview, after=True)
        return lambda: observer(ended)


def _nothing() -> None:
    """No one looks."""
