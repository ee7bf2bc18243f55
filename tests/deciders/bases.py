"""The stacks that random changes are made to: few resources, and of every kind that the theorems read one at least.

They are the shipped sandbox with two datasets, and with all that its file could declare beside: an organization of the
sites' accounts, a restore, statements that deny, packet routing, somebody for emergencies, and a second one who is
told. Of the other one the keys are held outside Oracle. What a theorem about resources does not read is left out.
"""

from copy import deepcopy
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

import yaml

from infra.program import provision
from infra.residency.planner import plan
from infra.settings import read
from infra.verify.declared import Declared, declared
from infra.verify.graph import Graph, Node
from infra.verify.sources.preview import graph_of
from tests.deciders.values import Path, leaves
from tests.support import custody
from tests.support.graphs import steps_of
from tests.support.programs import AS_OF, configuration
from tests.support.recorder import record

Step = dict[str, Any]

_BESIDE = (
    "oci:Core/networkSecurityGroupSecurityRule:", "oci:Dns/", "oci:LoadBalancer/",
    "oci:VnMonitoring/", "oci:Waf/", "usdata:",
)  # fmt: skip
"""Beginnings of the types that theorems about resources say nothing about, or only for as long as there is one."""


class Part(StrEnum):
    """How much of a stack a theorem needs.

    FEW: a few types, where it looks at one resource, and at what that names, at a time.
    TWO: two resources of each type, where it looks at one resource at a time, whatever it is.
    WHOLE: all of them, where everything has to be there.
    """

    FEW = "few"
    TWO = "two"
    WHOLE = "whole"


_FEW = (
    "aws:", "oci:Core/subnet:", "oci:Identity/compartment:", "oci:Identity/policy:", "oci:Kms/", "oci:ObjectStorage/",
    "oci:Sch/", "pulumi:",
)  # fmt: skip
"""Beginnings of those types."""


def deployment(*, outside: bool) -> dict[str, Any]:
    """The deployment value of one of the two stacks."""
    found: dict[str, Any] = deepcopy(configuration("sandbox")["usdata:deployment"])  # pyright: ignore[reportAssignmentType]
    found["datasets"] = {name: found["datasets"][name] for name in ("profiles", "avatars")}
    if outside:
        return found | {"keys": deepcopy(custody.KEYS)}
    found["guardrails"] |= {"packetRouting": "enforced", "denyStatements": True}
    production: dict[str, Any] = configuration("us-prod")["usdata:deployment"]  # pyright: ignore[reportAssignmentType]
    found["legacy"] |= {name: production["legacy"][name] for name in ("organization", "signers")}
    found["audit"] |= {name: production["audit"][name] for name in ("sealedUsers", "subscribers")}
    found["legacy"]["sites"]["virginia"]["restore"] = {
        "role": "restorers",
        "network": "us-office",
        "dataset": "profiles",
        "until": "2026-12-10",
    }
    found["access"]["groups"]["emergency"] = production["access"]["groups"]["emergency"]
    return found


class Base:
    """A stack before anything is changed, in a first preview or with its ids known; shared, so not to be edited."""

    def __init__(self, *, outside: bool, part: Part, preview: bool) -> None:
        whole = [it for it in _recorded(outside=outside, preview=preview) if not _type(it).startswith(_BESIDE)]
        urns = {it["urn"] for it in whole}
        whole = [it for it in whole if _type(it) != "oci:Logging/log:Log" or _sources(it) <= urns]
        self.declared: Declared = declared({"usdata:deployment": deployment(outside=outside)})
        self.steps: list[Step] = sorted(_part(whole, part), key=lambda it: it["urn"])
        self.nodes: dict[str, Node] = dict(graph_of(self.steps).nodes)

    def graph(self, changed: dict[int, Step]) -> Graph:
        """The graph with some steps changed, by their number; one that is empty is not there."""
        left = dict(self.nodes)
        for at in changed:
            del left[self.steps[at]["urn"]]
        part = graph_of([it for it in changed.values() if it])
        return Graph(left | dict(part.nodes), part.gone)

    @cached_property
    def leaves(self) -> list[list[Path]]:
        """For each step the paths to everything that it says."""
        return [[path for path, _ in leaves(it["newState"]["inputs"])] for it in self.steps]

    @cached_property
    def said(self) -> dict[str, list[Any]]:
        """By the last part of a path, everything that is said there."""
        found: dict[str, list[Any]] = {}
        for step in self.steps:
            for path, value in leaves(step["newState"]["inputs"]):
                found.setdefault(str(path[-1]), []).append(value)
        return found

    def about(self, ends: tuple[str, ...]) -> list[int]:
        """The numbers of the steps about types with those ends."""
        return [at for at, it in enumerate(self.steps) if it["newState"]["type"].endswith(ends)]


def _type(step: Step) -> str:
    return str(step["newState"]["type"])


def _sources(step: Step) -> set[str]:
    """The URNs of everything that a resource's values come from."""
    return {urn for urns in step["newState"]["propertyDependencies"].values() for urn in urns}


@cache
def _recorded(*, outside: bool, preview: bool) -> list[Step]:
    """What is registered for one of the stacks."""
    value = deployment(outside=outside)
    found = plan(_request(value, outside=outside), AS_OF)
    config = {custody.SECRET_KEY: custody.WORD} if outside else {}
    recorded = record(lambda: provision(found), preview=preview, stack="sandbox", config=config)
    return [custody.hidden(it) for it in steps_of(recorded, preview=preview)]


def _request(value: dict[str, Any], *, outside: bool) -> Any:
    document = yaml.safe_load(custody.content(value))
    if not outside:
        del document["config"][custody.SECRET_KEY]
    file = read(yaml.safe_dump(document, sort_keys=False).encode())
    assert file.findings == (), file.findings
    return file.request


def _part(steps: list[Step], part: Part) -> list[Step]:
    """Those of a part; with a resource everything that its values come from."""
    if part is Part.FEW:
        return [it for it in steps if _type(it).startswith(_FEW)]
    if part is Part.WHOLE:
        return steps
    by_urn, kept = {it["urn"]: it for it in steps}, dict[str, Step]()
    for type_ in {_type(it) for it in steps}:
        alike = [it for it in steps if _type(it) == type_]
        wanted = [alike[0], alike[-1]] if type_.count(":") == len("::") and not type_.startswith("pulumi:") else alike
        while wanted:
            step = wanted.pop()
            if step["urn"] not in kept:
                kept[step["urn"]] = step
                wanted += [by_urn[urn] for urn in sorted(_sources(step))]
    return list(kept.values())


@cache
def base(*, outside: bool = False, part: Part, preview: bool) -> Base:
    """One of the stacks, planned and recorded once."""
    return Base(outside=outside, part=part, preview=preview)
