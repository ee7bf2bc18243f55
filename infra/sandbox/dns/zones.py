"""The zones that are applied, with their records and what is attached, read from the simulated clouds' file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdatatype import RdataType

from infra.sandbox.dns import health, parse
from infra.sandbox.dns.steering import Policy
from infra.sandbox.dns.tokens import ATTACHMENT, NAME_SERVERS, RECORD, RRSET, STEERING_POLICY, ZONE
from infra.sandbox.store import ACTIVE, Clouds, Record

_SOA_TTL = 300
_NS_TTL = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A policy attached to a name, and which of its answers are reported down now."""

    policy: Policy
    down: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Zone:
    """One public zone.

    Attributes:
        records: name -> type -> record set.
        attached: name -> type -> what answers instead of the records.
        aliases: name -> target and TTL of an ALIAS record, which has no type number in DNS.
    """

    origin: Name
    records: dict[Name, dict[RdataType, dns.rrset.RRset]] = field(
        default_factory=dict[Name, dict[RdataType, dns.rrset.RRset]]
    )
    attached: dict[Name, dict[RdataType, Attached]] = field(default_factory=dict[Name, dict[RdataType, Attached]])
    aliases: dict[Name, tuple[Name, int]] = field(default_factory=dict[Name, tuple[Name, int]])
    _existing: set[Name] = field(default_factory=set[Name])

    def has(self, name: Name) -> bool:
        """Whether anything is at the name or below it: then the name exists."""
        return name in self._existing

    def add(self, name: Name, rtype: str, ttl: int, rdatas: Iterable[str]) -> None:
        """Put records at a name, beside those of the same type that are there.

        Raises:
            dns.exception.DNSException: the data is not that of the type.
        """
        self._exists(name)
        if rtype.upper() == "ALIAS":
            self.aliases[name] = (dns.name.from_text(next(iter(rdatas))), ttl)
            return
        kind = dns.rdatatype.from_text(rtype)
        types = self.records.setdefault(name, {})
        rrset = types.setdefault(kind, dns.rrset.RRset(name, dns.rdataclass.IN, kind))
        for text in rdatas:
            rrset.add(rdata(kind, text), ttl)

    def attach(self, name: Name, attached: Attached) -> None:
        """Let a policy answer at a name, for the types of its answers."""
        self._exists(name)
        kinds = self.attached.setdefault(name, {})
        kinds |= {dns.rdatatype.from_text(rtype): attached for rtype in attached.policy.rtypes}

    def _exists(self, name: Name) -> None:
        while name.is_subdomain(self.origin) and name not in self._existing:
            self._existing.add(name)
            name = name.parent()


def rdata(kind: RdataType, text: str) -> dns.rdata.Rdata:
    """Record data from its text. TXT without quotes is one string, as the API takes it.

    Raises:
        dns.exception.DNSException: the text is not data of the type.
    """
    quoted = f'"{text}"' if kind is RdataType.TXT and not text.startswith('"') else text
    return dns.rdata.from_text(dns.rdataclass.IN, kind, quoted, origin=dns.name.root, relativize=False)


def load(clouds: Clouds) -> Mapping[Name, Zone]:
    """Every public zone of every tenancy, by origin."""
    records = {kind: _live(clouds, kind) for kind in (ZONE, RRSET, RECORD, STEERING_POLICY, ATTACHMENT)}
    policies = {record.id: record for record in records[STEERING_POLICY]}
    down = health.down_targets(clouds)
    zones: dict[Name, Zone] = {}
    by_reference: dict[str, Zone] = {}
    for record in records[ZONE]:
        properties = record.inputs | record.outputs
        if properties.get("scope") == "PRIVATE":
            continue
        zone = _zone(properties)
        zones[zone.origin] = zone
        by_reference |= {record.id: zone, properties["name"].rstrip(".").lower(): zone}
    for record in (*records[RRSET], *records[RECORD]):
        if (zone := by_reference.get(record.inputs["zoneNameOrId"].rstrip(".").lower())) is not None:
            _add(zone, record.inputs)
    for record in records[ATTACHMENT]:
        zone, policy = by_reference.get(record.inputs["zoneId"]), policies.get(record.inputs["steeringPolicyId"])
        if zone is not None and policy is not None:
            _attach(zone, dns.name.from_text(record.inputs["domainName"]), policy, down)
    return zones


def _live(clouds: Clouds, kind: str) -> list[Record]:
    return [record for record in clouds.all(cloud="oci", type=kind) if record.status == ACTIVE]


def _zone(properties: Mapping[str, Any]) -> Zone:
    zone = Zone(origin=dns.name.from_text(properties["name"]))
    first, serial = NAME_SERVERS[0], properties.get("serial", 1)
    zone.add(zone.origin, "SOA", _SOA_TTL, [f"{first}. hostmaster.oracle.com. {serial} 3600 600 604800 {_SOA_TTL}"])
    zone.add(zone.origin, "NS", _NS_TTL, [f"{server}." for server in NAME_SERVERS])
    return zone


def _add(zone: Zone, inputs: Mapping[str, Any]) -> None:
    name = dns.name.from_text(inputs["domain"])
    items = inputs.get("items", [inputs] if "rdata" in inputs else [])
    for item in items:
        zone.add(name, inputs["rtype"], item.get("ttl", _NS_TTL), [item["rdata"]])


def _attach(zone: Zone, name: Name, record: Record, down: Mapping[str, frozenset[str]]) -> None:
    policy = parse.policy(record.inputs)
    monitor = record.inputs.get("healthCheckMonitorId", "")
    zone.attach(name, Attached(policy=policy, down=down.get(monitor, frozenset())))
