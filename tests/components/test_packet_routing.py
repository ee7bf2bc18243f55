"""Packet routing and path tests, as they are registered, and how packet routing ends: retired first, then gone."""

import pytest

from components.packet_routing import PacketRouting, PacketRoutingArgs
from components.tenancy import TenancyArgs, TenancyFoundation
from infra import settings
from infra.engine.options import Exit
from infra.engine.state import Deployment
from infra.providers import connect
from infra.residency.packet_routing import routing_policies
from tests.support.programs import AS_OF, ROOT, shipped
from tests.support.recorder import Recorded
from tests.support.simulated import carry_out, records

NAMESPACE = "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace"
ATTRIBUTE = "oci:SecurityAttribute/securityAttribute:SecurityAttribute"
POLICY = "oci:Zpr/zprPolicy:ZprPolicy"
PATH = "oci:VnMonitoring/pathAnalyzerTest:PathAnalyzerTest"
VCN = "oci:Core/vcn:Vcn"
ENDPOINT = "oci:ObjectStorage/privateEndpoint:PrivateEndpoint"


@pytest.fixture(scope="module")
def made() -> Recorded:
    """Production's resources, with ids."""
    return shipped("us-prod", preview=False)


def test_private_networks_and_endpoints_carry_their_attributes(made: Recorded):
    """After the attributes are there; the edge's networks carry none, and without packet routing nothing does."""
    attributes = {r.urn for r in made.of_type(ATTRIBUTE)}
    assert {r.name: r.inputs.get("securityAttributes") for r in made.of_type(VCN)} == {
        **{
            f"vcn-{region}": {"usds.network.value": key, "usds.network.mode": "enforce"}
            for region, key in (("us-ashburn-1", "iad"), ("us-chicago-1", "ord"), ("us-phoenix-1", "phx"))
        },
        "edge-vcn-us-ashburn-1": None,
        "edge-vcn-us-phoenix-1": None,
    }
    assert {r.name: r.inputs["securityAttributes"] for r in made.of_type(ENDPOINT)} == {
        f"endpoint-{region}": {"usds.tier.value": "endpoint", "usds.tier.mode": "enforce"}
        for region in ("us-ashburn-1", "us-phoenix-1")
    }
    for resource in (*made.of_type(VCN), *made.of_type(ENDPOINT)):
        if resource.inputs.get("securityAttributes"):
            assert attributes <= resource.dependencies
    plain = shipped("sandbox", preview=False)
    assert {r.inputs.get("securityAttributes") for r in (*plain.of_type(VCN), *plain.of_type(ENDPOINT))} == {None}


def test_each_region_has_its_planned_policy(made: Recorded):
    """At the root, word for word, after the attributes that it names."""
    planned = settings.load(settings.stack_file(ROOT, "us-prod"), configured=None, as_of=AS_OF).plan
    assert {(r.inputs["name"], *r.inputs["statements"]) for r in made.of_type(POLICY)} == {
        (it.name, *it.statements) for it in routing_policies(planned)
    }
    for policy in made.of_type(POLICY):
        assert policy.inputs["compartmentId"] == planned.tenancy.id
        assert {r.urn for r in made.of_type(ATTRIBUTE)} <= policy.dependencies


def test_each_claim_is_a_test_in_its_region(made: Recorded):
    """By the name that says what its answer has to be; ends in a subnet name it, others are addresses alone."""
    private = ("data-reaches-endpoint", "data-never-reaches-internet", "internet-never-reaches-data",
               "internet-never-reaches-endpoint")  # fmt: skip
    expected = {f"{claim}-{region}" for claim in private for region in ("us-ashburn-1", "us-chicago-1", "us-phoenix-1")}
    expected |= {
        f"{claim}-{region}"
        for claim in ("application-reaches-data", "public-never-reaches-data")
        for region in ("us-ashburn-1", "us-phoenix-1")
    }
    assert {r.name for r in made.of_type(PATH)} == expected
    test = made.one(PATH, "application-reaches-data-us-phoenix-1").inputs
    assert test["displayName"] == "usds-application-reaches-data-phx"
    assert test["sourceEndpoint"] == {
        "type": "SUBNET",
        "address": "10.17.32.2",
        "subnetId": "<oci:Core/subnet:Subnet edge-application-us-phoenix-1.id>",
    }
    assert (test["protocol"], test["protocolParameters"]) == (6, {"type": "TCP", "destinationPort": 1521})
    outside = made.one(PATH, "internet-never-reaches-data-us-ashburn-1").inputs["sourceEndpoint"]
    assert outside == {"type": "IP_ADDRESS", "address": "203.0.113.10"}


def registered(*, routing: bool, retired: bool = False) -> None:
    """The tenancy's own of production, with or without packet routing."""
    planned = settings.load(settings.stack_file(ROOT, "us-prod"), configured=None, as_of=AS_OF).plan
    home = connect(planned).home
    foundation = TenancyFoundation("tenancy", TenancyArgs(organization="usds", tenancy=planned.tenancy, home=home))
    if routing:
        PacketRouting("packet-routing", PacketRoutingArgs(foundation=foundation, plan=planned, retired=retired))


def test_packet_routing_is_retired_before_it_goes(tmp_path):
    """Enforced, then gone, is refused by the cloud; with `retired` between them everything but its switch goes."""
    state = Deployment()

    def update(**what: bool) -> tuple[Exit, set[str]]:
        nonlocal state
        clouds = tmp_path / "clouds.sqlite"
        result = carry_out(lambda: registered(**what), clouds, state, stack="us-prod")
        state = result.state
        return result.exit, {it.type for it in records(clouds)} & {NAMESPACE, ATTRIBUTE, POLICY}

    assert update(routing=True) == (Exit.OK, {NAMESPACE, ATTRIBUTE, POLICY})
    code, left = update(routing=False)
    assert (code, {NAMESPACE, ATTRIBUTE} <= left) == (Exit.FAILED, True)
    assert update(routing=True, retired=True) == (Exit.OK, {NAMESPACE, ATTRIBUTE})
    assert update(routing=False) == (Exit.OK, set())
