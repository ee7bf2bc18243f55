"""The closed form: an answer can be given if it survives in some class of clients while only it is up.

Clients fall into classes by the vector of their first matching cases. In a class, the best that can happen to an answer
is that all watched others are down and that random orders put it first; then only those are before it that a priority
puts there. Time grows with the classes, and for each with answers times rules; more classes than `_MOST` are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from infra.verify.steering.model import Answer, Case, Client, Data, Kind, Policy, Reply, Rule, UnmodelledError, Where

_MOST = 4096
_SORTS = frozenset({Kind.PRIORITY, Kind.WEIGHTED})


def replies(policy: Policy) -> tuple[Reply, ...]:
    """Every answer that can be given, once, with a client and a state of health.

    Raises:
        UnmodelledError: there are too many classes of clients, or a rule sorts what a limit has cut.
    """
    _refuse_sorted_cuts(policy)
    found: dict[Answer, Reply] = {}
    candidates = [answer for answer in policy.answers if _may_be_kept(policy, answer)]
    for client, cases in _classes(policy) if candidates else ():
        for answer in candidates:
            if answer not in found and _survives(policy, cases, answer):
                down = policy.watched - {answer.rdata}
                found[answer] = Reply(answer=answer, client=client, down=down)
    return tuple(found[answer] for answer in policy.answers if answer in found)


def _refuse_sorted_cuts(policy: Policy) -> None:
    cut = False
    for rule in policy.rules:
        if cut and rule.kind in _SORTS:
            raise UnmodelledError(f"a {rule.kind} rule after a LIMIT")
        cut = cut or rule.kind is Kind.LIMIT


def _may_be_kept(policy: Policy, answer: Answer) -> bool:
    """Whether every filter keeps an answer for somebody, or is skipped for somebody: cheaper than all classes."""
    return all(
        rule.kind is not Kind.FILTER
        or all(case.where for case in rule.cases)
        or any(_of(case, answer).keep for case in rule.cases)
        for rule in policy.rules
    )


@dataclass(frozen=True, slots=True)
class _Class:
    """Clients about whom something is known: places that they are in, one of each set, and in none of the others."""

    within: tuple[frozenset[str], ...]
    outside: frozenset[str]
    addresses: tuple[IPv4Address | IPv6Address, ...]
    asns: tuple[int | None, ...]

    def matching(self, where: Where) -> "_Class | None":
        """Those of them for whom a condition holds; None where there is nobody."""
        if where.places:
            if where.places <= self.outside:
                return None
            return replace(self, within=(*self.within, where.places)).inhabited()
        if where.subnets:
            kept = tuple(it for it in self.addresses if any(it in subnet for subnet in where.subnets))
            return replace(self, addresses=kept).inhabited()
        return replace(self, asns=tuple(asn for asn in self.asns if asn in where.asns)).inhabited()

    def others(self, where: Where) -> "_Class | None":
        """Those of them for whom it does not."""
        if where.places:
            if where.places <= self.outside:
                return self
            return replace(self, outside=self.outside | where.places).inhabited()
        if where.subnets:
            kept = tuple(it for it in self.addresses if not any(it in subnet for subnet in where.subnets))
            return replace(self, addresses=kept).inhabited()
        return replace(self, asns=tuple(asn for asn in self.asns if asn not in where.asns)).inhabited()

    def inhabited(self) -> "_Class | None":
        """Itself, or None where nobody is in it."""
        places = all(places - self.outside for places in self.within)
        return self if places and self.addresses and self.asns else None

    def client(self) -> Client:
        """One of them."""
        places = frozenset(min(places - self.outside) for places in self.within)
        return Client(address=self.addresses[0], places=places, asn=self.asns[0])


def _classes(policy: Policy) -> Iterator[tuple[Client, tuple[Case | None, ...]]]:
    """Every class with one of its clients: the case of each rule that counts for them, None where it is skipped."""
    open_: list[tuple[_Class, tuple[Case | None, ...]]] = [(_everybody(policy), ())]
    for rule in policy.rules:
        open_ = [(inside, (*cases, case)) for each, cases in open_ for inside, case in _split(each, rule)]
        if len(open_) > _MOST:
            raise UnmodelledError(f"more than {_MOST} classes of clients")
    for each, cases in open_:
        yield each.client(), cases


def _split(clients: _Class, rule: Rule) -> Iterator[tuple[_Class, Case | None]]:
    left: _Class | None = clients
    for case in rule.cases:
        if left is None:
            return
        if case.where is None:
            yield left, case
            return
        if (inside := left.matching(case.where)) is not None:
            yield inside, case
        left = left.others(case.where)
    if left is not None:
        yield left, None


def _everybody(policy: Policy) -> _Class:
    """All clients: an address for each piece that the conditions cut addresses into, and the same of networks."""
    wheres = [case.where for rule in policy.rules for case in rule.cases if case.where is not None]
    addresses: set[IPv4Address | IPv6Address] = {IPv4Address(0), IPv6Address(0)}
    for subnet in (subnet for where in wheres for subnet in where.subnets):
        addresses.add(subnet[0])
        if int(subnet[-1]) + 1 < 1 << subnet.max_prefixlen:
            addresses.add(subnet[-1] + 1)
    asns = sorted({asn for where in wheres for asn in where.asns})
    ordered = sorted(addresses, key=lambda it: (it.version, int(it)))
    return _Class((), frozenset(), tuple(ordered), (None, *asns))


def _of(case: Case, answer: Answer) -> Data:
    """What a case says about an answer."""
    return next((data for data in case.data if _selects(data, answer)), _NOTHING)


_NOTHING = Data()


def _selects(data: Data, answer: Answer) -> bool:
    return not data.attribute or (getattr(answer, data.attribute) == data.value) is data.equal


def _survives(policy: Policy, cases: tuple[Case | None, ...], answer: Answer) -> bool:
    """Whether an answer is given to a class when the watched others are down and chance is kind."""
    cut = any(rule.kind is Kind.LIMIT for rule in policy.rules)
    others = [other for other in policy.answers if cut and other is not answer]  # nothing else asks about them
    before: list[Answer] = []
    for rule, case in zip(policy.rules, cases, strict=True):
        if case is None:
            continue
        match rule.kind:
            case Kind.FILTER:
                if not _of(case, answer).keep:
                    return False
                others = [other for other in others if _of(case, other).keep]
            case Kind.HEALTH:
                others = [it for it in others if it.rdata not in policy.watched or it.rdata == answer.rdata]
            case Kind.PRIORITY:
                before = [other for other in others if _precedes(case, other, answer, earlier=other in before)]
            case Kind.WEIGHTED:
                before = []
            case Kind.LIMIT:
                if case.count is not None and sum(other in before for other in others) >= case.count:
                    return False
    return True


def _precedes(case: Case, other: Answer, answer: Answer, *, earlier: bool) -> bool:
    """Whether a priority puts another answer first for sure; where one without a priority goes is not documented."""
    first, second = _of(case, other).rank, _of(case, answer).rank
    if first is None or second is None:
        return False
    return first < second or (first == second and earlier)
