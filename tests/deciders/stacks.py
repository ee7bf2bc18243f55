"""Random stacks: a small one of which a few resources say something else.

What is said instead is mostly what another resource says under the same name, so that most changes are about something:
another region, another key, another bucket; or it is not known, or not shown, or left out. Documents and statements are
changed inside, an element or a word at a time. A resource can be gone, or under another provider, without its
protection, or on its way out, and a site can have been in another phase.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from infra.verify.context import Context
from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import Answer
from tests.deciders.bases import Base, Part, Step, base
from tests.deciders.values import GONE, changed, is_inside
from tests.support.programs import AS_OF

THEOREM = {theorem.ID: theorem for theorem in THEOREMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a theorem's changes are made to.

    Attributes:
        ends: of the types.
        outside: whether it is the stack whose keys are held outside Oracle.
        moves: what is done to whole resources, by the names of methods.
        inside: whether documents are changed inside.
        part: how much of the stack there has to be.
    """

    ends: tuple[str, ...]
    outside: bool = False
    moves: tuple[str, ...] = ("under", "remove")
    inside: bool = False
    part: Part = Part.FEW


_KEYS = (":Key", ":Vault", ":Bucket", ":EkmsPrivateEndpoint", ":Subnet")
SCENES = {
    "T1": {
        "places": Scene(ends=(":oci", ":aws", ":Bucket", ":Key", ":PolicyAttachment", ":BucketPolicy")),
        "keys outside": Scene(ends=(":oci", *_KEYS), outside=True),
    },
    "T2": {
        "copies": Scene(ends=(":ReplicationPolicy", ":Inventory", ":Connector", ":Bucket", ":Task", ":Trail")),
    },
    "T5": {
        "statements": Scene(
            ends=(
                "oci:Identity/policy:Policy", ":NetworkSource", ":Group", ":Compartment", ":NamespaceMetadata",
                "oci:ObjectStorage/bucket:Bucket", ":PrivateEndpoint", ":UserGroupMembership", ":CustomerSecretKey",
            ),
            inside=True, part=Part.WHOLE,
        ),
        "backups": Scene(
            ends=(
                "aws:s3/bucket:Bucket", ":BucketPolicy", "aws:kms/key:Key", ":BucketPublicAccessBlock",
                ":BucketOwnershipControls",
            ),
            inside=True, part=Part.WHOLE,
        ),
        "roles": Scene(
            ends=("aws:iam/role:Role", ":RolePolicy", "aws:iam/policy:Policy", ":OpenIdConnectProvider", ":aws"),
            inside=True, part=Part.WHOLE,
        ),
    },
    "T6": {
        "keys in vaults": Scene(ends=(":Key", ":Vault", ":Bucket", ":BucketServerSideEncryptionConfiguration")),
        "keys outside": Scene(ends=_KEYS, outside=True),
    },
    "T7": {
        "lifecycle": Scene(
            ends=(
                ":Key", ":Vault", ":Bucket", ":BucketPolicy", ":ObjectLifecyclePolicy", ":BucketLifecycleConfiguration",
            ),
            moves=("go", "go", "unprotect", "was"),
        ),
        "keys outside": Scene(ends=_KEYS, outside=True, moves=("go", "go", "unprotect", "was")),
    },
    "T8": {
        "completeness": Scene(
            ends=(":Bucket", ":Key", ":Policy", ":Connector", ":Inventory", ":BucketPolicy", ":oci", ":Rule", ":Alarm"),
            moves=("invent", "under", "remove"), part=Part.TWO,
        ),
        "keys outside": Scene(ends=_KEYS, outside=True, moves=("invent", "under", "remove"), part=Part.TWO),
    },
    "T9": {
        "trail": Scene(
            ends=(
                ":Log", ":LogGroup", ":Connector", "oci:ObjectStorage/bucket:Bucket", ":Rule", ":Subscription",
                "oci:Audit/configuration:Configuration", "oci:Identity/policy:Policy", ":Alarm",
            ),
            inside=True, part=Part.WHOLE,
        ),
        "sites": Scene(
            ends=(
                "aws:s3/bucket:Bucket", "aws:kms/key:Key", ":Trail", ":EventRule", ":EventTarget", ":Topic",
                ":TopicPolicy", ":TopicSubscription", ":BucketObjectLockConfiguration", ":BucketVersioning",
                ":BucketPolicy", ":BucketServerSideEncryptionConfiguration",
            ),
            moves=("under", "remove", "unprotect"),
            inside=True, part=Part.WHOLE,
        ),
        "guardrails": Scene(
            ends=(
                ":Quota", "oci:Identity/policy:Policy", ":CloudGuardConfiguration", ":Target", ":SecurityRecipe",
                ":SecurityZone", ":TagDefault", ":Compartment", "aws:organizations/policy:Policy", ":PolicyAttachment",
                ":ZprPolicy", "oci:Zpr/configuration:Configuration", ":Vcn", ":PrivateEndpoint",
                "oci:ObjectStorage/bucket:Bucket",
            ),
            inside=True, part=Part.WHOLE,
        ),
    },
}  # fmt: skip
"""By theorem, each by its name."""


class Edited:
    """A stack with changes."""

    def __init__(self, random: Random, scene: Scene, *, changes: int | None = None) -> None:
        self.random, self.scene = random, scene
        self.base: Base = base(outside=scene.outside, part=scene.part, preview=random.random() < 0.5)
        self.changed: dict[int, Step] = {}
        self._about = self.base.about(scene.ends)
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3)) if changes is None else changes):
            moves = (*["say"] * 4, "lead", *scene.moves)
            getattr(self, random.choice(moves))()

    @property
    def context(self) -> Context:
        """What theorems are decided on."""
        return Context(stack="sandbox", graph=self.base.graph(self.changed), declared=self.base.declared, as_of=AS_OF)

    def one(self) -> dict[str, Any]:
        """The state of a resource to be changed, which is a copy but for what is in it; empty where it is gone."""
        self.at = self.random.choice(self._about)
        step = self.changed.get(self.at, self.base.steps[self.at])
        if "newState" in step:
            step = self.changed[self.at] = step | {"newState": dict(step["newState"])}
            return step["newState"]
        return {}

    def say(self) -> None:
        """Something else is said, not known, not shown or left out."""
        state = self.one()
        paths = self.base.leaves[self.at]
        if not self.scene.inside:
            paths = [it for it in paths if not is_inside(self.base.steps[self.at]["newState"]["inputs"], it)]
        if not state or not paths:
            return
        path = self.random.choice(paths)
        hidden = ("strange",) if is_inside(state["inputs"], path) else (UNKNOWN, SECRET)
        other = self.random.choice((*[self.random.choice(self.base.said[str(path[-1])])] * 4, *hidden, GONE, "strange"))
        worded = self.random.random() < 0.5
        state["inputs"] = changed(
            state["inputs"],
            path,
            lambda it: (
                self._reworded(it, other)
                if worded and _is_statement(it)
                else deepcopy(other)
                if other is not GONE
                else GONE
            ),
        )

    def _reworded(self, text: str, other: Any) -> str:
        """A statement with a word of another, or without one."""
        words, theirs = text.split(" "), str(other).split(" ") if _is_statement(other) else ["", "strange"]
        words[self.random.randrange(len(words))] = self.random.choice(theirs)
        return " ".join(it for it in words if it)

    def lead(self) -> None:
        """What is unknown comes from another resource of the same type, or of none that it may come from."""
        state = self.one()
        sources = dict(state.get("propertyDependencies", {}))
        if not sources:
            return
        name = self.random.choice(sorted(sources))
        kinds = {self.base.nodes[urn].type for urn in sources[name] if urn in self.base.nodes}
        others = [urn for urn, node in self.base.nodes.items() if node.type in kinds]
        sources[name] = [self.random.choice(others or [state["urn"]])] if self.random.random() < 0.8 else []
        state["propertyDependencies"] = sources

    def under(self) -> None:
        """Another provider."""
        state = self.one()
        if state.get("provider"):
            state["provider"] = self.random.choice(self.base.steps)["newState"]["provider"] or state["provider"]

    def invent(self) -> None:
        """A type that never may be, one that could take data elsewhere, or a property that nobody knows."""
        state = self.one()
        if state.get("type", "").count(":") == len("::"):
            never, could = "oci:ObjectStorage/preauthrequest:Preauthrequest", "oci:Core/volume:Volume"
            kind = self.random.choice((never, could, ""))
            state |= {"type": kind} if kind else {"inputs": state["inputs"] | {"teleports": True}}

    def remove(self) -> None:
        """It is not there."""
        self.one()
        self.changed[self.at] = {}

    def unprotect(self) -> None:
        """Without a mark."""
        state = self.one()
        if state:
            state[self.random.choice(("protect", "retainOnDelete"))] = False

    def go(self) -> None:
        """It is there, and is deleted, replaced or forgotten."""
        state = self.one()
        if state:
            op = self.random.choice(("delete", "delete", "replace", "discard", "update"))
            step = self.changed[self.at]
            step |= {"op": op, "oldState": {**state, "retainOnDelete": self.random.random() < 0.3}}
            if op in {"delete", "discard"}:
                del step["newState"]

    def was(self) -> None:
        """What the state says of the phases of sites."""
        at = next(at for at, it in enumerate(self.base.steps) if it["newState"]["type"] == "pulumi:pulumi:Stack")
        phases = {name: {"phase": self.random.choice(("backup", "drain", "wipe", "closed", "gone"))}
                  for name in ("virginia", "singapore")}  # fmt: skip
        step = self.base.steps[at]
        self.changed[at] = step | {"op": "same", "oldState": step["newState"] | {"outputs": {"legacySites": phases}}}


def _is_statement(value: Any) -> bool:
    """Whether a value is a sentence, and no document."""
    return isinstance(value, str) and value.count(" ") > 3 and value[:1] != "{"


class Game:
    """One theorem's instances.

    Attributes:
        answers: How many came to which answer, by scene: agreement on one answer alone would show.
        replayed: How many counterexamples were replayed.
    """

    def __init__(self, theorem: str) -> None:
        self.theorem, self.scenes = theorem, SCENES[theorem]
        self.answers: Counter[tuple[str, Answer]] = Counter()
        self.replayed = 0

    def instance(self, random: Random) -> tuple[str, Context]:
        """A scene, and its stack with up to three changes."""
        name = random.choice(sorted(self.scenes))
        return name, Edited(random, self.scenes[name]).context

    def disagreement(self, case: tuple[str, Context]) -> str:
        """Where the two deciders differ, or a counterexample does not replay; empty where all is well."""
        (name, found), theorem = case, THEOREM[self.theorem]
        verdict, slow = theorem.decide(found), theorem.decide_slowly(found)
        self.answers[name, verdict.answer] += 1
        told = [" ".join(it.lines()) for it in (*verdict.counterexamples, *verdict.missing)]
        if verdict.answer is not slow:
            return f"{name}: the fast one says {verdict.answer}, the slow one {slow}: {told[:3]}"
        opinions = list(theorem.opinions(found)) if verdict.counterexamples else []
        lost = [it.lines() for it in verdict.counterexamples if not any(each.confirms(it) for each in opinions)]
        self.replayed += len(verdict.counterexamples)
        return f"{name}: does not replay: {lost}" if lost else ""

    def shares(self) -> list[str]:
        """For each scene how many instances came to which answer, in hundredths."""
        told: list[str] = []
        for name in self.scenes:
            of = {answer: self.answers[name, answer] for answer in Answer}
            whole = sum(of.values()) or 1
            said = (f"{number} {answer} ({100 * number // whole} %)" for answer, number in of.items())
            told.append(f"{name}: {', '.join(said)}")
        return told


GAMES = {THEOREM[theorem].TITLE: Game(theorem) for theorem in SCENES}
"""By the titles of the theorems."""
