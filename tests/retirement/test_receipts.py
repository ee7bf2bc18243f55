"""Receipts: what is believed and why everything else is refused.

Signatures are made with `cryptography`; the same envelopes are read back with `securesystemslib` and
`in_toto_attestation`, two implementations that share no code with ours.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementPb
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey

from infra.residency.lifecycle import Phase
from infra.residency.receipt_rules import (
    NEEDED_FOR_PHASE,
    SIGNERS_NEEDED,
    Chain,
    Reason,
    confirms,
    judge,
    permission,
    signed_by,
)
from infra.residency.receipts import (
    BucketCensus,
    Envelope,
    Receipt,
    Scope,
    Signature,
    Step,
    UnreadableError,
    digest,
    envelope_of,
    envelope_text,
    key_id,
    payload_of,
    pre_authentication_encoding,
    receipt_of,
    site_root,
)
from infra.retirement.signing import public_key_of, sign, verify_ed25519

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCOPE = Scope(stack="us-prod", site="singapore", account_id="222222222222", region="ap-southeast-1")
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)) for name in ("compliance", "security")}
SIGNERS = {name: public_key_of(key) for name, key in KEYS.items()}
STRANGER = Ed25519PrivateKey.from_private_bytes(b"stranger".ljust(32))
BUCKETS = (
    BucketCensus(bucket="messages", root="ab" * 32, versions=7, markers=2, uploads=1, size=900),
    BucketCensus(bucket="profiles", root="cd" * 32, versions=3, markers=0, uploads=0, size=30),
)
NAMES = frozenset(bucket.bucket for bucket in BUCKETS)
STEPS = (Step.CENSUS, Step.COMPARISON, Step.WIPE, Step.EMPTY)


def receipts(*steps: Step, scope: Scope = SCOPE, buckets: tuple[BucketCensus, ...] = BUCKETS) -> list[Receipt]:
    """A right chain of these steps, one hour apart, ending an hour ago."""
    chain: list[Receipt] = []
    for number, step in enumerate(steps, start=1):
        time = NOW - timedelta(hours=len(steps) + 1 - number)
        chain.append(
            Receipt(
                step=step,
                scope=scope,
                buckets=buckets,
                sequence=number,
                previous=digest(Envelope(payload=payload_of(chain[-1]))) if chain else None,
                time=time,
                expires=time + timedelta(days=30),
                tool_version="1",
                results={"verified": 10, "covers": "every-version"},
            )
        )
    return chain


def stored(receipt: Receipt, *signers: Ed25519PrivateKey) -> str:
    """The receipt as a file, signed by these keys (both signers when none is given)."""
    envelope = Envelope(payload=payload_of(receipt))
    for key in signers or tuple(KEYS.values()):
        envelope = sign(envelope, key)
    return envelope_text(envelope)


def judged(texts: list[str], *, scope: Scope = SCOPE, now: datetime = NOW) -> Chain:
    """Judge these files, named by their place."""
    named = [(f"{number:04}", text) for number, text in enumerate(texts, start=1)]
    return judge(named, scope=scope, signers=SIGNERS, verify=verify_ed25519, now=now)


def reasons(chain: Chain) -> list[tuple[str, Reason]]:
    """Which file is refused for what."""
    return [(refusal.subject, refusal.reason) for refusal in chain.refusals]


def test_a_whole_chain_is_believed():
    """The four steps in order, signed by two: all are believed, none is refused."""
    chain = receipts(*STEPS)
    assert judged([stored(receipt) for receipt in chain]) == Chain(receipts=tuple(chain), refusals=())


def test_other_tools_read_our_receipts():
    """`securesystemslib` checks our signatures with threshold two, `in_toto_attestation` our statement."""
    (receipt,) = receipts(Step.CENSUS)
    text = stored(receipt)
    keys = [SSlibKey(key_id(public), "ed25519", "ed25519", {"public": public.hex()}) for public in SIGNERS.values()]
    other = OtherEnvelope.from_dict(json.loads(text))
    assert set(other.verify(keys, 2)) == {key_id(public) for public in SIGNERS.values()}
    statement = json_format.Parse(other.payload, StatementPb())
    Statement.copy_from_pb(statement).validate()
    assert [subject.name for subject in statement.subject] == ["messages", "profiles"]
    assert statement.predicate["censusRoot"] == receipt.census_root


def forged_content(chain: list[Receipt]) -> list[str]:
    """One count changed under the old signatures."""
    texts = [stored(receipt) for receipt in chain]
    value = json.loads(texts[1])
    payload = base64.b64decode(value["payload"]).replace(b'"verified":10', b'"verified":11')
    value["payload"] = base64.b64encode(payload).decode()
    return [texts[0], json.dumps(value)]


def foreign(field: str, value: str):
    """A chain whose second receipt is about another place, in one respect."""

    def build(chain: list[Receipt]) -> list[str]:
        other = dataclasses.replace(chain[1], scope=dataclasses.replace(SCOPE, **{field: value}))
        return [stored(chain[0]), stored(other)]

    return build


def changed(**changes: object):
    """A chain whose second receipt differs in these fields and is signed anew."""
    return lambda chain: [stored(chain[0]), stored(dataclasses.replace(chain[1], **changes))]


SECOND_REFUSED = {
    "changed content": (forged_content, Reason.FORGED),
    "unknown signer": (lambda chain: [stored(chain[0]), stored(chain[1], STRANGER, STRANGER)], Reason.FORGED),
    "no signature": (
        lambda chain: [stored(chain[0]), envelope_text(Envelope(payload=payload_of(chain[1])))],
        Reason.TOO_FEW_SIGNERS,
    ),
    "one signer twice": (
        lambda chain: [stored(chain[0]), stored(chain[1], KEYS["security"], KEYS["security"])],
        Reason.TOO_FEW_SIGNERS,
    ),
    "one signer and a stranger": (
        lambda chain: [stored(chain[0]), stored(chain[1], KEYS["security"], STRANGER)],
        Reason.TOO_FEW_SIGNERS,
    ),
    "cut off": (lambda chain: [stored(chain[0]), stored(chain[1])[:-60]], Reason.UNREADABLE),
    "empty file": (lambda chain: [stored(chain[0]), ""], Reason.UNREADABLE),
    "not JSON but a list": (lambda chain: [stored(chain[0]), "[]"], Reason.UNREADABLE),
    "other payload type": (
        lambda chain: [stored(chain[0]), stored(chain[1]).replace("in-toto", "other")],
        Reason.UNREADABLE,
    ),
    "other stack": (foreign("stack", "sandbox"), Reason.FOREIGN),
    "other site": (foreign("site", "virginia"), Reason.FOREIGN),
    "other account": (foreign("account_id", "111111111111"), Reason.FOREIGN),
    "other region": (foreign("region", "us-east-1"), Reason.FOREIGN),
    "the first again": (lambda chain: [stored(chain[0]), stored(chain[0])], Reason.REPLAYED),
    "wrong number": (changed(sequence=3), Reason.BROKEN_CHAIN),
    "wrong predecessor": (changed(previous="00" * 32), Reason.BROKEN_CHAIN),
    "earlier than the first": (changed(time=NOW - timedelta(days=2)), Reason.OUT_OF_ORDER),
    "of the future": (changed(time=NOW + timedelta(seconds=1)), Reason.FUTURE),
    "wipe after a census": (changed(step=Step.WIPE), Reason.OUT_OF_ORDER),
    "empty after a census": (changed(step=Step.EMPTY), Reason.OUT_OF_ORDER),
    "other census": (
        changed(buckets=(dataclasses.replace(BUCKETS[0], root="ef" * 32), BUCKETS[1])),
        Reason.OTHER_CENSUS,
    ),
}


@pytest.mark.parametrize(("build", "reason"), SECOND_REFUSED.values(), ids=SECOND_REFUSED)
def test_each_wrong_receipt_is_refused_for_its_own_reason(build, reason):
    """One deliberate break per rule, signed anew where the break is not about signatures; the first receipt stands."""
    chain = receipts(Step.CENSUS, Step.COMPARISON)
    verdict = judged(build(chain))
    assert reasons(verdict) == [("0002", reason)]
    assert verdict.receipts == (chain[0],)
    assert all(refusal.fix and refusal.detail and refusal.reason in str(refusal) for refusal in verdict.refusals)


@pytest.mark.parametrize("first", [Step.COMPARISON, Step.WIPE, Step.EMPTY])
def test_a_chain_begins_with_a_census(first):
    """Whatever else stands first is refused."""
    assert reasons(judged([stored(receipts(first)[0])])) == [("0001", Reason.OUT_OF_ORDER)]


def test_a_chain_whose_beginning_is_cut_away_is_refused():
    """Without its first receipt nothing of a chain is believed."""
    chain = receipts(*STEPS)
    assert reasons(judged([stored(receipt) for receipt in chain[1:]])) == [
        (name, Reason.BROKEN_CHAIN) for name in ("0001", "0002", "0003")
    ]


PAYLOADS = {
    "no JSON": b"{",
    "no object": b"3",
    "deeply nested": b"[" * 100_000,
    "unknown step": payload_of(receipts(Step.CENSUS)[0]).replace(b"retirement:census", b"retirement:trust-me"),
    "spaces": payload_of(receipts(Step.CENSUS)[0]).replace(b",", b", "),
    "repeated key": payload_of(receipts(Step.CENSUS)[0]).replace(b'{"_type"', b'{"_type":"x","_type"'),
    "unknown key": payload_of(receipts(Step.CENSUS)[0]).replace(b'"stack":', b'"extra":1,"stack":'),
    "negative count": payload_of(receipts(Step.CENSUS)[0]).replace(b'"versions":7', b'"versions":-7'),
    "fraction": payload_of(receipts(Step.CENSUS)[0]).replace(b'"versions":7', b'"versions":7.5'),
    "true for a number": payload_of(receipts(Step.CENSUS)[0]).replace(b'"verified":10', b'"verified":true'),
    "root that is none": payload_of(receipts(Step.CENSUS)[0]).replace(b"ab" * 32, b"xx" * 32),
    "root of another census": payload_of(receipts(Step.CENSUS)[0]).replace(b"ab" * 32, b"aa" * 32),
    "previous of the first": payload_of(receipts(Step.CENSUS)[0]).replace(b"null", b'"%b"' % (b"00" * 32)),
    "no bucket": payload_of(dataclasses.replace(receipts(Step.CENSUS)[0], buckets=())),
    "a bucket twice": payload_of(dataclasses.replace(receipts(Step.CENSUS)[0], buckets=(BUCKETS[0], BUCKETS[0]))),
    "expired when made": payload_of(dataclasses.replace(receipts(Step.CENSUS)[0], expires=NOW - timedelta(hours=2))),
    "impossible date": payload_of(receipts(Step.CENSUS)[0]).replace(b"2026-11-24", b"2026-02-31"),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_the_tool_would_not_write_is_unreadable(payload):
    """Only the canonical spelling of a well-formed receipt is read, however well it is signed."""
    with pytest.raises(UnreadableError):
        receipt_of(payload)


names = st.text(min_size=1, max_size=12)
counts = st.integers(min_value=0, max_value=2**53)
roots = st.binary(min_size=32, max_size=32).map(bytes.hex)
censuses = st.builds(
    BucketCensus, bucket=names, root=roots, versions=counts, markers=counts, uploads=counts, size=counts
)
bucket_sets = st.lists(censuses, min_size=1, max_size=4, unique_by=lambda census: census.bucket)


@given(bucket_sets, st.dictionaries(names, counts | names, max_size=4), names)
def test_every_receipt_survives_the_round_trip(buckets, results, stack):
    """Reading what was written gives the same receipt, whatever the names contain."""
    (base,) = receipts(Step.CENSUS, buckets=tuple(sorted(buckets)))
    receipt = dataclasses.replace(base, results=results, scope=dataclasses.replace(SCOPE, stack=stack))
    envelope = Envelope(payload=payload_of(receipt), signatures=(Signature(key_id="k", signature=b"s"),))
    assert envelope_of(envelope_text(envelope)) == envelope
    assert receipt_of(envelope.payload) == receipt


@given(bucket_sets, st.randoms(use_true_random=False))
def test_the_site_root_does_not_depend_on_order_but_on_every_name_and_root(buckets, random):
    """Shuffling changes nothing; swapping in one other root or name changes the root."""
    shuffled = random.sample(buckets, len(buckets))
    assert site_root(shuffled) == site_root(buckets)
    other = f"{int(buckets[0].root, 16) ^ 1:064x}"
    for change in ({"root": other}, {"bucket": buckets[0].bucket + "x"}):
        assert site_root([dataclasses.replace(buckets[0], **change), *buckets[1:]]) != site_root(buckets)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_of_the_payload_breaks_the_signature(place, flip):
    """No byte of what was signed can be changed under the signature."""
    (receipt,) = receipts(Step.CENSUS)
    envelope = sign(Envelope(payload=payload_of(receipt)), KEYS["security"])
    payload = bytearray(envelope.payload)
    payload[place % len(payload)] ^= flip
    assert signed_by(envelope, SIGNERS, verify_ed25519) == {"security"}
    assert signed_by(dataclasses.replace(envelope, payload=bytes(payload)), SIGNERS, verify_ed25519) == frozenset()


def test_one_key_under_two_names_is_one_signer():
    """Two names in the stack file for the same key do not make two people."""
    envelope = sign(Envelope(payload=b"x"), KEYS["security"])
    twins = {"b": SIGNERS["security"], "a": SIGNERS["security"]}
    assert signed_by(envelope, twins, verify_ed25519) == {"a"}


def test_the_pre_authentication_encoding_is_that_of_the_specification():
    """The example of DSSE's protocol document, with our payload type."""
    assert pre_authentication_encoding(b"hello world") == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"


@pytest.mark.parametrize(
    ("confirmed", "believed"),
    [(None, False), ("", False), ("abababa", False), ("abababab", True), ("ab" * 32, True), ("abababac", False)],
)
def test_a_census_is_confirmed_by_its_beginning(confirmed, believed):
    """At least eight digits, all of them right."""
    assert confirms(confirmed, "ab" * 32) is believed


def permit(*steps: Step, need: Step, **changes: object):
    """What `permission` says of a right chain of these steps."""
    chain = receipts(*steps)
    arguments = {"buckets": NAMES, "confirmed": site_root(BUCKETS)[:8], "now": NOW} | changes
    return permission(Chain(receipts=tuple(chain), refusals=()), need, **arguments)


def test_a_standing_comparison_permits():
    """Census and comparison, confirmed, in time, about exactly these buckets: the receipt itself is the answer."""
    assert permit(Step.CENSUS, Step.COMPARISON, need=Step.COMPARISON) == receipts(Step.CENSUS, Step.COMPARISON)[1]
    assert permit(Step.CENSUS, Step.COMPARISON, Step.WIPE, need=Step.COMPARISON).step is Step.COMPARISON
    assert permit(*STEPS, need=Step.EMPTY).step is Step.EMPTY
    assert permit(Step.CENSUS, Step.COMPARISON, Step.EMPTY, need=Step.EMPTY).step is Step.EMPTY


NOT_PERMITTED = {
    "nothing": ((), {}, [Reason.MISSING]),
    "only a census": ((Step.CENSUS,), {}, [Reason.MISSING]),
    "a newer census": ((Step.CENSUS, Step.COMPARISON, Step.CENSUS), {}, [Reason.MISSING]),
    "expired": ((Step.CENSUS, Step.COMPARISON), {"now": NOW + timedelta(days=30)}, [Reason.EXPIRED]),
    "a bucket more": ((Step.CENSUS, Step.COMPARISON), {"buckets": NAMES | {"videos"}}, [Reason.FOREIGN]),
    "no bucket at all": ((Step.CENSUS, Step.COMPARISON), {"buckets": frozenset()}, [Reason.FOREIGN]),
    "not confirmed": ((Step.CENSUS, Step.COMPARISON), {"confirmed": None}, [Reason.UNCONFIRMED]),
    "all at once": (
        (Step.CENSUS, Step.COMPARISON),
        {"now": NOW + timedelta(days=31), "buckets": frozenset({"x"}), "confirmed": "00000000"},
        [Reason.EXPIRED, Reason.FOREIGN, Reason.UNCONFIRMED],
    ),
}


@pytest.mark.parametrize(("steps", "changes", "expected"), NOT_PERMITTED.values(), ids=NOT_PERMITTED)
def test_nothing_rests_on_a_receipt_that_does_not_stand(steps, changes, expected):
    """Every reason is given at once."""
    assert [refusal.reason for refusal in permit(*steps, need=Step.COMPARISON, **changes)] == expected


def test_a_chain_with_a_refusal_permits_nothing():
    """One unbelieved receipt anywhere stops the move, with its reason."""
    chain = receipts(Step.CENSUS, Step.COMPARISON)
    verdict = judged([*(stored(receipt) for receipt in chain), "garbage"])
    answer = permission(verdict, Step.COMPARISON, buckets=NAMES, confirmed=site_root(BUCKETS), now=NOW)
    assert answer == verdict.refusals
    assert len(answer) == 1


def test_without_signers_in_the_stack_file_nothing_is_believed():
    """An empty list of signers is not a permission."""
    (receipt,) = receipts(Step.CENSUS)
    named = [("0001", stored(receipt))]
    verdict = judge(named, scope=SCOPE, signers={}, verify=verify_ed25519, now=NOW)
    assert [refusal.reason for refusal in verdict.refusals] == [Reason.FORGED]
    assert "names no signers" in verdict.refusals[0].detail


def test_whatever_deletes_needs_two_signers():
    """The table itself, so that a lowered number shows in a diff; phases that delete name the receipt they need."""
    assert SIGNERS_NEEDED == {Step.CENSUS: 1, Step.COMPARISON: 2, Step.WIPE: 2, Step.EMPTY: 2}
    assert NEEDED_FOR_PHASE == {Phase.WIPE: Step.COMPARISON, Phase.CLOSED: Step.EMPTY}
