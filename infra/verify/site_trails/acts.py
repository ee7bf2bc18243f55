"""Single acts at the legacy sites, followed into their archive one by one: the slow decider of what is seen there.

It shares no rule with `leaks`. It makes something happen in each account (a call of a service with a region and of
one without, in its own region and in another; a read and a write of an object of each bucket), looks for the trail that
says so, asks the archive whether the record is there on its last day, and rules, topics and their policies who hears of
it. What documents let somebody do is asked request by request (`requests`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Final, cast

from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.search import Opinion, Search, seen
from infra.verify.site_trails.leaks import WATCHED
from infra.verify.site_trails.requests import Archive, into_bucket, tells, with_key
from infra.verify.trail.leak import Rule
from infra.verify.values import items, listed, record, records

_REGION: Final = "us-east-1"
"""Of the archive, and where calls are reported that have no region."""
_LONGEST: Final = 30
"""Days that a key waits for its deletion, at most."""
_KMS: Final = "kms.amazonaws.com"
_READS: Final = ("CopyObject", "GetObject", "GetObjectTagging", "HeadObject")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """An account in which something can happen, by the name of its site, or `archive`."""

    name: str
    id: str
    region: str
    phase: str = ""

    def arn(self, organization: str) -> str:
        """Of its trail."""
        return f"arn:aws:cloudtrail:{self.region}:{self.id}:trail/{organization}-trail-{self.name}"


def unseen(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Everything that can happen at the sites unseen, or whose record be lost; nothing where no trail is declared."""
    audit = record(declared.deployment.get("audit"))
    if audit and not record(audit.get("archive")).get("accountId"):
        yield seen("", Rule.DECLARED)
    elif audit:
        sites = _Sites(graph, declared, audit)
        yield from sites.lost()
        yield from sites.under_key()
        yield from sites.overheard()
        for account in sites.open:
            yield from sites.unlogged(account)
            yield from sites.untold(account)


class _Sites(Search):
    """The accounts of the sites, and the archive's."""

    def __init__(self, graph: Graph, declared: Declared, audit: Mapping[str, Any]) -> None:
        super().__init__(graph, "aws")
        archive, self.own, self.audit = record(audit.get("archive")), declared.organization, audit
        home = _Account(name="archive", id=str(archive.get("accountId")), region=_REGION)
        sites = [_Account(name=it.name, id=it.account, region=it.region.value, phase=it.phase.value)
                 for it in declared.sites.values()]  # fmt: skip
        self.open = [home, *(it for it in sites if it.phase != "closed")]
        self.bucket = f"{self.own}-audit-use1-{home.id}"
        self.archive = Archive(
            account=home.id,
            deployer=f"arn:aws:iam::{home.id}:role/{archive.get('deployerRole')}",
            bucket=self.bucket,
            trails=tuple((it.arn(self.own), it.id) for it in (home, *sites)),
        )
        self.home = home

    def region(self, node: Node) -> str:
        """Its own, or its provider's."""
        provider = self.graph.nodes.get(node.provider)
        if provider is None or provider.type != "pulumi:providers:aws":
            return ""
        own = node.inputs.get("region")
        return str(provider.inputs.get("region") if own is None else own)

    def called(self, kind: str, name: str, value: str, account: _Account | None = None, region: str = "") -> list[Node]:
        """Those of a kind that are called so; only those in an account, there in a region, where one is given."""
        alike = [it for it in self.of(kind) if str(it.inputs.get(name)) == value]
        return [it for it in alike if account is None or self.is_in(it, account.id, region or account.region)]

    def is_in(self, node: Node, account: str, region: str) -> bool:
        """Whether a resource is in an account and region."""
        provider = self.graph.nodes.get(node.provider)
        allowed: Any = provider.inputs.get("allowedAccountIds") if provider else None
        try:
            accounts = json.loads(allowed) if isinstance(allowed, str) else allowed
        except ValueError:
            return False
        alike = isinstance(accounts, list) and {str(it) for it in cast("list[Any]", accounts)} == {account}
        return alike and self.region(node) == region

    def lost(self) -> Iterator[Opinion]:
        """A record that arrives today is not there on its last day, or somebody could read or alter it."""
        stores = self.called("Bucket", "bucket", self.bucket, self.home)
        if len(stores) != 1:
            yield seen("", Rule.BUCKET)
            return
        (store,) = stores
        of = {kind: self.called(f"Bucket{kind}", "bucket", self.bucket) for kind in
              ("Versioning", "ObjectLockConfiguration", "LifecycleConfiguration", "Policy")}  # fmt: skip
        if not (store.protect and store.retain) or of["LifecycleConfiguration"]:
            yield seen(store.urn, Rule.BUCKET)
        versions = [record(it.inputs.get("versioningConfiguration")).get("status") for it in of["Versioning"]]
        locks = of["ObjectLockConfiguration"]
        kept = [record(record(it.inputs.get("rule")).get("defaultRetention")) for it in locks]
        whole = versions == ["Enabled"] and store.inputs.get("objectLockEnabled") is True and len(kept) == 1
        declared = int(self.audit.get("retentionDays", 0))
        if not (whole and all(it.protect and it.retain for it in locks) and _days(kept[0]) >= declared):
            yield seen(store.urn, Rule.RETENTION)
        if len(of["Policy"]) != 1:
            yield seen(store.urn, Rule.GRANT)
        for policy in of["Policy"]:
            if into_bucket(self.archive, str(policy.inputs.get("policy"))):
                yield seen(policy.urn, Rule.GRANT)

    @cached_property
    def key(self) -> Node | None:
        """The one key under which what arrives is encrypted."""
        rules = self.called("BucketServerSideEncryptionConfiguration", "bucket", self.bucket)
        parts = [record(part.get("applyServerSideEncryptionByDefault")) for it in rules[:1]
                 for part in records(it.inputs.get("rules"))]  # fmt: skip
        if len(rules) != 1 or [it.get("sseAlgorithm") for it in parts] != ["aws:kms"]:
            return None
        return self.meant_key(rules[0], "rules", parts[0].get("kmsMasterKeyId"))

    def meant_key(self, node: Node, property_: str, value: object) -> Node | None:
        """The key in the archive's account that a value can only mean."""
        meant = self.meant(node, property_, value, "Key")
        meant = meant or [it for it in self.of("Key") if value and it.outputs.get("arn") == value]
        there = [it for it in meant if self.is_in(it, self.home.id, _REGION)]
        return there[0] if len(meant) == len(there) == 1 else None

    def under_key(self) -> Iterator[Opinion]:
        """Somebody but the trails could use the key, or it be gone."""
        key = self.key
        if key is None:
            yield seen("", Rule.KEY)
            return
        lasts = key.protect and key.retain and key.inputs.get("isEnabled") is not False
        lasts = lasts and key.inputs.get("deletionWindowInDays", _LONGEST) == _LONGEST
        if not lasts or with_key(self.archive, str(key.inputs.get("policy"))):
            yield seen(key.urn, Rule.KEY)

    def unlogged(self, account: _Account) -> Iterator[Opinion]:
        """Something happens in an account, and its trail does not say so, to the archive, signed and encrypted."""
        trails = self.called("Trail", "name", f"{self.own}-trail-{account.name}", account)
        if len(trails) != 1:
            yield seen("", Rule.EVENTS, account.id)
        for trail in trails:
            said = trail.inputs
            if said.get("s3BucketName") != self.bucket or said.get("s3KeyPrefix"):
                yield seen(trail.urn, Rule.CONNECTOR)
            key = self.meant_key(trail, "kmsKeyId", said.get("kmsKeyId"))
            if key is None or key is not self.key:
                yield seen(trail.urn, Rule.KEY)
            if said.get("enableLogFileValidation") is not True:
                yield seen(trail.urn, Rule.RETENTION)
            for service, kind, place in product(("iam", _KMS, "s3"), ("Read", "Write"), ("here", "there", "nowhere")):
                if not _logs_call(said, service, kind, place):
                    yield seen(trail.urn, Rule.EVENTS)
            yield from self._unlogged_objects(account, trail)

    def _unlogged_objects(self, account: _Account, trail: Node) -> Iterator[Opinion]:
        """An object of a bucket is read or written; or one elsewhere is, which is for its own account to log."""
        there = {f"arn:aws:s3:::{it.inputs.get('bucket')}/" for it in self.of("Bucket")
                 if self.is_in(it, account.id, account.region)}  # fmt: skip
        logged = [(str(value), str(it.get("readWriteType", "All")))
                  for it in records(trail.inputs.get("eventSelectors")) for data in records(it.get("dataResources"))
                  for value in items(data.get("values")) if data.get("type") == "AWS::S3::Object"]  # fmt: skip
        for bucket, kind in product(there, ("Read",) if account.name == "archive" else ("Read", "Write")):
            if not any(f"{bucket}key".startswith(value) and which in {"All", f"{kind}Only"} for value, which in logged):
                yield seen(trail.urn, Rule.LOG)
        if any(value not in there for value, _ in logged):
            yield seen(trail.urn, Rule.LOG)

    def untold(self, account: _Account) -> Iterator[Opinion]:
        """Somebody changes what guards data, or reads it whose work that is not, and not everybody is told."""
        everybody = {str(it) for it in record(self.audit.get("subscribers")).values()}
        for region in {account.region, _REGION}:
            telling = [(_hears(text, account, self.own), told) for text, told in self._telling(account, region)]
            for at, act in enumerate(_acts(account, self.own)):
                told = {it for acts, addresses in telling if at in acts for it in addresses}
                if not everybody or not told >= everybody:
                    yield seen("", Rule.ALARM, account.id, region, act["detail.eventName"])

    def overheard(self) -> Iterator[Opinion]:
        """Somebody else hears of what is done: by mail, or because a rule tells what is not an account's own topic."""
        everybody = [*record(self.audit.get("subscribers")).values()]
        for it in self.of("TopicSubscription"):
            if it.inputs.get("endpoint") not in everybody or it.inputs.get("protocol") != "email":
                yield seen(it.urn, Rule.ALARM)
        for it in self.of("EventTarget"):
            told = re.fullmatch(r"arn:aws:sns:([^:]+):([^:]+):[^:]*", str(it.inputs.get("arn")))
            if told is None or not self.is_in(it, told[2], told[1]):
                yield seen(it.urn, Rule.ALARM)

    def _telling(self, account: _Account, region: str) -> list[tuple[str, set[str]]]:
        """Each rule that is on in a region, as its pattern and the addresses that it reaches."""
        found: list[tuple[str, set[str]]] = []
        for rule in self.of("EventRule"):
            said, name = rule.inputs, str(rule.inputs.get("name"))
            on = said.get("state", "ENABLED") in {"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}
            if on and said.get("eventBusName", "default") in {None, "default"} and self.is_in(rule, account.id, region):
                arn = f"arn:aws:events:{region}:{account.id}:rule/{name}"
                targets = self.called("EventTarget", "rule", name, account, region)
                reached = [self._reached(account, region, str(it.inputs.get("arn")), arn) for it in targets]
                found.append((str(said.get("eventPattern")), set[str]().union(*reached)))
        return found

    def _reached(self, account: _Account, region: str, topic: str, rule: str) -> set[str]:
        """Whom a topic tells of what a rule hands it."""
        first, _, name = topic.rpartition(":")
        topics = self.called("Topic", "name", name, account, region)
        policies = self.called("TopicPolicy", "arn", topic, account, region)
        if first != f"arn:aws:sns:{region}:{account.id}" or not topics or len(policies) != 1:
            return set()
        if not tells(str(policies[0].inputs.get("policy")), topic, rule):
            return set()
        mailed = self.called("TopicSubscription", "topic", topic, account, region)
        return {str(it.inputs.get("endpoint")) for it in mailed if it.inputs.get("protocol") == "email"}


def _days(kept: Mapping[str, Any]) -> int:
    """For how many days a default retention keeps what nobody may take off; -1 where somebody may."""
    if kept.get("mode") != "COMPLIANCE":
        return -1
    said = [int(kept[it]) * size for it, size in (("days", 1), ("years", 365)) if isinstance(kept.get(it), int | float)]
    return next(iter(said), 0)


def _logs_call(trail: Mapping[str, Any], service: str, kind: str, place: str) -> bool:
    """Whether a trail records a call of a service, in its own region, in another, or in none."""
    if trail.get("enableLogging", True) is not True or trail.get("isMultiRegionTrail") is not True:
        return False
    if place == "nowhere" and trail.get("includeGlobalServiceEvents", True) is not True:
        return False
    return any(
        it.get("includeManagementEvents", True) is True
        and it.get("readWriteType", "All") in {"All", f"{kind}Only"}
        and not (it.get("excludeManagementEventSources") and service == _KMS)
        for it in records(trail.get("eventSelectors"))
    )


def _event(call: str, issuer: str) -> dict[str, str]:
    """An event by its paths, as EventBridge gets it of a call."""
    object_ = "Object" in call and not call.startswith("Put")
    service = "s3" if object_ else "other"
    who = {"detail.userIdentity.sessionContext.sessionIssuer.arn": issuer} if issuer else {}
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail.eventName": call,
        "detail.eventSource": f"{service}.amazonaws.com",
        **who,
    }


@lru_cache(maxsize=64)
def _acts(account: _Account, organization: str) -> tuple[dict[str, str], ...]:
    """What people have to be told of in an account: changes by somebody, and reads by whoever does not do it daily."""
    strange = {"restore", "retire", "transfer"} - {{"backup": "transfer", "drain": "retire"}.get(account.phase)}
    roles = ["somebody", *(f"{organization}-{it}-{account.name}" for it in sorted(strange))]
    issuers = ["", *(f"arn:aws:iam::{account.id}:role/{it}" for it in roles)]
    changes = [_event(call, issuers[1]) for call in WATCHED]
    return (*changes, *(_event(call, issuer) for call in _READS for issuer in issuers))


@lru_cache(maxsize=1024)
def _hears(text: str, account: _Account, organization: str) -> frozenset[int]:
    """Which of them, by number, meet a pattern."""
    try:
        pattern = json.loads(text)
    except ValueError:
        return frozenset()
    acts = enumerate(_acts(account, organization))
    return frozenset(at for at, act in acts if pattern and _within(pattern, act, ""))


def _within(pattern: Any, event: Mapping[str, str], above: str) -> bool:
    """Whether each path that a pattern names below another has one of its values, or what an operator asks of it."""
    for name, wanted in cast("dict[str, Any]", pattern).items() if isinstance(pattern, dict) else [("", None)]:
        path = f"{above}{name}"
        if name == "$or":
            met = any(_within(it, event, above) for it in items(wanted))
        elif isinstance(wanted, dict):
            met = _within(wanted, event, f"{path}.")
        else:
            met = any(_fits(it, event.get(path)) for it in items(wanted))
        if not met:
            return False
    return True


def _fits(wanted: Any, given: str | None) -> bool:
    """Whether a value, or its absence, is what one of a pattern's leaves asks for."""
    if not isinstance(wanted, dict):
        return given is not None and given == wanted
    match cast("dict[str, Any]", wanted):
        case {"exists": bool(there), **rest} if not rest:
            return (given is not None) is there
        case {"prefix": str(prefix), **rest} if not rest:
            return given is not None and given.startswith(prefix)
        case {"anything-but": others, **rest} if not rest:
            plain = all(isinstance(it, str) for it in listed(others))
            return given is not None and plain and given not in listed(others)
        case _:
            return False
