"""One graph from previews and states, equal in content whichever it was built from; and what is refused, and how.

Made from what the program registers for the shipped stacks; that real engines write such documents is for the
tests of the command line and of the embedded engine.
"""

import json

import pytest

from infra.verify.graph import SECRET, place
from infra.verify.sources import documents, preview, state
from infra.verify.sources.loaded import UnusableError
from tests.support.graphs import STACKS, steps


def unchanged(stack):
    """The document of a preview that changes nothing."""
    shown = [step | {"op": "same", "oldState": step["newState"]} for step in steps(stack, preview=False)]
    return {"config": {}, "steps": shown, "changeSummary": {"same": len(shown)}}


def exported(stack, *, checkpoint=False):
    """The state of the same stack, in either shape."""
    inner = {"manifest": {"time": "t"}, "resources": [step["newState"] for step in steps(stack, preview=False)]}
    return {"version": 3, "checkpoint": {"latest": inner}} if checkpoint else {"version": 3, "deployment": inner}


@pytest.mark.parametrize("checkpoint", [True, False])
@pytest.mark.parametrize("stack", STACKS)
def test_a_graph_is_the_same_whatever_it_is_read_from(stack, checkpoint):
    """A preview of no change and the state that it starts from, exported or as a file backend keeps it."""
    shown = preview.load(unchanged(stack), "p.json")
    had = state.load(exported(stack, checkpoint=checkpoint), "s.json")
    assert shown.graph == had.graph
    assert (shown.stack, had.stack, had.written) == (stack, stack, "t")


def test_what_a_preview_leaves_out_of_what_stays():
    """Engines tell of it before its provider is asked: its id and its outputs are those that it has."""
    document = unchanged("sandbox")
    whole = preview.load(document, "p").graph
    for step in document["steps"]:
        step["newState"] = {name: value for name, value in step["newState"].items() if name not in {"id", "outputs"}}
    assert preview.load(document, "p").graph == whole


def test_what_goes():
    """Deleted, replaced, and replaced before and waiting to be deleted."""
    document = unchanged("sandbox")
    first, second, third = document["steps"][-3:]
    first |= {"op": "delete", "newState": None}
    second |= {"op": "replace"}
    third["newState"] = None
    third |= {"op": "refresh"}
    document["changeSummary"]["same"] -= 3
    graph = preview.load(document, "p").graph
    assert [(node.urn, node.op) for node in graph.gone] == [(first["urn"], "delete"), (second["urn"], "replace")]
    assert second["urn"] in graph.nodes
    assert not {first["urn"], third["urn"]} & graph.nodes.keys()
    waiting = exported("sandbox")
    waiting["deployment"]["resources"][-1]["delete"] = True
    found = state.load(waiting, "s").graph
    assert [(node.op, node.pending) for node in found.gone] == [("delete", True)]


def test_a_secret_is_none_of_its_parts():
    """Ciphertext is never read, in whatever depth it stands."""
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    assert documents.parsed(json.dumps({"a": [{"b": secret}]}).encode(), "f") == {"a": [{"b": SECRET}]}


@pytest.mark.parametrize(
    ("position", "shown"),
    [
        ("project:///a/b.py#7", "a/b.py:7"),
        ("project:///a/b.py#7,3", "a/b.py:7"),
        ("file:///home/me/b.py#7", ""),
        ("", ""),
    ],
)
def test_places_are_the_projects(position, shown):
    """A machine's own path says nothing to anybody else."""
    assert place(position) == shown


def foreign(document):
    """The same of another project."""
    return json.loads(json.dumps(document).replace("::usdata::", "::other::"))


def mixed(document):
    """With a resource of another stack."""
    document["steps"][0] = json.loads(json.dumps(document["steps"][0]).replace("pulumi:sandbox", "pulumi:prod"))
    return document


PREVIEWS = [
    (lambda d: d | {"changeSummary": {"same": 999}}, "leaves out"),
    (lambda d: d | {"changeSummary": None}, "has no summary"),
    (lambda d: d | {"diagnostics": [{"severity": "error", "message": "no"}]}, "that failed"),
    (lambda d: d | {"steps": [*d["steps"], {"op": "dance", "urn": "x"}]}, "unknown kind of step"),
    (lambda d: d | {"changeSummary": {}, "steps": [{"op": "create", "newState": {}}]}, "a step that is none"),
    (lambda _: exported("sandbox"), "has no steps"),
    (foreign, "is of another project"),
    (mixed, "mixes stacks"),
    (
        lambda d: d | {"changeSummary": {}, "steps": [{"op": "create", "newState": {"urn": "x", "type": "y"}}]},
        "without a URN",
    ),
]


@pytest.mark.parametrize(("edit", "why"), PREVIEWS, ids=[why for _, why in PREVIEWS])
def test_half_a_preview_is_refused(edit, why):
    """And so is what is none, or somebody else's."""
    with pytest.raises(UnusableError, match=why) as error:
        preview.load(edit(unchanged("sandbox")), "p.json")
    assert error.value.text().startswith("usdata: p.json")


STATES = [
    (lambda s: s | {"version": 5}, "is of version 5"),
    (lambda _: {"a": 1}, "is no state"),
    (lambda _: unchanged("sandbox"), "is a preview"),
    (lambda _: {"version": 3, "deployment": None}, "holds no deployment"),
    (lambda s: s | {"deployment": s["deployment"] | {"pending_operations": [{}]}}, "whose end nobody knows"),
    (lambda s: s | {"deployment": s["deployment"] | {"resources": [{"type": "x"}]}}, "a resource that is none"),
    (foreign, "is of another project"),
]


@pytest.mark.parametrize(("edit", "why"), STATES, ids=[why for _, why in STATES])
def test_what_is_no_state_is_refused(edit, why):
    """A state of another version or project, and what is none."""
    with pytest.raises(UnusableError, match=why):
        state.load(edit(exported("sandbox")), "s.json")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"steps": [', "is cut off"),
        (b"steps", "is no JSON"),
        (b"[]", "holds no JSON object"),
        (b"\xff", "is no JSON"),
    ],
)
def test_a_broken_file_is_refused(content, why):
    """With what is wrong with it."""
    with pytest.raises(UnusableError, match=why):
        documents.parsed(content, "f.json")
