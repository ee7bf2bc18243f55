"""Receipts for tests: right chains about any site, signed with keys that anyone can make again."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.residency.evidence import Evidence
from infra.residency.holders import Deployed
from infra.residency.receipts import (
    BucketCensus,
    Envelope,
    Receipt,
    Scope,
    Step,
    digest,
    envelope_text,
    payload_of,
    site_root,
)
from infra.retirement.signing import public_key_of, public_key_text, sign
from infra.settings.evidence import verify_ed25519

KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)) for name in ("compliance", "security")}
SIGNERS = {name: public_key_text(public_key_of(key)) for name, key in KEYS.items()}
"""As a stack file names them."""


def censuses(buckets: Iterable[str]) -> tuple[BucketCensus, ...]:
    """A census of buckets of one object each."""
    return tuple(
        BucketCensus(bucket=name, root="ab" * 32, versions=1, markers=0, uploads=0, size=9) for name in sorted(buckets)
    )


def root(buckets: Iterable[str]) -> str:
    """The census root that a stack file confirms."""
    return site_root(censuses(buckets))


def chain(
    scope: Scope,
    buckets: Iterable[str],
    *steps: Step,
    day: date,
    keys: Iterable[Ed25519PrivateKey] = tuple(KEYS.values()),
    valid: timedelta = timedelta(days=30),
) -> tuple[tuple[str, str], ...]:
    """(file name, content) of a right chain of these steps, made in the first hours of a day."""
    found, texts, previous = censuses(buckets), [], None
    for number, step in enumerate(steps, start=1):
        time = datetime(day.year, day.month, day.day, number, tzinfo=UTC)
        receipt = Receipt(
            step=step,
            scope=scope,
            buckets=found,
            sequence=number,
            previous=previous,
            time=time,
            expires=time + valid,
            tool_version="1",
            results={"verified": 1},
        )
        envelope = Envelope(payload=payload_of(receipt))
        previous = digest(envelope)
        for key in keys:
            envelope = sign(envelope, key)
        texts.append((f"{scope.site}.{number:04}-{step}.json", envelope_text(envelope)))
    return tuple(texts)


def evidence(
    *receipts: tuple[tuple[str, str], ...], stack: str = "sandbox", deployed: Deployed | None = None
) -> Evidence:
    """Evidence of these chains, by the site that their file names begin with."""
    return Evidence(
        stack=stack,
        receipts={texts[0][0].partition(".")[0]: texts for texts in receipts},
        verify=verify_ed25519,
        deployed=deployed,
    )
