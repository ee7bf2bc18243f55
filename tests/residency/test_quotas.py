"""Quotas: the statements and their order, and what they leave possible where.

Proves the statements under the documented reading (in one policy the later statement counts); that the service reads
them so is Oracle's documentation's claim.
"""

import re

from hypothesis import given
from hypothesis import strategies as st

from infra.residency.planner import plan
from infra.residency.quotas import QuotaFamily, plan_quotas
from infra.residency.regions import UsRegion
from infra.sandbox.oci import statements as simulated
from tests.residency.samples import GOOD, TODAY

_REGIONS = st.sets(st.sampled_from(UsRegion), min_size=1)


def limited(statements, region):
    """Whether a family is at zero in a region: the last statement that applies there decides."""
    verdict = False
    for statement in statements:
        verb, where = re.fullmatch(
            r"(zero|unset) [a-z-]+ quotas in tenancy(?: where request\.region = ([a-z0-9-]+))?", statement
        ).groups()
        if where in {None, region}:
            verdict = verb == "zero"
    return verdict


def test_the_whole_policy_of_a_family():
    """Zero first, then the regions by name."""
    quotas = {quota.family: quota for quota in plan_quotas("usds", [UsRegion.PHOENIX, UsRegion.ASHBURN])}
    storage = quotas[QuotaFamily.OBJECT_STORAGE]

    assert set(quotas) == set(QuotaFamily)
    assert storage.name == "usds-only-us-object-storage"
    assert storage.statements() == (
        "zero object-storage quotas in tenancy",
        "unset object-storage quotas in tenancy where request.region = us-ashburn-1",
        "unset object-storage quotas in tenancy where request.region = us-phoenix-1",
    )


@given(_REGIONS, st.sampled_from([*(region.value for region in UsRegion), "eu-frankfurt-1", "ap-singapore-1"]))
def test_a_family_is_at_zero_exactly_outside_the_regions(regions, asked):
    """For every family, any set of regions and any region, the US ones that are not ours included."""
    for quota in plan_quotas("usds", regions):
        assert limited(quota.statements(), asked) is (asked not in {region.value for region in regions})


@given(_REGIONS)
def test_another_order_would_mean_something_else(regions):
    """The deliberate break: with the zero last, nothing is possible anywhere."""
    quota = plan_quotas("usds", regions)[0]
    zero, *exceptions = quota.statements()
    assert limited([*exceptions, zero], next(iter(regions)).value)


@given(_REGIONS)
def test_the_simulated_service_reads_every_statement(regions):
    """Its parser, which is not the writer's, finds the same family and region in each."""
    for quota in plan_quotas("usds", regions):
        parsed = [simulated.parse_quota(statement) for statement in quota.statements()]
        assert {statement.family for statement in parsed} == {quota.family.value}
        assert [(statement.verb, statement.region) for statement in parsed] == [
            ("zero", None),
            *(("unset", region.value) for region in sorted(regions)),
        ]


def test_a_plan_limits_to_its_own_regions():
    """Spares included, since they have networks; every family once, sorted."""
    quotas = plan(GOOD, TODAY).quotas
    assert [quota.family for quota in quotas] == sorted(QuotaFamily)
    assert {quota.regions for quota in quotas} == {(UsRegion.ASHBURN, UsRegion.CHICAGO, UsRegion.PHOENIX)}
