"""`guardrails` and `legacy.organization` in a stack file: what is read from them, what is refused for its shape.

What their values mean is tested with the planner (tests/residency/test_guardrails.py, test_organization.py).
"""

from textwrap import indent

import pytest

from infra.residency.deployment import ControlRequest
from infra.residency.findings import Rule
from infra.residency.guardrails_request import GuardrailsRequest
from infra.settings import read
from tests.settings.part import REST, read_part

LEAST = """\
detectorRecipes: {activity: ocid1.a}
securityPolicies: {public_buckets: ocid1.p}
"""
WHOLE = f"{LEAST}denyStatements: true\npacketRouting: enforced\n"


@pytest.mark.parametrize(("text", "denies", "routing"), [(LEAST, False, None), (WHOLE, True, "enforced")])
def test_every_key_is_read(text, denies, routing):
    """Exactly the request that the text writes; nothing is denied, and no packet routed, unless it says so."""
    expected = GuardrailsRequest(
        detector_recipes={"activity": "ocid1.a"},
        security_policies={"public_buckets": "ocid1.p"},
        packet_routing=routing,
        deny_statements=denies,
    )
    assert read_part("guardrails", text) == (expected, set())


def test_a_stack_may_have_none():
    """Cloud Guard is not in every tenancy."""
    assert read_part("guardrails", None) == (None, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("detectorRecipes", "detectorRecipe", ("guardrails.detectorRecipe", Rule.UNKNOWN_KEY)),
        ("securityPolicies: {public_buckets: ocid1.p}", "", ("guardrails.securityPolicies", Rule.MISSING_KEY)),
        ("{activity: ocid1.a}", "[ocid1.a]", ("guardrails.detectorRecipes", Rule.WRONG_TYPE)),
        ("{activity: ocid1.a}", "{}", ("guardrails.detectorRecipes", Rule.EMPTY_MAP)),
        ("ocid1.p", "5", ("guardrails.securityPolicies.public_buckets", Rule.WRONG_TYPE)),
        ("detector", "denyStatements: often\ndetector", ("guardrails.denyStatements", Rule.WRONG_TYPE)),
        ("detector", "packetRouting: true\ndetector", ("guardrails.packetRouting", Rule.WRONG_TYPE)),
        ("detector", 'denyStatements: "true"\ndetector', ("guardrails.denyStatements", Rule.WRONG_TYPE)),
    ],
)
def test_what_is_not_in_shape_is_refused(old, new, finding):
    """One change each; the finding names the place."""
    assert old in LEAST
    _, findings = read_part("guardrails", LEAST.replace(old, new, 1))
    assert finding in findings


ORGANIZATION = """\
id: o-a1b2c3d4e5
accountId: "999999999999"
deployerRole: deployer
"""


def organization(text):
    """The request, and the findings below `legacy.organization`."""
    head = REST.replace("    legacy: {}\n", "    legacy:\n      sites: {}\n      organization:\n")
    file = read((head + indent(text, " " * 8)).encode())
    path = "legacy.organization"
    return file.request.control, {(f.path, f.rule) for f in file.findings if f.path.startswith(path)}


@pytest.mark.parametrize(("text", "others"), [(ORGANIZATION, 1), (f"{ORGANIZATION}otherPolicies: 2\n", 2)])
def test_an_organization_is_read(text, others):
    """AWS's own policy alone is attached unless the file says more."""
    expected = ControlRequest(
        id="o-a1b2c3d4e5", account_id="999999999999", deployer_role="deployer", other_policies=others
    )
    assert organization(text) == (expected, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("id: o-a1b2c3d4e5\n", "", ("legacy.organization.id", Rule.MISSING_KEY)),
        ("deployerRole", "deployer", ("legacy.organization.deployer", Rule.UNKNOWN_KEY)),
        ('"999999999999"', "999999999999", ("legacy.organization.accountId", Rule.WRONG_TYPE)),
        ("id:", "otherPolicies: many\nid:", ("legacy.organization.otherPolicies", Rule.WRONG_TYPE)),
    ],
)
def test_an_organization_that_is_not_in_shape_is_refused(old, new, finding):
    """One change each; the finding names the place."""
    assert old in ORGANIZATION
    assert finding in organization(ORGANIZATION.replace(old, new, 1))[1]
