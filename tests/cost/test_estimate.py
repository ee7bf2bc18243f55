"""What a stack costs: exact amounts of every rule, and what no rule knows is named.

Prices of these tests are round numbers; that the shipped ones are those of the pages they name is not proved here.
"""

from datetime import date
from decimal import Decimal

import pytest
import yaml

from infra.cost import rules
from infra.cost.estimate import estimate
from infra.cost.rules import RULES, Holding, Resource, UnpricedError, World
from infra.cost.sizes import DEFAULTS, Range, Size, Sizes, UnreadableError, size
from infra.facts.prices import Price, prices, uncharged
from tests.support.programs import ROOT

SIZES = Sizes(
    given={
        (Size.STORED, ""): Range.of(100, 400),
        (Size.STORED, "videos"): Range.of(1000),
        (Size.CHANGED, ""): Range.of(10),
        (Size.OBJECT, ""): Range.of(1000),
        (Size.REQUESTS, ""): Range.of(2),
        (Size.OTHER, ""): Range.of(7),
        (Size.EDGE_REQUESTS, ""): Range.of(30),
        (Size.EDGE_OUT, ""): Range.of(500),
        (Size.QUERIES, ""): Range.of(3),
        (Size.LOGS, ""): Range.of(4),
        (Size.NOTICES, ""): Range.of(1000),
    }
)
WORLD = World(
    sizes=SIZES,
    holdings={
        "store": Holding(dataset="profiles", shards=1, served=True),
        "replica": Holding(dataset="profiles", shards=1, served=False),
        "shard": Holding(dataset="videos", shards=4, served=False),
    },
    kept_days={"store": Decimal(31), "shard": Decimal(62)},
    vaults={"shared": "DEFAULT", "private": "VIRTUAL_PRIVATE"},
    sites={"shard": "us-east-1", "replica": "ap-southeast-1", "reports": "us-east-1"},
)
IN = "us-east-1"


def resource(type_, inputs, *, sources=None, urn="urn"):
    """A resource in Virginia."""
    return Resource(urn=urn, type=type_, name="it", region=IN, inputs=inputs, sources=sources or {})


HSM = {"protectionMode": "HSM"}
FLEXIBLE = {"shape": "flexible", "shapeDetails": {"minimumBandwidthInMbps": 10, "maximumBandwidthInMbps": 50}}
USES = [
    (
        "oci:ObjectStorage/bucket:Bucket",
        {"name": "store", "versioning": "Enabled"},
        # A month's overwritten versions at most: 10 % of 100 or of 400. Two million requests.
        {"oci.storage.standard": Range.of(100, 440), "oci.storage.requests": Range.of(200)},
    ),
    (
        "oci:ObjectStorage/bucket:Bucket",
        {"name": "replica", "versioning": "Disabled", "storageTier": "InfrequentAccess"},
        # 10 or 40 GB in objects of 1,000 KB: 10,000 or 40,000 writes.
        {"oci.storage.infrequent": Range.of(100, 400), "oci.storage.requests": Range.of(1, 4)},
    ),
    (
        "oci:ObjectStorage/bucket:Bucket",
        {"name": "logs", "storageTier": "Archive"},
        {"oci.storage.archive": Range.of(7)},
    ),
    (
        "oci:ObjectStorage/replicationPolicy:ReplicationPolicy",
        {"bucket": "store"},
        {"oci.transfer.out": Range.of(10, 40)},
    ),
    ("oci:ObjectStorage/replicationPolicy:ReplicationPolicy", {"bucket": "shard"}, {"oci.transfer.out": Range.of(25)}),
    ("oci:Kms/vault:Vault", {"vaultType": "DEFAULT"}, {}),
    ("oci:Kms/vault:Vault", {"vaultType": "VIRTUAL_PRIVATE"}, {"oci.vault.private": Range.of(744)}),
    ("oci:Kms/key:Key", HSM, {"oci.key.hsm": Range.of(1)}),
    ("oci:Kms/key:Key", {"protectionMode": "SOFTWARE"}, {}),
    (
        "oci:Kms/key:Key",
        HSM | {"isAutoRotationEnabled": True, "autoKeyRotationDetails": {"rotationIntervalInDays": 90}},
        {"oci.key.hsm": Range.of(1, 5)},
    ),
    (
        "oci:LoadBalancer/loadBalancer:LoadBalancer",
        FLEXIBLE,
        {
            "oci.balancer.base": Range.of(744),
            "oci.balancer.bandwidth": Range.of(7_440, 37_200),
            "oci.transfer.out": Range.of(500),
        },
    ),
    (
        "oci:Waf/appFirewall:AppFirewall",
        {},
        {"oci.firewall.instance": Range.of(1), "oci.firewall.requests": Range.of(30)},
    ),
    ("oci:Dns/zone:Zone", {}, {"oci.dns.queries": Range.of(3)}),
    ("oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment", {}, {"oci.dns.steering": Range.of(3)}),
    (
        "oci:HealthChecks/httpMonitor:HttpMonitor",
        {"intervalInSeconds": 30, "targets": ["a", "b"]},
        {"oci.health.basic": Range.of(2)},
    ),
    (
        "oci:HealthChecks/pingMonitor:PingMonitor",
        {"intervalInSeconds": 10, "targets": ["a"]},
        {"oci.health.premium": Range.of(1)},
    ),
    ("oci:Logging/log:Log", {"retentionDuration": 180}, {"oci.logging": Range.of(24)}),
    ("oci:Ons/subscription:Subscription", {"protocol": "EMAIL"}, {"oci.notify.email": Range.of(1)}),
    ("oci:Ons/subscription:Subscription", {"protocol": "PAGERDUTY"}, {"oci.notify.https": Range.of("0.001")}),
    (
        "aws:s3/bucket:Bucket",
        {"bucket": "shard"},
        # 250 GB and two months of 25; 25,000 objects written, each with a call of the key, or none with a bucket's own.
        {
            "aws.s3.storage.us-east-1": Range.of(250, 300),
            "aws.s3.puts.us-east-1": Range.of(25),
            "aws.kms.requests": Range.of(0, "2.5"),
            "oci.transfer.out": Range.of(25),
        },
    ),
    ("aws:s3/bucket:Bucket", {"bucket": "reports"}, {"aws.s3.storage.us-east-1": Range.of(7)}),
    (
        "aws:s3/inventory:Inventory",
        {"bucket": "shard", "schedule": {"frequency": "Weekly"}},
        {"aws.s3.inventory": Range.of("1.1075")},  # 250,000 objects, 4.43 times
    ),
    ("aws:datasync/task:Task", {"name": "shard", "taskMode": "BASIC"}, {"aws.datasync": Range.of(25)}),
    ("aws:kms/key:Key", {"enableKeyRotation": True}, {"aws.kms.key": Range.of(1, 3)}),
    ("aws:kms/key:Key", {}, {"aws.kms.key": Range.of(1)}),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {}, {"aws.alarm": Range.of(1)}),
    ("aws:sns/topic:Topic", {}, {"aws.sns": Range.of(1)}),
    # Of the buckets in its region one holds a dataset: 25,000 objects are written there.
    ("aws:cloudtrail/trail:Trail", {}, {"aws.trail.data": Range.of("0.25")}),
]


@pytest.mark.parametrize(("type_", "inputs", "uses"), USES)
def test_a_rule_says_what_is_used(type_, inputs, uses):
    """Exactly so much of exactly these, and all of them have a price in the shipped list."""
    found = dict(RULES[type_](resource(type_, inputs), WORLD))
    assert found == uses
    assert set(found) <= set(prices())


def test_every_rule_is_shown():
    """None without a case above."""
    assert {type_ for type_, _, _ in USES} == set(RULES)


@pytest.mark.parametrize(
    ("type_", "inputs", "why"),
    [
        ("oci:ObjectStorage/bucket:Bucket", {"name": "store", "storageTier": "Glacial"}, "storage tier Glacial"),
        ("oci:ObjectStorage/replicationPolicy:ReplicationPolicy", {"bucket": "logs"}, "holds no dataset"),
        ("oci:Kms/vault:Vault", {"vaultType": "EXTERNAL"}, "vault type EXTERNAL"),
        ("oci:Kms/key:Key", {"protectionMode": "EXTERNAL"}, "a reference to a key outside Oracle"),
        ("oci:LoadBalancer/loadBalancer:LoadBalancer", {"shape": "100Mbps"}, "shape 100Mbps"),
        ("oci:Ons/subscription:Subscription", {"protocol": "SMS"}, "notices by SMS"),
        ("aws:s3/inventory:Inventory", {"bucket": "shard"}, "without a known schedule"),
        ("aws:datasync/task:Task", {"name": "shard", "taskMode": "ENHANCED"}, "task mode ENHANCED"),
    ],
)
def test_what_a_rule_does_not_know_is_no_price(type_, inputs, why):
    """It is named as not estimated, with what is not known."""
    with pytest.raises(UnpricedError, match=why):
        list(RULES[type_](resource(type_, inputs), WORLD))
    found = estimated([resource(type_, inputs)])
    assert (found.lines, found.uncharged) == ((), {})
    ((unknown,),) = (found.unestimated,)
    assert (unknown.type, unknown.resources) == (type_, 1)


def test_keys_of_a_private_vault_are_paid_with_it():
    """Those of a shared one by their versions; where the vault is not known they are not taken for free."""
    where = {name: {"managementEndpoint": frozenset({name})} for name in ("shared", "private", "lost")}
    used = {n: list(rules.oracle_key(resource("oci:Kms/key:Key", HSM, sources=s), WORLD)) for n, s in where.items()}
    assert used == {"shared": [("oci.key.hsm", Range.of(1))], "private": [], "lost": [("oci.key.hsm", Range.of(1))]}


def estimated(resources, *, listed=None, sizes=SIZES):
    """An estimate at the shipped prices, or at others."""
    return estimate(resources, WORLD.holdings, sizes, prices=listed or prices(), free=uncharged())


def price(low, high, free):
    """A price of a test."""
    day = date(2026, 1, 1)
    return Price(
        service="s",
        part="p",
        unit="u",
        low=Decimal(low),
        high=Decimal(high),
        free=Decimal(free),
        page="https://p",
        date=day,
    )


def test_amounts_are_exact():
    """What is free is taken off the lower end once, not for each resource; cents are rounded once a price, half up."""
    listed = {"oci.firewall.instance": price(5, 5, 1), "oci.firewall.requests": price("0.6", "0.7", 10)}
    found = estimated([resource("oci:Waf/appFirewall:AppFirewall", {})] * 2, listed=listed)
    assert {line.name: (line.resources, line.quantity, line.cost) for line in found.lines} == {
        "oci.firewall.instance": (2, Range.of(2), Range.of(5, 10)),
        "oci.firewall.requests": (2, Range.of(60), Range.of(30, 42)),
    }
    assert found.total == Range.of(35, 52)
    small = estimated([resource("aws:sns/topic:Topic", {})], listed={"aws.sns": price("0.005", "0.015", 0)})
    assert small.total == Range.of("0.01", "0.02")
    never_below = estimated([resource("aws:sns/topic:Topic", {})], listed={"aws.sns": price(3, 3, 5)})
    assert never_below.total == Range.of(0, 3)


def test_nothing_is_silently_free():
    """A type that no list knows, a price that is missing, a value that is not known yet: all named, none in the sum."""
    strange = resource("oci:Core/instance:Instance", {})
    abroad = Resource(
        urn="u", type="aws:s3/bucket:Bucket", name="b", region="eu-west-1", inputs={"bucket": "reports"}, sources={}
    )
    later = resource("oci:Logging/log:Log", {"retentionDuration": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"})
    found = estimated(
        [strange, strange, abroad, later, resource("oci:Core/vcn:Vcn", {}), resource("usdata:index:Access", {})]
    )
    assert [(it.type, it.resources, it.why) for it in found.unestimated] == [
        ("aws:s3/bucket:Bucket", 1, "no price aws.s3.storage.eu-west-1"),
        ("oci:Core/instance:Instance", 2, "no price of this type is known here"),
        ("oci:Logging/log:Log", 1, "what it would be is not known yet"),
    ]
    assert found.uncharged == {"oci:Core/vcn:Vcn": 1}
    assert found.lines == ()
    assert not found.document()["complete"]


def test_lifecycles_say_how_long_versions_stay():
    """Of both clouds; a versioned bucket without one is taken to keep them for a year."""
    buckets = [
        resource("oci:ObjectStorage/bucket:Bucket", {"name": "store", "versioning": "Enabled"}),
        resource("aws:s3/bucket:Bucket", {"bucket": "shard"}),
    ]
    oracle = {"bucket": "store", "rules": [{"target": "objects", "timeUnit": "DAYS", "timeAmount": "1"}]}
    oracle["rules"].append({"target": "previous-object-versions", "timeUnit": "DAYS", "timeAmount": "62"})
    aws = {"bucket": "shard", "rules": [{}, {"noncurrentVersionExpiration": {"noncurrentDays": 31}}]}
    lifecycles = [
        resource("oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy", oracle),
        resource("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", aws),
    ]
    quantities = {line.name: line.quantity for line in estimated([*buckets, *lifecycles]).lines}
    assert quantities["oci.storage.standard"] == Range.of(100, 480)
    assert quantities["aws.s3.storage.us-east-1"] == Range.of(250, 275)
    without = {line.name: line.quantity for line in estimated(buckets).lines}
    assert without["oci.storage.standard"].high == 400 + 40 * (Decimal(365) / 31)


@pytest.mark.parametrize("stack", ["sandbox", "us-prod"])
def test_every_type_of_the_shipped_stacks_is_accounted_for(stack):
    """By a rule or by a page that charges nothing for it, never by both."""
    text = (ROOT / "tests" / "inventories" / f"{stack}.yaml").read_text()
    inventory = yaml.load(text, yaml.CSafeLoader)
    types = {it for it, number in inventory["counts"].items() if number and not it.startswith(("pulumi:", "usdata:"))}
    assert types - set(RULES) - set(uncharged()) == set()
    assert set(RULES) & set(uncharged()) == set()


def test_shipped_prices_say_where_they_come_from():
    """A page of the provider itself and a day; no end below the other, and each is used by a rule."""
    hosts = {"oci": "https://www.oracle.com/", "aws": "https://aws.amazon.com/"}
    for name, it in prices().items():
        assert it.page.startswith(hosts[name.partition(".")[0]])
        assert date(2025, 1, 1) < it.date < date(2026, 11, 26)
        assert Decimal(0) < it.low <= it.high
        assert it.free >= 0
    used = {use for _, _, uses in USES for use in uses}
    singapore = {name.replace(IN, "ap-southeast-1") for name in used}
    assert used | singapore == set(prices())
    assert all(page.startswith(tuple(hosts.values())) for page in uncharged().values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stored-gb=5", ((Size.STORED, ""), Range.of(5))),
        ("stored-gb.search-history=5:7.5", ((Size.STORED, "search-history"), Range.of(5, "7.5"))),
        ("edge-gb=0:1", ((Size.EDGE_OUT, ""), Range.of(0, 1))),
    ],
)
def test_a_size_is_read(text, said):
    """A number or a range, of all or of one dataset."""
    assert size(text) == said


@pytest.mark.parametrize(
    ("text", "reason", "allowed"),
    [
        ("stored-gb", "NAME=NUMBER", "stored-gb=200"),
        ("stored-gb=-1", "NAME=NUMBER", "stored-gb=200"),
        ("stored-gb=1e9", "NAME=NUMBER", "stored-gb=200"),
        ("stored=5", "no size 'stored'", "stored-gb"),
        ("edge-gb.profiles=5", "no dataset's", "stored-gb, changed-percent"),
        ("stored-gb=7:5", "lower end", "stored-gb=5:7"),
        ("object-kb=0:5", "empty", "1 or more"),
    ],
)
def test_a_size_that_is_none(text, reason, allowed):
    """Refused with what may stand there."""
    with pytest.raises(UnreadableError, match=reason) as refused:
        size(text)
    assert allowed in refused.value.allowed


def test_assumptions_are_told():
    """Each size with its range, and whether anybody said it; what belongs to one dataset by name."""
    given = {(Size.STORED, ""): Range.of(5), (Size.STORED, "videos"): Range.of(1, 2)}
    told = estimated([], sizes=Sizes(given=given)).assumed
    assert told[0] == "stored-gb 5: GB of a dataset in its default store"
    assert sum(line.endswith(", since nobody said") for line in told) == len(Size) - 1
    assert "stored-gb.videos 1 to 2" in told
    assert set(DEFAULTS) == set(Size)
