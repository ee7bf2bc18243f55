"""Cloud Guard and security zones, as they are registered: one target around all zones, in the home region.

That a zone spares a target around it is the simulated cloud's behaviour (tests/sandbox/test_guard.py); that the shipped
stack comes out of an update with its target is below.
"""

from collections.abc import Callable
from pathlib import Path

import pulumi
import pulumi_oci as oci
import pytest

from components.cloud_guard import CloudGuard, CloudGuardArgs
from components.tenancy import TenancyArgs, TenancyFoundation
from infra import settings
from infra.engine.options import Exit
from infra.engine.state import Deployment
from infra.providers import connect
from infra.residency.compartment import Compartment
from infra.residency.dataset import DataClass
from infra.residency.denials import plan_denials
from infra.residency.regions import UsRegion
from infra.sandbox.oci.security_zones import CATALOGUE
from infra.sandbox.store import Record
from tests.support.programs import AS_OF, ROOT, shipped
from tests.support.recorder import Recorded
from tests.support.simulated import carry_out, records

CONFIGURATION = "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration"
TARGET = "oci:CloudGuard/target:Target"
RECIPE = "oci:CloudGuard/securityRecipe:SecurityRecipe"
ZONE = "oci:CloudGuard/securityZone:SecurityZone"
COMPARTMENT = "oci:Identity/compartment:Compartment"


@pytest.fixture(scope="module")
def made() -> Recorded:
    """Production's resources, with ids."""
    return shipped("us-prod", preview=False)


def test_cloud_guard_reports_in_the_home_region(made: Recorded):
    """Switched on for the tenancy, through the home region's provider, before anything that needs it."""
    (configuration,) = made.of_type(CONFIGURATION)
    assert configuration.inputs["status"] == "ENABLED"
    assert configuration.inputs["reportingRegion"] == "us-ashburn-1"
    for token in (TARGET, RECIPE, ZONE):
        for resource in made.of_type(token):
            assert resource.provider == configuration.provider == "oci-home-us-ashburn-1"
            assert configuration.urn in resource.dependencies


def test_the_one_target_is_on_the_compartment_around_all_others(made: Recorded):
    """With Oracle's three detector recipes."""
    (target,) = made.of_type(TARGET)
    assert target.inputs["targetResourceId"] == f"<{COMPARTMENT} enclosing.id>"
    assert target.inputs["targetResourceType"] == "COMPARTMENT"
    assert len({recipe["detectorRecipeId"] for recipe in target.inputs["targetDetectorRecipes"]}) == 3


def test_every_compartment_but_the_edge_is_a_zone(made: Recorded):
    """Sealed, but for public data, where buckets may be read by anyone and nothing else is different."""
    denied = {f"<{RECIPE} {r.name}.id>": {CATALOGUE[it] for it in r.inputs["securityPolicies"]}
              for r in made.of_type(RECIPE)}  # fmt: skip
    zones = {r.inputs["compartmentId"]: denied[r.inputs["securityZoneRecipeId"]] for r in made.of_type(ZONE)}
    everything = set.union(*denied.values())
    assert zones == {
        f"<{COMPARTMENT} {it}.id>": everything - ({"deny public_buckets"} if it is Compartment.PUBLIC else set())
        for it in Compartment
        if it is not Compartment.EDGE
    }
    assert len(everything) == 12


def test_deny_statements_are_one_policy_at_the_root(made: Recorded):
    """Word for word as planned, and none where the stack does not ask for it."""
    policy = made.one("oci:Identity/policy:Policy", "denials")
    regions = (UsRegion.ASHBURN, UsRegion.CHICAGO, UsRegion.PHOENIX)
    assert policy.inputs["statements"] == [denial.text() for denial in plan_denials(regions)]
    assert policy.inputs["compartmentId"].startswith("ocid1.tenancy.")
    assert "denials" not in {r.name for r in shipped("sandbox", preview=False).of_type("oci:Identity/policy:Policy")}


def update(program: Callable[[], None], database: Path) -> list[Record]:
    """What the simulated clouds have after an update by the embedded engine."""
    result = carry_out(program, database, Deployment())
    assert result.exit is Exit.OK, [it.message for it in result.diagnostics]
    return records(database)


def guarded(*, target_inside: bool) -> None:
    """The tenancy's own and Cloud Guard of the sandbox stack; with a target on a compartment that becomes a zone."""
    planned = settings.load(settings.stack_file(ROOT, "sandbox"), configured=None, as_of=AS_OF).plan
    home = connect(planned).home
    foundation = TenancyFoundation("tenancy", TenancyArgs(organization="usds", tenancy=planned.tenancy, home=home))
    assert planned.guardrails is not None
    first: list[pulumi.Resource] = []
    if target_inside:
        protected = foundation.compartments[Compartment.PROTECTED].id
        switched_on = oci.cloudguard.CloudGuardConfiguration(
            "earlier",
            compartment_id=planned.tenancy.id,
            reporting_region="us-ashburn-1",
            status="ENABLED",
            opts=pulumi.ResourceOptions(provider=home),
        )
        first += [
            oci.cloudguard.Target(
                "inside",
                compartment_id=protected,
                display_name="inside",
                target_resource_id=protected,
                target_resource_type="COMPARTMENT",
                defined_tags=foundation.tags.of(data_class=DataClass.PROTECTED),
                opts=pulumi.ResourceOptions(provider=home, depends_on=[switched_on, *foundation.tags.definitions]),
            )
        ]
    CloudGuard(
        "cloud-guard",
        CloudGuardArgs(foundation=foundation, plan=planned.guardrails.cloud_guard),
        pulumi.ResourceOptions(depends_on=first),
    )


@pytest.mark.parametrize("target_inside", [False, True], ids=["as shipped", "a target inside a zone"])
def test_the_one_target_survives_the_creation_of_the_zones(tmp_path: Path, target_inside: bool):
    """After the first update the target around the zones is there; one inside, the deliberate break, is deleted."""
    made = update(lambda: guarded(target_inside=target_inside), tmp_path / "clouds.sqlite")
    enclosing = next(r for r in made if r.type == COMPARTMENT and r.inputs["name"] == "usds")

    assert [r.inputs["targetResourceId"] for r in made if r.type == TARGET] == [enclosing.id]
    assert len([r for r in made if r.type == ZONE]) == len(Compartment) - 1
