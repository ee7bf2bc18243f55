"""What a deployer may do in an AWS account: enough for every step of a stack's life, and nothing that is in none.

A life is played in plans: a site with a transfer and a restore, without, drained, wiped, closed. What the provider
calls for each step is written down in `tests.support.provider_calls`, from its source; an evaluator of the policy
language asks role, bucket, key and organization. That AWS evaluates so, and the provider calls nothing else, is not
shown.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from infra.program import provision
from infra.residency.access_request import GroupRequest
from infra.residency.aws_policy import Kind, Policy, managed_policy_arn, role_arn, too_much
from infra.residency.aws_vocabulary import NARROWED, UNADDRESSED, Action, ConditionKey
from infra.residency.deployer import holdings, may, powers
from infra.residency.deployer_calls import CALLS, SERVICE_ROLE, Act
from infra.residency.deployment import ControlRequest
from infra.residency.lifecycle import Phase
from infra.residency.organization_policy import ControlKind
from infra.residency.placement import Plan
from infra.residency.planner import plan
from infra.verify.ci import ground
from tests.components.test_backup_transfer import TRANSFER
from tests.residency.samples import GOOD, TODAY, found, with_oci, with_site
from tests.residency.test_audit import AUDIT
from tests.residency.test_aws_policy import ROLES
from tests.residency.test_ci import BY_CI
from tests.residency.test_restore import ASKED
from tests.support.aws_evaluator import Answer, answer
from tests.support.aws_validator import complaints
from tests.support.provider_calls import PROVIDER, Call, made
from tests.support.recorder import Recorded, record

ACCOUNT, ROLE = "111111111111", "usdata-deployer"
BUCKET_POLICY, KEY = "aws:s3/bucketPolicy:BucketPolicy", "aws:kms/key:Key"
_ACCESS = replace(
    BY_CI.access,
    networks={**BY_CI.access.networks, "us-office": {"denver": "198.51.100.0/24"}},
    groups={**BY_CI.access.groups, "auditors": GroupRequest(duty="audit", network="us-office")},
)
_BARE = with_oci(
    replace(
        BY_CI,
        access=_ACCESS,
        control=ControlRequest(id="o-k3m9x2q7ra", account_id="333333333333", deployer_role="governor"),
        audit=AUDIT,
        datasets={name: GOOD.datasets[name] for name in ("profiles", "avatars")},
    ),
    regions={name: GOOD.oci.regions[name] for name in ("us-ashburn-1", "us-phoenix-1")},
)
_FULL = with_site(_BARE, "virginia", transfer=TRANSFER, restore=ASKED)
_EDITED = replace(
    with_site(
        _BARE,
        "virginia",
        transfer=replace(TRANSFER, key_generation=2),
        restore=replace(ASKED, until="2026-12-11"),
    ),
    audit=replace(AUDIT, subscribers={"other": "other@example.com"}),
)


def in_phase(phase: Phase) -> Plan:
    """The plan with its site in Virginia in a later phase."""
    bare = plan(_BARE, TODAY)
    sites = tuple(
        replace(it, site=replace(it.site, phase=phase), role=ROLES.get(phase, ""), operator_role="retirers")
        if it.site.name == "virginia"
        else it
        for it in bare.sites
    )
    trails = tuple(replace(it, live=it.name != "virginia" or phase is not Phase.CLOSED) for it in bare.archive.trails)
    accounts = tuple(it for it in bare.ci.accounts if it.account_id != ACCOUNT or phase is not Phase.CLOSED)
    return replace(
        bare,
        sites=sites,
        archive=replace(bare.archive, trails=trails),
        ci=replace(bare.ci, accounts=accounts),
    )


@cache
def life() -> dict[str, Plan]:
    """Each state of a stack, in order."""
    return {
        "a transfer and a restore": plan(_FULL, TODAY),
        "edited": plan(_EDITED, TODAY),
        "neither": plan(_BARE, TODAY),
        **{phase.value: in_phase(phase) for phase in (Phase.DRAIN, Phase.WIPE, Phase.CLOSED)},
    }


@cache
def recorded(state: str) -> Recorded:
    """What is registered in a state, of Oracle Cloud no more than has to be."""
    whole = life()[state]
    audit = replace(whole.audit, regions=())
    lean = replace(whole, networks=(), keys=(), datasets=(), service_grants=(), quotas=(), access=None, audit=audit)
    return record(lambda: provision(lean), preview=False)


def deployers(planned: Plan) -> list[tuple[str, str]]:
    """Account and name of each."""
    return list(powers(planned).may)


def documents() -> Iterator[Policy]:
    """Whatever deployers may do, in every state."""
    for planned in life().values():
        yield from powers(planned).policies()


@cache
def played() -> tuple[tuple[str, str, Call, bool], ...]:
    """Every call of a life: who makes it (account, role), what, and whether everybody who is asked lets it."""
    states = list(life())
    asked: list[tuple[str, str, Call, bool]] = []
    for before, after in zip([None, *states], states, strict=False):
        old = recorded(before).resources if before is not None else {}
        new = recorded(after).resources
        for urn in sorted({*old, *new}):
            registered = new.get(urn) or old[urn]
            if not registered.type.startswith("aws:"):
                continue
            within = {**recorded(after).providers(), **(recorded(before).providers() if before is not None else {})}
            settings = within[registered.provider].inputs
            (account,) = json.loads(settings["allowedAccountIds"])
            role = json.loads(settings["assumeRoleWithWebIdentity"])["roleArn"].rpartition("/")[2]
            beside = [*old.values(), *new.values()]
            for call in made(old.get(urn), new.get(urn), account=account, region=settings["region"]):
                region = str(registered.inputs.get("region") or settings["region"])
                asked.append((account, role, call, _let(after, (account, role), call, region, beside)))
    return tuple(asked)


@cache
def _own(state: str, account: str, role: str) -> tuple[dict, ...]:
    """What a deployer's role says of itself in a state; of one that the state has no more, what it last said."""
    planned = life()[state]
    if (account, role) not in deployers(planned):
        planned = life()[Phase.WIPE]
    return may(planned, account, role).document(), planned.ci.limits(account, role).document()


def _let(state, deployer, call, region, beside):
    """Whether role and key let a call through, and neither role, bucket, key nor organization denies it."""
    account, role = deployer
    who = role_arn(account, role)
    says = {"aws:RequestedRegion": region, "aws:SecureTransport": "true", "aws:PrincipalArn": who, **call.says}
    asked = {"action": call.action, "who": who, **{key.replace(":", "__", 1): value for key, value in says.items()}}
    answers = [answer(*_own(state, account, role), resource=call.resource, **asked)]
    denials = [
        json.loads(it.inputs["policy"])
        for it in beside
        if it.type == BUCKET_POLICY and call.resource == f"arn:aws:s3:::{it.inputs['bucket']}"
    ]
    if ":key/" in call.resource:
        keys = (json.loads(it.inputs["policy"]) for it in beside if it.type == KEY)
        answers += [answer(it, resource="*", **asked) for it in keys]
    controls = (it for it in life()[state].control.policies if account in it.accounts)
    denials += [json.loads(it.text()) for it in controls if it.purpose.kind is ControlKind.SERVICE]
    answers += [answer(_listed(it), resource=call.resource, **asked) for it in denials]
    return Answer.ALLOWED in answers and Answer.DENIED not in answers


def _listed(document):
    """A document whose every value is a list, as the evaluator reads it."""

    def listed(value):
        return value if isinstance(value, list) else [value]

    return {
        **document,
        "Statement": [
            {**it, **{key: listed(it[key]) for key in ("Action", "NotAction", "Resource") if key in it}}
            for it in document["Statement"]
        ],
    }


@pytest.mark.no_cover
def test_every_type_has_its_calls_and_no_other():
    """The table is of what this program can make in AWS, and of the one thing that a service makes in its name."""
    types = {it.type for state in life() for it in recorded(state).managed() if it.type.startswith("aws:")}
    assert set(CALLS) - {SERVICE_ROLE} == types == set(PROVIDER)


def test_the_proof_knows_the_same_calls():
    """Two tables, written apart; the proof reads calls in whatever case."""
    assert {it.lower() for of_type in CALLS.values() for actions in of_type.values() for it in actions} == set(
        ground.CALLS
    )


@pytest.mark.no_cover
def test_a_deployer_may_do_whatever_a_life_calls():
    """From nothing to the end of a site: made, edited, drained, wiped, closed; nobody on the way denies it."""
    calls = played()
    assert [(account, call) for account, _, call, let in calls if not let] == []
    assert {(account, role) for account, role, _, _ in calls} == {
        (ACCOUNT, ROLE), ("222222222222", ROLE), ("333333333333", "governor"), ("444444444444", "usdata-log-deployer")
    }  # fmt: skip


UNUSED = {
    "s3:GetBucketTagging": "the provider's way back where S3 Control is not to be had",
    "s3:PutBucketTagging": "the same",
    "iam:PutRolePermissionsBoundary": "a role that was made before there were boundaries",
    "datasync:UpdateLocationS3": "a role of another name, which no edit of a stack file gives",
    "datasync:UpdateTask": "options of a task, which a release may change",
    "cloudtrail:UpdateTrail": "the same of a trail",
    "organizations:UpdatePolicy": "another site, or a release that forbids more",
}
"""Calls that are in no life above, and what they are for."""


def test_nothing_that_no_life_calls_is_allowed():
    """But for a few, each with its reason."""
    allowed = {
        action
        for policy in documents()
        if policy.kind is Kind.ROLE
        for it in policy.statements
        for action in it.actions
    }
    assert {str(it) for it in allowed} - {call.action for _, _, call, _ in played()} == set(UNUSED)


def test_nothing_that_is_planned_is_too_much():
    """In no state; and the validator that is not ours knows every call, its resources and its keys."""
    judged = {it.text(): it for it in documents()}.values()
    assert [(policy.name, *what) for policy in judged for what in too_much(policy)] == []
    told = {(issue, detail) for _, issue, detail in complaints(map(_readable, judged))}
    assert {it for it in told if it not in KNOWN and it[0] != "RESOURCE_POLICY_PRIVILEGE_ESCALATION"} == set()
    assert told >= KNOWN


def _readable(policy: Policy) -> Policy:
    """Without the one key that has several ARNs, of which the validator knows the name and not the form."""
    return replace(
        policy,
        statements=tuple(
            replace(it, conditions=tuple(key for key in it.conditions if key.key is not ConditionKey.TARGET))
            for it in policy.statements
        ),
    )


_OF_KEY = "[{{'action': 'kms:{}', 'required_format': 'arn:*:kms:*:*:key/*'}}]"
KNOWN = {
    ("RESOURCE_MISMATCH", _OF_KEY.format("CreateAlias")),  # the key's own policy lets its deployer
    ("RESOURCE_MISMATCH", _OF_KEY.format("DeleteAlias")),
    ("RESOURCE_STAR", "['cloudwatch:DescribeAlarms']"),  # AWS asks for every alarm of the region
    ("MISMATCHED_TYPE_BUT_USABLE", "Type mismatch: StringEquals requires a value of type String but given Arn"),
}
"""What it says, and why it may. Beside that it finds that who writes a bucket's policy could let somebody in: that is
what deploying is, and the threat model says what stops it."""

BUCKET, KEYS = "arn:aws:s3:::usds-profiles-use1-111111111111", "arn:aws:kms:us-east-1:111111111111:key/0"
ALIAS, TRAIL = (
    f"{KEYS[:-5]}alias/usds-backup-virginia",
    "arn:aws:cloudtrail:us-east-1:111111111111:trail/usds-trail-virginia",
)
RULE = "arn:aws:events:us-east-1:111111111111:rule/usds-changes-virginia"
TOPIC = "arn:aws:sns:us-east-1:111111111111:usds-alarms-virginia"
ENDS = {
    "s3:DeleteBucket": BUCKET,
    "s3:DeleteBucketPolicy": BUCKET,
    "kms:DeleteAlias": ALIAS,
    "cloudtrail:DeleteTrail": TRAIL,
    "events:DeleteRule": RULE,
    "events:RemoveTargets": RULE,
    "sns:DeleteTopic": TOPIC,
}
MAKES = {"s3:CreateBucket": BUCKET, "kms:CreateKey": "*", "kms:CreateAlias": ALIAS}
BOUND = managed_policy_arn(ACCOUNT, "usds-boundary")
SAID = {
    "aws__RequestedRegion": "us-east-1",
    "iam__PermissionsBoundary": BOUND,
    "iam__PassedToService": "datasync.amazonaws.com",
    "kms__MultiRegion": "false",
}


def let(planned: Plan, calls, **says: str) -> set[str]:
    """Which of some calls (action: resource) the deployer in Virginia is let."""
    own = may(planned, ACCOUNT, ROLE).document()
    return {
        action
        for action, resource in calls.items()
        if answer(own, action=action, resource=resource, **(SAID | says)) is Answer.ALLOWED
    }


def test_what_guards_data_ends_in_its_phase_and_is_made_in_its_own():
    """Holders and what watches them are made while backups are, and go when the site is wiped, not before."""
    ended = {state: let(planned, ENDS) for state, planned in life().items() if state != Phase.CLOSED}
    assert ended == {state: set(ENDS) if state == Phase.WIPE else set() for state in ended}
    made_ = {state: let(planned, MAKES) for state, planned in life().items() if state != Phase.CLOSED}
    assert made_ == {state: set() if state in {Phase.DRAIN, Phase.WIPE} else set(MAKES) for state in made_}


def role(name: str) -> str:
    """The ARN of a role of the account."""
    return role_arn(ACCOUNT, name)


IDENTITIES = {str(it) for it in Action if it.startswith(("iam:", "sts:")) and not it.endswith("*")}
LOOKS = {
    "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
}  # fmt: skip


def test_of_its_own_identity_a_deployer_looks_and_no_more():
    """Of its role, of another role, of the issuer and of the boundary; whatever it says of itself."""
    planned = life()["a transfer and a restore"]
    about = {
        role(ROLE): LOOKS,
        role("administrator"): set(),
        planned.ci.provider_arn(ACCOUNT): {"iam:GetOpenIDConnectProvider"},
        BOUND: {"iam:GetPolicy", "iam:GetPolicyVersion"},
        role("usds-transfer-virginia"): LOOKS
        | {"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateRoleDescription"}
        | {"iam:UpdateAssumeRolePolicy", "iam:PassRole"},
    }
    for resource, expected in about.items():
        assert let(planned, dict.fromkeys(IDENTITIES, resource)) == expected, resource
    other = let(planned, dict.fromkeys(IDENTITIES, role("usds-transfer-virginia")), iam__PermissionsBoundary="other")
    assert other == LOOKS | {"iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy", "iam:PassRole"}


def test_every_call_is_named_and_narrowed():
    """No pattern; what has no name says where, and what could be anything says with what."""
    for policy in (it for it in documents() if it.kind is Kind.ROLE):
        for it in policy.statements:
            keys = {condition.key for condition in it.conditions}
            assert not {action for action in it.actions if "*" in action}
            assert {NARROWED[action] for action in it.actions if action in NARROWED} <= keys
            assert (it.resources == ("*",)) is bool(UNADDRESSED & {*it.actions})
            assert ConditionKey.REQUESTED_REGION in keys or not UNADDRESSED & {*it.actions}


def test_another_dataset_changes_nothing_of_what_a_deployer_may_do():
    """So that administrators are asked for a phase, a transfer or a bucket of another name, not for daily work."""
    more = replace(_BARE, datasets={**_BARE.datasets, "videos": GOOD.datasets["videos"]})
    assert powers(plan(more, TODAY)) == powers(plan(_BARE, TODAY))


def test_the_ends_of_what_is_no_more_are_kept_for_the_step_that_ends_it():
    """Without transfer and restore what they had can be ended, and in WIPE nothing of them is left."""
    acts = {
        state: {(it.name, act) for it in holdings(life()[state], ACCOUNT, ROLE) for act in it.acts - {Act.LOOK}}
        for state in ("neither", Phase.WIPE)
    }
    assert {it for it in acts["neither"] if "Transfer" in it[0] or "Gone" in it[0]} == {
        ("VirginiaTransfer", Act.END), ("VirginiaGoneRoles", Act.END)
    }  # fmt: skip
    assert {it for it in acts[Phase.WIPE] if "Transfer" in it[0] or "Gone" in it[0]} == set()


def test_names_that_take_too_much_room_are_refused():
    """AWS counts what is inside a role together: forty-five adopted buckets do not fit, and nothing is cut off."""
    adopt = {f"d{number}": f"d{number}-{'x' * 58}"[:63] for number in range(45)}
    datasets = dict.fromkeys(adopt, GOOD.datasets["profiles"])
    crowded = with_site(replace(_BARE, datasets=datasets, control=None), "virginia", adopt=adopt)
    one = with_site(with_site(crowded, "virginia", transfer=TRANSFER), "singapore", adopt={})
    assert found(one) == {("limit", "ci")}


def test_where_people_deploy_nothing_is_said():
    """What they may do is not this stack's to say."""
    assert powers(plan(GOOD, TODAY)).policies() == ()
    assert holdings(plan(GOOD, TODAY), ACCOUNT, ROLE) != ()


def test_the_samples_pass():
    """So that what is refused above is refused for what it is about."""
    assert [found(it) for it in (_FULL, _EDITED, _BARE)] == [set()] * 3
