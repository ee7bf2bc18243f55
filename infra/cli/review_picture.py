"""The picture behind a report: places, what stands in them, and the flows between them, each with why it is legal.

What the plan means is drawn; what the preview does to it (new, changed, gone) is taken from the resources behind it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

from infra.engine.display import count, listed
from infra.engine.events import Op
from infra.evidence.review import Band, Change, Column, Flow, Kind, Place, Station
from infra.residency.access_matrix import matrix
from infra.residency.audit import Stream
from infra.residency.findings import join
from infra.residency.flow import FlowKind
from infra.residency.keys import ExternalCustody, VaultKind
from infra.residency.lifecycle import Phase, Site
from infra.residency.placement import PlacementRole, RegionRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra.engine.display import Recorder
    from infra.residency.access_matrix import Reach
    from infra.residency.flow import Flow as PlannedFlow
    from infra.residency.placement import BackupBucket, DatasetPlan, Plan, SitePlan
    from infra.residency.regions import UsRegion
    from infra.residency.traffic import Hostname
    from infra.settings import Loaded

_PEOPLE: Final = "people"
_RANK: Final = {role: rank for rank, role in enumerate(RegionRole)}
_OPS: Final = {
    Op.CREATE: Change.NEW,
    Op.IMPORT: Change.NEW,
    Op.UPDATE: Change.CHANGED,
    Op.REPLACE: Change.CHANGED,
    Op.DELETE: Change.GONE,
}


@dataclass(slots=True, kw_only=True)
class Picture:
    """Places from left to right, stations from top to bottom, flows by kind."""

    places: list[Place] = field(default_factory=list[Place])
    stations: list[Station] = field(default_factory=list[Station])
    flows: list[Flow] = field(default_factory=list[Flow])


def draw(loaded: Loaded, recorder: Recorder, file: str) -> Picture:
    """The picture of a preview.

    Args:
        loaded: The stack file and its plan.
        recorder: What the preview would do.
        file: The stack file as a reader opens it.
    """
    artist = _Artist(plan=loaded.plan, lines=loaded.lines, file=file, changes=_changes(recorder))
    artist.people()
    artist.regions()
    artist.sites()
    artist.traffic()
    artist.copies()
    artist.grants()
    artist.logs()
    return artist.picture


def _changes(recorder: Recorder) -> Mapping[str, tuple[Change, str]]:
    """What happens to each resource, and where it is registered, by the last part of its type and its name."""
    found: dict[str, tuple[Change, str]] = {}
    for change in recorder.all():
        key = f"{change.step.type.rpartition(':')[2]} {change.name}"
        found[key] = (_OPS.get(change.op, Change.KEPT), change.step.position)
    return found


@dataclass(slots=True, kw_only=True)
class _Artist:
    plan: Plan
    lines: Mapping[str, int]
    file: str
    changes: Mapping[str, tuple[Change, str]]
    picture: Picture = field(default_factory=Picture)

    def people(self) -> None:
        """Users by hostname, and whoever can reach data."""
        self._place(_PEOPLE, Column.PEOPLE, "Who asks", "users, by hostname;", "and who can reach data")
        for hostname in self._hostnames():
            change = self._change(*_carrying(hostname))
            self._station(
                f"hostname:{hostname.label}", _PEOPLE, Band.ANSWERS, hostname.name, "users, by hostname", change=change
            )
        groups = {f"group {group.name}": group for group in (self.plan.access.groups if self.plan.access else ())}
        for who in sorted({reach.who for reach in matrix(self.plan) if not _is_service(reach)}):
            note = _WHO.get(who.partition(" ")[0], "")
            if group := groups.get(who):
                note = f"{group.duty}, from {group.network.name}"
            change = self._change(f"Group {who.removeprefix('group ')}")
            self._station(f"who:{who}", _PEOPLE, Band.ACCESS, who, note, change=change)

    def regions(self) -> None:
        """Each region of Oracle Cloud with its edge, stores, keys and policies."""
        edges = {edge.region: edge for edge in (self.plan.traffic.edges if self.plan.traffic else ())}
        for network in sorted(self.plan.networks, key=lambda network: (_RANK[network.role], network.region)):
            region, spare = network.region, network.role is RegionRole.SPARE
            place = f"oci:{region}"
            holds = "keys and network, no data" if spare else "data at home"
            self._place(place, Column.ORACLE, region.facts.place, f"{region}, {network.role}", holds)
            if region in edges:
                note = f"{count(len(edges[region].backends), 'back end')} behind it"
                change = self._change(f"LoadBalancer edge-{region}")
                self._station(f"edge:{region}", place, Band.ANSWERS, "public edge", note, change=change)
            for dataset in self.plan.datasets:
                self._store(dataset, region.value, place)
            for key in (key for key in self.plan.keys if key.region is region):
                kind, change = key.data_class, self._change(f"Key {key.data_class}-{region}")
                self._station(
                    f"key:{region}:{kind}", place, Band.KEYS, f"key, {kind}", self._kept()[0],
                    lane=f"key:{kind}", change=change,
                )  # fmt: skip
            if not spare:
                self._station(f"door:{region}", place, Band.ACCESS, "access", "policies of Oracle Cloud")

    def _kept(self) -> tuple[str, str]:
        """Where a key of Oracle Cloud is kept: in few words, and as the reason why an encryption is fine."""
        match self.plan.key_care.vault:
            case VaultKind():
                return (
                    "hardware, stays here",
                    "a customer key in a US hardware vault of the same region; it never leaves it",
                )
            case ExternalCustody(holder=holder):
                return (
                    f"with {holder}",
                    f"the key that {holder} is declared to hold in the US for this region and class",
                )
            case _:
                assert_never(self.plan.key_care.vault)

    def _store(self, dataset: DatasetPlan, region: str, place: str) -> None:
        here = [placement for placement in dataset.placements if placement.region == region]
        if not here:
            return
        name, data_class = dataset.dataset.name, dataset.dataset.data_class
        role = "default store" if here[0].role is PlacementRole.PRIMARY else "replica"
        shards = f" x {len(here)}" if len(here) > 1 else ""
        change = self._change(*(f"Bucket {placement.name}" for placement in here))
        station = f"data:{name}:{region}"
        self._station(station, place, Band.DATA, name, f"{data_class}, {role}{shards}", lane=name, change=change)
        self._flow(
            Kind.KEY, f"key:{region}:{data_class}", station,
            text=f"{name} in {region} is encrypted under the {data_class} key of that region",
            why=f"T6 keys: {self._kept()[1]}",
            paths=[join("oci.regions", region)], resources=[f"Bucket {here[0].name}"], change=change,
        )  # fmt: skip

    def sites(self) -> None:
        """Each legacy site with its backups, its key and its policies."""
        for plan in self.plan.sites:
            site = plan.site
            ends = f", until {site.expires}" if site.phase.has_holders else ""
            place = f"site:{site.name}"
            phase = f"phase {site.phase}{ends}"
            self._place(place, Column.LEGACY, site.region.facts.place, f"{site.name}, AWS {site.region}", phase)
            if not site.phase.has_holders:
                self._station(f"closed:{site.name}", place, Band.KEYS, "closed", "no data; keys wait", lane="key:site")
                continue
            for backup in plan.backups:
                self._backup(plan, place, backup)
            change = self._change(f"Key {site.name}")
            self._station(
                f"key:{site.name}", place, Band.KEYS, "key of the site", "one region, its own", lane="key:site",
                change=change,
            )  # fmt: skip
            self._station(f"door:{site.name}", place, Band.ACCESS, "access", "bucket policies")

    def _backup(self, plan: SitePlan, place: str, backup: BackupBucket) -> None:
        site, dataset = plan.site, backup.dataset.name
        note = "to be wiped" if site.phase is Phase.WIPE else "backup, adopted" if backup.adopted else "backup"
        change = self._change(f"Bucket {backup.name}")
        station = f"data:{dataset}:{site.name}"
        self._station(station, place, Band.DATA, dataset, note, lane=dataset, change=change)
        self._flow(
            Kind.KEY, f"key:{site.name}", station,
            text=f"the backup of {dataset} in {site.name} is encrypted under the site's own key",
            why="T6 keys: a single-region key of the site; destroying it erases every copy there",
            paths=[join("legacy.sites", site.name)], resources=[f"Bucket {backup.name}"], change=change,
        )  # fmt: skip

    def traffic(self) -> None:
        """From each hostname to every edge that may answer it, in the order in which they do."""
        for hostname in self._hostnames():
            shares = {share.region: share.percent for share in hostname.shares}
            for rank, region in enumerate(hostname.pool):
                who = "users, while it is healthy" if rank == 0 else "users, when those before it are down"
                who = f"{shares[region]} % of users" if shares else who
                self._flow(
                    Kind.TRAFFIC, f"hostname:{hostname.label}", f"edge:{region}",
                    text=f"{hostname.name} is answered by the edge in {region}: {who}",
                    why="T3 traffic: only edges in allowed US regions can answer, whoever asks and whatever is down",
                    paths=[join("traffic.hostnames", hostname.label)],
                    resources=_carrying(hostname),
                    weight=1 + round(6 * shares[region] / 100) if shares else 6 if rank == 0 else 2,
                    change=self._change(*_carrying(hostname)),
                )  # fmt: skip

    def copies(self) -> None:
        """Replication between regions, and what goes to or comes from a legacy site in its phase."""
        for dataset in self.plan.datasets:
            self._copy(dataset.replications)
        for site in self.plan.sites:
            for backup in site.backups:
                self._copy(backup.flows)

    def _copy(self, flows: Iterable[PlannedFlow]) -> None:
        """The flows of one dataset between two places; shards are one."""
        together = list(flows)
        if not together:
            return
        first, name = together[0], together[0].dataset.name
        site = next((end for end in (first.target, first.source) if isinstance(end, Site)), None)
        shards = f" ({len(together)} shards)" if len(together) > 1 else ""
        verb = {FlowKind.REPLICATION: "is replicated", FlowKind.BACKUP: "is backed up", FlowKind.DRAIN: "is drained"}
        phase = f"; phase {site.phase} of {site.name}, until {first.until}" if site else ""
        why = (
            f"T2 copies and T7 lifecycle: the one direction that the phase allows{phase}"
            if site
            else "T2 copies: from one allowed US region into another"
        )
        resources = [f"ReplicationPolicy {flow.name}" for flow in together]
        resources += [f"Bucket {name}-{site.name}", f"LegacyBackup {site.name}"] if site else []
        self._flow(
            Kind.COPY, f"data:{name}:{_end(first.source)}", f"data:{name}:{_end(first.target)}",
            text=f"{name} {verb.get(first.kind, first.kind)} from {_end(first.source)} to {_end(first.target)}{shards}",
            why=why,
            paths=[join("datasets", name), *([join("legacy.sites", site.name)] if site else [])],
            resources=resources,
            weight=min(8, 2 + len(together)),
            change=self._change(*resources),
        )  # fmt: skip

    def grants(self) -> None:
        """Who may reach the data of a place: the access matrix, datasets with the same powers together."""
        groups: dict[tuple[str, str, str, str, str, str], list[str]] = defaultdict(list)
        homes = {region.region.value for region in self.plan.networks}
        for reach in matrix(self.plan):
            if _is_service(reach):
                continue
            for where in reach.where:
                place = where if where in homes else where.partition(" ")[0]
                powers = ", ".join(power.removesuffix(" data") for power in reach.powers)
                until = f", until {reach.until}" if reach.until else ""
                groups[reach.who, place, powers, reach.network, until, reach.path].append(reach.dataset)
        for (who, place, powers, network, until, path), datasets in groups.items():
            self._flow(
                Kind.GRANT, f"who:{who}", f"door:{place}",
                text=f"{who} may {powers} {listed(datasets, most=12)} in {place}, from {network}{until}",
                why="T5 access: a named group or role with one duty, and nobody beside them",
                paths=[path], resources=[f"Group {who.removeprefix('group ')}"],
                change=self._change(f"Group {who.removeprefix('group ')}"),
            )  # fmt: skip

    def logs(self) -> None:
        """What is logged in each region of Oracle Cloud: it stays there, where nobody can alter it."""
        plan = self.plan.audit
        if plan is None:
            return
        for region in (it.region for it in plan.regions):
            stays = f"{count(plan.retention_days, 'day')}, unaltered"
            change = self._change(f"Bucket audit-{region}")
            self._station(f"log:{region}", f"oci:{region}", Band.LOGS, "logs", stays, lane="log", change=change)
            for dataset in self.plan.datasets:
                here = [placement.name for placement in dataset.placements if placement.region is region]
                name = dataset.dataset.name
                logged = [*(f"Log {it}-read" for it in here), f"Connector {Stream.ACCESS}-{region}"]
                self._logged(f"data:{name}:{region}", region, f"who reads and writes {name} in {region}", logged)
            answered = [f"Log edge-{region}-access", f"Connector {Stream.EDGE_FLOWS}-{region}"]
            self._logged(f"edge:{region}", region, f"who asks the edge in {region}, and what it refuses", answered)
            events = [f"Connector {stream}-{region}" for stream in (Stream.EVENTS, Stream.ALARMS, Stream.FLOWS)]
            called = f"what is called in {region}, what alters a guard of data, and what passes its networks"
            self._logged(f"door:{region}", region, called, events)
            if f"door:{region}" not in {station.id for station in self.picture.stations}:
                # Where no data is there is nobody to let in, and the keys are what is looked after.
                keys = next(key for key in self.plan.keys if key.region is region)
                self._logged(f"key:{region}:{keys.data_class}", region, called, events)

    def _logged(self, source: str, region: UsRegion, what: str, resources: Sequence[str]) -> None:
        """A flow into a region's logs, from a station if it is there."""
        if source in {station.id for station in self.picture.stations}:
            self._flow(
                Kind.LOG, source, f"log:{region}",
                text=f"{what}: is logged in the same region",
                why="T2 copies: it stays in its region; T9 evidence: nobody can end, alter or delete it",
                paths=["audit"], resources=resources, change=self._change(*resources),
            )  # fmt: skip

    def _hostnames(self) -> tuple[Hostname, ...]:
        return self.plan.traffic.hostnames if self.plan.traffic else ()

    def _place(self, place: str, column: Column, title: str, *notes: str) -> None:
        self.picture.places.append(Place(id=place, column=column, title=title, notes=notes))

    def _station(
        self, station: str, place: str, band: Band, title: str, note: str,
        *, change: Change = Change.KEPT, lane: str = "",
    ) -> None:  # fmt: skip
        self.picture.stations.append(
            Station(id=station, place=place, band=band, lane=lane or station, title=title, note=note, change=change)
        )

    def _change(self, *resources: str) -> Change:
        """What happens to the first of these that there is."""
        return next((self.changes[name][0] for name in resources if name in self.changes), Change.KEPT)

    def _flow(
        self, kind: Kind, source: str, target: str, *, text: str, why: str, paths: Iterable[str],
        resources: Sequence[str], change: Change, weight: int = 1,
    ) -> None:  # fmt: skip
        written = [f"{self.file}:{self.lines[path]}" for path in paths if path in self.lines]
        registered = [self.changes[name][1] for name in resources if name in self.changes][:1]
        self.picture.flows.append(
            Flow(
                id=f"f{len(self.picture.flows)}", kind=kind, source=source, target=target, text=text, why=why,
                where=tuple(filter(None, [*written, *registered])), by=tuple(resources), weight=weight, change=change,
            )
        )  # fmt: skip


_WHO: Final = {
    "group": "reads an exception",
    "role": "in the site's account",
    "whomever": "the account's policies",
    "anyone": "public data only",
}


def _carrying(hostname: Hostname) -> list[str]:
    """The resources that a hostname's answers hang on, by the last part of their type and their name."""
    return [f"SteeringPolicy {hostname.label}-a", f"HostnameRouting {hostname.label}"]


def _is_service(reach: Reach) -> bool:
    """Object Storage itself: what it may do is the replication that is drawn as copies."""
    return reach.who.startswith("service ")


def _end(end: object) -> str:
    return end.name if isinstance(end, Site) else str(end)
