"""Where US user data lives: for each shard a bucket in the primary region and its replica in the standby region.

What it refuses:

* *A place.* Regions, names and roles are those of a `Placement`, and a copy exists only where a `Flow` says so.
* *Versions, lifecycle or retention on a replica.* A replication destination is read-only; what it keeps is what the
  source keeps.
* *A bucket without a key of ours.* Both ends are encrypted, each with its own region's key.
* *Reading by anyone*, but for a PUBLIC dataset, and there objects one by one, never the list of their names.
* *Deleting older versions at once.* Replication copies deletes and is no backup, so the source keeps what was replaced
  or deleted for as long as the plan says.
* *A bucket outside the guarded compartments.* What applications create through the S3 or Swift interface lands in the
  PROTECTED compartment, not at the root of the tenancy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.network import RegionalNetwork
from components.packet_routing import SecurityAttributes
from components.tenancy import TenancyFoundation
from infra.residency.compartment import of_class
from infra.residency.dataset import DataClass
from infra.residency.flow import Flow
from infra.residency.packet_routing import Attribute
from infra.residency.placement import Compartment, DatasetPlan, Placement, PlacementRole, SubnetTier
from infra.residency.regions import UsRegion

_UPLOAD_DAYS = 7
"""An upload in parts that was not finished in a week is not going to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalStorageArgs:
    """A region's Object Storage; `network` is where its private endpoint stands, None where there is no data."""

    foundation: TenancyFoundation
    region: UsRegion
    network: RegionalNetwork | None
    carries: SecurityAttributes
    provider: oci.Provider


class RegionalStorage(Component):
    """What a region's Object Storage has one of: the default compartment, and the private endpoint to its buckets."""

    def __init__(self, name: str, args: RegionalStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("RegionalStorage", name, opts)
        foundation = args.foundation
        guarded = foundation.compartments[Compartment.PROTECTED].id
        oci.objectstorage.NamespaceMetadata(
            f"namespace-{args.region}",
            namespace=foundation.tenancy.namespace,
            default_s3compartment_id=guarded,
            default_swift_compartment_id=guarded,
            opts=self._child(args.provider),
        )
        if args.network is not None:
            self._private_endpoint(args, args.network)
        self.register_outputs({})

    def _private_endpoint(self, args: RegionalStorageArgs, network: RegionalNetwork) -> None:
        foundation, name = args.foundation, naming.private_endpoint(args.foundation.organization, args.region)
        oci.objectstorage.PrivateEndpoint(
            f"endpoint-{args.region}",
            compartment_id=foundation.compartments[Compartment.NETWORK].id,
            namespace=foundation.tenancy.namespace,
            name=name,
            prefix=name,
            subnet_id=network.subnets[SubnetTier.ENDPOINT].id,
            nsg_ids=[network.security_groups[SubnetTier.ENDPOINT].id],
            access_targets=[
                oci.objectstorage.PrivateEndpointAccessTargetArgs(
                    namespace=foundation.tenancy.namespace,
                    compartment_id=foundation.compartments[of_class(data_class)].id,
                    bucket="*",
                )
                for data_class in DataClass
            ],
            security_attributes=args.carries.of(Attribute.TIER, SubnetTier.ENDPOINT),
            opts=self._child(args.provider, depends_on=args.carries.first),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStoreArgs:
    """A dataset's placements and flows, and what they need in each region.

    Attributes:
        keys: the key of the dataset's class, by region.
        grants: what lets Object Storage of a region work for us there.
    """

    foundation: TenancyFoundation
    plan: DatasetPlan
    keys: Mapping[UsRegion, oci.kms.Key]
    grants: Mapping[UsRegion, oci.identity.Policy]
    providers: Mapping[UsRegion, oci.Provider]


class DatasetStore(Component):
    """The buckets of one dataset, their replication and lifecycle.

    Attributes:
        buckets: each with its placement, by the placement's name.
    """

    buckets: Mapping[str, tuple[Placement, oci.objectstorage.Bucket]]

    def __init__(self, name: str, args: DatasetStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("DatasetStore", name, opts)
        self._args = args
        self._namespace = args.foundation.tenancy.namespace
        buckets = {placement.name: self._bucket(placement) for placement in args.plan.placements}
        self.buckets = {placement.name: (placement, buckets[placement.name]) for placement in args.plan.placements}
        for placement in args.plan.placements:
            if placement.noncurrent_days is not None:
                self._lifecycle(placement, placement.noncurrent_days, buckets[placement.name])
        for flow in args.plan.replications:
            source, replica = self._ends(flow)
            self._replication(flow, source, replica, (buckets[source.name], buckets[replica.name]))
        self.register_outputs({})

    def _bucket(self, placement: Placement) -> oci.objectstorage.Bucket:
        args = self._args
        data_class = placement.dataset.data_class
        source = placement.role is PlacementRole.PRIMARY
        return oci.objectstorage.Bucket(
            placement.name,
            compartment_id=args.foundation.compartments[of_class(data_class)].id,
            namespace=self._namespace,
            name=placement.bucket,
            storage_tier="Standard",
            access_type=_access(data_class, placement.role),
            kms_key_id=args.keys[placement.region].id,
            versioning=placement.versioning.value,
            object_events_enabled=source,
            defined_tags=args.foundation.tags.of(data_class=data_class, role=placement.role),
            opts=self._holder(
                args.providers[placement.region],
                depends_on=(args.grants[placement.region], *args.foundation.tags.first),
            ),
        )

    def _lifecycle(self, placement: Placement, noncurrent_days: int, bucket: oci.objectstorage.Bucket) -> None:
        oci.objectstorage.ObjectLifecyclePolicy(
            placement.name,
            namespace=self._namespace,
            bucket=placement.bucket,
            rules=[
                oci.objectstorage.ObjectLifecyclePolicyRuleArgs(
                    name="noncurrent-versions",
                    target="previous-object-versions",
                    action="DELETE",
                    time_amount=str(noncurrent_days),
                    time_unit="DAYS",
                    is_enabled=True,
                ),
                oci.objectstorage.ObjectLifecyclePolicyRuleArgs(
                    name="incomplete-uploads",
                    target="multipart-uploads",
                    action="ABORT",
                    time_amount=str(_UPLOAD_DAYS),
                    time_unit="DAYS",
                    is_enabled=True,
                ),
            ],
            opts=self._child(
                self._args.providers[placement.region], depends_on=(bucket, self._args.grants[placement.region])
            ),
        )

    def _ends(self, flow: Flow) -> tuple[Placement, Placement]:
        """Source and replica of a replication: the placements of its shard in its two regions."""
        placements: Mapping[tuple[object, object], Placement] = {
            (placement.shard, placement.region): placement for placement in self._args.plan.placements
        }
        return placements[flow.shard, flow.source], placements[flow.shard, flow.target]

    def _replication(
        self, flow: Flow, source: Placement, replica: Placement, buckets: Iterable[oci.objectstorage.Bucket]
    ) -> None:
        oci.objectstorage.ReplicationPolicy(
            flow.name,
            namespace=self._namespace,
            name=flow.name,
            bucket=source.bucket,
            destination_bucket_name=replica.bucket,
            destination_region_name=replica.region.value,
            opts=self._child(
                self._args.providers[source.region],
                depends_on=(*buckets, self._args.grants[source.region], self._args.grants[replica.region]),
            ),
        )


def _access(data_class: DataClass, role: PlacementRole) -> str:
    """Who may read without being anyone: of a PUBLIC dataset's default store everybody, else nobody."""
    match data_class:
        case DataClass.PROTECTED | DataClass.EXCEPTED:
            return "NoPublicAccess"
        case DataClass.PUBLIC:
            return "ObjectReadWithoutList" if role is PlacementRole.PRIMARY else "NoPublicAccess"
        case _:
            assert_never(data_class)
