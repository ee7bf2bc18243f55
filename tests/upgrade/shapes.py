"""Prints what the installed SDKs are, which inputs they give the types that the proof models, and the inventories.

Runs in two environments, the pinned one and that of the newest SDKs: `python -m tests.upgrade.shapes`.
"""

import json
from importlib.metadata import version

from infra import settings
from infra.facts import sdk
from tests.support import inventory
from tests.support.programs import ROOT

LISTS = ROOT / "infra" / "verify" / "data"
SDKS = ("pulumi", "pulumi-aws", "pulumi-oci")


def main() -> None:
    """Print the document."""
    # The program first: it loads the SDKs' packages as a whole, of which introspection then takes single modules.
    inventories = {stack: inventory.render(stack) for stack in settings.stacks(ROOT)}
    types = sorted({token for file in LISTS.glob("*.json") for token in json.loads(file.read_bytes()) if ":" in token})
    described = {token: sdk.describe(token) for token in types}
    document = {
        "versions": {name: version(name) for name in SDKS},
        "inputs": {token: sorted(facts.inputs) for token, facts in described.items() if facts is not None},
        "inventories": inventories,
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
