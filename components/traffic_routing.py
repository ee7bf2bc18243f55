"""DNS of US users: the zone, and for each hostname and record type a steering policy over edges of this stack.

What it refuses:

* *An answer from elsewhere.* Answers and records are the addresses of `PublicEdge`s, which stand in regions of the
  plan; there is no argument that could bring in another one.
* *A rule that ignores health, or that is skipped.* Every answer is a target of its policy's own monitor, since an
  unmonitored answer counts as healthy. Where the order depends on who asks, the last case has no condition, and the
  filter is one case without a condition and without defaults: nothing can pass beside it.
* *A gap.* A policy whose answers change is replaced and its attachment with it; until the new one is there, the zone's
  own records answer. They name the same edges, and exist before anything is attached.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_oci as oci
from pulumi_oci import dns

from components.base import Component
from components.edge import PublicEdge
from components.tenancy import TenancyFoundation
from infra.residency.placement import Compartment
from infra.residency.regions import UsRegion
from infra.residency.traffic import (
    EdgeRecord,
    HarmlessType,
    Hostname,
    ProbeInterval,
    RecordType,
    SteeringPolicyPlan,
    Template,
    TextRecord,
    UsGeography,
)

_POOL = "oci-us"
_HTTPS = 443
_TIMEOUT_SECONDS = 10
"""The shortest that the health check service offers, and not longer than its shortest interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficZoneArgs:
    """The zone's name and the records that lead nobody anywhere."""

    foundation: TenancyFoundation
    zone: str
    ttl: int
    text_records: tuple[TextRecord, ...]


class TrafficZone(Component):
    """The signed zone.

    Attributes:
        zone: to be delegated to by the parent's owner: its name servers are an output of the stack.
    """

    zone: dns.Zone

    def __init__(self, name: str, args: TrafficZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("TrafficZone", name, opts)
        home = args.foundation.home
        self.zone = dns.Zone(
            "zone",
            compartment_id=args.foundation.compartments[Compartment.EDGE].id,
            name=args.zone,
            zone_type="PRIMARY",
            scope="GLOBAL",
            dnssec_state="ENABLED",
            opts=self._child(home),
        )
        for record in args.text_records:
            dns.Rrset(
                record.name,
                zone_name_or_id=self.zone.id,
                domain=record.domain,
                rtype=record.record_type.value,
                items=[
                    dns.RrsetItemArgs(
                        domain=record.domain,
                        rtype=record.record_type.value,
                        rdata=f'"{text}"' if record.record_type is HarmlessType.TXT else text,
                        ttl=args.ttl,
                    )
                    for text in record.texts
                ],
                opts=self._child(home),
            )
        self.register_outputs({})


@dataclass(frozen=True, slots=True, kw_only=True)
class HostnameRoutingArgs:
    """A hostname, what answers it, and the edges by region.

    Attributes:
        policies: those of the hostname, one for each record type.
        records: the same of the zone's own records.
    """

    foundation: TenancyFoundation
    hostname: Hostname
    policies: tuple[SteeringPolicyPlan, ...]
    records: tuple[EdgeRecord, ...]
    zone: TrafficZone
    edges: Mapping[UsRegion, PublicEdge]
    ttl: int
    probe_interval: ProbeInterval


class HostnameRouting(Component):
    """For each record type of one hostname: a monitor, a steering policy, the zone's own records, the attachment."""

    def __init__(self, name: str, args: HostnameRoutingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("HostnameRouting", name, opts)
        self._args, self._home = args, args.foundation.home
        self._compartment_id = args.foundation.compartments[Compartment.EDGE].id
        records = {record.record_type: self._record(record) for record in args.records}
        for policy in args.policies:
            self._attach(policy, self._policy(policy), records[policy.record_type])
        self.register_outputs({})

    def _addresses(self, kind: RecordType) -> Mapping[UsRegion, pulumi.Output[str]]:
        """Of the hostname's edges, in the order of its pool."""
        return {region: self._args.edges[region].addresses[kind] for region in self._args.hostname.pool}

    def _record(self, record: EdgeRecord) -> dns.Rrset:
        args = self._args
        return dns.Rrset(
            record.name,
            zone_name_or_id=args.zone.zone.id,
            domain=args.hostname.name,
            rtype=record.record_type.value,
            items=[
                dns.RrsetItemArgs(
                    domain=args.hostname.name, rtype=record.record_type.value, rdata=address, ttl=args.ttl
                )
                for address in self._addresses(record.record_type).values()
            ],
            opts=self._child(self._home),
        )

    def _policy(self, policy: SteeringPolicyPlan) -> dns.SteeringPolicy:
        args, addresses = self._args, self._addresses(policy.record_type)
        monitor = oci.healthchecks.HttpMonitor(
            policy.name,
            compartment_id=self._compartment_id,
            display_name=policy.name,
            protocol="HTTPS",
            port=_HTTPS,
            method="GET",
            path=args.hostname.health_path,
            headers={"Host": args.hostname.name},
            interval_in_seconds=args.probe_interval.value,
            timeout_in_seconds=_TIMEOUT_SECONDS,
            targets=list(addresses.values()),
            opts=self._child(self._home),
        )
        return dns.SteeringPolicy(
            policy.name,
            compartment_id=self._compartment_id,
            display_name=policy.name,
            template=args.hostname.template.value,
            ttl=args.ttl,
            health_check_monitor_id=monitor.id,
            answers=[
                dns.SteeringPolicyAnswerArgs(
                    name=region.value, rtype=policy.record_type.value, rdata=address, pool=_POOL
                )
                for region, address in addresses.items()
            ],
            rules=list(_rules(args.hostname)),
            opts=self._child(self._home),
        )

    def _attach(self, plan: SteeringPolicyPlan, policy: dns.SteeringPolicy, record: dns.Rrset) -> None:
        dns.SteeringPolicyAttachment(
            plan.name,
            display_name=plan.name,
            domain_name=self._args.hostname.name,
            steering_policy_id=policy.id,
            zone_id=self._args.zone.zone.id,
            # A name has room for one attachment of a record type.
            opts=self._child(self._home, depends_on=(record,), delete_before_replace=True),
        )


def _rules(hostname: Hostname) -> Iterator[dns.SteeringPolicyRuleArgs]:
    """The template's rules in the template's order; every rule leaves edges of the pool only, as nothing else is in."""
    health = dns.SteeringPolicyRuleArgs(rule_type="HEALTH")
    match hostname.template:
        case Template.FAILOVER:
            sort = dns.SteeringPolicyRuleArgs(rule_type="PRIORITY", default_answer_datas=list(_ranks(hostname.pool)))
            yield from (_enabled(), health, sort)
        case Template.LOAD_BALANCE:
            sort = dns.SteeringPolicyRuleArgs(
                rule_type="WEIGHTED",
                default_answer_datas=[
                    dns.SteeringPolicyRuleDefaultAnswerDataArgs(
                        answer_condition=_named(share.region), value=share.percent
                    )
                    for share in hostname.shares
                ],
            )
            yield from (_enabled(), health, sort)
        case Template.CUSTOM:
            yield from (_pool_only(), health, _by_population(hostname))
        case _:
            assert_never(hostname.template)
    yield dns.SteeringPolicyRuleArgs(rule_type="LIMIT", default_count=1)


def _named(region: UsRegion) -> str:
    return f"answer.name == '{region}'"


def _ranks(order: Sequence[UsRegion]) -> Iterator[dns.SteeringPolicyRuleDefaultAnswerDataArgs]:
    for rank, region in enumerate(order, start=1):
        yield dns.SteeringPolicyRuleDefaultAnswerDataArgs(answer_condition=_named(region), value=rank)


def _enabled() -> dns.SteeringPolicyRuleArgs:
    """What Oracle's own templates begin with."""
    return dns.SteeringPolicyRuleArgs(
        rule_type="FILTER",
        default_answer_datas=[
            dns.SteeringPolicyRuleDefaultAnswerDataArgs(answer_condition="answer.isDisabled != true", should_keep=True)
        ],
    )


def _pool_only() -> dns.SteeringPolicyRuleArgs:
    """One case without a condition, which always works, and no defaults, which would keep what it does not name."""
    return dns.SteeringPolicyRuleArgs(
        rule_type="FILTER",
        cases=[
            dns.SteeringPolicyRuleCaseArgs(
                answer_datas=[
                    dns.SteeringPolicyRuleCaseAnswerDataArgs(
                        answer_condition=f"answer.pool == '{_POOL}'", should_keep=True
                    )
                ]
            )
        ],
    )


def _by_population(hostname: Hostname) -> dns.SteeringPolicyRuleArgs:
    """One order for the US and each of its territories, which are countries of their own here; another for the rest."""

    def case(order: Sequence[UsRegion], condition: str | None) -> dns.SteeringPolicyRuleCaseArgs:
        return dns.SteeringPolicyRuleCaseArgs(
            case_condition=condition,
            answer_datas=[
                dns.SteeringPolicyRuleCaseAnswerDataArgs(answer_condition=_named(region), value=rank)
                for rank, region in enumerate(order, start=1)
            ],
        )

    return dns.SteeringPolicyRuleArgs(
        rule_type="PRIORITY",
        cases=[
            *(case(hostname.pool, f"query.client.geoKey in (geoKey '{place}')") for place in UsGeography),
            case(hostname.elsewhere, None),
        ],
    )
