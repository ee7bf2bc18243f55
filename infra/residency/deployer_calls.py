"""What the AWS provider calls to look at, make, change and end a resource, by its type: a closed table.

A type that is not here gives its deployer nothing. A call that is missing fails the first deployment that needs it, and
one that is too many would be a power that nobody uses: the tests hold both against what the stacks do in their lives.

A key's own calls are missing on purpose: its policy lets its deployer administer it, and no policy of a role does, so
that no other key is within reach.

Sources: AWS's "Service Authorization Reference" (which calls there are, and what permits them: HeadBucket is
`s3:ListBucket`), the source of the provider's resources (what each calls), and AWS's policy `AWSDataSyncFullAccess`
(what a location with a secret calls in its maker's name).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from infra.residency.aws_vocabulary import Action


class Act(StrEnum):
    """What is done with a resource. To MAKE one is to CHANGE it, too, until it is as planned."""

    LOOK = "look"
    MAKE = "make"
    CHANGE = "change"
    END = "end"


def _part(look: Action, write: Action, end: Action | None = None) -> Mapping[Act, tuple[Action, ...]]:
    """A part of a bucket, which is written with one call, and mostly ended with the same."""
    return {Act.LOOK: (look,), Act.CHANGE: (write,), Act.END: (end or write,)}


BUCKET = "aws:s3/bucket:Bucket"
GUARDS = (
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
INVENTORY = "aws:s3/inventory:Inventory"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"
ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
ISSUER, MANAGED_POLICY = "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws:iam/policy:Policy"
TRAIL = "aws:cloudtrail/trail:Trail"
TOPIC, TOPIC_POLICY = "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
SOURCE = "aws:datasync/locationObjectStorage:LocationObjectStorage"
DESTINATION, TASK = "aws:datasync/s3Location:S3Location", "aws:datasync/task:Task"
SERVICE_ROLE = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
"""Not the provider's to make: DataSync does, in the name of whoever makes a location that has a secret."""
CONTROL = "aws:organizations/policy:Policy"
ATTACHMENT = "aws:organizations/policyAttachment:PolicyAttachment"

CALLS: Mapping[str, Mapping[Act, tuple[Action, ...]]] = MappingProxyType(
    {
        BUCKET: {
            Act.LOOK: (
                Action.LIST_BUCKET, Action.GET_ACCELERATION, Action.GET_ACL, Action.GET_BUCKET_TAGS, Action.GET_CORS,
                Action.GET_ENCRYPTION, Action.GET_LIFECYCLE, Action.GET_LOCK, Action.GET_LOGGING, Action.GET_PAYMENT,
                Action.GET_POLICY, Action.GET_REPLICATION, Action.GET_VERSIONING, Action.GET_WEBSITE,
                Action.LIST_BUCKET_TAGS,
            ),
            Act.MAKE: (Action.CREATE_BUCKET,),
            Act.CHANGE: (Action.TAG_BUCKET, Action.UNTAG_BUCKET, Action.WRITE_BUCKET_TAGS),
            Act.END: (Action.DELETE_BUCKET,),
        },
        GUARDS[0]: _part(Action.GET_OWNERSHIP, Action.WRITE_OWNERSHIP),
        GUARDS[1]: _part(Action.GET_POLICY, Action.WRITE_POLICY, Action.DELETE_POLICY),
        GUARDS[2]: _part(Action.GET_BLOCK, Action.WRITE_BLOCK),
        GUARDS[3]: _part(Action.GET_ENCRYPTION, Action.WRITE_ENCRYPTION),
        GUARDS[4]: _part(Action.GET_VERSIONING, Action.WRITE_VERSIONING),
        LIFECYCLE: _part(Action.GET_LIFECYCLE, Action.WRITE_LIFECYCLE),
        INVENTORY: _part(Action.GET_INVENTORY, Action.WRITE_INVENTORY),
        LOCK: _part(Action.GET_LOCK, Action.WRITE_LOCK),
        KEY: {Act.MAKE: (Action.CREATE_KEY, Action.TAG_KEY)},
        ALIAS: {
            Act.LOOK: (Action.LIST_ALIASES,),
            Act.MAKE: (Action.CREATE_ALIAS,),
            Act.END: (Action.DELETE_ALIAS,),
        },
        ROLE: {
            Act.LOOK: (
                Action.GET_ROLE, Action.GET_ROLE_POLICY, Action.LIST_ATTACHED_POLICIES, Action.LIST_ROLE_POLICIES,
            ),
            Act.MAKE: (Action.CREATE_ROLE,),
            Act.CHANGE: (Action.DESCRIBE_ROLE_ANEW, Action.PUT_ROLE_BOUNDARY, Action.WRITE_TRUST),
            Act.END: (Action.DELETE_ROLE, Action.DELETE_ROLE_POLICY, Action.LIST_ROLE_PROFILES),
        },
        ROLE_POLICY: {
            Act.LOOK: (Action.GET_ROLE_POLICY,),
            Act.CHANGE: (Action.PUT_ROLE_POLICY,),
            Act.END: (Action.DELETE_ROLE_POLICY,),
        },
        ISSUER: {Act.LOOK: (Action.GET_ISSUER,)},
        MANAGED_POLICY: {Act.LOOK: (Action.GET_MANAGED_POLICY, Action.GET_MANAGED_POLICY_VERSION)},
        TRAIL: {
            Act.LOOK: (
                Action.DESCRIBE_TRAILS, Action.GET_SELECTORS, Action.GET_TRAIL_STATUS, Action.LIST_TRAIL_TAGS,
            ),
            Act.MAKE: (Action.CREATE_TRAIL,),
            Act.CHANGE: (Action.PUT_SELECTORS, Action.START_LOGGING, Action.UPDATE_TRAIL),
            Act.END: (Action.DELETE_TRAIL,),
        },
        TOPIC: {
            Act.LOOK: (Action.GET_TOPIC, Action.LIST_TOPIC_TAGS),
            Act.MAKE: (Action.CREATE_TOPIC,),
            Act.CHANGE: (Action.SET_TOPIC,),
            Act.END: (Action.DELETE_TOPIC,),
        },
        TOPIC_POLICY: _part(Action.GET_TOPIC, Action.SET_TOPIC),
        SUBSCRIPTION: {
            Act.LOOK: (Action.GET_SUBSCRIPTION,),
            Act.MAKE: (Action.SUBSCRIBE,),
            Act.END: (Action.UNSUBSCRIBE,),
        },
        RULE: {
            Act.LOOK: (Action.DESCRIBE_RULE, Action.LIST_RULE_TAGS),
            Act.CHANGE: (Action.PUT_RULE,),
            Act.END: (Action.DELETE_RULE,),
        },
        TARGET: _part(Action.LIST_TARGETS, Action.PUT_TARGETS, Action.REMOVE_TARGETS),
        ALARM: {
            Act.LOOK: (Action.DESCRIBE_ALARMS, Action.LIST_ALARM_TAGS),
            Act.CHANGE: (Action.PUT_ALARM,),
            Act.END: (Action.DELETE_ALARMS,),
        },
        SOURCE: {
            Act.LOOK: (Action.DESCRIBE_OBJECT_STORAGE, Action.LIST_TRANSFER_TAGS),
            Act.MAKE: (Action.CREATE_OBJECT_STORAGE, Action.CREATE_SECRET),
            Act.CHANGE: (Action.PUT_SECRET, Action.UPDATE_OBJECT_STORAGE, Action.UPDATE_SECRET),
            Act.END: (Action.DELETE_LOCATION, Action.DELETE_SECRET),
        },
        DESTINATION: {
            Act.LOOK: (Action.DESCRIBE_S3_LOCATION, Action.LIST_TRANSFER_TAGS),
            Act.MAKE: (Action.CREATE_S3_LOCATION,),
            Act.CHANGE: (Action.PASS_ROLE, Action.UPDATE_S3_LOCATION),
            Act.END: (Action.DELETE_LOCATION,),
        },
        TASK: {
            Act.LOOK: (Action.DESCRIBE_TASK, Action.LIST_TRANSFER_TAGS),
            Act.MAKE: (Action.CREATE_TASK,),
            Act.CHANGE: (Action.PASS_ROLE, Action.UPDATE_TASK),
            Act.END: (Action.DELETE_TASK,),
        },
        SERVICE_ROLE: {Act.MAKE: (Action.CREATE_SERVICE_ROLE,)},
        CONTROL: {
            Act.LOOK: (Action.DESCRIBE_CONTROL, Action.LIST_CONTROL_TAGS),
            Act.MAKE: (Action.CREATE_CONTROL,),
            Act.CHANGE: (Action.UPDATE_CONTROL,),
        },
        ATTACHMENT: {Act.LOOK: (Action.LIST_CONTROL_TARGETS,), Act.MAKE: (Action.ATTACH_CONTROL,)},
    }
)  # fmt: skip
"""Of types that have no END nothing is ended: what an organization forbids outlives the sites, and who deploys is not
for who deploys to say, so of issuers and boundaries it only looks."""


def calls(types: tuple[str, ...], acts: frozenset[Act]) -> frozenset[Action]:
    """What some acts on resources of some types call."""
    return frozenset(
        action for type_ in types for act, of_act in CALLS[type_].items() if act in acts for action in of_act
    )
