"""Failover of storage: the ways from one planned state to another, and what each state plans.

Proves that the kernel takes no shorter way, ends where it should, and leaves a lost region exactly as it was. What a
cloud makes of each step is shown by the drills in `tests/cli/test_failover.py`.
"""

from collections import Counter
from dataclasses import fields, replace
from itertools import product

import pytest

from infra.residency.duties import Duty
from infra.residency.failover import Halt, Roles, refusal, step_towards, steps
from infra.residency.oracle_vocabulary import Permission
from infra.residency.placement import Plan, Versioning
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from tests.residency.samples import ANSWERING, GOOD, TODAY, found, with_oci, with_region
from tests.residency.test_access_planner import ACCESS
from tests.residency.test_holders import BEGUN
from tests.support.receipts import evidence

IAD, PHX, ORD = UsRegion("us-ashburn-1"), UsRegion("us-phoenix-1"), UsRegion("us-chicago-1")
SHIPPED = Roles(primary=IAD, other=PHX)
STATES = [
    Roles(primary=primary, other=other, lost=lost, halt=halt)
    for (primary, other), lost, halt in product([(IAD, PHX), (PHX, IAD)], [False, True], [None, *Halt])
    if not (lost and halt is Halt.FROZEN)
]
FULL = replace(ANSWERING, access=ACCESS)


def request(roles: Roles):
    """The sample with these roles in its file."""
    there = {roles.primary: "primary", roles.other: "lost" if roles.lost else "standby"}
    asked = with_oci(FULL, failover=roles.halt.value if roles.halt else None)
    for region, role in there.items():
        asked = with_region(asked, region.value, role=role)
    return asked


def way(now: Roles, to: UsRegion, *, lost: bool = False) -> list[str]:
    """The states on the way to a primary."""
    found_: list[str] = []
    while (after := step_towards(now, to, lost=lost)) is not None:
        assert refusal(now, after) is None
        found_.append(after.text())
        now = after
        assert len(found_) < len(STATES)
    assert now.primary is to
    return found_


def test_the_way_to_the_other_region_and_back():
    """Four steps each; the last begins with what the first ended with."""
    there = way(SHIPPED, PHX)
    assert there == [
        "primary us-ashburn-1, standby us-phoenix-1, frozen",
        "primary us-ashburn-1, standby us-phoenix-1, stopped",
        "primary us-phoenix-1, standby us-ashburn-1, frozen",
        "primary us-phoenix-1, standby us-ashburn-1",
    ]
    assert way(Roles(primary=PHX, other=IAD), IAD) == [
        "primary us-phoenix-1, standby us-ashburn-1, frozen",
        "primary us-phoenix-1, standby us-ashburn-1, stopped",
        "primary us-ashburn-1, standby us-phoenix-1, frozen",
        "primary us-ashburn-1, standby us-phoenix-1",
    ]


def test_a_lost_region_is_left_at_once_and_comes_back_as_the_standby():
    """One step away; back to two regions by way of STOPPED, since it takes no versions as a destination."""
    assert way(SHIPPED, PHX, lost=True) == ["primary us-phoenix-1, lost us-ashburn-1"]
    assert way(Roles(primary=PHX, other=IAD, lost=True), PHX) == [
        "primary us-phoenix-1, standby us-ashburn-1, stopped",
        "primary us-phoenix-1, standby us-ashburn-1, frozen",
        "primary us-phoenix-1, standby us-ashburn-1",
    ]
    assert way(replace(SHIPPED, halt=Halt.STOPPED), PHX, lost=True) == [
        "primary us-phoenix-1, lost us-ashburn-1, stopped"
    ]


@pytest.mark.parametrize("now", STATES, ids=Roles.text)
@pytest.mark.parametrize("to", [IAD, PHX])
@pytest.mark.parametrize("lost", [False, True])
def test_every_state_has_a_way_or_a_reason(now, to, lost):
    """From wherever a run was killed the same command arrives, but for a lost region that shall be the primary."""
    if now.lost and now.primary is not to:
        with pytest.raises(ValueError, match="first make it the standby again"):
            step_towards(now, to, lost=lost)
    else:
        way(now, to, lost=lost)


def test_nobody_may_write_where_one_side_would_not_get_it():
    """Along every way writes are refused from before replication ends until the reversed one is there."""
    for now in STATES:
        for after in steps(now):
            if now.halt is None and not now.lost and not after.lost:
                assert after == replace(now, halt=Halt.FROZEN)
            if after.primary is not now.primary:
                assert after.lost or (now.halt, after.halt) == (Halt.STOPPED, Halt.FROZEN)
            if after.halt is None and not after.lost:
                assert now == replace(after, halt=Halt.FROZEN)


@pytest.mark.parametrize("now", STATES, ids=Roles.text)
def test_a_shorter_way_is_refused(now):
    """Every pair of states that is no step: at the key that was edited, with what may follow."""
    had = replace(BEGUN, roles=now, complete=False)
    allowed = {now, *steps(now)}
    for after in STATES:
        rules = found(request(after), evidence=evidence(deployed=had))
        where = "oci.failover" if after.primary is now.primary else "oci.regions"
        assert rules == (set() if after in allowed else {("failover", where)}), after.text()


def test_other_regions_are_no_change_of_roles():
    """A standby elsewhere is judged by what the old one holds, not by this rule."""
    assert refusal(SHIPPED, Roles(primary=IAD, other=ORD)) is None


def planned(roles: Roles, *versioned: str) -> Plan:
    """The plan of the sample with these roles, against what is deployed: these buckets have kept versions."""
    had = replace(BEGUN, complete=False, versioned=frozenset(versioned))
    return plan(request(roles), TODAY, evidence(deployed=had))


def stores(made: Plan) -> dict[str, tuple[str, Versioning, bool]]:
    """Role, versioning and expiry of each bucket of one dataset."""
    (dataset,) = (it for it in made.datasets if it.dataset.name == "profiles")
    return {it.bucket: (it.role.value, it.versioning, it.noncurrent_days is not None) for it in dataset.placements}


def copies(made: Plan) -> set[tuple[object, object]]:
    """Between which regions data is replicated."""
    return {(flow.source, flow.target) for dataset in made.datasets for flow in dataset.replications}


OLD, NEW = "usds-profiles-iad", "usds-profiles-phx"


@pytest.mark.parametrize(
    ("roles", "had", "old", "new", "copied"),
    [
        (SHIPPED, (), ("primary", "Enabled", True), ("replica", "Disabled", False), {(IAD, PHX)}),
        (
            replace(SHIPPED, halt=Halt.FROZEN), (OLD,),
            ("primary", "Enabled", True), ("replica", "Disabled", False), {(IAD, PHX)},
        ),
        (
            replace(SHIPPED, halt=Halt.STOPPED), (OLD,),
            ("primary", "Enabled", False), ("replica", "Disabled", False), set(),
        ),
        (
            Roles(primary=PHX, other=IAD, halt=Halt.FROZEN), (OLD,),
            ("replica", "Suspended", False), ("primary", "Enabled", True), {(PHX, IAD)},
        ),
        (SHIPPED, (OLD, NEW), ("primary", "Enabled", True), ("replica", "Suspended", False), {(IAD, PHX)}),
        (
            Roles(primary=PHX, other=IAD, lost=True), (OLD,),
            ("primary", "Enabled", True), ("primary", "Enabled", True), {(IAD, PHX)},
        ),
        (
            Roles(primary=PHX, other=IAD, lost=True, halt=Halt.STOPPED), (OLD,),
            ("primary", "Enabled", False), ("primary", "Enabled", True), set(),
        ),
        (
            Roles(primary=PHX, other=IAD, halt=Halt.STOPPED), (OLD, NEW),
            ("replica", "Suspended", False), ("primary", "Enabled", False), set(),
        ),
    ],
    ids=["shipped", "frozen", "stopped", "swapped", "failed back", "lost", "lost while stopped", "back again"],
)  # fmt: skip
def test_what_each_state_plans(roles, had, old, new, copied):
    """Role, versions and expiry on both sides, and which way data is copied."""
    made = planned(roles, *had)
    assert stores(made) == {OLD: old, NEW: new}
    assert copies(made) == copied


def test_nobody_writes_while_roles_change_and_everybody_reads():
    """The statements of the one duty that touches objects; no other duty's change."""
    for roles in STATES:
        made, usual = planned(roles), planned(SHIPPED)
        assert made.access is not None
        assert usual.access is not None
        for group, before in zip(made.access.groups, usual.access.groups, strict=True):
            if group.duty is not Duty.STORAGE:
                assert group.statements == before.statements
                continue
            may = {permission for it in group.statements for permission in getattr(it.what, "of", ())}
            writes = may & {Permission.OBJECT_CREATE, Permission.OBJECT_OVERWRITE, Permission.OBJECT_DELETE}
            assert {Permission.OBJECT_READ, Permission.OBJECT_INSPECT} <= may
            assert bool(writes) is not roles.frozen


def test_losing_a_region_changes_nothing_there_nor_in_identity_nor_in_dns():
    """All but the surviving region's stores is planned as it was, so that an update calls nobody who cannot answer."""
    before, after = planned(SHIPPED), planned(Roles(primary=PHX, other=IAD, lost=True))
    changed = {it.name for it in fields(Plan) if getattr(before, it.name) != getattr(after, it.name)}
    assert changed == {"datasets", "networks", "roles"}  # of a network its role, which no resource says
    for was, now in zip(before.datasets, after.datasets, strict=True):
        assert (was.replications, was.export, was.export_grants) == (now.replications, now.export, now.export_grants)
        lost = [[it for it in one.placements if it.region is IAD] for one in (was, now)]
        assert lost[0] == lost[1]


def test_every_state_keeps_every_holder():
    """No state of any way renames, moves or drops what holds data or a key: `found` would say so."""
    counts = Counter(
        rule
        for roles in STATES
        for rule, _ in found(request(roles), evidence=evidence(deployed=replace(BEGUN, roles=roles)))
    )
    assert not counts


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (with_oci(GOOD, failover="froze"), ("failover", "oci.failover")),
        (with_oci(GOOD, failover=""), ("failover", "oci.failover")),
        (with_region(with_oci(GOOD, failover="frozen"), PHX.value, role="lost"), ("failover", "oci.failover")),
        (with_region(GOOD, ORD.value, role="lost"), ("region-role", "oci.regions")),
        (with_region(GOOD, IAD.value, role="lost"), ("region-role", "oci.regions")),
    ],
    ids=["misspelled", "empty", "frozen and lost", "lost beside a standby", "nobody is primary"],
)
def test_what_is_no_state_is_refused(asked, rule):
    """One finding at the key that is wrong."""
    assert rule in found(asked)
