"""Approvals of break-glass for tests, signed with keys that anyone can make again."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.residency.approvals import Approval, payload_of
from infra.residency.evidence import Evidence
from infra.residency.receipts import Envelope, envelope_text
from infra.retirement.signing import sign
from infra.settings.evidence import verify_ed25519
from tests.support.receipts import KEYS

BEGINS = datetime(2026, 11, 24, 14, tzinfo=UTC)


def approval(**changes: Any) -> Approval:
    """An approval for today's afternoon, with changes."""
    good: dict[str, Any] = {
        "stack": "sandbox",
        "group": "emergency",
        "datasets": ("metrics", "profiles"),
        "reason": "an incident",
        "begins": BEGINS,
        "ends": BEGINS + timedelta(hours=4),
    }
    return Approval(**{**good, **changes})


def signed(made: Approval, signers: Iterable[str] = tuple(KEYS)) -> str:
    """The text of an approval's file, signed by these."""
    envelope = Envelope(payload=payload_of(made))
    for name in signers:
        envelope = sign(envelope, KEYS[name])
    return envelope_text(envelope)


def evidence(*texts: str) -> Evidence:
    """Evidence of these approvals alone."""
    files = tuple((f"{number}.json", text) for number, text in enumerate(texts))
    return Evidence(stack="sandbox", approvals=files, verify=verify_ed25519)
