"""Failover of storage: which region holds the default stores, and how the two regions that hold data change roles.

A change of roles is a walk over planned states, each a value of the stack file that a preview shows and an update
applies. While data is on its way nobody may write, so that no object exists on one side only:

    primary A, standby B -> FROZEN -> STOPPED -> primary B, standby A, FROZEN -> primary B, standby A

What it refuses: every shorter way. A destination of replication takes no versions and no expiry, so roles change only
when nothing is replicated any more (STOPPED); what is written before a replication policy exists is never replicated,
so writing begins only when one does (after FROZEN).

A region that cannot be reached is LOST: the other one becomes the primary at once, and nothing that the lost one has is
touched, since every call there would fail. It comes back as the standby, by way of STOPPED.

Sources: Oracle's page "Using Replication" (one policy for a source, a read-only destination, no chains, earlier objects
are not replicated) and its API's MakeBucketWritable.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from infra.residency.findings import Refusal
from infra.residency.regions import UsRegion


class Halt(StrEnum):
    """What rests while roles change. FROZEN: nobody writes. STOPPED: nor is anything replicated or expired."""

    FROZEN = "frozen"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who holds the default stores.

    Attributes:
        primary: the region of the default stores.
        other: the region of the replicas; or the one that was primary before it was lost.
        lost: whether `other` cannot be reached.
        halt: what rests meanwhile; of a lost region, how it was left.
    """

    primary: UsRegion
    other: UsRegion
    lost: bool = False
    halt: Halt | None = None

    @property
    def origin(self) -> UsRegion:
        """Where data is replicated, exported and backed up from: not changed while the region is lost."""
        return self.other if self.lost else self.primary

    @property
    def frozen(self) -> bool:
        """Whether nobody may write. While a region is lost the other one is written to, or nothing is."""
        return self.halt is not None and not self.lost

    def text(self) -> str:
        """In the words of a stack file."""
        rest = f", {self.halt}" if self.halt else ""
        return f"primary {self.primary}, {'lost' if self.lost else 'standby'} {self.other}{rest}"


def steps(before: Roles) -> Iterator[Roles]:
    """Every state that may follow another one."""
    rejoined = replace(before, lost=False, halt=Halt.STOPPED)
    if before.lost:
        yield rejoined
        return
    match before.halt:
        case None:
            yield replace(before, halt=Halt.FROZEN)
        case Halt.FROZEN:
            yield replace(before, halt=None)
            yield replace(before, halt=Halt.STOPPED)
        case Halt.STOPPED:
            yield replace(before, halt=Halt.FROZEN)
            yield _swapped(before, halt=Halt.FROZEN)
        case _:
            assert_never(before.halt)
    yield _swapped(before, lost=True, halt=Halt.STOPPED if before.halt is Halt.STOPPED else None)


def _swapped(before: Roles, *, lost: bool = False, halt: Halt | None) -> Roles:
    return Roles(primary=before.other, other=before.primary, lost=lost, halt=halt)


def refusal(before: Roles, after: Roles) -> Refusal | None:
    """Why one state may not follow another; None where it may.

    Other regions than before are no change of roles: what that means for what they hold is judged elsewhere.
    """
    same = {before.primary, before.other} == {after.primary, after.other}
    if after == before or not same or after in set(steps(before)):
        return None
    return Refusal(
        given=f"{after.text()}; deployed is: {before.text()}",
        allowed=" | ".join(sorted(state.text() for state in steps(before))),
        why="on a shorter way objects would be written that are never replicated, or versions would end too early",
        fix=f"put back what this file said, and run: python -m infra failover {after.primary} --stack NAME",
    )


def step_towards(now: Roles, primary: UsRegion, *, lost: bool = False) -> Roles | None:
    """The next state on the way to a primary; None on arrival.

    Args:
        now: where the way begins.
        primary: one of the two regions that hold data.
        lost: whether the present primary cannot be reached.

    Raises:
        ValueError: there is no way; the text says why.
    """
    if now.primary is primary:
        if now.lost:
            return None if lost else replace(now, lost=False, halt=Halt.STOPPED)
        return replace(now, halt=Halt.FROZEN if now.halt is Halt.STOPPED else None) if now.halt else None
    if now.lost:
        raise ValueError(f"{primary} is lost: first make it the standby again, with failover {now.primary}")
    if lost:
        return _swapped(now, lost=True, halt=Halt.STOPPED if now.halt is Halt.STOPPED else None)
    match now.halt:
        case None:
            return replace(now, halt=Halt.FROZEN)
        case Halt.FROZEN:
            return replace(now, halt=Halt.STOPPED)
        case Halt.STOPPED:
            return _swapped(now, halt=Halt.FROZEN)
        case _:
            assert_never(now.halt)
