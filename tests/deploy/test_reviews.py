"""The deploy script on the simulated clouds: a review is applied, and whatever differs from it is refused.

Shows that nothing is changed where it is refused: state and clouds are compared. What the ordinary engine does with a
plan is its own business; tests/integration plays it where it is installed.
"""

import json
import shutil

import pulumi
import pulumi_oci as oci
import pytest
from click.testing import CliRunner

from infra import program
from infra.cli import workspace
from infra.cli.refusal import Refused
from infra.deploy import binding, real, refusals
from infra.deploy.command_line import main
from infra.sandbox.store import Store
from tests.cli.project import AS_OF, Project

DATASET = ("      metrics:\n", "      messages: {class: protected}\n      metrics:\n")


def run(*words: object, code=0):
    """What the command prints, on both streams as one text."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, f"exit {result.exit_code}:\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def review(folder):
    """Write a review of the sandbox stack; its digest."""
    out = run("preview", "--stack", "sandbox", "--out", folder, "--as-of", AS_OF, "--json")
    return json.loads(out)["reviewed"]


@pytest.fixture(scope="session")
def reviewed_once(applied_once, tmp_path_factory):
    """An applied project with a dataset more, and the digest of its review, in folders beside each other."""
    folder = tmp_path_factory.mktemp("reviewed")
    shutil.copytree(applied_once, folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "ROOT", folder / "project")
        patch.setattr(program, "_ROOT", folder / "project")
        Project(folder / "project").edit(*DATASET)
        return folder, review(folder / "review")


@pytest.fixture
def reviewed(reviewed_once, tmp_path, monkeypatch):
    """The same for each test that asks for it: project, folder of the review, its digest."""
    folder, digest = reviewed_once
    shutil.copytree(folder, tmp_path / "own")
    monkeypatch.setattr(workspace, "ROOT", tmp_path / "own" / "project")
    monkeypatch.setattr(program, "_ROOT", tmp_path / "own" / "project")
    return Project(tmp_path / "own" / "project"), tmp_path / "own" / "review", digest


def up(folder, digest, *words: object, code=0, day=AS_OF):
    """Apply a review."""
    return run("up", "--stack", "sandbox", "--review", folder, "--reviewed", digest, "--as-of", day, *words, code=code)


def test_a_review_is_applied(reviewed, tmp_path):
    """It does what the preview said, and writes down what was done; then nothing is left, and it cannot be redone."""
    project, folder, digest = reviewed
    assert "DONE" in up(folder, digest, "--record", tmp_path / "record.json", "--author", "a")
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["exit"], record["reviewed"], record["author"], record["moves"]) == (0, digest, "a", [])
    assert record["stateBefore"] != record["stateAfter"]
    assert "Nothing changes:" in project.preview()
    assert "the state has changed since the review" in up(folder, digest, code=2)


def edit_file(name, old, new):
    """A change of one text in one file of the review."""

    def change(folder, project) -> None:
        del project
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def rebind(change):
    """The same change by somebody who also writes the digests anew; the reviewed digest is another one then."""

    def changed(folder, project) -> None:
        change(folder, project)
        document = json.loads((folder / "review.json").read_text())
        document["files"] = {name: binding.sha256((folder / name).read_bytes()) for name in document["files"]}
        (folder / "review.json").write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")

    return changed


def other_stack(folder, project) -> None:
    """The review of another stack, in the place of this one."""
    for name in ("certificate.json", "plan.json", "preview.json", "review.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("urn:pulumi:sandbox::", "urn:pulumi:us-prod::"))
    rebind(lambda *_: None)(folder, project)


SABOTAGE = {
    "a changed preview": (edit_file("preview.json", '"create"', '"same"'), "preview.json is not the one"),
    "a changed plan": (edit_file("plan.json", "protected", "public"), "plan.json is not the one"),
    "a changed certificate": (edit_file("certificate.json", "PROVED", "PROVED "), "certificate.json is not the one"),
    "a changed state hash": (edit_file("review.json", '"state": "', '"state": "0'), "not the review that was approved"),
    "everything rebound": (rebind(edit_file("plan.json", "protected", "public")), "not the review that was approved"),
    "a file added": (lambda folder, _: (folder / "x").write_text(""), "x added"),
    "a file missing": (lambda folder, _: (folder / "plan.json").unlink(), "plan.json missing"),
    "no review": (lambda folder, _: (folder / "review.json").unlink(), "cannot be read"),
    "another source": (
        lambda _, project: project.edit("organization: usds", "organization: usds # as before"),
        "the source is not the one that was reviewed",
    ),
    "a state that moved on": (
        lambda _, project: project.out("state", "unprotect", "--all"), "the state has changed since the review"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sabotage", "says"), SABOTAGE.values(), ids=SABOTAGE)
def test_what_differs_from_the_review_is_refused(reviewed, sabotage, says):
    """With the reason, and nothing is changed."""
    project, folder, digest = reviewed
    sabotage(folder, project)
    before = project.state.read_bytes()
    assert says in up(folder, digest, code=2)
    assert project.state.read_bytes() == before


def test_the_review_of_another_stack_is_refused(reviewed):
    """Even where it was approved: its resources are another stack's."""
    project, folder, _ = reviewed
    other_stack(folder, project)
    digest = binding.sha256((folder / "review.json").read_bytes())
    assert "the plan is of another stack" in up(folder, digest, code=2)
    text = (folder / "review.json").read_text().replace('"stack": "sandbox"', '"stack": "us-prod"')
    for name in ("certificate.json", "plan.json", "preview.json"):
        (folder / name).write_text((folder / name).read_text().replace(":us-prod::", ":sandbox::"))
    (folder / "review.json").write_text(text)
    rebind(lambda *_: None)(folder, project)
    digest = binding.sha256((folder / "review.json").read_bytes())
    assert "the review is of another stack" in up(folder, digest, code=2)


def test_a_plan_that_is_not_the_previews_is_refused(reviewed):
    """Approved or not: what people saw is the preview, what would be done is the plan."""
    project, folder, _ = reviewed
    plan = json.loads((folder / "plan.json").read_text())
    urn = next(urn for urn, entry in plan["resourcePlans"].items() if entry["steps"] == ["create"])
    del plan["resourcePlans"][urn]
    (folder / "plan.json").write_text(json.dumps(plan))
    rebind(lambda *_: None)(folder, project)
    digest = binding.sha256((folder / "review.json").read_bytes())
    assert "plan and preview differ on 1 resources" in up(folder, digest, code=2)


def test_an_edited_certificate_is_refused_even_where_it_was_approved(reviewed):
    """The checker reads the preview itself: a bucket that the certificate puts elsewhere is not there."""
    _, folder, _ = reviewed
    text = (folder / "certificate.json").read_text()
    (folder / "certificate.json").write_text(text.replace("us-phoenix-1", "us-chicago-1"))
    rebind(lambda *_: None)(folder, None)
    digest = binding.sha256((folder / "review.json").read_bytes())
    assert "the certificate does not hold" in up(folder, digest, code=1)


def test_what_is_not_proved_is_not_reviewed(applied, tmp_path, monkeypatch):
    """A program with a leak that no stack file can express: refused with the theorem, and no review is written."""
    provision = program.provision

    def leak(plan) -> None:
        provision(plan)
        tenancy = "ocid1.tenancy.oc1..aaaaaaaasandbox"
        home = oci.Provider("abroad", region="eu-frankfurt-1", tenancy_ocid=tenancy, config_file_profile="sandbox")
        oci.core.Vcn(
            "abroad", compartment_id=tenancy, cidr_blocks=["10.99.0.0/16"],
            opts=pulumi.ResourceOptions(provider=home),
        )  # fmt: skip

    monkeypatch.setattr(program, "provision", leak)
    said = run("preview", "--stack", "sandbox", "--out", tmp_path / "review", "--as-of", AS_OF, code=1)
    assert "residency is REFUTED" in said
    assert "T1" in said
    assert not (tmp_path / "review" / "review.json").exists()
    assert applied.state.exists()


def test_a_review_that_no_tool_wrote_is_refused(reviewed):
    """Unknown keys, other files, or no JSON at all, even under the right digest."""
    _, folder, _ = reviewed
    for text in ("{", "[]", '{"schema": 1}', (folder / "review.json").read_text().replace('"stack"', '"stack2"')):
        (folder / "review.json").write_text(text)
        assert "the review cannot be read" in up(folder, binding.sha256(text.encode()), code=2)


def test_an_expired_phase_is_refused_on_the_day(reviewed):
    """Approved in time, applied too late: the stack file is judged anew."""
    _, folder, digest = reviewed
    assert "2027-03-31, which is today" in up(folder, digest, code=2, day="2027-03-31")


def approvals(path, *people: str, state="approved", environment="phase-move"):
    """What GitHub answers about who approved."""
    entry = {"state": state, "comment": "", "environments": [{"id": 1, "name": environment}]}
    path.write_text(json.dumps([{**entry, "user": {"login": login}} for login in people]))
    return path


@pytest.mark.no_cover
def test_a_phase_move_needs_somebody_else(applied, tmp_path):
    """Nobody, the author alone, another environment, a refusal, half a file: refused. With a second person: done."""
    applied.edit("phase: backup", "phase: drain\n          operatorRole: retirers")
    folder = tmp_path / "review"
    digest = review(folder)
    assert json.loads((folder / "review.json").read_text())["moves"] == ["virginia: backup to drain"]
    file = tmp_path / "approvals.json"
    assert "nobody approved the phase move virginia: backup to drain" in up(folder, digest, code=2)
    for given in (
        approvals(file),
        approvals(file, "author"),
        approvals(file, "second", environment="production"),
        approvals(file, "second", state="rejected"),
    ):
        assert "nobody approved" in up(folder, digest, "--approvals", given, "--author", "author", code=2)
    file.write_text("{")
    assert "the approvals cannot be read" in up(folder, digest, "--approvals", file, code=2)
    record = tmp_path / "record.json"
    given = approvals(file, "author", "second")
    assert "DONE" in up(folder, digest, "--approvals", given, "--author", "author", "--record", record)
    assert json.loads(record.read_text())["approvedBy"] == "second"


def test_a_second_run_at_the_same_time_is_refused(reviewed):
    """The state's lock lets one in."""
    project, folder, digest = reviewed
    (project.state.parent / "sandbox.json.lock").write_text("{}")
    assert "the stack is currently locked" in up(folder, digest, code=1)


def test_a_folder_that_is_there_is_no_place_for_a_review(reviewed):
    """Nothing is overwritten, not even by a second preview."""
    _, folder, _ = reviewed
    assert "the folder cannot be made" in run("preview", "--stack", "sandbox", "--out", folder, code=2)


def test_a_failing_preview_is_no_review(applied, tmp_path, monkeypatch):
    """What cannot be planned cannot be reviewed."""
    monkeypatch.setattr("infra.program.provision", lambda _plan: 1 / 0)
    said = run("preview", "--stack", "sandbox", "--out", tmp_path / "review", "--as-of", AS_OF, code=1)
    assert "the preview failed" in said
    assert applied.state.exists()


@pytest.mark.parametrize("flag", sorted(refusals.FLAGS))
def test_each_flag_that_bends_a_run_is_refused_with_its_reason(flag):
    """As a flag, with a value, and as the variable from which the engine would take it."""
    reason = refusals.FLAGS[flag]
    for words in ([flag], [flag, "x"], [f"{flag}=x"]):
        for command in (["up", "--review", "r"], ["preview", "--out", "o"]):
            assert reason in run(*command, "--stack", "sandbox", *words, code=2)
    if flag.startswith("--"):
        variable = "PULUMI_OPTION_" + flag.removeprefix("--").upper().replace("-", "_")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, "x")
            assert reason in run("up", "--stack", "sandbox", "--review", "r", code=2)


@pytest.mark.parametrize("name", sorted(refusals.VARIABLES))
def test_each_variable_that_bends_a_run_is_refused_with_its_reason(name, monkeypatch):
    """Whatever its value is."""
    monkeypatch.setenv(name, "0")
    assert refusals.VARIABLES[name] in run("up", "--stack", "sandbox", "--review", "r", code=2)


def test_what_nobody_thought_of_is_refused_too(monkeypatch):
    """An unknown flag, a word too much, an unknown option of the engine in the environment: all in one answer."""
    monkeypatch.setenv("PULUMI_OPTION_NEW_THING", "1")
    said = run("up", "--stack", "sandbox", "--review", "r", "--new-thing", "--target", "a", "word", code=2)
    assert "--new-thing, --target, word, PULUMI_OPTION_NEW_THING" in said


def test_the_engine_gets_a_short_list_of_variables():
    """Nothing that places data or opens anything is on it; what is not on it does not arrive."""
    given = {"PATH": "/bin", "OCI_CLI_REGION": "eu-frankfurt-1", "AWS_PROFILE": "x", "PULUMI_X": "1"}
    assert refusals.passed_on(given) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://api.pulumi.com", "a hosted service"),
        ("https://somebody:secret-word@pulumi.example", "a hosted service"),
        ("s3://states?region=eu-central-1", "its region is whatever"),
        ("gs://states", "in another cloud"),
        ("azblob://states", "in another cloud"),
        ("file:///tmp/states", "a disk has no key"),
        ("ftp://states", "nothing here knows where that is"),
    ],
)
def test_a_foreign_backend_is_refused(applied, tmp_path, monkeypatch, url, why):
    """From the environment and from Pulumi.yaml; an address with a password is not repeated."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    said = run("preview", "--stack", "us-prod", "--out", tmp_path / "a", code=2)
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    shutil.copy(workspace.ROOT / "Pulumi.yaml", tmp_path)
    with (applied.root / "Pulumi.yaml").open("a") as file:
        file.write(f'backend:\n  url: "{url}"\n')
    again = run("preview", "--stack", "us-prod", "--out", tmp_path / "b", code=2)
    assert why in said
    assert why in again
    assert "secret-word" not in said + again


def test_a_real_stack_needs_a_home_for_its_state_and_a_session(applied, tmp_path, monkeypatch):
    """Without either nothing is planned; the embedded engine is never an answer."""
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ("preview", "--stack", "us-prod", "--as-of", AS_OF)
    assert "does not say where the state of us-prod is" in run(*words, "--out", tmp_path / "a", code=2)
    file = applied.root / "stacks" / "Pulumi.us-prod.yaml"
    home = "    state: {region: us-ashburn-1, compartmentId: ocid1.compartment.oc1..aaaaaaaastate}\n    datasets:\n"
    file.write_text(file.read_text().replace("    datasets:\n", home))
    assert "there is no session of Oracle Cloud" in run(*words, "--out", tmp_path / "b", code=2)
    (tmp_path / ".oci").mkdir()
    config = tmp_path / ".oci" / "config"
    config.write_text(f"[sandbox]\nuser=u\nfingerprint=f\nkey_file={config}\ntenancy=t\nregion=us-ashburn-1\n")
    assert "a key that does not expire" in run(*words, "--out", tmp_path / "c", code=2)
    assert "not for the embedded engine" in run(*words, "--engine", "embedded", "--out", tmp_path / "d", code=2)


def test_drift_is_seen_and_changes_nothing(applied, tmp_path):
    """0 where the clouds have what the state has, 7 where somebody deleted something; the state is as it was."""
    before = applied.state.read_bytes()
    words = ("drift", "--stack", "sandbox", "--out", tmp_path / "state.json")
    run(*words)
    store = Store(applied.root / ".sandbox" / "clouds.sqlite")
    with store.changing() as clouds:
        clouds.clear()
    store.close()
    run(*words, code=7)
    assert applied.state.read_bytes() == before
    assert json.loads((tmp_path / "state.json").read_text())["deployment"]["resources"]


def test_a_stack_file_without_a_salt_is_refused(applied):
    """The ordinary command line would write one into the file that was reviewed."""
    place = workspace.Workspace(root=applied.root, stack="us-prod")
    with pytest.raises(Refused, match="no salt"):
        real.salt_of(place)
    with place.file.open("a") as file:
        file.write("encryptionsalt: v1:a:v1:b:c\n")
    assert real.salt_of(place) == "v1:a:v1:b:c"


def test_a_redacted_state_is_written_for_everyone(applied, tmp_path):
    """The command publishes what previews without credentials start from."""
    out = tmp_path / "public.json"
    assert "without secrets and outputs" in run("redact", "--stack", "sandbox", "--out", out)
    assert "Nothing changes:" in applied.preview("--state", out)
