"""The one secret of a stack file: it is read as there or not there, never as what it is, and never repeated."""

from copy import deepcopy

import pytest
import yaml

from infra.residency.findings import ResidencyError, Rule, render
from infra.settings import load_content, read
from tests.cli.project import STACK
from tests.residency.samples import TODAY
from tests.support import custody

WHERE = f"config.{custody.SECRET_KEY}"
HUSH = "hunter2-nobody-may-see-this"


def small():
    """A small stack with its keys outside."""
    return {**yaml.safe_load(STACK)["config"]["usdata:deployment"], "keys": deepcopy(custody.KEYS)}


def findings(secret, **top: object):
    """What is wrong with a file that says this about the secret."""
    document = yaml.safe_load(custody.content(small(), secret))
    document |= top
    return read(yaml.safe_dump({k: v for k, v in document.items() if v is not None}).encode()).findings


def test_an_encrypted_secret_is_known_to_be_there_and_nothing_else():
    """The request has a flag; the value that is compared with the engine's does not have it at all."""
    file = read(custody.content(small()))
    assert (file.findings, file.request.keys.client_secret) == ((), True)
    assert custody.CIPHERTEXT not in repr(file.request)
    assert custody.CIPHERTEXT not in repr(file.value)


def test_who_holds_the_keys_is_read():
    """Every key of `keys.external`, as the file has it."""
    held = read(custody.content(small())).request.keys.external
    wanted = custody.KEYS["external"]
    assert (held.holder, held.held_in, held.domain_url) == (wanted["holder"], wanted["heldIn"], wanted["domain"])
    assert held.client_id == wanted["clientId"]
    assert {name: it.keys for name, it in held.regions.items()} == {
        name: it["keys"] for name, it in wanted["regions"].items()
    }
    here, there = held.regions[custody.REGIONS[0]], wanted["regions"][custody.REGIONS[0]]
    assert (here.vault_url, here.address, here.port, here.authority) == (
        there["vaultUrl"],
        there["address"],
        there["port"],
        there["authority"],
    )


@pytest.mark.parametrize(
    "secret",
    [
        HUSH,
        {"secure": HUSH},
        {"secure": custody.CIPHERTEXT, HUSH: "1"},
        {"secure": {HUSH: HUSH}},
        {"plain": HUSH},
        [HUSH],
        5,
        {},
    ],
)
def test_what_anyone_could_read_is_refused_and_not_repeated(secret):
    """One finding, at its place, and nothing of what stands there is in it."""
    (finding,) = findings(secret)
    assert (finding.path, finding.rule) == (WHERE, Rule.SECRET)
    assert HUSH not in render([finding], "file")
    assert HUSH not in str(finding.document())


def test_a_secret_that_nobody_can_open_is_refused():
    """Without the salt of the passphrase."""
    assert [(it.path, it.rule) for it in findings(None, encryptionsalt=None)] == [(WHERE, Rule.SECRET)]


def test_a_refused_secret_is_no_missing_one():
    """One thing is wrong, so one thing is said."""
    with pytest.raises(ResidencyError) as refused:
        load_content(custody.content(small(), HUSH), configured=None, as_of=TODAY)
    assert [(it.path, it.rule) for it in refused.value.findings] == [(WHERE, Rule.SECRET)]


@pytest.mark.parametrize("key", ["holder", "heldIn", "domain", "clientId", "regions"])
def test_who_holds_the_keys_has_no_default(key):
    """Each key is missed by name."""
    value = small()
    del value["keys"]["external"][key]
    assert (f"keys.external.{key}", Rule.MISSING_KEY) in {
        (it.path, it.rule) for it in read(custody.content(value)).findings
    }


@pytest.mark.parametrize("key", ["vaultUrl", "address", "port", "authority", "keys"])
def test_how_the_manager_is_reached_has_no_default(key):
    """The same in each region."""
    value, region = small(), custody.REGIONS[0]
    del value["keys"]["external"]["regions"][region][key]
    assert (f"keys.external.regions.{region}.{key}", Rule.MISSING_KEY) in {
        (it.path, it.rule) for it in read(custody.content(value)).findings
    }
