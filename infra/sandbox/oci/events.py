"""Events and Notifications: rules that pick events, the topics that they tell, and who is told.

No event happens: there is no data plane.

Sources: Oracle's pages "Matching Events with Filters", "Managing Rules for Events" and "Managing Topics and
Subscriptions".
"""

import json
from typing import Any, ClassVar

from infra.sandbox.model import Call, Model, Reference, matches, require
from infra.sandbox.oci.base import OciModel, compartment, conflict, invalid, not_found
from infra.sandbox.values import Json, is_array, is_object, record

RULE = "oci:Events/rule:Rule"
TOPIC = "oci:Ons/notificationTopic:NotificationTopic"
SUBSCRIPTION = "oci:Ons/subscription:Subscription"

ALARM = "oci:Monitoring/alarm:Alarm"

_MOST_ACTIONS = 10


class Rule(OciModel):
    """A rule: which events, and what is done about them."""

    token = RULE
    kind = "eventrule"

    def refuse(self, call: Call) -> None:
        """A condition that is one; one to ten actions, each with a topic of this region."""
        _refuse_condition(call.get("condition"))
        actions: list[Json] = call.inputs["actions"].get("actions") or call.inputs["actions"].get("action") or []
        require(
            0 < len(actions) <= _MOST_ACTIONS, 400, "InvalidParameter",
            f"actions: {len(actions)} given, a rule has 1 to {_MOST_ACTIONS}",
        )  # fmt: skip
        for action in actions:
            topic = action.get("topicId")
            if action["actionType"].upper() == "ONS" and (not topic or call.visible(TOPIC, topic) is None):
                raise not_found(f"actions.topicId: no topic {topic} in {call.place.region}")

    def outputs(self, call: Call, id_: str) -> Json:
        """A description that was left out."""
        filled = {"description": "", "lifecycleMessage": ""}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _refuse_condition(text: str | None) -> None:
    condition: Any = json.loads(text or "null")  # that it is JSON the provider checks
    if not is_object(condition) or set(condition) - {"eventType", "data", "source", "compartmentId"}:
        raise invalid("condition: an object with eventType and data")
    types: Any = record(condition).get("eventType", [])
    listed: list[Any] = types if is_array(types) else [types]
    if not all(matches(r"com\.oraclecloud\.[a-z0-9.*]+", each) for each in listed):
        raise invalid(f"condition.eventType: {types} are no event types")


class Topic(OciModel):
    """A topic. Its name is unique in a region of the tenancy."""

    token = TOPIC
    kind = "onstopic"
    named_by = "name"

    def refuse(self, call: Call) -> None:
        """A name that the service takes."""
        name = call.inputs["name"]
        require(matches(r"[A-Za-z0-9_-]{1,256}", name), 400, "InvalidParameter", f"name: {name!r} is no topic's name")

    def outputs(self, call: Call, id_: str) -> Json:
        """Where it is reached."""
        filled: Json = {
            "apiEndpoint": f"https://cell1.notification.{call.place.region}.oci.oraclecloud.com",
            "description": "",
            "etag": f"etag-{call.clouds.generation(f'etag {id_}')}",
            "shortTopicId": id_.rpartition(".")[2][:8],
            "topicId": id_,
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class Subscription(OciModel):
    """Somebody who is told. Who has an address has to confirm it: until then the subscription is pending."""

    token = SUBSCRIPTION
    kind = "onssubscription"
    state = "PENDING"
    references: ClassVar = (Reference(path="topicId", to=(TOPIC,), holds=False),)

    def refuse(self, call: Call) -> None:
        """An address, told of a topic once."""
        endpoint, protocol = call.inputs["endpoint"], call.inputs["protocol"]
        if protocol == "EMAIL" and not matches(r"[^@\s]+@[^@\s]+\.[^@\s]+", endpoint):
            raise invalid(f"endpoint: {endpoint!r} is no address")
        if call.neighbours(SUBSCRIPTION, topicId=call.inputs["topicId"], endpoint=endpoint, protocol=protocol):
            raise conflict(f"{endpoint} is subscribed to the topic already", "SubscriptionAlreadyExists")

    def outputs(self, call: Call, id_: str) -> Json:
        """When it was made, and how often it is tried."""
        policy = json.dumps({"backoffRetryPolicy": {"maxRetryDuration": 7200000, "policyType": "EXPONENTIAL"}})
        filled: Json = {
            "createdTime": call.timestamp(),
            "deliveryPolicy": policy,
            "etag": f"etag-{call.clouds.generation(f'etag {id_}')}",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class Alarm(OciModel):
    """An alarm: a metric's query, and whom it tells. No metric is written here, so none is ever raised."""

    token = ALARM
    kind = "alarm"

    def refuse(self, call: Call) -> None:
        """A query with interval, statistic and trigger; a topic of this region; a compartment of metrics."""
        query = call.inputs["query"]
        shape = r"[A-Za-z][\w.]*\[\d+[mhd]\](\{[^{}]*\})?(\.\w+\([^()]*\))+( (<|<=|>|>=|==|!=) \d+(\.\d+)?)?"
        if not matches(shape, query):
            raise invalid(f"query: {query!r} is no expression of the Monitoring Query Language")
        for topic in call.inputs["destinations"]:
            if call.visible(TOPIC, topic) is None:
                raise not_found(f"destinations: no topic {topic} in {call.place.region}")
        id_ = call.inputs["metricCompartmentId"]
        if id_ != call.place.account and compartment(call, id_) is None:
            raise not_found(f"metricCompartmentId: no compartment {id_}")

    def outputs(self, call: Call, id_: str) -> Json:
        """When it was changed last."""
        return super().outputs(call, id_) | {"timeUpdated": call.timestamp()}


MODELS: tuple[Model, ...] = (Rule(), Topic(), Subscription(), Alarm())
