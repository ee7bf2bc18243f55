"""Control policies of AWS Organizations: what they deny to whom, that AWS takes them, and every break of their rules.

The documents are judged by an evaluator of the policy language and by `parliament`, neither of them the product's.
That AWS evaluates them so they do not prove.
"""

import json
from dataclasses import replace

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from infra.residency.aws_policy import role_arn
from infra.residency.deployment import ControlRequest
from infra.residency.organization_policy import (
    MOST_CHARACTERS,
    ControlKind,
    ControlPolicy,
    Forbidden,
    Purpose,
    plan_policies,
)
from infra.residency.planner import plan
from infra.residency.planner.organization import judge_limits
from tests.residency.samples import GOOD, TODAY, found, with_site
from tests.support.aws_evaluator import Answer, answer
from tests.support.aws_validator import findings

VIRGINIA, SINGAPORE, MANAGEMENT = "111111111111", "222222222222", "999999999999"
CONTROL = ControlRequest(id="o-a1b2c3d4e5", account_id=MANAGEMENT, deployer_role="usdata-deployer")
CONTROLLED = replace(GOOD, control=CONTROL)
SITES = tuple(it.site for it in plan(GOOD, TODAY).sites)
POLICIES = plan_policies("usds", CONTROL.id, SITES)


def documents(account, kind):
    """What AWS gets for an account."""
    return [json.loads(it.text()) for it in POLICIES if account in it.accounts and it.purpose.kind is kind]


def said(account, action, *, kind=ControlKind.SERVICE, role="somebody", **context: str):
    """What an account's policies say about a call."""
    who = role_arn(account, role)
    return answer(*documents(account, kind), action=action, who=who, **context)


def test_the_plan_has_two_policies_for_all_and_two_for_each_account():
    """Sorted by name; an account is limited whatever its site's phase is."""
    control = plan(CONTROLLED, TODAY).control
    assert control is not None
    assert (control.account_id, control.deployer_role) == (MANAGEMENT, "usdata-deployer")
    assert [(it.name, it.purpose, it.accounts) for it in control.policies] == [
        ("usds-copies", Purpose.COPIES, (VIRGINIA, SINGAPORE)),
        ("usds-perimeter", Purpose.PERIMETER, (VIRGINIA, SINGAPORE)),
        (f"usds-regions-{VIRGINIA}", Purpose.REGIONS, (VIRGINIA,)),
        (f"usds-regions-{SINGAPORE}", Purpose.REGIONS, (SINGAPORE,)),
        (f"usds-trail-{VIRGINIA}", Purpose.TRAIL, (VIRGINIA,)),
        (f"usds-trail-{SINGAPORE}", Purpose.TRAIL, (SINGAPORE,)),
    ]
    assert plan(GOOD, TODAY).control is None


def test_two_sites_of_one_account_share_their_policies():
    """Both regions are open there, and both deployers may change the trail."""
    sites = [replace(it, account_id=VIRGINIA, deployer_role=f"{it.name}-deployer") for it in SITES]
    by_name = {it.name: json.loads(it.text())["Statement"] for it in plan_policies("usds", CONTROL.id, sites)}
    assert set(by_name) == {"usds-copies", "usds-perimeter", f"usds-regions-{VIRGINIA}", f"usds-trail-{VIRGINIA}"}
    assert by_name[f"usds-regions-{VIRGINIA}"][0]["Condition"] == {
        "StringNotEquals": {"aws:RequestedRegion": ["ap-southeast-1", "us-east-1"]}
    }
    assert by_name[f"usds-trail-{VIRGINIA}"][1]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": [role_arn(VIRGINIA, f"{it}-deployer") for it in ("singapore", "virginia")]}
    }


@given(
    st.sampled_from(["us-east-1", "us-east-2", "ap-southeast-1", "eu-west-1", "cn-north-1"]),
    st.sampled_from(
        ["s3:CreateBucket", "s3:PutObject", "kms:CreateKey", "rds:CreateDBInstance", "new-service:Anything"]
    ),
)
def test_every_region_but_the_sites_own_is_closed(region, action):
    """To any call of any service that is not spared, one that there is not yet included."""
    for account, home in ((VIRGINIA, "us-east-1"), (SINGAPORE, "ap-southeast-1")):
        denied = said(account, action, aws__RequestedRegion=region) is Answer.DENIED
        assert denied is (region != home)


@pytest.mark.parametrize("action", ["iam:CreateRole", "sts:AssumeRole", "s3:ListAllMyBuckets", "support:CreateCase"])
def test_what_is_global_works_from_the_other_side_of_the_world(action):
    """Its one endpoint counts as Virginia's: a site in Singapore could not be deployed without it."""
    assert said(SINGAPORE, action, aws__RequestedRegion="us-east-1") is Answer.SILENT


HOME = {"aws__RequestedRegion": "us-east-1"}


@pytest.mark.parametrize(
    ("action", "denied", "to_deployer"),
    [
        ("s3:PutReplicationConfiguration", True, True),
        ("s3:ReplicateObject", True, True),
        ("s3:CreateMultiRegionAccessPoint", True, True),
        ("kms:ReplicateKey", True, True),
        ("ec2:CopySnapshot", True, True),
        ("ram:CreateResourceShare", True, True),
        ("cloudtrail:StopLogging", True, True),
        ("cloudtrail:DeleteTrail", True, False),
        ("cloudtrail:UpdateTrail", True, False),
        ("cloudtrail:PutEventSelectors", True, False),
        ("cloudtrail:CreateTrail", False, False),
        ("s3:PutObject", False, False),
        ("s3:PutBucketPolicy", False, False),
        ("kms:ScheduleKeyDeletion", False, False),
    ],
)
def test_copies_and_the_end_of_the_trail_are_denied(action, denied, to_deployer):
    """To everybody; who deploys may change the trail and never stop it, and everything else is left to the accounts."""
    assert (said(VIRGINIA, action, **HOME) is Answer.DENIED) is denied
    assert (said(VIRGINIA, action, role="usdata-deployer", **HOME) is Answer.DENIED) is to_deployer


@pytest.mark.parametrize(
    ("context", "denied"),
    [
        ({"aws__PrincipalOrgID": CONTROL.id, "aws__PrincipalIsAWSService": "false"}, False),
        ({"aws__PrincipalOrgID": "o-another000", "aws__PrincipalIsAWSService": "false"}, True),
        ({"aws__PrincipalIsAWSService": "false"}, True),
        ({"aws__PrincipalIsAWSService": "true"}, False),
        ({}, True),
    ],
)
def test_strangers_reach_neither_objects_nor_keys(context, denied):
    """Nor does who says nothing of himself; Amazon's services, which deliver inventories, do."""
    for action in ("s3:GetObject", "s3:ListBucket", "kms:Decrypt"):
        assert (said(VIRGINIA, action, kind=ControlKind.RESOURCE, **context) is Answer.DENIED) is denied
    assert said(VIRGINIA, "sqs:SendMessage", kind=ControlKind.RESOURCE, **context) is Answer.SILENT


def test_nothing_is_ever_granted():
    """Every statement of every policy is a deny on everything, of which only strangers' names a principal."""
    for policy in POLICIES:
        for statement in json.loads(policy.text())["Statement"]:
            assert (statement["Effect"], statement["Resource"]) == ("Deny", "*")
            assert ("Principal" in statement) is (policy.purpose is Purpose.PERIMETER)


def test_a_validator_that_is_not_ours_finds_nothing():
    """Its table knows every action and condition key; that a control policy is about everything is meant."""
    texts = [policy.text() for policy in POLICIES if policy.purpose is not Purpose.PERIMETER]
    meant = {"RESOURCE_STAR", "NOT_ACTION"}
    assert [it for found in findings(texts) for it in found if it[0] not in meant] == []


def test_the_policies_are_taken():
    """By moto, which checks the documents of service control policies."""
    with mock_aws():
        client = boto3.client(
            "organizations", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_organization(FeatureSet="ALL")
        account = client.create_account(AccountName="a", Email="a@example.com")["CreateAccountStatus"]["AccountId"]
        for policy in POLICIES:
            if policy.purpose.kind is ControlKind.SERVICE:
                made = client.create_policy(
                    Content=policy.text(), Description="d", Name=policy.name, Type=policy.purpose.kind
                )
                client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=account)
        listed = client.list_policies_for_target(TargetId=account, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert len(listed) == 1 + 5  # AWS's own; the copies' once, the accounts' own of both


def asked(**changes: object):
    """The request with changes to the organization."""
    return replace(CONTROLLED, control=replace(CONTROL, **changes))


BREAKS = {
    "an id that is none": (asked(id="usds"), {("identifier", "legacy.organization.id")}),
    "an account that is none": (asked(account_id="12"), {("identifier", "legacy.organization.accountId")}),
    "a role with a path": (asked(deployer_role="a/b"), {("name", "legacy.organization.deployerRole")}),
    "a site in the management account": (
        asked(account_id=VIRGINIA),
        {("guardrail", "legacy.organization.accountId")},
    ),
    "three others": (asked(other_policies=3), {("limit", "legacy.organization.otherPolicies")}),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_may_not_be_is_found(name):
    """Exactly these findings."""
    request, findings_ = BREAKS[name]
    assert found(request) == findings_


def test_as_many_as_fit_may_be():
    """Three of ours and two of others make five; both accounts at the limit and none beyond."""
    assert found(asked(other_policies=2)) == set()
    assert len(judge_limits(POLICIES, 3)) == 2


def test_a_policy_that_is_too_long_is_found():
    """With its name and length; one at the limit may be."""

    def policy(length: int) -> ControlPolicy:
        bare = ControlPolicy(name="p", purpose=Purpose.COPIES, statements=(), accounts=(VIRGINIA,))
        filler = Forbidden(sid="", actions=("",))
        empty = len(replace(bare, statements=(filler,)).text())
        return replace(bare, statements=(replace(filler, sid="x" * (length - empty)),))

    assert judge_limits((policy(MOST_CHARACTERS),), 1) == []
    (finding,) = judge_limits((policy(MOST_CHARACTERS + 1),), 1)
    assert (finding.rule, finding.path, finding.given) == (
        "limit", "legacy.organization", "p, which has 5,121 characters",
    )  # fmt: skip


def test_the_longest_names_of_two_sites_in_one_account_still_fit():
    """Role names of 64 characters: what a stack file can say is never too long."""
    request = with_site(CONTROLLED, "virginia", deployer_role="a" * 64)
    request = with_site(request, "singapore", account_id=VIRGINIA, deployer_role="b" * 64)
    assert found(request) == set()
