"""Approvals of break-glass: signed statements that a group may read named datasets for a few hours, and why.

An approval is an in-toto Statement (v1) in a DSSE envelope, as receipts are (`receipts`), signed by two of the people
whom the stack file names as signers. Nothing is granted without one, and what one grants ends by itself: the statement
that comes of it carries both ends of its window.

What it refuses: an approval with fewer than two signers, of another stack, for a group without the duty or a dataset
that is not private or not there, for longer than `LONGEST`, or that is not exactly what `payload_of` writes. One wrong
approval stops every preview: a file that looks like an approval and is none is somebody's attempt.

Pure: the caller reads the files, knows the day and passes the function that checks one signature.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from infra.residency.receipt_rules import signed_by
from infra.residency.receipts import STATEMENT_TYPE, TIME_FORMAT, UnreadableError, envelope_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from infra.residency.receipts import Verify

LONGEST = timedelta(hours=24)
"""An emergency that lasts longer is approved again, by people who have looked again."""

SIGNERS_NEEDED = 2
PREDICATE_TYPE = "urn:usdata:access:break-glass:v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who may read what, from when until when (UTC, whole seconds), and why; `datasets` are sorted."""

    stack: str
    group: str
    datasets: tuple[str, ...]
    reason: str
    begins: datetime
    ends: datetime

    def is_over(self, as_of: date) -> bool:
        """Whether its window ended before a day began: it stays in the records, and grants nothing."""
        return self.ends <= datetime.combine(as_of, time(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a file is not believed: what is wrong with it, and what to do."""

    file: str
    detail: str
    fix: str


def payload_of(approval: Approval) -> bytes:
    """The in-toto statement of an approval as canonical JSON: keys sorted, no spaces, ASCII only."""
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": dataset, "digest": {"sha256": hashlib.sha256(f"{approval.stack}/{dataset}".encode()).hexdigest()}}
            for dataset in approval.datasets
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "stack": approval.stack,
            "group": approval.group,
            "reason": approval.reason,
            "begins": approval.begins.astimezone(UTC).strftime(TIME_FORMAT),
            "ends": approval.ends.astimezone(UTC).strftime(TIME_FORMAT),
        },
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def approval_of(payload: bytes) -> Approval:
    """The approval that a payload states.

    Raises:
        UnreadableError: it is not exactly what `payload_of` would write.
    """
    try:
        statement: Any = json.loads(payload)
        predicate = statement["predicate"]
        approval = Approval(
            stack=predicate["stack"],
            group=predicate["group"],
            datasets=tuple(sorted(subject["name"] for subject in statement["subject"])),
            reason=predicate["reason"],
            begins=_moment(predicate["begins"]),
            ends=_moment(predicate["ends"]),
        )
        same = payload_of(approval) == payload
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise UnreadableError(f"the payload is no approval ({type(problem).__name__}: {problem})") from None
    if not same or not approval.datasets or len({*approval.datasets}) < len(approval.datasets):
        raise UnreadableError("the payload is not what this tool writes: a field is missing, unknown or repeated")
    return approval


def _moment(text: str) -> datetime:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)


def judge(
    texts: Sequence[tuple[str, str]],
    *,
    stack: str,
    groups: Collection[str],
    datasets: Collection[str],
    signers: Mapping[str, bytes],
    verify: Verify,
) -> tuple[tuple[Approval, ...], tuple[Refusal, ...]]:
    """Which approvals are believed, in the order of their windows, and why others are not.

    Args:
        texts: (file name, content).
        stack: the stack's name.
        groups: those with the duty break-glass.
        datasets: those with private data.
        signers: raw public keys named in the stack file, by the signer's name.
        verify: checks one signature.
    """
    believed: list[Approval] = []
    refusals: list[Refusal] = []
    for name, text in texts:
        try:
            envelope = envelope_of(text)
            approval = approval_of(envelope.payload)
        except UnreadableError as problem:
            refusals.append(Refusal(file=name, detail=str(problem), fix="restore the file from version control"))
            continue
        signed = signed_by(envelope, signers, verify)
        problems = [
            *_signatures(signed, signers),
            *_meaning(approval, stack=stack, groups=groups, datasets=datasets),
        ]
        refusals.extend(Refusal(file=name, detail=detail, fix=fix) for detail, fix in problems)
        if not problems:
            believed.append(approval)
    return tuple(sorted(believed, key=lambda it: (it.begins, it.group, it.datasets))), tuple(refusals)


def _signatures(signed: Collection[str], signers: Collection[str]) -> Iterator[tuple[str, str]]:
    if len(signed) < SIGNERS_NEEDED:
        missing = " or ".join(sorted({*signers} - {*signed})) or "anyone: the stack file names no more signers"
        yield (
            f"it needs {SIGNERS_NEEDED} signers, it has {', '.join(sorted(signed)) or 'none'}",
            f"have it signed by {missing}",
        )


def _meaning(
    approval: Approval, *, stack: str, groups: Collection[str], datasets: Collection[str]
) -> Iterator[tuple[str, str]]:
    if approval.stack != stack:
        yield f"it is about stack {approval.stack!r}, not {stack!r}", "move it to the receipts of that stack"
    if approval.group not in groups:
        known = ", ".join(sorted(groups)) or "no group here"
        yield f"group {approval.group!r} has no duty break-glass ({known} has)", "approve it for a group with the duty"
    unknown = sorted({*approval.datasets} - {*datasets})
    if unknown:
        yield (
            f"{', '.join(map(repr, unknown))} is no dataset with private data",
            f"name some of {', '.join(sorted(datasets)) or 'none'}",
        )
    if not timedelta() < approval.ends - approval.begins <= LONGEST:
        hours = LONGEST // timedelta(hours=1)
        yield (
            f"it lasts from {approval.begins:{TIME_FORMAT}} until {approval.ends:{TIME_FORMAT}}",
            f"approve {hours} hours at most, and again if that is not enough",
        )
