"""Networks: VCNs, subnets, gateways and route tables of one region."""

import hashlib
import ipaddress
import re
from typing import Any, ClassVar

from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.oci.regions import COMMERCIAL, ocid, ocid_region
from infra.sandbox.store import Record
from infra.sandbox.values import Json

VCN = "oci:Core/vcn:Vcn"
SUBNET = "oci:Core/subnet:Subnet"
SERVICE_GATEWAY = "oci:Core/serviceGateway:ServiceGateway"
INTERNET_GATEWAY = "oci:Core/internetGateway:InternetGateway"
NAT_GATEWAY = "oci:Core/natGateway:NatGateway"
ROUTE_TABLE = "oci:Core/routeTable:RouteTable"
DEFAULT_ROUTE_TABLE = "oci:Core/defaultRouteTable:DefaultRouteTable"
DEFAULT_SECURITY_LIST = "oci:Core/defaultSecurityList:DefaultSecurityList"
SECURITY_LIST = "oci:Core/securityList:SecurityList"
DRG = "oci:Core/drg:Drg"
DRG_ATTACHMENT = "oci:Core/drgAttachment:DrgAttachment"

_WIDEST, _NARROWEST = 16, 30  # prefix lengths a VCN may have
_IPV6_SUBNET = 64
_IN_VCN = Reference(path="vcnId", to=(VCN,))


def network_of(text: Any, what: str) -> ipaddress.IPv4Network:
    """An IPv4 range.

    Raises:
        CloudError: not one, or bits set behind the prefix.
    """
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise invalid(f"{what}: {text!r} is not a CIDR block ({error})") from error


def refuse_range(text: Any, what: str) -> None:
    """Refuse what is a range of neither family.

    Raises:
        CloudError: not one, or bits set behind the prefix.
    """
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise invalid(f"{what}: {text!r} is not a CIDR block ({error})") from error


def service_label(label: str, region: str) -> bool:
    """Whether this is a label of Oracle's services in a region."""
    key = COMMERCIAL.get(region, region)
    return label in {f"all-{key}-services-in-oracle-services-network", f"oci-{key}-objectstorage"}


class Vcn(OciModel):
    """A network, with its default route table, security list and DHCP options."""

    token = VCN
    kind = "vcn"
    state = "AVAILABLE"
    default_name = "vcn"

    def refuse(self, call: Call) -> None:
        """Ranges of /16 to /30 that do not overlap; room for the subnets that exist."""
        single, several = call.get("cidrBlock"), call.get("cidrBlocks")
        require((single is None) != (several is None) or (call.old and several == [single]), 400, "InvalidParameter",
                "Exactly one of cidrBlock and cidrBlocks must be given")  # fmt: skip
        ranges = [network_of(text, "cidrBlocks") for text in (several or [single])]
        for index, range_ in enumerate(ranges):
            require(
                _WIDEST <= range_.prefixlen <= _NARROWEST,
                400,
                "InvalidParameter",
                f"cidrBlocks: {range_} is not a /16 to /30",
            )
            for other in ranges[:index]:
                require(not range_.overlaps(other), 400, "InvalidParameter", f"cidrBlocks: {range_} overlaps {other}")
        _refuse_label(call.get("dnsLabel"))
        if call.old is not None:
            for subnet in call.neighbours(SUBNET, vcnId=call.old.id):
                block = ipaddress.IPv4Network((subnet.inputs | subnet.outputs)["cidrBlock"])
                inside = any(block.subnet_of(range_) for range_ in ranges)
                require(inside, 409, "Conflict", f"cidrBlocks: subnet {subnet.id} uses {block}")

    def outputs(self, call: Call, id_: str) -> Json:
        """Ranges in both spellings, and the defaults that come with a VCN."""
        region, label = call.place.region, call.get("dnsLabel")
        several = call.get("cidrBlocks") or [call.inputs["cidrBlock"]]
        filled: Json = {
            "cidrBlock": several[0],
            "cidrBlocks": several,
            "defaultDhcpOptionsId": ocid("dhcpoptions", region, id_),
            "defaultRouteTableId": ocid("routetable", region, id_),
            "defaultSecurityListId": ocid("securitylist", region, id_),
            "byoipv6cidrBlocks": [],
            "byoipv6cidrDetails": [],
            "ipv6cidrBlocks": [_own_prefix(id_)] if call.get("isIpv6enabled") else [],
            "ipv6privateCidrBlocks": [],
            "isIpv6enabled": False,
            "securityAttributes": {},
            "vcnDomainName": f"{label}.oraclevcn.com" if label else "",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    volatile = frozenset({"cidrBlock", "cidrBlocks", "ipv6cidrBlocks"})


class Subnet(OciModel):
    """A range of a VCN."""

    token = SUBNET
    kind = "subnet"
    state = "AVAILABLE"
    default_name = "subnet"
    references: ClassVar = (_IN_VCN,)

    def refuse(self, call: Call) -> None:
        """Inside its VCN, beside the other subnets, with route table and lists of the same VCN."""
        vcn = call.visible(VCN, call.inputs["vcnId"])
        if vcn is None:
            raise not_found(call.inputs["vcnId"])
        block = network_of(_block(call), "cidrBlock")
        ranges = [ipaddress.IPv4Network(text) for text in (vcn.inputs | vcn.outputs)["cidrBlocks"]]
        require(any(block.subnet_of(range_) for range_ in ranges), 400, "InvalidParameter",
                f"The cidrBlock {block} is not in the range of the VCN ({', '.join(map(str, ranges))})")  # fmt: skip
        for other in call.neighbours(SUBNET, vcnId=vcn.id):
            taken = ipaddress.IPv4Network((other.inputs | other.outputs)["cidrBlock"])
            require(not block.overlaps(taken), 400, "InvalidParameter",
                    f"The requested CIDR {block} is invalid: subnet {other.id} overlaps it ({taken})")  # fmt: skip
        self._refuse_ipv6(call, vcn)
        _refuse_label(call.get("dnsLabel"))
        if call.get("dnsLabel") and not (vcn.inputs | vcn.outputs).get("dnsLabel"):
            raise invalid("dnsLabel: the VCN has no DNS label, so its subnets cannot have one")
        closed, private = call.get("prohibitInternetIngress"), call.get("prohibitPublicIpOnVnic")
        if closed is not None and private is not None and closed != private:
            raise invalid("prohibitInternetIngress and prohibitPublicIpOnVnic must agree where both are given")
        _refuse_foreign(call, vcn, "routeTableId", call.get("routeTableId"), ROUTE_TABLE)
        for list_ in call.get("securityListIds", []):
            _refuse_foreign(call, vcn, "securityListIds", list_, SECURITY_LIST)

    def _refuse_ipv6(self, call: Call, vcn: Record) -> None:
        """An IPv6 prefix is a /64 of the VCN's, and of no other subnet."""
        wanted = call.get("ipv6cidrBlocks") or ([call.inputs["ipv6cidrBlock"]] if call.get("ipv6cidrBlock") else [])
        whole = [ipaddress.IPv6Network(text) for text in (vcn.inputs | vcn.outputs).get("ipv6cidrBlocks") or ()]
        for text in wanted:
            try:
                prefix = ipaddress.IPv6Network(text)
            except ValueError as error:
                raise invalid(f"ipv6cidrBlock: {text!r} is not an IPv6 prefix ({error})") from error
            inside = prefix.prefixlen == _IPV6_SUBNET and any(prefix.subnet_of(range_) for range_ in whole)
            require(inside, 400, "InvalidParameter", f"ipv6cidrBlock: {prefix} is not a /64 of the VCN")
            for other in call.neighbours(SUBNET, vcnId=vcn.id):
                taken = str(prefix) in (other.inputs | other.outputs).get("ipv6cidrBlocks", ())
                require(not taken, 400, "InvalidParameter", f"ipv6cidrBlock: subnet {other.id} has {prefix}")

    def outputs(self, call: Call, id_: str) -> Json:
        """Router address, and the VCN's defaults for what was left out."""
        vcn = call.visible(VCN, call.inputs["vcnId"])
        defaults = vcn.outputs if vcn else {}
        block = ipaddress.IPv4Network(_block(call))
        label, domain = call.get("dnsLabel"), defaults.get("vcnDomainName")
        closed = call.get("prohibitInternetIngress", call.get("prohibitPublicIpOnVnic", False))
        filled: Json = {
            "cidrBlock": str(block),
            "ipv4cidrBlocks": [str(block)],
            "dhcpOptionsId": defaults.get("defaultDhcpOptionsId"),
            "routeTableId": defaults.get("defaultRouteTableId"),
            "securityListIds": [defaults.get("defaultSecurityListId")],
            "ipv6cidrBlocks": [call.inputs["ipv6cidrBlock"]] if call.get("ipv6cidrBlock") else [],
            "prohibitInternetIngress": closed,
            "prohibitPublicIpOnVnic": closed,
            "subnetDomainName": f"{label}.{domain}" if label and domain else "",
            "ipv6virtualRouterIp": "fe80::200:17ff:fe00:1" if call.get("ipv6cidrBlock") else "",
            "virtualRouterIp": str(block.network_address + 1),
            "virtualRouterMac": "00:00:17:00:00:01",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    volatile = frozenset({"cidrBlock", "ipv4cidrBlocks", "ipv6cidrBlocks"})


class ServiceGateway(OciModel):
    """The way from a VCN to Oracle's services of the same region."""

    token = SERVICE_GATEWAY
    kind = "servicegateway"
    state = "AVAILABLE"
    default_name = "servicegateway"
    references: ClassVar = (_IN_VCN, Reference(path="routeTableId", to=(ROUTE_TABLE,)))
    volatile = frozenset({"services"})

    def refuse(self, call: Call) -> None:
        """One for a VCN, and one service, of this region."""
        if call.neighbours(SERVICE_GATEWAY, vcnId=call.inputs["vcnId"]):
            raise conflict(f"VCN {call.inputs['vcnId']} has a service gateway already", "LimitExceeded")
        services = call.inputs["services"]
        require(
            len(services) == 1,
            400,
            "InvalidParameter",
            f"services: exactly one service is allowed, got {len(services)}",
        )
        region = call.place.region
        spellings = {region, COMMERCIAL[region], ocid_region(region)}
        for service in services:
            match = re.fullmatch(r"ocid1\.service\.oc1\.([a-z0-9-]+)\.[a-z0-9]+", service["serviceId"])
            if match is None or match[1] not in spellings:
                raise not_found(f"{service['serviceId']} is no service of {region}")

    def outputs(self, call: Call, id_: str) -> Json:
        """The service's name."""
        key = COMMERCIAL[call.place.region].upper()
        named = [
            service | {"serviceName": f"All {key} Services In Oracle Services Network"}
            for service in call.inputs["services"]
        ]
        return super().outputs(call, id_) | {"blockTraffic": False, "services": named}


class InternetGateway(OciModel):
    """The way from a VCN to the internet."""

    token = INTERNET_GATEWAY
    kind = "internetgateway"
    state = "AVAILABLE"
    default_name = "internetgateway"
    references: ClassVar = (_IN_VCN, Reference(path="routeTableId", to=(ROUTE_TABLE,)))

    def refuse(self, call: Call) -> None:
        """One for a VCN."""
        if call.neighbours(INTERNET_GATEWAY, vcnId=call.inputs["vcnId"]):
            raise conflict(f"VCN {call.inputs['vcnId']} has an internet gateway already", "LimitExceeded")


class NatGateway(OciModel):
    """The way from a VCN to the internet, outward only."""

    token = NAT_GATEWAY
    kind = "natgateway"
    state = "AVAILABLE"
    default_name = "natgateway"
    references: ClassVar = (_IN_VCN, Reference(path="routeTableId", to=(ROUTE_TABLE,)))

    def outputs(self, call: Call, id_: str) -> Json:
        """A public address, of the range that is set apart for documents."""
        address = f"198.51.100.{hashlib.sha256(id_.encode()).digest()[0]}"
        return super().outputs(call, id_) | {"natIp": address, "blockTraffic": False}


class RouteTable(OciModel):
    """Where packets go. Every rule's target must be of the same VCN, or a DRG attached to it."""

    token = ROUTE_TABLE
    kind = "routetable"
    state = "AVAILABLE"
    default_name = "routetable"
    references: ClassVar = (
        _IN_VCN,
        Reference(path="routeRules[].networkEntityId", to=(SERVICE_GATEWAY, INTERNET_GATEWAY, NAT_GATEWAY, DRG)),
    )
    volatile = frozenset({"routeRules"})

    def refuse(self, call: Call) -> None:
        """Destinations that fit their type, targets that belong here."""
        seen: set[str] = set()
        for rule in call.get("routeRules", []):
            destination = rule.get("destination") or rule.get("cidrBlock")
            require(destination is not None, 400, "InvalidParameter", "routeRules: a rule has no destination")
            require(destination not in seen, 400, "InvalidParameter", f"routeRules: {destination} has two targets")
            seen.add(str(destination))
            _refuse_rule(call, rule, str(destination))

    def refuse_delete(self, call: Call, record: Record) -> None:
        """No subnet may still use it."""
        users = call.neighbours(SUBNET, routeTableId=record.id)
        if users:
            raise conflict(
                f"The RouteTable {record.id} is still associated with subnet {users[0].id}", "IncorrectState"
            )

    def outputs(self, call: Call, id_: str) -> Json:
        """Rules with what the service fills in."""
        rules: list[Json] = [
            {
                "destination": rule.get("cidrBlock"),
                "destinationType": "CIDR_BLOCK",
                "description": "",
                "routeType": "STATIC",
            }
            | rule
            for rule in call.get("routeRules", [])
        ]
        return super().outputs(call, id_) | {"routeRules": rules}


def _refuse_rule(call: Call, rule: Json, destination: str) -> None:
    target_id, vcn = rule["networkEntityId"], call.inputs["vcnId"]
    kind = rule.get("destinationType", "CIDR_BLOCK")
    require(
        kind in {"CIDR_BLOCK", "SERVICE_CIDR_BLOCK"}, 400, "InvalidParameter", f"routeRules: destinationType {kind!r}"
    )
    gateway = call.visible(SERVICE_GATEWAY, target_id)
    if kind == "CIDR_BLOCK":
        refuse_range(destination, "routeRules.destination")
    elif not service_label(destination, call.place.region):
        raise invalid(f"routeRules.destination: {destination!r} is no service of {call.place.region}")
    if (gateway is not None) != (kind == "SERVICE_CIDR_BLOCK"):
        raise invalid(
            f"routeRules: {destination} cannot go to {target_id}: service labels go to service gateways, ranges do not"
        )
    if call.visible(DRG, target_id) is not None:
        attached = call.neighbours(DRG_ATTACHMENT, drgId=target_id)
        require(any(vcn == attachment.outputs.get("vcnId", attachment.inputs.get("vcnId")) for attachment in attached),
                400, "InvalidParameter", f"routeRules: DRG {target_id} is not attached to VCN {vcn}")  # fmt: skip
        return
    for type_ in (SERVICE_GATEWAY, INTERNET_GATEWAY, NAT_GATEWAY):
        target = call.visible(type_, target_id)
        if target is not None and target.inputs["vcnId"] != vcn:
            raise invalid(f"routeRules: {target_id} belongs to another VCN")


def _own_prefix(id_: str) -> str:
    """A /56 for a VCN, out of 2001:db8::/32 (RFC 3849, documentation), as Oracle gives one out of its own."""
    number = int.from_bytes(hashlib.sha256(id_.encode()).digest()[:3])
    return str(ipaddress.IPv6Network((int(ipaddress.IPv6Address("2001:db8::")) + (number << 72), 56)))


def _block(call: Call) -> str:
    blocks = call.get("ipv4cidrBlocks")
    block = call.get("cidrBlock") or (blocks[0] if blocks else None)
    require(block is not None, 400, "InvalidParameter", "cidrBlock or ipv4cidrBlocks must be given")
    return str(block)


def _refuse_label(label: str | None) -> None:
    if label is not None and not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]{0,14}", label):
        raise invalid(f"dnsLabel: {label!r} is not a letter followed by at most 14 letters and digits")


def _refuse_foreign(call: Call, vcn: Record, name: str, id_: str | None, type_: str) -> None:
    """A route table or list must be of the subnet's own VCN: one of its own or the default."""
    default = "defaultRouteTableId" if type_ == ROUTE_TABLE else "defaultSecurityListId"
    if id_ is None or id_ == vcn.outputs[default]:
        return
    found = call.visible(type_, id_)
    if found is None:
        raise not_found(f"{name} {id_} is not in {call.place.region}")
    require(found.inputs["vcnId"] == vcn.id, 400, "InvalidParameter", f"{name}: {id_} belongs to another VCN")


class SecurityList(OciModel):
    """Rules for whole subnets."""

    token = SECURITY_LIST
    kind = "securitylist"
    state = "AVAILABLE"
    default_name = "securitylist"
    references: ClassVar = (_IN_VCN,)

    def refuse_delete(self, call: Call, record: Record) -> None:
        """No subnet may still use it."""
        for subnet in call.neighbours(SUBNET):
            if record.id in (subnet.inputs.get("securityListIds") or ()):
                raise conflict(
                    f"The SecurityList {record.id} is still associated with subnet {subnet.id}", "IncorrectState"
                )


class _VcnDefault(OciModel):
    """What comes with a VCN and is only taken over: its id is given, and deleting it resets it."""

    state = "AVAILABLE"
    output: ClassVar[str]

    def identify(self, call: Call) -> str:
        """The id that the VCN gave."""
        return call.inputs["manageDefaultResourceId"]

    def refuse(self, call: Call) -> None:
        """It must be some VCN's."""
        wanted = call.inputs["manageDefaultResourceId"]
        if not call.neighbours(VCN, **{self.output: wanted}):
            raise not_found(f"{wanted} is no VCN's default in {call.place.region}")


class DefaultRouteTable(_VcnDefault):
    """A VCN's default route table."""

    token = DEFAULT_ROUTE_TABLE
    kind = "routetable"
    output = "defaultRouteTableId"


class DefaultSecurityList(_VcnDefault):
    """A VCN's default security list."""

    token = DEFAULT_SECURITY_LIST
    kind = "securitylist"
    output = "defaultSecurityListId"


def next_address(call: Call, type_: str) -> str:
    """The next address of the subnet, after the two that are reserved and those of other endpoints of the type."""
    subnet = call.visible(SUBNET, call.inputs["subnetId"])
    if subnet is None:
        raise not_found(call.inputs["subnetId"])
    taken = {str(other.outputs.get("privateEndpointIp")) for other in call.neighbours(type_)}
    hosts = ipaddress.ip_network(str((subnet.inputs | subnet.outputs)["cidrBlock"])).hosts()
    next(hosts)
    return next(str(host) for host in hosts if str(host) not in taken)


MODELS: tuple[Model, ...] = (
    Vcn(), Subnet(), ServiceGateway(), InternetGateway(), NatGateway(), RouteTable(), SecurityList(),
    DefaultRouteTable(), DefaultSecurityList(),
)  # fmt: skip
