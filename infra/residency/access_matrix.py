"""Who can do what to which dataset, from where, until when, and by what: the whole answer, as rows.

The rows follow from the plan's statements, bucket policies and access types alone, so that they say what was granted
and not what was meant. Whoever appears in no row can do nothing to data, but for those whom no policy binds: they are
`ASSUMED`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from fnmatch import fnmatchcase

from infra.residency.aws_policy import ConditionKey, Effect, Everyone, Operator, Policy, bucket_arn
from infra.residency.compartment import of_class
from infra.residency.dataset import DataClass, Dataset
from infra.residency.findings import join
from infra.residency.oracle_policy import After, Before, Equals, OneOf, Statement, Variable
from infra.residency.oracle_powers import Power, powers
from infra.residency.placement import BackupBucket, Placement, PlacementRole, Plan, SitePlan

ASSUMED = (
    "the tenancy's default Administrators group, which no policy binds, holds only sealed break-glass users",
    "each legacy account's own administrators can change its policies; every such change is a drift of this stack",
    "Oracle's and Amazon's own staff, who are bound by their contracts and by keys, not by policies",
)
"""Whom no policy of ours binds."""

_DATA = (Power.LIST_DATA, Power.READ_DATA, Power.WRITE_DATA, Power.DELETE_DATA)

_CALLS = {
    Power.LIST_DATA: "s3:ListBucket",
    Power.READ_DATA: "s3:GetObject",
    Power.WRITE_DATA: "s3:PutObject",
    Power.DELETE_DATA: "s3:DeleteObject",
}
"""The call on a legacy bucket that stands for a power."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reach:
    """One way to some data.

    Attributes:
        dataset: name of the dataset.
        who: `group storage-operators`, `service objectstorage-us-ashburn-1`, `role usds-transfer-virginia`, `anyone`.
        powers: what they can do, in the order of `Power`.
        where: regions or sites in which the data lies, sorted.
        network: from where; `anywhere` if nothing says.
        until: first day on which it ends, or the moment within a day; None if nothing ends it.
        since: the moment before which it has not begun; None if it has.
        path: what in the stack file brings it about.
        by: the statement or setting that allows it.
    """

    dataset: str
    who: str
    powers: tuple[Power, ...]
    where: tuple[str, ...]
    network: str
    until: date | None
    path: str
    by: str
    since: datetime | None = None


def matrix(plan: Plan) -> tuple[Reach, ...]:
    """Every way to the data of a plan, sorted by dataset and by who it is."""
    rows = [*_duties(plan), *_services(plan), *_exports(plan), *_transfers(plan), *_anyone(plan), *_legacy(plan)]
    return tuple(sorted(rows, key=lambda row: (row.dataset, row.who, row.where, row.by)))


def _duties(plan: Plan) -> Iterator[Reach]:
    for group in plan.access.groups if plan.access is not None else ():
        for statement in group.statements:
            path = join("access.groups", group.name)
            yield from _by_statement(plan, statement, path=path, network=group.network.name)


def _services(plan: Plan) -> Iterator[Reach]:
    for grant in plan.service_grants:
        path = join("oci.regions", grant.region)
        yield from _by_statement(plan, grant.statement(), path=path, network="inside Oracle Cloud", source=grant.region)


def _exports(plan: Plan) -> Iterator[Reach]:
    for dataset in plan.datasets:
        for grant in dataset.export_grants:
            path = join("datasets", dataset.dataset.name, "export")
            yield from _by_statement(plan, grant.statement(), path=path, network="anywhere")


def _transfers(plan: Plan) -> Iterator[Reach]:
    for site in plan.sites:
        if site.transfer is not None:
            path = join("legacy.sites", site.site.name, "transfer")
            for statement in site.transfer.statements:
                yield from _by_statement(plan, statement, path=path, network=site.transfer.network.name)


def _by_statement(
    plan: Plan, statement: Statement, *, path: str, network: str, source: str | None = None
) -> Iterator[Reach]:
    """The datasets that a statement lets its subject reach."""
    given = powers(statement)
    if not given & set(_DATA):
        return
    buckets, regions = (_left(statement, variable) for variable in (Variable.BUCKET, Variable.REGION))
    ends = [condition.moment for condition in statement.conditions if isinstance(condition, Before)]
    for dataset in plan.datasets:
        if statement.compartment not in {None, of_class(dataset.dataset.data_class)}:
            continue
        places = {
            placement.region.value
            for placement in dataset.placements
            if (buckets is None or placement.bucket in buckets)
            and (regions is None or placement.region.facts.key in regions)
            and (source is None or _handles(source, placement, dataset.placements))
        }
        if places:
            yield Reach(
                dataset=dataset.dataset.name,
                who=statement.subject.text(),
                powers=tuple(power for power in _DATA if power in given),
                where=tuple(sorted(places)),
                network=network,
                until=_until(min(ends, default=None)),
                path=path,
                by=statement.text(),
                since=next((it.moment for it in statement.conditions if isinstance(it, After)), None),
            )


def _until(moment: datetime | None) -> date | None:
    """The day, where a moment is the first of one."""
    return moment.date() if moment is not None and moment.time() == time() else moment


def _handles(source: str, placement: Placement, placements: Iterable[Placement]) -> bool:
    """Whether Object Storage of a region handles a bucket: it expires its own, and replicates into the other."""
    stores = {it.region.value for it in placements if it.role is PlacementRole.PRIMARY}
    return placement.region.value == source or source in stores


def _left(statement: Statement, variable: Variable) -> frozenset[str] | None:
    """The values that the conditions leave to a variable; None where they leave any."""
    left: frozenset[str] | None = None
    for condition in statement.conditions:
        comparisons = condition.of if isinstance(condition, OneOf) else (condition,)
        values = frozenset(c.value for c in comparisons if isinstance(c, Equals) and c.variable is variable)
        if len(values) == len(comparisons):
            left = values if left is None else left & values
    return left


def _anyone(plan: Plan) -> Iterator[Reach]:
    for dataset in plan.datasets:
        if dataset.dataset.data_class is DataClass.PUBLIC:
            stores = {it.region.value for it in dataset.placements if it.role is PlacementRole.PRIMARY}
            yield Reach(
                dataset=dataset.dataset.name,
                who="anyone",
                powers=(Power.READ_DATA,),
                where=tuple(sorted(stores)),
                network="anywhere",
                until=None,
                path=join("datasets", dataset.dataset.name, "class"),
                by="accessType ObjectReadWithoutList: object by object, without the list of names",
            )


def _legacy(plan: Plan) -> Iterator[Reach]:
    for site in plan.sites:
        for backup in site.backups:
            yield from _backup(site, backup, backup.dataset)


def _backup(site: SitePlan, backup: BackupBucket, dataset: Dataset) -> Iterator[Reach]:
    """Who the bucket policy does not keep away, by what it does not keep them from."""
    spared: dict[str, list[Power]] = {}
    everybody = f"whomever account {site.site.account_id} lets"
    for power in _DATA:
        left = _not_denied(backup.policy, _CALLS[power])
        for arn in (everybody,) if left is None else left:
            spared.setdefault(arn, []).append(power)
    path = join("legacy.sites", site.site.name)
    for who, left_over in spared.items():
        restore = site.restore if site.restore is not None and site.restore.arn == who else None
        yield Reach(
            dataset=dataset.name,
            who=who if who == everybody else f"role {who.rpartition('/')[2]}",
            powers=tuple(left_over),
            where=(f"{site.site.name} ({site.site.region})",),
            network=restore.network if restore is not None else "anywhere",
            until=restore.until if restore is not None else site.site.expires,
            path=join(path, "restore") if restore is not None else path,
            by=f"policy of bucket {backup.bucket}",
        )


def _not_denied(policy: Policy, call: str) -> tuple[str, ...] | None:
    """The roles (ARNs) that no deny keeps from a call; None if it keeps away nobody.

    A deny under any condition but on who it is, such as on encryption or transport, keeps nobody away for good.
    """
    left: set[str] | None = None
    resource = bucket_arn(policy.name) if call == _CALLS[Power.LIST_DATA] else f"{bucket_arn(policy.name)}/object"
    for statement in policy.statements:
        hits = (
            statement.effect is Effect.DENY
            and isinstance(statement.principal, Everyone)
            and any(fnmatchcase(call, action) for action in statement.actions)
            and any(fnmatchcase(resource, pattern) for pattern in statement.resources)
        )
        if not hits:
            continue
        named = [
            condition
            for condition in statement.conditions
            if (condition.operator, condition.key) == (Operator.ARN_NOT_EQUALS, ConditionKey.PRINCIPAL_ARN)
        ]
        if len(named) == len(statement.conditions) <= 1:
            roles = set(named[0].values) if named else set[str]()
            left = roles if left is None else left & roles
    return None if left is None else tuple(sorted(left))
