"""What guards a tenancy, for the sandbox's tests: one valid resource of each type, and rows of the refusal tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.sandbox.oci.security_zones import CATALOGUE
from tests.sandbox.client import TENANCY

if TYPE_CHECKING:
    from tests.sandbox.world import World

INVALID = "400-InvalidParameter"
NOT_FOUND = "404-NotAuthorizedOrNotFound"
VIOLATION = "400-SecurityZoneViolation"
DETECTORS = "ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaaactivity"


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
