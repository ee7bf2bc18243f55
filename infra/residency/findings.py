"""What is wrong with a stack file, said so that the reader can mend it.

A finding never travels alone: the planner collects all of them and raises one `ResidencyError`, so that a stack file is
mended in one go.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """The rule that a finding breaks; its value is the stable identifier that tools and tests match on."""

    # shape of the file
    FILE = "file"
    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    DUPLICATE_KEY = "duplicate-key"
    WRONG_TYPE = "wrong-type"
    EMPTY_MAP = "empty-map"
    UNQUOTED_DATE = "unquoted-date"
    AMBIGUOUS_SCALAR = "ambiguous-scalar"
    CONFIG_DIFFERS = "config-differs"
    SECRET = "secret"  # noqa: S105 - the rule's name
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
    RECEIPT = "receipt"
    EXTENSION = "extension"
    VERSIONS = "versions"
    HOLDER = "holder"
    HOLDERS_LOCK = "holders-lock"
    FAILOVER = "failover"
    SITE = "site"
    SIGNER = "signer"
    TRANSFER = "transfer"
    RESTORE = "restore"
    ADOPT = "adopt"
    FLOW = "flow"
    LOCKOUT = "lockout"
    LIMIT = "limit"
    STATE = "state"
    # traffic
    HOSTNAME = "hostname"
    RECORD_TYPE = "record-type"
    HEALTH_PATH = "health-path"
    EDGE = "edge"
    BACKEND = "backend"
    TTL = "ttl"
    WEIGHT = "weight"
    # keys
    KEYS = "keys"
    # access
    DUTY = "duty"
    NETWORK_SOURCE = "network-source"
    SEPARATION = "separation"
    GRANT = "grant"
    APPROVAL = "approval"
    UNWATCHED = "unwatched"
    CI = "ci"
    # guardrails
    GUARDRAIL = "guardrail"
    # audit
    RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of a stack file.

    Attributes:
        path: where in the deployment value, dotted (`oci.regions.us-ashburn-1.cidr`); empty for the file as a whole.
        rule: the rule that is broken.
        given: what stands there.
        allowed: what may stand there.
        why: the reason behind the rule, one sentence; empty where `allowed` says it all.
        fix: what to do, one sentence; names the nearest valid value where there is one.
        line: 1-based line in the stack file, where known.
        basis: paths of the other values that this was concluded from. Where one of them could not be read, the
            conclusion is worth nothing.
    """

    path: str
    rule: Rule
    given: str
    allowed: str
    why: str = ""
    fix: str
    line: int | None = None
    basis: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def document(self) -> dict[str, object]:
        """The finding for machines: its public fields, ready for `json.dumps`."""
        return {
            "path": self.path,
            "rule": self.rule.value,
            "given": self.given,
            "allowed": self.allowed,
            "why": self.why,
            "fix": self.fix,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a value is not allowed, wherever it stands; fields as in `Finding`."""

    given: str
    allowed: str
    why: str = ""
    fix: str

    def at(self, path: str, rule: Rule) -> Finding:
        """The refusal of the value that stands at a path."""
        return Finding(path=path, rule=rule, given=self.given, allowed=self.allowed, why=self.why, fix=self.fix)


class ResidencyError(Exception):
    """Everything that is wrong with a deployment value, sorted by path; raised before the first resource exists."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(sorted(set(findings), key=_order))
        super().__init__("; ".join(f"{finding.path}: {finding.rule}" for finding in self.findings))


def _order(finding: Finding) -> tuple[str, str, str, str, int]:
    return (finding.path, finding.rule, finding.given, finding.allowed, finding.line or 0)


def join(path: str, *keys: str) -> str:
    """The path of an entry below `path`; a key that a dotted path could not carry is put in quotes."""
    words = [key if _PLAIN_KEY.fullmatch(key) else f'"{visible(key)}"' for key in keys]
    return ".".join([path, *words] if path else words)


_PLAIN_KEY = re.compile(r"[A-Za-z0-9_:/-]+")


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed value that `given` most likely means, or None where nothing is close."""
    matches = difflib.get_close_matches(given.strip().lower()[:_LONGEST], sorted(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(given: str, allowed: Iterable[str], otherwise: str) -> str:
    """A fix that names the nearest allowed value, or says what to do where nothing is close."""
    match = nearest(given, allowed)
    return f"did you mean {match}?" if match else otherwise


_LONGEST = 300


def said(text: str) -> str:
    """What a finding says was given, where it may be nothing at all."""
    return text or "an empty text"


def visible(text: str) -> str:
    """The text on one line that shows every character and obeys none: control and direction characters are escaped."""
    shown = "".join(char if char.isprintable() else _escaped(char) for char in text[:_LONGEST])
    return shown if len(text) <= _LONGEST else f"{shown}… ({len(text)} characters)"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def render(findings: Sequence[Finding], file: str) -> str:
    """The findings for people, as text without colour: what, where, what is allowed, why, and how to mend it.

    Args:
        findings: at least one, in the order in which they are shown.
        file: name of the stack file, as the reader would open it.
    """
    count = f"{len(findings)} problem{'s' if len(findings) != 1 else ''}"
    blocks = [f"usdata: {count} in {visible(file)}; nothing was planned."]
    width = len(str(len(findings)))
    for number, finding in enumerate(findings, 1):
        place = f"{number:>{width}}  {visible(finding.path) or '(the whole file)'}"
        head = f"  {place:<{_LINE_COLUMN}}  line {finding.line}" if finding.line else f"  {place}"
        labelled = (("given", finding.given), ("allowed", finding.allowed), ("why", finding.why), ("fix", finding.fix))
        indent = " " * (width + 4)
        blocks.append("\n".join([head, *(f"{indent}{label:<8} {visible(text)}" for label, text in labelled if text)]))
    head, *rest = blocks
    return "\n".join([head, "", *rest, ""])


_LINE_COLUMN = 64
