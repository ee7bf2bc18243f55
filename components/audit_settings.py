"""What the audit trail has one of in the tenancy: how long Audit keeps events, and what connectors may do.

What it refuses:

* *A grant for more than putting logs.* A connector reads, changes and deletes nothing in the buckets that it fills
  (`infra.residency.grants.ConnectorGrant`).
* *A shorter time.* Events stay for as long as Audit can keep them. No policy lets anybody set that, so the first update
  of a tenancy is made by its administrators; afterwards it never changes.
"""

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.identity import IdentityComponent
from components.tenancy import TenancyFoundation
from infra.residency.audit import AUDIT_DAYS, AuditPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettingsArgs:
    """The trail of a plan."""

    foundation: TenancyFoundation
    plan: AuditPlan


class AuditSettings(IdentityComponent):
    """The tenancy's audit configuration, and the policy of connectors.

    Attributes:
        grants: what lets connectors deliver.
    """

    grants: oci.identity.Policy

    def __init__(self, name: str, args: AuditSettingsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AuditSettings", name, opts)
        self.foundation = args.foundation
        oci.audit.Configuration(
            "audit",
            compartment_id=self.foundation.tenancy.id,
            retention_period_days=AUDIT_DAYS,
            opts=self._child(self.foundation.home),
        )
        self.grants = self.policy(
            "connectors",
            "Connectors may put logs into the buckets of the audit trail",
            [audited.grant.statement() for audited in args.plan.regions],
        )
        self.register_outputs({})
