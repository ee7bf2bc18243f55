"""Quotas: in every region but those of the stack, nothing that can hold, move or serve data can be made at all.

One quota policy for each family, and in it first zero for the whole tenancy, then an exception for each region of the
stack: within one policy the later statement counts, across policies the strictest. The operator `!=` is not used: no
page of Oracle's documents it for quotas.

What quotas do not do: they stop what would be made, and neither delete nor hide what is there; and some services have
no family. Both are for the proof to say.

Sources: Oracle's pages "Quota Policy Syntax" and "Sample Quotas"; `request.region` is compared with a region's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.residency import naming
from infra.residency.regions import UsRegion


class QuotaFamily(StrEnum):
    """The families in which data can come to rest, be worked on, or be served from."""

    ANALYTICS = "analytics"
    BLOCK_STORAGE = "block-storage"
    COMPUTE_CORE = "compute-core"
    COMPUTE_MEMORY = "compute-memory"
    CONTAINER_ENGINE = "container-engine"
    DATABASE = "database"
    FILESYSTEM = "filesystem"
    LOAD_BALANCER = "load-balancer"
    OBJECT_STORAGE = "object-storage"
    STREAMING = "streaming"
    VCN = "vcn"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPlan:
    """The quota policy of one family.

    Attributes:
        name: physical name, at the root of the tenancy (`usds-only-us-object-storage`).
        regions: where the family keeps the limits that it has, sorted.
    """

    name: str
    family: QuotaFamily
    regions: tuple[UsRegion, ...]

    def statements(self) -> tuple[str, ...]:
        """Zero everywhere, then the exceptions: this order is what the policy means."""
        return (
            f"zero {self.family} quotas in tenancy",
            *(
                f"unset {self.family} quotas in tenancy where request.region = {region.facts.quota_name}"
                for region in self.regions
            ),
        )


def plan_quotas(organization: str, regions: Iterable[UsRegion]) -> tuple[QuotaPlan, ...]:
    """The quota policies of a stack with these regions, sorted by family."""
    allowed = tuple(sorted(regions))
    return tuple(
        QuotaPlan(name=naming.quota(organization, family), family=family, regions=allowed)
        for family in sorted(QuotaFamily)
    )
