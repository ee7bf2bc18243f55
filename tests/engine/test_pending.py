"""Creations left open by an interrupted run: adopted if they exist, forgotten if not; never doubled, never lost."""

from __future__ import annotations

import pytest

from infra.engine.pending import settle
from infra.engine.resource import Operation, OperationKind, Resource
from infra.engine.state import Deployment

PROVIDER = "urn:pulumi:s::p::pulumi:providers:lab::one"
PARENT = "urn:pulumi:s::p::lab:index:Thing::parent"
CHILD = "urn:pulumi:s::p::lab:index:Thing::child"


def thing(urn: str, id_: str = "", **fields: object) -> Resource:
    """A custom resource of the one provider."""
    return Resource(
        urn=urn,
        type="lab:index:Thing",
        custom=True,
        id=id_,
        inputs={"size": 1.0},
        provider=f"{PROVIDER}::p1",
        **fields,  # type: ignore[arg-type] - a test's shorthand
    )


def provider() -> Resource:
    """The record of the one provider."""
    return Resource(urn=PROVIDER, type="pulumi:providers:lab", custom=True, id="p1", inputs={"region": "r1"})


def creating(resource: Resource) -> Operation:
    """Its creation, open."""
    return Operation(resource=resource, kind=OperationKind.CREATING)


def records(state: Deployment) -> list[tuple[str, str, bool]]:
    """What the cases look at, in the state's order."""
    return [(r.urn, r.id, r.delete) for r in state.resources]


def test_what_exists_is_adopted_behind_what_it_needs():
    """The record gets the identifier that was found and stands after its provider and dependencies, before others."""
    state = Deployment(
        resources=[provider(), thing(PARENT, "a"), thing("urn:pulumi:s::p::lab:index:Thing::other", "z")],
        pending_operations=[creating(thing(CHILD, dependencies=[PARENT]))],
    )

    settled = settle(state, lambda _resource, _provider: "b")

    assert (settled.adopted, settled.forgotten) == ((CHILD,), ())
    assert settled.state.pending_operations == []
    assert [u for u, _, _ in records(settled.state)] == [
        PROVIDER,
        PARENT,
        CHILD,
        "urn:pulumi:s::p::lab:index:Thing::other",
    ]
    assert records(settled.state)[2] == (CHILD, "b", False)


def test_what_does_not_exist_is_forgotten():
    """Nothing is added for it, and other open operations stay for the engine to deal with."""
    deleting = Operation(resource=thing(PARENT, "a"), kind=OperationKind.DELETING)
    state = Deployment(resources=[provider()], pending_operations=[creating(thing(CHILD)), deleting])

    settled = settle(state, lambda _resource, _provider: None)

    assert (settled.adopted, settled.forgotten) == ((), (CHILD,))
    assert records(settled.state) == [(PROVIDER, "p1", False)]
    assert settled.state.pending_operations == [deleting]


def test_the_one_who_looks_is_told_the_provider():
    """Region and account are the provider's, so whoever looks gets its record."""
    seen: list[object] = []

    def look_up(_resource: Resource, found: Resource | None) -> None:
        seen.append(found.inputs if found else None)

    settle(Deployment(resources=[provider()], pending_operations=[creating(thing(CHILD))]), look_up)

    assert seen == [{"region": "r1"}]


@pytest.mark.parametrize(
    ("old", "after"),
    [
        pytest.param({}, [(CHILD, "new", False), (CHILD, "old", True)], id="created before the old one is deleted"),
        pytest.param({"pending_replacement": True}, [(CHILD, "new", False)], id="the old one is deleted already"),
    ],
)
def test_an_adopted_replacement_takes_the_place_of_the_old_one(
    old: dict[str, object], after: list[tuple[str, str, bool]]
):
    """Exactly one record stays live; the old one is still to be deleted, unless it is gone."""
    state = Deployment(resources=[provider(), thing(CHILD, "old", **old)], pending_operations=[creating(thing(CHILD))])

    settled = settle(state, lambda _resource, _provider: "new")

    assert records(settled.state)[1:] == after


def test_a_provider_resource_lives_in_no_cloud():
    """Nobody is asked for it: the engine makes it again."""
    asked: list[str] = []
    state = Deployment(pending_operations=[creating(provider())])

    settled = settle(state, lambda resource, _provider: asked.append(resource.urn))

    assert (asked, settled.forgotten) == ([], (PROVIDER,))


def test_the_given_state_is_not_changed():
    """A caller that fails afterwards still has the state as it was."""
    old = thing(CHILD, "old")
    state = Deployment(resources=[provider(), old], pending_operations=[creating(thing(CHILD))])

    settle(state, lambda _resource, _provider: "new")

    assert (old.delete, len(state.resources), len(state.pending_operations)) == (False, 2, 1)
