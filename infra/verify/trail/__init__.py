"""The audit trail in Oracle Cloud: what is done there is written into US buckets that nobody can alter, or is missing.

Read from the resources alone and held against what the stack file declares: each region has a bucket for logs whose
retention rule is as long as declared and locked on the day declared; every bucket, edge and subnet is logged; every log
group, and the events of the whole tenancy, are carried into the bucket of their region by a connector that is on and
picks nothing out; what guards data is watched, and every declared address is told. No statement lets anybody change or
end any of it, or read it. What is not known is a leak, and so is a stack that declares no trail.

What it does not prove: that the services deliver; what the tenancy's default Administrators group does before the lock;
that whoever is told looks. The trails of the legacy sites are not looked at here.
"""

from infra.verify.graph import Graph
from infra.verify.trail.alarms import alarm_leaks, health_leaks, overheard, unwatched
from infra.verify.trail.carriers import Carriers
from infra.verify.trail.declared import Declared, declared
from infra.verify.trail.leak import Leak, Rule
from infra.verify.trail.logs import entries, log_leaks, rows
from infra.verify.trail.silence import grant_leaks
from infra.verify.trail.stores import store_leaks

__all__ = ["Leak", "Rule", "declared", "examined", "leaks"]


def leaks(found: Graph, declared: Declared) -> tuple[Leak, ...]:
    """Every leak, sorted."""
    return examined(found, declared)[0]


def examined(found: Graph, declared: Declared) -> tuple[tuple[Leak, ...], dict[str, list[list[str]]]]:
    """Every leak, sorted; and what is logged by what and carried into which bucket, as a certificate says it."""
    if not declared.days:
        none = Leak(urn="", rule=Rule.DECLARED, what="the stack file declares no audit trail")
        return (*unwatched(declared), none), {}
    recorded = entries(found)
    parts = (
        found.ask(store_leaks, declared),
        found.ask(log_leaks, declared, recorded),
        found.ask(alarm_leaks, declared, recorded),
        found.ask(health_leaks, declared),
        found.ask(overheard, declared),
        found.ask(grant_leaks, declared),
    )
    every = {*unwatched(declared), *(leak for part in parts for leak in part)}
    return tuple(sorted(every)), rows(Carriers(found, declared), recorded)
