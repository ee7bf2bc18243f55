"""The ordinary Pulumi command line against the simulated clouds: a stack's whole life, and the hazards.

Proves that the real engine accepts these providers and that they answer as its bridged ones do. The program is a
small one of its own; the project's program has its tests elsewhere.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from infra.sandbox import ordinary_cli, seeding
from infra.sandbox.store import Store
from tests.integration.ordinary import OrdinaryStack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.no_cover,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the ordinary command line `pulumi` is not on PATH"),
]

PROJECT = f"""\
name: lab
runtime: {{name: python, options: {{toolchain: pip, virtualenv: {sys.prefix}}}}}
stackConfigDir: stacks
config: {{"pulumi:disable-default-providers": ["*"]}}
"""
# The edits of the tests are values in the stack file: `region`, `bucket`, `note`, `subnet` and `adopt`.
PROGRAM = """\
import pulumi
import pulumi_aws as aws
import pulumi_oci as oci

tenancy = "ocid1.tenancy.oc1..lab"
config = pulumi.Config("lab")
iad = pulumi.ResourceOptions(
    provider=oci.Provider("oci-iad", region=config.get("region") or "us-ashburn-1", tenancy_ocid=tenancy)
)
sgp = aws.Provider("aws-sgp", region="ap-southeast-1", allowed_account_ids=["222222222222"])
data = oci.identity.Compartment("data", name="data", description="d", compartment_id=tenancy, opts=iad)
bucket = oci.objectstorage.Bucket(
    "bucket", name=config.require("bucket"), namespace="lab", compartment_id=data.id, opts=iad
)
vcn = oci.core.Vcn(
    "vcn", compartment_id=data.id, cidr_blocks=["10.0.0.0/16"], freeform_tags={"note": config.require("note")}, opts=iad
)
if config.get_bool("subnet"):
    oci.core.Subnet("subnet", compartment_id=data.id, vcn_id=vcn.id, cidr_block="10.0.1.0/24", opts=iad)
if config.get("adopt"):
    aws.s3.Bucket(
        "legacy", bucket=config.require("adopt"), tags={"site": "singapore"},
        opts=pulumi.ResourceOptions(provider=sgp, import_=config.require("adopt"), ignore_changes=["tags"]),
    )
pulumi.export("bucket", bucket.name)
"""


@dataclass
class Lab(OrdinaryStack):
    """A small project in a folder of its own."""

    stack: str = "dev"
    project: str = "lab"

    @property
    def stack_file(self) -> Path:
        """The committed file of the stack."""
        return self.folder / "stacks" / "Pulumi.dev.yaml"

    def edit(self, **settings: str) -> None:
        """Write the stack file."""
        lines = [f"  lab:{name}: {json.dumps(value)}" for name, value in settings.items()]
        text = "\n".join(["config:", *lines, f"encryptionsalt: {ordinary_cli.ENCRYPTION_SALT}", ""])
        self.stack_file.write_text(text)

    def steps(self, command: str, *flags: str) -> dict[str, tuple[str, list[str]]]:
        """What a command that succeeds changes, or would, by logical name: operation, replacing properties."""
        played = self.ordinary(command, *flags)
        assert played.exit == 0, played.errors
        return {
            step["urn"].rpartition("::")[2]: (step["op"], step.get("replaceReasons", []))
            for step in played.events
            if step["event"] == "pre" and step["op"] != "same" and step.get("logical", True)
        }

    def records(self) -> dict[str, dict[str, Any]]:
        """Resources of the state by logical name."""
        resources = self.ordinary_state().get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def cloud(self) -> set[tuple[str, str, str]]:
        """What exists: (type, region, id)."""
        return {(kind.rpartition(":")[2], region, id_) for kind, region, id_ in self.remains()}


@pytest.fixture
def bare(tmp_path: Path) -> Lab:
    """A fresh clone."""
    return fresh(tmp_path)


def fresh(folder: Path) -> Lab:
    """The small project, with nothing applied."""
    (folder / "stacks").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text(PROGRAM)
    lab = Lab(folder)
    lab.edit(bucket="b-iad", note="1")
    return lab


@pytest.fixture(scope="module")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A fresh clone whose stack is applied."""
    lab = fresh(tmp_path_factory.mktemp("lab"))
    committed = lab.stack_file.read_text()
    created = {"lab-dev", "oci-iad", "aws-sgp", "data", "bucket", "vcn"}
    assert lab.steps("up") == dict.fromkeys(created, ("create", []))
    assert lab.stack_file.read_text() == committed
    return lab


@pytest.fixture
def lab(applied_once: Lab, tmp_path: Path) -> Lab:
    """A folder of its own with the stack applied."""
    shutil.copytree(applied_once.folder, tmp_path, dirs_exist_ok=True)
    return Lab(tmp_path)


@pytest.mark.campaign
def test_the_life_of_a_stack(lab: Lab):
    """Every kind of change at once, removal, drift, nothing, destroy: exactly their own steps each."""
    assert {(kind, region) for kind, region, _ in lab.cloud()} == {
        ("Compartment", ""), ("Bucket", "us-ashburn-1"), ("Vcn", "us-ashburn-1"),
    }  # fmt: skip
    seeding.seed(
        lab.clouds, "aws:s3/bucket:Bucket", "tt-legacy", account="222222222222", region="ap-southeast-1",
    )  # fmt: skip
    lab.edit(bucket="c-iad", note="2", subnet="true", adopt="tt-legacy")
    assert lab.steps("up") == {
        "bucket": ("replace", ["name"]),
        "legacy": ("import", []),
        "subnet": ("create", []),
        "vcn": ("update", []),
    }
    records = lab.records()
    assert (records["bucket"]["id"], records["legacy"]["inputs"]["bucket"]) == ("n/lab/b/c-iad", "tt-legacy")
    assert {id_ for kind, _, id_ in lab.cloud() if kind == "Bucket"} == {"n/lab/b/c-iad", "tt-legacy"}

    lab.edit(bucket="c-iad", note="2", adopt="tt-legacy")
    store = Store(lab.clouds)
    with store.changing() as clouds:
        for kind in ("subnet:Subnet", "vcn:Vcn"):
            lost = clouds.find(type=f"oci:Core/{kind}")
            assert lost is not None
            clouds.remove(lost)
    store.close()
    assert lab.steps("preview") == {"subnet": ("delete", [])}  # drift is not seen without a refresh
    assert lab.ordinary("refresh").exit == 0
    assert lab.steps("preview") == {"vcn": ("create", [])}

    assert lab.ordinary("destroy").exit == 0
    assert {(kind, id_.partition(".")[0]) for kind, _, id_ in lab.cloud()} == {("Compartment", "ocid1")}


@pytest.mark.campaign
def test_a_changed_region_leaves_resources_behind(lab: Lab):
    """The hazard as with the real provider: a new region is an in-place update, and a refresh then sees nothing."""
    lab.edit(bucket="b-iad", note="1", region="us-phoenix-1")
    assert lab.steps("up", "--refresh=false") == {"oci-iad": ("update", [])}
    assert lab.records()["vcn"]["id"].split(".")[3] == "iad"
    assert lab.ordinary("refresh").exit == 0
    assert "vcn" not in lab.records()
    assert {region for kind, region, _ in lab.cloud() if kind == "Vcn"} == {"us-ashburn-1"}


@pytest.mark.campaign
def test_a_refusal_ends_the_update(lab: Lab):
    """The cloud's text reaches the user, the exit code is passed through, and mending the mistake converges."""
    lab.edit(bucket="not a name", note="2")
    failed = lab.ordinary("up")
    assert failed.exit == 1
    assert any("400-InvalidBucketName, The bucket name 'not a name' is invalid" in text for _, text in failed.errors)
    lab.edit(bucket="b-iad", note="2")
    rerun = lab.steps("up")
    assert rerun.pop("bucket") == ("replace", [])  # what has an explicit name is deleted before it is replaced
    assert rerun.keys() <= {"vcn"}  # unless that was done before the bucket failed
    assert lab.records()["vcn"]["inputs"]["freeformTags"]["note"] == "2"


def test_the_embedded_engine_has_a_state_of_its_own(bare: Lab, capfd: pytest.CaptureFixture[str]):
    """Where `python -m infra` has applied the stack before, the first run says how to go on from its state."""
    state = bare.folder / ".sandbox" / "state" / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    assert ordinary_cli.run(bare.folder, ["pulumi", "stack", "--stack", "dev", "--show-name"]) == 0
    told = capfd.readouterr().err
    assert "python -m infra state export --stack dev --file .sandbox/dev.export.json\n" in told
    assert "run -- pulumi stack import -s dev --file .sandbox/dev.export.json\n" in told
    assert ordinary_cli.run(bare.folder, ["pulumi", "stack", "--stack", "dev", "--show-name"]) == 0
    assert capfd.readouterr().err == ""


def test_a_stack_file_without_salt_is_not_touched(bare: Lab):
    """Running would change the committed file: refused, with the line to add."""
    path = bare.stack_file
    path.write_text("config: {}\n")
    with pytest.raises(ordinary_cli.CannotRunError, match="encryptionsalt: v1:"):
        ordinary_cli.run(bare.folder, ["pulumi", "preview", "-s", "dev"])
    assert path.read_text() == "config: {}\n"


def test_the_environment_of_one_run(bare: Lab, monkeypatch: pytest.MonkeyPatch, capfd):
    """The command gets exactly the settings it needs, over whatever was set before, and nothing stays behind."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://example.org")
    code = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('PULUMI_')}))"
    assert ordinary_cli.run(bare.folder, [sys.executable, "-c", code]) == 0
    given = json.loads(capfd.readouterr().out)
    assert given.pop("PULUMI_BACKEND_URL") == (bare.folder / ".sandbox" / "backend").as_uri()
    assert re.fullmatch(r"aws:\d+,oci:\d+", given.pop("PULUMI_DEBUG_PROVIDERS"))
    assert given == {
        "PULUMI_CONFIG_PASSPHRASE": ordinary_cli.PASSPHRASE,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    assert ordinary_cli.run(bare.folder, [sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert ordinary_cli.run(bare.folder, [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137
