"""Guardrails as a stack file asks for them: what the planner makes of them, and one deliberate break of every rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.compartment import Compartment
from infra.residency.denials import DeniedFamily, plan_denials
from infra.residency.guardrails_request import GuardrailsRequest
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from infra.residency.security_zones import Detector, SecurityPolicy, ZoneKind, kind_of_zone
from infra.sandbox.oci import statements as simulated
from infra.sandbox.oci.security_zones import CATALOGUE
from infra.verify.oracle import statements as independent
from tests.residency.samples import GOOD, GUARDED, TODAY, found

GUARDRAILS = GUARDED.guardrails
assert GUARDRAILS is not None


def asked(**changes: object):
    """The request with changes to its guardrails."""
    return replace(GUARDED, guardrails=replace(GUARDRAILS, **changes))


def test_every_policy_is_known_to_the_simulated_realm():
    """By its friendly name: the two lists are written apart."""
    assert {policy.friendly_name for policy in SecurityPolicy} <= set(CATALOGUE.values())


def test_what_faces_the_internet_alone_is_in_no_zone():
    """And what anyone may read is in one that lets buckets be public, and nothing else."""
    assert {compartment for compartment in Compartment if kind_of_zone(compartment) is None} == {Compartment.EDGE}
    assert {compartment for compartment in Compartment if kind_of_zone(compartment) is ZoneKind.OPEN} == {
        Compartment.PUBLIC
    }
    assert set(ZoneKind.SEALED.policies) == set(SecurityPolicy)
    assert set(ZoneKind.SEALED.policies) - set(ZoneKind.OPEN.policies) == {SecurityPolicy.PUBLIC_BUCKET}


def test_the_plan_has_one_target_and_a_zone_for_each_compartment_but_the_edge():
    """Reports stay in the home region; recipes name each policy's own OCID."""
    guard = plan(GUARDED, TODAY).guardrails
    assert guard is not None
    watched = guard.cloud_guard
    assert (watched.reporting_region, watched.target) == (UsRegion.ASHBURN, "usds")
    assert watched.detector_recipes == tuple(GUARDRAILS.detector_recipes[it] for it in sorted(Detector))
    assert [(it.name, it.policies) for it in watched.recipes] == [
        ("usds-open", tuple(GUARDRAILS.security_policies[it] for it in ZoneKind.OPEN.policies)),
        ("usds-sealed", tuple(GUARDRAILS.security_policies[it] for it in ZoneKind.SEALED.policies)),
    ]
    assert {(it.name, it.compartment, it.kind) for it in watched.zones} == {
        (f"usds-{it}", it, kind_of_zone(it)) for it in Compartment if it is not Compartment.EDGE
    }
    assert guard.denials == ()


def test_a_stack_without_guardrails_has_none():
    """Quotas and tags need nothing of the tenancy; Cloud Guard does."""
    assert plan(GOOD, TODAY).guardrails is None


ONE = "ocid1.securityzonessecuritypolicy.oc1..aaaaaaaapublicbuckets"


def policies(**changes: str | None):
    """The security policies with changes; None takes one away."""
    merged = {**GUARDRAILS.security_policies, **changes}
    return asked(security_policies={name: ocid for name, ocid in merged.items() if ocid is not None})


def detectors(**changes: str | None):
    """The detector recipes with changes; None takes one away."""
    merged = {**GUARDRAILS.detector_recipes, **changes}
    return asked(detector_recipes={name: ocid for name, ocid in merged.items() if ocid is not None})


RECIPES, POLICIES = "guardrails.detectorRecipes", "guardrails.securityPolicies"
BREAKS = {
    "a policy is missing": (policies(public_subnets=None), {("guardrail", POLICIES)}),
    "a detector is missing": (detectors(threat=None), {("guardrail", RECIPES)}),
    "nothing is named": (
        asked(security_policies={}, detector_recipes={}),
        {("guardrail", POLICIES), ("guardrail", RECIPES)},
    ),
    "a policy that there is not": (policies(public_bucket=ONE), {("guardrail", f"{POLICIES}.public_bucket")}),
    "a policy by its whole name": (
        policies(**{"deny public_buckets": ONE}),
        {("guardrail", f'{POLICIES}."deny public_buckets"')},
    ),
    "no OCID": (policies(public_buckets="public_buckets"), {("identifier", f"{POLICIES}.public_buckets")}),
    "an OCID of another realm": (
        policies(public_buckets=ONE.replace("oc1..", "oc2..")),
        {("identifier", f"{POLICIES}.public_buckets")},
    ),
    "an OCID of another kind": (
        policies(public_buckets=GUARDRAILS.detector_recipes["threat"]),
        {("identifier", f"{POLICIES}.public_buckets")},
    ),
    "a recipe of zones for a detector": (detectors(threat=ONE), {("identifier", f"{RECIPES}.threat")}),
    "one OCID for two policies": (
        policies(public_subnets=GUARDRAILS.security_policies["public_buckets"]),
        {("guardrail", f"{POLICIES}.public_subnets")},
    ),
    "an OCID with a quote": (policies(public_buckets=f"{ONE}'"), {("identifier", f"{POLICIES}.public_buckets")}),
    "nothing but a line's end more": (
        policies(public_buckets=f"{ONE}\n"),
        {("identifier", f"{POLICIES}.public_buckets")},
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_may_not_be_is_found(name):
    """Exactly these findings: what is wrong, where it stands."""
    request, findings = BREAKS[name]
    assert found(request) == findings


def test_a_tenancy_that_is_wrong_itself_is_told_of_once():
    """Guardrails follow from it, and say nothing more."""
    wrong = replace(GUARDED, oci=replace(GUARDED.oci, home_region="eu-frankfurt-1"))
    assert found(wrong) == {("home-region", "oci.homeRegion")}


_REGIONS = st.sets(st.sampled_from(UsRegion), min_size=1)


def test_deny_statements_are_planned_where_they_are_asked_for():
    """One for each family, for exactly the regions of the stack, sorted."""
    guard = plan(asked(deny_statements=True), TODAY).guardrails
    assert guard is not None
    assert [denial.family for denial in guard.denials] == sorted(DeniedFamily)
    assert guard.denials[[it.family for it in guard.denials].index(DeniedFamily.OBJECTS)].text() == (
        "deny any-user to manage object-family in tenancy where all "
        "{request.region!='iad', request.region!='ord', request.region!='phx'}"
    )


@given(_REGIONS, st.sampled_from([*(region.facts.key for region in UsRegion), "fra", "sin", "us-ashburn-1"]))
def test_a_denial_holds_exactly_outside_the_regions(regions, asked_in):
    """For any set of regions; read by a parser that is not the writer's. A region by its name is none of them."""
    for denial in plan_denials(regions):
        read = independent.parse(denial.text())
        assert (read.denies, read.kind, read.resource, read.place) == (True, "any-user", denial.family.value, ())
        holds = independent.may_hold(read.condition, {"request.region": asked_in})
        assert holds is (asked_in not in {region.facts.key for region in regions})


@given(_REGIONS)
def test_the_simulated_service_reads_every_denial(regions):
    """Its grammar, which is a part of Oracle's, takes them all."""
    for denial in plan_denials(regions):
        assert simulated.parse(denial.text()).effect == "deny"


def test_the_request_is_plain():
    """Nothing is denied unless the file says so."""
    assert GuardrailsRequest(detector_recipes={}, security_policies={}).deny_statements is False
