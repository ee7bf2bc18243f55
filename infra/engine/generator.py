"""Turns registrations and reads into steps: the rules by which the engine decides what happens to a resource.

`Generator.register` and `Generator.read` are Python generators: they yield chains of steps and go on when a chain has
been carried out, which an import needs (read what is there, then compare). They run under the run's lock, one at a
time; chains are carried out outside of it. The rules are those of Pulumi's engine 3.260 (`pkg/resource/deploy`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
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
        imported = False
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
            imported = True
        chain, result = self._decide(goal, urn, old, new, seed, valid=valid, recreating=recreating, imported=imported)
        if chain:
            yield self.validated(chain)
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

    def _decide(
        self,
        goal: Goal,
        urn: str,
        old: Resource | None,
        new: Resource,
        seed: bytes,
        *,
        valid: bool,
        recreating: bool,
        imported: bool,
    ) -> tuple[list[Step], Registered]:
        """The steps once it is clear what the resource was before."""
        run, seen = self._run, self.seen
        was_external = old is not None and old.external
        forced = self._is_forced(urn, old)
        afresh = recreating or was_external or forced or old is None
        implicit = new.is_provider or urns.is_root_stack(urn)
        targeted = implicit or self.untargeted.is_included(new)
        inputs = new.inputs
        if old is not None:
            inputs, impossible = differences.ignore_changes(inputs, old.inputs, goal.ignore_changes)
            if impossible:
                quoted = ", ".join(impossible)
                run.inform(f'cannot ignore changes in added or removed elements of the path: "{quoted}"', urn)
        if new.custom and not targeted:
            inputs = old.inputs if old is not None else {}
            new.inputs = inputs
        elif new.custom:
            given = goal.inputs if afresh or old is None else inputs
            checked = self._check(new, None if afresh or old is None else old.inputs, given, seed)
            valid = not self._report_failures(new, checked) and valid
            new.inputs = inputs = checked.inputs
        if targeted:
            self.untargeted.queue_dependencies(new)
        if valid:
            self._plan_goal(goal, urn, old, inputs, seed, afresh=afresh)
        if not valid:
            raise BailError
        if recreating:
            assert old is not None  # noqa: S101 (what was deleted had a record)
            return self._recreate(old, new)
        if was_external:
            assert old is not None  # noqa: S101 (it was external)
            seen.creates.add(urn)
            chain: list[Step] = [
                steps.CreateStep(new, old=old, pending_delete=True),
                steps.ReplaceStep(old, new),
            ]
            return chain, Registered(resource=new)
        self.untargeted.spread(new, targeted=targeted)
        if old is None:
            if not targeted:
                seen.sames.add(urn)
                seen.skipped_creates.add(urn)
                return [steps.SameStep(new.copy(), new, skipped=True)], Registered(resource=new, unknown=True)
            seen.creates.add(urn)
            return [steps.CreateStep(new)], Registered(resource=new)
        if not targeted:
            chain, kept = self.untargeted.keep(urn, old)
            return chain, Registered(resource=kept)
        return self._from_diff(goal, old, new, seed, forced=forced, imported=imported)

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

    def _plan_goal(
        self, goal: Goal, urn: str, old: Resource | None, inputs: Properties, seed: bytes, *, afresh: bool
    ) -> None:
        run = self._run
        before = {} if afresh or old is None else old.inputs
        if run.new_plan is not None:
            run.new_plan.goal(urn, goal, seed, before, inputs)
        if run.plan is not None:
            run.plan.check_goal(urn, old, old.inputs if old else {}, inputs, goal)

    def _from_diff(
        self, goal: Goal, old: Resource, new: Resource, seed: bytes, *, forced: bool, imported: bool
    ) -> tuple[list[Step], Registered]:
        """The steps for a resource that exists: same, update or replace."""
        run, seen = self._run, self.seen
        diff, triggered = self._difference(goal, old, new, forced=forced)
        diff = differences.replace_on_changes(diff, goal.replace_on_changes, has_init_errors=bool(old.init_errors))
        chain: list[Step] = []
        if diff.changes is Changes.SOME or old.pending_replacement:
            if diff.is_replace or triggered or old.pending_replacement:
                chain = self._replace(goal, old, new, diff, seed, forced=forced)
            else:
                seen.updates.add(new.urn)
                chain = [steps.UpdateStep(old, new, Reasons(diffs=diff.changed, detailed=diff.detailed))]
        elif old.init_errors:
            seen.updates.add(new.urn)
            chain = [steps.UpdateStep(old, new, Reasons(diffs=diff.changed, detailed=diff.detailed))]
        elif imported:
            return [], Registered(resource=old)
        else:
            seen.sames.add(new.urn)
            chain = [steps.SameStep(old, new)]
        return chain, Registered(resource=new)

    def _difference(self, goal: Goal, old: Resource, new: Resource, *, forced: bool) -> tuple[DiffResult, bool]:
        """What changes, and whether the replacement trigger did."""
        run = self._run
        if not run.preview and contains_unknown(new.replacement_trigger):
            run.error(f"replacement trigger contains unknowns for {new.urn}", new.urn)
            self.saw_error = True
            raise BailError
        if _triggers(old, new):
            return DiffResult(changes=Changes.SOME), True
        if forced:
            return DiffResult(changes=Changes.SOME, replaces=("id",)), False
        if any(urn in self.seen.replaces for urn in new.replace_with):
            return DiffResult(changes=Changes.SOME, replaces=("replaceWith",)), False
        if new.deleted_with and new.deleted_with in self.seen.replaces:
            return DiffResult(changes=Changes.SOME, replaces=("deletedWith",)), False
        if self._provider_changed(old, new):
            return DiffResult(changes=Changes.SOME, replaces=("provider",)), False
        if not new.custom:
            same = equal_properties(old.inputs, new.inputs)
            return DiffResult(changes=Changes.NONE if same else Changes.SOME), False
        if new.is_provider:
            return run.registry.diff(new.urn, old, new.inputs, goal.ignore_changes), False
        try:
            subject = old
            if old.urn != new.urn:
                subject = old.copy()
                subject.urn = new.urn
            instance = run.instance(new.provider)
            return diff_resource(run, instance, subject, new.inputs, goal.ignore_changes, preview=run.preview), False
        except DiffUnavailableError as error:
            run.warn(str(error), new.urn)
            return DiffResult(changes=Changes.SOME), False

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

    def _replace(
        self, goal: Goal, old: Resource, new: Resource, diff: DiffResult, seed: bytes, *, forced: bool
    ) -> list[Step]:
        run, seen = self._run, self.seen
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
        if new.custom and not forced:
            checked = self._check(new, None, goal.inputs, seed)
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
