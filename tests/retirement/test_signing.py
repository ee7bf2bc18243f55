"""Signing on a machine of one's own: keys with a passphrase, keys of another kind, receipts that are none."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.retirement.rig import put

SITE = "virginia"
PEM, PKCS8, PLAIN = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


@pytest.fixture
def receipt(rig):
    """The unsigned receipt of a census."""
    put("usds-messages-virginia", "k", b"x")
    rig.right(SITE, "census")
    (path,) = rig.right(SITE, "attest", "write")["written"]
    return path


def test_a_key_with_a_passphrase_is_asked_for_it(rig, receipt, monkeypatch):
    """The right one signs, a wrong one is refused without a traceback."""
    key = serialization.load_pem_private_key((rig.folder / "security.pem").read_bytes(), None)
    locked = rig.folder / "locked.pem"
    locked.write_bytes(key.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"secret")))
    for passphrase, code in (("wrong", 2), ("secret", 0)):
        monkeypatch.setattr("click.prompt", lambda *_, given=passphrase, **__: given)
        assert rig.run("attest", "sign", receipt, "--key", str(locked)).code == code
    checked = rig.run("attest", "check", "--job", str(rig.job(SITE)))
    assert (checked.code, checked.out.splitlines()[0]) == (0, "1 receipts, all believed: census")


def test_what_is_signed_is_shown_first(rig, receipt):
    """Step, site, account, census root, counts: on standard error, before the key is used."""
    answer = rig.run("attest", "sign", receipt, "--key", str(rig.folder / "security.pem"))
    assert answer.code == 0
    assert answer.err.splitlines()[0] == "census of virginia (us-east-1, account 123456789012), stack rehearsal"
    assert "  usds-messages-virginia: 1 versions, 0 markers, 0 uploads, 1 bytes" in answer.err.splitlines()


def test_an_unsigned_receipt_is_not_believed(rig, receipt):
    """Exit 1, the file, the reason and who may sign."""
    answer = rig.run("attest", "check", "--job", str(rig.job(SITE)))
    assert (answer.code, "too-few-signers" in answer.err, receipt.rpartition("/")[2] in answer.err) == (1, True, True)


def test_nothing_is_written_twice(rig, receipt):
    """A step has one receipt."""
    assert receipt
    assert rig.step(SITE, "attest", "write").out == "nothing to write\n"


BAD_KEYS = {
    "not there": (None, "no such file"),
    "no key": (b"nonsense", "no readable private key"),
    "another kind": (generate_private_key(SECP256R1()).private_bytes(PEM, PKCS8, PLAIN), "signed with ed25519"),
}


@pytest.mark.parametrize(("content", "said"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_file_that_is_no_ed25519_key_is_refused(rig, content, said):
    """Exit 2 with the file and what is needed."""
    path = rig.folder / "bad.pem"
    if content is not None:
        path.write_bytes(content)
    answer = rig.run("attest", "public-key", "--key", str(path))
    assert (answer.code, said in answer.err) == (2, True), answer


def test_a_public_key_is_printed_as_the_stack_file_wants_it(rig):
    """The same text that the job file names for this signer."""
    path = rig.folder / "new.pem"
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    path.write_bytes(key.private_bytes(PEM, PKCS8, PLAIN))
    answer = rig.run("attest", "public-key", "--key", str(path))
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert (answer.code, answer.out) == (0, base64.b64encode(raw).decode() + "\n")
    rig.edit_job(SITE, signers={"new": answer.out.strip()})
    assert rig.step(SITE, "census").code == 0


def test_a_file_that_is_no_receipt_is_not_signed(rig, receipt):
    """Cut off, or not there: exit 2, and nothing is written."""
    key = str(rig.folder / "security.pem")
    whole = (rig.folder / "receipts" / receipt.rpartition("/")[2]).read_text()
    (rig.folder / "cut.json").write_text(whole[:-40])
    for name in ("cut.json", "missing.json"):
        answer = rig.run("attest", "sign", str(rig.folder / name), "--key", key)
        assert (answer.code, name in answer.err) == (2, True), answer
    assert (rig.folder / "cut.json").read_text() == whole[:-40]
