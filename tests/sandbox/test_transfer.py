"""Users' keys, DataSync and alarms over time: what belongs to what, and what is in use."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.client import ACCOUNT, Refused
from tests.sandbox.world import AGENT, TRUST, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.client import Client
    from tests.sandbox.world import World


def test_two_secret_keys_for_a_user_and_no_third(world: World):
    """So that one can be replaced while the other is in use; each is an access key and a secret of its own."""
    first = world["secret-key"]
    id_, outputs = first.client.create(first.token, first.inputs | {"displayName": "second"}, name="second")
    assert re.fullmatch(r"[0-9a-f]{40}", id_)
    assert len({id_, first.id, outputs["key"], first.outputs["key"]}) == 4
    with pytest.raises(Refused, match="400-LimitExceeded"):
        first.client.create(first.token, first.inputs | {"displayName": "third"}, name="third")
    first.client.delete(first.token, first.id, first.outputs)
    third, _ = first.client.create(first.token, first.inputs | {"displayName": "third"}, name="third")
    assert third not in {id_, first.id}


def test_keys_go_with_their_user(world: World):
    """Once in no group, a user is deleted with what it can sign with."""
    for label in ("member", "user"):
        made = world[label]
        made.client.delete(made.token, made.id, made.outputs)
    key = world["secret-key"]
    assert key.client.read(key.token, key.id, key.outputs)[0] == ""


def test_addresses_of_locations(world: World):
    """As the service writes them, with and without a folder."""
    host = "axexample.compat.objectstorage.us-ashburn-1.oraclecloud.com"
    source, target = world["source"], world["target"]
    assert source.outputs["uri"] == f"object-storage://{host}/profiles-iad/"
    assert target.outputs["uri"] == "s3://tt-backup/profiles/"
    assert re.fullmatch(rf"arn:aws:datasync:us-east-1:{ACCOUNT}:location/loc-[0-9a-f]{{17}}", source.id)
    assert re.fullmatch(rf"arn:aws:datasync:us-east-1:{ACCOUNT}:task/task-[0-9a-f]{{17}}", world.id("task"))
    within = source.client.create(source.token, source.inputs | {"subdirectory": "/a/b"}, name="within")[1]
    assert within["uri"] == f"object-storage://{host}/profiles-iad/a/b/"
    whole = target.client.create(target.token, target.inputs | {"subdirectory": "/"}, name="whole")[1]
    assert whole["uri"] == "s3://tt-backup/"


def test_the_secret_key_of_a_location_stays_a_secret(world: World):
    """It is not in the simulated clouds' file, and what others changed it to cannot be read."""
    source = world["source"]
    _, outputs, inputs = source.client.read(source.token, source.id)
    assert "never-written" not in json.dumps([outputs, inputs], default=str)


def test_locations_without_agents(world: World):
    """Basic mode needs them; with or without is for life, while which ones they are may change."""
    source, task = world["source"], world["task"]
    bare = {key: value for key, value in source.inputs.items() if key != "agentArns"}
    agentless, _ = source.client.create(source.token, bare, name="agentless")
    change = {"name": "n", "sourceLocationArn": agentless}
    with pytest.raises(Refused, match="no agent"):
        task.client.create(task.token, task.inputs | change, name="basic")
    outputs = task.client.create(task.token, task.inputs | change | {"taskMode": "ENHANCED"}, name="enhanced")[1]
    assert outputs["taskMode"] == "ENHANCED"
    assert task.outputs["taskMode"] == "BASIC"
    assert list(source.client.diff(source.token, bare, source.inputs).replaces) == ["agentArns"]
    other = source.inputs | {"agentArns": [AGENT.replace("abcdef0", "abcdef1")]}
    assert list(source.client.diff(source.token, source.inputs, other).replaces) == []


def test_a_role_that_the_service_may_not_take_on(world: World):
    """The role exists, but its trust policy names another service."""
    role, target = world["role"], world["target"]
    trust = document(TRUST | {"Principal": {"Service": "ec2.amazonaws.com"}})
    role.client.create(role.token, {"name": "other", "assumeRolePolicy": trust}, name="other")
    config = {"bucketAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/other"}
    with pytest.raises(Refused, match="Unable to assume role"):
        target.client.create(target.token, target.inputs | {"s3Config": config}, name="other")


def test_locations_and_tasks_are_of_one_region(world: World, aws: Callable[..., Client]):
    """A task cannot use a location of another region, which is not even to be seen from there."""
    task, target = world["task"], world["target"]
    far = aws("ap-southeast-1")
    assert far.read(target.token, target.id)[0] == ""
    with pytest.raises(Refused, match="does not exist in ap-southeast-1"):
        far.create(task.token, task.inputs, name="far")


def test_what_is_in_use_is_free_once_the_task_is_gone(world: World):
    """Locations can then be deleted in any order."""
    for label in ("task", "target", "source"):
        made = world[label]
        made.client.delete(made.token, made.id, made.outputs)
        assert made.client.read(made.token, made.id, made.outputs)[0] == ""


def test_creating_a_topic_again_gives_the_same_one(world: World):
    """And a topic that keeps the order says so in its name."""
    topic = world["topic"]
    assert topic.client.create(topic.token, topic.inputs, name="again")[0] == topic.id
    id_, outputs = topic.client.create(topic.token, {"name": "n.fifo", "fifoTopic": True}, name="fifo")
    assert (id_, outputs["owner"]) == (f"arn:aws:sns:us-east-1:{ACCOUNT}:n.fifo", ACCOUNT)


def test_an_alarm_is_changed_in_place_but_for_its_name(world: World):
    """Thresholds and actions update; another name is another alarm."""
    alarm = world["alarm"]
    changed = alarm.inputs | {"threshold": 5, "alarmActions": []}
    assert list(alarm.client.diff(alarm.token, alarm.inputs, changed).replaces) == []
    assert alarm.client.update(alarm.token, alarm.id, alarm.outputs, changed, name="alarm")["threshold"] == 5
    assert list(alarm.client.diff(alarm.token, alarm.inputs, alarm.inputs | {"name": "n"}).replaces) == ["name"]
    assert alarm.outputs["arn"] == f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:profiles"
    queries = [{"id": "m", "expression": "1", "returnData": True}]
    without = {key: alarm.inputs[key] for key in ("comparisonOperator", "evaluationPeriods", "threshold")}
    alarm.client.create(alarm.token, without | {"name": "query", "metricQueries": queries}, name="query")
