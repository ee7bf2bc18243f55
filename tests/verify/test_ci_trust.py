"""Who is believed to deploy, and what that is let do, over the graph of the shipped production stack: both deciders.

Each case edits what the program registers as no stack file could. That the issuer signs the truth, and what an
account's administrators let the deployer's role do by policies of their own, is not shown.
"""

# ruff: noqa: E501 - a case is a line
import json

import pytest

from infra.residency.deployer import powers
from infra.verify.aws.plain import parse
from infra.verify.ci import requests, tokens
from infra.verify.ci.ground import ground
from infra.verify.ci.powers import MANAGED_POLICY, too_much
from infra.verify.ci.trust import CLOUD, PROVIDER, ROLE, ROLE_POLICY, TRUST, Declared, Rule, declared, leaks
from infra.verify.graph import UNKNOWN
from infra.verify.search import worst
from infra.verify.verdict import Answer
from tests.residency.test_deployer import life
from tests.support.graphs import Edited
from tests.support.programs import configuration

DEPLOYER, NEVER, MAY = (
    "usdata-deployer-111111111111",
    "usdata-deployer-111111111111-never",
    "usdata-deployer-111111111111-may",
)
SINGAPORE, ARCHIVE = "usdata-deployer-222222222222-may", "usdata-log-deployer-444444444444-may"
CONTROLS, BOUNDARY = "usdata-deployer-333333333333-may", "usds-boundary-111111111111"
ISSUER = "ci-111111111111"
HOST = "token.actions.githubusercontent.com"
AUD, SUB = f"{HOST}:aud", f"{HOST}:sub"
PRODUCTION = "repo:usds-example/usdata:environment:production"


KNOWN = declared(configuration("us-prod")["usdata:deployment"])


class Stack(Edited):
    """Production, and who is declared to deploy it."""

    def __init__(self) -> None:
        super().__init__("us-prod")
        self.known = KNOWN

    def answers(self):
        """The rules that are broken, and what the slow decider says."""
        graph = self.graph()
        return {leak.rule for leak in leaks(graph, self.known)}, worst(tokens.opinions(graph, self.known))


def named(stack, type_, called):
    """The name of a resource, whatever its document says: that is the last part of it."""
    names = {it["urn"].rpartition("::")[2] for it in stack.steps if it["newState"]["type"] == type_}
    (found,) = {it for it in names if it == called or it.rpartition("-")[0] == called}
    return found


def put(type_, called, **inputs: object):
    """Other inputs."""
    return lambda stack: stack.state(type_, named(stack, type_, called))["inputs"].update(inputs)


def statement(edit, type_=ROLE, path="assumeRolePolicy", called=DEPLOYER):
    """An edit of the first statement of a deployer's document."""

    def edited(stack):
        inputs = stack.state(type_, named(stack, type_, called))["inputs"]
        document = json.loads(inputs[path])
        edit(document["Statement"][0])
        inputs[path] = json.dumps(document)

    return edited


def more(extra):
    """One more statement in the deployer's trust."""

    def edited(stack):
        inputs = stack.state(ROLE, named(stack, ROLE, DEPLOYER))["inputs"]
        document = json.loads(inputs["assumeRolePolicy"])
        document["Statement"].append(extra)
        inputs["assumeRolePolicy"] = json.dumps(document)

    return edited


def condition(*path: str, value: object):
    """Another value in the conditions of the deployer's trust; None takes one away."""

    def edit(it):
        place = it["Condition"]
        for key in path[:-1]:
            place = place.setdefault(key, {})
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return statement(edit)


def like(value):
    """The subject compared as a pattern."""

    def edit(it):
        del it["Condition"]["StringEquals"][SUB]
        it["Condition"]["StringLike"] = {SUB: value}

    return statement(edit)


def users(*entries: tuple[str, str]):
    """Whom the identity domain takes for whom."""
    return put(TRUST, "ci", impersonationServiceUsers=[{"rule": rule, "value": user} for rule, user in entries])


USER = "5e0a83b7d6c94f12b7e43d90a8c1f257"
LIMITS = {"type_": ROLE_POLICY, "path": "policy", "called": NEVER}
OTHER_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/gitlab.com"

OPENED = {
    "a wildcard subject": (like(["repo:usds-example/usdata:*"]), {Rule.SUBJECT}),
    "a subject with a hole": (like(["repo:usds-example/usdata:environment:productio?"]), {Rule.SUBJECT}),
    "any subject": (condition("StringEquals", SUB, value=None), {Rule.SUBJECT}),
    "another repository": (condition("StringEquals", SUB, value=[PRODUCTION, "repo:else/usdata:environment:production"]), {Rule.SUBJECT}),
    "a branch": (condition("StringEquals", SUB, value="repo:usds-example/usdata:ref:refs/heads/main"), {Rule.SUBJECT}),
    "any audience": (condition("StringEquals", AUD, value=None), {Rule.AUDIENCE}),
    "another audience": (condition("StringEquals", AUD, value=["sts.amazonaws.com", "else"]), {Rule.AUDIENCE}),
    "no condition": (statement(lambda it: it.pop("Condition")), {Rule.AUDIENCE, Rule.SUBJECT}),
    "claims of another issuer": (
        statement(lambda it: it.update(Condition={"StringEquals": {"gitlab.com:aud": "sts.amazonaws.com", "gitlab.com:sub": PRODUCTION}})),
        {Rule.AUDIENCE, Rule.SUBJECT},
    ),
    "another issuer": (statement(lambda it: it["Principal"].update(Federated=OTHER_PROVIDER)), {Rule.PRINCIPAL}),
    "the issuer of another account": (
        statement(lambda it: it["Principal"].update(Federated=f"arn:aws:iam::999999999999:oidc-provider/{HOST}")), {Rule.PRINCIPAL}
    ),
    "a second principal": (statement(lambda it: it["Principal"].update(AWS="arn:aws:iam::111111111111:role/admin")), {Rule.PRINCIPAL}),
    "a second issuer": (
        statement(lambda it: it["Principal"].update(Federated=[it["Principal"]["Federated"], OTHER_PROVIDER])), {Rule.PRINCIPAL}
    ),
    "everybody": (statement(lambda it: it.update(Principal="*")), {Rule.PRINCIPAL}),
    "without a token": (statement(lambda it: it["Action"].append("sts:AssumeRole")), {Rule.PRINCIPAL}),
    "a second statement": (
        more({"Sid": "More", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"}),
        {Rule.PRINCIPAL, Rule.AUDIENCE, Rule.SUBJECT},
    ),
    "a provider for another issuer": (put(PROVIDER, ISSUER, url="https://gitlab.com"), {Rule.ISSUER}),
    "a provider for another audience": (put(PROVIDER, ISSUER, clientIdLists=["sts.amazonaws.com", "else"]), {Rule.AUDIENCE}),
    "a thumbprint": (put(PROVIDER, ISSUER, thumbprintLists=["0" * 40]), {Rule.CERTIFICATE}),
    "a role of another name's account": (
        lambda stack: stack.state(ROLE, named(stack, ROLE, DEPLOYER)).update(provider=stack.state("oci:Identity/group:Group", "auditors")["provider"]),
        {Rule.PRINCIPAL},
    ),
    "objects": (statement(lambda it: it["Action"].remove("s3:GetObject*"), **LIMITS), {Rule.LIMITS}),
    "objects in brackets": (statement(lambda it: it["Action"].__setitem__(it["Action"].index("s3:GetObject*"), "s3:[G]etObject*"), **LIMITS), {Rule.LIMITS}),
    "decryption": (statement(lambda it: it["Action"].remove("kms:Decrypt"), **LIMITS), {Rule.LIMITS}),
    "a key that lasts": (statement(lambda it: it["Action"].remove("iam:CreateAccessKey"), **LIMITS), {Rule.LIMITS}),
    "limits under a condition": (statement(lambda it: it.update(Condition={"Bool": {"aws:SecureTransport": "true"}}), **LIMITS), {Rule.LIMITS}),
    "limits of one bucket": (statement(lambda it: it.update(Resource="arn:aws:s3:::x"), **LIMITS), {Rule.LIMITS}),
    "limits that allow": (statement(lambda it: it.update(Effect="Allow"), **LIMITS), {Rule.LIMITS, Rule.POWERS}),
    "a rule for any job": (users(('sub sw "repo:usds-example/"', USER)), {Rule.SUBJECT}),
    "a rule about something else": (users(('repository eq "usds-example/usdata"', USER)), {Rule.SUBJECT}),
    "a rule for another repository": (users(('sub eq "repo:else/usdata:environment:production"', USER)), {Rule.SUBJECT}),
    "another service user": (users((f'sub eq "{PRODUCTION}"', "0" * 32)), {Rule.PRINCIPAL}),
    "a trust in another issuer": (put(TRUST, "ci", issuer="https://gitlab.com"), {Rule.ISSUER}),
    "keys from elsewhere": (put(TRUST, "ci", publicKeyEndpoint="https://else.example.com/jwks"), {Rule.CERTIFICATE}),
    "a certificate": (put(TRUST, "ci", publicCertificate="MII"), {Rule.CERTIFICATE}),
    "a trust without an audience": (put(TRUST, "ci", clientClaimValues=[]), {Rule.AUDIENCE}),
    "any audience of a trust": (put(TRUST, "ci", clientClaimName=None), {Rule.AUDIENCE}),
    "another application": (put(TRUST, "ci", oauthClients=["0" * 32]), {Rule.PRINCIPAL}),
    "another domain": (put(TRUST, "ci", idcsEndpoint="https://else.example.com"), {Rule.PRINCIPAL}),
    "a subject that is looked up": (put(TRUST, "ci", subjectMappingAttribute="userName"), {Rule.PRINCIPAL}),
}  # fmt: skip


def may(edit, called=MAY, type_=ROLE_POLICY):
    """An edit of a list of statements: of what a deployer may do, or of a boundary."""

    def edited(stack):
        inputs = stack.state(type_, named(stack, type_, called))["inputs"]
        document = json.loads(inputs["policy"])
        edit(document["Statement"])
        inputs["policy"] = json.dumps(document)

    return edited


def let(*actions: str, about: object = "*", called=MAY, type_=ROLE_POLICY, **more: object):
    """One more statement of what a deployer may do, or of a boundary."""
    extra = {"Sid": "More", "Effect": "Allow", "Action": list(actions), "Resource": about, **more}
    return may(lambda statements: statements.append(extra), called, type_)


def of(statements, action):
    """The one statement that allows a call."""
    (found,) = (it for it in statements if action in it["Action"])
    return found


def without(action, key, called=MAY):
    """The statement that allows a call says less of it."""

    def edit(statements):
        conditions = of(statements, action)["Condition"]
        (operator,) = (name for name, keys in conditions.items() if key in keys)
        del conditions[operator][key]

    return may(edit, called)


HERE = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
BOUND = "arn:aws:iam::111111111111:policy/usds-boundary"
IAM, ROLES = "arn:aws:iam::111111111111", "arn:aws:iam::111111111111:role/usds-transfer-virginia"
BUCKETS, TRAILS = (
    "arn:aws:s3:::usds-*-use1-111111111111",
    "arn:aws:cloudtrail:us-east-1:111111111111:trail/usds-trail-virginia",
)
BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": BOUND}}
OF_BOUNDARY = {"called": BOUNDARY, "type_": MANAGED_POLICY}

POWERS = {
    "everything": let("*"),
    "every call of a service": let("s3:*", about=BUCKETS, Condition=HERE),
    "a pattern of calls": let("s3:Put*", about=BUCKETS, Condition=HERE),
    "all but one call": may(lambda them: them.append({"Sid": "All", "Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "*"})),
    "all but one bucket": may(lambda them: of(them, "s3:PutBucketPolicy").update(NotResource=of(them, "s3:PutBucketPolicy").pop("Resource"))),
    "no resource": may(lambda them: of(them, "s3:PutBucketPolicy").pop("Resource")),
    "every bucket": may(lambda them: of(them, "s3:PutBucketPolicy").update(Resource=["arn:aws:s3:::*"])),
    "a bucket of another account": let("s3:PutBucketPolicy", about="arn:aws:s3:::usds-profiles-use1-222222222222", Condition=HERE),
    "the archive's bucket": let("s3:PutBucketPolicy", about="arn:aws:s3:::usds-audit-use1-444444444444", Condition=HERE),
    "buckets in any region": without("s3:CreateBucket", "aws:RequestedRegion"),
    "buckets in another region": may(lambda them: of(them, "s3:CreateBucket")["Condition"]["StringEquals"].update({"aws:RequestedRegion": ["us-east-1", "eu-west-1"]})),
    "buckets in regions but one": may(lambda them: of(them, "s3:CreateBucket").update(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})),
    "objects of backups": let("s3:GetObject", about=f"{BUCKETS}/*", Condition=HERE),
    "copies elsewhere": let("s3:PutReplicationConfiguration", about=BUCKETS, Condition=HERE),
    "the end of a bucket before WIPE": let("s3:DeleteBucket", about=BUCKETS, Condition=HERE),
    "the end of a bucket's policy before WIPE": let("s3:DeleteBucketPolicy", about=BUCKETS, Condition=HERE),
    "decryption": let("kms:Decrypt", about="arn:aws:kms:us-east-1:111111111111:key/*"),
    "keys of others": let("kms:PutKeyPolicy", about="arn:aws:kms:us-east-1:111111111111:key/*"),
    "a key of several regions": without("kms:CreateKey", "kms:MultiRegion"),
    "keys in any region": without("kms:CreateKey", "aws:RequestedRegion"),
    "any tag of a key": without("kms:TagResource", "aws:RequestTag/phase"),
    "another alias": let("kms:CreateAlias", about="arn:aws:kms:us-east-1:111111111111:alias/*"),
    "the end of an alias before WIPE": let("kms:DeleteAlias", about="arn:aws:kms:us-east-1:111111111111:alias/usds-backup-virginia"),
    "any role": may(lambda them: of(them, "iam:PutRolePolicy").update(Resource=[f"{IAM}:role/*"])),
    "its own policies": let("iam:PutRolePolicy", about=f"{IAM}:role/usdata-deployer", Condition=BOUNDED),
    "the end of its own limits": let("iam:DeleteRolePolicy", about=f"{IAM}:role/usdata-deployer", Condition=BOUNDED),
    "its own trust": let("iam:UpdateAssumeRolePolicy", about=f"{IAM}:role/usdata-deployer"),
    "its own boundary": let("iam:CreatePolicyVersion", about=BOUND),
    "the issuer": let("iam:AddClientIDToOpenIDConnectProvider", about=f"{IAM}:oidc-provider/{HOST}"),
    "roles without a boundary": without("iam:CreateRole", "iam:PermissionsBoundary"),
    "roles with another boundary": may(lambda them: of(them, "iam:PutRolePolicy")["Condition"]["StringEquals"].update({"iam:PermissionsBoundary": [BOUND, "arn:aws:iam::aws:policy/AdministratorAccess"]})),
    "roles with a boundary like it": may(lambda them: of(them, "iam:PutRolePolicy").update(Condition={"ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/*"}})),
    "roles whose boundary is lifted": let("iam:DeleteRolePermissionsBoundary", about=ROLES, Condition=BOUNDED),
    "a policy from elsewhere": let("iam:AttachRolePolicy", about=ROLES, Condition=BOUNDED),
    "any role passed on": let("iam:PassRole", about=f"{IAM}:role/*", Condition={"StringEquals": {"iam:PassedToService": "datasync.amazonaws.com"}}),
    "a role passed to anybody": let("iam:PassRole", about=ROLES),
    "a role passed to another service": let("iam:PassRole", about=ROLES, Condition={"StringEquals": {"iam:PassedToService": ["datasync.amazonaws.com", "lambda.amazonaws.com"]}}),
    "acting as another role": let("sts:AssumeRole", about=ROLES),
    "a trail that is stopped": let("cloudtrail:StopLogging", about=TRAILS),
    "a trail that is deleted before WIPE": let("cloudtrail:DeleteTrail", about=TRAILS),
    "a trail of others": let("cloudtrail:PutEventSelectors", about="arn:aws:cloudtrail:us-east-1:111111111111:trail/*"),
    "an alarm that is deleted before WIPE": let("events:DeleteRule", about="arn:aws:events:us-east-1:111111111111:rule/usds-changes-virginia"),
    "alarms to somewhere else": may(lambda them: of(them, "events:PutTargets").pop("Condition")),
    "alarms to somewhere else, too": may(lambda them: of(them, "events:PutTargets")["Condition"].pop("ForAllValues:ArnEquals")),
    "alarms to nowhere": may(lambda them: of(them, "events:PutTargets")["Condition"].pop("ForAnyValue:ArnEquals")),
    "alarms to any topic": may(lambda them: of(them, "events:PutTargets").update(Condition={"ArnEquals": {"events:TargetArn": "arn:aws:sns:*"}})),
    "a topic that is deleted before WIPE": let("sns:DeleteTopic", about="arn:aws:sns:us-east-1:111111111111:usds-alarms-virginia"),
    "what cannot be named, in any region": without("sns:Unsubscribe", "aws:RequestedRegion"),
    "secrets": let("secretsmanager:GetSecretValue", about="arn:aws:secretsmanager:us-east-1:111111111111:secret:aws-datasync!*"),
    "machines": let("ec2:RunInstances", Condition=HERE),
    "the end of the archive": let("s3:DeleteBucket", about="arn:aws:s3:::usds-audit-use1-444444444444", Condition=HERE, called=ARCHIVE),
    "the end of the archive's trail": let("cloudtrail:DeleteTrail", about="arn:aws:cloudtrail:us-east-1:444444444444:trail/usds-trail-archive", called=ARCHIVE),
    "roles in the archive's account": let("iam:CreateRole", about="arn:aws:iam::444444444444:role/usds-transfer-virginia", called=ARCHIVE),
    "what is forbidden lifted": let("organizations:DetachPolicy", about="arn:aws:organizations::333333333333:policy/*", called=CONTROLS),
    "a policy of another kind": without("organizations:CreatePolicy", "organizations:PolicyType", called=CONTROLS),
    "an account of nobody's": let("organizations:AttachPolicy", about="arn:aws:organizations::333333333333:account/o-k3m9x2q7ra/*", called=CONTROLS),
    "what is another site's": let("kms:CreateAlias", about="arn:aws:kms:us-east-1:111111111111:alias/usds-backup-virginia", called=SINGAPORE),
}  # fmt: skip
"""Over-grants, each of which is one step from what is planned."""

BOUNDARIES = {
    "a role without one": put(ROLE, "transfer-virginia", permissionsBoundary=None),
    "a role with another one": put(ROLE, "transfer-virginia", permissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"),
    "a boundary that bounds nothing": let("*", **OF_BOUNDARY),
    "a boundary that lets identities be made": let("iam:CreateUser", **OF_BOUNDARY),
    "a boundary that lets guards be changed": let("s3:PutBucketPolicy", about=BUCKETS, **OF_BOUNDARY),
    "a boundary around every bucket": let("s3:GetObject", about="arn:aws:s3:::*", **OF_BOUNDARY),
    "a boundary around every key": let("kms:Decrypt", about="arn:aws:kms:us-east-1:111111111111:key/*", **OF_BOUNDARY),
    "a boundary of another name": put(MANAGED_POLICY, BOUNDARY, name="other"),
    "no boundary at all": lambda stack: setattr(
        stack, "steps", [it for it in stack.steps if it["newState"]["type"] != MANAGED_POLICY]
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", POWERS.values(), ids=POWERS)
def test_whatever_a_deployer_is_let_too_much_is_found(edit):
    """By its rule and no other, and by the decider that makes up calls; a document that cannot be read is no proof."""
    stack = Stack()
    edit(stack)
    rules, slowly = stack.answers()
    assert rules in ({Rule.POWERS}, {Rule.DOCUMENT})
    assert slowly is Answer.REFUTED


@pytest.mark.parametrize("edit", BOUNDARIES.values(), ids=BOUNDARIES)
def test_a_role_that_could_become_anything_is_found(edit):
    """Whoever deploys writes its policies, so that its boundary is all that keeps it from them."""
    stack = Stack()
    edit(stack)
    assert stack.answers() == ({Rule.BOUNDARY}, Answer.REFUTED)


@pytest.mark.parametrize(("edit", "rules"), OPENED.values(), ids=OPENED)
def test_whoever_else_would_be_believed_is_found(edit, rules):
    """By its rule and no other, and by the decider that makes up tokens."""
    stack = Stack()
    edit(stack)
    assert stack.answers() == (rules, Answer.REFUTED)


HARMLESS = {
    "as it is": lambda _stack: None,
    "one environment less": condition("StringEquals", SUB, value=[PRODUCTION]),
    "one value as itself": condition("StringEquals", AUD, value="sts.amazonaws.com"),
    "a pattern without a sign": like([PRODUCTION]),
    "narrower": condition("StringEquals", f"{HOST}:repository_owner_id", value="1"),
    "a deny": more({"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}),
    "another name": put(TRUST, "ci", name="usds-other", description="Jobs"),
    "a trust that is switched off": put(TRUST, "ci", active=False),
    "one rule less": users((f'sub eq "{PRODUCTION}"', USER)),
    "denied more": statement(lambda it: it["Action"].append("s3:*"), **LIMITS),
    "powers in another order": may(lambda them: them.reverse()),
    "powers by other names": may(lambda them: [it.update(Sid=f"S{number}") for number, it in enumerate(them)]),
    "powers in two statements": may(
        lambda them: them.append(
            {**of(them, "s3:PutBucketPolicy"), "Sid": "Two", "Action": [of(them, "s3:PutBucketPolicy")["Action"].pop()]}
        )
    ),
    "one value as itself, of powers": may(lambda them: of(them, "s3:PutBucketPolicy").update(Resource=BUCKETS)),
    "fewer powers": may(lambda them: them.pop()),
    "no powers": may(lambda them: them.clear()),
    "one bucket of its own": let(
        "s3:PutBucketPolicy", about="arn:aws:s3:::usds-profiles-use1-111111111111", Condition=HERE
    ),
    "powers under one more condition": may(
        lambda them: of(them, "s3:PutBucketPolicy")["Condition"].update(Bool={"aws:SecureTransport": "true"})
    ),
    "denied in the powers": may(
        lambda them: them.append({"Sid": "No", "Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    ),
    "a boundary that lets less": may(lambda them: them.pop(), **OF_BOUNDARY),
    "no trust at all": lambda stack: setattr(
        stack, "steps", [it for it in stack.steps if it["newState"]["type"] not in {TRUST, PROVIDER}]
    ),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_a_rewrite_that_opens_nothing_is_left_alone(edit):
    """By both."""
    stack = Stack()
    edit(stack)
    assert stack.answers() == (set(), Answer.PROVED)


UNTOLD = {
    "a trust policy": put(ROLE, DEPLOYER, assumeRolePolicy=UNKNOWN),
    "no JSON": put(ROLE, DEPLOYER, assumeRolePolicy="{"),
    "limits": put(ROLE_POLICY, NEVER, policy=UNKNOWN),
    "powers": put(ROLE_POLICY, MAY, policy=UNKNOWN),
    "a boundary": put(MANAGED_POLICY, BOUNDARY, policy=UNKNOWN),
    "an issuer": put(PROVIDER, ISSUER, url=UNKNOWN),
    "an application": put(TRUST, "ci", oauthClients=UNKNOWN),
}


@pytest.mark.parametrize("edit", UNTOLD.values(), ids=UNTOLD)
def test_what_is_not_known_is_not_proved(edit):
    """It is named, and undecided by both."""
    stack = Stack()
    edit(stack)
    rules, slowly = stack.answers()
    assert Rule.DOCUMENT in rules
    assert slowly is not Answer.PROVED


def test_where_nobody_is_declared_nobody_is_believed():
    """Every identity provider and trust is one too many, whoever AWS's providers act as, and what is left of powers."""
    found = leaks(Stack().graph(), Declared())
    types = {leak.urn.split("::")[2].rpartition("$")[2] for leak in found}
    assert types == {CLOUD, MANAGED_POLICY, PROVIDER, TRUST}
    assert worst(tokens.opinions(Stack().graph(), Declared())) is Answer.REFUTED


def asked(phase, **changes: object):
    """What a stack file says of the life that `test_deployer` plays, as far as it is about AWS."""
    singapore = {"accountId": "222222222222", "region": "ap-southeast-1", "deployerRole": "usdata-deployer"}
    virginia = {"accountId": "111111111111", "region": "us-east-1", "deployerRole": "usdata-deployer"}
    return {
        "organization": "usds",
        "ci": {"issuer": f"https://{HOST}"},
        "legacy": {
            "organization": {"id": "o-k3m9x2q7ra", "accountId": "333333333333", "deployerRole": "governor"},
            "sites": {
                "singapore": {**singapore, "phase": "backup", "adopt": {"profiles": "tt-sg-profiles-backup"}},
                "virginia": {**virginia, "phase": phase, "operatorRole": "retirers", **changes},
            },
        },
        "audit": {"archive": {"accountId": "444444444444", "deployerRole": "usdata-log-deployer"}},
    }


@pytest.mark.parametrize("state", [it for it in life() if it != "closed"])
def test_what_is_planned_in_any_phase_is_none_too_much(state):
    """By both deciders, statement by statement; and in WIPE it would be too much a phase earlier."""
    deployment = asked(state if state in {"drain", "wipe"} else "backup")
    for (account, role), policy in powers(life()[state]).may.items():
        known = ground(deployment, account, role)
        assert [what for it in parse(policy.text()) for what in too_much(it, known)] == []
        assert not any(requests.admitted(json.dumps(it), known) for it in policy.document()["Statement"])
    virginia = powers(life()[state]).may["111111111111", "usdata-deployer"].text()
    early = ground(asked("drain"), "111111111111", "usdata-deployer")
    assert any(what for it in parse(virginia) for what in too_much(it, early)) is (state == "wipe")
