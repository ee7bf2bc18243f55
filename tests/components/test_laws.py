"""Laws that hold for everything the program registers, for both shipped stacks, in a preview and with known ids.

They prove what the program asks for; that a cloud accepts it is for the runs against the simulated clouds.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from infra.facts import TypeFacts, type_facts
from infra.facts.sdk import describe
from infra.residency.regions import REGIONS, LegacyRegion, UsRegion
from tests.support.programs import shipped
from tests.support.recorder import UNKNOWN, Recorded, Registration

TRUST = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust",
}
"""Of these what is imported lets jobs deploy, and says what they may."""

HOLDERS = {
    "aws:kms/alias:Alias",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "oci:Kms/key:Key",
    "oci:Kms/vault:Vault",
    "oci:ObjectStorage/bucket:Bucket",
}
"""What holds data or keys, and what guards it."""

OF_THE_TENANCY = (
    "oci:Audit/",
    "oci:CloudGuard/",
    "oci:Identity/",
    "oci:SecurityAttribute/",
    "oci:Zpr/",
    "oci:Limits/",
    "oci:Dns/",
    "oci:HealthChecks/httpMonitor:",
)
"""Beginnings of the types that are in no region."""

SET_ELSEWHERE = {"oci:Core/publicIp:PublicIp": ("privateIpId",), "oci:Core/ipv6:Ipv6": ("vnicId",)}
"""The only properties whose changes are ignored: a load balancer that takes an address sets them."""

TELLING = ("aws:cloudwatch/event", "aws:sns/")
"""Beginnings of the types that hold nothing and tell people of calls; those of IAM are told of in Virginia."""

FROM_A_CLOUD = {
    # identifiers
    "aws:cloudtrail/trail:Trail": {"kmsKeyId"},
    "aws:kms/alias:Alias": {"targetKeyId"},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"
    },
    "oci:CloudGuard/securityRecipe:SecurityRecipe": {"compartmentId"},
    "oci:CloudGuard/securityZone:SecurityZone": {"compartmentId", "securityZoneRecipeId"},
    "oci:CloudGuard/target:Target": {"compartmentId", "targetResourceId"},
    "oci:Core/defaultRouteTable:DefaultRouteTable": {"compartmentId", "manageDefaultResourceId"},
    "oci:Core/defaultSecurityList:DefaultSecurityList": {"compartmentId", "manageDefaultResourceId"},
    "oci:Core/drg:Drg": {"compartmentId"},
    "oci:Core/internetGateway:InternetGateway": {"compartmentId", "vcnId"},
    "oci:Core/publicIp:PublicIp": {"compartmentId"},
    "oci:Core/drgAttachment:DrgAttachment": {"drgId", "networkDetails.id"},
    "oci:Core/networkSecurityGroup:NetworkSecurityGroup": {"compartmentId", "vcnId"},
    "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule": {
        "destination",  # another security group
        "networkSecurityGroupId",
        "source",
    },
    "oci:Core/remotePeeringConnection:RemotePeeringConnection": {"compartmentId", "drgId", "peerId"},
    "oci:Core/routeTable:RouteTable": {"compartmentId", "routeRules.networkEntityId", "vcnId"},
    "oci:Core/serviceGateway:ServiceGateway": {"compartmentId", "vcnId"},
    "oci:Core/subnet:Subnet": {"compartmentId", "routeTableId", "securityListIds", "vcnId"},
    "oci:Core/vcn:Vcn": {"compartmentId"},
    "oci:Dns/rrset:Rrset": {"items.rdata", "zoneNameOrId"},  # addresses of edges
    "oci:Dns/steeringPolicy:SteeringPolicy": {"answers.rdata", "compartmentId", "healthCheckMonitorId"},
    "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment": {"steeringPolicyId", "zoneId"},
    "oci:Dns/zone:Zone": {"compartmentId"},
    "oci:Events/rule:Rule": {"actions.action.topicId", "compartmentId"},
    "oci:HealthChecks/httpMonitor:HttpMonitor": {"compartmentId", "targets"},
    "oci:HealthChecks/pingMonitor:PingMonitor": {"compartmentId", "targets"},
    "oci:Identity/compartment:Compartment": {"compartmentId"},
    "oci:Identity/tag:Tag": {"tagNamespaceId"},
    "oci:Identity/tagDefault:TagDefault": {"compartmentId", "tagDefinitionId"},
    "oci:Identity/tagNamespace:TagNamespace": {"compartmentId"},
    "oci:Kms/key:Key": {"compartmentId", "managementEndpoint"},
    "oci:Kms/vault:Vault": {"compartmentId"},
    "oci:LoadBalancer/backend:Backend": {"loadBalancerId"},
    "oci:LoadBalancer/backendSet:BackendSet": {"loadBalancerId"},
    "oci:LoadBalancer/listener:Listener": {"loadBalancerId"},
    "oci:LoadBalancer/loadBalancer:LoadBalancer": {
        "compartmentId",
        "networkSecurityGroupIds",
        "reservedIps.id",
        "subnetIds",
    },
    "oci:Logging/log:Log": {"configuration.compartmentId", "configuration.source.resource", "logGroupId"},
    "oci:Logging/logGroup:LogGroup": {"compartmentId"},
    "oci:ObjectStorage/bucket:Bucket": {"compartmentId", "kmsKeyId"},
    "oci:ObjectStorage/namespaceMetadata:NamespaceMetadata": {"defaultS3compartmentId", "defaultSwiftCompartmentId"},
    "oci:ObjectStorage/privateEndpoint:PrivateEndpoint": {
        "accessTargets.compartmentId",
        "compartmentId",
        "nsgIds",
        "subnetId",
    },
    "oci:Monitoring/alarm:Alarm": {"compartmentId", "destinations", "metricCompartmentId"},
    "oci:Ons/notificationTopic:NotificationTopic": {"compartmentId"},
    "oci:Ons/subscription:Subscription": {"compartmentId", "topicId"},
    "oci:Sch/connector:Connector": {
        "compartmentId",
        "source.logSources.compartmentId",
        "source.logSources.logGroupId",
    },
    "oci:VnMonitoring/pathAnalyzerTest:PathAnalyzerTest": {
        "compartmentId",
        "destinationEndpoint.subnetId",
        "sourceEndpoint.subnetId",
    },
    "oci:Waf/appFirewall:AppFirewall": {"compartmentId", "loadBalancerId", "webAppFirewallPolicyId"},
    "oci:Waf/appFirewallPolicy:AppFirewallPolicy": {"compartmentId"},
}
"""The only inputs that a first preview does not know: identifiers, a vault's endpoint, the addresses of edges. Never
a name, a place, a document, a statement or a private range."""

FROM_A_CLOUD_IN_PRODUCTION = FROM_A_CLOUD | {
    "aws:organizations/policyAttachment:PolicyAttachment": {"policyId"},
    "oci:SecurityAttribute/securityAttribute:SecurityAttribute": {"securityAttributeNamespaceId"},
    "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace": {"compartmentId"},
    "oci:Core/ipv6:Ipv6": {"subnetId"},
    "oci:Core/subnet:Subnet": FROM_A_CLOUD["oci:Core/subnet:Subnet"] | {"ipv6cidrBlocks"},  # Oracle's to choose
}


@pytest.fixture(params=["sandbox", "us-prod"])
def stack(request) -> str:
    """Every stack that is shipped."""
    return request.param


@pytest.fixture(params=[True, False], ids=["preview", "up"])
def recorded(request, stack) -> Recorded:
    """What the program registers for it."""
    return shipped(stack, preview=request.param)


def facts_of(token: str) -> TypeFacts:
    """Full facts where they are carried, else what the installed SDK tells."""
    found = type_facts(token) or describe(token)
    assert found is not None, token
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in an input with its path, without indexes."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


def reach(recorded: Recorded, resource: Registration) -> set[str]:
    """URNs of everything that a resource depends on, directly or not."""
    found: set[str] = set()
    ahead = [*resource.dependencies]
    while ahead:
        urn = ahead.pop()
        if urn not in found:
            found.add(urn)
            ahead.extend(recorded.resources[urn].dependencies)
    return found


def test_every_child_hangs_under_its_component(recorded):
    """Managed resources are children of components, components of the stack or of another, providers of the stack."""
    for resource in recorded.resources.values():
        parent = recorded.resources.get(resource.parent)
        if resource.type == "pulumi:pulumi:Stack":
            assert parent is None
        elif resource.is_provider:
            assert parent is not None
            assert parent.type == "pulumi:pulumi:Stack"
        elif resource.custom:
            assert parent is not None
            assert parent.type.startswith("usdata:index:")
        else:
            assert resource.type.startswith("usdata:index:")
            assert parent is not None
            assert parent.type in {"pulumi:pulumi:Stack", "usdata:index:LegacyBackup"}


def test_a_provider_says_where_it_is_in_its_name(recorded):
    """So that another region is another provider; one of each name, and none but what the plan needs."""
    for name, provider in recorded.providers().items():
        assert name.endswith(f"-{provider.inputs['region']}")
        assert not provider.protect


def test_every_oracle_resource_is_where_its_name_says(recorded):
    """The provider's region is the first that the logical name names.

    Without one it is the whole tenancy's, at home: identity, DNS, and the probes of hostnames.
    """
    providers = recorded.providers()
    for resource in recorded.managed():
        if resource.type.startswith("oci:"):
            region = providers[resource.provider].inputs["region"]
            named = [found.group() for found in re.finditer("|".join(UsRegion), resource.name)]
            if resource.type.startswith(OF_THE_TENANCY):
                assert resource.provider.startswith("oci-home-")
                assert named == [] or resource.type in {"oci:Identity/policy:Policy", "oci:Zpr/zprPolicy:ZprPolicy"}
            else:
                assert resource.provider == f"oci-{region}"
                assert named[0] == region


def test_physical_names_carry_the_region_of_their_provider(recorded):
    """A holder that moved would be another holder: the region's key, or the AWS bucket's site, is part of its name."""
    providers = recorded.providers()
    for token in ("oci:ObjectStorage/bucket:Bucket", "oci:Kms/vault:Vault", "oci:Kms/key:Key"):
        for resource in recorded.of_type(token):
            key = REGIONS[providers[resource.provider].inputs["region"]].key
            assert (resource.inputs.get("name") or resource.inputs["displayName"]).endswith(f"-{key}")
    for resource in recorded.of_type("aws:s3/bucket:Bucket"):
        key = REGIONS[resource.inputs["region"]].key
        account = json.loads(providers[resource.provider].inputs["allowedAccountIds"])[0]
        assert resource.import_id or resource.inputs["bucket"].endswith(f"-{key}-{account}")


def test_every_aws_resource_states_its_sites_region(recorded):
    """A resource's own region beats the provider's: each that can have one has it, and it is the provider's.

    But for what tells of calls of IAM, which are reported in Virginia wherever the site is.
    """
    for resource in recorded.managed():
        if not resource.type.startswith("aws:"):
            continue
        facts = facts_of(resource.type)
        region = recorded.providers()[resource.provider].inputs["region"]
        assert region in set(LegacyRegion)
        allowed = {region, "us-east-1"} if resource.type.startswith(TELLING) else {region}
        assert resource.inputs.get("region") in (allowed if "region" in facts.inputs else {None})


def test_holders_and_their_guards_are_protected_and_kept(recorded):
    """Exactly they: what is protected and kept is of these types, and everything of these types is.

    The trust in who deploys, which was there before the stack, is kept without being protected.
    """
    assert {r.type for r in recorded.managed() if r.protect} == HOLDERS
    for resource in recorded.resources.values():
        held = resource.type in HOLDERS
        kept = held or (resource.type in TRUST and bool(resource.import_id))
        assert (resource.protect, resource.retain) == (held, kept), resource.key


def test_only_adopted_buckets_are_imported_and_nothing_is_aliased_or_ignored(stack, recorded):
    """What the stack file adopts, under its own name, and the trust in who deploys; no other option is used."""
    imported = {r.name: r.import_id for r in recorded.resources.values() if r.import_id and r.type not in TRUST}
    assert (
        imported
        == {
            "sandbox": {},
            "us-prod": {
                "profiles-singapore": "tt-sg-profiles-backup",
                "messages-singapore": "tt-sg-messages-backup",
            },
        }[stack]
    )
    for resource in recorded.resources.values():
        assert resource.ignore_changes == SET_ELSEWHERE.get(resource.type, ())
        limits = resource.type == "aws:iam/rolePolicy:RolePolicy" and resource.inputs["name"] == "never"
        names = {name for name, _, _ in resource.aliases} - {""}  # without a name it is the SDK's own: former types
        assert names == ({resource.name.partition("-never-")[0]} if limits else set()), resource.key
        assert {parent for _, _, parent in resource.aliases} <= {""}


def test_a_preview_knows_everything_but_identifiers(stack):
    """The exact set of inputs that are unknown before the first `up`, by type."""
    unknown: dict[str, set[str]] = {}
    for resource in shipped(stack, preview=True).resources.values():
        for path, value in leaves(resource.inputs):
            if value == UNKNOWN:
                unknown.setdefault(resource.type, set()).add(path)
    assert unknown == (FROM_A_CLOUD_IN_PRODUCTION if stack == "us-prod" else FROM_A_CLOUD)


def test_a_preview_registers_what_an_up_does(stack):
    """The same resources with the same options and known inputs, whether or not ids are known."""
    before, after = (shipped(stack, preview=preview).resources for preview in (True, False))
    assert before.keys() == after.keys()

    def known(resource: Registration) -> Registration:
        open_ = {name for name, value in before[resource.urn].inputs.items() if UNKNOWN in str(value)}
        return replace(resource, inputs={n: value for n, value in resource.inputs.items() if n not in open_})

    assert {urn: known(resource) for urn, resource in before.items()} == {
        urn: known(resource) for urn, resource in after.items()
    }


def test_every_name_that_means_something_outside_is_set(recorded):
    """No resource is left for the engine to name, and no two of a type have one name in one place."""
    seen = set()
    for resource in recorded.managed():
        facts = facts_of(resource.type)
        if facts.autoname is not None:
            name = resource.inputs[facts.autoname.property]
            place = (
                resource.type,
                resource.provider,
                resource.inputs.get("region"),
                resource.inputs.get("compartmentId"),
                resource.inputs.get("bucket"),
            )
            assert name
            assert (*place, name) not in seen
            seen.add((*place, name))


def test_inputs_are_known_to_their_types_and_required_ones_are_there(recorded):
    """Against the carried facts about providers; values are for the simulated clouds to check."""
    for resource in recorded.managed():
        facts = facts_of(resource.type)
        assert set(resource.inputs) <= set(facts.inputs), resource.key
        assert {name for name, fact in facts.inputs.items() if fact.required} <= set(resource.inputs), resource.key


def test_what_is_named_as_plain_text_exists_before(recorded):
    """An input that is another resource's physical name, roles' in their account, comes with a dependency on it."""
    named: dict[tuple[str, str], Registration] = {}
    for token, name in (
        ("oci:ObjectStorage/bucket:Bucket", "name"),
        ("aws:s3/bucket:Bucket", "bucket"),
        ("aws:iam/role:Role", "name"),
    ):
        named |= {(r.provider if "role" in token else token[:3], r.inputs[name]): r for r in recorded.of_type(token)}
    pairs = 0
    for resource in recorded.managed():
        for path, value in leaves(resource.inputs):
            text = str(value).removeprefix("arn:aws:s3:::")
            target = named.get((resource.type[:3], text)) or named.get((resource.provider, text))
            if target is not None and target is not resource and path != "name":
                pairs += 1
                assert target.urn in reach(recorded, resource), (resource.key, path)
    assert pairs > 50


def test_what_a_statement_names_exists_before(recorded):
    """Compartment, group and network source of every statement, and the role in a key's and a bucket's policy."""
    compartments = {r.inputs["name"]: r.urn for r in recorded.of_type("oci:Identity/compartment:Compartment")}
    groups = {r.inputs["name"]: r.urn for r in recorded.of_type("oci:Identity/group:Group")}
    sources = {r.inputs["name"]: r.urn for r in recorded.of_type("oci:Identity/networkSource:NetworkSource")}
    for policy in recorded.of_type("oci:Identity/policy:Policy"):
        for statement in policy.inputs["statements"]:
            place = re.search(r" in (?:tenancy|compartment ([\w:-]+))", statement)
            assert place is not None
            assert {compartments[name] for name in (place[1] or "").split(":") if name} <= reach(recorded, policy)
            group = re.match(r"Allow group ([\w-]+) ", statement)
            if group is not None:
                assert groups[group[1]] in reach(recorded, policy)
            for source in re.findall(r"request.networkSource.name='([^']+)'", statement):
                assert sources[source] in reach(recorded, policy)
    roles = {r.provider: r for r in recorded.of_type("aws:iam/role:Role") if not r.import_id}  # a deployer's was there
    for token in ("aws:kms/key:Key", "aws:s3/bucketPolicy:BucketPolicy"):
        for resource in recorded.of_type(token):
            role = roles.get(resource.provider)  # the archive's account has none of ours
            if role is not None and f"role/{role.inputs['name']}" in resource.inputs["policy"]:
                assert role.urn in reach(recorded, resource)


def test_what_a_compartment_requires_is_given(stack):
    """Everything that can be tagged, in a compartment that requires tags, has all of them; there are holders enough."""
    recorded = shipped(stack, preview=False)  # a preview knows no identifiers
    names = {f"<oci:Identity/tag:Tag {r.name}.id>": f"usds.{r.name}" for r in recorded.of_type("oci:Identity/tag:Tag")}
    required: dict[str, set[str]] = {}
    for default in recorded.of_type("oci:Identity/tagDefault:TagDefault"):
        required.setdefault(default.inputs["compartmentId"], set()).add(names[default.inputs["tagDefinitionId"]])
    tagged = 0
    for resource in recorded.managed():
        needed = required.get(resource.inputs.get("compartmentId"), set())
        if needed and "definedTags" in facts_of(resource.type).inputs:
            tagged += 1
            assert needed <= set(resource.inputs["definedTags"]), resource.key
    assert tagged > 15


def test_defined_tags_are_defined_before(recorded):
    """Every holder in Oracle Cloud is tagged, with tags of our namespace that it depends on."""
    tags = {f"usds.{r.name}": r.urn for r in recorded.of_type("oci:Identity/tag:Tag")}
    for token in ("oci:ObjectStorage/bucket:Bucket", "oci:Kms/vault:Vault", "oci:Kms/key:Key"):
        for resource in recorded.of_type(token):
            used = resource.inputs["definedTags"]
            assert used
            assert {r.urn for r in recorded.of_type("oci:Identity/tagDefault:TagDefault")} <= reach(recorded, resource)
            assert {tags[name] for name in used} <= reach(recorded, resource)


def test_components_have_tokens_of_three_parts(recorded):
    """The only form that Pulumi's component hosts accept, and public API."""
    for component in recorded.components():
        assert re.fullmatch(r"usdata:index:[A-Z][A-Za-z]+", component.type)


def test_nothing_is_unprotected_by_an_option(recorded):
    """No input anywhere empties a bucket, spans regions or opens one up."""
    for resource in recorded.managed():
        inputs = resource.inputs
        assert not inputs.keys() & {"forceDestroy", "accelerationStatus"}
        for_logs = resource.name.startswith("audit-")  # what must be wiped one day has no lock
        assert for_logs or not inputs.keys() & {"objectLockEnabled", "retentionRules"}
        assert inputs.get("multiRegion") in {None, False}
        assert inputs.get("accessType") in {None, "NoPublicAccess", "ObjectReadWithoutList"}
