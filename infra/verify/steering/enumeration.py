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

_Order = tuple[Answer, ...]


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
    found: set[Answer] = set()
    for everything in (False, True):
        orders = set(permutations(policy.answers))
        for rule in policy.rules:
            case = _case(rule, client)
            if case is not None:
                apply = _application(rule.kind, case, down & policy.watched, everything=everything)
                orders = {after for order in orders for after in apply(order)}
        found |= {answer for order in orders for answer in order}
    return frozenset(found)


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
    kind: Kind, case: Case, down: frozenset[str], *, everything: bool
) -> Callable[[_Order], Iterator[_Order]]:
    """What a rule makes of one order; several where it draws or where its documentation leaves it open."""

    def filtered(order: _Order) -> Iterator[_Order]:
        yield tuple(answer for answer in order if _value(case, answer, "keep"))

    def healthy(order: _Order) -> Iterator[_Order]:
        up = tuple(answer for answer in order if answer.rdata not in down)
        yield order if everything and not up else up

    def ranked(order: _Order) -> Iterator[_Order]:
        ranks = [_value(case, answer, "rank") for answer in order]
        for choice in product(*((_FIRST, _LAST) if rank is None else (rank,) for rank in ranks)):
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
