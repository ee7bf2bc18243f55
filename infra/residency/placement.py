"""The plan: every holder of data, where it is and under which key, and every flow between them, as plain values.

`Placement` and `Flow` are made only by the planner. Components take them and register what they say; a component has no
region, name or CIDR of its own to get wrong.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network

from infra.residency.access import AccessPlan
from infra.residency.audit import AuditPlan
from infra.residency.aws_policy import Policy
from infra.residency.ci import CiPlan
from infra.residency.compartment import Compartment
from infra.residency.dataset import DataClass, Dataset
from infra.residency.failover import Roles
from infra.residency.flow import Flow
from infra.residency.grants import ExportGrant, ServiceGrant
from infra.residency.guardrails import GuardrailsPlan
from infra.residency.keys import KeyCare
from infra.residency.lifecycle import Site
from infra.residency.organization_policy import OrganizationPlan
from infra.residency.quotas import QuotaPlan
from infra.residency.regions import UsRegion
from infra.residency.restore import RestorePlan
from infra.residency.state_home import StateHome
from infra.residency.traffic import TrafficPlan
from infra.residency.trails import ArchivePlan
from infra.residency.transfer import TransferPlan

__all__ = [
    "AuthMethod",
    "BackupBucket",
    "Compartment",
    "DatasetPlan",
    "KeyPlan",
    "Network",
    "Placement",
    "PlacementRole",
    "Plan",
    "RegionRole",
    "SitePlan",
    "Subnet",
    "SubnetTier",
    "Tenancy",
    "Versioning",
]


class RegionRole(StrEnum):
    """PRIMARY holds the default stores, STANDBY their replicas, a SPARE only network, vault and keys.

    LOST was PRIMARY and cannot be reached: everything there is planned as it was.
    """

    PRIMARY = "primary"
    STANDBY = "standby"
    SPARE = "spare"
    LOST = "lost"


class SubnetTier(StrEnum):
    """The private subnets of a network. DATA: databases and alike. ENDPOINT: Object Storage's private endpoint."""

    DATA = "data"
    ENDPOINT = "endpoint"


class AuthMethod(StrEnum):
    """How the Oracle provider proves who it is, in its own words (its page "Configuring the Provider")."""

    API_KEY = "ApiKey"
    INSTANCE_PRINCIPAL = "InstancePrincipal"
    SECURITY_TOKEN = "SecurityToken"  # noqa: S105 - the provider's word for a method, not a secret
    RESOURCE_PRINCIPAL = "ResourcePrincipal"
    OKE_WORKLOAD_IDENTITY = "OKEWorkloadIdentity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """The Oracle Cloud tenancy. `home` is where identity, quotas and tags are written; always one of the US regions."""

    id: str
    home: UsRegion
    namespace: str
    auth: AuthMethod
    profile: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A private subnet of a regional network."""

    tier: SubnetTier
    cidr: IPv4Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One region's network: its VCN, private subnets, the service gateway's target and the US regions it peers with.

    Attributes:
        cidr: everything of the region, public edge included.
        vcn: the private VCN's part of it.
    """

    region: UsRegion
    role: RegionRole
    cidr: IPv4Network
    vcn: IPv4Network
    subnets: tuple[Subnet, ...]
    service_id: str
    peers: tuple[UsRegion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """One HSM key for everything of one data class in one region; `name` is physical (`usds-protected-iad`)."""

    name: str
    region: UsRegion
    data_class: DataClass


class PlacementRole(StrEnum):
    """PRIMARY: a default store, or what was one in a lost region. REPLICA: a read-only copy. BACKUP: at a site."""

    PRIMARY = "primary"
    REPLICA = "replica"
    BACKUP = "backup"


class Versioning(StrEnum):
    """Whether a bucket keeps what is replaced or deleted, in Oracle's words. Once ENABLED, it is never DISABLED."""

    ENABLED = "Enabled"
    SUSPENDED = "Suspended"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One shard of a dataset in one US region of Oracle Cloud.

    Attributes:
        name: logical name, a stable key of the plan (`profiles-us-ashburn-1`, `videos-1-us-ashburn-1`).
        bucket: physical name, carries the region's key (`usds-profiles-iad`, `usds-videos-1-iad`).
        endpoint: the S3-compatible endpoint that applications use.
        versioning: ENABLED on a PRIMARY; on a REPLICA, which takes no versions, SUSPENDED if it ever had some.
        noncurrent_days: how long a replaced or deleted version is kept; None where nothing expires: on a REPLICA, which
            keeps no versions, and while a failover has stopped it.
    """

    name: str
    dataset: Dataset
    shard: int
    role: PlacementRole
    region: UsRegion
    bucket: str
    endpoint: str
    versioning: Versioning
    noncurrent_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPlan:
    """A dataset with its placements (all shards, PRIMARY before REPLICA) and the flows that replicate and export it.

    Attributes:
        replications: one flow for each shard, in the order of the shards; none while a failover has stopped them.
        export: of all shards; None unless the dataset is EXCEPTED and names an export.
        export_grants: what lets the export's group read, one for each shard's default store; empty without an export.
    """

    dataset: Dataset
    placements: tuple[Placement, ...]
    replications: tuple[Flow, ...]
    export: Flow | None
    export_grants: tuple[ExportGrant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupBucket:
    """The legacy backup of one dataset at one site; all shards go into it, one prefix each (`prefixes`).

    Attributes:
        name: logical name (`profiles-virginia`).
        bucket: physical name (`usds-profiles-use1-111111111111`), or the adopted bucket's own.
        adopted: whether the bucket existed before this stack and is imported.
        prefixes: one for each shard, what its objects' names begin with (`videos/`, `videos-1/`).
        policy: the bucket policy, which never locks the site's deployer out.
    """

    name: str
    dataset: Dataset
    bucket: str
    adopted: bool
    prefixes: tuple[str, ...]
    flows: tuple[Flow, ...]
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """A legacy site in its phase: its key, the one role that works on objects, its buckets and their reports.

    Attributes:
        moves: whether this phase is not known to be deployed yet.
        receipt: digest of the last receipt that is believed; None where the phase rests on none.
        key_alias: `alias/usds-backup-virginia`.
        role: name of the IAM role that works on objects: the transfer's in BACKUP, the retirement's afterwards.
        operator_role: name of the IAM role that may act as the retirement's; empty in BACKUP.
        reports_bucket: holds the inventories of the other buckets; object names are user data, so it is a holder too.
        reports_policy: its bucket policy; S3 may deliver inventories there until the site is wiped.
        backups: none in CLOSED.
        transfer: what makes the backups; None where the stack file names nothing, and after BACKUP.
        restore: who reads one dataset's backup back; None where nobody does, and after BACKUP.
        erased_by: the earliest day on which the key is gone if it is given up on the day of the plan; None before WIPE.
    """

    site: Site
    moves: bool
    receipt: str | None
    key_alias: str
    role: str
    operator_role: str
    reports_bucket: str
    reports_policy: Policy
    backups: tuple[BackupBucket, ...]
    transfer: TransferPlan | None
    restore: RestorePlan | None
    erased_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that one stack provisions, sorted by name wherever there is more than one.

    Attributes:
        roles: which region holds the default stores, and what a failover has brought to rest.
        service_grants: what Object Storage itself may do, for exactly the regions that hold data (PRIMARY, STANDBY).
        control: what AWS Organizations forbids in the sites' accounts; None where that is not managed here.
        quotas: what stops everybody from using other regions, one policy for each family.
        traffic: who answers users; None for a stack that answers none.
        access: who has which duty; None for a stack in which nobody has one.
        guardrails: what else watches and forbids; None for a stack that has quotas and tags only.
        state: where the stack's own state lies; None for a stack that only simulated clouds have.
        audit: what is logged and who is told; None for a stack that logs no more than what passes its subnets.
        ci: which jobs deploy; None for a stack that people deploy.
        archive: where the trails of the legacy sites go; None for the same stack.
    """

    organization: str
    tenancy: Tenancy
    roles: Roles
    networks: tuple[Network, ...]
    keys: tuple[KeyPlan, ...]
    key_care: KeyCare
    service_grants: tuple[ServiceGrant, ...]
    datasets: tuple[DatasetPlan, ...]
    sites: tuple[SitePlan, ...]
    control: OrganizationPlan | None
    quotas: tuple[QuotaPlan, ...]
    traffic: TrafficPlan | None
    access: AccessPlan | None
    guardrails: GuardrailsPlan | None
    state: StateHome | None
    audit: AuditPlan | None
    ci: CiPlan | None
    archive: ArchivePlan | None
