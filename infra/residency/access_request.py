"""What a stack file asks for under `access`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """One group of people or machines; the map's key is its name in the tenancy.

    Attributes:
        duty: what it is for.
        network: the entry of `networks` from which alone it may act.
    """

    duty: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLimitsRequest:
    """What the tenancy may have at most: Oracle's defaults, which it raises on request (page "Service Limits")."""

    policies: int = 100
    groups: int = 250
    networks: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Who may do what, and from where; `networks` maps a network's name to its named CIDRs."""

    networks: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, GroupRequest]
    limits: AccessLimitsRequest = field(default_factory=AccessLimitsRequest)
