"""What the resources of a stack answer users with: per hostname and record type, by who asks and by what is down.

Works on the resources of a state, or of a run that only plans: policies are read and evaluated by the interpreter that
also serves the simulated clouds' DNS, so nothing is taken from the plan that made them. An address that is not known
yet stands for the edge that its answer is named after; one that is known and belongs to no edge is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Final

from infra.engine import urns
from infra.engine.values import UNKNOWN, plain_properties
from infra.residency.regions import UsRegion
from infra.residency.traffic import UsGeography
from infra.sandbox.dns.conditions import Answer, Client
from infra.sandbox.dns.parse import PolicyError
from infra.sandbox.dns.parse import policy as read_policy
from infra.sandbox.dns.steering import AllDown, Policy, outcomes
from infra.sandbox.dns.tokens import ATTACHMENT, MONITOR, RRSET, STEERING_POLICY

if TYPE_CHECKING:
    from infra.engine.resource import Resource

_ADDRESSES: Final = frozenset({"oci:Core/publicIp:PublicIp", "oci:Core/ipv6:Ipv6"})
_NOBODY: Final = IPv4Address("192.0.2.1")
"""Where queries of the table come from (RFC 5737): in no subnet that a condition could name sensibly."""

_STAND_INS: Final = {"A": IPv4Address("192.0.2.0"), "AAAA": IPv6Address("2001:db8::")}
EVERYONE, IN_THE_US, ELSEWHERE = "everyone", "users in the US", "users elsewhere"
ALL_HEALTHY, ALL_DOWN = "all healthy", "all down"

Rows = Mapping[tuple[str, str], str]
"""(who asks, what is down) -> what is answered, in words and in the order of reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a hostname is answered for one record type.

    Attributes:
        rows: By the steering policy.
        records: Where the zone's own records lead, which answer while the policy is being replaced.
        abroad: What policy and records could answer with that is no edge of this stack in an allowed US region.
        urns: The policy and its attachment.
    """

    rows: Rows
    records: tuple[str, ...]
    abroad: tuple[str, ...]
    urns: frozenset[str]


def view(resources: Iterable[Resource]) -> Mapping[tuple[str, str], Answered]:
    """What is answered by (hostname, record type); a name without an attached policy is not in it."""
    graph = _Graph({resource.urn: resource for resource in resources if not resource.delete})
    found: dict[tuple[str, str], Answered] = {}
    for attachment in graph.of(ATTACHMENT):
        if "domainName" not in attachment.inputs:
            continue  # left out of a run that does a part only, and not there yet
        domain = str(attachment.inputs["domainName"])
        for policy in graph.named(attachment, "steeringPolicyId", STEERING_POLICY):
            inputs = _whole(plain_properties(policy.inputs))
            for kind in sorted({str(answer["rtype"]).upper() for answer in inputs.get("answers") or ()}):
                records = graph.records(domain, kind)
                pool = [
                    graph.label(a["rdata"], str(a["name"])) for a in inputs["answers"] if a["rtype"].upper() == kind
                ]
                found[domain, kind] = Answered(
                    rows=_rows(inputs, kind, graph, policy),
                    records=records,
                    abroad=tuple(sorted({*pool, *records} - set(UsRegion))),
                    urns=frozenset({policy.urn, attachment.urn}),
                )
    return found


@dataclass(frozen=True, slots=True)
class _Graph:
    by_urn: Mapping[str, Resource]

    def of(self, token: str) -> list[Resource]:
        return sorted((r for r in self.by_urn.values() if r.type == token), key=lambda r: r.urn)

    def named(self, resource: Resource, property_: str, token: str) -> list[Resource]:
        """Resources of a type that a property of another one comes from."""
        ahead = resource.property_dependencies.get(property_, ())
        return [found for urn in ahead if (found := self.by_urn.get(urn)) is not None and found.type == token]

    def region(self, resource: Resource) -> str:
        """Where a resource is: its provider's region."""
        provider = self.by_urn.get(resource.provider.rpartition("::")[0])
        return str(provider.inputs.get("region")) if provider else urns.name_of(resource.urn)

    def label(self, address: object, otherwise: str) -> str:
        """The region of the edge that has an address; `otherwise` where the address is not known."""
        if not isinstance(address, str):
            return otherwise
        owners = [r for r in self.by_urn.values() if r.type in _ADDRESSES and r.outputs.get("ipAddress") == address]
        return self.region(owners[0]) if owners else f"{address}, which is no edge of this stack"

    def records(self, domain: str, kind: str) -> tuple[str, ...]:
        """Where the zone's own records at a name lead."""
        found: set[str] = set()
        for rrset in self.of(RRSET):
            if (rrset.inputs.get("domain"), rrset.inputs.get("rtype")) == (domain, kind):
                sources = [urn for urn in rrset.property_dependencies.get("items", ()) if urn in self.by_urn]
                edges = [self.by_urn[urn] for urn in sources if self.by_urn[urn].type in _ADDRESSES]
                found |= {self.region(edge) for edge in edges}
                items: Any = plain_properties(rrset.inputs).get("items") or ()
                found |= {self.label(item["rdata"], "") for item in items} - {""}
        return tuple(sorted(found))


def _whole(value: Any) -> Any:
    """Numbers of the protocol are floating; the interpreter counts with whole ones."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_whole(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value


def _rows(inputs: Mapping[str, Any], kind: str, graph: _Graph, source: Resource) -> Rows:
    labels: dict[str, str] = {}
    answers: list[dict[str, Any]] = []
    for number, answer in enumerate(inputs["answers"], start=1):
        rdata = answer["rdata"] if answer["rtype"] not in _STAND_INS else str(_STAND_INS[answer["rtype"]] + number)
        answers.append({**answer, "rdata": rdata})
        labels[rdata] = graph.label(answer["rdata"], str(answer["name"]))
    try:
        policy = read_policy({**inputs, "answers": answers, "ttl": _known(inputs.get("ttl"), 30)})
    except (PolicyError, KeyError) as error:
        return {(EVERYONE, ALL_HEALTHY): f"not known: the policy cannot be read ({error})"}
    pool = list(dict.fromkeys(labels[a.rdata] for a in policy.answers if a.rtype == kind))
    seconds = _bound(inputs, graph, source)
    return _merged(
        {who: _by_health(policy, kind, keys, labels, pool=pool, seconds=seconds) for who, keys in _clients()}
    )


def _known(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None or value is UNKNOWN else value


def _clients() -> list[tuple[str, frozenset[str]]]:
    """Who asks: the states, each territory by name, and anybody else."""
    named = [(place.name.replace("_", " ").title(), frozenset({place.value})) for place in UsGeography]
    return [*named, (ELSEWHERE, frozenset())]


def _bound(inputs: Mapping[str, Any], graph: _Graph, policy: Resource) -> int | None:
    """Seconds until the last client has left a lost edge: a cached answer, and two probes."""
    for monitor in graph.named(policy, "healthCheckMonitorId", MONITOR):
        interval = _whole(monitor.inputs.get("intervalInSeconds"))
        if isinstance(interval, int):
            return int(_known(inputs.get("ttl"), 30)) + 2 * interval
    return None


def _by_health(
    policy: Policy,
    kind: str,
    geo_keys: frozenset[str],
    labels: Mapping[str, str],
    *,
    pool: Sequence[str],
    seconds: int | None,
) -> Mapping[str, str]:
    client = Client(address=_NOBODY, geo_keys=geo_keys)

    def answered(down: Iterable[str], reading: AllDown = AllDown.NOTHING) -> str:
        gone = frozenset(down)
        lost = [rdata for rdata, label in labels.items() if label in gone]
        return _words(outcomes(policy, client, down=lost, all_down=reading, rtype=kind), labels)

    healthy = answered(())
    rows = {ALL_HEALTHY: healthy}
    if len(pool) > 1:
        for label in pool:
            text = answered({label})
            late = f" within {seconds} s" if text != healthy and seconds is not None else ""
            rows[f"{label} down"] = f"{text}{late}"
    rows[ALL_DOWN] = f"nothing, or still {answered(pool, AllDown.EVERYTHING)}"
    return rows


def _words(chances: Mapping[frozenset[Answer], Fraction], labels: Mapping[str, str]) -> str:
    """`us-ashburn-1 70 %, us-phoenix-1 30 %`; without figures where there is one outcome only."""
    shares: dict[str, Fraction] = {}
    for answers, chance in chances.items():
        text = " and ".join(sorted({labels[answer.rdata] for answer in answers})) or "nothing"
        shares[text] = shares.get(text, Fraction(0)) + chance
    if len(shares) == 1:
        return next(iter(shares))
    return ", ".join(f"{text} {float(100 * share):.3g} %" for text, share in shares.items())


def _merged(by_client: Mapping[str, Mapping[str, str]]) -> Rows:
    """One row for all who get the same: everyone, the whole US, or a territory by itself."""
    states, elsewhere = next(iter(by_client.values())), by_client[ELSEWHERE]
    others = {who: rows for who, rows in by_client.items() if who != ELSEWHERE and rows != states}
    groups: dict[str, Mapping[str, str]]
    if not others and elsewhere == states:
        groups = {EVERYONE: states}
    else:
        groups = {IN_THE_US: states, **others, ELSEWHERE: elsewhere}
    return {(who, health): text for who, rows in groups.items() for health, text in rows.items()}
