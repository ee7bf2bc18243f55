"""The audit trail: how long Audit keeps events, and connectors that carry logs into buckets.

No log is carried: there is no data plane. So a connector without a grant is accepted here, as it is by the service,
which then delivers nothing; that the grant is there is for the project's own checks to say.

Sources: Oracle's pages "Setting Audit Log Retention Period" and "Connector Hub", and the service's API reference.
"""

from typing import ClassVar

from infra.sandbox.model import Call, Model, require
from infra.sandbox.oci import base
from infra.sandbox.oci.base import HomeModel, OciModel, invalid, not_found
from infra.sandbox.oci.logs import LOG, LOG_GROUP
from infra.sandbox.oci.objects import bucket
from infra.sandbox.store import Record
from infra.sandbox.values import Json, record

AUDIT = "oci:Audit/configuration:Configuration"
CONNECTOR = "oci:Sch/connector:Connector"

_KEPT = range(90, 366)
_AUDIT_GROUPS = frozenset({"_Audit", "_Audit_Include_Subcompartment"})
"""What the service calls the audit events of a compartment, and of those inside it."""


class AuditConfiguration(HomeModel):
    """How long a tenancy's audit events are kept. There is always one of it: destroying it changes nothing."""

    token = AUDIT
    kind = "auditconfiguration"
    state = None

    def identify(self, call: Call) -> str:
        """The tenancy itself."""
        return str(call.inputs["compartmentId"])

    def refuse(self, call: Call) -> None:
        """The tenancy's own, 90 to 365 days."""
        require(
            call.inputs["compartmentId"] == call.place.account, 400, "InvalidParameter",
            "compartmentId: audit events are kept for the whole tenancy",
        )  # fmt: skip
        days = call.inputs["retentionPeriodDays"]
        require(
            days in _KEPT, 400, "InvalidParameter",
            f"retentionPeriodDays: {days} is not {_KEPT.start} to {_KEPT.stop - 1}",
        )  # fmt: skip


class Connector(OciModel):
    """Carries logs of its region into a bucket, stream, topic or function of the same region."""

    token = CONNECTOR
    kind = "serviceconnector"
    volatile: ClassVar = frozenset({"timeUpdated", "state"})

    def refuse(self, call: Call) -> None:
        """Logs and a bucket that exist where the connector is; a filter with a condition."""
        source, target = call.inputs["source"], call.inputs["target"]
        if str(source["kind"]).lower() == "logging":
            sources = source.get("logSources") or ()
            require(sources, 400, "InvalidParameter", "source.logSources: a logging source names at least one")
            for log in sources:
                _refuse_log(call, record(log))
        if str(target["kind"]).lower() == "objectstorage":
            require(target.get("bucket"), 400, "InvalidParameter", "target.bucket: required for objectStorage")
            bucket(call, target["bucket"])
        for task in call.get("tasks", []):
            if str(task["kind"]).lower() == "logrule" and not task.get("condition"):
                raise invalid("tasks.condition: required for logRule")

    def outputs(self, call: Call, id_: str) -> Json:
        """Times, and the state that was asked for."""
        filled: Json = {
            "description": "",
            "lifecycleDetails": "",
            "lifecyleDetails": "",  # the API's own spelling
            "systemTags": {},
            "tasks": [],
            "timeUpdated": call.timestamp(),
        }
        chosen = {name: value for name, value in filled.items() if name not in call.inputs}
        return super().outputs(call, id_) | chosen | {"state": call.get("state", "ACTIVE")}


def _refuse_log(call: Call, source: Json) -> None:
    place, group, log = (source.get(name) for name in ("compartmentId", "logGroupId", "logId"))
    if place != call.place.account and base.compartment(call, str(place)) is None:
        raise not_found(f"source.logSources.compartmentId: no compartment {place} in this tenancy")
    if group in _AUDIT_GROUPS:
        return
    if call.visible(LOG_GROUP, str(group)) is None:
        raise not_found(f"source.logSources.logGroupId: no log group {group} in {call.place.region}")
    if log and not _is_in(call.visible(LOG, f"logGroupId/{group}/logId/{log}"), str(group)):
        raise not_found(f"source.logSources.logId: no log {log} in {group}")


def _is_in(log: Record | None, group: str) -> bool:
    return log is not None and log.inputs["logGroupId"] == group


MODELS: tuple[Model, ...] = (AuditConfiguration(), Connector())
