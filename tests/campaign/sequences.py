"""Random sequences of edits, each judged as the product judges it and then planned by the engine.

An edit that is refused leaves the world as it was; one that is not is planned by the engine's own step planner, which
may then lose no deployed holder but those of a site that is closed on its receipts. Of the refused edits a share is
planned all the same, to count how many of them would have lost one: a campaign in which nothing is at stake proves
nothing.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from infra.residency.deployment import DatasetRequest, DeploymentRequest
from infra.residency.evidence import Evidence
from infra.residency.lifecycle import Phase
from infra.residency.planner import plan
from tests.campaign.world import (
    PROGRAM_EDITS,
    SITE,
    STEPS,
    TYPES,
    RefusedError,
    World,
    accepted,
    applied,
    edited_goal,
    goals_of,
    in_phase,
    lost,
    proof,
    watched,
)
from tests.residency.samples import TODAY, with_oci, with_site

FILE_EDITS = (
    *("dataset removed", "dataset renamed", "dataset added", "shards", "bucket adopted", "namespace", "account"),
    *("site renamed", "phase next", "phase next", "phase next", "phase any", "phase without receipts", "nothing"),
)
MOST_EDITS = 6


@dataclass
class Tally:
    """What a campaign saw; `at_stake` counts refused edits that would have lost a holder, by kind."""

    sequences: int = 0
    edits: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    at_stake: Counter[str] = field(default_factory=Counter)
    closed: int = 0


def first_world() -> World:
    """The sample stack, deployed."""
    world = World()
    planned = plan(world.request, TODAY, proof(world))
    return applied(world, world.request, planned, goals_of(planned))


def play(seed: int, number: int, tally: Tally, *, share: float = 0.02) -> None:
    """One sequence; the same for the same seed and number.

    Raises:
        AssertionError: a holder would be lost without a receipt.
    """
    random = Random(f"{seed}/{number}")  # noqa: S311 - repeatable, not secret
    world, told = _FIRST, list[str]()
    for _ in range(random.randint(1, MOST_EDITS)):
        kind = random.choice(PROGRAM_EDITS if random.random() < 0.5 else FILE_EDITS)
        told.append(kind)
        tally.edits += 1
        world = _step(world, told, random, tally, share=share)
    tally.sequences += 1


def _step(world: World, told: list[str], random: Random, tally: Tally, *, share: float) -> World:
    kind, request, given = told[-1], world.request, proof(world, *_standing(world))
    if kind in FILE_EDITS:
        request, given = _file_edit(world, kind, random)
    try:
        planned = accepted(request, given)
        goals = goals_of(planned)
        if kind in PROGRAM_EDITS:
            keys = sorted(key for key, goal in goals.items() if goal.type in TYPES)
            goals = edited_goal(goals, random.choice(keys), kind, random.choice(keys))
        watched(planned, goals)
    except RefusedError:
        tally.refused[kind] += 1
        if random.random() < share and _would_lose(world, request, kind, random):
            tally.at_stake[kind] += 1
        return world
    tally.taken[kind] += 1
    closing = not planned.sites[0].site.phase.has_holders
    receipted = {key for key, it in world.deployed.holders.items() if closing and it.of == f"legacy.sites.{SITE}"}
    gone, errors = lost(world, goals)
    assert not errors, f"{' -> '.join(told)} could not be planned: {errors}"
    assert gone <= receipted, f"{' -> '.join(told)} would lose {sorted(gone - receipted)}"
    tally.closed += closing
    return applied(world, request, planned, goals)


def _standing(world: World) -> tuple[object, ...]:
    return STEPS[world.deployed.sites[SITE].phase]


def _would_lose(world: World, request: DeploymentRequest, kind: str, random: Random) -> bool:
    """Whether a refused edit would have lost a holder, had nobody refused it."""
    try:
        goals = goals_of(plan(request, TODAY, replace(proof(world, *_standing(world)), deployed=None)))
    except Exception:  # noqa: BLE001 - it cannot even be planned
        return False
    if kind in PROGRAM_EDITS:
        keys = sorted(key for key, goal in goals.items() if goal.type in TYPES)
        goals = edited_goal(goals, random.choice(keys), kind, random.choice(keys))
    return bool(lost(world, goals)[0])


def _file_edit(world: World, kind: str, random: Random) -> tuple[DeploymentRequest, Evidence]:
    if kind.startswith("phase"):
        return _phase_edit(world, kind, random)
    return _content_edit(world.request, kind, random), proof(world, *_standing(world))


def _content_edit(request: DeploymentRequest, kind: str, random: Random) -> DeploymentRequest:
    name = random.choice(sorted(request.datasets))
    dataset = request.datasets[name]
    others = {it: value for it, value in request.datasets.items() if it != name}
    edits = {
        "dataset removed": lambda: replace(request, datasets=others),
        "dataset renamed": lambda: replace(request, datasets={**others, f"{name}x": dataset}),
        "dataset added": lambda: replace(request, datasets={**request.datasets, "journal": DatasetRequest()}),
        "shards": lambda: replace(request, datasets={**others, name: replace(dataset, shards=random.randint(1, 2))}),
        "bucket adopted": lambda: with_site(request, SITE, adopt={name: "an-old-bucket"}),
        "namespace": lambda: with_oci(request, object_storage_namespace="another"),
        "account": lambda: with_site(request, SITE, account_id="333333333333"),
        "site renamed": lambda: replace(request, sites={"elsewhere": request.sites[SITE]}),
        "nothing": lambda: request,
    }
    return edits[kind]()


def _phase_edit(world: World, kind: str, random: Random) -> tuple[DeploymentRequest, Evidence]:
    now = world.deployed.sites[SITE].phase
    if kind == "phase next":
        phase = now.following or now
        request = in_phase(world, phase) if now.following else world.request
        return request, proof(world, *STEPS[phase])
    phase = random.choice(list(Phase))
    return in_phase(world, phase), proof(world, *STEPS[phase]) if kind == "phase any" else proof(world)


_FIRST = first_world()
