"""What may be granted at all: tables of permissions, families and calls, which both deciders of access share.

They are data, and no rule: what a statement does with them each decider finds out for itself. Whatever is not in them
is not granted to anybody.
"""

NEVER = (
    "oci:Identity/apiKey:ApiKey",
    "oci:Identity/authToken:AuthToken",
    "oci:Identity/dynamicGroup:DynamicGroup",
    "oci:Identity/smtpCredential:SmtpCredential",
    "oci:Identity/identityProvider:IdentityProvider",
    "oci:ObjectStorage/preauthrequest:Preauthrequest",
)
"""Types that let somebody in past the groups, or for longer than anybody looks."""

READS = frozenset({"OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE", "OBJECT_CREATE", "OBJECT_DELETE"})
OF_VERBS = {
    "inspect": frozenset({"OBJECT_INSPECT"}),
    "read": frozenset({"OBJECT_INSPECT", "OBJECT_READ"}),
    "use": frozenset({"OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE"}),
    "manage": READS,
}
"""What a verb on objects brings (Oracle's page "Details for Object Storage and Archive Storage")."""
USES_KEYS = frozenset({"KEY_ENCRYPT", "KEY_DECRYPT"})
_HARMLESS = frozenset(
    {
        "BUCKET_INSPECT", "BUCKET_READ", "BUCKET_UPDATE", "BUCKET_CREATE", "BUCKET_DELETE", "OBJECT_RESTORE",
        "KEY_INSPECT", "KEY_READ", "VAULT_INSPECT", "VAULT_READ",
    }
)  # fmt: skip
CHANGES_KEYS = frozenset(
    {
        "KEY_CREATE", "KEY_UPDATE", "KEY_ROTATE", "KEY_DELETE",
        "VAULT_CREATE_KEY", "VAULT_CREATE", "VAULT_UPDATE", "VAULT_DELETE",
    }
)  # fmt: skip
CHANGES_LOGS = frozenset({"RETENTION_RULE_MANAGE", "RETENTION_RULE_LOCK"})
PERMISSIONS = READS | USES_KEYS | _HARMLESS | CHANGES_KEYS | CHANGES_LOGS
"""Every permission that may be granted; among those missing are PAR_MANAGE, KEY_EXPORT and VAULT_REPLICATE."""

DATA = frozenset({"objects", "object-family"})
CONFIGURES = frozenset({"buckets"})
OF_STORAGE = ("OBJECT_", "BUCKET_", "KEY_")
"""How permissions begin that Object Storage has a use for."""

_KEYS = frozenset({"keys", "vaults", "key-delegate"})
CHANGE = frozenset(
    {
        "compartments", "groups", "network-sources", "policies", "users",
        "dns", "load-balancers", "virtual-network-family", "waf-family",
        "log-groups", "log-content", "audit-events",
        "alarms", "serviceconnectors", "cloudevents-rules", "ons-topics", "ons-subscriptions",
    }
)  # fmt: skip
_OTHER = frozenset({"cloud-guard-family", "health-check-family", "metrics", "quotas", "tag-namespaces"})
FAMILIES = DATA | CONFIGURES | _KEYS | CHANGE | _OTHER
"""Every family that may be granted."""

CALLS = frozenset(
    {
        "createreplicationpolicy", "putobjectlifecyclepolicy",
        "createloggroup", "getloggroup", "listloggroups", "createlog", "getlog", "listlogs",
        "createbucket", "getbucket", "createretentionrule", "getretentionrule", "listretentionrules",
        "createvault", "getvault", "createkey", "getkey",
        "createserviceconnector", "getserviceconnector", "listserviceconnectors",
        "createalarm", "getalarm",
        "createrule", "getrule", "listrules", "createtopic", "gettopic", "createsubscription", "getsubscription",
    }
)  # fmt: skip
"""Calls that read and list no object, and change and end no log, key, connector, alarm or retention rule."""

DELIVERS = frozenset({"OBJECT_INSPECT", "OBJECT_CREATE", "OBJECT_OVERWRITE"})
"""What a connector may do in the one bucket that it fills."""
