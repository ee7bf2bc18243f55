"""Operators that seed a leak into a correct stack: each must be refuted or undecided wherever it applies."""

# ruff: noqa: E501 - a case is a line

from collections.abc import Iterator, Mapping
from copy import deepcopy

from infra.verify.graph import UNKNOWN
from tests.mutants.mutant import (
    Changes,
    Operator,
    Stack,
    State,
    added,
    deleted,
    document,
    drop,
    each,
    edited,
    gone,
    put,
    short,
)

ABROAD, ALIEN = "eu-frankfurt-1", "203.0.113.7"
STORES, KEYS = "oci:ObjectStorage/bucket:Bucket", "oci:Kms/key:Key"
STRANGERS = "333333333333"
OTHER_ROLE = "arn:aws:iam::999999999999:role/other"


def under_another(*kinds: str) -> Operator:
    """A resource of Oracle Cloud under the provider of another region."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        providers = [it["urn"] for it in stack.of("oci") if "oci-us-" in it["urn"]]
        for state in stack.of(*kinds):
            own = state["provider"].rpartition("::")[0]
            other = next((it for it in providers if it != own), None)
            if own in providers and other:
                yield short(state), {state["urn"]: {**state, "provider": f"{other}::id"}}

    return operator


def without(mark: str, *kinds: str) -> Operator:
    """Without a mark of a resource."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            if state.get(mark):
                yield short(state), {state["urn"]: {**state, mark: False}}

    return operator


def out_of(kind: str, type_: str) -> Operator:
    """A gateway in the VCN of each table of a private network, a route to it and a rule that lets everything out."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for table in stack.of("RouteTable"):
            name = table["urn"].rpartition("::")[2]
            if not name.startswith(("data-", "endpoint-")):
                continue
            urn = f"urn:pulumi:{stack.name}::usdata::{type_}::out"
            gateway: State = {
                "urn": urn, "type": type_, "custom": True, "provider": table["provider"], "inputs": {"vcnId": UNKNOWN},
                "propertyDependencies": {"vcnId": table["propertyDependencies"]["vcnId"]},
            }  # fmt: skip
            route = {"destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK", "networkEntityId": UNKNOWN}
            opened = edited(table, lambda given, route=route: given["routeRules"].append(route))
            opened["propertyDependencies"]["routeRules"] = [*opened["propertyDependencies"]["routeRules"], urn]
            region = name.partition("-")[2]
            rule = stack.named("NetworkSecurityGroupSecurityRule", f"data-{region}-to-services")
            wide = edited(rule, lambda given: given.update(destination="0.0.0.0/0", destinationType="CIDR_BLOCK"))
            yield f"{kind} for {name}", {urn: gateway, table["urn"]: opened, rule["urn"]: wide}

    return operator


def more_of(kind: str, **inputs: object) -> Operator:
    """One more like each resource of a kind, with other inputs."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(kind):
            urn = f"{state['urn']}-more"
            yield short(state), {urn: {**state, "urn": urn, "inputs": {**state["inputs"], **inputs}}}

    return operator


def beside_data(type_: str) -> Operator:
    """A gateway in each network that holds data, without a route to it."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for vcn in stack.of("Vcn"):
            if "::vcn-" in vcn["urn"]:
                urn = f"urn:pulumi:{stack.name}::usdata::{type_}::out"
                yield short(vcn), {urn: {
                    "urn": urn, "type": type_, "custom": True, "provider": vcn["provider"],
                    "inputs": {"vcnId": UNKNOWN}, "propertyDependencies": {"vcnId": [vcn["urn"]]},
                }}  # fmt: skip

    return operator


def item(name: str, **value: object) -> Operator:
    """The first object of a list with other values."""
    kinds = {"answers": "SteeringPolicy", "items": "Rrset", "routeRules": "RouteTable", "services": "ServiceGateway"}
    where = "HostnameRouting" if name == "items" else ""  # what a text record says answers nobody
    return each(lambda given: given[name][0].update(deepcopy(value)), kinds[name], having=name, where=where)


def more(name: str, value: object, *kinds: str, where: str = "") -> Operator:
    """One more element of a list."""
    return each(lambda given: given[name].append(deepcopy(value)), *kinds, having=name, where=where)


def said(change: "str", into: str) -> Operator:
    """A text in the first statement of each policy that has it."""

    def rewrite(given: State) -> None:
        at = next(at for at, it in enumerate(given["statements"]) if change in it)
        given["statements"][at] = given["statements"][at].replace(change, into)

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of("Policy"):
            if state["type"].startswith("oci:") and any(change in it for it in state["inputs"]["statements"]):
                yield short(state), {state["urn"]: edited(state, rewrite)}

    return operator


def beside_duty(group: str, what: str) -> Operator:
    """A statement that lets a group do something from its network that is not its duty, in each policy of its own."""

    def rewrite(given: State) -> None:
        first = next(it for it in given["statements"] if f" group {group} " in it)
        given["statements"].append(f"Allow group {group} to {what} where {first.partition(' where ')[2]}")

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of("Policy"):
            if state["type"].startswith("oci:") and any(
                f" group {group} " in it for it in state["inputs"]["statements"]
            ):
                yield short(state), {state["urn"]: edited(state, rewrite)}

    return operator


def within(kind: str, place: str) -> Operator:
    """A resource of Oracle Cloud in another compartment."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        urn = stack.named("Compartment", place)["urn"]
        for state in stack.of(kind):
            if state["propertyDependencies"].get("compartmentId", [urn]) != [urn] and state["urn"] != urn:
                copy = {**state, "propertyDependencies": {**state["propertyDependencies"], "compartmentId": [urn]}}
                yield short(state), {state["urn"]: copy}

    return operator


def rooted(*kinds: str) -> Operator:
    """A resource of Oracle Cloud at the root of the tenancy."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        root = next(stack.of("Quota"))["inputs"]["compartmentId"]
        for state in stack.of(*kinds):
            if state["type"].startswith("oci:"):
                yield short(state), {state["urn"]: edited(state, lambda given: given.update(compartmentId=root))}

    return operator


def unknown(name: str, *kinds: str) -> Operator:
    """An input that is not known, with nothing that it comes from."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            if state["inputs"].get(name) not in (None, UNKNOWN):
                copy = edited(state, lambda given: given.update({name: UNKNOWN}))
                copy["propertyDependencies"] = {k: v for k, v in copy["propertyDependencies"].items() if k != name}
                yield short(state), {state["urn"]: copy}

    return operator


def sentence(name: str, change: "object") -> Operator:
    """Another statement of a name in the policy of each bucket that has it."""
    return document("policy", lambda s: change(s[name]), "BucketPolicy")  # type: ignore[operator]


def denial(change: "object") -> Operator:
    """Another denial of reading, of each backup."""
    return sentence("DenyReading", change)


def key(change: "object") -> Operator:
    """Another statement on the use of each site's key."""
    return document("policy", lambda s: change(s["UseThroughS3"]), "Key")  # type: ignore[operator]


def retention(change: "object") -> Operator:
    """Another first retention rule of each bucket that has one."""
    return each(lambda given: change(given["retentionRules"][0]), "Bucket", having="retentionRules")  # type: ignore[operator]


TRAIL = "Allow group deployers to {} in compartment usds:audit where all {{request.networkSource.name='usds-us-office', request.region='iad'}}"
READ = "allow {} to read objects in compartment usds:protected"
IN_COMPARTMENTS = (
    "Bucket", "Vault", "Key", "Vcn", "Subnet", "Drg", "LoadBalancer", "Zone", "LogGroup", "Connector", "NotificationTopic",
    "PrivateEndpoint", "SteeringPolicy", "HttpMonitor", "Alarm", "SecurityRecipe",
)  # fmt: skip
LEAKS: Mapping[str, Operator] = {
    "T1 a provider abroad": put("oci", region=ABROAD),
    "T1 a provider of the government": put("oci", region="us-gov-ashburn-1"),
    "T1 a provider of no region": drop("region", "oci", "aws"),
    "T1 a provider somewhere": unknown("region", "oci", "aws"),
    "T1 a resource under another provider": under_another("Vault", "Key", "Subnet"),
    "T1 a backup's region": put("BucketVersioning", "BucketPolicy", region="eu-central-1"),
    "T1 another account": put("aws", allowedAccountIds='["999999999999"]'),
    "T1 another tenancy": put("oci", tenancyOcid="ocid1.tenancy.oc1..x"),
    "T2 replication abroad": put("ReplicationPolicy", destinationRegionName=ABROAD),
    "T2 replication to a region without that bucket": put("ReplicationPolicy", destinationRegionName="us-sanjose-1"),
    "T2 replication to a stranger's bucket": put("ReplicationPolicy", destinationBucketName="stranger"),
    "T2 replication to another tenancy": put("ReplicationPolicy", namespace="stranger"),
    "T2 replication among other data": each(lambda given: given.update(destinationBucketName="usds-avatars-phx"), "ReplicationPolicy", where="profiles"),
    "T2 replication into the trail": put("ReplicationPolicy", destinationBucketName="usds-audit-phx"),
    "T2 logs among data": each(lambda given: given["target"].update(bucket=given["target"]["bucket"].replace("audit", "avatars")), "Connector"),
    "T2 replication somewhere": unknown("destinationRegionName", "ReplicationPolicy"),
    "T2 reports for a stranger": put("Inventory", destination={"bucket": {"bucketArn": "arn:aws:s3:::stranger"}}),
    "T2 a volume replica abroad": added("oci:Core/volume:Volume", "oci", blockVolumeReplicas=[{"availabilityDomain": "Uocm:EU-FRANKFURT-1-AD-1"}]),
    "T2 a secret replicated abroad": added("oci:Vault/secret:Secret", "oci", replicationConfig={"replicationTargets": [{"targetRegion": ABROAD}]}),
    "T2 a bucket replicated": added("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "aws", bucket="b", rules=[{"destination": {"bucket": "arn:aws:s3:::x"}}]),
    "T3 an answer of nobody": more("answers", {"name": "old", "rtype": "A", "rdata": ALIEN}, "SteeringPolicy"),
    "T3 an answer switched off": more("answers", {"name": "old", "rtype": "A", "rdata": ALIEN, "isDisabled": True}, "SteeringPolicy"),
    "T3 a name as an answer": more("answers", {"name": "old", "rtype": "CNAME", "rdata": "old.example.net"}, "SteeringPolicy"),
    "T3 another address": item("answers", rdata=ALIEN),
    "T3 no answer": put("SteeringPolicy", answers=[]),
    "T3 rules without health": put("SteeringPolicy", rules=[{"ruleType": "LIMIT", "defaultCount": 1}]),
    "T3 unwatched answers": drop("healthCheckMonitorId", "SteeringPolicy"),
    "T3 a long lifetime": put("SteeringPolicy", ttl=86400),
    "T3 a record elsewhere": item("items", rdata=ALIEN),
    "T3 a record of another type": each(lambda given: given.update(rtype="CNAME"), "Rrset", having="items"),
    "T3 no record": gone("Rrset", where="HostnameRouting"),
    "T3 no policy": gone("SteeringPolicyAttachment"),
    "T3 an attachment elsewhere": put("SteeringPolicyAttachment", domainName="www.example.org"),
    "T3 an unsigned zone": put("Zone", dnssecState="DISABLED"),
    "T3 a zone fed from elsewhere": put("Zone", externalMasters=[{"address": ALIEN}]),
    "T3 a listener without TLS": drop("sslConfiguration", "Listener"),
    "T3 a back end elsewhere": put("Backend", ipAddress=ALIEN),
    "T3 an undeclared back end": put("Backend", ipAddress="10.16.32.99"),
    "T3 back ends in plain text": drop("sslConfiguration", "BackendSet"),
    "T3 whatever back end": each(lambda given: given["sslConfiguration"].update(verifyPeerCertificate=False), "BackendSet"),
    "T3 back ends that a stranger vouches for": each(lambda given: given["sslConfiguration"].update(trustedCertificateAuthorityIds=["x"]), "BackendSet"),
    "T3 a listener at another port": put("Listener", port=80),
    "T3 a listener with old TLS": each(lambda given: given["sslConfiguration"].update(protocols=["TLSv1", "TLSv1.2"]), "Listener"),
    "T3 a stranger's certificate": each(lambda given: given["sslConfiguration"].update(certificateIds=["x"]), "Listener"),
    "T3 a firewall that sends elsewhere": more("actions", {"name": "go", "type": "RETURN_HTTP_RESPONSE", "code": 302, "headers": [{"name": "Location", "value": "https://x.example"}]}, "AppFirewallPolicy"),
    "T3 an address that another can get": put("PublicIp", lifetime="EPHEMERAL"),
    "T3 a monitor that looks elsewhere": put("HttpMonitor", targets=[ALIEN]),
    "T3 another way to answer": added("aws:route53/record:Record", "aws", name="api"),
    "T4 an internet gateway": out_of("internet gateway", "oci:Core/internetGateway:InternetGateway"),
    "T4 a NAT gateway": out_of("NAT gateway", "oci:Core/natGateway:NatGateway"),
    "T4 a subnet open to public addresses": put("Subnet", prohibitPublicIpOnVnic=False, cidrBlock="10.16.0.0/24"),
    "T4 services of another region": put("ServiceGateway", services=[{"serviceId": "ocid1.service.oc1.fra.aaaa"}]),
    "T4 a stranger's peer": put("RemotePeeringConnection", peerId="ocid1.remotepeeringconnection.oc1..x"),
    "T4 a peer of another tenancy": put("RemotePeeringConnection", peerTenancyId="ocid1.tenancy.oc1..x", peerId="x"),
    "T4 an attachment of something else": put("DrgAttachment", networkDetails={"type": "IPSEC_TUNNEL", "id": "x"}),
    "T4 a route to a stranger": each(lambda given: given["routeRules"][0].update(networkEntityId="x"), "RouteTable", having="routeRules", where="RegionalNetwork"),
    "T4 routes that are not known": unknown("routeRules", "RouteTable"),
    "T4 a rule for everybody": each(lambda given: given.update({side: "0.0.0.0/0" for side in ("source", "destination") if side in given}, sourceType="CIDR_BLOCK", destinationType="CIDR_BLOCK"), "NetworkSecurityGroupSecurityRule", where="::data-"),
    "T4 a route to everywhere": each(lambda given: given["routeRules"][-1].update(destination="0.0.0.0/0"), "RouteTable", having="routeRules", where="::data-"),
    "T4 Oracle's default list": gone("DefaultSecurityList", where="::default-"),
    "T4 a gateway beside data": beside_data("oci:Core/internetGateway:InternetGateway"),
    "T4 a NAT beside data": beside_data("oci:Core/natGateway:NatGateway"),
    "T4 a peer of another region": put("RemotePeeringConnection", peerRegionName=ABROAD),
    "T4 a gateway of no network": put("ServiceGateway", vcnId="x"),
    "T4 a local peering": added("oci:Core/localPeeringGateway:LocalPeeringGateway", "oci", vcnId=UNKNOWN),
    "T5 everybody": more("statements", READ.format("any-user"), "Policy", where="oci:"),
    "T5 a stranger": more("statements", READ.format("group strangers"), "Policy", where="oci:"),
    "T5 another tenancy": more("statements", "admit group x of tenancy y to read objects in tenancy", "Policy", where="oci:"),
    "T5 all resources": more("statements", "allow group storage-operators to manage all-resources in tenancy", "Policy", where="oci:"),
    "T5 a service's other powers": more("statements", "Allow service objectstorage-us-ashburn-1 to manage policies in tenancy", "Policy", where="oci:"),
    "T5 no network": said("request.networkSource.name=", "request.user.name="),
    "T5 another region": said("request.region='iad'", "request.region='fra'"),
    "T5 no condition": said(" where all {", " where any {"),
    "T5 a statement that is not known": more("statements", UNKNOWN, "Policy", where="oci:"),
    "T5 the internet as a network": put("NetworkSource", publicSourceLists=["0.0.0.0/0"]),
    "T5 a pre-authenticated request": added("oci:ObjectStorage/preauthrequest:Preauthrequest", "oci", bucket="b"),
    "T5 an API key": added("oci:Identity/apiKey:ApiKey", "oci", userId="x"),
    "T5 a policy that is not at the root": each(lambda given: given.update(compartmentId="x"), "Policy", where="oci:"),
    "T5 a stranger's namespace": put("Bucket", "NamespaceMetadata", "PrivateEndpoint", "ObjectLifecyclePolicy", namespace="stranger"),
    "T5 an endpoint into a stranger's namespace": each(lambda given: given["accessTargets"][0].update(namespace="stranger"), "PrivateEndpoint"),
    "T5 buckets of another interface at the root": drop("defaultS3compartmentId", "NamespaceMetadata"),
    "T5 somebody else deploys": put("aws", assumeRoles='[{"roleArn": "arn:aws:iam::111111111111:role/master"}]'),
    "T5 whatever encrypts": document("policy", lambda s: s.pop("DenyOtherEncryption"), "BucketPolicy", where="::profiles-"),
    "T5 whoever puts it keeps the key": document("policy", lambda s: s.pop("DenyCustomerKeys"), "BucketPolicy", where="::profiles-"),
    "T5 plain text for S3's calls": sentence("DenyPlainText", lambda it: it.update(NotAction=it.pop("Action"))),
    "T5 plain text for everybody": sentence("DenyPlainText", lambda it: it.update(NotPrincipal=it.pop("Principal"))),
    "T5 plain text for its own objects": sentence("DenyPlainText", lambda it: it.update(NotResource=it.pop("Resource"))),
    "T5 whatever encrypts what is put": sentence("DenyOtherEncryption", lambda it: it.update(NotAction=it.pop("Action"))),
    "T5 a denial that AWS does not take": sentence("DenyOtherEncryption", lambda it: it["Condition"]["Null"].update({"s3:x-amz-server-side-encryption": "x"})),
    "T5 a denial of nobody in particular": sentence("DenyReading", lambda it: it.pop("Principal")),
    "T5 an allow by another spelling": each(lambda given: given.update(policy=given["policy"][:-2] + ', {"Effect": "\\u0041llow", "Principal": "*", "Action": "s3:PutObject", "NotResource": "x"}]}'), "BucketPolicy", where="::profiles-"),
    "T5 DataSync for a stranger": document("assumeRolePolicy", lambda s: s["AssumeByDataSync"].update(Condition={"StringEquals": {"aws:SourceAccount": STRANGERS}, "ArnLike": {"aws:SourceArn": f"arn:aws:datasync:us-east-1:{STRANGERS}:*"}}), "Role"),
    "T5 inventories of a stranger": sentence("AllowInventoryDelivery", lambda it: it.update(Condition={"StringEquals": {"aws:SourceAccount": STRANGERS}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::somebodys"}})),
    "T5 a key through another service": key(lambda it: it.update(Condition={"StringEquals": {"kms:ViaService": "lambda.us-east-1.amazonaws.com"}})),
    "T5 somebody of the account administers a key": document("policy", lambda s: s["Administer"].update(Principal={"AWS": s["Administer"]["Principal"]["AWS"].partition(":role")[0] + ":root"}, Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/interns"}}), "Key"),
    "T5 another key of the account": document("policy", lambda s: s["Key"]["Condition"].update({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/payroll"}}), "RolePolicy"),
    "T5 a vault at the root": rooted("Vault", "Key"),
    "T5 a network at the root": rooted("Vcn", "Subnet", "LoadBalancer"),
    "T5 an endpoint to the root": rooted("PrivateEndpoint"),
    "T5 a stranger is let do anything": more_of("RolePolicy", role="stranger"),
    "T5 a bucket that anybody reads": each(lambda given: given.update(accessType="ObjectRead"), "Bucket", where="oci:"),
    "T5 a bucket that anybody reads by name": each(lambda given: given.update(accessType="ObjectReadWithoutList"), "Bucket", where="profiles-us"),
    "T5 a bucket among public data": within("Bucket", "public"),
    "T5 a bucket of the edge": within("Bucket", "edge"),
    "T5 a compartment inside another": within("Compartment", "edge"),
    "T5 a network that nobody declared": more("publicSourceLists", "192.88.0.0/16", "NetworkSource"),
    "T5 a group that nobody declared": added("oci:Identity/group:Group", "oci", name="strangers"),
    "T5 a user that nobody declared": added("oci:Identity/user:User", "oci", name="stranger"),
    "T5 a member that nobody declared": added("oci:Identity/userGroupMembership:UserGroupMembership", "oci", userId="x", groupId="y"),
    "T5 a key of a stranger": added("oci:Identity/customerSecretKey:CustomerSecretKey", "oci", userId="x"),
    "T5 an auditor who reads": beside_duty("auditors", "read objects in compartment usds:protected"),
    "T5 an auditor who lets others in": beside_duty("auditors", "manage groups in tenancy"),
    "T5 an operator who opens buckets": beside_duty("storage-operators", "use buckets in compartment usds:protected"),
    "T5 a deployer who ends keys": beside_duty("deployers", "{KEY_DELETE, VAULT_DELETE} in compartment usds:keys"),
    "T5 an operator of networks who changes policies": beside_duty("network-operators", "manage policies in tenancy"),
    "T5 no denial of reading": denial(lambda it: it.update(Action="s3:DeleteBucket")),
    "T5 a denial of less": denial(lambda it: it.update(Action=["s3:GetObjectAcl"])),
    "T5 a denial with a way out": denial(lambda it: it.setdefault("Condition", {}).update(Bool={"aws:SecureTransport": "false"})),
    "T5 one more reader by a session": denial(lambda it: it.setdefault("Condition", {}).setdefault("ArnNotEquals", {}).update({"aws:PrincipalArn": ["arn:aws:sts::111111111111:federated-user/x"]})),
    "T5 one more reader": denial(lambda it: it.setdefault("Condition", {}).setdefault("ArnNotEquals", {}).update({"aws:PrincipalArn": [OTHER_ROLE]})),
    "T5 a denial of an account": denial(lambda it: it.update(Principal={"AWS": "111111111111"})),
    "T5 a denial elsewhere": denial(lambda it: it.update(Resource="arn:aws:s3:::other/*")),
    "T5 a deployer that says what it may": document("policy", lambda s: s["DeployersIam"]["Action"].append("iam:PutRolePolicy"), "RolePolicy"),
    "T5 a role that may become anything": drop("permissionsBoundary", "Role"),
    "T5 no policy": gone("BucketPolicy"),
    "T5 a policy that is not known": put("BucketPolicy", policy=UNKNOWN),
    "T5 a bucket open to the public": put("BucketPublicAccessBlock", restrictPublicBuckets=False),
    "T5 a key for the account": key(lambda it: it.update(Principal={"AWS": "arn:aws:iam::111111111111:root"})),
    "T5 a key for all": key(lambda it: it.update(Principal="*")),
    "T5 a grant of a key": added("aws:kms/grant:Grant", "aws", operations=["Decrypt"]),
    "T5 a role for all": document("assumeRolePolicy", lambda s: [it.update(Principal="*", Condition={}) for it in s.values()], "Role"),
    "T6 a bucket under Oracle's key": each(lambda given: given.pop("kmsKeyId"), "Bucket", having="kmsKeyId"),
    "T6 a stranger's key": each(lambda given: given.update(kmsKeyId="ocid1.key.oc1.iad.x.y"), "Bucket", having="kmsKeyId"),
    "T6 a key in software": each(lambda given: given.update(protectionMode="SOFTWARE"), "Key", having="protectionMode"),
    "T6 a key kept nobody knows how": unknown("protectionMode", "Key"),
    "T6 an external key": each(lambda given: given.update(externalKeyReference={"externalKeyId": "x"}), "Key", having="protectionMode"),
    "T6 another vault": put("Vault", vaultType="EXTERNAL"),
    "T6 a key of every region": each(lambda given: given.update(multiRegion=True), "Key", where="aws:"),
    "T6 a backup under S3's key": put("BucketServerSideEncryptionConfiguration", rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]),
    "T6 a backup without encryption": gone("BucketServerSideEncryptionConfiguration"),
    "T7 a holder is deleted": deleted("Bucket", "Vault"),
    "T7 a holder is replaced": deleted("Bucket", "Vault", op="replace"),
    "T7 a holder without protection": without("protect", "Bucket", "Vault", "Key"),
    "T7 a holder that is not retained": without("retainOnDelete", "Bucket", "Vault", "Key"),
    "T7 destroyed by force": each(lambda given: given.update(forceDestroy=True), "Bucket", where="aws:"),
    "T7 objects that expire": put("ObjectLifecyclePolicy", rules=[{"action": "DELETE", "isEnabled": True, "target": "objects"}]),
    "T7 backups that expire": put("BucketLifecycleConfiguration", rules=[{"status": "Enabled", "expiration": {"days": 1}}]),
    "T8 a type that nobody knows": added("oci:Streaming/stream:Stream", "oci", name="x"),
    "T8 a property that nobody knows": put("Bucket", "Subnet", "Vcn", newProperty="x"),
    "T8 a compartment of nobody's": each(lambda given: given.update(compartmentId="ocid1.compartment.oc1..x"), *IN_COMPARTMENTS, having="compartmentId"),
    "T8 a compartment for whatever the S3 interface makes": put("NamespaceMetadata", defaultS3compartmentId="ocid1.compartment.oc1..x"),
    "T8 a firewall of another balancer": put("AppFirewall", loadBalancerId="ocid1.loadbalancer.oc1.fra.x"),
    "T8 a firewall with another policy": put("AppFirewall", webAppFirewallPolicyId="ocid1.webappfirewallpolicy.oc1.fra.x"),
    "T8 one more address of a balancer": more("reservedIps", {"id": "ocid1.publicip.oc1.fra.x"}, "LoadBalancer"),
    "T8 a target's key": put("Alias", targetKeyId="arn:aws:kms:eu-west-1:999999999999:key/x"),
    "T9 a log less": gone("Log"),
    "T9 a log that is off": put("Log", isEnabled=False),
    "T9 a log that may be off": unknown("isEnabled", "Log"),
    "T9 a log of another category": each(lambda given: given["configuration"]["source"].update(category="other"), "Log"),
    "T9 a connector less": gone("Connector"),
    "T9 a connector that is off": put("Connector", state="INACTIVE"),
    "T9 a connector that picks": each(lambda given: given.setdefault("tasks", []).append({"kind": "logRule", "condition": "data.x='y'"}), "Connector"),
    "T9 a connector from elsewhere": each(lambda given: given["source"]["logSources"][0].update(logGroupId="_Audit", compartmentId="x"), "Connector"),
    "T9 a retention of a month": retention(lambda rule: rule["duration"].update(timeAmount="30")),
    "T9 a retention that is never locked": retention(lambda rule: rule.pop("timeRuleLocked")),
    "T9 a retention that is locked later": retention(lambda rule: rule.update(timeRuleLocked="2030-01-01T00:00:00Z")),
    "T9 versions instead of retention": each(lambda given: given.update(versioning="Enabled"), "Bucket", having="retentionRules"),
    "T9 a trail that anyone reads": each(lambda given: given.update(accessType="ObjectRead"), "Bucket", having="retentionRules"),
    "T9 arrivals that nobody hears of": each(lambda given: given.update(objectEventsEnabled=False), "Bucket", having="retentionRules"),
    "T9 events that go sooner": each(lambda given: given.update(retentionPeriodDays=90), "Configuration", where="oci:Audit"),
    "T9 a rule less": gone("Rule", where="oci:Events"),
    "T9 a rule that is off": each(lambda given: given.update(isEnabled=False), "Rule", where="oci:Events"),
    "T9 a rule of another place": each(lambda given: given.update(compartmentId="ocid1.compartment.oc1..x"), "Rule", where="::changes-"),
    "T9 somebody less is told": gone("Subscription"),
    "T9 somebody else is told": put("Subscription", endpoint="x@example.com"),
    "T9 somebody more is told": more_of("Subscription", endpoint="x@example.com"),
    "T9 nobody is told by mail": put("Subscription", protocol="SMS"),
    "T9 a rule that tells something else": each(lambda given: given["actions"]["action"][0].update(actionType="FAAS"), "Rule", where="oci:Events"),
    "T9 a log that no service writes": put("Log", logType="CUSTOM"),
    "T9 a connector that carries metrics": each(lambda given: given["source"].update(kind="monitoring"), "Connector"),
    "T9 a connector that has a function pick": each(lambda given: given["tasks"][0].update(kind="function"), "Connector", having="tasks"),
    "T9 somebody more is told of a site": more_of("TopicSubscription", endpoint="x@example.com"),
    "T9 a site's calls are told elsewhere": more_of("EventTarget", arn="arn:aws:sns:eu-west-1:999999999999:x"),
    "T9 packet routing of a compartment": put("ZprPolicy", compartmentId="ocid1.compartment.oc1..x"),
    "T9 an attribute out of use": put("SecurityAttribute", isRetired=True),
    "T9 alarms under another name": each(lambda given: given["target"].update(objectNamePrefix="quiet"), "Connector", having="tasks"),
    "T9 connectors are somebody's": more("statements", TRAIL.format("manage serviceconnectors"), "Policy", where="oci:"),
    "T9 retention is somebody's": more("statements", TRAIL.format("{RETENTION_RULE_MANAGE}"), "Policy", where="oci:"),
    "T9 the trail is read": more("statements", TRAIL.format("read objects"), "Policy", where="oci:"),
    "T9 a quota less": gone("Quota"),
    "T9 a zone less": gone("SecurityZone"),
    "T9 a control policy less": gone("PolicyAttachment"),
}  # fmt: skip
"""By theorem and name."""
