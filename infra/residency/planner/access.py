"""Plans access: which group has which duty, and from which network it may act.

Refuses a network that is not made of public addresses or is too wide to name anybody, a group without a known duty or
network, a group that is also the reader of an export, and break-glass that nobody could approve or nobody would see.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from infra.residency import naming
from infra.residency.access import AccessPlan, GroupAccess, NetworkSource
from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.approvals import SIGNERS_NEEDED, Approval
from infra.residency.dataset import DataClass, Dataset
from infra.residency.duties import Duty, Overlap, break_glass, statements, together
from infra.residency.findings import Finding, Rule, did_you_mean, join, said, visible
from infra.residency.oracle_policy import Group, Statement
from infra.residency.planner import forms
from infra.residency.planner.networks import Regions

_PATH = "access"
_NETWORKS, _GROUPS = (join(_PATH, key) for key in ("networks", "groups"))
_DUTIES = {duty.value: duty for duty in Duty}

_WIDEST = 16
"""Bits of the shortest prefix: 65,536 addresses. A wider network names half a provider's customers, not an office."""

_NOT_PUBLIC = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "a carrier's own",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.168.0.0/16": "private",
    "224.0.0.0/3": "multicast or reserved",
}
"""Addresses that no request over the internet comes from (RFC 6890)."""


def plan_access(
    request: AccessRequest,
    organization: str,
    regions: Regions | None,
    datasets: tuple[Dataset, ...],
    *,
    approvals: tuple[Approval, ...],
    signers: Collection[str],
    watched: bool,
    findings: list[Finding],
) -> AccessPlan | None:
    """The groups and networks of one stack, or None where something about them is not allowed.

    Args:
        request: what the stack file asks for.
        organization: prefix of physical names.
        regions: the regions of this stack, where alone the groups may act; None where they are not allowed themselves.
        datasets: those whose exports name groups of their own.
        approvals: of break-glass, believed and not over.
        signers: who may sign an approval.
        watched: whether what break-glass reads raises an alarm.
        findings: where to put what is wrong.
    """
    before = len(findings)
    networks = {
        name: source
        for name, cidrs in sorted(request.networks.items())
        if (source := _network(name, cidrs, organization, findings)) is not None
    }
    _check_exports(request, datasets, findings)
    duties = {name: _duty(name, group, request, findings) for name, group in sorted(request.groups.items())}
    _check_signers(request, signers, findings)
    if not watched:
        findings.extend(_unwatched(request))
    if regions is None or len(findings) > before:
        return None

    def access(name: str, duty: Duty, network: NetworkSource) -> GroupAccess:
        permanent = statements(
            duty,
            group=name,
            organization=organization,
            network_source=network.physical,
            regions=[it.region for it in regions.networks],
            frozen=regions.roles.frozen,
        )
        approved = (
            statement
            for approval in approvals
            if approval.group == name
            for statement in break_glass(
                approval,
                organization=organization,
                network_source=network.physical,
                regions=(regions.roles.primary, regions.roles.other),
                buckets=_buckets(approval, organization, regions, datasets),
            )
        )
        return GroupAccess(name=name, duty=duty, network=network, statements=(*permanent, *approved))

    return AccessPlan(
        networks=tuple(networks.values()),
        groups=tuple(
            access(name, duty, networks[request.groups[name].network])
            for name, duty in duties.items()
            if duty is not None
        ),
        approvals=approvals,
    )


def _buckets(
    approval: Approval, organization: str, regions: Regions, datasets: tuple[Dataset, ...]
) -> dict[DataClass, list[str]]:
    """The buckets of the approved datasets, replicas included, by class."""
    found: dict[DataClass, list[str]] = {}
    for dataset in (it for it in datasets if it.name in approval.datasets):
        found.setdefault(dataset.data_class, []).extend(
            naming.oracle_bucket(organization, dataset.name, number, region)
            for number in range(dataset.shards)
            for region in (regions.roles.primary, regions.roles.other)
        )
    return found


def _network(name: str, cidrs: Mapping[str, str], organization: str, findings: list[Finding]) -> NetworkSource | None:
    path = join(_NETWORKS, name)
    before = len(findings)
    findings.extend(filter(None, [forms.NETWORK.finding(name, path)]))
    blocks: dict[str, IPv4Network] = {}
    for label, text in sorted(cidrs.items()):
        block = _block(text, join(path, label), findings)
        if block is None:
            continue
        for other, known in blocks.items():
            if block.overlaps(known):
                findings.append(
                    Finding(
                        path=join(path, label),
                        rule=Rule.CIDR_OVERLAP,
                        given=f"{block}, which shares addresses with {known} ({visible(other)})",
                        allowed="addresses that are named once",
                        fix="keep the wider of the two",
                    )
                )
        blocks[label] = block
    if len(findings) > before:
        return None
    return NetworkSource(
        name=name, physical=naming.network_source(organization, name), cidrs=tuple(sorted(blocks.values()))
    )


def _block(text: str, path: str, findings: list[Finding]) -> IPv4Network | None:
    allowed = f"public IPv4 addresses with a prefix of /{_WIDEST} to /32, such as 198.51.100.0/24"

    def refuse(given: str, fix: str, why: str = "") -> None:
        findings.append(Finding(path=path, rule=Rule.CIDR, given=given, allowed=allowed, why=why, fix=fix))

    try:
        block = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        refuse(said(text), "write the network's first address and its prefix")
        return None
    if block.prefixlen < _WIDEST:
        refuse(
            f"{block}, which is {block.num_addresses:,} addresses",
            "name the addresses that are really yours",
            "a network that holds everybody keeps nobody out",
        )
        return None
    kind = next((kind for inside, kind in _NOT_PUBLIC.items() if block.overlaps(IPv4Network(inside))), None)
    if kind is not None:
        refuse(
            f"{block} ({kind})",
            "name the public addresses behind which that network reaches the internet",
            "Oracle Cloud sees the public address of a request",
        )
        return None
    return block


def _check_exports(request: AccessRequest, datasets: tuple[Dataset, ...], findings: list[Finding]) -> None:
    """Checks that who reads an export has no duty here: reading data and any duty do not go together."""
    readers = {dataset.export.group.lower(): dataset for dataset in datasets if dataset.export is not None}
    for name in sorted(request.groups):
        dataset = readers.get(name.lower())
        if dataset is not None:
            findings.append(
                Finding(
                    path=join(_GROUPS, name),
                    rule=Rule.SEPARATION,
                    given=f"{name}, which reads the export of {dataset.name}",
                    allowed="a group that reads no export",
                    why="an export is for people outside; who has a duty here is inside",
                    fix="give the export, or the duty, to a group of its own",
                    basis=("datasets",),
                )
            )


def _duty(name: str, request: GroupRequest, access: AccessRequest, findings: list[Finding]) -> Duty | None:
    """The duty of a group, or None, and a finding, where there is none of that name; checks its network, too."""
    path = join(_GROUPS, name)
    findings.extend(filter(None, [forms.GROUP.finding(name, path)]))
    duty = _DUTIES.get(request.duty)
    if duty is None:
        findings.append(
            Finding(
                path=join(path, "duty"),
                rule=Rule.DUTY,
                given=said(request.duty),
                allowed=", ".join(_DUTIES),
                why="a group has one duty, and all that it may do follows from it",
                fix=did_you_mean(request.duty, _DUTIES, "name one of these"),
            )
        )
    if request.network not in access.networks:
        findings.append(
            Finding(
                path=join(path, "network"),
                rule=Rule.NETWORK_SOURCE,
                given=said(request.network),
                allowed=", ".join(sorted(access.networks)) or "a network of access.networks",
                why="a group that could act from anywhere could act from abroad",
                fix=did_you_mean(request.network, access.networks, "name one of these, or add it to access.networks"),
                basis=(_NETWORKS,),
            )
        )
    return duty


def _check_signers(request: AccessRequest, signers: Collection[str], findings: list[Finding]) -> None:
    """Checks that break-glass can be approved at all: nobody finds out in an emergency that it cannot."""
    for name, group in sorted(request.groups.items()):
        if group.duty == Duty.BREAK_GLASS and len(signers) < SIGNERS_NEEDED:
            findings.append(
                Finding(
                    path=join(_GROUPS, name, "duty"),
                    rule=Rule.SIGNER,
                    given=f"{group.duty}, and as signers {', '.join(sorted(signers)) or 'nobody'}",
                    allowed=f"{group.duty} where legacy.signers names {SIGNERS_NEEDED} people or more",
                    why="two of them have to sign before anybody reads",
                    fix="add their public keys: python -m infra.retirement attest public-key --key KEY",
                    basis=("legacy.signers",),
                )
            )


def _unwatched(request: AccessRequest) -> Iterator[Finding]:
    """Break-glass, and nobody who is told of it: a log names who reads by user, so the users have to be named."""
    for name, group in sorted(request.groups.items()):
        if group.duty == Duty.BREAK_GLASS:
            yield Finding(
                path=join(_GROUPS, name, "duty"),
                rule=Rule.UNWATCHED,
                given=f"{group.duty}, and an audit trail that watches no sealed user",
                allowed=f"{group.duty} where audit.sealedUsers names who may be in such a group",
                why="whoever reads in an emergency is seen at once, or it is no emergency",
                fix="add the users' OCIDs to audit.sealedUsers",
                basis=("audit",),
            )


def overlaps(granted: Iterable[Statement]) -> dict[str, Overlap]:
    """The groups that may touch private data and change what guards it, with the two statements that let them."""
    of_group: dict[str, list[Statement]] = {}
    for statement in granted:
        match statement.subject:
            case Group(name=name):
                of_group.setdefault(name, []).append(statement)
            case _:
                pass
    found = {name: together(given) for name, given in sorted(of_group.items())}
    return {name: overlap for name, overlap in found.items() if overlap is not None}
