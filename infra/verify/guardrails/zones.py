"""Cloud Guard and security zones: everything is watched from around, and each compartment denies what it should.

A target on a compartment that is a zone, or inside one, is a gap: making the zone deletes it. So is a zone whose recipe
lacks one of the policies that the stack's configuration names.
"""

from collections.abc import Iterator
from typing import Any, Final

from infra.residency.dataset import DataClass
from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.values import items, record, records

COMPARTMENT: Final = "oci:Identity/compartment:Compartment"
_CONFIGURATION: Final = "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration"
_TARGET: Final = "oci:CloudGuard/target:Target"
_RECIPE: Final = "oci:CloudGuard/securityRecipe:SecurityRecipe"
_ZONE: Final = "oci:CloudGuard/securityZone:SecurityZone"
_PUBLIC_BUCKETS: Final = "public_buckets"
_OPEN: Final = DataClass.PUBLIC.value
_FACES_USERS: Final = "edge"


def compartment_of(graph: Graph, node: Node, property_: str = "compartmentId") -> str:
    """The name of the compartment that an input names; empty where that is none of this stack's."""
    named = graph.named(node, property_, node.inputs.get(property_), COMPARTMENT)
    return str(named[0].inputs.get("name")) if len(named) == 1 else ""


def zone_gaps(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """What is not watched, or not in the zone that it should be in."""
    asked = record(declared.deployment.get("guardrails"))
    if not asked:
        yield Gap(urn="", rule=Rule.DECLARED, what="the stack declares no Cloud Guard and no security zones")
        return
    yield from _switched_on(graph, declared)
    yield from _watched(graph, declared, record(asked.get("detectorRecipes")))
    yield from _zoned(graph, declared, record(asked.get("securityPolicies")))


def _switched_on(graph: Graph, declared: Declared) -> Iterator[Gap]:
    configurations = graph.of(_CONFIGURATION)
    if not configurations:
        yield Gap(urn="", rule=Rule.REPORTING, what="Cloud Guard is not switched on")
    for node in configurations:
        if node.inputs.get("status") != "ENABLED" or node.inputs.get("compartmentId") != declared.tenancy:
            yield Gap(urn=node.urn, rule=Rule.REPORTING, what="Cloud Guard is not switched on for the tenancy")
        if node.inputs.get("reportingRegion") != declared.home:
            yield Gap(urn=node.urn, rule=Rule.REPORTING, what=f"findings are not kept in {declared.home}")


def _watched(graph: Graph, declared: Declared, recipes: Any) -> Iterator[Gap]:
    around = False
    for node in graph.of(_TARGET):
        watched = compartment_of(graph, node, "targetResourceId")
        used = {record.get("detectorRecipeId") for record in records(node.inputs.get("targetDetectorRecipes"))}
        if watched != declared.organization or node.inputs.get("targetResourceType") != "COMPARTMENT":
            yield Gap(
                urn=node.urn,
                rule=Rule.TARGET,
                what=f"a target on {watched or 'an unknown place'}, not around all zones",
            )
        elif used != {*recipes.values()}:
            yield Gap(urn=node.urn, rule=Rule.TARGET, what="a target without all of the detector recipes")
        else:
            around = True
    if not around:
        yield Gap(urn="", rule=Rule.TARGET, what="nothing watches the compartment around all others")


def _zoned(graph: Graph, declared: Declared, policies: Any) -> Iterator[Gap]:
    inside = {
        str(node.inputs.get("name"))
        for node in graph.of(COMPARTMENT)
        if compartment_of(graph, node) == declared.organization
    }
    zones = {compartment_of(graph, node): node for node in graph.of(_ZONE)}
    for name in sorted(inside - {_FACES_USERS}):
        node = zones.get(name)
        if node is None:
            yield Gap(urn="", rule=Rule.ZONE, what=f"{name} is no security zone")
            continue
        wanted = {ocid for policy, ocid in policies.items() if (policy, name) != (_PUBLIC_BUCKETS, _OPEN)}
        recipes = graph.named(node, "securityZoneRecipeId", node.inputs.get("securityZoneRecipeId"), _RECIPE)
        denials = [items(it.inputs.get("securityPolicies")) for it in recipes]
        denied = set(map(str, denials[0])) if len(denials) == 1 else set[str]()
        lacking = sorted(policy for policy, ocid in policies.items() if ocid in wanted - denied)
        if lacking:
            yield Gap(urn=node.urn, rule=Rule.ZONE, what=f"the zone on {name} does not deny {', '.join(lacking)}")
