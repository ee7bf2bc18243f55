"""The stack's outputs, which are public API: other stacks and applications read them.

`defaultStore`: dataset -> number of the shard -> where applications write its data:

    {"profiles": {"0": {"region": "us-ashburn-1", "namespace": "axexample", "bucket": "usds-profiles-iad",
                        "endpoint": "https://axexample.compat.objectstorage.us-ashburn-1.oraclecloud.com",
                        "key": "ocid1.key.oc1.iad.…"}}}

`edges`: region -> record type -> the address that hostnames answer with: `{"us-ashburn-1": {"A": "198.51.100.7"}}`.
`hostnames`: every name that users ask for, in full.
`zone`: its name, and the name servers that the parent zone has to delegate it to.

`legacySites`: how far each legacy site has got: `{"virginia": {"phase": "backup", "expires": "2027-03-31"}}`. It is in
the state once everything that the phase changes has been applied, and is what the next phase is held against.

`storageRoles`: which region holds the default stores, and what a failover has brought to rest:
`{"primary": "us-ashburn-1", "standby": "us-phoenix-1"}`, with `lost` instead of `standby`, and with `failover` where
one is under way. The next change of roles is held against it.

`audit`: how long what is logged stays, and when that is locked: `{"retentionDays": 365, "lockOn": "2026-12-20"}`. What
a stack file says later is held against it.

What it refuses: the address of a replica or of a legacy site. Who reads these outputs cannot write there by mistake.
"""

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.edge import PublicEdge
from components.traffic_routing import TrafficZone
from infra.residency.dataset import DataClass
from infra.residency.failover import Roles
from infra.residency.placement import Placement, Plan
from infra.residency.regions import UsRegion
from infra.residency.traffic import TrafficPlan

LEGACY_SITES = "legacySites"
"""The output that says how far each legacy site has got."""

STORAGE_ROLES = "storageRoles"
"""The output that says which region holds the default stores."""

AUDIT = "audit"
"""The output that says what was promised about logs."""

Keys = Mapping[UsRegion, Mapping[DataClass, oci.kms.Key]]
"""The key of each data class in each region."""


def export(plan: Plan, keys: Keys) -> None:
    """Exports the outputs of the running stack."""
    pulumi.export("defaultStore", default_store(plan, keys))
    pulumi.export(STORAGE_ROLES, storage_roles(plan.roles))
    pulumi.export(
        LEGACY_SITES,
        {
            site.site.name: {"phase": site.site.phase.value, "expires": site.site.expires.isoformat()}
            for site in plan.sites
        },
    )
    if plan.audit is not None:
        promised = plan.audit.record
        pulumi.export(AUDIT, {"retentionDays": promised.retention_days, "lockOn": promised.lock_on.isoformat()})


def export_traffic(traffic: TrafficPlan, zone: TrafficZone, edges: Mapping[UsRegion, PublicEdge]) -> None:
    """Exports what answers users."""
    pulumi.export(
        "edges",
        {
            region.value: {kind.value: address for kind, address in edge.addresses.items()}
            for region, edge in edges.items()
        },
    )
    pulumi.export("hostnames", [hostname.name for hostname in traffic.hostnames])
    pulumi.export("zone", {"name": traffic.zone, "nameServers": zone.zone.nameservers})


def storage_roles(roles: Roles) -> dict[str, str]:
    """The roles in the words of a stack file."""
    other = {"lost" if roles.lost else "standby": roles.other.value}
    return {"primary": roles.primary.value, **other, **({"failover": roles.halt.value} if roles.halt else {})}


def default_store(plan: Plan, keys: Keys) -> dict[str, dict[str, dict[str, pulumi.Input[str]]]]:
    """The default store of each dataset and shard; `key` is the OCID of the key it is encrypted with."""
    return {
        dataset.dataset.name: {
            str(placement.shard): _address(plan.tenancy.namespace, placement, keys)
            for placement in dataset.placements
            if placement.region is plan.roles.primary
        }
        for dataset in plan.datasets
    }


def _address(namespace: str, placement: Placement, keys: Keys) -> dict[str, pulumi.Input[str]]:
    return {
        "region": placement.region.value,
        "namespace": namespace,
        "bucket": placement.bucket,
        "endpoint": placement.endpoint,
        "key": keys[placement.region][placement.dataset.data_class].id,
    }
