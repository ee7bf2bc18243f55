"""The slow decider: every client that the conditions can tell apart, every state of health, every order is played.

It shares no code with `closed`: rules are applied to lists, as the documentation says it. Time doubles with each
watched address and each place, and grows with the orders of the answers.
"""

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import chain, combinations, permutations, product

from infra.verify.steering.model import Answer, Case, Client, Kind, Policy, Rule

_FIRST, _LAST = -1, 256
"""Before and behind every priority there is."""

_Order = tuple[int, ...]
"""Answers by where they stand in the policy."""


def replies(policy: Policy) -> frozenset[Answer]:
    """Every answer that can be given to anybody."""
    played = {tuple(_case(rule, client) for rule in policy.rules): client for client in clients(policy)}
    found: set[Answer] = set()
    for client, down in product(played.values(), _subsets(policy.watched)):
        found |= given(policy, client, frozenset(down))
    return frozenset(found)


def _subsets(values: frozenset[str]) -> Iterator[tuple[str, ...]]:
    ordered = sorted(values)
    return chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1))


def clients(policy: Policy) -> Iterator[Client]:
    """One client for each combination of places, of a piece of the addresses and of a network.

    Of those for whom the same cases count one is played.
    """
    places, addresses, asns = set[str](), {"0.0.0.0", "::"}, set[int | None]({None})  # noqa: S104 - nobody listens
    for where in (case.where for rule in policy.rules for case in rule.cases if case.where):
        places |= where.places
        asns |= where.asns
        for subnet in where.subnets:
            addresses.add(str(subnet.network_address))
            behind = int(subnet.broadcast_address) + 1
            if behind < 2**subnet.max_prefixlen:
                addresses.add(str(type(subnet.network_address)(behind)))
    for within, address, asn in product(_subsets(frozenset(places)), addresses, asns):
        yield Client(address=ip_address(address), places=frozenset(within), asn=asn)


def given(policy: Policy, client: Client, down: frozenset[str]) -> frozenset[Answer]:
    """Every answer that one client can be given in one state of health, in any order, by either reading."""
    found: set[int] = set()
    for everything in (False, True):
        orders = set(permutations(range(len(policy.answers))))
        for rule in policy.rules:
            case = _case(rule, client)
            if case is not None:
                apply = _application(policy, rule.kind, case, down & policy.watched, everything=everything)
                orders = {after for order in orders for after in apply(order)}
        found |= {at for order in orders for at in order}
    return frozenset(policy.answers[at] for at in found)


def _case(rule: Rule, client: Client) -> Case | None:
    for case in rule.cases:
        if case.where is None:
            return case
        inside = any(
            client.address.version == subnet.version and client.address in subnet for subnet in case.where.subnets
        )
        if inside or case.where.places & client.places or client.asn in case.where.asns:
            return case
    return None


def _application(
    policy: Policy, kind: Kind, case: Case, down: frozenset[str], *, everything: bool
) -> Callable[[_Order], Iterator[_Order]]:
    """What a rule makes of one order; several where it draws or where its documentation leaves it open."""
    kept, ranks = ([_value(case, answer, name) for answer in policy.answers] for name in ("keep", "rank"))
    up = [answer.rdata not in down for answer in policy.answers]

    def filtered(order: _Order) -> Iterator[_Order]:
        yield tuple(at for at in order if kept[at])

    def healthy(order: _Order) -> Iterator[_Order]:
        left = tuple(at for at in order if up[at])
        yield order if everything and not left else left

    def ranked(order: _Order) -> Iterator[_Order]:
        for choice in product(*((_FIRST, _LAST) if ranks[at] is None else (ranks[at],) for at in order)):
            pairs = sorted(zip(choice, range(len(order)), strict=True))
            yield tuple(order[at] for _, at in pairs)

    def limited(order: _Order) -> Iterator[_Order]:
        yield order if case.count is None else order[: case.count]

    return {
        Kind.FILTER: filtered,
        Kind.HEALTH: healthy,
        Kind.PRIORITY: ranked,
        Kind.WEIGHTED: permutations,
        Kind.LIMIT: limited,
    }[kind]


def _value(case: Case, answer: Answer, name: str):  # noqa: ANN202 - a flag or a number
    for data in case.data:
        if not data.attribute:
            return getattr(data, name)
        same = {"name": answer.name, "pool": answer.pool, "disabled": answer.disabled}[data.attribute] == data.value
        if same == data.equal:
            return getattr(data, name)
    return None
