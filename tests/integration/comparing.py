"""Compares what the real engine did with what the embedded one did, in one form.

Brought into one form first, and nothing more: times, identifiers of provider instances (each engine draws them by lot),
the order of dependencies, and places outside the program.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.engine.compare import _by_urn as by_urn
from tests.engine.compare import _compare as compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.integration.ordinary import Played


def differences(real: Played, embedded: Played, *states: dict[str, Any]) -> list[str]:
    """Where the embedded engine did something else than the real one, one line each.

    Args:
        real: what the real engine did.
        embedded: what the embedded one did.
        states: where the provider instances are, whose identifiers each engine drew by lot.
    """
    names = _provider_names(*states)
    found = compare("exit", real.exit, embedded.exit)
    wanted, got = _named(real.events, names), _named(embedded.events, names)
    if real.exit != 0 or embedded.exit != 0:
        return found + _after_failure(_steps(wanted), _steps(got), real, embedded)
    found += compare("events", _steps(wanted), _steps(got))
    if real.document is not None:
        found += compare("preview", _preview(real.document, names), _preview(embedded.document or {}, names))
    return found


def offline_differences(real: Played, offline: Played) -> list[str]:
    """Where a preview without any cloud says something else than the real engine's, one line each.

    Compared are the steps: what is done to what, for which reasons, and with which inputs. What only a cloud knows is
    not: what a resource puts out, and whether an adopted one is updated once it is imported.
    """

    def steps(played: Played) -> dict[str, list[Any]]:
        told = ("op", "urn", "diffReasons", "replaceReasons", "detailedDiff")
        return _steps(
            {key: step.get(key) for key in told} | {"inputs": (step.get("newState") or {}).get("inputs")}
            for step in (played.document or {})["steps"]
        )

    found = compare("exit", real.exit, offline.exit)
    wanted, got = steps(real), steps(offline)
    for urn, told in got.items():
        if told[0]["op"] == "import":
            wanted[urn] = [step for step in wanted[urn] if step["op"] != "update"]
    if real.exit != 0:  # as above: how far it got is a race
        wanted, got = ({urn: side[urn] for urn in wanted.keys() & got.keys()} for side in (wanted, got))
    return found + compare("steps", wanted, got)


def state_differences(real: dict[str, Any], embedded: dict[str, Any]) -> list[str]:
    """Where the embedded engine's state differs from the real one's, one line each."""
    names = _provider_names(real, embedded)
    return compare("state", _state(real, names), _state(embedded, names))


def _after_failure(
    wanted: dict[str, list[Any]], got: dict[str, list[Any]], real: Played, embedded: Played
) -> list[str]:
    """After a failure it is a race how far resources got that have nothing to do with it: each as far as it got."""
    found: list[str] = []
    for urn in sorted(wanted.keys() & got.keys()):
        shorter = min(len(wanted[urn]), len(got[urn]))
        found += compare(f"events.{urn}", wanted[urn][:shorter], got[urn][:shorter])
    want_errors, got_errors = dict(real.errors), dict(embedded.errors)
    for urn in sorted(want_errors.keys() & got_errors.keys()):
        found += compare(f"errors.{urn}", _words(want_errors[urn]), _words(got_errors[urn]))
    if not want_errors.keys() & got_errors.keys() - {""} and want_errors.keys() | got_errors.keys() != {""}:
        found.append(f"errors: nothing in common: expected {sorted(want_errors)}, got {sorted(got_errors)}")
    return found


def _words(text: str) -> list[str]:
    """The words of an error; where a failed call came from is worded differently by each."""
    return re.findall(r"[\w@:<>$-]+", text)[:12]


def _preview(document: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    steps = [
        _named(step, names) | {key: _record(step[key], names) for key in ("oldState", "newState") if step.get(key)}
        for step in document["steps"]
    ]
    return {"config": document["config"], "steps": _steps(steps), "changeSummary": document["changeSummary"]}


def _state(state: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """By URN. How secrets are encrypted is left out: the real engine says so even where there are none."""
    operations = [
        {**operation, "resource": _record(operation["resource"], names)}
        for operation in state.get("pending_operations", ())
    ]
    return {
        "resources": by_urn(_record(resource, names) for resource in state.get("resources", ())),
        "pending": by_urn({**operation, "urn": operation["resource"]["urn"]} for operation in operations),
    }


def _record(resource: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A resource without times, with lists of dependencies in one order, and with the program's own places only."""
    kept = _named({k: v for k, v in resource.items() if k not in {"created", "modified"}}, names)
    kept["dependencies"] = sorted(kept.get("dependencies") or ())
    per_property = kept.get("propertyDependencies") or {}
    kept["propertyDependencies"] = {name: sorted(urns) for name, urns in per_property.items() if urns}
    kept["sourcePosition"] = kept.get("sourcePosition", "") if _is_own(kept.get("sourcePosition")) else ""
    places = [frame.get("sourcePosition") for frame in kept.get("stackTrace") or ()]
    kept["stackTrace"] = [place for place in places if _is_own(place)]
    return {key: value for key, value in kept.items() if value not in ("", [], {}, None, False)}


def _is_own(place: str | None) -> bool:
    """Whether a place is in the part of the program that both engines run; the SDK's and the engines' own are not."""
    return place is not None and re.match(r"project:///(components/|infra/(program|providers)\.py)", place) is not None


def _provider_names(*states: dict[str, Any]) -> dict[str, str]:
    """Identifiers of provider instances, which each engine draws by lot -> whose they are."""
    return {
        resource["id"]: f"<{'old ' if resource.get('delete') else ''}instance of {resource['urn']}>"
        for state in states
        for resource in state.get("resources", ())
        if resource["type"].startswith("pulumi:providers:")
    }


def _named(value: Any, names: dict[str, str]) -> Any:
    """The value with names for identifiers of provider instances, and without the simulated clouds' own times."""
    text = re.sub(r"2026-01-01T[0-9:.]+Z", "<simulated time>", json.dumps(value))
    for identifier, name in names.items():
        text = text.replace(identifier, name)
    return json.loads(text)


def _steps(steps: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """Steps by URN, with their reasons sorted: these come in the order of a map on the wire to the provider."""
    reasons = ("diffs", "diffReasons", "replaceReasons")
    return by_urn(
        {key: sorted(value or ()) if key in reasons else value for key, value in step.items()} for step in steps
    )
