"""Phases of a legacy site: which one may be next, on which receipts, and what an expiry and its extension mean.

Receipts are signed with keys of these tests and judged by the planner as any would be. Proves which plans are refused;
what a phase provisions is for the components' tests, and what a receipt must look like for `tests/retirement`.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.residency.deployment import DatasetRequest, DeploymentRequest
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.flow import FlowKind
from infra.residency.holders import Deployed, SiteRecord, holders
from infra.residency.holders_lock import with_planned
from infra.residency.lifecycle import Phase, erased_by
from infra.residency.planner import judge, plan
from infra.residency.receipts import Scope, Step
from tests.residency.samples import GOOD, TODAY, found, with_site
from tests.support.receipts import KEYS, SIGNERS, chain, evidence, root

SITE, PATH = "singapore", "legacy.sites.singapore"
SCOPE = Scope(stack="test", site=SITE, account_id="222222222222", region="ap-southeast-1")
OTHER_SITE = replace(SCOPE, site="virginia", account_id="111111111111", region="us-east-1")
END = date(2027, 3, 31)
SIGNED = replace(GOOD, signers=SIGNERS)
BUCKETS = {backup.bucket for site in plan(GOOD, TODAY).sites if site.site.name == SITE for backup in site.backups}
TO_WIPE, TO_CLOSE = (Step.CENSUS, Step.COMPARISON), (Step.CENSUS, Step.COMPARISON, Step.WIPE, Step.EMPTY)
ALL_HELD = with_planned(Deployed(), holders(plan(GOOD, TODAY)))


def in_phase(phase: str, **changes: Any) -> DeploymentRequest:
    """The sample with its site in a phase, and what that phase needs beside it."""
    return with_site(
        SIGNED, SITE, phase=phase, **{"operator_role": "retirers", "confirm_census": root(BUCKETS)} | changes
    )


def having(phase: Phase | None, *, begun_with: date = END) -> Deployed:
    """What is deployed: every holder, with the site in a phase."""
    virginia = {"virginia": SiteRecord(phase=Phase.BACKUP, expires=END)}
    here = {SITE: SiteRecord(phase=phase, expires=begun_with)} if phase else {}
    return replace(ALL_HELD, sites=virginia | here)


def proof(*steps: Step, deployed: Deployed | None = None, **changes: Any) -> Evidence:
    """Receipts of these steps."""
    options = {"scope": SCOPE, "buckets": BUCKETS, "day": TODAY} | changes
    texts = chain(options.pop("scope"), options.pop("buckets"), *steps, **options)
    return evidence(texts, stack="test", deployed=deployed)


def refused(request, given: Evidence = NO_EVIDENCE, as_of: date = TODAY) -> set[tuple[str, str]]:
    """Rule and path of everything that is found."""
    return found(request, as_of, given)


NEEDED = {Phase.BACKUP: (), Phase.DRAIN: (), Phase.WIPE: TO_WIPE, Phase.CLOSED: TO_CLOSE}


@pytest.mark.parametrize("before", [None, *Phase])
@pytest.mark.parametrize("after", list(Phase))
def test_a_site_stays_or_goes_one_phase_on(before, after):
    """The whole table: with every receipt there, a phase may be the deployed one or the next; nothing else."""
    given = proof(*NEEDED[after], deployed=having(before)) if NEEDED[after] else evidence(deployed=having(before))
    allowed = {Phase.BACKUP} if before is None else {before, before.following}
    assert refused(in_phase(after), given) == (set() if after in allowed else {("phase", f"{PATH}.phase")})


@pytest.mark.parametrize("phase", [Phase.WIPE, Phase.CLOSED])
def test_of_a_stack_that_is_not_locked_the_order_is_not_judged_but_the_receipts_are(phase):
    """A stack without a lock says nothing about what is deployed."""
    assert refused(in_phase(phase), proof(*NEEDED[phase])) == set()
    assert refused(in_phase(phase)) == {("receipt", f"{PATH}.phase")}


CUT = proof(*TO_WIPE).receipts[SITE]
STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
BAD = {
    "none": evidence(deployed=having(Phase.DRAIN)),
    "census only": proof(Step.CENSUS, deployed=having(Phase.DRAIN)),
    "forged": proof(*TO_WIPE, deployed=having(Phase.DRAIN), keys=[STRANGER]),
    "one signer": proof(*TO_WIPE, deployed=having(Phase.DRAIN), keys=[KEYS["security"]]),
    "another site's": replace(
        proof(*TO_WIPE, deployed=having(Phase.DRAIN)),
        receipts={SITE: chain(OTHER_SITE, BUCKETS, *TO_WIPE, day=TODAY)},
    ),
    "another stack's": replace(proof(*TO_WIPE, deployed=having(Phase.DRAIN)), stack="us-prod"),
    "other buckets": proof(*TO_WIPE, deployed=having(Phase.DRAIN), buckets={*BUCKETS, "one-more"}),
    "fewer buckets": proof(*TO_WIPE, deployed=having(Phase.DRAIN), buckets={*sorted(BUCKETS)[1:]}),
    "expired": proof(*TO_WIPE, deployed=having(Phase.DRAIN), day=TODAY - timedelta(days=31)),
    "expired today": proof(*TO_WIPE, deployed=having(Phase.DRAIN), valid=timedelta(hours=8)),
    "of tomorrow": proof(*TO_WIPE, deployed=having(Phase.DRAIN), day=TODAY + timedelta(days=1)),
    "replayed": evidence((*CUT, CUT[0]), stack="test", deployed=having(Phase.DRAIN)),
    "truncated": evidence((CUT[0], (CUT[1][0], CUT[1][1][:-40])), stack="test", deployed=having(Phase.DRAIN)),
    "one missing": evidence(CUT[1:], stack="test", deployed=having(Phase.DRAIN)),
    "not checked": replace(proof(*TO_WIPE, deployed=having(Phase.DRAIN)), verify=NO_EVIDENCE.verify),
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_a_move_is_refused_for_any_one_thing_wrong_with_its_receipts(given):
    """Each case differs from a right one in a single respect; the right one is in the table of moves above."""
    rules = refused(in_phase("wipe"), given)
    assert {rule for rule, _ in rules} == {"receipt"}
    assert (f"{PATH}.phase") in {path for _, path in rules}


@pytest.mark.parametrize("confirmed", [None, "00000000"], ids=["nothing", "another census"])
@pytest.mark.parametrize("phase", [Phase.WIPE, Phase.CLOSED])
@pytest.mark.parametrize("moves", [True, False], ids=["moving", "there"])
def test_a_person_confirms_the_census(confirmed, phase, moves):
    """What is deleted is named in the stack file, when it begins and as long as it lasts."""
    before = {Phase.WIPE: Phase.DRAIN, Phase.CLOSED: Phase.WIPE}[phase] if moves else phase
    given = proof(*NEEDED[phase], deployed=having(before))
    assert refused(in_phase(phase, confirm_census=confirmed), given) == {("receipt", f"{PATH}.confirmCensus")}


@pytest.mark.parametrize("phase", [Phase.WIPE, Phase.CLOSED])
def test_once_it_is_deployed_a_receipt_may_grow_old_and_may_not_go(phase):
    """A wipe that takes longer than its receipts stays plannable; receipts stay as long as what rests on them."""
    old = proof(*NEEDED[phase], deployed=having(phase), day=TODAY - timedelta(days=60))
    assert refused(in_phase(phase), old) == set()
    assert refused(in_phase(phase), replace(old, receipts={})) == {("receipt", f"{PATH}.phase")}
    changed = {SITE: (*old.receipts[SITE][:-1], (old.receipts[SITE][-1][0], "{}"))}
    assert refused(in_phase(phase), replace(old, receipts=changed)) == {("receipt", f"{PATH}.phase")}


def test_an_expired_site_is_refused_unless_it_is_closed():
    """From the day of `expires` on every preview is refused; a site without holders expires no more."""
    assert refused(in_phase("drain"), evidence(deployed=having(Phase.DRAIN)), END) == {
        ("expired", f"{PATH}.expires"),
        ("expired", "legacy.sites.virginia.expires"),
    }
    closed = with_site(in_phase("closed"), "virginia", expires="2028-01-01", extension="later")
    given = proof(*TO_CLOSE, deployed=having(Phase.CLOSED))
    assert refused(closed, given, date(2027, 6, 1)) - {("expired", "datasets.metrics.expires")} == set()
    assert refused(in_phase("closed", expires="soon"), given) == {("date", f"{PATH}.expires")}


def test_putting_the_end_off_needs_a_reason_and_a_reason_needs_that():
    """Held against the expiry that the site began with, however often it was put off since."""
    given = evidence(deployed=having(Phase.BACKUP))
    later = {"phase": "backup", "expires": "2027-04-01"}
    assert refused(with_site(SIGNED, SITE, **later), given) == {("extension", f"{PATH}.expires")}
    extended = with_site(SIGNED, SITE, **later, extension="the comparison takes longer")
    assert refused(extended, given) == set()
    (site,) = (it.site for it in plan(extended, TODAY, given).sites if it.site.name == SITE)
    assert site.extension == "the comparison takes longer"
    idle = with_site(SIGNED, SITE, phase="backup", extension="the comparison takes longer")
    assert refused(idle, given) == {("extension", f"{PATH}.extension")}


@pytest.mark.parametrize(
    ("phase", "kinds", "ends"),
    [
        (Phase.BACKUP, {FlowKind.BACKUP}, None),
        (Phase.DRAIN, {FlowKind.DRAIN}, None),
        (Phase.WIPE, set(), date(2026, 12, 24)),
        (Phase.CLOSED, set(), date(2026, 12, 24)),
    ],
)
def test_what_a_phase_has(phase, kinds, ends):
    """Flows of one direction or none, backups until the site is closed, and the day on which erasure can be final."""
    request = in_phase(phase)
    (site,) = (it for it in plan(request, TODAY, proof(*TO_CLOSE[: len(NEEDED[phase])] or TO_WIPE)).sites
               if it.site.name == SITE)  # fmt: skip
    assert {flow.kind for backup in site.backups for flow in backup.flows} == kinds
    assert {backup.bucket for backup in site.backups} == (set() if phase is Phase.CLOSED else BUCKETS)
    assert site.erased_by == ends
    assert site.moves


def test_a_closed_site_that_is_deployed_ends_no_more():
    """The day is told at the move only; afterwards nobody knows here when it was."""
    (site,) = (it for it in plan(in_phase("closed"), TODAY, proof(*TO_CLOSE, deployed=having(Phase.CLOSED))).sites
               if it.site.name == SITE)  # fmt: skip
    assert (site.moves, site.erased_by) == (False, None)
    assert erased_by(date(2026, 12, 31)) == date(2027, 1, 30)


def test_a_dataset_that_comes_after_backup_has_no_backup_there():
    """A site that takes nothing in gets no new bucket; the other one does."""
    request = in_phase("drain")
    request = replace(request, datasets={**request.datasets, "journal": DatasetRequest()})
    sites = {
        it.site.name: it
        for it in plan(request, TODAY, evidence(deployed=replace(having(Phase.DRAIN), complete=False))).sites
    }
    assert "journal" not in {backup.dataset.name for backup in sites[SITE].backups}
    assert "journal" in {backup.dataset.name for backup in sites["virginia"].backups}


def test_with_every_site_closed_older_versions_are_the_only_way_back():
    """A plan that keeps them for less than thirty days is refused then, and only then."""
    planned = plan(in_phase("closed"), TODAY, proof(*TO_CLOSE))

    def shortened(days: int):
        stores = tuple(
            replace(
                dataset,
                placements=tuple(
                    replace(it, noncurrent_days=days) if it.noncurrent_days is not None else it
                    for it in dataset.placements
                ),
            )
            for dataset in planned.datasets
        )
        return replace(planned, datasets=stores)

    def alone(made):
        return replace(made, sites=tuple(site for site in made.sites if site.site.name == SITE))

    assert {(it.rule, it.path) for it in judge(shortened(29), TODAY)} == set()
    assert {(it.rule, it.path) for it in judge(alone(shortened(30)), TODAY)} == set()
    assert {(it.rule, it.path) for it in judge(alone(shortened(29)), TODAY)} == {
        ("versions", f"datasets.{name}") for name in GOOD.datasets
    }
