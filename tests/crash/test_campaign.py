"""What a crash campaign draws and compares: each rule once, on values made by hand."""

from __future__ import annotations

import pytest

from infra.engine.values import Secret
from tests.crash.campaign import CampaignError, Point, sample
from tests.crash.contents import differences, lasting
from tests.crash.process import Call, Moment
from tests.crash.stack import Phase


def points(phase: Phase, op: str, count: int) -> list[Point]:
    """Points of one kind."""
    return [
        Point(phase=phase, moment=Moment(call=Call(op=op, urn=f"urn:pulumi:s::p::t::{n}", number=1), after=True))
        for n in range(count)
    ]


MANY = [*points(Phase.CREATE, "check", 900), *points(Phase.CREATE, "create", 100), *points(Phase.UPDATE, "update", 100)]


def test_the_seed_draws_the_points():
    """The same seed draws the same, in the same order, each once; another one draws others."""
    drawn = sample(MANY, 50, seed=7)

    assert drawn == sample(MANY, 50, seed=7)
    assert len(set(drawn)) == 50
    assert set(drawn) != set(sample(MANY, 50, seed=8))
    assert set(sample(MANY, len(MANY), seed=7)) == set(MANY)


def test_kinds_of_calls_are_drawn_alike():
    """The few calls that change something are drawn as often as the many that look."""
    kinds = [point.moment.call.op for point in sample(MANY, 60, seed=7)]
    assert all(10 <= kinds.count(op) <= 30 for op in ("check", "create", "update"))


def test_more_points_than_there_are():
    """They are refused, with how many there are."""
    with pytest.raises(CampaignError, match="1101 points are asked for; this stack has 1100"):
        sample(MANY, 1101, seed=7)


@pytest.mark.parametrize(
    ("got", "told"),
    [
        ({"a": {"x": 1}, "b": 2}, []),
        ({"a": {"x": 1}}, ["lost: b"]),
        ({"a": {"x": 1}, "b": 2, "b (record 2)": 2}, ["too much: b (record 2)"]),
        ({"a": {"x": 2}, "b": 2}, ["different: a / x: expected 1, got 2"]),
        ({"a": {}, "b": 3}, ["lost: a / x", "different: b: expected 2, got 3"]),
    ],
)
def test_every_difference_is_told(got, told):
    """What is lost, what is too much and what is different, by its path."""
    assert list(differences({"a": {"x": 1}, "b": 2}, got)) == told


def test_what_differs_in_every_life_is_left_out():
    """Simulated times and entity tags are; dates of the settings, numbers and secrets are not."""
    assert lasting({"made": "2026-01-01T00:03:00.000Z", "name": "log20260101000300", "etag": "etag-3"}) == {
        "made": "<time>",
        "name": "log<time>",
        "etag": "<etag>",
    }
    assert lasting(["until 2027-06-30T00:00:00Z", 3, Secret("s")]) == ["until 2027-06-30T00:00:00Z", 3, {"secret": "s"}]
