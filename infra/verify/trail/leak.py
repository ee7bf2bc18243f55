"""What a check of the audit trail finds."""

from enum import StrEnum
from typing import NamedTuple


class Rule(StrEnum):
    """What can be wrong."""

    ALARM = "alarm"
    BUCKET = "bucket"
    CONNECTOR = "connector"
    DECLARED = "declared"
    EVENTS = "events"
    GRANT = "grant"
    KEY = "key"
    LOG = "log"
    RETENTION = "retention"
    STATEMENT = "statement"


class Leak(NamedTuple):
    """One thing that could be done unseen, or whose record could be lost; or that cannot be shown not to be one."""

    urn: str
    rule: Rule
    what: str
