"""The buckets of the trail: each region has one that nobody can alter, and Audit keeps its events meanwhile."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.verify.graph import Graph, Node
from infra.verify.models.trail import CONFIGURATION
from infra.verify.models.vaults import KEY
from infra.verify.trail.carriers import Carriers
from infra.verify.trail.declared import Declared
from infra.verify.trail.leak import Leak, Rule
from infra.verify.values import record, records

_AUDIT_DAYS: Final = 365
_MOMENT: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|\+00:00)"
"""A time as the program, and as the service, writes it."""


def store_leaks(found: Graph, declared: Declared) -> Iterator[Leak]:
    """Each region has a bucket that nobody can alter, under a key of its own, protected and kept."""
    trail = Carriers(found, declared)
    kept = [node.inputs for node in trail.graph.of(CONFIGURATION)]
    if [(it.get("compartmentId"), it.get("retentionPeriodDays")) for it in kept] != [
        (trail.declared.tenancy, _AUDIT_DAYS)
    ]:
        yield Leak(urn="", rule=Rule.EVENTS, what=f"audit events are not kept for {_AUDIT_DAYS} days")
    for region in sorted(trail.declared.regions):
        node = trail.buckets.get(region)
        if node is None:
            yield Leak(urn="", rule=Rule.BUCKET, what=f"{region} has no bucket for logs")
            continue
        for rule, what in (*_retention(trail, node), *_guarded(trail, node)):
            yield Leak(urn=node.urn, rule=rule, what=f"{node.name} {what}")


def _retention(trail: Carriers, node: Node) -> Iterator[tuple[Rule, str]]:
    rules = records(node.inputs.get("retentionRules"))
    if node.inputs.get("versioning") not in {None, "Disabled"}:
        yield Rule.RETENTION, "keeps versions, which excludes a retention rule"
    longest = max(map(days, rules), default=0)
    if longest < trail.declared.days:
        yield Rule.RETENTION, f"retains for {longest} days, not {trail.declared.days}"
    elif not any(_locked(trail, rule) for rule in rules):
        yield Rule.RETENTION, f"is not locked by the end of {trail.declared.lock_on}"


def _locked(trail: Carriers, rule: Mapping[str, Any]) -> bool:
    """Whether a rule that is long enough is locked in time; a shorter one that is locked keeps nothing any longer."""
    lock = re.fullmatch(_MOMENT, str(rule.get("timeRuleLocked") or ""))
    return days(rule) >= trail.declared.days and lock is not None and lock[1] <= trail.declared.lock_on


def days(rule: Mapping[str, Any]) -> int:
    """For how long a retention rule keeps what arrived; 0 where it does not say so in days or years."""
    duration = record(rule.get("duration"))
    amount, unit = str(duration.get("timeAmount")), duration.get("timeUnit")
    if not amount.isdigit():
        return 0
    return int(amount) * {"DAYS": 1, "YEARS": 365}.get(str(unit), 0)


def _guarded(trail: Carriers, node: Node) -> Iterator[tuple[Rule, str]]:
    if node.inputs.get("accessType") not in {None, "NoPublicAccess"}:
        yield Rule.BUCKET, "can be read by anyone"
    if not trail.inside(node):
        yield Rule.BUCKET, "is outside the compartment of the trail"
    if node.inputs.get("objectEventsEnabled") is not True:
        yield Rule.ALARM, "tells nobody what arrives"
    if not (node.protect and node.retain):
        yield Rule.BUCKET, "is not protected and kept"
    keys = trail.graph.named(node, "kmsKeyId", node.inputs.get("kmsKeyId"), KEY)
    if len(keys) != 1 or not trail.inside(keys[0]):
        yield Rule.KEY, "is under a key that those administer whose acts it records"
