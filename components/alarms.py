"""A region's alarms: what is told, and to whom.

What it refuses:

* *Silence.* A change of what guards data is told twice: at once where the Events service reports it, and within minutes
  where a connector found the call in the audit log (`infra.residency.watched`). So whoever switches one of the two off
  is told by the other.
* *An outage that only machines notice.* Steering leaves an edge that is not well by itself; somebody is told.
* *An address in a policy or a log.* Subscribers are told; they can read nothing for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.audit import ALARMING, AuditPlan, AuditRegion
from infra.residency.health_alarms import NAMESPACE, HealthAlarm
from infra.residency.placement import Compartment
from infra.residency.watched import EVENT_TYPES

_PENDING = "PT5M"
"""How long it has to be unwell before anybody is woken."""

_ARRIVED = "com.oraclecloud.objectstorage.createobject"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsArgs:
    """A region's trail, whose bucket is there already."""

    foundation: TenancyFoundation
    plan: AuditPlan
    region: AuditRegion
    bucket: oci.objectstorage.Bucket
    provider: oci.Provider


class Alarms(Component):
    """A topic, its subscriptions, and the rules and alarms that tell it."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Alarms", name, opts)
        self._args = args
        compartment_id = args.foundation.compartments[Compartment.AUDIT].id
        topic = oci.ons.NotificationTopic(
            name,
            compartment_id=compartment_id,
            name=args.region.topic,
            description=f"What must not happen unseen in {args.region.region}",
            opts=self._child(args.provider),
        )
        for subscriber in args.plan.subscribers:
            oci.ons.Subscription(
                f"{name}-{subscriber.name}",
                compartment_id=compartment_id,
                topic_id=topic.id,
                protocol="EMAIL",
                endpoint=subscriber.address,
                opts=self._child(args.provider),
            )
        arrivals = {
            "eventType": [_ARRIVED],
            "data": {
                "additionalDetails": {"bucketName": [args.region.bucket]},
                "resourceName": [f"{stream}/*" for stream in ALARMING],
            },
        }
        self._rule(f"arrivals-{args.region.region}", compartment_id, arrivals, "An alarm arrived in the trail", topic)
        self._rule(
            f"changes-{args.region.region}",
            args.foundation.tenancy.id,
            {"eventType": list(EVENT_TYPES)},
            "A policy, group, network or bucket was changed",
            topic,
        )
        for alarm in args.plan.health:
            if alarm.region is args.region.region:
                self._health(alarm, compartment_id, topic)
        self.register_outputs({})

    def _health(self, alarm: HealthAlarm, compartment_id: pulumi.Input[str], topic: oci.ons.NotificationTopic) -> None:
        args = self._args
        oci.monitoring.Alarm(
            f"health-{alarm.name}-{alarm.region}",
            compartment_id=compartment_id,
            display_name=naming.regional(args.foundation.organization, f"health-{alarm.name}", alarm.region),
            metric_compartment_id=args.foundation.compartments[Compartment.EDGE].id,
            namespace=NAMESPACE,
            query=alarm.query,
            severity="CRITICAL",
            body=f"Most vantage points find a target of {alarm.monitor} unwell",
            pending_duration=_PENDING,
            destinations=[topic.id],
            is_enabled=True,
            opts=self._child(args.provider),
        )

    def _rule(
        self,
        name: str,
        compartment_id: pulumi.Input[str],
        condition: Mapping[str, object],
        description: str,
        topic: oci.ons.NotificationTopic,
    ) -> None:
        args, what = self._args, name.removesuffix(f"-{self._args.region.region}")
        oci.events.Rule(
            name,
            compartment_id=compartment_id,
            display_name=naming.regional(args.foundation.organization, what, args.region.region),
            description=description,
            is_enabled=True,
            condition=json.dumps(condition, sort_keys=True),
            actions=oci.events.RuleActionsArgs(
                action=[
                    oci.events.RuleActionsActionArgs(
                        action_type="ONS", is_enabled=True, topic_id=topic.id, description=description
                    )
                ]
            ),
            opts=self._child(args.provider, depends_on=(args.bucket,)),
        )
