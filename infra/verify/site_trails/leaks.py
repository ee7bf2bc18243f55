"""The legacy sites' trails: every call and every read there is logged where nobody can take it back, or is missing.

Read from the resources alone and held against what the stack file declares: one bucket in Virginia, in the declared
account of its own, locked in compliance mode for as long as declared; one trail for each account that has something,
which logs every call of every region and every read and write of exactly the account's buckets into that one, signed;
in each region that reports calls two rules that are on, a topic that they may tell, and every declared address. The
policies of bucket and key are asked, not trusted (`grants`).

What it does not prove: that CloudTrail delivers; that whoever is told looks; what a site's account does that no trail
logs (other services' data).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from infra.residency.lifecycle import KEY_DELETION_DAYS, Phase
from infra.verify.declared import ARCHIVE_REGION, Declared, DeclaredSite
from infra.verify.graph import Graph, Node
from infra.verify.models.place import account_of, accounts_of, place_of
from infra.verify.models.s3 import BUCKET, ENCRYPTION, LIFECYCLE
from infra.verify.models.site_trails import RULE, SUBSCRIPTION, TARGET, TOPIC, TOPIC_POLICY, TRAIL
from infra.verify.models.vaults import AWS_KEY
from infra.verify.site_trails.event_patterns import meets
from infra.verify.site_trails.grants import Trails, of_bucket, of_key, of_topic
from infra.verify.trail import Leak, Rule
from infra.verify.values import items, record, records

LOCK: Final = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
_YEAR: Final = 365

WATCHED: Final = (
    "AttachRolePolicy", "CreateAccessKey", "CreateGrant", "CreateRole", "DeleteBucketPolicy", "DeleteRule",
    "DeleteTopic", "DeleteTrail", "DisableKey", "DisableRule", "PutBucketLifecycle",
    "PutBucketObjectLockConfiguration", "PutBucketPolicy", "PutBucketReplication", "PutEventSelectors", "PutKeyPolicy",
    "PutRolePolicy", "PutRule", "RemoveTargets", "ScheduleKeyDeletion", "StopLogging", "Unsubscribe",
    "UpdateAssumeRolePolicy", "UpdateTrail",
)  # fmt: skip
"""Calls that no site may miss: those that would let somebody in, or out of sight."""

_READS: Final = ("CopyObject", "GetObject", "GetObjectTagging", "HeadObject")


class _Account(NamedTuple):
    """An account that has a trail.

    Attributes:
        name: of the site, or `archive`.
        worker: ARN of the role whose reads nobody need be told of; empty where there is none.
    """

    name: str
    region: str
    id: str
    worker: str

    def arn(self, organization: str) -> str:
        """The ARN of its trail."""
        return f"arn:aws:cloudtrail:{self.region}:{self.id}:trail/{organization}-trail-{self.name}"


def leaks(graph: Graph, declared: Declared) -> tuple[Leak, ...]:
    """Every leak, sorted; a stack that declares no trail has none here, since that is a leak of its own."""
    if not record(declared.deployment.get("audit")):
        return ()
    if not declared.archive:
        return (Leak(urn="", rule=Rule.DECLARED, what="the stack file does not say where the sites' trails go"),)
    parts = (_Check.archive, _Check.key, _Check.trails, _Check.alarms, _Check.overheard)
    return tuple(sorted({leak for part in parts for leak in graph.ask(_part, part, declared)}))


def _part(graph: Graph, part: "Callable[[_Check], Iterator[Leak]]", declared: Declared) -> Iterator[Leak]:
    return part(_Check(graph, declared))


class _Check(NamedTuple):
    graph: Graph
    declared: Declared

    @property
    def _audit(self) -> Mapping[str, Any]:
        return record(self.declared.deployment.get("audit"))

    def _accounts(self) -> Iterator[_Account]:
        """Each site that is not closed, and the archive's own account."""
        yield _Account(name="archive", region=ARCHIVE_REGION.value, id=self.declared.archive, worker="")
        for site in self.declared.sites.values():
            if site.phase.has_holders:
                yield _Account(name=site.name, region=site.region.value, id=site.account, worker=self._worker(site))

    def _worker(self, site: DeclaredSite) -> str:
        """The role that works on objects, where that is reading."""
        duty = {Phase.BACKUP: "transfer", Phase.DRAIN: "retire"}.get(site.phase)
        role = f"{self.declared.organization}-{duty}-{site.name}"
        return f"arn:aws:iam::{site.account}:role/{role}" if duty else ""

    def _known(self) -> Trails:
        """The trails that the documents may let in: those of all sites, the closed ones' last logs included."""
        own = self.declared.organization
        sites = [
            _Account(name=site.name, region=site.region.value, id=site.account, worker="")
            for site in self.declared.sites.values()
        ]
        archive = _Account(name="archive", region=ARCHIVE_REGION.value, id=self.declared.archive, worker="")
        return Trails(
            account=self.declared.archive,
            deployer=str(record(self._audit.get("archive")).get("deployerRole")),
            bucket=self.declared.archive_bucket,
            of=tuple((it.arn(own), it.id) for it in (archive, *sites)),
        )

    def _in(self, node: Node, account: str, region: str) -> bool:
        """Whether a resource is in an account and region."""
        provider, place = self.graph.provider_of(node), place_of(self.graph, node)
        here = provider is not None and accounts_of(provider) == frozenset({account})
        return here and place is not None and place.region == region

    def _of(self, type_: str, name: str, value: str, account: str, region: str) -> list[Node]:
        """The resources of a type that are called so in an account and region."""
        return [it for it in self.graph.called(type_, name, value) if self._in(it, account, region)]

    def _archive(self) -> Node | None:
        there = self._of(BUCKET, "bucket", self.declared.archive_bucket, self.declared.archive, ARCHIVE_REGION.value)
        return there[0] if len(there) == 1 else None

    def archive(self) -> Iterator[Leak]:
        """There is one that nobody can empty, with everything that guards it."""
        node = self._archive()
        if node is None:
            yield Leak(urn="", rule=Rule.BUCKET, what="the sites' trails have no bucket of their own in Virginia")
            return
        if not (node.protect and node.retain):
            yield Leak(urn=node.urn, rule=Rule.BUCKET, what=f"{node.name} is not protected and kept")
        for rule, what in (*self._locked(node), *self._expiring()):
            yield Leak(urn=node.urn, rule=rule, what=f"{node.name} {what}")
        policies = self.graph.called(POLICY, "bucket", self.declared.archive_bucket)
        if len(policies) != 1:
            yield Leak(urn=node.urn, rule=Rule.GRANT, what=f"{node.name} has {len(policies)} policies")
        for policy in policies:
            for what in of_bucket(self._known(), str(policy.inputs.get("policy"))):
                yield Leak(urn=policy.urn, rule=Rule.GRANT, what=f"{policy.name}: {what}")

    def _locked(self, node: Node) -> Iterator[tuple[Rule, str]]:
        if node.inputs.get("objectLockEnabled") is not True:
            yield Rule.RETENTION, "was not made with a lock on its objects"
        versions = [
            record(it.inputs.get("versioningConfiguration")).get("status")
            for it in self.graph.called(VERSIONING, "bucket", self.declared.archive_bucket)
        ]
        if versions != ["Enabled"]:
            yield Rule.RETENTION, "keeps no versions, without which nothing is locked"
        days = int(self._audit.get("retentionDays", 0))
        locks = self.graph.called(LOCK, "bucket", self.declared.archive_bucket)
        kept = [record(record(it.inputs.get("rule")).get("defaultRetention")) for it in locks]
        if [it.get("mode") for it in kept] != ["COMPLIANCE"]:
            yield Rule.RETENTION, "has no lock in compliance mode: somebody may lift it"
        elif _days(kept[0]) < days:
            yield Rule.RETENTION, f"locks for {_days(kept[0])} days, not {days}"
        if not all(it.protect and it.retain for it in locks):
            yield Rule.RETENTION, "has a lock that may be taken off the next object"

    def _expiring(self) -> Iterator[tuple[Rule, str]]:
        if self.graph.called(LIFECYCLE, "bucket", self.declared.archive_bucket):
            yield Rule.BUCKET, "has objects that expire"

    def key(self) -> Iterator[Leak]:
        """It is encrypted under a key of its own account, which the trails alone may use."""
        key = self._key()
        if key is None:
            yield Leak(urn="", rule=Rule.KEY, what="the archive is under no key of its own account")
            return
        if not (key.protect and key.retain) or key.inputs.get("isEnabled") is False:
            yield Leak(urn=key.urn, rule=Rule.KEY, what=f"{key.name} is not protected, kept and on")
        if key.inputs.get("deletionWindowInDays", KEY_DELETION_DAYS) != KEY_DELETION_DAYS:  # so is the default
            yield Leak(urn=key.urn, rule=Rule.KEY, what=f"{key.name} is gone before {KEY_DELETION_DAYS} days")
        for what in of_key(self._known(), str(key.inputs.get("policy"))):
            yield Leak(urn=key.urn, rule=Rule.KEY, what=f"{key.name}: {what}")

    def _key(self) -> Node | None:
        """The one key of the archive's encryption."""
        rules = self.graph.called(ENCRYPTION, "bucket", self.declared.archive_bucket)
        for rule in rules if len(rules) == 1 else ():
            parts = [record(it.get("applyServerSideEncryptionByDefault")) for it in records(rule.inputs.get("rules"))]
            keys = [self._named(rule, "rules", part.get("kmsMasterKeyId")) for part in parts]
            if len(keys) == 1 and parts[0].get("sseAlgorithm") == "aws:kms":
                return keys[0]
        return None

    def _named(self, node: Node, path: str, value: object) -> Node | None:
        """The key of the archive's account that a value names, by id, by ARN or by where it comes from."""
        named = self.graph.named(node, path, value, AWS_KEY)
        named = named or [it for it in self.graph.of(AWS_KEY) if value and it.outputs.get("arn") == value]
        here = [it for it in named if self._in(it, self.declared.archive, ARCHIVE_REGION.value)]
        return here[0] if len(named) == len(here) == 1 else None

    def trails(self) -> Iterator[Leak]:
        """Each account has one, which logs everything into the archive."""
        for account in self._accounts():
            name = f"{self.declared.organization}-trail-{account.name}"
            there = self._of(TRAIL, "name", name, account.id, account.region)
            if len(there) != 1:
                yield Leak(urn="", rule=Rule.EVENTS, what=f"account {account.id} has {len(there)} trails {name}")
            for node in there:
                for rule, what in (*self._delivery(node), *self._calls(node), *self._objects(node, account)):
                    yield Leak(urn=node.urn, rule=rule, what=f"{node.name} {what}")

    def _delivery(self, node: Node) -> Iterator[tuple[Rule, str]]:
        if node.inputs.get("s3BucketName") != self.declared.archive_bucket or node.inputs.get("s3KeyPrefix"):
            yield Rule.CONNECTOR, "delivers elsewhere than into the archive"
        key = self._named(node, "kmsKeyId", node.inputs.get("kmsKeyId"))
        if key is None or key is not self._key():
            yield Rule.KEY, "encrypts with another key than the archive's"
        if node.inputs.get("enableLogFileValidation") is not True:
            yield Rule.RETENTION, "signs nothing: a log that is missing would not show"

    def _calls(self, node: Node) -> Iterator[tuple[Rule, str]]:
        if node.inputs.get("enableLogging", True) is not True:
            yield Rule.EVENTS, "is off"
        everywhere = node.inputs.get("isMultiRegionTrail") is True
        if not everywhere or node.inputs.get("includeGlobalServiceEvents", True) is not True:
            yield Rule.EVENTS, "leaves out regions, or what is called in none"
        told = set[str]()
        for selector in records(node.inputs.get("eventSelectors")):
            whole = not selector.get("excludeManagementEventSources")
            if whole and selector.get("includeManagementEvents", True) is True:
                told |= _KINDS.get(str(selector.get("readWriteType", "All")), set())
        if told != {"Read", "Write"}:
            yield Rule.EVENTS, "leaves out calls"

    def _objects(self, node: Node, account: _Account) -> Iterator[tuple[Rule, str]]:
        """Reads and writes of each bucket there is in the account; of the archive reads, since deliveries write."""
        wanted = {"Read"} if account.name == "archive" else {"Read", "Write"}
        buckets = {
            str(it.inputs.get("bucket")) for it in self.graph.of(BUCKET) if self._in(it, account.id, account.region)
        }
        logged = _logged(node)
        for bucket in sorted(buckets):
            missing = wanted - logged.pop(f"arn:aws:s3:::{bucket}/", set())
            for kind in sorted(missing):
                yield Rule.LOG, f"does not log {kind.lower()}s of {bucket}"
        for value in sorted(logged):
            yield Rule.LOG, f"logs {value}, which is no bucket of its account here"

    def alarms(self) -> Iterator[Leak]:
        """In each region that reports an account's calls, people are told of changes and of reads."""
        addresses = frozenset(map(str, record(self._audit.get("subscribers")).values()))
        for account in self._accounts():
            for region in sorted({account.region, ARCHIVE_REGION.value}):
                told = [(_heard(rule, account, self.declared.organization), them)
                        for rule, them in self._told(account, region)]  # fmt: skip
                for what, _ in _events(account, self.declared.organization):
                    heard = frozenset[str]().union(*(them for events, them in told if what in events))
                    if missing := ", ".join(sorted(addresses - heard)) or ("" if addresses else "anybody"):
                        where = f"account {account.id} in {region}"
                        yield Leak(urn="", rule=Rule.ALARM, what=f"{where} does not tell {missing} of {what}")

    def overheard(self) -> Iterator[Leak]:
        """Nobody else is told: neither by a topic nor by a rule that tells something else."""
        addresses = {*map(str, record(self._audit.get("subscribers")).values())}
        for node in self.graph.of(SUBSCRIPTION):
            if node.inputs.get("protocol") != "email" or node.inputs.get("endpoint") not in addresses:
                what = f"{node.name} tells {node.inputs.get('endpoint')}, whom nobody declared"
                yield Leak(urn=node.urn, rule=Rule.ALARM, what=what)
        for node in self.graph.of(TARGET):
            topic, account = str(node.inputs.get("arn")), account_of(self.graph, node)
            place, here = topic.rpartition(":")[0], place_of(self.graph, node)
            if here is None or place != f"arn:aws:sns:{here.region}:{account}":
                what = f"{node.name} tells {topic}, which is no topic of its own account and region"
                yield Leak(urn=node.urn, rule=Rule.ALARM, what=what)

    def _told(self, account: _Account, region: str) -> Iterator[tuple[str, frozenset[str]]]:
        """The pattern of each rule that is on, and the addresses that its topics tell."""
        for rule in self.graph.of(RULE):
            if not self._in(rule, account.id, region) or rule.inputs.get("state", "ENABLED") not in _ON:
                continue
            if rule.inputs.get("eventBusName") not in {None, "default"}:
                continue
            arn = f"arn:aws:events:{region}:{account.id}:rule/{rule.inputs.get('name')}"
            addresses = frozenset[str]()
            for target in self._of(TARGET, "rule", str(rule.inputs.get("name")), account.id, region):
                addresses |= self._hearing(account, region, str(target.inputs.get("arn")), arn)
            yield str(rule.inputs.get("eventPattern")), addresses

    def _hearing(self, account: _Account, region: str, topic: str, rule: str) -> frozenset[str]:
        """Who hears of what a rule tells a topic: nobody where the topic is not there or does not take it."""
        prefix, _, name = topic.rpartition(":")
        here = prefix == f"arn:aws:sns:{region}:{account.id}" and self._of(TOPIC, "name", name, account.id, region)
        policies = self._of(TOPIC_POLICY, "arn", topic, account.id, region)
        if not here or len(policies) != 1 or not of_topic(policies[0].inputs.get("policy"), topic, rule):
            return frozenset()
        subscriptions = self._of(SUBSCRIPTION, "topic", topic, account.id, region)
        return frozenset(str(it.inputs.get("endpoint")) for it in subscriptions if it.inputs.get("protocol") == "email")


_KINDS: Final[Mapping[str, set[str]]] = {"All": {"Read", "Write"}, "ReadOnly": {"Read"}, "WriteOnly": {"Write"}}
"""What a selector picks, by its `readWriteType`."""

_ON: Final = frozenset({"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})


def _events(account: _Account, organization: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What people must hear of: each watched call, and each kind of read by each kind of stranger."""
    role = f"arn:aws:iam::{account.id}:role/"
    for call in WATCHED:
        yield call, _event(call, issuer=f"{role}somebody")
    roles = ("somebody", *(f"{organization}-{duty}-{account.name}" for duty in ("restore", "retire", "transfer")))
    for issuer in ("", *(role + name for name in roles if role + name != account.worker)):
        for call in _READS:
            who = issuer.rpartition("/")[2] or "whoever acts as no role"
            yield f"{call} by {who}", _event(call, issuer=issuer)


@lru_cache(maxsize=1024)
def _heard(pattern: str, account: _Account, organization: str) -> frozenset[str]:
    """Of which events of an account a rule with that pattern hears."""
    return frozenset(what for what, event in _events(account, organization) if meets(pattern, event))


def _event(call: str, *, issuer: str) -> dict[str, Any]:
    """An event as CloudTrail tells it; without an issuer nobody acts as a role."""
    service = "s3" if "Object" in call and not call.startswith("Put") else "other"
    identity = {"sessionContext": {"sessionIssuer": {"arn": issuer}}} if issuer else {}
    detail = {"eventName": call, "eventSource": f"{service}.amazonaws.com", "userIdentity": identity}
    return {"source": f"aws.{service}", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


def _logged(trail: Node) -> dict[str, set[str]]:
    """What a trail logs of objects: `Read`, `Write` or both, by the ARN that the objects' ARNs begin with."""
    found: dict[str, set[str]] = {}
    for selector in records(trail.inputs.get("eventSelectors")):
        kind = _KINDS.get(str(selector.get("readWriteType", "All")), set())
        for resource in records(selector.get("dataResources")):
            if resource.get("type") == "AWS::S3::Object":
                for value in items(resource.get("values")):
                    found.setdefault(str(value), set()).update(kind)
    return found


def _days(retention: Mapping[str, Any]) -> int:
    days, years = (retention.get(it) for it in ("days", "years"))
    if isinstance(days, int | float):
        return int(days)
    return int(years) * _YEAR if isinstance(years, int | float) else 0
