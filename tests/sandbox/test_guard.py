"""Cloud Guard and security zones: what they do to each other, and what they keep doing when nobody manages them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra.sandbox.oci.security_zones import CATALOGUE
from tests.sandbox.client import TENANCY, Client, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATION = "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration"
TARGET = "oci:CloudGuard/target:Target"
RECIPE = "oci:CloudGuard/securityRecipe:SecurityRecipe"
ZONE = "oci:CloudGuard/securityZone:SecurityZone"
ON = {"compartmentId": TENANCY, "reportingRegion": "us-ashburn-1", "status": "ENABLED"}


def compartment(home: Client, name: str, parent: str) -> str:
    """A compartment."""
    inputs = {"name": name, "description": "d", "compartmentId": parent}
    return home.create("oci:Identity/compartment:Compartment", inputs, name=name)[0]


def watched(id_: str) -> dict[str, Any]:
    """A target on a compartment."""
    return {"compartmentId": id_, "displayName": "t", "targetResourceId": id_, "targetResourceType": "COMPARTMENT"}


def zone(home: Client, id_: str) -> str:
    """A zone on a compartment, with all policies."""
    recipe, _ = home.create(RECIPE, {"compartmentId": id_, "displayName": "r", "securityPolicies": sorted(CATALOGUE)})
    return home.create(ZONE, {"compartmentId": id_, "displayName": "z", "securityZoneRecipeId": recipe})[0]


def test_a_new_zone_deletes_the_targets_of_its_compartment_and_below_and_spares_those_around(
    oci: Callable[..., Client],
):
    """The hazard that this project's order survives: nobody is told, the next read finds them gone."""
    home = oci("us-ashburn-1")
    home.create(CONFIGURATION, ON)
    around = compartment(home, "around", TENANCY)
    middle = compartment(home, "middle", around)
    deep = compartment(home, "deep", middle)
    targets = {id_: home.create(TARGET, watched(id_), name=id_[-8:]) for id_ in (around, middle, deep)}

    zone(home, middle)

    left = {id_ for id_, (target, outputs) in targets.items() if home.read(TARGET, target, outputs)[0]}
    assert left == {around}


def test_a_change_of_a_zone_deletes_no_target(oci: Callable[..., Client]):
    """Only its creation does."""
    home = oci("us-ashburn-1")
    home.create(CONFIGURATION, ON)
    middle = compartment(home, "middle", TENANCY)
    recipe, _ = home.create(
        RECIPE, {"compartmentId": middle, "displayName": "r", "securityPolicies": sorted(CATALOGUE)}
    )
    inputs = {"compartmentId": middle, "displayName": "z", "securityZoneRecipeId": recipe}
    made, outputs = home.create(ZONE, inputs)
    outside = compartment(home, "outside", TENANCY)
    target, seen = home.create(TARGET, watched(outside))

    home.update(ZONE, made, outputs, inputs | {"displayName": "another"})

    assert home.read(TARGET, target, seen)[0] == target


def test_cloud_guard_stays_on_when_its_resource_is_deleted(oci: Callable[..., Client]):
    """The provider only forgets it: targets can still be made, and a second configuration takes the first one over."""
    home = oci("us-ashburn-1")
    made, outputs = home.create(CONFIGURATION, ON)
    home.delete(CONFIGURATION, made, outputs)
    assert home.create(TARGET, watched(compartment(home, "a", TENANCY)))[0]
    assert home.create(CONFIGURATION, ON, name="again")[0] == made


def test_nothing_is_watched_before_cloud_guard_is_on(oci: Callable[..., Client]):
    """Switched off, or never switched on."""
    home = oci("us-ashburn-1")
    id_ = compartment(home, "a", TENANCY)
    with pytest.raises(Refused, match="Cloud Guard is not enabled"):
        home.create(TARGET, watched(id_))
    home.create(CONFIGURATION, ON | {"status": "DISABLED"})
    with pytest.raises(Refused, match="Cloud Guard is not enabled"):
        zone(home, id_)


def test_cloud_guard_is_managed_where_it_reports(oci: Callable[..., Client]):
    """The reporting region's endpoint alone takes requests."""
    home, other = oci("us-ashburn-1"), oci("us-phoenix-1")
    home.create(CONFIGURATION, ON)
    id_ = compartment(home, "a", TENANCY)
    with pytest.raises(Refused, match="reporting region us-ashburn-1"):
        other.create(TARGET, watched(id_))
