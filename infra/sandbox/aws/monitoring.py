"""Alarms on metrics, topics, and who is told of them. No metric is measured: there is no data plane."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from infra.sandbox.aws.base import AwsModel, refused
from infra.sandbox.aws.documents import DocumentError, parse, refuse_strangers
from infra.sandbox.aws.regions import arn, unique_id
from infra.sandbox.model import Call, Model, Reference, matches
from infra.sandbox.store import Record
from infra.sandbox.values import Json

TOPIC: Final = "aws:sns/topic:Topic"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"

_SHORT_PERIODS = (10, 20, 30)
_MINUTE = 60


class Topic(AwsModel):
    """A topic. Creating one that is there gives the one that is there."""

    token = TOPIC
    service = "SNS"

    def identify(self, call: Call) -> str:
        """The ARN, which has the name."""
        return arn("sns", call.place.region, call.place.account, call.inputs["name"])

    def adopted(self, call: Call) -> Record | None:
        """The topic of this name in this account and region."""
        found = call.visible(TOPIC, self.identify(call))
        return found if call.is_new else None

    def refuse(self, call: Call) -> None:
        """A name, which ends in .fifo for topics that keep the order."""
        name, fifo = call.inputs["name"], call.get("fifoTopic", False)
        stem = name.removesuffix(".fifo") if fifo else name
        if not matches(r"[A-Za-z0-9_-]{1,256}", stem) or name.endswith(".fifo") is not fifo:
            raise refused(400, "InvalidParameter", f"Invalid parameter: Topic Name: {name!r}", "CreateTopic")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN and owner."""
        return super().outputs(call, id_) | {"arn": id_, "owner": call.place.account, "beginningArchiveTime": ""}


class TopicPolicy(AwsModel):
    """Who may send to a topic. Destroying it brings the default policy back."""

    token = "aws:sns/topicPolicy:TopicPolicy"  # noqa: S105 - a type token
    service = "SNS"
    references: ClassVar = (Reference(path="arn", to=(TOPIC,), holds=False),)

    def identify(self, call: Call) -> str:
        """The topic's ARN."""
        return str(call.inputs["arn"])

    def refuse(self, call: Call) -> None:
        """A document with principals that exist."""
        try:
            refuse_strangers(call, parse(call.inputs["policy"], with_principals=True))
        except DocumentError as error:
            message = f"Invalid parameter: Policy Error: {error}"
            raise refused(400, "InvalidParameter", message, "SetTopicAttributes") from error

    def outputs(self, call: Call, id_: str) -> Json:
        """The owner."""
        return super().outputs(call, id_) | {"owner": call.place.account}


class TopicSubscription(AwsModel):
    """Somebody who is told. Who has an address has to confirm it: until then the subscription is pending."""

    token = SUBSCRIPTION
    service = "SNS"
    references: ClassVar = (Reference(path="topic", to=(TOPIC,), holds=False),)

    def identify(self, call: Call) -> str:
        """The topic's ARN and a number of its own."""
        return f"{call.inputs['topic']}:{unique_id(call.urn, call.clouds.generation(call.urn))}"

    def refuse(self, call: Call) -> None:
        """An address where one is needed."""
        endpoint = call.inputs["endpoint"]
        if call.inputs["protocol"] == "email" and not matches(r"[^@\s]+@[^@\s]+\.[^@\s]+", endpoint):
            raise refused(400, "InvalidParameter", f"Invalid parameter: Email address: {endpoint}", "Subscribe")

    def outputs(self, call: Call, id_: str) -> Json:
        """Whether it was confirmed: nobody here does."""
        filled: Json = {
            "arn": id_,
            "confirmationWasAuthenticated": False,
            "filterPolicyScope": "",
            "ownerId": call.place.account,
            "pendingConfirmation": True,
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class MetricAlarm(AwsModel):
    """An alarm on a metric or on an expression over several."""

    token = ALARM
    service = "CloudWatch"
    named_by = "name"

    def check(self, inputs: Json) -> Iterator[tuple[str, str]]:
        """What the provider's own code refuses: a metric without one statistic, a period that there is not."""
        if inputs.get("metricName") and bool(inputs.get("statistic")) == bool(inputs.get("extendedStatistic")):
            yield "statistic", "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric alarm"
        period: Any = inputs.get("period")
        if isinstance(period, int) and period not in _SHORT_PERIODS and period % _MINUTE:
            yield "period", f"expected period to be one of {_SHORT_PERIODS} or divisible by {_MINUTE}, got {period}"

    def identify(self, call: Call) -> str:
        """The name itself."""
        return str(call.inputs["name"])

    def refuse(self, call: Call) -> None:
        """What a metric alarm needs, and actions in this region: topics elsewhere cannot be told."""
        needed = ["comparisonOperator", "evaluationPeriods"]
        needed += ["namespace", "period", "threshold"] if call.get("metricName") else ["metricQueries"]
        for name in needed:
            if call.get(name) is None:
                raise refused(400, "ValidationError", f"The parameter {name} is required", "PutMetricAlarm")
        if call.get("datapointsToAlarm", 0) > call.inputs["evaluationPeriods"]:
            message = "datapointsToAlarm must not be more than evaluationPeriods"
            raise refused(400, "ValidationError", message, "PutMetricAlarm")
        for kind in ("alarmActions", "okActions", "insufficientDataActions"):
            for action in call.get(kind, []):
                region = action.split(":")[3]
                if region != call.place.region:
                    message = f"Invalid region {region} specified. Only {call.place.region} is supported."
                    raise refused(400, "ValidationError", message, "PutMetricAlarm")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN."""
        where = arn("cloudwatch", call.place.region, call.place.account, f"alarm:{id_}")
        return super().outputs(call, id_) | {"arn": where}


MODELS: tuple[Model, ...] = (Topic(), TopicPolicy(), TopicSubscription(), MetricAlarm())
