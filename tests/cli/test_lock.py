"""`python -m infra lock`: what it adds, what it checks, and what it records of a state.

It runs on a copy of the shipped stack files, and on an exported state that the tests make from planned holders.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import workspace
from infra.cli.app import main
from infra.residency.holders_lock import lock_of
from infra.settings.evidence import lock_file
from tests.support.programs import ROOT

STACK, DAY = "us-prod", ("--as-of", "2026-11-24")
NAMESPACE = "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace"
SITES = {"virginia": {"phase": "backup", "expires": "2027-03-31"}}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A copy of the project's stack files."""
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    return tmp_path


def lock(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["lock", *arguments, *DAY])


def edited(project: Path, old: str, new: str) -> None:
    """Edit the production stack's file."""
    file = project / "stacks" / f"Pulumi.{STACK}.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def exported(project: Path, *resources: dict[str, Any], sites: object = SITES, roles: object = None) -> str:
    """An exported state with these resources, which says how far the sites have got, and who is primary."""
    stack = f"urn:pulumi:{STACK}::usdata::pulumi:pulumi:Stack::usdata-{STACK}"
    root: dict[str, Any] = {
        "urn": stack,
        "custom": False,
        "type": "pulumi:pulumi:Stack",
        "outputs": {"legacySites": sites},
    }
    if roles is not None:
        root["outputs"]["storageRoles"] = roles
    manifest = {"time": "2026-11-24T00:00:00Z", "magic": "", "version": ""}
    path = project / "export.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"manifest": manifest, "resources": [root, *resources]}}))
    return str(path)


def test_the_shipped_locks_are_up_to_date():
    """What `make lint` checks: every lock names what its stack plans, or says that it is not locked."""
    done = lock("--check")
    assert (done.exit_code, done.output.count("up to date")) == (0, 2)


def test_a_new_dataset_is_added_and_nothing_else_changes(project):
    """The check names the stack before, and is satisfied after; the other lines stay as they were."""
    before = lock_file(project, STACK).read_text()
    edited(project, "      messages:", "      journal: {class: protected}\n      messages:")
    refused = lock("--check", "--stack", STACK)
    assert (refused.exit_code, "are not locked" in refused.output) == (1, True)
    done = lock("--stack", STACK)
    assert (done.exit_code, "(4 added)" in done.output) == (0, True)
    after = lock_file(project, STACK).read_text()
    assert set(before.splitlines()) - set(after.splitlines()) <= {before.splitlines()[-3]}
    assert lock("--check", "--stack", STACK).exit_code == 0


def test_a_holder_that_is_left_out_is_not_forgotten(project):
    """The command refuses, in the planner's words, instead of writing a lock without it."""
    edited(project, "      purchases: {class: protected}\n", "")
    done = lock("--stack", STACK)
    assert (done.exit_code, "no usds-purchases-iad in us-ashburn-1" in done.output) == (2, True)


def test_an_edited_or_missing_lock_is_said(project):
    """Edited by hand it is refused; a stack without one is told how to write it."""
    file = lock_file(project, STACK)
    file.write_text(file.read_text().replace("usds-purchases-iad", "usds-purchase-iad", 1).replace('"of"', '"off"', 1))
    assert lock("--check").exit_code == 2
    file.unlink()
    missing = lock("--check", "--stack", STACK)
    assert (missing.exit_code, "there is no holders lock" in missing.output) == (1, True)
    assert lock("--stack", STACK).exit_code == 0
    assert lock("--check").exit_code == 0


def test_a_stack_that_is_not_locked_stays_so(project):
    """The sandbox's state says what is deployed; its lock is not touched."""
    before = lock_file(project, "sandbox").read_text()
    done = lock("--stack", "sandbox")
    assert (done.exit_code, "is not locked" in done.output) == (0, True)
    assert lock_file(project, "sandbox").read_text() == before


def test_a_state_is_recorded_with_its_phases_and_holders(project):
    """How far the sites have got, and a holder that no stack file planned."""
    key = "usdata:index:DatasetStore$oci:ObjectStorage/bucket:Bucket::drafts-us-ashburn-1"
    bucket = {
        "urn": f"urn:pulumi:{STACK}::usdata::{key}",
        "custom": True,
        "id": "b",
        "type": "oci:ObjectStorage/bucket:Bucket",
        "inputs": {"name": "usds-drafts-iad", "namespace": "axq7zk3mprod", "storageTier": "Standard"},
        "retainOnDelete": True,
    }
    done = lock("--stack", STACK, "--state", exported(project, sites=SITES))
    assert (done.exit_code, "virginia backup" in done.output) == (0, True)
    known = lock_of(lock_file(project, STACK).read_text(), STACK).deployed
    assert known is not None
    assert {name: record.phase.value for name, record in known.sites.items()} == {"virginia": "backup"}
    foreign = lock("--stack", STACK, "--state", exported(project, bucket))
    assert (foreign.exit_code, "place us-ashburn-1" in foreign.output or "another" in foreign.output) == (2, True)


def test_the_roles_of_a_state_are_recorded_and_held_against_the_next_edit(project):
    """After a step is recorded the next one may be, and no shorter way."""
    roles = {"primary": "us-ashburn-1", "standby": "us-phoenix-1", "failover": "frozen"}
    edited(project, "      regions:\n", "      failover: frozen\n      regions:\n")
    done = lock("--stack", STACK, "--state", exported(project, roles=roles))
    assert done.exit_code == 0
    known = lock_of(lock_file(project, STACK).read_text(), STACK).deployed
    assert known is not None
    assert known.roles is not None
    assert known.roles.text() == "primary us-ashburn-1, standby us-phoenix-1, frozen"
    edited(project, "failover: frozen", "failover: stopped")
    assert lock("--stack", STACK, "--check").exit_code == 0
    edited(project, "role: primary", "role: lost")
    edited(project, "role: standby", "role: primary")
    refused = lock("--stack", STACK, "--check")
    assert (refused.exit_code, "deployed is: primary us-ashburn-1" in refused.output) == (2, True)


@pytest.mark.parametrize(
    "roles", [{"primary": "us-ashburn-1"}, {"primary": "us-ashburn-1", "standby": "eu-paris-1"}, "us-ashburn-1"]
)
def test_roles_that_say_nonsense_are_refused(project, roles):
    """A region without the other one, one abroad, and no map."""
    done = lock("--stack", STACK, "--state", exported(project, roles=roles))
    assert (done.exit_code, "output storageRoles is not what this program writes" in done.output) == (2, True)


def test_a_state_that_says_nonsense_is_refused(project):
    """Its own account of its sites must be what this program writes."""
    done = lock("--stack", STACK, "--state", exported(project, sites={"virginia": "gone"}))
    assert (done.exit_code, "is not what this program writes" in done.output) == (2, True)


@pytest.mark.parametrize(("retired", "expected"), [(False, "enforced"), (True, "retired")])
def test_packet_routing_is_retired_once_a_state_shows_it(project, retired, expected):
    """The shipped lock says enforced; the file that plans it retired changes nothing until it is applied."""
    edited(project, "packetRouting: enforced", "packetRouting: retired")
    assert lock("--stack", STACK).exit_code == 0
    path = lock_file(project, STACK)
    assert lock_of(path.read_text(), STACK).deployed.packet_routing.value == "enforced"
    namespace = {
        "urn": f"urn:pulumi:{STACK}::usdata::{NAMESPACE}::usds",
        "custom": True,
        "id": "ocid1.securityattributenamespace.oc1..x",
        "type": NAMESPACE,
        "inputs": {"isRetired": retired},
        "outputs": {},
    }
    done = lock("--stack", STACK, "--state", exported(project, namespace))
    assert done.exit_code == 0, done.output
    assert lock_of(path.read_text(), STACK).deployed.packet_routing.value == expected
