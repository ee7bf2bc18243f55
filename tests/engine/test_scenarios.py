"""Random scenarios are lives that a program can have. What engines make of them is `python -m tests.engine.explore`."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.scenarios import scenario

_NAMED = ("provider", "parent", "deletedWith", "dependsOn", "replaceWith")


def _referred(entry: dict) -> set[str]:
    """Everything that an entry of a program needs to be there already; not what it was once called."""
    names = set(re.findall(r'"\$ref": "([^."]+)\.', json.dumps(entry.get("inputs", {}))))
    for key in _NAMED:
        value = entry.get("opts", {}).get(key, [])
        names |= set(value if isinstance(value, list) else [value])
    return names


@given(seed=st.integers(0, 10_000))
def test_whatever_a_program_refers_to_is_registered_before(seed):
    """Any seed: no program names a resource that is absent, later, or there twice. Not that all edits are drawn."""
    for step in scenario(seed)["steps"]:
        seen: set[str] = set()
        for entry in step.get("program", {"resources": []})["resources"]:
            assert _referred(entry) <= seen
            assert entry["name"] not in seen
            seen.add(entry["name"])


def test_a_seed_draws_one_scenario():
    """A difference can be had again from its seed, and other seeds draw other scenarios."""
    assert scenario(7) == scenario(7)
    assert len({json.dumps(scenario(seed)) for seed in range(100)}) == 100


def test_what_is_drawn_has_every_command_option_and_fault():
    """The first 200 seeds use all that is meant to be compared: exact sets of commands, options, faults, flags."""
    steps = [step for seed in range(200) for step in scenario(seed)["steps"]]
    entries = [entry for step in steps if "program" in step for entry in step["program"]["resources"]]
    assert {step["command"] for step in steps} == {"up", "preview", "refresh", "destroy", "cancel", "state"}
    assert {option for entry in entries for option in entry.get("opts", {})} == {
        *_NAMED, "protect", "retainOnDelete", "ignoreChanges", "replaceOnChanges", "deleteBeforeReplace",
        "additionalSecretOutputs", "aliases",
    }  # fmt: skip
    assert {fault["mode"] for step in steps for fault in step.get("faults", ())} == {
        "before", "after", "partial", "hang-before", "hang-after",
    }  # fmt: skip
    assert {flag for step in steps for flag in step.get("flags", ()) if flag.startswith("--")} == {
        "--target", "--target-dependents", "--exclude", "--exclude-dependents", "--replace", "--target-replace",
        "--refresh", "--continue-on-error", "--exclude-protected", "--save-plan", "--plan",
    }  # fmt: skip
