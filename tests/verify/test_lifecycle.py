"""T7 along a legacy site's life: each phase with the receipts that it needs, and without each of them.

Proves what the verifier believes of receipts signed for tests; the planner's own judgement is for its own tests.
"""

from dataclasses import replace
from datetime import date

import pytest

from infra.residency.lifecycle import Phase
from infra.residency.receipts import Scope, Step
from infra.verify.graph import Graph, Node
from infra.verify.models import object_storage, s3
from infra.verify.theorems import lifecycle
from infra.verify.verdict import Answer
from tests.support.graphs import context
from tests.support.programs import AS_OF
from tests.support.receipts import KEYS, SIGNERS, chain

SITE, BUCKETS = "singapore", ("usds-profiles-apse1-222222222222",)
SCOPE = Scope(stack="us-prod", site=SITE, account_id="222222222222", region="ap-southeast-1")
STEPS = tuple(Step)
REPORTS = "usds-reports-apse1-222222222222"
ROOT = "urn:pulumi:us-prod::usdata::pulumi:pulumi:Stack::usdata-us-prod"


def texts(*steps: Step, **more: object):
    """The contents of a chain of receipts."""
    return tuple(text for _, text in chain(more.pop("scope", SCOPE), BUCKETS, *steps, day=AS_OF, **more))


def gone(name, **more: object):
    """A backup that is deleted."""
    type_ = "aws:s3/bucket:Bucket"
    inputs = {"bucket": name, "region": "ap-southeast-1"}
    return Node(
        urn=f"urn:pulumi:us-prod::usdata::{type_}::{name}", type=type_, name=name, inputs=inputs, op="delete", **more
    )


def stack(phase, had, receipts, *removed: Node, as_of=AS_OF, signers=SIGNERS):
    """A stack with nothing but a site in a phase, deployed in another one."""
    outputs = {lifecycle.OUTPUT: {SITE: {"phase": had}} if had else {}}
    old = Node(urn=ROOT, type="pulumi:pulumi:Stack", name="usdata-us-prod", outputs=outputs)
    graph = Graph({ROOT: replace(old, old=old)}, removed)
    found = context("us-prod", graph, receipts={SITE: receipts}, as_of=as_of)
    site = found.declared.sites[SITE]._replace(phase=phase)
    deployment = {"legacy": {"signers": signers}}
    return found._replace(declared=found.declared._replace(sites={SITE: site}, deployment=deployment))


def answer(found):
    """What both deciders say."""
    verdict = lifecycle.decide(found)
    assert lifecycle.decide_slowly(found) is verdict.answer
    return verdict.answer


CASES = [
    ("begins", Phase.BACKUP, "", (), True),
    ("begins in the middle", Phase.DRAIN, "", (), False),
    ("drains", Phase.DRAIN, "backup", (), True),
    ("skips draining", Phase.WIPE, "backup", texts(*STEPS[:2]), False),
    ("wipes what was compared", Phase.WIPE, "drain", texts(*STEPS[:2]), True),
    ("wipes what was only listed", Phase.WIPE, "drain", texts(*STEPS[:1]), False),
    ("wipes without receipts", Phase.WIPE, "drain", (), False),
    ("goes on wiping", Phase.WIPE, "wipe", texts(*STEPS[:2]), True),
    ("closes what is empty", Phase.CLOSED, "wipe", texts(*STEPS), True),
    ("closes what is wiped", Phase.CLOSED, "wipe", texts(*STEPS[:3]), False),
    ("goes back", Phase.BACKUP, "drain", (), False),
    ("comes back", Phase.BACKUP, "closed", (), False),
]


@pytest.mark.parametrize(
    ("phase", "had", "receipts", "proved"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_phase_needs_its_receipts(phase, had, receipts, proved):
    """One step at a time, and on receipts where something is given up."""
    assert answer(stack(phase, had, receipts)) is (Answer.PROVED if proved else Answer.REFUTED)


BAD = {
    "one signer": {"receipts": texts(*STEPS, keys=[KEYS["security"]])},
    "nobody declared": {"signers": {}},
    "a stranger's keys": {"signers": {"security": "A" * 43 + "="}},
    "a key that is none": {"signers": {"security": "x"}},
    "another site": {"receipts": texts(*STEPS, scope=replace(SCOPE, site="virginia"))},
    "another account": {"receipts": texts(*STEPS, scope=replace(SCOPE, account_id="111111111111"))},
    "another stack": {"receipts": texts(*STEPS, scope=replace(SCOPE, stack="sandbox"))},
    "a gap": {"receipts": texts(*STEPS)[:2] + texts(*STEPS)[3:]},
    "a repetition": {"receipts": (*texts(*STEPS), texts(*STEPS)[-1])},
    "another order": {"receipts": tuple(reversed(texts(*STEPS)))},
    "the future": {"as_of": date(2026, 11, 23)},
    "half a file": {"receipts": (*texts(*STEPS)[:3], texts(*STEPS)[3][:90])},
    "no receipt at all": {"receipts": ("{}",)},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_receipt_that_is_not_right_proves_nothing(bad):
    """Each is refused for itself, and the whole chain with it."""
    given = {"receipts": texts(*STEPS)} | bad
    assert answer(stack(Phase.CLOSED, "wipe", **given)) is Answer.REFUTED


def test_an_expired_site_is_refused():
    """On its last day it may not be any more; a closed one never expires."""
    assert answer(stack(Phase.BACKUP, "backup", (), as_of=date(2027, 3, 30))) is Answer.PROVED
    assert answer(stack(Phase.BACKUP, "backup", (), as_of=date(2027, 3, 31))) is Answer.REFUTED
    assert answer(stack(Phase.CLOSED, "closed", texts(*STEPS), as_of=date(2028, 1, 1))) is Answer.PROVED


@pytest.mark.parametrize(
    ("node", "proved"),
    [
        (gone(BUCKETS[0]), True),
        (gone(REPORTS), True),
        (gone("usds-messages-apse1-222222222222"), False),
        (gone(BUCKETS[0], retain=True), False),
        (replace(gone(BUCKETS[0]), op="replace"), False),
        (replace(gone(BUCKETS[0]), op="discard"), False),
    ],
    ids=["proved empty", "the reports", "never proved empty", "left behind", "replaced", "forgotten"],
)
def test_a_backup_goes_with_its_site(node, proved):
    """Deleted, after a receipt that names it."""
    found = stack(Phase.CLOSED, "wipe", texts(*STEPS), node)
    assert answer(found) is (Answer.PROVED if proved else Answer.REFUTED)


def test_a_backup_stays_before_that():
    """While its site is wiped it goes no further than its objects."""
    assert answer(stack(Phase.WIPE, "wipe", texts(*STEPS[:2]), gone(BUCKETS[0]))) is Answer.REFUTED


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        (s3.BUCKET, {"bucket": {"not": "a name"}}),
        (object_storage.LIFECYCLE, {"rules": [{"name": "r", "action": "DELETE", "target": {"not": "objects"}}]}),
    ],
)
def test_what_is_no_text_ends_no_decider(type_, inputs):
    """Both go on and agree: an unprotected bucket and a rule of unknown reach are refused, whatever they say."""
    found = stack(Phase.CLOSED, "wipe", texts(*STEPS), gone(BUCKETS[0]))
    odd = replace(gone("odd"), op="same", type=type_, inputs=inputs)
    graph = Graph({**found.graph.nodes, odd.urn: odd}, found.graph.gone)
    assert answer(found._replace(graph=graph)) is Answer.REFUTED
