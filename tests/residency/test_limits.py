"""Limits of Oracle's identity service: all that the stack makes is counted, and what would not be taken is refused."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from infra import settings
from infra.residency.access_request import AccessLimitsRequest, AccessRequest, GroupRequest
from infra.residency.planner import plan
from infra.residency.planner.limits import MOST_IN_A_PATH, PolicySize, policy_sizes
from infra.residency.site_policies import site_policies
from tests.residency.samples import GOOD, TODAY, found
from tests.support.programs import AS_OF, ROOT, shipped

POLICY = "oci:Identity/policy:Policy"
EXACT = AccessLimitsRequest(policies=4, groups=2, networks=1)
OFFICE = {"us-office": {"denver": "198.51.100.0/24"}}
FEW = replace(
    GOOD,
    access=AccessRequest(
        networks=OFFICE, groups={"auditors": GroupRequest(duty="audit", network="us-office")}, limits=EXACT
    ),
)
"""The sample with one group: policies of it, of an export and of two regions with data; two groups; one network."""


@pytest.mark.parametrize("stack", ["sandbox", "us-prod"])
def test_every_policy_is_counted(stack):
    """As many policies, of the same sizes, as the program registers."""
    planned = settings.load(settings.stack_file(ROOT, stack), configured=None, as_of=AS_OF).plan
    made = Counter(len(it.inputs["statements"]) for it in shipped(stack, preview=False).of_type(POLICY))
    assert Counter(size.statements for size in policy_sizes(planned)) == made


def limited(**changes: int):
    """The sample under other limits."""
    return replace(FEW, access=replace(FEW.access, limits=replace(EXACT, **changes)))


def test_what_fits_exactly_is_taken():
    """Nothing is left over, and nothing is refused."""
    assert found(FEW) == set()


@pytest.mark.parametrize("key", ["policies", "groups", "networks"])
def test_one_too_many_is_refused_by_the_limit_s_name(key):
    """Each by itself, and all of them at once."""
    assert found(limited(**{key: getattr(EXACT, key) - 1})) == {("limit", f"access.limits.{key}")}
    assert found(limited(policies=3, groups=1, networks=0)) == {
        ("limit", f"access.limits.{name}") for name in ("policies", "groups", "networks")
    }


def many(duty: str, number: int):
    """The sample with fifty datasets, many groups of one duty, and whatever Oracle raises on request."""
    return replace(
        GOOD,
        datasets={f"d{at:02}": GOOD.datasets["profiles"] for at in range(50)},
        sites={"virginia": GOOD.sites["virginia"]},
        access=AccessRequest(
            networks=OFFICE,
            groups={f"g{at:03}": GroupRequest(duty=duty, network="us-office") for at in range(number)},
            limits=AccessLimitsRequest(policies=300),
        ),
    )


def test_two_hundred_groups_and_fifty_datasets_are_refused_by_the_limit_that_is_never_raised():
    """Six statements a group are 1,208 at the root; as many groups as fit, 82, keep every limit, AWS's too."""
    assert found(many("storage", 200)) == {("limit", "access.groups")}
    assert found(many("storage", 83)) == {("limit", "access.groups")}
    made = plan(many("storage", 82), date(2026, 11, 24))
    assert sum(size.statements for size in policy_sizes(made)) == MOST_IN_A_PATH
    documents = [policy for site in made.sites for policy in site_policies(site, made.organization)]
    assert len(documents) > 50
    assert max(policy.size / policy.kind.most_characters for policy in documents) < 0.6


def test_statements_grow_with_groups_and_not_with_datasets():
    """Fifty datasets bring as many as one."""
    few = replace(many("storage", 3), datasets={"d00": GOOD.datasets["profiles"]})
    assert policy_sizes(plan(few, TODAY)) == policy_sizes(plan(many("storage", 3), TODAY))
    assert PolicySize(path="access.groups.g001", statements=6) in policy_sizes(plan(few, TODAY))
