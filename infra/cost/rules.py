"""What each type of resource uses of what is paid for; a rule reads a resource's inputs, and what sizes say of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from infra.cost.sizes import Range, Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infra.cost.sizes import Sizes

HOURS: Final = 744
"""Of the longest month: both clouds bill hours, and neither more than these."""
WEEKS: Final = Decimal("4.43")
_DAYS: Final = 31
_YEAR: Final = 365
_TIERS: Final = {
    "Standard": "oci.storage.standard",
    "InfrequentAccess": "oci.storage.infrequent",
    "Archive": "oci.storage.archive",
}
_SUBSCRIPTIONS: Final = {
    "EMAIL": ("oci.notify.email", 1_000),
    "CUSTOM_HTTPS": ("oci.notify.https", 1_000_000),
    "HTTPS": ("oci.notify.https", 1_000_000),
    "PAGERDUTY": ("oci.notify.https", 1_000_000),
    "SLACK": ("oci.notify.https", 1_000_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as a preview has it.

    Attributes:
        type: its token.
        region: where it is: its own region, else its provider's.
        inputs: plain values; what is not known yet is no number and no word that a rule knows.
        sources: by input, the URNs of the resources that it comes from.
    """

    urn: str
    type: str
    name: str
    region: str
    inputs: Mapping[str, Any]
    sources: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a bucket, or a task that fills one, has to do with a dataset.

    Attributes:
        shards: over so many buckets its data is spread.
        served: whether users ask this bucket; a replica or a backup is only written.
    """

    dataset: str
    shards: int
    served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a rule may look at beside its resource.

    Attributes:
        holdings: by the physical name of a bucket or a transfer task.
        kept_days: by bucket, how long overwritten versions stay; a year where nothing says.
        vaults: the type of each vault, by URN.
        sites: the region of each bucket of AWS, by its physical name.
    """

    sizes: Sizes
    holdings: Mapping[str, Holding]
    kept_days: Mapping[str, Decimal]
    vaults: Mapping[str, str]
    sites: Mapping[str, str]

    def stored(self, held: Holding) -> Range:
        """GB of the dataset that one shard has."""
        return self.sizes.of(Size.STORED, held.dataset) * Range.of(Decimal(1) / held.shards)

    def changed(self, held: Holding) -> Range:
        """GB of one shard that are written in a month."""
        percent = self.sizes.of(Size.CHANGED, held.dataset)
        return self.stored(held) * percent * Range.of("0.01")

    def objects(self, held: Holding, gigabytes: Range) -> Range:
        """How many objects so many GB are."""
        return (gigabytes * Range.of(1_000_000)).over(self.sizes.of(Size.OBJECT, held.dataset))

    def with_versions(self, held: Holding, bucket: str) -> Range:
        """GB of one shard with the overwritten versions that are kept."""
        months = self.kept_days.get(bucket, Decimal(_YEAR)) / _DAYS
        return self.stored(held) + self.changed(held) * Range.of(0, months)


class UnpricedError(Exception):
    """A resource that costs something of which no price is known here."""


Use = tuple[str, Range]
"""The short name of a price, and how many of its units."""


def oracle_bucket(it: Resource, world: World) -> Iterator[Use]:
    """Storage by tier, versions included; requests of users, or of what copies there."""
    tier = _TIERS.get(str(it.inputs.get("storageTier", "Standard")))
    if tier is None:
        raise UnpricedError(f"storage tier {it.inputs.get('storageTier')}")
    name = str(it.inputs.get("name"))
    held = world.holdings.get(name)
    if held is None:
        yield tier, world.sizes.of(Size.OTHER)
        return
    versioned = it.inputs.get("versioning") == "Enabled"
    yield tier, world.with_versions(held, name) if versioned else world.stored(held)
    written = world.objects(held, world.changed(held))
    asked = world.sizes.of(Size.REQUESTS, held.dataset) * Range.of(Decimal(1_000_000) / held.shards)
    yield "oci.storage.requests", (asked if held.served else written) * Range.of("0.0001")


def replication(it: Resource, world: World) -> Iterator[Use]:
    """What is written leaves one region for the other, each byte once."""
    yield "oci.transfer.out", world.changed(_held(it, world, "bucket"))


def oracle_vault(it: Resource, world: World) -> Iterator[Use]:
    """A private one by the hour; a shared one costs nothing beside its keys."""
    del world
    match it.inputs.get("vaultType"):
        case "DEFAULT":
            return
        case "VIRTUAL_PRIVATE":
            yield "oci.vault.private", Range.of(HOURS)
        case other:
            raise UnpricedError(f"vault type {other}")


def oracle_key(it: Resource, world: World) -> Iterator[Use]:
    """One version, and a year's rotations; those of software keys and of private vaults are free."""
    vaults = {world.vaults.get(urn) for urn in it.sources.get("managementEndpoint", ())}
    if it.inputs.get("protectionMode") == "SOFTWARE" or vaults == {"VIRTUAL_PRIVATE"}:
        return
    if it.inputs.get("protectionMode") == "EXTERNAL":
        raise UnpricedError("a reference to a key outside Oracle")
    days = _nested(it, "autoKeyRotationDetails").get("rotationIntervalInDays", _YEAR)
    rotations = _YEAR // int(days) if it.inputs.get("isAutoRotationEnabled") else 0
    yield "oci.key.hsm", Range.of(1, 1 + rotations)


def balancer(it: Resource, world: World) -> Iterator[Use]:
    """Its hours, its bandwidth from the least that is paid anyway to the most, and what it sends."""
    shape = _nested(it, "shapeDetails")
    if it.inputs.get("shape") != "flexible" or not shape:
        raise UnpricedError(f"shape {it.inputs.get('shape')}")
    yield "oci.balancer.base", Range.of(HOURS)
    bandwidth = Range.of(int(shape["minimumBandwidthInMbps"]), int(shape["maximumBandwidthInMbps"]))
    yield "oci.balancer.bandwidth", bandwidth * Range.of(HOURS)
    yield "oci.transfer.out", world.sizes.of(Size.EDGE_OUT)


def firewall(it: Resource, world: World) -> Iterator[Use]:
    """Itself, and the requests that it looks at."""
    del it
    yield "oci.firewall.instance", Range.of(1)
    yield "oci.firewall.requests", world.sizes.of(Size.EDGE_REQUESTS)


def zone(it: Resource, world: World) -> Iterator[Use]:
    """Queries for what no steering policy answers."""
    del it
    yield "oci.dns.queries", world.sizes.of(Size.QUERIES)


def steering(it: Resource, world: World) -> Iterator[Use]:
    """Queries for one hostname and record type."""
    del it
    yield "oci.dns.steering", world.sizes.of(Size.QUERIES)


def monitor(it: Resource, world: World) -> Iterator[Use]:
    """Each target; dearer where it is probed every ten seconds."""
    del world
    often = int(it.inputs.get("intervalInSeconds", 0)) <= 10  # noqa: PLR2004 (the service's own limit)
    yield "oci.health.premium" if often else "oci.health.basic", Range.of(len(it.inputs["targets"]))


def log(it: Resource, world: World) -> Iterator[Use]:
    """What it takes in a month stays as long as it is retained."""
    months = Range.of(Decimal(int(it.inputs.get("retentionDuration", 30))) / 30)
    yield "oci.logging", world.sizes.of(Size.LOGS) * months


def subscription(it: Resource, world: World) -> Iterator[Use]:
    """Notices, by the way that they go."""
    price, unit = _SUBSCRIPTIONS.get(str(it.inputs.get("protocol")), ("", 1))
    if not price:
        raise UnpricedError(f"notices by {it.inputs.get('protocol')}")
    yield price, world.sizes.of(Size.NOTICES) * Range.of(Decimal(1) / unit)


def s3_bucket(it: Resource, world: World) -> Iterator[Use]:
    """Storage of its region, versions included; the writing of what is backed up, and its way out of Oracle Cloud."""
    name, region = str(it.inputs.get("bucket")), it.region
    held = world.holdings.get(name)
    if held is None:
        yield f"aws.s3.storage.{region}", world.sizes.of(Size.OTHER)
        return
    changed = world.changed(held)
    written = world.objects(held, changed)
    yield f"aws.s3.storage.{region}", world.with_versions(held, name)
    yield f"aws.s3.puts.{region}", written * Range.of("0.001")
    yield "aws.kms.requests", written * Range.of(0, "0.0001")  # none with bucket keys, else one for each object
    yield "oci.transfer.out", changed


def inventory(it: Resource, world: World) -> Iterator[Use]:
    """All objects, each time that it is written."""
    held = _held(it, world, "bucket")
    often = {"Weekly": WEEKS, "Daily": Decimal(_DAYS)}.get(str(_nested(it, "schedule").get("frequency")))
    if often is None:
        raise UnpricedError("an inventory without a known schedule")
    yield "aws.s3.inventory", world.objects(held, world.stored(held)) * Range.of(often / 1_000_000)


def datasync(it: Resource, world: World) -> Iterator[Use]:
    """What changed since its last run."""
    if it.inputs.get("taskMode", "BASIC") != "BASIC":
        raise UnpricedError(f"task mode {it.inputs['taskMode']}")
    yield "aws.datasync", world.changed(_held(it, world, "name"))


def aws_key(it: Resource, world: World) -> Iterator[Use]:
    """The key, and its first two rotations, which cost as much again; later ones do not."""
    del world
    yield "aws.kms.key", Range.of(1, 3 if it.inputs.get("enableKeyRotation") else 1)


def alarm(it: Resource, world: World) -> Iterator[Use]:
    """An alarm on one metric."""
    del it, world
    yield "aws.alarm", Range.of(1)


def topic(it: Resource, world: World) -> Iterator[Use]:
    """Notices to one address."""
    del it
    yield "aws.sns", world.sizes.of(Size.NOTICES) * Range.of("0.001")


def trail(it: Resource, world: World) -> Iterator[Use]:
    """An event for each object that is backed up in its region, at least; the first copy of all others is free."""
    copies = [
        world.holdings[name] for name, region in world.sites.items() if region == it.region and name in world.holdings
    ]
    written = sum((world.objects(held, world.changed(held)) for held in copies), Range.of(0))
    yield "aws.trail.data", written * Range.of("0.00001")


def _nested(it: Resource, name: str) -> Mapping[str, Any]:
    found = it.inputs.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _held(it: Resource, world: World, name: str) -> Holding:
    held = world.holdings.get(str(it.inputs.get(name)))
    if held is None:
        raise UnpricedError("of a bucket that holds no dataset")
    return held


RULES: Final[Mapping[str, Callable[[Resource, World], Iterator[Use]]]] = {
    "oci:ObjectStorage/bucket:Bucket": oracle_bucket,
    "oci:ObjectStorage/replicationPolicy:ReplicationPolicy": replication,
    "oci:Kms/vault:Vault": oracle_vault,
    "oci:Kms/key:Key": oracle_key,
    "oci:LoadBalancer/loadBalancer:LoadBalancer": balancer,
    "oci:Waf/appFirewall:AppFirewall": firewall,
    "oci:Dns/zone:Zone": zone,
    "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment": steering,
    "oci:HealthChecks/httpMonitor:HttpMonitor": monitor,
    "oci:HealthChecks/pingMonitor:PingMonitor": monitor,
    "oci:Logging/log:Log": log,
    "oci:Ons/subscription:Subscription": subscription,
    "aws:s3/bucket:Bucket": s3_bucket,
    "aws:s3/inventory:Inventory": inventory,
    "aws:datasync/task:Task": datasync,
    "aws:kms/key:Key": aws_key,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
    "aws:sns/topic:Topic": topic,
    "aws:cloudtrail/trail:Trail": trail,
}
