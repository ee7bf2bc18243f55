"""What a steering policy answers: the executable reference.

Semantics (Oracle's pages "Traffic Management Steering Policies API Guide" and the API's model of steering rules):
the first rule gets all answers, shuffled; each rule gets what the one before left, the last one's list is the response.
A rule without cases always works with its defaults; with cases, the first whose condition holds configures it (a case
without a condition always does), and when none holds, or the list of cases is empty, the rule is ignored, defaults and
all. Within a case, the first of its answer data that selects an answer counts, else the first of the defaults.
FILTER keeps what is marked `shouldKeep`; HEALTH drops answers that the policy's monitor reports down, and keeps those
it does not watch; PRIORITY sorts by rising value and keeps the order of equals; WEIGHTED draws an order in which the
chance to be next is proportional to the value; LIMIT keeps the first few.

Not documented, and decided here: an answer without a priority comes last, one without a weight or of weight 0 after all
that have one; what a client gets when every answer is down has three readings (`AllDown`), and all have to be
considered.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from random import Random
from typing import assert_never

from infra.sandbox.dns.conditions import Answer, AnswerCondition, CaseCondition, Client

Choose = Callable[[Sequence[int]], int]
"""Picks a position with a chance proportional to its weight; all weights are positive."""

_LAST = 256  # behind every priority there is (0 to 255)


class RuleType(StrEnum):
    """What a rule does with the list of answers."""

    FILTER = "FILTER"
    HEALTH = "HEALTH"
    PRIORITY = "PRIORITY"
    WEIGHTED = "WEIGHTED"
    LIMIT = "LIMIT"


class AllDown(StrEnum):
    """What happens when HEALTH finds every answer down: no page says it, so every reading exists.

    NOTHING: the policy has no answer and the response is empty. EVERYTHING: HEALTH leaves all answers, as if they were
    up. ZONE: the policy has no answer and the zone's own records at the name answer instead.
    """

    NOTHING = "nothing"
    EVERYTHING = "everything"
    ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerData:
    """What a rule does with the answers that a condition selects; without a condition, with every answer."""

    condition: AnswerCondition | None = None
    should_keep: bool | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A configuration of a rule for some queries; without a condition, for all."""

    condition: CaseCondition | None = None
    data: tuple[AnswerData, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `cases` None means that the rule has no cases at all, which is not the same as an empty list."""

    kind: RuleType
    cases: tuple[Case, ...] | None = None
    default_data: tuple[AnswerData, ...] = ()
    default_count: int | None = None

    def case_for(self, client: Client) -> Case | None:
        """The configuration that holds for a query; None where the rule is ignored."""
        if self.cases is None:
            return Case()
        return next((case for case in self.cases if case.condition is None or case.condition.matches(client)), None)

    def data_for(self, case: Case, answer: Answer) -> AnswerData:
        """What applies to an answer; empty data where nothing does."""
        candidates = (*case.data, *self.default_data)
        return next((data for data in candidates if data.condition is None or data.condition.matches(answer)), _NONE)

    def count_for(self, case: Case) -> int | None:
        """How many answers LIMIT keeps; None for all."""
        return self.default_count if case.count is None else case.count


_NONE = AnswerData()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A steering policy. Without a monitor nothing is ever down for it."""

    template: str
    ttl: int
    answers: tuple[Answer, ...]
    rules: tuple[Rule, ...]
    monitored: bool

    @property
    def rtypes(self) -> frozenset[str]:
        """Record types that an attachment of this policy covers."""
        return frozenset(answer.rtype for answer in self.answers)


def chooser(random: Random) -> Choose:
    """Real chance from a source of random numbers."""

    def choose(weights: Sequence[int]) -> int:
        return random.choices(range(len(weights)), weights)[0]

    return choose


def respond(
    policy: Policy,
    client: Client,
    *,
    down: Collection[str] = (),
    choose: Choose,
    all_down: AllDown = AllDown.NOTHING,
    rtype: str | None = None,
) -> list[Answer]:
    """Answer one query.

    Args:
        policy: what decides.
        client: who asks.
        down: record data of endpoints that the policy's monitor reports down.
        choose: chance.
        all_down: how to read the case that nothing is left.
        rtype: only answers of this type take part; None for all.
    """
    answers = _drawn([answer for answer in policy.answers if rtype in {None, answer.rtype}], lambda _: 1, choose)
    for rule in policy.rules:
        case = rule.case_for(client)
        if case is not None:
            answers = _applied(
                rule, case, answers, down=down if policy.monitored else (), all_down=all_down, choose=choose
            )
    return answers


def _applied(
    rule: Rule, case: Case, answers: list[Answer], *, down: Collection[str], all_down: AllDown, choose: Choose
) -> list[Answer]:
    match rule.kind:
        case RuleType.FILTER:
            return [answer for answer in answers if rule.data_for(case, answer).should_keep]
        case RuleType.HEALTH:
            return _healthy(answers, down, all_down)
        case RuleType.PRIORITY:
            return sorted(answers, key=lambda answer: _rank(rule, case, answer))
        case RuleType.WEIGHTED:
            return _drawn(answers, lambda answer: rule.data_for(case, answer).value or 0, choose)
        case RuleType.LIMIT:
            return answers[: rule.count_for(case)]
    assert_never(rule.kind)


def _healthy(answers: Sequence[Answer], down: Collection[str], all_down: AllDown) -> list[Answer]:
    up = [answer for answer in answers if answer.rdata not in down]
    return up if up or all_down is not AllDown.EVERYTHING else list(answers)


def _rank(rule: Rule, case: Case, answer: Answer) -> int:
    value = rule.data_for(case, answer).value
    return _LAST if value is None else value


def _drawn(answers: Sequence[Answer], weigh: Callable[[Answer], int], choose: Choose) -> list[Answer]:
    weighted = [(answer, weight) for answer in answers if (weight := weigh(answer)) > 0]
    order: list[Answer] = []
    while weighted:
        answer, _ = weighted.pop(choose([weight for _, weight in weighted]) if len(weighted) > 1 else 0)
        order.append(answer)
    chosen = set(order)
    return order + [answer for answer in answers if answer not in chosen]


_Tier = tuple[tuple[Answer, int], ...]
"""Answers whose order among each other is drawn by these weights."""


def outcomes(
    policy: Policy,
    client: Client,
    *,
    down: Collection[str] = (),
    all_down: AllDown = AllDown.NOTHING,
    rtype: str | None = None,
) -> Mapping[frozenset[Answer], Fraction]:
    """Every set of answers that `respond` may give to a query, with its exact probability.

    A list in random order is kept as tiers: which tier comes first is certain, the order within one is drawn by
    weights. The order of a part of a tier is drawn by the same weights (Luce's choice axiom), so every rule maps tiers
    to tiers, and only a LIMIT that cuts through a tier branches.
    """
    start: _Tier = tuple((answer, 1) for answer in policy.answers if rtype in {None, answer.rtype})
    states: dict[tuple[_Tier, ...], Fraction] = {(start,): Fraction(1)}
    for rule in policy.rules:
        case = rule.case_for(client)
        if case is None:
            continue
        following: dict[tuple[_Tier, ...], Fraction] = {}
        for tiers, chance in states.items():
            for after, share in _tiers_after(rule, case, tiers, down if policy.monitored else (), all_down):
                following[after] = following.get(after, Fraction(0)) + chance * share
        states = following
    result: dict[frozenset[Answer], Fraction] = {}
    for tiers, chance in states.items():
        given = frozenset(answer for tier in tiers for answer, _ in tier)
        result[given] = result.get(given, Fraction(0)) + chance
    return result


def _tiers_after(
    rule: Rule, case: Case, tiers: tuple[_Tier, ...], down: Collection[str], all_down: AllDown
) -> list[tuple[tuple[_Tier, ...], Fraction]]:
    match rule.kind:
        case RuleType.FILTER:
            return [(_kept(tiers, lambda answer: bool(rule.data_for(case, answer).should_keep)), Fraction(1))]
        case RuleType.HEALTH:
            up = set(_healthy([answer for tier in tiers for answer, _ in tier], down, all_down))
            return [(_kept(tiers, up.__contains__), Fraction(1))]
        case RuleType.PRIORITY:
            return [(_sorted_tiers(tiers, lambda answer: _rank(rule, case, answer)), Fraction(1))]
        case RuleType.WEIGHTED:
            return [(_weighted_tiers(tiers, lambda answer: rule.data_for(case, answer).value or 0), Fraction(1))]
        case RuleType.LIMIT:
            count = rule.count_for(case)
            return [(tiers, Fraction(1))] if count is None else _cut(tiers, count)
    assert_never(rule.kind)


def _kept(tiers: tuple[_Tier, ...], keep: Callable[[Answer], bool]) -> tuple[_Tier, ...]:
    left = (tuple((answer, weight) for answer, weight in tier if keep(answer)) for tier in tiers)
    return tuple(tier for tier in left if tier)


def _sorted_tiers(tiers: tuple[_Tier, ...], rank: Callable[[Answer], int]) -> tuple[_Tier, ...]:
    ranks = sorted({rank(answer) for tier in tiers for answer, _ in tier})
    return tuple(part for value in ranks for part in _kept(tiers, lambda answer, value=value: rank(answer) == value))


def _weighted_tiers(tiers: tuple[_Tier, ...], weigh: Callable[[Answer], int]) -> tuple[_Tier, ...]:
    first: _Tier = tuple((answer, weight) for tier in tiers for answer, _ in tier if (weight := weigh(answer)) > 0)
    rest = _kept(tiers, lambda answer: weigh(answer) <= 0)
    return (first, *rest) if first else rest


def _cut(tiers: tuple[_Tier, ...], count: int) -> list[tuple[tuple[_Tier, ...], Fraction]]:
    whole: list[_Tier] = []
    for tier in tiers:
        if count >= len(tier):
            whole.append(tier)
            count -= len(tier)
        elif count > 0:
            return [((*whole, *head), chance) for head, chance in _heads(tier, count)]
        else:
            break
    return [(tuple(whole), Fraction(1))]


def _heads(tier: _Tier, count: int) -> list[tuple[tuple[_Tier, ...], Fraction]]:
    """Every order in which `count` answers can be drawn from a tier, each now certain: a tier of its own."""
    if count == 0:
        return [((), Fraction(1))]
    total = sum(weight for _, weight in tier)
    return [
        (((entry,), *rest), Fraction(entry[1], total) * chance)
        for index, entry in enumerate(tier)
        for rest, chance in _heads(tier[:index] + tier[index + 1 :], count - 1)
    ]
