"""What a check of guardrails finds."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Which guard has a gap."""

    CONTROL = "control"
    DECLARED = "declared"
    DENIAL = "denial"
    QUOTA = "quota"
    REPORTING = "reporting"
    ROUTING = "routing"
    TAG = "tag"
    TARGET = "target"
    ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """A guard that is missing, or does less than it should; `urn` is empty where there is nothing to point at."""

    urn: str
    rule: Rule
    what: str
