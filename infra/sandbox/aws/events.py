"""EventBridge rules and their targets. No event happens: there is no data plane."""

import json
from typing import Any, ClassVar, Final

from infra.sandbox.aws.base import AwsModel, refused
from infra.sandbox.aws.regions import arn
from infra.sandbox.model import Call, Model, Reference
from infra.sandbox.values import Json, is_array, is_object

RULE: Final = "aws:cloudwatch/eventRule:EventRule"
TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"

_DEFAULT_BUS = "default"


class Rule(AwsModel):
    """A rule on a bus; rules on the default bus are named by themselves."""

    token = RULE
    service = "EventBridge"

    def identify(self, call: Call) -> str:
        """The name, behind that of the bus unless it is the default one."""
        bus = call.get("eventBusName", _DEFAULT_BUS)
        return str(call.inputs["name"]) if bus == _DEFAULT_BUS else f"{bus}/{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """A pattern whose leaves are lists. A name that is taken is put over."""
        text = call.get("eventPattern")
        if text is not None and not _is_pattern(json.loads(text)):
            message = "Event pattern is not valid. Reason: a leaf must be an array"
            raise refused(400, "InvalidEventPatternException", message, "PutRule")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN, bus and state."""
        filled: Json = {
            "arn": arn("events", call.place.region, call.place.account, f"rule/{id_}"),
            "eventBusName": _DEFAULT_BUS,
            "forceDestroy": False,
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _is_pattern(value: Any, depth: int = 0) -> bool:
    if is_object(value):
        return bool(value) and all(_is_pattern(inside, depth + 1) for inside in value.values())
    return depth > 0 and is_array(value) and bool(value)


class Target(AwsModel):
    """What a rule tells."""

    token = TARGET
    service = "EventBridge"
    references: ClassVar = (Reference(path="rule", to=(RULE,)),)

    def identify(self, call: Call) -> str:
        """Rule and target."""
        bus = call.get("eventBusName", _DEFAULT_BUS)
        stem = f"{call.inputs['rule']}-{call.inputs['targetId']}"
        return stem if bus == _DEFAULT_BUS else f"{bus}-{stem}"

    def refuse(self, call: Call) -> None:
        """A target of the rule's own region."""
        region = call.inputs["arn"].split(":")[3]
        if region != call.place.region:
            message = f"Provided Arn is not in correct format or region: {region} is not {call.place.region}"
            raise refused(400, "ValidationException", message, "PutTargets")

    def outputs(self, call: Call, id_: str) -> Json:
        """The bus."""
        filled = {"eventBusName": _DEFAULT_BUS, "forceDestroy": False}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


MODELS: tuple[Model, ...] = (Rule(), Target())
