"""Passages, the packet routing made from them, and the claims that the cloud is asked to check.

That security groups are made from the same passages is for tests/components/test_network.py. That Oracle's service
reads the statements as the parsers here do is its documentation's claim.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from infra.residency.guardrails import PacketRoutingState
from infra.residency.holders import Deployed
from infra.residency.holders_lock import Lock, lock_of, text, with_planned, with_state
from infra.residency.packet_routing import MOST_STATEMENTS, Attribute, carried, routing_policies, values_of
from infra.residency.passages import passages
from infra.residency.placement import RegionRole
from infra.residency.planner import guardrails as planner
from infra.residency.planner import judge, plan
from infra.residency.reachability import claims, edge_claims
from infra.sandbox.oci.routing_statements import parse_routing
from tests.residency.samples import ANSWERING, GUARDED, TODAY, deployments, found
from tests.support.receipts import evidence

GUARDRAILS = GUARDED.guardrails
ROUTED = replace(ANSWERING, guardrails=replace(GUARDRAILS, packet_routing="enforced"))
PLAN = plan(ROUTED, TODAY)


def test_the_whole_policy_of_a_region():
    """Both directions of every passage, each said once; ends outside the network by their addresses."""
    spare = next(network for network in PLAN.networks if network.role is RegionRole.SPARE)
    (policy,) = (it for it in routing_policies(PLAN) if it.region is spare.region)
    assert policy.name == "usds-routing-ord"
    assert [text.removeprefix("in usds.network:ord VCN allow ") for text in policy.statements] == [
        "usds.tier:data endpoints to connect to 'osn-services-ip-addresses' with protocol='tcp/443'",
        "usds.tier:data endpoints to connect to usds.tier:data endpoints with protocol='tcp/1521-1522'",
        "usds.tier:data endpoints to connect to usds.tier:endpoint endpoints with protocol='tcp/443'",
        "'10.16.0.0/20' to connect to usds.tier:data endpoints with protocol='tcp/1521-1522'",
        "usds.tier:data endpoints to connect to '10.16.0.0/20' with protocol='tcp/1521-1522'",
        "usds.tier:data endpoints to connect to '10.16.16.0/20' with protocol='tcp/443'",
        "'10.16.0.0/20' to connect to usds.tier:endpoint endpoints with protocol='tcp/443'",
        "'10.17.0.0/20' to connect to usds.tier:data endpoints with protocol='tcp/1521-1522'",
        "usds.tier:data endpoints to connect to '10.17.0.0/20' with protocol='tcp/1521-1522'",
        "usds.tier:data endpoints to connect to '10.17.16.0/20' with protocol='tcp/443'",
        "'10.17.0.0/20' to connect to usds.tier:endpoint endpoints with protocol='tcp/443'",
        "'10.16.32.0/20' to connect to usds.tier:data endpoints with protocol='tcp/1521-1522'",
        "'10.16.32.0/20' to connect to usds.tier:endpoint endpoints with protocol='tcp/443'",
        "'10.17.32.0/20' to connect to usds.tier:data endpoints with protocol='tcp/1521-1522'",
        "'10.17.32.0/20' to connect to usds.tier:endpoint endpoints with protocol='tcp/443'",
    ]


RETIRED = replace(ANSWERING, guardrails=replace(GUARDRAILS, packet_routing="retired"))
BARE = replace(ANSWERING, guardrails=replace(GUARDRAILS, packet_routing=None))


@pytest.mark.parametrize(
    ("deployed", "request_", "expected"),
    [
        ("enforced", ROUTED, set()),
        ("enforced", RETIRED, set()),
        ("enforced", BARE, {("guardrail", "guardrails.packetRouting")}),
        ("enforced", ANSWERING, {("guardrail", "guardrails")}),
        ("retired", BARE, set()),
        ("retired", ROUTED, set()),
        (None, BARE, set()),
        (None, RETIRED, set()),
    ],
)
def test_what_is_enforced_is_retired_before_it_goes(deployed, request_, expected):
    """Against what is deployed, before an engine starts; the cloud would stop half way."""
    state = PacketRoutingState(deployed) if deployed else None
    assert found(request_, TODAY, evidence(deployed=Deployed(packet_routing=state))) == expected


def test_the_lock_remembers_what_is_enforced_until_a_state_shows_otherwise():
    """A plan can only add the promise; that it is retired, or gone, is what a state has."""
    enforced, retired = PacketRoutingState
    known = with_planned(Deployed(), (), None, enforced)
    assert lock_of(text(Lock(stack="s", deployed=known)), "s").deployed == known
    assert '"packetRouting": "enforced"' in text(Lock(stack="s", deployed=known))
    assert with_planned(known, (), None, retired).packet_routing is enforced
    assert with_planned(known, ()).packet_routing is enforced
    assert with_state(known, Deployed(packet_routing=retired), {}).packet_routing is retired
    assert with_state(known, Deployed(), {}).packet_routing is None
    assert '"packetRouting"' not in text(Lock(stack="s", deployed=Deployed()))


@settings(max_examples=30)
@given(deployments())
def test_every_statement_is_read_and_names_what_there_is(request_):
    """For any deployment: by the simulated service's parser; network and tiers of the closed lists; never too many."""
    planned = plan(request_, TODAY)
    values = values_of(planned)
    for policy in routing_policies(planned):
        assert len(policy.statements) <= MOST_STATEMENTS
        for statement in policy.statements:
            for named in parse_routing(statement):
                assert named.namespace == planned.organization
                assert named.value in values[Attribute(named.name)]
                assert named.name != Attribute.NETWORK or named.value == policy.region.facts.key


@settings(max_examples=30)
@given(deployments())
def test_what_leaves_one_network_enters_the_other(request_):
    """A passage to a peer has its counterpart there, by the same ports: neither end waits for the other in vain."""
    networks = plan(request_, TODAY).networks
    cidrs = {(n.region, s.tier): s.cidr for n in networks for s in n.subnets}
    found_ = {n.region: {(p.tier, p.end, p.ports, p.inward) for p in passages(n, networks, {})} for n in networks}
    for here, peers in ((n.region, n.peers) for n in networks):
        for tier, end, ports, inward in found_[here]:
            for there in peers:
                for other, cidr in ((t, c) for (r, t), c in cidrs.items() if r is there):
                    if end == cidr:
                        assert (other, cidrs[here, tier], ports, not inward) in found_[there]


def test_a_thing_carries_its_attribute_in_force():
    """As the API writes it."""
    assert carried("usds", Attribute.TIER, "endpoint") == {
        "usds.tier.value": "endpoint",
        "usds.tier.mode": "enforce",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("enforced", PacketRoutingState.ENFORCED), ("retired", PacketRoutingState.RETIRED)],
)
def test_what_the_file_says_is_planned(text, expected):
    """Absent means that packets pass the security groups alone."""
    guard = plan(replace(GUARDED, guardrails=replace(GUARDRAILS, packet_routing=text)), TODAY).guardrails
    assert guard is not None
    assert guard.packet_routing is expected


@pytest.mark.parametrize("text", ["", "on", "ENFORCED", "disabled"])
def test_another_state_is_found(text):
    """Off is no state: what was made is retired first."""
    request = replace(GUARDED, guardrails=replace(GUARDRAILS, packet_routing=text))
    assert found(request) == {("guardrail", "guardrails.packetRouting")}


def test_more_statements_than_a_policy_takes_are_found(monkeypatch):
    """With the region's policy and its number; retired or absent there is none to count."""
    monkeypatch.setattr(planner, "MOST_STATEMENTS", 14)
    assert [(it.rule, it.path, it.given) for it in judge(PLAN, TODAY)] == [
        ("limit", "guardrails.packetRouting", f"usds-routing-{key}, which has 15 statements")
        for key in ("iad", "ord", "phx")
    ]
    retired = replace(PLAN, guardrails=replace(PLAN.guardrails, packet_routing=PacketRoutingState.RETIRED))
    assert list(judge(retired, TODAY)) == []


def test_claims_say_where_there_is_a_way():
    """Inside and from applications there is one; from and to the internet and from the public subnet there is none."""
    network = PLAN.networks[0]
    edge = next(it for it in PLAN.traffic.edges if it.region is network.region)

    def told(claim):
        ends = tuple((str(spot.address), spot.subnet) for spot in (claim.source, claim.target))
        return claim.name, *ends, claim.port

    outside = ("203.0.113.10", None)
    assert [told(it) for it in claims(network)] == [
        ("data-reaches-endpoint", ("10.16.0.2", "data"), ("10.16.16.2", "endpoint"), 443),
        ("data-never-reaches-internet", ("10.16.0.2", "data"), outside, 443),
        ("internet-never-reaches-data", outside, ("10.16.0.2", "data"), 1521),
        ("internet-never-reaches-endpoint", outside, ("10.16.16.2", "endpoint"), 443),
    ]
    assert [told(it) for it in edge_claims(edge, network)] == [
        ("application-reaches-data", ("10.16.32.2", "application"), ("10.16.0.2", "data"), 1521),
        ("public-never-reaches-data", ("10.16.48.2", "public"), ("10.16.0.2", "data"), 1521),
    ]
