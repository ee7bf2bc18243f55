"""Access as a stack file asks for it: what the planner makes of it, and one deliberate break of every rule."""

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network
from typing import Any

import pytest

from infra.residency.access import AccessPlan, NetworkSource
from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.compartment import Compartment
from infra.residency.dataset import DataClass, Dataset, Export
from infra.residency.duties import Duty
from infra.residency.findings import Finding
from infra.residency.oracle_policy import Group, Service, Statement, Verbs
from infra.residency.oracle_vocabulary import Family, Verb
from infra.residency.planner import judge, plan
from infra.residency.planner.access import overlaps, plan_access
from infra.residency.planner.networks import Regions, plan_regions
from tests.residency.samples import GOOD

ACCESS = AccessRequest(
    networks={
        "us-office": {"denver": "198.51.100.0/24", "austin": "203.0.113.16/28"},
        "runners": {"pool": "192.0.2.7/32"},
    },
    groups={
        "storage-operators": GroupRequest(duty="storage", network="us-office"),
        "ci": GroupRequest(duty="deployment", network="runners"),
        "auditors": GroupRequest(duty="audit", network="us-office"),
    },
)
EXPORTED = Dataset(
    name="metrics",
    data_class=DataClass.EXCEPTED,
    shards=1,
    reason="global capacity planning",
    expires=date(2027, 6, 30),
    export=Export(name="capacity-planning", group="Capacity-Planners", until=date(2027, 6, 30)),
)


def regions() -> Regions:
    """Ashburn, Phoenix and Chicago."""
    planned = plan_regions(GOOD.oci, [])
    assert planned is not None
    return planned


def planned(request: AccessRequest, *datasets: Dataset) -> tuple[AccessPlan | None, list[Finding]]:
    """The plan and the findings."""
    findings: list[Finding] = []
    made = plan_access(request, "usds", regions(), datasets, approvals=(), signers=(), watched=True, findings=findings)
    return made, findings


def found(request: AccessRequest, *datasets: Dataset) -> set[tuple[str, str]]:
    """Rule and path of every finding; a plan comes exactly where there is none."""
    plan, findings = planned(request, *datasets)
    assert (plan is None) is bool(findings)
    return {(finding.rule.value, finding.path) for finding in findings}


def group(name: str, **changes: Any) -> AccessRequest:
    """The request with changes to one group."""
    return replace(ACCESS, groups={**ACCESS.groups, name: replace(ACCESS.groups[name], **changes)})


def networks(**cidrs: str) -> AccessRequest:
    """The request with an office of these CIDRs."""
    return replace(ACCESS, networks={**ACCESS.networks, "us-office": cidrs})


def test_the_plan_says_who_may_do_what_from_where():
    """Networks and groups sorted by name, CIDRs by address; statements hold from the group's network in all regions."""
    plan, findings = planned(ACCESS, EXPORTED)

    assert findings == []
    assert plan is not None
    assert plan.networks == (
        NetworkSource(name="runners", physical="usds-runners", cidrs=(IPv4Network("192.0.2.7/32"),)),
        NetworkSource(
            name="us-office",
            physical="usds-us-office",
            cidrs=(IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.16/28")),
        ),
    )
    assert [(g.name, g.duty, g.network.name) for g in plan.groups] == [
        ("auditors", Duty.AUDIT, "us-office"),
        ("ci", Duty.DEPLOYMENT, "runners"),
        ("storage-operators", Duty.STORAGE, "us-office"),
    ]
    assert {
        (
            g.network.physical in s.text(),
            "any {request.region='iad', request.region='ord', request.region='phx'}" in s.text(),
        )
        for g in plan.groups
        for s in g.statements
    } == {(True, True)}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (group("ci", duty="deploy"), {("duty", "access.groups.ci.duty")}),
        (group("ci", duty=""), {("duty", "access.groups.ci.duty")}),
        (group("ci", network="office"), {("network-source", "access.groups.ci.network")}),
        (
            replace(ACCESS, groups={"a' or 'b": GroupRequest(duty="audit", network="us-office")}),
            {("name", "access.groups.\"a' or 'b\"")},
        ),
        (
            replace(ACCESS, networks={**ACCESS.networks, "US": {"a": "198.51.100.0/24"}}),
            {("name", "access.networks.US")},
        ),
        (networks(a="198.51.100.1/24"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="banana"), {("cidr", "access.networks.us-office.a")}),
        (networks(a=""), {("cidr", "access.networks.us-office.a")}),
        (networks(a="2001:db8::/32"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="0.0.0.0/0"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="198.0.0.0/15"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="10.1.0.0/16"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="100.64.9.0/24"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="192.168.1.0/24"), {("cidr", "access.networks.us-office.a")}),
        (networks(a="224.0.0.0/24"), {("cidr", "access.networks.us-office.a")}),
        (
            networks(a="198.51.100.0/24", b="198.51.100.128/25"),
            {("cidr-overlap", "access.networks.us-office.b")},
        ),
        (
            replace(group("ci", duty="nothing", network="nowhere"), networks={"us-office": {"a": "0.0.0.0/0"}}),
            {
                ("duty", "access.groups.ci.duty"),
                ("network-source", "access.groups.ci.network"),
                ("cidr", "access.networks.us-office.a"),
            },
        ),
    ],
)
def test_every_rule_refuses(request_, expected):
    """One break each, found where it stands; several at once are all found."""
    assert found(request_) == expected


@pytest.mark.parametrize("name", ["capacity-planners", "Capacity-Planners"])
def test_who_reads_an_export_has_no_duty(name):
    """Oracle compares names of groups without regard to case, and so does the rule."""
    request = replace(ACCESS, groups={**ACCESS.groups, name: GroupRequest(duty="security", network="us-office")})
    assert found(request, EXPORTED) == {("separation", f"access.groups.{name}")}


def test_without_regions_the_rest_is_judged_all_the_same():
    """Nothing is planned, and what is wrong with groups and networks is still found."""
    findings: list[Finding] = []
    assert (
        plan_access(group("ci", duty="x"), "usds", None, (), approvals=(), signers=(), watched=True, findings=findings)
        is None
    )
    assert [finding.rule.value for finding in findings] == ["duty"]
    assert plan_access(ACCESS, "usds", None, (), approvals=(), signers=(), watched=True, findings=[]) is None


def test_a_finished_plan_is_judged_once_more():
    """A plan made by hand, with a group that also reads an export: the judgement finds it, whoever made it."""
    good = plan(replace(GOOD, access=ACCESS), date(2026, 11, 24))
    assert good.access is not None
    deployers = next(it for it in good.access.groups if it.duty is Duty.DEPLOYMENT)
    metrics = next(it for it in good.datasets if it.dataset.name == "metrics")
    grants = tuple(replace(grant, group=deployers.name) for grant in metrics.export_grants)
    bad = replace(
        good, datasets=tuple(replace(it, export_grants=grants) if it is metrics else it for it in good.datasets)
    )

    assert list(judge(good, date(2026, 11, 24))) == []
    assert [(it.rule.value, it.path) for it in judge(bad, date(2026, 11, 24))] == [("separation", "access.groups.ci")]


def test_overlaps_are_by_group():
    """Two groups may each have a part; one that has both, by whatever way, is named with both statements."""

    def grant(subject: Group | Service, verb: Verb, family: Family) -> Statement:
        return Statement(
            subject=subject,
            what=Verbs(verb=verb, family=family),
            organization="usds",
            compartment=Compartment.PROTECTED if family is Family.OBJECTS else None,
        )

    reads = grant(Group(name="a"), Verb.READ, Family.OBJECTS)
    other = grant(Group(name="b"), Verb.MANAGE, Family.POLICIES)
    service = grant(Service(principal="objectstorage-us-phoenix-1"), Verb.MANAGE, Family.OBJECTS)
    changes = grant(Group(name="a"), Verb.MANAGE, Family.POLICIES)

    assert overlaps([reads, other, service]) == {}
    (name, overlap), *rest = overlaps([reads, other, service, changes]).items()
    assert (name, overlap.touches, overlap.changes, rest) == ("a", reads, changes, [])
