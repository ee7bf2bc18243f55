"""Which steps of a legacy site's end its receipts prove: read, chained and checked anew, apart from the planner.

A receipt is an in-toto statement in a DSSE envelope (both in version 1). A chain is believed whole or not at all: each
receipt is signed by as many declared people as its step needs, is about this site of this stack, names the digest of
the one before it, and is not of the future.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from infra.verify import binding
from infra.verify.values import record, records

_TYPE: Final = "application/vnd.in-toto+json"
_SIGNERS: Final = {"census": 1, "comparison": 2, "wipe": 2, "empty": 2}
"""How many different people must have signed."""


class UnbelievedError(Exception):
    """A chain that nothing may rest on; the text says why."""


class Receipt(NamedTuple):
    """One receipt that is believed: the step, the buckets it is about, its digest, and until when a move may use it."""

    step: str
    buckets: frozenset[str]
    digest: str
    expires: str


class Subject(NamedTuple):
    """The site that receipts must be about."""

    stack: str
    site: str
    account: str
    region: str


def believed(texts: Sequence[str], subject: Subject, signers: Mapping[str, Any], as_of: date) -> tuple[Receipt, ...]:
    """The receipts of a site, oldest first.

    Args:
        texts: The files' contents, oldest first.
        subject: What they must be about.
        signers: Public keys in base64, by the signer's name, from the stack file.
        as_of: The day; receipts of a later one are not believed.

    Raises:
        UnbelievedError: One of them is not to be believed, and so none is.
    """
    found: list[Receipt] = []
    for number, text in enumerate(texts, start=1):
        try:
            previous = found[-1].digest if found else None
            receipt = _receipt(text, subject, signers, as_of, number=number, previous=previous)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnbelievedError(f"receipt {number} cannot be read ({type(error).__name__} {error})") from error
        if found and receipt.step != "census" and receipt.buckets != found[-1].buckets:
            raise UnbelievedError(f"receipt {number} is about other buckets than the one before it")
        found.append(receipt)
    return tuple(found)


def _receipt(
    text: str, subject: Subject, signers: Mapping[str, Any], as_of: date, *, number: int, previous: str | None
) -> Receipt:
    import base64  # noqa: PLC0415 (only where there are receipts)

    envelope: Any = json.loads(text)
    payload = base64.b64decode(envelope["payload"], validate=True)
    statement: Any = json.loads(payload)
    predicate = statement["predicate"]
    step = str(statement["predicateType"]).removeprefix("urn:usdata:retirement:").removesuffix(":v1")
    message = b"DSSEv1 %d %b %d %b" % (len(_TYPE), _TYPE.encode(), len(payload), payload)
    signatures = [base64.b64decode(it["sig"], validate=True) for it in records(envelope["signatures"])]
    keys = {base64.b64decode(str(key), validate=True) for key in signers.values()}
    people = sum(any(_signed(key, it, message) for it in signatures) for key in keys)
    about = Subject(
        stack=predicate["stack"], site=predicate["site"], account=predicate["accountId"], region=predicate["region"]
    )
    problems = {
        f"is of the unknown step {step}": step not in _SIGNERS,
        f"is signed by {people} of those declared, and needs {_SIGNERS.get(step, 2)}": people < _SIGNERS.get(step, 2),
        "is of another kind": envelope["payloadType"] != _TYPE,
        "is about another site": about != subject,
        "does not follow the one before it": (predicate["sequence"], predicate["previous"]) != (number, previous),
        "is of the future": str(predicate["time"])[:10] > as_of.isoformat(),
    }
    for problem, holds in problems.items():
        if holds:
            raise UnbelievedError(f"receipt {number} {problem}")
    return Receipt(
        step=step,
        buckets=frozenset(str(record(it)["name"]) for it in statement["subject"]),
        digest=binding.sha256(payload),
        expires=str(predicate["expires"])[:10],
    )


def _signed(key: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (only where there are receipts)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 (the same)

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
