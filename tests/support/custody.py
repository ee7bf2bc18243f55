"""The sandbox stack with its keys held outside Oracle: what its file says then, and what the program registers."""

from copy import deepcopy
from functools import cache

import yaml

from infra.engine.encoding import SECRET as SECRET_MARK
from infra.engine.encoding import SIGNATURE_KEY
from infra.program import provision
from infra.residency.planner import plan
from infra.settings import read
from infra.verify.context import Context
from infra.verify.declared import declared
from infra.verify.graph import SECRET
from infra.verify.sources.preview import graph_of
from tests.support.graphs import steps_of
from tests.support.programs import AS_OF, configuration
from tests.support.recorder import record

SECRET_KEY = "usdata:keyManagerSecret"
WORD = "a word that nobody may see"
"""What the secret is in these tests."""
AUTHORITY = "-----BEGIN CERTIFICATE-----\nTUlJQmZEQ0NBU0dnQXdJQkFnSVVZ\n-----END CERTIFICATE-----\n"
CLASSES = ("protected", "excepted", "public")
REGIONS = ("us-ashburn-1", "us-phoenix-1")
KNOWN = (*REGIONS, "us-chicago-1")


def manager(number, region):
    """How a region reaches the key manager."""
    return {
        "vaultUrl": f"https://keys.example.com/v1/vaults/{number}",
        "address": f"192.168.20.{number + 10}",
        "port": 443,
        "authority": AUTHORITY,
        "keys": {data_class: key_of(region, data_class) for data_class in CLASSES},
    }


def key_of(region, data_class):
    """The id at the key manager."""
    return f"0000000{KNOWN.index(region)}-0000-4000-8000-00000000000{CLASSES.index(data_class)}"


KEYS = {
    "vault": "external",
    "external": {
        "holder": "Example Custody LLC",
        "heldIn": "US",
        "domain": "https://idcs-0123456789abcdef0123456789abcdef.identity.oraclecloud.com",
        "clientId": "0123456789abcdef0123456789abcdef",
        "regions": {region: manager(number, region) for number, region in enumerate(REGIONS)},
    },
}
"""`keys` of the stack file."""

SANDBOX_CIPHERTEXT = "v1:+snWfwoYDCuC7zQQ:3tYGm0hozycLvQFjMVSfILP9UZ15V5igs+ENJpMGfY10L2cN8CLL/Bnp"
"""The secret as the sandbox's passphrase encrypts it (`infra.sandbox.ordinary_cli`)."""
SANDBOX_OTHER = "v1:f1mjCrDcqVsVjFC5:BlYq3EPWmmwdZ5WhBYS7xu4+hOWfhLDNl6/XkqhpGK61a81Yb/zNgEhV0GzDocF1"
"""Another one."""
CIPHERTEXT = "v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""One that nobody can open."""


def deployment():
    """The deployment value of the sandbox's file, with its keys outside."""
    return {**deepcopy(configuration("sandbox")["usdata:deployment"]), "keys": deepcopy(KEYS)}


def content(value, secret=None):
    """A stack file of that deployment value, with a secret that nobody can open."""
    secure = {"secure": CIPHERTEXT} if secret is None else secret
    config = {"usdata:deployment": value, SECRET_KEY: secure}
    return yaml.safe_dump({"config": config, "encryptionsalt": "v1:AAAA:v1:AAAA:AAAA"}, sort_keys=False).encode()


def request():
    """What the file asks for."""
    file = read(content(deployment()))
    assert file.findings == ()
    return file.request


@cache
def recorded(*, preview):
    """What is registered; run once and shared, so not to be changed."""
    found = plan(request(), AS_OF)
    return record(lambda: provision(found), preview=preview, stack="sandbox", config={SECRET_KEY: WORD})


@cache
def _steps(*, preview):
    return steps_of(recorded(preview=preview), preview=preview)


def steps(*, preview=True):
    """The steps of a first preview, to be edited: as engines show them, so the secret is not to be seen."""
    return hidden(deepcopy(_steps(preview=preview)))


def hidden(value):
    """A value in which the secret is what engines show in its place; the recorder's SDK marks all that is around it."""
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_MARK:
            return hidden(value["value"])
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return SECRET if isinstance(value, str) and WORD in value else value


def context(found, value=None):
    """What theorems are decided on."""
    said = declared({"usdata:deployment": deployment() if value is None else value})
    return Context(stack="sandbox", graph=graph_of(found), declared=said, as_of=AS_OF)
