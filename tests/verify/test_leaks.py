"""Leaks seeded below the planner, a deliberate break for each rule of storage, copies, keys, completeness and evidence.

Each starts from a first preview of the shipped production stack and edits its resources as no stack file could. Proves
that the named theorem answers so, by both of its deciders; not that no other theorem has something to say too.
"""

# ruff: noqa: E501 - a case is a line

import json
import re

import pytest

from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.sources.preview import graph_of
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import Answer
from tests.support.graphs import context, steps

REFUTED, UNDECIDED = Answer.REFUTED, Answer.UNDECIDED
BY_ID = {theorem.ID: theorem for theorem in THEOREMS}
HOME = "usdata::pulumi:providers:oci::oci-us-ashburn-1"


class Stack:
    """The steps of a preview, to be edited."""

    def __init__(self) -> None:
        self.steps = steps("us-prod")
        self.all = {step["urn"]: step["newState"] for step in self.steps}

    def state(self, kind, name):
        """The resource of the last part of a type, and of a name, which may go on with what its document says."""
        called = re.compile(rf".*::{re.escape(name)}(-[0-9a-f]{{8}})?")
        (found,) = (s for s in self.all.values() if s["type"].endswith(f":{kind}") and called.fullmatch(s["urn"]))
        return found

    def put(self, kind, logical, **inputs: object):
        """Other inputs."""
        self.state(kind, logical)["inputs"] |= inputs

    def drop(self, kind, name, *inputs: str):
        """Without some inputs."""
        for it in inputs:
            del self.state(kind, name)["inputs"][it]

    def remove(self, kind, name):
        """Without a resource."""
        urn = self.state(kind, name)["urn"]
        self.steps = [step for step in self.steps if step["urn"] != urn]

    def add(self, type_, name="more", provider="oci-us-ashburn-1", sources=None, **inputs: object):
        """One more resource."""
        (owner,) = (s for s in self.all.values() if s["urn"].endswith(f"::{provider}"))
        urn = f"urn:pulumi:us-prod::usdata::{type_}::{name}"
        state = {"urn": urn, "type": type_, "custom": True, "provider": f"{owner['urn']}::id", "inputs": inputs}
        self.steps.append({"op": "create", "urn": urn, "newState": state | {"propertyDependencies": sources or {}}})

    def under(self, kind, name, provider):
        """A resource under another provider."""
        (owner,) = (s for s in self.all.values() if s["urn"].endswith(f"::{provider}"))
        self.state(kind, name)["provider"] = f"{owner['urn']}::id"

    def goes(self, kind, name, op="delete", **state: object):
        """A resource that is there and goes, or is replaced by one like it."""
        (step,) = (step for step in self.steps if step["newState"] is self.state(kind, name))
        step |= {"op": op, "oldState": {**step["newState"], "retainOnDelete": False, **state}}
        if op == "delete":
            del step["newState"]

    def was(self, **phases: str):
        """What the state says of the phases of the sites."""
        root = next(step for step in self.steps if step["urn"].endswith("::usdata-us-prod"))
        sites = {name: {"phase": phase, "expires": "2027-03-31"} for name, phase in phases.items()}
        root |= {"op": "same", "oldState": root["newState"] | {"outputs": {"legacySites": sites}}}

    def stays(self, kind, name, **old: object):
        """A resource that is there already, with other inputs in the state."""
        (step,) = (step for step in self.steps if step["newState"] is self.state(kind, name))
        step |= {"op": "update", "oldState": step["newState"] | {"inputs": step["newState"]["inputs"] | old}}


def put(kind, logical, **inputs: object):
    """A leak by other inputs."""
    return lambda stack: stack.put(kind, logical, **inputs)


def add(type_, **more: object):
    """A leak by one more resource."""
    return lambda stack: stack.add(type_, **more)


def provider_moves(stack):
    """A provider that is there already gets another US region, and its resources seem not to change."""
    stack.stays("oci", "oci-us-ashburn-1", region="us-chicago-1")
    stack.stays("Drg", "drg-us-ashburn-1")


def foreign_attribution(stack):
    """A key id that is unknown and comes from a vault."""
    state = stack.state("Bucket", "profiles-us-ashburn-1")
    state["propertyDependencies"]["kmsKeyId"] = [stack.state("Vault", "vault-us-ashburn-1")["urn"]]


def foreign_key(stack):
    """A bucket's key is the other region's."""
    state = stack.state("Bucket", "profiles-us-ashburn-1")
    state["propertyDependencies"]["kmsKeyId"] = [stack.state("Key", "protected-us-phoenix-1")["urn"]]


def foreign_vault(stack):
    """A key in the other region's vault."""
    state = stack.state("Key", "protected-us-ashburn-1")
    state["propertyDependencies"]["managementEndpoint"] = [stack.state("Vault", "vault-us-phoenix-1")["urn"]]


def inside(kind, name, place):
    """A resource in another compartment."""
    return lambda s: s.state(kind, name)["propertyDependencies"].update(
        compartmentId=[s.state("Compartment", place)["urn"]]
    )


def lets(group, what, network="usds-us-office"):
    """One more statement about a group, from its own network."""
    text = f"Allow group {group} to {what} where all {{request.networkSource.name='{network}', request.region='iad'}}"
    return lambda stack: stack.state("Policy", group)["inputs"]["statements"].append(text)


def says(what, who="Allow group deployers"):
    """One more statement about the trail."""
    bound = "request.networkSource.name='usds-us-runners', request.region='iad'"
    text = f"{who} to {what} in compartment usds:audit where all {{{bound}}}"
    return lambda stack: stack.state("Policy", "deployers")["inputs"]["statements"].append(text)


def believes(edit):
    """Another trust of the deployer in Virginia."""

    def edited(stack):
        inputs = stack.state("Role", "usdata-deployer-111111111111")["inputs"]
        document = json.loads(inputs["assumeRolePolicy"])
        edit(document["Statement"][0])
        inputs["assumeRolePolicy"] = json.dumps(document)

    return edited


SIGNED = "token.actions.githubusercontent.com"
MASTER = "arn:aws:iam::111111111111:role/master"
ANY_JOB = {
    "StringEquals": {f"{SIGNED}:aud": ["sts.amazonaws.com"]},
    "StringLike": {f"{SIGNED}:sub": ["repo:usds-example/*"]},
}
REPLICA = ("ReplicationPolicy", "profiles-us-ashburn-1-to-us-phoenix-1")
BACKUP = ("Bucket", "profiles-virginia")
TRAIL = ("Bucket", "audit-us-ashburn-1")
LEAKS = [
    ("T1", "a provider abroad", put("oci", "oci-us-phoenix-1", region="eu-frankfurt-1"), REFUTED),
    ("T1", "a provider in a government region", put("oci", "oci-us-phoenix-1", region="us-gov-ashburn-1"), REFUTED),
    ("T1", "a provider in no region", put("oci", "oci-us-phoenix-1", region="us-east"), REFUTED),
    ("T1", "a provider whose region is unknown", put("oci", "oci-us-phoenix-1", region=UNKNOWN), UNDECIDED),
    ("T1", "a provider whose region is secret", put("oci", "oci-us-phoenix-1", region=SECRET), UNDECIDED),
    ("T1", "a provider without region", lambda s: s.drop("oci", "oci-us-phoenix-1", "region"), UNDECIDED),
    ("T1", "a bucket under another region's provider", lambda s: s.under("Bucket", "profiles-us-ashburn-1", "oci-us-phoenix-1"), REFUTED),
    ("T1", "a bucket under another cloud's provider", lambda s: s.under("Bucket", "profiles-us-ashburn-1", "aws-virginia-us-east-1"), UNDECIDED),
    ("T1", "a bucket without provider", lambda s: s.state("Bucket", "profiles-us-ashburn-1").update(provider="x::y"), UNDECIDED),
    ("T1", "a control policy in an account that is not known", lambda s: s.drop("aws", "aws-organization-us-east-1", "allowedAccountIds"), UNDECIDED),
    ("T1", "a bucket in the account that manages the sites'", lambda s: s.under("Bucket", "profiles-virginia", "aws-organization-us-east-1"), REFUTED),
    ("T1", "a backup's own region beats its provider's", put(*BACKUP, region="eu-central-1"), REFUTED),
    ("T1", "a backup in the other site's region", put(*BACKUP, region="ap-southeast-1"), REFUTED),
    ("T1", "a backup in an account of nobody", put("aws", "aws-virginia-us-east-1", allowedAccountIds='["999999999999"]'), REFUTED),
    ("T1", "a backup in any account", lambda s: s.drop("aws", "aws-virginia-us-east-1", "allowedAccountIds"), UNDECIDED),
    ("T1", "an id of another region", lambda s: s.state("Key", "protected-us-ashburn-1").update(id="ocid1.key.oc1.eu-frankfurt-1.x.y"), REFUTED),
    ("T1", "a provider moves under its resources", provider_moves, REFUTED),
    ("T1", "another tenancy", put("oci", "oci-us-ashburn-1", tenancyOcid="ocid1.tenancy.oc1..x"), REFUTED),
    ("T1", "a tenancy that is not known", put("oci", "oci-us-ashburn-1", tenancyOcid=UNKNOWN), UNDECIDED),
    ("T2", "replication abroad", put(*REPLICA, destinationRegionName="eu-frankfurt-1"), REFUTED),
    ("T2", "replication to a US region without that bucket", put(*REPLICA, destinationRegionName="us-chicago-1"), REFUTED),
    ("T2", "replication to another bucket", put(*REPLICA, destinationBucketName="stranger"), REFUTED),
    ("T2", "replication to another namespace", put(*REPLICA, namespace="stranger"), REFUTED),
    ("T2", "replication to an unknown region", put(*REPLICA, destinationRegionName=UNKNOWN), UNDECIDED),
    ("T2", "replication to a secret bucket", put(*REPLICA, destinationBucketName=SECRET), UNDECIDED),
    ("T2", "an inventory for strangers", put("Inventory", "profiles-virginia", destination={"bucket": {"bucketArn": "arn:aws:s3:::stranger"}}), REFUTED),
    ("T2", "an inventory at the other site", put("Inventory", "profiles-virginia", destination={"bucket": {"bucketArn": "arn:aws:s3:::usds-reports-apse1-222222222222"}}), REFUTED),
    ("T2", "a volume replica abroad", add("oci:Core/volume:Volume", blockVolumeReplicas=[{"availabilityDomain": "Uocm:EU-FRANKFURT-1-AD-1"}]), REFUTED),
    ("T2", "a volume replica in London", add("oci:Core/volume:Volume", blockVolumeReplicas=[{"availabilityDomain": "Uocm:LHR-AD-1"}]), REFUTED),
    ("T2", "a vault secret replicated abroad", add("oci:Vault/secret:Secret", replicationConfig={"replicationTargets": [{"targetRegion": "uk-london-1"}]}), REFUTED),
    ("T2", "a backup plan that copies", add("aws:backup/plan:Plan", provider="aws-virginia-us-east-1", rules=[{"copyActions": [{"destinationVaultArn": "arn:aws:backup:eu-west-1:1:backup-vault:x"}]}]), REFUTED),
    ("T2", "replication into another dataset's bucket", put("ReplicationPolicy", "profiles-us-ashburn-1-to-us-phoenix-1", destinationBucketName="usds-avatars-phx"), REFUTED),
    ("T3", "a back end that nobody declared", put("Backend", "edge-us-ashburn-1-app-1", ipAddress="10.16.32.99"), REFUTED),
    ("T3", "back ends in plain text", lambda s: s.drop("BackendSet", "edge-us-ashburn-1", "sslConfiguration"), REFUTED),
    ("T3", "back ends of any authority", lambda s: s.state("BackendSet", "edge-us-ashburn-1")["inputs"]["sslConfiguration"].update(trustedCertificateAuthorityIds=["x"]), REFUTED),
    ("T3", "whoever answers at a back end's address", lambda s: s.state("BackendSet", "edge-us-ashburn-1")["inputs"]["sslConfiguration"].update(verifyPeerCertificate=False), REFUTED),
    ("T3", "a listener at another port", put("Listener", "edge-us-ashburn-1", port=80), REFUTED),
    ("T3", "a listener with old TLS", lambda s: s.state("Listener", "edge-us-ashburn-1")["inputs"]["sslConfiguration"].update(protocols=["TLSv1"]), REFUTED),
    ("T3", "a stranger's certificate", lambda s: s.state("Listener", "edge-us-ashburn-1")["inputs"]["sslConfiguration"].update(certificateIds=["x"]), REFUTED),
    ("T3", "a firewall that redirects", put("AppFirewallPolicy", "edge-us-ashburn-1", actions=[{"name": "go", "type": "RETURN_HTTP_RESPONSE", "code": 302}]), REFUTED),
    ("T3", "an address that another can get", put("PublicIp", "edge-us-ashburn-1", lifetime="EPHEMERAL"), REFUTED),
    ("T3", "a monitor that looks elsewhere", put("HttpMonitor", "api-a", targets=["203.0.113.7"]), REFUTED),
    ("T4", "a rule for everybody beside data", put("NetworkSecurityGroupSecurityRule", "data-us-ashburn-1-to-services", destination="0.0.0.0/0", destinationType="CIDR_BLOCK"), REFUTED),
    ("T4", "a route to everywhere over a router", lambda s: s.state("RouteTable", "data-us-ashburn-1")["inputs"]["routeRules"][-1].update(destination="0.0.0.0/0"), REFUTED),
    ("T4", "a gateway beside data", lambda s: s.state("InternetGateway", "edge-internet-us-ashburn-1")["propertyDependencies"].update(vcnId=[s.state("Vcn", "vcn-us-ashburn-1")["urn"]]), REFUTED),
    ("T4", "a peer of another region", put("RemotePeeringConnection", "us-ashburn-1-to-us-phoenix-1", peerRegionName="eu-frankfurt-1"), REFUTED),
    ("T4", "a gateway that cannot be read", put("ServiceGateway", "services-us-ashburn-1", vcnId="x"), UNDECIDED),
    ("T5", "jobs of any repository deploy", believes(lambda it: it.update(Condition=ANY_JOB)), REFUTED),
    ("T5", "tokens for anybody deploy", believes(lambda it: it["Condition"]["StringEquals"].pop(f"{SIGNED}:aud")), REFUTED),
    ("T5", "somebody deploys without a token", believes(lambda it: it["Principal"].update(AWS=MASTER)), REFUTED),
    ("T5", "the identity domain believes any job that deploys", put("DomainsIdentityPropagationTrust", "ci", impersonationServiceUsers=[{"rule": 'sub sw "repo:"', "value": "5e0a83b7d6c94f12b7e43d90a8c1f257"}]), REFUTED),
    ("T5", "a policy that is not at the root", put("Policy", "storage-operators", compartmentId="x"), REFUTED),
    ("T5", "a bucket of a stranger's namespace", put("Bucket", "drafts-us-ashburn-1", namespace="stranger"), REFUTED),
    ("T5", "an endpoint into a stranger's namespace", lambda s: s.state("PrivateEndpoint", "endpoint-us-ashburn-1")["inputs"]["accessTargets"][0].update(namespace="stranger"), REFUTED),
    ("T5", "buckets of another interface at the root", lambda s: s.drop("NamespaceMetadata", "namespace-us-ashburn-1", "defaultS3compartmentId"), REFUTED),
    ("T5", "somebody else deploys", put("aws", "aws-virginia-us-east-1", assumeRoleWithWebIdentity=json.dumps({"roleArn": MASTER})), REFUTED),
    ("T5", "a service that makes policies", lambda s: s.state("Policy", "objectstorage-us-ashburn-1")["inputs"]["statements"].append("Allow service objectstorage-us-ashburn-1 to manage policies in tenancy"), REFUTED),
    ("T6", "a bucket under Oracle's key", lambda s: s.drop("Bucket", "profiles-us-ashburn-1", "kmsKeyId"), REFUTED),
    ("T6", "a bucket under a stranger's key", put("Bucket", "profiles-us-ashburn-1", kmsKeyId="ocid1.key.oc1.iad.x.y"), REFUTED),
    ("T6", "a bucket under another region's key", foreign_key, REFUTED),
    ("T6", "a bucket whose key comes from nowhere", foreign_attribution, UNDECIDED),
    ("T6", "a bucket whose key is secret", put("Bucket", "profiles-us-ashburn-1", kmsKeyId=SECRET), UNDECIDED),
    ("T6", "a key in software", put("Key", "protected-us-ashburn-1", protectionMode="SOFTWARE"), REFUTED),
    ("T6", "a key kept nobody knows how", put("Key", "protected-us-ashburn-1", protectionMode=UNKNOWN), UNDECIDED),
    ("T6", "an external key", put("Key", "protected-us-ashburn-1", externalKeyReference={"x": "y"}), REFUTED),
    ("T6", "a key in another region's vault", foreign_vault, REFUTED),
    ("T6", "a key at another endpoint", put("Key", "protected-us-ashburn-1", managementEndpoint="https://x"), UNDECIDED),
    ("T6", "a vault elsewhere", put("Vault", "vault-us-ashburn-1", vaultType="EXTERNAL"), REFUTED),
    ("T6", "a vault of a kind that is not known", put("Vault", "vault-us-ashburn-1", vaultType="NEW"), UNDECIDED),
    ("T6", "a key elsewhere", put("Key", "protected-us-ashburn-1", protectionMode="EXTERNAL"), REFUTED),
    ("T6", "a vault that names a key manager", put("Vault", "vault-us-ashburn-1", externalKeyManagerMetadata={"x": "y"}), REFUTED),
    ("T6", "a vault with a replica", add("oci:Kms/vaultVerification:VaultVerification", replicaRegion="us-phoenix-1"), REFUTED),
    ("T6", "a backup without encryption", lambda s: s.remove("BucketServerSideEncryptionConfiguration", "profiles-virginia"), REFUTED),
    ("T6", "a backup under S3's own key", put("BucketServerSideEncryptionConfiguration", "profiles-virginia", rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]), REFUTED),
    ("T6", "a key of every region", put("Key", "virginia", multiRegion=True), REFUTED),
    ("T6", "a key perhaps of every region", put("Key", "virginia", multiRegion=UNKNOWN), UNDECIDED),
    ("T7", "a dataset's bucket is deleted", lambda s: s.goes("Bucket", "profiles-us-ashburn-1"), REFUTED),
    ("T7", "a vault is replaced", lambda s: s.goes("Vault", "vault-us-ashburn-1", op="replace"), REFUTED),
    ("T7", "a backup is deleted while its site is one", lambda s: s.goes("Bucket", "profiles-virginia"), REFUTED),
    ("T7", "a site's key is deleted", lambda s: s.goes("Key", "virginia"), REFUTED),
    ("T7", "a backup loses its policy", lambda s: s.goes("BucketPolicy", "profiles-virginia"), REFUTED),
    ("T7", "a backup's public-access block is replaced", lambda s: s.goes("BucketPublicAccessBlock", "profiles-virginia", op="replace"), REFUTED),
    ("T7", "one of two backups of a name loses its policy", lambda s: (s.put("Bucket", "audit-archive", bucket=s.state(*BACKUP)["inputs"]["bucket"]), s.goes("BucketPolicy", "profiles-virginia")), REFUTED),
    ("T7", "a phase goes back", lambda s: s.was(virginia="drain", singapore="backup"), REFUTED),
    ("T7", "a phase that nobody knows", lambda s: s.was(virginia="gone", singapore="backup"), UNDECIDED),
    ("T7", "a bucket is not protected", lambda s: s.state("Bucket", "profiles-us-ashburn-1").pop("protect"), REFUTED),
    ("T7", "a key is not retained", lambda s: s.state("Key", "virginia").pop("retainOnDelete"), REFUTED),
    ("T7", "a backup could be destroyed by force", put(*BACKUP, forceDestroy=True), REFUTED),
    ("T7", "a rule empties a dataset", put("ObjectLifecyclePolicy", "profiles-us-ashburn-1", rules=[{"action": "DELETE", "isEnabled": True, "target": "objects"}]), REFUTED),
    ("T7", "a rule empties a backup", put("BucketLifecycleConfiguration", "profiles-virginia", rules=[{"status": "Enabled", "expiration": {"days": 1}}]), REFUTED),
    ("T8", "a type that nobody knows", add("oci:Streaming/stream:Stream", name="events"), UNDECIDED),
    ("T8", "a type that could move data", add("oci:Core/volume:Volume"), UNDECIDED),
    ("T8", "a type that always does", add("oci:ObjectStorage/preauthrequest:Preauthrequest"), REFUTED),
    ("T8", "a property that nobody knows", put("Bucket", "profiles-us-ashburn-1", teleports=True), UNDECIDED),
    ("T8", "a field that nobody knows", put("BucketVersioning", "profiles-virginia", versioningConfiguration={"status": "Enabled", "x": 1}), UNDECIDED),
    ("T8", "an unknown name", put("Bucket", "profiles-us-ashburn-1", name=UNKNOWN), UNDECIDED),
    ("T8", "half an unknown policy", put("Policy", "storage-operators", statements=[f"Allow group {UNKNOWN} to read buckets"]), UNDECIDED),
    ("T8", "an id from another type", foreign_attribution, UNDECIDED),
    ("T8", "a provider with endpoints of its own", put("aws", "aws-virginia-us-east-1", endpoints="[]"), UNDECIDED),
    ("T5", "a private bucket that anybody reads", put("Bucket", "profiles-us-ashburn-1", accessType="ObjectReadWithoutList"), REFUTED),
    ("T5", "a public bucket that lists its names", put("Bucket", "avatars-us-ashburn-1", accessType="ObjectRead"), REFUTED),
    ("T5", "a bucket in a compartment for others", inside("Bucket", "profiles-us-ashburn-1", "public"), REFUTED),
    ("T5", "a compartment somewhere else", inside("Compartment", "protected", "edge"), REFUTED),
    ("T5", "a network that is wider than declared", put("NetworkSource", "us-office", publicSourceLists=["198.51.0.0/16"]), REFUTED),
    ("T5", "a network of version 6", put("NetworkSource", "us-office", publicSourceLists=["2001:db8::/32"]), REFUTED),
    ("T5", "a group that nobody declared", add("oci:Identity/group:Group", name="strangers"), REFUTED),
    ("T5", "a user that nobody declared", add("oci:Identity/user:User", name="stranger"), REFUTED),
    ("T5", "a member that nobody declared", add("oci:Identity/userGroupMembership:UserGroupMembership", userId="x", groupId="y"), REFUTED),
    ("T5", "a key of a stranger", add("oci:Identity/customerSecretKey:CustomerSecretKey", userId="x"), REFUTED),
    ("T5", "an auditor who reads", lets("auditors", "read objects in compartment usds:protected", "usds-us-auditors"), REFUTED),
    ("T5", "an operator who opens buckets", lets("storage-operators", "use buckets in compartment usds:protected"), REFUTED),
    ("T5", "an operator in all of the organization", lets("network-operators", "manage dns in compartment usds"), REFUTED),
    ("T8", "a compartment of nobody's", put("Vcn", "vcn-us-ashburn-1", compartmentId="ocid1.compartment.oc1..x"), UNDECIDED),
    ("T8", "one more address of nobody's", lambda s: s.state("LoadBalancer", "edge-us-ashburn-1")["inputs"]["reservedIps"].append({"id": "ocid1.publicip.oc1.fra.x"}), UNDECIDED),
    ("T9", "a log that is off", put("Log", "profiles-us-ashburn-1-read", isEnabled=False), REFUTED),
    ("T9", "a log that may be off", put("Log", "profiles-us-ashburn-1-read", isEnabled=UNKNOWN), UNDECIDED),
    ("T9", "a connector that is off", put("Connector", "access-us-ashburn-1", state="INACTIVE"), REFUTED),
    ("T9", "events that stay", lambda s: s.remove("Connector", "audit-events-us-phoenix-1"), REFUTED),
    ("T9", "events that go sooner", lambda s: s.put("Configuration", "audit", retentionPeriodDays=90), REFUTED),
    ("T9", "logs that go sooner", put(*TRAIL, retentionRules=[{"duration": {"timeAmount": "30", "timeUnit": "DAYS"}, "timeRuleLocked": "2026-12-20T23:59:59Z"}]), REFUTED),
    ("T9", "logs that anybody reads", put(*TRAIL, accessType="ObjectRead"), REFUTED),
    ("T9", "logs under a key of data", lambda s: s.state(*TRAIL)["propertyDependencies"].update(kmsKeyId=[s.state("Key", "protected-us-ashburn-1")["urn"]]), REFUTED),
    ("T9", "a retention that is somebody's", says("{RETENTION_RULE_MANAGE}"), REFUTED),
    ("T9", "logs that are read", says("read objects"), REFUTED),
    ("T9", "a statement that nobody can read", says("read objects", "endorse group x"), UNDECIDED),
    ("T9", "a site's trail that is off", put("Trail", "trail-virginia", enableLogging=False), REFUTED),
    ("T9", "a site's trail of calls alone", put("Trail", "trail-virginia", eventSelectors=[{"includeManagementEvents": True, "readWriteType": "All"}]), REFUTED),
    ("T9", "a lock that somebody may lift", put("BucketObjectLockConfiguration", "audit-archive", rule={"defaultRetention": {"days": 730, "mode": "GOVERNANCE"}}), REFUTED),
    ("T9", "somebody who is told and was not declared", put("Subscription", "alarms-us-ashburn-1-compliance", endpoint="x@example.com"), REFUTED),
    ("T9", "nobody is told by mail", put("Subscription", "alarms-us-ashburn-1-compliance", protocol="SMS"), REFUTED),
    ("T9", "a log that no service writes", put("Log", "audit-us-ashburn-1-read", logType="CUSTOM"), REFUTED),
    ("T9", "a connector that carries metrics", lambda s: s.state("Connector", "access-us-ashburn-1")["inputs"]["source"].update(kind="monitoring"), REFUTED),
    ("T9", "a rule that tells something else", lambda s: s.state("Rule", "arrivals-us-ashburn-1")["inputs"]["actions"]["action"][0].update(actionType="FAAS"), REFUTED),
    ("T9", "a site's calls are told elsewhere", lambda s: next(it for it in s.all.values() if it["type"].endswith(":EventTarget"))["inputs"].update(arn="arn:aws:sns:eu-west-1:1:x"), REFUTED),
    ("T9", "a site's alarms are told to somebody else", lambda s: next(it for it in s.all.values() if it["type"].endswith(":TopicSubscription"))["inputs"].update(endpoint="x@example.com"), REFUTED),
    ("T9", "packet routing of a compartment", put("ZprPolicy", "routing-us-ashburn-1", compartmentId="x"), REFUTED),
    ("T9", "an attribute out of use", put("SecurityAttribute", "tier", isRetired=True), REFUTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("theorem", "edit", "answer"), [(t, e, a) for t, _, e, a in LEAKS], ids=[n for _, n, _, _ in LEAKS]
)
def test_a_leak_is_found(theorem, edit, answer):
    """By the fast decider with a place and something to do about it, and by the slow one."""
    stack = Stack()
    edit(stack)
    found = context("us-prod", graph_of(stack.steps))
    verdict = BY_ID[theorem].decide(found)
    assert verdict.answer is answer, verdict
    assert BY_ID[theorem].decide_slowly(found) is answer
    for item in (*verdict.counterexamples, *verdict.missing):
        assert item.urn or item.path
        assert 1 <= len(item.lines()) <= 12
