"""`doctor --live`: what only Oracle Cloud can say: which regions are subscribed, and whether its limits hold the plan.

It reads and changes nothing. A limit is held against all that the stack plans in a region; how much of that is deployed
already it does not know, so what is merely used up is said and not judged.

Sources: Oracle's pages "Managing Regions" (subscriptions), "Service Limits" (names of limits, by service).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from infra.cli.doctor import Examined, Verdict
from infra.cli.lookups import credentials, package
from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.cli.workspace import Workspace
    from infra.residency.placement import Plan
    from infra.residency.regions import UsRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """A limit of a service in a region, and how much of it the plan needs there."""

    service: str
    name: str
    needed: Callable[[Plan, UsRegion], int]


def _edges(plan: Plan, region: UsRegion) -> int:
    return sum(edge.region is region for edge in plan.traffic.edges) if plan.traffic else 0


_LIMITS: Final = (
    _Limit(service="vcn", name="vcn-count", needed=lambda plan, region: 1 + _edges(plan, region)),
    _Limit(service="vcn", name="drg-count", needed=lambda _plan, _region: 1),
    _Limit(service="vcn", name="reserved-public-ip-count", needed=_edges),
    _Limit(service="load-balancer", name="lb-flexible-count", needed=_edges),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Clients of Oracle Cloud's API.

    Attributes:
        identity: of the tenancy's home region.
        limits: makes the one of a region.
    """

    identity: Any
    limits: Callable[[str], Any]


def connect(profile: str) -> Clients:
    """Clients with the credentials of a profile.

    Raises:
        Refused: The package or the credentials are missing.
    """
    oci = package("--live")
    config = credentials(oci, profile, "--live")
    return Clients(
        identity=oci.identity.IdentityClient(config),
        limits=lambda region: oci.limits.LimitsClient({**config, "region": region}),
    )


def examine_live(workspace: Workspace) -> Iterator[Examined]:
    """Subscriptions and limits of every region of the plan.

    Raises:
        Refused: The package or the credentials are missing, or Oracle Cloud does not answer.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 (only here)

    from infra.cli.runs import load  # noqa: PLC0415 (slow to import)

    loaded = load(workspace, datetime.now(UTC).date())
    clients = connect(loaded.request.oci.profile or "DEFAULT")
    oci = package("--live")
    try:
        yield from _subscriptions(clients.identity, loaded.plan)
        for network in loaded.plan.networks:
            limits = clients.limits(network.region.value)
            for limit in _LIMITS:
                if needed := limit.needed(loaded.plan, network.region):
                    yield _limit(limits, loaded.plan, network.region, limit, needed)
    except (oci.exceptions.ServiceError, oci.exceptions.RequestException, oci.exceptions.ConnectTimeout) as error:
        raise Refused(
            f"Oracle Cloud did not answer: {getattr(error, 'message', None) or error}",
            fix="check the profile and its policies: it must inspect tenancies and read resource-availability",
        ) from error


def _subscriptions(identity: Any, plan: Plan) -> Iterator[Examined]:
    """Whether each region of the plan is subscribed, and the home region the tenancy's own."""
    found = identity.list_region_subscriptions(plan.tenancy.id).data
    ready = {str(it.region_name) for it in found if it.status == "READY"}
    for network in plan.networks:
        name = network.region.value
        yield Examined(
            subject=f"subscription {name}",
            verdict=Verdict.OK if name in ready else Verdict.MISSING,
            found="ready" if name in ready else f"not subscribed; subscribed: {', '.join(sorted(ready)) or 'none'}",
            needed_for="pulumi up",
            fix=""
            if name in ready
            else f"oci iam region-subscription create --region-key {network.region.facts.key.upper()}",
        )
    home = next((str(it.region_name) for it in found if it.is_home_region), "unknown")
    right = home == plan.tenancy.home.value
    yield Examined(
        subject="home region",
        verdict=Verdict.OK if right else Verdict.MISSING,
        found=home,
        needed_for="pulumi up: identity is written there and nowhere else",
        fix="" if right else f"write oci.homeRegion: {home} (the file says {plan.tenancy.home})",
    )


def _limit(limits: Any, plan: Plan, region: UsRegion, limit: _Limit, needed: int) -> Examined:
    """One limit, held against the plan."""
    tenancy, subject = plan.tenancy.id, f"limit {limit.name} in {region}"
    values = limits.list_limit_values(tenancy, limit.service, name=limit.name).data
    use = "pulumi up"
    if not values:
        found = f"service {limit.service} names no such limit; {needed} planned"
        return Examined(
            subject=subject, verdict=Verdict.OPTIONAL, found=found, needed_for=use, fix="look it up by hand"
        )
    allowed = sum(int(value.value) for value in values)
    there = limits.get_resource_availability(limit.service, limit.name, tenancy).data
    used, free = int(there.used or 0), int(there.available or 0)
    found = f"{needed} planned, {allowed} allowed, {used} used"
    if needed > allowed:
        fix = f"ask Oracle for {needed} (Console: Limits, Quotas and Usage)"
        return Examined(subject=subject, verdict=Verdict.MISSING, found=found, needed_for=use, fix=fix)
    if needed > free:
        fix = f"nothing, if at least {needed - free} of the used are this stack's own; else ask Oracle for more"
        return Examined(subject=subject, verdict=Verdict.OPTIONAL, found=found, needed_for=use, fix=fix)
    return Examined(subject=subject, verdict=Verdict.OK, found=found, needed_for=use)
