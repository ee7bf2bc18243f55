"""Logging: log groups, and logs of what happens to buckets, in networks and at edges."""

from typing import ClassVar

from infra.sandbox.dns.tokens import LOAD_BALANCER
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.oci.network import SUBNET, VCN
from infra.sandbox.oci.objects import bucket
from infra.sandbox.oci.regions import ocid
from infra.sandbox.oci.web_firewall import FIREWALL
from infra.sandbox.values import Json, record

LOG_GROUP = "oci:Logging/logGroup:LogGroup"
LOG = "oci:Logging/log:Log"

_CATEGORIES = {
    "flowlogs": {"all", "subnet", "vcn", "vnic"},
    "loadbalancer": {"access", "error"},
    "objectstorage": {"read", "write"},
    "waf": {"all"},
}
_RESOURCES = {"flowlogs": (SUBNET, VCN), "loadbalancer": (LOAD_BALANCER,), "waf": (FIREWALL,)}
_RETENTION = range(30, 181, 30)


class LogGroup(OciModel):
    """A group of logs; names are unique in a compartment."""

    token = LOG_GROUP
    kind = "loggroup"

    def refuse(self, call: Call) -> None:
        """Unique name."""
        same = {"displayName": call.inputs["displayName"], "compartmentId": call.inputs["compartmentId"]}
        if call.neighbours(LOG_GROUP, **same):
            raise conflict(f"Log group {call.inputs['displayName']!r} already exists", "LogGroupAlreadyExists")

    def outputs(self, call: Call, id_: str) -> Json:
        """Times and an empty description."""
        filled = {"timeLastModified": call.timestamp(), "description": ""}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class Log(OciModel):
    """A log. A service log names a resource of this region, which must exist."""

    token = LOG
    kind = "log"
    references: ClassVar = (Reference(path="logGroupId", to=(LOG_GROUP,)),)

    def identify(self, call: Call) -> str:
        """Named under its group."""
        number = ocid(self.kind, call.place.region, call.urn, call.clouds.generation(call.urn))
        return f"logGroupId/{call.inputs['logGroupId']}/logId/{number}"

    def refuse(self, call: Call) -> None:
        """A source that exists, logged once; a retention the service offers."""
        retention = call.get("retentionDuration", 30)
        require(retention in _RETENTION, 400, "InvalidParameter",
                f"retentionDuration: {retention} is not 30 to 180 days in steps of 30")  # fmt: skip
        same = {"displayName": call.inputs["displayName"], "logGroupId": call.inputs["logGroupId"]}
        if call.neighbours(LOG, **same):
            raise conflict(f"Log {call.inputs['displayName']!r} already exists in the group", "LogAlreadyExists")
        source = record(record(call.get("configuration")).get("source"))
        if call.inputs["logType"] == "SERVICE":
            require(source, 400, "InvalidParameter", "configuration: required for SERVICE logs")
            _refuse_source(call, source)
        elif source:
            raise invalid("configuration: not allowed for CUSTOM logs")

    def outputs(self, call: Call, id_: str) -> Json:
        """The group's compartment, times, and what was left out."""
        group = call.visible(LOG_GROUP, call.inputs["logGroupId"])
        filled: Json = {
            "compartmentId": group.inputs["compartmentId"] if group else "",
            "tenancyId": call.place.account,
            "timeLastModified": call.timestamp(),
            "isEnabled": True,
            "retentionDuration": 30,
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _refuse_source(call: Call, source: Json) -> None:
    service, category, resource = source["service"], source["category"], source["resource"]
    known = _CATEGORIES.get(service)
    if known is None:  # other services' logs name resources that the sandbox does not model
        return
    require(category in known, 400, "InvalidParameter",
            f"configuration.source.category: {service} has {', '.join(sorted(known))}, not {category!r}")  # fmt: skip
    if service == "objectstorage":
        bucket(call, resource)
    elif not any(call.visible(type_, resource) for type_ in _RESOURCES[service]):
        what = " or ".join(type_.rpartition(":")[2] for type_ in _RESOURCES[service])
        raise not_found(f"configuration.source.resource: {resource} is no {what} in {call.place.region}")
    for other in call.neighbours(LOG):
        theirs = record(record(other.inputs.get("configuration")).get("source"))
        if [theirs.get(key) for key in ("service", "category", "resource")] == [service, category, resource]:
            raise conflict(f"{resource} has a log {other.id} for {category} already", "LogAlreadyExists")


MODELS: tuple[Model, ...] = (LogGroup(), Log())
