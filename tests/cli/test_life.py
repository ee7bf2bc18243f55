"""A stack's life on the simulated clouds, through the commands that people type.

Proves that the commands do, on a small stack in both clouds, what they say. The engine's exactness is proved by its
recordings, and the simulated clouds' rules by their own tests.
"""

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import date

import pytest

from infra.cli import runs, workspace
from infra.engine.options import Command, Options
from infra.engine.state import StateError
from tests.cli.project import AS_OF, HERE

NEW_DATASET = {
    ("create", "usdata:index:DatasetStore", "messages"),
    ("create", "oci:ObjectStorage/bucket:Bucket", "messages-us-ashburn-1"),
    ("create", "oci:ObjectStorage/bucket:Bucket", "messages-us-phoenix-1"),
    ("create", "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy", "messages-us-ashburn-1"),
    ("create", "oci:ObjectStorage/replicationPolicy:ReplicationPolicy", "messages-us-ashburn-1-to-us-phoenix-1"),
    ("create", "usdata:index:LegacyBucket", "messages-virginia"),
    ("create", "aws:s3/bucket:Bucket", "messages-virginia"),
    ("create", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "messages-virginia"),
    ("create", "aws:s3/bucketOwnershipControls:BucketOwnershipControls", "messages-virginia"),
    ("create", "aws:s3/bucketPolicy:BucketPolicy", "messages-virginia"),
    ("create", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "messages-virginia"),
    (
        "create",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "messages-virginia",
    ),
    ("create", "aws:s3/bucketVersioning:BucketVersioning", "messages-virginia"),
    ("create", "aws:s3/inventory:Inventory", "messages-virginia"),
}


def test_first_preview_greets(project):
    """A newcomer sees what this is, what would be made and where, and what to try next; nothing is written down."""
    out = project.preview()

    assert out.startswith(
        "usdata · stack sandbox · embedded engine, simulated clouds, no credentials used · against an empty state\n"
    )
    assert "  PHASE     backup at virginia" in out
    assert "  EXCEPTED  metrics: capacity-planning, read by group capacity-planners" in out
    assert "expires 2027-06-30 (in 219 days): global capacity planning" in out
    assert (
        "  Data      + dataset metrics (excepted): default store us-ashburn-1, replica us-phoenix-1, backup virginia"
    ) in out
    assert "Next: make up applies it" in out
    assert not (project.root / ".sandbox" / "state").exists()


def test_applied_stack(applied):
    """After `up` nothing changes, the files belong to their owner only, and `--expect-no-changes` is content."""
    out = applied.preview("--expect-no-changes")

    assert "Nothing changes:" in out
    assert stat.S_IMODE(applied.state.stat().st_mode) == 0o600


def test_folder_is_for_its_owner(project):
    """The folder of the simulated clouds is made for its owner only."""
    project.preview()
    assert stat.S_IMODE((project.root / ".sandbox").stat().st_mode) == 0o700


@pytest.mark.no_cover
def test_new_dataset(applied):
    """A dataset more creates exactly its own resources; the changes are worth exit 7 to who expected none."""
    applied.edit("      profiles:", "      messages: {class: protected}\n      profiles:")

    assert applied.steps() == NEW_DATASET
    out = applied.preview("--expect-no-changes", code=7)
    assert "+ dataset messages (protected): default store us-ashburn-1, replica us-phoenix-1, backup virginia" in out
    assert "Legacy    + site virginia: + 1 legacy bucket (messages-virginia)" in out
    assert "components/primary_storage.py:" in out
    assert "DONE" in applied.up()
    assert "Nothing changes:" in applied.preview()


def test_update_in_place(applied):
    """A changed setting shows as the properties that change, nested, with both values."""
    applied.edit("profiles: {class: protected}", "profiles: {class: public}")
    out = applied.preview("--diff")

    assert '      ~ "usds.data-class": "protected" => "public"' in out
    assert '~ accessType   : "NoPublicAccess" => "ObjectReadWithoutList"' in out
    assert "Data      ~ dataset profiles: ~ 2 buckets (profiles-us-ashburn-1, profiles-us-phoenix-1)" in out


def test_refused_edit_plans_nothing(applied):
    """What may not be in a stack file stops every command before anything is planned; the state stays as it was."""
    before = applied.state.read_bytes()
    applied.edit("class: protected", "class: secret")

    for command in ("preview", "up", "refresh", "destroy"):
        _, error = applied.run(command, "--stack", "sandbox", "--as-of", "2026-11-23", code=2)
        assert error.startswith("usdata: 1 problem in stacks/Pulumi.sandbox.yaml; nothing was planned.\n")
        assert "datasets.profiles.class" in error
    assert applied.state.read_bytes() == before


def test_removal_of_a_deployed_holder_is_refused(applied):
    """Taking a dataset out of the file is bad input, for each bucket that holds its data, before an engine starts."""
    applied.edit("      profiles: {class: protected}\n", "")
    before = applied.state.read_bytes()
    for command in ("preview", "up"):
        document = json.loads(applied.out(command, "--stack", "sandbox", "--as-of", AS_OF, "--json", code=2))
        assert {(f["path"], f["given"].split(",")[0]) for f in document["findings"]} == {
            ("datasets.profiles", "no usds-profiles-iad in us-ashburn-1"),
            ("datasets.profiles", "no usds-profiles-phx in us-phoenix-1"),
            ("legacy.sites.virginia", "no usds-profiles-use1-111111111111 in us-east-1"),
        }
    assert applied.state.read_bytes() == before


def test_destroy(applied):
    """Protection stops it; without protection everything leaves the state, and what holds data stays in the clouds."""
    failed = applied.out("destroy", "--stack", "sandbox", "--yes", code=1)
    assert "python -m infra state unprotect --all" in failed

    assert applied.out("state", "unprotect", "--all").startswith("unprotect: ")
    done = applied.out("destroy", "--stack", "sandbox", "--yes")
    assert "DONE       the stack has nothing any more" in done
    assert "left the state only: what holds data stays in the clouds" in done
    assert applied.out("state", "list") == "The state of sandbox is empty.\n"
    assert "against an empty state" not in applied.preview()


def test_destroy_asks_nothing_without_a_terminal(applied):
    """A script is not asked; `--preview-only` shows and does nothing."""
    out = applied.out("destroy", "--stack", "sandbox", "--preview-only", code=1)
    assert "the preview did not finish" in out


def test_refresh(applied):
    """Nothing has drifted; a second run says so again."""
    assert "Nothing changes:" in applied.out("refresh", "--stack", "sandbox")


def test_json_is_the_ordinary_document(applied):
    """`--json` prints what `pulumi preview --json` does; unchanged resources on demand."""
    document = json.loads(applied.preview("--json"))
    everything = json.loads(applied.preview("--json", "--show-sames"))

    assert {"config", "steps", "duration", "changeSummary"} <= set(document)
    assert [s["op"] for s in document["steps"]] == ["same"]
    assert len(everything["steps"]) == document["changeSummary"]["same"]


def test_targets(applied):
    """A run can be limited to some resources."""
    applied.edit("      profiles:", "      messages: {class: protected}\n      profiles:")
    urn = "urn:pulumi:sandbox::usdata::usdata:index:DatasetStore::messages"
    assert applied.steps("--target", urn) == {("create", "usdata:index:DatasetStore", "messages")}


@pytest.mark.no_cover
def test_plan(applied, tmp_path):
    """A saved plan holds the run to what was seen: the same edit passes, another one is refused."""
    plan = tmp_path / "plan.json"
    applied.edit("      profiles:", "      messages: {class: protected}\n      profiles:")
    applied.preview("--save-plan", plan)
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    applied.edit("messages: {class: protected}", "messages: {class: public}")

    out = applied.up("--plan", plan, code=1)
    assert "FAILED" in out
    applied.edit("messages: {class: public}", "messages: {class: protected}")
    assert "DONE" in applied.up("--plan", plan)


def test_locked_state(applied):
    """A state in use is not touched by a second run; the owner is named; `state unlock` clears a stale lock."""
    lock = applied.state.with_name("sandbox.json.lock")
    lock.write_text(json.dumps({"pid": 1, "host": "h", "user": "u", "since": "2026-11-23T00:00:00.000000Z"}))

    _, error = applied.run("up", "--stack", "sandbox", code=1)
    assert "process 1 of u on h" in error
    assert "Nothing changes" in applied.preview()  # looking is allowed
    assert applied.out("state", "unlock").startswith("Unlocked. It was held by process 1 of u on h")
    assert applied.out("state", "unlock") == "The state of sandbox was not locked.\n"


def carried_out(project, on_call):
    """An update that `on_call` watches."""
    return runs.carry_out(
        runs.Request(
            command=Command.UP,
            workspace=workspace.open_workspace(project.root, "sandbox"),
            as_of=date(2026, 11, 23),
            options=Options(on_call=on_call),
        )
    )


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path

from infra import program
from infra.cli import runs, workspace
from infra.engine.options import Command, Options

root, after = Path(sys.argv[1]), sys.argv[2] == "after"
program._ROOT = root


def kill(call):
    if call.op == "create" and call.after is after and "Vcn" in call.urn:
        os.kill(os.getpid(), signal.SIGKILL)


runs.carry_out(
    runs.Request(
        command=Command.UP,
        workspace=workspace.open_workspace(root, "sandbox"),
        as_of=date(2026, 11, 23),
        options=Options(on_call=kill, parallel=1),
    )
)
"""
"""A process of its own that is killed at a creation, before or after the cloud acts."""


def killed(project, moment):
    """What a run says that is killed at its first creation of a network."""
    dead = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", KILLED, project.root, moment], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    return dead.stderr


@pytest.mark.no_cover
def test_killed_creation(project):
    """A run that is killed in the middle of a creation: the next one takes over what exists and doubles nothing.

    Two moments that a person can name; that it holds at any moment is for the crash campaign to show.
    """
    assert killed(project, "before") == ""
    assert "0 found" in killed(project, "after")
    out, error = project.run("up", "--stack", "sandbox", "--as-of", AS_OF)
    assert "DONE" in out
    assert "1 found" in error
    assert "Nothing changes:" in project.preview()


def test_ctrl_c(project):
    """Ctrl-C finishes what is in flight, writes the state and says so; running again goes on from there."""
    calls = []

    def interrupt(call) -> None:
        if call.op == "create" and not call.after:
            calls.append(call.urn)
            if len(calls) == 5:
                os.kill(os.getpid(), signal.SIGINT)

    outcome = carried_out(project, interrupt)
    assert outcome.result.exit == 1
    assert len(outcome.result.state.resources) > 0
    assert "DONE" in project.up()
    assert "Nothing changes:" in project.preview()


def test_state_error_is_no_traceback(applied):
    """A damaged state file is refused with the way out."""
    applied.state.write_text("{")
    _, error = applied.run("preview", "--stack", "sandbox", code=2)

    assert "the state of sandbox cannot be read" in error
    assert "restore it from a copy" in error
    assert StateError.__name__ not in error
