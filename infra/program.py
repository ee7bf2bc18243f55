"""The program: settings -> plan -> providers -> components -> exports.

What it refuses: to register anything while anything is wrong with the stack file, while a deployed holder is left out
without a receipt, or while a component would not register a holder as planned. The text of its error is the rendered
findings and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import assert_never

import pulumi
import pulumi_aws as aws
import pulumi_oci as oci

from components.access import Access, AccessArgs
from components.alarms import Alarms, AlarmsArgs
from components.audit_archive import AuditArchive, AuditArchiveArgs
from components.audit_settings import AuditSettings, AuditSettingsArgs
from components.audit_trail import AuditTrail, AuditTrailArgs
from components.backup_transfer import BackupTransfer, BackupTransferArgs
from components.ci_trust import CiTrust, CiTrustArgs
from components.cloud_guard import CloudGuard, CloudGuardArgs
from components.edge import PublicEdge, PublicEdgeArgs
from components.edge_network import EdgeNetwork, EdgeNetworkArgs
from components.guardrails import Guardrails, GuardrailsArgs
from components.key_path import KeyPath, KeyPathArgs
from components.keys import InOracle, Outside, RegionalKeys, RegionalKeysArgs
from components.legacy_backup import LegacyBackup, LegacyBackupArgs
from components.network import PeeringMesh, PeeringMeshArgs, RegionalNetwork, RegionalNetworkArgs
from components.organization_control import OrganizationControl, OrganizationControlArgs
from components.packet_routing import NO_ATTRIBUTES, PacketRouting, PacketRoutingArgs, SecurityAttributes
from components.path_tests import PathTests, PathTestsArgs
from components.primary_storage import (
    DatasetStore,
    DatasetStoreArgs,
    RegionalStorage,
    RegionalStorageArgs,
)
from components.site_trail import SiteTrail, SiteTrailArgs
from components.storage_access import StorageAccess, StorageAccessArgs
from components.tenancy import TenancyArgs, TenancyFoundation
from components.traffic_routing import HostnameRouting, HostnameRoutingArgs, TrafficZone, TrafficZoneArgs
from infra import settings
from infra.exports import export, export_traffic
from infra.holder_watch import HolderWatch
from infra.providers import Providers, connect
from infra.residency import naming
from infra.residency.audit import AuditPlan, Subscriber
from infra.residency.aws_policy import managed_policy_arn
from infra.residency.deployer import powers
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.findings import ResidencyError, render
from infra.residency.guardrails import PacketRoutingState
from infra.residency.keys import ExternalCustody, VaultKind
from infra.residency.placement import Plan, RegionRole, SitePlan
from infra.residency.reachability import Claim, claims, edge_claims
from infra.residency.regions import UsRegion
from infra.residency.traffic import TrafficPlan
from infra.settings.evidence import read_evidence

_ROOT = Path(__file__).resolve().parents[1]


def main(as_of: date | None = None, evidence: Evidence | None = None, edits: Sequence[settings.Edit] = ()) -> None:
    """Registers everything that the running stack provisions.

    Args:
        as_of: the day on which the plan is made; today if None.
        evidence: receipts and what has been deployed; if None, as the files beside the stack file say.
        edits: what a preview of what is not in the stack file puts in its place.

    Raises:
        pulumi.RunError: with every finding about the stack file, before any resource is registered.
    """
    pulumi.require_pulumi_version(">=3.256.0")
    plan = _plan(pulumi.get_stack(), as_of or datetime.now(UTC).date(), evidence, edits)
    for site in plan.sites:
        if site.site.extension is not None:
            pulumi.warn(f"the end of {site.site.name} was put off to {site.site.expires}: {site.site.extension}")
    provision(plan)


def _plan(stack: str, as_of: date, evidence: Evidence | None, edits: Sequence[settings.Edit]) -> Plan:
    path = settings.stack_file(_ROOT, stack)
    try:
        if evidence is None:
            evidence = read_evidence(_ROOT, stack) if path.exists() else NO_EVIDENCE
        configured = settings.configured()
        return settings.load(path, configured=configured, as_of=as_of, evidence=evidence, edits=edits).plan
    except ResidencyError as error:
        raise pulumi.RunError(render(error.findings, path.relative_to(_ROOT).as_posix())) from error


def provision(plan: Plan) -> None:
    """Registers everything that a plan says.

    Raises:
        pulumi.RunError: a holder would not be registered as planned; none was deleted or replaced then.
    """
    watch = HolderWatch(plan)
    watch.begin()
    _register(plan)
    watch.end()


def _register(plan: Plan) -> None:
    providers = connect(plan)
    foundation = TenancyFoundation(
        "tenancy", TenancyArgs(organization=plan.organization, tenancy=plan.tenancy, home=providers.home)
    )
    access = StorageAccess(
        "storage-access",
        StorageAccessArgs(foundation=foundation, service_grants=plan.service_grants, datasets=plan.datasets),
    )
    denials = plan.guardrails.denials if plan.guardrails is not None else ()
    Guardrails("guardrails", GuardrailsArgs(foundation=foundation, quotas=plan.quotas, denials=denials))
    if plan.guardrails is not None:
        CloudGuard("cloud-guard", CloudGuardArgs(foundation=foundation, plan=plan.guardrails.cloud_guard))
    if plan.access is not None:
        Access("access", AccessArgs(foundation=foundation, plan=plan.access))
    carried = _packet_routing(plan, foundation)
    applications = {edge.region: edge.application_subnet for edge in plan.traffic.edges} if plan.traffic else {}
    networks = {
        network.region: RegionalNetwork(
            f"network-{network.region}",
            RegionalNetworkArgs(
                foundation=foundation,
                network=network,
                networks=plan.networks,
                applications=applications,
                carries=carried,
                provider=providers.regions[network.region],
            ),
        )
        for network in plan.networks
    }
    vaults = _vaults(plan, foundation, networks, providers)
    PeeringMesh(
        "peering",
        PeeringMeshArgs(
            foundation=foundation,
            networks=plan.networks,
            drgs={region: network.drg for region, network in networks.items()},
            providers=providers.regions,
        ),
    )
    for network in plan.networks:
        _path_tests(
            "paths",
            claims(network),
            {tier.value: subnet for tier, subnet in networks[network.region].subnets.items()},
            foundation=foundation,
            region=network.region,
            provider=providers.regions[network.region],
        )
        RegionalStorage(
            f"storage-{network.region}",
            RegionalStorageArgs(
                foundation=foundation,
                region=network.region,
                network=None if network.role is RegionRole.SPARE else networks[network.region],
                carries=carried,
                provider=providers.regions[network.region],
            ),
        )
    stores = [
        DatasetStore(
            dataset.dataset.name,
            DatasetStoreArgs(
                foundation=foundation,
                plan=dataset,
                keys={region: vault.keys[dataset.dataset.data_class] for region, vault in vaults.items()},
                grants=access.service_policies,
                providers=providers.regions,
            ),
        )
        for dataset in plan.datasets
    ]
    if plan.control is not None and providers.management is not None:
        OrganizationControl("organization", OrganizationControlArgs(plan=plan.control, provider=providers.management))
    if plan.ci is not None:
        args = CiTrustArgs(foundation=foundation, plan=plan.ci, powers=powers(plan), accounts=providers.accounts)
        CiTrust("ci", args)
    for site in plan.sites:
        if site.site.phase.has_holders:
            _legacy_site(plan, site, foundation, providers.sites[site.site.name])
    export(plan, {region: vault.keys for region, vault in vaults.items()})
    edges: Mapping[UsRegion, PublicEdge] = {}
    if plan.traffic is not None:
        edges = _answer_users(plan, plan.traffic, foundation, networks, providers)
    if plan.audit is not None:
        _record(
            plan.audit, foundation, access=access, networks=networks, edges=edges, stores=stores, providers=providers
        )
        _record_sites(plan, plan.audit.subscribers, providers)


def _vaults(
    plan: Plan, foundation: TenancyFoundation, networks: Mapping[UsRegion, RegionalNetwork], providers: Providers
) -> Mapping[UsRegion, RegionalKeys]:
    care = plan.key_care

    def kept(region: UsRegion, provider: oci.Provider) -> InOracle | Outside:
        match care.vault:
            case VaultKind() as kind:
                return InOracle(kind=kind, rotation_days=care.rotation_days)
            case ExternalCustody() as custody:
                args = KeyPathArgs(
                    foundation=foundation,
                    region=region,
                    manager=custody.managers[region],
                    flows=networks[region].flows,
                    provider=provider,
                )
                endpoint = KeyPath(f"key-path-{region}", args).endpoint
                return Outside(custody=custody, endpoint=endpoint, client_secret=settings.key_manager_secret())
            case _:
                assert_never(care.vault)

    return {
        region: RegionalKeys(
            f"keys-{region}",
            RegionalKeysArgs(
                foundation=foundation,
                region=region,
                kept=kept(region, provider),
                keys=tuple(key for key in plan.keys if key.region is region),
                provider=provider,
            ),
        )
        for region, provider in providers.regions.items()
    }


def _record(
    audit: AuditPlan,
    foundation: TenancyFoundation,
    *,
    access: StorageAccess,
    networks: Mapping[UsRegion, RegionalNetwork],
    edges: Mapping[UsRegion, PublicEdge],
    stores: list[DatasetStore],
    providers: Providers,
) -> None:
    tenancy = AuditSettings("audit", AuditSettingsArgs(foundation=foundation, plan=audit))
    for audited in audit.regions:
        region, provider = audited.region, providers.regions[audited.region]
        trail = AuditTrail(
            f"audit-{region}",
            AuditTrailArgs(
                foundation=foundation,
                plan=audit,
                region=audited,
                keys_grant=access.service_policies[region],
                connectors_grant=tenancy.grants,
                stores=tuple(
                    (placement, bucket)
                    for store in stores
                    for placement, bucket in store.buckets.values()
                    if placement.region is region
                ),
                flows=networks[region].flows,
                edge=edges.get(region),
                provider=provider,
            ),
        )
        Alarms(
            f"alarms-{region}",
            AlarmsArgs(foundation=foundation, plan=audit, region=audited, bucket=trail.bucket, provider=provider),
        )


def _record_sites(plan: Plan, subscribers: tuple[Subscriber, ...], providers: Providers) -> None:
    """The archive, and the trail of each account that has one."""
    if plan.archive is None or providers.archive is None:
        return
    name = f"{naming.AUDIT}-{naming.ARCHIVE}"
    args = AuditArchiveArgs(plan=plan.archive, care=plan.key_care, provider=providers.archive)
    archive = AuditArchive(name, args)
    accounts = {**providers.sites, naming.ARCHIVE: providers.archive}
    for trail in plan.archive.trails:
        if trail.live:
            SiteTrail(
                f"trail-{trail.name}",
                SiteTrailArgs(
                    plan=trail,
                    bucket=plan.archive.bucket,
                    archive=archive,
                    subscribers=subscribers,
                    provider=accounts[trail.name],
                ),
            )


def _packet_routing(plan: Plan, foundation: TenancyFoundation) -> SecurityAttributes:
    """What the things in the private networks carry."""
    state = plan.guardrails.packet_routing if plan.guardrails is not None else None
    if state is None:
        return NO_ATTRIBUTES
    retired = state is PacketRoutingState.RETIRED
    args = PacketRoutingArgs(foundation=foundation, plan=plan, retired=retired)
    return PacketRouting("packet-routing", args).carried


def _path_tests(
    name: str,
    claims: Iterable[Claim],
    subnets: Mapping[str, oci.core.Subnet],
    *,
    foundation: TenancyFoundation,
    region: UsRegion,
    provider: oci.Provider,
) -> None:
    PathTests(
        f"{name}-{region}",
        PathTestsArgs(foundation=foundation, region=region, claims=tuple(claims), subnets=subnets, provider=provider),
    )


def _legacy_site(whole: Plan, plan: SitePlan, foundation: TenancyFoundation, provider: aws.Provider) -> None:
    name = plan.site.name
    boundary = managed_policy_arn(plan.site.account_id, naming.boundary(whole.organization))
    args = LegacyBackupArgs(
        organization=whole.organization,
        plan=plan,
        care=whole.key_care,
        boundary=boundary if whole.ci is not None else None,
        provider=provider,
    )
    backup = LegacyBackup(name, args)
    if plan.transfer is not None:
        BackupTransfer(
            f"transfer-{name}",
            BackupTransferArgs(
                foundation=foundation, site=plan, transfer=plan.transfer, backup=backup, provider=provider
            ),
        )


def _answer_users(
    plan: Plan,
    traffic: TrafficPlan,
    foundation: TenancyFoundation,
    networks: Mapping[UsRegion, RegionalNetwork],
    providers: Providers,
) -> Mapping[UsRegion, PublicEdge]:
    outer = {
        edge.region: EdgeNetwork(
            f"edge-network-{edge.region}",
            EdgeNetworkArgs(
                foundation=foundation,
                edge=edge,
                drg=networks[edge.region].drg,
                networks=plan.networks,
                provider=providers.regions[edge.region],
            ),
        )
        for edge in traffic.edges
    }
    private = {network.region: network for network in plan.networks}
    for edge in traffic.edges:
        inner = {tier.value: subnet for tier, subnet in networks[edge.region].subnets.items()}
        _path_tests(
            "edge-paths",
            edge_claims(edge, private[edge.region]),
            inner | {tier.value: subnet for tier, subnet in outer[edge.region].subnets.items()},
            foundation=foundation,
            region=edge.region,
            provider=providers.regions[edge.region],
        )
    edges = {
        edge.region: PublicEdge(
            f"edge-{edge.region}",
            PublicEdgeArgs(
                foundation=foundation,
                edge=edge,
                network=outer[edge.region],
                probe_interval=traffic.probe_interval,
                provider=providers.regions[edge.region],
            ),
        )
        for edge in traffic.edges
    }
    zone = TrafficZone(
        "zone",
        TrafficZoneArgs(foundation=foundation, zone=traffic.zone, ttl=traffic.ttl, text_records=traffic.text_records),
    )
    for hostname in traffic.hostnames:
        HostnameRouting(
            hostname.label,
            HostnameRoutingArgs(
                foundation=foundation,
                hostname=hostname,
                policies=tuple(policy for policy in traffic.policies if policy.hostname is hostname),
                records=tuple(record for record in traffic.edge_records if record.hostname is hostname),
                zone=zone,
                edges=edges,
                ttl=traffic.ttl,
                probe_interval=traffic.probe_interval,
            ),
        )
    export_traffic(traffic, zone, edges)
    return edges
