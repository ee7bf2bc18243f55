"""The policy pack under the real engine: what it refuses, the ordinary command line refuses, and with the same words.

Proves that the engine asks the pack and stops at its answer, in a preview and in the middle of an update. Which leaks
are found at all is proved where the theorems are tested.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from infra.policy_pack.server import policy
from infra.verify.context import Context
from infra.verify.declared import declared
from infra.verify.proof import prove
from infra.verify.sources import preview
from infra.verify.verdict import told
from tests.integration.engines import AS_OF, Project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the ordinary command line `pulumi` is not on PATH"),
]

IMPORTS = """
import pulumi
import pulumi_aws as aws
import pulumi_oci as oci

tenancy = "ocid1.tenancy.oc1..leak"


def at(region):
    return pulumi.ResourceOptions(provider=oci.Provider(f"oci-more-{region}", region=region, tenancy_ocid=tenancy))


"""
# What holds data is refused by the program itself before any engine sees it, so none of these does.
LEAKS = {
    "logs in Frankfurt": (
        """oci.logging.LogGroup("leak", compartment_id=tenancy, display_name="leak", opts=at("eu-frankfurt-1"))""",
        "t1-storage",
    ),
    "a replica in Frankfurt": (
        """
oci.objectstorage.ReplicationPolicy(
    "leak", name="leak", bucket="usds-profiles-phx", namespace="axsandbox",
    destination_bucket_name="usds-profiles-fra", destination_region_name="eu-frankfurt-1", opts=at("us-phoenix-1"),
)
""",
        "t2-copies",
    ),
    "a vault copied to Frankfurt": (
        """oci.kms.VaultVerification("leak", vault_id="x", replica_region="eu-frankfurt-1", opts=at("us-ashburn-1"))""",
        "t6-keys",
    ),
    "alarms in Ireland": (
        """
there = aws.Provider("aws-ie", region="eu-west-1", allowed_account_ids=["111111111111"])
aws.sns.Topic("leak", name="leak", opts=pulumi.ResourceOptions(provider=there))
""",
        "t1-storage",
    ),
    "a link that needs no account": (
        """
oci.objectstorage.Preauthrequest(
    "leak", name="leak", access_type="AnyObjectRead", bucket="usds-profiles-iad", namespace="axsandbox",
    time_expires="2030-01-01T00:00:00Z", opts=at("us-ashburn-1"),
)
""",
        "t8-completeness",
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sandbox stack in a folder of its own, judged on the day of the tests."""
    project = Project.made(tmp_path_factory.mktemp("pack") / "project")
    (project.folder / "pack.json").write_text(json.dumps({"residency": {"asOf": AS_OF.isoformat()}}))
    return project


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    """A copy to be spoilt."""
    return made.copied(tmp_path / "project")


def flags(project: Project) -> tuple[str, ...]:
    """What lets the pack judge."""
    pack, options = project.folder / "infra" / "policy_pack" / "pack", project.folder / "pack.json"
    return "--policy-pack", str(pack), "--policy-pack-config", str(options)


def verdict(document: dict) -> list[tuple[str, str, str]]:
    """What the command line tool finds in a preview: policy, URN and first line."""
    loaded = preview.load(document | {"diagnostics": []}, "the preview")
    context = Context(stack="sandbox", graph=loaded.graph, declared=declared(loaded.config), as_of=AS_OF)
    return [(policy(v.theorem), item.urn, item.lines()[0]) for v, item in told(prove(context).verdicts)]


def test_the_sandbox_stack_is_proved(project: Project):
    """A first preview, its update and a preview of nothing pass with the pack; the tool says the same of each."""
    for command in ("preview", "up", "preview"):
        played = project.ordinary(command, *flags(project))
        assert (played.exit, played.errors) == (0, [])
        assert played.document is None or verdict(played.document) == []


@pytest.mark.parametrize("leak", LEAKS)
def test_a_preview_with_a_leak_is_refused(project: Project, leak: str):
    """A preview whose program leaks below the planner fails, by the theorem that the tool names on the same preview."""
    code, theorem = LEAKS[leak]
    main = project.folder / "__main__.py"
    main.write_text(main.read_text() + IMPORTS + code + "\n")
    played = project.ordinary("preview", *flags(project))
    expected = verdict(played.document)
    assert played.exit != 0
    assert theorem in {name for name, _, _ in expected}
    assert {(name, urn) for name, _, urn in played.violations} == {(name, urn) for name, urn, _ in expected}


def test_an_update_stops_at_a_leak(project: Project):
    """An update without a preview does not make what leaks, and says why in its own output."""
    code, theorem = LEAKS["logs in Frankfurt"]
    main = project.folder / "__main__.py"
    main.write_text(main.read_text() + IMPORTS + code + "\n")
    played = project.ordinary("up", *flags(project))
    assert played.exit != 0
    assert theorem in {name for name, _, _ in played.violations}
    assert not [urn for op, urn in played.done if urn.endswith("::leak")]
    assert not [1 for _, region, _ in project.remains() if region == "eu-frankfurt-1"]
