"""Who deploys: jobs of one repository, in named environments of it, by a token that its CI signs for an hour.

No key that lives longer is made or kept for it in either cloud. A job is believed only where issuer, audience and
subject are exactly those of the stack file: in AWS by the trust policy of the deployer's role in each account, in
Oracle Cloud by a trust of the identity domain, under which the job acts as one service user.

What it refuses:

* *A pattern.* A subject is compared as a whole (`StringEquals`, `eq`); there is no operator here that knows patterns.
* *A branch or a pull request as subject.* Whoever may push could deploy; an environment has its reviewers.
* *Data.* The deployer's role is denied objects, decryption, the making of keys that do not expire and acting as another
  role, whatever else its account lets it do. What it is let do is `deployer`'s to say.

What it leaves to others: who deploys is not for who deploys to say. `python -m infra.deploy trust` prints what makes
issuer, roles and their policies, for the account's administrators, before the first deployment and at each change; the
stack takes over what is there. Who is a member of the group with the duty `deployment` the directory says.

Sources: GitHub's page "OpenID Connect reference" (issuer, `sub` of a job with an environment), AWS's "Creating a role
for OpenID Connect federation" and "AWS global condition context keys", Oracle's "Token Exchange Grant Type: Exchanging
a JSON Web Token for a UPST" and its resource `oci_identity_domains_identity_propagation_trust`.
"""

from dataclasses import dataclass

from infra.residency.aws_policy import (
    Action,
    Claim,
    Condition,
    Effect,
    Federated,
    Kind,
    Operator,
    Policy,
    Statement,
    oidc_provider_arn,
)

AUDIENCE = "sts.amazonaws.com"
"""For whom a token must be meant that AWS takes; one for Oracle Cloud is meant for the identity domain's address."""

DESCRIPTION = "Deploys this stack, as a job of its repository"
"""Of a deployer's role; an import would find a difference where it says something else."""

NEVER, MAY = "never", "may"
"""The policies inside a deployer's role."""

_NEVER = (
    Action.READ_OBJECTS,
    Action.WRITE_OBJECTS,
    Action.DELETE_OBJECTS,
    Action.DECRYPT,
    Action.RE_ENCRYPT,
    Action.CREATE_ACCESS_KEY,
    Action.CREATE_LOGIN,
    Action.CREATE_USER,
    Action.ASSUME_ANY_ROLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The trust of Oracle's identity domain; the attributes are the request's."""

    url: str
    client_id: str
    user_id: str
    trust_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An AWS account that jobs deploy to.

    Attributes:
        account_id: 12 digits.
        roles: names of the deployer's roles there, sorted.
    """

    account_id: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CiPlan:
    """Which jobs deploy, and where they are believed.

    Attributes:
        issuer: who signs their tokens.
        subjects: what a token says about itself: repository and environment, sorted.
        domain: of Oracle Cloud.
        accounts: of AWS, sorted; none where every legacy site is closed.
    """

    issuer: str
    subjects: tuple[str, ...]
    domain: Domain
    accounts: tuple[Account, ...]

    @property
    def keys_url(self) -> str:
        """Where the issuer publishes the keys it signs with (OpenID Connect Discovery)."""
        return f"{self.issuer}/.well-known/jwks"

    def provider_arn(self, account_id: str) -> str:
        """The ARN of the issuer as an identity provider of an account."""
        return oidc_provider_arn(account_id, self.issuer)

    def trust(self, account_id: str, role: str) -> Policy:
        """Who may act as a deployer's role: these jobs, and nobody else."""
        claims = (("aud", (AUDIENCE,)), ("sub", self.subjects))
        statement = Statement(
            sid="AssumeByJobs",
            principal=Federated(account_id=account_id, issuer=self.issuer),
            actions=(Action.ASSUME_ROLE_BY_TOKEN,),
            conditions=tuple(
                Condition(operator=Operator.STRING_EQUALS, key=Claim(issuer=self.issuer, name=name), values=values)
                for name, values in claims
            ),
        )
        return Policy(kind=Kind.TRUST, name=role, account_id=account_id, statements=(statement,))

    def limits(self, account_id: str, role: str) -> Policy:
        """What a deployer's role may never do, whatever else its account lets it."""
        statement = Statement(sid="NeverData", effect=Effect.DENY, actions=_NEVER, resources=("*",))
        return Policy(kind=Kind.ROLE, name=role, account_id=account_id, statements=(statement,))

    def policies(self) -> tuple[Policy, ...]:
        """Every policy of every account."""
        return tuple(
            policy
            for account in self.accounts
            for role in account.roles
            for policy in (self.trust(account.account_id, role), self.limits(account.account_id, role))
        )

    def rules(self) -> tuple[str, ...]:
        """What a token must say to act as the service user, as rules of the identity domain."""
        return tuple(f'sub eq "{subject}"' for subject in self.subjects)
