"""Deny statements: in every region but those of the stack nobody may do anything with what holds or moves data.

A deny beats every allow, whoever wrote it. Every statement is about everybody, the whole tenancy and every call, so
that none can be narrowed; what it can differ in is the family alone.

What they do not do: the tenancy's default Administrators group is exempt from every deny, and a tenancy has to have
enabled deny policies, which nobody can undo: so they stand behind a setting.

Sources: Oracle's pages "Deny Policies" and "Known Issues for Deny Policies". That `request.region` may stand in one is
by analogy with allow statements: an assumption until a tenancy has taken it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.residency.regions import UsRegion


class DeniedFamily(StrEnum):
    """What holds, works on, moves or serves data, by the families of Oracle's policy reference."""

    AUTONOMOUS_DATABASES = "autonomous-database-family"
    COMPUTE = "instance-family"
    CONTAINERS = "cluster-family"
    DATABASES = "database-family"
    FILES = "file-family"
    FUNCTIONS = "functions-family"
    GOLDENGATE = "goldengate-family"
    KEYS = "key-family"
    LOAD_BALANCERS = "load-balancers"
    MYSQL = "mysql-family"
    NETWORKS = "virtual-network-family"
    NOSQL = "nosql-family"
    OBJECTS = "object-family"
    STREAMS = "stream-family"
    VOLUMES = "volume-family"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Nobody may do anything with a family outside some regions, of which there is at least one."""

    family: DeniedFamily
    regions: tuple[UsRegion, ...]

    def text(self) -> str:
        """The statement in Oracle's words: a region by its key, as in every condition."""
        elsewhere = ", ".join(f"request.region!='{region.facts.key}'" for region in self.regions)
        return f"deny any-user to manage {self.family} in tenancy where all {{{elsewhere}}}"


def plan_denials(regions: Iterable[UsRegion]) -> tuple[Denial, ...]:
    """The deny statements of a stack with these regions, sorted by family."""
    allowed = tuple(sorted(regions))
    return tuple(Denial(family=family, regions=allowed) for family in sorted(DeniedFamily))
