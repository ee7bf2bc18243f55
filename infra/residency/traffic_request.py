"""What a stack file asks for under `traffic`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRequest:
    """The public edge of one region; the map's key is the region's name.

    Attributes:
        certificate_id: OCID of the TLS certificate that the load balancer shows to users.
        authority_id: OCID of the CA bundle or certificate authority that vouches for the back ends.
        backend_port: TLS port of the back ends.
        backends: private address of each back end, by a name of its own.
    """

    certificate_id: str
    authority_id: str
    backend_port: int
    backends: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostnameRequest:
    """One hostname; the map's key is its label below the zone.

    Attributes:
        health: absolute path that every edge is probed at.
        weights: per cent of the answers per region; empty for the failover order of the regions' roles.
        others: region that answers first for clients outside the US; None where the hostname serves US users only.
    """

    health: str
    weights: Mapping[str, int] = field(default_factory=dict[str, int])
    others: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficLimitsRequest:
    """What Oracle allows this tenancy; a number that Oracle has raised is written into the stack file."""

    policies: int = 100
    attachments: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRequest:
    """Everything under `traffic`.

    Attributes:
        zone: the DNS zone that holds the hostnames, and nothing that leads elsewhere.
        ttl: seconds for which an answer may be cached.
        probe_interval: seconds between two health probes.
        ipv6: whether edges have IPv6 addresses and hostnames AAAA answers.
        records: other records of the zone: name below the zone (`@` for the zone itself) -> type -> purpose -> text.
    """

    zone: str
    ttl: int = 30
    probe_interval: int = 30
    ipv6: bool = False
    edges: Mapping[str, EdgeRequest]
    hostnames: Mapping[str, HostnameRequest]
    records: Mapping[str, Mapping[str, Mapping[str, str]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, str]]]
    )
    limits: TrafficLimitsRequest = field(default_factory=TrafficLimitsRequest)
