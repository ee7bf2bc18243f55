"""`--what-if`: previews an edit without touching the file; the preview is that of a file that says so."""

import json

import pytest

from tests.cli.project import AS_OF

EDIT = "datasets.chats={class: protected}"


@pytest.mark.no_cover
def test_the_preview_of_an_edit_is_that_of_the_edited_file(applied):
    """The same steps, the edit is said, and the file stays as it is."""
    before = applied.file.read_bytes()
    supposed = json.loads(applied.preview("--json", "--what-if", EDIT))
    assert applied.file.read_bytes() == before
    assert supposed["whatIf"] == [EDIT]
    assert any(step["op"] == "create" and "chats-us-phoenix-1" in step["urn"] for step in supposed["steps"])

    text = applied.preview("--what-if", EDIT)
    assert text.index("WHAT IF") < text.index("+ dataset chats (protected)")
    assert "stays as it is" in text

    applied.edit("profiles: {class: protected}", "profiles: {class: protected}\n      chats: {class: protected}")
    assert applied.steps() == {
        (s["op"], s["urn"].split("::")[2].rpartition("$")[2], s["urn"].split("::")[3])
        for s in supposed["steps"]
        if s["op"] != "same"
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--what-if", "legacy.sites.virgina.phase=drain"], "did you mean legacy.sites.virginia.phase?"),
        (["--what-if", "nonsense", "--what-if", "more"], "write it like datasets.profiles.shards=2"),
        (["--what-if", "legacy.sites.virginia.phase=wipe"], "stacks/Pulumi.sandbox.yaml with --what-if"),
        (["--what-if", EDIT, "--save-plan", "x"], "a plan of what the stack file does not say cannot be saved"),
    ],
)
def test_what_cannot_be_supposed_is_refused(project, words, said):
    """By name, before anything is planned."""
    _, err = project.run("preview", "--stack", "sandbox", "--as-of", AS_OF, *words, code=2)
    assert said in err


def test_nothing_but_a_preview_takes_it(project):
    """`up` applies what the file says."""
    _, err = project.run("up", "--stack", "sandbox", "--what-if", EDIT, code=2)
    assert "No such option '--what-if'" in err
