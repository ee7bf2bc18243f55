"""Who but the applications may touch objects: Object Storage itself, and the groups that exports name.

Object Storage replicates and expires nothing, and uses no key, without a grant: leaving a region out is what keeps data
from being copied out of it. So the grants are for exactly the regions that hold data, one policy each.

What it refuses:

* *A statement of its own.* Statements are values of the plan, known whole in a preview; what they name as plain text
  exists before them, by dependency.
* *A grant below the root.* All policies stand at the root of the tenancy, where one list shows them.
* *An export without an end.* Each statement carries the date on which it stops to hold (`infra.residency.grants`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import pulumi
import pulumi_oci as oci

from components.base import Component
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


class StorageAccess(Component):
    """The service's grants, the exports' groups and their grants.

    Attributes:
        service_policies: what Object Storage may do, by the region that does it.
    """

    service_policies: Mapping[UsRegion, oci.identity.Policy]

    def __init__(self, name: str, args: StorageAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("StorageAccess", name, opts)
        self._foundation = args.foundation
        grants = sorted(args.service_grants, key=lambda grant: (grant.region, grant.name))
        self.service_policies = {
            region: self._service_policy(region, tuple(of_region))
            for region, of_region in groupby(grants, key=lambda grant: grant.region)
        }
        exported = [dataset for dataset in args.datasets if dataset.export_grants]
        groups = {
            group: self._group(group)
            for group in sorted({grant.group for dataset in exported for grant in dataset.export_grants})
        }
        for dataset in exported:
            self._export_policy(dataset, groups)
        self.register_outputs({})

    def _service_policy(self, region: UsRegion, grants: tuple[ServiceGrant, ...]) -> oci.identity.Policy:
        return self._policy(
            f"objectstorage-{region}",
            f"Object Storage in {region} may replicate and expire objects, and use their keys",
            [grant.statement().text() for grant in grants],
            [self._foundation.compartments[grant.compartment] for grant in grants],
        )

    def _group(self, name: str) -> oci.identity.Group:
        return oci.identity.Group(
            name,
            compartment_id=self._foundation.tenancy.id,
            name=name,
            description="Reads the datasets that are exported to it",
            opts=self._child(self._foundation.home),
        )

    def _export_policy(self, dataset: DatasetPlan, groups: Mapping[str, oci.identity.Group]) -> None:
        grants = dataset.export_grants
        self._policy(
            f"{dataset.dataset.name}-export",
            f"The named export of {dataset.dataset.name}, until {grants[0].until.isoformat()}",
            [grant.statement().text() for grant in grants],
            [
                *(self._foundation.compartments[grant.compartment] for grant in grants),
                *(groups[grant.group] for grant in grants),
            ],
        )

    def _policy(
        self, name: str, description: str, statements: list[str], named: Iterable[pulumi.Resource]
    ) -> oci.identity.Policy:
        return oci.identity.Policy(
            name,
            compartment_id=self._foundation.tenancy.id,
            name=f"{self._foundation.organization}-{name}",
            description=description,
            statements=statements,
            opts=self._child(self._foundation.home, depends_on=dict.fromkeys(named)),
        )
