"""Steering policies by two deciders, and by the simulated clouds' interpreter as a third.

Proves that the closed form is what enumeration finds on random small policies, and that nothing which the simulated
clouds answer is missing from it. That Oracle answers so is read in its documentation, not tested.
"""

from ipaddress import ip_network
from random import Random

import pytest

from infra.sandbox.dns import conditions, steering
from infra.verify.steering import closed, enumeration
from infra.verify.steering.model import Answer, Case, Data, Kind, Policy, Rule, UnmodelledError, Where
from tests.deciders import policies


def cases(number):
    """Random policies, always the same."""
    return [policies.instance(Random(f"test:{at}")) for at in range(number)]  # noqa: S311 - not for secrets


def test_both_deciders_agree_on_random_policies():
    """A sample of the campaign `make deciders`; every reply replays, and many policies keep some answer back."""
    found = cases(200)
    assert [why for case in found if (why := policies.disagreement(case))] == []
    assert 40 < sum(len(closed.replies(case)) < len(case.answers) for case in found) < 160


def simulated(policy):
    """The same policy as the simulated clouds have it."""

    def condition(data):
        field = {"disabled": "is_disabled"}.get(data.attribute, data.attribute)
        return conditions.AnswerCondition(field, data.value, data.equal) if data.attribute else None

    def case(it):
        where = it.where and conditions.CaseCondition(it.where.places, it.where.subnets, it.where.asns)
        data = tuple(steering.AnswerData(condition=condition(d), should_keep=d.keep, value=d.rank) for d in it.data)
        return steering.Case(condition=where, data=data, count=it.count)

    return steering.Policy(
        template="CUSTOM",
        ttl=30,
        answers=tuple(
            conditions.Answer(name=a.name, rtype="A", rdata=a.rdata, pool=a.pool, is_disabled=a.disabled)
            for a in policy.answers
        ),
        rules=tuple(
            steering.Rule(kind=steering.RuleType(rule.kind), cases=tuple(map(case, rule.cases)))
            for rule in policy.rules
        ),
        monitored=True,
    )


def test_what_the_simulated_clouds_answer_is_in_the_closed_form():
    """For each class of clients and every state of health, by both readings of everything down."""
    answered = 0
    for policy in cases(60):
        other, allowed = simulated(policy), {reply.answer.name for reply in closed.replies(policy)}
        for client in list(enumeration.clients(policy))[:20]:
            asks = conditions.Client(address=client.address, geo_keys=client.places, asn=client.asn)
            for down in ((), *((a.rdata,) for a in policy.answers), tuple(policy.watched)):
                for reading in (steering.AllDown.NOTHING, steering.AllDown.EVERYTHING):
                    watched = policy.watched & set(down)
                    given = steering.outcomes(other, asks, down=watched, all_down=reading)
                    names = {answer.name for answers in given for answer in answers}
                    assert names <= allowed, (policy, client, down)
                    answered += len(names)
    assert answered > 1000


FILTER = Rule(kind=Kind.FILTER, cases=(Case(data=(Data(keep=True),)),))


def test_what_would_take_too_long_is_refused():
    """Thirteen conditions make more classes of clients than are looked at; a cut list is not sorted again."""
    rules = tuple(
        Rule(
            kind=Kind.FILTER,
            cases=(
                Case(where=Where(places=frozenset({str(at)})), data=(Data(keep=True),)),
                Case(data=(Data(keep=True),)),
            ),
        )
        for at in range(13)
    )
    answers = (Answer(at=0, name="a", rdata="192.0.2.1"),)
    with pytest.raises(UnmodelledError, match="classes of clients"):
        closed.replies(Policy(answers=answers, rules=rules, watched=frozenset()))
    cut = (Rule(kind=Kind.LIMIT, cases=(Case(count=1),)), Rule(kind=Kind.WEIGHTED, cases=(Case(),)))
    with pytest.raises(UnmodelledError, match="after a LIMIT"):
        closed.replies(Policy(answers=answers, rules=cut, watched=frozenset()))


def test_many_places_and_endpoints_are_cheap():
    """Eight rules over 300 places and 64 endpoints: nothing is enumerated, so it ends; the enumeration would not."""
    places = [frozenset({str(at)}) for at in range(300)]
    sort = Rule(kind=Kind.PRIORITY, cases=(*(Case(where=Where(places=it)) for it in places), Case()))
    answers = tuple(Answer(at=at, name=str(at), rdata=f"192.0.2.{at}") for at in range(64))
    policy = Policy(answers=answers, rules=(FILTER, *[sort] * 6, FILTER), watched=frozenset(it.rdata for it in answers))
    assert len(closed.replies(policy)) == 64


def test_addresses_up_to_the_last_one_are_told_apart():
    """A range that ends where addresses end has no first address behind it."""
    everyone = Where(subnets=(ip_network("128.0.0.0/1"), ip_network("::/0")))
    rule = Rule(kind=Kind.FILTER, cases=(Case(where=everyone), Case(data=(Data(keep=True),))))
    (reply,) = closed.replies(Policy(answers=(Answer(at=0, name="a", rdata="x"),), rules=(rule,), watched=frozenset()))
    assert str(reply.client.address) == "0.0.0.0"  # noqa: S104 - nobody listens
