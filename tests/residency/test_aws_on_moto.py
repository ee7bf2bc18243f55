"""AWS policies on moto with IAM simulation: every document is taken, and roles may do what their policies say.

moto judges actions and resources of a role's policies. It reads no condition of a bucket's or key's policy, so buckets
stand here without theirs: what those say is for the evaluator (test_bucket_policy, test_aws_policy).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.core import set_initial_no_auth_action_count

from infra.residency import site_policies as policies
from infra.residency.deployer import may
from infra.residency.lifecycle import Phase
from tests.residency.test_aws_policy import PHASES, site_in
from tests.residency.test_ci import planned
from tests.residency.test_deployer import life

REGION = "us-east-1"


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Callable[..., Any]]:
    """A fresh AWS, and what makes clients for it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield lambda service, **options: boto3.client(service, region_name=REGION, **options)


@pytest.mark.parametrize("phase", PHASES)
def test_every_document_is_taken(cloud, phase):
    """As policy of a bucket, a key and a role, and as trust: what is malformed would be refused."""
    site = site_in(phase)
    cloud("iam").create_role(RoleName=site.role, AssumeRolePolicyDocument=policies.role_trust(site).text())
    cloud("iam").put_role_policy(
        RoleName=site.role, PolicyName="work", PolicyDocument=policies.role_policy(site, "usds").text()
    )
    key = cloud("kms").create_key(Policy=policies.key_policy(site, "usds").text())["KeyMetadata"]["KeyId"]
    assert (
        cloud("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        == policies.key_policy(site, "usds").text()
    )
    for policy in (site.reports_policy, *(backup.policy for backup in site.backups)):
        cloud("s3").create_bucket(Bucket=policy.name)
        cloud("s3").put_bucket_policy(Bucket=policy.name, Policy=policy.text())


ALLOWED = {
    Phase.BACKUP: {"put", "get", "list", "mark deleted"},
    Phase.DRAIN: {"get", "list", "read policy"},
    Phase.WIPE: {"list", "read policy", "mark deleted", "delete a version"},
}


@pytest.mark.parametrize("phase", PHASES)
def test_a_role_may_do_what_its_phase_says(cloud, phase):
    """With IAM simulated: exactly these calls on a backup, and none on a bucket of somebody else's."""
    site = site_in(phase)
    own, foreign = site.backups[0].bucket, "elsewhere"
    role = cloud("iam").create_role(RoleName=site.role, AssumeRolePolicyDocument=policies.role_trust(site).text())
    cloud("iam").put_role_policy(
        RoleName=site.role, PolicyName="work", PolicyDocument=policies.role_policy(site, "usds").text()
    )
    versions = {}
    for bucket in (own, foreign):
        cloud("s3").create_bucket(Bucket=bucket)
        cloud("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        versions[bucket] = cloud("s3").put_object(Bucket=bucket, Key="name", Body=b"x")["VersionId"]
    session = cloud("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="session")["Credentials"]
    s3 = cloud(
        "s3",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )

    @set_initial_no_auth_action_count(0)
    def permitted(bucket: str) -> set[str]:
        calls = {
            "put": lambda: s3.put_object(Bucket=bucket, Key="other", Body=b"x"),
            "get": lambda: s3.get_object(Bucket=bucket, Key="name"),
            "list": lambda: s3.list_objects_v2(Bucket=bucket),
            "read policy": lambda: s3.get_bucket_policy(Bucket=bucket),
            "write policy": lambda: s3.put_bucket_policy(Bucket=bucket, Policy=site.reports_policy.text()),
            "delete a version": lambda: s3.delete_object(Bucket=bucket, Key="name", VersionId=versions[bucket]),
            "mark deleted": lambda: s3.delete_object(Bucket=bucket, Key="name"),
        }
        return {name for name, call in calls.items() if not _denied(call)}

    assert permitted(own) == ALLOWED[phase]
    assert permitted(foreign) == set()


def test_a_deployer_touches_no_data_whatever_its_account_lets_it(cloud):
    """With everything allowed beside: it configures a bucket, and reads, writes and deletes no object in it."""
    jobs, account = planned(), "123456789012"
    trust = replace(jobs.trust(account, "deployer"), account_id=account)
    role = cloud("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=trust.text())["Role"]["Arn"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    for name, text in (("all", json.dumps(everything)), ("never", jobs.limits(account, "deployer").text())):
        cloud("iam").put_role_policy(RoleName="deployer", PolicyName=name, PolicyDocument=text)
    cloud("s3").create_bucket(Bucket="backup")
    cloud("s3").put_object(Bucket="backup", Key="name", Body=b"x")
    session = cloud("sts").assume_role(RoleArn=role, RoleSessionName="job")["Credentials"]
    known = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    acting = {ours: session[theirs] for ours, theirs in (known | {"aws_session_token": "SessionToken"}).items()}
    s3, iam = cloud("s3", **acting), cloud("iam", **acting)
    calls = {
        "read": lambda: s3.get_object(Bucket="backup", Key="name"),
        "write": lambda: s3.put_object(Bucket="backup", Key="other", Body=b"x"),
        "delete": lambda: s3.delete_object(Bucket="backup", Key="name"),
        "configure": lambda: s3.put_bucket_versioning(Bucket="backup", VersioningConfiguration={"Status": "Enabled"}),
        "look": lambda: s3.get_bucket_versioning(Bucket="backup"),
        "make a user": lambda: iam.create_user(UserName="lasting"),
        "make a key": lambda: iam.create_access_key(UserName="lasting"),
        "make a role": lambda: iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust.text()),
    }
    permitted = set_initial_no_auth_action_count(0)(lambda: {name for name, call in calls.items() if not _denied(call)})
    assert permitted() == {"configure", "look", "make a role"}


def test_a_deployer_makes_and_ends_the_buckets_of_its_plan_and_no_others(cloud):
    """With IAM simulated: what it makes in BACKUP it ends in WIPE. Of services but S3 moto knows no resources."""
    whole, account, role = life(), "111111111111", "usdata-deployer"
    trust = replace(planned().trust(account, role), account_id=ACCOUNT_ID)
    arn = cloud("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust.text())["Role"]["Arn"]
    session = cloud("sts").assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
    known = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    acting = {ours: session[theirs] for ours, theirs in (known | {"aws_session_token": "SessionToken"}).items()}
    s3 = cloud("s3", **acting)

    @set_initial_no_auth_action_count(0)
    def permitted(bucket: str) -> set[str]:
        policy = replace(site_in(Phase.BACKUP).reports_policy, name=bucket, statements=()).text()
        calls = {
            "make": lambda: s3.create_bucket(Bucket=bucket),
            "guard": lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy),
            "look": lambda: s3.get_bucket_versioning(Bucket=bucket),
            "write": lambda: s3.put_object(Bucket=bucket, Key="name", Body=b"x"),
            "read": lambda: s3.get_object(Bucket=bucket, Key="name"),
            "open": lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read"),
            "unguard": lambda: s3.delete_bucket_policy(Bucket=bucket),
            "end": lambda: s3.delete_bucket(Bucket=bucket),
        }
        return {name for name, call in calls.items() if not _denied(call)}

    for state, expected in {
        "neither": {"make", "guard", "look"},
        Phase.WIPE: {"guard", "look", "unguard", "end"},
    }.items():
        document = json.dumps(may(whole[state], account, role).document()).replace(account, ACCOUNT_ID)
        cloud("iam").put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=document)
        assert permitted(f"usds-profiles-use1-{ACCOUNT_ID}") == expected
        assert permitted("elsewhere") == set()


def _denied(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"
    return False
