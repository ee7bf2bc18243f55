"""What makes the trust in CI before there is one: commands for whoever administers an account or the identity domain.

Printed, never run: who deploys cannot say who deploys, nor what that may do. The documents are the plan's own, so that
the stack takes over exactly what was made. At a change the same commands are run once more: what makes a thing is
refused where it is there already, and what follows puts its document in place of the one before.
"""

from __future__ import annotations

import json
from shlex import join
from typing import TYPE_CHECKING, Any

from infra.cli.refusal import Refused
from infra.residency.aws_policy import managed_policy_arn
from infra.residency.ci import AUDIENCE, DESCRIPTION, MAY, NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.residency.aws_policy import Policy
    from infra.residency.ci import CiPlan
    from infra.residency.deployer import Powers


def commands(plan: CiPlan, powers: Powers, organization: str) -> Iterator[tuple[str, str]]:
    """(where, command) for each thing to make, in order."""
    for account in plan.accounts:
        where = f"AWS account {account.account_id}"
        issuer = ("--url", plan.issuer, "--client-id-list", AUDIENCE)
        yield where, join(("aws", "iam", "create-open-id-connect-provider", *issuer))
        for role in account.roles:
            trust, limits = plan.trust(account.account_id, role), plan.limits(account.account_id, role)
            given = ("--role-name", role, "--description", DESCRIPTION)
            yield where, join(("aws", "iam", "create-role", *given, "--assume-role-policy-document", trust.text()))
            put = ("--role-name", role, "--policy-document", trust.text())
            yield where, join(("aws", "iam", "update-assume-role-policy", *put))
            for name, policy in ((NEVER, limits), (MAY, powers.may[account.account_id, role])):
                put = ("--role-name", role, "--policy-name", name, "--policy-document", policy.text())
                yield where, join(("aws", "iam", "put-role-policy", *put))
        if (boundary := powers.boundaries.get(account.account_id)) is not None:
            yield from ((where, command) for command in _bounding(account.account_id, boundary))
    if plan.domain.trust_id is None:
        yield "identity domain", join(_domain(plan, organization))


def require_taken_over(preview: Mapping[str, Any], stack: str) -> None:
    """Refuse a preview by which a deployment would say who deploys, or what that may do.

    What is there is imported; where it is not what the plan says, an update follows, which AWS would deny.

    Raises:
        Refused: something is there, and not as planned.
    """
    steps = [(str(step["op"]), str(step["urn"])) for step in preview["steps"] if "CiTrust$aws:iam/" in step["urn"]]
    imported = {urn for op, urn in steps if op == "import"}
    others = sorted(urn.rpartition("::")[2] for op, urn in steps if op == "update" and urn in imported)
    if others:
        raise Refused(
            "who deploys, or what that may do, is not as planned",
            given=f"another document than the plan's in {', '.join(others)}",
            allowed="what administrators have put there, to be taken over",
            why="who deploys cannot say who deploys, so that the deployment would be denied halfway",
            fix=f"have the commands run that `python -m infra.deploy trust --stack {stack}` prints, and review again",
        )


def _bounding(account_id: str, policy: Policy) -> Iterator[str]:
    """A policy that stands by itself has versions, of which AWS keeps five."""
    document = ("--policy-document", policy.text())
    yield join(("aws", "iam", "create-policy", "--policy-name", policy.name, *document))
    arn = ("--policy-arn", managed_policy_arn(account_id, policy.name))
    yield join(("aws", "iam", "create-policy-version", *arn, *document, "--set-as-default"))


def _domain(plan: CiPlan, organization: str) -> tuple[str, ...]:
    users = [{"rule": rule, "value": plan.domain.user_id} for rule in plan.rules()]
    return (
        "oci", "identity-domains", "identity-propagation-trust", "create",
        "--endpoint", plan.domain.url,
        "--schemas", json.dumps(["urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"]),
        "--name", f"{organization}-ci",
        "--type", "JWT",
        "--issuer", plan.issuer,
        "--public-key-endpoint", plan.keys_url,
        "--active", "true",
        "--allow-impersonation", "true",
        "--client-claim-name", "aud",
        "--client-claim-values", json.dumps([plan.domain.url]),
        "--oauth-clients", json.dumps([plan.domain.client_id]),
        "--subject-type", "User",
        "--impersonation-service-users", json.dumps(users),
    )  # fmt: skip
