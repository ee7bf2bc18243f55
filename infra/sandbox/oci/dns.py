"""DNS zones, record sets, and traffic management: steering policies and their attachments.

Public DNS is one service for the whole tenancy: what is made through one region's endpoint is seen through all. A zone
keeps its DNSSEC setting, but has neither keys nor signatures here.
"""

import hashlib
from typing import Any, ClassVar

from infra.sandbox.dns.parse import PolicyError
from infra.sandbox.dns.parse import policy as read_policy
from infra.sandbox.dns.tokens import ATTACHMENT, MONITOR, NAME_SERVERS, PING_MONITOR, RRSET, STEERING_POLICY, ZONE
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, matches, require
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json

_MAX_POLICIES = 100
_MAX_ATTACHMENTS = 1000
_MAX_TTL = 604_800
_LABEL = r"[a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = rf"{_LABEL}(\.{_LABEL})*\.?"


class _DnsModel(OciModel):
    """A resource of the public DNS service."""

    account_wide = True


class Zone(_DnsModel):
    """A zone, with its SOA and NS records."""

    token = ZONE
    kind = "dns-zone"
    named_by = "name"
    volatile = frozenset({"serial", "version"})

    def refuse(self, call: Call) -> None:
        """A primary zone of the tenancy, public; secondaries and private zones are not simulated."""
        name = call.inputs["name"]
        require(
            matches(_NAME, name.lower()) and "*" not in name, 400, "InvalidParameter", f"name: {name!r} is no domain"
        )
        if call.inputs["zoneType"] != "PRIMARY" or call.get("scope", "GLOBAL") != "GLOBAL":
            raise invalid("only public primary zones are simulated")

    def outputs(self, call: Call, id_: str) -> Json:
        """Name servers, a serial that rises, and DNSSEC as asked for."""
        serial = 1 if call.old is None else call.old.outputs.get("serial", 1) + 1
        filled: Json = {
            "dnssecConfigs": [],
            "dnssecState": "DISABLED",
            "externalDownstreams": [],
            "externalMasters": [],
            "isProtected": False,
            "nameservers": [{"hostname": server} for server in NAME_SERVERS],
            "resolutionMode": "STATIC",
            "scope": "GLOBAL",
            "self": f"https://dns.{call.place.region}.oci.oraclecloud.com/20180115/zones/{id_}",
            "serial": serial,
            "version": str(serial),
            "zoneTransferServers": [],
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    def delete(self, call: Call, record: Record) -> None:
        """Its records go along."""
        for other in call.clouds.all(cloud="oci", account=record.account, type=RRSET):
            if other.inputs["zoneNameOrId"] in {record.id, record.name}:
                call.clouds.remove(other)
        super().delete(call, record)


def _zone(call: Call, reference: str) -> Record:
    """The zone of an id or a name."""
    for record in call.clouds.all(cloud="oci", account=call.place.account, type=ZONE):
        if record.status == ACTIVE and reference.rstrip(".") in {record.id, (record.name or "").rstrip(".")}:
            return record
    raise not_found(f"no zone {reference}")


def _require_inside(domain: str, zone: Record, what: str) -> None:
    name, origin = domain.lower().rstrip("."), (zone.name or "").lower().rstrip(".")
    if name != origin and not name.endswith(f".{origin}"):
        raise invalid(f"{what}: {domain} is not in the zone {origin}")
    require(matches(_NAME, name), 400, "InvalidParameter", f"{what}: {domain!r} is no domain name")


class Rrset(_DnsModel):
    """All records of a name and type. Writing one overwrites what is there: the API has no create."""

    token = RRSET
    kind = "rrset"
    state = None
    volatile = frozenset({"items"})

    def identify(self, call: Call) -> str:
        """A path of zone, name and type."""
        zone, domain, rtype = (call.inputs[name] for name in ("zoneNameOrId", "domain", "rtype"))
        return f"zoneNameOrId/{zone}/domain/{domain}/rtype/{rtype}"

    def adopted(self, call: Call) -> Record | None:
        """Records of this name and type that are there already."""
        return call.clouds.find(cloud="oci", account=call.place.account, type=RRSET, id=self.identify(call))

    def refuse(self, call: Call) -> None:
        """Inside the zone, each item of the set's name and type, data of the type, no CNAME beside anything."""
        zone = _zone(call, call.inputs["zoneNameOrId"])
        domain, rtype = call.inputs["domain"], call.inputs["rtype"].upper()
        _require_inside(domain, zone, "domain")
        for item in call.get("items", []):
            same = item["domain"].lower().rstrip(".") == domain.lower().rstrip(".") and item["rtype"].upper() == rtype
            require(same, 400, "InvalidParameter", f"items: {item['domain']} {item['rtype']} is not {domain} {rtype}")
            require(0 < item["ttl"] <= _MAX_TTL, 400, "InvalidParameter", f"items: ttl {item['ttl']}")
            _refuse_rdata(rtype, item["rdata"])
        for other in call.clouds.all(cloud="oci", account=call.place.account, type=RRSET):
            beside = other.inputs["domain"].lower() == domain.lower() and other.inputs["rtype"].upper() != rtype
            if beside and "CNAME" in {rtype, other.inputs["rtype"].upper()}:
                raise conflict(f"{domain}: a CNAME cannot stand beside other records", "InvalidRecord")

    def outputs(self, call: Call, id_: str) -> Json:
        """Each item with its hash."""
        del id_
        items: list[Json] = [
            {"isProtected": False, "recordHash": _digest(item), "rrsetVersion": "1"} | item
            for item in call.get("items", [])
        ]
        return {"items": items}


def _refuse_rdata(rtype: str, text: str) -> None:
    from dns.exception import DNSException  # noqa: PLC0415 - the DNS library loads when a record is written, not before
    from dns.rdatatype import from_text  # noqa: PLC0415 - the same

    from infra.sandbox.dns.zones import rdata  # noqa: PLC0415 - the same

    try:
        rdata(from_text("CNAME" if rtype == "ALIAS" else rtype), text)
    except DNSException as error:
        raise invalid(f"items: {text!r} is not the data of a {rtype} record ({error})") from error


def _digest(item: Json) -> str:
    text = f"{item['domain']} {item['rtype']} {item['rdata']}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class SteeringPolicy(_DnsModel):
    """Answers and the rules that choose among them."""

    token = STEERING_POLICY
    kind = "dns-policy"
    references: ClassVar = (Reference(path="healthCheckMonitorId", to=(MONITOR, PING_MONITOR)),)

    def refuse(self, call: Call) -> None:
        """Rules in the template's order, conditions of the documented grammar, 100 policies in a tenancy."""
        try:
            read_policy(call.inputs)
        except PolicyError as error:
            raise invalid(str(error)) from error
        _refuse_more(call, _MAX_POLICIES, "steering policies")

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out."""
        filled: Json = {"ttl": 30, "healthCheckMonitorId": "", "self": _self(call, "steeringPolicies", id_)}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class Attachment(_DnsModel):
    """A policy in place of the records of a name, for the types of its answers."""

    token = ATTACHMENT
    kind = "dns-policy-attachment"
    default_name = "steeringpolicyattachment"
    references: ClassVar = (
        Reference(path="steeringPolicyId", to=(STEERING_POLICY,)),
        Reference(path="zoneId", to=(ZONE,)),
    )

    def refuse(self, call: Call) -> None:
        """A name in the zone, and no other attachment there for any of the types."""
        zone = _zone(call, call.inputs["zoneId"])
        _require_inside(call.inputs["domainName"], zone, "domainName")
        covered = set(_covered(call, call.inputs["steeringPolicyId"]))
        for other in call.clouds.all(cloud="oci", account=call.place.account, type=ATTACHMENT):
            same_name = other.inputs["domainName"].lower() == call.inputs["domainName"].lower()
            if same_name and (call.old is None or other.id != call.old.id):
                both = covered & set(_covered(call, other.inputs["steeringPolicyId"]))
                if both:
                    raise conflict(
                        f"{call.inputs['domainName']} has an attachment for {', '.join(sorted(both))}: {other.id}",
                        "ZoneDomainConflict",
                    )
        _refuse_more(call, _MAX_ATTACHMENTS, "steering policy attachments")

    def outputs(self, call: Call, id_: str) -> Json:
        """The types that it covers, and the compartment of the zone."""
        zone = _zone(call, call.inputs["zoneId"])
        return super().outputs(call, id_) | {
            "compartmentId": zone.inputs["compartmentId"],
            "rtypes": sorted(_covered(call, call.inputs["steeringPolicyId"])),
            "self": _self(call, "steeringPolicyAttachments", id_),
        }


def _covered(call: Call, policy_id: str) -> list[str]:
    policy: Any = call.visible(STEERING_POLICY, policy_id)
    return [answer["rtype"].upper() for answer in policy.inputs["answers"]]


def _refuse_more(call: Call, most: int, what: str) -> None:
    existing = call.clouds.all(cloud="oci", account=call.place.account, type=call.token)
    if call.is_new and len(existing) >= most:
        raise CloudError(400, "LimitExceeded", f"A tenancy has at most {most} {what}")


def _self(call: Call, collection: str, id_: str) -> str:
    return f"https://dns.{call.place.region}.oci.oraclecloud.com/20180115/{collection}/{id_}"


MODELS: tuple[Model, ...] = (Zone(), Rrset(), SteeringPolicy(), Attachment())
