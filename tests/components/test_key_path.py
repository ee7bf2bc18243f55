"""Keys held outside Oracle, as registered: references, and a way to their manager that nothing else is on."""

import pytest

from tests.support import custody

KEY, VAULT = "oci:Kms/key:Key", "oci:Kms/vault:Vault"
ENDPOINT = "oci:Kms/ekmsPrivateEndpoint:EkmsPrivateEndpoint"
VCN, SUBNET, TABLE = "oci:Core/vcn:Vcn", "oci:Core/subnet:Subnet", "oci:Core/routeTable:RouteTable"
LIST, DRG, LOG = "oci:Core/defaultSecurityList:DefaultSecurityList", "oci:Core/drg:Drg", "oci:Logging/log:Log"
HERE = "us-ashburn-1"


@pytest.fixture(scope="module")
def made():
    """What is registered where every id is known."""
    return custody.recorded(preview=False)


def one(made, token, name):
    """The inputs of one resource."""
    (found,) = (it.inputs for it in made.of_type(token) if it.name == name)
    return custody.hidden(dict(found))


def test_vaults_and_keys_are_references(made):
    """No key is made, none rotates by itself; the vault says where, by whom and with which secret it asks."""
    wanted = custody.KEYS["external"]
    assert one(made, VAULT, f"vault-{HERE}")["externalKeyManagerMetadata"] == {
        "externalVaultEndpointUrl": wanted["regions"][HERE]["vaultUrl"],
        "privateEndpointId": f"<{ENDPOINT} keys-manager-{HERE}.id>",
        "oauthMetadata": {
            "clientAppId": wanted["clientId"],
            "clientAppSecret": "[secret]",
            "idcsAccountNameUrl": wanted["domain"],
        },
    }
    keys = [it for it in made.of_type(KEY) if "RegionalKeys" in it.urn]
    assert {it.name: it.inputs["externalKeyReference"]["externalKeyId"] for it in keys} == {
        f"{data_class}-{region}": custody.key_of(region, data_class)
        for region in custody.REGIONS
        for data_class in custody.CLASSES
    }
    for it in keys:
        assert (it.inputs["protectionMode"], it.inputs["keyShape"]) == (
            "EXTERNAL",
            {"algorithm": "AES", "length": 32.0},
        )
        assert not {"isAutoRotationEnabled", "autoKeyRotationDetails"} & set(it.inputs)


def test_the_trail_keeps_its_own_keys(made):
    """Logs are under keys of Oracle's hardware: they outlive any contract with a holder of keys."""
    assert {(it.inputs["vaultType"]) for it in made.of_type(VAULT) if "AuditTrail" in it.urn} == {"DEFAULT"}
    assert {(it.inputs["protectionMode"]) for it in made.of_type(KEY) if "AuditTrail" in it.urn} == {"HSM"}


def test_the_way_leads_to_the_manager_and_nowhere_else(made):
    """One route, one rule that lets out and none that lets in, a router of its own, and logs of what passes."""
    wanted = custody.KEYS["external"]["regions"][HERE]
    assert one(made, ENDPOINT, f"keys-manager-{HERE}") | {"definedTags": {}} == {
        "caBundle": custody.AUTHORITY,
        "compartmentId": "<oci:Identity/compartment:Compartment keys.id>",
        "definedTags": {},
        "displayName": "usds-keys-manager-iad",
        "externalKeyManagerIp": wanted["address"],
        "port": 443.0,
        "subnetId": f"<{SUBNET} keys-manager-{HERE}.id>",
    }
    subnet = one(made, SUBNET, f"keys-manager-{HERE}")
    assert (subnet["vcnId"], subnet["cidrBlock"]) == (f"<{VCN} keys-vcn-{HERE}.id>", "10.16.64.0/20")
    assert (subnet["prohibitInternetIngress"], subnet["prohibitPublicIpOnVnic"]) == (True, True)
    (route,) = one(made, TABLE, f"keys-manager-{HERE}")["routeRules"]
    assert (route["destination"], route["networkEntityId"]) == ("192.168.20.10/32", f"<{DRG} keys-drg-{HERE}.id>")
    rules = one(made, LIST, f"keys-default-list-{HERE}")
    assert rules["ingressSecurityRules"] == []
    (rule,) = rules["egressSecurityRules"]
    assert (rule["destination"], rule["protocol"], rule["stateless"]) == ("192.168.20.10/32", "6", False)
    assert rule["tcpOptions"] == {"min": 443.0, "max": 443.0}
    attached = [it.inputs["drgId"] for it in made.of_type("oci:Core/drgAttachment:DrgAttachment")]
    assert attached.count(f"<{DRG} keys-drg-{HERE}.id>") == 1
    flows = one(made, LOG, f"keys-manager-flows-{HERE}")
    assert flows["logGroupId"] == f"<oci:Logging/logGroup:LogGroup flows-{HERE}.id>"
