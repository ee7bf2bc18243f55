"""Who deploys, as it is registered for production: taken over from before the stack, kept after it, without a key."""

import json
from hashlib import sha256

from infra import settings
from infra.residency.ci import AUDIENCE
from infra.residency.deployer import powers
from infra.residency.planner import plan
from tests.residency.test_ci import BY_CI
from tests.support.programs import AS_OF, ROOT, planned, shipped

PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
TRUST = "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"
REACHED = {
    "111111111111": "aws-virginia-us-east-1",
    "222222222222": "aws-singapore-ap-southeast-1",
    "333333333333": "aws-organization-us-east-1",
    "444444444444": "aws-archive-us-east-1",
}
ROLES = dict.fromkeys(REACHED, "usdata-deployer") | {"444444444444": "usdata-log-deployer"}


def test_each_account_believes_the_issuer_and_lets_its_jobs_act_as_the_deployer():
    """By the account's own provider; taken over by id, retained, and every document as planned."""
    whole = settings.load(settings.stack_file(ROOT, "us-prod"), configured=None, as_of=AS_OF).plan
    ci, let = whole.ci, powers(whole)
    made = shipped("us-prod", preview=False)
    assert {
        (it.name, it.provider, it.inputs["url"], *it.inputs["clientIdLists"], it.import_id, it.retain, it.protect)
        for it in made.of_type(PROVIDER)
    } == {
        (f"ci-{account}", provider, ci.issuer, AUDIENCE, ci.provider_arn(account), True, False)
        for account, provider in REACHED.items()
    }
    roles = [it for it in made.of_type(ROLE) if it.inputs["name"] in ROLES.values()]
    assert {(it.provider, it.inputs["assumeRolePolicy"], it.import_id, it.retain) for it in roles} == {
        (provider, ci.trust(account, ROLES[account]).text(), ROLES[account], True)
        for account, provider in REACHED.items()
    }
    own = [it for it in made.of_type(ROLE_POLICY) if it.inputs["role"] in ROLES.values()]
    assert {(it.provider, it.import_id, it.inputs["policy"], it.retain) for it in own} == {
        (provider, f"{ROLES[account]}:{name}", policy.text(), True)
        for account, provider in REACHED.items()
        for name, policy in (
            ("never", ci.limits(account, ROLES[account])),
            ("may", let.may[account, ROLES[account]]),
        )
    }
    bounds = made.of_type("aws:iam/policy:Policy")
    assert {(it.provider, it.import_id, it.inputs["policy"], it.retain) for it in bounds} == {
        (REACHED[account], f"arn:aws:iam::{account}:policy/usds-boundary", policy.text(), True)
        for account, policy in let.boundaries.items()
    }
    bounded = {it.inputs["name"]: it.inputs["permissionsBoundary"] for it in made.of_type(ROLE) if it not in roles}
    assert bounded == {
        f"usds-transfer-{site}": f"arn:aws:iam::{account}:policy/usds-boundary"
        for site, account in (("virginia", "111111111111"), ("singapore", "222222222222"))
    }


def test_another_document_is_another_resource():
    """It is imported, and so has to be there first: nobody who deploys is let put it there."""
    whole = shipped("us-prod", preview=False)
    documents = [it for it in whole.of_type(ROLE_POLICY) if it.inputs["role"] in ROLES.values()]
    carried = [(it.name, it.inputs["policy"]) for it in (*documents, *whole.of_type("aws:iam/policy:Policy"))]
    carried += [(it.name, it.inputs["assumeRolePolicy"]) for it in whole.of_type(ROLE) if it.import_id]
    assert {name.rpartition("-")[2] for name, _ in carried} == {
        sha256(text.encode()).hexdigest()[:8] for _, text in carried
    }
    assert len(carried) == 4 * 3 + 2


def test_the_identity_domain_believes_the_same_jobs():
    """In the home region, for its own address, through one application, as one service user."""
    (trust,) = shipped("us-prod", preview=False).of_type(TRUST)
    assert trust.provider == "oci-home-us-ashburn-1"
    assert trust.import_id.endswith("/identityPropagationTrusts/dbb6dc95a1f5ac0a776a18704eae0000")
    assert trust.inputs["clientClaimValues"] == [trust.inputs["idcsEndpoint"]]
    assert {(it["rule"], it["value"]) for it in trust.inputs["impersonationServiceUsers"]} == {
        (f'sub eq "repo:usds-example/usdata:environment:{name}"', "5e0a83b7d6c94f12b7e43d90a8c1f257")
        for name in ("phase-move", "production", "review")
    }


def test_a_job_acts_as_the_deployer_by_its_token_alone():
    """Each provider exchanges the token for its own account's role; where people deploy they assume it as before."""
    providers = shipped("us-prod", preview=False).providers()
    for account, name in REACHED.items():
        given = providers[name].inputs
        assert (
            json.loads(given["assumeRoleWithWebIdentity"])["roleArn"] == f"arn:aws:iam::{account}:role/{ROLES[account]}"
        )
        assert "assumeRoles" not in given
    people = shipped("sandbox", preview=False).providers()["aws-virginia-us-east-1"].inputs
    assert "assumeRoles" in people
    assert "assumeRoleWithWebIdentity" not in people


def test_a_trust_that_is_not_there_yet_is_made():
    """Without an id nothing is imported; and a plan of the sample is registered as planned."""
    from dataclasses import replace  # noqa: PLC0415 (this one case)

    request = replace(BY_CI, ci=replace(BY_CI.ci, domain=replace(BY_CI.ci.domain, trust_id=None)))
    assert plan(request, AS_OF).ci.domain.trust_id is None
    (trust,) = planned(request, preview=False).of_type(TRUST)
    assert trust.import_id in ("", None)
