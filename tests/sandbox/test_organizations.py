"""AWS Organizations in the simulated cloud: how many policies an account takes, and what they keep it from doing.

Shows that the hazards are there for this project's own calls; it is no evaluator of the policy language.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.client import ACCOUNT, Client, Refused
from tests.sandbox.guard_rows import ELSEWHERE, STRANGERS, document

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = "aws:organizations/policy:Policy"
ATTACHMENT = "aws:organizations/policyAttachment:PolicyAttachment"
BUCKET = "aws:s3/bucket:Bucket"
SERVICE, RESOURCE = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


def attached(management: Client, kind: str, *statements: dict[str, Any], name: str = "p") -> tuple[str, Any]:
    """A policy on the account of the tests: the attachment."""
    policy, _ = management.create(POLICY, {"name": name, "type": kind, "content": document(*statements)}, name=name)
    return management.create(ATTACHMENT, {"policyId": policy, "targetId": ACCOUNT}, name=name)


@pytest.fixture
def management(aws: Callable[..., Client]) -> Client:
    """The management account."""
    return aws("us-east-1", account="999999999999")


def test_a_denied_region_is_closed_to_everything_but_what_is_spared(aws: Callable[..., Client], management: Client):
    """In the account that the policy is on, in the regions that it does not name; until it is detached."""
    id_, outputs = attached(management, SERVICE, ELSEWHERE)

    with pytest.raises(Refused, match="explicit deny in a service control"):
        aws("ap-southeast-1").create(BUCKET, {"bucket": "abroad", "region": "ap-southeast-1"})
    assert aws("us-east-1").create(BUCKET, {"bucket": "here", "region": "us-east-1"})[0] == "here"
    trust = document({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"})
    assert aws("ap-southeast-1").create("aws:iam/role:Role", {"name": "r", "assumeRolePolicy": trust})[0] == "r"
    other = aws("ap-southeast-1", account="111111111111")
    assert other.create(BUCKET, {"bucket": "elsewhere", "region": "ap-southeast-1"})[0] == "elsewhere"

    management.delete(ATTACHMENT, id_, outputs)
    assert aws("ap-southeast-1").create(BUCKET, {"bucket": "abroad", "region": "ap-southeast-1"})[0] == "abroad"


def test_event_rules_are_called_by_the_service_that_policies_know(aws: Callable[..., Client], management: Client):
    """EventBridge is `events` to a policy, though its types stand under `cloudwatch`; an alarm of metrics is not."""
    spared = {**{key: it for key, it in ELSEWHERE.items() if key != "NotAction"}, "NotAction": ["events:*"]}
    attached(management, SERVICE, spared)
    abroad = aws("ap-southeast-1")

    rule = {"name": "r", "eventPattern": json.dumps({"source": ["aws.s3"]})}
    assert abroad.create("aws:cloudwatch/eventRule:EventRule", rule, name="r")[0] == "r"
    with pytest.raises(Refused, match="cloudwatch:CreateDashboard with an explicit deny"):
        abroad.create("aws:cloudwatch/dashboard:Dashboard", {"dashboardName": "d", "dashboardBody": "{}"}, name="d")


def test_a_denied_call_is_refused_but_for_the_role_that_is_spared(aws: Callable[..., Client], management: Client):
    """By the call's own name, not the type's; a condition that the sandbox does not know keeps a deny from counting."""
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    deny = {"Effect": "Deny", "Action": ["s3:PutAccelerateConfiguration"], "Resource": "*"}
    attached(management, SERVICE, {**deny, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [role]}}})
    attached(
        management, SERVICE, {**deny, "Action": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}, name="q"
    )
    attached(management, RESOURCE, STRANGERS, name="r")
    client = aws("us-east-1")
    client.create(BUCKET, {"bucket": "here", "region": "us-east-1"})
    faster = {"bucket": "here", "status": "Enabled", "region": "us-east-1"}

    with pytest.raises(Refused, match="s3:PutAccelerateConfiguration"):
        client.create("aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", faster)
    spared = aws("us-east-1", assumeRoles=f'[{{"roleArn": "{role}"}}]')
    assert spared.create("aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", faster)[0]


def test_an_account_takes_five_policies_of_a_kind_with_aws_own(management: Client):
    """Four beside `FullAWSAccess`; the other kind counts by itself."""
    for number in range(4):
        attached(management, SERVICE, ELSEWHERE, name=f"p{number}")
    attached(management, RESOURCE, STRANGERS, name="r")
    with pytest.raises(Refused, match="MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        attached(management, SERVICE, ELSEWHERE, name="p4")


def test_a_policy_that_is_attached_cannot_be_deleted(management: Client):
    """It is detached first."""
    policy, outputs = management.create(POLICY, {"name": "p", "content": document(ELSEWHERE)})
    management.create(ATTACHMENT, {"policyId": policy, "targetId": ACCOUNT})
    with pytest.raises(Refused, match="must delete what belongs to it first"):
        management.delete(POLICY, policy, outputs)
