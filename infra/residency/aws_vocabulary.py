"""The words of AWS's policies that may be granted or denied here: calls, operators, and what conditions look at.

What has no word here cannot be granted. Missing on purpose: whatever lends a key, carries it away or switches it off,
stops a trail, attaches a policy that stands elsewhere, or lifts the boundary of a role.

Sources: AWS's "Service Authorization Reference" (which calls take resources, and which keys they carry) and its page
"IAM JSON policy elements: Condition operators" (what an absent key does).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """The actions that a policy of ours may name, patterns included; there is no other."""

    # S3, objects
    ANY = "s3:*"
    READ_OBJECTS = "s3:GetObject*"
    """Objects, versions, their attributes, tags, access lists, legal holds and torrents."""
    GET_OBJECT = "s3:GetObject"
    GET_OBJECT_VERSION = "s3:GetObjectVersion"
    GET_OBJECT_TAGGING = "s3:GetObjectTagging"
    GET_OBJECT_HOLD = "s3:GetObjectLegalHold"
    GET_OBJECT_RETENTION = "s3:GetObjectRetention"
    LIST_PARTS = "s3:ListMultipartUploadParts"
    PUT_OBJECT = "s3:PutObject"
    PUT_OBJECT_TAGGING = "s3:PutObjectTagging"
    WRITE_OBJECTS = "s3:PutObject*"
    """Objects, and their tags, access lists, legal holds and retention."""
    RESTORE_OBJECT = "s3:RestoreObject"
    DELETE_OBJECTS = "s3:DeleteObject*"
    DELETE_OBJECT = "s3:DeleteObject"
    DELETE_OBJECT_VERSION = "s3:DeleteObjectVersion"
    ABORT_UPLOAD = "s3:AbortMultipartUpload"
    # S3, buckets
    LIST_BUCKET = "s3:ListBucket"
    LIST_VERSIONS = "s3:ListBucketVersions"
    LIST_UPLOADS = "s3:ListBucketMultipartUploads"
    GET_LOCATION = "s3:GetBucketLocation"
    GET_LOCK = "s3:GetBucketObjectLockConfiguration"
    GET_POLICY = "s3:GetBucketPolicy"
    GET_VERSIONING = "s3:GetBucketVersioning"
    GET_LIFECYCLE = "s3:GetLifecycleConfiguration"
    READ_CONFIGURATION = "s3:GetBucket*"
    WRITE_CONFIGURATION = "s3:PutBucket*"
    WRITE_LIFECYCLE = "s3:PutLifecycleConfiguration"
    DELETE_POLICY = "s3:DeleteBucketPolicy"
    ANY_DELETE = "s3:Delete*"
    ANY_GET = "s3:Get*"
    ANY_LIST = "s3:List*"
    GET_ACL = "s3:GetBucketAcl"
    DELETE_BUCKET = "s3:DeleteBucket"
    WRITE_ENCRYPTION = "s3:PutEncryptionConfiguration"
    WRITE_REPLICATION = "s3:PutReplicationConfiguration"
    CREATE_BUCKET = "s3:CreateBucket"
    GET_ACCELERATION = "s3:GetAccelerateConfiguration"
    GET_BLOCK = "s3:GetBucketPublicAccessBlock"
    GET_CORS = "s3:GetBucketCORS"
    GET_ENCRYPTION = "s3:GetEncryptionConfiguration"
    GET_INVENTORY = "s3:GetInventoryConfiguration"
    GET_LOGGING = "s3:GetBucketLogging"
    GET_OWNERSHIP = "s3:GetBucketOwnershipControls"
    GET_PAYMENT = "s3:GetBucketRequestPayment"
    GET_REPLICATION = "s3:GetReplicationConfiguration"
    GET_BUCKET_TAGS = "s3:GetBucketTagging"
    GET_WEBSITE = "s3:GetBucketWebsite"
    LIST_BUCKET_TAGS = "s3:ListTagsForResource"
    TAG_BUCKET = "s3:TagResource"
    UNTAG_BUCKET = "s3:UntagResource"
    WRITE_BLOCK = "s3:PutBucketPublicAccessBlock"
    WRITE_BUCKET_TAGS = "s3:PutBucketTagging"
    WRITE_INVENTORY = "s3:PutInventoryConfiguration"
    WRITE_LOCK = "s3:PutBucketObjectLockConfiguration"
    WRITE_OWNERSHIP = "s3:PutBucketOwnershipControls"
    WRITE_POLICY = "s3:PutBucketPolicy"
    WRITE_VERSIONING = "s3:PutBucketVersioning"
    BYPASS_GOVERNANCE = "s3:BypassGovernanceRetention"
    # keys: who administers
    CREATE_ALIAS = "kms:CreateAlias"
    DELETE_ALIAS = "kms:DeleteAlias"
    UPDATE_ALIAS = "kms:UpdateAlias"
    DESCRIBE_KEY = "kms:DescribeKey"
    ENABLE_ROTATION = "kms:EnableKeyRotation"
    GET_KEY_POLICY = "kms:GetKeyPolicy"
    GET_ROTATION = "kms:GetKeyRotationStatus"
    LIST_KEY_POLICIES = "kms:ListKeyPolicies"
    LIST_KEY_TAGS = "kms:ListResourceTags"
    PUT_KEY_POLICY = "kms:PutKeyPolicy"
    TAG_KEY = "kms:TagResource"
    UNTAG_KEY = "kms:UntagResource"
    DESCRIBE_KEY_ANEW = "kms:UpdateKeyDescription"
    SCHEDULE_KEY_DELETION = "kms:ScheduleKeyDeletion"
    CREATE_KEY = "kms:CreateKey"
    LIST_ALIASES = "kms:ListAliases"
    # keys: who uses
    DECRYPT = "kms:Decrypt"
    ENCRYPT = "kms:Encrypt"
    GENERATE_DATA_KEY = "kms:GenerateDataKey*"
    RE_ENCRYPT = "kms:ReEncrypt*"
    # topics
    PUBLISH = "sns:Publish"
    CREATE_TOPIC = "sns:CreateTopic"
    DELETE_TOPIC = "sns:DeleteTopic"
    GET_SUBSCRIPTION = "sns:GetSubscriptionAttributes"
    GET_TOPIC = "sns:GetTopicAttributes"
    LIST_TOPIC_TAGS = "sns:ListTagsForResource"
    SET_TOPIC = "sns:SetTopicAttributes"
    SUBSCRIBE = "sns:Subscribe"
    UNSUBSCRIBE = "sns:Unsubscribe"
    # rules and alarms
    DELETE_RULE = "events:DeleteRule"
    DESCRIBE_RULE = "events:DescribeRule"
    LIST_RULE_TAGS = "events:ListTagsForResource"
    LIST_TARGETS = "events:ListTargetsByRule"
    PUT_RULE = "events:PutRule"
    PUT_TARGETS = "events:PutTargets"
    REMOVE_TARGETS = "events:RemoveTargets"
    DELETE_ALARMS = "cloudwatch:DeleteAlarms"
    DESCRIBE_ALARMS = "cloudwatch:DescribeAlarms"
    LIST_ALARM_TAGS = "cloudwatch:ListTagsForResource"
    PUT_ALARM = "cloudwatch:PutMetricAlarm"
    # trails
    CREATE_TRAIL = "cloudtrail:CreateTrail"
    DELETE_TRAIL = "cloudtrail:DeleteTrail"
    DESCRIBE_TRAILS = "cloudtrail:DescribeTrails"
    GET_SELECTORS = "cloudtrail:GetEventSelectors"
    GET_TRAIL_STATUS = "cloudtrail:GetTrailStatus"
    LIST_TRAIL_TAGS = "cloudtrail:ListTags"
    PUT_SELECTORS = "cloudtrail:PutEventSelectors"
    START_LOGGING = "cloudtrail:StartLogging"
    UPDATE_TRAIL = "cloudtrail:UpdateTrail"
    # transfers
    CREATE_OBJECT_STORAGE = "datasync:CreateLocationObjectStorage"
    CREATE_S3_LOCATION = "datasync:CreateLocationS3"
    CREATE_TASK = "datasync:CreateTask"
    DELETE_LOCATION = "datasync:DeleteLocation"
    DELETE_TASK = "datasync:DeleteTask"
    DESCRIBE_OBJECT_STORAGE = "datasync:DescribeLocationObjectStorage"
    DESCRIBE_S3_LOCATION = "datasync:DescribeLocationS3"
    DESCRIBE_TASK = "datasync:DescribeTask"
    LIST_TRANSFER_TAGS = "datasync:ListTagsForResource"
    UPDATE_OBJECT_STORAGE = "datasync:UpdateLocationObjectStorage"
    UPDATE_S3_LOCATION = "datasync:UpdateLocationS3"
    UPDATE_TASK = "datasync:UpdateTask"
    CREATE_SECRET = "secretsmanager:CreateSecret"  # noqa: S105 - a call, not a secret
    DELETE_SECRET = "secretsmanager:DeleteSecret"  # noqa: S105 - the same
    PUT_SECRET = "secretsmanager:PutSecretValue"  # noqa: S105 - the same
    UPDATE_SECRET = "secretsmanager:UpdateSecret"  # noqa: S105 - the same
    # what an organization forbids
    ATTACH_CONTROL = "organizations:AttachPolicy"
    CREATE_CONTROL = "organizations:CreatePolicy"
    DESCRIBE_CONTROL = "organizations:DescribePolicy"
    LIST_CONTROL_TAGS = "organizations:ListTagsForResource"
    LIST_CONTROL_TARGETS = "organizations:ListTargetsForPolicy"
    UPDATE_CONTROL = "organizations:UpdatePolicy"
    # roles
    ASSUME_ANY_ROLE = "sts:AssumeRole*"
    ASSUME_ROLE = "sts:AssumeRole"
    CREATE_ROLE = "iam:CreateRole"
    CREATE_SERVICE_ROLE = "iam:CreateServiceLinkedRole"
    DELETE_ROLE = "iam:DeleteRole"
    DELETE_ROLE_POLICY = "iam:DeleteRolePolicy"
    DESCRIBE_ROLE_ANEW = "iam:UpdateRoleDescription"
    GET_ISSUER = "iam:GetOpenIDConnectProvider"
    GET_MANAGED_POLICY = "iam:GetPolicy"
    GET_MANAGED_POLICY_VERSION = "iam:GetPolicyVersion"
    GET_ROLE = "iam:GetRole"
    GET_ROLE_POLICY = "iam:GetRolePolicy"
    LIST_ATTACHED_POLICIES = "iam:ListAttachedRolePolicies"
    LIST_ROLE_POLICIES = "iam:ListRolePolicies"
    LIST_ROLE_PROFILES = "iam:ListInstanceProfilesForRole"
    PASS_ROLE = "iam:PassRole"  # noqa: S105 - a call, not a secret
    PUT_ROLE_BOUNDARY = "iam:PutRolePermissionsBoundary"
    PUT_ROLE_POLICY = "iam:PutRolePolicy"
    WRITE_TRUST = "iam:UpdateAssumeRolePolicy"
    ASSUME_ROLE_BY_TOKEN = "sts:AssumeRoleWithWebIdentity"  # noqa: S105 - a call, not a secret
    # identities that do not expire
    CREATE_ACCESS_KEY = "iam:CreateAccessKey"
    CREATE_LOGIN = "iam:CreateLoginProfile"
    CREATE_USER = "iam:CreateUser"


ADMINISTERS_KEYS = frozenset({Action.PUT_KEY_POLICY, Action.SCHEDULE_KEY_DELETION, Action.CREATE_ALIAS})
USES_KEYS = frozenset({Action.DECRYPT, Action.ENCRYPT, Action.GENERATE_DATA_KEY, Action.RE_ENCRYPT})
"""Administering a key and using it are two duties."""

UNADDRESSED = frozenset(
    {
        Action.CREATE_CONTROL,
        Action.CREATE_KEY,
        Action.CREATE_OBJECT_STORAGE,
        Action.CREATE_S3_LOCATION,
        Action.DESCRIBE_ALARMS,
        Action.DESCRIBE_TRAILS,
        Action.GET_SUBSCRIPTION,
        Action.LIST_ALIASES,
        Action.UNSUBSCRIBE,
    }
)
"""Calls that AWS judges by no resource, or by all that there are (`DescribeAlarms`): a statement about them says `*`,
and has to say where instead."""


class Operator(StrEnum):
    """How a condition compares. A key that a call does not carry makes the last five true, all others false."""

    BOOL = "Bool"
    ARN_EQUALS = "ArnEquals"
    ARN_LIKE = "ArnLike"
    STRING_EQUALS = "StringEquals"
    ANY_STRING_EQUALS = "ForAnyValue:StringEquals"
    ANY_ARN_EQUALS = "ForAnyValue:ArnEquals"
    IP_ADDRESS = "IpAddress"
    BEFORE = "DateLessThan"
    FROM = "DateGreaterThanEquals"
    ALL_ARNS_EQUAL = "ForAllValues:ArnEquals"
    ARN_NOT_EQUALS = "ArnNotEquals"
    STRING_NOT_EQUALS = "StringNotEquals"
    NOT_IP_ADDRESS = "NotIpAddress"
    NULL = "Null"


OPEN = frozenset({Operator.ARN_NOT_EQUALS, Operator.STRING_NOT_EQUALS, Operator.NOT_IP_ADDRESS, Operator.NULL})
"""Operators that hold for a call without the key: well in a deny, never in an allow. So does ALL_ARNS_EQUAL, which
narrows what ANY_ARN_EQUALS lets through, and stands beside it."""


class ConditionKey(StrEnum):
    """What a condition looks at."""

    BOUNDARY = "iam:PermissionsBoundary"
    CONTROL_KIND = "organizations:PolicyType"
    CURRENT_TIME = "aws:CurrentTime"
    MULTI_REGION = "kms:MultiRegion"
    PASSED_TO = "iam:PassedToService"
    PHASE_TAG = "aws:RequestTag/phase"
    PRINCIPAL_ARN = "aws:PrincipalArn"
    REQUESTED_REGION = "aws:RequestedRegion"
    SECURE_TRANSPORT = "aws:SecureTransport"
    SERVICE_NAME = "iam:AWSServiceName"
    SOURCE_ACCOUNT = "aws:SourceAccount"
    SOURCE_ARN = "aws:SourceArn"
    SOURCE_IP = "aws:SourceIp"
    CANNED_ACL = "s3:x-amz-acl"
    ENCRYPTION = "s3:x-amz-server-side-encryption"
    CUSTOMER_ENCRYPTION = "s3:x-amz-server-side-encryption-customer-algorithm"
    KEY_ALIASES = "kms:ResourceAliases"
    TARGET = "events:TargetArn"
    TRAIL = "kms:EncryptionContext:aws:cloudtrail:arn"
    VIA_SERVICE = "kms:ViaService"


NARROWED: Mapping[Action, ConditionKey] = MappingProxyType(
    {
        Action.CREATE_CONTROL: ConditionKey.CONTROL_KIND,
        Action.CREATE_KEY: ConditionKey.MULTI_REGION,
        Action.CREATE_ROLE: ConditionKey.BOUNDARY,
        Action.CREATE_SERVICE_ROLE: ConditionKey.SERVICE_NAME,
        Action.DELETE_ROLE_POLICY: ConditionKey.BOUNDARY,
        Action.PASS_ROLE: ConditionKey.PASSED_TO,
        Action.PUT_ROLE_BOUNDARY: ConditionKey.BOUNDARY,
        Action.PUT_ROLE_POLICY: ConditionKey.BOUNDARY,
        Action.PUT_TARGETS: ConditionKey.TARGET,
        Action.TAG_KEY: ConditionKey.PHASE_TAG,
    }
)
"""What a role must not be let without saying with what: the key of the condition that says it."""
