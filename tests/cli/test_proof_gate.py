"""What turns out to be another value than the plan was proved with stops an update before it is made.

Proves it for the embedded engine, on the simulated clouds: a plan that is proved, since it attributes what is not known
yet, and a program that breaks what the attribution assumes. Of the ordinary `pulumi` it says nothing.
"""

import json
import re

import pytest

from components.traffic_routing import HostnameRouting
from infra.cli.proof_gate import ProofGate
from infra.engine.events import Op, ResourceOutputs, StepInfo
from infra.engine.resource import Resource
from infra.verify.graph import UNKNOWN
from infra.verify.proof import prove
from tests.cli.test_traffic_verdict import TRAFFIC
from tests.support.graphs import context

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
    """Nothing that names it is made, monitors included, whichever comes first; mended, the same update goes on."""
    addresses = HostnameRouting._addresses

    def changed(self, kind):
        found = dict(addresses(self, kind))
        return {region: it.apply(lambda _: FOREIGN) for region, it in found.items()}

    with monkeypatch.context() as broken:
        broken.setattr(HostnameRouting, "_addresses", changed)
        out = answering.up(code=1)
        assert "T3 traffic is not proved with what it turned out to be" in out
        assert re.search(rf"{re.escape(FOREIGN)}(, which)? is no address of this stack", out)
    assert hostname_resources(answering) == set()
    assert "DONE" in answering.up()
    assert hostname_resources(answering) == MADE
    answering.preview("--expect-no-changes")


BUCKET, KEY, COPY = "oci:ObjectStorage/bucket:Bucket", "oci:Kms/key:Key", "oci:ObjectStorage/replicationPolicy:"


@pytest.fixture
def gate():
    """The gate of the sandbox stack's first update."""
    return ProofGate(prove(context("sandbox")))


def made(type_, inputs=None, op=Op.CREATE):
    """The step that makes the first resource of a type, with some of its inputs as they turned out."""
    node = next(it for it in context("sandbox").graph.nodes.values() if it.type.startswith(type_))
    new = Resource(
        urn=node.urn, type=node.type, custom=True, inputs={**node.inputs, **(inputs or {})},
        parent=node.parent, provider=f"{node.provider}::id", protect=node.protect, retain_on_delete=node.retain,
        dependencies=sorted(node.dependencies),
        property_dependencies={name: sorted(urns) for name, urns in node.sources.items()},
    )  # fmt: skip
    return StepInfo(op=op, urn=node.urn, type=node.type, new=new)


def test_a_key_may_turn_out_to_be_what_the_plan_said_and_nothing_else(gate):
    """A bucket whose key has the id of the key that it comes from is made; under any other it is not, by name."""
    (key,) = context("sandbox").graph.nodes[made(BUCKET).urn].sources["kmsKeyId"]
    node = context("sandbox").graph.nodes[key]
    there = Resource(
        urn=key, type=KEY, custom=True, id="ocid1.key.oc1.iad.a.b", inputs=dict(node.inputs), protect=True,
        retain_on_delete=True, provider=f"{node.provider}::id",
        property_dependencies={name: sorted(urns) for name, urns in node.sources.items()},
    )  # fmt: skip
    gate.see(ResourceOutputs(step=StepInfo(op=Op.CREATE, urn=key, type=KEY, new=there)))
    refused = gate.admit(made(BUCKET, {"kmsKeyId": "ocid1.key.oc1.iad.c.d"}))
    assert refused.startswith("T6 keys is not proved with what it turned out to be: ")
    assert refused.endswith("; not done")
    assert gate.admit(made(BUCKET, {"kmsKeyId": there.id})) == ""


def test_what_is_known_is_looked_at_too(gate):
    """A copy that the program leads abroad after its preview is refused, and what it was is still admitted."""
    assert gate.admit(made(COPY, {"destinationRegionName": "eu-frankfurt-1"})).startswith("T2 copies is not proved")
    assert gate.admit(made(COPY)) == ""


def test_what_goes_or_stays_is_not_held_up(gate):
    """The gate is for what is made: deletions are for the lifecycle's theorem and the lock of holders."""
    for op in (Op.DELETE, Op.SAME, Op.REPLACE):
        assert gate.admit(made(COPY, {"destinationRegionName": UNKNOWN}, op=op)) == ""
