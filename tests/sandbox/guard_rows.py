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
