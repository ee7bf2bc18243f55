"""One valid resource of every type that has behaviour, in both clouds: what the tables of refusals start from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.sandbox.values import Secret
from tests.sandbox import guard_rows
from tests.sandbox.client import ACCOUNT, TENANCY

if TYPE_CHECKING:
    from tests.sandbox.client import Client


def document(*statements: dict[str, Any]) -> str:
    """An IAM policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::tt-backup/*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"}
AGE = {"action": "DELETE", "isEnabled": True, "name": "old", "timeAmount": "30", "timeUnit": "DAYS"}
SERVICES = "all-iad-services-in-oracle-services-network"
METHOD = "i_equals(http.request.method, 'TRACE')"
AGENT = f"arn:aws:datasync:us-east-1:{ACCOUNT}:agent/agent-0123456789abcdef0"
TRAILS = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/watch"
TRAIL = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
KEY_ADMIN = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


@dataclass(frozen=True)
class Made:
    """A resource that exists."""

    client: Client
    token: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    name: str


@dataclass
class World:
    """Everything that was made, by a short name, in order of creation."""

    iad: Client
    phx: Client
    aws: Client
    made: dict[str, Made] = field(default_factory=dict)

    def make(self, label: str, token: str, /, *, client: Client | None = None, **inputs: Any) -> Made:
        """Create and remember."""
        where = client or (self.aws if token.startswith("aws:") else self.iad)
        id_, outputs = where.create(token, inputs, name=label)
        self.made[label] = Made(where, token, id_, inputs, outputs, label)
        return self.made[label]

    def __getitem__(self, name: str) -> Made:
        return self.made[name]

    def id(self, name: str) -> str:
        """Id of something made."""
        return self.made[name].id


def build(iad: Client, phx: Client, aws: Client) -> World:
    """All of it."""
    world = World(iad, phx, aws)
    _identity(world)
    _network(world)
    _edge(world)
    _dns(world)
    _objects(world)
    guard_rows.build(world)
    _aws(world)
    return world


def _identity(w: World) -> None:
    data = w.make("data", "oci:Identity/compartment:Compartment", name="data", description="d", compartmentId=TENANCY)
    w.make("group", "oci:Identity/group:Group", name="operators", description="d")
    w.make(
        "office", "oci:Identity/networkSource:NetworkSource",
        compartmentId=TENANCY, name="office", description="d", publicSourceLists=["198.51.100.0/24", "2001:db8::/32"],
    )  # fmt: skip
    user = w.make("user", "oci:Identity/user:User", name="transfer", description="d").id
    w.make(
        "token-trust", "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust",
        idcsEndpoint="https://idcs-1.identity.oraclecloud.com", name="jobs", type="JWT",
        schemas=["urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"],
        issuer="https://token.example.com", publicKeyEndpoint="https://token.example.com/jwks",
    )  # fmt: skip
    w.make(
        "member", "oci:Identity/userGroupMembership:UserGroupMembership", userId=user, groupId=w.id("group")
    )  # fmt: skip
    w.make("secret-key", "oci:Identity/customerSecretKey:CustomerSecretKey", userId=user, displayName="first")
    w.make(
        "dynamic", "oci:Identity/dynamicGroup:DynamicGroup",
        name="machines", description="d", compartmentId=TENANCY, matchingRule="ANY {instance.compartment.id = 'x'}",
    )  # fmt: skip
    namespace = w.make(
        "namespace", "oci:Identity/tagNamespace:TagNamespace", name="ops", description="d", compartmentId=TENANCY
    )
    tag = w.make(
        "tag", "oci:Identity/tag:Tag",
        name="class", description="d", tagNamespaceId=namespace.id,
        validator={"validatorType": "ENUM", "values": ["protected", "public"]},
    )  # fmt: skip
    w.make(
        "tag-default", "oci:Identity/tagDefault:TagDefault",
        compartmentId=data.id, tagDefinitionId=tag.id, value="protected",
    )  # fmt: skip
    w.make(
        "grants", "oci:Identity/policy:Policy",
        name="grants", description="d", compartmentId=TENANCY,
        statements=[
            "Allow group operators to manage object-family in compartment data where request.region='iad'",
            "Allow service objectstorage-us-ashburn-1 to manage object-family in compartment data",
            "Allow service objectstorage-us-ashburn-1, objectstorage-us-phoenix-1 to use keys in compartment data",
        ],
    )  # fmt: skip
    w.make(
        "quota", "oci:Limits/quota:Quota",
        name="storage", description="d", compartmentId=TENANCY,
        statements=[
            "zero object-storage quotas in tenancy",
            "unset object-storage quotas in tenancy where request.region = us-ashburn-1",
        ],
    )  # fmt: skip
    vault = w.make("vault", "oci:Kms/vault:Vault", compartmentId=data.id, displayName="v", vaultType="DEFAULT")
    w.make(
        "key", "oci:Kms/key:Key",
        compartmentId=data.id, displayName="k", keyShape={"algorithm": "AES", "length": 32},
        managementEndpoint=vault.outputs["managementEndpoint"],
    )  # fmt: skip


def _network(w: World) -> None:
    data = w.id("data")
    vcn = w.make("vcn", "oci:Core/vcn:Vcn", compartmentId=data, cidrBlocks=["10.16.0.0/16"], dnsLabel="iad").id
    subnet = w.make(
        "subnet", "oci:Core/subnet:Subnet",
        compartmentId=data, vcnId=vcn, cidrBlock="10.16.1.0/24", dnsLabel="data", prohibitInternetIngress=True,
    ).id  # fmt: skip
    gateway = w.make(
        "gateway", "oci:Core/serviceGateway:ServiceGateway",
        compartmentId=data, vcnId=vcn, services=[{"serviceId": "ocid1.service.oc1.iad.aaaa"}],
    ).id  # fmt: skip
    w.make("internet", "oci:Core/internetGateway:InternetGateway", compartmentId=data, vcnId=vcn)
    w.make("nat", "oci:Core/natGateway:NatGateway", compartmentId=data, vcnId=vcn)
    drg = w.make("drg", "oci:Core/drg:Drg", compartmentId=data).id
    distribution = w.make(
        "distribution", "oci:Core/drgRouteDistribution:DrgRouteDistribution", drgId=drg, distributionType="IMPORT"
    ).id
    drg_table = w.make(
        "drg-table", "oci:Core/drgRouteTable:DrgRouteTable", drgId=drg, importDrgRouteDistributionId=distribution
    ).id
    attachment = w.make(
        "attachment", "oci:Core/drgAttachment:DrgAttachment",
        drgId=drg, drgRouteTableId=drg_table, networkDetails={"type": "VCN", "id": vcn},
    ).id  # fmt: skip
    w.make(
        "statement", "oci:Core/drgRouteDistributionStatement:DrgRouteDistributionStatement",
        action="ACCEPT", drgRouteDistributionId=distribution, priority=1, matchCriteria={"matchType": "MATCH_ALL"},
    )  # fmt: skip
    w.make(
        "drg-route", "oci:Core/drgRouteTableRouteRule:DrgRouteTableRouteRule",
        drgRouteTableId=drg_table, destination="10.17.0.0/16", destinationType="CIDR_BLOCK",
        nextHopDrgAttachmentId=attachment,
    )  # fmt: skip
    w.make(
        "routes", "oci:Core/routeTable:RouteTable",
        compartmentId=data, vcnId=vcn,
        routeRules=[
            {"destination": SERVICES, "destinationType": "SERVICE_CIDR_BLOCK", "networkEntityId": gateway},
            {"destination": "10.17.0.0/16", "destinationType": "CIDR_BLOCK", "networkEntityId": drg},
        ],
    )  # fmt: skip
    w.make(
        "list", "oci:Core/securityList:SecurityList",
        compartmentId=data, vcnId=vcn, egressSecurityRules=[{"destination": "10.0.0.0/8", "protocol": "all"}],
    )  # fmt: skip
    defaults = w["vcn"].outputs
    w.make(
        "default-routes", "oci:Core/defaultRouteTable:DefaultRouteTable",
        manageDefaultResourceId=defaults["defaultRouteTableId"],
    )  # fmt: skip
    w.make(
        "default-list", "oci:Core/defaultSecurityList:DefaultSecurityList",
        manageDefaultResourceId=defaults["defaultSecurityListId"],
    )  # fmt: skip
    nsg = w.make("nsg", "oci:Core/networkSecurityGroup:NetworkSecurityGroup", compartmentId=data, vcnId=vcn).id
    w.make(
        "rule", "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule",
        networkSecurityGroupId=nsg, direction="EGRESS", protocol="6",
        destination=SERVICES, destinationType="SERVICE_CIDR_BLOCK",
        tcpOptions={"destinationPortRange": {"min": 443, "max": 443}},
    )  # fmt: skip
    far = w.make("far-drg", "oci:Core/drg:Drg", client=w.phx, compartmentId=data).id
    far_end = w.make(
        "far-peering", "oci:Core/remotePeeringConnection:RemotePeeringConnection",
        client=w.phx, compartmentId=data, drgId=far,
    ).id  # fmt: skip
    w.make(
        "peering", "oci:Core/remotePeeringConnection:RemotePeeringConnection",
        compartmentId=data, drgId=drg, peerId=far_end, peerRegionName="us-phoenix-1",
    )  # fmt: skip
    manager = w.make(
        "manager", "oci:Kms/ekmsPrivateEndpoint:EkmsPrivateEndpoint",
        compartmentId=data, displayName="m", subnetId=subnet, externalKeyManagerIp="192.168.20.10", caBundle="PEM",
    ).id  # fmt: skip
    outside = w.make(
        "outside", "oci:Kms/vault:Vault",
        compartmentId=data, displayName="o", vaultType="EXTERNAL", externalKeyManagerMetadata=key_manager(manager),
    )  # fmt: skip
    w.make(
        "reference", "oci:Kms/key:Key",
        compartmentId=data, displayName="r", keyShape={"algorithm": "AES", "length": 32}, protectionMode="EXTERNAL",
        externalKeyReference={"externalKeyId": "0a1b"}, managementEndpoint=outside.outputs["managementEndpoint"],
    )  # fmt: skip


def key_manager(endpoint: str) -> dict[str, Any]:
    """What an external vault says of its key manager."""
    oauth = {"clientAppId": "a", "clientAppSecret": "hush", "idcsAccountNameUrl": "https://idcs.example.com"}
    return {
        "externalVaultEndpointUrl": "https://keys.example.com/v/1",
        "privateEndpointId": endpoint,
        "oauthMetadata": oauth,
    }


def _edge(w: World) -> None:
    data = w.id("data")
    vcn = w.make(
        "edge-vcn", "oci:Core/vcn:Vcn", compartmentId=data, cidrBlocks=["10.18.0.0/16"], isIpv6enabled=True
    )  # fmt: skip
    w.make("edge-internet", "oci:Core/internetGateway:InternetGateway", compartmentId=data, vcnId=vcn.id)
    w.make(
        "edge-routes", "oci:Core/routeTable:RouteTable",
        compartmentId=data, vcnId=vcn.id,
        routeRules=[
            {"destination": any_, "destinationType": "CIDR_BLOCK", "networkEntityId": w.id("edge-internet")}
            for any_ in ("0.0.0.0/0", "::/0")
        ],
    )  # fmt: skip
    (prefix,) = vcn.outputs["ipv6cidrBlocks"]
    subnet = w.make(
        "edge-subnet", "oci:Core/subnet:Subnet",
        compartmentId=data, vcnId=vcn.id, cidrBlock="10.18.1.0/24", ipv6cidrBlock=prefix.replace("/56", "/64"),
        routeTableId=w.id("edge-routes"),
    ).id  # fmt: skip
    nsg = w.make("edge-nsg", "oci:Core/networkSecurityGroup:NetworkSecurityGroup", compartmentId=data, vcnId=vcn.id).id
    address = w.make("address", "oci:Core/publicIp:PublicIp", compartmentId=data, lifetime="RESERVED").id
    address6 = w.make("address6", "oci:Core/ipv6:Ipv6", subnetId=subnet, lifetime="RESERVED").id
    balancer = w.make(
        "balancer", "oci:LoadBalancer/loadBalancer:LoadBalancer",
        compartmentId=data, displayName="edge-iad", shape="flexible", ipMode="IPV6",
        shapeDetails={"minimumBandwidthInMbps": 10, "maximumBandwidthInMbps": 100},
        subnetIds=[subnet], networkSecurityGroupIds=[nsg], reservedIps=[{"id": address}, {"id": address6}],
    ).id  # fmt: skip
    w.make(
        "backends", "oci:LoadBalancer/backendSet:BackendSet",
        loadBalancerId=balancer, name="app", policy="ROUND_ROBIN",
        healthChecker={"protocol": "HTTP", "port": 8443, "urlPath": "/healthz"},
        sslConfiguration={"trustedCertificateAuthorityIds": ["ocid1.cabundle.oc1.iad.aaaa"]},
    )  # fmt: skip
    w.make(
        "backend", "oci:LoadBalancer/backend:Backend",
        loadBalancerId=balancer, backendsetName="app", ipAddress="10.18.2.10", port=8443,
    )  # fmt: skip
    w.make(
        "listener", "oci:LoadBalancer/listener:Listener",
        loadBalancerId=balancer, name="https", protocol="HTTP2", port=443, defaultBackendSetName="app",
        sslConfiguration={
            "certificateIds": ["ocid1.certificate.oc1.iad.aaaa"], "verifyPeerCertificate": False,
            "cipherSuiteName": "oci-default-http2-tls-12-13-ssl-cipher-suite-v1", "protocols": ["TLSv1.2"],
        },
    )  # fmt: skip
    firewall = w.make(
        "waf-policy", "oci:Waf/appFirewallPolicy:AppFirewallPolicy",
        compartmentId=data, displayName="edge-iad",
        actions=[{"name": "allow", "type": "ALLOW"}, {"name": "refuse", "type": "RETURN_HTTP_RESPONSE", "code": 403}],
        requestAccessControl={
            "defaultActionName": "allow",
            "rules": [{"name": "trace", "type": "ACCESS_CONTROL", "actionName": "refuse", "condition": METHOD}],
        },
    ).id  # fmt: skip
    w.make(
        "waf", "oci:Waf/appFirewall:AppFirewall",
        compartmentId=data, backendType="LOAD_BALANCER", loadBalancerId=balancer, webAppFirewallPolicyId=firewall,
    )  # fmt: skip


def _dns(w: World) -> None:
    data, address = w.id("data"), w["address"].outputs["ipAddress"]
    monitor = w.make(
        "monitor", "oci:HealthChecks/httpMonitor:HttpMonitor",
        compartmentId=data, displayName="api", protocol="HTTPS", port=443, path="/healthz", intervalInSeconds=30,
        targets=[address],
    ).id  # fmt: skip
    w.make(
        "ping", "oci:HealthChecks/pingMonitor:PingMonitor",
        compartmentId=data, displayName="edge-iad", protocol="TCP", port=443, intervalInSeconds=30, targets=[address],
    )  # fmt: skip
    zone = w.make(
        "zone", "oci:Dns/zone:Zone",
        compartmentId=data, name="us.example.com", zoneType="PRIMARY", dnssecState="ENABLED",
    ).id  # fmt: skip
    w.make(
        "records", "oci:Dns/rrset:Rrset",
        zoneNameOrId=zone, domain="api.us.example.com", rtype="A",
        items=[{"domain": "api.us.example.com", "rtype": "A", "rdata": address, "ttl": 30}],
    )  # fmt: skip
    steering = w.make(
        "steering", "oci:Dns/steeringPolicy:SteeringPolicy",
        compartmentId=data, displayName="api-a", template="FAILOVER", ttl=30, healthCheckMonitorId=monitor,
        answers=[{"name": "iad", "rtype": "A", "rdata": address, "pool": "iad"}],
        rules=[
            {
                "ruleType": "FILTER",
                "defaultAnswerDatas": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": True}],
            },
            {"ruleType": "HEALTH"},
            {"ruleType": "PRIORITY", "defaultAnswerDatas": [{"answerCondition": "answer.pool == 'iad'", "value": 1}]},
            {"ruleType": "LIMIT", "defaultCount": 1},
        ],
    ).id  # fmt: skip
    w.make(
        "steered", "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment",
        zoneId=zone, domainName="api.us.example.com", steeringPolicyId=steering,
    )  # fmt: skip


def _objects(w: World) -> None:
    data = w.id("data")
    bucket = "oci:ObjectStorage/bucket:Bucket"
    w.make(
        "primary", bucket,
        compartmentId=data, namespace="axexample", name="profiles-iad", kmsKeyId=w.id("key"), versioning="Enabled",
    )  # fmt: skip
    w.make("replica", bucket, client=w.phx, compartmentId=data, namespace="axexample", name="profiles-phx")
    w.make(
        "replication", "oci:ObjectStorage/replicationPolicy:ReplicationPolicy",
        namespace="axexample", bucket="profiles-iad", name="to-phx",
        destinationBucketName="profiles-phx", destinationRegionName="us-phoenix-1",
    )  # fmt: skip
    w.make(
        "lifecycle", "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy",
        namespace="axexample", bucket="profiles-iad", rules=[AGE],
    )  # fmt: skip
    w.make(
        "metadata", "oci:ObjectStorage/namespaceMetadata:NamespaceMetadata",
        namespace="axexample", defaultS3compartmentId=data,
    )  # fmt: skip
    w.make(
        "endpoint", "oci:ObjectStorage/privateEndpoint:PrivateEndpoint",
        compartmentId=data, namespace="axexample", name="data-iad", prefix="data", subnetId=w.id("subnet"),
        nsgIds=[w.id("nsg")], accessTargets=[{"bucket": "*", "compartmentId": data, "namespace": "axexample"}],
    )  # fmt: skip
    logs = w.make("logs", "oci:Logging/logGroup:LogGroup", compartmentId=data, displayName="data").id
    w.make(
        "log", "oci:Logging/log:Log",
        displayName="reads", logGroupId=logs, logType="SERVICE",
        configuration={
            "source": {
                "category": "read", "resource": "profiles-iad", "service": "objectstorage", "sourceType": "OCISERVICE",
            }
        },
    )  # fmt: skip


def _aws(w: World) -> None:
    key = w.make("aws-key", "aws:kms/key:Key", description="backup", deletionWindowInDays=7)
    w.make("key-policy", "aws:kms/keyPolicy:KeyPolicy", keyId=key.id, policy=document(KEY_ADMIN))
    w.make("alias", "aws:kms/alias:Alias", name="alias/backup", targetKeyId=key.id)
    w.make("role", "aws:iam/role:Role", name="backup", assumeRolePolicy=document(TRUST))
    w.make(
        "issuer", "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        url="https://token.example.com", clientIdLists=["sts.amazonaws.com"],
    )  # fmt: skip
    w.make("role-policy", "aws:iam/rolePolicy:RolePolicy", name="read", role="backup", policy=document(ALLOW))
    w.make("policy", "aws:iam/policy:Policy", name="managed", policy=document(ALLOW))
    w.make(
        "lent", "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        role="backup", policyArn=f"arn:aws:iam::{ACCOUNT}:policy/managed",
    )  # fmt: skip
    for name in ("tt-backup", "tt-reports"):
        w.make(name, "aws:s3/bucket:Bucket", bucket=name)
        w.make(
            f"{name}-versions", "aws:s3/bucketVersioning:BucketVersioning",
            bucket=name, versioningConfiguration={"status": "Enabled"},
        )  # fmt: skip
    block = {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    w.make("block", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket="tt-backup", **block)
    w.make(
        "owner", "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        bucket="tt-backup", rule={"objectOwnership": "BucketOwnerEnforced"},
    )  # fmt: skip
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::tt-backup/*"}
    w.make("bucket-policy", "aws:s3/bucketPolicy:BucketPolicy", bucket="tt-backup", policy=document(deny))
    w.make(
        "encryption", "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        bucket="tt-backup",
        rules=[
            {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key.outputs["arn"]}}
        ],
    )  # fmt: skip
    w.make(
        "aging", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        bucket="tt-backup",
        rules=[{"id": "old", "status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 30}}],
    )  # fmt: skip
    w.make(
        "access-log",
        "aws:s3/bucketLogging:BucketLogging",
        bucket="tt-backup",
        targetBucket="tt-reports",
        targetPrefix="l/",
    )
    w.make("events", "aws:s3/bucketNotification:BucketNotification", bucket="tt-backup", eventbridge=True)
    w.make(
        "lock", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        bucket="tt-reports", rule={"defaultRetention": {"mode": "GOVERNANCE", "days": 1}},
    )  # fmt: skip
    w.make(
        "copies", "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        bucket="tt-backup", role=f"arn:aws:iam::{ACCOUNT}:role/backup",
        rules=[{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::tt-reports"}}],
    )  # fmt: skip
    w.make(
        "inventory", "aws:s3/inventory:Inventory",
        bucket="tt-backup", name="daily", includedObjectVersions="All", schedule={"frequency": "Daily"},
        destination={"bucket": {"bucketArn": "arn:aws:s3:::tt-reports", "format": "Parquet"}},
    )  # fmt: skip
    _transfer(w)
    _trail(w)


def _transfer(w: World) -> None:
    role, bucket = f"arn:aws:iam::{ACCOUNT}:role/backup", "arn:aws:s3:::tt-backup"
    source = w.make(
        "source", "aws:datasync/locationObjectStorage:LocationObjectStorage",
        serverHostname="axexample.compat.objectstorage.us-ashburn-1.oraclecloud.com", bucketName="profiles-iad",
        accessKey=w.id("secret-key"), secretKey=Secret("never-written"), agentArns=[AGENT],
    ).id  # fmt: skip
    target = w.make(
        "target", "aws:datasync/s3Location:S3Location",
        s3BucketArn=bucket, subdirectory="/profiles", s3Config={"bucketAccessRoleArn": role},
    ).id  # fmt: skip
    w.make(
        "task", "aws:datasync/task:Task",
        name="profiles", sourceLocationArn=source, destinationLocationArn=target,
        schedule={"scheduleExpression": "rate(1 day)"},
        taskReportConfig={
            "s3Destination": {"s3BucketArn": "arn:aws:s3:::tt-reports", "bucketAccessRoleArn": role},
        },
    )  # fmt: skip
    topic = w.make("topic", "aws:sns/topic:Topic", name="transfer").id
    w.make(
        "alarm", "aws:cloudwatch/metricAlarm:MetricAlarm",
        name="profiles", comparisonOperator="LessThanThreshold", evaluationPeriods=1, threshold=1,
        metricName="FilesVerifiedSource", namespace="AWS/DataSync", statistic="Sum", period=86400,
        alarmActions=[topic], treatMissingData="breaching",
    )  # fmt: skip


def _trail(w: World) -> None:
    data = w.id("data")
    w.make("audit", "oci:Audit/configuration:Configuration", compartmentId=TENANCY, retentionPeriodDays=365)
    w.make(
        "audit-bucket", "oci:ObjectStorage/bucket:Bucket",
        compartmentId=data, namespace="axexample", name="audit-iad",
        retentionRules=[{"displayName": "kept", "duration": {"timeAmount": "365", "timeUnit": "DAYS"}}],
    )  # fmt: skip
    w.make(
        "connector", "oci:Sch/connector:Connector",
        compartmentId=data, displayName="audit",
        source={
            "kind": "logging",
            "logSources": [
                {"compartmentId": TENANCY, "logGroupId": "_Audit_Include_Subcompartment"},
                {"compartmentId": data, "logGroupId": w.id("logs")},
            ],
        },
        tasks=[{"kind": "logRule", "condition": "data.eventName='UpdatePolicy'"}],
        target={"kind": "objectStorage", "bucket": "audit-iad", "namespace": "axexample"},
    )  # fmt: skip
    topic = w.make("ons", "oci:Ons/notificationTopic:NotificationTopic", compartmentId=data, name="alarms").id
    w.make(
        "told", "oci:Ons/subscription:Subscription",
        compartmentId=data, topicId=topic, protocol="EMAIL", endpoint="desk@example.com",
    )  # fmt: skip
    w.make(
        "event-rule", "oci:Events/rule:Rule",
        compartmentId=TENANCY, displayName="policies", isEnabled=True,
        condition=json.dumps({"eventType": ["com.oraclecloud.identitycontrolplane.updatepolicy"]}),
        actions={"actions": [{"actionType": "ONS", "isEnabled": True, "topicId": topic}]},
    )  # fmt: skip
    w.make(
        "health-alarm", "oci:Monitoring/alarm:Alarm",
        compartmentId=data, displayName="health", metricCompartmentId=data, namespace="oci_healthchecks",
        query='HTTP.isHealthy[1m]{resourceDisplayName = "api"}.groupBy(target).mean() < 0.5',
        severity="CRITICAL", isEnabled=True, destinations=[topic],
    )  # fmt: skip
    _trail_in_aws(w)


def _trail_in_aws(w: World) -> None:
    w.make("tt-plain", "aws:s3/bucket:Bucket", bucket="tt-plain")
    w.make("tt-trails", "aws:s3/bucket:Bucket", bucket="tt-trails")
    objects = f"arn:aws:s3:::tt-trails/AWSLogs/{ACCOUNT}/*"
    bound = {"StringEquals": {"aws:SourceArn": [TRAILS, f"{TRAILS}-2"]}}
    acl = {"StringEquals": {**bound["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}
    w.make(
        "trails-policy", "aws:s3/bucketPolicy:BucketPolicy", bucket="tt-trails",
        policy=document(
            TRAIL | {"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::tt-trails", "Condition": bound},
            TRAIL | {"Action": "s3:PutObject", "Resource": objects, "Condition": acl},
        ),
    )  # fmt: skip
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"{TRAILS}*"}}
    key = w.make(
        "trails-key", "aws:kms/key:Key",
        policy=document(
            KEY_ADMIN, TRAIL | {"Action": "kms:GenerateDataKey*", "Resource": "*", "Condition": context}
        ),
    )  # fmt: skip
    w.make(
        "trail", "aws:cloudtrail/trail:Trail",
        name="watch", s3BucketName="tt-trails", kmsKeyId=key.outputs["arn"], isMultiRegionTrail=True,
        advancedEventSelectors=[
            {"name": "management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
        ],
    )  # fmt: skip
    w.make(
        "bus-rule", "aws:cloudwatch/eventRule:EventRule",
        name="changes", eventPattern=json.dumps({"source": ["aws.kms"], "detail": {"eventName": ["DisableKey"]}}),
    )  # fmt: skip
    topic = w.id("topic")
    w.make("bus-target", "aws:cloudwatch/eventTarget:EventTarget", rule="changes", targetId="topic", arn=topic)
    publish = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    w.make(
        "topic-policy", "aws:sns/topicPolicy:TopicPolicy", arn=topic, policy=document(publish | {"Resource": topic})
    )  # fmt: skip
    w.make(
        "listener-mail", "aws:sns/topicSubscription:TopicSubscription",
        topic=topic, protocol="email", endpoint="desk@example.com",
    )  # fmt: skip
