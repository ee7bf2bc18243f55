"""What a stack file asks for: the `usdata:deployment` value, right in shape, not yet judged.

Region names, CIDRs, phases and identifiers are still the text that was given: whether they are allowed, and what
follows from them, is the planner's business (`planner.plan`). `infra/settings.py` makes these values from the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.residency.access_request import AccessRequest
from infra.residency.audit_request import AuditRequest
from infra.residency.ci_request import CiRequest
from infra.residency.guardrails_request import GuardrailsRequest
from infra.residency.keys_request import KeysRequest
from infra.residency.state_home import StateRequest
from infra.residency.traffic_request import TrafficRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OciRegionRequest:
    """One region under `oci.regions`; the map's key is the region's name."""

    role: str
    cidr: str
    service_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OciRequest:
    """The Oracle Cloud tenancy under `oci`."""

    tenancy_id: str
    home_region: str
    object_storage_namespace: str
    auth: str
    profile: str | None = None
    failover: str | None = None
    regions: Mapping[str, OciRegionRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """The one export flow that an EXCEPTED dataset may have: who reads it, and under which name it is reported."""

    name: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRequest:
    """One dataset under `datasets`; `data_class` None means the file names no class, which is PROTECTED."""

    data_class: str | None = None
    shards: int = 1
    reason: str | None = None
    expires: str | None = None
    export: ExportRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRequest:
    """One DataSync agent at a site: its ARN, and the public address that its requests come from."""

    arn: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """What copies backups to a site; raising `key_generation` by one makes it use a fresh key."""

    key_generation: int
    agents: Mapping[str, AgentRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """Who reads one dataset's backup back: the IAM role of those people, from a network of `access`, until a day."""

    role: str
    network: str
    dataset: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRequest:
    """One legacy site under `legacy.sites`; `adopt` maps a dataset to the existing bucket that holds its backup."""

    region: str
    account_id: str
    deployer_role: str
    phase: str
    expires: str
    adopt: Mapping[str, str] = field(default_factory=dict[str, str])
    operator_role: str | None = None
    extension: str | None = None
    confirm_census: str | None = None
    transfer: TransferRequest | None = None
    restore: RestoreRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRequest:
    """The AWS organization of the legacy accounts under `legacy.organization`, where it is managed by this stack.

    Attributes:
        other_policies: how many policies of each kind somebody else has attached to each account.
    """

    id: str
    account_id: str
    deployer_role: str
    other_policies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """The whole `usdata:deployment` value of one stack; `traffic` is None for a stack that answers no users.

    Attributes:
        signers: public key (base64 of an ed25519 key's 32 bytes) of everyone whose signature on a receipt counts.
    """

    organization: str
    oci: OciRequest
    datasets: Mapping[str, DatasetRequest]
    sites: Mapping[str, SiteRequest]
    control: ControlRequest | None = None
    signers: Mapping[str, str] = field(default_factory=dict[str, str])
    traffic: TrafficRequest | None = None
    access: AccessRequest | None = None
    audit: AuditRequest | None = None
    guardrails: GuardrailsRequest | None = None
    keys: KeysRequest = field(default_factory=KeysRequest)
    state: StateRequest | None = None
    ci: CiRequest | None = None
