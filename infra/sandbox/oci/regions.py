"""Regions of Oracle Cloud, and what identifiers look like in them.

Names, keys and realms: Oracle's Go SDK v65, `common/regions.go`. Identifiers carry the three-letter key for the
first two regions and the full name for all later ones (Oracle's page "Resource Identifiers").
"""

import base64
import hashlib
from typing import Final

from infra.sandbox.errors import CloudError, Unreachable

COMMERCIAL: Final = {
    "af-johannesburg-1": "jnb",
    "ap-chuncheon-1": "yny",
    "ap-hyderabad-1": "hyd",
    "ap-melbourne-1": "mel",
    "ap-mumbai-1": "bom",
    "ap-osaka-1": "kix",
    "ap-seoul-1": "icn",
    "ap-singapore-1": "sin",
    "ap-singapore-2": "xsp",
    "ap-sydney-1": "syd",
    "ap-tokyo-1": "nrt",
    "ca-montreal-1": "yul",
    "ca-toronto-1": "yyz",
    "eu-amsterdam-1": "ams",
    "eu-frankfurt-1": "fra",
    "eu-madrid-1": "mad",
    "eu-marseille-1": "mrs",
    "eu-milan-1": "lin",
    "eu-paris-1": "cdg",
    "eu-stockholm-1": "arn",
    "eu-zurich-1": "zrh",
    "il-jerusalem-1": "mtz",
    "me-abudhabi-1": "auh",
    "me-dubai-1": "dxb",
    "me-jeddah-1": "jed",
    "mx-monterrey-1": "mty",
    "mx-queretaro-1": "qro",
    "sa-bogota-1": "bog",
    "sa-santiago-1": "scl",
    "sa-saopaulo-1": "gru",
    "sa-valparaiso-1": "vap",
    "sa-vinhedo-1": "vcp",
    "uk-cardiff-1": "cwl",
    "uk-london-1": "lhr",
    "us-ashburn-1": "iad",
    "us-chicago-1": "ord",
    "us-phoenix-1": "phx",
    "us-saltlake-2": "aga",
    "us-sanjose-1": "sjc",
}
"""Region name -> key, realm OC1."""

UNITED_STATES: Final = frozenset(region for region in COMMERCIAL if region.startswith("us-"))
"""Of realm OC1: other realms have regions of that prefix too."""

_OTHER_REALMS: Final = {
    "us-langley-1": "oc2",
    "us-luke-1": "oc2",
    "us-gov-ashburn-1": "oc3",
    "us-gov-chicago-1": "oc3",
    "us-gov-phoenix-1": "oc3",
    "us-somerset-1": "oc23",
    "us-thames-1": "oc23",
    "us-ashburn-2": "oc42",
    "us-newark-1": "oc42",
}


def refuse_region(region: str, service: str) -> None:
    """What a call to a service's endpoint in a region ends with, where it cannot end well.

    Raises:
        Unreachable: there is no such region, so its host name does not resolve.
        CloudError: the region lies in a realm in which the tenancy does not exist.
    """
    if region in COMMERCIAL:
        return
    if region in _OTHER_REALMS:
        raise CloudError(
            401,
            "NotAuthenticated",
            "The required information to complete authentication was not provided or was incorrect. "
            f"({region} belongs to realm {_OTHER_REALMS[region].upper()}, the tenancy to OC1)",
        )
    host = f"{service}.{region}.oraclecloud.com"
    raise Unreachable(f'Error: Post "https://{host}/": dial tcp: lookup {host}: no such host')


def ocid_region(region: str) -> str:
    """How a region is written inside an OCID; empty for what a tenancy has once."""
    return COMMERCIAL[region] if region in {"us-ashburn-1", "us-phoenix-1"} else region


def ocid(kind: str, region: str, *parts: object, vault: str = "") -> str:
    """An OCID that depends on its parts only."""
    digest = base64.b32encode(hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()).decode().lower()
    prefix = f"{vault}." if vault else ""
    return f"ocid1.{kind}.oc1.{ocid_region(region)}.{prefix}aaaaaaaa{digest.rstrip('=')}"


def vault_part(*parts: object) -> str:
    """The short name a vault has in its endpoints and in the OCIDs of its keys."""
    digest = base64.b32encode(hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()).decode().lower()
    return f"{digest[:13]}aaacu"
