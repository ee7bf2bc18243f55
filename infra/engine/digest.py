"""The document of `pulumi preview --json`: what a preview would do, for machines.

Made from the events of a preview. Unchanged resources are left out unless asked for (`--show-sames`); the stack itself
is always there. Secrets are blinded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.engine import state, urns
from infra.engine.events import Diagnostic, Op, Prelude, ResourceFailed, ResourceOutputs, ResourcePre, Severity, Summary
from infra.engine.values import Properties, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.engine.events import Event, StepInfo
    from infra.engine.provider import PropertyDiff
    from infra.engine.resource import Resource


def digest(events: Iterable[Event], *, show_sames: bool = False) -> dict[str, Any]:  # noqa: C901 (one case an event)
    """The document for the events of one preview."""
    document: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []
    diagnostics: list[dict[str, Any]] = []
    last: dict[str, Op] = {}
    for event in events:
        match event:
            case Prelude():
                document["config"] = dict(event.config)
            case Diagnostic():
                if event.severity is not Severity.DEBUG:
                    diagnostics.append(_diagnostic(event))
            case ResourcePre():
                if _is_shown(event.step, show_sames=show_sames):
                    steps.append(_step(event.step))
                    last[event.step.urn] = event.step.op
            case ResourceOutputs():
                found = event.step.op is Op.DELETE or (
                    event.step.op is Op.UPDATE and event.step.detailed_diff is not None
                )
                if last.get(event.step.urn) is Op.REFRESH and found:
                    steps = [_step(event.step) if s["urn"] == event.step.urn else s for s in steps]
            case ResourceFailed():
                pass
            case Summary():
                document["duration"] = int(event.seconds * 1_000_000_000)
                document["changeSummary"] = {str(op): count for op, count in sorted(event.changes.items())}
                if event.maybe_corrupt:
                    document["maybeCorrupt"] = True
    document["steps"] = steps
    if diagnostics:
        document["diagnostics"] = diagnostics
    return document


def _diagnostic(event: Diagnostic) -> dict[str, Any]:
    prefix = "" if event.severity is Severity.INFO else f"{event.severity}: "
    out = {"message": f"{prefix}{event.message}\n", "severity": str(event.severity)}
    return {"urn": event.urn, **out} if event.urn else out


def _is_shown(step: StepInfo, *, show_sames: bool) -> bool:
    if step.internal:
        return False
    if urns.is_root_stack(step.urn):
        return True
    if step.op is Op.SAME:
        changed = step.old is not None and step.new is not None and step.old.protect != step.new.protect
        return show_sames or changed
    return step.logical or step.op not in _HALVES


_HALVES = frozenset(
    {
        Op.CREATE_REPLACEMENT,
        Op.DELETE_REPLACED,
        Op.READ_REPLACEMENT,
        Op.DISCARD_REPLACED,
        Op.REMOVE_PENDING_REPLACE,
        Op.IMPORT_REPLACEMENT,
    }
)


def _step(step: StepInfo) -> dict[str, Any]:
    out: dict[str, Any] = {"op": str(step.op), "urn": step.urn}
    if step.provider:
        out["provider"] = step.provider
    if step.old is not None:
        out["oldState"] = shown(step.old)
    if step.new is not None:
        out["newState"] = shown(step.new)
    if step.diff_reasons:
        out["diffReasons"] = list(step.diff_reasons)
    if step.replace_reasons:
        out["replaceReasons"] = list(step.replace_reasons)
    detailed = step.detailed_diff
    out["detailedDiff"] = (
        None if detailed is None else {path: _property(diff) for path, diff in sorted(detailed.items())}
    )
    return out


def _property(diff: PropertyDiff) -> dict[str, Any]:
    """One change of a property; `mayReplace`, which the ordinary command line has not, only where nobody knows."""
    out = {"kind": str(diff.kind), "inputDiff": diff.input_diff}
    return {**out, "mayReplace": True} if diff.may_replace else out


def shown(resource: Resource) -> dict[str, Any]:
    """A resource as the document has it, its secrets blinded."""
    blinded = resource.copy()
    blinded.inputs = _blinded(resource.inputs)
    blinded.outputs = _blinded(resource.outputs)
    return state.dump_resource(blinded, encrypt=_never)


def _blinded(properties: Properties) -> Properties:
    return {key: redacted(value) for key, value in properties.items()}


def _never(_text: str) -> str:
    """Every secret is blinded before it is written."""
    raise AssertionError("a secret was about to be written")
