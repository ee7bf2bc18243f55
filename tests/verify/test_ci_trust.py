"""Whom the clouds believe that it deploys, over the graph of the shipped production stack, by both deciders.

Each case edits what the program registers as no stack file could. That the issuer signs the truth, and what an
account's administrators let the deployer's role do, is not shown.
"""

# ruff: noqa: E501 - a case is a line
import json

import pytest

from infra.verify import ci_tokens
from infra.verify.ci_trust import PROVIDER, ROLE, ROLE_POLICY, TRUST, Declared, Rule, declared, leaks
from infra.verify.graph import UNKNOWN
from infra.verify.verdict import Answer
from tests.support.graphs import Edited
from tests.support.programs import configuration

DEPLOYER, ISSUER = "usdata-deployer-111111111111", "ci-111111111111"
HOST = "token.actions.githubusercontent.com"
AUD, SUB = f"{HOST}:aud", f"{HOST}:sub"
PRODUCTION = "repo:usds-example/usdata:environment:production"


class Stack(Edited):
    """Production, and who is declared to deploy it."""

    def __init__(self) -> None:
        super().__init__("us-prod")
        self.known = declared(configuration("us-prod")["usdata:deployment"])


def put(type_, called, **inputs: object):
    """Other inputs."""
    return lambda stack: stack.state(type_, called)["inputs"].update(inputs)


def statement(edit, type_=ROLE, path="assumeRolePolicy"):
    """An edit of the one statement of a deployer's document."""

    def edited(stack):
        inputs = stack.state(type_, DEPLOYER)["inputs"]
        document = json.loads(inputs[path])
        edit(document["Statement"][0])
        inputs[path] = json.dumps(document)

    return edited


def more(extra):
    """One more statement in the deployer's trust."""

    def edited(stack):
        inputs = stack.state(ROLE, DEPLOYER)["inputs"]
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
LIMITS = {"type_": ROLE_POLICY, "path": "policy"}
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
        lambda stack: stack.state(ROLE, DEPLOYER).update(provider=stack.state("oci:Identity/group:Group", "auditors")["provider"]),
        {Rule.PRINCIPAL},
    ),
    "objects": (statement(lambda it: it["Action"].remove("s3:GetObject*"), **LIMITS), {Rule.LIMITS}),
    "decryption": (statement(lambda it: it["Action"].remove("kms:Decrypt"), **LIMITS), {Rule.LIMITS}),
    "a key that lasts": (statement(lambda it: it["Action"].remove("iam:CreateAccessKey"), **LIMITS), {Rule.LIMITS}),
    "limits under a condition": (statement(lambda it: it.update(Condition={"Bool": {"aws:SecureTransport": "true"}}), **LIMITS), {Rule.LIMITS}),
    "limits of one bucket": (statement(lambda it: it.update(Resource="arn:aws:s3:::x"), **LIMITS), {Rule.LIMITS}),
    "limits that allow": (statement(lambda it: it.update(Effect="Allow"), **LIMITS), {Rule.LIMITS}),
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


@pytest.mark.parametrize(("edit", "rules"), OPENED.values(), ids=OPENED)
def test_whoever_else_would_be_believed_is_found(edit, rules):
    """By its rule and no other, and by the decider that makes up tokens."""
    stack = Stack()
    edit(stack)
    assert {leak.rule for leak in leaks(stack.graph(), stack.known)} == rules
    assert ci_tokens.decide(stack.graph(), stack.known) is Answer.REFUTED


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
    "no trust at all": lambda stack: setattr(
        stack, "steps", [it for it in stack.steps if it["newState"]["type"] not in {TRUST, PROVIDER}]
    ),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_a_rewrite_that_opens_nothing_is_left_alone(edit):
    """By both."""
    stack = Stack()
    edit(stack)
    assert leaks(stack.graph(), stack.known) == ()
    assert ci_tokens.decide(stack.graph(), stack.known) is Answer.PROVED


UNTOLD = {
    "a trust policy": put(ROLE, DEPLOYER, assumeRolePolicy=UNKNOWN),
    "no JSON": put(ROLE, DEPLOYER, assumeRolePolicy="{"),
    "limits": put(ROLE_POLICY, DEPLOYER, policy=UNKNOWN),
    "an issuer": put(PROVIDER, ISSUER, url=UNKNOWN),
    "an application": put(TRUST, "ci", oauthClients=UNKNOWN),
}


@pytest.mark.parametrize("edit", UNTOLD.values(), ids=UNTOLD)
def test_what_is_not_known_is_not_proved(edit):
    """It is named, and undecided by both."""
    stack = Stack()
    edit(stack)
    assert Rule.DOCUMENT in {leak.rule for leak in leaks(stack.graph(), stack.known)}
    assert ci_tokens.decide(stack.graph(), stack.known) is not Answer.PROVED


def test_where_nobody_is_declared_nobody_is_believed():
    """Every identity provider and every trust is one too many."""
    found = leaks(Stack().graph(), Declared())
    types = {leak.urn.split("::")[2].rpartition("$")[2] for leak in found}
    assert types == {PROVIDER, TRUST}
    assert ci_tokens.decide(Stack().graph(), Declared()) is Answer.REFUTED
