"""The policy pack without an engine: shown what one shows, in its order, it answers as the command line does.

Proves what the pack makes of the analyzer protocol. That a real engine asks in this way, and stops at the answer, is
proved in `tests/integration/test_policy_pack.py`.
"""

import json
import subprocess
from dataclasses import replace

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from infra.policy_pack.server import MOST, NAME, OPTIONS, Analyzer, policy
from infra.verify.declared import KEY
from infra.verify.graph import Graph
from infra.verify.proof import prove
from infra.verify.theorems import THEOREMS
from infra.verify.verdict import told
from tests.support import graphs
from tests.support.programs import AS_OF, ROOT, configuration

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": '"x"'}


UNTOLD = {"ipv6cidrBlocks": graphs.UNKNOWN, "timeCreated": graphs.UNKNOWN}
"""Outputs that a provider cannot tell in a preview; an engine shows a pack the mark for them."""


class Engine:
    """Shows a pack the steps of a stack as an engine does."""

    def __init__(self, stack, steps, *, real=False, project="usdata", config=None, options=None) -> None:
        self.pack = Analyzer()
        self.steps = [step["newState"] for step in steps]
        self.by_urn = {state["urn"]: state for state in self.steps}
        properties = ParseDict({"asOf": AS_OF.isoformat(), **(options or {})}, Struct())
        self.pack.Configure(
            analyzer_pb2.ConfigureAnalyzerRequest(
                policyConfig={OPTIONS: analyzer_pb2.PolicyConfig(properties=properties)}
            ),
            None,
        )
        given = {KEY: json.dumps(configuration(stack)[KEY])} if config is None else config
        self.pack.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(stack=stack, project=project, dry_run=not real, config=given),
            None,
        )

    def _provider(self, state):
        provider = self.by_urn.get(state["provider"].rpartition("::")[0])
        if provider is None:
            return None
        return analyzer_pb2.AnalyzerProviderResource(
            urn=provider["urn"],
            type=provider["type"],
            name=provider["urn"].rpartition("::")[2],
            properties=ParseDict(provider["inputs"], Struct()),
        )

    def show(self, state):
        """One resource, before it is made."""
        request = analyzer_pb2.AnalyzeRequest(
            urn=state["urn"],
            type=state["type"],
            name=state["urn"].rpartition("::")[2],
            properties=ParseDict(state["inputs"], Struct()),
            options=analyzer_pb2.AnalyzerResourceOptions(protect=state["protect"], parent=state["parent"]),
            provider=self._provider(state),
        )
        return told_by(self.pack.Analyze(request, None))

    def end(self):
        """All of them, with their outputs."""
        resources = [
            analyzer_pb2.AnalyzerResource(
                urn=state["urn"],
                type=state["type"],
                name=state["urn"].rpartition("::")[2],
                properties=ParseDict(UNTOLD | state["inputs"] | state["outputs"] | {"id": state["id"]}, Struct()),
                options=analyzer_pb2.AnalyzerResourceOptions(protect=state["protect"]),
                provider=self._provider(state),
                parent=state["parent"],
                dependencies=state["dependencies"],
                propertyDependencies={
                    name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for name, urns in state["propertyDependencies"].items()
                },
            )
            for state in self.steps
        ]
        return told_by(self.pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None))

    def run(self):
        """The whole run: what the resources gave, and what the end gave."""
        return [found for state in self.steps for found in self.show(state)], self.end()


def told_by(response):
    """Policy, message and URN of each violation; each is mandatory and the pack's own."""
    for it in response.diagnostics:
        assert (it.policyPackName, it.enforcementLevel) == (NAME, analyzer_pb2.MANDATORY)
    return [(it.policyName, it.message, it.urn) for it in response.diagnostics]


def state_of(steps, name, type_=""):
    """The state of the one resource of that name and kind."""
    (found,) = [
        step["newState"] for step in steps if step["urn"].endswith(f"::{name}") and type_ in step["newState"]["type"]
    ]
    return found


@pytest.mark.parametrize("stack", graphs.STACKS)
@pytest.mark.parametrize("real", [False, True], ids=["preview", "up"])
def test_a_shipped_stack_passes(stack, real):
    """Neither a resource nor the whole is held against either stack, while ids are unknown and when they are known."""
    assert Engine(stack, graphs.steps(stack, preview=not real), real=real).run() == ([], [])


def frankfurt(steps):
    """A provider moves to Frankfurt, and everything with it."""
    state_of(steps, "oci-us-phoenix-1")["inputs"]["region"] = "eu-frankfurt-1"


def replicated(steps):
    """A replica goes to Frankfurt."""
    state_of(steps, "profiles-us-ashburn-1-to-us-phoenix-1")["inputs"]["destinationRegionName"] = "eu-frankfurt-1"


def in_software(steps):
    """A key can be exported."""
    state_of(steps, "protected-us-ashburn-1", "Kms/key")["inputs"]["protectionMode"] = "SOFTWARE"


def unheard_of(steps):
    """A property that no list has."""
    state_of(steps, "profiles-us-ashburn-1", "bucket:Bucket")["inputs"]["crossRealmCopies"] = ["ap-singapore-1"]


def unknown_name(steps):
    """A destination that is known only afterwards."""
    state_of(steps, "profiles-us-ashburn-1-to-us-phoenix-1")["inputs"]["destinationBucketName"] = graphs.UNKNOWN


def secret(steps):
    """A region that is kept from the pack."""
    state_of(steps, "oci-us-phoenix-1")["inputs"]["region"] = SECRET


LEAKS = [frankfurt, replicated, in_software, unheard_of, unknown_name, secret]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda it: it.__name__)
def test_a_preview_is_judged_as_the_command_line_judges_it(leak):
    """The pack tells exactly what the theorems find on the same resources, in their order, up to what one reads."""
    steps = graphs.steps("sandbox")
    leak(steps)
    resources, whole = Engine("sandbox", steps).run()
    shown = [{**step, "newState": {**step["newState"], "inputs": hidden(step["newState"]["inputs"])}} for step in steps]
    found = [
        (policy(verdict.theorem), "\n".join(item.lines()), item.urn)
        for verdict, item in told(prove(graphs.context("sandbox", unplaced(graphs.graph_of(shown)))).verdicts)
    ]
    assert found
    assert (resources, whole[:MOST]) == ([], found[:MOST])
    assert [name for name, _, _ in whole[MOST:]] == [OPTIONS] * (len(found) > MOST)


def unplaced(graph):
    """Without the lines of the program, which an engine does not show to a pack."""
    return Graph({urn: replace(node, source="") for urn, node in graph.nodes.items()})


def hidden(value):
    """As a preview's document shows secrets."""
    if value == SECRET:
        return "[secret]"
    return {name: hidden(it) for name, it in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("leak", "name", "theorem"),
    [
        (frankfurt, "namespace-us-phoenix-1", "t1-storage"),
        (replicated, "profiles-us-ashburn-1-to-us-phoenix-1", "t2-copies"),
        (unheard_of, "profiles-us-ashburn-1", "t8-completeness"),
    ],
    ids=lambda it: getattr(it, "__name__", it),
)
def test_an_update_stops_at_the_resource(leak, name, theorem):
    """What is wrong with a resource by itself is told before it is made, and first of all at that resource."""
    steps = graphs.steps("sandbox", preview=False)
    leak(steps)
    engine = Engine("sandbox", steps, real=True)
    first = next(found for state in engine.steps if (found := engine.show(state)))
    assert [(policy_, urn.rpartition("::")[2]) for policy_, _, urn in first] == [(theorem, name)]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("kmsKeyId", "ocid1.key.oc1.phx.vault.aaaa", "us-phoenix-1"),
        ("compartmentId", "ocid1.compartment.oc1.eu-frankfurt-1.aaaa", "eu-frankfurt-1"),
        ("kmsKeyId", "ocid1.key.oc1.iad.vault.aaaa", ""),
    ],
)
def test_an_id_that_resolves_elsewhere_stops_the_update(path, value, said):
    """A preview takes an unknown id for the one that it comes from; the id that comes must not name another region."""
    steps = graphs.steps("sandbox", preview=False)
    bucket = state_of(steps, "profiles-us-ashburn-1", "bucket:Bucket")
    bucket["inputs"][path] = value
    engine = Engine("sandbox", steps, real=True)
    told_ = [found for state in engine.steps for found in engine.show(state)]
    assert [(name, urn) for name, _, urn in told_] == ([("t8-completeness", bucket["urn"])] if said else [])
    assert all(said in message and path in message for _, message, _ in told_)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"project": "other"}, "project other is not usdata"),
        ({"config": {}}, f"the configuration has no {KEY}"),
        ({"config": {KEY: "{"}}, "is no JSON"),
        ({"options": {"asOf": "some day"}}, "Invalid isoformat string"),
        ({"options": {"deployment": {"organization": "another"}}}, "declares another deployment"),
    ],
    ids=["project", "no declaration", "no json", "no day", "two declarations"],
)
def test_what_cannot_be_decided_is_refused(given, said):
    """A pack that does not know what is declared refuses every resource and the whole; it is never silent."""
    engine = Engine("sandbox", graphs.steps("sandbox"), **given)
    resources, whole = engine.run()
    assert {urn for _, _, urn in resources} == {state["urn"] for state in engine.steps}
    for name, message, _ in (*resources, *whole):
        assert (name, said in message) == (OPTIONS, True)
    assert len(whole) == 1


def test_an_engine_without_a_declaration_may_be_given_one():
    """`--policy-pack-config` declares the deployment where the engine hands over none."""
    deployment = configuration("sandbox")[KEY]
    engine = Engine("sandbox", graphs.steps("sandbox"), config={}, options={"deployment": deployment})
    assert engine.run() == ([], [])


def test_the_pack_is_served_on_loopback_and_names_every_theorem():
    """The file that `--policy-pack` names prints a port, speaks the protocol there, and every policy is mandatory."""
    command = [str(ROOT / "infra" / "policy_pack" / "pack"), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - the project's own
        try:
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                pack = analyzer_pb2_grpc.AnalyzerStub(channel)
                pack.Handshake(analyzer_pb2.AnalyzerHandshakeRequest())
                assert pack.GetPluginInfo(empty_pb2.Empty()).version
                info = pack.GetAnalyzerInfo(empty_pb2.Empty())
                assert not pack.Remediate(analyzer_pb2.AnalyzeRequest()).remediations
                pack.Cancel(empty_pb2.Empty())
        finally:
            process.terminate()
    assert {it.name for it in info.policies} == {policy(it.ID) for it in THEOREMS} | {OPTIONS}
    assert {it.enforcementLevel for it in info.policies} == {analyzer_pb2.MANDATORY}
