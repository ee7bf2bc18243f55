"""Compares what happened with what was recorded, in the canonical form of `recordings/README.md`."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engine.player import Played

# The recordings mention these; they are counters or texts that depend on the order of unrelated resources.
_DROPPED = {"steps"}
_DELETIONS = {"delete", "delete-replaced", "Delete"}


class Comparison:
    """Compares the steps of one scenario in turn.

    After a failure it is a race which resources that have nothing to do with it were still registered, checked or
    changed. Those whose fate differs from the recorded one are remembered as raced: in the failing step they may have
    got further or less far than recorded, so nothing of them is compared until an update succeeds, and of that their
    state.
    """

    def __init__(self, scenario: dict[str, Any]) -> None:
        self._scenario = scenario
        self._program: dict[str, Any] = {"resources": []}
        self._raced: set[str] = set()

    def differences(self, expected: dict[str, Any], played: Played, step: dict[str, Any]) -> list[str]:
        """What differs in the next step: one line each, `field: expected ..., got ...`."""
        self._program = step.get("program", self._program)
        failing = expected["exitCode"] == 1 and played.exit == 1 and step["command"] in ("preview", "up", "destroy")
        settles = played.exit == 0 and step["command"] in ("up", "destroy")
        wanted, actual = _canonical_expected(expected), _canonical_actual(played)
        racing = self._new_races(expected, wanted, actual) if failing else set()
        self._raced |= racing
        if self._raced:
            wanted, actual = self._relaxed(wanted), self._relaxed(actual)
            self._forget(wanted, actual, state_too=not settles)
        varied = set(expected["repeats"]["varied"])
        found: list[str] = []
        for name, want in wanted.items():
            if name not in varied:
                found.extend(_compare(name, want, actual[name]))
        if "errors" not in varied:
            found.extend(_errors(expected["errors"], played.errors))
        if settles:
            self._raced = set()
        return found

    def _new_races(self, expected: dict[str, Any], wanted: dict[str, Any], actual: dict[str, Any]) -> set[str]:
        """Resources that got further, or less far, than recorded, and may have: they do not depend on what failed."""
        failed = {d["urn"] for d in expected["errors"]["diagnostics"] if d["severity"] == "error" and "urn" in d}
        bound = self._dependents({urn.rpartition("::")[2] for urn in failed})
        raced: set[str] = set()
        for field in ("events", "providerCalls"):
            for urn in {*wanted[field], *actual[field]} - failed:
                want, got = wanted[field].get(urn, []), actual[field].get(urn, [])
                shorter = min(len(want), len(got))
                deletes = any(e.get("op") in ("delete", "Delete") for e in got[len(want) :])
                further = len(got) > len(want) and urn.rpartition("::")[2] in bound
                if want != got and want[:shorter] == got[:shorter] and not deletes and not further:
                    raced.add(urn)
        return raced

    def _dependents(self, names: set[str]) -> set[str]:
        """Logical names of what depends, directly or not, on resources of these names."""
        bound = set(names)
        entries = self._program["resources"]
        for _ in entries:
            for entry in entries:
                keys = {entry.get("key"), entry.get("name")}
                text = json.dumps([entry.get("inputs"), entry.get("args"), entry.get("id"), entry.get("values")])
                needs = set(re.findall(r'"\$ref": "([^."]+)', text))
                needs |= set(re.findall(r'"([^"]+)"', json.dumps(entry.get("opts", {}))))
                if needs & bound:
                    bound |= {k for k in keys if k}
        return bound

    def _relaxed(self, value: Any) -> Any:
        """Generated names of raced resources without their number."""
        names = "|".join(re.escape(urn.rpartition("::")[2]) for urn in self._raced)
        text = re.sub(rf"\b({names})-<rand:\d+>", r"\1-<rand>", json.dumps(value))
        return json.loads(text)

    def _forget(self, wanted: dict[str, Any], actual: dict[str, Any], *, state_too: bool) -> None:
        """Take out what need not be equal for raced resources."""
        for side in (wanted, actual):
            for field in ("events", "providerCalls"):
                side[field] = {k: v for k, v in side[field].items() if k not in self._raced}
            side["resourceChanges"] = None
            if side["previewJson"]:
                side["previewJson"] = None
            if state_too:
                side["state"]["resources"] = [r for r in side["state"]["resources"] if r["urn"] not in self._raced]
                side["storeAfter"] = []


def _canonical_actual(played: Played) -> dict[str, Any]:
    return {
        "exitCode": played.exit,
        "resourceChanges": played.changes,
        "events": _by_urn(e for e in played.events if e),
        "providerCalls": _by_urn(played.calls),
        "state": _state(played.state),
        "storeAfter": played.store,
        "stackOutputs": played.outputs,
        "previewJson": _preview(played.preview),
    }


def _canonical_expected(expected: dict[str, Any]) -> dict[str, Any]:
    return {
        "exitCode": expected["exitCode"],
        "resourceChanges": expected["resourceChanges"],
        "events": _by_urn(expected["events"]),
        "providerCalls": _by_urn(expected["providerCalls"]),
        "state": _state(expected["stateAfter"]),
        "storeAfter": sorted(expected["storeAfter"]),
        "stackOutputs": expected["stackOutputs"],
        "previewJson": _preview(expected.get("previewJson")),
    }


def _by_urn(entries) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for entry in entries or ():
        kept = {k: v for k, v in entry.items() if k not in _DROPPED}
        groups[entry.get("urn") or f"invoke {entry['tok']}"].append(kept)
    return {urn: _with_deletions_in_order(group) for urn, group in groups.items()}


def _with_deletions_in_order(entries: list[Any]) -> list[Any]:
    """Deletions of one URN that follow one another, the current record's and those of its old halves, by name.

    They do not depend on each other, and the real engine takes them from a set: in any order.
    """
    out: list[Any] = []
    for deletions, run in groupby(entries, key=lambda e: e.get("op") in _DELETIONS):
        found = list(run)
        out.extend(sorted(found, key=lambda e: (e["op"], e.get("id", ""))) if deletions else found)
    return out


def _state(state: dict[str, Any] | None) -> dict[str, Any]:
    state = state or {}
    resources = [_record(r) for r in state.get("resources", ())]
    pending = [{**o, "resource": _record(o["resource"])} for o in state.get("pendingOperations", ())]
    return {
        "resources": sorted(resources, key=lambda r: json.dumps(r, sort_keys=True)),
        "pendingOperations": sorted(pending, key=lambda o: json.dumps(o, sort_keys=True)),
    }


def _record(resource: dict[str, Any]) -> dict[str, Any]:
    kept = dict(resource)
    per_property = {k: v for k, v in (kept.pop("propertyDependencies", None) or {}).items() if v}
    if per_property:
        kept["propertyDependencies"] = per_property
    return {k: v for k, v in kept.items() if v or k == "custom"}


def _preview(document: dict[str, Any] | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {"steps": _by_urn(document["steps"]), "changeSummary": document.get("changeSummary") or {}}


def _compare(path: str, want: Any, got: Any) -> list[str]:
    if want == got:
        return []
    if isinstance(want, dict) and isinstance(got, dict):
        found: list[str] = []
        for key in sorted({*want, *got}):
            if key not in want:
                found.append(f"{path}.{key}: expected nothing, got {_text(got[key])}")
            elif key not in got:
                found.append(f"{path}.{key}: expected {_text(want[key])}, got nothing")
            else:
                found.extend(_compare(f"{path}.{key}", want[key], got[key]))
        return found
    if isinstance(want, list) and isinstance(got, list):
        missing = _without(want, got)
        extra = _without(got, want)
        if missing or extra:
            if len(missing) == len(extra) == 1:
                return _compare(f"{path}[]", missing[0], extra[0]) or [f"{path}: order differs"]
            return [f"{path}: expected {_text(missing)}, got {_text(extra)} (the rest is equal)"]
        return [f"{path}: order differs: expected {_text(want)}, got {_text(got)}"]
    return [f"{path}: expected {_text(want)}, got {_text(got)}"]


def _without(entries: list[Any], others: list[Any]) -> list[Any]:
    left = Counter(json.dumps(o, sort_keys=True) for o in others)
    out = []
    for entry in entries:
        key = json.dumps(entry, sort_keys=True)
        if left[key]:
            left[key] -= 1
        else:
            out.append(entry)
    return out


def _text(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) < 400 else f"{text[:400]}..."


def _errors(want: dict[str, list[Any]], got: dict[str, list[Any]]) -> list[str]:
    """Errors are compared by resource, severity and the words that matter."""
    left = list(got["diagnostics"])
    found = []
    for entry in want["diagnostics"]:
        match = next((g for g in left if _alike(entry, g)), None)
        if match is None:
            found.append(f"errors: expected {_text(entry)}, got {_text(left)}")
        else:
            left.remove(match)
    found.extend(f"errors: expected nothing, got {_text(entry)}" for entry in left)
    if bool(want["cli"]) != bool(got["cli"]):
        found.append(f"errors.cli: expected {want['cli']}, got {got['cli']}")
    for wanted, actual in zip(want["cli"], got["cli"], strict=False):
        if _words(wanted)[:6] != _words(actual)[:6]:
            found.append(f"errors.cli: expected {wanted!r}, got {actual!r}")
    return found


def _alike(want: dict[str, Any], got: dict[str, Any]) -> bool:
    if want.get("urn") != got.get("urn") or want["severity"] != got["severity"]:
        return False
    first, _, last = want["message"].partition(" ... ")
    if last:
        return got["message"].startswith(first) and last in got["message"]
    wanted = _words(want["message"])
    return wanted[:12] == _words(got["message"])[:12]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w@:<>$-]+", text)
