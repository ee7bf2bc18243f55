"""What a security zone forbids, whoever asks: Oracle's policies, by the identifiers that this simulated realm has.

Sources: Oracle's pages "Security Zone Policies" and "Security Zones Overview". Of a policy's subject only what a single
request shows is judged: the request's own inputs, and where the resource lies.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Operation
from infra.sandbox.oci.base import COMPARTMENT, compartments_around, tenancy_records
from infra.sandbox.oci.regions import ocid
from infra.sandbox.store import Record

RECIPE: Final = "oci:CloudGuard/securityRecipe:SecurityRecipe"
ZONE: Final = "oci:CloudGuard/securityZone:SecurityZone"

_POLICIES: Final = (
    "block_volume_in_security_zone_move_to_compartment_not_in_security_zone",
    "block_volume_without_vault_key",
    "boot_volume_without_vault_key",
    "bucket_in_security_zone_move_to_compartment_not_in_security_zone",
    "buckets_without_vault_key",
    "cloud_shell_public_network",
    "database_without_backup",
    "db_instance_public_access",
    "file_system_without_vault_key",
    "internet_gateway",
    "public_buckets",
    "public_load_balancer",
    "public_subnets",
)
CATALOGUE: Final[Mapping[str, str]] = MappingProxyType(
    {ocid("securityzonessecuritypolicy", "", "oc1", name): f"deny {name}" for name in _POLICIES}
)
"""Friendly name of each security policy, by its OCID."""

_Broken = Callable[[Call], bool]


def _no_key(call: Call) -> bool:
    return not call.get("kmsKeyId")


def _public(call: Call) -> bool:
    return call.get("accessType", "NoPublicAccess") != "NoPublicAccess"


def _open(call: Call) -> bool:
    return not (call.get("prohibitPublicIpOnVnic") or call.get("prohibitInternetIngress"))


_RULES: Final[Mapping[str, tuple[tuple[str, _Broken], ...]]] = MappingProxyType(
    {
        "oci:Core/bootVolume:BootVolume": (("deny boot_volume_without_vault_key", _no_key),),
        "oci:Core/internetGateway:InternetGateway": (("deny internet_gateway", lambda _: True),),
        "oci:Core/subnet:Subnet": (("deny public_subnets", _open),),
        "oci:Core/volume:Volume": (("deny block_volume_without_vault_key", _no_key),),
        "oci:FileStorage/fileSystem:FileSystem": (("deny file_system_without_vault_key", _no_key),),
        "oci:LoadBalancer/loadBalancer:LoadBalancer": (
            ("deny public_load_balancer", lambda call: not call.get("isPrivate", False)),
        ),
        "oci:ObjectStorage/bucket:Bucket": (
            ("deny public_buckets", _public),
            ("deny buckets_without_vault_key", _no_key),
        ),
    }
)
"""What breaks which policy; a type or a policy that is not here is not judged."""

_MOVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "oci:Core/volume:Volume": "deny block_volume_in_security_zone_move_to_compartment_not_in_security_zone",
        "oci:ObjectStorage/bucket:Bucket": "deny bucket_in_security_zone_move_to_compartment_not_in_security_zone",
    }
)


def zone_of(call: Call, compartment: str) -> Record | None:
    """The zone that a compartment is in: its own, or that of the nearest one above."""
    zones = {zone.inputs["compartmentId"]: zone for zone in tenancy_records(call, ZONE)}
    if not zones:
        return None
    return next((zones[id_] for id_ in compartments_around(call, compartment) if id_ in zones), None)


def below(call: Call, compartment: str) -> set[str]:
    """A compartment and all those inside it."""
    return {compartment} | {
        other.id for other in tenancy_records(call, COMPARTMENT) if compartment in compartments_around(call, other.id)
    }


def inherited(call: Call, compartment: str) -> list[str]:
    """Those inside a compartment, by name: the order of identifiers is another one in each simulated tenancy."""
    names = {other.id: str(other.inputs["name"]) for other in tenancy_records(call, COMPARTMENT)}
    return sorted(below(call, compartment) - {compartment}, key=lambda id_: names.get(id_, ""))


def refuse_in_zone(call: Call) -> None:
    """A request that a policy of the zone around it denies.

    Raises:
        CloudError: the policy, by its friendly name.
    """
    if call.token not in _RULES:
        return
    compartment = str(call.get("compartmentId"))
    denied = _denied(call, compartment)
    for policy, broken in _RULES[call.token]:
        if policy in denied and broken(call):
            raise _violation(policy)
    if call.operation is Operation.UPDATE and call.old is not None and call.token in _MOVES:
        left = str(call.old.inputs.get("compartmentId"))
        if _MOVES[call.token] in _denied(call, left) and zone_of(call, compartment) is None:
            raise _violation(_MOVES[call.token])


def _denied(call: Call, compartment: str) -> set[str]:
    zone = zone_of(call, compartment)
    recipe = None if zone is None else call.visible(RECIPE, zone.inputs["securityZoneRecipeId"])
    return set() if recipe is None else {CATALOGUE[policy] for policy in recipe.inputs["securityPolicies"]}


def _violation(policy: str) -> CloudError:
    return CloudError(400, "SecurityZoneViolation", f"The request violates the security zone's policy: {policy}")
