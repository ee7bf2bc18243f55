"""The `access` part of a stack file: what is read from it, and what is refused for its shape.

What its values mean is tested with the planner (tests/residency/test_access_planner.py).
"""

import pytest

from infra.residency.access_request import AccessLimitsRequest, AccessRequest, GroupRequest
from infra.residency.findings import Rule
from tests.settings.part import read_part

LEAST = """\
networks: {us-office: {denver: 198.51.100.0/24}}
groups: {auditors: {duty: audit, network: us-office}}
"""
LIMITS = "limits: {policies: 300, groups: 500, networks: 20}\n"


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        (LEAST, AccessLimitsRequest(policies=100, groups=250, networks=10)),
        (LEAST + LIMITS, AccessLimitsRequest(policies=300, groups=500, networks=20)),
    ],
    ids=["Oracle's defaults", "limits that were raised"],
)
def test_every_key_is_read(text, limits):
    """Exactly the request that the text writes; limits left out are Oracle's."""
    assert read_part("access", text) == (
        AccessRequest(
            networks={"us-office": {"denver": "198.51.100.0/24"}},
            groups={"auditors": GroupRequest(duty="audit", network="us-office")},
            limits=limits,
        ),
        set(),
    )


def test_a_stack_without_access_has_no_groups():
    """The key is optional: another stack of the tenancy may hold the groups."""
    assert read_part("access", None) == (None, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("networks:", "network:", ("access.network", Rule.UNKNOWN_KEY)),
        ("groups: {auditors: {duty: audit, network: us-office}}", "", ("access.groups", Rule.MISSING_KEY)),
        ("{denver: 198.51.100.0/24}", "[198.51.100.0/24]", ("access.networks.us-office", Rule.WRONG_TYPE)),
        ("{denver: 198.51.100.0/24}", "{}", ("access.networks.us-office", Rule.EMPTY_MAP)),
        ("198.51.100.0/24", "5", ("access.networks.us-office.denver", Rule.WRONG_TYPE)),
        ("duty: audit, ", "", ("access.groups.auditors.duty", Rule.MISSING_KEY)),
        ("duty: audit", "duty: [audit, storage]", ("access.groups.auditors.duty", Rule.WRONG_TYPE)),
        ("duty: audit", "duty: audit, members: {a: b}", ("access.groups.auditors.members", Rule.UNKNOWN_KEY)),
        (", network: us-office", "", ("access.groups.auditors.network", Rule.MISSING_KEY)),
        ("groups:", "limits: {policies: many}\ngroups:", ("access.limits.policies", Rule.WRONG_TYPE)),
        ("groups:", "limits: {users: 5}\ngroups:", ("access.limits.users", Rule.UNKNOWN_KEY)),
    ],
)
def test_what_is_not_in_shape_is_refused(old, new, finding):
    """One change each; the finding names the place."""
    assert old in LEAST
    _, findings = read_part("access", LEAST.replace(old, new, 1))
    assert finding in findings
