"""Cloud Guard and security zones. They are managed in the reporting region, and only while Cloud Guard is enabled.

One hazard is imitated on purpose: making a zone deletes the targets of its compartment and of all those below it
(Oracle's page "Managing Security Zones"), without a word to whoever made them.
"""

from typing import ClassVar, Final

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Operation, Reference, matches, require
from infra.sandbox.oci.base import COMPARTMENT, OciModel, conflict, invalid, not_found, tenancy_records
from infra.sandbox.oci.regions import COMMERCIAL, ocid
from infra.sandbox.oci.security_zones import CATALOGUE, RECIPE, ZONE, below, inherited, zone_of
from infra.sandbox.store import Record
from infra.sandbox.values import Json, record

CONFIGURATION: Final = "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration"
TARGET: Final = "oci:CloudGuard/target:Target"
_DETECTOR_RECIPE: Final = r"ocid1\.cloudguarddetectorrecipe\.oc1\.[a-z0-9-]*\.[a-z0-9]+"


class Configuration(OciModel):
    """Whether Cloud Guard is on, and where it reports. A tenancy has one for ever; deleting it changes nothing."""

    token = CONFIGURATION
    kind = "cloudguardconfiguration"
    account_wide = True
    state = None

    def identify(self, call: Call) -> str:
        """The tenancy's own."""
        return call.place.account

    def adopted(self, call: Call) -> Record | None:
        """The one that is there."""
        return _configuration(call)

    def refuse(self, call: Call) -> None:
        """At the root; a reporting region that exists, and that stays while Cloud Guard is on."""
        require(
            call.inputs["compartmentId"] == call.place.account,
            400, "InvalidParameter", "Cloud Guard is configured for the root compartment",
        )  # fmt: skip
        wanted = call.inputs["reportingRegion"]
        require(wanted in COMMERCIAL, 400, "InvalidParameter", f"reportingRegion: no region {wanted}")
        known = _configuration(call)
        if known is not None and known.inputs["status"] == "ENABLED" and known.inputs["reportingRegion"] != wanted:
            raise conflict(
                f"The reporting region is {known.inputs['reportingRegion']} and cannot change while Cloud Guard is on",
                "IncorrectState",
            )

    def outputs(self, call: Call, id_: str) -> Json:
        """Who manages Oracle's recipes."""
        return super().outputs(call, id_) | (
            {} if "selfManageResources" in call.inputs else {"selfManageResources": False}
        )

    def delete(self, call: Call, record: Record) -> None:
        """Nothing: its provider only forgets it."""


class _Reporting(OciModel):
    """A type that is managed in the reporting region of a tenancy that has Cloud Guard."""

    account_wide = True
    volatile = frozenset({"timeUpdated"})

    def refuse(self, call: Call) -> None:
        """Cloud Guard is on, and this is where it reports."""
        known = _configuration(call)
        if known is None or known.inputs["status"] != "ENABLED":
            raise not_found("Cloud Guard is not enabled in this tenancy")
        reporting = known.inputs["reportingRegion"]
        if call.place.region != reporting:
            raise CloudError(403, "NotAllowed", f"Cloud Guard is managed in its reporting region {reporting}")

    def outputs(self, call: Call, id_: str) -> Json:
        """When it was changed last, and no news; of a target the provider misspells where they would stand."""
        news = "lifecyleDetails" if call.token == TARGET else "lifecycleDetails"
        return super().outputs(call, id_) | {news: "", "timeUpdated": call.timestamp()}


class Target(_Reporting):
    """What Cloud Guard watches: a compartment and all that is inside."""

    token = TARGET
    kind = "cloudguardtarget"

    def refuse(self, call: Call) -> None:
        """A compartment that exists, is in no zone and has no target; recipes that are detector recipes."""
        super().refuse(call)
        watched = call.inputs["targetResourceId"]
        require(
            call.inputs["targetResourceType"] == "COMPARTMENT",
            400, "InvalidParameter", "targetResourceType: only COMPARTMENT is simulated",
        )  # fmt: skip
        if watched != call.place.account and call.visible(COMPARTMENT, watched) is None:
            raise not_found(f"no compartment {watched} in this tenancy")
        if zone_of(call, watched) is not None:
            raise conflict(f"{watched} is in a security zone, which has a target of its own")
        for other in tenancy_records(call, TARGET):
            if (call.old is None or other.id != call.old.id) and other.inputs["targetResourceId"] == watched:
                raise conflict(f"{watched} already has the target {other.id}")
        for recipe in call.get("targetDetectorRecipes", []):
            if not matches(_DETECTOR_RECIPE, record(recipe).get("detectorRecipeId")):
                raise invalid(f"targetDetectorRecipes: {record(recipe).get('detectorRecipeId')} is no detector recipe")

    def outputs(self, call: Call, id_: str) -> Json:
        """The compartments that are watched too, and by how many recipes."""
        watched = call.inputs["targetResourceId"]
        return super().outputs(call, id_) | {
            "inheritedByCompartments": inherited(call, watched),
            "recipeCount": len(call.get("targetDetectorRecipes", [])),
            "systemTags": {},
            "targetDetails": [],
        }


class Recipe(_Reporting):
    """The policies of a zone."""

    token = RECIPE
    kind = "securityzonesrecipe"

    def refuse(self, call: Call) -> None:
        """At least one policy, and each known to this realm."""
        super().refuse(call)
        policies: list[str] = call.inputs["securityPolicies"]
        require(policies, 400, "InvalidParameter", "securityPolicies: a recipe needs at least one policy")
        for policy in policies:
            if policy not in CATALOGUE:
                raise not_found(f"no security policy {policy} in this realm")

    def outputs(self, call: Call, id_: str) -> Json:
        """The customer's own."""
        return super().outputs(call, id_) | {"owner": "CUSTOMER"}


class Zone(_Reporting):
    """A security zone on a compartment and what is inside."""

    token = ZONE
    kind = "securityzone"
    references: ClassVar = (
        Reference(path="compartmentId", to=(COMPARTMENT,)),
        Reference(path="securityZoneRecipeId", to=(RECIPE,)),
    )

    def refuse(self, call: Call) -> None:
        """One zone for a compartment, and none inside another."""
        super().refuse(call)
        around = zone_of(call, call.inputs["compartmentId"])
        if around is not None and (call.old is None or around.id != call.old.id):
            raise conflict(f"{call.inputs['compartmentId']} is in the security zone {around.id} already")

    def outputs(self, call: Call, id_: str) -> Json:
        """The zone's own target, and the compartments that are in it too."""
        return super().outputs(call, id_) | {
            "securityZoneTargetId": ocid("cloudguardtarget", "", call.place.account, id_),
            "inheritedByCompartments": inherited(call, call.inputs["compartmentId"]),
        }

    def created(self, call: Call, record: Record) -> None:
        """The targets of the compartment, and of all those below, are deleted."""
        del record
        if call.operation is not Operation.CREATE:
            return
        inside = below(call, call.inputs["compartmentId"])
        for target in tenancy_records(call, TARGET):
            if target.inputs["targetResourceId"] in inside:
                call.clouds.remove(target)


def _configuration(call: Call) -> Record | None:
    return next(iter(tenancy_records(call, CONFIGURATION)), None)


MODELS: tuple[Model, ...] = (Configuration(), Target(), Recipe(), Zone())
