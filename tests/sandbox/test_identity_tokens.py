"""Whom the simulated clouds believe by a token: what their APIs refuse of an issuer and of a trust in one.

No token is checked here: nothing in the simulated clouds logs in.
"""

import pytest

from tests.sandbox.client import ACCOUNT, Refused

PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
TRUST = "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"
ISSUER, DOMAIN = "https://token.example.com", "https://idcs-1.identity.oraclecloud.com"
GIVEN = {
    "idcsEndpoint": DOMAIN,
    "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"],
    "name": "jobs",
    "type": "JWT",
    "issuer": ISSUER,
    "publicKeyEndpoint": f"{ISSUER}/jwks",
}


def test_an_account_believes_an_issuer_once(aws):
    """By an ARN that is made of its address; the thumbprint is looked up where none is given."""
    account = aws("us-east-1")
    id_, outputs = account.create(PROVIDER, {"url": ISSUER, "clientIdLists": ["a"]}, name="p")
    assert id_ == outputs["arn"] == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com"
    assert len(outputs["thumbprintLists"]) == 1
    with pytest.raises(Refused):
        aws("us-east-1").create(PROVIDER, {"url": ISSUER, "clientIdLists": ["a"]}, name="q")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"url": f"{ISSUER}?x=1", "clientIdLists": ["a"]}, "Invalid Open ID Connect Provider URL"),
        ({"url": ISSUER, "clientIdLists": [f"a{number}" for number in range(101)]}, "Cannot exceed quota"),
    ],
)
def test_what_is_no_issuer_is_refused(aws, inputs, said):
    """In IAM's own words."""
    with pytest.raises(Refused, match=said):
        aws("us-east-1").create(PROVIDER, inputs, name="p")


def test_a_domain_has_one_trust_for_an_issuer(oci):
    """A second one is refused, and so is what nobody could check."""
    home = oci("us-ashburn-1")
    id_, _ = home.create(TRUST, GIVEN, name="t")
    assert id_.startswith(f"idcsEndpoint/{DOMAIN}/identityPropagationTrusts/")
    for change, said in (
        ({}, "with this issuer exists"),
        ({"issuer": "https://else", "type": "TOKEN"}, "type must be one of"),
        ({"issuer": "https://else", "publicKeyEndpoint": None}, "is required for type JWT"),
        ({"issuer": "https://else", "allowImpersonation": True}, "impersonationServiceUsers is required"),
    ):
        inputs = {key: value for key, value in (GIVEN | change).items() if value is not None}
        with pytest.raises(Refused, match=said):
            home.create(TRUST, inputs, name="u")
