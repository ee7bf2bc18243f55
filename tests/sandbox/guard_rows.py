"""What guards a tenancy, for the sandbox's tests: one valid resource of each type, and rows of the refusal tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra.sandbox.oci.security_zones import CATALOGUE
from tests.sandbox.client import TENANCY

if TYPE_CHECKING:
    from tests.sandbox.world import World

INVALID = "400-InvalidParameter"
NOT_FOUND = "404-NotAuthorizedOrNotFound"
VIOLATION = "400-SecurityZoneViolation"
MALFORMED = "MalformedPolicyDocumentException"
ELSEWHERE = {
    "Sid": "DenyOtherRegions",
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}},
}
STRANGERS = {"Sid": "DenyStrangers", "Effect": "Deny", "Principal": "*", "Action": ["s3:*", "kms:*"], "Resource": "*"}
DETECTORS = "ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaaactivity"


def document(*statements: dict[str, Any]) -> str:
    """A control policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def routing(old: str = "", new: str = "") -> str:
    """A statement of packet routing, with one change."""
    text = "in sensitivity:low VCN allow sensitivity:high endpoints to connect to '10.0.0.0/16' with protocol='tcp/443'"
    assert old in text
    return text.replace(old, new) if old else text


def build(w: World) -> None:
    """Cloud Guard with a target around a zone, and a compartment that requires a tag."""
    around = w.make(
        "around", "oci:Identity/compartment:Compartment", name="around", description="d", compartmentId=TENANCY
    ).id
    inside = w.make(
        "inside", "oci:Identity/compartment:Compartment", name="inside", description="d", compartmentId=around
    ).id
    w.make("deep", "oci:Identity/compartment:Compartment", name="deep", description="d", compartmentId=inside)
    tagged = w.make(
        "tagged", "oci:Identity/compartment:Compartment", name="tagged", description="d", compartmentId=TENANCY
    ).id
    w.make(
        "required", "oci:Identity/tagDefault:TagDefault",
        compartmentId=tagged, tagDefinitionId=w.id("tag"), value="protected", isRequired=True,
    )  # fmt: skip
    w.make(
        "cloud-guard", "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration",
        compartmentId=TENANCY, reportingRegion="us-ashburn-1", status="ENABLED",
    )  # fmt: skip
    w.make(
        "watched", "oci:CloudGuard/target:Target",
        compartmentId=around, displayName="around", targetResourceId=around, targetResourceType="COMPARTMENT",
        targetDetectorRecipes=[{"detectorRecipeId": DETECTORS}],
    )  # fmt: skip
    recipe = w.make(
        "recipe", "oci:CloudGuard/securityRecipe:SecurityRecipe",
        compartmentId=around, displayName="sealed", securityPolicies=sorted(CATALOGUE),
    ).id  # fmt: skip
    w.make(
        "sealed-zone", "oci:CloudGuard/securityZone:SecurityZone",
        compartmentId=inside, displayName="inside", securityZoneRecipeId=recipe,
    )  # fmt: skip
    control = w.make(
        "control", "aws:organizations/policy:Policy",
        name="regions", type="SERVICE_CONTROL_POLICY", content=document(ELSEWHERE),
    ).id  # fmt: skip
    w.make(
        "perimeter", "aws:organizations/policy:Policy",
        name="perimeter", type="RESOURCE_CONTROL_POLICY", content=document(STRANGERS),
    )  # fmt: skip
    w.make(
        "controlled", "aws:organizations/policyAttachment:PolicyAttachment", policyId=control, targetId="777777777777"
    )
    w.make("packet-routing", "oci:Zpr/configuration:Configuration", compartmentId=TENANCY, zprStatus="ENABLED")
    names = w.make(
        "names", "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace",
        compartmentId=around, name="nets", description="d", isRetired=True,
    ).id  # fmt: skip
    w.make(
        "name", "oci:SecurityAttribute/securityAttribute:SecurityAttribute",
        securityAttributeNamespaceId=names, name="tier", description="d", isRetired=True,
        validator={"validatorType": "ENUM", "values": ["data"]},
    )  # fmt: skip
    w.make(
        "routing", "oci:Zpr/zprPolicy:ZprPolicy",
        compartmentId=TENANCY, name="routing", description="d", statements=[routing()],
    )  # fmt: skip
    w.make(
        "path", "oci:VnMonitoring/pathAnalyzerTest:PathAnalyzerTest",
        compartmentId=around, protocol=6, protocolParameters={"type": "TCP", "destinationPort": 443},
        sourceEndpoint={"type": "IP_ADDRESS", "address": "203.0.113.10"},
        destinationEndpoint={"type": "SUBNET", "address": "10.16.1.2", "subnetId": w.id("subnet")},
    )  # fmt: skip
    w.make(
        "sealed", "oci:ObjectStorage/bucket:Bucket",
        compartmentId=inside, namespace="axexample", name="sealed-iad", kmsKeyId=w.id("key"),
    )  # fmt: skip


FREE = {"cidrBlock": "10.16.9.0/24", "dnsLabel": "free"}
CREATES: list[tuple[str, dict[str, Any], str, str]] = [
    # Required tags, whoever creates; the innermost compartment counts as well as those around it.
    ("vault", {"compartmentId": "$tagged"}, INVALID, "ops.class is required"),
    ("drg", {"compartmentId": "$tagged", "definedTags": {}}, INVALID, "ops.class is required"),
    # Cloud Guard.
    ("cloud-guard", {"compartmentId": "$around"}, INVALID, "root compartment"),
    ("cloud-guard", {"reportingRegion": "us-nowhere-1"}, INVALID, "no region us-nowhere-1"),
    ("cloud-guard", {"reportingRegion": "us-phoenix-1"}, "409-IncorrectState", "cannot change"),
    ("watched", {}, "409-Conflict", "already has the target"),
    ("watched", {"targetResourceId": "$inside"}, "409-Conflict", "in a security zone"),
    ("watched", {"targetResourceId": "$deep"}, "409-Conflict", "in a security zone"),
    ("watched", {"targetResourceId": "none"}, NOT_FOUND, "no compartment none"),
    ("watched", {"targetResourceId": "$data", "targetResourceType": "ERPCLOUD"}, INVALID, "only COMPARTMENT"),
    (
        "watched",
        {"targetResourceId": "$data", "targetDetectorRecipes": [{"detectorRecipeId": "activity"}]},
        INVALID,
        "activity is no detector recipe",
    ),
    ("recipe", {"securityPolicies": []}, INVALID, "at least one"),
    ("recipe", {"securityPolicies": ["ocid1.securityzonessecuritypolicy.oc1..other"]}, NOT_FOUND, "in this realm"),
    ("sealed-zone", {}, "409-Conflict", "is in the security zone"),
    ("sealed-zone", {"compartmentId": "$deep"}, "409-Conflict", "is in the security zone"),
    ("sealed-zone", {"compartmentId": "$data", "securityZoneRecipeId": "none"}, NOT_FOUND, "none"),
    # What a zone denies, in its compartment and below.
    ("sealed", {"name": "n", "kmsKeyId": ""}, VIOLATION, "deny buckets_without_vault_key"),
    (
        "sealed",
        {"compartmentId": "$deep", "name": "n", "accessType": "ObjectRead"},
        VIOLATION,
        "deny public_buckets",
    ),
    ("subnet", FREE | {"compartmentId": "$inside", "prohibitInternetIngress": False}, VIOLATION, "public_subnets"),
    ("internet", {"compartmentId": "$inside"}, VIOLATION, "deny internet_gateway"),
    ("balancer", {"compartmentId": "$inside"}, VIOLATION, "deny public_load_balancer"),
    # Packet routing.
    ("packet-routing", {"zprStatus": "DISABLED"}, "409-IncorrectState", "cannot be disabled"),
    ("packet-routing", {"compartmentId": "$around"}, INVALID, "root compartment"),
    ("names", {}, "AlreadyExists", "nets"),
    ("name", {"name": "TIER"}, "409-SecurityAttributeAlreadyExists", "TIER"),
    ("name", {"name": "n", "validator": {"validatorType": "ENUM"}}, INVALID, "needs values"),
    ("name", {"name": "n", "securityAttributeNamespaceId": "none"}, NOT_FOUND, "none"),
    ("routing", {}, "AlreadyExists", "routing"),
    ("routing", {"name": "n", "compartmentId": "$around"}, INVALID, "root compartment"),
    ("routing", {"name": "n", "statements": [routing()] * 26}, INVALID, "26, of which a policy takes 25"),
    ("routing", {"name": "n", "statements": [routing("allow", "deny")]}, INVALID, "expected"),
    ("routing", {"name": "n", "statements": [routing("in sensitivity:low VCN ", "")]}, INVALID, "one network"),
    (
        "routing",
        {"name": "n", "statements": [routing("sensitivity:high endpoints", "'10.1.0.0/16'")]},
        INVALID,
        "one side",
    ),
    (
        "routing",
        {"name": "n", "statements": [routing("sensitivity:high endpoints", "all-endpoints")]},
        INVALID,
        "one side",
    ),
    ("routing", {"name": "n", "statements": [routing("10.0.0.0/16", "banana")]}, INVALID, "banana"),
    ("routing", {"name": "n", "statements": [routing("tcp/443", "tcp/0")]}, INVALID, "Invalid ports"),
    ("routing", {"name": "n", "statements": [routing("tcp/443", "tcp/443-80")]}, INVALID, "Invalid ports"),
    ("routing", {"name": "n", "statements": [routing("tcp/443", "https")]}, INVALID, "Invalid protocol"),
    ("routing", {"name": "n", "statements": [routing(":high", ":secret")]}, INVALID, "sensitivity:secret"),
    (
        "routing",
        {"name": "n", "statements": [routing("sensitivity:high", "nets.tier:data")]},
        INVALID,
        "nets.tier:data",
    ),
    ("vcn", {"securityAttributes": {"nets.tier.value": "data"}}, INVALID, "no nets.tier"),
    ("vcn", {"securityAttributes": {"tier": "data"}}, INVALID, "not of the form"),
    ("vcn", {"securityAttributes": {"a.b.value": "c", "a.d.value": "c"}}, INVALID, "2, of which this carries 1"),
    (
        "vcn",
        {"securityAttributes": {"oracle-zpr.sensitivity.value": "low", "oracle-zpr.sensitivity.mode": "off"}},
        INVALID,
        "enforce or audit",
    ),
    ("path", {"protocol": 17}, INVALID, "does not fit"),
    ("path", {"sourceEndpoint": {"type": "IP_ADDRESS", "address": "home"}}, INVALID, "home"),
    (
        "path",
        {"destinationEndpoint": {"type": "SUBNET", "address": "10.17.0.2", "subnetId": "$subnet"}},
        INVALID,
        "is not in the subnet's",
    ),
    (
        "path",
        {"destinationEndpoint": {"type": "SUBNET", "address": "10.16.1.2", "subnetId": "none"}},
        NOT_FOUND,
        "none",
    ),
    # AWS Organizations.
    ("control", {}, "Exists", "regions"),
    ("control", {"name": "n", "content": document(ELSEWHERE | {"Principal": "*"})}, MALFORMED, "principal"),
    ("control", {"name": "n", "content": document({**ELSEWHERE, "Effect": "Forbid"})}, MALFORMED, "Forbid"),
    (
        "control",
        {"name": "n", "content": document({k: v for k, v in ELSEWHERE.items() if k != "Resource"})},
        MALFORMED,
        "Resource",
    ),
    ("control", {"name": "n", "content": document(ELSEWHERE) + " " * 5000}, "ConstraintViolation", "at most 5120"),
    ("perimeter", {"name": "n", "content": document(STRANGERS | {"Effect": "Allow"})}, MALFORMED, "only denies"),
    (
        "perimeter",
        {"name": "n", "content": document(STRANGERS | {"Principal": {"AWS": "111111111111"}})},
        MALFORMED,
        "principal",
    ),
    ("perimeter", {"name": "n", "content": document(STRANGERS | {"Action": "ec2:*"})}, MALFORMED, "ec2:*"),
    ("controlled", {}, "DuplicatePolicyAttachment", "already attached"),
    ("controlled", {"targetId": "everybody"}, "TargetNotFound", "everybody"),
    ("controlled", {"policyId": "p-none"}, "NotFound", "p-none"),
]
DELETES = [
    ("recipe", "409-IncorrectState", "SecurityZone"),
    ("inside", "409-IncorrectState", "SecurityZone"),
]
UPDATES = [
    ("sealed", {"accessType": "ObjectReadWithoutList"}, VIOLATION, "deny public_buckets"),
    ("sealed", {"compartmentId": TENANCY}, VIOLATION, "move_to_compartment_not_in_security_zone"),
    ("cloud-guard", {"reportingRegion": "us-phoenix-1"}, "409-IncorrectState", "cannot change"),
]
