"""Compares what happened with what was recorded, in the canonical form of `recordings/README.md`."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from typing import Any

from tests.engine.player import Played

# The recordings mention these; they are counters or texts that depend on the order of unrelated resources.
_DROPPED = {"steps"}


def differences(expected: dict[str, Any], played: Played, step: dict[str, Any]) -> list[str]:
    """What differs in one step: one line each, `field: expected ..., got ...`."""
    varied = set(expected["repeats"]["varied"])
    actual = {
        "exitCode": played.exit,
        "resourceChanges": played.changes,
        "events": _by_urn(e for e in played.events if e),
        "providerCalls": _by_urn(played.calls),
        "state": _state(played.state),
        "storeAfter": played.store,
        "stackOutputs": played.outputs,
        "previewJson": _preview(played.preview),
    }
    wanted = {
        "exitCode": expected["exitCode"],
        "resourceChanges": expected["resourceChanges"],
        "events": _by_urn(expected["events"]),
        "providerCalls": _by_urn(expected["providerCalls"]),
        "state": _state(expected["stateAfter"]),
        "storeAfter": sorted(expected["storeAfter"]),
        "stackOutputs": expected["stackOutputs"],
        "previewJson": _preview(expected.get("previewJson")),
    }
    found: list[str] = []
    for name, want in wanted.items():
        if name not in varied:
            found.extend(_compare(name, want, actual[name]))
    if "errors" not in varied:
        found.extend(_errors(expected["errors"], played.errors))
    return found


def _by_urn(entries) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for entry in entries or ():
        kept = {k: v for k, v in entry.items() if k not in _DROPPED}
        groups[entry.get("urn") or f"invoke {entry['tok']}"].append(kept)
    return dict(groups)


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
