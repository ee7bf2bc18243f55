"""States in every shape in which Pulumi 3.200 to 3.274 exports them: read, kept and written again.

Proves that what is read is written as it was, fields that nobody knows included, that secrets survive without the
passphrase, and that a state which would need more than this engine has is refused by name. That Pulumi reads what is
written here is proved where `pulumi` is on PATH (tests/integration).
"""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.engine import state
from infra.engine.resource import Operation, OperationKind, Resource
from infra.engine.secrets import SecretsError, SecretsManager
from infra.engine.state import Deployment, StateError
from infra.engine.values import Encrypted, Secret, equal

STACK = "urn:pulumi:prod::usdata::pulumi:pulumi:Stack::usdata-prod"
URN = "urn:pulumi:prod::usdata::oci:Core/vcn:Vcn::vcn"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def never(_text):
    """Nothing is to be encrypted."""
    raise AssertionError("a secret would be encrypted")


def text(document):
    """A document as JSON, which tells `1` from `true` and from `1.5`."""
    return json.dumps(document, sort_keys=True)


def exported(*resources: Any, version=3, **fields: Any):
    """What `pulumi stack export` prints."""
    inner = {"manifest": {"time": "2026-01-01T00:00:00Z", "magic": "m", "version": "v3.200.0"}}
    if resources:
        inner["resources"] = list(resources)
    return {"version": version, **fields, "deployment": {**inner, "metadata": {}}}


def vcn(**fields: Any):
    """A resource of such a state."""
    return {"urn": URN, "custom": True, "id": "ocid1.vcn.oc1.iad.a", "type": "oci:Core/vcn:Vcn", **fields}


OLDEST = vcn(
    inputs={"cidrBlocks": ["10.0.0.0/16"], "__defaults": []},
    outputs={"cidrBlocks": ["10.0.0.0/16"], "ratio": 0.5, "big": 1e21, "none": None},
    parent=STACK,
    provider="urn:pulumi:prod::usdata::pulumi:providers:oci::oci-iad::8f0c-1",
    dependencies=[STACK],
    propertyDependencies={"cidrBlocks": [], "compartmentId": [STACK]},
    protect=True,
    retainOnDelete=True,
    customTimeouts={"create": 300, "delete": 5400},
    additionalSecretOutputs=["key"],
    created="2025-01-01T00:00:00Z",
    modified="2025-01-02T00:00:00Z",
    sourcePosition="project:///components/vcn.py#12",
)
"""Fields as 3.200 writes them."""

NEWEST = vcn(
    ignoreChanges=["freeformTags"],
    replaceOnChanges=["cidrBlocks"],
    hideDiff=["definedTags"],
    stackTrace=[{"sourcePosition": "project:///__main__.py#5"}],
    replacementTrigger={"week": 12},
    external=True,
    importID="ocid1.vcn.oc1.iad.a",
    deletedWith=STACK,
    initErrors=["timed out"],
    somethingOfTomorrow={"kept": [1, True, None]},
)
"""Fields that came later, one that no version has included."""


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(exported(), id="nothing deployed"),
        pytest.param(exported(OLDEST), id="3.200"),
        pytest.param(exported(NEWEST), id="3.274"),
        pytest.param(exported(vcn(taint=True), version=4, features=["taint"]), id="version 4: taint"),
        pytest.param(
            exported(
                vcn(refreshBeforeUpdate=True, replaceWith=[STACK]),
                version=4,
                features=["refreshBeforeUpdate", "replaceWith"],
            ),
            id="version 4: two features",
        ),
        pytest.param(
            exported(
                vcn(inputs={"key": {**SECRET, "ciphertext": "v1:n:c"}, "deep": [{"k": {**SECRET, "ciphertext": "x"}}]})
            ),
            id="secrets of a key nobody has",
        ),
    ],
)
def test_what_is_read_is_written_as_it_was(document):
    """Byte for byte but for the order of keys; no secret is opened or closed for it."""
    assert text(state.dump(state.load(document), encrypt=never)) == text(document)


def test_pending_operations_are_kept():
    """With the resource as far as it was known; a feature that only it needs is named too."""
    document = exported(version=4, features=["taint"])
    document["deployment"]["pending_operations"] = [{"resource": vcn(taint=True), "type": "updating"}]
    assert state.dump(state.load(document), encrypt=never) == document


def test_the_file_backends_own_file():
    """The same deployment in its other envelope; an empty one and one of a new stack are empty states."""
    inner = exported(OLDEST)["deployment"]
    checkpoint = {"version": 3, "checkpoint": {"stack": "organization/usdata/prod", "latest": inner}}
    assert state.dump(state.load(checkpoint), encrypt=never) == exported(OLDEST)
    for empty in ({}, {"version": 3, "checkpoint": {"stack": "s"}}, {"version": 3, "deployment": None}):
        assert state.load(empty).resources == []


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e20, 1e20).filter(lambda f: f % 1)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(inputs=st.dictionaries(st.text(max_size=8), json_values, min_size=1, max_size=4), ciphertext=st.text(min_size=1))
def test_any_values_survive(inputs, ciphertext):
    """Law: reading and writing changes no value, wherever a secret stands among them."""
    document = exported(vcn(inputs=inputs, outputs={"o": [inputs, {**SECRET, "ciphertext": ciphertext}]}))
    assert text(state.dump(state.load(document), encrypt=never)) == text(document)


class TestSecrets:
    """Secrets of a state, with and without the passphrase."""

    @pytest.fixture
    def written(self):
        """A state with a secret under a passphrase, as it stands in the file."""
        manager = SecretsManager("right", rounds=1)
        records = [Resource(urn=URN, type="t:m:T", custom=True, id="i", inputs={"key": Secret({"a": [1, "ü"]})})]
        document = state.dump(Deployment(resources=records), encrypt=manager.encrypt)
        document["deployment"]["secrets_providers"] = manager.providers
        return document

    def test_opened(self, written):
        """With the passphrase the value is there, marked; written again, its ciphertext is the same."""
        manager = SecretsManager("right", rounds=1)
        manager.adopt(state.secrets_providers_of(written))
        loaded = state.load(written, decrypt=manager.decrypt)

        assert equal(loaded.resources[0].inputs["key"], Secret({"a": [1, "ü"]}))
        assert "ü" not in json.dumps(written, ensure_ascii=False)
        assert state.dump(loaded, encrypt=never) == written

    def test_left_closed(self, written):
        """Without it, two secrets are equal if their ciphertexts are; against a value it is undecided, so not equal."""
        one = state.load(written).resources[0].inputs["key"]
        other = state.load(written).resources[0].inputs["key"]

        assert isinstance(one.element, Encrypted)
        assert equal(one, other)
        assert not equal(one, Secret({"a": [1, "ü"]}))
        assert not equal(one, Secret(Encrypted("v1:other:text"), "v1:other:text"))

    def test_opened_equals_closed(self, written):
        """The same secret read with and without the passphrase is the same."""
        manager = SecretsManager("right", rounds=1)
        manager.adopt(state.secrets_providers_of(written))
        opened = state.load(written, decrypt=manager.decrypt).resources[0].inputs["key"]
        assert equal(opened, state.load(written).resources[0].inputs["key"])

    def test_wrong_passphrase(self, written):
        """Is found out before any secret is tried."""
        manager = SecretsManager("wrong", rounds=1)
        manager.adopt(state.secrets_providers_of(written))
        with pytest.raises(SecretsError, match="the passphrase is not the one"):
            state.load(written, decrypt=manager.decrypt)

    def test_damaged(self, written):
        """A changed ciphertext is no secret any more."""
        manager = SecretsManager("right", rounds=1)
        manager.adopt(state.secrets_providers_of(written))
        secret = written["deployment"]["resources"][0]["inputs"]["key"]
        secret["ciphertext"] = secret["ciphertext"][:-8] + "AAAAAAA="
        with pytest.raises(SecretsError, match="damaged"):
            state.load(written, decrypt=manager.decrypt)

    def test_shown(self):
        """`stack export --show-secrets` holds plain text: it is read as a secret, and never written in plain again."""
        shown = exported(vcn(inputs={"key": {**SECRET, "plaintext": '"open"'}}))
        loaded = state.load(shown)
        assert equal(loaded.resources[0].inputs["key"], Secret("open"))
        manager = SecretsManager("p", rounds=1)
        assert "open" not in json.dumps(state.dump(loaded, encrypt=manager.encrypt))
        with pytest.raises(SecretsError, match="no passphrase to encrypt it with"):
            state.dump(loaded, encrypt=SecretsManager(None).encrypt)

    @pytest.mark.parametrize("kind", ["service", "cloud"])
    def test_of_another_provider(self, kind):
        """Secrets that a cloud's key service keeps stay closed, whatever passphrase is at hand, and are kept."""
        document = exported(vcn(inputs={"key": {**SECRET, "ciphertext": "AAAB"}}))
        document["deployment"]["secrets_providers"] = {
            "type": kind,
            "state": {"url": "awskms://k", "encryptedkey": "e"},
        }
        manager = SecretsManager("p")
        manager.adopt(state.secrets_providers_of(document))

        assert not manager.can_decrypt
        assert state.dump(state.load(document), encrypt=manager.encrypt) == document
        with pytest.raises(SecretsError, match=f"encrypted with '{kind}'"):
            manager.encrypt("new")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document must be an object, not list"),
        ({"version": 2, "deployment": {}}, "the state has version 2; this engine reads versions 3 and 4"),
        ({"version": 3}, 'the state has neither "deployment" (a stack export) nor "checkpoint" (a file backend)'),
        ({"version": 3, "deployment": 7}, "deployment must be an object, not int"),
        (
            exported(version=4, features=["views", "byteString", "taint"]),
            "the state uses features this engine does not support: byteString, views",
        ),
        (exported(7), "a resource must be an object, not int"),
        (exported({"type": "t"}), "a resource has no valid URN: None"),
        (exported({"urn": URN}), f"resource {URN} has no type"),
        (exported(vcn(custom=False)), f"resource {URN} is a component but has an identifier"),
        (
            exported(vcn(viewOf=STACK, resourceHooks={"beforeDelete": ["h"]})),
            f"resource {URN} is a view of another resource and has resource hooks, which this engine does not support",
        ),
        (exported(vcn(extensionRef="e")), f"resource {URN} is of a parameterized package, which this engine does not"),
        (exported(vcn(snippetID="s")), f"resource {URN} comes from a snippet, which this engine does not support"),
        (
            exported(vcn(inputs={"k": {**SECRET}})),
            f"resource {URN}: a secret needs exactly one of ciphertext and plaintext",
        ),
        (
            exported(vcn(inputs={"k": {"4dabf18193072939515e22adb298388d": "?"}})),
            f"resource {URN}: unrecognized signature '?' in a property",
        ),
        (
            exported(vcn(inputs={"k": {"4dabf18193072939515e22adb298388d": "803fd3297a5875dc03ca845dda5d2a98"}})),
            f"resource {URN}: a property holds bytes, which this engine does not support",
        ),
    ],
)
def test_refused(document, message):
    """What cannot be read, or must be heeded and is not, is named."""
    with pytest.raises(StateError) as caught:
        state.load(document)
    assert str(caught.value).startswith(message)


def test_refused_beside_resources():
    """The same for what a deployment holds besides resources."""
    for key in ("snippets", "extensions"):
        document = exported()
        document["deployment"][key] = [{"id": "x"}]
        with pytest.raises(StateError, match=f"the state has {key}, which this engine does not support"):
            state.load(document)
    document = exported()
    document["deployment"]["pending_operations"] = [{"resource": vcn(), "type": "dreaming"}]
    with pytest.raises(StateError, match="a pending operation has the unknown type 'dreaming'"):
        state.load(document)


def test_a_new_state_says_who_wrote_it():
    """The magic number is the hash of the version, which Pulumi checks."""
    pending = [Operation(resource=Resource(urn=URN, type="t:m:T", custom=True), kind=OperationKind.CREATING)]
    manifest = state.dump(Deployment(pending_operations=pending), encrypt=never)["deployment"]["manifest"]
    assert manifest["version"] == "v3.260.0"
    assert manifest["magic"] == hashlib.sha256(b"v3.260.0").hexdigest()
