"""The policy documents of the legacy sites' trails: who may put logs, who may encrypt them, who may tell of them.

What they refuse:

* *A reader.* Nobody may read a log or list older versions, the deployer included; whoever has to changes the policy of
  the bucket and of the key, which are two calls that people are told of.
* *A writer that is none of the trails.* CloudTrail acts for every account there is, so each statement names its trail
  whole; and whatever does not come from one of them is denied, whoever is let in elsewhere.
* *An end.* Nobody deletes a log, the bucket or its policy, lets objects expire or has them copied elsewhere; nobody but
  the deployer changes the bucket's configuration. No statement lets anybody destroy the key: that would end every log.

Sources: AWS's pages "Amazon S3 bucket policy for CloudTrail", "Configure AWS KMS key policies for CloudTrail" and
"Using resource-based policies for Amazon EventBridge".
"""

from infra.residency.aws_policy import (
    CLOUDTRAIL,
    EVENTBRIDGE,
    Action,
    Condition,
    ConditionKey,
    Kind,
    Operator,
    Policy,
    Role,
    Statement,
    bucket_arn,
    role_arn,
)
from infra.residency.bucket_denials import all_but, deny, plain_text
from infra.residency.regions import LegacyRegion
from infra.residency.site_policies import ADMINISTRATION
from infra.residency.trails import ArchivePlan, TrailPlan
from infra.residency.watched import Alarm

_ITSELF = ("*",)
"""In a key's policy: the key."""


def archive_policies(plan: ArchivePlan) -> tuple[Policy, ...]:
    """Every document of the trails."""
    topics = (topic_policy(trail, region) for trail in plan.trails if trail.live for region in trail.alarm_regions)
    return (bucket_policy(plan), key_policy(plan), *topics)


def bucket_policy(plan: ArchivePlan) -> Policy:
    """The policy of the one bucket: each trail puts its own account's logs there, and that is all."""
    itself, objects = bucket_arn(plan.bucket), f"{bucket_arn(plan.bucket)}/*"
    arns = tuple(trail.arn for trail in plan.trails)
    deployer = role_arn(plan.account_id, plan.deployer_role)
    return Policy(
        kind=Kind.BUCKET,
        name=plan.bucket,
        account_id=plan.account_id,
        statements=(
            Statement(
                sid="LookAtBucket",
                principal=CLOUDTRAIL,
                actions=(Action.GET_ACL,),
                resources=(itself,),
                conditions=(_from(*arns),),
            ),
            *(_delivery(plan.bucket, trail) for trail in plan.trails),
            plain_text(plan.bucket),
            deny(
                "DenyOtherWriters",
                (Action.WRITE_OBJECTS,),
                (objects,),
                Condition(operator=Operator.STRING_NOT_EQUALS, key=ConditionKey.SOURCE_ARN, values=arns),
            ),
            deny("DenyDeleting", (Action.DELETE_OBJECTS, Action.BYPASS_GOVERNANCE), (objects,)),
            deny("DenyReading", (Action.READ_OBJECTS, Action.LIST_PARTS), (objects,)),
            deny("DenyListing", (Action.LIST_BUCKET,), (itself,), *all_but(deployer)),
            deny("DenyListingHistory", (Action.LIST_VERSIONS, Action.LIST_UPLOADS), (itself,)),
            deny(
                "DenyEnding",
                (Action.DELETE_BUCKET, Action.DELETE_POLICY, Action.WRITE_LIFECYCLE, Action.WRITE_REPLICATION),
                (itself,),
            ),
            deny("DenyChanging", (Action.WRITE_CONFIGURATION, Action.WRITE_ENCRYPTION), (itself,), *all_but(deployer)),
        ),
    )


def _delivery(bucket: str, trail: TrailPlan) -> Statement:
    return Statement(
        sid=f"Deliver{trail.name.replace('-', 'X')}",  # a sid takes no hyphen, and no site's name a capital
        principal=CLOUDTRAIL,
        actions=(Action.PUT_OBJECT,),
        resources=(f"{bucket_arn(bucket)}/AWSLogs/{trail.account_id}/*",),
        conditions=(
            _from(trail.arn),
            Condition(
                operator=Operator.STRING_EQUALS, key=ConditionKey.CANNED_ACL, values=("bucket-owner-full-control",)
            ),
        ),
    )


def _from(*arns: str) -> Condition:
    return Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.SOURCE_ARN, values=arns)


def key_policy(plan: ArchivePlan) -> Policy:
    """The policy of the bucket's key: the trails encrypt, the deployer administers; nobody decrypts."""
    arns = tuple(trail.arn for trail in plan.trails)
    context = Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.TRAIL, values=arns)
    return Policy(
        kind=Kind.KEY,
        name=plan.key_alias,
        account_id=plan.account_id,
        statements=(
            Statement(
                sid="Administer",
                principal=Role(account_id=plan.account_id, name=plan.deployer_role),
                actions=ADMINISTRATION,
                resources=_ITSELF,
            ),
            Statement(
                sid="EncryptLogs",
                principal=CLOUDTRAIL,
                actions=(Action.GENERATE_DATA_KEY,),
                resources=_ITSELF,
                conditions=(_from(*arns), context),
            ),
            Statement(
                sid="LookAtKey",
                principal=CLOUDTRAIL,
                actions=(Action.DESCRIBE_KEY,),
                resources=_ITSELF,
                conditions=(_from(*arns),),
            ),
        ),
    )


def topic_policy(trail: TrailPlan, region: LegacyRegion) -> Policy:
    """The policy of a topic: its account's own rules in its region tell it."""
    rules = tuple(trail.rule_arn(alarm, region) for alarm in Alarm)
    return Policy(
        kind=Kind.TOPIC,
        name=trail.topic,
        account_id=trail.account_id,
        statements=(
            Statement(
                sid="TellByRules",
                principal=EVENTBRIDGE,
                actions=(Action.PUBLISH,),
                resources=(trail.topic_arn(region),),
                conditions=(Condition(operator=Operator.ARN_EQUALS, key=ConditionKey.SOURCE_ARN, values=rules),),
            ),
        ),
    )
