"""Alarms on metrics, and the topics that they are sent to. No metric is measured: there is no data plane."""

from collections.abc import Iterator
from typing import Any, Final

from infra.sandbox.aws.base import AwsModel, refused
from infra.sandbox.aws.regions import arn
from infra.sandbox.model import Call, Model, matches
from infra.sandbox.store import Record
from infra.sandbox.values import Json

TOPIC: Final = "aws:sns/topic:Topic"
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


MODELS: tuple[Model, ...] = (Topic(), MetricAlarm())
