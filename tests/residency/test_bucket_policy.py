"""Bucket policies of the legacy sites: who may do what, and that no deployer is locked out.

The policies are judged by an evaluator of the policy language (tests/support), on the documents that AWS would get. It
proves what these documents say under AWS's published rules (deny beats allow, negated operators match an absent key);
not that AWS evaluates them so, nor what identity policies allow beside them.
"""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.residency.aws_policy import (
    S3,
    Action,
    Condition,
    ConditionKey,
    Effect,
    Everyone,
    Kind,
    Operator,
    Policy,
    Statement,
    bucket_arn,
    role_arn,
)
from infra.residency.bucket_policy import DEPLOYER_CALLS, backup_policy, lockouts, reports_policy
from infra.residency.lifecycle import Phase
from tests.support.aws_evaluator import Answer, answer

ACCOUNT = "111111111111"
TRANSFER, DEPLOYER = role_arn(ACCOUNT, "usds-transfer-virginia"), role_arn(ACCOUNT, "usdata-deployer")
ENGINEER, ROOT = role_arn(ACCOUNT, "engineer"), f"arn:aws:iam::{ACCOUNT}:root"
RETIREMENT = role_arn(ACCOUNT, "usds-retire-virginia")
EVERYONE = (TRANSFER, RETIREMENT, DEPLOYER, ENGINEER, ROOT)


def backup_in(phase: Phase) -> Policy:
    """The policy of a backup in a phase."""
    return backup_policy(
        phase=phase,
        bucket="usds-profiles-use1-111111111111",
        account_id=ACCOUNT,
        role="usds-transfer-virginia" if phase is Phase.BACKUP else "usds-retire-virginia",
        deployer_role="usdata-deployer",
    )


def reports_in(phase: Phase) -> Policy:
    """The policy of the reports in a phase."""
    return reports_policy(
        phase=phase,
        bucket="usds-reports-use1-111111111111",
        account_id=ACCOUNT,
        role="usds-transfer-virginia" if phase is Phase.BACKUP else "usds-retire-virginia",
        deployer_role="usdata-deployer",
        sources=("usds-*-use1-111111111111", "old-backup"),
    )


BACKUP, REPORTS = backup_in(Phase.BACKUP), reports_in(Phase.BACKUP)

READS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectAcl",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectAttributes",
    "s3:GetObjectTorrent",
    "s3:GetObjectLegalHold",
    "s3:ListMultipartUploadParts",
)
HISTORY = ("s3:ListBucketVersions", "s3:ListBucketMultipartUploads")


def denied(policy: Policy, action: str, principal: str, **context: str) -> bool:
    """Whether a request by a role over TLS (unless the context says otherwise) is denied outright."""
    is_object = "Object" in action or action in {"s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"}
    resource = bucket_arn(policy.name) + ("/name" if is_object else "")
    said = answer(policy.document(), action=action, resource=resource, who=principal, **{**OVER_TLS, **context})
    return said is Answer.DENIED


OVER_TLS = {"aws:SecureTransport": "true"}


@pytest.mark.parametrize("action", [*READS, *HISTORY])
def test_only_the_transfer_role_reads_a_backup(action):
    """Objects, versions, their attributes and older names: denied to deployer, engineer and the account's root."""
    refused = {who for who in (TRANSFER, DEPLOYER, ENGINEER, ROOT) if denied(BACKUP, action, who)}
    assert refused == {DEPLOYER, ENGINEER, ROOT}


def test_names_are_listed_by_the_transfer_role_and_the_deployer_alone():
    """HeadBucket is the permission s3:ListBucket, so the deployer has it; nobody else but the transfer role does."""
    refused = {who for who in (TRANSFER, DEPLOYER, ENGINEER, ROOT) if denied(BACKUP, "s3:ListBucket", who)}
    assert refused == {ENGINEER, ROOT}


@pytest.mark.parametrize("action", [*READS, *HISTORY])
def test_nobody_reads_the_reports(action):
    """Names of objects are user data: in phase backup nobody reads the inventories."""
    assert all(denied(REPORTS, action, who) for who in (TRANSFER, DEPLOYER, ENGINEER, ROOT))


WRITES = ("s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:PutObjectRetention", "s3:RestoreObject")
DELETES = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload")


def stopped(policy: Policy, action: str) -> set[str]:
    """Whom a policy denies an action."""
    return {who for who in EVERYONE if denied(policy, action, who)}


@pytest.mark.parametrize("make", [backup_in, reports_in], ids=["backup", "reports"])
@pytest.mark.parametrize("phase", [Phase.DRAIN, Phase.WIPE])
@pytest.mark.parametrize("action", [*READS, *HISTORY])
def test_after_backup_the_retirement_role_alone_reads(make, phase, action):
    """The reports too, which name what is in the backups; the transfer is out."""
    assert stopped(make(phase), action) == {*EVERYONE} - {RETIREMENT}


@pytest.mark.parametrize(
    ("phase", "writers", "deleters"),
    [(Phase.BACKUP, {*EVERYONE}, {*EVERYONE}), (Phase.DRAIN, set(), set()), (Phase.WIPE, set(), {RETIREMENT})],
)
def test_what_a_phase_lets_anyone_do_with_a_backup(phase, writers, deleters):
    """Whom no statement denies writing and deleting: identity policies decide among those that are left."""
    policy = backup_in(phase)
    assert {frozenset({*EVERYONE} - stopped(policy, action)) for action in WRITES} == {frozenset(writers)}
    assert {frozenset({*EVERYONE} - stopped(policy, action)) for action in DELETES} == {frozenset(deleters)}


def test_reports_are_delivered_until_they_are_wiped():
    """S3's own grant is there in BACKUP and DRAIN; in WIPE the bucket has the policy of any that is emptied."""
    effects = {phase: reports_in(phase).statements[0].effect for phase in (Phase.BACKUP, Phase.DRAIN, Phase.WIPE)}
    assert effects == {Phase.BACKUP: Effect.ALLOW, Phase.DRAIN: Effect.ALLOW, Phase.WIPE: Effect.DENY}


@pytest.mark.parametrize("phase", [Phase.BACKUP, Phase.DRAIN, Phase.WIPE])
@pytest.mark.parametrize("make", [backup_in, reports_in], ids=["backup", "reports"])
def test_the_deployer_is_locked_out_of_no_phase(make, phase):
    """It configures the bucket in every phase, and deletes it after the last."""
    assert lockouts(make(phase), DEPLOYER) == ()


@pytest.mark.parametrize("policy", [BACKUP, REPORTS], ids=["backup", "reports"])
@pytest.mark.parametrize("action", [*READS, *HISTORY, *DEPLOYER_CALLS, "s3:PutObject", "s3:DeleteObject"])
def test_plain_text_transport_is_denied_to_everyone(policy, action):
    """Whatever the call and whoever calls."""
    assert all(
        denied(policy, action, who, **{"aws:SecureTransport": "false"}) for who in (TRANSFER, DEPLOYER, ENGINEER)
    )


@pytest.mark.parametrize("policy", [BACKUP, REPORTS], ids=["backup", "reports"])
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),
        ({"s3:x-amz-server-side-encryption": "AES256"}, True),
        ({"s3:x-amz-server-side-encryption": "aws:kms"}, True),
        ({"s3:x-amz-server-side-encryption": "aws:kms:dsse"}, True),
        ({"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}, True),
    ],
)
def test_an_upload_takes_the_buckets_own_key_or_none(policy, headers, refused):
    """An upload that says nothing gets the bucket's default, the site's key; `aws:kms` without a key would not."""
    assert denied(policy, "s3:PutObject", TRANSFER, **headers) is refused


@pytest.mark.parametrize("policy", [BACKUP, REPORTS], ids=["backup", "reports"])
def test_the_deployer_keeps_every_call_it_needs(policy):
    """By the evaluator and by the kernel's own rule alike: none of its calls is denied."""
    assert [call for call in DEPLOYER_CALLS if denied(policy, call, DEPLOYER)] == []
    assert lockouts(policy, DEPLOYER) == ()


def test_inventories_come_from_the_sites_own_buckets_only():
    """S3 may put objects into the reports bucket, on behalf of the site's account and its backup buckets."""
    allowed = [statement for statement in REPORTS.document()["Statement"] if statement["Effect"] == "Allow"]
    assert allowed == [
        {
            "Sid": "AllowInventoryDelivery",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::usds-reports-use1-111111111111/*"],
            "Condition": {
                "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::usds-*-use1-111111111111", "arn:aws:s3:::old-backup"]},
                "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
            },
        }
    ]
    assert [statement for statement in BACKUP.document()["Statement"] if statement["Effect"] == "Allow"] == []


def test_a_document_is_json_with_unique_statement_ids():
    """What AWS asks of a policy document, and small enough for it (20 KB)."""
    for policy in (BACKUP, REPORTS):
        document = policy.document()
        assert document["Version"] == "2012-10-17"
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(sids) == len(set(sids)) > 0
        assert len(json.dumps(document)) < 20_000


def deny(*actions: Action, conditions: tuple[Condition, ...] = (), **changes: Any) -> Policy:
    """A policy of one deny on the bucket itself."""
    statement = Statement(
        sid="Deny",
        effect=Effect.DENY,
        principal=Everyone.EVERYONE,
        actions=actions,
        resources=(bucket_arn("b"),),
        conditions=conditions,
    )
    return Policy(kind=Kind.BUCKET, name="b", account_id=ACCOUNT, statements=(replace(statement, **changes),))


def when(operator: Operator, key: ConditionKey, *values: str) -> tuple[Condition, ...]:
    """One condition."""
    return (Condition(operator=operator, key=key, values=values),)


@pytest.mark.parametrize(
    "policy",
    [
        deny(Action.ANY),
        deny(Action.READ_CONFIGURATION),
        deny(Action.WRITE_CONFIGURATION),
        deny(Action.WRITE_LIFECYCLE),
        deny(Action.DELETE_POLICY),
        deny(Action.LIST_BUCKET),
        deny(Action.PUT_OBJECT, Action.DELETE_POLICY),
        deny(Action.ANY, resources=("arn:aws:s3:::*",)),
        deny(Action.ANY, resources=("*",)),
        deny(Action.ANY, conditions=when(Operator.BOOL, ConditionKey.SECURE_TRANSPORT, "true")),
        deny(Action.ANY, conditions=when(Operator.BOOL, ConditionKey.SECURE_TRANSPORT, "true", "false")),
        deny(Action.ANY, conditions=when(Operator.ARN_NOT_EQUALS, ConditionKey.PRINCIPAL_ARN, TRANSFER)),
        deny(Action.ANY, conditions=when(Operator.ARN_LIKE, ConditionKey.PRINCIPAL_ARN, DEPLOYER)),
        deny(Action.ANY, conditions=when(Operator.ARN_EQUALS, ConditionKey.PRINCIPAL_ARN, TRANSFER, DEPLOYER)),
        deny(Action.ANY, conditions=when(Operator.ARN_EQUALS, ConditionKey.PRINCIPAL_ARN, role_arn(ACCOUNT, "*"))),
        deny(Action.ANY, conditions=when(Operator.NULL, ConditionKey.ENCRYPTION, "true")),
        deny(Action.ANY, conditions=when(Operator.STRING_EQUALS, ConditionKey.SOURCE_ACCOUNT, ACCOUNT)),
    ],
)
def test_a_policy_that_locks_its_deployer_out_is_found(policy):
    """Single calls, wildcards in actions and resources, and conditions that do not spare the deployer."""
    ((sid, calls),) = lockouts(policy, DEPLOYER)
    assert sid == "Deny"
    assert calls
    assert set(calls) <= set(DEPLOYER_CALLS)


def test_the_widest_deny_names_every_call():
    """`s3:*` takes all of them, not just the first."""
    assert lockouts(deny(Action.ANY), DEPLOYER) == (("Deny", DEPLOYER_CALLS),)


@pytest.mark.parametrize(
    "policy",
    [
        deny(Action.ANY, effect=Effect.ALLOW),
        deny(Action.ANY, principal=S3),
        deny(Action.ANY, resources=(f"{bucket_arn('b')}/*",)),
        deny(Action.ANY, resources=(bucket_arn("another"),)),
        deny(Action.READ_OBJECTS, Action.PUT_OBJECT, Action.LIST_VERSIONS),
        deny(Action.ANY, conditions=when(Operator.BOOL, ConditionKey.SECURE_TRANSPORT, "false")),
        deny(Action.ANY, conditions=when(Operator.ARN_NOT_EQUALS, ConditionKey.PRINCIPAL_ARN, TRANSFER, DEPLOYER)),
        deny(Action.ANY, conditions=when(Operator.ARN_EQUALS, ConditionKey.PRINCIPAL_ARN, TRANSFER)),
    ],
)
def test_a_policy_that_spares_its_deployer_passes(policy):
    """The rule refuses no more than it must."""
    assert lockouts(policy, DEPLOYER) == ()
