"""Traffic as the kernel plans it: pools of this stack's own edges, and every way to ask for anything else refused.

What is not proved here: that components register exactly this, and that the cloud answers as its pages say.
"""

import dataclasses
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.residency.failover import Roles
from infra.residency.findings import Finding, Rule
from infra.residency.placement import Network, RegionRole
from infra.residency.planner.networks import Regions
from infra.residency.planner.traffic import plan_traffic
from infra.residency.regions import UsRegion
from infra.residency.traffic import HarmlessType, ProbeInterval, RecordType, Share, Template, UsGeography
from infra.residency.traffic_request import EdgeRequest, HostnameRequest, TrafficLimitsRequest, TrafficRequest

ASHBURN, PHOENIX, CHICAGO, SAN_JOSE = UsRegion
CIDRS = {ASHBURN: "10.16.0.0/16", PHOENIX: "10.17.0.0/16", CHICAGO: "10.18.0.0/16", SAN_JOSE: "10.19.0.0/16"}
KEYS = {ASHBURN: "iad", PHOENIX: "phx", CHICAGO: "ord", SAN_JOSE: "sjc"}


def network(region, role):
    """A region of the stack."""
    cidr = IPv4Network(CIDRS[region])
    vcn = next(cidr.subnets(prefixlen_diff=3))
    return Network(region=region, role=role, cidr=cidr, vcn=vcn, subnets=(), service_id="", peers=())


NETWORKS = (
    network(CHICAGO, RegionRole.SPARE),
    network(PHOENIX, RegionRole.STANDBY),
    network(ASHBURN, RegionRole.PRIMARY),
)


def edge(region, **changes: object):
    """A sound edge of a region, with changes."""
    third = CIDRS[region].split(".")[1]
    return dataclasses.replace(
        EdgeRequest(
            certificate_id=f"ocid1.certificate.oc1.{KEYS[region]}.aaaaaaaa",
            authority_id=f"ocid1.cabundle.oc1.{KEYS[region]}.bbbbbbbb",
            backend_port=8443,
            backends={"app-1": f"10.{third}.32.10", "app-2": f"10.{third}.32.11"},
        ),
        **changes,
    )


BASE = TrafficRequest(
    zone="us.example.com",
    edges={"us-ashburn-1": edge(ASHBURN), "us-phoenix-1": edge(PHOENIX)},
    hostnames={"api": HostnameRequest(health="/healthz"), "upload": HostnameRequest(health="/ready?deep=1")},
)


def asked(**changes: object):
    """The sound request, with changes."""
    return dataclasses.replace(BASE, **changes)


def named(**hostnames: object):
    """The sound request with one hostname that asks for this."""
    return asked(hostnames={"api": HostnameRequest(health="/healthz", **hostnames)})


def outcome(request, networks):
    """The plan, if there is one, and the findings."""
    findings = []
    regions = networks and Regions(networks=networks, roles=Roles(primary=ASHBURN, other=PHOENIX))
    return plan_traffic(request, "usds", regions, findings), findings


def plan(request=BASE, networks=NETWORKS):
    """The plan of a request without findings."""
    planned, findings = outcome(request, networks)
    assert findings == []
    assert planned is not None
    return planned


def problems(request, networks=NETWORKS):
    """Where a request is refused, and by which rules."""
    planned, findings = outcome(request, networks)
    assert planned is None
    return {(finding.path, finding.rule) for finding in findings}


def test_the_plan_of_two_hostnames_is_exactly_this():
    """Edges, order of failover, policies, records and the bound; sorted by name, whatever the order of the regions."""
    planned = plan()

    assert [(e.name, e.region, str(e.public_subnet), str(e.application_subnet)) for e in planned.edges] == [
        ("usds-edge-iad", ASHBURN, "10.16.48.0/20", "10.16.32.0/20"),
        ("usds-edge-phx", PHOENIX, "10.17.48.0/20", "10.17.32.0/20"),
    ]
    assert [(b.name, str(b.address)) for b in planned.edges[0].backends] == [
        ("app-1", "10.16.32.10"),
        ("app-2", "10.16.32.11"),
    ]
    assert [(h.name, h.pool, h.elsewhere, h.shares, h.template) for h in planned.hostnames] == [
        ("api.us.example.com", (ASHBURN, PHOENIX), (ASHBURN, PHOENIX), (), Template.FAILOVER),
        ("upload.us.example.com", (ASHBURN, PHOENIX), (ASHBURN, PHOENIX), (), Template.FAILOVER),
    ]
    assert [(p.name, p.record_type) for p in planned.policies] == [("api-a", RecordType.A), ("upload-a", RecordType.A)]
    assert [(r.name, r.hostname.name) for r in planned.edge_records] == [
        ("api-a", "api.us.example.com"),
        ("upload-a", "upload.us.example.com"),
    ]
    assert planned.text_records == ()
    assert (planned.ttl, planned.probe_interval, planned.failover_seconds) == (30, ProbeInterval.THIRTY, 90)


def test_ipv6_doubles_policies_and_records_and_nothing_else():
    """AAAA exists only where the stack file turns IPv6 on, and then for every hostname."""
    planned = plan(asked(ipv6=True))

    assert [p.name for p in planned.policies] == ["api-a", "api-aaaa", "upload-a", "upload-aaaa"]
    assert [r.name for r in planned.edge_records] == [p.name for p in planned.policies]
    assert all(e.ipv6 for e in planned.edges)
    assert not any(e.ipv6 for e in plan().edges)


def test_an_edge_in_a_spare_region_joins_the_pool_last():
    """The order of failover is primary, standby, spare."""
    planned = plan(asked(edges={**BASE.edges, "us-chicago-1": edge(CHICAGO)}))

    assert planned.hostnames[0].pool == (ASHBURN, PHOENIX, CHICAGO)


@pytest.mark.parametrize(
    ("weights", "pool", "shares", "template"),
    [
        ({"us-ashburn-1": 100}, (ASHBURN, PHOENIX), (), Template.FAILOVER),
        ({"us-phoenix-1": 100}, (PHOENIX, ASHBURN), (), Template.FAILOVER),
        (
            {"us-phoenix-1": 1, "us-ashburn-1": 99},
            (ASHBURN, PHOENIX),
            (Share(region=ASHBURN, percent=99), Share(region=PHOENIX, percent=1)),
            Template.LOAD_BALANCE,
        ),
    ],
)
def test_a_shift_from_1_to_100_per_cent_is_a_planned_state(weights, pool, shares, template):
    """At 100 per cent the other region stays behind as the place to fail over to."""
    hostname = plan(named(weights=weights)).hostnames[0]

    assert (hostname.pool, hostname.shares, hostname.template) == (pool, shares, template)


def test_a_hostname_that_also_serves_others_keeps_the_pool_and_changes_the_order():
    """Who asks decides the order only."""
    hostname = plan(named(others="us-phoenix-1")).hostnames[0]

    assert (hostname.pool, hostname.elsewhere, hostname.template) == (
        (ASHBURN, PHOENIX),
        (PHOENIX, ASHBURN),
        Template.CUSTOM,
    )
    assert plan(named(others="us-ashburn-1")).hostnames[0].template is Template.FAILOVER


def test_the_united_states_are_seven_places_in_dns_geography():
    """The country and its territories, and not the continent."""
    assert len(set(UsGeography)) == 7
    assert "6255149" not in set(UsGeography)


def test_harmless_records_are_planned_as_written():
    """CAA and TXT at the zone, at a hostname and at another name; texts are a set."""
    records = {
        "@": {"CAA": {"authority": '0 issue "ca.example"'}},
        "api": {"TXT": {"one": "b", "two": "a", "three": "b"}},
        "_x": {"TXT": {"one": "t"}},
    }
    assert ("traffic.records._x", Rule.HOSTNAME) in problems(asked(records=records))

    planned = plan(asked(records={name: records[name] for name in ("@", "api")}))
    assert [(r.name, r.domain, r.record_type, r.texts) for r in planned.text_records] == [
        ("at-api-txt", "api.us.example.com", HarmlessType.TXT, ("a", "b")),
        ("zone-caa", "us.example.com", HarmlessType.CAA, ('0 issue "ca.example"',)),
    ]


EDITS = {
    "a legacy region as an edge": (
        asked(edges={**BASE.edges, "us-east-1": edge(ASHBURN)}),
        {("traffic.edges.us-east-1", Rule.EDGE)},
    ),
    "a foreign region as an edge": (
        asked(edges={**BASE.edges, "eu-frankfurt-1": edge(ASHBURN)}),
        {("traffic.edges.eu-frankfurt-1", Rule.EDGE)},
    ),
    "an allowed region that this stack does not use": (
        asked(edges={**BASE.edges, "us-sanjose-1": edge(SAN_JOSE)}),
        {("traffic.edges.us-sanjose-1", Rule.EDGE)},
    ),
    "a region in capitals": (
        asked(edges={**BASE.edges, "US-ASHBURN-1": edge(ASHBURN)}),
        {("traffic.edges.US-ASHBURN-1", Rule.EDGE)},
    ),
    "no edge in the standby region": (
        asked(edges={"us-ashburn-1": edge(ASHBURN)}),
        {("traffic.edges.us-phoenix-1", Rule.EDGE)},
    ),
    "no hostname": (asked(hostnames={}), {("traffic.hostnames", Rule.EMPTY_MAP)}),
    "a legacy region with a weight": (
        named(weights={"us-ashburn-1": 99, "us-east-1": 1}),
        {("traffic.hostnames.api.weights.us-east-1", Rule.EDGE)},
    ),
    "a site's name with a weight": (
        named(weights={"us-ashburn-1": 90, "virginia": 10}),
        {("traffic.hostnames.api.weights.virginia", Rule.EDGE)},
    ),
    "a region without an edge with a weight": (
        named(weights={"us-ashburn-1": 90, "us-chicago-1": 10}),
        {("traffic.hostnames.api.weights.us-chicago-1", Rule.EDGE)},
    ),
    "an address with a weight": (
        named(weights={"us-ashburn-1": 90, "203.0.113.7": 10}),
        {('traffic.hostnames.api.weights."203.0.113.7"', Rule.EDGE)},
    ),
    "weight 0 instead of removal": (
        named(weights={"us-ashburn-1": 100, "us-phoenix-1": 0}),
        {("traffic.hostnames.api.weights.us-phoenix-1", Rule.WEIGHT)},
    ),
    "a weight below 0": (
        named(weights={"us-ashburn-1": 101, "us-phoenix-1": -1}),
        {
            ("traffic.hostnames.api.weights.us-ashburn-1", Rule.WEIGHT),
            ("traffic.hostnames.api.weights.us-phoenix-1", Rule.WEIGHT),
        },
    ),
    "weights that do not add up": (
        named(weights={"us-ashburn-1": 70, "us-phoenix-1": 20}),
        {("traffic.hostnames.api.weights", Rule.WEIGHT)},
    ),
    "one weight below the whole": (
        named(weights={"us-ashburn-1": 70}),
        {("traffic.hostnames.api.weights", Rule.WEIGHT)},
    ),
    "others sent abroad": (named(others="eu-frankfurt-1"), {("traffic.hostnames.api.others", Rule.EDGE)}),
    "others sent to Singapore": (named(others="ap-southeast-1"), {("traffic.hostnames.api.others", Rule.EDGE)}),
    "others and a shift at once": (
        named(others="us-phoenix-1", weights={"us-ashburn-1": 50, "us-phoenix-1": 50}),
        {("traffic.hostnames.api.others", Rule.WEIGHT)},
    ),
    "TTL too low": (asked(ttl=0), {("traffic.ttl", Rule.TTL)}),
    "TTL too high": (asked(ttl=301), {("traffic.ttl", Rule.TTL)}),
    "a probe interval that does not exist": (asked(probe_interval=45), {("traffic.probeInterval", Rule.TTL)}),
    "a wildcard hostname": (
        asked(hostnames={"*": HostnameRequest(health="/")}),
        {('traffic.hostnames."*"', Rule.HOSTNAME)},
    ),
    "a wildcard below a hostname": (
        asked(hostnames={"*.api": HostnameRequest(health="/")}),
        {('traffic.hostnames."*.api"', Rule.HOSTNAME)},
    ),
    "the zone itself as a hostname": (
        asked(hostnames={"@": HostnameRequest(health="/")}),
        {('traffic.hostnames."@"', Rule.HOSTNAME)},
    ),
    "a hostname in capitals": (
        asked(hostnames={"API": HostnameRequest(health="/")}),
        {("traffic.hostnames.API", Rule.HOSTNAME)},
    ),
    "a hostname that climbs out of the zone": (
        asked(hostnames={"../api": HostnameRequest(health="/")}),
        {('traffic.hostnames."../api"', Rule.HOSTNAME)},
    ),
    "a hostname longer than DNS allows": (
        asked(hostnames={".".join(["a" * 60] * 4): HostnameRequest(health="/")}),
        {(f'traffic.hostnames."{".".join(["a" * 60] * 4)}"', Rule.HOSTNAME)},
    ),
    "a hostname of nothing but dashes": (
        asked(hostnames={"-": HostnameRequest(health="/")}),
        {("traffic.hostnames.-", Rule.HOSTNAME)},
    ),
    "a zone of one label": (asked(zone="com"), {("traffic.zone", Rule.HOSTNAME)}),
    "a zone with a dot at the end": (asked(zone="us.example.com."), {("traffic.zone", Rule.HOSTNAME)}),
    "a back end in the data subnet": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.16.0.10"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end in the other region": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.17.32.10"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end on the internet": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "203.0.113.7"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end that is no address": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "app.example"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end with a number too large": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.16.32.300"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end on the router's address": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.16.32.1"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "a back end on the broadcast address": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.16.47.255"})}),
        {("traffic.edges.us-ashburn-1.backends.app-1", Rule.BACKEND)},
    ),
    "two back ends on one address": (
        asked(
            edges={
                **BASE.edges,
                "us-ashburn-1": edge(ASHBURN, backends={"app-1": "10.16.32.10", "app-2": "10.16.32.10"}),
            }
        ),
        {("traffic.edges.us-ashburn-1.backends.app-2", Rule.BACKEND)},
    ),
    "a back end with a bad name": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={"App 1": "10.16.32.10"})}),
        {('traffic.edges.us-ashburn-1.backends."App 1"', Rule.NAME)},
    ),
    "no back end": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backends={})}),
        {("traffic.edges.us-ashburn-1.backends", Rule.EMPTY_MAP)},
    ),
    "a port out of range": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, backend_port=0)}),
        {("traffic.edges.us-ashburn-1.backendPort", Rule.BACKEND)},
    ),
    "a certificate of another region": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, certificate_id="ocid1.certificate.oc1.phx.aaaaaaaa")}),
        {("traffic.edges.us-ashburn-1.certificateId", Rule.IDENTIFIER)},
    ),
    "key material instead of a certificate's OCID": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, certificate_id="-----BEGIN CERTIFICATE-----")}),
        {("traffic.edges.us-ashburn-1.certificateId", Rule.IDENTIFIER)},
    ),
    "an authority of another kind": (
        asked(edges={**BASE.edges, "us-ashburn-1": edge(ASHBURN, authority_id="ocid1.certificate.oc1.iad.aaaaaaaa")}),
        {("traffic.edges.us-ashburn-1.authorityId", Rule.IDENTIFIER)},
    ),
    "more policies than the tenancy may have": (
        asked(ipv6=True, limits=TrafficLimitsRequest(policies=3)),
        {("traffic.hostnames", Rule.LIMIT)},
    ),
    "more attachments than the tenancy may have": (
        asked(limits=TrafficLimitsRequest(attachments=1)),
        {("traffic.hostnames", Rule.LIMIT)},
    ),
    "a wildcard among the records": (
        asked(records={"*": {"TXT": {"p": "x"}}}),
        {('traffic.records."*"', Rule.HOSTNAME)},
    ),
    "a text that breaks out of its quotes": (
        asked(records={"@": {"TXT": {"p": 'x" "y'}}}),
        {('traffic.records."@".TXT.p', Rule.RECORD_TYPE)},
    ),
    "a certificate authority in the wrong form": (
        asked(records={"@": {"CAA": {"p": "ca.example"}}}),
        {('traffic.records."@".CAA.p', Rule.RECORD_TYPE)},
    ),
    "a misspelled type": (asked(records={"@": {"TXTT": {"p": "x"}}}), {('traffic.records."@".TXTT', Rule.RECORD_TYPE)}),
} | {
    f"a record of type {kind}": (
        asked(records={"api": {kind: {"p": "203.0.113.7"}}}),
        {(f"traffic.records.api.{kind}", Rule.RECORD_TYPE)},
    )
    for kind in (
        "A",
        "AAAA",
        "CNAME",
        "DNAME",
        "ALIAS",
        "HTTPS",
        "SVCB",
        "SRV",
        "NAPTR",
        "URI",
        "MX",
        "NS",
        "PTR",
        "X9",
    )
}


@pytest.mark.parametrize(("request_", "expected"), EDITS.values(), ids=EDITS.keys())
def test_every_edit_that_leaks_or_breaks_is_refused(request_, expected):
    """Exactly the findings that belong to the edit; the unedited request has none (see the plan above)."""
    assert problems(request_) == expected


@pytest.mark.parametrize(
    "path",
    [
        "healthz",
        "https://x.example/healthz",
        "/a b",
        "/a#b",
        "/a/../b",
        "/./a",
        "/%zz",
        "/" + "a" * 255,
        "",
        "/a\n",
        "//\\x",
        "//host/x",
    ],
)
def test_a_health_path_that_is_none_is_refused(path):
    """The path part of a URL, and nothing that makes it mean another host."""
    assert problems(asked(hostnames={"api": HostnameRequest(health=path)})) == {
        ("traffic.hostnames.api.health", Rule.HEALTH_PATH)
    }


def test_all_problems_are_reported_at_once():
    """A file is mended in one go."""
    bad = dataclasses.replace(
        named(others="eu-frankfurt-1"), zone="Us.Example.com", ttl=1, edges={"us-ashburn-1": edge(ASHBURN)}
    )

    assert problems(bad) == {
        ("traffic.zone", Rule.HOSTNAME),
        ("traffic.ttl", Rule.TTL),
        ("traffic.edges.us-phoenix-1", Rule.EDGE),
        ("traffic.hostnames.api.others", Rule.EDGE),
    }


def test_findings_say_what_was_meant():
    """The nearest valid value, and the reason where there is a reason."""

    def only(request) -> Finding:
        _, (finding,) = outcome(request, NETWORKS)
        return finding

    legacy = only(named(weights={"us-ashburn-1": 99, "us-east-1": 1}))
    assert "never answers a user, in any phase" in legacy.why
    assert only(asked(edges={**BASE.edges, "us-pheonix-1": edge(PHOENIX)})).fix == "did you mean us-phoenix-1?"
    assert only(asked(hostnames={"Api_v1": HostnameRequest(health="/")})).fix == "did you mean api-v1?"
    assert only(asked(records={"@": {"TXTT": {"p": "x"}}})).fix == "did you mean TXT?"
    assert only(asked(zone="!")).fix == "choose another name"
    assert "weight 0 stays in the pool" in only(named(weights={"us-ashburn-1": 100, "us-phoenix-1": 0})).why
    assert (
        only(asked(records={"api": {"HTTPS": {"p": "1 ."}}})).fix
        == "make it a hostname under traffic.hostnames, or remove it"
    )


def test_where_regions_are_refused_only_what_stands_alone_is_judged():
    """No finding that merely follows from another; those that do not are still told."""
    assert problems(BASE, networks=None) == set()
    assert problems(asked(ttl=0, hostnames={"*": HostnameRequest(health="x")}), networks=None) == {
        ("traffic.ttl", Rule.TTL),
        ('traffic.hostnames."*"', Rule.HOSTNAME),
        ('traffic.hostnames."*".health', Rule.HEALTH_PATH),
    }


LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
WEIGHTS = st.one_of(
    st.just({}),
    st.integers(1, 99).map(lambda n: {"us-ashburn-1": n, "us-phoenix-1": 100 - n}),
    st.sampled_from(["us-ashburn-1", "us-phoenix-1"]).map(lambda region: {region: 100}),
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(LABELS, WEIGHTS, min_size=1, max_size=6), st.booleans(), st.randoms(use_true_random=False))
def test_every_answer_is_an_edge_of_this_stack_and_order_in_the_file_does_not_matter(hostnames, ipv6, random):
    """The law of the module; also: every hostname and record type has exactly one policy and one record."""
    requested = {label: HostnameRequest(health="/h", weights=weights) for label, weights in hostnames.items()}
    shuffled = list(requested.items())
    random.shuffle(shuffled)
    planned = plan(asked(hostnames=requested, ipv6=ipv6))

    assert plan(asked(hostnames=dict(shuffled), ipv6=ipv6), tuple(reversed(NETWORKS))) == planned
    edges = {e.region for e in planned.edges}
    for policy in planned.policies:
        assert edges == set(policy.hostname.pool) == set(policy.hostname.elsewhere)
        assert sum(share.percent for share in policy.hostname.shares) in {0, 100}
    types = {RecordType.A, RecordType.AAAA} if ipv6 else {RecordType.A}
    expected = {(label, kind) for label in hostnames for kind in types}
    assert {(p.hostname.label, p.record_type) for p in planned.policies} == expected
    assert {(r.hostname.label, r.record_type) for r in planned.edge_records} == expected
    assert len(planned.policies) == len(expected) == len(planned.edge_records)


@settings(max_examples=50, deadline=None)
@given(st.sets(LABELS, min_size=2, max_size=6))
def test_adding_a_hostname_moves_no_other(labels):
    """Everything planned for the others stays as it was, name and all."""
    first, *rest = sorted(labels)
    before = plan(asked(hostnames={label: HostnameRequest(health="/h") for label in rest}))
    after = plan(asked(hostnames={label: HostnameRequest(health="/h") for label in labels}))

    assert set(before.policies) < set(after.policies)
    assert {p.hostname.label for p in set(after.policies) - set(before.policies)} == {first}
    assert before.edges == after.edges


def test_500_hostnames_need_raised_limits():
    """With them, each is planned for both kinds of addresses; without, refused. How fast is for the benchmark."""
    many = {f"host-{n}": HostnameRequest(health="/healthz") for n in range(500)}
    planned = plan(asked(hostnames=many, ipv6=True, limits=TrafficLimitsRequest(policies=1000)))

    assert len(planned.policies) == 1000
    assert problems(asked(hostnames=many)) == {("traffic.hostnames", Rule.LIMIT)}
