"""An address that turns out to be another one than the edge's stops an update where it would lead users somewhere.

Proves it for the embedded engine, on the simulated clouds: a plan that is proved, since it attributes what is not known
yet, and a program that breaks what the attribution assumes. Of the ordinary `pulumi` it says nothing.
"""

import json

import pytest

from components.traffic_routing import HostnameRouting
from infra.residency.regions import UsRegion
from infra.verify import graph, traffic
from tests.cli.test_traffic_verdict import TRAFFIC

FOREIGN = "192.0.2.66"
MADE = {"SteeringPolicy", "SteeringPolicyAttachment", "Rrset", "HttpMonitor"}


@pytest.fixture
def answering(project):
    """A project whose stack answers users."""
    project.file.write_text(project.file.read_text() + TRAFFIC)
    return project


def hostname_resources(project):
    """What of a hostname is in the state: of edges' own monitors there are two."""
    resources = json.loads(project.out("state", "export"))["deployment"]["resources"]
    found = [(it["type"].rpartition(":")[2], it["urn"]) for it in resources]
    return {kind for kind, urn in found if kind in MADE and "HostnameRouting" in urn}


@pytest.mark.no_cover
def test_an_update_stops_at_an_address_that_no_edge_has(answering, monkeypatch):
    """Nothing that would lead users there is made; mended, the same update goes on, and nothing else is changed."""
    addresses = HostnameRouting._addresses

    def changed(self, kind):
        found = dict(addresses(self, kind))
        return {region: it.apply(lambda _: FOREIGN) for region, it in found.items()}

    with monkeypatch.context() as broken:
        broken.setattr(HostnameRouting, "_addresses", changed)
        out = answering.up(code=1)
        assert f"it would lead users to {FOREIGN}, which is no address of an edge of this stack: not done" in out
    assert not hostname_resources(answering)
    assert "DONE" in answering.up()
    assert hostname_resources(answering) == MADE
    answering.preview("--expect-no-changes")


def node(type_, **inputs: object):
    """A resource that an update is about to make."""
    return graph.Node(urn=f"urn::{type_}::x", type=type_, name="x", provider="home", inputs=inputs)


def test_every_resource_that_leads_users_is_looked_at_and_no_other():
    """Answers, records of addresses and what is watched; a text record leads nobody, and an edge elsewhere is none."""
    regions = frozenset({UsRegion("us-ashburn-1")})
    there = [
        graph.Node(urn="iad", type="pulumi:providers:oci", name="iad", inputs={"region": "us-ashburn-1"}),
        graph.Node(urn="sin", type="pulumi:providers:oci", name="sin", inputs={"region": "ap-singapore-1"}),
        graph.Node(urn="a", type=traffic.ADDRESS_OF["A"], name="a", provider="iad", outputs={"ipAddress": "192.0.2.1"}),
        graph.Node(urn="b", type=traffic.ADDRESS_OF["A"], name="b", provider="sin", outputs={"ipAddress": "192.0.2.2"}),
    ]
    both = ["192.0.2.1", "192.0.2.2"]
    found = {
        asked.type + str(asked.inputs.get("rtype", "")): traffic.strangers(
            graph.Graph({it.urn: it for it in [*there, asked]}), asked, regions=regions
        )
        for asked in (
            node(traffic.POLICY, answers=[{"rdata": text} for text in both]),
            node(traffic.RRSET, rtype="A", items=[{"rdata": text} for text in both]),
            node(traffic.RRSET, rtype="TXT", items=[{"rdata": "no mail"}]),
            node(traffic.MONITOR, targets=both),
            node(traffic.ZONE, name="us.example.com"),
        )
    }
    assert found == {
        traffic.POLICY: ("192.0.2.2",),
        f"{traffic.RRSET}A": ("192.0.2.2",),
        f"{traffic.RRSET}TXT": (),
        traffic.MONITOR: ("192.0.2.2",),
        traffic.ZONE: (),
    }
