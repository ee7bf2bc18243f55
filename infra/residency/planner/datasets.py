"""Plans the datasets: what each is, where its shards are, and the flows that copy and export them.

Refuses a class that is not one, an exception without reason and end, and an export of anything but an exception.
"""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from infra.residency import naming
from infra.residency.compartment import of_class
from infra.residency.dataset import DataClass, Dataset, Export
from infra.residency.deployment import DatasetRequest
from infra.residency.failover import Halt, Roles
from infra.residency.findings import Finding, Rule, did_you_mean, join, said
from infra.residency.flow import Flow, FlowKind
from infra.residency.grants import ExportGrant
from infra.residency.holders import Deployed
from infra.residency.placement import DatasetPlan, Placement, PlacementRole, Versioning
from infra.residency.planner import forms
from infra.residency.regions import UsRegion

_PATH = "datasets"
MOST_SHARDS = 64
NONCURRENT_DAYS = 30
"""How long the primary keeps a version that was replaced or deleted: replication copies deletes and is no backup."""

_CLASSES = {data_class.value: data_class for data_class in DataClass}


def plan_datasets(requests: Mapping[str, DatasetRequest], as_of: date, findings: list[Finding]) -> tuple[Dataset, ...]:
    """The datasets that are right in themselves, sorted by name."""
    if not requests:
        findings.append(
            Finding(
                path=_PATH,
                rule=Rule.EMPTY_MAP,
                given="no dataset",
                allowed="at least one dataset",
                why="a stack without data has nothing to keep in place",
                fix="add one, such as profiles: {class: protected}",
            )
        )
    planned = (_dataset(name, request, as_of, findings) for name, request in sorted(requests.items()))
    return tuple(dataset for dataset in planned if dataset is not None)


_TAKEN = {
    naming.AUDIT: "a region's own bucket for logs has that name",
    naming.REPORTS: "a legacy site's own bucket for reports has that name",
    naming.STATE: "the bucket of the stack's own state has that name",
}
"""Names that no dataset may have, and why."""


def _dataset(name: str, request: DatasetRequest, as_of: date, findings: list[Finding]) -> Dataset | None:
    path = join(_PATH, name)
    before = len(findings)
    findings.extend(filter(None, [forms.DATASET.finding(name, path)]))
    if name in _TAKEN:
        findings.append(
            Finding(
                path=path,
                rule=Rule.NAME,
                given=name,
                allowed=f"any name but {name}",
                why=_TAKEN[name],
                fix="choose another name",
            )
        )
    if not 1 <= request.shards <= MOST_SHARDS:
        findings.append(
            Finding(
                path=join(path, "shards"),
                rule=Rule.SHARDS,
                given=_number(request.shards),
                allowed=f"1 to {MOST_SHARDS}",
                fix=f"did you mean {min(max(request.shards, 1), MOST_SHARDS)}?",
            )
        )
    data_class = DataClass.PROTECTED if request.data_class is None else _CLASSES.get(request.data_class)
    expires: date | None = None
    match data_class:
        case None:
            findings.append(
                Finding(
                    path=join(path, "class"),
                    rule=Rule.DATA_CLASS,
                    given=said(request.data_class or ""),
                    allowed=", ".join(_CLASSES),
                    why="what a class is decides where its data may be and who may read it",
                    fix=did_you_mean(request.data_class or "", _CLASSES, f"write {DataClass.PROTECTED} where unsure"),
                )
            )
        case DataClass.EXCEPTED:
            expires = _exception(request, path, as_of, findings)
        case DataClass.PROTECTED | DataClass.PUBLIC:
            _check_no_exception(request, data_class, path, findings)
        case _:
            assert_never(data_class)
    if data_class is None or len(findings) > before:
        return None
    export = request.export
    return Dataset(
        name=name,
        data_class=data_class,
        shards=request.shards,
        reason=request.reason,
        expires=expires,
        export=Export(name=export.name, group=export.group, until=expires) if export and expires else None,
    )


def _exception(request: DatasetRequest, path: str, as_of: date, findings: list[Finding]) -> date | None:
    """Until when an exception holds; checks that it says why, and to whom its data goes."""
    for key, value, example in (
        ("reason", request.reason, "global capacity planning"),
        ("expires", request.expires, '"2027-06-30"'),
    ):
        if value is None:
            findings.append(
                Finding(
                    path=join(path, key),
                    rule=Rule.MISSING_KEY,
                    given=f"no {key}",
                    allowed=f"an excepted dataset with reason and expires, such as {key}: {example}",
                    why="an exception that gives no reason or never ends swallows the rule",
                    fix=f"add {key}, or make the dataset protected",
                )
            )
    if request.reason is not None:
        findings.extend(filter(None, [forms.REASON.finding(request.reason, join(path, "reason"))]))
    if request.export is not None:
        checks = (
            forms.EXPORT.finding(request.export.name, join(path, "export", "name")),
            forms.GROUP.finding(request.export.group, join(path, "export", "group")),
        )
        findings.extend(filter(None, checks))
    return (
        None if request.expires is None else forms.future_date(request.expires, join(path, "expires"), as_of, findings)
    )


def _check_no_exception(request: DatasetRequest, data_class: DataClass, path: str, findings: list[Finding]) -> None:
    """Checks that a dataset which is no exception has nothing that only an exception may have."""
    for key, value, rule in (
        ("reason", request.reason, Rule.DATA_CLASS),
        ("expires", request.expires, Rule.DATA_CLASS),
        ("export", request.export, Rule.EXPORT),
    ):
        if value is not None:
            findings.append(
                Finding(
                    path=join(path, key),
                    rule=rule,
                    given=f"{key} of a {data_class} dataset",
                    allowed=f"{key} only where class is {DataClass.EXCEPTED}",
                    why="only an exception ends, has a reason, and may be read from outside by a named group",
                    fix=f"remove {key}, or write class: {DataClass.EXCEPTED} with reason and expires",
                )
            )


def place(
    dataset: Dataset, organization: str, namespace: str, roles: Roles, deployed: Deployed | None = None
) -> DatasetPlan:
    """Where the shards of a dataset are, and which flows that makes.

    Args:
        dataset: the dataset.
        organization: part of every physical name.
        namespace: of Object Storage.
        roles: which region holds the default stores.
        deployed: what the stack has had so far, which says of a replica whether it ever kept versions.
    """
    versioned = deployed.versioned if deployed else frozenset[str]()

    def placement(number: int, region: UsRegion) -> Placement:
        store = region is roles.primary or roles.lost
        resting = roles.halt is Halt.STOPPED and region is roles.origin
        bucket = naming.oracle_bucket(organization, dataset.name, number, region)
        unused = Versioning.SUSPENDED if bucket in versioned else Versioning.DISABLED
        return Placement(
            name=naming.placement(dataset.name, number, region),
            dataset=dataset,
            shard=number,
            role=PlacementRole.PRIMARY if store else PlacementRole.REPLICA,
            region=region,
            bucket=bucket,
            endpoint=naming.s3_endpoint(namespace, region),
            versioning=Versioning.ENABLED if store else unused,
            noncurrent_days=NONCURRENT_DAYS if store and not resting else None,
        )

    shards = range(dataset.shards)
    source, target = (roles.other, roles.primary) if roles.lost else (roles.primary, roles.other)
    sources = [placement(number, source) for number in shards]
    replications = tuple(
        Flow(
            name=naming.flow(store.name, target),
            kind=FlowKind.REPLICATION,
            dataset=dataset,
            shard=store.shard,
            source=source,
            target=target,
        )
        for store in sources
    )
    return DatasetPlan(
        dataset=dataset,
        placements=tuple(both for store in sources for both in (store, placement(store.shard, target))),
        replications=() if roles.halt is Halt.STOPPED else replications,
        export=_export_flow(dataset, dataset.export, source) if dataset.export else None,
        export_grants=tuple(_export_grant(dataset.export, store, organization) for store in sources)
        if dataset.export
        else (),
    )


def _export_flow(dataset: Dataset, export: Export, source: UsRegion) -> Flow:
    return Flow(
        name=naming.export(dataset.name),
        kind=FlowKind.EXPORT,
        dataset=dataset,
        shard=None,
        source=source,
        target=export.group,
        until=export.until,
    )


def _export_grant(export: Export, store: Placement, organization: str) -> ExportGrant:
    return ExportGrant(
        name=naming.export(store.name),
        group=export.group,
        organization=organization,
        compartment=of_class(store.dataset.data_class),
        bucket=store.bucket,
        region=store.region,
        until=export.until,
    )


def _number(value: int) -> str:
    return str(value) if abs(value) < 10**12 else "a number with more than 12 digits"
