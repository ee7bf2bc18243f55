"""Identity domains: whose tokens one believes. Of their many types this is the one that is imitated.

Source: Oracle's "Token Exchange Grant Type: Exchanging a JSON Web Token for a UPST" and the schema of the resource.
"""

import hashlib
from typing import Final

from infra.sandbox.model import Call, Model
from infra.sandbox.oci.base import HomeModel, conflict, invalid
from infra.sandbox.values import Json

TRUST: Final = "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"

_TYPES: Final = ("JWT", "SAML", "SPNEGO", "X509", "AWS")


class IdentityPropagationTrust(HomeModel):
    """A trust in one issuer; a domain has one for each. Its id is made of the domain and a number of the domain's."""

    token = TRUST
    kind = "identitypropagationtrust"
    state = None

    def identify(self, call: Call) -> str:
        """As the provider composes it; the number is made from domain and issuer."""
        domain, issuer = str(call.inputs["idcsEndpoint"]), str(call.inputs["issuer"])
        number = hashlib.sha256(f"{domain} {issuer}".encode()).hexdigest()[:32]
        return f"idcsEndpoint/{domain}/identityPropagationTrusts/{number}"

    def refuse(self, call: Call) -> None:
        """A second trust in an issuer, a type that there is not, and a token that nobody could check."""
        if call.inputs["type"] not in _TYPES:
            raise invalid(f"type must be one of {', '.join(_TYPES)}")
        if call.inputs["type"] == "JWT" and not (call.get("publicKeyEndpoint") or call.get("publicCertificate")):
            raise invalid("publicKeyEndpoint or publicCertificate is required for type JWT")
        if call.get("allowImpersonation") and not call.get("impersonationServiceUsers"):
            raise invalid("impersonationServiceUsers is required where allowImpersonation is true")
        if call.is_new and call.visible(TRUST, self.identify(call)) is not None:
            raise conflict("an identity propagation trust with this issuer exists in the domain", "uniqueness")

    def outputs(self, call: Call, id_: str) -> Json:
        """What the domain says about every resource of its own."""
        author: Json = {"value": "simulated", "type": "App"}
        return super().outputs(call, id_) | {
            "ocid": f"ocid1.domainidentitypropagationtrust.oc1..{id_[-32:]}",
            "compartmentOcid": call.place.account,
            "tenancyOcid": call.place.account,
            "domainOcid": f"ocid1.domain.oc1..{hashlib.sha256(str(call.inputs['idcsEndpoint']).encode()).hexdigest()}",
            "deleteInProgress": False,
            "idcsCreatedBies": [author],
            "idcsLastModifiedBies": [author],
            "idcsLastUpgradedInRelease": "",
            "idcsPreventedOperations": [],
            "metas": [{"created": call.timestamp(), "resourceType": "IdentityPropagationTrust"}],
        }


MODELS: tuple[Model, ...] = (IdentityPropagationTrust(),)
