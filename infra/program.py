"""The program: settings -> plan -> providers -> components -> exports.

What it refuses: to register anything while anything is wrong with the stack file. The text of its error is the rendered
findings and nothing else.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import pulumi

from components.access import Access, AccessArgs
from components.keys import RegionalKeys, RegionalKeysArgs
from components.legacy_backup import LegacyBackup, LegacyBackupArgs
from components.network import PeeringMesh, PeeringMeshArgs, RegionalNetwork, RegionalNetworkArgs
from components.primary_storage import (
    DatasetStore,
    DatasetStoreArgs,
    RegionalStorage,
    RegionalStorageArgs,
)
from components.storage_access import StorageAccess, StorageAccessArgs
from components.tenancy import TenancyArgs, TenancyFoundation
from infra import settings
from infra.exports import export
from infra.providers import connect
from infra.residency.findings import ResidencyError, render
from infra.residency.placement import Plan, RegionRole

_ROOT = Path(__file__).resolve().parents[1]


def main(as_of: date | None = None) -> None:
    """Registers everything that the running stack provisions.

    Args:
        as_of: the day on which the plan is made; today if None.

    Raises:
        pulumi.RunError: with every finding about the stack file, before any resource is registered.
    """
    pulumi.require_pulumi_version(">=3.256.0")
    provision(_plan(pulumi.get_stack(), as_of or datetime.now(UTC).date()))


def _plan(stack: str, as_of: date) -> Plan:
    path = settings.stack_file(_ROOT, stack)
    try:
        return settings.load(path, configured=settings.configured(), as_of=as_of).plan
    except ResidencyError as error:
        raise pulumi.RunError(render(error.findings, path.relative_to(_ROOT).as_posix())) from error


def provision(plan: Plan) -> None:
    """Registers everything that a plan says."""
    providers = connect(plan)
    foundation = TenancyFoundation(
        "tenancy", TenancyArgs(organization=plan.organization, tenancy=plan.tenancy, home=providers.home)
    )
    access = StorageAccess(
        "storage-access",
        StorageAccessArgs(foundation=foundation, service_grants=plan.service_grants, datasets=plan.datasets),
    )
    if plan.access is not None:
        Access("access", AccessArgs(foundation=foundation, plan=plan.access))
    vaults = {
        region: RegionalKeys(
            f"keys-{region}",
            RegionalKeysArgs(
                foundation=foundation,
                region=region,
                keys=tuple(key for key in plan.keys if key.region is region),
                provider=provider,
            ),
        )
        for region, provider in providers.regions.items()
    }
    networks = {
        network.region: RegionalNetwork(
            f"network-{network.region}",
            RegionalNetworkArgs(
                foundation=foundation,
                network=network,
                peers=tuple(peer for peer in plan.networks if peer.region in network.peers),
                provider=providers.regions[network.region],
            ),
        )
        for network in plan.networks
    }
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
        RegionalStorage(
            f"storage-{network.region}",
            RegionalStorageArgs(
                foundation=foundation,
                region=network.region,
                network=None if network.role is RegionRole.SPARE else networks[network.region],
                provider=providers.regions[network.region],
            ),
        )
    for dataset in plan.datasets:
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
    for site in plan.sites:
        if site.site.phase.has_holders:
            LegacyBackup(
                site.site.name,
                LegacyBackupArgs(organization=plan.organization, plan=site, provider=providers.sites[site.site.name]),
            )
    export(plan, {region: vault.keys for region, vault in vaults.items()})
