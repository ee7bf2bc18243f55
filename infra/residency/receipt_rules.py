"""Which receipts are believed and what may rest on them: a site's chain judged link by link, refusals with reasons.

Pure: the caller reads the files, knows the time and passes the function that checks one signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from infra.residency.lifecycle import Phase
from infra.residency.receipts import (
    TIME_FORMAT,
    Envelope,
    Receipt,
    Scope,
    Step,
    UnreadableError,
    Verify,
    digest,
    envelope_of,
    pre_authentication_encoding,
    receipt_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIRMATION_LENGTH = 8

SIGNERS_NEEDED: Mapping[Step, int] = {Step.CENSUS: 1, Step.COMPARISON: 2, Step.WIPE: 2, Step.EMPTY: 2}
"""How many different people must have signed: two where the receipt lets something be deleted or says it was."""

NEEDED_FOR_PHASE: Mapping[Phase, Step] = {Phase.WIPE: Step.COMPARISON, Phase.CLOSED: Step.EMPTY}
"""The receipt that a move into a phase needs; phases that are not listed delete nothing and need none."""

_MAY_FOLLOW: Mapping[Step, frozenset[Step]] = {
    Step.CENSUS: frozenset(Step),
    Step.COMPARISON: frozenset({Step.CENSUS, Step.COMPARISON}),
    Step.WIPE: frozenset({Step.COMPARISON, Step.WIPE}),
    Step.EMPTY: frozenset({Step.COMPARISON, Step.WIPE, Step.EMPTY}),
}
"""Which step may come right before; what lifecycle expiry deleted instead of the tool needs no WIPE before EMPTY."""

_LAST_STEPS: Mapping[Step, frozenset[Step]] = {
    Step.CENSUS: frozenset({Step.CENSUS}),
    Step.COMPARISON: frozenset({Step.COMPARISON, Step.WIPE}),
    Step.WIPE: frozenset({Step.WIPE}),
    Step.EMPTY: frozenset({Step.EMPTY}),
}
"""What the chain may end with for a step to stand; a wipe may be gone on with on the comparison that it began on."""


class Reason(StrEnum):
    """Why a receipt is not believed."""

    UNREADABLE = "unreadable"
    FORGED = "forged"
    TOO_FEW_SIGNERS = "too-few-signers"
    FOREIGN = "foreign"
    REPLAYED = "replayed"
    BROKEN_CHAIN = "broken-chain"
    OUT_OF_ORDER = "out-of-order"
    FUTURE = "future"
    EXPIRED = "expired"
    MISSING = "missing"
    OTHER_CENSUS = "other-census"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One receipt (or the lack of one) that was refused: file or step, reason, and what to do."""

    subject: str
    reason: Reason
    detail: str
    fix: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}: {self.detail}; {self.fix}"


def signed_by(envelope: Envelope, signers: Mapping[str, bytes], verify: Verify) -> frozenset[str]:
    """The signers whose key made one of the signatures; one key under two names counts once, as the first of them."""
    message = pre_authentication_encoding(envelope.payload)
    names: dict[bytes, str] = {}
    for name in sorted(signers):
        names.setdefault(signers[name], name)
    return frozenset(
        name
        for key, name in names.items()
        if any(verify(key, signature.signature, message) for signature in envelope.signatures)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The receipts of one site as they were judged: those believed, in order, and why any other was not.

    Nothing may rest on a chain with refusals: a wrong receipt in the middle is a reason to stop.
    """

    receipts: tuple[Receipt, ...]
    refusals: tuple[Refusal, ...]


def judge(
    texts: Sequence[tuple[str, str]], *, scope: Scope, signers: Mapping[str, bytes], verify: Verify, now: datetime
) -> Chain:
    """Read a site's receipts, oldest first, and say which are believed and why the others are not.

    Args:
        texts: (file name, content) in the order of the file names.
        scope: the site that the receipts must be about.
        signers: public keys named in the stack file, by the signer's name.
        verify: checks one signature.
        now: the moment of the judgement; a receipt of a later time is refused.
    """
    receipts: list[Receipt] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    previous: str | None = None
    for name, text in texts:
        try:
            envelope = envelope_of(text)
            receipt = receipt_of(envelope.payload)
        except UnreadableError as problem:
            refusals.append(
                Refusal(
                    subject=name,
                    reason=Reason.UNREADABLE,
                    detail=str(problem),
                    fix="restore the file from version control",
                )
            )
            continue
        own = digest(envelope)
        before = receipts[-1] if receipts else None
        refusal = (
            _signature_refusal(name, envelope, receipt, signers, verify)
            or _place_refusal(name, receipt, scope)
            or _chain_refusal(name, receipt, before, previous, replayed=own in seen)
            or _time_refusal(name, receipt, before, now)
        )
        seen.add(own)
        if refusal:
            refusals.append(refusal)
        else:
            receipts.append(receipt)
            previous = own
    return Chain(receipts=tuple(receipts), refusals=tuple(refusals))


def _signature_refusal(
    name: str, envelope: Envelope, receipt: Receipt, signers: Mapping[str, bytes], verify: Verify
) -> Refusal | None:
    believed = signed_by(envelope, signers, verify)
    needed = SIGNERS_NEEDED[receipt.step]
    if len(believed) >= needed:
        return None
    if envelope.signatures and not believed:
        return Refusal(
            subject=name,
            reason=Reason.FORGED,
            detail=f"none of its {len(envelope.signatures)} signatures is by {_either(signers)} over this content",
            fix="have the signers sign what the tool wrote, and compare the public keys in the stack file",
        )
    return Refusal(
        subject=name,
        reason=Reason.TOO_FEW_SIGNERS,
        detail=f"a {receipt.step} receipt needs {needed} signers, it has {', '.join(sorted(believed)) or 'none'}",
        fix=f"have it signed by {_either(set(signers) - believed)}",
    )


def _place_refusal(name: str, receipt: Receipt, scope: Scope) -> Refusal | None:
    if receipt.scope == scope:
        return None
    return Refusal(
        subject=name,
        reason=Reason.FOREIGN,
        detail=f"it is about {_place(receipt.scope)}, not {_place(scope)}",
        fix="move it to the receipts of that site",
    )


def _place(scope: Scope) -> str:
    return f"stack {scope.stack!r}, site {scope.site!r}, account {scope.account_id!r}, region {scope.region!r}"


def _chain_refusal(
    name: str, receipt: Receipt, before: Receipt | None, previous: str | None, *, replayed: bool
) -> Refusal | None:
    if replayed:
        return Refusal(
            subject=name,
            reason=Reason.REPLAYED,
            detail="the same receipt stands earlier in the chain",
            fix="remove the repetition, or do the step anew",
        )
    if receipt.previous != previous or receipt.sequence != (before.sequence + 1 if before else 1):
        return Refusal(
            subject=name,
            reason=Reason.BROKEN_CHAIN,
            detail=f"it is number {receipt.sequence} after {_short(receipt.previous)}; here belongs number "
            f"{before.sequence + 1 if before else 1} after {_short(previous)}",
            fix="restore the receipts between them from version control, unchanged",
        )
    if before and before.step not in _MAY_FOLLOW[receipt.step]:
        return _order(name, f"{receipt.step} cannot follow {before.step}")
    if before is None and receipt.step is not Step.CENSUS:
        return _order(name, f"a chain begins with a census, not with {receipt.step}")
    if before and receipt.step is not Step.CENSUS and receipt.buckets != before.buckets:
        return Refusal(
            subject=name,
            reason=Reason.OTHER_CENSUS,
            detail=f"it is about census {_short(receipt.census_root)}, the one before it {_short(before.census_root)}",
            fix="repeat the steps from the census on",
        )
    return None


def _order(name: str, detail: str) -> Refusal:
    return Refusal(subject=name, reason=Reason.OUT_OF_ORDER, detail=detail, fix="repeat the steps from the census on")


def _time_refusal(name: str, receipt: Receipt, before: Receipt | None, now: datetime) -> Refusal | None:
    if receipt.time > now:
        return Refusal(
            subject=name,
            reason=Reason.FUTURE,
            detail=f"it was made at {receipt.time:{TIME_FORMAT}}, now is {now.astimezone(UTC):{TIME_FORMAT}}",
            fix="set the clock of the machine that made it, and repeat the step",
        )
    if before and receipt.time < before.time:
        return _order(name, f"it was made at {receipt.time:{TIME_FORMAT}}, before the receipt that it follows")
    return None


def permission(
    chain: Chain, step: Step, *, buckets: frozenset[str], confirmed: str | None, now: datetime
) -> Receipt | tuple[Refusal, ...]:
    """The receipt on which something irreversible may rest, or every reason why there is none.

    Args:
        chain: the site's receipts, judged.
        step: the step that must have been done last: COMPARISON before deleting, EMPTY before closing.
        buckets: the data buckets that the site has; the receipt must be about exactly these.
        confirmed: the beginning of the census root that a person wrote down (`confirmCensus`), at least 8 digits.
        now: the moment at which something would rest on it.
    """
    if chain.refusals:
        return chain.refusals
    accepted = _LAST_STEPS[step]
    receipt = next((entry for entry in reversed(chain.receipts) if entry.step is step), None)
    if receipt is None or chain.receipts[-1].step not in accepted or chain.receipts[-1].buckets != receipt.buckets:
        return (_missing(chain, step, f"run the {step} step and have its receipt signed"),)
    refusals: list[Refusal] = []
    if now >= receipt.expires:
        refusals.append(
            Refusal(
                subject=step,
                reason=Reason.EXPIRED,
                detail=f"the {step} receipt was valid until {receipt.expires:{TIME_FORMAT}}",
                fix="repeat the steps from the census on",
            )
        )
    known = frozenset(bucket.bucket for bucket in receipt.buckets)
    if known != buckets:
        refusals.append(
            Refusal(
                subject=step,
                reason=Reason.FOREIGN,
                detail=f"it is about {', '.join(sorted(known))}; the site has {', '.join(sorted(buckets)) or 'none'}",
                fix="take a census of exactly the site's data buckets",
            )
        )
    if not confirms(confirmed, receipt.census_root):
        refusals.append(_unconfirmed(receipt, confirmed))
    return tuple(refusals) or receipt


def _missing(chain: Chain, step: Step, fix: str) -> Refusal:
    done = chain.receipts[-1].step if chain.receipts else "nothing"
    return Refusal(
        subject=step,
        reason=Reason.MISSING,
        detail=f"there is no {step} receipt of the latest census (last done: {done})",
        fix=fix,
    )


def _unconfirmed(receipt: Receipt, confirmed: str | None) -> Refusal:
    return Refusal(
        subject="confirmCensus",
        reason=Reason.UNCONFIRMED,
        detail=f"the census of the receipts is {receipt.census_root}, confirmed is {confirmed or 'nothing'}",
        fix=f"if that census is what you mean, give its first {CONFIRMATION_LENGTH} digits or more",
    )


def standing(chain: Chain, step: Step, *, confirmed: str | None) -> Receipt | tuple[Refusal, ...]:
    """The receipt on which something irreversible was begun, or every reason why it does not stand any more.

    It may have grown old, and others may have followed; it may not have disappeared, nor anything before it.

    Args:
        chain: the site's receipts, judged.
        step: the step on whose receipt it was begun.
        confirmed: as for `permission`.
    """
    if chain.refusals:
        return chain.refusals
    receipt = next((entry for entry in reversed(chain.receipts) if entry.step is step), None)
    if receipt is None:
        return (_missing(chain, step, "restore the site's receipts from version control"),)
    if not confirms(confirmed, receipt.census_root):
        return (_unconfirmed(receipt, confirmed),)
    return receipt


def confirms(confirmed: str | None, root: str) -> bool:
    """Whether a person wrote down enough of this census root, and nothing else."""
    return confirmed is not None and len(confirmed) >= CONFIRMATION_LENGTH and root.startswith(confirmed)


def _short(text: str | None) -> str:
    return text[:12] if text else "nothing"


def _either(names: Mapping[str, bytes] | set[str]) -> str:
    return " or ".join(sorted(names)) or "anyone (the stack file names no signers)"
