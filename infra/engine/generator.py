"""Turns registrations and reads into steps: the rules by which the engine decides what happens to a resource.

`Generator.register` and `Generator.read` are Python generators: they yield chains of steps and go on when a chain has
been carried out, which an import needs (read what is there, then compare). They run under the run's lock, one at a
time; chains are carried out outside of it. The rules are those of Pulumi's engine 3.260 (`pkg/resource/deploy`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.engine import differences, reading, steps, urns
from infra.engine.aliases import AliasResolver
from infra.engine.context import BailError, GenerationError
from infra.engine.provider import Changes, DiffResult
from infra.engine.registry import DiffUnavailableError
from infra.engine.replacements import Replacements
from infra.engine.step import Reasons, diff_resource
from infra.engine.untargeted import Untargeted
from infra.engine.values import contains_unknown, equal, equal_properties, plain
from infra.engine.wording import show

if TYPE_CHECKING:
    from collections.abc import Generator as Coroutine
    from collections.abc import Sequence

    from infra.engine.context import Run
    from infra.engine.goals import Goal, ReadGoal
    from infra.engine.provider import CheckResult
    from infra.engine.resource import Resource
    from infra.engine.step import Step
    from infra.engine.values import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How a registration ended; `unknown` if the resource was skipped and has no values."""

    resource: Resource
    unknown: bool = False


@dataclass(slots=True, kw_only=True)
class _Case:
    """One registration on its way to steps.

    Attributes:
        goal: What the program wants.
        old: The record before, or what an import found.
        new: The record after.
        seed: For generated names.
        recreating: It was deleted earlier in this run, because something that it needs is replaced.
        imported: It was just imported.
        forced: It is to be replaced whatever its provider says.
        targeted: The run may touch it.
        triggered: Its replacement trigger changed.
        inputs: The inputs, checked, with ignored changes undone.
    """

    goal: Goal
    old: Resource | None
    new: Resource
    seed: bytes
    recreating: bool
    imported: bool
    forced: bool
    targeted: bool = True
    triggered: bool = False
    inputs: Properties = field(init=False)

    def __post_init__(self) -> None:
        self.inputs = self.new.inputs

    @property
    def afresh(self) -> bool:
        """Whether the old inputs have no say in the new ones."""
        return self.recreating or self.forced or self.old is None or self.old.external


class Seen:
    """URNs by what this run did with them; a URN may be in several sets."""

    def __init__(self) -> None:
        self.urns: set[str] = set()
        self.creates: set[str] = set()
        self.sames: set[str] = set()
        self.updates: set[str] = set()
        self.replaces: set[str] = set()
        self.reads: set[str] = set()
        self.imports: set[str] = set()
        self.deletes: set[str] = set()
        self.skipped_creates: set[str] = set()
        self.pending_deletes: set[int] = set()
        self.providers: dict[str, Resource] = {}

    def has_step(self, urn: str) -> bool:
        """Whether any step was made for it."""
        return any(urn in s for s in (self.creates, self.sames, self.updates, self.deletes, self.replaces, self.reads))

    def impossible_dependents(self) -> set[str]:
        """URNs that cannot depend on a resource registered only now, since their turn has come already."""
        return self.reads | self.creates | self.sames | self.updates | self.deletes | self.replaces


class Generator:
    """Makes the steps of one run, and remembers what it made."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.seen = Seen()
        self.resolver = AliasResolver(run)
        self.replacements = Replacements(run, self.seen)
        self.untargeted = Untargeted(run, self.seen, self.resolver)
        self.saw_error = False

    def is_operated_on(self, urn: str) -> bool:
        """Whether the program still has the resource, under this or (by an alias) a new name."""
        urn = self.resolver.aliased.get(urn, urn)
        seen = self.seen
        return any(urn in s for s in (seen.sames, seen.updates, seen.replaces, seen.reads))

    def _new_urn(self, parent: str, type_: str, name: str) -> str:
        run = self._run
        if parent and parent not in self.seen.urns:
            raise GenerationError(f"could not find parent resource {parent}")
        urn = self.urn_of(parent, type_, name)
        if urn in self.seen.urns:
            run.error(f"Duplicate resource URN '{urn}'; try giving it a unique name", urn)
            raise BailError
        self.seen.urns.add(urn)
        return urn

    def urn_of(self, parent: str, type_: str, name: str) -> str:
        """The URN of a registration."""
        parent_type = urns.qualified_type(parent) if parent else ""
        return urns.make(
            stack=self._run.stack, project=self._run.project, parent_type=parent_type, type_=type_, name=name
        )

    def read(self, goal: ReadGoal) -> Coroutine[Sequence[Step], None, Registered]:
        """Steps for a resource that the program only looks at."""
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, alias, _ = self.resolver.find(
            urn=urn, name=goal.name, type_=goal.type, parent=goal.parent, given=(), seen=self.seen.urns
        )
        new = goal.as_resource(urn, alias)
        if not new.id:
            raise GenerationError(f"Expected an ID for {urn}")
        if old is not None and not old.external and old.id != goal.id:
            self.seen.replaces.add(urn)
            yield [reading.ReadStep(old, new, replacing=True), steps.ReplaceStep(old, new)]
        else:
            self.seen.reads.add(urn)
            yield [reading.ReadStep(old, new)]
        return Registered(resource=new)

    def register(self, goal: Goal) -> Coroutine[Sequence[Step], None, Registered]:
        """Steps for a resource that the program declares.

        Raises:
            GenerationError: It cannot be; the text is to be shown.
            BailError: It cannot be, and why has been said.
            ProviderError: Its provider failed; the text is to be shown.
        """
        run, seen = self._run, self.seen
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, alias, valid = self.resolver.find(
            urn=urn, name=goal.name, type_=goal.type, parent=goal.parent, given=goal.aliases, seen=seen.urns
        )
        run.goals[urn] = goal
        new = goal.as_resource(urn, old, alias)
        if new.is_provider:
            seen.providers[urn] = new
            if alias:
                seen.providers[alias] = new
        self._require_provider(urn, goal)
        seed = (run.plan.seed(urn) if run.plan else b"") or secrets.token_bytes(32)
        recreating = urn in seen.deletes
        first = new
        if self._is_import(goal, old):
            if run.new_plan is not None:
                run.new_plan.goal(urn, goal, seed, {}, {})
            seen.imports.add(urn)
            original = old if old is not None and not recreating else None
            step = reading.ImportStep(new, original=original, ignore_changes=goal.ignore_changes)
            chain: list[Step] = [step]
            if original is not None:
                chain.append(steps.ReplaceStep(original, new))
            yield self.validated(chain, planned=False)
            old, new = new, goal.as_resource(urn, None, alias)
            new.created, new.modified = old.created, old.modified
            new.refresh_before_update = old.refresh_before_update
            new.replacement_trigger = None
        case = _Case(
            goal=goal,
            old=old,
            new=new,
            seed=seed,
            recreating=recreating,
            imported=new is not first,
            forced=self._is_forced(urn, old),
        )
        self._check_inputs(case, valid=valid)
        decided, result = self._decide(case)
        if decided:
            yield self.validated(decided)
        return result

    def _is_import(self, goal: Goal, old: Resource | None) -> bool:
        return goal.custom and bool(goal.id) and (old is None or old.external or (old.import_id or old.id) != goal.id)

    def _require_provider(self, urn: str, goal: Goal) -> None:
        run = self._run
        if not goal.custom or urns.is_provider_type(goal.type):
            return
        if package := urns.denied_package(goal.provider):
            run.error(denied(package, urn), urn)
            raise BailError
        if run.registry.get(goal.provider) is not None:
            return
        provider_urn, id_ = urns.parse_reference(goal.provider)
        old = run.olds.get(provider_urn)
        if old is None or old.id != id_:
            run.error(f"unknown provider '{goal.provider}' for resource '{urn}'", urn)
            raise BailError
        run.ensure_provider(goal.provider)
        self.untargeted.queue_provider(old)

    def _check_inputs(self, case: _Case, *, valid: bool) -> None:
        """Have the provider check the inputs, and hold them against the plan.

        Raises:
            BailError: They are refused, or the registration was not valid in the first place.
        """
        run, old, new, goal = self._run, case.old, case.new, case.goal
        implicit = new.is_provider or urns.is_root_stack(new.urn)
        case.targeted = implicit or self.untargeted.is_included(new)
        if old is not None:
            case.inputs, impossible = differences.ignore_changes(new.inputs, old.inputs, goal.ignore_changes)
            if impossible:
                quoted = ", ".join(impossible)
                run.inform(f'cannot ignore changes in added or removed elements of the path: "{quoted}"', new.urn)
        if new.custom and not case.targeted:
            new.inputs = case.inputs = old.inputs if old is not None else {}
        elif new.custom:
            before = None if case.afresh or old is None else old.inputs
            checked = self._check(new, before, goal.inputs if before is None else case.inputs, case.seed)
            valid = not self._report_failures(new, checked) and valid
            new.inputs = case.inputs = checked.inputs
        if case.targeted:
            self.untargeted.queue_dependencies(new)
        if not valid:
            raise BailError
        self._plan_goal(case)

    def _decide(self, case: _Case) -> tuple[list[Step], Registered]:
        """The steps once it is clear what the resource was before."""
        seen, old, new = self.seen, case.old, case.new
        if old is not None and case.recreating:
            return self._recreate(old, new)
        if old is not None and old.external:
            seen.creates.add(new.urn)
            taken: list[Step] = [steps.CreateStep(new, old=old, pending_delete=True), steps.ReplaceStep(old, new)]
            return taken, Registered(resource=new)
        self.untargeted.spread(new, targeted=case.targeted)
        if old is None:
            return self._create(new, targeted=case.targeted)
        if not case.targeted:
            chain, kept = self.untargeted.keep(new.urn, old)
            return chain, Registered(resource=kept)
        return self._from_diff(case, old)

    def _create(self, new: Resource, *, targeted: bool) -> tuple[list[Step], Registered]:
        if targeted:
            self.seen.creates.add(new.urn)
            return [steps.CreateStep(new)], Registered(resource=new)
        self.seen.sames.add(new.urn)
        self.seen.skipped_creates.add(new.urn)
        return [steps.SameStep(new.copy(), new, skipped=True)], Registered(resource=new, unknown=True)

    def _recreate(self, old: Resource, new: Resource) -> tuple[list[Step], Registered]:
        """A resource that was deleted because something it needs is replaced, and is registered again."""
        self.seen.deletes.discard(new.urn)
        self.seen.replaces.add(new.urn)
        reasons = Reasons(keys=self.replacements.reasons.get(new.urn, ()))
        chain: list[Step] = [steps.ReplaceStep(old, new), steps.CreateStep(new, old=old, reasons=reasons)]
        return chain, Registered(resource=new)

    def _is_forced(self, urn: str, old: Resource | None) -> bool:
        run = self._run
        return (bool(run.replace_targets) and urn in run.replace_targets) or (old is not None and old.taint)

    def _check(self, new: Resource, olds: Properties | None, news: Properties, seed: bytes) -> CheckResult:
        run = self._run
        if new.is_provider:
            return run.registry.check(new.urn, olds, news)
        return run.instance(new.provider).check(new.urn, olds, news, seed, preview=run.preview)

    def _report_failures(self, new: Resource, checked: CheckResult) -> bool:
        for failure in checked.failures:
            subject = f"{new.type} resource '{new.name}'"
            if failure.property:
                value = show(new.inputs.get(failure.property))
                text = f"{subject}: property {failure.property} value {value} has a problem: {failure.reason}"
            else:
                text = f"{subject} has a problem: {failure.reason}"
            self._run.error(text, new.urn)
        return bool(checked.failures)

    def _plan_goal(self, case: _Case) -> None:
        run, old, urn = self._run, case.old, case.new.urn
        before = {} if case.afresh or old is None else old.inputs
        if run.new_plan is not None:
            run.new_plan.goal(urn, case.goal, case.seed, before, case.inputs)
        if run.plan is not None:
            run.plan.check_goal(urn, old, old.inputs if old else {}, case.inputs, case.goal)

    def _from_diff(self, case: _Case, old: Resource) -> tuple[list[Step], Registered]:
        """The steps for a resource that exists: same, update or replace."""
        seen, new = self.seen, case.new
        diff = self._difference(case, old)
        diff = differences.replace_on_changes(diff, case.goal.replace_on_changes, has_init_errors=bool(old.init_errors))
        changes = diff.changes is Changes.SOME
        chain: list[Step]
        if old.pending_replacement or (changes and (diff.is_replace or case.triggered)):
            chain = self._replace(case, old, diff)
        elif changes or old.init_errors:
            seen.updates.add(new.urn)
            chain = [steps.UpdateStep(old, new, Reasons(diffs=diff.changed, detailed=diff.detailed))]
        elif case.imported:
            return [], Registered(resource=old)
        else:
            seen.sames.add(new.urn)
            chain = [steps.SameStep(old, new)]
        return chain, Registered(resource=new)

    def _difference(self, case: _Case, old: Resource) -> DiffResult:
        """What changes."""
        run, new, ignored = self._run, case.new, case.goal.ignore_changes
        if not run.preview and contains_unknown(new.replacement_trigger):
            run.error(f"replacement trigger contains unknowns for {new.urn}", new.urn)
            self.saw_error = True
            raise BailError
        case.triggered = _triggers(old, new)
        if case.triggered:
            return DiffResult(changes=Changes.SOME)
        if reason := self._reason_to_replace(case, old):
            return DiffResult(changes=Changes.SOME, replaces=(reason,))
        if not new.custom:
            same = equal_properties(old.inputs, case.inputs)
            return DiffResult(changes=Changes.NONE if same else Changes.SOME)
        if new.is_provider:
            return run.registry.diff(new.urn, old, new.inputs, ignored)
        subject = old
        if old.urn != new.urn:
            subject = old.copy()
            subject.urn = new.urn
        try:
            return diff_resource(run, run.instance(new.provider), subject, new.inputs, ignored, preview=run.preview)
        except DiffUnavailableError as error:
            run.warn(str(error), new.urn)
            return DiffResult(changes=Changes.SOME)

    def _reason_to_replace(self, case: _Case, old: Resource) -> str:
        """Why the resource is replaced whatever its provider says; empty if there is no such reason."""
        replaced = self.seen.replaces
        if case.forced:
            return "id"
        if any(urn in replaced for urn in case.new.replace_with):
            return "replaceWith"
        if case.new.deleted_with and case.new.deleted_with in replaced:
            return "deletedWith"
        return "provider" if self._provider_changed(old, case.new) else ""

    def _provider_changed(self, old: Resource, new: Resource) -> bool:
        """Whether another provider means another resource: it does, if the new configuration replaces everything."""
        run = self._run
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        old_urn, new_urn = urns.parse_reference(old.provider)[0], urns.parse_reference(new.provider)[0]
        if self.resolver.aliased.get(old_urn) == new_urn:
            return False
        instance = run.instance(new.provider)
        old_provider = run.olds.get(old_urn)
        new_provider = self.seen.providers.get(new_urn) or run.olds.get(new_urn)
        if old_provider is None or new_provider is None:
            raise GenerationError(f"failed to resolve provider reference: {old.provider!r}")
        inputs = {k: v for k, v in new_provider.inputs.items() if k != "__internal"}
        return instance.diff_config(new_urn, old_provider, inputs).is_replace

    def _replace(self, case: _Case, old: Resource, diff: DiffResult) -> list[Step]:
        run, seen, goal, new = self._run, self.seen, case.goal, case.new
        if new.protect and old.protect and not run.options.ignore_protect:
            run.error(
                f'unable to replace resource "{new.urn}"\nas it is currently marked for protection. To unprotect the '
                "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
                new.urn,
            )
            self.saw_error = True
            if not run.preview:
                raise BailError
        if goal.id:
            changes = "\n".join(f"{k}: {show(old.inputs.get(k))} => {show(new.inputs.get(k))}" for k in diff.replaces)
            text = (
                "previously-imported resources that still specify an ID may not be replaced; please remove the "
                f"`import` declaration from your program;\n{changes}"
            )
            if not run.preview:
                raise GenerationError(text)
            run.warn(text, new.urn)
        seen.replaces.add(new.urn)
        if new.custom and not case.forced:
            checked = self._check(new, None, goal.inputs, case.seed)
            if self._report_failures(new, checked):
                raise BailError
            new.inputs = checked.inputs
        before = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        reasons = Reasons(keys=diff.replaces, diffs=diff.changed, detailed=diff.detailed)
        if not before:
            create = steps.CreateStep(new, old=old, pending_delete=True, reasons=reasons)
            return [create, steps.ReplaceStep(old, new, reasons)]
        chain = self.replacements.delete_first(old, new.urn, self)
        return [*chain, steps.ReplaceStep(old, new, reasons), steps.CreateStep(new, old=old, reasons=reasons)]

    def validated(self, chain: Sequence[Step], *, planned: bool = True) -> list[Step]:
        """The chain, after what untargeted resources need before it; checked against the plan and the targets.

        Raises:
            GenerationError: The plan does not allow it.
            BailError: It depends on something that is not created because it is no target.
        """
        if not planned:
            return list(chain)
        run = self._run
        full = [*self.untargeted.take_queued(self), *chain]
        for step in full:
            if run.plan is not None:
                run.plan.check_step(step)
            if run.new_plan is not None:
                run.new_plan.step(self.resolver.aliased.get(step.urn, step.urn), step.op)
        if run.targets or run.replace_targets:
            for step in full:
                self._refuse_skipped(step)
        return full

    def _refuse_skipped(self, step: Step) -> None:
        run, seen = self._run, self.seen
        if step.new is None or (isinstance(step, steps.SameStep) and step.skipped):
            return
        for urn in step.new.required_urns():
            if urn not in seen.skipped_creates:
                continue
            run.error(
                f"Resource '{step.urn}' depends on '{urn}' which was was not specified in --target list.", step.urn
            )
            self.saw_error = True
            if not run.preview:
                raise BailError
            seen.skipped_creates.discard(urn)


def denied(package: str, subject: str) -> str:
    """Why something without an explicit provider is refused."""
    return f"Default provider for '{package}' disabled. '{subject}' must use an explicit provider."


def _triggers(old: Resource, new: Resource) -> bool:
    """Whether the value that triggers a replacement changed; without one, nothing is triggered."""
    before, after = plain(old.replacement_trigger), plain(new.replacement_trigger)
    if contains_unknown(before) or contains_unknown(after):
        return True
    return before is not None and after is not None and not equal(before, after)
