"""The access matrix: exactly who reaches a dataset of each class, and that the rows follow what is granted.

Does not prove that the clouds grant nothing else: whom no policy binds is listed as assumed.
"""

from dataclasses import replace
from datetime import date

import pytest

from infra.residency.access_matrix import ASSUMED, Reach, matrix
from infra.residency.aws_policy import Action, Effect, Everyone, Statement, bucket_arn
from infra.residency.dataset import DataClass
from infra.residency.deployment import AgentRequest, TransferRequest
from infra.residency.oracle_powers import Power
from infra.residency.placement import Plan
from infra.residency.planner import plan
from tests.residency.samples import GOOD, TODAY, with_dataset, with_site
from tests.residency.test_access_planner import ACCESS

LIST, READ, WRITE, DELETE = Power.LIST_DATA, Power.READ_DATA, Power.WRITE_DATA, Power.DELETE_DATA
BOTH = ("us-ashburn-1", "us-phoenix-1")
EXPIRES = date(2027, 3, 31)


def planned() -> Plan:
    """The sample with groups that have duties."""
    return plan(replace(GOOD, access=ACCESS), TODAY)


def rows(of: Plan, dataset: str) -> set[tuple[object, ...]]:
    """Who, what, where, from where and until when."""
    return {(r.who, r.powers, r.where, r.network, r.until) for r in matrix(of) if r.dataset == dataset}


def _legacy() -> set[tuple[object, ...]]:
    """The rows that every dataset has: one role of each site reads, the deployer lists, the account may write."""
    sites = (
        ("virginia", "us-east-1", "111111111111"),
        ("singapore", "ap-southeast-1", "222222222222"),
    )
    return {
        row
        for site, region, account in sites
        for row in (
            (f"role usds-transfer-{site}", (LIST, READ), (f"{site} ({region})",), "anywhere", EXPIRES),
            ("role usdata-deployer", (LIST,), (f"{site} ({region})",), "anywhere", EXPIRES),
            (f"whomever account {account} lets", (WRITE, DELETE), (f"{site} ({region})",), "anywhere", EXPIRES),
        )
    }


EVERYWHERE = {
    ("group storage-operators", (LIST, READ, WRITE, DELETE), BOTH, "us-office", None),
    ("service objectstorage-us-ashburn-1", (LIST, READ, WRITE, DELETE), BOTH, "inside Oracle Cloud", None),
    ("service objectstorage-us-phoenix-1", (LIST, READ, WRITE, DELETE), BOTH[1:], "inside Oracle Cloud", None),
}


@pytest.mark.parametrize(
    ("dataset", "more"),
    [
        ("profiles", set()),
        ("videos", set()),
        (
            "metrics",
            {("group capacity-planners", (LIST, READ), BOTH[:1], "anywhere", date(2027, 6, 30))},
        ),
        ("avatars", {("anyone", (READ,), BOTH[:1], "anywhere", None)}),
    ],
)
def test_these_and_nobody_else(dataset, more):
    """PROTECTED: one duty and the service; EXCEPTED: its export, too, to its end; PUBLIC: anyone, object by object."""
    assert rows(planned(), dataset) == EVERYWHERE | more | _legacy()


def test_rows_name_what_brings_them_about():
    """Each group's row leads to its key in the stack file and to the one statement that gives it objects."""
    found = {(r.who, r.path) for r in matrix(planned())}
    assert {path for who, path in found if who == "group storage-operators"} == {"access.groups.storage-operators"}
    assert {path for who, path in found if who == "anyone"} == {"datasets.avatars.class"}
    assert all("OBJECT_READ" in r.by for r in matrix(planned()) if r.who == "group storage-operators")


def test_an_auditor_and_a_deployer_are_in_no_row():
    """They have statements about buckets, and none of them reaches an object or the name of one."""
    assert {r.who for r in matrix(planned())} & {"group auditors", "group ci"} == set()


def test_rows_are_in_a_stable_order():
    """By dataset, then by who; the same whatever the order of the file."""
    found = matrix(planned())
    assert list(found) == sorted(found, key=lambda r: (r.dataset, r.who, r.where, r.by))
    shuffled = replace(GOOD, access=ACCESS, datasets=dict(reversed(GOOD.datasets.items())))
    assert matrix(plan(shuffled, TODAY)) == found


def test_a_dropped_deny_shows():
    """Without the statement that denies reading, the account appears as reader of that bucket, and nobody else does."""
    good = planned()
    site = good.sites[0]
    backup = site.backups[0]
    policy = replace(backup.policy, statements=tuple(s for s in backup.policy.statements if s.sid != "DenyReading"))
    bad = replace(
        good,
        sites=(replace(site, backups=(replace(backup, policy=policy), *site.backups[1:])), *good.sites[1:]),
    )
    before, after = set(matrix(good)), set(matrix(bad))
    who = f"whomever account {site.site.account_id} lets"
    assert {(r.who, r.powers) for r in after - before} == {
        (who, (READ, WRITE, DELETE)),
        (f"role {site.role}", (LIST,)),
    }


def test_an_export_is_of_one_dataset():
    """Another excepted dataset lies in the same compartment; the export's reader is in none of its rows."""
    both = with_dataset(GOOD, "incidents", data_class="excepted", reason="an emergency", expires="2027-02-28")
    readers = {r.dataset for r in matrix(plan(both, TODAY)) if r.who == "group capacity-planners"}
    assert readers == {"metrics"}


def test_a_full_deny_leaves_nobody():
    """A deny of everything to everyone, without condition, takes every row of that bucket away."""
    good = planned()
    site = good.sites[0]
    backup = site.backups[0]
    nobody = Statement(
        sid="DenyAll",
        effect=Effect.DENY,
        principal=Everyone.EVERYONE,
        actions=(Action.ANY,),
        resources=(bucket_arn(backup.bucket), f"{bucket_arn(backup.bucket)}/*"),
        conditions=(),
    )
    policy = replace(backup.policy, statements=(*backup.policy.statements, nobody))
    bad = replace(
        good, sites=(replace(site, backups=(replace(backup, policy=policy), *site.backups[1:])), *good.sites[1:])
    )
    gone: set[Reach] = set(matrix(good)) - set(matrix(bad))
    assert {(r.dataset, r.where) for r in gone} == {(backup.dataset.name, (f"{site.site.name} ({site.site.region})",))}
    assert not [r for r in matrix(bad) if r.dataset == backup.dataset.name and r.by.endswith(backup.bucket)]


def test_a_stack_without_duties_has_services_and_exports_only():
    """Nobody is added by default."""
    assert {r.who.partition(" ")[0] for r in matrix(plan(GOOD, TODAY)) if "us-ashburn-1" in r.where} == {
        "anyone",
        "group",
        "service",
    }
    assert {r.who for r in matrix(plan(GOOD, TODAY)) if r.who.startswith("group")} == {"group capacity-planners"}


def test_what_copies_backups_reads_its_own_buckets_from_its_agents():
    """One row for each dataset that is backed up: the default store, listed and read, from the transfer's network."""
    agents = {
        "agent-1": AgentRequest(
            arn=f"arn:aws:datasync:us-east-1:111111111111:agent/agent-{'0' * 17}", address="8.8.4.4"
        )
    }
    copied = with_site(GOOD, "virginia", transfer=TransferRequest(key_generation=1, agents=agents))
    found = [row for row in matrix(plan(copied, TODAY)) if row.who == "group usds-transfer-virginia"]
    assert {row.dataset for row in found} == set(GOOD.datasets)
    assert {(row.powers, row.where, row.network, row.path) for row in found} == {
        ((LIST, READ), BOTH[:1], "transfer-virginia", "legacy.sites.virginia.transfer")
    }


def test_what_is_assumed_is_said():
    """The tenancy's administrators first: no policy binds them."""
    assert "Administrators" in ASSUMED[0]
    assert {c.value for c in DataClass} == {"protected", "excepted", "public"}
