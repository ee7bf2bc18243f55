"""The ordinary Pulumi command line against the simulated clouds: a stack's whole life, and the hazards.

Proves that the real engine accepts these providers and that they answer as its bridged ones do. The program is a
small one of its own; the project's program has its tests elsewhere.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox import ordinary_cli, seeding
from infra.sandbox.store import Store

pytestmark = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="the ordinary command line `pulumi` is not on PATH"
)

CHECKOUT = Path(__file__).resolve().parents[2]
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


@dataclass(frozen=True)
class Lab:
    """A project in a folder of its own."""

    folder: Path

    def edit(self, **settings: str) -> None:
        """Write the stack file."""
        lines = [f"  lab:{name}: {json.dumps(value)}" for name, value in settings.items()]
        text = "\n".join(["config:", *lines, f"encryptionsalt: {ordinary_cli.ENCRYPTION_SALT}", ""])
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(text)

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run `pulumi ... -s dev` in a process of its own: standard output."""
        code = "import sys; from pathlib import Path; from infra.sandbox import ordinary_cli as cli; sys.exit(cli.run(Path(sys.argv[1]), sys.argv[2:]))"  # noqa: E501 - one argument of a command
        command = [sys.executable, "-c", code, str(self.folder), "pulumi", *arguments, "--stack", "dev"]
        done = subprocess.run(  # noqa: S603 - the tests' own command
            [*command, "--non-interactive"], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def preview(self) -> dict[str, Any]:
        """Changing steps by logical name: (operation, replacing properties)."""
        steps = json.loads(self.run("preview", "--json"))["steps"]
        return {
            step["urn"].rpartition("::")[2]: (step["op"], step.get("replaceReasons") or [])
            for step in steps
            if step["op"] != "same" and not step["urn"].endswith("Stack::lab-dev")
        }

    def up(self, *arguments: str, expect: int = 0) -> str:
        """Apply."""
        return self.run("up", "--yes", "--skip-preview", *arguments, expect=expect)

    def state(self) -> dict[str, dict[str, Any]]:
        """Resources of the state by logical name."""
        resources = json.loads(self.run("stack", "export"))["deployment"].get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def cloud(self) -> set[tuple[str, str, str]]:
        """What exists: (type, region, id)."""
        store = Store(self.folder / ".sandbox" / "clouds.sqlite")
        with store.reading() as clouds:
            found = {(r.type.rpartition(":")[2], r.region, r.id) for r in clouds.all()}
        store.close()
        return found


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A fresh clone."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return Lab(tmp_path)


def test_the_life_of_a_stack(lab: Lab):
    """Create, nothing, then every kind of change at once, removal, drift, destroy: exactly their own steps each."""
    lab.edit(bucket="b-iad", note="1")
    committed = (lab.folder / "stacks" / "Pulumi.dev.yaml").read_text()
    lab.up()
    assert (lab.folder / "stacks" / "Pulumi.dev.yaml").read_text() == committed
    assert {(kind, region) for kind, region, _ in lab.cloud()} == {
        ("Compartment", ""), ("Bucket", "us-ashburn-1"), ("Vcn", "us-ashburn-1"),
    }  # fmt: skip
    assert lab.preview() == {}

    seeding.seed(
        lab.folder / ".sandbox" / "clouds.sqlite", "aws:s3/bucket:Bucket", "tt-legacy",
        account="222222222222", region="ap-southeast-1",
    )  # fmt: skip
    lab.edit(bucket="c-iad", note="2", subnet="true", adopt="tt-legacy")
    assert lab.preview() == {
        "bucket": ("replace", ["name"]),
        "legacy": ("import", []),
        "subnet": ("create", []),
        "vcn": ("update", []),
    }
    lab.up()
    state = lab.state()
    assert (state["bucket"]["id"], state["legacy"]["inputs"]["bucket"]) == ("n/lab/b/c-iad", "tt-legacy")
    assert {id_ for kind, _, id_ in lab.cloud() if kind == "Bucket"} == {"n/lab/b/c-iad", "tt-legacy"}

    lab.edit(bucket="c-iad", note="2", adopt="tt-legacy")
    store = Store(lab.folder / ".sandbox" / "clouds.sqlite")
    with store.changing() as clouds:
        for kind in ("subnet:Subnet", "vcn:Vcn"):
            lost = clouds.find(type=f"oci:Core/{kind}")
            assert lost is not None
            clouds.remove(lost)
    store.close()
    assert lab.preview() == {"subnet": ("delete", [])}  # drift is not seen without a refresh
    lab.run("refresh", "--yes", "--skip-preview")
    assert lab.preview() == {"vcn": ("create", [])}

    lab.run("destroy", "--yes", "--skip-preview")
    assert {(kind, id_.partition(".")[0]) for kind, _, id_ in lab.cloud()} == {("Compartment", "ocid1")}


def test_a_changed_region_leaves_resources_behind(lab: Lab):
    """The hazard as with the real provider: a new region is an in-place update, and a refresh then sees nothing."""
    lab.edit(bucket="b-iad", note="1")
    lab.up()
    lab.edit(bucket="b-iad", note="1", region="us-phoenix-1")
    assert lab.preview() == {"oci-iad": ("update", [])}
    lab.up("--refresh=false")
    assert lab.state()["vcn"]["id"].split(".")[3] == "iad"
    lab.run("refresh", "--yes", "--skip-preview")
    assert "vcn" not in lab.state()
    assert {region for kind, region, _ in lab.cloud() if kind == "Vcn"} == {"us-ashburn-1"}


def test_a_refusal_ends_the_update(lab: Lab):
    """The cloud's text reaches the user, the exit code is passed through, and mending the mistake converges."""
    lab.edit(bucket="not a name", note="1")
    output = lab.up(expect=1)
    assert re.search(r"400-InvalidBucketName, The bucket name 'not a name' is invalid", output)
    lab.edit(bucket="b-iad", note="1")
    lab.up()
    assert lab.preview() == {}


def test_a_stack_file_without_salt_is_not_touched(lab: Lab):
    """Running would change the committed file: refused, with the line to add."""
    path = lab.folder / "stacks" / "Pulumi.dev.yaml"
    path.write_text("config: {}\n")
    with pytest.raises(ordinary_cli.CannotRunError, match="encryptionsalt: v1:"):
        ordinary_cli.run(lab.folder, ["pulumi", "preview", "-s", "dev"])
    assert path.read_text() == "config: {}\n"


def test_the_environment_of_one_run(lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd):
    """The command gets exactly the settings it needs, over whatever was set before, and nothing stays behind."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://example.org")
    code = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('PULUMI_')}))"
    assert ordinary_cli.run(lab.folder, [sys.executable, "-c", code]) == 0
    given = json.loads(capfd.readouterr().out)
    assert given.pop("PULUMI_BACKEND_URL") == (lab.folder / ".sandbox" / "backend").as_uri()
    assert re.fullmatch(r"aws:\d+,oci:\d+", given.pop("PULUMI_DEBUG_PROVIDERS"))
    assert given == {
        "PULUMI_CONFIG_PASSPHRASE": ordinary_cli.PASSPHRASE,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    assert ordinary_cli.run(lab.folder, [sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert ordinary_cli.run(lab.folder, [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137
