"""Retention rules of buckets: what nobody may change or delete, and from when on nobody may give that up.

Source: Oracle's page "Using Retention Rules to Preserve Data": a rule acts at once; a lock comes at least 14 days later
and is for good; a locked rule can only become longer.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, require
from infra.sandbox.oci.base import conflict, invalid
from infra.sandbox.store import Record
from infra.sandbox.values import Json, record

_LOCK_DELAY = timedelta(days=14)
_DAYS = {"DAYS": 1, "YEARS": 365}


def refuse(call: Call) -> None:
    """Rules beside versions, without names of their own, locked too soon, or less than a locked one was.

    Raises:
        CloudError: the service does not take them.
    """
    rules: list[Json] = call.get("retentionRules", [])
    if rules and call.get("versioning") in {"Enabled", "Suspended"}:
        raise conflict(
            "Retention rules cannot be added to a bucket that has versioning enabled", "InvalidRetentionRule"
        )
    names = [rule["displayName"] for rule in rules]
    require(len(names) == len(set(names)), 400, "InvalidParameter", "retentionRules: display names must be unique")
    before: Sequence[Json] = (call.old.inputs.get("retentionRules") or ()) if call.old else ()
    known = {rule["displayName"]: rule.get("timeRuleLocked") for rule in before}
    for rule in rules:
        locked = rule.get("timeRuleLocked")
        if locked is None or known.get(rule["displayName"]) == locked:
            continue
        if _instant(locked) < call.clouds.now() + _LOCK_DELAY:
            raise invalid(
                f"retentionRules[{rule['displayName']}].timeRuleLocked: "
                f"must be at least 14 days after {call.timestamp()}"
            )
    for rule in before:
        if _is_locked(call, rule) and not _keeps(rule, rules):
            raise _locked(rule)


def refuse_delete(call: Call, bucket: Record) -> None:
    """A bucket with a locked rule stays.

    Raises:
        CloudError: it has one.
    """
    for rule in bucket.inputs.get("retentionRules") or ():
        if _is_locked(call, rule):
            raise _locked(rule)


def _locked(rule: Json) -> CloudError:
    message = f"Retention rule {rule['displayName']!r} is locked since {rule['timeRuleLocked']}"
    return conflict(message, "RetentionRuleLocked")


def _is_locked(call: Call, rule: Json) -> bool:
    return rule.get("timeRuleLocked") is not None and _instant(rule["timeRuleLocked"]) <= call.clouds.now()


def _keeps(rule: Json, rules: Sequence[Json]) -> bool:
    """Whether a locked rule is still there, as long as it was or longer."""
    return any(
        now["displayName"] == rule["displayName"]
        and now.get("timeRuleLocked") == rule["timeRuleLocked"]
        and _days(now) >= _days(rule)
        for now in rules
    )


def _days(rule: Json) -> float:
    """How long a rule retains; without a duration for good."""
    duration = record(rule.get("duration"))
    unit = _DAYS.get(str(duration.get("timeUnit")).upper())
    return math.inf if unit is None else float(duration["timeAmount"]) * unit


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{text!r} is not a time: {error}") from error
