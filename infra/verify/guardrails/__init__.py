"""Guardrails: what keeps everybody inside the stack's regions and compartments is there, whole, and where it works.

Every guard that the stack's own configuration declares is looked for among the resources and read, not trusted: a
quota is played statement by statement for every region there is, a deny is asked, a recipe is compared policy by
policy, a control policy is read from the document that AWS would get. What is missing, narrower than declared, or not
known, is a gap.

What it does not prove: that a cloud evaluates these documents as its documentation says; that a tenancy has deny
policies enabled, or an organization control policies; what the tenancy's default Administrators group does.
"""

from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.guardrails.organization import organization_gaps
from infra.verify.guardrails.regions import region_gaps
from infra.verify.guardrails.routing import routing_gaps
from infra.verify.guardrails.tags import tag_gaps
from infra.verify.guardrails.zones import zone_gaps

__all__ = ["Gap", "Rule", "gaps"]


def gaps(found: Graph, declared: Declared) -> tuple[Gap, ...]:
    """Every gap, sorted."""
    parts = (region_gaps, zone_gaps, tag_gaps, organization_gaps, routing_gaps)
    return tuple(sorted({gap for part in parts for gap in found.ask(part, declared)}))
