"""The words of Oracle Cloud's policies that may be granted here: verbs, families, permissions and calls.

What has no word here cannot be granted. Missing on purpose: `all-resources`, `PAR_MANAGE` (a pre-authenticated request
passes every policy by), `KEY_EXPORT`, `VAULT_REPLICATE`, and whatever else would take data or keys out of the places
that this project plans.

Sources: Oracle's pages "Policy Syntax", "Details for Object Storage and Archive Storage" and "Details for Vault, Key
Management, and Secret Management Service".
"""

from enum import StrEnum


class Verb(StrEnum):
    """How much may be done with a family; each verb includes those before it."""

    INSPECT = "inspect"
    READ = "read"
    USE = "use"
    MANAGE = "manage"


class Family(StrEnum):
    """What may be done something with."""

    # data
    OBJECTS = "objects"
    OBJECT_FAMILY = "object-family"
    BUCKETS = "buckets"
    # keys
    KEYS = "keys"
    KEY_DELEGATE = "key-delegate"
    VAULTS = "vaults"
    # identity
    COMPARTMENTS = "compartments"
    DYNAMIC_GROUPS = "dynamic-groups"
    GROUPS = "groups"
    NETWORK_SOURCES = "network-sources"
    POLICIES = "policies"
    QUOTAS = "quotas"
    TAG_NAMESPACES = "tag-namespaces"
    USERS = "users"
    # network and edge
    DNS = "dns"
    HEALTH_CHECKS = "health-check-family"
    LOAD_BALANCERS = "load-balancers"
    NETWORKS = "virtual-network-family"
    WEB_FIREWALLS = "waf-family"
    # trail
    ALARMS = "alarms"
    AUDIT_EVENTS = "audit-events"
    LOG_CONTENT = "log-content"
    LOG_GROUPS = "log-groups"
    CLOUD_GUARD = "cloud-guard-family"
    CONNECTORS = "serviceconnectors"
    EVENT_RULES = "cloudevents-rules"
    METRICS = "metrics"
    SUBSCRIPTIONS = "ons-subscriptions"
    TOPICS = "ons-topics"


class Permission(StrEnum):
    """The single permissions that may be granted in place of a verb, or that a condition names."""

    BUCKET_INSPECT = "BUCKET_INSPECT"
    BUCKET_READ = "BUCKET_READ"
    BUCKET_UPDATE = "BUCKET_UPDATE"
    BUCKET_CREATE = "BUCKET_CREATE"
    BUCKET_DELETE = "BUCKET_DELETE"
    RETENTION_RULE_MANAGE = "RETENTION_RULE_MANAGE"
    RETENTION_RULE_LOCK = "RETENTION_RULE_LOCK"
    OBJECT_INSPECT = "OBJECT_INSPECT"
    OBJECT_READ = "OBJECT_READ"
    OBJECT_OVERWRITE = "OBJECT_OVERWRITE"
    OBJECT_CREATE = "OBJECT_CREATE"
    OBJECT_DELETE = "OBJECT_DELETE"
    OBJECT_RESTORE = "OBJECT_RESTORE"
    KEY_INSPECT = "KEY_INSPECT"
    KEY_READ = "KEY_READ"
    KEY_ENCRYPT = "KEY_ENCRYPT"
    KEY_DECRYPT = "KEY_DECRYPT"
    KEY_CREATE = "KEY_CREATE"
    KEY_UPDATE = "KEY_UPDATE"
    KEY_ROTATE = "KEY_ROTATE"
    KEY_DELETE = "KEY_DELETE"
    VAULT_INSPECT = "VAULT_INSPECT"
    VAULT_READ = "VAULT_READ"
    VAULT_CREATE_KEY = "VAULT_CREATE_KEY"
    VAULT_CREATE = "VAULT_CREATE"
    VAULT_UPDATE = "VAULT_UPDATE"
    VAULT_DELETE = "VAULT_DELETE"


class Operation(StrEnum):
    """Calls by name, as `request.operation` carries them.

    None of these reads, writes or lists an object, and none changes a log, a connector, an alarm, a key or a retention
    rule that is there: a grant for these calls alone gives no power over any.
    """

    CREATE_REPLICATION_POLICY = "CreateReplicationPolicy"
    PUT_OBJECT_LIFECYCLE_POLICY = "PutObjectLifecyclePolicy"
    CREATE_LOG_GROUP = "CreateLogGroup"
    GET_LOG_GROUP = "GetLogGroup"
    LIST_LOG_GROUPS = "ListLogGroups"
    CREATE_LOG = "CreateLog"
    GET_LOG = "GetLog"
    LIST_LOGS = "ListLogs"
    CREATE_BUCKET = "CreateBucket"
    GET_BUCKET = "GetBucket"
    CREATE_RETENTION_RULE = "CreateRetentionRule"
    GET_RETENTION_RULE = "GetRetentionRule"
    LIST_RETENTION_RULES = "ListRetentionRules"
    CREATE_VAULT = "CreateVault"
    GET_VAULT = "GetVault"
    CREATE_KEY = "CreateKey"
    GET_KEY = "GetKey"
    CREATE_CONNECTOR = "CreateServiceConnector"
    GET_CONNECTOR = "GetServiceConnector"
    LIST_CONNECTORS = "ListServiceConnectors"
    CREATE_RULE = "CreateRule"
    GET_RULE = "GetRule"
    LIST_RULES = "ListRules"
    CREATE_ALARM = "CreateAlarm"
    GET_ALARM = "GetAlarm"
    CREATE_TOPIC = "CreateTopic"
    GET_TOPIC = "GetTopic"
    CREATE_SUBSCRIPTION = "CreateSubscription"
    GET_SUBSCRIPTION = "GetSubscription"
