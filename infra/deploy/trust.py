"""What makes the trust in CI before there is one: commands for whoever administers an account or the identity domain.

Printed, never run: who deploys cannot say who deploys. The documents are the plan's own, so that the stack takes over
exactly what was made.
"""

from __future__ import annotations

import json
from shlex import join
from typing import TYPE_CHECKING

from infra.residency.ci import AUDIENCE, DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.residency.ci import CiPlan


def commands(plan: CiPlan, organization: str) -> Iterator[tuple[str, str]]:
    """(where, command) for each thing to make, in order."""
    for account in plan.accounts:
        where = f"AWS account {account.account_id}"
        issuer = ("--url", plan.issuer, "--client-id-list", AUDIENCE)
        yield where, join(("aws", "iam", "create-open-id-connect-provider", *issuer))
        for role in account.roles:
            document = plan.trust(account.account_id, role).text()
            given = ("--role-name", role, "--description", DESCRIPTION, "--assume-role-policy-document", document)
            yield where, join(("aws", "iam", "create-role", *given))
    if plan.domain.trust_id is None:
        yield "identity domain", join(_domain(plan, organization))


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
