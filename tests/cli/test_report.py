"""`python -m infra report`: what a preview shows, as a page, a comment and test results.

Proves that they say what the preview says and that the picture is that of the plan; how a page looks, and that nothing
hostile gets through, is in tests/evidence.
"""

import json
import re
from datetime import date

import pytest

from infra.cli import review, runs, workspace
from infra.engine.options import Command
from infra.evidence.review import Change, Kind
from tests.cli.project import AS_OF


def test_all_that_is_asked_for_is_written(project):
    """The files are there and the verdict is said; nothing else is left behind."""
    written = [project.root / name for name in ("r.html", "r.md", "r.xml")]
    out = project.out(
        "report", "--stack", "sandbox", "--as-of", AS_OF, "--html", written[0], "--markdown", written[1], "--junit",
        written[2], code=3,
    )  # fmt: skip
    assert "stack sandbox · residency UNDECIDED" in out
    page, comment, cases = (path.read_text() for path in written)
    assert "Residency <b>UNDECIDED</b>" in page
    assert "dataset profiles (protected): default store us-ashburn-1, replica us-phoenix-1, backup virginia" in page
    assert "dataset profiles (protected): default store us-ashburn-1" in comment
    assert 'name="usdata sandbox"' in cases
    assert not list(project.root.glob(".r.*"))


def test_nothing_to_write_and_nowhere_to_write(project):
    """Both are refused by name."""
    _, err = project.run("report", "--stack", "sandbox", "--as-of", AS_OF, code=2)
    assert "nothing is to be written" in err
    _, err = project.run("report", "--stack", "sandbox", "--as-of", AS_OF, "--junit", project.root / "no" / "x", code=2)
    assert "cannot be written" in err


@pytest.fixture(scope="module")
def plans(applied_once, tmp_path_factory):
    """The review of the applied project, and that of an edit of it."""
    import shutil  # noqa: PLC0415 (the same)

    from infra import program  # noqa: PLC0415 (the same)
    from tests.cli.project import Project  # noqa: PLC0415 (only here)

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
