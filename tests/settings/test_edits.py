"""What-if edits: the plan of an edit is the plan of a file that says so, and whatever has no place is a finding.

Proves what an edit does to what was read; what a preview makes of it is in tests/cli/test_what_if.py.
"""

from dataclasses import replace

import pytest

from infra.residency.findings import ResidencyError
from infra.settings import edit, read
from tests.settings.samples import BASE, edited

AVATARS = "      avatars: {class: public}\n"

SAME = {
    "a text": (["organization=other"], [("organization: usds", "organization: other")]),
    "a number": (["datasets.videos.shards=4"], [("shards: 2", "shards: 4")]),
    "a quoted number": (['legacy.sites.virginia.accountId="333333333333"'], [('"111111111111"', '"333333333333"')]),
    "a date without quotes": (["datasets.metrics.expires=2027-05-31"], [('"2027-06-30"', '"2027-05-31"')]),
    "a new entry": (
        ["datasets.chats={class: protected, shards: 3}"],
        [(AVATARS, f"{AVATARS}      chats: {{class: protected, shards: 3}}\n")],
    ),
    "a new key": (
        ["datasets.profiles.shards=2"],
        [("profiles: {class: protected}", "profiles: {class: protected, shards: 2}")],
    ),
    "a key less": (
        ["datasets.metrics.export="],
        [("        export: {name: capacity-planning, group: capacity-planners}\n", "")],
    ),
    "two, one inside the other": (
        ["datasets.chats={class: protected}", "datasets.chats.shards=2"],
        [(AVATARS, f"{AVATARS}      chats: {{class: protected, shards: 2}}\n")],
    ),
    "the later of two": (["organization=one", "organization=two"], [("organization: usds", "organization: two")]),
    "a map in place of a map": (
        ["datasets.metrics={class: protected}"],
        [
            (
                BASE[BASE.index("      metrics:") : BASE.index("      avatars:")],
                "      metrics: {class: protected}\n",
            )
        ],
    ),
    "a quoted key": (['oci.regions."us-phoenix-1".role=spare'], [("role: standby", "role: spare")]),
}


@pytest.mark.parametrize(("edits", "replaced"), SAME.values(), ids=SAME)
def test_it_is_as_if_the_file_said_so(edits, replaced):
    """The same request and the same value for the engine; no finding."""
    found = read(BASE.encode(), [edit(text) for text in edits])
    written = read(edited(*replaced).encode())
    assert found.findings == written.findings == ()
    assert found.request == written.request
    assert found.value == written.value


def test_lines_are_those_of_the_file():
    """An edit moves no line; what is new is found where it would stand."""
    plain = read(BASE.encode())
    found = read(BASE.encode(), [edit("datasets.chats={class: protected}"), edit("organization=other")])
    assert {path: line for path, line in found.lines.items() if path in plain.lines} == dict(plain.lines)
    assert found.lines["datasets.chats"] == plain.lines["datasets.profiles"]


NO_PLACE = {
    "a site misspelled": (
        "legacy.sites.singapor.phase=wipe",
        "unknown-key",
        "legacy.sites.singapor",
        "legacy.sites.singapore.phase?",
    ),
    "a section misspelled": ("dataset.profiles.shards=2", "unknown-key", "dataset", "datasets.profiles.shards?"),
    "nothing like it": ("weather.today=2", "unknown-key", "weather", "only the last key of a path may be new"),
    "removing what is not there": ("datasets.chats=", "unknown-key", "datasets.chats", "name one of these"),
    "below a value": ("organization.name=x", "wrong-type", "organization", "end the path here"),
}


@pytest.mark.parametrize(("text", "rule", "path", "fix"), NO_PLACE.values(), ids=NO_PLACE)
def test_a_place_that_is_not_there(text, rule, path, fix):
    """A finding at the place, with the path that was likely meant; all edits at once."""
    with pytest.raises(ResidencyError) as refused:
        read(BASE.encode(), [edit(text), edit("zzz.zzz=1")])
    assert {(f.rule.value, f.path) for f in refused.value.findings} == {(rule, path), ("unknown-key", "zzz")}
    (found,) = [f for f in refused.value.findings if f.path == path]
    assert fix in found.fix


@pytest.mark.parametrize("text", ["", "datasets", "=x", ".=x", "datasets..x=1", "datasets.=1", 'a"b=1'])
def test_what_is_no_edit(text):
    """Path, equals sign, value; nothing else."""
    with pytest.raises(ResidencyError) as refused:
        edit(text)
    assert [f.rule.value for f in refused.value.findings] == ["syntax"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [("datasets.x={a: 1, a: 2}", "duplicate-key"), ("datasets.x=*y", "ambiguous-scalar"), ("datasets.x={", "syntax")],
)
def test_a_value_that_is_none(text, rule):
    """The same rules as in the file; the finding names the path."""
    with pytest.raises(ResidencyError) as refused:
        edit(text)
    assert [(f.rule.value, f.path) for f in refused.value.findings] == [(rule, "datasets.x")]


@pytest.mark.parametrize(
    ("text", "rule", "path"),
    [
        ("datasets.videos.shards=many", "wrong-type", "datasets.videos.shards"),
        ("datasets.videos.shard=3", "unknown-key", "datasets.videos.shard"),
        ("legacy.sites.virginia.accountId=333333333333", "wrong-type", "legacy.sites.virginia.accountId"),
        ("organization=yes", "ambiguous-scalar", "organization"),
        ("datasets=[a, b]", "wrong-type", "datasets"),
    ],
)
def test_the_shape_is_judged_as_the_files(text, rule, path):
    """What the file may not say, an edit may not."""
    found = read(BASE.encode(), [edit(text)])
    assert [(f.rule.value, f.path) for f in found.findings] == [(rule, path)]


def test_the_path_of_an_edit_is_written_as_findings_write_it():
    """So that one can be copied from the other."""
    assert edit('traffic.records."@".CAA=x').path == 'traffic.records."@".CAA'
    assert replace(edit("a.b=1"), text="") == replace(edit("a.b = 1"), text="")
