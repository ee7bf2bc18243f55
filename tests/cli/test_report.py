"""`python -m infra report`: what a preview shows, as a page, a comment and test results.

Proves that they say what the preview says and that the picture is that of the plan; how a page looks, and that nothing
hostile gets through, is in tests/evidence.
"""

import json
import re
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from components import primary_storage
from infra import program
from infra.cli import review, runs, workspace
from infra.engine.options import Command
from infra.evidence.review import Change, Column, Kind, Word
from infra.verify.command_line import main as proof
from tests.cli.project import AS_OF, Project


def test_all_that_is_asked_for_is_written(project):
    """The files are there and the verdict is said; nothing else is left behind."""
    written = {name: project.root / f"r.{name}" for name in ("html", "markdown", "junit", "sarif", "json")}
    options = [word for name, path in written.items() for word in (f"--{name}", path)]
    out = project.out("report", "--stack", "sandbox", "--as-of", AS_OF, *options)
    assert "stack sandbox · residency PROVED" in out
    text = {name: path.read_text() for name, path in written.items()}
    assert "Residency <b>PROVED</b>" in text["html"]
    for name in ("html", "markdown"):
        assert "dataset profiles (protected): default store us-ashburn-1, replica us-phoenix-1" in text[name]
    assert 'failures="0" errors="0"' in text["junit"]
    assert sarif(text["sarif"]).results == []
    steps = json.loads(text["json"])["steps"]
    assert {step["op"] for step in steps} == {"create"}
    prove = CliRunner().invoke(proof, ["--preview", str(written["json"]), "--as-of", AS_OF])
    assert (prove.exit_code, "PROVED" in prove.stdout) == (0, True)
    assert not list(project.root.glob(".r.*"))


def sarif(text):
    """The one run of a SARIF log, read by a library that is not ours."""
    from sarif_pydantic import Sarif  # noqa: PLC0415 (only here)

    (run,) = Sarif.model_validate_json(text).runs
    return run


@pytest.fixture
def to_frankfurt(monkeypatch):
    """A program whose copies of profiles lead to Frankfurt, which no stack file can say."""
    real = primary_storage.oci.objectstorage.ReplicationPolicy

    def wrong(resource, *rest: object, **more: object):
        if resource.startswith("profiles"):
            more |= {"destination_region_name": "eu-frankfurt-1", "destination_bucket_name": "usds-profiles-fra"}
        return real(resource, *rest, **more)

    monkeypatch.setattr(primary_storage.oci.objectstorage, "ReplicationPolicy", wrong)


@pytest.mark.usefixtures("to_frankfurt")
def test_a_refused_copy_is_drawn_from_end_to_end(project):
    """From the store to a place outside, in stead of the copy that was planned; every form says what and where."""
    found = reviewed(project.root)
    assert found.verdict.word is Word.REFUTED
    assert found.verdict.certificate == ""
    (refused,) = [flow for flow in found.flows if flow.refused]
    assert (refused.source, refused.target) == ("data:profiles:us-ashburn-1", "elsewhere:eu-frankfurt-1:profiles")
    assert not any(f.source == refused.source and f.target == "data:profiles:us-phoenix-1" for f in found.flows)
    (outside,) = [place for place in found.places if place.column is Column.ELSEWHERE]
    assert (outside.title, outside.notes) == ("Frankfurt", ("eu-frankfurt-1", "OCI, DE"))

    written = [project.root / name for name in ("r.md", "r.xml", "r.sarif")]
    options = zip(("--markdown", "--junit", "--sarif"), written, strict=True)
    project.out("report", "--stack", "sandbox", "--as-of", AS_OF, *(word for pair in options for word in pair), code=1)
    comment, cases, log = (path.read_text() for path in written)
    assert "usds-profiles-iad would be copied to eu-frankfurt-1 (Frankfurt, DE)" in comment.partition("<details>")[0]
    assert 'failures="1"' in cases
    (result,) = sarif(log).results
    assert result.rule_id == "T2"
    assert "eu-frankfurt-1" in result.message.text


def test_a_stack_file_that_may_not_be_is_reported(project):
    """Comment, page and results tell its findings with their lines; the command still refuses, with exit 2."""
    project.edit("us-ashburn-1: {role: primary", "us-ashburn-1: {role: first")
    written = [project.root / name for name in ("r.html", "r.md", "r.xml", "r.sarif", "r.json")]
    options = zip(("--html", "--markdown", "--junit", "--sarif", "--json"), written, strict=True)
    words = [word for pair in options for word in pair]
    _, err = project.run("report", "--stack", "sandbox", "--as-of", AS_OF, *words, code=2)
    assert "given    first" in err
    page, comment, cases = (path.read_text() for path in written[:3])
    for text in (page, comment):
        assert "stacks/Pulumi.sandbox.yaml:10" in text
        assert "oci.regions.us-ashburn-1.role: first" in text
        assert "REFUSED" in text
        assert "primary, standby, spare" in text
    assert 'errors="1"' in cases
    assert "stacks/Pulumi.sandbox.yaml:10" in cases
    log = sarif(written[3].read_text())
    (result,) = log.results
    assert (result.rule_id, result.level) == ("region-role", "error")
    assert "allowed: primary, standby, spare" in result.message.text
    (place,) = (location.physical_location for location in result.locations)
    assert (place.artifact_location.uri, place.region.start_line) == ("stacks/Pulumi.sandbox.yaml", 10)
    assert json.loads(written[4].read_text())["findings"][0]["line"] == 10


def test_a_preview_that_fails_proves_nothing(project, monkeypatch):
    """The page says why, line by line, and nothing is proved."""

    def broken(*_words: object, **_more: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr(primary_storage.oci.objectstorage, "ReplicationPolicy", broken)
    found = reviewed(project.root)
    assert found.verdict.word is Word.FAILED
    assert found.verdict.theorems == ()
    assert any("no such luck" in line for line in found.errors)
    written = project.root / "r.xml", project.root / "r.sarif"
    words = ("--junit", written[0], "--sarif", written[1])
    project.out("report", "--stack", "sandbox", "--as-of", AS_OF, *words, code=1)
    (result,) = sarif(written[1].read_text()).results
    assert result.rule_id == "preview-failed"
    assert "no such luck" in result.message.text
    assert not result.locations


def test_nothing_to_write_and_nowhere_to_write(project):
    """Both are refused by name."""
    _, err = project.run("report", "--stack", "sandbox", "--as-of", AS_OF, code=2)
    assert "nothing is to be written" in err
    _, err = project.run("report", "--stack", "sandbox", "--as-of", AS_OF, "--junit", project.root / "no" / "x", code=2)
    assert "cannot be written" in err


@pytest.fixture(scope="module")
def plans(applied_once, tmp_path_factory):
    """The review of the applied project, and that of an edit of it."""
    root = tmp_path_factory.mktemp("reviewed") / "project"
    shutil.copytree(applied_once, root)
    project = Project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "ROOT", root)
        patch.setattr(program, "_ROOT", root)
        same = reviewed(root)
        project.edit("profiles: {class: protected}", "profiles: {class: protected}\n      chats: {class: protected}")
        return same, reviewed(root)


def reviewed(root):
    """The review of a project's sandbox stack."""
    request = runs.Request(
        command=Command.PREVIEW, workspace=workspace.open_workspace(root, "sandbox"), as_of=date.fromisoformat(AS_OF)
    )
    return review.review(runs.carry_out(request), rerun="again")


def test_what_is_deployed_is_neither_new_nor_gone(plans):
    """Every part of the picture and every way to data is kept, and the numbers agree."""
    same, _ = plans
    assert same.changes == 0
    assert same.meaning == ()
    parts = [*same.stations, *same.flows, *same.reach]
    assert {part.change for part in parts} == {Change.KEPT}
    assert {row.op for row in same.resources} == {"same"}
    assert same.unchanged == len(same.resources) + 1


def test_a_new_dataset_is_new_and_nothing_else(plans):
    """Its stations, its copies and its keys; the picture of the rest stays."""
    _, edited = plans
    assert {s.id for s in edited.stations if s.change is Change.NEW} == {
        "data:chats:us-ashburn-1",
        "data:chats:us-phoenix-1",
        "data:chats:virginia",
    }
    assert {(f.kind, f.source, f.target) for f in edited.flows if f.change is Change.NEW} == {
        (Kind.COPY, "data:chats:us-ashburn-1", "data:chats:us-phoenix-1"),
        (Kind.COPY, "data:chats:us-ashburn-1", "data:chats:virginia"),
        (Kind.KEY, "key:us-ashburn-1:protected", "data:chats:us-ashburn-1"),
        (Kind.KEY, "key:us-phoenix-1:protected", "data:chats:us-phoenix-1"),
        (Kind.KEY, "key:virginia", "data:chats:virginia"),
    }
    assert [line.text.split(":")[0] for line in edited.meaning if line.topic == "Data"] == ["dataset chats (protected)"]


def test_every_flow_says_where_it_comes_from(plans):
    """A line of the stack file that is there, and the line of the program that registers it."""
    _, edited = plans
    lines = {flow.where for flow in edited.flows}
    assert all(where for where in lines)
    for flow in edited.flows:
        assert re.fullmatch(r"stacks/Pulumi\.sandbox\.yaml:\d+", flow.where[0]), flow
    copies = [flow for flow in edited.flows if flow.kind is Kind.COPY]
    assert all(any(re.match(r"components/\w+\.py:\d+", line) for line in flow.where) for flow in copies)


def test_a_flow_is_called_legal_only_by_what_is_decided(plans):
    """The theorems that a flow names are proved by this preview, or the flow says that they are not decided."""
    same, _ = plans
    proved = {theorem.id for theorem in same.verdict.theorems if theorem.word is Word.PROVED}
    for flow in same.flows:
        for name in re.findall(r"\bT[1-9]\b", flow.why.partition(";")[0]):
            assert (f"{name} is not decided by this preview" in flow.why) != (name in proved)


def test_flows_and_stations_belong_together(plans):
    """Every flow joins two stations of the picture, every station is in a place, every row names a dataset."""
    _, edited = plans
    stations = {station.id for station in edited.stations}
    assert {end for flow in edited.flows for end in (flow.source, flow.target)} <= stations
    assert {station.place for station in edited.stations} == {place.id for place in edited.places}
    assert {name for row in edited.reach for name in row.datasets} == {"profiles", "metrics", "chats"}


def test_it_is_a_document(plans):
    """Plain values that JSON takes."""
    assert json.loads(json.dumps(plans[1].document()))["stack"] == "sandbox"
