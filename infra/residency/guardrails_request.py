"""What a stack file asks for under `guardrails`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailsRequest:
    """What watches and forbids beside quotas and tags, as far as the tenancy has it.

    Attributes:
        detector_recipes: OCID of Oracle's own detector recipe, by kind of detector.
        security_policies: OCID of a security zone's policy, by its friendly name without the word `deny`.
        packet_routing: `enforced`, or `retired` on the way to none; None where the tenancy has none of it.
        deny_statements: whether the tenancy has enabled deny policies, so that statements may deny.
    """

    detector_recipes: Mapping[str, str]
    security_policies: Mapping[str, str]
    packet_routing: str | None = None
    deny_statements: bool = False
