"""Groups, network sources and policies of duties: exactly these, and nothing named before it is there.

Proves what is registered; that the statements mean what they should is for tests/residency/test_duties.py.
"""

from dataclasses import replace

from infra.residency.planner import plan
from tests.residency.samples import GOOD
from tests.residency.test_access_planner import ACCESS
from tests.support.programs import AS_OF, planned

GROUP = "oci:Identity/group:Group"
POLICY = "oci:Identity/policy:Policy"
SOURCE = "oci:Identity/networkSource:NetworkSource"
REQUEST = replace(GOOD, access=ACCESS)
TENANCY = GOOD.oci.tenancy_id


def test_network_sources_stand_at_the_root():
    """With the CIDRs of the stack file and nothing else, through the home region's provider."""
    made = planned(REQUEST).of_type(SOURCE)
    assert {(r.name, r.inputs["name"], tuple(r.inputs["publicSourceLists"])) for r in made} == {
        ("us-office", "usds-us-office", ("198.51.100.0/24", "203.0.113.16/28")),
        ("runners", "usds-runners", ("192.0.2.7/32",)),
    }
    assert {(r.inputs["compartmentId"], r.provider, "virtualSourceLists" in r.inputs) for r in made} == {
        (TENANCY, "oci-home-us-ashburn-1", False)
    }


def test_a_group_has_one_policy_with_the_planned_statements():
    """Word for word; the policy waits for its group, its network source and every compartment that it names."""
    access = plan(REQUEST, AS_OF).access
    assert access is not None
    recorded = planned(REQUEST)
    policies = {r.name: r for r in recorded.of_type(POLICY)}

    assert {r.name for r in recorded.of_type(GROUP)} == {*ACCESS.groups, "capacity-planners"}
    for group in access.groups:
        policy = policies[group.name]
        named = {s.compartment.value for s in group.statements if s.compartment is not None}
        assert policy.inputs["statements"] == [statement.text() for statement in group.statements]
        assert policy.inputs["name"] == f"usds-{group.name}"
        assert {urn.rpartition("$")[2].partition("::")[::2] for urn in policy.dependencies} == {
            (GROUP, group.name),
            (SOURCE, group.network.name),
            *(("oci:Identity/compartment:Compartment", name) for name in named),
        }


def test_without_access_nothing_of_it_exists():
    """The component is not registered at all."""
    recorded = planned(GOOD)
    assert recorded.of_type(SOURCE) == []
    assert [r for r in recorded.resources.values() if r.type == "usdata:index:Access"] == []
