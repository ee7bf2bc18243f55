"""Addresses, load balancers and DNS over time: what belongs to what, and what stays when something goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.client import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.client import Client
    from tests.sandbox.world import Made, World


def seen(made: Made) -> dict[str, Any]:
    """The properties that a refresh finds; empty where there is nothing."""
    return made.client.read(made.token, made.id, made.outputs, made.inputs)[1]


def remove(world: World, *labels: str) -> None:
    """Delete one after the other."""
    for label in labels:
        made = world[label]
        made.client.delete(made.token, made.id, made.outputs, name=label)


def test_a_load_balancer_answers_with_its_reserved_addresses(world: World):
    """One of each family, and each address says that something has it."""
    given = world["balancer"].outputs["ipAddressDetails"]
    addresses = [world[label].outputs["ipAddress"] for label in ("address", "address6")]
    assert [(item["ipAddress"], item["isPublic"]) for item in given] == [(address, True) for address in addresses]
    assert seen(world["address"])["state"] == "ASSIGNED"
    assert seen(world["address6"])["ipState"] == "ASSIGNED"


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"reservedIps": []}, [("10.18.1.10", True), ("::a", True)]),
        ({"reservedIps": [], "ipMode": "IPV4"}, [("10.18.1.10", True)]),
        ({"reservedIps": [], "isPrivate": True, "ipMode": "IPV4"}, [("10.18.1.10", False)]),
    ],
)
def test_without_a_reserved_address_it_gets_one_of_its_subnet(world: World, change: dict[str, Any], shape: list[Any]):
    """Of each family that its mode has; private only where it was asked to be."""
    balancer = world["balancer"]
    _, outputs = balancer.client.create(balancer.token, balancer.inputs | change, name="other")
    found = [(item["ipAddress"], item["isPublic"]) for item in outputs["ipAddressDetails"]]
    assert len(found) == len(shape)
    for (address, public), (ending, expected) in zip(found, shape, strict=True):
        assert address.endswith(ending)
        assert public is expected


def test_a_public_load_balancer_needs_a_way_to_the_internet(world: World):
    """In a public subnet of a network without an internet gateway it would answer nobody."""
    data, balancer, iad = world.id("data"), world["balancer"], world.iad
    vcn, _ = iad.create("oci:Core/vcn:Vcn", {"compartmentId": data, "cidrBlocks": ["10.30.0.0/16"]}, name="closed")
    subnet, _ = iad.create(
        "oci:Core/subnet:Subnet", {"compartmentId": data, "vcnId": vcn, "cidrBlock": "10.30.1.0/24"}, name="closed"
    )
    there = balancer.inputs | {"subnetIds": [subnet], "networkSecurityGroupIds": [], "reservedIps": []}
    with pytest.raises(Refused, match="no internet gateway"):
        iad.create(balancer.token, there | {"ipMode": "IPV4"}, name="closed")
    with pytest.raises(Refused, match="no IPv6 prefix"):
        iad.create(balancer.token, there | {"isPrivate": True}, name="closed")


@pytest.mark.parametrize(("label", "holder"), [("address", "privateIpId"), ("address6", "vnicId")])
def test_an_address_cannot_be_taken_from_its_load_balancer(world: World, label: str, holder: str):
    """The hazard: a refresh shows an input that no program wrote; leaving it out is then a request, and refused."""
    made = world[label]
    checked = made.client.check(made.token, made.inputs, name=label)
    _, outputs, found = made.client.read(made.token, made.id, made.outputs, checked)
    assert found.keys() - checked.keys() == {holder}
    diff = made.client.diff(made.token, found, checked, state=outputs)
    assert (list(diff.diffs), list(diff.replaces)) == ([holder], [])
    assert list(made.client.diff(made.token, found, checked, state=outputs, ignore=(holder,)).diffs) == []
    with pytest.raises(Refused, match="409-IncorrectState"):
        made.client.update(made.token, made.id, outputs, made.inputs, inputs=found, name=label)
    kept = made.client.update(made.token, made.id, outputs, found | {"displayName": "n"}, inputs=found, name=label)
    assert kept[holder] == outputs[holder]
    without_refresh = made.client.update(made.token, made.id, made.outputs, made.inputs, name=label)
    assert without_refresh[holder] == outputs[holder]


def test_addresses_outlive_their_load_balancer(world: World):
    """Another one can take them; the new one then answers at the same addresses."""
    remove(world, "waf")
    before, balancer = world["balancer"].outputs["ipAddresses"], world["balancer"]
    remove(world, "balancer")
    assert (seen(world["address"])["state"], seen(world["address6"])["ipState"]) == ("AVAILABLE", "AVAILABLE")
    assert "privateIpId" not in seen(world["address"])
    _, outputs = balancer.client.create(balancer.token, balancer.inputs, name="next")
    assert outputs["ipAddresses"] == before


def test_giving_an_address_back_frees_it(world: World):
    """An update that names other addresses leaves the old ones to others."""
    balancer = world["balancer"]
    outputs = balancer.client.update(
        balancer.token, balancer.id, balancer.outputs, balancer.inputs | {"reservedIps": []}, name="balancer"
    )
    assert world["address"].outputs["ipAddress"] not in outputs["ipAddresses"]
    remove(world, "address", "address6")
    assert seen(world["address"]) == {}


def test_parts_go_with_their_load_balancer(world: World):
    """Listener, back-end set and back ends have no life of their own; a firewall in front of it has."""
    parts = ("listener", "backend", "backends")
    remove(world, "waf", "balancer")
    assert [seen(world[part]) for part in parts] == [{}, {}, {}]
    assert seen(world["waf-policy"])["state"] == "ACTIVE"
    remove(world, *parts)


def test_back_ends_go_with_their_set(world: World):
    """A set is deleted with what is in it, once no listener leads to it."""
    remove(world, "listener", "backends")
    assert seen(world["backend"]) == {}


def test_delete_protection(world: World):
    """While it is on, the load balancer stays."""
    balancer = world["balancer"]
    protected = balancer.inputs | {"isDeleteProtectionEnabled": True}
    balancer.client.update(balancer.token, balancer.id, balancer.outputs, protected, name="balancer")
    remove(world, "waf")
    with pytest.raises(Refused, match="delete protection"):
        remove(world, "balancer")


def test_no_two_reserved_addresses_are_equal(world: World, oci: Callable[..., Client]):
    """Not within a region, where each is another one until there are no more, nor between regions."""
    base, data = world["address"], world.id("data")
    others = (base.client.create(base.token, base.inputs, name=f"more-{number}")[1] for number in range(253))
    found = [outputs["ipAddress"] for outputs in (base.outputs, *others)]
    assert len(set(found)) == len(found) == 254
    with pytest.raises(Refused, match="400-LimitExceeded"):
        base.client.create(base.token, base.inputs, name="one-too-many")
    _, elsewhere = oci("us-phoenix-1").create(base.token, {"compartmentId": data, "lifetime": "RESERVED"}, name="phx")
    assert elsewhere["ipAddress"] not in found


def test_what_a_firewall_policy_leaves_out_stays(world: World):
    """Leaving actions out does not take them away; a new policy without any has none."""
    policy, bare = world["waf-policy"], {"compartmentId": world.id("data")}
    outputs = policy.client.update(policy.token, policy.id, policy.outputs, bare, name="waf-policy")
    assert outputs["actions"] == policy.inputs["actions"]
    assert policy.client.create(policy.token, bare, name="bare")[1]["actions"] == []


def test_a_record_set_is_overwritten_and_not_refused(world: World):
    """The API has no create for record sets: a second writer wins, silently, as in reality."""
    records = world["records"]
    items = [records.inputs["items"][0] | {"rdata": "192.0.2.99"}]
    id_, outputs = records.client.create(records.token, records.inputs | {"items": items}, name="second")
    assert id_ == records.id
    assert [item["rdata"] for item in outputs["items"]] == ["192.0.2.99"]
    assert [item["rdata"] for item in seen(records)["items"]] == ["192.0.2.99"]


def test_records_go_with_their_zone(world: World):
    """Once nothing is attached to it, a zone is deleted with its records."""
    remove(world, "steered", "zone")
    assert seen(world["records"]) == {}


def test_a_policy_is_replaced_when_answers_change_and_its_room_is_taken(world: World):
    """The old attachment has to go before the new one comes: a name has room for one of a record type."""
    steering, steered = world["steering"], world["steered"]
    answers = [steering.inputs["answers"][0] | {"pool": "other"}]
    diff = steering.client.diff(steering.token, steering.inputs, steering.inputs | {"answers": answers})
    assert list(diff.replaces) == ["answers"]
    second, _ = steering.client.create(steering.token, steering.inputs | {"answers": answers}, name="second")
    with pytest.raises(Refused, match="409-ZoneDomainConflict"):
        steered.client.create(steered.token, steered.inputs | {"steeringPolicyId": second}, name="second")
    remove(world, "steered")
    _, outputs = steered.client.create(steered.token, steered.inputs | {"steeringPolicyId": second}, name="second")
    assert outputs["rtypes"] == ["A"]
    remove(world, "steering")


def test_one_dns_for_all_regions(world: World, oci: Callable[..., Client]):
    """A zone made through one region is the same zone through another, so its name is taken there too."""
    zone = world["zone"]
    with pytest.raises(Refused, match="409-ZoneAlreadyExists"):
        oci("us-phoenix-1").create(zone.token, zone.inputs, name="again")


def test_limits_of_traffic_management(world: World):
    """A tenancy has 100 steering policies at most."""
    steering = world["steering"]
    for number in range(99):
        steering.client.create(steering.token, steering.inputs, name=f"more-{number}")
    with pytest.raises(Refused, match="400-LimitExceeded"):
        steering.client.create(steering.token, steering.inputs, name="one-too-many")
