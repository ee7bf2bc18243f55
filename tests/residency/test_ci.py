"""Who deploys, as planned: exactly the jobs that a stack file names, or a refusal.

That an issuer signs the truth, and that AWS compares as it says, is not shown here; moto and parliament judge AWS
documents in test_aws_on_moto.py and below.
"""

from dataclasses import replace

import pytest

from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.aws_policy import Claim, Condition, Federated, Operator, too_much
from infra.residency.ci import AUDIENCE
from infra.residency.ci_request import CiRequest, DomainRequest
from infra.residency.deployment import ControlRequest
from infra.residency.planner import plan
from tests.residency.samples import GOOD, TODAY, found, with_oci, with_site
from tests.support.aws_validator import complaints

ISSUER = "https://token.actions.githubusercontent.com"
DOMAIN = DomainRequest(
    url=f"https://idcs-{'0' * 32}.identity.oraclecloud.com", client_id="1" * 32, user_id="2" * 32, trust_id="3" * 32
)
CI = CiRequest(
    issuer=ISSUER,
    repository="example-org/usdata",
    environments={"deploys": "production", "moves": "phase-move", "reviews": "review"},
    domain=DOMAIN,
)
GROUPS = {"deployers": GroupRequest(duty="deployment", network="runners")}
BY_CI = replace(
    with_oci(GOOD, auth="SecurityToken", profile="ci"),
    access=AccessRequest(networks={"runners": {"pool": "203.0.113.64/28"}}, groups=GROUPS),
    ci=CI,
)
"""The sample, deployed by jobs."""


def planned(request=BY_CI):
    """Who deploys it."""
    return plan(request, TODAY).ci


def test_the_jobs_of_the_named_environments_are_believed_and_no_others():
    """Whole subjects of one repository, sorted; in each account of an open site and in the organization's."""
    control = ControlRequest(id="o-a1b2c3d4e5", account_id="333333333333", deployer_role="governor")
    made = planned(replace(BY_CI, control=control))
    subjects = tuple(f"repo:example-org/usdata:environment:{it}" for it in ("phase-move", "production", "review"))
    assert made.subjects == subjects
    assert made.rules() == tuple(f'sub eq "{it}"' for it in subjects)
    assert {it.account_id: it.roles for it in made.accounts} == {
        "111111111111": ("usdata-deployer",), "222222222222": ("usdata-deployer",), "333333333333": ("governor",)
    }  # fmt: skip
    (statement,) = made.trust("111111111111", "usdata-deployer").document()["Statement"]
    assert {key: statement[key] for key in ("Principal", "Action", "Condition")} == {
        "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": [AUDIENCE],
                "token.actions.githubusercontent.com:sub": list(subjects),
            }
        },
    }


def test_the_order_of_environments_means_nothing():
    """The same trust, byte for byte."""
    turned = replace(CI, environments=dict(reversed(CI.environments.items())))
    assert planned(replace(BY_CI, ci=turned)) == planned()


def test_a_validator_that_is_not_ours_has_no_complaint():
    """About the trust and the limits of each account; the one issue is that it knows no issuers but Amazon's own."""
    assert {issue for _, issue, _ in complaints(planned().policies())} == {"UNKNOWN_FEDERATION_SOURCE"}


def test_a_closed_site_is_reached_by_nobody():
    """Sites in one account are one account; without open sites there is none."""
    together = with_site(BY_CI, "singapore", account_id="111111111111")
    assert [it.account_id for it in planned(together).accounts] == ["111111111111"]


def ci(**changes: object):
    """The sample, with changes to who deploys."""
    return replace(BY_CI, ci=replace(CI, **changes))


def environments(**changes: str):
    """The sample with other environments."""
    return ci(environments={**CI.environments, **changes})


def domain(**changes: object):
    """The sample with another domain."""
    return ci(domain=replace(DOMAIN, **changes))


REFUSED = {
    "another issuer": (ci(issuer="https://gitlab.com"), "ci.issuer"),
    "an issuer that looks like it": (ci(issuer=f"{ISSUER}.example.com"), "ci.issuer"),
    "no TLS": (ci(issuer=ISSUER.replace("https", "http")), "ci.issuer"),
    "no issuer": (ci(issuer=""), "ci.issuer"),
    "any repository": (ci(repository="example-org/*"), "ci.repository"),
    "any owner": (ci(repository="*/usdata"), "ci.repository"),
    "no owner": (ci(repository="usdata"), "ci.repository"),
    "no repository": (ci(repository=""), "ci.repository"),
    "a repository with more in it": (ci(repository="example-org/usdata:ref:refs/heads/x"), "ci.repository"),
    "a repository that climbs": (ci(repository="example-org/.."), "ci.repository"),
    "any environment": (environments(deploys="*"), "ci.environments.deploys"),
    "an environment of any letter": (environments(deploys="productio?"), "ci.environments.deploys"),
    "no environment": (environments(deploys=""), "ci.environments.deploys"),
    "an environment with a quote": (environments(deploys='x" or sub pr "'), "ci.environments.deploys"),
    "one environment for two": (environments(moves="production"), "ci.environments.moves"),
    "a purpose of nobody's": (environments(tests="test"), "ci.environments.tests"),
    "a purpose without": (ci(environments={"deploys": "production", "moves": "phase-move"}), "ci.environments"),
    "another domain": (domain(url="https://idcs.example.com"), "ci.domain.url"),
    "a path": (domain(url=f"{DOMAIN.url}/admin"), "ci.domain.url"),
    "an application by name": (domain(client_id="exchange"), "ci.domain.clientId"),
    "a user by name": (domain(user_id="ci@example.com"), "ci.domain.userId"),
    "a trust by name": (domain(trust_id="usds-ci"), "ci.domain.trustId"),
    "another login": (with_oci(BY_CI, auth="InstancePrincipal", profile=None), "oci.auth.method"),
    "nobody who deploys": (
        replace(
            BY_CI, access=replace(BY_CI.access, groups={"auditors": GroupRequest(duty="audit", network="runners")})
        ),
        "ci.domain",
    ),
    "no access": (replace(BY_CI, access=None), "ci.domain"),
}


@pytest.mark.parametrize(("request_", "path"), REFUSED.values(), ids=REFUSED)
def test_who_could_be_anybody_is_refused(request_, path):
    """By exactly this rule, at exactly this place."""
    assert found(request_) == {("ci", path)}


def test_what_need_not_be_there():
    """A trust that the stack makes itself, an enterprise's own issuer, a domain with a region in its name."""
    for fine in (
        domain(trust_id=None),
        ci(issuer=f"{ISSUER}/example-enterprise"),
        domain(url=DOMAIN.url.replace(".identity", ".us.identity")),
    ):
        assert found(fine) == set()


def without(claim):
    """The trust of the sample, a condition on a claim less."""
    policy = planned().trust("111111111111", "usdata-deployer")
    (statement,) = policy.statements
    kept = tuple(it for it in statement.conditions if it.key.name != claim)
    return replace(policy, statements=(replace(statement, conditions=kept),))


def of_other(**changes: object):
    """The trust of the sample, with a change to its statement."""
    policy = planned().trust("111111111111", "usdata-deployer")
    return replace(policy, statements=(replace(policy.statements[0], **changes),))


ELSEWHERE = Claim(issuer="https://other.example.com", name="sub")


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        (without("aud"), f"a token of {ISSUER} that is meant for somebody else"),
        (without("sub"), f"whomever {ISSUER} signs for"),
        (
            of_other(principal=Federated(account_id="999999999999", issuer=ISSUER)),
            "account 999999999999, which is another one",
        ),
        (
            of_other(conditions=(Condition(operator=Operator.STRING_EQUALS, key=ELSEWHERE, values=("x",)),)),
            f"whomever {ISSUER} signs for",
        ),
    ],
    ids=["no audience", "no subject", "another account", "claims of another issuer"],
)  # fmt: skip
def test_a_trust_that_says_too_little_is_found_in_the_plan(policy, what):
    """Whoever made it."""
    assert ("AssumeByJobs", what) in list(too_much(policy))
