"""What a check of guardrails finds."""

from enum import StrEnum
from typing import NamedTuple


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


class Gap(NamedTuple):
    """A guard that is missing, or does less than it should; `urn` is empty where there is nothing to point at."""

    urn: str
    rule: Rule
    what: str
