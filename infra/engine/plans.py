"""Plans: what a preview found, written down so that the run that follows does that and nothing else.

For each resource a plan holds the steps, how its inputs change, the options it was registered with and the seed of
generated names. A run that keeps to a plan may do less (an update that is not needed any more) but nothing more and
nothing else; where the plan has an unknown value, any value will do. The document is Pulumi's own
(`pulumi preview --save-plan`).
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from infra.engine import encoding, urns
from infra.engine.context import GenerationError
from infra.engine.differences import compare, equal_or_unknown
from infra.engine.events import Op
from infra.engine.state import new_manifest
from infra.engine.values import UNKNOWN, Value
from infra.engine.wording import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.engine.goals import Goal
    from infra.engine.resource import Resource
    from infra.engine.step import Step
    from infra.engine.values import Properties

_ALLOWED: Final = {
    Op.CREATE: {Op.SAME, Op.CREATE},
    Op.UPDATE: {Op.SAME, Op.UPDATE},
    Op.REPLACE: {Op.SAME, Op.UPDATE, Op.REPLACE},
    Op.CREATE_REPLACEMENT: {Op.SAME, Op.UPDATE, Op.CREATE_REPLACEMENT},
    Op.DELETE_REPLACED: {Op.SAME, Op.UPDATE, Op.DELETE_REPLACED},
}


def allows(planned: Op, actual: Op) -> bool:
    """Whether a step may happen where the plan has another one."""
    return actual in _ALLOWED.get(planned, {planned})


@dataclass(slots=True, kw_only=True)
class PlannedChange:
    """How properties are to change."""

    adds: Properties = field(default_factory=dict[str, Value])
    deletes: list[str] = field(default_factory=list[str])
    updates: Properties = field(default_factory=dict[str, Value])

    @classmethod
    def between(cls, old: Properties, new: Properties) -> PlannedChange:
        """The change from one property map to another."""
        diff = compare(old, new)
        return cls(adds=diff.adds, deletes=sorted(diff.deletes), updates=diff.updates)


@dataclass(slots=True, kw_only=True)
class PlannedGoal:
    """What a resource was registered with; `options` are compared as they are."""

    type: str
    name: str
    custom: bool
    provider: str
    inputs: PlannedChange
    outputs: PlannedChange = field(default_factory=PlannedChange)
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "list[str]"])
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True, kw_only=True)
class ResourcePlan:
    """The plan for one resource; no goal means that it goes."""

    goal: PlannedGoal | None = None
    ops: deque[Op] = field(default_factory=deque[Op])
    seed: bytes = b""
    outputs: Properties = field(default_factory=dict[str, Value])


# Options that must be the same: attribute of the goal -> name in the plan's document.
_SETS: Final = {
    "ignore_changes": "ignoreChanges",
    "additional_secret_outputs": "additionalSecretOutputs",
    "dependencies": "dependencies",
}


def _options(goal: Goal) -> dict[str, Any]:
    aliases = [{k: v for k in a.__slots__ if (v := getattr(a, k))} for a in goal.aliases]
    return {
        "parent": goal.parent,
        "protect": bool(goal.protect),
        "deleteBeforeReplace": goal.delete_before_replace,
        "id": goal.id,
        "customTimeouts": {k: v for k, v in goal.custom_timeouts.items() if v},
        "structuredAliases": aliases,
        **{name: list(getattr(goal, attribute)) for attribute, name in _SETS.items()},
    }


@dataclass(slots=True, kw_only=True)
class Plan:
    """A plan for a stack, by URN."""

    resources: dict[str, ResourcePlan] = field(default_factory=dict[str, ResourcePlan])
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def dump(self, encrypt: Callable[[str], str]) -> dict[str, Any]:
        """The plan as a document; secrets in it are encrypted."""
        return {
            "manifest": new_manifest(),
            "config": dict(self.config),
            "resourcePlans": {urn: _dump_resource(p, encrypt) for urn, p in self.resources.items()},
        }

    @classmethod
    def load(cls, document: Mapping[str, Any], decrypt: Callable[[str], str] | None) -> Plan:
        """Read a plan's document.

        Raises:
            EncodingError: A value in it has no meaning.
        """
        plans = cast("Mapping[str, Mapping[str, Any]]", document.get("resourcePlans") or {})
        return cls(
            resources={urn: _load_resource(p, decrypt) for urn, p in plans.items()},
            config=cast("Mapping[str, Any]", document.get("config") or {}),
        )


def _dump_resource(plan: ResourcePlan, encrypt: Callable[[str], str]) -> dict[str, Any]:
    out: dict[str, Any] = {"state": encoding.encode_properties(plan.outputs, encrypt)}
    if plan.ops:
        out["steps"] = [str(op) for op in plan.ops]
    if plan.seed:
        out["seed"] = base64.b64encode(plan.seed).decode()
    if plan.goal is not None:
        goal = plan.goal
        out["goal"] = {
            "type": goal.type,
            "name": goal.name,
            "custom": goal.custom,
            "provider": goal.provider,
            "inputDiff": _dump_change(goal.inputs, encrypt),
            "outputDiff": _dump_change(goal.outputs, encrypt),
            "propertyDependencies": {k: list(v) for k, v in goal.property_dependencies.items()},
            **{k: v for k, v in goal.options.items() if v not in (None, "", [], {})},
        }
    return out


def _dump_change(change: PlannedChange, encrypt: Callable[[str], str]) -> dict[str, Any]:
    out = {
        "adds": encoding.encode_properties(change.adds, encrypt),
        "deletes": change.deletes,
        "updates": encoding.encode_properties(change.updates, encrypt),
    }
    return {k: v for k, v in out.items() if v}


def _load_resource(document: Mapping[str, Any], decrypt: Callable[[str], str] | None) -> ResourcePlan:
    goal = cast("Mapping[str, Any] | None", document.get("goal"))
    return ResourcePlan(
        goal=None if goal is None else _load_goal(goal, decrypt),
        ops=deque(Op(op) for op in document.get("steps") or ()),
        seed=base64.b64decode(document.get("seed") or ""),
        outputs=encoding.decode_properties(document.get("state") or {}, decrypt),
    )


def _load_goal(document: Mapping[str, Any], decrypt: Callable[[str], str] | None) -> PlannedGoal:
    own = {"type", "name", "custom", "provider", "inputDiff", "outputDiff", "propertyDependencies"}
    return PlannedGoal(
        type=document["type"],
        name=document["name"],
        custom=bool(document.get("custom")),
        provider=document.get("provider") or "",
        inputs=_load_change(document.get("inputDiff") or {}, decrypt),
        outputs=_load_change(document.get("outputDiff") or {}, decrypt),
        property_dependencies=document.get("propertyDependencies") or {},
        options={k: v for k, v in document.items() if k not in own},
    )


def _load_change(document: Mapping[str, Any], decrypt: Callable[[str], str] | None) -> PlannedChange:
    return PlannedChange(
        adds=encoding.decode_properties(document.get("adds") or {}, decrypt),
        deletes=list(document.get("deletes") or ()),
        updates=encoding.decode_properties(document.get("updates") or {}, decrypt),
    )


class PlanBuilder:
    """Writes the plan of a preview."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.plan: Final = Plan(config=config)

    def goal(self, urn: str, goal: Goal, seed: bytes, before: Properties, inputs: Properties) -> None:
        """A resource is registered, and its inputs are checked."""
        entry = self.plan.resources.setdefault(urn, ResourcePlan())
        entry.seed = seed
        entry.goal = PlannedGoal(
            type=goal.type,
            name=goal.name,
            custom=goal.custom,
            provider=goal.provider,
            inputs=PlannedChange.between(before, inputs),
            property_dependencies=goal.property_dependencies,
            options=_options(goal),
        )

    def step(self, urn: str, op: Op) -> None:
        """A step is made for a resource."""
        self.plan.resources.setdefault(urn, ResourcePlan()).ops.append(op)

    def outputs(self, urn: str, outputs: Properties) -> None:
        """A resource has outputs."""
        if (entry := self.plan.resources.get(urn)) is not None:
            entry.outputs = outputs

    def registered_outputs(self, urn: str, before: Properties, outputs: Properties) -> None:
        """The program registered the outputs of a component."""
        entry = self.plan.resources.get(urn)
        if entry is not None and entry.goal is not None:
            entry.goal.outputs = PlannedChange.between(before, outputs)
            entry.outputs = outputs


class PlanKeeper:
    """Holds a run to a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plans = plan.resources

    def seed(self, urn: str) -> bytes:
        """The seed of a resource's generated name, or nothing."""
        entry = self._plans.get(urn)
        return entry.seed if entry else b""

    def check_step(self, step: Step) -> None:
        """Refuse a step that the plan does not have next.

        Raises:
            GenerationError: It violates the plan.
        """
        entry = self._plans.get(step.urn)
        if entry is None:
            if step.op is not Op.SAME:
                raise GenerationError(f"{step.op} is not allowed by the plan: no steps were expected for this resource")
            return
        if not entry.ops:
            raise GenerationError(
                f"{step.op} is not allowed by the plan: no more steps were expected for this resource"
            )
        planned = entry.ops.popleft()
        if not allows(planned, step.op):
            raise GenerationError(f"{step.op} is not allowed by the plan: this resource is constrained to {planned}")

    def check_goal(self, urn: str, old: Resource | None, before: Properties, inputs: Properties, goal: Goal) -> None:
        """Refuse a registration that differs from the planned one.

        Raises:
            GenerationError: It violates the plan.
        """
        entry = self._plans.get(urn)
        if entry is None:
            if old is None:
                return
            planned, before = _unchanged(old, goal), old.inputs
        elif entry.goal is None:
            raise GenerationError(f"resource {urn} violates plan: resource unexpectedly not deleted")
        else:
            planned = entry.goal
        if problem := _goal_problem(planned, goal) or _change_problem(planned.inputs, before, inputs):
            raise GenerationError(f"resource {urn} violates plan: {problem}")
        for key, deps in planned.property_dependencies.items():
            actual = goal.property_dependencies.get(key)
            if actual is not None and (problem := _set_problem(deps, actual)):
                raise GenerationError(f"resource {urn} violates plan: dependencies for {key} changed: {problem}")

    def check_outputs(self, urn: str, before: Properties, outputs: Properties) -> None:
        """Refuse outputs of a component that differ from the planned ones.

        Raises:
            GenerationError: They violate the plan.
        """
        entry = self._plans.get(urn)
        if entry is None or entry.goal is None:
            raise GenerationError(f"no plan for resource {urn}")
        if problem := _change_problem(entry.goal.outputs, before, outputs):
            raise GenerationError(f"resource violates plan: {problem}")

    def left_over(self, present: set[str]) -> list[str]:
        """URNs for which planned steps did not happen; a deletion of what is gone already does not count."""
        return [
            urn
            for urn, entry in self._plans.items()
            if entry.ops and not (list(entry.ops) == [Op.DELETE] and urn not in present)
        ]


def _unchanged(old: Resource, goal: Goal) -> PlannedGoal:
    """The plan for a resource that the plan does not have: it must stay as it is."""
    options = {
        **_options(goal),
        "parent": old.parent,
        "protect": old.protect,
        "deleteBeforeReplace": None,
        "id": "",
        "ignoreChanges": [],
        "dependencies": old.dependencies,
        "additionalSecretOutputs": old.additional_secret_outputs,
        "structuredAliases": [],
        "customTimeouts": dict(old.custom_timeouts),
    }
    return PlannedGoal(
        type=old.type,
        name=old.name,
        custom=old.custom,
        provider=old.provider,
        inputs=PlannedChange(),
        property_dependencies=old.property_dependencies,
        options=options,
    )


def _goal_problem(planned: PlannedGoal, goal: Goal) -> str:  # noqa: C901, PLR0911 (one answer for each option)
    """How a registration differs from the planned one, but for its inputs; empty if it does not."""
    if planned.custom != goal.custom:
        return f"resource kind changed (expected {'custom' if planned.custom else 'component'})"
    if planned.provider != goal.provider:
        urn, id_ = urns.parse_reference(planned.provider) if planned.provider else ("", "")
        actual = urns.parse_reference(goal.provider)[0] if goal.provider else ""
        if urn != actual or id_ != urns.UNKNOWN_ID:
            return f"provider changed (expected {planned.provider})"
    wanted, actual_options = planned.options, _options(goal)
    for name, label in (("parent", "parent"), ("protect", "protect"), ("id", "importID")):
        if (wanted.get(name) or None) != (actual_options[name] or None):
            return f"{label} changed (expected {wanted.get(name) or ''})"
    if wanted.get("deleteBeforeReplace") != actual_options["deleteBeforeReplace"]:
        return f"deleteBeforeReplace changed (expected {wanted.get('deleteBeforeReplace')})"
    if (wanted.get("customTimeouts") or {}) != actual_options["customTimeouts"]:
        return f"timeouts changed (expected {wanted.get('customTimeouts')})"
    for name in _SETS.values():
        if problem := _set_problem(wanted.get(name) or (), actual_options[name]):
            return f"{name} changed: {problem}"
    if problem := _set_problem(
        [str(a) for a in wanted.get("structuredAliases") or ()], [str(a) for a in actual_options["structuredAliases"]]
    ):
        return f"aliases changed: {problem}"
    return ""


def _set_problem(planned: Sequence[str], actual: Sequence[str]) -> str:
    added, deleted = sorted(set(actual) - set(planned)), sorted(set(planned) - set(actual))
    parts = [f"added {', '.join(added)}"] if added else []
    parts += [f"deleted {', '.join(deleted)}"] if deleted else []
    return "; ".join(parts)


def _change_problem(planned: PlannedChange, before: Properties, after: Properties) -> str:
    """How properties change otherwise than planned; empty if they do not.

    An addition may find its value there already; what was planned as unknown may turn out absent.
    """
    diff = compare(before, after, lambda old, new: old is UNKNOWN or equal_or_unknown(old, new))
    actual: dict[str, tuple[str, Value]] = {k: ("+", v) for k, v in diff.adds.items()}
    actual |= {k: ("~", v) for k, v in diff.updates.items()}
    actual |= {k: ("-", None) for k in diff.deletes if before[k] is not UNKNOWN}
    problems: list[str] = []
    for key in {*actual, *planned.adds, *planned.updates, *planned.deletes}:
        sign, value = actual.get(key, ("=" if key in after else "-", after.get(key)))
        if not _permitted(planned, key, sign, value, changed=key in actual):
            problems.append(_describe(planned, key, sign, value))
    return f"properties changed: {', '.join(sorted(problems))}" if problems else ""


def _permitted(planned: PlannedChange, key: str, sign: str, value: Value, *, changed: bool) -> bool:
    if key in planned.deletes:
        return sign == "-"
    wanted = planned.adds.get(key, planned.updates.get(key))
    if key not in planned.adds and key not in planned.updates:
        return not changed
    if sign == "-":
        return wanted is UNKNOWN
    if sign == "+" and key not in planned.adds:
        return False
    return equal_or_unknown(wanted, value)


def _describe(planned: PlannedChange, key: str, sign: str, value: Value) -> str:
    wanted: str | None = None
    expected = "="
    if key in planned.adds:
        wanted, expected = show(planned.adds[key]), "+"
    elif key in planned.updates:
        wanted, expected = show(planned.updates[key]), "~"
    elif key in planned.deletes:
        expected = "-"
    found = None if sign == "-" else show(value)
    values = "!=".join(text for text in (wanted, found) if text is not None)
    return f"{expected}{sign}{key}" + (f"[{values}]" if values else "")
