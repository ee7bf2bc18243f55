"""A legacy site's life as a machine of states: phases, receipts, two operators, crashes, users, writers, a clock.

The machine asks the real rules, `decide.refusals` before a deletion and `receipt_rules.judge` and `permission` over
real envelopes before a phase moves; everything around them (clouds, work files, people) is modelled. Two items stand
for all data: A is there from the beginning, B may be written at any time. Every action is atomic but those that the
tool itself takes in steps: a census lists one item at a time, a wipe notes, deletes and notes again, and the operator
may be killed between any two of them, which loses everything but the work file.

There are two worlds. Where the TOOL deletes, the writer writes whenever it likes, even where the phase forbids it.
Where the bucket's own lifecycle rules delete beside the tool, which ask nobody, it is the policy that stops the writer
from phase `drain` on, and the comparison has to rest on a census that was begun after that (`writes`).

What the model leaves out: more than two items, delete markers, bytes that rot without a new entity tag, a signer who
signs what is wrong. `python -m tests.retirement.model` (or `make model`) explores both worlds with two operators to the
fixpoint; the suite does so with one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import resource
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from infra.residency.lifecycle import Phase
from infra.residency.receipt_rules import NEEDED_FOR_PHASE, judge, permission
from infra.residency.receipts import (
    BucketCensus,
    Envelope,
    Receipt,
    Scope,
    Signature,
    Step,
    digest,
    envelope_text,
    payload_of,
    pre_authentication_encoding,
    site_root,
)
from infra.retirement.decide import DeletionFacts, refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PHASES = tuple(Phase)
SCOPE = Scope(stack="s", site="x", account_id="1" * 12, region="us-east-1")
SIGNERS = {"compliance": b"compliance", "security": b"security"}
MADE = datetime(2026, 1, 1, tzinfo=UTC)


class Operator(NamedTuple):
    """One operator's work file and run. Items are bits: 1 is A, 2 is B."""

    listed: int = 0  # items asked for so far by the census: 0 none, 1 A, 3 both (finished)
    census: int = 0
    proved: int = 0  # items seen equal in Oracle Cloud at some time
    sent: int = 0
    gone: int = 0
    deleting: int = 0  # 1 while a wipe is running that was allowed to begin
    quiet: int = 0  # 1 if nothing could be written any more when the census was begun


class Chain(NamedTuple):
    """The site's receipts in the stack's folder: a census, then what was done to it, how many signed, still in time."""

    census: int = -1
    step: int = 0  # 0 nothing, 1 census and comparison, 2 the same and the proof of emptiness
    signers: int = 0
    fresh: int = 1


class State(NamedTuple):
    """Everything; `lost` and `unproved` are ghosts that only the safety properties look at."""

    phase: int = 0
    legacy: int = 1
    oracle: int = 0
    deleted_by_user: int = 0
    written: int = 1
    first: Operator = Operator()
    second: Operator = Operator()
    chain: Chain = Chain()
    confirmed: int = -1
    overdue: int = 0


class BrokenError(AssertionError):
    """A property that must hold in every state does not."""


def root_of(items: int) -> str:
    """The census root of a set of items, as the real rules compute it."""
    return site_root(buckets_of(items))


def buckets_of(items: int) -> tuple[BucketCensus, ...]:
    """The census of a set of items."""
    root = hashlib.sha256(b"%d" % items).hexdigest()
    return (BucketCensus(bucket="b", root=root, versions=items.bit_count(), markers=0, uploads=0, size=0),)


def _signed(key: bytes, message: bytes) -> bytes:
    return hashlib.sha256(key + message).digest()


def _verify(key: bytes, signature: bytes, message: bytes) -> bool:
    return signature == _signed(key, message)


@cache
def permitted(chain: Chain, step: Step, confirmed: int) -> tuple[str, ...]:
    """What the real rules say against resting on a step of this chain; signatures are digests here."""
    steps = [(), (Step.CENSUS, Step.COMPARISON), (Step.CENSUS, Step.COMPARISON, Step.EMPTY)][chain.step]
    texts: list[tuple[str, str]] = []
    previous: str | None = None
    for number, done in enumerate(steps, start=1):
        receipt = Receipt(
            step=done,
            scope=SCOPE,
            buckets=buckets_of(chain.census),
            sequence=number,
            previous=previous,
            time=MADE + timedelta(hours=number),
            expires=MADE + timedelta(days=30),
            tool_version="1",
            results={},
        )
        payload = payload_of(receipt)
        message = pre_authentication_encoding(payload)
        # what stands before the last receipt was signed by both when the last was written
        count = chain.signers if done is steps[-1] or chain.step == 1 else 2
        keys = list(SIGNERS.values())[:count]
        envelope = Envelope(
            payload=payload, signatures=tuple(Signature(key_id="", signature=_signed(key, message)) for key in keys)
        )
        previous = digest(envelope)
        texts.append((str(number), envelope_text(envelope)))
    now = MADE + timedelta(days=1 if chain.fresh else 31)
    judged = judge(texts, scope=SCOPE, signers=SIGNERS, verify=_verify, now=now)
    root = root_of(confirmed)[:8] if confirmed >= 0 else None
    answer = permission(judged, step, buckets=frozenset({"b"}), confirmed=root, now=now)
    return tuple(str(refusal) for refusal in answer) if isinstance(answer, tuple) else ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of the tool and the world it works in; a test breaks one rule to see that the model notices.

    Attributes:
        expiry: whether the bucket's own lifecycle rules delete too, in phase `wipe`.
        remembers: whether what was seen equal once counts for ever, whatever Oracle Cloud lists now.
        needs_quiet: whether a comparison counts only if nothing could be written when its census was begun.
    """

    refuse: Callable[[DeletionFacts], tuple[str, ...]] = refusals
    permit: Callable[[Chain, Step, int], tuple[str, ...]] = permitted
    operators: int = 2
    expiry: bool = False
    notes_before_sending: bool = True
    remembers: bool = False
    needs_quiet: bool = True
    refused: Callable[[DeletionFacts], tuple[str, ...]] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", cache(self.refuse))

    def facts(self, state: State, operator: Operator, given: int) -> DeletionFacts:
        """What `wipe.look` finds: the site and Oracle Cloud listed anew, beside the work file."""
        problems = self.permit(state.chain, Step.COMPARISON, state.confirmed)
        covered = operator.proved & (3 if self.remembers else state.oracle)
        return DeletionFacts(
            receipt_problems=problems,
            receipt_root="" if problems else root_of(state.chain.census),
            census_root=root_of(operator.census),
            given_root=root_of(given)[:8],
            new_data=(state.legacy & ~operator.census).bit_count(),
            new_markers=0,
            vanished=(operator.census & ~state.legacy & ~operator.sent).bit_count(),
            expires=self.expiry,
            uncovered=(operator.census & ~_settled(state, operator) & ~covered).bit_count(),
        )


def _settled(state: State, operator: Operator) -> int:
    """What this operator has deleted for certain: answered, or sent and not listed any more."""
    return operator.gone | (operator.sent & ~state.legacy)


def successors(state: State, rules: Rules) -> Iterator[State]:
    """Every state that one action of anyone leads to.

    Raises:
        BrokenError: an action that the rules allow breaks a safety property.
    """
    if PHASES[state.phase] is Phase.CLOSED:
        return
    yield from _world(state, rules)
    yield from _people(state, rules)
    for who in range(rules.operators):
        yield from _operate(state, rules, who)


def _world(state: State, rules: Rules) -> Iterator[State]:
    """The clock, a user of Oracle Cloud, a writer at the site, and the site's lifecycle rules."""
    if not state.overdue:
        yield state._replace(overdue=1)
    if state.chain.fresh and state.chain.step:
        yield state._replace(chain=state.chain._replace(fresh=0))
    for item in (1, 2):
        if state.oracle & item:
            yield state._replace(oracle=state.oracle & ~item, deleted_by_user=state.deleted_by_user | item)
        if rules.expiry and PHASES[state.phase] is Phase.WIPE and state.legacy & item:
            yield _checked(state._replace(legacy=state.legacy & ~item))
    if not state.written & 2 and not (rules.expiry and state.phase >= _QUIET):
        yield state._replace(legacy=state.legacy | 2, written=state.written | 2)


_QUIET = PHASES.index(Phase.DRAIN)
"""From this phase on the buckets' policies deny writes."""


def _people(state: State, rules: Rules) -> Iterator[State]:
    """Signers, the one who confirms a census, and the one who edits the phase; past its expiry nothing is planned."""
    if state.chain.step and state.chain.signers < 2:
        yield state._replace(chain=state.chain._replace(signers=state.chain.signers + 1))
    if state.chain.step and state.confirmed != state.chain.census:
        yield state._replace(confirmed=state.chain.census)
    if state.overdue:
        yield state._replace(overdue=0)  # an extension with a reason
        return
    target = PHASES[state.phase + 1]
    needed = NEEDED_FOR_PHASE.get(target)
    if needed is None or not rules.permit(state.chain, needed, state.confirmed):
        if target is Phase.CLOSED and state.legacy:
            return  # the cloud deletes no bucket that is not empty
        if target is Phase.CLOSED and state.chain._replace(census=0) != Chain(census=0, step=2, signers=2):
            raise BrokenError(f"a site is closed without a signed proof, in time, that it is empty: {state}")
        yield _checked(state._replace(phase=state.phase + 1))


def _operate(state: State, rules: Rules, who: int) -> Iterator[State]:
    me = state.second if who else state.first

    def become(operator: Operator, **changes: object) -> State:
        return state._replace(**{"second" if who else "first": operator, **changes})

    if me.deleting:
        _check_crash(state, me, rules)
        yield become(me._replace(deleting=0))  # killed, or stopped
        yield from _delete(state, me, rules, become)
        return
    quiet = int(rules.expiry and state.phase >= _QUIET)
    if me.listed == 3:  # a finished census is begun anew
        yield become(Operator(listed=1, census=state.legacy & 1, proved=me.proved, quiet=quiet))
        yield from _with_census(state, me, rules, become)
    elif me.listed == 1:
        yield become(me._replace(listed=3, census=me.census | (state.legacy & 2)))
    else:
        yield become(me._replace(listed=1, census=state.legacy & 1, quiet=quiet))


def _with_census(state: State, me: Operator, rules: Rules, become: Callable[..., State]) -> Iterator[State]:
    """Compare, drain, attest, begin to wipe, prove emptiness: whatever a finished census allows."""
    settled = _settled(state, me)
    chain = state.chain
    for item in (1, 2):
        if not me.census & item & ~settled & state.legacy:
            continue
        if state.oracle & item and not me.proved & item:
            yield become(me._replace(proved=me.proved | item, gone=settled))  # compare
        if not state.oracle & item:
            yield become(me, oracle=state.oracle | item)  # drain, to the history prefix where a user deleted the key
    compared = not me.census & ~settled & ~(me.proved & state.oracle)
    attested = Chain(census=me.census, step=1)
    if compared and chain != attested and (me.quiet or not (rules.expiry and rules.needs_quiet)):
        yield become(me, chain=attested)
    for given in (me.census, me.census ^ 1):  # what the operator types, which may be wrong
        if not rules.refused(rules.facts(state, me, given)):
            _check_begin(state, me, given, rules)
            yield become(me._replace(deleting=1, gone=settled))
    if not state.legacy and chain.step == 1 and chain.signers == 2 and chain.census == me.census:
        yield become(me, chain=Chain(census=me.census, step=2, fresh=chain.fresh))  # verify-empty, attest


def _delete(state: State, me: Operator, rules: Rules, become: Callable[..., State]) -> Iterator[State]:
    """A running wipe: note an item as sent, delete it, note it as gone; the cloud lets it only in phase `wipe`."""
    if PHASES[state.phase] is not Phase.WIPE:
        return
    for item in (1, 2):
        if not me.census & item & ~me.gone:
            continue
        if rules.notes_before_sending and not me.sent & item:
            yield become(me._replace(sent=me.sent | item))
            continue
        if state.legacy & item:
            yield _checked(become(me, legacy=state.legacy & ~item))
        else:
            yield become(me._replace(sent=me.sent | item, gone=me.gone | item))


def _check_crash(state: State, me: Operator, rules: Rules) -> None:
    """What must be true whenever a wipe may be killed: the work file explains everything that this wipe has deleted."""
    alone = rules.operators == 1 and not rules.expiry
    if alone and me.census & ~state.legacy & ~me.sent:
        raise BrokenError(f"killed here, a wipe could not go on with what it had begun: {state}")


def _check_begin(state: State, me: Operator, given: int, rules: Rules) -> None:
    """What must be true when a wipe begins, said about the world and not about what the tool knows of it."""
    if given != me.census:
        raise BrokenError(f"a wipe begins although the operator named another census: {state}")
    if state.legacy & ~me.census:
        raise BrokenError(f"a wipe begins although something was written after the census: {state}")
    if me.census & ~state.legacy & ~me.sent and not rules.expiry:
        raise BrokenError(f"a wipe begins although somebody else has deleted: {state}")
    if state.chain.census != me.census or state.chain.signers < 2 or not state.chain.fresh or not state.chain.step:
        raise BrokenError(f"a wipe begins without two signatures in time about its census: {state}")
    if state.confirmed != me.census:
        raise BrokenError(f"a wipe begins that nobody confirmed: {state}")
    if state.legacy & ~state.oracle:
        raise BrokenError(f"a wipe begins although something is not in Oracle Cloud: {state}")


def _checked(state: State) -> State:
    """The state, if nothing is lost: all ever written is at the site, in Oracle Cloud, or deleted by its user."""
    if state.written & ~(state.legacy | state.oracle | state.deleted_by_user):
        raise BrokenError(f"data is lost: {state}")
    if PHASES[state.phase] is Phase.CLOSED and state.legacy:
        raise BrokenError(f"a site is closed that still holds data: {state}")
    return state


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explored:
    """Reachable states, transitions, whether all were seen, and the states from which nothing leads to the end."""

    states: int
    transitions: int
    complete: bool
    stuck: tuple[State, ...]


def explore(rules: Rules, limit: int | None = None) -> Explored:
    """Visit every reachable state, breadth first, up to a limit; then walk back from the closed ones.

    Raises:
        BrokenError: a safety property does not hold.
    """
    start = State()
    number: dict[State, int] = {start: 0}
    before: list[list[int]] = [[]]
    queue: deque[State] = deque([start])
    transitions = 0
    ends: list[int] = []
    complete = True
    while queue:
        state = queue.popleft()
        own = number[state]
        if PHASES[state.phase] is Phase.CLOSED:
            ends.append(own)
        for reached in successors(state, rules):
            # the operators are alike: which of them is called the first makes no difference
            swap = rules.operators > 1 and reached.second < reached.first
            following = reached._replace(first=reached.second, second=reached.first) if swap else reached
            transitions += 1
            known = number.get(following)
            if known is None:
                if limit is not None and len(number) >= limit:
                    complete = False
                    continue
                known = number[following] = len(before)
                before.append([])
                queue.append(following)
            before[known].append(own)
    reaches = set(ends)
    while ends:
        for earlier in before[ends.pop()]:
            if earlier not in reaches:
                reaches.add(earlier)
                ends.append(earlier)
    stuck = tuple(state for state, own in number.items() if own not in reaches) if complete else ()
    return Explored(states=len(number), transitions=transitions, complete=complete, stuck=stuck)


def main() -> None:
    """Explore both worlds with two operators to the fixpoint and say what was found."""
    for expiry in (False, True):
        began = time.perf_counter()
        found = explore(Rules(expiry=expiry))
        print(
            f"{'lifecycle rules and tool delete' if expiry else 'the tool deletes, the writer never stops'}: "
            f"{found.states:,} states, {found.transitions:,} transitions, all reachable ones: "
            f"{'safe' if not found.stuck else f'{len(found.stuck):,} STUCK, first {found.stuck[0]}'}; "
            f"{time.perf_counter() - began:.0f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
