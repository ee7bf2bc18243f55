"""Packet routing in the simulated cloud: what has to be retired before it goes, and what things may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.client import TENANCY, Client, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATION = "oci:Zpr/configuration:Configuration"
NAMESPACE = "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace"
ATTRIBUTE = "oci:SecurityAttribute/securityAttribute:SecurityAttribute"
POLICY = "oci:Zpr/zprPolicy:ZprPolicy"
VCN = "oci:Core/vcn:Vcn"
NAMES = {"compartmentId": TENANCY, "name": "nets", "description": "d"}


def named(home: Client, **changes: object):
    """A namespace with one attribute: ids, inputs and outputs of both."""
    space, of_space = home.create(NAMESPACE, NAMES)
    inputs = {
        "securityAttributeNamespaceId": space,
        "name": "network",
        "description": "d",
        "validator": {"validatorType": "ENUM", "values": ["iad"]},
    } | changes
    attribute, of_attribute = home.create(ATTRIBUTE, inputs)
    return (space, of_space), (attribute, inputs, of_attribute)


def test_what_is_not_retired_cannot_be_deleted(oci: Callable[..., Client]):
    """Neither the attribute nor its namespace; retired, the attribute goes first."""
    home = oci("us-ashburn-1")
    (space, of_space), (attribute, inputs, of_attribute) = named(home)
    with pytest.raises(Refused, match="network must be retired"):
        home.delete(ATTRIBUTE, attribute, of_attribute)
    retired = home.update(NAMESPACE, space, of_space, NAMES | {"isRetired": True})
    with pytest.raises(Refused, match="still has attached entities"):
        home.delete(NAMESPACE, space, retired)

    home.delete(ATTRIBUTE, attribute, home.update(ATTRIBUTE, attribute, of_attribute, inputs | {"isRetired": True}))
    home.delete(NAMESPACE, space, retired)


def test_a_thing_carries_what_is_there_in_use_and_allowed(oci: Callable[..., Client]):
    """A value of the closed list; once the attribute is retired nothing new carries it, and what did may let it go."""
    home = oci("us-ashburn-1")
    _, (attribute, inputs, outputs) = named(home)
    carrying = {"nets.network.value": "iad", "nets.network.mode": "enforce"}
    network = {"compartmentId": TENANCY, "cidrBlocks": ["10.16.0.0/16"], "securityAttributes": carrying}
    with pytest.raises(Refused, match=r"no nets\.network with value 'phx'"):
        home.create(VCN, network | {"securityAttributes": carrying | {"nets.network.value": "phx"}})
    vcn, made = home.create(VCN, network)

    home.update(ATTRIBUTE, attribute, outputs, inputs | {"isRetired": True})

    with pytest.raises(Refused, match=r"no nets\.network"):
        home.create(VCN, network | {"cidrBlocks": ["10.17.0.0/16"]}, name="other")
    assert home.update(VCN, vcn, made, network | {"securityAttributes": {}})["securityAttributes"] == {}


def test_policies_need_packet_routing_which_stays_on(oci: Callable[..., Client]):
    """Not before it is enabled; deleting its resource changes nothing."""
    home = oci("us-ashburn-1")
    named(home)
    statement = "in nets.network:iad VCN allow sensitivity:high endpoints to connect to '10.0.0.0/16'"
    policy = {"compartmentId": TENANCY, "name": "p", "description": "d", "statements": [statement]}
    with pytest.raises(Refused, match="not enabled in this tenancy"):
        home.create(POLICY, policy)
    made, outputs = home.create(CONFIGURATION, {"compartmentId": TENANCY, "zprStatus": "ENABLED"})
    home.delete(CONFIGURATION, made, outputs)
    assert home.create(POLICY, policy)[0]


def test_two_networks_of_one_region_may_be_named(oci: Callable[..., Client]):
    """One on each side."""
    home = oci("us-ashburn-1")
    home.create(CONFIGURATION, {"compartmentId": TENANCY, "zprStatus": "ENABLED"})
    statement = (
        "allow sensitivity:low endpoints in sensitivity:low VCN to connect to sensitivity:high endpoints "
        "with protocol='tcp/443' in sensitivity:high VCN"
    )
    assert home.create(POLICY, {"compartmentId": TENANCY, "name": "p", "description": "d", "statements": [statement]})[
        0
    ]
