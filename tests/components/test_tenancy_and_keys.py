"""Compartments, tags, vaults and keys: exactly these, with exactly these inputs."""

from infra.residency.dataset import DataClass
from tests.support.recorder import Recorded

COMPARTMENT = "oci:Identity/compartment:Compartment"
TAG = "oci:Identity/tag:Tag"
VAULT = "oci:Kms/vault:Vault"
KEY = "oci:Kms/key:Key"
REGIONS = {"us-ashburn-1": "iad", "us-chicago-1": "ord", "us-phoenix-1": "phx"}


def test_compartments_stand_inside_one(made: Recorded):
    """The enclosing one below the root, all others in it, none of them deletable."""
    parents = {r.name: (r.inputs["name"], r.inputs["compartmentId"]) for r in made.of_type(COMPARTMENT)}
    enclosing = f"<{COMPARTMENT} enclosing.id>"
    assert parents == {
        "enclosing": ("usds", "ocid1.tenancy.oc1..aaaaaaaasandbox"),
        "protected": ("protected", enclosing),
        "excepted": ("excepted", enclosing),
        "public": ("public", enclosing),
        "keys": ("keys", enclosing),
        "network": ("network", enclosing),
        "edge": ("edge", enclosing),
        "audit": ("audit", enclosing),
    }
    assert {r.inputs["enableDelete"] for r in made.of_type(COMPARTMENT)} == {False}


def test_tags_that_decide_are_closed_lists(recorded: Recorded):
    """Data class, phase and role come from the kernel's lists; the owner is free text."""
    assert {r.name: r.inputs.get("validator") for r in recorded.of_type(TAG)} == {
        "data-class": {"validatorType": "ENUM", "values": ["protected", "excepted", "public"]},
        "owner": None,
        "phase": {"validatorType": "ENUM", "values": ["live", "backup", "drain", "wipe"]},
        "role": {"validatorType": "ENUM", "values": ["primary", "replica"]},
        "sends": {"validatorType": "ENUM", "values": ["logs"]},
    }
    (sending,) = [r for r in recorded.of_type(COMPARTMENT) if "definedTags" in r.inputs]
    assert (sending.name, sending.inputs["definedTags"]) == ("audit", {"usds.sends": "logs"})
    (namespace,) = recorded.of_type("oci:Identity/tagNamespace:TagNamespace")
    assert namespace.inputs["name"] == "usds"


def test_nothing_is_made_untagged_where_data_and_keys_are(made: Recorded):
    """Owner and phase wherever holders are, the class where data is: required, not merely filled in."""
    defaults = made.of_type("oci:Identity/tagDefault:TagDefault")
    assert {r.inputs["isRequired"] for r in defaults} == {True}
    assert {(r.inputs["compartmentId"], r.inputs["tagDefinitionId"], r.inputs["value"]) for r in defaults} == {
        (f"<{COMPARTMENT} {compartment}.id>", f"<{TAG} {tag}.id>", value)
        for compartment in ("protected", "excepted", "public", "keys")
        for tag, value in (("owner", "usds"), ("phase", "live"), ("data-class", compartment))
        if (compartment, tag) != ("keys", "data-class")
    }


def test_every_region_has_one_vault_and_a_key_for_each_class(made: Recorded):
    """In hardware, AES-256, in the vault of the same region, in the compartment for keys."""
    assert {(r.name, r.inputs["displayName"], r.inputs["vaultType"]) for r in made.of_type(VAULT)} == {
        (f"vault-{region}", f"usds-vault-{key}", "DEFAULT") for region, key in REGIONS.items()
    }
    assert {r.name for r in made.of_type(KEY)} == {
        f"{data_class}-{region}" for data_class in DataClass for region in REGIONS
    }
    for key in made.of_type(KEY):
        data_class, _, region = key.name.partition("-")
        assert key.inputs == {
            "compartmentId": f"<{COMPARTMENT} keys.id>",
            "definedTags": {"usds.data-class": data_class, "usds.owner": "usds", "usds.phase": "live"},
            "displayName": f"usds-{data_class}-{REGIONS[region]}",
            "keyShape": {"algorithm": "AES", "length": 32.0},
            "managementEndpoint": f"<{VAULT} vault-{region}.managementEndpoint>",
            "protectionMode": "HSM",
        }
