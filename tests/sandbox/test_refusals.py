"""What the simulated APIs refuse: one row per rule, each a single change to a request that is otherwise accepted.

The rows prove that the sandbox refuses; that the real clouds word it exactly so, they do not.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from infra import sandbox
from tests.sandbox import edge_rows, guard_rows, trail_rows, transfer_rows
from tests.sandbox.client import ACCOUNT, TENANCY, CheckFailed, Client, Refused
from tests.sandbox.world import AGE, ALLOW, SERVICES, TRUST, build, document, key_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.sandbox.world import World


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all rows: a refusal changes nothing, which `test_refusals_change_nothing` shows."""
    with sandbox.serve(tmp_path_factory.mktemp("world") / "clouds.sqlite") as servers, ExitStack() as stack:
        addresses = servers.addresses

        def client(cloud: str, **settings: str) -> Client:
            made = Client(addresses[cloud], settings)
            stack.callback(made.close)
            return made

        yield build(
            client("oci", region="us-ashburn-1", tenancyOcid=TENANCY),
            client("oci", region="us-phoenix-1", tenancyOcid=TENANCY),
            client("aws", region="us-east-1", allowedAccountIds=f'["{ACCOUNT}"]'),
        )


ABSENT = object()
"""Takes an input away."""


def changed(inputs: dict[str, Any], change: dict[str, Any], world: World) -> dict[str, Any]:
    """The inputs with one change; `$label` in a value stands for the id of something made."""
    merged = {name: _resolved(value, world) for name, value in (inputs | change).items()}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def _resolved(value: Any, world: World) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        return world.id(value[1:])
    if isinstance(value, list):
        return [_resolved(item, world) for item in value]
    if isinstance(value, dict):
        return {key: _resolved(item, world) for key, item in value.items()}
    return value


# Another resource like `base`, with one change: (base, change, code, words of the message).
CREATES = [
    # What exists already.
    ("primary", {}, "409-BucketAlreadyExists", "already exists"),
    ("group", {}, "409-GroupAlreadyExists", "operators"),
    ("dynamic", {}, "409-DynamicGroupAlreadyExists", "machines"),
    ("office", {}, "409-NetworkSourceAlreadyExists", "office"),
    ("office", {"name": "n", "compartmentId": "$data"}, "400-InvalidParameter", "root compartment"),
    ("office", {"name": "n", "publicSourceLists": []}, "400-InvalidParameter", "at least one"),
    ("office", {"name": "n", "publicSourceLists": ["198.51.100.1/24"]}, "400-InvalidParameter", "198.51.100.1/24"),
    ("namespace", {}, "409-TagNamespaceAlreadyExists", "ops"),
    ("tag", {"name": "CLASS"}, "409-TagAlreadyExists", "CLASS"),
    ("grants", {}, "409-PolicyAlreadyExists", "grants"),
    ("quota", {}, "409-QuotaAlreadyExists", "storage"),
    ("data", {"enableDelete": True}, "409-CompartmentAlreadyExists", "data"),
    ("logs", {}, "409-LogGroupAlreadyExists", "data"),
    ("log", {}, "409-LogAlreadyExists", "reads"),
    ("log", {"displayName": "again"}, "409-LogAlreadyExists", "has a log"),
    ("gateway", {}, "409-LimitExceeded", "service gateway already"),
    ("internet", {}, "409-LimitExceeded", "internet gateway already"),
    ("attachment", {}, "409-IncorrectState", "attached to DRG"),
    ("statement", {}, "409-Conflict", "Priority 1"),
    ("drg-route", {}, "409-Conflict", "10.17.0.0/16"),
    ("endpoint", {}, "409-PrivateEndpointAlreadyExists", "data-iad"),
    ("endpoint", {"name": "other"}, "409-PrefixAlreadyExists", "data"),
    ("tt-backup", {}, "BucketAlreadyOwnedByYou", "tt-backup"),
    ("role", {}, "EntityAlreadyExists", "backup"),
    ("policy", {}, "EntityAlreadyExists", "managed"),
    ("alias", {}, "AlreadyExistsException", "alias/backup"),
    # What does not exist.
    ("primary", {"name": "n", "compartmentId": "ocid1.compartment.oc1..none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("primary", {"name": "n", "namespace": "other"}, "404-NamespaceNotFound", "axexample"),
    ("primary", {"name": "n", "kmsKeyId": "ocid1.key.oc1.iad.v.none"}, "404-KmsKeyNotFound", "us-ashburn-1"),
    ("subnet", {"vcnId": "ocid1.vcn.oc1.iad.none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("subnet", {"cidrBlock": "10.16.9.0/24", "routeTableId": "ocid1.routetable.oc1.iad.none"}, "404-", "routeTableId"),
    ("subnet", {"cidrBlock": "10.16.9.0/24", "securityListIds": ["none"]}, "404-", "securityListIds"),
    ("gateway", {"vcnId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("routes", {"routeRules": [{"destination": "10.9.0.0/16", "networkEntityId": "none"}]}, "404-", "none"),
    ("rule", {"networkSecurityGroupId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("rule", {"destination": "none", "destinationType": "NETWORK_SECURITY_GROUP"}, "404-", "none"),
    ("tag", {"name": "n", "tagNamespaceId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("tag-default", {"tagDefinitionId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("replication", {"bucket": "none"}, "404-BucketNotFound", "none"),
    ("replication", {"destinationBucketName": "none"}, "404-BucketNotFound", "us-phoenix-1"),
    ("lifecycle", {"bucket": "none"}, "404-BucketNotFound", "none"),
    ("metadata", {"defaultS3compartmentId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("endpoint", {"name": "n", "prefix": "n", "subnetId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("endpoint", {"name": "n", "prefix": "n", "nsgIds": ["none"]}, "404-NotAuthorizedOrNotFound", "none"),
    (
        "endpoint",
        {
            "name": "n",
            "prefix": "n",
            "accessTargets": [{"bucket": "no", "compartmentId": "*", "namespace": "axexample"}],
        },
        "404-BucketNotFound",
        "no",
    ),
    (
        "endpoint",
        {
            "name": "n",
            "prefix": "n",
            "accessTargets": [{"bucket": "*", "compartmentId": "no", "namespace": "axexample"}],
        },
        "404-NotAuthorizedOrNotFound",
        "no",
    ),
    ("log", {"displayName": "n", "logGroupId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("attachment", {"drgId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("attachment", {"networkDetails": {"type": "VCN", "id": "none"}}, "404-NotAuthorizedOrNotFound", "none"),
    ("peering", {"peerId": "none"}, "404-NotAuthorizedOrNotFound", "us-phoenix-1"),
    ("default-routes", {"manageDefaultResourceId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("alias", {"name": "alias/n", "targetKeyId": "none"}, "NotFoundException", "none"),
    ("key-policy", {"keyId": "none"}, "NotFoundException", "none"),
    ("role-policy", {"role": "none"}, "NoSuchEntity", "none"),
    ("lent", {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"}, "NoSuchEntity", "none"),
    ("block", {"bucket": "none"}, "NoSuchBucket", "none"),
    ("access-log", {"targetBucket": "none"}, "InvalidTargetBucketForLogging", "us-east-1"),
    (
        "copies",
        {"rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::none"}}]},
        "InvalidRequest",
        "must exist",
    ),
    (
        "inventory",
        {"name": "n", "destination": {"bucket": {"bucketArn": "arn:aws:s3:::none", "format": "CSV"}}},
        "InvalidS3DestinationBucket",
        "does not exist",
    ),
    # Tags.
    ("group", {"name": "n", "definedTags": {"class": "x"}}, "400-InvalidParameter", "namespace.key"),
    ("group", {"name": "n", "definedTags": {"no.class": "x"}}, "404-RelatedResourceNotAuthorizedOrNotFound", "no"),
    ("group", {"name": "n", "definedTags": {"ops.no": "x"}}, "404-RelatedResourceNotAuthorizedOrNotFound", "no"),
    ("group", {"name": "n", "definedTags": {"ops.class": "secret"}}, "400-InvalidParameter", "protected, public"),
    # Values that only the API looks at.
    ("primary", {"name": "n", "accessType": "Public"}, "400-InvalidParameter", "NoPublicAccess"),
    ("primary", {"name": "n", "storageTier": "Cold"}, "400-InvalidParameter", "Standard, Archive"),
    ("primary", {"name": "a b"}, "400-InvalidBucketName", "a b"),
    ("primary", {"name": "n", "versioning": "Suspended"}, "400-InvalidParameter", "new bucket"),
    (
        "primary",
        {"name": "n", "retentionRules": [{"displayName": "r"}]},
        "409-InvalidRetentionRule",
        "versioning",
    ),
    (
        "primary",
        {"name": "n", "versioning": ABSENT, "retentionRules": [{"displayName": "r"}, {"displayName": "r"}]},
        "400-InvalidParameter",
        "unique",
    ),
    (
        "primary",
        {
            "name": "n",
            "versioning": ABSENT,
            "retentionRules": [{"displayName": "r", "timeRuleLocked": "2026-01-05T00:00:00Z"}],
        },
        "400-InvalidParameter",
        "14 days",
    ),
    (
        "primary",
        {"name": "n", "versioning": ABSENT, "retentionRules": [{"displayName": "r", "timeRuleLocked": "soon"}]},
        "400-InvalidParameter",
        "soon",
    ),
    ("primary", {"name": "n", "storageTier": "Archive", "autoTiering": "InfrequentAccess"}, "400-", "Archive"),
    ("vault", {"vaultType": "BIG"}, "400-InvalidParameter", "VIRTUAL_PRIVATE"),
    ("vault", {"timeOfDeletion": "2026-01-03T00:00:00.000Z"}, "400-InvalidParameter", "7 to 30"),
    ("key", {"keyShape": {"algorithm": "AES", "length": 31}}, "400-InvalidParameter", "16, 24, 32"),
    ("key", {"keyShape": {"algorithm": "ECDSA", "length": 32}}, "400-InvalidParameter", "curveId"),
    ("key", {"protectionMode": "EXTERNAL"}, "400-InvalidParameter", "EXTERNAL"),
    ("key", {"externalKeyReference": {"externalKeyId": "0a1b"}}, "400-InvalidParameter", "externalKeyReference"),
    ("vault", {"externalKeyManagerMetadata": key_manager("$manager")}, "400-InvalidParameter", "EXTERNAL vaults"),
    ("outside", {"externalKeyManagerMetadata": ABSENT}, "400-InvalidParameter", "name their key manager"),
    ("outside", {"externalKeyManagerMetadata": key_manager("$vault")}, "404-", "ocid1.vault"),
    ("reference", {"externalKeyReference": ABSENT}, "400-InvalidParameter", "at the key manager"),
    ("reference", {"protectionMode": "HSM", "externalKeyReference": ABSENT}, "400-InvalidParameter", "EXTERNAL keys"),
    ("reference", {"keyShape": {"algorithm": "AES", "length": 16}}, "400-InvalidParameter", "32 bytes"),
    ("manager", {"subnetId": "$vault"}, "404-", "ocid1.vault"),
    ("key", {"isAutoRotationEnabled": True}, "400-InvalidParameter", "VIRTUAL_PRIVATE"),
    ("key", {"managementEndpoint": "https://no-management.kms.us-ashburn-1.oraclecloud.com"}, "404-", "no vault"),
    ("key", {"managementEndpoint": "https://example.org"}, "", "no such host"),
    ("key", {"managementEndpoint": "https://x-management.kms.us-nowhere-1.oraclecloud.com"}, "", "no such host"),
    ("vcn", {"cidrBlocks": ["banana"]}, "400-InvalidParameter", "banana"),
    ("vcn", {"cidrBlocks": ["10.0.0.1/16"]}, "400-InvalidParameter", "host bits"),
    ("vcn", {"cidrBlocks": ["10.0.0.0/99"]}, "400-InvalidParameter", "/99"),
    ("vcn", {"cidrBlocks": ["10.0.0.0/8"]}, "400-InvalidParameter", "/16 to /30"),
    ("vcn", {"cidrBlocks": ["10.0.0.0/16", "10.0.1.0/24"]}, "400-InvalidParameter", "overlaps"),
    ("vcn", {"cidrBlocks": ABSENT}, "400-InvalidParameter", "Exactly one"),
    ("vcn", {"cidrBlock": "10.0.0.0/16"}, "400-InvalidParameter", "Exactly one"),
    ("vcn", {"dnsLabel": "1x"}, "400-InvalidParameter", "letter"),
    ("subnet", {}, "400-InvalidParameter", "overlaps"),
    ("subnet", {"cidrBlock": "10.99.0.0/24"}, "400-InvalidParameter", "range of the VCN"),
    ("subnet", {"cidrBlock": ABSENT}, "400-InvalidParameter", "cidrBlock"),
    ("subnet", {"cidrBlock": "10.16.9.0/24", "prohibitPublicIpOnVnic": False}, "400-InvalidParameter", "agree"),
    ("gateway", {"services": []}, "409-LimitExceeded", "already"),
    ("routes", {"routeRules": [{"networkEntityId": "$drg"}]}, "400-InvalidParameter", "no destination"),
    (
        "routes",
        {"routeRules": [{"destination": "10.17.0.0/16", "networkEntityId": "$drg"}] * 2},
        "400-InvalidParameter",
        "two targets",
    ),
    (
        "routes",
        {"routeRules": [{"destination": "0.0.0.0/0", "networkEntityId": "$gateway"}]},
        "400-InvalidParameter",
        "service labels",
    ),
    (
        "routes",
        {
            "routeRules": [
                {"destination": SERVICES, "destinationType": "SERVICE_CIDR_BLOCK", "networkEntityId": "$internet"}
            ]
        },
        "400-InvalidParameter",
        "service labels",
    ),
    (
        "routes",
        {
            "routeRules": [
                {
                    "destination": "all-phx-services-in-oracle-services-network",
                    "destinationType": "SERVICE_CIDR_BLOCK",
                    "networkEntityId": "$gateway",
                }
            ]
        },
        "400-InvalidParameter",
        "no service of us-ashburn-1",
    ),
    ("routes", {"routeRules": [{"destination": "x", "networkEntityId": "$nat"}]}, "400-InvalidParameter", "CIDR"),
    (
        "routes",
        {"routeRules": [{"destination": "x", "destinationType": "ALL", "networkEntityId": "$nat"}]},
        "400-InvalidParameter",
        "ALL",
    ),
    ("rule", {"destination": "all-phx-services-in-oracle-services-network"}, "400-InvalidParameter", "us-ashburn-1"),
    ("rule", {"destination": "10.0.0.0/40", "destinationType": "CIDR_BLOCK"}, "400-InvalidParameter", "/40"),
    ("rule", {"destination": ABSENT}, "400-InvalidParameter", "destination"),
    ("rule", {"source": "10.0.0.0/8"}, "400-InvalidParameter", "source"),
    ("rule", {"protocol": "17"}, "400-InvalidParameter", "tcpOptions"),
    ("rule", {"protocol": "tcp"}, "400-InvalidParameter", "protocol"),
    (
        "rule",
        {"tcpOptions": {"destinationPortRange": {"min": 443, "max": 80}}},
        "400-InvalidParameter",
        "443 to 80",
    ),
    ("rule", {"direction": "OUT"}, "400-InvalidParameter", "EGRESS"),
    ("attachment", {"networkDetails": {"type": "VCN"}}, "400-InvalidParameter", "must be given"),
    ("attachment", {"networkDetails": {"type": "LOOPBACK"}}, "400-InvalidParameter", "LOOPBACK"),
    ("statement", {"priority": 70000}, "400-InvalidParameter", "65535"),
    ("statement", {"action": "DROP"}, "400-InvalidParameter", "ACCEPT"),
    ("distribution", {"distributionType": "EXPORT"}, "400-InvalidParameter", "IMPORT"),
    ("drg-route", {"destination": "everywhere"}, "400-InvalidParameter", "CIDR"),
    ("peering", {"peerRegionName": ABSENT}, "400-InvalidParameter", "go together"),
    ("peering", {"peerRegionName": "us-nowhere-1"}, "400-InvalidParameter", "us-nowhere-1"),
    ("peering", {"peerRegionName": "us-ashburn-1"}, "400-InvalidParameter", "another region"),
    ("peering", {}, "409-IncorrectState", "peered with"),
    ("replication", {"destinationRegionName": "us-gov-ashburn-1"}, "400-InvalidParameter", "us-gov-ashburn-1"),
    (
        "replication",
        {"destinationBucketName": "profiles-iad", "destinationRegionName": "us-ashburn-1"},
        "400-",
        "itself",
    ),
    ("replication", {"name": "again"}, "409-ReplicationPolicyConflict", "no chains"),
    ("lifecycle", {"rules": [AGE, AGE]}, "400-InvalidParameter", "unique"),
    ("lifecycle", {"rules": [AGE | {"action": "ABORT"}]}, "400-InvalidParameter", "multipart-uploads"),
    ("lifecycle", {"rules": [AGE | {"target": "multipart-uploads"}]}, "400-InvalidParameter", "ABORT"),
    ("lifecycle", {"rules": [AGE | {"timeAmount": "-1"}]}, "400-InvalidParameter", "negative"),
    ("lifecycle", {"rules": [AGE | {"action": "BURN"}]}, "400-InvalidParameter", "ARCHIVE"),
    ("endpoint", {"name": "n", "prefix": "Upper"}, "400-InvalidParameter", "prefix"),
    ("logs", {"displayName": "n", "compartmentId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("log", {"displayName": "n", "retentionDuration": 45}, "400-InvalidParameter", "steps of 30"),
    ("log", {"displayName": "n", "configuration": ABSENT}, "400-InvalidParameter", "SERVICE"),
    ("log", {"displayName": "n", "logType": "CUSTOM"}, "400-InvalidParameter", "CUSTOM"),
    (
        "log",
        {
            "displayName": "n",
            "configuration": {
                "source": {"category": "all", "resource": "x", "service": "objectstorage", "sourceType": "OCISERVICE"}
            },
        },
        "400-InvalidParameter",
        "read, write",
    ),
    (
        "log",
        {
            "displayName": "n",
            "configuration": {
                "source": {"category": "write", "resource": "x", "service": "objectstorage", "sourceType": "OCISERVICE"}
            },
        },
        "404-BucketNotFound",
        "x",
    ),
    (
        "log",
        {
            "displayName": "n",
            "configuration": {
                "source": {"category": "all", "resource": "x", "service": "flowlogs", "sourceType": "OCISERVICE"}
            },
        },
        "404-NotAuthorizedOrNotFound",
        "no Subnet or Vcn",
    ),
    ("tag", {"name": "n", "validator": {"validatorType": "ENUM"}}, "400-InvalidParameter", "values"),
    ("quota", {"name": "n", "compartmentId": "$data"}, "400-InvalidParameter", "root"),
    # AWS.
    ("tt-backup", {"bucket": "Bad_Name"}, "InvalidBucketName", "Bad_Name"),
    ("tt-backup", {"bucket": "192.168.0.1"}, "InvalidBucketName", "192.168.0.1"),
    ("tt-backup", {"bucket": "a..b"}, "InvalidBucketName", "a..b"),
    ("bucket-policy", {"policy": document({**ALLOW, "Principal": "*"})}, "AccessDenied", "BlockPublicPolicy"),
    ("bucket-policy", {"policy": document(ALLOW)}, "MalformedPolicy", "Principal"),
    ("bucket-policy", {"policy": document({**ALLOW, "Principal": {"AWS": "me"}})}, "MalformedPolicy", "me"),
    (
        "bucket-policy",
        {"policy": document({**ALLOW, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/none"}})},
        "MalformedPolicy",
        "role/none",
    ),
    (
        "bucket-policy",
        {"policy": document({**ALLOW, "Principal": "*", "Resource": "arn:aws:s3:::other/*"})},
        "MalformedPolicy",
        "invalid resource",
    ),
    (
        "bucket-policy",
        {"policy": document({**ALLOW, "Principal": "*", "Action": "kms:Decrypt"})},
        "MalformedPolicy",
        "invalid action",
    ),
    (
        "encryption",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": "x"}}]},
        "InvalidArgument",
        "aws:kms",
    ),
    (
        "encryption",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "x"}}]},
        "InvalidArgument",
        "not valid",
    ),
    (
        "encryption",
        {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": f"arn:aws:kms:ap-southeast-1:{ACCOUNT}:alias/backup",
                    }
                }
            ]
        },
        "InvalidArgument",
        "us-east-1",
    ),
    ("aging", {"rules": [{"id": "a", "status": "Enabled"}]}, "InvalidRequest", "At least one action"),
    ("aging", {"rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 1}}] * 2}, "InvalidRequest", "unique"),
    ("aging", {"rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 0}}]}, "InvalidRequest", "positive"),
    (
        "aging",
        {"rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 1, "date": "2027-01-01T00:00:00Z"}}]},
        "InvalidRequest",
        "exactly one",
    ),
    (
        "aging",
        {"rules": [{"id": "a", "status": "Enabled", "transitions": [{"storageClass": "GLACIER"}]}]},
        "InvalidRequest",
        "either days or a date",
    ),
    ("lock", {"rule": {"defaultRetention": {"mode": "GOVERNANCE"}}}, "MalformedXML", "days or years"),
    ("owner", {"bucket": "tt-elsewhere"}, "NoSuchBucket", "tt-elsewhere"),
    ("aging", {"expectedBucketOwner": "999999999999"}, "AccessDenied", "owner"),
    ("aws-key", {"policy": document({**TRUST, "Principal": "*"})}, "MalformedPolicyDocumentException", "in the future"),
    ("aws-key", {"keyUsage": "SIGN_VERIFY"}, "ValidationException", "not compatible"),
    ("aws-key", {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": True}, "UnsupportedOperation", "RSA_2048"),
    ("role", {"name": "n", "assumeRolePolicy": document({**TRUST, "Action": "s3:GetObject"})}, "Malformed", "STS"),
    ("role", {"name": "n", "assumeRolePolicy": document({**TRUST, "Resource": "*"})}, "Malformed", "Resource"),
    ("role", {"name": "n", "assumeRolePolicy": "[]"}, "MalformedPolicyDocument", "Syntax"),
    ("role-policy", {"name": "n", "policy": document({**ALLOW, "Principal": "*"})}, "Malformed", "principal"),
    ("role-policy", {"name": "n", "policy": document({"Effect": "Allow", "Action": "s3:*"})}, "Malformed", "resources"),
    *edge_rows.CREATES,
    *guard_rows.CREATES,
    *trail_rows.CREATES,
    *transfer_rows.CREATES,
]


@pytest.mark.parametrize(
    ("base", "change", "code", "words"), CREATES, ids=[f"{i}-{row[0]}-{row[2]}" for i, row in enumerate(CREATES)]
)
def test_creates_refused(shared: World, base: str, change: dict[str, Any], code: str, words: str):
    """The request differs from an accepted one in one point, and is refused for that point."""
    made = shared[base]
    with pytest.raises(Refused) as refusal:
        made.client.create(made.token, changed(made.inputs, change, shared), name="another")
    assert code in refusal.value.details
    assert words in refusal.value.details


def test_refusals_change_nothing(world: World, servers):
    """After every refused create above, the clouds are as they were."""
    with servers.store.reading() as clouds:
        before = clouds.all()
    for base, change, _, _ in CREATES:
        made = world[base]
        with pytest.raises(Refused):
            made.client.create(made.token, changed(made.inputs, change, world), name="another")
    with servers.store.reading() as clouds:
        assert clouds.all() == before


# (what to delete, code, words)
DELETES = [
    ("vcn", "409-IncorrectState", "attached entities"),
    ("subnet", "409-IncorrectState", "PrivateEndpoint"),
    ("gateway", "409-IncorrectState", "RouteTable"),
    ("nsg", "409-IncorrectState", "SecurityRule"),
    ("drg", "409-IncorrectState", "attached entities"),
    ("drg-table", "409-IncorrectState", "attached entities"),
    ("distribution", "409-IncorrectState", "attached entities"),
    ("attachment", "409-IncorrectState", "still"),
    ("namespace", "409-IncorrectState", "Tag"),
    ("tag", "409-IncorrectState", "TagDefault"),
    ("logs", "409-IncorrectState", "Log"),
    ("primary", "409-BucketNotEmpty", "replication policy"),
    ("replica", "403-BucketIsReadonly", "writable"),
    ("role", "DeleteConflict", "backup:read"),
    *edge_rows.DELETES,
    *guard_rows.DELETES,
    *trail_rows.DELETES,
    *transfer_rows.DELETES,
]


@pytest.mark.parametrize(("label", "code", "words"), DELETES, ids=[row[0] for row in DELETES])
def test_deletes_refused(shared: World, label: str, code: str, words: str):
    """What others still need cannot be deleted."""
    made = shared[label]
    with pytest.raises(Refused) as refusal:
        made.client.delete(made.token, made.id, made.outputs, name=label)
    assert code in refusal.value.details
    assert words in refusal.value.details
    assert made.client.read(made.token, made.id, made.outputs)[0] == made.id


# (what to update, change, code, words)
UPDATES = [
    ("primary", {"versioning": "Disabled"}, "400-InvalidParameter", "Suspended"),
    ("replica", {"versioning": "Enabled"}, "403-BucketIsReadonly", "neither"),
    ("replica", {"retentionRules": [{"displayName": "r"}]}, "403-BucketIsReadonly", "neither"),
    ("vcn", {"cidrBlocks": ["10.20.0.0/16"]}, "409-Conflict", "subnet"),
    ("tt-backup-versions", {"versioningConfiguration": {"status": "Disabled"}}, "InvalidArgument", "Disabled"),
    ("grants", {"statements": ["Allow group nobody to manage buckets in tenancy"]}, "400-InvalidParameter", "nobody"),
    *edge_rows.UPDATES,
    *guard_rows.UPDATES,
    *trail_rows.UPDATES,
    *transfer_rows.UPDATES,
]


@pytest.mark.parametrize(("label", "change", "code", "words"), UPDATES, ids=[f"{r[0]}-{r[2]}" for r in UPDATES])
def test_updates_refused(shared: World, label: str, change: dict[str, Any], code: str, words: str):
    """What may not become so."""
    made = shared[label]
    before = made.client.read(made.token, made.id, made.outputs)
    with pytest.raises(Refused) as refusal:
        made.client.update(made.token, made.id, made.outputs, made.inputs | change, name=label)
    assert code in refusal.value.details
    assert words in refusal.value.details
    assert made.client.read(made.token, made.id, made.outputs) == before


# What the provider refuses before any API is asked: (type, inputs, words of every reason, in order)
CHECKS = [
    ("oci:ObjectStorage/bucket:Bucket", {"namespace": "n"}, ['"compartment_id" is required']),
    (
        "oci:ObjectStorage/bucket:Bucket",
        {"compartmentId": 1, "namespace": True, "nme": "x"},
        ["expected string type, got number", "expected string type, got boolean", "did you mean name?"],
    ),
    ("oci:Nowhere/thing:Thing", {}, ["unrecognized resource type oci:Nowhere/thing:Thing"]),
    (
        "oci:Identity/policy:Policy",
        {"compartmentId": "c", "description": "d", "statements": []},
        ["Not enough list items"],
    ),
    (
        "oci:ObjectStorage/privateEndpoint:PrivateEndpoint",
        {
            "accessTargets": [{"bucket": "b", "compartmentId": "c", "namespace": "n"}] * 11,
            "compartmentId": "c",
            "namespace": "n",
            "prefix": "p",
            "subnetId": "s",
        },
        ["supports 10 item maximum, got 11"],
    ),
    (
        "oci:Core/serviceGateway:ServiceGateway",
        {"compartmentId": "c", "vcnId": "v", "services": [{"serviceId": "s", "serviceName": "n"}]},
        ["unconfigurable attribute"],
    ),
    ("oci:Core/subnet:Subnet", {"compartmentId": "c", "vcnId": "v", "securityListIds": [None]}, ["Null value"]),
    (
        "oci:ObjectStorage/storageObject:StorageObject",
        {"bucket": "b", "namespace": "n", "object": "o", "content": "a", "source": "b", "metadata": {"Upper": "x"}},
        ["invalid key", '"content": conflicts with source', '"source": conflicts with content'],
    ),
    ("aws:kms/key:Key", {"deletionWindowInDays": 6}, ["in the range (7 - 30), got 6"]),
    (
        "aws:kms/key:Key",
        {"rotationPeriodInDays": 90, "enableKeyRotation": True, "xksKeyId": "x"},
        ["`custom_key_store_id`"],
    ),
    ("aws:kms/alias:Alias", {"name": "backup", "targetKeyId": "k"}, ["does not match"]),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "b", "versioningConfiguration": {"status": "On"}},
        ["one of"],
    ),
    ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b", "policy": "{"}, ["invalid JSON"]),
    ("aws:s3/bucket:Bucket", {"bucket": "a", "bucketPrefix": "b"}, ["conflicts with", "conflicts with"]),
    ("aws:s3/bucket:Bucket", {"bucket": "a" * 64}, ["at most 63, got 64"]),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "arn:aws:iam::1:role/x", "policy": "{}"}, ["must not match"]),
    ("aws:cloudwatch/eventRule:EventRule", {"name": "r"}, ["one of `schedule_expression, event_pattern`"]),
    (
        "aws:s3/bucket:Bucket",
        {"bucket": "a", "website": {"indexDocument": "i", "redirectAllRequestsTo": "r"}},
        ["only one of `website.index_document"],
    ),
    ("aws:secretsmanager/secret:Secret", {"name": "s", "recoveryWindowInDays": 3}, ["none of the allowed ranges"]),
    *transfer_rows.CHECKS,
]


@pytest.mark.parametrize(("token", "inputs", "reasons"), CHECKS, ids=[f"{i}-{row[0]}" for i, row in enumerate(CHECKS)])
def test_checks_failed(
    oci: Callable[..., Client], aws: Callable[..., Client], token: str, inputs: dict[str, Any], reasons: list[str]
):
    """All problems at once, in order of property, each with where it stands."""
    client = oci() if token.startswith("oci:") else aws()
    with pytest.raises(CheckFailed) as failure:
        client.check(token, inputs)
    assert len(failure.value.reasons) == len(reasons)
    for given, expected in zip(failure.value.reasons, reasons, strict=True):
        assert expected in given


def test_what_the_real_provider_lets_pass_in_a_preview(oci: Callable[..., Client]):
    """Nonsense that reaches the API in reality passes Check here too: the planner must refuse it, not the provider."""
    passes = [
        ("oci:ObjectStorage/bucket:Bucket", {"compartmentId": "c", "namespace": "n", "accessType": "banana"}),
        ("oci:Core/vcn:Vcn", {"compartmentId": "c", "cidrBlocks": ["banana"]}),
        ("oci:Identity/policy:Policy", {"compartmentId": "c", "description": "d", "statements": ["nonsense"]}),
        ("oci:Kms/vault:Vault", {"compartmentId": "c", "displayName": "d", "vaultType": "banana"}),
        ("oci:Core/serviceGateway:ServiceGateway", {"compartmentId": "c", "vcnId": "v", "services": []}),
    ]
    client = oci("us-nowhere-1")
    for token, inputs in passes:
        assert client.create(token, inputs, preview=True)[0] == ""
