"""Turns a query into a response, as an authoritative name server does.

Precedence: a delegation below the zone, then an attached steering policy for the types that it covers, then the zone's
records, then a wildcard. A name with anything at or below it exists (NODATA), any other does not (NXDOMAIN). What a
policy with no answer left means is not documented by Oracle: `AllDown` names the readings, and NOTHING answers NODATA.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.name
import dns.opcode
import dns.rdataclass
import dns.rrset
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from infra.sandbox.dns.conditions import Client
from infra.sandbox.dns.steering import AllDown, Answer, Choose, respond
from infra.sandbox.dns.zones import Zone, rdata

_MAX_CHAIN = 8
_TRANSFERS = frozenset({RdataType.AXFR, RdataType.IXFR})
_ADDRESSES = frozenset({RdataType.A, RdataType.AAAA})


@dataclass(slots=True, kw_only=True)
class Reply:
    """Sections of a response."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[dns.rrset.RRset] = field(default_factory=list[dns.rrset.RRset])
    authority: list[dns.rrset.RRset] = field(default_factory=list[dns.rrset.RRset])


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Answers queries from zones, with chance and one reading of the case that everything is down."""

    zones: Mapping[Name, Zone]
    choose: Choose
    all_down: AllDown = AllDown.NOTHING

    def reply(self, query: dns.message.Message, client: Client) -> Reply:
        """The response to a well-formed message with one question, or its refusal."""
        if query.opcode() != dns.opcode.QUERY:
            return Reply(rcode=Rcode.NOTIMP, authoritative=False)
        if len(query.question) != 1:
            return Reply(rcode=Rcode.FORMERR, authoritative=False)
        question = query.question[0]
        if question.rdclass != dns.rdataclass.IN or question.rdtype in _TRANSFERS:
            return Reply(rcode=Rcode.REFUSED, authoritative=False)
        return self.resolve(question.name, question.rdtype, client)

    def resolve(self, name: Name, kind: RdataType, client: Client) -> Reply:
        """The response for a name and type; follows aliases as far as the zones reach."""
        reply = Reply()
        for _ in range(_MAX_CHAIN):
            zone = self._zone_of(name)
            if zone is None:
                if not reply.answer:
                    return Reply(rcode=Rcode.REFUSED, authoritative=False)
                return reply
            target = self._step(reply, zone, name, kind, client)
            if target is None:
                return reply
            name = target
        return Reply(rcode=Rcode.SERVFAIL)

    def _zone_of(self, name: Name) -> Zone | None:
        while name != dns.name.root:
            if (zone := self.zones.get(name)) is not None:
                return zone
            name = name.parent()
        return None

    def _step(self, reply: Reply, zone: Zone, name: Name, kind: RdataType, client: Client) -> Name | None:
        """Add what the zone has for a name; returns the name to go on with, if there is one."""
        if delegation := _delegation(zone, name, kind):
            reply.authoritative = bool(reply.answer)
            reply.authority.append(delegation)
            return None
        owner = name if zone.has(name) else _wildcard(zone, name)
        if owner is None:
            reply.rcode = Rcode.NXDOMAIN
            reply.authority.append(_soa(zone))
            return None
        found = self._at(zone, name, owner, kind, client)
        if found is None:
            reply.rcode = Rcode.SERVFAIL
            return None
        reply.answer.extend(found)
        if not found:
            reply.authority.append(_soa(zone))
        elif found[0].rdtype == RdataType.CNAME and kind not in {RdataType.CNAME, RdataType.ANY}:
            return _target(found[0])
        return None

    def _at(self, zone: Zone, name: Name, owner: Name, kind: RdataType, client: Client) -> list[dns.rrset.RRset] | None:
        """Record sets for a name that exists; None where they cannot be had."""
        records = {key: _renamed(rrset, name) for key, rrset in zone.records.get(owner, {}).items()}
        for covered, attached in zone.attached.get(owner, {}).items():
            given = respond(
                attached.policy,
                client,
                down=attached.down,
                choose=self.choose,
                all_down=self.all_down,
                rtype=covered.name,
            )
            if given:
                records[covered] = _steered(name, covered, given, attached.policy.ttl)
            elif self.all_down is not AllDown.ZONE:
                records.pop(covered, None)
        if kind == RdataType.ANY:
            return list(records.values())
        if kind in records:
            return [records[kind]]
        if RdataType.CNAME in records:
            return [records[RdataType.CNAME]]
        if kind in _ADDRESSES and owner in zone.aliases:
            return self._flattened(zone, name, owner, kind, client)
        return []

    def _flattened(
        self, zone: Zone, name: Name, owner: Name, kind: RdataType, client: Client
    ) -> list[dns.rrset.RRset] | None:
        """An ALIAS answers with its target's addresses; a target that no zone here holds cannot be followed."""
        target, ttl = zone.aliases[owner]
        if self._zone_of(target) is None or target == name:
            return None
        inner = self.resolve(target, kind, client)
        if inner.rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
            return None
        found = [_renamed(rrset, name) for rrset in inner.answer if rrset.rdtype == kind]
        for rrset in found:
            rrset.ttl = min(ttl, rrset.ttl)
        return found


def _delegation(zone: Zone, name: Name, kind: RdataType) -> dns.rrset.RRset | None:
    while name != zone.origin:
        servers = zone.records.get(name, {}).get(RdataType.NS)
        if servers is not None and kind != RdataType.DS:
            return servers
        name = name.parent()
    return None


def _wildcard(zone: Zone, name: Name) -> Name | None:
    """The wildcard at the closest name above that exists."""
    parent = name.parent()
    while not zone.has(parent):
        parent = parent.parent()
    star = dns.name.from_text("*", parent)
    return star if zone.has(star) else None


def _target(aliases: Any) -> Name:
    return aliases[0].target


def _soa(zone: Zone) -> dns.rrset.RRset:
    return zone.records[zone.origin][RdataType.SOA]


def _renamed(rrset: dns.rrset.RRset, name: Name) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))


def _steered(name: Name, kind: RdataType, given: list[Answer], ttl: int) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(name, dns.rdataclass.IN, kind)
    for answer in given:
        rrset.add(rdata(kind, answer.rdata), ttl)
    return rrset
