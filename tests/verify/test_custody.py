"""Keys held outside Oracle: proved where they are just what is declared, and a deliberate break for each rule.

Starts from a first preview of the sandbox with its keys outside. Proves that T6 answers so by both of its deciders, and
that no certificate of the unbroken stack passes with the broken one; not where the keys really are, which is declared.
"""

from copy import deepcopy

import pytest

from infra.verify.certificate import certificate
from infra.verify.checker import checker
from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.proof import prove
from infra.verify.theorems import keys as t6
from infra.verify.verdict import Answer
from tests.support import custody
from tests.support.graphs import context as shipped
from tests.verify.certificates import refusal, resealed

REFUTED, UNDECIDED, PROVED = Answer.REFUTED, Answer.UNDECIDED, Answer.PROVED
METADATA, HERE = "externalKeyManagerMetadata", "us-ashburn-1"


@pytest.fixture(scope="module")
def whole():
    """The steps of the unbroken stack; not to be changed."""
    return custody.steps()


ABOUT = ("oci:Kms/", "oci:ObjectStorage/bucket", "oci:Identity/compartment", "aws:s3/", "aws:kms/", "pulumi:providers:")
"""Beginnings of the types that T6 reads; and what is on the way to the manager."""


@pytest.fixture(scope="module")
def part(whole):
    """The steps of what T6 reads; not to be changed."""
    return [it for it in whole if it["newState"]["type"].startswith(ABOUT) or "::keys-" in it["urn"]]


@pytest.fixture(scope="module")
def certified(whole):
    """Its certificate."""
    return certificate(prove(custody.context(whole)), kind="preview")


def named(steps, kind, name):
    """A resource to be edited, by the last part of its type and its name: a copy in place of the shared one."""
    (at,) = (
        number
        for number, it in enumerate(steps)
        if it["urn"].endswith(f"::{name}") and it["newState"]["type"].endswith(f":{kind}")
    )
    steps[at] = deepcopy(steps[at])
    return steps[at]["newState"]


def manager(**inputs: object):
    """The vault says something else about its manager; what is None is left out."""

    def edit(steps):
        said = named(steps, "Vault", f"vault-{HERE}")["inputs"][METADATA]
        oauth = {"clientAppId", "clientAppSecret", "idcsAccountNameUrl"}
        for name, value in inputs.items():
            place = said["oauthMetadata"] if name in oauth else said
            if value is None:
                del place[name]
            else:
                place[name] = value

    return edit


def put(kind, logical, **inputs: object):
    """Other inputs of one resource."""
    return lambda steps: named(steps, kind, logical)["inputs"].update(inputs)


def comes_from(kind, name, property_, other, source):
    """An unknown input comes from another resource."""

    def edit(steps):
        named(steps, kind, name)["propertyDependencies"][property_] = [named(steps, other, source)["urn"]]

    return edit


def gave_back(steps):
    """The provider gave the secret back, and it was kept as it came."""
    vault = named(steps, "Vault", f"vault-{HERE}")
    vault["outputs"] = {METADATA: {"oauthMetadata": {"clientAppSecret": custody.WORD}}}


def stranger(steps):
    """The vault names an endpoint of somebody else's."""
    manager(privateEndpointId="ocid1.ekmsprivateendpoint.oc1.iad.stranger")(steps)


def in_hardware(steps):
    """A dataset's key is one of Oracle's after all, in a vault of its own."""
    named(steps, "Vault", f"vault-{HERE}")["inputs"] = {"vaultType": "DEFAULT"}
    for data_class in custody.CLASSES:
        key = named(steps, "Key", f"{data_class}-{HERE}")["inputs"]
        key["protectionMode"] = "HSM"
        del key["externalKeyReference"]


ENDPOINT = ("EkmsPrivateEndpoint", f"keys-manager-{HERE}")
KEY = ("Key", f"protected-{HERE}")
OTHER_CLASS = {"externalKeyId": custody.key_of(HERE, "public")}
BREAKS = {
    "another vault at the manager": (manager(externalVaultEndpointUrl="https://else.example.com/v1/vaults/0"), REFUTED),
    "a vault that is not known": (manager(externalVaultEndpointUrl=UNKNOWN), UNDECIDED),
    "another application": (manager(clientAppId="f" * 32), REFUTED),
    "another identity domain": (manager(idcsAccountNameUrl="https://else.example.com"), REFUTED),
    "the secret in the clear": (manager(clientAppSecret=custody.WORD), REFUTED),
    "no secret": (manager(clientAppSecret=None), REFUTED),
    "the secret given back in the clear": (gave_back, REFUTED),
    "a manager that is not shown": (put("Vault", f"vault-{HERE}", **{METADATA: SECRET}), UNDECIDED),
    "a manager that is a text": (put("Vault", f"vault-{HERE}", **{METADATA: "strange"}), REFUTED),
    "no manager": (put("Vault", f"vault-{HERE}", **{METADATA: None}), UNDECIDED),
    "a stranger's endpoint": (stranger, REFUTED),
    "an endpoint that comes from nowhere": (
        comes_from("Vault", f"vault-{HERE}", METADATA, "Vcn", f"keys-vcn-{HERE}"),
        UNDECIDED,
    ),
    "the other region's endpoint": (
        comes_from("Vault", f"vault-{HERE}", METADATA, "EkmsPrivateEndpoint", "keys-manager-us-phoenix-1"),
        REFUTED,
    ),
    "another address": (put(*ENDPOINT, externalKeyManagerIp="192.168.99.9"), REFUTED),
    "another port": (put(*ENDPOINT, port=8443), REFUTED),
    "other authorities": (put(*ENDPOINT, caBundle="-----BEGIN CERTIFICATE-----"), REFUTED),
    "an address that is not known": (put(*ENDPOINT, externalKeyManagerIp=UNKNOWN), UNDECIDED),
    "an endpoint in a stranger's subnet": (put(*ENDPOINT, subnetId="ocid1.subnet.oc1.iad.stranger"), REFUTED),
    "an endpoint in a subnet from nowhere": (
        comes_from(*ENDPOINT, "subnetId", "Vcn", f"keys-vcn-{HERE}"),
        UNDECIDED,
    ),
    "an endpoint in the other region's subnet": (
        comes_from(*ENDPOINT, "subnetId", "Subnet", "keys-manager-us-phoenix-1"),
        REFUTED,
    ),
    "a key that nobody declared": (put(*KEY, externalKeyReference={"externalKeyId": "f" * 8}), REFUTED),
    "the key of another class": (put(*KEY, externalKeyReference=OTHER_CLASS), REFUTED),
    "a key that is not known": (put(*KEY, externalKeyReference={"externalKeyId": UNKNOWN}), UNDECIDED),
    "a reference that is not shown": (put(*KEY, externalKeyReference=SECRET), UNDECIDED),
    "a reference to nothing": (put(*KEY, externalKeyReference=None), REFUTED),
    "a key of Oracle's in a vault of references": (put(*KEY, protectionMode="HSM", externalKeyReference=None), REFUTED),
    "a key kept nobody knows how": (put(*KEY, protectionMode=UNKNOWN, externalKeyReference=None), REFUTED),
    "a key from a backup": (put(*KEY, restoreFromFile={"contentLength": "1"}), REFUTED),
    "references in a vault of hardware": (put("Vault", f"vault-{HERE}", vaultType="VIRTUAL_PRIVATE"), REFUTED),
    "a region whose keys are Oracle's": (in_hardware, REFUTED),
    "the name of another region's logs": (put("Bucket", f"profiles-{HERE}", name="usds-audit-phx"), REFUTED),
    "a bucket of no dataset": (put("Bucket", f"profiles-{HERE}", name="usds-more-iad"), REFUTED),
    "a bucket under another class's key": (
        comes_from("Bucket", f"profiles-{HERE}", "kmsKeyId", "Key", f"public-{HERE}"),
        REFUTED,
    ),
}
DECLARED = {
    "nobody": {"vault": "shared"},
    "abroad": {**custody.KEYS, "external": {**custody.KEYS["external"], "heldIn": "DE"}},
    "a name that is markup": {**custody.KEYS, "external": {**custody.KEYS["external"], "holder": "<b>x</b>"}},
    "another holder's region": {
        **custody.KEYS,
        "external": {**custody.KEYS["external"], "regions": {"us-phoenix-1": {}, HERE: {}}},
    },
}


def test_what_is_declared_is_proved(whole, certified):
    """All theorems, and the checker; the holder is named among the assumptions, where there is one."""
    proof = prove(custody.context(whole))
    assert proof.answer is PROVED
    (said,) = [line for it in proof.verdicts for line in it.assumptions if "Example Custody LLC" in line]
    assert said.startswith("Example Custody LLC holds the keys in the United States")
    assert t6.decide_slowly(custody.context(whole)) is PROVED
    assert refusal(certified, document(whole)) == ""
    assert len(t6.decide(shipped("sandbox")).assumptions) == len(t6.ASSUMPTIONS)


def document(steps, keys=custody.KEYS):
    """A preview's document."""
    config = {"usdata:deployment": {**custody.deployment(), "keys": keys}, custody.SECRET_KEY: SECRET}
    return {"config": config, "steps": steps, "changeSummary": {}}


@pytest.mark.parametrize(("edit", "answer"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_found(edit, answer, part, certified):
    """By both deciders; and the checker, whatever digests a forger makes right."""
    steps = list(part)
    edit(steps)
    context = custody.context(steps)
    assert (t6.decide(context).answer, t6.decide_slowly(context)) == (answer, answer)
    assert refused(document(steps), certified)


def refused(document, certified):
    """Whether the checker finds something of keys, or of what they say, that does not follow from a document."""
    stack = checker.Stack(document, certified)
    try:
        checker.keys(stack)
        for it in stack.of(checker.VAULT, checker.KEY, checker.ENDPOINT):
            checker.walk(stack, it, stack.models[it.type], it.inputs, "")
    except (checker.RefusedError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return True
    return False


def test_the_part_alone_is_fine(part, certified):
    """So that a break is all that is found."""
    assert (t6.decide(custody.context(part)).answer, refused(document(part), certified)) == (PROVED, False)


@pytest.mark.parametrize("keys", DECLARED.values(), ids=DECLARED)
def test_what_is_not_declared_is_refuted(keys, whole):
    """The same resources, of which the configuration says something else."""
    context = custody.context(whole, {**custody.deployment(), "keys": keys})
    assert (t6.decide(context).answer, t6.decide_slowly(context)) == (REFUTED, REFUTED)


def test_a_certificate_names_the_declared_holder(whole, certified):
    """Another name in the assumption, or none, is refused; so is a declaration of another country."""
    for line in ("Somebody Else holds the keys", ""):
        forged = deepcopy(certified)
        (found,) = (it for it in forged["theorems"] if it["id"] == "T6")
        found["assumptions"] = [
            line + it.removeprefix("Example Custody LLC holds the keys") for it in found["assumptions"]
        ]
        assert "assumptions" in refusal(resealed(forged), document(whole))
    abroad = deepcopy(certified)
    abroad["declared"]["keys"]["external"]["heldIn"] = "DE"
    abroad["digests"]["configuration"] = checker.sha256(checker.canonical(abroad["declared"]))
    assert refusal(resealed(abroad), document(whole, DECLARED["abroad"]))


def test_a_refutation_shows_no_secret(whole):
    """Where it stands in the clear is said, and what it is, is not."""
    steps = list(whole)
    manager(clientAppSecret=custody.WORD)(steps)
    verdict = t6.decide(custody.context(steps))
    told = [line for it in verdict.counterexamples for line in it.lines()]
    assert any("in the clear" in line for line in told)
    assert not any(custody.WORD in line for line in told)
