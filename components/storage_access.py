"""Who but the applications may touch objects: Object Storage itself, and the groups that exports name.

Object Storage replicates and expires nothing, and uses no key, without a grant: leaving a region out is what keeps data
from being copied out of it. So the grants are for exactly the regions that hold data, one policy each.

What it refuses:

* *An export without an end.* Each statement carries the date on which it stops to hold (`infra.residency.grants`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import pulumi
import pulumi_oci as oci

from components.identity import IdentityComponent
from components.tenancy import TenancyFoundation
from infra.residency.grants import ServiceGrant
from infra.residency.placement import DatasetPlan
from infra.residency.regions import UsRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccessArgs:
    """Grants of the service and the datasets whose exports name groups."""

    foundation: TenancyFoundation
    service_grants: tuple[ServiceGrant, ...]
    datasets: tuple[DatasetPlan, ...]


class StorageAccess(IdentityComponent):
    """The service's grants, the exports' groups and their grants.

    Attributes:
        service_policies: what Object Storage may do, by the region that does it.
    """

    service_policies: Mapping[UsRegion, oci.identity.Policy]

    def __init__(self, name: str, args: StorageAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("StorageAccess", name, opts)
        self.foundation = args.foundation
        grants = sorted(args.service_grants, key=lambda grant: (grant.region, grant.name))
        self.service_policies = {
            region: self._service_policy(region, tuple(of_region))
            for region, of_region in groupby(grants, key=lambda grant: grant.region)
        }
        exported = [dataset for dataset in args.datasets if dataset.export_grants]
        groups = {
            group: self.group(group, "Reads the datasets that are exported to it")
            for group in sorted({grant.group for dataset in exported for grant in dataset.export_grants})
        }
        for dataset in exported:
            self._export_policy(dataset, groups)
        self.register_outputs({})

    def _service_policy(self, region: UsRegion, grants: tuple[ServiceGrant, ...]) -> oci.identity.Policy:
        return self.policy(
            f"objectstorage-{region}",
            f"Object Storage in {region} may replicate and expire objects, and use their keys",
            [grant.statement() for grant in grants],
        )

    def _export_policy(self, dataset: DatasetPlan, groups: Mapping[str, oci.identity.Group]) -> None:
        grants = dataset.export_grants
        self.policy(
            f"{dataset.dataset.name}-export",
            f"The named export of {dataset.dataset.name}, until {grants[0].until.isoformat()}",
            [grant.statement() for grant in grants],
            groups=groups,
        )
