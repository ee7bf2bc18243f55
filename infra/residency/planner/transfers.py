"""Plans what copies a site's backups: agents and their addresses, keys and their generations, one task for each shard.

Refuses an agent of another place or account, an address that no request over the internet comes from, and a generation
that is none. A site that does not back up (any more) has no transfer.
"""

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from infra.residency import naming
from infra.residency.access import NetworkSource
from infra.residency.compartment import of_class
from infra.residency.dataset import Dataset
from infra.residency.deployment import TransferRequest
from infra.residency.findings import Finding, Rule, join, said
from infra.residency.lifecycle import Phase, Site
from infra.residency.oracle_policy import Group, Permissions, Statement, Variable, one_of
from infra.residency.oracle_vocabulary import Permission
from infra.residency.placement import BackupBucket
from infra.residency.planner import forms
from infra.residency.regions import UsRegion
from infra.residency.transfer import Agent, TransferKey, TransferPlan, TransferTask

_READING = (
    Permission.BUCKET_INSPECT,
    Permission.BUCKET_READ,
    Permission.OBJECT_INSPECT,
    Permission.OBJECT_READ,
)


def check_transfer(request: TransferRequest, site: Site, findings: list[Finding]) -> None:
    """Finds what is wrong with a site's transfer."""
    path = join("legacy.sites", site.name, "transfer")
    if request.key_generation < 1:
        findings.append(
            Finding(
                path=join(path, "keyGeneration"),
                rule=Rule.TRANSFER,
                given=str(request.key_generation),
                allowed="1, and one more for each fresh key",
                fix="write 1",
            )
        )
    start = f"arn:aws:datasync:{site.region}:{site.account_id}:agent/agent-"
    for name, agent in sorted(request.agents.items()):
        here = join(path, "agents", name)
        findings.extend(filter(None, [forms.BACKEND.finding(name, here)]))
        if not agent.arn.startswith(start) or not forms.AGENT.fullmatch(agent.arn.removeprefix(start)):
            findings.append(
                Finding(
                    path=f"{here}.arn",
                    rule=Rule.TRANSFER,
                    given=said(agent.arn),
                    allowed=f"{start} and 17 hexadecimal digits",
                    why="an agent works for its own account and region",
                    fix="copy the agent's ARN from DataSync",
                )
            )
        if _public(agent.address) is None:
            findings.append(
                Finding(
                    path=join(here, "address"),
                    rule=Rule.TRANSFER,
                    given=said(agent.address),
                    allowed="the public IPv4 address that the agent's requests come from",
                    why="Oracle Cloud lets the transfer read from these addresses only",
                    fix="ask the site's network for it",
                )
            )


def plan_transfer(
    request: TransferRequest,
    site: Site,
    *,
    organization: str,
    namespace: str,
    primary: UsRegion,
    backups: tuple[BackupBucket, ...],
) -> TransferPlan | None:
    """What copies a site's backups while it is in phase BACKUP, from a request that `check_transfer` finds right."""
    if site.phase is not Phase.BACKUP:
        return None
    name = naming.transfer_role(organization, site.name)
    addresses = sorted(it for agent in request.agents.values() if (it := _public(agent.address)) is not None)
    network = NetworkSource(
        name=f"transfer-{site.name}", physical=name, cidrs=tuple(IPv4Network(it) for it in dict.fromkeys(addresses))
    )
    generation = request.key_generation
    return TransferPlan(
        user=name,
        group=name,
        network=network,
        statements=_statements(organization, name, primary, backups),
        keys=(_key(site, name, generation), _key(site, name, generation - 1)),
        agents=tuple(Agent(name=it, arn=agent.arn) for it, agent in sorted(request.agents.items())),
        tasks=tuple(
            TransferTask(
                name=flow.name,
                host=naming.s3_endpoint(namespace, primary).removeprefix("https://"),
                source=naming.oracle_bucket(organization, backup.dataset.name, number, primary),
                target=backup.bucket,
                prefix=f"/{prefix}",
            )
            for backup in backups
            for number, (flow, prefix) in enumerate(zip(backup.flows, backup.prefixes, strict=True))
        ),
        topic=f"{organization}-backup-{site.name}",
    )


def _statements(
    organization: str, group: str, primary: UsRegion, backups: tuple[BackupBucket, ...]
) -> tuple[Statement, ...]:
    """Reading of the default stores that are backed up, by compartment, in their region and from the agents only."""

    def statement(datasets: list[Dataset]) -> Statement:
        buckets = [
            naming.oracle_bucket(organization, dataset.name, number, primary)
            for dataset in datasets
            for number in range(dataset.shards)
        ]
        return Statement(
            subject=Group(name=group),
            what=Permissions(of=_READING),
            organization=organization,
            compartment=of_class(datasets[0].data_class),
            conditions=(
                one_of(Variable.NETWORK_SOURCE, (group,)),
                one_of(Variable.REGION, (primary.facts.key,)),
                one_of(Variable.BUCKET, tuple(sorted(buckets))),
            ),
        )

    datasets = [backup.dataset for backup in backups]
    classes = sorted({dataset.data_class for dataset in datasets})
    return tuple(statement([it for it in datasets if it.data_class is data_class]) for data_class in classes)


def _key(site: Site, name: str, generation: int) -> TransferKey:
    parity = "odd" if generation % 2 else "even"
    return TransferKey(
        name=f"transfer-{site.name}-{parity}", display_name=f"{name}-{generation}", generation=generation
    )


def _public(text: str) -> IPv4Address | None:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return None
    return address if address.is_global and not address.is_multicast else None
