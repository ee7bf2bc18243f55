"""A redacted state: nothing confidential survives, and previews against it are those against the whole state.

The states are one of the simulated clouds' and generated ones. Whether an identifier is itself confidential no test
can say.
"""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.cli.refusal import Exit, Refused
from infra.deploy import redact as module
from infra.deploy.redact import REDACTED, redact
from infra.engine.encoding import SECRET, SIGNATURE_KEY
from tests.cli.project import AS_OF

VAULT, KEY = "urn:pulumi:s::usdata::oci:Kms/vault:Vault::v", "urn:pulumi:s::usdata::oci:Kms/key:Key::k"
ENDPOINT = "https://abcdefg-management.kms.us-ashburn-1.oraclecloud.com"


def hidden(ciphertext):
    """A secret as a state holds it."""
    return {SIGNATURE_KEY: SECRET, "ciphertext": ciphertext}


def export(**vault_outputs: object):
    """A state of a vault and a key in it, whose endpoint is the vault's output."""
    return {
        "version": 3,
        "deployment": {
            "manifest": {"time": "2026-11-24T00:00:00Z", "magic": "m", "version": "v"},
            "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:salt-that-helps-guessing:v1:x:y"}},
            "metadata": {"private": "metadata-of-somebody"},
            "resources": [
                {
                    "urn": VAULT, "custom": True, "id": "ocid1.vault.oc1.iad.a", "type": "oci:Kms/vault:Vault",
                    "inputs": {"displayName": "usds-vault-iad", "word": hidden("cipher-1")},
                    "outputs": {
                        "displayName": "usds-vault-iad", "word": hidden("cipher-2"), "managementEndpoint": ENDPOINT,
                        "timeCreated": "2026-01-01T00:00:00.000Z", "vaultId": "ocid1.vault.oc1.iad.a",
                        **vault_outputs,
                    },
                    "created": "2026-11-24T00:00:00Z",
                },
                {
                    "urn": KEY, "custom": True, "id": "ocid1.key.oc1.iad.a", "type": "oci:Kms/key:Key",
                    "inputs": {"managementEndpoint": ENDPOINT, "label": f"at {ENDPOINT}/", "size": 32},
                    "outputs": {"managementEndpoint": ENDPOINT, "size": 32, "state": "ENABLED"},
                    "dependencies": [VAULT],
                    "propertyDependencies": {"managementEndpoint": [VAULT], "label": [VAULT]},
                },
            ],
        },
    }  # fmt: skip


def test_what_stays_is_exactly_this():
    """Identities, inputs, placeholders that agree; no time but the manifest's, no salt, no ciphertext, no metadata."""
    public = redact(export())
    vault, key = public["deployment"]["resources"]
    mark = vault["outputs"]["managementEndpoint"]
    assert mark.startswith(f"{REDACTED}-")
    assert public["deployment"].keys() == {"manifest", "resources"}
    assert vault == {
        "urn": VAULT, "custom": True, "id": "ocid1.vault.oc1.iad.a", "type": "oci:Kms/vault:Vault",
        "inputs": {"displayName": "usds-vault-iad", "word": hidden(REDACTED)},
        "outputs": {
            "displayName": "usds-vault-iad", "word": hidden(REDACTED), "managementEndpoint": mark,
            "timeCreated": vault["outputs"]["timeCreated"], "vaultId": "ocid1.vault.oc1.iad.a",
        },
    }  # fmt: skip
    assert key["inputs"] == {"managementEndpoint": mark, "label": f"at {mark}/", "size": 32}
    assert key["outputs"] == {"managementEndpoint": mark, "size": 32, "state": key["outputs"]["state"]}
    assert "ENABLED" not in json.dumps(public)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.recursive(
    st.text(alphabet="qwertz", min_size=16, max_size=20) | st.integers(10**9, 10**10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)))  # fmt: skip
@settings(max_examples=30)
def test_no_output_of_whatever_shape_survives(outputs):
    """Texts and numbers that only a cloud said are nowhere in the redacted state, however deep they lay."""
    whole = export(**outputs)
    text = json.dumps(redact(whole), ensure_ascii=False)

    def leaves(value):
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                yield from leaves(item)
        else:
            yield str(value)

    cloud_said = set(leaves(outputs)) - {it["id"] for it in whole["deployment"]["resources"]}
    assert not [said for said in cloud_said if said in text]
    assert "cipher-" not in text
    assert "salt-that" not in text


def test_a_value_that_nothing_covers_is_found_at_the_end(monkeypatch):
    """Should a value slip through, nothing is published: here the covering itself is taken away."""
    monkeypatch.setattr(module, "_covered", lambda value, _fills: value)
    with pytest.raises(Refused) as caught:
        redact(export())
    assert caught.value.code is Exit.FAILED
    assert ENDPOINT not in caught.value.text()


def test_an_unfinished_state_is_not_published():
    """Operations whose end is unknown would show in every preview."""
    state = export()
    state["deployment"]["pending_operations"] = [{"type": "creating", "resource": {}}]
    with pytest.raises(Refused):
        redact(state)


@pytest.mark.no_cover
def test_previews_against_it_are_those_against_the_whole_state(applied, tmp_path):
    """With and without edits: the same steps, for the same reasons, over the same properties."""
    whole, public = tmp_path / "whole.json", tmp_path / "public.json"
    whole.write_text(applied.out("state", "export"))
    public.write_text(json.dumps(redact(json.loads(whole.read_bytes()))))

    def steps(state):
        document = json.loads(applied.preview("--json", "--show-sames", "--state", state))
        return sorted(
            (s["op"], s["urn"], sorted(s.get("detailedDiff") or {}), s.get("replaceReasons") or [])
            for s in document["steps"]
        )

    assert steps(public) == steps(whole)
    applied.edit("      metrics:\n", "      messages: {class: protected}\n      metrics:\n")
    applied.edit("role: primary, cidr: 10.16.0.0/16", "role: primary, cidr: 10.20.0.0/16")
    edited = steps(whole)
    assert {op for op, *_ in edited} >= {"create", "same"}
    assert steps(public) == edited


def test_a_state_is_not_changed_by_redacting_it():
    """The argument stays as it was."""
    state = export()
    before = copy.deepcopy(state)
    redact(state)
    assert (state, AS_OF) == (before, AS_OF)
