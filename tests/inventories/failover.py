"""What each step of a failover does to the sandbox stack, as text to be read as a diff.

The way to the other region, and the loss of the primary, are played by the embedded engine on simulated clouds; what a
command asks of Object Storage between two updates is asked here too. The way back is the same with the regions
exchanged, but for the versions that both then have kept: the drills play it.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from infra.cli.deployed import deployed
from infra.engine.options import Command
from infra.residency.deployment import DeploymentRequest
from infra.residency.failover import Roles, step_towards
from infra.residency.lifecycle import Phase
from infra.residency.regions import UsRegion
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from infra.sandbox.oci.outages import set_outage
from tests.inventories.moves import lines
from tests.support.inventory import COMMAND, FOLDER
from tests.support.phases import Life, request
from tests.support.receipts import evidence

PATH = FOLDER / "phases" / "failover.yaml"
_OLD, _NEW = UsRegion("us-ashburn-1"), UsRegion("us-phoenix-1")
_SHIPPED = Roles(primary=_OLD, other=_NEW)
_BUCKETS = ("avatars", "metrics", "profiles", "videos", "videos-1")


def render() -> str:
    """The inventory of all steps; a preview of the exchange and of the loss shows what the update then does."""
    steps: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        life, now = Life.begun(Path(folder)), _SHIPPED
        while (after := step_towards(now, _NEW)) is not None:
            steps[f"{now.text()} -> {after.text()}"] = _step(life, now, after)
            now = after
    with TemporaryDirectory() as folder:
        life = Life.begun(Path(folder))
        set_outage(life.clouds, _OLD.value, lost=True)
        after = Roles(primary=_NEW, other=_OLD, lost=True)
        steps[f"{_SHIPPED.text()} -> {after.text()}"] = _step(life, _SHIPPED, after)
    body = yaml.safe_dump({"stack": "sandbox", "steps": steps}, sort_keys=False, width=140)
    return f"# Written by `{COMMAND}`; read it as a diff.\n{body}"


def _step(life: Life, now: Roles, after: Roles) -> dict[str, Any]:
    asked, exchanged = _request(life, after), after.primary is not now.primary
    had = evidence(deployed=deployed(life.state))
    shown = life.apply(asked, had, command=Command.PREVIEW)[1] if exchanged else None
    if exchanged:
        api = ObjectApi(life.clouds)
        for bucket in _buckets(after.primary, asked.oci.object_storage_namespace):
            api.make_writable(bucket)
    result, done = life.apply(asked, had)
    assert result.exit == 0
    assert shown in {None, done}
    return lines(done)


def _buckets(region: UsRegion, namespace: str) -> Iterator[Bucket]:
    for name in _BUCKETS:
        yield Bucket(region.value, namespace, f"usds-{name}-{region.facts.key}")


def _request(life: Life, roles: Roles) -> DeploymentRequest:
    shipped = request(Phase.BACKUP, deployed(life.state))
    words = {roles.primary.value: "primary", roles.other.value: "lost" if roles.lost else "standby"}
    regions = {name: replace(it, role=words[name]) for name, it in shipped.oci.regions.items()}
    halt = roles.halt.value if roles.halt else None
    return replace(shipped, oci=replace(shipped.oci, regions=regions, failover=halt))
