"""Guardrails: one quota policy for each family, with the planned statements in the planned order."""

from infra.residency.planner import plan
from infra.residency.quotas import QuotaFamily
from tests.residency.samples import GOOD
from tests.support.programs import AS_OF
from tests.support.recorder import Recorded

QUOTA = "oci:Limits/quota:Quota"


def test_each_family_has_one_policy(recorded: Recorded):
    """At the root of the tenancy, through the home region's provider, word for word as planned."""
    planned = {quota.family.value: quota for quota in plan(GOOD, AS_OF).quotas}
    made = {r.name: r for r in recorded.of_type(QUOTA)}

    assert set(made) == set(planned) == {family.value for family in QuotaFamily}
    for name, quota in made.items():
        assert quota.inputs["statements"] == list(planned[name].statements())
        assert quota.inputs["name"] == planned[name].name
        assert (quota.inputs["compartmentId"], quota.provider) == (GOOD.oci.tenancy_id, "oci-home-us-ashburn-1")
