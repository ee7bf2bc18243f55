"""What Oracle's identity service takes of a finished plan: policies, statements, groups and network sources.

Counted is everything that the stack makes at the root of the tenancy, whoever it is for: groups with a duty, readers of
exports, transfers, Object Storage itself, connectors, and what is denied to everybody.

Sources: Oracle's pages "Service Limits" (policies, statements in a policy, groups, network sources: the defaults of
`AccessLimitsRequest`) and "Policy Statements Limit per Compartment Hierarchy" (which is not raised).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.residency.access_request import AccessLimitsRequest
from infra.residency.findings import Finding, Rule, join
from infra.residency.oracle_policy import MOST_STATEMENTS
from infra.residency.placement import Plan

MOST_IN_A_PATH = 500
"""Statements from the root to any compartment; all of ours are at the root, so it is of all of them."""

_LIMITS = "access.limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySize:
    """One policy of Oracle Cloud: what of the stack file it comes from, and how many statements it has."""

    path: str
    statements: int


def policy_sizes(planned: Plan) -> tuple[PolicySize, ...]:
    """Every policy that a plan makes."""
    regions = [grant.region for grant in planned.service_grants]
    groups = planned.access.groups if planned.access is not None else ()
    counts = [
        *((join("oci.regions", region), regions.count(region)) for region in sorted(set(regions))),
        *((join("datasets", it.dataset.name, "export"), len(it.export_grants)) for it in planned.datasets),
        *((join("access.groups", group.name), len(group.statements)) for group in groups),
        *(
            (join("legacy.sites", site.site.name, "transfer"), len(site.transfer.statements))
            for site in planned.sites
            if site.transfer is not None
        ),
        ("audit", len(planned.audit.regions) if planned.audit is not None else 0),
        ("guardrails.denyStatements", len(planned.guardrails.denials) if planned.guardrails is not None else 0),
    ]
    return tuple(PolicySize(path=path, statements=count) for path, count in counts if count)


def judge_limits(planned: Plan, limits: AccessLimitsRequest) -> Iterator[Finding]:
    """What Oracle would not take."""
    sizes = policy_sizes(planned)
    for size in sizes:
        if size.statements > MOST_STATEMENTS:
            yield Finding(
                path=size.path,
                rule=Rule.LIMIT,
                given=f"{size.statements} statements in one policy",
                allowed=f"at most {MOST_STATEMENTS}",
                why='Oracle\'s page "Service Limits" has it, and it is not raised',
                fix="export fewer shards, or approve fewer things at a time",
            )
    statements = sum(size.statements for size in sizes)
    if statements > MOST_IN_A_PATH:
        yield Finding(
            path="access.groups",
            rule=Rule.LIMIT,
            given=f"{statements} statements in {len(sizes)} policies at the root of the tenancy",
            allowed=f"at most {MOST_IN_A_PATH} from the root to any compartment",
            why='Oracle\'s page "Policy Statements Limit per Compartment Hierarchy" has it, and it is not raised',
            fix="merge groups of one duty and network: who is a member is the directory's",
        )
    yield from _counted(planned, limits, len(sizes))


def _counted(planned: Plan, limits: AccessLimitsRequest, policies: int) -> Iterator[Finding]:
    groups = planned.access.groups if planned.access is not None else ()
    networks = planned.access.networks if planned.access is not None else ()
    transfers = [site.transfer for site in planned.sites if site.transfer is not None]
    readers = {grant.group.lower() for dataset in planned.datasets for grant in dataset.export_grants}
    counts = (
        ("networks", len(networks) + len(transfers), limits.networks, "network sources, those of transfers included"),
        (
            "groups",
            len(groups) + len(readers) + len(transfers),
            limits.groups,
            "groups, those of exports and transfers included",
        ),
        (
            "policies",
            policies,
            limits.policies,
            "policies: of groups, exports, transfers, services, connectors, denials",
        ),
    )
    for key, count, limit, what in counts:
        if count > limit:
            yield Finding(
                path=join(_LIMITS, key),
                rule=Rule.LIMIT,
                given=f"{count} {what}",
                allowed=f"at most {limit} in this tenancy",
                why='Oracle\'s page "Service Limits" has the default; it is raised on request',
                fix="merge groups of one duty and network, or state the limit that Oracle granted",
            )
