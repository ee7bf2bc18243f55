"""What is in the clouds before a stack is: buckets that it adopts, and the trust that it takes over."""

import json
from pathlib import Path

from infra.sandbox import seeding
from infra.sandbox.aws.documents import ROLE
from infra.sandbox.aws.iam import OIDC_PROVIDER, POLICY, ROLE_POLICY
from infra.sandbox.oci.domains import TRUST
from tests.support.programs import shipped
from tests.support.recorder import Recorded

ADOPTED = ("tt-sg-messages-backup", "tt-sg-profiles-backup")
"""The buckets that production adopts."""


def legacy_bucket(clouds: Path, name: str) -> None:
    """A bucket that was in Singapore before any stack."""
    seeding.seed(clouds, "aws:s3/bucket:Bucket", name, account="222222222222", region="ap-southeast-1")


def trust(clouds: Path, made: Recorded | None = None) -> None:
    """What a program takes over of the trust in its jobs, as `python -m infra.deploy trust` has it made.

    Args:
        clouds: the simulated clouds.
        made: what the program registers; production's, if none is given.
    """
    made = made or shipped("us-prod", preview=False)
    for it in made.resources.values():
        if it.type in {OIDC_PROVIDER, ROLE, ROLE_POLICY, POLICY, TRUST} and it.import_id:
            told = made.providers()[it.provider].inputs
            account = json.loads(told["allowedAccountIds"])[0] if it.type != TRUST else told["tenancyOcid"]
            given = {key: value for key, value in it.inputs.items() if key != "name"}
            name = str(it.inputs.get("name", "ci"))
            seeding.seed(clouds, it.type, name, account=account, region=told["region"], inputs=given)
