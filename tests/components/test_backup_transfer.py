"""What copies backups to a site: played on simulated clouds, key by key and task by task.

Proves what is registered, what the simulated clouds take, and what another key generation changes. There is no data
plane here: that DataSync copies, verifies and reports is AWS's.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.engine.display import Recorder
from infra.engine.events import Op
from infra.engine.state import Deployment
from infra.engine.values import Secret
from infra.program import provision
from infra.residency.compartment import of_class
from infra.residency.dataset import DataClass
from infra.residency.deployment import AgentRequest, DeploymentRequest, TransferRequest
from infra.residency.planner import plan
from infra.residency.transfer import NOT_COVERED
from tests.residency.samples import GOOD, TODAY, found, with_oci, with_site
from tests.support.simulated import carry_out

AGENT = "arn:aws:datasync:us-east-1:111111111111:agent/agent-0123456789abcdef0"
TRANSFER = TransferRequest(
    key_generation=1,
    agents={
        "agent-1": AgentRequest(arn=AGENT, address="8.8.4.4"),
        "agent-2": AgentRequest(arn=f"{AGENT[:-1]}1", address="8.8.8.8"),
    },
)
SMALL = with_oci(
    replace(
        GOOD,
        datasets={name: GOOD.datasets[name] for name in ("videos", "avatars")},
        sites={"virginia": replace(GOOD.sites["virginia"], transfer=TRANSFER)},
    ),
    regions={name: GOOD.oci.regions[name] for name in ("us-ashburn-1", "us-phoenix-1")},
)
Named = tuple[str, str]
SHARDS = ("avatars", "videos", "videos-1")
KEY = "oci:Identity/customerSecretKey:CustomerSecretKey"
LOCATION = "aws:datasync/locationObjectStorage:LocationObjectStorage"


def applied(request: DeploymentRequest, state: Deployment, clouds: Path) -> tuple[Deployment, dict[Named, Op]]:
    """The state after an update, and what happened to what it changed, by type and name."""
    recorder = Recorder()
    planned = plan(request, TODAY)
    result = carry_out(lambda: provision(planned), clouds, state, stack="s", on_event=recorder)
    assert result.exit == 0, [it.message for it in result.diagnostics]
    return result.state, {(it.step.type, it.name): it.op for it in recorder.changed()}


def test_the_clouds_take_it_and_another_generation_is_another_key(tmp_path):
    """Applied twice: what is there the first time, and that raising the generation replaces the older key only."""
    clouds = tmp_path / "clouds.sqlite"
    state, _ = applied(SMALL, Deployment(), clouds)
    have = {(it.type, it.name): it for it in state.resources}
    for shard in SHARDS:
        task = f"{shard}-to-virginia"
        source, target = have[LOCATION, task], have["aws:datasync/s3Location:S3Location", task]
        dataset = shard.removesuffix("-1")
        assert source.inputs["serverHostname"] == "axsandbox.compat.objectstorage.us-ashburn-1.oraclecloud.com"
        assert source.inputs["bucketName"] == f"usds-{shard}-iad"
        assert source.inputs["agentArns"] == [AGENT, f"{AGENT[:-1]}1"]
        assert isinstance(source.inputs["secretKey"], Secret)
        assert target.inputs["s3BucketArn"] == f"arn:aws:s3:::usds-{dataset}-use1-111111111111"
        assert target.inputs["subdirectory"] == f"/{shard}/"
        done = have["aws:datasync/task:Task", task].inputs
        assert (done["taskMode"], done["options"]["verifyMode"]) == ("BASIC", "ONLY_FILES_TRANSFERRED")
        assert done["options"]["preserveDeletedFiles"] == "PRESERVE"
        assert done["schedule"]["scheduleExpression"] == "cron(0 3 * * ? *)"
        report = done["taskReportConfig"]["s3Destination"]
        assert report["s3BucketArn"] == "arn:aws:s3:::usds-reports-use1-111111111111"
    assert sum(type_ == "aws:datasync/task:Task" for type_, _ in have) == len(SHARDS)
    keys = {it.name: it for it in state.resources if it.type == KEY}
    assert {name: it.inputs["displayName"] for name, it in keys.items()} == {
        "transfer-virginia-odd": "usds-transfer-virginia-1",
        "transfer-virginia-even": "usds-transfer-virginia-0",
    }
    assert all(isinstance(it.outputs["key"], Secret) for it in keys.values())
    assert have[LOCATION, "videos-to-virginia"].inputs["accessKey"] == keys["transfer-virginia-odd"].id
    for agent, digit in (("agent-1", "0"), ("agent-2", "1")):
        alarm = have["aws:cloudwatch/metricAlarm:MetricAlarm", f"late-virginia-{agent}"].inputs
        assert alarm["dimensions"] == {"AgentId": f"agent-0123456789abcdef{digit}"}
        assert (alarm["treatMissingData"], alarm["evaluationPeriods"]) == ("breaching", 2)
    fresh = with_site(SMALL, "virginia", transfer=replace(TRANSFER, key_generation=2))
    state, changed = applied(fresh, state, clouds)
    assert changed == {(KEY, "transfer-virginia-even"): Op.REPLACE} | {
        (LOCATION, f"{shard}-to-virginia"): Op.UPDATE for shard in SHARDS
    }


def test_the_reader_reads_what_is_backed_up_from_its_agents_only():
    """One statement for each class of data: four permissions to look and read, in one region, from two addresses."""
    (site,) = plan(SMALL, TODAY).sites
    transfer = site.transfer
    assert transfer is not None
    assert [statement.text() for statement in transfer.statements] == [
        "Allow group usds-transfer-virginia to {BUCKET_INSPECT, BUCKET_READ, OBJECT_INSPECT, OBJECT_READ} "
        f"in compartment {place} where all {{request.networkSource.name='usds-transfer-virginia', "
        f"request.region='iad', {buckets}}}"
        for place, buckets in (
            (_place("protected"), "any {target.bucket.name='usds-videos-1-iad', target.bucket.name='usds-videos-iad'}"),
            (_place("public"), "target.bucket.name='usds-avatars-iad'"),
        )
    ]
    assert [str(cidr) for cidr in transfer.network.cidrs] == ["8.8.4.4/32", "8.8.8.8/32"]
    assert len(NOT_COVERED) == 3


def _place(data_class: str) -> str:
    return of_class(DataClass(data_class)).path("usds")


def with_agent(**changes: str) -> DeploymentRequest:
    """The small sample with changes to one agent."""
    agents = {**TRANSFER.agents, "agent-1": replace(TRANSFER.agents["agent-1"], **changes)}
    return with_site(SMALL, "virginia", transfer=replace(TRANSFER, agents=agents))


@pytest.mark.parametrize(
    ("request_", "where"),
    [
        (with_agent(arn=AGENT.replace("us-east-1", "eu-west-1")), "agents.agent-1.arn"),
        (with_agent(arn=AGENT.replace("1111", "2222")), "agents.agent-1.arn"),
        (with_agent(arn=f"{AGENT}0"), "agents.agent-1.arn"),
        (with_agent(arn=""), "agents.agent-1.arn"),
        (with_agent(address="10.0.0.1"), "agents.agent-1.address"),
        (with_agent(address="224.0.0.1"), "agents.agent-1.address"),
        (with_agent(address="8.8.8.0/24"), "agents.agent-1.address"),
        (with_agent(address=""), "agents.agent-1.address"),
        (with_site(SMALL, "virginia", transfer=replace(TRANSFER, key_generation=0)), "keyGeneration"),
    ],
)
def test_what_cannot_be_a_transfer_is_refused(request_, where):
    """An agent elsewhere, an address that no request comes from, a generation that is none."""
    assert found(request_) == {("transfer", f"legacy.sites.virginia.transfer.{where}")}
    assert found(SMALL) == set()


def test_an_agents_name_has_a_form():
    """It is part of the name of an alarm."""
    agents = {"Agent 1": TRANSFER.agents["agent-1"]}
    rules = found(with_site(SMALL, "virginia", transfer=replace(TRANSFER, agents=agents)))
    assert {rule for rule, _ in rules} == {"name"}


def test_a_site_that_is_drained_has_no_transfer_any_more():
    """Its tasks, keys and alarms go with the phase."""
    drained = with_site(SMALL, "virginia", phase="drain", operator_role="retirers")
    assert [site.transfer for site in plan(drained, TODAY).sites] == [None]
