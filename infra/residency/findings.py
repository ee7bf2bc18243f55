"""What is wrong with a stack file, said so that the reader can mend it.

A finding never travels alone: the planner collects all of them and raises one `ResidencyError`, so that a stack file is
mended in one go.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """The rule that a finding breaks; its value is the stable identifier that tools and tests match on."""

    # shape of the file
    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    DUPLICATE_KEY = "duplicate-key"
    WRONG_TYPE = "wrong-type"
    EMPTY_MAP = "empty-map"
    UNQUOTED_DATE = "unquoted-date"
    AMBIGUOUS_SCALAR = "ambiguous-scalar"
    CONFIG_DIFFERS = "config-differs"
    # meaning
    REGION = "region"
    REGION_ROLE = "region-role"
    HOME_REGION = "home-region"
    IDENTIFIER = "identifier"
    NAME = "name"
    NAME_COLLISION = "name-collision"
    CIDR = "cidr"
    CIDR_OVERLAP = "cidr-overlap"
    DATE = "date"
    EXPIRED = "expired"
    DATA_CLASS = "data-class"
    SHARDS = "shards"
    EXPORT = "export"
    PHASE = "phase"
    SITE = "site"
    ADOPT = "adopt"
    FLOW = "flow"
    LOCKOUT = "lockout"
    LIMIT = "limit"
    # traffic
    HOSTNAME = "hostname"
    RECORD_TYPE = "record-type"
    HEALTH_PATH = "health-path"
    EDGE = "edge"
    BACKEND = "backend"
    TTL = "ttl"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One problem of a stack file.

    Attributes:
        path: where in the deployment value, dotted (`oci.regions.us-ashburn-1.cidr`); empty for the value as a whole.
        rule: the rule that is broken.
        given: what stands there.
        allowed: what may stand there.
        why: the reason behind the rule, one sentence; empty where `allowed` says it all.
        fix: what to do, one sentence; names the nearest valid value where there is one.
        line: 1-based line in the stack file, where known.
    """

    path: str
    rule: Rule
    given: str
    allowed: str
    why: str = ""
    fix: str
    line: int | None = None


class ResidencyError(Exception):
    """Everything that is wrong with a deployment value, sorted by path; raised before the first resource exists."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(sorted(set(findings), key=_order))
        super().__init__("; ".join(f"{finding.path}: {finding.rule}" for finding in self.findings))


def _order(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.path, finding.rule, finding.given, finding.allowed)


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed value that `given` most likely means, or None where nothing is close."""
    matches = difflib.get_close_matches(given.strip().lower(), sorted(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None
