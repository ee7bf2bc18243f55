"""Property paths, ignored changes and replacements by path, where they go beyond what the recordings do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.engine import differences, paths
from infra.engine.provider import Changes, DiffKind, DiffResult, PropertyDiff
from infra.engine.values import UNKNOWN, Secret, equal_properties


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["a.b"]', ("root", "a.b")),
        (r'root["say \"hi\""]', ("root", 'say "hi"')),
        ("root[0][12].x", ("root", 0, 12, "x")),
        ("*", ("*",)),
        ("root[*].x", ("root", "*", "x")),
        ("root.*", ("root", "*")),
        ("[0]", (0,)),
    ],
)
def test_parse(text, path):
    """Names, quoted keys, indices and wildcards."""
    assert paths.parse(text) == path


@pytest.mark.parametrize("text", [".a", "a.", "a[", "a[x]", 'a["b', 'a["b"', "a[]"])
def test_no_path(text):
    """What is refused, with the path in the text."""
    with pytest.raises(ValueError, match="property path"):
        paths.parse(text)


@given(st.lists(st.text(min_size=1).filter(lambda key: "\\" not in key) | st.integers(0, 99), min_size=1, max_size=5))
def test_shown_paths_read_back(keys):
    """Law: the text of a path is read as that path."""
    assert paths.parse(paths.show(tuple(keys))) == tuple(keys)


@pytest.mark.parametrize(
    ("ignored", "old", "new", "result", "impossible"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}, []),
        ("a", {"a": 1}, {}, {"a": 1}, []),
        ("a", {}, {"a": 1}, {}, []),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}, []),
        ("a.b.c", {"a": {}}, {"a": {}}, {"a": {}}, []),
        ("a.b.c", {"a": {"b": {"c": 1}}}, {"a": {}}, {"a": {}}, ["a.b.c"]),
        ("a.b", {"a": {"b": 1}}, {"a": 7}, {"a": 7}, ["a.b"]),
        ("a.b.c", {"a": 7}, {"a": 7}, {"a": 7}, []),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, []),
        ("a[1].k", {"a": [1, {"k": 2}]}, {"a": [3, {"k": 4}]}, {"a": [3, {"k": 2}]}, []),
        ("a[1]", {"a": [1, 2]}, {"a": [3]}, {"a": [3]}, ["a[1]"]),
        ("a[9]", {"a": [1]}, {"a": [2]}, {"a": [2]}, []),
        ("a[0]", {"a": 1}, {"a": 2}, {"a": 2}, []),
        ("a[0]", {"a": [1]}, {"a": 2}, {"a": 2}, ["a[0]"]),
        ("a[-1]", {"a": [1]}, {"a": [2]}, {"a": [2]}, ["a[-1]"]),
        ("a.*", {"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, {"a": {"x": 1}}, []),
        ("a[*].k", {"a": [{"k": 1}]}, {"a": [{"k": 2}]}, {"a": [{"k": 1}]}, []),
        ("a[*]", {"a": [1, 2]}, {"a": [3]}, {"a": [1]}, ["a[*]"]),
        ("a.*.k", {"a": {"x": {"k": 1}}}, {"a": {"x": {"k": 2}}}, {"a": {"x": {"k": 1}}}, []),
        ("a.*.k", {"a": {"x": {"k": 1}}}, {"a": {}}, {"a": {}}, ["a.*.k"]),
        ("a.*", {"a": 1}, {"a": 2}, {"a": 2}, ["a.*"]),
        ("a[", {"a": 1}, {"a": 2}, {"a": 2}, []),
        ("a.b", {"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"a": {"b": Secret(1)}}, []),
        ("a[0]", {"a": Secret([1])}, {"a": [2]}, {"a": [Secret(1)]}, []),
        ("a.*", {"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"a": {"b": Secret(1)}}, []),
        ("a[*]", {"a": Secret([1])}, {"a": [2]}, {"a": [Secret(1)]}, []),
    ],
)
def test_ignored_changes(ignored, old, new, result, impossible):
    """What was at the path comes back, stays secret if it was, and the program's own values stay as they are."""
    before = repr(new)
    assert equal_properties(found := differences.ignore_changes(new, old, [ignored])[0], result), found
    assert differences.ignore_changes(new, old, [ignored])[1] == impossible
    assert repr(new) == before


def test_replacing_paths():
    """Changes below a pattern become replacements, others do not; a failed creation can count as a change."""
    update = PropertyDiff(kind=DiffKind.UPDATE)
    diff = DiffResult(
        changes=Changes.SOME, changed=("a", "b", "["), detailed={"a[0].k": update, "a[0].j": update, "b": update}
    )

    found = differences.replace_on_changes(diff, ["a[*].k", "b"], has_init_errors=False)

    assert {k: str(d.kind) for k, d in found.detailed.items()} == {
        "a[0].k": "update-replace",
        "a[0].j": "update",
        "b": "update-replace",
    }
    assert found.replaces == ("b",)
    nothing = DiffResult(changes=Changes.NONE)
    assert differences.replace_on_changes(nothing, ["*"], has_init_errors=False) is nothing
    assert differences.replace_on_changes(nothing, ["*"], has_init_errors=True).replaces == ("#initerror",)


def test_comparison_by_the_engine():
    """Where a provider leaves it to the engine: every path that differs; null is absent, secretness does not count."""
    old = {"same": Secret(1), "gone": 1, "null": None, "deep": {"list": [1, {"k": 2}, 3]}, "was": None}
    new = {"same": 1, "deep": {"list": [1, {"k": 4}]}, "new": [1], "was": 5}

    found = differences.by_inputs(old, new)

    assert found.changed == ("deep", "gone", "new", "was")
    assert {path: str(d.kind) for path, d in found.detailed.items()} == {
        "deep.list[1].k": "update",
        "deep.list[2]": "delete",
        "gone": "delete",
        "new": "add",
        "was": "add",
    }
    assert differences.by_inputs(old, old).changes is Changes.NONE


@pytest.mark.parametrize(
    ("planned", "actual", "allowed"),
    [
        (UNKNOWN, {"a": 1}, True),
        ({"a": UNKNOWN, "b": 1}, {"a": 5, "b": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([UNKNOWN, 1], [2, 1], True),
        ([1], [1, 2], False),
        (1, "1", False),
    ],
)
def test_what_a_plan_allows(planned, actual, allowed):
    """Anything where the plan knows nothing; otherwise the same."""
    assert differences.equal_or_unknown(planned, actual) is allowed
