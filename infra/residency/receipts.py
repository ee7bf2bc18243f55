"""Receipts: signed statements about what was done to a legacy site, as values and as the bytes that are signed.

A receipt is an in-toto Statement (v1) in a DSSE envelope (v1): its subjects are the site's buckets with their census
roots, its predicate says which step was done, where, when, with which tool, and which receipt came before. The receipts
of a site form a chain, each naming the digest of the one before it.

This module holds the values and their one spelling as bytes; `receipt_rules` says which are believed. Neither does any
cryptography beyond digests: the caller passes the function that checks one ed25519 signature (`Verify`), so that the
kernel needs nothing but the standard library. Neither reads a file or a clock.

Sources: in-toto Attestation Framework v1 (Statement), DSSE v1.0 (envelope, pre-authentication encoding), RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
ROOT_ALGORITHM = "usdataCensusV1"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_DIGEST = re.compile(r"[0-9a-f]{64}")

type_of_step = "urn:usdata:retirement:{}:v1".format

Verify = Callable[[bytes, bytes, bytes], bool]
"""(raw ed25519 public key, signature, message) -> whether the signature is that key's."""


class Step(StrEnum):
    """What a receipt says was done to every data bucket of a site.

    CENSUS: everything in it was listed. COMPARISON: every object of that census was found in Oracle Cloud with the same
    content. WIPE: everything in that census was deleted. EMPTY: two listings, a settled time apart, found nothing, and
    the key's state was looked at.
    """

    CENSUS = "census"
    COMPARISON = "comparison"
    WIPE = "wipe"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The legacy site a receipt is about; a receipt of another scope is foreign, however well signed."""

    stack: str
    site: str
    account_id: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BucketCensus:
    """One data bucket and what its census found; `size` is the sum of bytes in versions."""

    bucket: str
    root: str
    versions: int
    markers: int
    uploads: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One step, done to all data buckets of a site.

    Attributes:
        buckets: sorted by name; their roots give `census_root`.
        sequence: 1 for the first receipt of the site, then one more each.
        previous: digest of the receipt before, None for the first.
        time: when the step ended (UTC, whole seconds).
        expires: first moment at which a phase move may no longer rely on it.
        results: what the step found, numbers and words (`{"verified": 1204331, "covers": "every-version"}`).
    """

    step: Step
    scope: Scope
    buckets: tuple[BucketCensus, ...]
    sequence: int
    previous: str | None
    time: datetime
    expires: datetime
    tool_version: str
    results: Mapping[str, int | str]

    @property
    def census_root(self) -> str:
        """One digest for the whole site; what `confirmCensus` in the stack file must begin with."""
        return site_root(self.buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature of an envelope; `key_id` only hints at the key (DSSE), the signature decides."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A DSSE envelope: the exact bytes that were signed, and the signatures."""

    payload: bytes
    signatures: tuple[Signature, ...] = ()


class UnreadableError(ValueError):
    """The text is no envelope, or its payload no receipt of this version."""


def site_root(buckets: Sequence[BucketCensus]) -> str:
    """SHA-256 over (digest of the name, root) of every bucket, sorted by name: independent of the order given."""
    rows = sorted((bucket.bucket, bucket.root) for bucket in buckets)
    return _sha256("".join(_sha256(name.encode()) + root for name, root in rows).encode())


def key_id(public_key: bytes) -> str:
    """The hint by which an envelope names a key: SHA-256 of the raw public key, hexadecimal."""
    return _sha256(public_key)


def digest(envelope: Envelope) -> str:
    """What the next receipt names as `previous`: SHA-256 of the payload, whoever signs it later."""
    return _sha256(envelope.payload)


def pre_authentication_encoding(payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's PAE of the payload and its type."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def payload_of(receipt: Receipt) -> bytes:
    """The in-toto statement of a receipt as canonical JSON: keys sorted, no spaces, ASCII only."""
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {
                "name": bucket.bucket,
                "digest": {ROOT_ALGORITHM: bucket.root},
                "annotations": {
                    "versions": bucket.versions,
                    "markers": bucket.markers,
                    "uploads": bucket.uploads,
                    "size": bucket.size,
                },
            }
            for bucket in sorted(receipt.buckets)
        ],
        "predicateType": type_of_step(receipt.step.value),
        "predicate": {
            "stack": receipt.scope.stack,
            "site": receipt.scope.site,
            "accountId": receipt.scope.account_id,
            "region": receipt.scope.region,
            "censusRoot": receipt.census_root,
            "sequence": receipt.sequence,
            "previous": receipt.previous,
            "time": receipt.time.astimezone(UTC).strftime(TIME_FORMAT),
            "expires": receipt.expires.astimezone(UTC).strftime(TIME_FORMAT),
            "tool": {"name": "infra.retirement", "version": receipt.tool_version},
            "results": dict(receipt.results),
        },
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def receipt_of(payload: bytes) -> Receipt:
    """The receipt that a payload states.

    Raises:
        UnreadableError: it is not exactly what `payload_of` would write (missing, unknown or repeated keys included).
    """
    try:
        statement: Any = json.loads(payload)
        predicate = statement["predicate"]
        receipt = Receipt(
            step=Step(statement["predicateType"].split(":")[3]),
            scope=Scope(
                stack=predicate["stack"],
                site=predicate["site"],
                account_id=predicate["accountId"],
                region=predicate["region"],
            ),
            buckets=tuple(
                BucketCensus(bucket=subject["name"], root=subject["digest"][ROOT_ALGORITHM], **subject["annotations"])
                for subject in statement["subject"]
            ),
            sequence=predicate["sequence"],
            previous=predicate["previous"],
            time=_moment(predicate["time"]),
            expires=_moment(predicate["expires"]),
            tool_version=predicate["tool"]["version"],
            results=predicate["results"],
        )
        well_formed = _well_formed(receipt) and payload_of(receipt) == payload
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as problem:
        raise UnreadableError(f"the payload is no receipt ({type(problem).__name__}: {problem})") from None
    if not well_formed:
        raise UnreadableError(
            "the payload is not what this tool writes: a field is missing, unknown or of the wrong kind"
        )
    return receipt


def _moment(text: str) -> datetime:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)


def _well_formed(receipt: Receipt) -> bool:
    """Whether types and ranges hold that JSON does not check; exactness is left to the round trip."""
    counts = [receipt.sequence - 1]
    for bucket in receipt.buckets:
        counts += [bucket.versions, bucket.markers, bucket.uploads, bucket.size]
    digests = [bucket.root for bucket in receipt.buckets]
    if receipt.previous is not None:
        digests.append(receipt.previous)
    names = [bucket.bucket for bucket in receipt.buckets]
    return (
        all(type(count) is int and count >= 0 for count in counts)
        and all(_DIGEST.fullmatch(text) for text in digests)
        and all(type(value) in (int, str) for value in receipt.results.values())
        and bool(names)
        and len(set(names)) == len(names)
        and (receipt.previous is None) == (receipt.sequence == 1)
        and receipt.time < receipt.expires
    )


def envelope_text(envelope: Envelope) -> str:
    """The envelope as it is stored: JSON, one signature a line, a newline at the end."""
    signatures = [
        {"keyid": signature.key_id, "sig": base64.b64encode(signature.signature).decode()}
        for signature in envelope.signatures
    ]
    value = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": signatures,
    }
    return json.dumps(value, indent=1) + "\n"


def envelope_of(text: str) -> Envelope:
    """The envelope in a stored text.

    Raises:
        UnreadableError: cut off, no DSSE envelope, or of another payload type.
    """
    try:
        value = cast("dict[str, Any]", json.loads(text))
        kind = value["payloadType"]
        envelope = Envelope(
            payload=base64.b64decode(value["payload"], validate=True),
            signatures=tuple(
                Signature(key_id=entry["keyid"], signature=base64.b64decode(entry["sig"], validate=True))
                for entry in value["signatures"]
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as problem:
        raise UnreadableError(f"this is no complete DSSE envelope ({type(problem).__name__}: {problem})") from None
    if kind != PAYLOAD_TYPE:
        raise UnreadableError(f"the payload type is {kind!r}, not {PAYLOAD_TYPE}")
    return envelope


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
