"""The trail of one AWS account: what it logs into the archive, and whom it tells of what.

What it refuses:

* *A log that could be changed unseen.* Every hour CloudTrail signs what it delivered; a log that is missing or altered
  does not fit the next signature.
* *A region or service that is not looked at.* The trail is of all regions, since calls of IAM are logged in Virginia
  alone; so people are told in both.
* *Names of objects in a mail.* A message says which call, by whom, when and where, and nothing of what was asked for.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.audit_archive import AuditArchive
from components.base import Component
from infra.residency import trail_policies
from infra.residency.audit import Subscriber
from infra.residency.aws_policy import bucket_arn
from infra.residency.regions import LegacyRegion
from infra.residency.trails import TrailPlan
from infra.residency.watched import Alarm

_TOLD = {"call": "$.detail.eventName", "who": "$.detail.userIdentity.arn", "when": "$.detail.eventTime"}
_DESCRIPTIONS = {
    Alarm.CHANGES: "What guards data, keys or the trail was changed",
    Alarm.READS: "Somebody read data whose daily work that is not",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTrailArgs:
    """A trail, where it goes, and who is told.

    Attributes:
        bucket: the archive's.
        provider: of the trail's own account.
    """

    plan: TrailPlan
    bucket: str
    archive: AuditArchive
    subscribers: tuple[Subscriber, ...]
    provider: aws.Provider


class SiteTrail(Component):
    """A trail, and in each region in which its calls are reported a topic and the rules that tell it."""

    def __init__(self, name: str, args: SiteTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("SiteTrail", name, opts)
        self._args, self._name = args, name
        self._trail()
        for region in args.plan.alarm_regions:
            self._alarms(region)
        self.register_outputs({})

    def _trail(self) -> None:
        args, plan = self._args, self._args.plan
        objects = aws.cloudtrail.TrailEventSelectorDataResourceArgs(
            type="AWS::S3::Object", values=[f"{bucket_arn(bucket)}/" for bucket in plan.buckets]
        )
        selectors = [
            aws.cloudtrail.TrailEventSelectorArgs(
                read_write_type="All",
                include_management_events=True,
                data_resources=None if plan.of_archive else [objects],
            )
        ]
        if plan.of_archive:  # each delivery is a write, and would be one more to deliver
            selectors.append(
                aws.cloudtrail.TrailEventSelectorArgs(
                    read_write_type="ReadOnly", include_management_events=False, data_resources=[objects]
                )
            )
        aws.cloudtrail.Trail(
            self._name,
            region=plan.region.value,
            name=plan.trail,
            s3_bucket_name=args.bucket,
            kms_key_id=args.archive.key.arn,
            enable_logging=True,
            enable_log_file_validation=True,
            include_global_service_events=True,
            is_multi_region_trail=True,
            event_selectors=selectors,
            opts=self._child(args.provider, depends_on=args.archive.ready),
        )

    def _alarms(self, region: LegacyRegion) -> None:
        args, plan, place = self._args, self._args.plan, region.value
        name, arn = f"{self._name}-{place}", plan.topic_arn(region)
        topic = aws.sns.Topic(name, region=place, name=plan.topic, opts=self._child(args.provider))
        policy = aws.sns.TopicPolicy(
            name,
            region=place,
            arn=arn,
            policy=trail_policies.topic_policy(plan, region).text(),
            opts=self._child(args.provider, depends_on=(topic,)),
        )
        for subscriber in args.subscribers:
            aws.sns.TopicSubscription(
                f"{name}-{subscriber.name}",
                region=place,
                topic=arn,
                protocol="email",
                endpoint=subscriber.address,
                opts=self._child(args.provider, depends_on=(topic,)),
            )
        for alarm in Alarm:
            self._rule(f"{alarm}-{plan.name}-{place}", alarm, place, arn, policy)

    def _rule(self, name: str, alarm: Alarm, place: str, topic: str, policy: aws.sns.TopicPolicy) -> None:
        args, plan = self._args, self._args.plan
        rule = aws.cloudwatch.EventRule(
            name,
            region=place,
            name=plan.rule(alarm),
            description=_DESCRIPTIONS[alarm],
            event_pattern=plan.pattern(alarm),
            state="ENABLED",
            opts=self._child(args.provider),
        )
        aws.cloudwatch.EventTarget(
            name,
            region=place,
            rule=plan.rule(alarm),
            target_id=plan.rule(alarm),
            arn=topic,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths=_TOLD, input_template=json.dumps(f"{plan.name}, {place}: <call> by <who> at <when>")
            ),
            opts=self._child(args.provider, depends_on=(rule, policy)),
        )
