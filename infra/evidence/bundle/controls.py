"""Which controls a theorem or a resource really evidences, and what this bundle says of each.

The mapping is data (`controls.json`). A control is there only where a proved theorem, or a property of every resource
of a type, is itself what the control asks for: nothing is claimed for a control that people or processes carry out. A
theorem that this bundle does not have, or of which a resource falls short, makes the control not satisfied, by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FILE = Path(__file__).with_name("controls.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control of a framework.

    Attributes:
        framework: key of `frameworks()`.
        id: the control's identifier in that framework.
        says: what is evidenced, one sentence.
        theorems: the theorems that evidence it; empty where resources alone do.
        type: the type of which every resource evidences it; empty where theorems alone do.
        properties: the properties that must be there, and have the value `wanted` where it is not None.
    """

    framework: str
    id: str
    says: str
    theorems: tuple[str, ...]
    type: str
    properties: tuple[str, ...]
    wanted: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the bundle says of a control.

    Attributes:
        satisfied: whether its evidence is there, and whole.
        because: the evidence, or what is missing from it, one sentence.
    """

    control: Control
    satisfied: bool
    because: str


def frameworks() -> Mapping[str, Mapping[str, str]]:
    """Title and source of each framework."""
    return json.loads(_FILE.read_bytes())["frameworks"]


def controls() -> tuple[Control, ...]:
    """Every control, in the order of the data."""
    return tuple(
        Control(
            framework=row["framework"],
            id=row["control"],
            says=row["says"],
            theorems=tuple(row.get("theorems", ())),
            type=row.get("type", ""),
            properties=tuple(row["property"].split(",")) if "property" in row else (),
            wanted=row.get("equals"),
        )
        for row in json.loads(_FILE.read_bytes())["controls"]
    )


def judge(control: Control, answers: Mapping[str, str], resources: Sequence[Mapping[str, Any]]) -> Judged:
    """What a proof and the resources of a preview say of a control.

    Args:
        control: the control.
        answers: PROVED, REFUTED or UNDECIDED by theorem; those that were not asked are absent.
        resources: what will be there, each as the engine's `newState`.
    """
    short = [f"{name} is {answers.get(name, 'not decided')}" for name in control.theorems]
    proved = all(answers.get(name) == "PROVED" for name in control.theorems)
    if not proved or not control.type:
        return Judged(control=control, satisfied=proved, because=", ".join(short))
    mine = [resource for resource in resources if resource["type"] == control.type]
    wrong = sorted(str(it["urn"]).rpartition("::")[2] for it in mine if not _has(it.get("inputs") or {}, control))
    if not mine:
        return Judged(control=control, satisfied=False, because=f"no {control.type} is there to evidence it")
    if wrong:
        return Judged(control=control, satisfied=False, because=f"not so: {', '.join(wrong)}")
    told = ", ".join([*short, f"{len(mine)} of {len(mine)} {control.type}"])
    return Judged(control=control, satisfied=True, because=told)


def _has(inputs: Mapping[str, Any], control: Control) -> bool:
    values = [inputs.get(name) for name in control.properties]
    return all(value not in (None, "") if control.wanted is None else value == control.wanted for value in values)
