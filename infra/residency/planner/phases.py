"""Judges the phase of a legacy site: that it is the deployed one or the next, and that it has the receipts it needs.

Moving into WIPE rests on the comparison of the latest census, moving into CLOSED on its emptiness, each signed, still
valid and about exactly the site's buckets. Once the move is deployed its receipts may grow old, but not disappear.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from infra.residency import receipt_rules
from infra.residency.evidence import Evidence
from infra.residency.findings import Finding, Rule, join, said
from infra.residency.holders import data_buckets
from infra.residency.lifecycle import Phase, Site
from infra.residency.planner import forms
from infra.residency.receipt_rules import NEEDED_FOR_PHASE, Chain, Reason, Refusal
from infra.residency.receipts import Envelope, Receipt, Scope, Step, digest, payload_of

_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is known about a site's phase.

    Attributes:
        moves: whether the phase is not known to be deployed yet.
        believed: digests of the receipts that are believed, oldest first.
    """

    moves: bool
    believed: tuple[str, ...] = ()


def judge_phase(
    site: Site,
    *,
    buckets: frozenset[str],
    confirmed: str | None,
    signers: Mapping[str, bytes],
    evidence: Evidence,
    as_of: date,
    findings: list[Finding],
) -> Judgement:
    """What a site's phase rests on; whatever it lacks becomes a finding.

    Args:
        site: the site, right in itself.
        buckets: the backups that the stack file gives it.
        confirmed: the beginning of the census root that the stack file confirms.
        signers: raw public keys by name.
        evidence: receipts, and what is deployed.
        as_of: the day; receipts are held against its last second, so that a plan holds for the whole day.
        findings: takes what is wrong.
    """
    path = join("legacy.sites", site.name)
    record = evidence.deployed.sites.get(site.name) if evidence.deployed else None
    if evidence.deployed is not None:
        findings.extend(_order(site.phase, record.phase if record else None, path))
        findings.extend(_extension(site, record.expires if record else site.expires, path))
    moves = record is None or record.phase is not site.phase
    step = NEEDED_FOR_PHASE.get(site.phase)
    if step is None:
        return Judgement(moves=moves)
    now = datetime.combine(as_of, _LAST_SECOND)
    chain = receipt_rules.judge(
        evidence.receipts.get(site.name, ()),
        scope=Scope(stack=evidence.stack, site=site.name, account_id=site.account_id, region=site.region.value),
        signers=signers,
        verify=evidence.verify,
        now=now,
    )
    if moves:
        had = data_buckets(evidence.deployed, site.name) if evidence.deployed else buckets
        found = receipt_rules.permission(chain, step, buckets=had, confirmed=confirmed, now=now)
    else:
        found = receipt_rules.standing(chain, step, confirmed=confirmed)
    if not isinstance(found, Receipt):
        findings.extend(_unbelieved(refusal, site.phase, step, path) for refusal in found)
    return Judgement(moves=moves, believed=_digests(chain))


def plan_signers(signers: Mapping[str, str], findings: list[Finding]) -> dict[str, bytes]:
    """The raw public keys by name, of which there may be one under one name only."""
    keys: dict[str, bytes] = {}
    for name, text in sorted(signers.items()):
        path = join("legacy.signers", name)
        key = _public_key(text)
        other = next((it for it, known in keys.items() if known == key), None)
        if key is None:
            findings.append(_bad_signer(path, said(text), "print it with: python -m infra.retirement public-key"))
        elif other is not None:
            findings.append(_bad_signer(path, f"the key of {other}", "name one of the two"))
        else:
            keys[name] = key
        findings.extend(filter(None, [forms.SIGNER.finding(name, path)]))
    return keys


_KEY_BYTES = 32


def _bad_signer(path: str, given: str, fix: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.SIGNER,
        given=given,
        allowed=f"base64 of the {_KEY_BYTES} bytes of an ed25519 public key, each of another person",
        why="two signers are two people: else one person could sign twice",
        fix=fix,
    )


def _public_key(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _digests(chain: Chain) -> tuple[str, ...]:
    return tuple(digest(Envelope(payload=payload_of(receipt))) for receipt in chain.receipts)


def _order(phase: Phase, deployed: Phase | None, path: str) -> Iterator[Finding]:
    allowed = [Phase.BACKUP] if deployed is None else [deployed, *filter(None, [deployed.following])]
    if phase in allowed:
        return
    phases = tuple(Phase)
    back = deployed is not None and phases.index(phase) < phases.index(deployed)
    yield Finding(
        path=join(path, "phase"),
        rule=Rule.PHASE,
        given=f"{phase}, and what is deployed there is {deployed or 'nothing'}",
        allowed=" or ".join(allowed),
        why="what a phase gave up does not come back" if back else "each phase is what makes the next one safe",
        fix=f"write {allowed[-1]}" + ("" if back else f", apply it, and have it recorded: {RECORD}"),
    )


RECORD = "python -m infra lock --stack NAME --state EXPORT"


def _extension(site: Site, begun_with: date, path: str) -> Iterator[Finding]:
    if site.phase.has_holders and site.expires > begun_with and site.extension is None:
        yield Finding(
            path=join(path, "expires"),
            rule=Rule.EXTENSION,
            given=f"{site.expires.isoformat()}; the site began with {begun_with.isoformat()}",
            allowed=f"{begun_with.isoformat()} or earlier, or a later day with a reason",
            why="who puts the end off says why, at the top of every diff",
            fix="write extension: and the reason, one line",
        )
    if site.extension is not None and site.expires <= begun_with:
        yield Finding(
            path=join(path, "extension"),
            rule=Rule.EXTENSION,
            given=f"a reason; the site began with {begun_with.isoformat()} and expires {site.expires.isoformat()}",
            allowed="extension only where expires is later than the site began with",
            fix="remove extension",
        )


def _unbelieved(refusal: Refusal, phase: Phase, step: Step, path: str) -> Finding:
    unconfirmed = refusal.reason is Reason.UNCONFIRMED
    return Finding(
        path=join(path, "confirmCensus" if unconfirmed else "phase"),
        rule=Rule.RECEIPT,
        given=f"{phase}; {refusal.subject} is {refusal.reason}: {refusal.detail}",
        allowed=f"{phase} on a signed and valid {step} receipt about exactly the site's buckets",
        why="what is deleted does not come back",
        fix=refusal.fix,
    )
