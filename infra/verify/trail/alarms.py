"""The alarms: what would let somebody in, out, or out of sight is picked out on arrival, and every address is told."""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple, cast

from infra.residency.regions import UsRegion
from infra.verify.graph import Graph, Node
from infra.verify.models.trail import RULE, SUBSCRIPTION
from infra.verify.trail import health
from infra.verify.trail.carriers import Carrier, Carriers
from infra.verify.trail.declared import WATCHED, Declared
from infra.verify.trail.leak import Leak, Rule
from infra.verify.trail.logs import Entry
from infra.verify.values import listed, record, records

_ARRIVAL: Final = "com.oraclecloud.objectstorage.createobject"
_CHANGE: Final = "com.oraclecloud.identitycontrolplane.updatepolicy"
_PICKED: Final = r"data\.([A-Za-z0-9_.]+)\s*=\s*'([^']*)'"


class _Told(NamedTuple):
    """Whom a rule that is on tells of which events.

    Attributes:
        types: of events.
        anywhere: whether it is about the whole tenancy.
        buckets, objects: names, as patterns; every one where it says nothing of them.
        readable: whether its condition says nothing else.
    """

    types: frozenset[str]
    anywhere: bool
    buckets: tuple[str, ...]
    objects: tuple[str, ...]
    readable: bool
    addresses: frozenset[str]

    def tells_of(self, type_: str) -> bool:
        """Whether it is about a type of events."""
        return any(fnmatchcase(type_, it) for it in self.types)

    def hears(self, carrier: Carrier) -> bool:
        """Whether it tells of what a connector puts into its bucket."""
        named = any(fnmatchcase(str(carrier.bucket.inputs.get("name")), it) for it in self.buckets)
        return (
            self.readable
            and self.tells_of(_ARRIVAL)
            and named
            and any(fnmatchcase(f"{carrier.prefix}/", it) for it in self.objects)
        )


def alarm_leaks(found: Graph, declared: Declared, recorded: tuple[Entry, ...]) -> Iterator[Leak]:
    """Each region tells every declared address of watched calls, of sealed users' reads, of changes at once."""
    trail = Carriers(found, declared)
    if not trail.declared.addresses:
        yield Leak(urn="", rule=Rule.ALARM, what="nobody is declared to be told of anything")
    for region in sorted(trail.declared.regions):
        rules = [_told(trail, rule) for rule in trail.graph.of(RULE) if trail.graph.region(rule) is region]
        picking = [(it, _picks(it)) for it in trail.all if it.region is region and it.conditions]
        heard = {it.node.urn: _heard(it, rules) for it, _ in picking}
        calls = [(it, picks) for it, picks in picking if it.whole]
        for call in WATCHED:
            by = [it for it, picks in calls if ("eventName", call) in picks]
            yield from _untold(trail, f"{call} in {region}", by, heard)
        for groups in _groups_of_reads(recorded, region):
            for user in sorted(trail.declared.sealed):
                by = [it for it, picks in picking if it.group in groups and ("principalId", user) in picks]
                yield from _untold(trail, f"what {user} reads in {region}", by, heard)
        at_once = (it.addresses for it in rules if it.readable and it.anywhere and it.tells_of(_CHANGE))
        for address in sorted(trail.declared.addresses - frozenset().union(*at_once)):
            yield Leak(urn="", rule=Rule.ALARM, what=f"{region} does not tell {address} of changes at once")


def health_leaks(found: Graph, declared: Declared) -> Iterator[Leak]:
    """Of each monitor every declared address is told."""
    for node, what in health.unheard(found, declared.addresses):
        yield Leak(urn=node.urn, rule=Rule.ALARM, what=what)


def overheard(found: Graph, declared: Declared) -> Iterator[Leak]:
    """Nobody else is told: what is told of says who did what."""
    for node in found.of(SUBSCRIPTION):
        if node.inputs.get("endpoint") not in declared.addresses:
            what = f"{node.name} tells {node.inputs.get('endpoint')}, whom nobody declared"
            yield Leak(urn=node.urn, rule=Rule.ALARM, what=what)


def unwatched(declared: Declared) -> tuple[Leak, ...]:
    """Groups that may read in an emergency while the trail watches no user who could be in them."""
    if declared.days and declared.sealed:
        return ()
    what = "may read in an emergency, and nobody is told who does"
    return tuple(Leak(urn="", rule=Rule.ALARM, what=f"{group} {what}") for group in sorted(declared.emergency))


def _untold(trail: Carriers, what: str, by: list[Carrier], heard: Mapping[str, frozenset[str]]) -> Iterator[Leak]:
    """Nobody picks it out; or whoever does is not heard by everybody."""
    if not by:
        yield Leak(urn="", rule=Rule.ALARM, what=f"nobody is told of {what}")
        return
    missing = trail.declared.addresses - frozenset().union(*(heard[it.node.urn] for it in by))
    for it in by if missing else ():
        names = ", ".join(sorted(missing))
        yield Leak(urn=it.node.urn, rule=Rule.ALARM, what=f"what {it.node.name} carries is not told to {names}")


def _picks(carrier: Carrier) -> frozenset[tuple[str, str]]:
    """The fields and values of which each alone makes a connector's one task pick an event; none if it is malformed."""
    if len(carrier.conditions) != 1:
        return frozenset()
    parts = [re.fullmatch(_PICKED, _bare(part)) for part in carrier.conditions[0].split(" or ")]
    return frozenset((match[1], match[2]) for match in parts if match) if all(parts) else frozenset()


def _bare(part: str) -> str:
    """A comparison without the parentheses that may stand around it alone."""
    whole = part.strip()
    return whole[1:-1].strip() if whole[:1] + whole[-1:] == "()" else whole


def _heard(carrier: Carrier, rules: list[_Told]) -> frozenset[str]:
    return frozenset(address for it in rules if it.hears(carrier) for address in it.addresses)


def _groups_of_reads(recorded: tuple[Entry, ...], region: UsRegion) -> list[set[str]]:
    """For each bucket of a region of which reads are logged, the log groups that they are logged into."""
    found: dict[str, set[str]] = {}
    for it in recorded:
        if it.region is region and it.group and (it.service, it.category) == ("objectstorage", "read"):
            found.setdefault(it.about, set()).add(it.group)
    return [groups for _, groups in sorted(found.items())]


def _told(trail: Carriers, rule: Node) -> _Told:
    condition = _condition(rule)
    data = record(condition.get("data"))
    details = record(data.get("additionalDetails"))
    return _Told(
        types=frozenset(map(str, listed(condition.get("eventType", [])))),
        anywhere=not data and rule.inputs.get("compartmentId") == trail.declared.tenancy,
        buckets=tuple(map(str, listed(details.get("bucketName", [])))) if details else ("*",),
        objects=tuple(map(str, listed(data["resourceName"]))) if "resourceName" in data else ("*",),
        readable=all(isinstance(it, dict) for it in (condition.get("data", {}), data.get("additionalDetails", {})))
        and set(condition) <= {"eventType", "data"}
        and set(data) <= {"additionalDetails", "resourceName"}
        and set(details) <= {"bucketName"},
        addresses=_addresses(trail, rule),
    )


def _addresses(trail: Carriers, rule: Node) -> frozenset[str]:
    """Whom the topics of a rule that is on tell."""
    addresses: set[str] = set()
    for action in records(record(rule.inputs.get("actions")).get("action")):
        on = rule.inputs.get("isEnabled") is True and action.get("isEnabled") is True
        if on and action.get("actionType") == "ONS":
            addresses.update(health.addresses(trail.graph, rule, "actions", [action.get("topicId")]))
    return frozenset(addresses)


def _condition(rule: Node) -> Mapping[str, Any]:
    try:
        return record(cast("object", json.loads(str(rule.inputs.get("condition")))))
    except ValueError:
        return {}
