"""Random steering policies: few answers, of which some are watched and some behave alike, and rules in any order."""

from ipaddress import ip_network
from random import Random

from infra.verify.steering import closed, enumeration
from infra.verify.steering.model import Answer, Case, Data, Kind, Policy, Rule, UnmodelledError, Where

WHERES = (
    Where(places=frozenset({"6252001"})),
    Where(places=frozenset({"6255149", "6252001"})),
    Where(places=frozenset({"1880251"})),
    Where(subnets=(ip_network("198.51.100.0/24"), ip_network("fd00::/8"))),
    Where(subnets=(ip_network("198.51.0.0/16"),)),
    Where(asns=frozenset({64500})),
    Where(asns=frozenset({64500, 64501})),
)
NAMES, POOLS = ("a", "b", "c", "d"), ("us", "old")


def instance(random: Random) -> Policy:
    """Up to four answers and up to five rules, at most one of which cuts the list, behind all that sort it."""
    answers = tuple(
        Answer(
            at=at,
            name=name,
            rdata=random.choice((f"192.0.2.{at}", "192.0.2.0")),
            pool=random.choice(POOLS),
            disabled=random.random() < 0.2,
        )
        for at, name in enumerate(NAMES[: random.choice((1, 2, 3, 3, 4))])
    )
    kinds = [random.choice((Kind.FILTER, Kind.FILTER, Kind.HEALTH, Kind.PRIORITY, Kind.WEIGHTED))]
    kinds += random.choices((Kind.FILTER, Kind.HEALTH, Kind.PRIORITY, Kind.WEIGHTED), k=random.randint(0, 2))
    after = random.choices((Kind.LIMIT, Kind.FILTER, Kind.HEALTH), k=random.randint(0, 2))
    return Policy(
        answers=answers,
        rules=tuple(_rule(random, kind) for kind in (*kinds, *after)),
        watched=frozenset(answer.rdata for answer in answers if random.random() < 0.7),
    )


def _rule(random: Random, kind: Kind) -> Rule:
    if random.random() < 0.4:
        return Rule(kind=kind, cases=(_case(random, None),))
    wheres = [random.choice(WHERES) for _ in range(random.randint(0, 2))]
    catch_all = [None] if random.random() < 0.6 else []
    return Rule(kind=kind, cases=tuple(_case(random, where) for where in (*wheres, *catch_all)))


def _case(random: Random, where: Where | None) -> Case:
    data = tuple(_data(random) for _ in range(random.randint(0, 3)))
    return Case(where=where, data=data, count=random.choice((None, 0, 1, 1, 2)))


def _data(random: Random) -> Data:
    attribute, value = random.choice(
        (("", ""), ("name", random.choice(NAMES)), ("pool", random.choice(POOLS)), ("disabled", random.random() < 0.5))
    )
    return Data(
        attribute=attribute,
        value=value,
        equal=random.random() < 0.8,
        keep=random.random() < 0.7,
        rank=random.choice((None, 0, 1, 1, 2)),
    )


def disagreement(policy: Policy) -> str:
    """Where the two deciders differ, or a reply does not replay; empty where all is well."""
    try:
        fast = closed.replies(policy)
    except UnmodelledError as error:
        return f"refused: {error}"
    slow = enumeration.replies(policy)
    if {reply.answer for reply in fast} != slow:
        return f"closed says {[it.answer.name for it in fast]}, enumeration says {sorted(it.name for it in slow)}"
    lost = [it for it in fast if it.answer not in enumeration.given(policy, it.client, it.down)]
    return f"do not replay: {lost}" if lost else ""
