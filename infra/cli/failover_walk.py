"""A failover under way: where it is, what comes next, and the preconditions, calls, edit and update of each step."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.cli import report, runs
from infra.cli.deployed import deployed
from infra.cli.files import replace_file
from infra.cli.object_storage import object_storage
from infra.cli.refusal import Exit, Refused
from infra.cli.stack_edit import edits, with_roles
from infra.cli.stored import open_state, read_export, refuse_foreign
from infra.engine.display import count, paper_for
from infra.engine.options import Command
from infra.engine.values import plain
from infra.residency.failover import Halt, Roles, step_towards
from infra.residency.findings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from infra.cli.object_storage import ObjectStorage
    from infra.cli.workspace import Workspace
    from infra.engine.state import Deployment
    from infra.residency.placement import Placement, Plan
    from infra.residency.regions import UsRegion

_REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
_FEW = 5


class Walk:
    """The way of one stack to a primary region.

    Attributes:
        to: The region that is to be the primary.
        lost: Whether the other one cannot be reached.
        asked: What the stack file says.
        now: What is deployed.
        left: The states that are still to be applied, in order.
    """

    def __init__(
        self, workspace: Workspace, region: str, day: date, *, lost: bool, state_file: Path | None = None
    ) -> None:
        self._workspace, self._day, self._state_file = workspace, day, state_file
        self.lost = lost
        self._previewed: tuple[tuple[Roles, Roles], list[str]] | None = None
        if workspace.is_simulated == (state_file is not None):
            raise Refused(
                f"the state of {workspace.stack} is {'its own' if workspace.is_simulated else 'not known here'}",
                allowed="--state for a real stack, and for no other",
                fix=f"pulumi stack export -s {workspace.stack} --file FILE, then name it with --state FILE",
            )
        self._read()
        between = {it.value: it for it in (self.asked.primary, self.asked.other)}
        if region not in between:
            raise Refused(
                f"{region} does not hold data of {workspace.stack}",
                allowed=", ".join(sorted(between)),
                fix=did_you_mean(region, between, "name one of these"),
            )
        self.to = between[region]
        steps = tuple(self._steps())
        self.left: tuple[Roles, ...] = (self.asked, *steps) if self.unfinished else steps

    @property
    def other(self) -> UsRegion:
        """The region that is not to be the primary."""
        return self.asked.other if self.asked.primary is self.to else self.asked.primary

    @property
    def unfinished(self) -> bool:
        """Whether a step stands in the stack file and is not applied."""
        return self.asked != self.now

    def shown(self) -> list[str]:
        """The preview of the next step.

        Raises:
            Refused: The step may not be taken, or its preview fails.
        """
        return self._preview(self.left[0])

    def go(self) -> Iterator[str]:
        """Take the steps, and say what was done.

        Raises:
            Refused: One cannot be taken now; what was done stays, and the same command goes on from there.
        """
        if self.unfinished:
            yield from self._finish()
        elif self._workspace.is_simulated and not (self.now.halt or self.now.lost):
            self._refuse_other_changes()
        while self.asked == self.now and (after := self._next()) is not None:
            yield from self._begin(after)
            yield from self._finish()
        if self.asked == self.now:
            yield f"\n  DONE  {self.now.text()}"

    def _read(self) -> None:
        """Where it is: in the stack file, in the state, in the plan."""
        workspace = self._workspace
        if self._state_file is not None:
            state, _ = read_export(self._state_file)
            refuse_foreign(state, workspace)
        else:
            with open_state(workspace, writable=False) as file:
                state = file.state
        self._state: Deployment = state
        had = deployed(state).roles
        if had is None:
            raise Refused(
                f"nothing says which region of {workspace.stack} holds the default stores",
                allowed="a stack that is applied, by this version of the program",
                fix="make up" if workspace.is_simulated else f"pulumi up -s {workspace.stack}, and export its state",
            )
        loaded = runs.load_against(self._request(Command.PREVIEW), state)
        self.now: Roles = had
        self._plan: Plan = loaded.plan
        self.asked: Roles = loaded.plan.roles

    def _steps(self) -> Iterator[Roles]:
        now = self.asked
        try:
            while (after := step_towards(now, self.to, lost=self.lost)) is not None:
                yield after
                now = after
        except ValueError as error:
            raise Refused(str(error), given=self.asked.text()) from error

    def _next(self) -> Roles | None:
        return next(iter(self._steps()), None)

    def _begin(self, after: Roles) -> Iterator[str]:
        """Make sure of what a step rests on, and write it into the stack file; of a real stack only if it is proved.

        An update of a simulated stack proves its plan itself before it applies any of it.
        """
        now = self.asked
        leaves = now.halt is Halt.FROZEN and after.halt is Halt.STOPPED
        rejoins = now.lost and not after.lost
        if (leaves or rejoins or now.halt is Halt.STOPPED) and not after.lost:
            self._compare(frozen=now.frozen)
            yield f"  ok    every object is in {now.primary} and in {now.other}"
        shown = [] if self._workspace.is_simulated else self._preview(after)
        text = with_roles(self._workspace.file.read_bytes().decode(), after)
        replace_file(self._workspace.file, text)
        yield f"\n  ok    {self._workspace.shown_file} says: {after.text()}"
        yield from shown
        self._read()

    def _finish(self) -> Iterator[str]:
        """Have Object Storage do what the step needs, and apply it."""
        yield from self._free()
        workspace = self._workspace
        if not workspace.is_simulated:
            yield from _for_pulumi(workspace)
            return
        outcome = runs.carry_out(self._request(Command.UP))
        if outcome.result.exit:
            print(report.render(outcome, paper_for(sys.stdout), diff=False, show_sames=False))
            raise Refused(
                f"the update to {self.asked.text()} did not finish",
                fix="mend what it says, and run the same command again: it goes on from there",
                code=Exit.FAILED,
            )
        self._read()
        yield f"  ok    applied: {self.now.text()}"
        for block in report.changes_in_words(outcome, paper_for(sys.stdout)):
            yield from block

    def _free(self) -> Iterator[str]:
        """Make writable what is a destination no more, and is about to be a primary or another destination."""
        asked = self.asked
        if not (asked.lost or self.now.halt is Halt.STOPPED):
            return
        storage, freed = self._storage(), list[str]()
        stores = self._stores()
        for store in stores:
            twin = next(it for it in stores if _twins(it, store))
            if store.region is asked.other and (asked.lost or self._is_replica(storage, store, twin)):
                continue
            if storage.read_only(store):
                storage.make_writable(store)
                freed.append(store.bucket)
        if freed:
            yield f"  ok    {count(len(freed), 'bucket')} made writable: {', '.join(freed)}"

    def _is_replica(self, storage: ObjectStorage, store: Placement, source: Placement) -> bool:
        """Whether a bucket is already what the step makes it: then it must stay read-only.

        An exported state may be older than the policy, so of a real stack the cloud is asked. A simulated stack's state
        is its own: a policy that it does not know was left by an update that failed, and is in the way of the next one.
        """
        known = any(
            it.type == _REPLICATION
            and not it.delete
            and plain(it.inputs.get("destinationRegionName")) == store.region.value
            and plain(it.inputs.get("destinationBucketName")) == store.bucket
            for it in self._state.resources
        )
        return known or (not self._workspace.is_simulated and storage.replicates(source))

    def _compare(self, *, frozen: bool) -> None:
        """Check that both regions have the same objects.

        Raises:
            Refused: They have not.
        """
        storage, lacking = self._storage(), list[str]()
        stores = {(it.dataset.name, it.shard, it.region): it for it in self._stores()}
        for (dataset, shard, region), store in stores.items():
            if region is not self.asked.primary:
                continue
            twin = stores[dataset, shard, self.asked.other]
            here, there = storage.objects(store), storage.objects(twin)
            lacking += [f"{twin.bucket} lacks {name}" for name in sorted(here.keys() - there.keys())]
            lacking += [f"{store.bucket} lacks {name}" for name in sorted(there.keys() - here.keys())]
            differing = [name for name in sorted(here.keys() & there.keys()) if here[name] != there[name]]
            lacking += [f"{name} differs in {store.bucket} and {twin.bucket}" for name in differing]
        if not lacking:
            return
        waits = frozen and self.asked.halt is Halt.FROZEN
        more = f", and {len(lacking) - _FEW} more" if len(lacking) > _FEW else ""
        raise Refused(
            f"{count(len(lacking), 'object')} {'is' if len(lacking) == 1 else 'are'} not the same in both regions",
            given="; ".join(lacking[:_FEW]) + more,
            why="replication has not brought them yet; nobody writes meanwhile"
            if waits
            else "what was there before a replication policy is never replicated",
            fix="run the same command again in a minute"
            if waits
            else "copy what is lacking, decide about what differs, and run the same command again",
            code=Exit.UNDECIDED,
        )

    def _refuse_other_changes(self) -> None:
        changed = runs.carry_out(self._request(Command.PREVIEW)).recorder.changed()
        if changed:
            raise Refused(
                f"the stack file asks for {count(len(changed), 'change')} that {'is' if len(changed) == 1 else 'are'} "
                "not applied",
                why="a failover is previewed by itself, so that its diff can be read",
                fix="make up, or take the edit back; then run the same command again",
            )

    def _preview(self, after: Roles) -> list[str]:
        """What a step would change, for people.

        Raises:
            Unproved: What it shows is not proved.
            Refused: It does not finish.
        """
        if self._previewed is not None and self._previewed[0] == (after, self.now):
            return self._previewed[1]
        request = self._request(Command.PREVIEW)
        if after != self.asked:
            request = replace(request, edits=runs.edits(list(edits(self.asked, after))))
        outcome, paper = runs.carry_out(request), paper_for(sys.stdout)
        if outcome.proof is None:
            print(report.render(outcome, paper, diff=False, show_sames=False))
            raise Refused("the preview of the next step did not finish; nothing was changed", code=Exit.FAILED)
        runs.refuse_unproved(outcome.proof)
        lines = [line for block in report.changes_in_words(outcome, paper) for line in ["", *block]]
        self._previewed = ((after, self.now), lines)
        return lines

    def _request(self, command: Command) -> runs.Request:
        return runs.Request(command=command, workspace=self._workspace, as_of=self._day, state_file=self._state_file)

    def _storage(self) -> ObjectStorage:
        return object_storage(self._workspace, self._plan.tenancy)

    def _stores(self) -> list[Placement]:
        return [placement for dataset in self._plan.datasets for placement in dataset.placements]


def _twins(one: Placement, other: Placement) -> bool:
    """Whether two buckets hold the same shard, each in its region."""
    return (one.dataset.name, one.shard) == (other.dataset.name, other.shard) and one.region is not other.region


def _for_pulumi(workspace: Workspace) -> Iterator[str]:
    """What a person does now: only the ordinary command line changes a real cloud."""
    stack = workspace.stack
    yield ""
    yield "  NEXT  commit the stack file, then:"
    yield f"          pulumi up -s {stack}"
    yield f"          pulumi stack export -s {stack} --file FILE"
    yield f"          python -m infra lock --stack {stack} --state FILE      (commit what it writes)"
    yield "        and this command again, with --state FILE: it goes on from there"
