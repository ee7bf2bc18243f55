"""The embedded engine does what the real one did: every recorded scenario, step by step.

Proves equality, in the canonical form of `recordings/README.md`, of steps and their reasons, provider calls, errors,
exit codes and states; the provider is a real server on loopback. It does not prove anything about what no scenario
does; more can be recorded with `python -m tests.engine.recorder`.
"""

import copy
import json
from pathlib import Path

import pytest

from tests.engine import lab, replay

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json"))


@pytest.fixture(scope="module")
def server():
    """The scripted provider; each scenario starts with an empty store."""
    with lab.Server() as running:
        yield running


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_plays_alike(path, server):
    """No difference in any step."""
    assert replay.differences(json.loads(path.read_text()), server) == []


def _without_last_call(result):
    result["providerCalls"].pop()


def _other_reason(result):
    next(e for e in result["events"] if "replaceReasons" in e)["replaceReasons"] = ["id"]


def _more_in_the_store(result):
    result["storeAfter"].append("stranger@r1")


def _other_output(result):
    result["stateAfter"]["resources"][-1]["outputs"]["rev"] = 99


def _less_in_the_preview(result):
    result["previewJson"]["steps"].pop()


def _other_count(result):
    result["resourceChanges"]["create"] = 99


@pytest.mark.parametrize(
    ("step", "alter", "field"),
    [
        (0, lambda result: result.update(exitCode=1), "exitCode"),
        (0, _other_count, "resourceChanges"),
        (0, _other_output, "state"),
        (0, _more_in_the_store, "storeAfter"),
        (1, _less_in_the_preview, "previewJson"),
        (2, _other_reason, "events"),
        (2, _without_last_call, "providerCalls"),
        (2, lambda result: result["errors"]["diagnostics"].append({"severity": "error", "message": "no"}), "errors"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_difference_is_found(step, alter, field, server):
    """Each part of a step that is recorded otherwise is named, with its step, and nothing else is."""
    recording = json.loads((Path(__file__).parent / "recordings" / "replace-name-change.json").read_text())
    altered = copy.deepcopy(recording)
    alter(altered["results"][step])

    found = replay.differences(altered, server)

    assert found
    assert all(text.startswith(f"step {step + 1} (") and f": {field}" in text for text in found), found


def test_what_a_race_left_is_compared_when_an_update_succeeds(server):
    """A resource that had nothing to do with a failure and was not reached before it: not before the next update."""
    recording = json.loads((Path(__file__).parent / "recordings" / "create-partial.json").read_text())
    for result in recording["results"][:2]:  # the update that fails, and a preview after it
        state = result["stateAfter"]["resources"]
        state[:] = [it for it in state if not it["urn"].endswith("::d")]
        for field in ("events", "providerCalls"):
            result[field] = [it for it in result.get(field) or [] if not it["urn"].endswith("::d")]

    assert replay.differences(recording, server) == []

    recording["results"][2]["stateAfter"]["resources"][-1]["outputs"]["rev"] = 99
    assert [text.partition(":")[0] for text in replay.differences(recording, server)] == ["step 3 (up)"]


def test_command_line(tmp_path, capsys):
    """A line a scenario and a closing count; exit 1 if any differs."""
    recording = json.loads((Path(__file__).parent / "recordings" / "replace-name-change.json").read_text())
    (tmp_path / "good.json").write_text(json.dumps(recording))
    assert replay.main([str(tmp_path / "good.json")]) == 0
    recording["results"][0]["exitCode"] = 1
    (tmp_path / "wrong.json").write_text(json.dumps(recording))
    (tmp_path / "bent.json").write_text(json.dumps({**recording, "results": []}))
    capsys.readouterr()

    assert replay.main([str(tmp_path)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bent: the player failed:"
    assert lines[-3:] == [
        "good: ok",
        "wrong: step 1 (up): exitCode: expected 1, got 0",
        "1 of 3 scenarios ok",
    ]
