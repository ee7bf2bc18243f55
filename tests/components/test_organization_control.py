"""Control policies as they are registered: planned documents, on planned accounts, by the management account."""

import json

from infra.residency.organization_policy import OrganizationPlan
from infra.residency.planner import plan
from tests.residency.test_organization import CONTROLLED
from tests.support.programs import AS_OF, planned, sample

POLICY = "aws:organizations/policy:Policy"
ATTACHMENT = "aws:organizations/policyAttachment:PolicyAttachment"


def test_each_policy_is_made_and_attached():
    """Word for word, each attachment naming its policy and one account; all by the management account's provider."""
    made = planned(CONTROLLED, preview=False)
    control = plan(CONTROLLED, AS_OF).control
    assert isinstance(control, OrganizationPlan)

    assert {(r.inputs["name"], r.inputs["type"], r.inputs["content"]) for r in made.of_type(POLICY)} == {
        (it.name, it.purpose.kind.value, it.text()) for it in control.policies
    }
    assert {(r.inputs["policyId"], r.inputs["targetId"]) for r in made.of_type(ATTACHMENT)} == {
        (f"<{POLICY} {it.name}.id>", account) for it in control.policies for account in it.accounts
    }
    assert {r.provider for r in (*made.of_type(POLICY), *made.of_type(ATTACHMENT))} == {"aws-organization-us-east-1"}
    provider = made.providers()["aws-organization-us-east-1"].inputs
    assert json.loads(provider["allowedAccountIds"]) == ["999999999999"]
    assert json.loads(provider["assumeRoles"])[0]["roleArn"] == "arn:aws:iam::999999999999:role/usdata-deployer"


def test_an_organization_that_is_not_managed_here_is_left_alone():
    """No policy, and no provider for an account that the stack file does not name."""
    made = sample(preview=False)
    assert not made.of_type(POLICY)
    assert "aws-organization-us-east-1" not in made.providers()
