"""Random stacks: a part of the shipped sandbox of which a few resources say something else.

What is said instead is mostly what another resource says under the same name, so that most changes are about something:
another region, another key, another bucket; or it is not known, or not shown, or left out. A resource can be gone, or
under another provider, without its protection, or on its way out, and a site can have been in another phase.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from infra.verify.context import Context
from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.sources.preview import graph_of
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import Answer
from tests.support.graphs import context, steps

STACK = "sandbox"
THEOREM = {theorem.ID: theorem for theorem in THEOREMS}
ABOUT = {
    "T1": (":oci", ":aws", ":Bucket", ":Key", ":PolicyAttachment", ":BucketPolicy"),
    "T2": (":ReplicationPolicy", ":Inventory", ":Connector", ":Bucket", ":Task", ":Trail"),
    "T6": (":Key", ":Vault", ":Bucket", ":BucketServerSideEncryptionConfiguration"),
    "T7": (":Key", ":Vault", ":Bucket", ":BucketPolicy", ":ObjectLifecyclePolicy", ":BucketLifecycleConfiguration"),
    "T8": (":Bucket", ":Key", ":Policy", ":Connector", ":Inventory", ":BucketPolicy", ":oci", ":Rule", ":Alarm"),
    "T9": (
        ":Log",
        ":LogGroup",
        ":Connector",
        ":Bucket",
        ":Rule",
        ":Subscription",
        ":Configuration",
        ":Policy",
        ":Alarm",
    ),
}
"""Ends of the types that a theorem's changes are made to."""

_DATASETS = ("messages", "videos", "metrics")
_BESIDE = ("oci:Core/", "oci:LoadBalancer/", "oci:Waf/", "oci:Dns/", "usdata:", "oci:Zpr/", "oci:SecurityAttribute/")
"""What the six theorems say nothing about, or only for as long as it is there."""


@cache
def part(*, preview: bool) -> list[dict[str, Any]]:
    """The steps of the part, unchanged and always in one order; shared, so not to be edited."""
    part_ = (_trimmed(it) for it in steps(STACK, preview=preview) if _is_part(it["newState"]))
    return sorted(part_, key=lambda it: it["urn"])


def _trimmed(step: dict[str, Any]) -> dict[str, Any]:
    """A trail without what it logs of buckets that are not in the part."""
    for selector in step["newState"]["inputs"].get("eventSelectors", ()):
        for data in selector.get("dataResources", ()):
            data["values"] = [it for it in data["values"] if not any(dataset in it for dataset in _DATASETS)]
    return step


def _is_part(state: dict[str, Any]) -> bool:
    name = state["urn"].rpartition("::")[2]
    beside = state["type"].startswith(_BESIDE) and not state["type"].startswith(
        ("oci:HealthChecks/", "oci:Monitoring/")
    )
    return not beside and not any(dataset in name for dataset in _DATASETS)


@cache
def _said(*, preview: bool) -> dict[str, list[Any]]:
    """By the last part of a path, everything that is said there."""
    found: dict[str, list[Any]] = {}
    for step in part(preview=preview):
        for keys, value in _leaves(step["newState"]["inputs"]):
            found.setdefault(str(keys[-1]), []).append(value)
    return found


def _leaves(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _leaves(value[key], (*above, key))
    if above:
        yield above, value


class Edited:
    """A part of the stack, with changes."""

    def __init__(self, random: Random, theorem: str) -> None:
        self.random, self.preview = random, random.random() < 0.5
        self.steps = list(part(preview=self.preview))
        ends = ABOUT[theorem]
        self._about = [at for at, it in enumerate(self.steps) if it["newState"]["type"].endswith(ends)]
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))):
            change = random.choice((self.say, self.say, self.say, self.say, self.lead, *self.moves(theorem)))
            change()
        self.steps = [it for it in self.steps if it]

    def moves(self, theorem: str) -> tuple[Any, ...]:
        """What is done to whole resources where a theorem is about it."""
        if theorem == "T7":
            return (self.go, self.go, self.unprotect, self.was)
        return (self.invent, self.under, self.remove) if theorem == "T8" else (self.under, self.remove)

    def one(self) -> dict[str, Any] | None:
        """A step to be changed, as a copy."""
        at = self.random.choice(self._about)
        self.at = at
        if self.steps[at]:
            self.steps[at] = deepcopy(self.steps[at])
        return self.steps[at] or None

    def say(self) -> None:
        """Something else is said, not known, not shown or left out."""
        step = self.one()
        leaves = list(_leaves(step["newState"]["inputs"])) if step and "newState" in step else []
        if not leaves:
            return
        keys, _ = self.random.choice(leaves)
        inner: Any = step["newState"]["inputs"]
        for key in keys[:-1]:
            inner = inner[key]
        others = _said(preview=self.preview)[str(keys[-1])]
        other = self.random.choice((*[self.random.choice(others)] * 4, UNKNOWN, SECRET, None, "strange"))
        if other is None and isinstance(inner, dict):
            del inner[keys[-1]]
        elif other is not None:
            inner[keys[-1]] = deepcopy(other)

    def lead(self) -> None:
        """What is unknown comes from another resource of the same type, or of none that it may come from."""
        step = self.one()
        sources = step["newState"]["propertyDependencies"] if step and "newState" in step else {}
        if not sources:
            return
        name = self.random.choice(sorted(sources))
        kinds = {urn.rpartition("$")[2].partition("::")[0] for urn in sources[name]}
        others = [it["urn"] for it in self.steps if it and it["urn"].rpartition("$")[2].partition("::")[0] in kinds]
        sources[name] = [self.random.choice(others or [step["urn"]])] if self.random.random() < 0.8 else []

    def under(self) -> None:
        """Another provider."""
        step = self.one()
        if step and step["newState"]["provider"]:
            step["newState"]["provider"] = self.random.choice([it["newState"]["provider"] for it in self.steps if it])

    def invent(self) -> None:
        """A type that never may be, one that could take data elsewhere, or a property that nobody knows."""
        step = self.one()
        if step and step["newState"]["type"].count(":") == len("::"):
            never, could = "oci:ObjectStorage/preauthrequest:Preauthrequest", "oci:Core/volume:Volume"
            kind = self.random.choice((never, could, ""))
            step["newState"] |= {"type": kind} if kind else {"inputs": step["newState"]["inputs"] | {"teleports": True}}

    def remove(self) -> None:
        """It is not there."""
        if self.one():
            self.steps[self.at] = {}

    def unprotect(self) -> None:
        """Without a mark."""
        step = self.one()
        if step and "newState" in step:
            step["newState"][self.random.choice(("protect", "retainOnDelete"))] = False

    def go(self) -> None:
        """It is there, and is deleted, replaced or forgotten."""
        step = self.one()
        if step and "newState" in step:
            op = self.random.choice(("delete", "delete", "replace", "discard", "update"))
            step |= {"op": op, "oldState": {**step["newState"], "retainOnDelete": self.random.random() < 0.3}}
            if op in {"delete", "discard"}:
                del step["newState"]

    def was(self) -> None:
        """What the state says of the phases of sites."""
        for at, it in enumerate(self.steps):
            if it and it["urn"].endswith("::usdata-sandbox"):
                phases = {name: {"phase": self.random.choice(("backup", "drain", "wipe", "closed", "gone"))}
                          for name in ("virginia", "singapore")}  # fmt: skip
                old = it["newState"] | {"outputs": {"legacySites": phases}}
                self.steps[at] = it | {"op": "same", "oldState": old}


class Game:
    """One theorem's instances; counts what they come to, so that agreement on one answer alone shows."""

    def __init__(self, theorem: str) -> None:
        self.theorem = theorem
        self.answers = dict.fromkeys(Answer, 0)

    def instance(self, random: Random) -> Context:
        """A part of the sandbox with up to three changes."""
        return context(STACK, graph_of(Edited(random, self.theorem).steps))

    def disagreement(self, found: Context) -> str:
        """Where the two deciders differ, or a refutation points at nothing; empty where all is well."""
        verdict, slow = THEOREM[self.theorem].decide(found), THEOREM[self.theorem].decide_slowly(found)
        self.answers[verdict.answer] += 1
        if verdict.answer is not slow:
            told = [it.lines() for it in (*verdict.counterexamples, *verdict.missing)]
            return f"the fast one says {verdict.answer}, the slow one {slow}: {told[:3]}"
        there = {*found.graph.nodes, *(node.urn for node in found.graph.gone)}
        lost = [it.lines() for it in verdict.counterexamples if it.urn not in there and not it.path]
        return f"points at nothing: {lost}" if lost else ""


GAMES = {THEOREM[theorem].TITLE: Game(theorem) for theorem in ABOUT}
"""By the titles of the theorems."""
