"""Holders and their lock: what was deployed stays as it was, or has a receipt; the lock says exactly what it says.

Proves the judgement on planned values. That a plan's holders are those that the program registers is held by
`tests/components/test_holder_watch.py`; that no engine step escapes it by `tests/campaign`.
"""

import json
from dataclasses import replace
from datetime import date

import pytest

from infra.residency.deployment import DatasetRequest
from infra.residency.failover import Halt, Roles
from infra.residency.findings import Finding
from infra.residency.holders import AWS_BUCKET, TYPES, Deployed, Holder, SiteRecord, data_buckets, holders, judge
from infra.residency.holders_lock import Lock, UnreadableLockError, lock_of, text, with_planned, with_state
from infra.residency.lifecycle import Phase
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from tests.residency.samples import GOOD, TODAY, found, renamed_region, with_dataset, with_oci, with_site
from tests.support.receipts import evidence

PLAN = plan(GOOD, TODAY)
HELD = {holder.key: holder for holder in holders(PLAN)}
DEPLOYED = with_planned(Deployed(), holders(PLAN))
BEGUN = replace(
    DEPLOYED, sites={name: SiteRecord(phase=Phase.BACKUP, expires=date(2027, 3, 31)) for name in GOOD.sites}
)
STORE = next(holder for holder in HELD.values() if holder.name == "usds-profiles-iad")
SITE = "legacy.sites.singapore"


def judged(deployed: Deployed, *receipts: str) -> list[Finding]:
    """What the sample's plan may not be, against what is deployed."""
    return list(judge(PLAN, deployed, {"singapore": receipts}))


def having(*others: Holder, **changes: object) -> Deployed:
    """What is deployed, with more or other holders."""
    return replace(DEPLOYED, holders={**DEPLOYED.holders, **{it.key: it for it in others}}, **changes)


def test_a_plan_is_as_it_was_against_itself():
    """Every bucket, vault and key of the sample, and nothing else: 6 shards twice, 2 sites of 6, keys of 3 regions."""
    counts = {kind: sum(holder.type == kind for holder in HELD.values()) for kind in TYPES}
    assert list(counts.values()) == [12, 3, 9, 12, 2]
    assert len(HELD) == 38
    assert judged(DEPLOYED) == []


@pytest.mark.parametrize(
    ("request_", "where"),
    [
        (replace(GOOD, datasets={k: v for k, v in GOOD.datasets.items() if k != "profiles"}), "datasets.profiles"),
        (with_dataset(GOOD, "videos", shards=1), "datasets.videos"),
        (with_oci(GOOD, object_storage_namespace="another"), "datasets.profiles"),
        (replace(GOOD, organization="other"), "datasets.profiles"),
        (replace(GOOD, sites={"virginia": GOOD.sites["virginia"]}), SITE),
        (with_site(GOOD, "singapore", adopt={}), SITE),
        (with_site(GOOD, "singapore", account_id="333333333333"), SITE),
        (renamed_region(GOOD, "us-chicago-1", "us-sanjose-1"), "oci.regions.us-chicago-1"),
    ],
    ids=["dataset", "shard", "namespace", "organization", "site", "adopted bucket", "account", "region"],
)
def test_no_edit_of_a_stack_file_loses_a_holder(request_, where):
    """Each would delete or replace one; the planner names where it came from, whether or not that is still there."""
    if where.endswith("us-chicago-1"):
        region = replace(
            request_.oci.regions["us-sanjose-1"], service_id="ocid1.service.oc1.us-sanjose-1.aaaaaaaasandbox"
        )
        request_ = with_oci(request_, regions={**request_.oci.regions, "us-sanjose-1": region})
    if "profiles" not in request_.datasets:
        request_ = with_site(request_, "singapore", adopt={})
    rules = found(request_, evidence=evidence(deployed=replace(BEGUN, complete=False)))
    assert ("holder", where) in rules
    assert {rule for rule, _ in rules} == {"holder"}


def test_a_new_dataset_must_be_in_the_lock_first_and_nowhere_else():
    """A complete lock names what is deployed next too; a state does not have to."""
    grown = replace(GOOD, datasets={**GOOD.datasets, "journal": DatasetRequest()})
    assert found(grown, evidence=evidence(deployed=BEGUN)) == {("holders-lock", "datasets.journal")}
    assert found(grown, evidence=evidence(deployed=replace(BEGUN, complete=False))) == set()
    locked = with_planned(BEGUN, holders(plan(grown, TODAY)))
    assert found(grown, evidence=evidence(deployed=locked)) == set()


@pytest.mark.parametrize(
    ("was", "said"),
    [
        (replace(STORE, name="usds-profile-iad"), "name usds-profile-iad would become usds-profiles-iad"),
        (replace(STORE, place="us-phoenix-1"), "place us-phoenix-1 would become us-ashburn-1"),
        (replace(STORE, of="datasets.other"), "origin datasets.other would become datasets.profiles"),
        (
            replace(STORE, fixed=(("namespace", "axsandbox"), ("storageTier", "Archive"))),
            "storageTier Archive would become Standard",
        ),
        (replace(STORE, key=STORE.key.replace("profiles-us", "profile-us")), "under another name or parent"),
        (replace(STORE, key=STORE.key.replace("DatasetStore", "Store")), "under another name or parent"),
    ],
    ids=["name", "place", "origin", "fixed input", "logical name", "parent"],
)
def test_a_change_of_identity_is_refused_in_words(was, said):
    """Renamed, moved, re-created under another parent: each is one finding that says what would become what."""
    (finding,) = judged(replace(having(was), complete=False))
    assert said in f"{finding.given}; {finding.why}"


GONE = replace(
    STORE,
    key=f"usdata:index:LegacyBackup$usdata:index:LegacyBucket${AWS_BUCKET}::old-singapore",
    name="old",
    place="ap-southeast-1",
    of=SITE,
    fixed=(),
)


def test_what_was_retired_stays_gone_and_its_receipt_stays():
    """Covered by its receipt as long as that is believed; a new holder in its place is refused."""
    retired = having(GONE, retired={GONE.key: "ab" * 32})
    assert judged(retired, "ab" * 32) == []
    assert ["not among the receipts" in it.given for it in judged(retired, "cd" * 32)] == [True]
    back = having(retired={STORE.key: "ab" * 32})
    assert ["was retired by receipt" in it.given for it in judged(back, "ab" * 32)] == [True]


def test_a_closed_site_gives_its_holders_up_unless_the_state_retains_them():
    """What is retained would leave the state and stay in the cloud."""
    closed = replace(
        PLAN,
        sites=tuple(
            replace(it, site=replace(it.site, phase=Phase.CLOSED), backups=()) if it.site.name == "singapore" else it
            for it in PLAN.sites
        ),
    )
    assert list(judge(closed, DEPLOYED, {})) == []
    retained = {key for key, holder in HELD.items() if holder.of == SITE}
    findings = list(judge(closed, replace(DEPLOYED, retained=retained), {}))
    assert len(findings) == len(retained) == 7
    assert all("the state says is retained" in finding.given for finding in findings)


def test_the_data_of_a_site_is_in_its_backups():
    """Neither the reports nor what was retired is data; another site's is another's."""
    buckets = {backup.bucket for site in PLAN.sites if site.site.name == "singapore" for backup in site.backups}
    assert data_buckets(DEPLOYED, "singapore") == buckets
    assert data_buckets(having(GONE), "singapore") == {*buckets, "old"}
    assert data_buckets(having(GONE, retired={GONE.key: "ab" * 32}), "singapore") == buckets


LOCK = Lock(stack="s", deployed=replace(having(GONE, retired={GONE.key: "ab" * 32}), sites=BEGUN.sites))
MOVING = Roles(primary=UsRegion("us-phoenix-1"), other=UsRegion("us-ashburn-1"), lost=True, halt=Halt.STOPPED)
SWAPPED = Lock(stack="s", deployed=replace(having(), roles=MOVING, versioned=frozenset({STORE.name})))


@pytest.mark.parametrize(
    "lock", [LOCK, SWAPPED, Lock(stack="s", deployed=None), Lock(stack="s", deployed=Deployed(complete=True))]
)
def test_a_lock_reads_back_as_it_was_written(lock):
    """One holder a line, so that two branches that add datasets merge."""
    assert lock_of(text(lock), "s") == lock
    assert text(lock).count('{"key"') == len((lock.deployed or Deployed()).holders)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{}",
        text(LOCK)[:-20],
        text(LOCK).replace('"of"', '"off"', 1),
        text(LOCK).replace('"locked": true', '"locked": false'),
        text(LOCK).replace('"phase": "backup"', '"phase": "gone"', 1),
        text(LOCK) + "\n",
        text(SWAPPED).replace('"lost": true', '"lost": 1'),
        text(SWAPPED).replace('"halt": "stopped"', '"halt": "resting"'),
        text(SWAPPED).replace('"primary": "us-phoenix-1"', '"primary": "eu-frankfurt-1"'),
        text(SWAPPED).replace('"versioned": true', '"versioned": false'),
        text(LOCK).replace("usds-profiles-iad", "usds-profiles-iad ", 1).replace('"stack": "s"', '"stack": "t"'),
        json.dumps(json.loads(text(LOCK))),
        "\n".join(reversed(text(LOCK).splitlines())),
        "[" * 100_000,
    ],
)
def test_a_lock_that_anyone_touched_is_refused(broken):
    """Edited, cut off, reformatted, of another shape: it was not written by the command."""
    with pytest.raises(UnreadableLockError):
        lock_of(broken, "s")


def test_a_lock_of_another_stack_is_refused():
    """A copied lock would let everything go that only the right one names."""
    with pytest.raises(UnreadableLockError, match="the lock of stack s"):
        lock_of(text(LOCK), "us-prod")


def test_a_state_adds_what_it_has_and_retires_what_is_gone_from_a_closed_site():
    """The first expiry stays, the phase is the state's, a holder that is still there is not retired."""
    left = {key: holder for key, holder in HELD.items() if holder.of != SITE}
    record = {"singapore": SiteRecord(phase=Phase.CLOSED, expires=date(2028, 1, 1))}
    state = Deployed(holders=left, sites=record)
    known = with_state(BEGUN, state, {SITE: "ab" * 32})
    assert known.sites["singapore"] == SiteRecord(phase=Phase.CLOSED, expires=date(2027, 3, 31))
    assert known.sites["virginia"] == BEGUN.sites["virginia"]
    assert set(known.retired) == {key for key, holder in HELD.items() if holder.of == SITE}
    assert set(known.holders) == set(HELD)
    assert with_state(BEGUN, state, {}).retired == {}
    assert with_state(Deployed(), state, {}).holders == left


def test_a_state_says_who_is_primary_and_which_buckets_ever_kept_versions():
    """The state's roles count; a bucket that kept versions once is remembered, also where a state says nothing."""
    known = with_state(
        replace(BEGUN, versioned=frozenset({"a"})), Deployed(versioned=frozenset({"b"}), roles=MOVING), {}
    )
    assert (known.versioned, known.roles) == ({"a", "b"}, MOVING)
    assert with_state(known, Deployed(), {}).roles == MOVING
