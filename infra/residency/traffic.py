"""Traffic as plain values: which edges of this stack answer a hostname, for whom, in which order; and the whole zone.

An answer is an `Edge`, and an edge stands in a `UsRegion`: a legacy site, another cloud or another country cannot be an
answer, whatever the phase. Who asks decides only the order of the edges, never the pool: a client's place in DNS is the
place of its resolver, a hint that must not be able to lead anybody abroad.

Sources: Oracle's pages "Traffic Management Steering Policies API Guide" (rules, templates, precedence over records),
"Traffic Management Geographic Locations" (keys), "Service Limits" (policies, attachments), the pages of the provider's
`oci_dns_steering_policy` (ranges of values) and `oci_health_checks_http_monitor` (intervals).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address, IPv4Network

from infra.residency.regions import UsRegion


class RecordType(StrEnum):
    """Record types that answer users, with their DNS names."""

    A = "A"
    AAAA = "AAAA"


class HarmlessType(StrEnum):
    """Record types that may stand in the zone beside the answers: none of them leads a client anywhere."""

    CAA = "CAA"
    TXT = "TXT"


class UsGeography(StrEnum):
    """The United States in DNS geography: the states are one country, each territory is a country of its own.

    Values are Oracle's geographic keys. North America (6255149) is not here: it contains Canada and Mexico.
    """

    UNITED_STATES = "6252001"
    AMERICAN_SAMOA = "5880801"
    GUAM = "4043988"
    NORTHERN_MARIANA_ISLANDS = "4041468"
    PUERTO_RICO = "4566966"
    US_MINOR_OUTLYING_ISLANDS = "5854968"
    US_VIRGIN_ISLANDS = "4796775"


class Template(StrEnum):
    """Oracle's sets of rules. CUSTOM only where a hostname also serves other populations: Oracle advises against it."""

    FAILOVER = "FAILOVER"
    LOAD_BALANCE = "LOAD_BALANCE"
    CUSTOM = "CUSTOM"


class ProbeInterval(IntEnum):
    """Seconds between two health probes that the service offers."""

    TEN = 10
    THIRTY = 30
    SIXTY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A server of the application tier, in the application subnet of its edge's region."""

    name: str
    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One region's public edge: the only kind of thing that a hostname of this stack may answer with.

    Attributes:
        name: logical and display name (`usds-edge-iad`).
        vcn: holds the two subnets and nothing that holds data.
        public_subnet: where the load balancer stands.
        application_subnet: private; the back ends are in it and admit nobody but the edge.
        certificate_id: OCID of the TLS certificate, in the same region.
        authority_id: OCID of the CA bundle or authority that vouches for the back ends, in the same region.
        ipv6: whether the edge has an IPv6 address too.
    """

    name: str
    region: UsRegion
    vcn: IPv4Network
    public_subnet: IPv4Network
    application_subnet: IPv4Network
    certificate_id: str
    authority_id: str
    backend_port: int
    backends: tuple[Backend, ...]
    ipv6: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of a hostname's traffic one region gets while it is healthy: 1 to 99 per cent."""

    region: UsRegion
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostname:
    """A hostname of US users and the edges that answer it.

    Attributes:
        label: below the zone, stable key of everything made for this hostname (`api`).
        name: in full (`api.us.example.com`).
        health_path: what is probed at every edge.
        pool: every region that may answer, in the order of failover for US users.
        elsewhere: the same regions in the order for clients outside the US; equal to `pool` unless asked for.
        shares: at least two where traffic is being shifted, then `pool` names the same regions; else empty.
    """

    label: str
    name: str
    health_path: str
    pool: tuple[UsRegion, ...]
    elsewhere: tuple[UsRegion, ...]
    shares: tuple[Share, ...] = ()

    @property
    def template(self) -> Template:
        """The simplest template that does what is asked: two have nothing in them that could leak."""
        if self.shares:
            return Template.LOAD_BALANCE
        return Template.FAILOVER if self.elsewhere == self.pool else Template.CUSTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class SteeringPolicyPlan:
    """One steering policy and its one attachment: a hostname and a record type.

    Attributes:
        name: logical name (`api-a`), stable under every edit of other hostnames.
    """

    name: str
    hostname: Hostname
    record_type: RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRecord:
    """The zone's own records of a hostname: they answer while its policy is replaced, so they point to its pool."""

    name: str
    hostname: Hostname
    record_type: RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRecord:
    """Records of the zone that lead nobody anywhere.

    Attributes:
        name: logical name (`zone-caa`, `api-txt`).
        domain: in full.
        texts: record data in presentation format, sorted.
    """

    name: str
    domain: str
    record_type: HarmlessType
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """Everything about traffic that one stack provisions, sorted by name wherever there is more than one.

    Attributes:
        ttl: seconds, of answers and records alike.
        probe_interval: seconds between two probes.
    """

    zone: str
    ttl: int
    probe_interval: ProbeInterval
    edges: tuple[Edge, ...]
    hostnames: tuple[Hostname, ...]
    policies: tuple[SteeringPolicyPlan, ...]
    edge_records: tuple[EdgeRecord, ...]
    text_records: tuple[TextRecord, ...]

    @property
    def failover_seconds(self) -> int:
        """Upper bound from the loss of an edge to the last client's move: an answer cached just before, and two probes.

        One probe may have passed just before the loss; the second one after it is the first that must fail.
        """
        return self.ttl + 2 * self.probe_interval
