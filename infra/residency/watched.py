"""What raises an alarm: changes of policies, keys, networks, regions and of the trail itself.

Two ways, so that neither is the only one. What Oracle's Events service reports at once is picked there by its type.
Everything else is found in the audit log by the name of its call, as `data.eventName` carries it, and so is a change of
the one by the other.

Sources: Oracle's pages "Services that Produce Events" (types of identity, networking and buckets) and "Contents of an
Audit Log Event" (the name of a call), the API references of the services, and AWS's "Service Authorization Reference".
"""

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
            "AttachRolePolicy", "CreateAccessKey", "CreateRole", "DeleteBucketPolicy", "DeleteRolePolicy",
            "PutBucketPolicy", "PutRolePolicy", "UpdateAssumeRolePolicy",
        ),
        Guard.KEYS: ("CreateGrant", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"),
        Guard.TRAIL: (
            "DeleteBucketLifecycle", "DeleteRule", "DeleteTopic", "DeleteTrail", "DisableRule", "PutBucketLifecycle",
            "PutBucketObjectLockConfiguration", "PutEventSelectors", "PutRule", "RemoveTargets", "StopLogging",
            "Unsubscribe", "UpdateTrail",
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
