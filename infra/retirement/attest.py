"""Receipts of finished steps: written by this tool, signed by people on machines of their own, checked by everyone.

A receipt is a file `<site>.<number>-<step>.json` in the stack's receipts folder. `write` adds one for every finished
step that has none yet; signing adds a signature to a file and needs neither the work file nor a network.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from infra.residency.approvals import Approval, approval_of
from infra.residency.receipt_rules import Chain, judge
from infra.residency.receipts import (
    Envelope,
    Receipt,
    Step,
    UnreadableError,
    digest,
    envelope_of,
    envelope_text,
    payload_of,
    receipt_of,
)
from infra.retirement import TOOL_VERSION
from infra.retirement.census import noted_census
from infra.retirement.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile

VALIDITY = timedelta(days=30)
"""How long something may rest on a receipt: long enough to sign it, shorter than anyone forgets what it was about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A receipt's file with its content, unjudged."""

    path: Path
    envelope: Envelope
    receipt: Receipt


def files_of(job: Job) -> list[Path]:
    """The files of the site's receipts, oldest first."""
    return sorted(job.receipts.glob(f"{job.scope.site}.[0-9][0-9][0-9][0-9]-*.json"))


def chain_of(job: Job, now: datetime) -> Chain:
    """The site's receipts, judged against the signers that the job names.

    Raises:
        BadInputError: a file cannot be read.
    """
    from infra.retirement.signing import verify_ed25519  # noqa: PLC0415 - needs `cryptography`

    texts = [(path.name, _text(path)) for path in files_of(job)]
    return judge(texts, scope=job.scope, signers=job.signers, verify=verify_ed25519, now=now)


def read_stored(path: Path) -> Stored:
    """One receipt's file.

    Raises:
        BadInputError: it cannot be read, or holds no receipt.
    """
    try:
        envelope = envelope_of(_text(path))
        return Stored(path=path, envelope=envelope, receipt=receipt_of(envelope.payload))
    except UnreadableError as problem:
        raise BadInputError(f"{path}: {problem}; restore it from version control") from None


def write_receipts(job: Job, work: Workfile) -> list[Path]:
    """Write an unsigned receipt for each finished step of the current census that has none; returns the new files.

    Raises:
        BadInputError: no census is finished, or an existing receipt cannot be read.
    """
    buckets = noted_census(job, work)
    stored = [read_stored(path) for path in files_of(job)]
    last = stored[-1] if stored else None
    written: list[Path] = []
    done = [(noted["time"], step, noted["results"]) for step in Step if (noted := work.fact(f"step.{step}"))]
    for moment, step, results in sorted(done, key=lambda entry: (entry[0], list(Step).index(entry[1]))):
        time = datetime.fromisoformat(moment).replace(microsecond=0)
        if any(entry.receipt.step is step and entry.receipt.time == time for entry in stored):
            continue
        number = last.receipt.sequence + 1 if last else 1
        receipt = Receipt(
            step=step,
            scope=job.scope,
            buckets=buckets,
            sequence=number,
            previous=digest(last.envelope) if last else None,
            time=time,
            expires=time + VALIDITY,
            tool_version=TOOL_VERSION,
            results=results,
        )
        envelope = Envelope(payload=payload_of(receipt))
        path = job.receipts / f"{job.scope.site}.{number:04}-{step}.json"
        _write(path, envelope_text(envelope))
        last = Stored(path=path, envelope=envelope, receipt=receipt)
        written.append(path)
    return written


def read_signable(path: Path) -> Receipt | Approval:
    """What a file states that can be signed here: a receipt, or an approval of break-glass.

    Raises:
        BadInputError: it cannot be read, or holds neither.
    """
    try:
        return approval_of(envelope_of(_text(path)).payload)
    except UnreadableError:
        return read_stored(path).receipt


def sign_file(path: Path, key: Ed25519PrivateKey) -> Envelope:
    """Add a signature to the file of a receipt or an approval, whole or not at all.

    Raises:
        BadInputError: the file cannot be read or written, or holds neither.
    """
    from infra.retirement.signing import sign  # noqa: PLC0415 - needs `cryptography`

    read_signable(path)
    envelope = sign(envelope_of(_text(path)), key)
    _write(path, envelope_text(envelope))
    return envelope


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInputError(f"{path}: not readable ({problem})") from None


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        raise BadInputError(f"{path}: not writable ({problem.strerror})") from None
