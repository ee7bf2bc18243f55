"""What raises an alarm: changes of policies, keys, networks, regions and of the trail itself, and reads.

Two ways, so that neither is the only one. What Oracle's Events service reports at once is picked there by its type.
Everything else is found in the audit log by the name of its call, as `data.eventName` carries it, and so is a change of
the one by the other. At the legacy sites EventBridge hears of a call once a trail logs it; there a read is told unless
it is the daily work of the site's one role, since nobody else reads but in an emergency.

Sources: Oracle's pages "Services that Produce Events" (types of identity, networking and buckets) and "Contents of an
Audit Log Event" (the name of a call), the API references of the services, AWS's "Service Authorization Reference", and
its pages "Amazon S3 CloudTrail events" and "Comparison operators for use in event patterns".
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Guard(StrEnum):
    """What guards data, by what a change of it would undo."""

    IDENTITY = "policies, groups and users"
    KEYS = "keys"
    NETWORKS = "networks, edges and DNS"
    REGIONS = "region subscriptions"
    TRAIL = "the trail itself"


CALLS: Mapping[Guard, tuple[str, ...]] = MappingProxyType(
    {
        Guard.IDENTITY: (
            "AddUserToGroup", "CreateAuthToken", "CreateCustomerSecretKey", "CreateDynamicGroup", "CreateGroup",
            "CreateIdentityProvider", "CreateNetworkSource", "CreatePolicy", "CreateUser", "DeleteGroup",
            "DeleteNetworkSource", "DeletePolicy", "DeleteQuota", "RemoveUserFromGroup", "UpdateCompartment",
            "UpdateDynamicGroup", "UpdateGroup", "UpdateIdentityProvider", "UpdateNetworkSource", "UpdatePolicy",
            "UpdateQuota", "UploadApiKey",
        ),
        Guard.KEYS: (
            "CancelKeyDeletion", "ChangeKeyCompartment", "ChangeVaultCompartment", "CreateVaultReplica", "DisableKey",
            "DisableKeyVersion", "ExportKey", "ScheduleKeyDeletion", "ScheduleKeyVersionDeletion",
            "ScheduleVaultDeletion", "UpdateKey", "UpdateVault",
        ),
        Guard.NETWORKS: (
            "ChangeSteeringPolicyCompartment", "CreateInternetGateway", "CreateNatGateway", "CreateSteeringPolicy",
            "CreateSteeringPolicyAttachment", "DeleteHttpMonitor", "DeletePingMonitor", "DeleteRRSet",
            "DeleteSteeringPolicy", "DeleteSteeringPolicyAttachment", "DeleteWebAppFirewall", "DeleteZone",
            "PatchRRSet", "PatchZoneRecords", "UpdateHttpMonitor", "UpdateListener",
            "UpdateNetworkSecurityGroupSecurityRules", "UpdatePingMonitor", "UpdateRRSet", "UpdateRouteTable",
            "UpdateSecurityList", "UpdateSteeringPolicy", "UpdateSteeringPolicyAttachment", "UpdateWebAppFirewall",
            "UpdateWebAppFirewallPolicy", "UpdateZone", "UpdateZoneRecords",
        ),
        Guard.REGIONS: ("CreateRegionSubscription",),
        Guard.TRAIL: (
            "ChangeAlarmCompartment", "ChangeLogGroupCompartment", "ChangeLogLogGroup", "ChangeRuleCompartment",
            "ChangeServiceConnectorCompartment", "ChangeTopicCompartment", "CreatePreauthenticatedRequest",
            "DeactivateServiceConnector", "DeleteAlarm", "DeleteBucket", "DeleteLog", "DeleteLogGroup",
            "DeleteRetentionRule", "DeleteRule", "DeleteServiceConnector", "DeleteSubscription", "DeleteTopic",
            "MakeBucketWritable", "UpdateAlarm", "UpdateBucket", "UpdateConfiguration", "UpdateLog",
            "UpdateLogGroup", "UpdateRetentionRule", "UpdateRule", "UpdateServiceConnector", "UpdateTopic",
        ),
    }
)  # fmt: skip
"""Calls of Oracle Cloud's services."""

_IDENTITY = (
    "addusertogroup", "creategroup", "createidentityprovider", "createidpgroupmapping", "createpolicy", "createuser",
    "deletegroup", "deletepolicy", "removeuserfromgroup", "updategroup", "updateidentityprovider",
    "updateidpgroupmapping", "updatepolicy", "updateuser", "updateusercapabilities",
)  # fmt: skip
_NETWORKS = (
    "createdrgattachment", "createinternetgateway", "createlocalpeeringgateway", "createnatgateway", "createroutetable",
    "createsecuritylist", "createservicegateway", "createvcn", "deletenetworksecuritygroup", "deleteroutetable",
    "deletesecuritylist", "deleteservicegateway", "deletevcn", "updatenetworksecuritygroup",
    "updatenetworksecuritygroupsecurityrules", "updateroutetable", "updatesecuritylist", "updateservicegateway",
    "updatevcn",
)  # fmt: skip
_BUCKETS = ("deletebucket", "updatebucket")

EVENT_TYPES = tuple(
    f"com.oraclecloud.{service}.{name}"
    for service, names in (
        ("identitycontrolplane", _IDENTITY),
        ("objectstorage", _BUCKETS),
        ("virtualnetwork", _NETWORKS),
    )
    for name in names
)
"""Types of events that Oracle's Events service reports at once; a group's is the Administrators' too."""

AWS_CALLS: Mapping[Guard, tuple[str, ...]] = MappingProxyType(
    {
        Guard.IDENTITY: (
            "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey",
            "CreateLoginProfile", "CreatePolicyVersion", "CreateRole", "CreateUser", "DeleteBucketPolicy",
            "DeleteBucketPublicAccessBlock", "DeleteRolePolicy", "PutBucketAcl", "PutBucketPolicy",
            "PutBucketPublicAccessBlock", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
            "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy",
        ),
        Guard.KEYS: ("CreateGrant", "DeleteAlias", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion", "UpdateAlias"),
        Guard.TRAIL: (
            "DeleteBucket", "DeleteBucketEncryption", "DeleteBucketLifecycle", "DeleteRule", "DeleteTopic",
            "DeleteTrail", "DisableRule", "PutBucketEncryption", "PutBucketLifecycle",
            "PutBucketObjectLockConfiguration", "PutBucketReplication", "PutBucketVersioning", "PutEventSelectors",
            "PutRule", "RemoveTargets", "SetTopicAttributes", "StopLogging", "Unsubscribe", "UpdateTrail",
        ),
    }
)  # fmt: skip
"""Calls of Amazon's services at a legacy site and where its trail goes."""


def audit_filter(calls: Mapping[Guard, tuple[str, ...]] = CALLS) -> str:
    """The condition by which a connector picks these calls out of the audit log."""
    names = sorted({name for of_guard in calls.values() for name in of_guard})
    return " or ".join(f"data.eventName='{name}'" for name in names)


def reader_filter(users: tuple[str, ...]) -> str:
    """The condition by which a connector picks what some users (by OCID) do out of the logs of buckets."""
    return " or ".join(f"data.principalId='{user}'" for user in users)


class Alarm(StrEnum):
    """The rules of a legacy site: what they look for."""

    CHANGES = "changes"
    READS = "reads"


MOST_PATTERN = 2048
"""Characters that EventBridge takes in a pattern (page "Amazon EventBridge quotas")."""

_BY_TRAIL = "AWS API Call via CloudTrail"
_READING: tuple[object, ...] = (
    {"prefix": "GetObject"},
    "CopyObject",
    "HeadObject",
    "SelectObjectContent",
    "UploadPartCopy",
)


def changes_pattern() -> str:
    """What the rule for changes looks for: any of the calls above."""
    return _pattern({"eventName": sorted(name for of_guard in AWS_CALLS.values() for name in of_guard)})


def reads_pattern(readers: tuple[str, ...]) -> str:
    """What the rule for reads looks for: any read of a watched object, but by some roles (ARNs).

    Which objects are watched the trail decides: of no other does EventBridge hear. Who acts as no role at all, such as
    the account's root, carries no issuer of a session, and is none of them.
    """
    detail: dict[str, object] = {"eventSource": ["s3.amazonaws.com"], "eventName": list(_READING)}
    if readers:
        other: tuple[object, ...] = ({"anything-but": list(readers)}, {"exists": False})
        detail["$or"] = [_nested("userIdentity.sessionContext.sessionIssuer.arn", [it]) for it in other]
    return _pattern(detail)


def _nested(path: str, leaf: object) -> object:
    for key in reversed(path.split(".")):
        leaf = {key: leaf}
    return leaf


def _pattern(detail: Mapping[str, object]) -> str:
    return json.dumps({"detail-type": [_BY_TRAIL], "detail": detail}, sort_keys=True, separators=(",", ":"))
