"""Flows: a hand-made illegal flow is refused, whatever made it; what is not known to be legal is not.

Proves the judgement of a flow value; that components register no other copies is for their own tests.
"""

from dataclasses import replace
from datetime import date

import pytest

from infra.residency.dataset import DataClass, Dataset, Export
from infra.residency.flow import ALLOWED_AT_SITE, Flow, FlowKind, refusal
from infra.residency.lifecycle import Phase, Site
from infra.residency.planner import plan
from infra.residency.regions import LegacyRegion, UsRegion
from tests.residency.samples import GOOD, TODAY

END = date(2027, 3, 31)
EXPORT = Export(name="capacity", group="planners", until=END)
PROTECTED = Dataset(name="videos", data_class=DataClass.PROTECTED, shards=2)
EXCEPTED = Dataset(name="metrics", data_class=DataClass.EXCEPTED, shards=1, reason="r", expires=END, export=EXPORT)
SITE = Site(
    name="virginia",
    region=LegacyRegion.VIRGINIA,
    account_id="111111111111",
    deployer_role="deployer",
    phase=Phase.BACKUP,
    expires=END,
)

REPLICATION = Flow(
    name="r",
    kind=FlowKind.REPLICATION,
    dataset=PROTECTED,
    shard=1,
    source=UsRegion.ASHBURN,
    target=UsRegion.PHOENIX,
)
BACKUP = Flow(
    name="b", kind=FlowKind.BACKUP, dataset=PROTECTED, shard=0, source=UsRegion.ASHBURN, target=SITE, until=END
)
DRAIN_SITE = replace(SITE, phase=Phase.DRAIN)
DRAINED = Flow(
    name="d", kind=FlowKind.DRAIN, dataset=PROTECTED, shard=0, source=DRAIN_SITE, target=UsRegion.ASHBURN, until=END
)
EXPORTED = Flow(
    name="e",
    kind=FlowKind.EXPORT,
    dataset=EXCEPTED,
    shard=None,
    source=UsRegion.ASHBURN,
    target="planners",
    until=END,
)


@pytest.mark.parametrize("flow", [REPLICATION, BACKUP, DRAINED, EXPORTED], ids=lambda flow: flow.kind)
def test_a_legal_flow_of_each_kind_passes(flow):
    """The positive case of each kind, so that the refusals below are not vacuous."""
    assert refusal(flow, TODAY) is None


@pytest.mark.parametrize(
    "flow",
    [
        replace(REPLICATION, source=LegacyRegion.VIRGINIA),
        replace(REPLICATION, source="us-ashburn-1"),
        replace(REPLICATION, target=LegacyRegion.SINGAPORE),
        replace(REPLICATION, target="eu-frankfurt-1"),
        replace(REPLICATION, target="us-phoenix-1"),
        replace(REPLICATION, target=SITE),
        replace(REPLICATION, target=UsRegion.ASHBURN),
        replace(REPLICATION, shard=None),
        replace(REPLICATION, shard=2),
        replace(REPLICATION, shard=-1),
        replace(REPLICATION, until=END),
        replace(BACKUP, target=UsRegion.PHOENIX),
        replace(BACKUP, target="virginia"),
        replace(BACKUP, target=replace(SITE, phase=Phase.DRAIN)),
        replace(BACKUP, target=replace(SITE, phase=Phase.WIPE)),
        replace(BACKUP, target=replace(SITE, phase=Phase.CLOSED)),
        replace(BACKUP, target=replace(SITE, phase="retired")),
        replace(BACKUP, target=replace(SITE, expires=TODAY), until=TODAY),
        replace(BACKUP, until=None),
        replace(BACKUP, until=date(2027, 4, 1)),
        replace(BACKUP, shard=None),
        replace(BACKUP, shard=2),
        replace(BACKUP, source=SITE),
        replace(DRAINED, source=UsRegion.PHOENIX),
        replace(DRAINED, source="virginia"),
        replace(DRAINED, target=DRAIN_SITE),
        replace(DRAINED, target=LegacyRegion.SINGAPORE),
        replace(DRAINED, source=SITE),
        replace(DRAINED, source=replace(SITE, phase=Phase.WIPE)),
        replace(DRAINED, source=replace(SITE, phase=Phase.CLOSED)),
        replace(DRAINED, source=replace(DRAIN_SITE, expires=TODAY), until=TODAY),
        replace(DRAINED, until=None),
        replace(DRAINED, shard=None),
        replace(EXPORTED, dataset=replace(EXCEPTED, data_class=DataClass.PROTECTED)),
        replace(EXPORTED, dataset=replace(EXCEPTED, data_class=DataClass.PUBLIC)),
        replace(EXPORTED, dataset=replace(EXCEPTED, export=None)),
        replace(EXPORTED, target="everyone"),
        replace(EXPORTED, target=UsRegion.PHOENIX),
        replace(EXPORTED, until=None),
        replace(EXPORTED, until=date(2027, 4, 1)),
        replace(EXPORTED, dataset=replace(EXCEPTED, export=replace(EXPORT, until=TODAY)), until=TODAY),
        replace(EXPORTED, shard=0),
        replace(REPLICATION, kind="rsync"),
        replace(REPLICATION, kind=None),
    ],
    ids=repr,
)
def test_an_illegal_flow_is_refused(flow):
    """Each differs from a legal flow in one respect, and each refusal says what was given and what is allowed."""
    refused = refusal(flow, TODAY)
    assert refused is not None
    assert flow.dataset.name in refused.given
    assert refused.allowed
    assert refused.fix


def test_a_site_has_one_direction_in_each_phase_and_none_in_the_last_two():
    """The whole table of phases and kinds, so that a new phase or kind must be entered here too."""
    assert {phase: ALLOWED_AT_SITE[phase] for phase in Phase} == {
        Phase.BACKUP: FlowKind.BACKUP,
        Phase.DRAIN: FlowKind.DRAIN,
        Phase.WIPE: None,
        Phase.CLOSED: None,
    }


def test_every_flow_of_a_plan_is_legal_by_itself():
    """The planner and the judgement of a single flow agree; counted, so that this is not about no flow at all."""
    planned = plan(GOOD, TODAY)
    flows = [flow for dataset in planned.datasets for flow in dataset.replications]
    flows += [dataset.export for dataset in planned.datasets if dataset.export]
    flows += [flow for site in planned.sites for backup in site.backups for flow in backup.flows]
    assert len(flows) == 6 + 1 + 2 * 6
    assert [refusal(flow, TODAY) for flow in flows] == [None] * len(flows)
    assert len({flow.name for flow in flows}) == len(flows)
