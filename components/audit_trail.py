"""A region's audit trail: the bucket that nobody can alter, the logs, and the connectors that carry them there.

What it refuses:

* *A bucket that can be emptied.* What arrives stays for as long as the plan says; the rule that says so is locked on
  the plan's day, and from then on nobody can shorten it. It keeps no versions: a retention rule and versions exclude
  each other, and what cannot be overwritten has none.
* *A key that those can administer whose acts it seals.* Vault and key are in the trail's own compartment, where the
  deployment may create and nobody may change (`infra.residency.duties`).
* *A connector that is changed.* Each carries one log group for good, so that a trail grows by creations only; the whole
  tenancy's events are one of them, with whatever is put there later.
* *A circle.* The bucket's own reads are logged into it, its writes are not: each delivery would be one more to deliver.
* *A log of names beside the trail.* Logs of buckets name objects, and those of edges name addresses; both are data
  about users, lie in the trail's compartment, and reach no place but its bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.edge import PublicEdge
from components.tenancy import TenancyFoundation
from infra.residency.audit import AuditPlan, AuditRegion, Stream
from infra.residency.dataset import DataClass
from infra.residency.placement import Compartment, Placement
from infra.residency.watched import audit_filter, reader_filter

_KEY_BYTES = 32
"""AES-256."""

_LOG_DAYS = 180
"""The longest that the Logging service keeps anything by itself."""

_WHOLE_TENANCY = "_Audit_Include_Subcompartment"
"""What Connector Hub calls the audit events of a compartment and of everything inside it."""

_MOST_MEGABYTES, _MOST_MILLISECONDS = 100, 420_000
"""How much a connector gathers before it puts an object: seven minutes' worth at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailArgs:
    """What a region's trail is made of, and what it watches there.

    Attributes:
        keys_grant: what lets Object Storage of the region use the trail's key.
        connectors_grant: what lets connectors deliver.
        stores: the buckets that hold data there, each with its placement.
        flows: the log group of the private network.
        edge: None where the region answers no users.
    """

    foundation: TenancyFoundation
    plan: AuditPlan
    region: AuditRegion
    keys_grant: oci.identity.Policy
    connectors_grant: oci.identity.Policy
    stores: tuple[tuple[Placement, oci.objectstorage.Bucket], ...]
    flows: oci.logging.LogGroup
    edge: PublicEdge | None
    provider: oci.Provider


class AuditTrail(Component):
    """A region's bucket for logs with its vault and key, the logs, and the connectors.

    Attributes:
        bucket: where everything arrives.
    """

    bucket: oci.objectstorage.Bucket

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AuditTrail", name, opts)
        self._args, self._name = args, name
        self._compartment_id = args.foundation.compartments[Compartment.AUDIT].id
        self.bucket = self._bucket()
        logs = self._logs()
        for stream, group, compartment, condition in self._sources(logs):
            self._connector(stream, group, compartment, condition)
        self.register_outputs({})

    def _bucket(self) -> oci.objectstorage.Bucket:
        args, region = self._args, self._args.region
        tags = args.foundation.tags
        vault = oci.kms.Vault(
            self._name,
            compartment_id=self._compartment_id,
            display_name=region.vault,
            vault_type="DEFAULT",
            defined_tags=tags.of(),
            opts=self._holder(args.provider, depends_on=tags.first),
        )
        key = oci.kms.Key(
            self._name,
            compartment_id=self._compartment_id,
            display_name=region.key,
            management_endpoint=vault.management_endpoint,
            protection_mode="HSM",
            key_shape=oci.kms.KeyKeyShapeArgs(algorithm="AES", length=_KEY_BYTES),
            defined_tags=tags.of(data_class=DataClass.PROTECTED),
            opts=self._holder(args.provider, depends_on=tags.first),
        )
        return oci.objectstorage.Bucket(
            self._name,
            compartment_id=self._compartment_id,
            namespace=args.foundation.tenancy.namespace,
            name=region.bucket,
            storage_tier="Standard",
            access_type="NoPublicAccess",
            kms_key_id=key.id,
            versioning="Disabled",
            object_events_enabled=True,
            retention_rules=[
                oci.objectstorage.BucketRetentionRuleArgs(
                    display_name="audit",
                    duration=oci.objectstorage.BucketRetentionRuleDurationArgs(
                        time_amount=str(args.plan.retention_days), time_unit="DAYS"
                    ),
                    time_rule_locked=args.plan.locked_at,
                )
            ],
            defined_tags=tags.of(data_class=DataClass.PROTECTED),
            opts=self._holder(args.provider, depends_on=(args.keys_grant, *tags.first)),
        )

    def _logs(self) -> oci.logging.LogGroup:
        """Who read and wrote what, and what the edge answered and refused."""
        args = self._args
        group = oci.logging.LogGroup(
            self._name,
            compartment_id=self._compartment_id,
            display_name=self._display(Stream.ACCESS),
            description=f"Who asked for what in {args.region.region}",
            opts=self._child(args.provider),
        )
        for name, service, category, resource, beside in self._watched():
            oci.logging.Log(
                f"{name}-{category}",
                log_group_id=group.id,
                display_name=f"{name}-{category}",
                log_type="SERVICE",
                is_enabled=True,
                retention_duration=_LOG_DAYS,
                configuration=oci.logging.LogConfigurationArgs(
                    compartment_id=self._compartment_id,
                    source=oci.logging.LogConfigurationSourceArgs(
                        source_type="OCISERVICE", service=service, category=category, resource=resource
                    ),
                ),
                opts=self._child(args.provider, depends_on=beside),
            )
        return group

    def _watched(self) -> Iterator[tuple[str, str, str, pulumi.Input[str], tuple[pulumi.Resource, ...]]]:
        """Logical name, service, category and resource of each log, and what it names as plain text."""
        args, storage = self._args, "objectstorage"
        for placement, bucket in args.stores:
            for category in ("read", "write"):
                yield placement.name, storage, category, placement.bucket, (bucket,)
        yield self._name, storage, "read", args.region.bucket, (self.bucket,)
        if args.edge is not None:
            edge = f"edge-{args.region.region}"
            for category in ("access", "error"):
                yield edge, "loadbalancer", category, args.edge.balancer.id, ()
            yield f"{edge}-firewall", "waf", "all", args.edge.firewall.id, ()

    def _sources(
        self, logs: oci.logging.LogGroup
    ) -> Iterator[tuple[Stream, pulumi.Input[str], pulumi.Input[str], str | None]]:
        """What each connector carries: its log group, the compartment of that, and what it picks (None: everything)."""
        args, foundation = self._args, self._args.foundation
        network, edge = (foundation.compartments[it].id for it in (Compartment.NETWORK, Compartment.EDGE))
        tenancy = foundation.tenancy.id
        yield Stream.EVENTS, _WHOLE_TENANCY, tenancy, None
        yield Stream.ACCESS, logs.id, self._compartment_id, None
        yield Stream.FLOWS, args.flows.id, network, None
        yield Stream.ALARMS, _WHOLE_TENANCY, tenancy, audit_filter()
        if args.plan.sealed_users:
            yield Stream.BREAK_GLASS, logs.id, self._compartment_id, reader_filter(args.plan.sealed_users)
        if args.edge is not None:
            yield Stream.EDGE_FLOWS, args.edge.network.flows.id, edge, None

    def _connector(
        self, stream: Stream, group: pulumi.Input[str], compartment: pulumi.Input[str], condition: str | None
    ) -> None:
        args, sch = self._args, oci.sch
        sch.Connector(
            f"{stream}-{args.region.region}",
            compartment_id=self._compartment_id,
            display_name=self._display(stream),
            description=f"Carries {stream} of {args.region.region} into {args.region.bucket}",
            source=sch.ConnectorSourceArgs(
                kind="logging",
                log_sources=[sch.ConnectorSourceLogSourceArgs(compartment_id=compartment, log_group_id=group)],
            ),
            tasks=[sch.ConnectorTaskArgs(kind="logRule", condition=condition)] if condition is not None else None,
            target=sch.ConnectorTargetArgs(
                kind="objectStorage",
                namespace=args.foundation.tenancy.namespace,
                bucket=args.region.bucket,
                object_name_prefix=stream.value,
                batch_rollover_size_in_mbs=_MOST_MEGABYTES,
                batch_rollover_time_in_ms=_MOST_MILLISECONDS,
            ),
            opts=self._child(args.provider, depends_on=(self.bucket, args.connectors_grant)),
        )

    def _display(self, stream: Stream) -> str:
        return naming.regional(self._args.foundation.organization, stream.value, self._args.region.region)
