"""Restore: one role reads one backup back, from one network, until a date, and nothing of it outlives that date.

The documents are judged together, as AWS would: a deny of the bucket's policy beats what the role's own policy allows.
"""

from copy import deepcopy
from dataclasses import replace

import pytest

from infra.residency.access_matrix import matrix
from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.aws_policy import role_arn, too_much
from infra.residency.deployment import RestoreRequest
from infra.residency.oracle_powers import Power
from infra.residency.placement import SitePlan
from infra.residency.planner import plan
from infra.residency.site_policies import key_policy, site_policies
from infra.verify.aws.access import Rule, declared, leaks
from infra.verify.context import Context
from infra.verify.sources.state import graph_of
from infra.verify.theorems import access
from infra.verify.verdict import Answer as Verdict
from tests.deciders.bases import Part, base
from tests.residency.samples import GOOD, TODAY, found, with_site
from tests.support.aws_evaluator import Answer, answer
from tests.support.aws_validator import complaints
from tests.support.programs import AS_OF, planned

ACCESS = AccessRequest(
    networks={"us-office": {"denver": "198.51.100.0/24"}},
    groups={"auditors": GroupRequest(duty="audit", network="us-office")},
)
ASKED = RestoreRequest(role="restorers", network="us-office", dataset="profiles", until="2026-12-10")
REQUEST = with_site(replace(GOOD, access=ACCESS), "virginia", restore=ASKED)
ACCOUNT = "111111111111"
RESTORE, PEOPLE = role_arn(ACCOUNT, "usds-restore-virginia"), role_arn(ACCOUNT, "restorers")
BUCKET, OTHER = "arn:aws:s3:::usds-profiles-use1-111111111111", "arn:aws:s3:::usds-videos-use1-111111111111"
NOW = {
    "aws:CurrentTime": "2026-11-25T12:00:00Z",
    "aws:SourceIp": "198.51.100.7",
    "aws:RequestedRegion": "us-east-1",
    "aws:SecureTransport": "true",
}


def site() -> SitePlan:
    """Virginia, with a restore."""
    return next(it for it in plan(REQUEST, TODAY).sites if it.site.name == "virginia")


def asked(action: str, bucket: str = BUCKET, **context: str) -> Answer:
    """What the role's own policy and the bucket's say together."""
    made = site()
    assert made.restore is not None
    policies = {f"arn:aws:s3:::{it.bucket}": it.policy for it in made.backups}
    resource = bucket if action.startswith("s3:List") else f"{bucket}/name"
    documents = (made.restore.policy().document(), policies[bucket].document())
    return answer(*documents, action=action, resource=resource, who=RESTORE, **{**NOW, **context})


READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions")


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, Answer.ALLOWED),
        ({"aws:CurrentTime": "2026-12-09T23:59:59Z"}, Answer.ALLOWED),
        ({"aws:CurrentTime": "2026-12-10T00:00:00Z"}, Answer.DENIED),
        ({"aws:SourceIp": "203.0.113.1"}, Answer.DENIED),
        ({"aws:SecureTransport": "false"}, Answer.DENIED),
    ],
)
def test_it_reads_one_backup_from_its_network_until_its_end(action, context, expected):
    """Objects, versions and names; at the end and from elsewhere the bucket itself refuses."""
    assert asked(action, **context) is expected


@pytest.mark.parametrize("action", READS)
def test_it_reads_no_other_backup(action):
    """Another bucket's policy denies it like everybody else."""
    assert asked(action, OTHER) is Answer.DENIED


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectTagging"])
def test_it_only_reads(action):
    """Nothing lets it write or delete."""
    assert asked(action) is Answer.SILENT


@pytest.mark.parametrize("missing", ["aws:CurrentTime", "aws:SourceIp", "aws:RequestedRegion"])
def test_a_call_that_does_not_carry_a_condition_is_not_allowed(missing):
    """Fails closed, whichever it is."""
    made = site()
    assert made.restore is not None
    carried = {key: value for key, value in NOW.items() if key != missing}
    own = made.restore.policy().document()
    assert answer(own, action="s3:GetObject", resource=f"{BUCKET}/a", who=RESTORE, **NOW) is Answer.ALLOWED
    assert answer(own, action="s3:GetObject", resource=f"{BUCKET}/a", who=RESTORE, **carried) is Answer.SILENT


def test_its_people_act_as_it_and_it_decrypts_through_s3_until_the_end():
    """Nobody else of the account; neither after the end."""
    made = site()
    assert made.restore is not None
    trust, key = made.restore.trust().document(), key_policy(made, "usds").document()
    late = {**NOW, "aws:CurrentTime": "2026-12-10T00:00:00Z"}
    through = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
    assert answer(trust, action="sts:AssumeRole", who=PEOPLE, **NOW) is Answer.ALLOWED
    assert answer(trust, action="sts:AssumeRole", who=role_arn(ACCOUNT, "interns"), **NOW) is Answer.SILENT
    assert answer(trust, action="sts:AssumeRole", who=PEOPLE, **late) is Answer.SILENT
    assert answer(key, action="kms:Decrypt", who=RESTORE, **NOW, **through) is Answer.ALLOWED
    assert answer(key, action="kms:Decrypt", who=RESTORE, **late, **through) is Answer.SILENT
    assert answer(key, action="kms:Encrypt", who=RESTORE, **NOW, **through) is Answer.SILENT
    assert answer(key, action="kms:Decrypt", who=RESTORE, **NOW) is Answer.SILENT


def test_nothing_of_it_is_too_much_and_a_validator_agrees():
    """Every document of the site, the restore's included."""
    documents = site_policies(site(), "usds")
    assert [what for policy in documents for what in too_much(policy)] == []
    assert complaints(documents) == []


def test_the_matrix_has_it_with_its_network_and_end():
    """One row, of one dataset."""
    rows = [row for row in matrix(plan(REQUEST, TODAY)) if row.who == "role usds-restore-virginia"]
    assert [(r.dataset, r.powers, r.network, r.until and r.until.isoformat(), r.path) for r in rows] == [
        (
            "profiles",
            (Power.LIST_DATA, Power.READ_DATA),
            "us-office",
            "2026-12-10",
            "legacy.sites.virginia.restore",
        )
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"until": "2026-12-24"}, set()),
        ({"until": "2026-12-25"}, {("restore", "legacy.sites.virginia.restore.until")}),
        ({"until": "2026-11-24"}, {("expired", "legacy.sites.virginia.restore.until")}),
        ({"until": "soon"}, {("date", "legacy.sites.virginia.restore.until")}),
        ({"role": "usdata-deployer"}, {("restore", "legacy.sites.virginia.restore.role")}),
        ({"role": "a/b"}, {("name", "legacy.sites.virginia.restore.role")}),
        ({"dataset": "profile"}, {("restore", "legacy.sites.virginia.restore.dataset")}),
        ({"network": "home"}, {("restore", "legacy.sites.virginia.restore.network")}),
    ],
)
def test_what_may_not_be_is_refused(changes, expected):
    """For longer than a month, in the past, by the deployer, of what is not there, from nowhere."""
    assert found(with_site(REQUEST, "virginia", restore=replace(ASKED, **changes))) == expected


def test_a_restore_needs_access_and_the_phase_backup():
    """Without networks there is none to act from; from drain on the site's own role reads."""
    assert found(with_site(GOOD, "virginia", restore=ASKED)) == {("restore", "legacy.sites.virginia.restore.network")}
    draining = with_site(REQUEST, "virginia", phase="drain", operator_role="retirers")
    assert found(draining) == {("restore", "legacy.sites.virginia.restore")}


def test_a_restore_may_not_outlive_its_site():
    """The earlier of the two ends counts."""
    ending = with_site(REQUEST, "virginia", expires="2026-12-01")
    assert found(ending) == {("restore", "legacy.sites.virginia.restore.until")}


DEPLOYMENT = {
    "organization": "usds",
    "access": {"networks": {"us-office": {"denver": "198.51.100.0/24"}}},
    "legacy": {
        "sites": {
            "virginia": {
                "region": "us-east-1",
                "accountId": ACCOUNT,
                "deployerRole": "usdata-deployer",
                "phase": "backup",
                "restore": {"role": "restorers", "network": "us-office", "dataset": "profiles", "until": "2026-12-10"},
            }
        }
    },
}

KEY = (
    '"Principal": {"AWS": "%s"}, "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": ["*"], "Condition": '
    '{"StringEquals": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}, %s}'
)
KEY_BY_NAME = KEY % (RESTORE, '"DateLessThan": {"aws:CurrentTime": ["2026-12-10T00:00:00Z"]}')
KEY_FOR_EVER = KEY % (f"arn:aws:iam::{ACCOUNT}:root", f'"ArnEquals": {{"aws:PrincipalArn": ["{RESTORE}"]}}')
"""What the restore's role may do with the key, as it is planned; and the same for its account by a condition."""

EDITS = {
    "as it is planned": ("", "", "", set()),
    "its policy does not end": ("rolePolicy", '"DateLessThan"', '"DateGreaterThanEquals"', {Rule.READER}),
    "its policy writes": ("rolePolicy", '"s3:GetObject"', '"s3:PutObject"', {Rule.ACTION}),
    "its policy reads another": ("rolePolicy", "usds-profiles-use1", "usds-videos-use1", {Rule.RESOURCE}),
    "anybody acts as it": ("role:", '"ArnEquals"', '"ArnNotEquals"', {Rule.STRANGER}),
    "from another office": ("role:", '["198.51.100.0/24"]', '["203.0.113.0/24"]', {Rule.READER}),
    "its trust begins at the end": ("role:", '"DateLessThan"', '"DateGreaterThan"', {Rule.READER}),
    "from anywhere": ("role:", '"IpAddress"', '"NotIpAddress"', {Rule.READER}),
    "its trust does not end": ("role:", "2026-12-10", "2027-12-10", {Rule.READER}),
    "the key does not end for whom a condition names": ("kms/key", KEY_BY_NAME, KEY_FOR_EVER, {Rule.KEY}),
    "the key does not end": ("kms/key", '["2026-12-10', '["2036-12-10', {Rule.KEY}),
}
"""Edits of the registered documents: in which resource, what becomes what, and the rules that find it."""


@pytest.fixture(scope="module")
def registered():
    """What the program registers at Virginia for the request."""
    recorded = planned(REQUEST)
    return [
        {"urn": r.urn, "type": r.type, "inputs": dict(r.inputs)}
        for r in recorded.resources.values()
        if r.type.startswith("aws:") and "virginia" in r.name
    ]


@pytest.mark.parametrize(("where", "old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_the_second_opinion_on_restores(registered, where, old, new, expected):
    """What is registered is found right; a restore that lasts, reaches or does more is found by its rule."""
    resources = [{**it, "inputs": dict(it["inputs"])} for it in registered]
    for resource in resources:
        restores = "restore" in resource["urn"] or where == "kms/key"
        for field in ("policy", "assumeRolePolicy"):
            text = resource["inputs"].get(field)
            if where and restores and where in f"{resource['type']}:" and text is not None and old in text:
                resource["inputs"][field] = text.replace(old, new)
    assert {leak.rule for leak in leaks(graph_of(resources), declared(DEPLOYMENT))} == expected


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-12-10", "2027-12-10"),
        ('["198.51.100.0/24"]', '["0.0.0.0/0"]'),
        ('["198.51.100.0/24"]', '["198.51.100.0/24", "203.0.113.0/24"]'),
        ('["198.51.100.0/24"]', '["198.51.0.0/16"]'),
    ],
)
def test_both_deciders_see_when_and_from_where_a_bucket_lets_it_read(old, new):
    """A policy under which the restore goes on, or reads from elsewhere, is refuted; as it is planned it is proved."""
    stack = base(outside=False, part=Part.WHOLE, preview=True)
    at = next(at for at, it in enumerate(stack.steps) if it["urn"].endswith("BucketPolicy::profiles-virginia"))
    edited = deepcopy(stack.steps[at])
    text = edited["newState"]["inputs"]["policy"]
    assert old in text
    edited["newState"]["inputs"]["policy"] = text.replace(old, new)
    for changed, expected in (({}, Verdict.PROVED), ({at: edited}, Verdict.REFUTED)):
        found = Context(stack="sandbox", graph=stack.graph(changed), declared=stack.declared, as_of=AS_OF)
        assert (access.decide(found).answer, access.decide_slowly(found)) == (expected, expected)
