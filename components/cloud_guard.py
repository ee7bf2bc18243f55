"""Cloud Guard, and the security zones on the compartments that hold data.

What it refuses:

* *A target that a zone would take away.* Making a zone deletes the targets of its compartment and of those below; so
  the one target of this stack is on the compartment around all zones.
* *A zone on what faces the internet.* Which compartment is in which zone is the plan's.
* *A report that leaves the home region.* Findings name buckets and people; they are kept where identity is.
* *A zone without tags.* It lies in the compartment that it guards, which takes nothing without them.
* *To be switched off.* Removed from the program, Cloud Guard stays on in the tenancy: its provider only forgets it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.compartment import class_in
from infra.residency.security_zones import CloudGuardPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudGuardArgs:
    """What a plan says about Cloud Guard and zones."""

    foundation: TenancyFoundation
    plan: CloudGuardPlan


class CloudGuard(Component):
    """Cloud Guard for the tenancy, its one target, the recipes and the zones: all in the reporting region."""

    def __init__(self, name: str, args: CloudGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("CloudGuard", name, opts)
        foundation, plan = args.foundation, args.plan
        switched_on = oci.cloudguard.CloudGuardConfiguration(
            "cloud-guard",
            compartment_id=foundation.tenancy.id,
            reporting_region=plan.reporting_region.value,
            self_manage_resources=False,
            status="ENABLED",
            opts=self._child(foundation.home),
        )
        options = self._child(foundation.home, depends_on=(switched_on,))
        oci.cloudguard.Target(
            "enclosing",
            compartment_id=foundation.enclosing.id,
            display_name=plan.target,
            description="Everything of this stack",
            target_resource_id=foundation.enclosing.id,
            target_resource_type="COMPARTMENT",
            target_detector_recipes=[
                oci.cloudguard.TargetTargetDetectorRecipeArgs(detector_recipe_id=recipe)
                for recipe in plan.detector_recipes
            ],
            # after the compartments that it covers, or what the cloud tells of it depends on chance
            opts=self._child(foundation.home, depends_on=(switched_on, *foundation.compartments.values())),
        )
        recipes = {
            recipe.kind: oci.cloudguard.SecurityRecipe(
                recipe.kind,
                compartment_id=foundation.enclosing.id,
                display_name=recipe.name,
                description=f"What nobody may do in a zone that is {recipe.kind}",
                security_policies=list(recipe.policies),
                opts=options,
            )
            for recipe in plan.recipes
        }
        for zone in plan.zones:
            oci.cloudguard.SecurityZone(
                zone.compartment,
                compartment_id=foundation.compartments[zone.compartment].id,
                display_name=zone.name,
                description=f"The compartment {zone.compartment}",
                security_zone_recipe_id=recipes[zone.kind].id,
                defined_tags=foundation.tags.of(data_class=class_in(zone.compartment)),
                opts=self._child(foundation.home, depends_on=(switched_on, *foundation.tags.definitions)),
            )
        self.register_outputs({})
